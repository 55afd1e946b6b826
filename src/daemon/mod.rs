//! lmsyncd itself: arguments, log, signals, readiness, and the place where everything is put
//! together. Nothing is decided here.

mod app;
pub mod args;
mod check_config;
mod credential_files;
mod exit;
mod log;
mod main;
mod ownership;
mod setup;
mod signals;
mod store_commands;
mod systemd;

pub use app::{App, Exit, open};
pub use exit::{EXITS, StartError};
pub use log::{Destination, LogError, start_log};
pub use main::main;
pub use signals::stop_on_signal;
