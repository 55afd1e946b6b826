//! The ledger: its files, reading them, appending to them, and the base that old lines gave way to.

pub(super) mod base;
pub(super) mod head;
pub(super) mod ledger;
pub(super) mod lock;
pub(super) mod moments;
pub(super) mod replay;
pub(super) mod segment;
pub(super) mod stretches;
pub(super) mod survey;
