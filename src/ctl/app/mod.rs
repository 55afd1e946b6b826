//! What every command stands on: errors, and exit statuses.

pub mod alike;
pub mod error;
pub mod exit;
