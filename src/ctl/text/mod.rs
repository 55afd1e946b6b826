//! Values as people read and type them: money, moments, items, fields, and how a contract is billed.

pub mod billing;
pub mod dates;
pub mod items;
pub mod keys;
pub mod labels;
pub mod money;
pub mod picture;
pub mod sums;
pub mod tree;
pub mod visibility;
