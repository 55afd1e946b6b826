//! All rows of a query, for the fewest requests.

pub(super) mod fetch;
pub(super) mod filter;
pub(super) mod pack;
mod page;
pub(super) mod paginate;
pub(super) mod plan;
