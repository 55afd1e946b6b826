//! The server side of the socket: who may connect, what they ask, what they are answered.
//!
//! Translates between the wire (`protocol`) and the engine's values; decides nothing. The rooms
//! inside, each using only those below it:
//!
//! ```text
//! 6  listener   the socket: accepts, as many as there are places
//! 5  session    one connection: calls in, replies out
//! 4  dispatch   which interface answers, and the answer on the wire
//! 3  contracts, sync, daemon, service     the interfaces, one room or file each
//! 2  progress   replies while a run is under way
//! 1  call       what a method knows of its call
//! 0  peer       who asks      | convert  values of the model as the wire has them
//! ```

mod call;
mod contracts;
mod convert;
mod daemon;
mod dispatch;
mod listener;
mod peer;
mod progress;
mod service;
mod session;
mod sync;

pub use listener::{BindError, Listener};
pub use peer::Peer;
pub use session::Ending;
