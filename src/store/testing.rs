//! What the tests of the store share: small values, and everything that a store answers.

pub(super) mod disk;
mod held;
pub(super) mod quiet;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::open::Settings;
use super::{Commit, HistoryEntry, Opening, RunRecord, Store, StoreError, Write};
use crate::model::{
    Actor, ClientId, ClientRef, ClientState, Contract, Counts, Field, FieldChange, Fields,
    HeldChange, HeldChanges, Ignored, ItemFlags, ItemKey, Origin, Pause, PendingApproval,
    PendingState, Quarantine, Reject, Rejection, Run, RunId, RunResult, Trigger, Value,
};

pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000 + seconds)
}

pub(super) fn key(text: &str) -> ItemKey {
    text.parse().expect("a key")
}

pub(super) fn contract(item: &str, client: i64, notes: &str) -> Contract {
    Contract {
        key: key(item),
        client: ClientId(client),
        parent: (!item.starts_with('A')).then(|| ItemKey::agreement(1)),
        origin: Origin::Autotask,
        source: [
            (Field::Name, Value::Text("Care & Feeding".to_owned())),
            (Field::BillingCost, Value::Number("482.60".parse().expect("a number"))),
        ]
        .into(),
        overrides: Fields::new(),
        local: [(Field::Notes, Value::Text(notes.to_owned()))].into(),
        created: at(0),
        synced: Some(at(1)),
        changed: at(1),
        vanished: None,
    }
}

/// Item flags with everything noted.
pub(super) fn flags(item: &str, client: i64, reason: &str) -> ItemFlags {
    let by = "kim".to_owned();
    ItemFlags {
        key: key(item),
        client: ClientId(client),
        ignored: Some(Ignored {
            until: NaiveDate::from_ymd_opt(2026, 12, 31),
            reason: Some(reason.to_owned()),
            by: by.clone(),
            at: at(2),
        }),
        hold: Some(PendingApproval { run: RunId(300), by, at: at(3) }),
        quarantine: Some(Quarantine {
            field: "startDate".to_owned(),
            reason: "it is no date".to_owned(),
            since: at(4),
        }),
    }
}

/// What a run held, with everything that held changes may say.
pub(super) fn held(client: i64, run: u64, reason: &str) -> HeldChanges {
    let number = |text: &str| Some(Value::Number(text.parse().expect("a number")));
    let change =
        FieldChange { field: Field::BillingCost, from: number("482.60"), to: number("4826.00") };
    let vanished = FieldChange {
        field: Field::Vanished,
        from: None,
        to: Some(Value::Text("2027-01-15T08:00:04Z".to_owned())),
    };
    let item = |item: &str, state, changes, reason| HeldChange {
        key: key(item),
        parent: (!item.starts_with('A')).then(|| ItemKey::agreement(1)),
        state,
        changes,
        reason,
    };
    HeldChanges {
        client: ClientId(client),
        run: RunId(run),
        since: at(5),
        items: vec![
            item("A1", PendingState::Vanished, vec![vanished], Some(reason.to_owned())),
            item("S9", PendingState::Changed, vec![change], None),
        ],
        rejected: Some(Rejection {
            by: "kim".to_owned(),
            at: at(6),
            reason: Some(reason.to_owned()),
        }),
    }
}

/// A pause of a client, or of all.
pub(super) fn pause(client: Option<i64>, seconds: i64) -> Pause {
    Pause {
        client: client.map(ClientId),
        until: Some(at(seconds)),
        by: "kim".to_owned(),
        at: at(7),
        ended: None,
    }
}

pub(super) fn client_ref(id: i64) -> ClientRef {
    ClientRef { id: ClientId(id), name: format!("Client {id}") }
}

pub(super) fn run(client: i64) -> Run {
    Run {
        id: None,
        client: client_ref(client),
        trigger: Trigger::Manual,
        actor: Actor { uid: Some(1000), name: "kim".to_owned(), pid: Some(7) },
        started: at(10),
        ended: at(11),
        result: RunResult::Partial,
        counts: Counts { updated: 1, rejected: 1, ..Counts::default() },
        requests: 3,
        error: None,
        rejects: vec![Reject {
            key: key("S9"),
            parent: Some(key("A1")),
            field: "unitPrice".to_owned(),
            reason: "it is no number".to_owned(),
        }],
    }
}

pub(super) fn commit() -> Commit {
    Commit::of(at(12), &Actor::daemon())
}

/// A commit that makes or changes one contract to have these notes, whatever is stored now.
pub(super) fn note(store: &Store, item: &str, notes: &str) -> Commit {
    let before = store.contract(key(item)).expect("read");
    let after = Some(contract(item, 5, notes));
    Commit { contracts: vec![Write { before, after }], ..commit() }
}

/// Commits that many lines, each a second after the one before it: a contract each, every third
/// with a run and a client, every fifth with item flags, every seventh with a pause.
pub(super) fn fill(store: &Store, lines: u64) {
    for _ in 0..lines {
        let seq = store.head().seq + 1;
        let committed = next(store).and_then(|next| store.commit_blocking(next)).expect("stored");
        assert_eq!(committed.seq, seq);
    }
}

/// The next commit of [`fill`].
pub(super) fn next(store: &Store) -> Result<Commit, StoreError> {
    let seq = store.head().seq + 1;
    let (item, notes) = (format!("A{}", seq % 4 + 1), format!("notes {seq}"));
    let before = store.contract(key(&item))?;
    let contracts = vec![Write { before, after: Some(contract(&item, 5, &notes)) }];
    let mut commit = Commit { contracts, at: at(seq as i64), ..commit() };
    if seq.is_multiple_of(5) {
        let before = store.item_flags(key("S9"))?;
        let after = Some(flags("S9", 5, &format!("reason {seq}")));
        commit.flags.push(Write { before, after });
    }
    if seq.is_multiple_of(7) {
        let after = pause(Some(5), seq as i64);
        let before = store.pause(after.client)?;
        commit.pauses.push(Write { before, after: Some(after) });
    }
    if seq.is_multiple_of(3) {
        commit.run = Some(run(5));
        let before = store.client(ClientId(5))?;
        let mut after = ClientState::new(client_ref(5));
        after.last_synced = Some(at(seq as i64));
        commit.clients.push(Write { before, after: Some(after) });
    }
    Ok(commit)
}

/// A store's folder that goes away with it.
#[derive(Debug)]
pub(super) struct Place(tempfile::TempDir);

impl Place {
    pub(super) fn new() -> Place {
        Place(tempfile::tempdir().expect("a folder"))
    }

    pub(super) fn dir(&self) -> PathBuf {
        self.0.path().join("state")
    }

    pub(super) fn index(&self) -> PathBuf {
        self.dir().join("index")
    }

    pub(super) fn segment(&self, number: u64) -> PathBuf {
        crate::store::log::segment::path(&self.dir().join("ledger"), number)
    }

    pub(super) fn try_open(&self) -> Result<(Store, Opening), StoreError> {
        // Nothing is waited for: what is still open here is so because a test wants it.
        let settings = Settings { lock_patience: Duration::ZERO, ..Settings::default() };
        Store::open_with(&self.dir(), at(20), settings)
    }

    pub(super) fn open(&self) -> (Store, Opening) {
        self.try_open().expect("it opens")
    }

    /// Opens with segments so small that every line fills one.
    pub(super) fn open_small(&self) -> (Store, Opening) {
        let settings = Settings { segment_bytes: 1, ..Settings::default() };
        Store::open_with(&self.dir(), at(20), settings).expect("it opens")
    }

    /// A closed store of that many lines, and what it answers.
    pub(super) fn filled(lines: u64) -> (Place, Answers) {
        let place = Place::new();
        let (store, _) = place.open();
        fill(&store, lines);
        let answers = Answers::of(&store);
        (place, answers)
    }

    /// The lines of a segment, without line breaks.
    pub(super) fn lines(&self, segment: u64) -> Vec<String> {
        let text = fs::read_to_string(self.segment(segment)).expect("read");
        text.lines().map(str::to_owned).collect()
    }

    pub(super) fn put_lines(&self, segment: u64, lines: &[String]) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(self.segment(segment), text).expect("written");
    }

    /// The names in the ledger's folder, without that of the head record.
    pub(super) fn ledger_names(&self) -> Vec<String> {
        let mut names = names(&self.dir().join("ledger"));
        names.retain(|name| name != "head.json");
        names
    }

    /// Where the head record is.
    pub(super) fn record(&self) -> PathBuf {
        self.dir().join("ledger/head.json")
    }
}

pub(super) fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("listed");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<_> = entries.map(|entry| name(entry.expect("an entry"))).collect();
    names.sort();
    names
}

/// Copies a folder with everything in it.
pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("listed") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// Everything that a store answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answers {
    pub(super) head: super::Head,
    pub(super) contracts: Vec<Contract>,
    pub(super) clients: Vec<ClientState>,
    pub(super) flags: Vec<ItemFlags>,
    pub(super) holds: Vec<HeldChanges>,
    pub(super) pauses: Vec<Pause>,
    pub(super) runs: Vec<RunRecord>,
    pub(super) histories: Vec<Vec<HistoryEntry>>,
}

impl Answers {
    pub(super) fn of(store: &Store) -> Answers {
        let contracts = store.all_contracts().expect("read");
        let runs = store.runs(None, usize::MAX).expect("read");
        let run = |run: &Run| store.run(run.id.expect("numbered")).expect("read").expect("there");
        let items = (1..5).flat_map(|id| [format!("A{id}"), format!("S{id}")]);
        Answers {
            head: store.head(),
            clients: store.clients().expect("read"),
            flags: store.all_flags().expect("read"),
            holds: store.all_held_changes().expect("read"),
            pauses: store.pauses().expect("read"),
            runs: runs.iter().map(run).collect(),
            histories: items.map(|item| store.history(key(&item)).expect("read")).collect(),
            contracts,
        }
    }
}
