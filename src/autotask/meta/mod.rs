//! What numbers mean: fields, picklists, currencies, and rows that hardly change.

pub(super) mod catalogue;
pub(super) mod currency;
pub(super) mod entity_fields;
pub(super) mod labels;
pub(super) mod row_cache;
