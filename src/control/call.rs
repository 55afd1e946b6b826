//! A call while it is answered: what its method knows besides its parameters, how replies before
//! the last one are sent, and what an answer is.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;
use tokio_util::bytes::Buf;

use super::bounds::Claim;
use super::peer::Peer;
use super::roles::{Role, Rules, may_ask};
use super::shares::Share;
use crate::advice::Address;
use crate::engine::Engine;
use crate::model::text::thousands;
use crate::model::{ClientRef, Code, Failure, duration_text};
use crate::protocol::{Call, FrameError, Method};

/// How long a peer may read nothing of a reply. However slowly it reads, it is given the rest.
const SLOW_READER: Duration = Duration::from_secs(60);

/// What a handler answers: the parameters of the last reply, or an error.
pub(super) type Answer = Result<Parameters, CallError>;

/// The parameters of a reply: one object as JSON, written once. No tree of values stands between what
/// is told and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameters(Vec<u8>);

impl Parameters {
    /// Those of a value that is an object.
    pub(super) fn of(value: &impl Serialize) -> Result<Parameters, Failure> {
        serde_json::to_vec(value).map(Parameters).map_err(|error| {
            Failure::new(Code::Internal, format!("the reply cannot be written: {error}"))
        })
    }

    /// Those that were written already.
    pub(super) fn written(object: Vec<u8>) -> Parameters {
        Parameters(object)
    }
}

/// A reply as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// What the method gives, or the details of the error.
    pub(super) parameters: Option<Parameters>,
    /// Whether another reply follows.
    pub(super) continues: bool,
    /// The full name of the error, if it is one.
    pub(super) error: Option<String>,
}

impl Reply {
    /// Its JSON and the NUL byte behind it, in the parts that it is made of: parameters are long, and not
    /// copied. protocol::Reply reads it.
    fn frame(self) -> [Vec<u8>; 3] {
        let (mut head, mut tail) = (b"{".to_vec(), Vec::new());
        let mut comma = "";
        let parameters = self.parameters.map(|Parameters(json)| {
            head.extend_from_slice(b"\"parameters\":");
            comma = ",";
            json
        });
        if self.continues {
            tail.extend_from_slice(format!("{comma}\"continues\":true").as_bytes());
            comma = ",";
        }
        if let Some(name) = &self.error {
            tail.extend_from_slice(format!("{comma}\"error\":\"{name}\"").as_bytes());
        }
        tail.extend_from_slice(b"}\0");
        [head, parameters.unwrap_or_default(), tail]
    }
}

/// Why a call is answered with an error.
pub(super) enum CallError {
    /// The call failed.
    Failed(Failure),
    /// No such interface.
    NoInterface(String),
    /// No such method.
    NoMethod(String),
    /// The method replies more than once, and the caller did not ask for `more`.
    ExpectedMore,
    /// The parameter of this name is missing, unknown or of the wrong type.
    BadParameter(String),
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> CallError {
        CallError::Failed(failure)
    }
}

/// What a handler knows of the call besides its parameters.
pub(super) struct Context<'a> {
    pub(super) engine: &'a Arc<Engine>,
    /// How this daemon is named in commands to type.
    pub(super) address: &'a Address,
    pub(super) peer: &'a Peer,
    /// What the peer may do, and by which rules.
    pub(super) role: Role,
    pub(super) rules: &'a Rules,
    /// Where replies before the last one go; none unless the caller asked for `more`.
    pub(super) stream: Option<&'a mut Replies>,
    /// The caller's side of the connection.
    pub(super) caller: Caller<'a>,
    /// What it takes of what all connections share.
    pub(super) claim: Claim,
    /// Why nothing is asked of Autotask for this call; the last answer serves where there is one.
    pub(super) unasked: Option<Failure>,
}

impl Context<'_> {
    /// Refuses a peer that may only look.
    pub(super) fn require_operator(&self) -> Result<(), Failure> {
        self.require(Role::Operator)
    }

    /// Refuses a peer that has less than this role.
    pub(super) fn require(&self, least: Role) -> Result<(), Failure> {
        match self.role >= least {
            true => Ok(()),
            false => Err(self.rules.refusal(self.peer, self.role, least)),
        }
    }

    /// A look at Autotask, which the caller may have: who may not change anything has one at a time,
    /// and none when too much of the hour is used up.
    pub(super) async fn look(&self) -> Result<Option<Share>, Failure> {
        if self.role == Role::Operator {
            return Ok(None);
        }
        self.require(Role::Reader)?;
        let look = tokio::select! {
            biased;
            look = self.claim.look() => look,
            () = self.caller.gone() => {
                return Err(gone());
            }
        };
        may_ask(self.role, self.engine.requests_of_the_hour())?;
        Ok(Some(look))
    }

    /// The client that a person means by a text. For who may have nothing asked of Autotask, it is
    /// one that is known.
    pub(super) async fn resolve(&self, text: &str) -> Result<ClientRef, Failure> {
        let known = self.engine.clients.resolve_known(text);
        let settled = self.role == Role::Observer
            || (self.role == Role::Reader
                && (known.is_ok()
                    || may_ask(self.role, self.engine.requests_of_the_hour()).is_err()));
        if settled {
            return known;
        }
        self.engine.clients.resolve(text).await
    }

    /// Asks something that reads much of the store, in the caller's turn, as long as there is a
    /// caller.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.while_called(self.claim.ask(self.engine, question)).await
    }

    /// Asks something that reads little of the store, as long as there is a caller: it waits for no
    /// long question.
    pub(super) async fn ask_shortly<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.while_called(self.engine.ask_shortly(question)).await
    }

    /// An answer, as long as there is a caller.
    async fn while_called<T>(
        &self,
        answer: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.caller.gone() => Err(gone()),
            answer = answer => answer,
        }
    }

    /// The client that a call names, where it may leave it out.
    pub(super) async fn client(&self, text: Option<&str>) -> Result<Option<ClientRef>, Failure> {
        match text {
            Some(text) => self.resolve(text).await.map(Some),
            None => Ok(None),
        }
    }
}

/// Nobody is there to be answered.
pub(super) fn went_away() -> CallError {
    gone().into()
}

fn gone() -> Failure {
    Failure::new(Code::TimedOut, "the caller disconnected")
}

/// The caller's side of a connection while a call is answered.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    /// The half that its calls come from.
    pub(super) half: &'a OwnedReadHalf,
    /// Whether it waits for a reply: one that does not may well have gone.
    pub(super) waits: bool,
}

impl Caller<'_> {
    /// Ends when the caller has closed the connection. One that only ceased to send still reads;
    /// one that has sent its next call already is not watched.
    pub(super) async fn gone(&self) {
        if !self.waits {
            return std::future::pending().await;
        }
        let readable = self.half.ready(Interest::READABLE).await;
        if readable.is_ok_and(|now| now.is_read_closed()) {
            let both = self.half.ready(Interest::READABLE | Interest::WRITABLE).await;
            if both.is_ok_and(|now| now.is_write_closed()) {
                return;
            }
        }
        std::future::pending().await
    }
}

/// The sending half of a connection.
pub(super) struct Replies {
    half: OwnedWriteHalf,
    /// Who reads them, for the log.
    reader: String,
    /// What they take room of; none for a short refusal.
    claim: Option<Claim>,
}

impl Replies {
    /// The half that was split off.
    pub(super) fn new(half: OwnedWriteHalf, peer: &Peer, claim: Option<Claim>) -> Replies {
        Replies { half, reader: peer.to_string(), claim }
    }

    /// Sends a reply that another one follows.
    pub(super) async fn more(&mut self, parameters: Parameters) -> Result<(), FrameError> {
        self.send(Reply { parameters: Some(parameters), continues: true, error: None }).await
    }

    /// Sends a reply, for as long as the peer reads. One that is longer than its user's share of the
    /// room for replies is not sent: [`FrameError::TooLong`].
    pub(super) async fn send(&mut self, reply: Reply) -> Result<(), FrameError> {
        self.send_within(reply, SLOW_READER).await
    }

    /// The same with another limit for silence.
    async fn send_within(&mut self, reply: Reply, silence: Duration) -> Result<(), FrameError> {
        let [head, parameters, tail] = reply.frame();
        let mut frame = (&head[..]).chain(&parameters[..]).chain(&tail[..]);
        let length = frame.remaining();
        let limit = self.claim.as_ref().map_or(usize::MAX, Claim::longest_reply);
        if length > limit {
            return Err(FrameError::TooLong { limit });
        }
        let _room = match &self.claim {
            Some(claim) => Some(claim.reply(length).await),
            None => None,
        };
        while frame.has_remaining() {
            match timeout(silence, self.half.write_buf(&mut frame)).await {
                Ok(Ok(0)) => return Err(std::io::Error::from(ErrorKind::WriteZero).into()),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => {
                    tracing::warn!(
                        "{} was cut off: it read {} of {} bytes of a reply, and then nothing for {}",
                        self.reader,
                        thousands(length - frame.remaining()),
                        thousands(length),
                        duration_text(silence),
                    );
                    return Err(std::io::Error::from(ErrorKind::TimedOut).into());
                }
            }
        }
        Ok(())
    }
}

/// The parameters of a call as its method has them.
pub(super) fn parameters<M: Method + DeserializeOwned>(call: &Call) -> Result<M, CallError> {
    let value = match &call.parameters {
        None | Some(Value::Null) => json!({}),
        Some(value) if value.is_object() => value.clone(),
        Some(_) => return Err(CallError::BadParameter("parameters".to_owned())),
    };
    serde_path_to_error::deserialize(value).map_err(|error| {
        tracing::debug!("a call of {} was refused: {error}", M::NAME);
        CallError::BadParameter(parameter_of(&error))
    })
}

/// The parameter that an error is about, such as `timeout` or `expected[0].state`.
fn parameter_of(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let place = match error.path().iter().next() {
        None => String::new(),
        Some(_) => error.path().to_string(),
    };
    let reason = error.inner().to_string();
    let missing = reason.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match missing {
        Some(name) if place.is_empty() => name.to_owned(),
        Some(name) => format!("{place}.{name}"),
        None => place,
    }
}

/// The last reply's parameters.
pub(super) fn finish<T: Serialize>(reply: T) -> Answer {
    Ok(Parameters::of(&reply)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::sync::Sync;

    /// The parameter that a call of `Sync` with these parameters is refused for.
    fn refused(given: Value) -> String {
        let call = Call {
            method: Sync::NAME.to_owned(),
            parameters: Some(given),
            more: false,
            oneway: false,
        };
        match parameters::<Sync>(&call) {
            Err(CallError::BadParameter(name)) => name,
            _ => panic!("it was not refused for a parameter"),
        }
    }

    /// The sending half of a connection, and its other end.
    fn connection() -> (Replies, tokio::net::UnixStream) {
        let (near, far) = tokio::net::UnixStream::pair().expect("a pair");
        let (_, half) = near.into_split();
        (Replies::new(half, &Peer::of_uid(1), None), far)
    }

    #[test]
    fn a_reply_is_what_the_protocol_reads() {
        let parameters = Parameters::of(&json!({ "a": 1 })).ok();
        for parameters in [None, parameters] {
            for (continues, error) in [(false, None), (true, None), (false, Some("x.y"))] {
                let error = error.map(str::to_owned);
                let reply =
                    Reply { parameters: parameters.clone(), continues, error: error.clone() };
                let mut frame = reply.frame().concat();
                assert_eq!(frame.pop(), Some(0));
                let read: crate::protocol::Reply = serde_json::from_slice(&frame).expect("a reply");
                let told = parameters.as_ref().map(|_| json!({ "a": 1 }));
                assert_eq!(read, crate::protocol::Reply { parameters: told, continues, error });
            }
        }
    }

    fn long() -> Reply {
        let text = "x".repeat(4 << 20);
        let parameters = Parameters::of(&json!({ "text": text })).expect("JSON");
        Reply { parameters: Some(parameters), continues: false, error: None }
    }

    #[tokio::test]
    async fn who_reads_nothing_is_cut_off() {
        let (mut replies, _far) = connection();
        let sent = replies.send_within(long(), Duration::from_millis(50)).await;
        let Err(FrameError::Io(error)) = sent else { panic!("it was not cut off: {sent:?}") };
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_slowly_is_given_all_of_it() {
        use tokio::io::AsyncReadExt;
        let (mut replies, mut far) = connection();
        let silence = Duration::from_secs(60);
        let reading = tokio::spawn(async move {
            let (mut all, mut piece) = (0, vec![0; 256 << 10]);
            loop {
                // All of it takes far longer than the limit, which counts only silence.
                tokio::time::sleep(silence / 2).await;
                match far.read(&mut piece).await.expect("reads") {
                    0 => return all,
                    read => all += read,
                }
            }
        });
        replies.send_within(long(), silence).await.expect("is sent");
        drop(replies);
        assert!(reading.await.expect("reads") > 4 << 20);
    }

    #[test]
    fn the_parameter_that_is_wrong_is_named() {
        assert_eq!(refused(json!({})), "client");
        assert_eq!(refused(json!({ "client": "Acme", "timeout": "soon" })), "timeout");
        assert_eq!(refused(json!({ "client": "Acme", "dry": true })), "dry");
        let expected = json!([{ "key": "S1", "changes": [] }]);
        assert_eq!(refused(json!({ "client": "Acme", "expected": expected })), "expected[0].state");
        assert_eq!(refused(json!([1])), "parameters");
    }
}
