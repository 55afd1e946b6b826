//! Memos, between live and stored.

use super::super::v1::{
    ChangeV1, HeldChangeV1, HeldItemV1, HoldingV1, MemoV1, PauseV1, RejectionV1,
};
use super::{Unreadable, change, key, moment, moment_text, moments, parent, unknown};
use crate::model::{
    ClientId, FieldChange, HeldChange, HeldChanges, Memo, MemoKey, Pause, PendingState, Rejection,
    RunId, Value,
};

/// The key of a memo, from its text.
pub(in crate::store) fn memo_key(text: &str) -> Result<MemoKey, Unreadable> {
    text.parse().or_else(|()| unknown("memo key", text))
}

pub(in crate::store) fn memo_v1(memo: &Memo) -> MemoV1 {
    match memo {
        Memo::HeldChanges(holding) => MemoV1 { holding: Some(holding_v1(holding)), pause: None },
        Memo::Pause(Pause { client, until, by, at, ended }) => MemoV1 {
            holding: None,
            pause: Some(PauseV1 {
                client: client.map(|client| client.0),
                until: until.map(moment_text),
                by: by.clone(),
                at: moment_text(*at),
                ended: ended.map(moment_text),
            }),
        },
    }
}

pub(in crate::store) fn memo(stored: &MemoV1) -> Result<Memo, Unreadable> {
    match stored {
        MemoV1 { holding: Some(stored), pause: None } => holding(stored).map(Memo::HeldChanges),
        MemoV1 { holding: None, pause: Some(PauseV1 { client, until, by, at, ended }) } => {
            Ok(Memo::Pause(Pause {
                client: client.map(ClientId),
                until: moments(until.as_ref())?,
                by: by.clone(),
                at: moment(at)?,
                ended: moments(ended.as_ref())?,
            }))
        }
        MemoV1 { holding: None, pause: None } => {
            Err(Unreadable("a memo is neither a holding nor a pause".to_owned()))
        }
        MemoV1 { holding: Some(_), pause: Some(_) } => {
            Err(Unreadable("a memo is both a holding and a pause".to_owned()))
        }
    }
}

fn holding_v1(holding: &HeldChanges) -> HoldingV1 {
    let HeldChanges { client, run, since, items, rejected } = holding;
    HoldingV1 {
        client: client.0,
        run: run.0,
        since: moment_text(*since),
        items: items.iter().map(item_v1).collect(),
        rejected: rejected.as_ref().map(|Rejection { by, at, reason }| RejectionV1 {
            by: by.clone(),
            at: moment_text(*at),
            reason: reason.clone(),
        }),
    }
}

fn holding(stored: &HoldingV1) -> Result<HeldChanges, Unreadable> {
    let HoldingV1 { client, run, since, items, rejected } = stored;
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
