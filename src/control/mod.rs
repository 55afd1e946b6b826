//! The server side of the socket: who may connect, what they ask, what they are answered.
//!
//! Translates between the wire (`protocol`) and the engine's values; decides nothing. The rooms
//! inside, each using only those below it:
//!
//! ```text
//! 8  unable     who waits for a daemon that does not start
//! 7  listener   the socket: accepts, as many as there are places
//! 6  session    one connection: calls in, replies out
//! 5  dispatch   which interface answers, and the answer on the wire
//! 4  contracts, sync, daemon, service     the interfaces, one room or file each
//! 3  progress   replies while a run is under way
//! 2  call       what a method knows of its call
//! 1  roles      who may do what
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
mod roles;
mod service;
mod session;
mod sync;
mod unable;

pub use listener::{BindError, Listener};
pub use peer::Peer;
pub use session::Ending;
pub use unable::answer_waiting;
