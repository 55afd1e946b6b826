//! lmsyncctl: the terminal.
//!
//! It speaks to the daemon over the socket (`protocol`), in the words of `model`; where the socket
//! lies is known to `config`. It never sees the engine, the store or Autotask.
//!
//! ```text
//! 8  start         the shell around the commands: terminal, environment, exit status
//! 7  args          the command line
//! 6  completions   what the next word may be
//! 5  help          topics              | dialog       the import dialog
//! 4  commands      one file a command
//! 3  text          values as people read and type them
//! 2  connection    the client's end of the socket
//! 1  output        where everything leaves: text, JSON, rows, the pager, progress
//! 0  app           errors, exit statuses
//! ```
//!
//! A rendering is a function of the reply and the `Screen` of `output`.

mod app;
mod args;
mod commands;
mod completions;
mod connection;
mod dialog;
pub mod help;
mod output;
mod start;
mod text;

pub use args::command;
pub use commands::sync::plan::shown_plan;
pub use completions::{Shell, script};
pub use start::main;
