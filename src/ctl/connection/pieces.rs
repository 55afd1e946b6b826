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

    /// Calls a method that replies in pieces, and hands on each as it comes, for as long as `each`
    /// wants more.
    ///
    /// # Errors
    ///
    /// Those of the call, before the first piece or between two, and those of `each`.
    pub fn stream<M: Method>(
        &self,
        parameters: &M,
        each: &mut dyn FnMut(&Piece<'_>) -> Result<bool, CtlError>,
    ) -> Result<(), CtlError> {
        // A daemon that is stopping says so before the first piece.
        Self::while_stopping(|| self.stream_once(parameters, &mut *each))
    }

    fn stream_once<M: Method>(
        &self,
        parameters: &M,
        each: &mut dyn FnMut(&Piece<'_>) -> Result<bool, CtlError>,
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
            if !each(&Piece { fields, is_last: !reply.continues })? || !reply.continues {
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
