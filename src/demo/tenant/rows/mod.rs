//! The rows: the tables, which rows and fields a request sees, and which a filter lets through.

pub(super) mod filter;
pub(super) mod lens;
pub(super) mod row;
pub(super) mod table;
pub(super) mod view;
