//! What a service or bundle line costs (rules 1 to 7).

pub(super) mod cost;
mod force;
mod frame;
mod lengths;
mod rate;
mod status;
pub(super) mod terms;
mod working;
