//! What a contract was: its history, and the line of succession.

use crate::control::call::{Answer, Context, finish};
use crate::control::convert::{count, parse_key};
use crate::model::{Contract, Field, rfc3339};
use crate::protocol::contracts;
use crate::store::HistoryEntry;

pub(super) async fn history(call: &contracts::History, context: &Context<'_>) -> Answer {
    let key = parse_key(&call.key)?;
    let entries = context.ask_shortly(move |engine| engine.book.history(key)).await?;
    finish(contracts::HistoryReply {
        key: key.to_string(),
        entries: entries.iter().map(entry).collect(),
        gaps: Some(context.engine.book.gaps()).filter(|gaps| !gaps.is_empty()),
    })
}

fn entry(entry: &HistoryEntry) -> contracts::HistoryEntry {
    contracts::HistoryEntry {
        sequence: count(entry.seq),
        at: rfc3339(entry.at),
        actor: entry.actor.name.clone(),
        run: entry.run.map(|run| count(run.0)),
        changes: entry.changes.iter().map(Into::into).collect(),
    }
}

pub(super) async fn chain(call: &contracts::Chain, context: &Context<'_>) -> Answer {
    let key = parse_key(&call.key)?;
    let line = context.ask_shortly(move |engine| engine.book.chain(key)).await?;
    finish(contracts::ChainReply { contracts: line.iter().map(link).collect() })
}

fn link(contract: &Contract) -> contracts::ChainLink {
    let optional = |field| contract.value(field).map(|value| value.to_string());
    contracts::ChainLink {
        key: contract.key.to_string(),
        name: contract.text(Field::Name),
        status: contract.text(Field::Status),
        start_date: optional(Field::StartDate),
        end_date: optional(Field::EndDate),
        renews: optional(Field::Renews),
    }
}
