//! lmsyncd imports an MSP's contracts from Autotask PSA, one way, into its own store, and keeps
//! them current.
//!
//! The house has floors; a module uses only floors below its own, and `tests/rules/`
//! holds the code to that:
//!
//! ```text
//! 6  demo       a fake Autotask tenant, and the guided tour that runs on it
//! 5  daemon     composition root of lmsyncd     | ctl      the terminal: lmsyncctl
//! 4  control    the server side of the socket    | notify  the command and the heartbeat
//! 3  engine     services: book, clients, syncs, review, schedule, observe, admin
//! 2  autotask   speaks Autotask REST            | store    ledger and index  | protocol  Varlink
//!    advice     what a person can do next, in words
//! 1  policy     pure decisions                  | config   the TOML file
//! 0  model      pure values                     | clock    what time it is
//!    files      files that are replaced whole
//! ```
//!
//! A room is a module with a folder; its `mod.rs` is the door, and says what others may use. Most
//! rooms have floors of their own; the head of each room's `mod.rs` draws them, and the same test
//! holds the code to them (`tests/rules/inner.rs`).
//!
//! A contract flows one way: a timer or a person wakes the `engine`, `autotask` reads rows and
//! turns them into source items, `policy` decides what differs and whether it may be applied,
//! `store` commits, and `control` tells `ctl`.
//!
//! # What is public
//!
//! The interface for other programs is the socket: the Varlink interfaces `org.lmsyncd.Sync`,
//! `org.lmsyncd.Contracts` and `org.lmsyncd.Daemon`, whose types are in [`protocol`] and whose
//! `.varlink` files are derived from them; and what lmsyncctl takes and prints for scripts
//! (arguments, JSON keys, exit statuses), the configuration and the journal's fields. What is there
//! stays; other things may be added.
//!
//! Everything else in this library is `pub` for the two programs and for the tests, and may change
//! with any commit: no other crate is meant to depend on it.

#![forbid(unsafe_code)]

pub mod advice;
pub mod autotask;
pub mod clock;
pub mod config;
pub mod control;
pub mod ctl;
pub mod daemon;
#[cfg(feature = "demo")]
#[expect(clippy::arithmetic_side_effects, reason = "the fake tenant makes up its own amounts")]
pub mod demo;
#[cfg(test)]
mod derived;
pub mod engine;
mod files;
pub mod model;
pub mod notify;
pub mod policy;
pub mod protocol;
pub mod store;
