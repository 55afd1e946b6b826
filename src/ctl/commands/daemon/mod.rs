//! Commands about the daemon: how it stands, what happens, and what a sysadmin has it do.

pub mod audit_log;
pub mod backup;
pub mod check;
pub mod doctor;
pub mod history;
pub mod metrics;
pub mod notify;
pub mod reload;
pub mod restore;
pub mod status;
pub mod version;
pub mod watch;
