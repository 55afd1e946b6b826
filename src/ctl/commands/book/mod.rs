//! Commands about what is stored: contracts, runs, terms, and exports.

pub mod contract;
pub mod export;
pub mod renewals;
pub mod run;
pub mod timeline;
