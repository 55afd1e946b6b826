//! What the store holds now, and the runs and the history behind it.
//!
//! Records come from the index, and what is long or rare (rejects, changes) from the line of the
//! ledger that the index points to. An answer that needs several records is of one moment: no
//! commit is applied while they are read.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::model::{
    Actor, Change, ClientId, ClientState, Contract, FieldChange, HeldChanges, ItemFlags, ItemKey,
    ItemKind, Pause, Run, RunId,
};
use crate::store::core::{Core, Past};
use crate::store::error::StoreError;
use crate::store::format::v1::{LineV1, PlaceV1, RunEntryV1};
use crate::store::format::{codec, convert, keys};
use crate::store::index::stored::{
    client_of, contract_of, every, flags_of, held_of, live, pause_of, stored_client,
    stored_contract, stored_flags, stored_pause,
};
use crate::store::log::segment;

/// A run with everything that the ledger knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// The sequence of its commit.
    pub seq: u64,
    /// The run, with its rejects.
    pub run: Run,
    /// What it changed.
    pub changes: Vec<Change>,
    /// Whether its line is in the ledger. If not, as before a base, rejects and changes are empty
    /// because they are not known.
    pub whole: bool,
}

/// One commit in the history of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The sequence of the commit.
    pub seq: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// In which run, if it was one.
    pub run: Option<RunId>,
    /// What changed, in the order of [`crate::model::Field::ALL`].
    pub changes: Vec<FieldChange>,
}

/// How far the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The sequence of the last commit; 0 before the first.
    pub seq: u64,
    /// That commit's checksum, which stands for everything before it too.
    pub sum: String,
    /// How many records the index has.
    pub records: u64,
    /// Their digest.
    pub digest: String,
}

/// The contract with this key.
pub(in crate::store) fn contract(
    core: &Core,
    key: ItemKey,
) -> Result<Option<Contract>, StoreError> {
    let _gate = core.index.gate()?;
    stored_contract(&core.index, key)
}

/// The contracts of a client, by key, with additions directly behind their agreement.
pub(in crate::store) fn contracts(
    core: &Core,
    client: ClientId,
) -> Result<Vec<Contract>, StoreError> {
    contracts_under(core, &keys::contracts_of(client))
}

/// Every contract, by client and in the order of [`contracts`].
pub(in crate::store) fn all_contracts(core: &Core) -> Result<Vec<Contract>, StoreError> {
    contracts_under(core, keys::CONTRACTS)
}

/// How many contracts each client has, of those that have any.
pub(in crate::store) fn contract_counts(
    core: &Core,
) -> Result<BTreeMap<ClientId, usize>, StoreError> {
    let _gate = core.index.gate()?;
    Ok(core.index.counts().all().clone())
}

/// Of each client that has contracts, a number that is another one whenever they have changed.
pub(in crate::store) fn contract_versions(
    core: &Core,
) -> Result<BTreeMap<ClientId, u64>, StoreError> {
    let _gate = core.index.gate()?;
    let (counts, versions) = (core.index.counts(), core.index.versions());
    Ok(counts.all().keys().map(|client| (*client, versions.of(*client))).collect())
}

/// The item of a kind with the highest id that is stored.
pub(in crate::store) fn last_of_kind(
    core: &Core,
    kind: ItemKind,
) -> Result<Option<ItemKey>, StoreError> {
    let _gate = core.index.gate()?;
    let last = core.index.last_keys(&keys::owners_of(kind), 1)?;
    let id = last.first().and_then(|key| keys::owned_id(key));
    Ok(id.map(|id| ItemKey::new(kind, id)))
}

fn contracts_under(core: &Core, prefix: &[u8]) -> Result<Vec<Contract>, StoreError> {
    let mut contracts = under(core, &[prefix], contract_of)?;
    put_in_order(&mut contracts);
    Ok(contracts)
}

/// Every record whose key begins with one of the `prefixes`, of one moment.
fn under<T>(
    core: &Core,
    prefixes: &[&[u8]],
    read: impl Fn(&[u8]) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let _gate = core.index.gate()?;
    every(&core.index, prefixes, read)
}

/// What is noted beside an item.
pub(in crate::store) fn item_flags(
    core: &Core,
    key: ItemKey,
) -> Result<Option<ItemFlags>, StoreError> {
    let _gate = core.index.gate()?;
    stored_flags(&core.index, key)
}

/// The flags beside the items of a client, by key.
pub(in crate::store) fn flags_of_client(
    core: &Core,
    client: ClientId,
) -> Result<Vec<ItemFlags>, StoreError> {
    under(core, &[&keys::flags_of(client)], flags_of)
}

/// Every item's flags, by client and key.
pub(in crate::store) fn all_flags(core: &Core) -> Result<Vec<ItemFlags>, StoreError> {
    under(core, &[keys::FLAGS], flags_of)
}

/// What guards held of a client, by run.
pub(in crate::store) fn held_changes(
    core: &Core,
    client: ClientId,
) -> Result<Vec<HeldChanges>, StoreError> {
    under(core, &[&keys::held_of(client)], held_of)
}

/// What guards held, by client and run.
pub(in crate::store) fn all_held_changes(core: &Core) -> Result<Vec<HeldChanges>, StoreError> {
    under(core, &[keys::HOLDS], held_of)
}

/// The pause of a client; of all of auto-sync without one.
pub(in crate::store) fn pause(
    core: &Core,
    client: Option<ClientId>,
) -> Result<Option<Pause>, StoreError> {
    let _gate = core.index.gate()?;
    stored_pause(&core.index, client)
}

/// Every pause: that of all of auto-sync, then those of clients, by client.
pub(in crate::store) fn pauses(core: &Core) -> Result<Vec<Pause>, StoreError> {
    under(core, &keys::PAUSES, pause_of)
}

/// The state of a client.
pub(in crate::store) fn client(
    core: &Core,
    id: ClientId,
) -> Result<Option<ClientState>, StoreError> {
    let _gate = core.index.gate()?;
    stored_client(&core.index, id)
}

/// The state of every client, by id.
pub(in crate::store) fn clients(core: &Core) -> Result<Vec<ClientState>, StoreError> {
    under(core, &[keys::CLIENTS], client_of)
}

/// A run with its rejects and changes; none where it never was.
pub(in crate::store) fn run(core: &Core, id: RunId) -> Result<Option<RunRecord>, StoreError> {
    let past = core.past();
    let (record, last) = {
        let gate = core.index.gate()?;
        (core.index.get(&keys::run(id))?, gate.last_run)
    };
    let record = match (record, past.since()) {
        (Some(record), _) => record,
        (None, Some(since)) if (1..=last).contains(&id.0) => {
            return Err(StoreError::BeforeHistory { since });
        }
        (None, _) => return Ok(None),
    };
    let RunEntryV1 { run, seq, place } = codec::decode(&record)?;
    let line = match &place {
        Some(place) => line(core, &past, place, seq)?,
        None => None,
    };
    let (run, changes) = match &line {
        Some(line) => (line.run.as_ref().unwrap_or(&run), &line.changes[..]),
        None => (&run, &[][..]),
    };
    let changes = changes.iter().map(|change| live(convert::change(change)));
    Ok(Some(RunRecord {
        seq,
        run: live(convert::run(run))?,
        changes: changes.collect::<Result<_, _>>()?,
        whole: line.is_some(),
    }))
}

/// The last `limit` runs, of one client or of all, the newest first, without their rejects.
pub(in crate::store) fn runs(
    core: &Core,
    client: Option<ClientId>,
    limit: usize,
) -> Result<Vec<Run>, StoreError> {
    let index = &core.index;
    let _gate = index.gate()?;
    let prefix = client.map_or(keys::RUNS.to_vec(), keys::runs_of);
    let mut runs = Vec::new();
    for key in index.last_keys(&prefix, limit)? {
        let id = RunId(keys::last_number(&key).unwrap_or_default());
        let record = index
            .get(&keys::run(id))?
            .ok_or_else(|| StoreError::index(format!("the record of run {id} is missing")))?;
        let RunEntryV1 { run, .. } = codec::decode(&record)?;
        runs.push(live(convert::run(&run))?);
    }
    Ok(runs)
}

/// The commits that changed a contract, the oldest first, with what they changed of it.
pub(in crate::store) fn history(
    core: &Core,
    key: ItemKey,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let past = core.past();
    let mut places: Vec<(u64, PlaceV1)> = Vec::new();
    {
        let _gate = core.index.gate()?;
        core.index.scan(&keys::changes_of(key), &mut |key, record| {
            places.push((keys::last_number(key).unwrap_or_default(), codec::decode(record)?));
            Ok(())
        })?;
    }
    let mut history = Vec::new();
    for (seq, place) in places {
        let Some(line) = line(core, &past, &place, seq)? else { continue };
        let mut changes = Vec::new();
        for change in &line.changes {
            let Change { key: item, change } = live(convert::change(change))?;
            if item == key {
                changes.push(change);
            }
        }
        if changes.is_empty() {
            continue;
        }
        history.push(HistoryEntry {
            seq,
            at: live(convert::moment(&line.at))?,
            actor: convert::actor(&line.actor),
            run: line.run.as_ref().map(|run| RunId(run.id)),
            changes,
        });
    }
    Ok(history)
}

/// How far the store is.
pub(in crate::store) fn head(core: &Core) -> Head {
    let meta = core.index.meta();
    Head {
        seq: meta.head.seq,
        sum: meta.head.hash.to_string(),
        records: meta.tally.records,
        digest: meta.tally.text(),
    }
}

/// The line at a place. One that stands before the base may be gone.
pub(super) fn line(
    core: &Core,
    past: &Past,
    place: &PlaceV1,
    seq: u64,
) -> Result<Option<LineV1>, StoreError> {
    match segment::read_at(&core.ledger_dir, place, seq) {
        Err(StoreError::Damaged { .. } | StoreError::Io { .. }) if seq <= past.start.head.seq => {
            Ok(None)
        }
        read => read.map(Some),
    }
}

/// Puts contracts in the order of [`contracts`].
pub(in crate::store) fn put_in_order(contracts: &mut [Contract]) {
    contracts.sort_by_key(Contract::in_tree);
}

/// What is wrong with a ledger whose chain ends before the commit that it should reach.
pub(in crate::store) fn ends_early(ledger: &Path, at: u64, wanted: u64) -> StoreError {
    StoreError::Damaged {
        file: ledger.to_owned(),
        line: 0,
        why: format!("its lines follow one another up to commit {at} and not to {wanted}"),
    }
}
