//! The control protocol: Varlink, as systemd's own services speak it.
//!
//! Types here are the wire, shared by both sides of the socket, and a published interface: they
//! grow, they do not change. They are not the model; `control` translates. The three interfaces
//! are described in the `.varlink` files beside this one, which the daemon hands out; they are
//! derived from the types here.

mod backup;
mod codec;
pub mod contracts;
pub mod daemon;
mod effect;
mod error;
mod event;
mod field_change;
#[cfg(test)]
mod idl;
mod interface;
mod message;
mod progress;
pub mod service;
pub mod sync;
mod visibility;

pub use codec::{FrameError, MAX_REPLY, MAX_REQUEST, NulCodec};
pub use error::{ErrorParameters, error_name, failure_of};
pub use message::{Call, Method, Reply};
