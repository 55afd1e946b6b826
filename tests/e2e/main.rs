//! The real lmsyncd and lmsyncctl, each a process of its own, on the fake tenant.
//!
//! A file for each subject; `support` starts a tenant and a daemon, and `terminal` is what lmsyncctl
//! shows and reads. Each test has a folder, a socket and a tenant of its own, so that all may run at
//! once, and waits for what it wants to see, never for a time.

#![cfg(feature = "demo")]

mod access;
mod advice;
mod backup;
mod bad_input;
mod book;
mod book_lines;
mod crowd;
mod damage;
mod faults;
mod held;
mod hidden;
mod instances;
mod job;
mod kill;
mod older;
mod outlets;
mod passing_on;
mod pause_seen;
mod pieces;
mod plan;
mod service;
mod setup;
mod support;
mod terminal;
mod told;
mod visibility;
