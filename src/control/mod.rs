//! The server side of the socket: who may connect, what they ask, what they are answered.
//!
//! Translates between the wire (`varlink`) and the engine's values; decides nothing. One file per
//! interface.

mod contracts;
mod convert;
mod daemon;
mod listener;
mod peer;
mod progress;
mod service;
mod session;
mod sync;

pub use listener::{BindError, Listener};
pub use peer::Peer;
