//! The seventeen entities of the tenant, by their path names. What an entity looks like is in
//! `entities`; this file must not know any row.

use std::fmt;
use std::str::FromStr;

/// An entity of the tenant, named as in its path: `Entity::Contracts` is `V1.0/Contracts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// Customers, vendors and the MSP itself (id 0).
    Companies,
    /// Agreements.
    Contracts,
    /// Service lines of recurring agreements.
    ContractServices,
    /// Units and extended price of a service line, per billing period.
    ContractServiceUnits,
    /// Bundle lines of recurring agreements.
    ContractServiceBundles,
    /// Units and extended price of a bundle line, per billing period.
    ContractServiceBundleUnits,
    /// Purchases of hours.
    ContractBlocks,
    /// Purchases of retainers.
    ContractRetainers,
    /// Purchases of incident tickets.
    ContractTicketPurchases,
    /// Milestones of fixed price agreements.
    ContractMilestones,
    /// One-off charges.
    ContractCharges,
    /// What makes the charges of fixed price agreements, one a period.
    ContractBillingRules,
    /// Notes on agreements.
    ContractNotes,
    /// The catalogue of services.
    Services,
    /// The catalogue of bundles.
    ServiceBundles,
    /// Which services a bundle holds.
    ServiceBundleServices,
    /// Currencies; one is the internal one.
    Currencies,
}

impl Entity {
    /// Every entity, parents before children.
    pub const ALL: [Entity; 17] = [
        Entity::Companies,
        Entity::Contracts,
        Entity::ContractServices,
        Entity::ContractServiceUnits,
        Entity::ContractServiceBundles,
        Entity::ContractServiceBundleUnits,
        Entity::ContractBlocks,
        Entity::ContractRetainers,
        Entity::ContractTicketPurchases,
        Entity::ContractMilestones,
        Entity::ContractCharges,
        Entity::ContractBillingRules,
        Entity::ContractNotes,
        Entity::Services,
        Entity::ServiceBundles,
        Entity::ServiceBundleServices,
        Entity::Currencies,
    ];

    /// The name in the path, such as `ContractServices`.
    pub fn path(self) -> &'static str {
        match self {
            Entity::Companies => "Companies",
            Entity::Contracts => "Contracts",
            Entity::ContractServices => "ContractServices",
            Entity::ContractServiceUnits => "ContractServiceUnits",
            Entity::ContractServiceBundles => "ContractServiceBundles",
            Entity::ContractServiceBundleUnits => "ContractServiceBundleUnits",
            Entity::ContractBlocks => "ContractBlocks",
            Entity::ContractRetainers => "ContractRetainers",
            Entity::ContractTicketPurchases => "ContractTicketPurchases",
            Entity::ContractMilestones => "ContractMilestones",
            Entity::ContractCharges => "ContractCharges",
            Entity::ContractBillingRules => "ContractBillingRules",
            Entity::ContractNotes => "ContractNotes",
            Entity::Services => "Services",
            Entity::ServiceBundles => "ServiceBundles",
            Entity::ServiceBundleServices => "ServiceBundleServices",
            Entity::Currencies => "Currencies",
        }
    }

    /// The entity that `V1.0/{self}/{id}/{child}` lists, with the field that holds the parent's id
    /// (the Autotask facts, section 2.1).
    pub(in crate::demo::tenant) fn child(self, child: &str) -> Option<(Entity, &'static str)> {
        let found = match (self, child.to_ascii_lowercase().as_str()) {
            (Entity::Contracts, "services") => Entity::ContractServices,
            (Entity::Contracts, "serviceunits") => Entity::ContractServiceUnits,
            (Entity::Contracts, "servicebundles") => Entity::ContractServiceBundles,
            (Entity::Contracts, "servicebundleunits") => Entity::ContractServiceBundleUnits,
            (Entity::Contracts, "blocks") => Entity::ContractBlocks,
            (Entity::Contracts, "retainers") => Entity::ContractRetainers,
            (Entity::Contracts, "ticketpurchases") => Entity::ContractTicketPurchases,
            (Entity::Contracts, "milestones") => Entity::ContractMilestones,
            (Entity::Contracts, "charges") => Entity::ContractCharges,
            (Entity::Contracts, "billingrules") => Entity::ContractBillingRules,
            (Entity::Contracts, "notes") => Entity::ContractNotes,
            (Entity::ServiceBundles, "services") => {
                return Some((Entity::ServiceBundleServices, "serviceBundleID"));
            }
            _ => return None,
        };
        Some((found, "contractID"))
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}

/// The text names no entity of the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownEntity(pub String);

impl fmt::Display for UnknownEntity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no entity is named {:?}", self.0)
    }
}

impl std::error::Error for UnknownEntity {}

impl FromStr for Entity {
    type Err = UnknownEntity;

    /// Reads a path name in any case.
    fn from_str(text: &str) -> Result<Entity, UnknownEntity> {
        Entity::ALL
            .into_iter()
            .find(|entity| entity.path().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownEntity(text.to_owned()))
    }
}
