//! One contract, or one client, as it was at a moment: found by its key, without the rest of the book.
//!
//! Which commit the moment ends with is what `log::moments` knows; what a contract was after a commit
//! stands in the line that wrote it last until then, which the index finds. Before a base that a repair
//! wrote it is not so simple, and the whole book is looked at ([`past::state_as_of`]).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::model::{ClientId, ClientState, Contract, ItemKey, RunId};
use crate::store::core::{Core, Past};
use crate::store::error::StoreError;
use crate::store::format::v1::RunEntryV1;
use crate::store::format::{codec, convert, keys, quiet};
use crate::store::index::stored::{client_of, live};
use crate::store::log::{base, segment};
use crate::store::read::{past, present};

/// Some contracts of one client as they were at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContractsAsOf {
    /// The contracts, in the order of [`contracts`](crate::store::Store::contracts).
    pub contracts: Vec<Contract>,
    /// When their client had last been synced in full by then.
    pub last_full: Option<DateTime<Utc>>,
}

/// The contract with this key; none where there was none.
pub(in crate::store) fn contract(
    core: &Core,
    key: ItemKey,
    moment: DateTime<Utc>,
) -> Result<ContractsAsOf, StoreError> {
    let Some((seq, _)) = last_at(core, moment, None)? else {
        return of_everything(core, moment, |contract| contract.key == key);
    };
    let past = core.past();
    let found = past::contracts_then(core, &past, &[key], seq)?;
    as_of(core, &past, found.into_iter().flatten().collect(), seq)
}

/// The contracts of a client.
pub(in crate::store) fn client(
    core: &Core,
    client: ClientId,
    moment: DateTime<Utc>,
) -> Result<ContractsAsOf, StoreError> {
    // First: what leaves the client from now on is among these, and what left before has departed.
    let now = present::contracts(core, client)?;
    let Some((seq, departed)) = last_at(core, moment, Some(client))? else {
        return of_everything(core, moment, |contract| contract.client == client);
    };
    let past = core.past();
    let all: BTreeSet<ItemKey> = now.iter().map(|contract| contract.key).chain(departed).collect();
    let all: Vec<ItemKey> = all.into_iter().collect();
    let found = past::contracts_then(core, &past, &all, seq)?.into_iter().flatten();
    as_of(core, &past, found.filter(|contract| contract.client == client).collect(), seq)
}

/// The last commit at a moment, and what has left a client since; none where the whole book is to be
/// looked at.
fn last_at(
    core: &Core,
    moment: DateTime<Utc>,
    client: Option<ClientId>,
) -> Result<Option<(u64, Vec<ItemKey>)>, StoreError> {
    let past = core.past();
    if past.since().is_some_and(|since| moment < since) {
        return Ok(None);
    }
    let head = core.index.meta().head;
    core.with_moments(&past, head, |moments| {
        let seq = moments.last_at(&core.ledger_dir, moment)?;
        let departed = client.map(|client| moments.departed(client, seq));
        Ok(Some((seq, departed.unwrap_or_default())))
    })
}

fn as_of(
    core: &Core,
    past: &Past,
    mut contracts: Vec<Contract>,
    seq: u64,
) -> Result<ContractsAsOf, StoreError> {
    present::put_in_order(&mut contracts);
    let last_full = match contracts.first() {
        Some(contract) => last_full(core, past, contract.client, seq)?,
        None => None,
    };
    Ok(ContractsAsOf { contracts, last_full })
}

/// When a client had last been synced in full right after a commit: the run that wrote its state last
/// until then has it.
fn last_full(
    core: &Core,
    past: &Past,
    client: ClientId,
    seq: u64,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let mut runs = Vec::new();
    {
        let _gate = core.index.gate()?;
        core.index.scan(&keys::runs_of(client), &mut |key, _| {
            runs.extend(keys::last_number(key).map(RunId));
            Ok(())
        })?;
    }
    for run in runs.into_iter().rev() {
        let record = core.index.get(&keys::run(run))?;
        let record = record.map(|record| codec::decode::<RunEntryV1>(&record)).transpose()?;
        let Some(RunEntryV1 { seq: at, place, .. }) = record.filter(|record| record.seq <= seq)
        else {
            continue;
        };
        // The base has it.
        let Some(place) = place.filter(|_| at > past.start.head.seq) else { break };
        let line = segment::read_at(&core.ledger_dir, &place, at)?;
        let quiet = live(quiet::runs(&line))?;
        let told = quiet.iter().map(|(_, state)| state).find(|state| state.id == client.0);
        let entry = line.clients.iter().find(|entry| entry.id == client.0);
        if let Some(state) = told.or_else(|| entry?.record.as_ref()) {
            return Ok(live(convert::client(state))?.last_full);
        }
    }
    let mut in_base: Option<ClientState> = None;
    if let Some(base) = &past.base {
        let key = keys::client(client);
        base::each_step(base, &mut |edits| {
            if let Some((_, Some(record))) = edits.iter().find(|(name, _)| *name == key) {
                in_base = Some(client_of(record)?);
            }
            Ok(())
        })?;
    }
    Ok(in_base.and_then(|state| state.last_full))
}

/// The same of the whole book.
fn of_everything(
    core: &Core,
    moment: DateTime<Utc>,
    is_wanted: impl Fn(&Contract) -> bool,
) -> Result<ContractsAsOf, StoreError> {
    let state = past::state_as_of(core, moment)?;
    let contracts: Vec<Contract> = state.contracts.into_iter().filter(is_wanted).collect();
    let client = contracts.first().map(|contract| contract.client);
    let of_client = state.clients.into_iter().find(|state| Some(state.client.id) == client);
    Ok(ContractsAsOf { contracts, last_full: of_client.and_then(|state| state.last_full) })
}
