//! Calls as they come in, frame by frame. What is longer than a short call needs room first, so that
//! a crowd of senders does not fill the memory.

use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::io::AsyncReadExt;
use tokio::net::unix::OwnedReadHalf;
use tokio_util::bytes::BytesMut;
use tokio_util::codec::Decoder;

use super::bounds::{Claim, SHORT};
use super::shares::Share;
use crate::protocol::{FrameError, MAX_REQUEST, NulCodec};

/// How much is read from the socket at a time, in bytes.
const CHUNK: usize = 4 << 10;

/// The receiving half of a connection.
pub(super) struct Incoming {
    half: OwnedReadHalf,
    codec: NulCodec,
    buffer: BytesMut,
    claim: Claim,
    /// The room of a request that is not short, until the next one comes.
    room: Option<Share>,
}

impl Incoming {
    /// The half that was split off.
    pub(super) fn new(half: OwnedReadHalf, claim: Claim) -> Incoming {
        let (codec, buffer) = (NulCodec::new(MAX_REQUEST), BytesMut::new());
        Incoming { half, codec, buffer, claim, room: None }
    }

    /// The next frame; none where the peer sends nothing more. Who stops waiting loses nothing.
    pub(super) async fn next(&mut self) -> Result<Option<BytesMut>, FrameError> {
        if self.buffer.is_empty() {
            // The last one may have been long.
            (self.buffer, self.room) = (BytesMut::new(), None);
        }
        loop {
            if let Some(frame) = self.codec.decode(&mut self.buffer)? {
                return Ok(Some(frame));
            }
            if self.buffer.len() >= SHORT && self.room.is_none() {
                self.room = Some(self.claim.long_request().await);
            }
            self.buffer.reserve(CHUNK);
            if self.half.read_buf(&mut self.buffer).await? == 0 {
                return self.codec.decode_eof(&mut self.buffer);
            }
        }
    }

    /// The half itself, to see whether the peer is there.
    pub(super) fn half(&self) -> &OwnedReadHalf {
        &self.half
    }
}

/// Whether the peer has closed its end: nobody reads what is answered. One that only ceased to send
/// is there.
pub(super) fn is_gone(half: &OwnedReadHalf) -> bool {
    let mut asked = [PollFd::new(half.as_ref().as_fd(), PollFlags::empty())];
    let told = poll(&mut asked, PollTimeout::ZERO);
    let events = asked[0].revents().unwrap_or(PollFlags::empty());
    told.is_ok() && events.intersects(PollFlags::POLLHUP | PollFlags::POLLERR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::bounds::Bounds;
    use crate::control::shares::Holder;
    use tokio::io::AsyncWriteExt;
    use tokio::net::UnixStream;
    use tokio::net::unix::OwnedWriteHalf;

    fn connection(claim: &Claim) -> (Incoming, UnixStream, OwnedWriteHalf) {
        let (near, far) = UnixStream::pair().expect("a pair of sockets");
        let (half, other) = near.into_split();
        (Incoming::new(half, claim.clone()), far, other)
    }

    #[tokio::test]
    async fn frames_come_whole_and_long_ones_wait_for_room() {
        let claim = Claim::new(Bounds::of(1024), Holder { uid: 7, favoured: false });
        let (mut calls, mut far, _other) = connection(&claim);
        let long = vec![b'x'; 200 << 10];
        let sent = [b"short\0", &long[..], b"\0"].concat();
        let held = (claim.long_request().await, claim.long_request().await);
        let sending = tokio::spawn(async move {
            far.write_all(&sent).await.expect("sends");
            far
        });
        assert_eq!(calls.next().await.expect("a frame").as_deref(), Some(&b"short"[..]));
        let waits = tokio::time::timeout(std::time::Duration::from_millis(50), calls.next()).await;
        assert!(waits.is_err(), "there is no room");
        drop(held);
        let frame = calls.next().await.expect("a frame").expect("one");
        assert_eq!(frame.len(), long.len(), "nothing is lost");
        drop(sending.await.expect("it ends"));
        assert!(matches!(calls.next().await, Ok(None)));
    }

    #[tokio::test]
    async fn who_ceased_to_send_is_there_and_who_closed_is_not() {
        let claim = Claim::new(Bounds::of(1024), Holder { uid: 7, favoured: false });
        let (calls, mut far, _other) = connection(&claim);
        assert!(!is_gone(calls.half()));
        far.shutdown().await.expect("it shuts its sending side");
        assert!(!is_gone(calls.half()));
        drop(far);
        assert!(is_gone(calls.half()));
    }
}
