//! The schema of each of the seventeen entities, written once. Rows, filters and the metadata calls
//! all read it from here. It knows nothing of data, HTTP or faults.

mod catalogue;
mod company;
mod contract;
mod lines;
mod picklists;
mod purchases;
mod rules;

pub(crate) use catalogue::{SERVICE_BUNDLE_SERVICES, SERVICE_BUNDLES, SERVICES};
pub(crate) use company::{COMPANIES, CURRENCIES};
pub(crate) use contract::{CONTRACT_NOTES, CONTRACTS};
pub(crate) use lines::{
    CONTRACT_SERVICE_BUNDLE_UNITS, CONTRACT_SERVICE_BUNDLES, CONTRACT_SERVICE_UNITS,
    CONTRACT_SERVICES,
};
pub(crate) use purchases::{
    CONTRACT_BLOCKS, CONTRACT_CHARGES, CONTRACT_MILESTONES, CONTRACT_RETAINERS,
    CONTRACT_TICKET_PURCHASES,
};
pub(crate) use rules::CONTRACT_BILLING_RULES;
