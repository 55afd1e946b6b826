//! One connection: calls in, replies out, until either side has enough.
//!
//! ```text
//!            ┌──────────── told to make room, silent too long, the daemon ends ──► closed
//!   waits ◄──┴── reply ◄── answered ◄── has a place ◄── the caller is there ◄── a call
//!            └──────────── no call: an error ─────────────────────────────────────► closed
//! ```
//!
//! Work ends with its caller: where the connection is closed, a look at the store goes no further,
//! and nothing begins that was not begun. What asks Autotask ends by itself, since others share it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use nix::unistd::Gid;
use tokio::net::UnixStream;
use tokio::time::timeout;
use tokio_util::codec::FramedRead;
use tokio_util::sync::CancellationToken;

use super::bounds::{Bounds, Claim};
use super::call::{Answer, Caller, Context, Replies};
use super::connections::Connection;
use super::dispatch::{dispatch, not_a_call, reply};
use super::incoming::{Incoming, is_gone};
use super::peer::Peer;
use super::roles::{Role, Rules, least};
use super::shares::Holder;
use crate::advice::Address;
use crate::engine::{Engine, contained};
use crate::model::{Code, Failure};
use crate::protocol::{Call, FrameError, MAX_REQUEST, Method, NulCodec, daemon, service};

/// How long a connection may be silent. A person's call comes at once; a library may keep a
/// connection open between calls, but not for ever.
const IDLE: Duration = Duration::from_secs(300);

/// How long a daemon that ends waits for the first call of a connection: it was accepted in the
/// moment of the end, and its call is told so.
const LATE: Duration = Duration::from_secs(1);

/// How long somebody who is turned away has for a call, which is answered so.
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
    /// What it shares with the others.
    pub(super) bounds: Arc<Bounds>,
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

    /// For whom a peer of this role takes shares.
    pub(super) fn holder(peer: &Peer, role: Role) -> Holder {
        Holder { uid: peer.uid(), favoured: peer.is_root() || role == Role::Operator }
    }
}

/// Answers the first call with this failure, and closes the connection.
pub(super) async fn turn_away(
    stream: UnixStream,
    peer: &Peer,
    address: &Address,
    failure: impl FnOnce(&Call) -> Failure,
) -> Result<(), FrameError> {
    let (calls, replies) = stream.into_split();
    let mut calls = FramedRead::new(calls, NulCodec::new(MAX_REQUEST));
    let mut replies = Replies::new(replies, peer, None);
    let refusal = match timeout(REFUSAL, calls.next()).await {
        Err(_) | Ok(None) => return Ok(()),
        Ok(Some(Err(error))) => not_a_call(&error.to_string(), address),
        Ok(Some(Ok(frame))) => match serde_json::from_slice::<Call>(&frame) {
            Err(error) => not_a_call(&error.to_string(), address),
            Ok(call) if call.oneway => return Ok(()),
            Ok(call) => reply(call.interface(), Err(failure(&call).into()), address),
        },
    };
    timeout(REFUSAL, replies.send(refusal)).await.unwrap_or(Ok(()))
}

/// Answers the first call of somebody who may not use the daemon, and closes the connection.
pub(super) async fn refuse(
    stream: UnixStream,
    peer: &Peer,
    rules: &Rules,
    address: &Address,
) -> Result<(), FrameError> {
    let failure = |call: &Call| rules.refusal(peer, Role::Stranger, least(call));
    turn_away(stream, peer, address, failure).await
}

/// Serves one connection. It ends when another one needs its place, unless a call is being answered.
pub(super) async fn serve(
    stream: UnixStream,
    (peer, role): (&Peer, Role),
    served: &Served,
    ending: &Ending,
    connection: &Connection,
) -> Result<(), FrameError> {
    let address = &served.address;
    let claim = Claim::new(Arc::clone(&served.bounds), Served::holder(peer, role));
    let (calls, replies) = stream.into_split();
    let mut calls = Incoming::new(calls, claim.clone());
    let mut replies = Replies::new(replies, peer, Some(claim.clone()));
    let mut late = LATE;
    loop {
        connection.waits();
        let closed = async {
            ending.closing.cancelled().await;
            tokio::time::sleep(late).await;
        };
        let frame = tokio::select! {
            biased;
            () = closed => return Ok(()),
            // A call that has come is answered also where the connection is to make room.
            frame = timeout(IDLE, calls.next()) => frame,
            () = connection.must_go() => return Ok(()),
        };
        connection.works();
        late = Duration::ZERO;
        let frame = match frame {
            Err(_) | Ok(Ok(None) | Err(FrameError::Io(_) | FrameError::Cut)) => return Ok(()),
            Ok(Err(error)) => return replies.send(not_a_call(&error.to_string(), address)).await,
            Ok(Ok(Some(frame))) => frame,
        };
        let call: Call = match serde_json::from_slice(&frame) {
            Ok(call) => call,
            Err(error) => return replies.send(not_a_call(&error.to_string(), address)).await,
        };
        drop(frame);
        let caller = Caller { half: calls.half(), waits: !call.oneway };
        let called = (peer, &claim);
        let Some(answer) = answer(&call, caller, &mut replies, called, (served, ending)).await
        else {
            return Ok(());
        };
        if call.oneway {
            claim.rest();
            continue;
        }
        match replies.send(reply(call.interface(), answer, address)).await {
            Err(error @ FrameError::TooLong { .. }) => {
                let refused = Failure::new(Code::InvalidArgument, error.to_string());
                replies.send(reply(call.interface(), Err(refused.into()), address)).await?;
            }
            sent => sent?,
        }
    }
}

/// Whether a call only asks who is there. It needs no place: somebody whose places are all taken asks so
/// whether to wait on.
fn asks_whether_it_lives(call: &Call) -> bool {
    call.method == daemon::Version::NAME || call.interface() == service::INTERFACE
}

/// The answer to a call; none where its caller has gone before it began.
async fn answer(
    call: &Call,
    caller: Caller<'_>,
    replies: &mut Replies,
    (peer, claim): (&Peer, &Claim),
    (served, ending): (&Served, &Ending),
) -> Option<Answer> {
    let stopping = || Err(Failure::new(Code::Stopping, "lmsyncd is stopping").into());
    if ending.stopping.is_cancelled() {
        return Some(stopping());
    }
    // A reload may have changed it since the last call.
    let (role, rules) = served.role(peer).await;
    let claim = claim.of(Served::holder(peer, role));
    let _place = match asks_whether_it_lives(call) {
        true => None,
        false => tokio::select! {
            biased;
            place = claim.place() => Some(place),
            () = caller.gone() => None,
        },
    };
    // What was asked while the daemon could not answer, as when it hung, may have been given up.
    if caller.waits && is_gone(caller.half) {
        tracing::debug!("{peer} has gone: its call of {} does not begin", call.method);
        return None;
    }
    if ending.stopping.is_cancelled() {
        return Some(stopping());
    }
    // A call that wants no reply gets none, whatever else it asks for.
    let stream = (call.more && !call.oneway).then_some(replies);
    let Served { engine, address, .. } = served;
    let rules = &rules;
    let context =
        Context { engine, address, peer, role, rules, stream, caller, claim, unasked: None };
    // Who calls is answered, whatever happens.
    let answer = contained(async { Ok(dispatch(call, context).await) }).await;
    Some(answer.unwrap_or_else(|fault| Err(fault.into())))
}
