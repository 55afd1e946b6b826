//! Which schema an entity has.

use super::definition::Schema;
use super::entities;
use super::entity::Entity;

impl Entity {
    /// What the entity looks like.
    pub(in crate::demo::tenant) fn schema(self) -> &'static Schema {
        match self {
            Entity::Companies => &entities::COMPANIES,
            Entity::Contracts => &entities::CONTRACTS,
            Entity::ContractServices => &entities::CONTRACT_SERVICES,
            Entity::ContractServiceUnits => &entities::CONTRACT_SERVICE_UNITS,
            Entity::ContractServiceBundles => &entities::CONTRACT_SERVICE_BUNDLES,
            Entity::ContractServiceBundleUnits => &entities::CONTRACT_SERVICE_BUNDLE_UNITS,
            Entity::ContractBlocks => &entities::CONTRACT_BLOCKS,
            Entity::ContractRetainers => &entities::CONTRACT_RETAINERS,
            Entity::ContractTicketPurchases => &entities::CONTRACT_TICKET_PURCHASES,
            Entity::ContractMilestones => &entities::CONTRACT_MILESTONES,
            Entity::ContractCharges => &entities::CONTRACT_CHARGES,
            Entity::ContractBillingRules => &entities::CONTRACT_BILLING_RULES,
            Entity::ContractNotes => &entities::CONTRACT_NOTES,
            Entity::Services => &entities::SERVICES,
            Entity::ServiceBundles => &entities::SERVICE_BUNDLES,
            Entity::ServiceBundleServices => &entities::SERVICE_BUNDLE_SERVICES,
            Entity::Currencies => &entities::CURRENCIES,
        }
    }
}
