//! `org.lmsyncd.Sync`: clients, what is pending, runs, and the switch.
//!
//! Money is a decimal string, a date `YYYY-MM-DD`, a moment RFC 3339 in UTC.

mod clients;
mod held;
mod marks;
mod pause;
mod pending;
mod runs;
mod switch;

pub use super::effect::Effect;
pub use clients::*;
pub use held::*;
pub use marks::*;
pub use pause::*;
pub use pending::*;
pub use runs::*;
pub use switch::*;

/// The interface's name.
pub const INTERFACE: &str = "org.lmsyncd.Sync";

/// Its description.
pub const DESCRIPTION: &str = include_str!("../org.lmsyncd.Sync.varlink");
