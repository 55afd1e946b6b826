//! What a run does with what it read: which of the chosen items it applies, what it writes, and what
//! it leaves held.
//! No I/O: the run carries it out.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::compare::Comparison;
use super::request::{SyncReport, SyncRequest};
use crate::model::{
    ClientId, Code, Contract, Counts, Field, ItemFlags, ItemKey, LastError, PendingItem,
    PendingState, Reject, Run, RunResult, Unread,
};
use crate::policy::flags::FlagsByKey;
use crate::policy::holds::{self, Found};
use crate::policy::select::Choice;
use crate::policy::{apply, diff, flags};
use crate::store::Write;

/// What the run does with the reading.
pub(super) struct Decided {
    /// What it reports.
    pub(super) outcome: SyncReport,
    /// What it writes.
    pub(super) contracts: Vec<Write<Contract>>,
    /// What it notes beside items.
    pub(super) flags: Vec<Write<ItemFlags>>,
    /// What it found, as far as it concerns what is held.
    pub(super) found: Found,
}

/// Decides what the run does with the reading.
pub(super) fn decide(
    order: &SyncRequest,
    comparison: &Comparison,
    started: DateTime<Utc>,
    requests: u32,
) -> Decided {
    let (client, now) = (&comparison.snapshot.client, comparison.now);
    let chosen = order.choice.select(&comparison.items, &comparison.stored);
    let Written { mut counts, writes, applied } = written(order, comparison, &chosen);
    let pending: BTreeSet<ItemKey> = comparison.items.iter().map(|item| item.key).collect();
    let current = comparison.snapshot.items.iter().filter(|item| {
        order.choice.takes(item.key)
            && !pending.contains(&item.key)
            && comparison.stored.contains_key(&item.key)
    });
    counts.unchanged = count(current);
    let rejects: Vec<Reject> = comparison
        .snapshot
        .rejects
        .iter()
        .filter(|reject| order.choice.takes(reject.key))
        .cloned()
        .collect();
    counts.rejected = count(rejects.iter());
    let is_rejected = |key| comparison.rejected.iter().any(|(_, rejected)| *rejected == key);
    // What a person rejected is held in silence, unless a person names it.
    let named = matches!(order.choice, Choice::Keys(_));
    let held: Vec<&PendingItem> = chosen
        .iter()
        .copied()
        .filter(|item| item.state == PendingState::Held && (named || !is_rejected(item.key)))
        .collect();
    let (result, error) = result(&held, counts.rejected, &comparison.snapshot.unread);
    let run = Run {
        id: None,
        client: client.clone(),
        trigger: order.trigger,
        actor: order.actor.clone(),
        started,
        ended: now,
        result,
        counts,
        requests,
        error,
        rejects,
    };
    let flags =
        flags::after_run(&comparison.flags, client.id, &comparison.snapshot.rejects, &applied, now);
    let mut flags: Vec<Write<ItemFlags>> =
        flags.into_iter().map(|(before, after)| Write { before, after }).collect();
    move_flags(&mut flags, &writes, &comparison.flags);
    let undecided = held.into_iter().filter(|item| !is_rejected(item.key));
    let found = Found {
        full: order.choice.is_full(),
        held: undecided.map(|item| holds::kept(item, &comparison.stored)).collect(),
        applied,
        rejected: comparison.rejected.clone(),
    };
    let outcome = SyncReport { run, items: chosen.into_iter().cloned().collect() };
    Decided { outcome, contracts: writes, flags, found }
}

/// What the chosen items come to.
struct Written {
    counts: Counts,
    writes: Vec<Write<Contract>>,
    applied: BTreeSet<ItemKey>,
}

fn written(order: &SyncRequest, comparison: &Comparison, chosen: &[&PendingItem]) -> Written {
    let mut counts = Counts::default();
    let (mut writes, mut applied) = (Vec::new(), BTreeSet::new());
    for item in chosen {
        let Some(after) = apply::apply(item) else { continue };
        match item.state {
            PendingState::New => counts.created += 1,
            PendingState::Vanished => counts.vanished += 1,
            _ => counts.updated += 1,
        }
        applied.insert(item.key);
        let before = comparison.stored.get(&item.key).cloned();
        writes.push(Write { before, after: Some(after) });
    }
    // What speaks of the running period follows it without a word, also in a run of a few items.
    for after in diff::gone_on(&comparison.snapshot, &comparison.stored, comparison.now) {
        let before = comparison.stored.get(&after.key).cloned();
        if order.choice.takes(after.key) && !applied.contains(&after.key) {
            writes.push(Write { before, after: Some(after) });
        }
    }
    writes.extend(followers(&writes, comparison));
    Written { counts, writes, applied }
}

/// How a run ends that leaves these held.
fn result(
    held: &[&PendingItem],
    rejected: u32,
    unread: &[Unread],
) -> (RunResult, Option<LastError>) {
    let error = (!unread.is_empty()).then(|| not_read(unread));
    match (held.len(), rejected) {
        (number @ 1.., _) => {
            let reason = held.iter().find_map(|item| item.reason.as_deref());
            (RunResult::Held, Some(holds::error(number, reason)))
        }
        (0, 1..) => (RunResult::Partial, error),
        (0, 0) if error.is_some() => (RunResult::Partial, error),
        (0, 0) => (RunResult::Ok, None),
    }
}

/// What a run says that went on without what could not be read.
fn not_read(unread: &[Unread]) -> LastError {
    let reasons: Vec<&str> = unread.iter().map(|unread| unread.reason.as_str()).collect();
    let message = format!("{}; what is stored of it stays as it is", reasons.join("; "));
    LastError { code: Code::NoPermission, message }
}

/// What goes with what moves to another client, although no run takes it: the agreement of a line that
/// moves, and all that stands below it, also what is ignored or no longer follows Autotask. Nothing
/// of them changes but whose they are, and with that the currency. What is held stays: that is a
/// person's to decide.
fn followers(writes: &[Write<Contract>], comparison: &Comparison) -> Vec<Write<Contract>> {
    let moves = writes.iter().filter_map(|write| {
        let (before, after) = (write.before.as_ref()?, write.after.as_ref()?);
        let top = after.parent.unwrap_or(after.key);
        (before.client != after.client).then_some((top, (before.client, after)))
    });
    let moves: BTreeMap<ItemKey, (ClientId, &Contract)> = moves.collect();
    let written = writes.iter().filter_map(|write| write.after.as_ref().or(write.before.as_ref()));
    let held = comparison.items.iter().filter(|item| item.state == PendingState::Held);
    let stays: BTreeSet<ItemKey> =
        written.map(|contract| contract.key).chain(held.map(|item| item.key)).collect();
    let follows = |contract: &Contract| {
        let (from, moved) = *moves.get(&contract.parent.unwrap_or(contract.key))?;
        let follows = contract.client == from && !stays.contains(&contract.key);
        follows.then(|| Write {
            before: Some(contract.clone()),
            after: Some(with_client_of(contract.clone(), moved)),
        })
    };
    comparison.stored.values().filter_map(follows).collect()
}

/// The contract at the client of another one, in the currency of that client if it was in that of the
/// client before.
fn with_client_of(mut contract: Contract, moved: &Contract) -> Contract {
    contract.client = moved.client;
    // A contract made by hand is in the currency that a person gave it.
    if contract.text(Field::CurrencyBasis) != "client" {
        return contract;
    }
    for field in [Field::Currency, Field::CurrencyBasis] {
        if let (Some(own), Some(theirs)) =
            (contract.source.get_mut(&field), moved.source.get(&field))
        {
            *own = theirs.clone();
        }
    }
    contract
}

/// What is noted beside an item moves with it to another client.
fn move_flags(
    flags: &mut Vec<Write<ItemFlags>>,
    contracts: &[Write<Contract>],
    known: &FlagsByKey,
) {
    let moved = contracts.iter().filter_map(|write| {
        let (before, after) = (write.before.as_ref()?, write.after.as_ref()?);
        (before.client != after.client).then_some((after.key, after.client))
    });
    for (key, client) in moved {
        let of = |write: &&mut Write<ItemFlags>| {
            write.before.as_ref().or(write.after.as_ref()).is_some_and(|flags| flags.key == key)
        };
        match (flags.iter_mut().find(of), known.get(&key)) {
            (Some(write), _) => {
                if let Some(own) = &mut write.after {
                    own.client = client;
                }
            }
            (None, Some(own)) => flags.push(Write {
                before: Some(own.clone()),
                after: Some(ItemFlags { client, ..own.clone() }),
            }),
            (None, None) => {}
        }
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
