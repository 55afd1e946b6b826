//! One connection: calls in, replies out, until either side has enough.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::net::UnixStream;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::codec::FramedRead;
use tokio_util::sync::CancellationToken;

use super::call::{Caller, Context, Replies};
use super::dispatch::{dispatch, reply};
use super::peer::Peer;
use crate::advice::Address;
use crate::engine::Engine;
use crate::model::{Code, Failure};
use crate::protocol::{Call, FrameError, MAX_REQUEST, NulCodec};

/// How long a connection may be silent. A person's call comes at once; a library may keep a
/// connection open between calls, but not for ever.
const IDLE: Duration = Duration::from_secs(300);

/// How long a daemon that ends waits for the first call of a connection: it was accepted in the
/// moment of the end, and its call is told so.
const LATE: Duration = Duration::from_secs(1);

/// How the daemon ends: first no call begins any more, then connections are closed.
#[derive(Debug, Clone, Default)]
pub struct Ending {
    /// Cancelled when it stops: what is called from now on is refused.
    pub stopping: CancellationToken,
    /// Cancelled when all that was under way has ended: connections are closed.
    pub closing: CancellationToken,
}

/// Serves one connection. It ends when others need its place more: the one that waits for a call
/// for longest is told so first.
pub(super) async fn serve(
    stream: UnixStream,
    (engine, address): (&Arc<Engine>, &Address),
    ending: &Ending,
    crowded: &Notify,
) -> Result<(), FrameError> {
    let peer = Peer::of(&stream)?;
    let (calls, replies) = stream.into_split();
    let mut calls = FramedRead::new(calls, NulCodec::new(MAX_REQUEST));
    let mut replies = Replies::new(replies);
    let mut late = LATE;
    loop {
        let closed = async {
            ending.closing.cancelled().await;
            tokio::time::sleep(late).await;
        };
        let frame = tokio::select! {
            biased;
            () = closed => return Ok(()),
            frame = timeout(IDLE, calls.next()) => frame,
            () = crowded.notified() => return Ok(()),
        };
        let Ok(Some(frame)) = frame else { return Ok(()) };
        late = Duration::ZERO;
        // What is no call cannot be answered; the connection is closed.
        let call: Call = serde_json::from_slice(&frame?).map_err(std::io::Error::from)?;
        let answer = if ending.stopping.is_cancelled() {
            Err(Failure::new(Code::Stopping, "lmsyncd is stopping").into())
        } else {
            // A call that wants no reply gets none, whatever else it asks for.
            let stream = (call.more && !call.oneway).then_some(&mut replies);
            let caller = Caller(calls.get_ref());
            dispatch(&call, Context { engine, address, peer: &peer, stream, caller }).await
        };
        if !call.oneway {
            replies.send(reply(call.interface(), answer, address)).await?;
        }
    }
}
