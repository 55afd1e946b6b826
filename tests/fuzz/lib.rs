//! What the fuzz targets call: the functions that `cargo test` runs the corpora through, and the
//! daemon without a socket that these use.

pub mod harness;
#[path = "../in_process/support/mod.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod support;
