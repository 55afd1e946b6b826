//! lmsyncd itself: arguments, log, signals, readiness, and the place where everything is put
//! together. Nothing is decided here.

pub mod args;
mod check_config;
mod exit;
mod house;
mod log;
mod main;
mod signals;
mod systemd;

pub use exit::{EXITS, StartError};
pub use house::{House, Next, open};
pub use log::{Destination, LogError, start_log};
pub use main::main;
pub use signals::stop_on_signal;
