//! The import dialog: what is new and changed for a client, ticked and synced on one screen.
//!
//! `state` is everything that the screen shows, `update` is what a key or a reply does to it, and
//! `draw` is how it looks: three pure parts. `shell` runs them on a terminal (`terminal`) and has
//! threads speak to the daemon (`calls`), so that the keyboard never waits. `open` is the way in
//! and says on the way out what was done.
//!
//! ```text
//! key, reply, tick ─► update ─► state ─► draw ─► terminal
//!                        └────► effects ─► calls ─► daemon
//! ```
//!
//! The list is `rows` (the tree), `list` (which of them are shown and ticked), `grid` (columns), `sum`
//! (what is ticked, in money).

mod calls;
mod draw;
mod grid;
mod list;
mod open;
mod panels;
mod rows;
mod shell;
mod side;
mod state;
mod sum;
mod terminal;
mod text;
mod theme;
mod update;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod screens;

pub use open::sync;
