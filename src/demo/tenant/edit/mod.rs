//! Changes to a tenant while its server runs, as people in Autotask make them and as days pass.

pub(super) mod advance;
mod agreements;
mod changes;
pub(super) mod rows;
mod variants;
