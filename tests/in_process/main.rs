//! The library called in this process: the engine on a clock that the test moves, the reading of
//! Autotask, the configuration, what goes over the wire, and the fake tenant itself.
//!
//! No test here starts another process: between its start and its own program, that would hold the
//! lock of every store that is open here, and a test that opens its store again would find it in
//! use. What needs the programs is in `tests/e2e`.

#![cfg(feature = "demo")]
#![expect(clippy::arithmetic_side_effects, reason = "a test that cannot count fails")]

mod autotask;
mod config;
mod corpora;
mod engine;
#[path = "../fuzz/harness/mod.rs"]
mod fuzz;
mod support;
mod tenant_http;

/// Thousands of rows are made and dropped for one answer.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;
