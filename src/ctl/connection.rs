//! The client's end of the socket: one connection a call, blocking, and no call without a deadline.
//!
//! ```text
//!                 bytes                                 answered
//!   waiting ◄──────────────┐                  ┌──────────────────────► waiting, an hour at most
//!      │ SILENCE           │                  │
//!      └──────────► is it alive? ── another connection: Version ── nothing, PROBES times ──► Silent
//! ```
//!
//! How long an answer may take depends on Autotask, so what ends a call is not the time alone: the
//! daemon is asked on another connection whether it lives. A command whose answer comes from memory
//! has one limit instead, for all of it ([`Client::within`]).
//!
//! It knows frames and messages, not what any method means. What a peer sends is made safe for a
//! terminal here, once, so that no screen has to think of it. Answers in pieces are in `pieces`.

pub mod pieces;

use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, UnixAddr, sockopt};
use nix::sys::time::TimeVal;
use nix::unistd::{Gid, Group};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::bytes::BytesMut;
use tokio_util::codec::{Decoder, Encoder};

use super::app::error::CtlError;
use super::output::answer::{Answer, typed};
use crate::ctl::output::progress::Spinner;
use crate::ctl::output::{sanitize, signs};
use crate::model::Code;
use crate::protocol::sync::Progress;
use crate::protocol::{self, Call, FrameError, MAX_REPLY, MAX_REQUEST, Method, NulCodec};

/// How much is read from the socket at a time, in bytes.
const CHUNK: usize = 64 << 10;

/// How often a daemon that is stopping is called: as many may follow one another at once.
const TRIES: usize = 5;

/// How long nothing may come before the daemon is asked whether it lives.
const SILENCE: Duration = Duration::from_secs(15);

/// How long it may take to say that it lives; a crowd of callers may be before this one.
const PROBE: Duration = Duration::from_secs(10);

/// How many times it is asked.
const PROBES: usize = 2;

/// How long a daemon that lives may take for an answer without a byte of it: some hundred pages of
/// Autotask, each of them tried four times, take less.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// When a call is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    /// When all of it took so long.
    Total(Duration),
    /// When the daemon does not live, or nothing of the answer came for so long; never, for what
    /// waits for others.
    Alive(Option<Duration>),
}

/// Calls methods of the daemon.
#[derive(Debug, Clone)]
pub struct Client {
    path: PathBuf,
    /// Whether a person sees progress on standard error.
    tells: bool,
    limit: Limit,
}

impl Client {
    /// A client of the daemon behind this socket; nothing is opened before the first call.
    pub fn new(path: PathBuf) -> Client {
        Client { path, tells: false, limit: Limit::Alive(Some(LONGEST)) }
    }

    /// The same client, showing progress on standard error or not.
    pub fn telling(self, tells: bool) -> Client {
        Client { tells, ..self }
    }

    /// The same client for a question that the daemon answers from memory: a call that takes longer
    /// than this, all in all, is given up.
    pub fn within(&self, limit: Duration) -> Client {
        Client { limit: Limit::Total(limit), ..self.clone() }
    }

    /// The same client for a call that waits for what others do, for as long as the daemon lives.
    pub fn patient(&self) -> Client {
        Client { limit: Limit::Alive(None), ..self.clone() }
    }

    /// Calls a method and waits for its last reply; meanwhile it is shown how far it is.
    ///
    /// A daemon that is stopping has begun nothing. Where systemd holds the socket, another call
    /// waits in it for the next daemon; elsewhere it is told the same again.
    pub fn call<M: Method>(&self, parameters: &M) -> Result<Answer<M::Reply>, CtlError> {
        Self::while_stopping(|| self.call_once(parameters))
    }

    fn while_stopping<T>(mut call: impl FnMut() -> Result<T, CtlError>) -> Result<T, CtlError> {
        let mut answer = call();
        for _ in 1..TRIES {
            let Err(CtlError::Failed(stopping)) = &answer else { break };
            if stopping.code != Code::Stopping {
                break;
            }
            match call() {
                // It has stopped, and that is what there is to tell.
                Err(CtlError::Unreachable { .. }) => break,
                next => answer = next,
            }
        }
        answer
    }

    fn call_once<M: Method>(&self, parameters: &M) -> Result<Answer<M::Reply>, CtlError> {
        let spinner = Spinner::start(self.tells);
        let mut exchange = Exchange::open(&self.path, self.limit)?;
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
        let mut exchange = Exchange::open(&self.path, self.limit)?;
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
        let mut exchange = Exchange::open(&self.path, Limit::Alive(None))?;
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
    path: PathBuf,
    codec: NulCodec,
    buffer: BytesMut,
    limit: Limit,
    began: Instant,
    /// Since when nothing came or went.
    silent: Instant,
}

impl Exchange {
    fn open(path: &Path, limit: Limit) -> Result<Exchange, CtlError> {
        let began = Instant::now();
        let step = match limit {
            Limit::Total(limit) => limit,
            Limit::Alive(_) => SILENCE,
        };
        let stream = connect(path, step).map_err(|error| match error.kind() {
            // There is no room for another connection that waits to be accepted.
            io::ErrorKind::WouldBlock => CtlError::Silent { path: path.to_owned(), after: step },
            _ => not_connected(path, error),
        })?;
        let path = path.to_owned();
        let (codec, buffer) = (NulCodec::new(MAX_REPLY), BytesMut::new());
        Ok(Exchange { stream, path, codec, buffer, limit, began, silent: began })
    }

    /// How long the next bytes are waited for until [`Exchange::judge`] is asked.
    fn step(&self) -> Result<Duration, CtlError> {
        match self.limit {
            Limit::Alive(_) => Ok(SILENCE),
            Limit::Total(limit) => match limit.checked_sub(self.began.elapsed()) {
                // None would be for ever.
                Some(left) if !left.is_zero() => Ok(left),
                _ => Err(self.gave_up(limit)),
            },
        }
    }

    /// Whether to wait on, when nothing came for a step.
    fn judge(&self) -> Result<(), CtlError> {
        let gives_up = match self.limit {
            Limit::Total(limit) => self.began.elapsed() >= limit,
            Limit::Alive(Some(longest)) if self.silent.elapsed() >= longest => true,
            Limit::Alive(_) => !(0..PROBES).any(|_| lives(&self.path)),
        };
        match (gives_up, self.limit) {
            (false, _) => Ok(()),
            (true, Limit::Total(limit)) => Err(self.gave_up(limit)),
            (true, Limit::Alive(_)) => Err(self.gave_up(self.silent.elapsed())),
        }
    }

    fn gave_up(&self, after: Duration) -> CtlError {
        // Nobody counts the milliseconds of a minute.
        let whole = Duration::from_secs(after.as_secs());
        let after = if whole.is_zero() { after } else { whole };
        CtlError::Silent { path: self.path.clone(), after }
    }

    fn moved(&mut self) {
        self.silent = Instant::now();
    }

    /// Sends all of it; a daemon that takes nothing is asked whether it lives.
    fn write(&mut self, mut bytes: &[u8]) -> Result<(), CtlError> {
        while !bytes.is_empty() {
            self.stream.set_write_timeout(Some(self.step()?)).map_err(CtlError::Socket)?;
            match self.stream.write(bytes) {
                Ok(0) => return Err(CtlError::Closed),
                Ok(count) => {
                    bytes = &bytes[count..];
                    self.moved();
                }
                Err(error) if is_timeout(&error) => self.judge()?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(error)),
            }
        }
        Ok(())
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
        let text = signs::plain(&to_text(&call)?);
        let mut frame = BytesMut::new();
        NulCodec::new(MAX_REQUEST)
            .encode(text.as_bytes(), &mut frame)
            .map_err(|error| CtlError::Nonsense(error.to_string()))?;
        self.write(&frame)
    }

    /// The parameters of the next reply, and whether another one follows. `on_bytes` is told how
    /// much of it has come.
    fn receive(&mut self, on_bytes: impl Fn(usize)) -> Result<(Value, bool), CtlError> {
        let frame = self.frame(on_bytes)?;
        let reply: protocol::Reply = serde_json::from_slice(&frame)
            .map_err(|error| CtlError::Nonsense(error.to_string()))?;
        if let Some(name) = reply.error {
            return Err(refused(&name, reply.parameters));
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
            self.stream.set_read_timeout(Some(self.step()?)).map_err(CtlError::Socket)?;
            match self.stream.read(&mut chunk) {
                Ok(0) if self.buffer.is_empty() => return Err(CtlError::Closed),
                Ok(0) => return Err(CtlError::Nonsense(FrameError::Cut.to_string())),
                Ok(count) => {
                    self.moved();
                    self.buffer.extend_from_slice(&chunk[..count]);
                    on_bytes(self.buffer.len());
                }
                Err(error) if is_timeout(&error) => self.judge()?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(error)),
            }
        }
    }
}

/// Whether a daemon answers at all behind this socket. One that refuses, or stops, lives.
fn lives(path: &Path) -> bool {
    let client = Client { path: path.to_owned(), tells: false, limit: Limit::Total(PROBE) };
    let answered = client.call_once(&protocol::daemon::Version {});
    matches!(answered, Ok(_) | Err(CtlError::Failed(_)))
}

/// Connects; a socket whose backlog is full gives up after `limit`.
fn connect(path: &Path, limit: Duration) -> io::Result<UnixStream> {
    let address = UnixAddr::new(path)?;
    let flags = SockFlag::SOCK_CLOEXEC;
    let unconnected = socket::socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    let seconds = i64::try_from(limit.as_secs()).unwrap_or(i64::MAX);
    let limit = TimeVal::new(seconds, i64::from(limit.subsec_micros()).max(1));
    socket::setsockopt(&unconnected, sockopt::SendTimeout, &limit)?;
    loop {
        match socket::connect(unconnected.as_raw_fd(), &address) {
            Ok(()) => return Ok(UnixStream::from(unconnected)),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// A limit of the socket has passed.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn to_text(value: &impl Serialize) -> Result<String, CtlError> {
    serde_json::to_string(value).map_err(|error| CtlError::Nonsense(error.to_string()))
}

/// The error that the daemon answered with.
fn refused(name: &str, details: Option<Value>) -> CtlError {
    let details = details.map(|value| sanitize::texts(value, &sanitize::line));
    CtlError::Failed(protocol::failure_of(name, details))
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
    use std::os::unix::net::UnixListener;

    /// A client of a daemon that accepts and says nothing.
    fn of_a_mute_daemon(folder: &Path) -> (Client, UnixListener) {
        let path = folder.join("control.sock");
        let listener = UnixListener::bind(&path).expect("binds");
        (Client::new(path), listener)
    }

    #[test]
    fn a_call_ends_when_its_time_is_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let (client, _listener) = of_a_mute_daemon(folder.path());
        let limit = Duration::from_millis(50);
        let error = client.within(limit).call(&protocol::daemon::Version {}).expect_err("silence");
        assert!(matches!(error, CtlError::Silent { after, .. } if after == limit), "{error}");
        assert_eq!(exit::of_error(&error), 3);
    }

    #[test]
    fn a_daemon_that_does_not_say_that_it_lives_is_given_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let (client, listener) = of_a_mute_daemon(folder.path());
        let exchange = Exchange::open(&client.path, client.limit).expect("connects");
        // Nobody is there any more who could say so.
        drop(listener);
        assert!(matches!(exchange.judge(), Err(CtlError::Silent { .. })));
    }

    #[test]
    fn one_that_lives_may_take_its_time_but_not_for_ever() {
        let folder = tempfile::tempdir().expect("a folder");
        let (client, listener) = of_a_mute_daemon(folder.path());
        let mut exchange = Exchange::open(&client.path, client.limit).expect("connects");
        let (busy, _) = listener.accept().expect("accepts");
        // Whoever asks whether it lives is answered, the call itself is not.
        let answering = std::thread::spawn(move || {
            for _ in 0..3 {
                let (mut stream, _) = listener.accept().expect("accepts");
                let mut call = [0; 256];
                let read = stream.read(&mut call).expect("reads");
                assert!(String::from_utf8_lossy(&call[..read]).contains("Daemon.Version"));
                stream.write_all(b"{\"parameters\":{\"version\":\"1\"}}\0").expect("writes");
            }
        });
        for _ in 0..3 {
            assert!(exchange.judge().is_ok());
        }
        answering.join().expect("it ends");
        exchange.limit = Limit::Alive(Some(Duration::ZERO));
        assert!(matches!(exchange.judge(), Err(CtlError::Silent { .. })));
        drop(busy);
    }

    #[test]
    fn a_missing_socket_is_a_daemon_that_cannot_be_reached() {
        let folder = tempfile::tempdir().expect("a folder");
        let client = Client::new(folder.path().join("control.sock"));
        let error = client.call(&protocol::daemon::Version {}).expect_err("nobody there");
        assert_eq!(exit::of_error(&error), 3);
    }
}
