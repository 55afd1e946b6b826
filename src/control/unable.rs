//! A daemon that does not come up, on a socket that outlives it: who waits there is answered with the
//! reason. Otherwise the calls would stay in the socket, and systemd would start the daemon for them
//! until it gives up and takes the socket away.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use nix::unistd::Gid;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::codec::FramedRead;

use super::call::{CallError, Replies};
use super::dispatch::{not_a_call, reply};
use super::listener::group_of;
use super::peer::Peer;
use super::roles::{Role, Rules};
use super::{service, session};
use crate::advice::Address;
use crate::config::ControlSettings;
use crate::model::Failure;
use crate::protocol::{Call, FrameError, MAX_REQUEST, NulCodec};

/// How long nobody must have come before the daemon ends: whoever comes later starts it again.
const QUIET: Duration = Duration::from_millis(250);

/// How long it stays at most, however many come.
const LONGEST: Duration = Duration::from_secs(10);

/// How long a peer may be silent.
const SILENCE: Duration = Duration::from_secs(2);

/// What everybody is answered.
struct Answer {
    failure: Failure,
    address: Address,
    rules: Rules,
}

/// Answers every call that waits in `socket` with `failure`, and ends when no more come. What is true
/// of the program whatever the configuration is told as ever, and who may not use the daemon is
/// refused as ever. Must be called within a tokio runtime.
///
/// # Errors
///
/// Where the socket cannot be served.
pub async fn answer_waiting(
    socket: std::os::unix::net::UnixListener,
    failure: Failure,
    control: ControlSettings,
    address: Address,
) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    let path = socket.local_addr()?;
    let group = path.as_pathname().map_or(Ok(Gid::effective()), group_of)?;
    let answer = Arc::new(Answer { failure, address, rules: Rules { control, group } });
    let socket = UnixListener::from_std(socket)?;
    let mut peers = JoinSet::new();
    let all = async {
        while let Ok(Ok((stream, _))) = timeout(QUIET, socket.accept()).await {
            peers.spawn(serve(stream, Arc::clone(&answer)));
        }
        while peers.join_next().await.is_some() {}
    };
    // Whoever is not through by then is cut off.
    let _ = timeout(LONGEST, all).await;
    Ok(())
}

async fn serve(stream: UnixStream, answer: Arc<Answer>) -> Result<(), FrameError> {
    let Answer { failure, address, rules } = &*answer;
    let peer = Peer::of(&stream)?;
    let (asked, who) = (rules.clone(), peer.clone());
    let role = tokio::task::spawn_blocking(move || asked.role(&who)).await;
    if role.unwrap_or(Role::Stranger) == Role::Stranger {
        return session::refuse(stream, &peer, rules, address).await;
    }
    let (calls, replies) = stream.into_split();
    let mut calls = FramedRead::new(calls, NulCodec::new(MAX_REQUEST));
    let mut replies = Replies::new(replies, &peer, None);
    while let Ok(Some(frame)) = timeout(SILENCE, calls.next()).await {
        let call: Call = match serde_json::from_slice(&frame?) {
            Ok(call) => call,
            Err(error) => return replies.send(not_a_call(&error.to_string(), address)).await,
        };
        let result = match call.interface() {
            crate::protocol::service::INTERFACE => service::answer(&call),
            _ => Err(CallError::Failed(failure.clone())),
        };
        if !call.oneway {
            replies.send(reply(call.interface(), result, address)).await?;
        }
    }
    Ok(())
}
