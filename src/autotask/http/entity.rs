//! The entities of Autotask that are read, and the endpoints that the thread limit counts by.
//!
//! Knows names only: nothing of rows or requests. Names are those of section 4 of the Autotask
//! facts.

use std::fmt;

use crate::model::ItemKind;

/// A kind of row that Autotask keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// The MSP's customers, and the MSP itself as number 0.
    Companies,
    /// Agreements.
    Contracts,
    /// Service lines below an agreement.
    ContractServices,
    /// What a service line bills, by period.
    ContractServiceUnits,
    /// Service bundle lines below an agreement.
    ContractServiceBundles,
    /// What a bundle line bills, by period.
    ContractServiceBundleUnits,
    /// The catalogue of services.
    Services,
    /// The catalogue of service bundles.
    ServiceBundles,
    /// Which services a service bundle holds.
    ServiceBundleServices,
    /// Currencies.
    Currencies,
    /// Milestones below an agreement.
    ContractMilestones,
    /// Block-hour purchases below an agreement.
    ContractBlocks,
    /// Retainers below an agreement.
    ContractRetainers,
    /// Ticket purchases below an agreement.
    ContractTicketPurchases,
    /// Charges below an agreement.
    ContractCharges,
    /// Billing rules of fixed price agreements.
    ContractBillingRules,
}

impl Entity {
    /// What a complete import reads: without these nothing can be imported. Billing rules are not
    /// among them: a zone that does not have them is read without.
    pub const NEEDED: [Entity; 15] = [
        Entity::Companies,
        Entity::Contracts,
        Entity::ContractServices,
        Entity::ContractServiceUnits,
        Entity::ContractServiceBundles,
        Entity::ContractServiceBundleUnits,
        Entity::Services,
        Entity::ServiceBundles,
        Entity::ServiceBundleServices,
        Entity::Currencies,
        Entity::ContractMilestones,
        Entity::ContractBlocks,
        Entity::ContractRetainers,
        Entity::ContractTicketPurchases,
        Entity::ContractCharges,
    ];

    /// What an import can do without, at a price: charges that a rule makes are told one by one then.
    pub const WANTED: [Entity; 1] = [Entity::ContractBillingRules];

    /// The name, as it stands in a path and in Autotask's own screens of security levels.
    pub fn name(self) -> &'static str {
        match self {
            Entity::Companies => "Companies",
            Entity::Contracts => "Contracts",
            Entity::ContractServices => "ContractServices",
            Entity::ContractServiceUnits => "ContractServiceUnits",
            Entity::ContractServiceBundles => "ContractServiceBundles",
            Entity::ContractServiceBundleUnits => "ContractServiceBundleUnits",
            Entity::Services => "Services",
            Entity::ServiceBundles => "ServiceBundles",
            Entity::ServiceBundleServices => "ServiceBundleServices",
            Entity::Currencies => "Currencies",
            Entity::ContractMilestones => "ContractMilestones",
            Entity::ContractBlocks => "ContractBlocks",
            Entity::ContractRetainers => "ContractRetainers",
            Entity::ContractTicketPurchases => "ContractTicketPurchases",
            Entity::ContractCharges => "ContractCharges",
            Entity::ContractBillingRules => "ContractBillingRules",
        }
    }

    /// The entity of this name.
    pub fn named(name: &str) -> Option<Entity> {
        let known = Entity::NEEDED.into_iter().chain(Entity::WANTED);
        known.into_iter().find(|entity| entity.name() == name)
    }

    /// The entity whose rows have keys of this letter; none for contracts made by hand.
    pub fn of_kind(kind: ItemKind) -> Option<Entity> {
        Some(match kind {
            ItemKind::Agreement => Entity::Contracts,
            ItemKind::Service => Entity::ContractServices,
            ItemKind::Bundle => Entity::ContractServiceBundles,
            ItemKind::Milestone => Entity::ContractMilestones,
            ItemKind::BlockHours => Entity::ContractBlocks,
            ItemKind::Retainer => Entity::ContractRetainers,
            ItemKind::Tickets => Entity::ContractTicketPurchases,
            ItemKind::Charge => Entity::ContractCharges,
            ItemKind::Local => return None,
        })
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the thread limit counts by: an entity with all its child and metadata paths, or one of the
/// paths that belong to none (section 3 of the Autotask facts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::autotask) enum Endpoint {
    /// An entity.
    Entity(Entity),
    /// `Version`.
    Version,
    /// `ThresholdInformation`.
    Threshold,
    /// `zoneInformation`; Autotask does not count it, but nothing is lost by doing so.
    Zone,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Entity(entity) => entity.fmt(f),
            Endpoint::Version => f.pad("Version"),
            Endpoint::Threshold => f.pad("ThresholdInformation"),
            Endpoint::Zone => f.pad("zoneInformation"),
        }
    }
}
