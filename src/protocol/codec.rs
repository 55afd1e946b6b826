//! Frames: one JSON object, then a NUL byte.

use tokio_util::bytes::{Buf, BufMut, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

/// The longest request that the daemon reads, in bytes: far above any honest call.
pub const MAX_REQUEST: usize = 1 << 20;

/// The longest reply that lmsyncctl reads, in bytes: a list of 100,000 contracts fits.
pub const MAX_REPLY: usize = 256 << 20;

/// Splits a stream of bytes at NUL bytes and puts them back; knows nothing of what is between.
#[derive(Debug)]
pub struct NulCodec {
    limit: usize,
    /// How much of the buffer is known to hold no NUL byte, so that no byte is looked at twice.
    seen: usize,
}

/// Why a stream cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// A frame is longer than the limit.
    #[error("a message is longer than {limit} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The peer went away in the middle of a frame.
    #[error("the connection ended in the middle of a message")]
    Cut,
    /// The socket failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl NulCodec {
    /// A codec that refuses frames of more than `limit` bytes.
    pub fn new(limit: usize) -> NulCodec {
        NulCodec { limit, seen: 0 }
    }
}

impl Decoder for NulCodec {
    type Item = BytesMut;
    type Error = FrameError;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<BytesMut>, FrameError> {
        let end = memchr::memchr(0, &buffer[self.seen..]).map(|n| n + self.seen);
        if end.unwrap_or(buffer.len()) > self.limit {
            return Err(FrameError::TooLong { limit: self.limit });
        }
        let Some(end) = end else {
            self.seen = buffer.len();
            return Ok(None);
        };
        self.seen = 0;
        let frame = buffer.split_to(end);
        buffer.advance(1);
        Ok(Some(frame))
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<BytesMut>, FrameError> {
        match self.decode(buffer)? {
            Some(frame) => Ok(Some(frame)),
            None if buffer.is_empty() => Ok(None),
            None => Err(FrameError::Cut),
        }
    }
}

impl Encoder<&[u8]> for NulCodec {
    type Error = FrameError;

    fn encode(&mut self, frame: &[u8], buffer: &mut BytesMut) -> Result<(), FrameError> {
        buffer.reserve(frame.len() + 1);
        buffer.put_slice(frame);
        buffer.put_u8(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn frames_come_out_whole_however_the_bytes_arrive(
            frames in proptest::collection::vec("[^\0]{0,40}", 0..6),
            piece in 1usize..30,
        ) {
            let mut wire = BytesMut::new();
            let mut codec = NulCodec::new(1000);
            for frame in &frames {
                codec.encode(frame.as_bytes(), &mut wire).expect("encodes");
            }
            let (mut buffer, mut got) = (BytesMut::new(), Vec::new());
            for bytes in wire.chunks(piece) {
                buffer.extend_from_slice(bytes);
                while let Some(frame) = codec.decode(&mut buffer).expect("decodes") {
                    got.push(String::from_utf8(frame.to_vec()).expect("text"));
                }
            }
            prop_assert_eq!(got, frames);
        }
    }

    #[test]
    fn a_frame_over_the_limit_is_refused_before_it_is_whole() {
        let mut codec = NulCodec::new(4);
        assert!(codec.decode(&mut BytesMut::from(&b"12345"[..])).is_err());
        assert!(codec.decode(&mut BytesMut::from(&b"12345\0"[..])).is_err());
        assert!(NulCodec::new(4).decode(&mut BytesMut::from(&b"1234\0"[..])).is_ok());
    }

    #[test]
    fn a_cut_frame_is_an_error_and_an_end_between_frames_is_not() {
        let mut codec = NulCodec::new(9);
        assert!(matches!(codec.decode_eof(&mut BytesMut::new()), Ok(None)));
        let cut = codec.decode_eof(&mut BytesMut::from(&b"{"[..]));
        assert!(matches!(cut, Err(FrameError::Cut)));
    }
}
