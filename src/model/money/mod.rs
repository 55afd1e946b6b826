//! Money: amounts in a currency, how often they are billed, how a contract stands toward its
//! billing, and what a change comes to.

pub(super) mod amount;
pub(super) mod billing;
pub(super) mod cycle;
pub(super) mod effect;
