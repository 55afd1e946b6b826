//! Between the live values of `model` and stored state, both ways.
//!
//! Every conversion takes its value apart field by field, so that a new field does not compile
//! until it has a place. What this program does not know is an error that names it, never a guess.
//!
//! Item flags are in `convert/flags.rs`, held changes and pauses in `convert/memo.rs`.

use chrono::{DateTime, NaiveTime, Utc};

use super::v1::{
    ActorV1, ChangeV1, ClientStateV1, ContractV1, CountsV1, LastErrorV1, RejectV1, RunV1,
};
use crate::model::{
    Actor, Change, ClientId, ClientRef, ClientState, Code, Contract, Counts, Field, FieldChange,
    Fields, ItemKey, LastError, Origin, Reject, Run, RunId, RunResult, Trigger, Value,
};

/// Something stored that this program cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(in crate::store) struct Unreadable(String);

pub(super) fn unknown<T>(what: &str, text: &str) -> Result<T, Unreadable> {
    Err(Unreadable(format!("this program knows no {what} `{text}`")))
}

pub(in crate::store) fn key(text: &str) -> Result<ItemKey, Unreadable> {
    let key: ItemKey = text.parse().or_else(|_| unknown("item key", text))?;
    // Written in one way only: with a capital, and without a zero in front.
    let is_plain =
        text.starts_with(key.kind.as_char()) && (!text[1..].starts_with('0') || text.len() == 2);
    if is_plain { Ok(key) } else { unknown("item key", text) }
}

fn parent(text: Option<&String>) -> Result<Option<ItemKey>, Unreadable> {
    text.map(|text| key(text)).transpose()
}

pub(in crate::store) use crate::model::rfc3339_exact as moment_text;

pub(in crate::store) fn moment(text: &str) -> Result<DateTime<Utc>, Unreadable> {
    let read = DateTime::parse_from_rfc3339(text);
    read.map(|at| at.with_timezone(&Utc)).or_else(|_| unknown("moment", text))
}

fn moments(text: Option<&String>) -> Result<Option<DateTime<Utc>>, Unreadable> {
    text.map(|text| moment(text)).transpose()
}

const TIME_OF_DAY: &str = "%H:%M:%S%.f";

fn time_of_day(text: &str) -> Result<NaiveTime, Unreadable> {
    NaiveTime::parse_from_str(text, TIME_OF_DAY).or_else(|_| unknown("time of day", text))
}

pub(in crate::store) fn field(text: &str) -> Result<Field, Unreadable> {
    Field::from_name(text).map_or_else(|| unknown("field", text), Ok)
}

fn value(field: Field, text: &str) -> Result<Value, Unreadable> {
    let name = field.name();
    field.kind().parse(text).map_err(|error| Unreadable(format!("field `{name}`: {error}")))
}

pub(in crate::store) fn origin(text: &str) -> Result<Origin, Unreadable> {
    [Origin::Autotask, Origin::Unlinked, Origin::Local]
        .into_iter()
        .find(|known| known.name() == text)
        .map_or_else(|| unknown("origin", text), Ok)
}

fn fields_text(fields: &Fields) -> Vec<(String, String)> {
    fields.iter().map(|(field, value)| (field.name().to_owned(), value.to_string())).collect()
}

fn fields(stored: &[(String, String)]) -> Result<Fields, Unreadable> {
    let read = |(name, text): &(String, String)| {
        let field = field(name)?;
        Ok((field, value(field, text)?))
    };
    stored.iter().map(read).collect()
}

pub(in crate::store) fn contract_v1(contract: &Contract) -> ContractV1 {
    let Contract {
        key,
        client,
        parent,
        origin,
        source,
        overrides,
        local,
        created,
        synced,
        changed,
        vanished,
    } = contract;
    ContractV1 {
        key: key.to_string(),
        client: client.0,
        parent: parent.map(|key| key.to_string()),
        origin: origin.name().to_owned(),
        source: fields_text(source),
        overrides: fields_text(overrides),
        local: fields_text(local),
        created: moment_text(*created),
        synced: synced.map(moment_text),
        changed: moment_text(*changed),
        vanished: vanished.map(moment_text),
    }
}

pub(in crate::store) fn contract(stored: &ContractV1) -> Result<Contract, Unreadable> {
    let ContractV1 {
        key: item,
        client,
        parent: above,
        origin,
        source,
        overrides,
        local,
        created,
        synced,
        changed,
        vanished,
    } = stored;
    Ok(Contract {
        key: key(item)?,
        client: ClientId(*client),
        parent: parent(above.as_ref())?,
        origin: self::origin(origin)?,
        source: fields(source)?,
        overrides: fields(overrides)?,
        local: fields(local)?,
        created: moment(created)?,
        synced: moments(synced.as_ref())?,
        changed: moment(changed)?,
        vanished: moments(vanished.as_ref())?,
    })
}

pub(in crate::store) fn client_v1(state: &ClientState) -> ClientStateV1 {
    let ClientState {
        client: ClientRef { id, name },
        auto_sync,
        at,
        last_tried,
        last_synced,
        last_full,
        last_changed,
        next_run,
        failures,
        last_error,
    } = state;
    ClientStateV1 {
        id: id.0,
        name: name.clone(),
        auto_sync: *auto_sync,
        at: at.map(|at| at.format(TIME_OF_DAY).to_string()),
        last_tried: last_tried.map(moment_text),
        last_synced: last_synced.map(moment_text),
        last_full: last_full.map(moment_text),
        last_changed: last_changed.map(moment_text),
        next_run: next_run.map(moment_text),
        failures: *failures,
        last_error: last_error.as_ref().map(error_v1),
    }
}

pub(in crate::store) fn client(stored: &ClientStateV1) -> Result<ClientState, Unreadable> {
    let ClientStateV1 {
        id,
        name,
        auto_sync,
        at,
        last_tried,
        last_synced,
        last_full,
        last_changed,
        next_run,
        failures,
        last_error,
    } = stored;
    Ok(ClientState {
        client: ClientRef { id: ClientId(*id), name: name.clone() },
        auto_sync: *auto_sync,
        at: at.as_ref().map(|text| time_of_day(text)).transpose()?,
        last_tried: moments(last_tried.as_ref())?,
        last_synced: moments(last_synced.as_ref())?,
        last_full: moments(last_full.as_ref())?,
        last_changed: moments(last_changed.as_ref())?,
        next_run: moments(next_run.as_ref())?,
        failures: *failures,
        last_error: last_error.as_ref().map(error).transpose()?,
    })
}

fn error_v1(error: &LastError) -> LastErrorV1 {
    let LastError { code, message } = error;
    LastErrorV1 { code: code.name().to_owned(), message: message.clone() }
}

fn error(stored: &LastErrorV1) -> Result<LastError, Unreadable> {
    let LastErrorV1 { code, message } = stored;
    let code = Code::from_name(code).map_or_else(|| unknown("code", code), Ok)?;
    Ok(LastError { code, message: message.clone() })
}

pub(in crate::store) fn actor_v1(actor: &Actor) -> ActorV1 {
    let Actor { uid, name, pid } = actor;
    ActorV1 { uid: *uid, name: name.clone(), pid: *pid }
}

pub(in crate::store) fn actor(stored: &ActorV1) -> Actor {
    let ActorV1 { uid, name, pid } = stored;
    Actor { uid: *uid, name: name.clone(), pid: *pid }
}

/// A run as it is stored under the number `number`.
pub(in crate::store) fn run_v1(run: &Run, number: u64) -> RunV1 {
    let Run {
        id: _,
        client: ClientRef { id: client, name },
        trigger,
        actor,
        started,
        ended,
        result,
        counts: Counts { created, updated, unchanged, vanished, rejected },
        requests,
        error,
        rejects,
    } = run;
    RunV1 {
        id: number,
        client: client.0,
        client_name: name.clone(),
        trigger: trigger.name().to_owned(),
        actor: actor_v1(actor),
        started: moment_text(*started),
        ended: moment_text(*ended),
        result: result.name().to_owned(),
        counts: CountsV1 {
            created: *created,
            updated: *updated,
            unchanged: *unchanged,
            vanished: *vanished,
            rejected: *rejected,
        },
        requests: *requests,
        error: error.as_ref().map(error_v1),
        rejects: rejects.iter().map(reject_v1).collect(),
    }
}

pub(in crate::store) fn run(stored: &RunV1) -> Result<Run, Unreadable> {
    let RunV1 {
        id,
        client,
        client_name,
        trigger,
        actor: asker,
        started,
        ended,
        result,
        counts: CountsV1 { created, updated, unchanged, vanished, rejected },
        requests,
        error: failure,
        rejects,
    } = stored;
    Ok(Run {
        id: Some(RunId(*id)),
        client: ClientRef { id: ClientId(*client), name: client_name.clone() },
        trigger: [Trigger::Manual, Trigger::Auto]
            .into_iter()
            .find(|known| known.name() == trigger)
            .map_or_else(|| unknown("trigger", trigger), Ok)?,
        actor: actor(asker),
        started: moment(started)?,
        ended: moment(ended)?,
        result: [RunResult::Ok, RunResult::Partial, RunResult::Held, RunResult::Failed]
            .into_iter()
            .find(|known| known.name() == result)
            .map_or_else(|| unknown("result", result), Ok)?,
        counts: Counts {
            created: *created,
            updated: *updated,
            unchanged: *unchanged,
            vanished: *vanished,
            rejected: *rejected,
        },
        requests: *requests,
        error: failure.as_ref().map(error).transpose()?,
        rejects: rejects.iter().map(reject).collect::<Result<_, _>>()?,
    })
}

fn reject_v1(reject: &Reject) -> RejectV1 {
    let Reject { key, parent, field, reason } = reject;
    RejectV1 {
        key: key.to_string(),
        parent: parent.map(|key| key.to_string()),
        field: field.clone(),
        reason: reason.clone(),
    }
}

fn reject(stored: &RejectV1) -> Result<Reject, Unreadable> {
    let RejectV1 { key: item, parent: above, field, reason } = stored;
    Ok(Reject {
        key: key(item)?,
        parent: parent(above.as_ref())?,
        field: field.clone(),
        reason: reason.clone(),
    })
}

pub(in crate::store) fn change_v1(item: ItemKey, change: &FieldChange) -> ChangeV1 {
    let FieldChange { field, from, to } = change;
    ChangeV1 {
        key: item.to_string(),
        field: field.name().to_owned(),
        from: from.as_ref().map(Value::to_string),
        to: to.as_ref().map(Value::to_string),
    }
}

pub(in crate::store) fn change(stored: &ChangeV1) -> Result<Change, Unreadable> {
    let ChangeV1 { key: item, field: name, from, to } = stored;
    let field = field(name)?;
    let read = |text: &Option<String>| text.as_ref().map(|text| value(field, text)).transpose();
    Ok(Change { key: key(item)?, change: FieldChange { field, from: read(from)?, to: read(to)? } })
}

mod flags;
pub(in crate::store) use flags::{flags, flags_v1};
mod memo;
pub(in crate::store) use memo::{MemoKey, held, held_v1, memo_key, pause, pause_v1};

#[cfg(test)]
mod tests;
