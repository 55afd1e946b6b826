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
//! The rooms inside, each using only those below it:
//!
//! ```text
//! 5  open       the way in, and what is said on the way out
//! 4  shell      the loop: keys, replies, ticks of the clock
//! 3  update     what a key or a reply does     | terminal  where a picture goes
//!    calls      threads that ask the daemon
//! 2  draw/      screen, panels, side by side
//! 1  state      everything that the screen shows
//! 0  list/      rows, what is shown and ticked, columns, sums   | text, theme
//! ```

mod calls;
mod draw;
mod list;
mod open;
mod shell;
mod state;
mod terminal;
mod text;
mod theme;
mod update;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod screens;

pub use open::sync;
