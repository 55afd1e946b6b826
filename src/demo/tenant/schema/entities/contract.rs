//! Agreements and the notes on them.
//!
//! Names, order and types are those of the service's own Swagger document; what is required,
//! read-only, filterable, a picklist or a reference follows the Autotask facts, section 4.5. This
//! file holds no data and no behaviour.

use super::picklists::{
    BILLING_PREFERENCE, CONTRACT_CATEGORY, CONTRACT_PERIOD, CONTRACT_STATUS, CONTRACT_TYPE,
    CONTRACT_UDFS, SERVICE_LEVEL, START_AND_STOP,
};
use crate::demo::tenant::schema::definition::{Field, Schema};
use crate::demo::tenant::schema::entity::Entity;

/// `Contracts`, the model `ContractModel`.
pub(crate) static CONTRACTS: Schema = Schema {
    entity: Entity::Contracts,
    singular: "Contract",
    can_create: true,
    can_delete: false,
    can_update: true,
    udfs: Some(CONTRACT_UDFS),
    fields: &[
        Field::long("id").required().read_only(),
        Field::integer("billingPreference").picks(BILLING_PREFERENCE),
        Field::integer("billToCompanyContactID").refers_to("Contact"),
        Field::integer("billToCompanyID").refers_to("Company"),
        Field::integer("companyID").required().read_only().refers_to("Company"),
        Field::integer("contactID").refers_to("Contact"),
        Field::text("contactName", 250),
        Field::integer("contractCategory").picks(CONTRACT_CATEGORY),
        Field::integer("contractExclusionSetID").refers_to("ContractExclusionSet"),
        Field::text("contractName", 100).required(),
        Field::text("contractNumber", 50),
        Field::integer("contractPeriodType").read_only().picks(CONTRACT_PERIOD),
        Field::integer("contractType").required().read_only().picks(CONTRACT_TYPE),
        Field::text("description", 2000),
        Field::datetime("endDate").required(),
        Field::double("estimatedCost"),
        Field::double("estimatedHours"),
        Field::double("estimatedRevenue"),
        Field::long("exclusionContractID").read_only().refers_to("Contract"),
        Field::double("internalCurrencyOverageBillingRate").read_only(),
        Field::double("internalCurrencySetupFee").read_only(),
        Field::boolean("isCompliant"),
        Field::boolean("isDefaultContract"),
        Field::datetime("lastModifiedDateTime"),
        Field::integer("opportunityID").refers_to("Opportunity"),
        Field::integer("organizationalLevelAssociationID")
            .refers_to("OrganizationalLevelAssociation"),
        Field::double("overageBillingRate"),
        Field::text("purchaseOrderNumber", 50),
        Field::long("renewedContractID"),
        Field::integer("serviceLevelAgreementID").picks(SERVICE_LEVEL),
        Field::double("setupFee"),
        Field::long("setupFeeBillingCodeID"),
        Field::datetime("startDate").required(),
        Field::integer("status").required().picks(CONTRACT_STATUS),
        Field::integer("timeReportingRequiresStartAndStopTimes").required().picks(START_AND_STOP),
    ],
};

/// `ContractNotes`, the model `ContractNoteModel`.
pub(crate) static CONTRACT_NOTES: Schema = Schema {
    entity: Entity::ContractNotes,
    singular: "ContractNote",
    can_create: true,
    can_delete: false,
    can_update: true,
    udfs: None,
    fields: &[
        Field::long("id").required().read_only(),
        Field::integer("contractID").required().read_only().refers_to("Contract"),
        Field::datetime("createDateTime").read_only(),
        Field::integer("creatorResourceID").read_only().refers_to("Resource"),
        Field::text("description", 8000).required(),
        Field::integer("impersonatorCreatorResourceID").read_only().refers_to("Resource"),
        Field::integer("impersonatorUpdaterResourceID").read_only().refers_to("Resource"),
        Field::datetime("lastActivityDate").read_only(),
        Field::text("title", 250).required(),
    ],
};
