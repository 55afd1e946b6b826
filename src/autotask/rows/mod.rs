//! What is in a row of each kind, and what lines bill.

pub(super) mod companies;
pub(super) mod lines;
pub(super) mod purchases;
pub(super) mod rules;
pub(super) mod units;
