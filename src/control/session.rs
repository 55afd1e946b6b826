//! One connection: calls in, replies out, until either side has enough.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use nix::unistd::Gid;
use tokio::net::UnixStream;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::codec::FramedRead;
use tokio_util::sync::CancellationToken;

use super::call::{Caller, Context, Replies};
use super::dispatch::{dispatch, reply};
use super::peer::Peer;
use super::roles::{Role, Rules, least};
use crate::advice::Address;
use crate::engine::{Engine, contained};
use crate::model::{Code, Failure};
use crate::protocol::{Call, FrameError, MAX_REQUEST, NulCodec};

/// How long a connection may be silent. A person's call comes at once; a library may keep a
/// connection open between calls, but not for ever.
const IDLE: Duration = Duration::from_secs(300);

/// How long a daemon that ends waits for the first call of a connection: it was accepted in the
/// moment of the end, and its call is told so.
const LATE: Duration = Duration::from_secs(1);

/// How long somebody who may not use the daemon has for a call, which is answered so.
const REFUSAL: Duration = Duration::from_secs(2);

/// How the daemon ends: first no call begins any more, then connections are closed.
#[derive(Debug, Clone, Default)]
pub struct Ending {
    /// Cancelled when it stops: what is called from now on is refused.
    pub stopping: CancellationToken,
    /// Cancelled when all that was under way has ended: connections are closed.
    pub closing: CancellationToken,
}

/// What a connection is served with.
#[derive(Clone)]
pub(super) struct Served {
    pub(super) engine: Arc<Engine>,
    /// How this daemon is named in commands to type.
    pub(super) address: Arc<Address>,
    /// The group of the socket.
    pub(super) group: Gid,
}

impl Served {
    /// The role of a peer at this moment, with the rules that it follows from. The user database
    /// may take its time, so it is not asked on a thread that serves connections.
    pub(super) async fn role(&self, peer: &Peer) -> (Role, Rules) {
        let control = self.engine.settings().control.clone();
        let rules = Rules { control, group: self.group };
        let (asked, peer) = (rules.clone(), peer.clone());
        let role = tokio::task::spawn_blocking(move || asked.role(&peer)).await;
        // Who cannot be looked up is nobody.
        (role.unwrap_or(Role::Stranger), rules)
    }
}

/// Answers the first call of somebody who may not use the daemon, and closes the connection.
pub(super) async fn refuse(
    stream: UnixStream,
    peer: &Peer,
    rules: &Rules,
    address: &Address,
) -> Result<(), FrameError> {
    let (calls, replies) = stream.into_split();
    let mut calls = FramedRead::new(calls, NulCodec::new(MAX_REQUEST));
    let Ok(Some(frame)) = timeout(REFUSAL, calls.next()).await else { return Ok(()) };
    let call: Call = serde_json::from_slice(&frame?).map_err(std::io::Error::from)?;
    if call.oneway {
        return Ok(());
    }
    let failure = rules.refusal(peer, Role::Stranger, least(&call));
    let refusal = reply(call.interface(), Err(failure.into()), address);
    let mut replies = Replies::new(replies, peer);
    timeout(REFUSAL, replies.send(refusal)).await.unwrap_or(Ok(()))
}

/// Serves one connection. It ends when others need its place more: the one that waits for a call
/// for longest is told so first.
pub(super) async fn serve(
    stream: UnixStream,
    peer: &Peer,
    served: &Served,
    ending: &Ending,
    crowded: &Notify,
) -> Result<(), FrameError> {
    let Served { engine, address, .. } = served;
    let (calls, replies) = stream.into_split();
    let mut calls = FramedRead::new(calls, NulCodec::new(MAX_REQUEST));
    let mut replies = Replies::new(replies, peer);
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
            // A reload may have changed it since the last call.
            let (role, rules) = served.role(peer).await;
            let rules = &rules;
            let context = Context { engine, address, peer, role, rules, stream, caller };
            // Who calls is answered, whatever happens.
            let answer = contained(async { Ok(dispatch(&call, context).await) }).await;
            answer.unwrap_or_else(|fault| Err(fault.into()))
        };
        if !call.oneway {
            replies.send(reply(call.interface(), answer, address)).await?;
        }
    }
}
