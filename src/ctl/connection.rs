//! The client's end of the socket: one connection a call, blocking.
//!
//! It knows frames and messages, not what any method means. What a peer sends is made safe for a
//! terminal here, once, so that no screen has to think of it.

use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::bytes::BytesMut;
use tokio_util::codec::{Decoder, Encoder};

use super::app::error::CtlError;
use super::output::answer::{Answer, typed};
use crate::ctl::output::progress::Spinner;
use crate::ctl::output::sanitize;
use crate::model::Code;
use crate::protocol::sync::Progress;
use crate::protocol::{self, Call, FrameError, MAX_REPLY, MAX_REQUEST, Method, NulCodec};

/// How much is read from the socket at a time, in bytes.
const CHUNK: usize = 64 << 10;

/// How often a daemon that is stopping is called: as many may follow one another at once.
const TRIES: usize = 5;

/// Calls methods of the daemon.
#[derive(Debug, Clone)]
pub struct Client {
    path: PathBuf,
    /// Whether a person sees progress on standard error.
    tells: bool,
}

impl Client {
    /// A client of the daemon behind this socket; nothing is opened before the first call.
    pub fn new(path: PathBuf) -> Client {
        Client { path, tells: false }
    }

    /// The same client, showing progress on standard error or not.
    pub fn telling(self, tells: bool) -> Client {
        Client { tells, ..self }
    }

    /// Calls a method and waits for its last reply; meanwhile it is shown how far it is.
    ///
    /// A daemon that is stopping has begun nothing. Where systemd holds the socket, another call
    /// waits in it for the next daemon; elsewhere it is told the same again.
    pub fn call<M: Method>(&self, parameters: &M) -> Result<Answer<M::Reply>, CtlError> {
        let mut answer = self.call_once(parameters);
        for _ in 1..TRIES {
            let Err(CtlError::Failed(stopping)) = &answer else { break };
            if stopping.code != Code::Stopping {
                break;
            }
            match self.call_once(parameters) {
                // It has stopped, and that is what there is to tell.
                Err(CtlError::Unreachable { .. }) => break,
                next => answer = next,
            }
        }
        answer
    }

    fn call_once<M: Method>(&self, parameters: &M) -> Result<Answer<M::Reply>, CtlError> {
        let spinner = Spinner::start(self.tells);
        let mut exchange = Exchange::open(&self.path)?;
        exchange.send::<M>(parameters, self.tells && M::TELLS_PROGRESS)?;
        let received = |bytes| spinner.received(bytes);
        exchange.last::<M>(received, |progress| spinner.tell(progress))
    }

    /// The same for who shows the progress itself.
    pub fn call_telling<M: Method>(
        &self,
        parameters: &M,
        tell: impl FnMut(&Progress),
    ) -> Result<Answer<M::Reply>, CtlError> {
        let mut exchange = Exchange::open(&self.path)?;
        exchange.send::<M>(parameters, M::TELLS_PROGRESS)?;
        exchange.last::<M>(|_| {}, tell)
    }
}

impl Client {
    /// Calls a method that replies for as long as `on_reply` wants more.
    pub fn follow<M: Method>(
        &self,
        parameters: &M,
        mut on_reply: impl FnMut(&Answer<M::Reply>) -> Result<bool, CtlError>,
    ) -> Result<(), CtlError> {
        let mut exchange = Exchange::open(&self.path)?;
        exchange.send::<M>(parameters, true)?;
        loop {
            let (parameters, continues) = exchange.receive(|_| {})?;
            if !on_reply(&decode(parameters)?)? || !continues {
                return Ok(());
            }
        }
    }
}

/// An open connection with what was read of the next reply.
struct Exchange {
    stream: UnixStream,
    codec: NulCodec,
    buffer: BytesMut,
}

impl Exchange {
    fn open(path: &Path) -> Result<Exchange, CtlError> {
        let stream = UnixStream::connect(path).map_err(|error| not_connected(path, error))?;
        Ok(Exchange { stream, codec: NulCodec::new(MAX_REPLY), buffer: BytesMut::new() })
    }

    /// The last reply; `tell` sees the progress in those before it.
    fn last<M: Method>(
        &mut self,
        received: impl Fn(usize),
        mut tell: impl FnMut(&Progress),
    ) -> Result<Answer<M::Reply>, CtlError> {
        loop {
            let (parameters, continues) = self.receive(&received)?;
            let answer = decode(parameters)?;
            if !continues {
                return Ok(answer);
            }
            if let Some(progress) = M::progress(&answer.reply) {
                tell(progress);
            }
        }
    }

    fn send<M: Method>(&mut self, parameters: &M, more: bool) -> Result<(), CtlError> {
        let nonsense = |error: serde_json::Error| CtlError::Nonsense(error.to_string());
        let parameters = serde_json::to_value(parameters).map_err(nonsense)?;
        let parameters = Some(without_nulls(parameters));
        let call = Call { method: M::NAME.to_owned(), parameters, more, oneway: false };
        let text = to_text(&call)?;
        let mut frame = BytesMut::new();
        NulCodec::new(MAX_REQUEST)
            .encode(text.as_bytes(), &mut frame)
            .map_err(|error| CtlError::Nonsense(error.to_string()))?;
        self.stream.write_all(&frame).map_err(broken)
    }

    /// The parameters of the next reply, and whether another one follows. `on_bytes` is told how
    /// much of it has come.
    fn receive(&mut self, on_bytes: impl Fn(usize)) -> Result<(Value, bool), CtlError> {
        let frame = self.frame(on_bytes)?;
        let reply: protocol::Reply = serde_json::from_slice(&frame)
            .map_err(|error| CtlError::Nonsense(error.to_string()))?;
        if let Some(name) = reply.error {
            let details = reply.parameters.map(|value| sanitize::texts(value, &sanitize::line));
            return Err(CtlError::Failed(protocol::failure_of(&name, details)));
        }
        Ok((reply.parameters.unwrap_or_else(|| Value::Object(Default::default())), reply.continues))
    }

    fn frame(&mut self, on_bytes: impl Fn(usize)) -> Result<BytesMut, CtlError> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let decoded = self.codec.decode(&mut self.buffer);
            if let Some(frame) = decoded.map_err(|e| CtlError::Nonsense(e.to_string()))? {
                return Ok(frame);
            }
            match self.stream.read(&mut chunk) {
                Ok(0) if self.buffer.is_empty() => return Err(CtlError::Closed),
                Ok(0) => return Err(CtlError::Nonsense(FrameError::Cut.to_string())),
                Ok(count) => {
                    self.buffer.extend_from_slice(&chunk[..count]);
                    on_bytes(self.buffer.len());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(error)),
            }
        }
    }
}

fn to_text(value: &impl Serialize) -> Result<String, CtlError> {
    serde_json::to_string(value).map_err(|error| CtlError::Nonsense(error.to_string()))
}

fn decode<R: DeserializeOwned>(raw: Value) -> Result<Answer<R>, CtlError> {
    Ok(Answer { reply: typed(raw.clone(), sanitize::line)?, raw })
}

/// A socket that closes while we speak to it is a daemon that stopped.
fn broken(error: io::Error) -> CtlError {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => CtlError::Closed,
        _ => CtlError::Socket(error),
    }
}

fn not_connected(path: &Path, source: io::Error) -> CtlError {
    let path = path.to_owned();
    if source.kind() == io::ErrorKind::PermissionDenied {
        let gid = path.metadata().ok().map(|metadata| Gid::from_raw(metadata.gid()));
        let group = gid.map(|gid| match Group::from_gid(gid) {
            Ok(Some(group)) => group.name,
            _ => gid.to_string(),
        });
        return CtlError::Forbidden { path, group };
    }
    CtlError::Unreachable { path, source }
}

/// A parameter that is not given is left out instead of sent as null.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::app::exit;

    #[test]
    fn a_missing_socket_is_a_daemon_that_cannot_be_reached() {
        let folder = tempfile::tempdir().expect("a folder");
        let client = Client::new(folder.path().join("control.sock"));
        let error = client.call(&protocol::daemon::Version {}).expect_err("nobody there");
        assert_eq!(exit::of_error(&error), 3);
    }
}
