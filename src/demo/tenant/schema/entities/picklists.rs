//! The tenant's picklists and user-defined fields.
//!
//! Every tenant has its own (the Autotask facts, section 4.3): a client must read them, so the
//! numbers here are those that were seen, and some labels are invented where none was recorded.
//! Stories use values that are in no list, on purpose.

use crate::demo::tenant::schema::definition::{Pick, Udf};

pub(super) const COMPANY_TYPE: &[Pick] = &[
    Pick::system("1", "Customer"),
    Pick::new("2", "Lead"),
    Pick::new("3", "Prospect"),
    Pick::new("4", "Dead"),
    Pick::new("6", "Cancelation"),
    Pick::new("7", "Vendor"),
    Pick::new("8", "Partner"),
];

pub(super) const CONTRACT_TYPE: &[Pick] = &[
    Pick::system("1", "Time & Materials"),
    Pick::system("3", "Fixed Price"),
    Pick::system("4", "Block Hours"),
    Pick::system("6", "Retainer"),
    Pick::system("7", "Recurring Service"),
    Pick::system("8", "Incident"),
];

pub(super) const CONTRACT_STATUS: &[Pick] =
    &[Pick::system("0", "Inactive"), Pick::system("1", "Active")];

pub(super) const CONTRACT_PERIOD: &[Pick] = &[
    Pick::system("2", "Monthly"),
    Pick::system("3", "Quarterly"),
    Pick::system("4", "Semi-Annual"),
    Pick::system("5", "Yearly"),
];

pub(super) const CATALOGUE_PERIOD: &[Pick] = &[
    Pick::system("1", "One-Time"),
    Pick::system("2", "Monthly"),
    Pick::system("3", "Quarterly"),
    Pick::system("4", "Semi-Annual"),
    Pick::system("5", "Yearly"),
];

pub(super) const CONTRACT_CATEGORY: &[Pick] = &[
    Pick::new("12", "Managed Services"),
    Pick::new("13", "Projects"),
    Pick::inactive("15", "Legacy Plans"),
];

pub(super) const BILLING_PREFERENCE: &[Pick] =
    &[Pick::system("2", "Bill Immediately"), Pick::system("3", "Bill on Timesheet Approval")];

pub(super) const START_AND_STOP: &[Pick] = &[Pick::system("0", "No"), Pick::system("1", "Yes")];

pub(super) const SERVICE_LEVEL: &[Pick] =
    &[Pick::new("1", "Standard SLA"), Pick::new("2", "Premium SLA")];

pub(super) const PURCHASE_STATUS: &[Pick] =
    &[Pick::system("0", "Inactive"), Pick::system("1", "Active")];

pub(super) const PAID: &[Pick] = &[Pick::system("0", "No"), Pick::system("1", "Yes")];

pub(super) const PAYMENT_TYPE: &[Pick] = &[
    Pick::new("1", "Cash"),
    Pick::new("2", "Check"),
    Pick::new("4", "Credit Card"),
    Pick::new("5", "Other"),
];

pub(super) const MILESTONE_STATUS: &[Pick] = &[
    Pick::system("0", "In Progress"),
    Pick::system("1", "Ready to Bill"),
    Pick::system("2", "Billed"),
];

pub(super) const CHARGE_TYPE: &[Pick] =
    &[Pick::system("1", "Operational"), Pick::system("2", "Capitalized")];

pub(super) const CHARGE_STATUS: &[Pick] = &[
    Pick::system("1", "Need to Order/Fulfill"),
    Pick::system("2", "On Order"),
    Pick::system("6", "Delivered/Shipped Full"),
    Pick::system("7", "Canceled"),
];

/// What was recorded is that it is a picklist; the labels are invented.
pub(super) const DETERMINE_UNITS: &[Pick] = &[
    Pick::system("1", "Number of Users"),
    Pick::system("2", "Number of Devices"),
    Pick::system("3", "Fixed Number"),
];

/// Invented as well.
pub(super) const EXECUTION_METHOD: &[Pick] =
    &[Pick::system("1", "Daily"), Pick::system("2", "First of Month")];

pub(super) const COMPANY_UDFS: &[Udf] = &[
    Udf::list("Region", &[Pick::new("1", "EU"), Pick::new("2", "NA")]),
    Udf::text("Account Code"),
];

pub(super) const CONTRACT_UDFS: &[Udf] = &[
    Udf::text("Signed By"),
    Udf::list("Bonus", &[Pick::new("Yes", "Yes"), Pick::new("No", "No")]),
];
