//! What the other contract types sell: hours, retainers, tickets, milestones, charges.
//!
//! Names, order and types are those of the service's own Swagger document; what is required,
//! read-only, filterable, a picklist or a reference follows the Autotask facts, section 4.5. This
//! file holds no data and no behaviour.

use super::picklists::{
    CHARGE_STATUS, CHARGE_TYPE, MILESTONE_STATUS, PAID, PAYMENT_TYPE, PURCHASE_STATUS,
};
use crate::demo::tenant::schema::definition::{Field, Schema};
use crate::demo::tenant::schema::entity::Entity;

/// `ContractBlocks`, the model `ContractBlockModel`.
pub(crate) static CONTRACT_BLOCKS: Schema = Schema {
    entity: Entity::ContractBlocks,
    singular: "ContractBlock",
    can_create: true,
    can_delete: false,
    can_update: true,
    udfs: None,
    fields: &[
        Field::long("id").required().read_only(),
        Field::integer("contractID").required().refers_to("Contract"),
        Field::datetime("datePurchased").required(),
        Field::datetime("endDate").required(),
        Field::double("hourlyRate").required(),
        Field::double("hours").required(),
        Field::double("hoursApproved").read_only().not_filterable(),
        Field::text("invoiceNumber", 50),
        Field::boolean("isPaid").read_only().picks(PAID),
        Field::text("paymentNumber", 50),
        Field::integer("paymentType").picks(PAYMENT_TYPE),
        Field::datetime("startDate").required(),
        Field::integer("status").picks(PURCHASE_STATUS),
    ],
};

/// `ContractRetainers`, the model `ContractRetainerModel`.
pub(crate) static CONTRACT_RETAINERS: Schema = Schema {
    entity: Entity::ContractRetainers,
    singular: "ContractRetainer",
    can_create: true,
    can_delete: false,
    can_update: true,
    udfs: None,
    fields: &[
        Field::long("id").required().read_only(),
        Field::double("amount").required(),
        Field::double("amountApproved").read_only().not_filterable(),
        Field::integer("contractID").required().read_only().refers_to("Contract"),
        Field::datetime("datePurchased").required(),
        Field::datetime("endDate").required(),
        Field::double("internalCurrencyAmount").read_only(),
        Field::double("internalCurrencyAmountApproved").read_only().not_filterable(),
        Field::text("invoiceNumber", 50),
        Field::boolean("isPaid").read_only().picks(PAID),
        Field::integer("paymentID").picks(PAYMENT_TYPE),
        Field::text("paymentNumber", 50),
        Field::datetime("startDate").required(),
        Field::integer("status").required().picks(PURCHASE_STATUS),
    ],
};

/// `ContractTicketPurchases`, the model `ContractTicketPurchaseModel`.
pub(crate) static CONTRACT_TICKET_PURCHASES: Schema = Schema {
    entity: Entity::ContractTicketPurchases,
    singular: "ContractTicketPurchase",
    can_create: true,
    can_delete: false,
    can_update: true,
    udfs: None,
    fields: &[
        Field::long("id").required().read_only(),
        Field::long("contractID").required().refers_to("Contract"),
        Field::datetime("datePurchased").required(),
        Field::datetime("endDate").required(),
        Field::text("invoiceNumber", 50),
        Field::boolean("isPaid").required().picks(PAID),
        Field::text("paymentNumber", 50),
        Field::integer("paymentType").picks(PAYMENT_TYPE),
        Field::double("perTicketRate").required(),
        Field::datetime("startDate").required(),
        Field::integer("status").picks(PURCHASE_STATUS),
        Field::double("ticketsPurchased").required(),
        Field::double("ticketsUsed").read_only().not_filterable(),
    ],
};

/// `ContractMilestones`, the model `ContractMilestoneModel`.
pub(crate) static CONTRACT_MILESTONES: Schema = Schema {
    entity: Entity::ContractMilestones,
    singular: "ContractMilestone",
    can_create: true,
    can_delete: false,
    can_update: true,
    udfs: None,
    fields: &[
        Field::long("id").required().read_only(),
        Field::double("amount").required(),
        Field::integer("billingCodeID").refers_to("BillingCode"),
        Field::integer("contractID").required().read_only().refers_to("Contract"),
        Field::datetime("createDate").read_only(),
        Field::integer("creatorResourceID").read_only().refers_to("Resource"),
        Field::datetime("dateDue").required(),
        Field::text("description", 250),
        Field::double("internalCurrencyAmount").read_only(),
        Field::boolean("isInitialPayment").required(),
        Field::integer("organizationalLevelAssociationID")
            .read_only()
            .refers_to("OrganizationalLevelAssociation"),
        Field::integer("status").required().picks(MILESTONE_STATUS),
        Field::text("title", 50).required(),
    ],
};

/// `ContractCharges`, the model `ContractChargeModel`.
pub(crate) static CONTRACT_CHARGES: Schema = Schema {
    entity: Entity::ContractCharges,
    singular: "ContractCharge",
    can_create: true,
    can_delete: true,
    can_update: true,
    udfs: None,
    fields: &[
        Field::long("id").required().read_only(),
        Field::double("billableAmount").read_only(),
        Field::long("billingCodeID").refers_to("BillingCode"),
        Field::integer("chargeType").required().picks(CHARGE_TYPE),
        Field::long("contractID").required().refers_to("Contract"),
        Field::long("contractServiceBundleID").refers_to("ContractServiceBundle"),
        Field::long("contractServiceID").refers_to("ContractService"),
        Field::datetime("createDate").read_only(),
        Field::long("creatorResourceID").read_only().refers_to("Resource"),
        Field::datetime("datePurchased").required(),
        Field::text("description", 2000),
        Field::double("extendedCost").read_only(),
        Field::double("internalCurrencyBillableAmount").read_only(),
        Field::double("internalCurrencyUnitPrice").read_only(),
        Field::text("internalPurchaseOrderNumber", 50),
        Field::boolean("isBillableToCompany"),
        Field::boolean("isBilled").read_only(),
        Field::text("name", 100).required(),
        Field::text("notes", 2000),
        Field::integer("organizationalLevelAssociationID")
            .read_only()
            .refers_to("OrganizationalLevelAssociation"),
        Field::long("productID").refers_to("Product"),
        Field::text("purchaseOrderNumber", 50),
        Field::long("status").read_only().picks(CHARGE_STATUS),
        Field::long("statusLastModifiedBy").read_only(),
        Field::datetime("statusLastModifiedDate").read_only(),
        Field::double("unitCost"),
        Field::double("unitPrice"),
        Field::double("unitQuantity").required(),
    ],
};
