//! The catalogue: services, bundles, and what a bundle holds.
//!
//! Names, order and types are those of the service's own Swagger document; what is required,
//! read-only, filterable, a picklist or a reference follows the Autotask facts, section 4.5. This
//! file holds no data and no behaviour.

use super::picklists::{CATALOGUE_PERIOD, SERVICE_LEVEL};
use crate::demo::tenant::schema::definition::{Field, Schema};
use crate::demo::tenant::schema::entity::Entity;

/// `Services`, the model `ServiceModel`.
pub(crate) static SERVICES: Schema = Schema {
    entity: Entity::Services,
    singular: "Service",
    can_create: true,
    can_delete: false,
    can_update: true,
    udfs: Some(&[]),
    fields: &[
        Field::long("id").required().read_only(),
        Field::integer("billingCodeID").required().refers_to("BillingCode"),
        Field::datetime("createDate").read_only(),
        Field::integer("creatorResourceID").read_only().refers_to("Resource"),
        Field::text("description", 400),
        Field::text("invoiceDescription", 1000),
        Field::boolean("isActive"),
        Field::datetime("lastModifiedDate").read_only(),
        Field::double("markupRate").read_only(),
        Field::text("name", 150).required(),
        Field::integer("periodType").required().picks(CATALOGUE_PERIOD),
        Field::long("serviceLevelAgreementID").picks(SERVICE_LEVEL),
        Field::double("unitCost"),
        Field::double("unitPrice").required(),
        Field::integer("updateResourceID").read_only().refers_to("Resource"),
        Field::integer("vendorCompanyID").refers_to("Company"),
        Field::text("manufacturerServiceProvider", 100),
        Field::text("manufacturerServiceProviderProductNumber", 100),
        Field::text("catalogNumberPartNumber", 100),
        Field::text("sku", 100),
        Field::text("internalID", 100),
        Field::text("externalID", 100),
        Field::text("url", 100),
    ],
};

/// `ServiceBundles`, the model `ServiceBundleModel`.
pub(crate) static SERVICE_BUNDLES: Schema = Schema {
    entity: Entity::ServiceBundles,
    singular: "ServiceBundle",
    can_create: true,
    can_delete: false,
    can_update: true,
    udfs: Some(&[]),
    fields: &[
        Field::long("id").required().read_only(),
        Field::integer("billingCodeID").required().refers_to("BillingCode"),
        Field::datetime("createDate").read_only(),
        Field::integer("creatorResourceID").read_only().refers_to("Resource"),
        Field::text("description", 200),
        Field::text("invoiceDescription", 1000),
        Field::boolean("isActive"),
        Field::datetime("lastModifiedDate").read_only(),
        Field::text("name", 150).required(),
        Field::double("percentageDiscount"),
        Field::integer("periodType").required().read_only().picks(CATALOGUE_PERIOD),
        Field::long("serviceLevelAgreementID").picks(SERVICE_LEVEL),
        Field::double("unitCost").read_only(),
        Field::double("unitDiscount"),
        Field::double("unitPrice"),
        Field::integer("updateResourceID").read_only().refers_to("Resource"),
        Field::text("manufacturerServiceProvider", 100),
        Field::text("manufacturerServiceProviderProductNumber", 100),
        Field::text("catalogNumberPartNumber", 100),
        Field::text("sku", 100),
        Field::text("internalID", 100),
        Field::text("externalID", 100),
        Field::text("url", 100),
    ],
};

/// `ServiceBundleServices`, the model `ServiceBundleServiceModel`.
pub(crate) static SERVICE_BUNDLE_SERVICES: Schema = Schema {
    entity: Entity::ServiceBundleServices,
    singular: "ServiceBundleService",
    can_create: true,
    can_delete: true,
    can_update: false,
    udfs: None,
    fields: &[
        Field::long("id").required().read_only(),
        Field::long("serviceBundleID").required().read_only().refers_to("ServiceBundle"),
        Field::long("serviceID").required().read_only().refers_to("Service"),
    ],
};
