//! Answers that are not what Autotask meant, many of them, from a seed: numbers, texts, dates, ids,
//! nulls and other types in rows of one or two clients, rows that come twice, JSON that is cut.
//!
//! A batch of all clients is due again and again. What holds in each round:
//!
//! - nothing panics, and no run ends by a fault of the program;
//! - only a client whose row was changed may be without a good run;
//! - nothing that was stored is lost: no contract and no note.
//!
//! A row stays as it was changed for the whole round; an answer is cut the first time that it is asked
//! for, or not at all. `LMSYNCD_MUTATED_ANSWERS` says how many answers the long test changes, and
//! `LMSYNCD_MUTATED_SEED` from which seed on.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::test_daemon::{TestDaemon, busily, clients, generated, noon};
use crate::support::transport::InProcess;
use fastrand::Rng;
use futures_util::future::BoxFuture;
use lmsyncd::autotask::{HttpRequest, HttpResponse, Transport, TransportError};
use lmsyncd::demo::tenant::{Entity, Tenant};
use lmsyncd::model::{Actor, ClientId, Code, Field, ItemKey, RunResult, Value as Stored};
use lmsyncd::store::{Commit, Store, Write};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::advance;

/// How many clients a batch has.
const CLIENTS: usize = 50;

/// After how many rounds another tenant and another store are taken.
const ROUNDS: usize = 100;

/// One in so many answers of a round is not whole.
const CUT: u32 = 6;

/// How much more memory than after the first rounds may be in use at any time, in kB.
const MEMORY_KB: u64 = 64 << 10;

/// Where the rows of a client are.
const OF_CLIENTS: [Entity; 11] = [
    Entity::Contracts,
    Entity::ContractServices,
    Entity::ContractServiceUnits,
    Entity::ContractServiceBundles,
    Entity::ContractServiceBundleUnits,
    Entity::ContractBlocks,
    Entity::ContractRetainers,
    Entity::ContractTicketPurchases,
    Entity::ContractMilestones,
    Entity::ContractCharges,
    Entity::ContractBillingRules,
];

/// A row that is not what it was.
#[derive(Debug, Clone)]
struct Bad {
    entity: Entity,
    id: i64,
    change: Change,
}

#[derive(Debug, Clone)]
enum Change {
    /// A field holds something else.
    Field(String, Value),
    /// It stands in the page twice.
    Twice,
}

#[derive(Default)]
struct Round {
    bad: Vec<Bad>,
    rng: Option<Rng>,
    /// What was asked already: its answer is cut the first time, or never.
    asked: HashSet<(String, String)>,
    /// How many answers were changed so far, in all rounds.
    changed: u64,
}

/// A tenant on the way to which answers change.
struct Mutating {
    tenant: InProcess,
    round: Arc<Mutex<Round>>,
}

impl Transport for Mutating {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let asked = (request.url().to_owned(), request.body().unwrap_or_default().to_owned());
        Box::pin(async move {
            let mut response = self.tenant.send(request).await?;
            let mut round = self.round.lock().expect("the round");
            if round.answer(&asked, &mut response.body) {
                round.changed += 1;
            }
            Ok(response)
        })
    }
}

impl Round {
    /// Changes an answer, and says whether it did.
    fn answer(&mut self, asked: &(String, String), body: &mut Vec<u8>) -> bool {
        let Some(rng) = &mut self.rng else { return false };
        if self.asked.insert(asked.clone()) && rng.u32(..CUT) == 0 {
            *body = garbled(rng, body);
            return true;
        }
        let of = |bad: &&Bad| asked.0.ends_with(&format!("/{}/query", bad.entity.path()));
        let bad: Vec<&Bad> = self.bad.iter().filter(of).collect();
        let Ok(mut page) = serde_json::from_slice::<Value>(body) else { return false };
        let Some(rows) = page["items"].as_array_mut() else { return false };
        let mut changed = false;
        for bad in bad {
            let Some(at) = rows.iter().position(|row| row["id"] == bad.id) else { continue };
            changed = true;
            match &bad.change {
                Change::Field(field, value) => rows[at][field] = value.clone(),
                Change::Twice => rows.insert(at, rows[at].clone()),
            }
        }
        if changed {
            *body = page.to_string().into_bytes();
        }
        changed
    }
}

/// What arrives in the place of a body.
fn garbled(rng: &mut Rng, body: &[u8]) -> Vec<u8> {
    match rng.u8(..6) {
        0 => Vec::new(),
        1 => b"<html><body>Service Unavailable</body></html>".to_vec(),
        2 => [body, b"}"].concat(),
        _ => body[..rng.usize(..body.len().max(1))].to_vec(),
    }
}

/// Something that may stand in a field, whatever the field is.
fn odd(rng: &mut Rng, others: &[i64]) -> Value {
    let number = |text: &str| serde_json::from_str(text).expect("a number");
    match rng.u8(..24) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!([]),
        3 => json!({"a": [1, null]}),
        4 => json!(""),
        5 => json!("x".repeat(rng.usize(1..20_000))),
        6 => json!("\u{202e}\u{1b}[2J\u{0}\u{7f}\n\t"),
        7 => json!(1e28),
        8 => json!(-8e26),
        9 => number("1e400"),
        10 => number(&"9".repeat(60)),
        11 => number("0.000000000000000000000000000000000001"),
        12 => json!(rng.i64(..)),
        13 => json!(rng.i64(-1000..1000)),
        14 => json!(rng.f64() * 1e6),
        15 => json!(i64::MAX),
        16 => number("18446744073709551616"),
        17 => json!("0000-13-45T00:00:00"),
        18 => json!("9999-12-31T23:59:59.999Z"),
        19 => json!("0001-01-01T00:00:00Z"),
        20 => json!(format!("20{}-02-30", rng.u8(10..99))),
        21 => json!(rng.i64(..).to_string()),
        22 => json!(rng.choice(others).expect("others")),
        _ => json!(-rng.i64(1..100_000)),
    }
}

/// A tenant with the rows of each client, and a daemon that syncs them all.
struct World {
    seed: u64,
    tenant: Tenant,
    folder: TempDir,
    daemon: TestDaemon,
    round: Arc<Mutex<Round>>,
    rows: BTreeMap<ClientId, Vec<(Entity, i64, Vec<String>)>>,
}

type Kept = BTreeMap<ItemKey, Option<Stored>>;

/// How a run ended, and why it did not end well.
type Ended = (RunResult, Option<(Code, String)>);

impl World {
    async fn new(seed: u64, round: Arc<Mutex<Round>>) -> World {
        let (folder, tenant) = (TempDir::new().expect("a folder"), generated(CLIENTS, seed));
        let transport = Mutating { tenant: InProcess(tenant.clone()), round: Arc::clone(&round) };
        let daemon = TestDaemon::start_over(folder.path(), &tenant, Arc::new(transport), noon());
        let rows = rows_by_client(&tenant);
        let all: Vec<_> =
            clients(&tenant).into_iter().filter(|one| rows.contains_key(&one.id)).collect();
        assert_eq!(all.len(), CLIENTS);
        let world = World { seed, tenant, folder, daemon, round, rows };
        world.daemon.switch_on(&all, None).await;
        world.until_tried(0).await;
        world.write_notes().await;
        world
    }

    /// A note on one contract of each client.
    async fn write_notes(&self) {
        let mut contracts = Vec::new();
        for client in self.rows.keys() {
            let of_client = self.daemon.store.contracts(*client).expect("contracts");
            let Some(before) = of_client.into_iter().next() else { continue };
            let mut after = before.clone();
            after.local.insert(Field::Notes, Stored::Text(format!("a note of client {client}")));
            contracts.push(Write { before: Some(before), after: Some(after) });
        }
        assert!(contracts.len() > CLIENTS / 2);
        let commit = Commit { contracts, ..Commit::of(noon(), &Actor::daemon()) };
        busily(self.daemon.store.commit(commit)).await.expect("stored");
    }

    /// Lets time pass until every client had a run after the `seen`th.
    async fn until_tried(&self, seen: u64) {
        let patience = std::time::Instant::now() + Duration::from_secs(60);
        loop {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            let new = self.runs_after(seen);
            if new.len() == CLIENTS && self.daemon.engine.syncs.running().is_empty() {
                return;
            }
            assert!(std::time::Instant::now() < patience, "only {} clients had a run", new.len());
            advance(Duration::from_millis(50)).await;
        }
    }

    /// The first run of each client that is newer than the `seen`th.
    fn runs_after(&self, seen: u64) -> BTreeMap<ClientId, Ended> {
        let runs = self.daemon.store.runs(None, 4 * CLIENTS).expect("runs");
        let new = runs.into_iter().filter(|run| run.id.expect("a number").0 > seen);
        let told = |run: lmsyncd::model::Run| {
            let why = run.error.map(|error| (error.code, error.message));
            (run.client.id, (run.result, why))
        };
        new.map(told).collect()
    }

    fn last_run(&self) -> u64 {
        let runs = self.daemon.store.runs(None, 1).expect("runs");
        runs.first().map_or(0, |run| run.id.expect("a number").0)
    }

    /// Every contract that is stored, with its note.
    fn kept(&self) -> Kept {
        let contracts = self.daemon.store.all_contracts().expect("contracts").into_iter();
        contracts.map(|one| (one.key, one.local.get(&Field::Notes).cloned())).collect()
    }

    /// One batch in which rows of these clients are bad.
    async fn round(&self, rng: &mut Rng) {
        let ids: Vec<ClientId> = self.rows.keys().copied().collect();
        let victims: BTreeSet<ClientId> =
            (0..rng.usize(1..=2)).map(|_| *rng.choice(&ids).expect("a client")).collect();
        let others: Vec<i64> = self
            .rows
            .values()
            .flatten()
            .map(|(_, id, _)| *id)
            .chain(ids.iter().map(|c| c.0))
            .collect();
        let bad = victims.iter().map(|client| self.bad(*client, rng, &others)).collect();
        self.hold(&victims, bad, rng.fork()).await;
    }

    /// One batch in which these rows are bad, of these clients: nobody else is without a good run.
    async fn hold(&self, victims: &BTreeSet<ClientId>, bad: Vec<Bad>, rng: Rng) {
        {
            let mut round = self.round.lock().expect("the round");
            round.bad.clone_from(&bad);
            round.asked.clear();
            round.rng = Some(rng);
        }
        let (before, seen) = (self.kept(), self.last_run());
        // Its hours are those of the machine's clock.
        self.tenant.limits().set_used(0);
        advance(Duration::from_secs(24 * 3600 + 1)).await;
        self.until_tried(seen).await;
        self.round.lock().expect("the round").rng = None;
        let is_wrong = |(client, (result, why)): &(ClientId, Ended)| {
            let is_fault = why.as_ref().is_some_and(|(code, _)| *code == Code::Internal);
            is_fault || (*result == RunResult::Failed && !victims.contains(client))
        };
        let wrong: Vec<_> = self.runs_after(seen).into_iter().filter(is_wrong).collect();
        let seed = self.seed;
        assert!(wrong.is_empty(), "seed {seed}, of {victims:?}, for {bad:?}: {wrong:?}");
        let after = self.kept();
        for (key, note) in &before {
            assert_eq!(after.get(key), Some(note), "{key} is not as it was, for {bad:?}");
        }
    }

    /// One row of a client, and what becomes of it.
    fn bad(&self, client: ClientId, rng: &mut Rng, others: &[i64]) -> Bad {
        let (entity, id, fields) = rng.choice(&self.rows[&client]).expect("a row").clone();
        let change = match rng.u8(..16) {
            0 => Change::Twice,
            _ => {
                let field = rng.choice(fields).expect("a field");
                Change::Field(field, odd(rng, others))
            }
        };
        Bad { entity, id, change }
    }

    /// Ends the daemon; the store opens again with all that it had.
    async fn end(self) {
        let (kept, head) = (self.kept(), self.daemon.store.head());
        let World { folder, daemon, .. } = self;
        daemon.stop().await;
        let (store, opening) = Store::open(&folder.path().join("store"), noon()).expect("it opens");
        assert!(!opening.is_damage(), "{opening:?}");
        assert!(store.head().seq >= head.seq);
        assert_eq!(store.check().expect("it is read").faults, [""; 0]);
        let stored: BTreeSet<ItemKey> =
            store.all_contracts().expect("contracts").into_iter().map(|one| one.key).collect();
        assert!(kept.keys().all(|key| stored.contains(key)), "a contract is lost");
    }
}

/// The rows of each client, each with the names of its fields.
fn rows_by_client(tenant: &Tenant) -> BTreeMap<ClientId, Vec<(Entity, i64, Vec<String>)>> {
    let mut rows: BTreeMap<ClientId, Vec<_>> = BTreeMap::new();
    let company = |contract: i64| tenant.get(Entity::Contracts, contract)?["companyID"].as_i64();
    for entity in OF_CLIENTS {
        for id in tenant.ids(entity) {
            let row = tenant.get(entity, id).expect("a row");
            let contract = if entity == Entity::Contracts {
                id
            } else {
                let Some(contract) = row["contractID"].as_i64() else { continue };
                contract
            };
            let Some(client) = company(contract).filter(|client| *client != 0) else { continue };
            let fields = row.as_object().expect("fields").keys().cloned().collect();
            rows.entry(ClientId(client)).or_default().push((entity, id, fields));
        }
    }
    rows
}

/// What `/proc/self/status` says of a key, in kB.
fn memory(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find(|line| line.starts_with(key)).expect("the key");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// Changes so many answers, from a seed on. Gives how many were changed in how many rounds.
async fn mutate(answers: u64, seed: u64, mut each_round: impl FnMut(u64)) -> (u64, u64) {
    let round = Arc::new(Mutex::new(Round::default()));
    let changed = || round.lock().expect("the round").changed;
    let mut rounds = 0;
    for seed in seed.. {
        if changed() >= answers {
            break;
        }
        let mut rng = Rng::with_seed(seed);
        let world = World::new(seed, Arc::clone(&round)).await;
        for _ in 0..ROUNDS {
            if changed() >= answers {
                break;
            }
            world.round(&mut rng).await;
            rounds += 1;
            each_round(rounds);
        }
        world.end().await;
    }
    (changed(), rounds)
}

fn asked(key: &str, default: u64) -> u64 {
    std::env::var(key).map_or(default, |text| text.parse().expect("a whole number"))
}

#[tokio::test(start_paused = true)]
async fn some_mutated_answers_cost_nobody_else_a_run() {
    let (changed, rounds) = mutate(60, 1, |_| ()).await;
    assert!(changed >= 60 && rounds > 1, "{changed} answers in {rounds} rounds");
}

/// Of these, each failed the whole batch once: what is missing is asked for by its id, and that answer
/// makes no sense.
#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_placed_costs_its_own_client_its_run_at_most() {
    let world = World::new(1, Arc::default()).await;
    let tiny = "0.000000000000000000000000000000000001";
    for (entity, field, value) in [
        (Entity::ContractServices, "id", serde_json::from_str(tiny).expect("a number")),
        (Entity::ContractServices, "contractID", json!({"a": [1, null]})),
        (Entity::ContractServiceBundles, "contractID", json!([])),
        (Entity::Contracts, "companyID", json!("nobody")),
        (Entity::ContractCharges, "id", json!(-7)),
    ] {
        let rows =
            world.rows.iter().flat_map(|(client, rows)| rows.iter().map(move |row| (*client, row)));
        let mut ids = rows.filter(|(_, row)| row.0 == entity).map(|(client, row)| (client, row.1));
        let (client, id) = ids.next().expect("a row");
        let bad = vec![Bad { entity, id, change: Change::Field(field.to_owned(), value) }];
        world.hold(&[client].into(), bad, Rng::with_seed(1)).await;
    }
    world.end().await;
}

/// The long one: 100,000 answers, and the memory that they take.
#[tokio::test(start_paused = true)]
#[ignore = "takes long: see docs/contributing.md"]
async fn mutated_answers() {
    let answers = asked("LMSYNCD_MUTATED_ANSWERS", 100_000);
    let mut rest = None;
    let judge = |round| {
        // Each tenant and its store are as large as the first.
        if round == 20 {
            rest = Some(memory("VmHWM:"));
        }
    };
    let (changed, rounds) = mutate(answers, asked("LMSYNCD_MUTATED_SEED", 1), judge).await;
    let peak = memory("VmHWM:");
    let rest = rest.unwrap_or(peak);
    assert!(peak <= rest + MEMORY_KB, "{peak} kB at the most, {rest} kB after 20 rounds");
    assert!(changed >= answers, "{changed} answers in {rounds} rounds");
}
