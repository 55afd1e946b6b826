//! The server side of the socket: who may connect, what they ask, what they are answered.
//!
//! Translates between the wire (`protocol`) and the engine's values; decides nothing. The rooms
//! inside, each using only those below it:
//!
//! ```text
//! 9  unable     who waits for a daemon that does not start
//! 8  listener   the socket: accepts, as many as there are places
//! 7  session    one connection: calls in, replies out
//! 6  dispatch   which interface answers, and the answer on the wire
//! 5  contracts, sync, daemon, service     the interfaces, one room or file each
//! 4  progress   replies while a run is under way
//! 3  call       what a method knows of its call      | incoming  calls as they come in
//! 2  bounds     what all connections share           | acts  which calls the audit trail has
//! 1  roles      who may do what                      | connections  which are open
//! 0  peer       who asks      | shares  fair ones    | convert  values as the wire has them
//! ```

mod acts;
mod bounds;
mod call;
mod connections;
mod contracts;
mod convert;
mod daemon;
mod dispatch;
mod incoming;
mod listener;
mod peer;
mod progress;
mod roles;
mod service;
mod session;
mod shares;
mod sync;
mod unable;

pub use listener::{BindError, Listener};
pub use peer::Peer;
pub use session::Ending;
pub use unable::answer_waiting;
