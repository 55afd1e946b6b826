//! From a commit to a line of the ledger: preconditions, numbers, changes.
//!
//! Commits that wait are written together, so the state against which a commit is checked is the
//! index with the earlier commits of its group laid over it.

pub(in crate::store) mod quiet;

use std::collections::HashMap;
use std::hash::Hash;

use crate::model::{
    ClientId, ClientState, Contract, HeldChanges, ItemFlags, ItemKey, Pause, Run, RunId,
    differences,
};
use crate::store::commit::{Commit, Write};
use crate::store::error::StoreError;
use crate::store::format::chain::ChainHead;
use crate::store::format::convert::{self, MemoKey, Unreadable};
use crate::store::format::line;
use crate::store::format::v1::{
    ClientEntryV1, ClientStateV1, ContractEntryV1, ContractV1, LineV1, MarkEntryV1, MarkV1,
    MemoEntryV1, MemoV1, RunV1,
};
use crate::store::index::Index;
use crate::store::index::stored::{
    stored_client, stored_contract, stored_flags, stored_held, stored_pause,
};

/// The longest line. A commit that long is no step of a person or of one client's run.
const LINE_BYTES: usize = 64 << 20;

/// The state that commits are checked against.
#[derive(Debug)]
pub(in crate::store) struct CommitBuilder<'a> {
    index: &'a Index,
    /// Up to which line the ledger is on the disk.
    stable: u64,
    head: ChainHead,
    last_run: u64,
    contracts: HashMap<ItemKey, Option<Contract>>,
    clients: HashMap<ClientId, Option<ClientState>>,
    flags: HashMap<ItemKey, Option<ItemFlags>>,
    holds: HashMap<(ClientId, RunId), Option<HeldChanges>>,
    pauses: HashMap<Option<ClientId>, Option<Pause>>,
}

/// A line that is ready to be written.
#[derive(Debug)]
pub(in crate::store) struct PreparedCommit {
    pub(in crate::store) record: LineV1,
    pub(in crate::store) bytes: Vec<u8>,
    pub(in crate::store) head: ChainHead,
}

impl PreparedCommit {
    /// The run that it is the commit of, where it is that of one.
    pub(in crate::store) fn run(&self) -> Option<RunId> {
        self.record.run.as_ref().map(|run| RunId(run.id))
    }
}

/// What a commit changes, by key.
struct Changes {
    contracts: Vec<(ItemKey, Write<Contract>)>,
    clients: Vec<(ClientId, Write<ClientState>)>,
    flags: Vec<(ItemKey, Write<ItemFlags>)>,
    holds: Vec<((ClientId, RunId), Write<HeldChanges>)>,
    pauses: Vec<(Option<ClientId>, Write<Pause>)>,
}

impl Changes {
    fn is_nothing(&self) -> bool {
        self.contracts.is_empty()
            && self.clients.is_empty()
            && self.flags.is_empty()
            && self.holds.is_empty()
            && self.pauses.is_empty()
    }
}

impl<'a> CommitBuilder<'a> {
    /// A draft that begins where the index is current.
    pub(in crate::store) fn new(index: &'a Index) -> CommitBuilder<'a> {
        let meta = index.meta();
        CommitBuilder {
            index,
            stable: meta.head.seq,
            head: meta.head,
            last_run: meta.last_run,
            contracts: HashMap::new(),
            clients: HashMap::new(),
            flags: HashMap::new(),
            holds: HashMap::new(),
            pauses: HashMap::new(),
        }
    }

    /// The sequence of the last commit.
    pub(in crate::store) fn seq(&self) -> u64 {
        self.head.seq
    }

    /// Checks a commit and makes its line; none where it changes nothing. A commit that is refused
    /// leaves no trace.
    pub(in crate::store) fn add(
        &mut self,
        commit: &Commit,
    ) -> Result<Option<PreparedCommit>, StoreError> {
        let changes = self.changes(commit)?;
        if changes.is_nothing() && commit.run.is_none() {
            return Ok(None);
        }
        let prepared = self.sealed(self.record(commit, &changes)?)?;
        // Nothing can be refused from here on.
        let Changes { contracts, clients, flags, holds, pauses } = changes;
        self.last_run = prepared.run().map_or(self.last_run, |id| id.0);
        self.contracts.extend(contracts.into_iter().map(|(key, w)| (key, w.after)));
        self.clients.extend(clients.into_iter().map(|(id, w)| (id, w.after)));
        self.flags.extend(flags.into_iter().map(|(key, w)| (key, w.after)));
        self.holds.extend(holds.into_iter().map(|(key, w)| (key, w.after)));
        self.pauses.extend(pauses.into_iter().map(|(client, w)| (client, w.after)));
        Ok(Some(prepared))
    }

    /// A line with its checksum, with which the chain goes on.
    fn sealed(&mut self, mut record: LineV1) -> Result<PreparedCommit, StoreError> {
        let (bytes, hash) = line::seal(&record, self.head.hash)?;
        if bytes.len() > LINE_BYTES {
            return Err(StoreError::Unstorable(format!("{} bytes are too many", bytes.len())));
        }
        self.head = ChainHead { seq: record.seq, hash };
        record.sum = hash.to_string();
        Ok(PreparedCommit { record, bytes, head: self.head })
    }

    /// What a commit changes, if all its preconditions hold.
    fn changes(&self, commit: &Commit) -> Result<Changes, StoreError> {
        let contracts = checked(
            &commit.contracts,
            |contract| contract.key,
            |key| format!("contract {key}"),
            |key| match self.contracts.get(&key) {
                Some(known) => Ok(known.clone()),
                None => stored_contract(self.index, key),
            },
        )?;
        let clients = checked(
            &commit.clients,
            |state| state.client.id,
            |id| format!("client {id}"),
            |id| match self.clients.get(&id) {
                Some(known) => Ok(known.clone()),
                None => stored_client(self.index, id),
            },
        )?;
        let flags = checked(
            &commit.flags,
            |flags| flags.key,
            |key| format!("the flags of {key}"),
            |key| match self.flags.get(&key) {
                Some(known) => Ok(known.clone()),
                None => stored_flags(self.index, key),
            },
        )?;
        let of_run = commit.run.as_ref().map(|_| RunId(self.last_run + 1));
        let holds = checked(
            &numbered(&commit.holds, of_run)?,
            HeldChanges::key,
            held_name,
            |key| match self.holds.get(&key) {
                Some(known) => Ok(known.clone()),
                None => stored_held(self.index, key.0, key.1),
            },
        )?;
        let pauses = checked(
            &commit.pauses,
            |pause| pause.client,
            pause_name,
            |client| match self.pauses.get(&client) {
                Some(known) => Ok(known.clone()),
                None => stored_pause(self.index, client),
            },
        )?;
        Ok(Changes { contracts, clients, flags, holds, pauses })
    }

    /// The run of a commit, with its number.
    fn run_v1(&self, commit: &Commit, number: u64) -> Result<Option<RunV1>, StoreError> {
        let Some(run) = &commit.run else { return Ok(None) };
        if run.id.is_some() {
            let why = "the store numbers the runs, and this one has a number already";
            return Err(StoreError::Unstorable(why.to_owned()));
        }
        let stored = convert::run_v1(run, number);
        let numbered = Run { id: Some(RunId(number)), ..run.clone() };
        reads_back("the run", &numbered, convert::run(&stored))?;
        Ok(Some(stored))
    }

    /// The line of a commit, still without its own checksum.
    fn record(&self, commit: &Commit, changes: &Changes) -> Result<LineV1, StoreError> {
        let run = self.run_v1(commit, self.last_run + 1)?;
        let mut record = LineV1 {
            sum: self.head.hash.to_string(),
            seq: self.head.seq + 1,
            stable: self.stable,
            at: convert::moment_text(commit.at),
            actor: convert::actor_v1(&commit.actor),
            run,
            changes: Vec::new(),
            contracts: Vec::new(),
            clients: Vec::new(),
            marks: Vec::new(),
            memos: Vec::new(),
            quiet: None,
        };
        reads_back("the moment", &commit.at, convert::moment(&record.at))?;
        for (key, Write { before, after }) in &changes.contracts {
            for change in differences(before.as_ref(), after.as_ref()) {
                let stored = convert::change_v1(*key, &change);
                let back = convert::change(&stored).map(|change| change.change);
                reads_back("a change", &change, back)?;
                record.changes.push(stored);
            }
            let stored = after.as_ref().map(contract_v1).transpose()?;
            record.contracts.push(ContractEntryV1 { key: key.to_string(), record: stored });
        }
        for (id, Write { before: _, after }) in &changes.clients {
            let stored = after.as_ref().map(client_v1).transpose()?;
            record.clients.push(ClientEntryV1 { id: id.0, record: stored });
        }
        for (key, Write { before: _, after }) in &changes.flags {
            let stored = after.as_ref().map(flags_v1).transpose()?;
            record.marks.push(MarkEntryV1 { key: key.to_string(), record: stored });
        }
        for ((client, run), Write { before: _, after }) in &changes.holds {
            let key = MemoKey::Held(*client, *run).to_string();
            let stored = after.as_ref().map(held_v1).transpose()?;
            record.memos.push(MemoEntryV1 { key, record: stored });
        }
        for (client, Write { before: _, after }) in &changes.pauses {
            let key = MemoKey::Pause(*client).to_string();
            let stored = after.as_ref().map(pause_v1).transpose()?;
            record.memos.push(MemoEntryV1 { key, record: stored });
        }
        Ok(record)
    }
}

/// The writes that change something, each with its key, if all preconditions hold.
fn checked<T: Clone + PartialEq, K: Copy + Eq + Hash>(
    writes: &[Write<T>],
    key: impl Fn(&T) -> K,
    name: impl Fn(K) -> String,
    stored: impl Fn(K) -> Result<Option<T>, StoreError>,
) -> Result<Vec<(K, Write<T>)>, StoreError> {
    let mut seen = HashMap::new();
    let mut changing = Vec::new();
    for write in writes {
        let keys = (write.before.as_ref().map(&key), write.after.as_ref().map(&key));
        let item = match keys {
            (Some(before), Some(after)) if before != after => {
                let (before, after) = (name(before), name(after));
                return Err(StoreError::Unstorable(format!("{before} cannot become {after}")));
            }
            (Some(item), _) | (None, Some(item)) => item,
            (None, None) => continue,
        };
        if seen.insert(item, ()).is_some() {
            let name = name(item);
            return Err(StoreError::Unstorable(format!("{name} occurs twice in one commit")));
        }
        if stored(item)? != write.before {
            return Err(StoreError::Conflict(name(item)));
        }
        if write.before != write.after {
            changing.push((item, write.clone()));
        }
    }
    Ok(changing)
}

/// The held changes with the number of the commit's run in its place.
fn numbered(
    holds: &[Write<HeldChanges>],
    run: Option<RunId>,
) -> Result<Vec<Write<HeldChanges>>, StoreError> {
    let mut holds = holds.to_vec();
    for held in holds.iter_mut().filter_map(|write| write.after.as_mut()) {
        if held.run == HeldChanges::OF_THIS_RUN {
            held.run = run.ok_or_else(|| {
                StoreError::Unstorable("something is held by a run that is not there".to_owned())
            })?;
        }
    }
    Ok(holds)
}

/// Held changes, as an error names them.
fn held_name((client, run): (ClientId, RunId)) -> String {
    format!("the held changes of client {client} and run {run}")
}

/// A pause, as an error names it.
fn pause_name(client: Option<ClientId>) -> String {
    client.map_or_else(
        || "the pause of all clients".to_owned(),
        |client| format!("the pause of client {client}"),
    )
}

fn contract_v1(contract: &Contract) -> Result<ContractV1, StoreError> {
    let stored = convert::contract_v1(contract);
    reads_back(&format!("contract {}", contract.key), contract, convert::contract(&stored))?;
    Ok(stored)
}

fn client_v1(state: &ClientState) -> Result<ClientStateV1, StoreError> {
    let stored = convert::client_v1(state);
    reads_back(&format!("client {}", state.client.id), state, convert::client(&stored))?;
    Ok(stored)
}

fn flags_v1(flags: &ItemFlags) -> Result<MarkV1, StoreError> {
    if flags.is_blank() {
        return Err(StoreError::Unstorable(format!("the flags of {} note nothing", flags.key)));
    }
    let stored = convert::flags_v1(flags);
    reads_back(&format!("the flags of {}", flags.key), flags, convert::flags(&stored))?;
    Ok(stored)
}

fn held_v1(held: &HeldChanges) -> Result<MemoV1, StoreError> {
    let name = held_name(held.key());
    if held.items.is_empty() {
        return Err(StoreError::Unstorable(format!("{name} are none")));
    }
    let stored = convert::held_v1(held);
    reads_back(&name, held, convert::held(&stored))?;
    Ok(stored)
}

fn pause_v1(pause: &Pause) -> Result<MemoV1, StoreError> {
    let stored = convert::pause_v1(pause);
    reads_back(&pause_name(pause.client), pause, convert::pause(&stored))?;
    Ok(stored)
}

/// What is stored must read back as what it was, now rather than at the next start.
fn reads_back<T: PartialEq>(
    what: &str,
    value: &T,
    back: Result<T, Unreadable>,
) -> Result<(), StoreError> {
    match back {
        Ok(back) if back == *value => Ok(()),
        Ok(_) => Err(StoreError::Unstorable(format!("{what} would not read back as it is"))),
        Err(why) => Err(StoreError::Unstorable(format!("{what} would not read back: {why}"))),
    }
}
