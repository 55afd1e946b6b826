//! The audit trail: each act of a person is noted before it begins and when it has ended, in a file
//! beside the ledger and in the journal.

use chrono::{DateTime, Utc};

use super::Admin;
use crate::engine::events::enter_act;
use crate::model::{Act, ActRecord, Actor, Failure, error_chain};

/// The method of an act, and what it asks for.
type Asked = (String, String);

/// An act that has begun.
#[derive(Debug)]
pub struct Begun {
    act: Act,
    /// Its number; none where the trail could not be written.
    number: Option<u64>,
}

impl Admin {
    /// Notes that an act begins. Where the file cannot be written, as on a full disk, the act is not
    /// stopped, for it may be what mends that: the journal has it.
    pub async fn begin_act(&self, actor: Actor, (method, what): Asked) -> Begun {
        let act = Act { at: self.context.now(), actor, method, what };
        let (store, noted) = (self.context.store.clone(), act.clone());
        let number = tokio::task::spawn_blocking(move || store.begin_act(&noted)).await;
        let number = match number {
            Ok(Ok(number)) => Some(number),
            Ok(Err(error)) => {
                tracing::warn!("the audit trail cannot be written: {}", error_chain(&error));
                None
            }
            Err(_) => None,
        };
        Begun { act, number }
    }

    /// Notes how it ended: `ok`, or a code.
    pub async fn end_act(&self, begun: Begun, result: &str) {
        let Begun { act, number } = begun;
        enter_act(&act, result, number);
        let Some(number) = number else { return };
        let (store, result) = (self.context.store.clone(), result.to_owned());
        let noted = tokio::task::spawn_blocking(move || store.end_act(number, &result)).await;
        if let Ok(Err(error)) = noted {
            tracing::warn!("the audit trail cannot be written: {}", error_chain(&error));
        }
    }

    /// The last acts since a moment, the newest first, and how many lines of the trail cannot be read.
    ///
    /// # Errors
    ///
    /// Where the trail cannot be read at all.
    pub fn acts(
        &self,
        since: Option<DateTime<Utc>>,
        limit: usize,
    ) -> Result<(Vec<ActRecord>, u64), Failure> {
        let (mut acts, unreadable) = self.context.store.acts()?;
        acts.retain(|record| since.is_none_or(|since| record.act.at >= since));
        acts.reverse();
        acts.truncate(limit);
        Ok((acts, unreadable))
    }
}
