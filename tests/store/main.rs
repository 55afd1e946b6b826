//! A daemon that is killed, or whose disk is full, at any moment: everything that was acknowledged
//! is there, and nothing is there in part.
//!
//! The tests run themselves again as a child that commits and prints what was acknowledged to it,
//! and kill it after a number of these lines, never after a time.
//!
//! What these tests are worth was tried by breaking the store on purpose. Acknowledging before the
//! write fails the kill and the full disk, each at once. Leaving out the sync after the write fails
//! the loss of power, in its first rounds, and nothing else: a kill does not take from the kernel
//! what it was given. An index that goes on answering after a failed batch fails the full disk, but
//! only in some runs. Leaving out the sync of the ledger's folder fails nothing: ext4 syncs the name
//! of a new file with the file, which other file systems need not do.
//!
//! The pruning is killed where its files show how far it is. That fails at once where the opening does
//! not complete it, or where the index is not asked where its ledger begins. With a copy that is not
//! synced it is again the loss of power that fails, and nothing else.
//!
//! The loss of power needs root: `cargo test --test store -- --ignored power`. How often is set by
//! `LMSYNCD_TEST_KILLS`, for each of the two tests that kill, and `LMSYNCD_TEST_POWER_CUTS`: the long
//! run (`tests/long/run`) sets them.

mod disk;
mod far;

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};
use lmsyncd::model::{
    Actor, ClientId, ClientRef, ClientState, Contract, Counts, Field, Fields, ItemKey, ItemKind,
    Origin, Reject, Run, RunResult, Trigger, Value,
};
use lmsyncd::store::{Commit, Finding, Store, StoreError, Write};

use disk::Disk;
use far::{Far, is_as_far, names};

/// Where the child finds the store; it is none without this.
const DIR: &str = "LMSYNCD_TEST_STORE";
/// How many rejects each run of the child has; they stand in the ledger only, and make it grow
/// faster than the index.
const REJECTS: &str = "LMSYNCD_TEST_REJECTS";
/// Whether the child prunes its history, and is to say so before and after.
const PRUNES: &str = "LMSYNCD_TEST_PRUNES";
/// How many clients the child commits for, each on a thread of its own.
const CLIENTS: i64 = 4;
/// How many times the child is killed, unless `LMSYNCD_TEST_KILLS` says otherwise, and how many of these
/// are one store's: whoever looks at a store reads all of it.
const ROUNDS: usize = 40;
/// How many times its power is cut, unless `LMSYNCD_TEST_POWER_CUTS` says otherwise, and how many of
/// these are one store's.
const CUTS: usize = 30;

fn at() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn client_ref(client: i64) -> ClientRef {
    ClientRef { id: ClientId(client), name: format!("Client {client}") }
}

/// A client's contracts in one generation: an agreement and two additions, with some weight.
fn contracts(client: i64, generation: u32) -> Vec<Contract> {
    let agreement = ItemKey::agreement(client);
    let service = |id| ItemKey::new(ItemKind::Service, id);
    let contract = |key: ItemKey| Contract {
        key,
        client: ClientId(client),
        parent: (key != agreement).then_some(agreement),
        origin: Origin::Autotask,
        source: [(Field::Description, Value::Text("what it is ".repeat(40)))].into(),
        overrides: Fields::new(),
        local: [(Field::Notes, Value::Text(generation.to_string()))].into(),
        created: at(),
        synced: Some(at()),
        changed: at(),
        vanished: None,
    };
    [agreement, service(client * 2), service(client * 2 + 1)].map(contract).into()
}

fn state(client: i64, generation: u32) -> ClientState {
    let mut state = ClientState::new(client_ref(client));
    state.failures = generation;
    state
}

/// A moment of the child's clock, which ticks once a commit.
fn moment(tick: u64) -> DateTime<Utc> {
    at() + TimeDelta::seconds(tick as i64)
}

/// The commit that brings a client to a generation; generation 0 is before its first.
fn commit(client: i64, generation: u32, rejects: i64) -> Commit {
    let reject = |id| Reject {
        key: ItemKey::agreement(id),
        parent: None,
        field: "startDate".to_owned(),
        reason: "it is no date ".repeat(40),
    };
    let record = Run {
        id: None,
        client: client_ref(client),
        trigger: Trigger::Auto,
        actor: Actor::daemon(),
        started: at(),
        ended: at(),
        result: RunResult::Ok,
        counts: Counts { updated: 3, ..Counts::default() },
        requests: generation,
        error: None,
        rejects: (0..rejects).map(reject).collect(),
    };
    let first = generation == 1;
    let old = contracts(client, generation - 1);
    let pairs = old.into_iter().zip(contracts(client, generation));
    let write = |(old, new)| Write { before: (!first).then_some(old), after: Some(new) };
    Commit {
        run: Some(record),
        contracts: pairs.map(write).collect(),
        clients: vec![Write {
            before: (!first).then(|| state(client, generation - 1)),
            after: Some(state(client, generation)),
        }],
        ..Commit::of(at(), &Actor::daemon())
    }
}

/// The generation that a client is at, which all of its records must agree on.
fn generation(store: &Store, client: i64) -> u32 {
    let now = store.client(ClientId(client)).expect("read");
    let stored = store.contracts(ClientId(client)).expect("read");
    let Some(now) = now else {
        assert_eq!(stored, []);
        return 0;
    };
    assert_eq!(now, state(client, now.failures));
    assert_eq!(stored, contracts(client, now.failures));
    now.failures
}

/// How many rounds a test has: those of a variable, or as many as usual.
fn rounds(variable: &str, usual: usize) -> usize {
    env::var(variable).map_or(usual, |text| text.parse().expect("a number"))
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("the parent listens");
}

/// The child: commits for every client until it is killed or refused.
#[test]
#[ignore = "a part of the other tests, which run it as a child"]
fn child() {
    let Some(dir) = env::var_os(DIR) else { return };
    let rejects = env::var(REJECTS).map_or(0, |text| text.parse().expect("a number"));
    let prunes = env::var_os(PRUNES).is_some();
    say("opening");
    let (store, _) = Store::open(Path::new(&dir), at()).expect("it opens");
    let clock = AtomicU64::new(store.head().seq);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (store, clock) = (&store, &clock);
            scope.spawn(move || {
                let mut next = generation(store, client) + 1;
                let error = loop {
                    let now = clock.fetch_add(1, Ordering::Relaxed);
                    let commit = Commit { at: moment(now), ..commit(client, next, rejects) };
                    match store.commit_blocking(commit) {
                        Ok(committed) => say(&format!("stored {client} {next} {}", committed.seq)),
                        Err(error) => break error,
                    }
                    if prunes && client == 0 && next.is_multiple_of(5) {
                        say("pruning");
                        store
                            .prune_blocking(moment(now.saturating_sub(10)), false)
                            .expect("pruned");
                        say("pruned");
                    }
                    next += 1;
                };
                let later = store.commit_blocking(commit(client, next, rejects));
                assert!(matches!(later, Err(StoreError::Stopped)));
                assert!(store.trouble().is_some());
                // Questions are still answered, and whole; or refused, where it was the index that
                // failed and may hold a part of a commit.
                match store.client(ClientId(client)) {
                    Ok(_) => assert!(generation(store, client) >= next - 1),
                    Err(error) => assert!(matches!(error, StoreError::Index { .. }), "{error}"),
                }
                say(&format!("refused {error}"));
            });
        }
    });
}

/// What the child said.
#[derive(Debug, Default)]
struct Heard {
    /// The last acknowledged generation of each client.
    stored: BTreeMap<i64, u32>,
    seq: u64,
    lines: usize,
    refused: Vec<String>,
}

impl Heard {
    /// How many clients have anything.
    fn clients(&self) -> usize {
        self.stored.values().filter(|generation| **generation > 0).count()
    }

    fn hear(&mut self, line: &str) {
        // The test harness may have begun the line.
        if let Some((_, line)) = line.split_once("stored ") {
            let mut words = line.split(' ').map(|word| word.parse::<u64>().expect("a number"));
            let mut next = || words.next().expect("three numbers");
            let (client, generation, seq) = (next() as i64, next() as u32, next());
            self.stored.insert(client, generation);
            self.seq = self.seq.max(seq);
            self.lines += 1;
        } else if let Some((_, why)) = line.split_once("refused ") {
            self.refused.push(why.to_owned());
        }
    }
}

fn start(dir: &Path, mut command: Command) -> Child {
    command
        .stderr(Stdio::null())
        .args(["child", "--exact", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child starts")
}

/// Held by each test: a child that another one starts has, until it runs its program, a copy of every
/// file that is open here, and so the lock of a store that was closed meanwhile.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many commits a client has under way at most, each whole or not at all.
const UNDER_WAY: u32 = 1;

/// What was acknowledged is there, and of what was not heard of, at most so many commits of each
/// client.
fn verify(dir: &Path, heard: &mut Heard, unheard: u32) -> Vec<Finding> {
    let (store, opening) = Store::open(dir, at()).expect("it opens again");
    let mut total = 0;
    for client in 0..CLIENTS {
        let there = generation(&store, client);
        let acknowledged = heard.stored.get(&client).copied().unwrap_or(0);
        assert!(
            there.checked_sub(acknowledged).is_some_and(|more| more <= unheard),
            "client {client} is at {there}, and {acknowledged} was acknowledged"
        );
        heard.stored.insert(client, there);
        total += u64::from(there);
        let history = store.history(ItemKey::agreement(client)).expect("read");
        let known = store.since().is_none();
        assert!(history.len() == there as usize || !known && history.len() < there as usize);
        let newest = store.runs(Some(ClientId(client)), 1).expect("read");
        assert_eq!(newest.iter().map(|run| run.requests).sum::<u32>(), there);
    }
    assert_eq!(store.head().seq, total);
    assert!(store.head().seq >= heard.seq);
    heard.seq = total;
    let runs = store.runs(None, usize::MAX).expect("read").len() as u64;
    assert!(runs == total || store.since().is_some() && runs < total);
    let book = store.state_as_of(moment(1 << 32)).expect("known");
    assert_eq!(book.contracts, store.all_contracts().expect("read"));
    assert_eq!((book.clients.len(), book.seq), (heard.clients(), total));
    assert_eq!(store.check().expect("checked").faults, Vec::<String>::new());
    opening.findings
}

#[test]
fn whatever_was_acknowledged_survives_a_kill() {
    let _alone = alone();
    let place = tempfile::tempdir().expect("a folder");
    let itself = env::current_exe().expect("a test binary");
    let (mut heard, mut replayed, mut acknowledged) = (Heard::default(), 0, 0);
    for all in 0..rounds("LMSYNCD_TEST_KILLS", ROUNDS) {
        let (number, round) = (all / ROUNDS, all % ROUNDS);
        let dir = place.path().join(format!("state-{number}"));
        if round == 0 {
            acknowledged += std::mem::take(&mut heard).lines;
        }
        if round % 10 == 9 {
            // The next opening builds the index anew, and is killed at it.
            std::fs::remove_dir_all(dir.join("index")).expect("removed");
        }
        let mut child = start(&dir, Command::new(&itself));
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        // Every third is killed while it opens, the others after ever another number of commits.
        let wanted = if round % 3 == 0 { 0 } else { round * 7 % 60 + 1 };
        let enough = heard.lines + wanted;
        for line in lines.by_ref() {
            let line = line.expect("read");
            heard.hear(&line);
            let killed_opening = wanted == 0 && line.contains("opening");
            if killed_opening || wanted > 0 && heard.lines >= enough {
                break;
            }
        }
        child.kill().expect("killed");
        // What it had said before it died counts too.
        for line in lines {
            heard.hear(&line.expect("read"));
        }
        child.wait().expect("gone");
        for finding in verify(&dir, &mut heard, UNDER_WAY) {
            match finding {
                Finding::NewStore | Finding::NoCommit | Finding::TornLineCut { .. } => {}
                Finding::Replayed(_) => replayed += 1,
                // It was being built when it was killed.
                Finding::IndexRebuilt { .. } | Finding::IndexRenewed { .. } => {}
                damage => panic!("a kill damages no ledger: {damage}"),
            }
        }
    }
    acknowledged += heard.lines;
    say(&format!("{acknowledged} commits were acknowledged"));
    assert!(acknowledged > ROUNDS, "only {acknowledged} commits were acknowledged");
    assert!(replayed > 0, "no kill left the index behind: it was never put to the test");
}

#[test]
fn whatever_was_acknowledged_survives_a_kill_while_history_is_pruned() {
    let _alone = alone();
    let place = tempfile::tempdir().expect("a folder");
    let itself = env::current_exe().expect("a test binary");
    let (mut heard, mut renewed) = (Heard::default(), 0);
    let steps = [Far::Begun, Far::Copying, Far::Drafting, Far::Published, Far::Copied, Far::Swept];
    for all in 0..rounds("LMSYNCD_TEST_KILLS", ROUNDS) {
        let (number, far) = (all / ROUNDS, steps[all % steps.len()]);
        let dir = place.path().join(format!("state-{number}"));
        if all % ROUNDS == 0 {
            heard = Heard::default();
        }
        let mut command = Command::new(&itself);
        command.env(PRUNES, "1");
        let mut child = start(&dir, command);
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        for line in lines.by_ref() {
            let line = line.expect("read");
            heard.hear(&line);
            if line.contains("pruning") {
                break;
            }
        }
        let before = names(&dir);
        // What is too quick to be seen at this pruning is seen at one of the next.
        let mut looks = 0;
        while looks < 1_000_000 && !is_as_far(far, &before, &names(&dir)) {
            looks += 1;
        }
        child.kill().expect("killed");
        for line in lines {
            heard.hear(&line.expect("read"));
        }
        child.wait().expect("gone");
        for finding in verify(&dir, &mut heard, UNDER_WAY) {
            match finding {
                Finding::NewStore | Finding::TornLineCut { .. } | Finding::Replayed(_) => {}
                Finding::IndexRenewed { .. } => renewed += 1,
                damage => panic!("a kill damages no ledger, at {far:?}: {damage}"),
            }
        }
        let is_known = |name: &String| {
            name.ends_with(".jsonl") || name.contains(".torn-") || name == "head.json"
        };
        assert!(names(&dir).iter().all(is_known));
    }
    assert!(renewed > 0, "no kill met a pruning between its steps: it was never put to the test");
}

#[test]
fn whatever_was_acknowledged_survives_a_full_disk() {
    let _alone = alone();
    let place = tempfile::tempdir().expect("a folder");
    // First it is the index that meets the limit, then the ledger.
    for (blocks, rejects, met) in [(3_000, 0, "index"), (5_000, 0, "index"), (6_000, 40, "write")] {
        let dir = place.path().join(format!("state-{blocks}"));
        // A limit on the size of files is what a quota looks like from inside, and needs no
        // rights: with the signal ignored, a write beyond it fails.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let shell = || {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(&script).arg(env::current_exe().expect("a test binary"));
            shell.env(REJECTS, rejects.to_string());
            shell
        };
        let mut child = start(&dir, shell());
        let mut heard = Heard::default();
        for line in BufReader::new(child.stdout.take().expect("piped")).lines() {
            heard.hear(&line.expect("read"));
        }
        assert!(child.wait().expect("gone").success());
        assert_eq!(heard.refused.len(), CLIENTS as usize, "{:?}", heard.refused);
        let first = heard.refused.iter().any(|why| why.starts_with(met));
        assert!(first, "{met}: {:?}", heard.refused);
        assert!(heard.lines > 50, "only {} commits fitted", heard.lines);
        // A restart while the disk is still full may fail, and must not make it worse.
        let again = start(&dir, shell()).wait_with_output().expect("gone");
        for line in String::from_utf8_lossy(&again.stdout).lines() {
            heard.hear(line);
        }
        verify(&dir, &mut heard, UNDER_WAY);
    }
}

/// The only test that sees a sync: after a kill the kernel still writes what it was given.
#[test]
#[ignore = "needs root, loop devices and python3"]
fn whatever_was_acknowledged_survives_a_loss_of_power() {
    let _alone = alone();
    let is_damage = |finding: &Finding| {
        matches!(finding, Finding::LedgerRepaired { .. } | Finding::BaseUnusable(_))
    };
    let disk = Disk::new();
    let itself = env::current_exe().expect("a test binary");
    let (mut heard, mut acknowledged) = (Heard::default(), 0);
    for all in 0..rounds("LMSYNCD_TEST_POWER_CUTS", CUTS) {
        let (number, round) = (all / CUTS, all % CUTS);
        let dir = disk.mounted().join(format!("state-{number}"));
        if round == 0 && number > 0 {
            let before = disk.mounted().join(format!("state-{}", number - 1));
            std::fs::remove_dir_all(before).expect("removed");
            acknowledged += std::mem::take(&mut heard).lines;
        }
        let mut command = Command::new(&itself);
        if round % 2 == 1 {
            command.env(PRUNES, "1");
        }
        let mut child = start(&dir, command);
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let enough = heard.lines + if round % 5 == 4 { 0 } else { round * 11 % 90 + 1 };
        for line in lines.by_ref() {
            heard.hear(&line.expect("read"));
            if heard.lines >= enough {
                break;
            }
        }
        disk.lose_power();
        child.kill().expect("killed");
        // What it says from the cut on does not count, and no machine without power says anything:
        // here a sync that is under way at the cut may succeed, though the journal is gone.
        drop(lines);
        child.wait().expect("gone");
        disk.remount();
        for finding in verify(&dir, &mut heard, u32::MAX) {
            assert!(!is_damage(&finding), "round {all}: {finding}");
        }
    }
    say(&format!("{} commits were acknowledged", acknowledged + heard.lines));
}
