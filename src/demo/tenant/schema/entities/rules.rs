//! What makes the charges of fixed price agreements.
//!
//! The entity is not in the part of the Swagger document that is at hand. Names and types follow
//! the Autotask facts, section 9.8; the order, what is required and what is read-only are assumed.
//! This file holds no data and no behaviour.

use super::picklists::{DETERMINE_UNITS, EXECUTION_METHOD};
use crate::demo::tenant::schema::definition::{Field, Schema};
use crate::demo::tenant::schema::entity::Entity;

/// `ContractBillingRules`.
pub(crate) static CONTRACT_BILLING_RULES: Schema = Schema {
    entity: Entity::ContractBillingRules,
    singular: "ContractBillingRule",
    can_create: true,
    can_delete: true,
    can_update: true,
    udfs: Some(&[]),
    fields: &[
        Field::long("id").required().read_only(),
        Field::integer("contractID").required().refers_to("Contract"),
        Field::boolean("createChargesAsBillable"),
        Field::double("dailyProratedCost"),
        Field::double("dailyProratedPrice"),
        Field::integer("determineUnits").required().picks(DETERMINE_UNITS),
        Field::datetime("endDate"),
        Field::integer("executionMethod").picks(EXECUTION_METHOD),
        Field::boolean("includeItemsInChargeDescription"),
        Field::text("invoiceDescription", 1000),
        Field::boolean("isActive").required(),
        Field::boolean("isDailyProrationEnabled"),
        Field::integer("maximumUnits"),
        Field::integer("minimumUnits"),
        Field::integer("productID").required().refers_to("Product"),
        Field::datetime("startDate").required(),
    ],
};
