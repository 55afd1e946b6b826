//! lmsyncctl: the terminal.
//!
//! It speaks to the daemon over the socket (`varlink`), in the words of `model`; where the socket
//! lies is known to `config`. It never sees the engine, the store or Autotask. One file per noun
//! holds the arguments of its commands, what they ask and how the answer looks; a rendering is a
//! function of the reply and the `Screen` in `screen.rs`.

mod args;
mod ask;
mod auto_sync;
mod backup;
mod billing;
mod check;
mod client;
mod completions;
mod connection;
mod contract;
mod dates;
mod dialog;
mod diff;
mod doctor;
mod error;
mod exit;
mod explain;
mod export;
mod file;
mod held;
pub mod help;
mod history;
mod items;
mod keys;
mod labels;
mod list;
mod marks;
mod metrics;
mod money;
mod normalize;
mod output;
mod pager;
mod pause;
mod pending;
mod picture;
mod plan;
mod progress;
mod quarantine;
mod reconcile;
mod reload;
mod renewals;
mod restore;
mod run;
mod screen;
mod selection;
mod start;
mod status;
mod sums;
mod sync;
mod table;
mod tame;
mod template;
mod timeline;
mod times;
mod tree;
mod version;
mod wait;
mod watch;

pub use args::command;
pub use completions::{Shell, script};
pub use start::main;
