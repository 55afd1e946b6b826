//! What a line bills in each period, and in which rows.

pub(super) mod history;
pub(super) mod periods;
pub(super) mod reading;

#[cfg(test)]
mod tests;
