//! Service and bundle lines of recurring agreements, and their units per billing period.
//!
//! Names, order and types are those of the service's own Swagger document; what is required,
//! read-only, filterable, a picklist or a reference follows the Autotask facts, section 4.5. This
//! file holds no data and no behaviour.

use crate::demo::tenant::schema::definition::{Field, Schema};
use crate::demo::tenant::schema::entity::Entity;

/// `ContractServices`, the model `ContractServiceModel`.
pub(crate) static CONTRACT_SERVICES: Schema = Schema {
    entity: Entity::ContractServices,
    singular: "ContractService",
    can_create: true,
    can_delete: false,
    can_update: true,
    udfs: None,
    fields: &[
        Field::long("id").required().read_only(),
        Field::integer("contractID").required().read_only().refers_to("Contract"),
        Field::double("internalCurrencyAdjustedPrice").read_only(),
        Field::double("internalCurrencyUnitPrice").read_only(),
        Field::text("internalDescription", 100),
        Field::text("invoiceDescription", 1000),
        Field::long("quoteItemID").read_only().refers_to("QuoteItem"),
        Field::integer("serviceID").required().read_only().refers_to("Service"),
        Field::double("unitCost"),
        Field::double("unitPrice").read_only(),
    ],
};

/// `ContractServiceUnits`, the model `ContractServiceUnitModel`.
pub(crate) static CONTRACT_SERVICE_UNITS: Schema = Schema {
    entity: Entity::ContractServiceUnits,
    singular: "ContractServiceUnit",
    can_create: false,
    can_delete: false,
    can_update: false,
    udfs: None,
    fields: &[
        Field::long("id").required().read_only(),
        Field::datetime("approveAndPostDate").read_only(),
        Field::integer("contractID").required().read_only().refers_to("Contract"),
        Field::integer("contractServiceID").refers_to("ContractService"),
        Field::double("cost").read_only(),
        Field::datetime("endDate").required().read_only(),
        Field::double("internalCurrencyPrice").read_only(),
        Field::integer("organizationalLevelAssociationID")
            .read_only()
            .refers_to("OrganizationalLevelAssociation"),
        Field::double("price").read_only(),
        Field::integer("serviceID").required().read_only().refers_to("Service"),
        Field::datetime("startDate").required().read_only(),
        Field::integer("units").required().read_only(),
        Field::integer("vendorCompanyID").read_only().refers_to("Company"),
    ],
};

/// `ContractServiceBundles`, the model `ContractServiceBundleModel`.
pub(crate) static CONTRACT_SERVICE_BUNDLES: Schema = Schema {
    entity: Entity::ContractServiceBundles,
    singular: "ContractServiceBundle",
    can_create: true,
    can_delete: false,
    can_update: true,
    udfs: None,
    fields: &[
        Field::long("id").required().read_only(),
        Field::double("adjustedPrice"),
        Field::integer("contractID").required().read_only().refers_to("Contract"),
        Field::double("internalCurrencyAdjustedPrice").read_only(),
        Field::double("internalCurrencyUnitPrice").read_only(),
        Field::text("internalDescription", 100),
        Field::text("invoiceDescription", 1000),
        Field::long("quoteItemID").read_only().refers_to("QuoteItem"),
        Field::integer("serviceBundleID").required().read_only().refers_to("ServiceBundle"),
        Field::double("unitPrice"),
    ],
};

/// `ContractServiceBundleUnits`, the model `ContractServiceBundleUnitModel`.
pub(crate) static CONTRACT_SERVICE_BUNDLE_UNITS: Schema = Schema {
    entity: Entity::ContractServiceBundleUnits,
    singular: "ContractServiceBundleUnit",
    can_create: false,
    can_delete: false,
    can_update: false,
    udfs: None,
    fields: &[
        Field::long("id").required().read_only(),
        Field::datetime("approveAndPostDate").read_only(),
        Field::integer("contractID").required().read_only().refers_to("Contract"),
        Field::integer("contractServiceBundleID").read_only().refers_to("ContractServiceBundle"),
        Field::double("cost").read_only(),
        Field::datetime("endDate").required().read_only(),
        Field::double("internalCurrencyPrice").read_only(),
        Field::integer("organizationalLevelAssociationID")
            .read_only()
            .refers_to("OrganizationalLevelAssociation"),
        Field::double("price").read_only(),
        Field::integer("serviceBundleID").required().read_only().refers_to("ServiceBundle"),
        Field::datetime("startDate").required().read_only(),
        Field::integer("units").required().read_only(),
    ],
};
