//! Held changes and pauses, between live and stored: one kind of record holds either, the memo.

use std::fmt;
use std::str::FromStr;

use super::super::keys;
use super::super::v1::{
    ChangeV1, HeldChangeV1, HeldItemV1, HoldingV1, MemoV1, PauseV1, RejectionV1,
};
use super::{Unreadable, change, key, moment, moment_text, moments, parent, unknown};
use crate::model::{
    ClientId, FieldChange, HeldChange, HeldChanges, Pause, PendingState, Rejection, RunId, Value,
};

/// What a line says a memo is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum MemoKey {
    /// What this run of this client held.
    Held(ClientId, RunId),
    /// The pause of this client; none for all of auto-sync.
    Pause(Option<ClientId>),
}

impl MemoKey {
    /// The key of its record in the index.
    pub(in crate::store) fn of_index(self) -> Vec<u8> {
        match self {
            MemoKey::Held(client, run) => keys::held(client, run),
            MemoKey::Pause(client) => keys::pause(client),
        }
    }

    /// The key that a line names.
    pub(in crate::store) fn read(text: &str) -> Result<MemoKey, Unreadable> {
        text.parse().or_else(|()| unknown("memo key", text))
    }
}

impl fmt::Display for MemoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MemoKey::Held(client, run) => write!(f, "holding/{client}/{run}"),
            MemoKey::Pause(None) => f.write_str("pause/all"),
            MemoKey::Pause(Some(client)) => write!(f, "pause/{client}"),
        }
    }
}

impl FromStr for MemoKey {
    type Err = ();

    fn from_str(text: &str) -> Result<MemoKey, ()> {
        let client = |text: &str| text.parse().map(ClientId).map_err(|_| ());
        let mut parts = text.split('/');
        let key = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("holding"), Some(id), Some(run), None) => {
                MemoKey::Held(client(id)?, RunId(run.parse().map_err(|_| ())?))
            }
            (Some("pause"), Some("all"), None, None) => MemoKey::Pause(None),
            (Some("pause"), Some(id), None, None) => MemoKey::Pause(Some(client(id)?)),
            _ => return Err(()),
        };
        // Only the one form that is written.
        if key.to_string() == text { Ok(key) } else { Err(()) }
    }
}

/// The key of a memo, which must be readable as one of the two.
pub(in crate::store) fn memo_key(stored: &MemoV1) -> Result<MemoKey, Unreadable> {
    match stored {
        MemoV1 { holding: None, pause: Some(_) } => Ok(MemoKey::Pause(pause(stored)?.client)),
        _ => {
            let (client, run) = held(stored)?.key();
            Ok(MemoKey::Held(client, run))
        }
    }
}

pub(in crate::store) fn held_v1(held: &HeldChanges) -> MemoV1 {
    let HeldChanges { client, run, since, items, rejected } = held;
    let holding = HoldingV1 {
        client: client.0,
        run: run.0,
        since: moment_text(*since),
        items: items.iter().map(item_v1).collect(),
        rejected: rejected.as_ref().map(|Rejection { by, at, reason }| RejectionV1 {
            by: by.clone(),
            at: moment_text(*at),
            reason: reason.clone(),
        }),
    };
    MemoV1 { holding: Some(holding), pause: None }
}

pub(in crate::store) fn held(stored: &MemoV1) -> Result<HeldChanges, Unreadable> {
    let HoldingV1 { client, run, since, items, rejected } = match stored {
        MemoV1 { holding: Some(stored), pause: None } => stored,
        _ => return Err(not_one(stored)),
    };
    let read_rejected = |RejectionV1 { by, at, reason }: &RejectionV1| {
        Ok(Rejection { by: by.clone(), at: moment(at)?, reason: reason.clone() })
    };
    Ok(HeldChanges {
        client: ClientId(*client),
        run: RunId(*run),
        since: moment(since)?,
        items: items.iter().map(item).collect::<Result<_, _>>()?,
        rejected: rejected.as_ref().map(read_rejected).transpose()?,
    })
}

pub(in crate::store) fn pause_v1(pause: &Pause) -> MemoV1 {
    let Pause { client, until, by, at, ended } = pause;
    let pause = PauseV1 {
        client: client.map(|client| client.0),
        until: until.map(moment_text),
        by: by.clone(),
        at: moment_text(*at),
        ended: ended.map(moment_text),
    };
    MemoV1 { holding: None, pause: Some(pause) }
}

pub(in crate::store) fn pause(stored: &MemoV1) -> Result<Pause, Unreadable> {
    let PauseV1 { client, until, by, at, ended } = match stored {
        MemoV1 { holding: None, pause: Some(stored) } => stored,
        _ => return Err(not_one(stored)),
    };
    Ok(Pause {
        client: client.map(ClientId),
        until: moments(until.as_ref())?,
        by: by.clone(),
        at: moment(at)?,
        ended: moments(ended.as_ref())?,
    })
}

/// Why a memo is not the one of the two that its place wants.
fn not_one(stored: &MemoV1) -> Unreadable {
    let why = match (&stored.holding, &stored.pause) {
        (None, None) => "a memo is neither a holding nor a pause",
        (Some(_), Some(_)) => "a memo is both a holding and a pause",
        (Some(_), None) => "a memo is a holding where a pause should be",
        (None, Some(_)) => "a memo is a pause where a holding should be",
    };
    Unreadable(why.to_owned())
}

fn item_v1(item: &HeldChange) -> HeldItemV1 {
    let HeldChange { key, parent, state, changes, reason } = item;
    let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
    HeldItemV1 {
        key: key.to_string(),
        parent: parent.map(|key| key.to_string()),
        state: state.name().to_owned(),
        changes: changes
            .iter()
            .map(|FieldChange { field, from, to }| HeldChangeV1 {
                field: field.name().to_owned(),
                from: text(from),
                to: text(to),
            })
            .collect(),
        reason: reason.clone(),
    }
}

fn item(stored: &HeldItemV1) -> Result<HeldChange, Unreadable> {
    let HeldItemV1 { key: item, parent: above, state, changes, reason } = stored;
    let known = state.parse::<PendingState>();
    let read = |HeldChangeV1 { field, from, to }: &HeldChangeV1| {
        let (key, field) = (item.clone(), field.clone());
        let read = change(&ChangeV1 { key, field, from: from.clone(), to: to.clone() })?;
        Ok(read.change)
    };
    Ok(HeldChange {
        key: key(item)?,
        parent: parent(above.as_ref())?,
        state: match known {
            Ok(known) if known.can_apply() => known,
            _ => return unknown("state of an item that is held", state),
        },
        changes: changes.iter().map(read).collect::<Result<_, _>>()?,
        reason: reason.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_in_the_form_that_it_is_written_in_and_no_other() {
        let client = ClientId(-7);
        for key in
            [MemoKey::Held(client, RunId(12)), MemoKey::Pause(None), MemoKey::Pause(Some(client))]
        {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for text in ["", "pause", "pause/+7", "holding/7", "holding/7/012", "pause/7/1", "hold/1/1"]
        {
            assert_eq!(text.parse::<MemoKey>(), Err(()), "{text}");
        }
    }
}
