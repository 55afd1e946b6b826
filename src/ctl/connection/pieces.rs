//! Answers that come in pieces: put together for who needs all of them, or handed on one by one, so that
//! no more than one is held.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Client, Exchange, decode, refused};
use crate::ctl::app::error::CtlError;
use crate::ctl::output::answer::Answer;
use crate::ctl::output::progress::Spinner;
use crate::ctl::output::sanitize;
use crate::protocol::Method;
use crate::protocol::sync::Progress;

/// The parameters of one of several replies, by key, each value as the JSON that came.
#[derive(Debug)]
pub struct Piece<'a> {
    /// Every key but `progress`.
    pub fields: BTreeMap<&'a str, &'a str>,
    /// Whether no other one follows.
    pub is_last: bool,
}

/// A reply whose parameters stay the text that came.
#[derive(Deserialize)]
struct RawReply<'a> {
    #[serde(borrow, default)]
    parameters: Option<&'a RawValue>,
    #[serde(default)]
    continues: bool,
    #[serde(default)]
    error: Option<String>,
}

impl Client {
    /// Calls a method that replies in pieces, and puts their lists of this name together: the answer
    /// is as if it had come at once, which it does from a daemon of an earlier release.
    pub fn gather<M: Method>(
        &self,
        parameters: &M,
        list: &str,
    ) -> Result<Answer<M::Reply>, CtlError> {
        decode(self.gather_raw(parameters, list)?)
    }

    /// The same for who gives the answer a type of its own.
    pub fn gather_raw<M: Method>(&self, parameters: &M, list: &str) -> Result<Value, CtlError> {
        Self::while_stopping(|| self.gather_once(parameters, list))
    }

    fn gather_once<M: Method>(&self, parameters: &M, list: &str) -> Result<Value, CtlError> {
        let spinner = Spinner::start(self.tells);
        let mut exchange = Exchange::open(&self.path, self.limit)?;
        exchange.send::<M>(parameters, true)?;
        let mut gathered = Vec::new();
        loop {
            let (mut reply, continues) = exchange.receive(|bytes| spinner.received(bytes))?;
            if let Some(Value::Array(piece)) = reply.get_mut(list).map(Value::take) {
                gathered.extend(piece);
            }
            if continues {
                let progress = reply.get_mut("progress").map(Value::take);
                tell(&spinner, progress);
                continue;
            }
            if let Some(fields) = reply.as_object_mut() {
                fields.insert(list.to_owned(), Value::Array(gathered));
            }
            return Ok(reply);
        }
    }

    /// Calls a method that replies in pieces, and hands on each as it comes. The call is made again
    /// where the daemon is stopping, but not once a piece was handed on.
    ///
    /// # Errors
    ///
    /// Those of the call, before the first piece or between two, and those of `each`.
    pub fn stream<M: Method>(
        &self,
        parameters: &M,
        each: &mut dyn FnMut(&Piece<'_>) -> Result<(), CtlError>,
    ) -> Result<(), CtlError> {
        let mut interrupted = None;
        let streamed = Self::while_stopping(|| {
            let mut begun = false;
            let streamed = self.stream_once(parameters, &mut |piece| {
                begun = true;
                each(piece)
            });
            match streamed {
                Err(error) if begun => {
                    interrupted = Some(error);
                    Ok(())
                }
                streamed => streamed,
            }
        });
        interrupted.map_or(streamed, Err)
    }

    fn stream_once<M: Method>(
        &self,
        parameters: &M,
        each: &mut dyn FnMut(&Piece<'_>) -> Result<(), CtlError>,
    ) -> Result<(), CtlError> {
        let mut spinner = Some(Spinner::start(self.tells));
        let mut exchange = Exchange::open(&self.path, self.limit)?;
        exchange.send::<M>(parameters, true)?;
        loop {
            let received = |bytes| spinner.iter().for_each(|spinner| spinner.received(bytes));
            let frame = exchange.frame(received)?;
            let reply: RawReply<'_> = read(&frame)?;
            if let Some(name) = reply.error {
                let details = reply.parameters.map(|raw| read(raw.get().as_bytes())).transpose()?;
                return Err(refused(&name, details));
            }
            let parameters = reply.parameters.map_or("{}", RawValue::get);
            let fields: BTreeMap<&str, &RawValue> = read(parameters.as_bytes())?;
            let others = fields.iter().filter(|(key, _)| **key != "progress");
            let fields = others.map(|(key, value)| (*key, value.get())).collect();
            // What is shown from now on is the answer, and no progress stands in it.
            drop(spinner.take());
            each(&Piece { fields, is_last: !reply.continues })?;
            if !reply.continues {
                return Ok(());
            }
        }
    }
}

fn tell(spinner: &Spinner, progress: Option<Value>) {
    let read = |value| serde_json::from_value(sanitize::texts(value, &sanitize::line)).ok();
    let progress: Option<Progress> = progress.and_then(read);
    progress.iter().for_each(|progress| spinner.tell(progress));
}

fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, CtlError> {
    serde_json::from_slice(json).map_err(|error| CtlError::Nonsense(error.to_string()))
}

/// The list in a piece, each element as its type.
pub fn elements<T: DeserializeOwned>(json: &str) -> Result<Vec<T>, CtlError> {
    read(json.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;
    use crate::model::Code;
    use crate::protocol::contracts::List;

    /// What is handed on of the replies to each call, one after the other, and how it ends.
    fn streamed(calls: &[&'static [&'static str]]) -> (Vec<String>, Result<(), CtlError>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("control.sock");
        let listener = UnixListener::bind(&path).expect("binds");
        let calls: Vec<_> = calls.to_vec();
        let daemon = std::thread::spawn(move || {
            for replies in calls {
                let (mut stream, _) = listener.accept().expect("a caller");
                let mut byte = [1];
                while byte != [0] {
                    if stream.read_exact(&mut byte).is_err() {
                        return;
                    }
                }
                replies.iter().for_each(|reply| {
                    stream.write_all(format!("{reply}\0").as_bytes()).expect("a reader");
                });
            }
        });
        let mut lists = Vec::new();
        let wanted = List { client: None, as_of: None };
        let outcome = Client::new(path.clone()).stream(&wanted, &mut |piece| {
            lists.push(piece.fields["contracts"].to_owned());
            Ok(())
        });
        // One that waits for another call has it, and hears nothing.
        let _ = UnixStream::connect(&path);
        daemon.join().expect("it answered");
        (lists, outcome)
    }

    const STOPPING: &str =
        r#"{"error":"org.lmsyncd.Contracts.Stopping","parameters":{"message":"it stops"}}"#;
    const FIRST: &str = r#"{"parameters":{"contracts":[1]},"continues":true}"#;
    const LAST: &str = r#"{"parameters":{"contracts":[2]}}"#;

    #[test]
    fn a_daemon_that_stops_is_asked_again_unless_a_piece_was_handed_on() {
        let (lists, outcome) = streamed(&[&[STOPPING], &[FIRST, LAST]]);
        outcome.expect("the next daemon answers");
        assert_eq!(lists, ["[1]", "[2]"]);
        let (lists, outcome) = streamed(&[&[FIRST, STOPPING], &[FIRST, LAST]]);
        let error = outcome.expect_err("it is not whole");
        assert!(matches!(error, CtlError::Failed(failure) if failure.code == Code::Stopping));
        assert_eq!(lists, ["[1]"], "nothing is told twice");
    }
}
