//! A contract: the record, its fields and their values, and how two states of it differ.

pub(super) mod change;
pub(super) mod field;
pub(super) mod record;
pub(super) mod texts;
pub(super) mod udf;
pub(super) mod value;
