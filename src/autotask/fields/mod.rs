//! What is in a field: dates, decimals, texts, and the row that holds them.

pub(super) mod amount;
pub(super) mod dates;
pub(super) mod decimal;
pub(super) mod row;
pub(super) mod text;
