//! What Autotask's entities look like: names, fields, values, picklists.

pub(super) mod definition;
pub(super) mod entities;
pub(super) mod entity;
pub(super) mod language;
pub(super) mod line_kind;
mod lookup;
pub(super) mod value;
