//! One row that makes no sense costs its own agreement, and a fault of the program its own work:
//! everybody else's run goes on, and whoever asked is told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::test_daemon::{TestDaemon, busily, noon, stories};
use crate::support::transport::InProcess;
use chrono::TimeDelta;
use futures_util::future::BoxFuture;
use lmsyncd::autotask::{HttpRequest, HttpResponse, Progress, Transport, TransportError};
use lmsyncd::model::{Actor, ClientId, ClientRef, Code, Field, RunResult};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A tenant in which fields of some rows hold something else, and on the way to which the program
/// may have a fault.
struct Odd {
    tenant: InProcess,
    way: Arc<Way>,
}

/// In the rows of an entity that hold a number in a field: another field, and its value.
type OddRows = (&'static str, (&'static str, i64), &'static str, Value);

#[derive(Default)]
struct Way {
    rows: Mutex<Vec<OddRows>>,
    /// What time it is at Autotask.
    date: Mutex<Option<String>>,
    /// Whether asking for agreements panics.
    panics: AtomicBool,
}

impl Transport for Odd {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let url = request.url().to_owned();
        Box::pin(async move {
            let panics = self.way.panics.load(Ordering::SeqCst);
            assert!(!panics || !url.ends_with("/Contracts/query"), "a fault of this program");
            let mut response = self.tenant.send(request).await?;
            if let Some(date) = &*self.way.date.lock().expect("the date") {
                response.headers.push(("date".to_owned(), date.clone()));
            }
            let odd = self.way.rows.lock().expect("the rows").clone();
            let odd = odd.iter().filter(|odd| url.ends_with(&format!("/{}/query", odd.0)));
            for (_, (key, number), field, value) in odd {
                let mut page: Value = serde_json::from_slice(&response.body).expect("JSON");
                let items = page["items"].as_array_mut().expect("items").iter_mut();
                for row in items.filter(|row| row[*key] == json!(number)) {
                    row[*field] = value.clone();
                }
                response.body = page.to_string().into_bytes();
            }
            Ok(response)
        })
    }
}

struct World {
    _folder: TempDir,
    way: Arc<Way>,
    daemon: TestDaemon,
}

const ACME: (i64, &str) = (174, "Acme Dental");
const TRADERS: (i64, &str) = (175, "Northwind Traders");
const LOGISTICS: (i64, &str) = (176, "Northwind Logistics");

fn client((id, name): (i64, &str)) -> ClientRef {
    ClientRef { id: ClientId(id), name: name.to_owned() }
}

impl World {
    fn new() -> World {
        let (folder, tenant) = (TempDir::new().expect("a folder"), stories());
        let way = Arc::new(Way::default());
        let transport = Odd { tenant: InProcess(tenant.clone()), way: Arc::clone(&way) };
        let daemon = TestDaemon::start_over(folder.path(), &tenant, Arc::new(transport), noon());
        World { _folder: folder, way, daemon }
    }

    fn set(
        &self,
        entity: &'static str,
        of: (&'static str, i64),
        field: &'static str,
        value: Value,
    ) {
        self.way.rows.lock().expect("the rows").push((entity, of, field, value));
    }

    async fn switch_on(&self) {
        let dana = Actor { uid: Some(1000), name: "dana".to_owned(), pid: None };
        let clients = [ACME, TRADERS, LOGISTICS].map(client);
        let on = self.daemon.engine.schedule.switch(&clients, true, None, &dana);
        busily(on).await.expect("switched");
    }

    /// The last result of each client, and the first reject of its run.
    fn results(&self) -> Vec<(i64, RunResult, Option<String>)> {
        let runs = self.daemon.runs();
        let last = |(id, _): (i64, &str)| {
            let run = runs.iter().filter(|run| run.client.id.0 == id).max_by_key(|run| run.id);
            let run = run.expect("a run");
            let record = self.daemon.engine.book.run(run.id.expect("a number"));
            let rejects = record.expect("the run").run.rejects;
            let reject = rejects.first();
            (id, run.result, reject.map(|one| format!("{} {}: {}", one.key, one.field, one.reason)))
        };
        [ACME, TRADERS, LOGISTICS].map(last).to_vec()
    }
}

#[tokio::test(start_paused = true)]
async fn an_amount_that_nobody_bills_rejects_its_line_and_nobody_else_waits() {
    for absurd in [json!(1e28), json!(-8e26), json!(1e16)] {
        let world = World::new();
        world.set("ContractServiceUnits", ("contractServiceID", 55_102), "price", absurd);
        world.switch_on().await;
        world.daemon.until_runs(3).await;
        let results = world.results();
        let (_, result, reject) = &results[0];
        assert_eq!(*result, RunResult::Partial);
        let reject = reject.as_deref().expect("a reject");
        assert!(reject.contains(" price: "), "{reject}");
        assert!(reject.contains("more than 1,000,000,000,000,000"), "{reject}");
        for (id, result, reject) in &results[1..] {
            assert_eq!((*result, reject), (RunResult::Ok, &None), "{id}");
        }
        let (acme, progress) = (client(ACME), Progress::new());
        let look = world.daemon.engine.syncs.preview(&acme, &progress);
        assert!(busily(look).await.is_ok(), "who looks is answered");
        world.daemon.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_text_that_no_field_holds_rejects_its_agreement_and_nobody_else_waits() {
    let world = World::new();
    let long = json!("x".repeat(9_000));
    world.set("Contracts", ("companyID", 175), "description", long);
    world.switch_on().await;
    world.daemon.until_runs(3).await;
    let results = world.results();
    assert_eq!((results[0].1, results[2].1), (RunResult::Ok, RunResult::Ok));
    let reject = results[1].2.as_deref().expect("a reject");
    assert_eq!(reject, "A29683401 description: description has 9,000 characters, more than 8,000");
    world.daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_row_that_spoils_its_page_costs_its_own_client_the_run_and_no_other() {
    let world = World::new();
    world.switch_on().await;
    world.daemon.until_runs(3).await;
    world.set("Contracts", ("companyID", 175), "id", json!("seven"));
    world.daemon.reload("[sync]\nnew-clients = \"ignore\"").await;
    tokio::time::advance(std::time::Duration::from_secs(25 * 3600)).await;
    // A page that makes no sense may be whole the next time, so each is tried four times.
    for _ in 0..100_000 {
        if world.daemon.runs().len() >= 6 {
            break;
        }
        tokio::time::advance(std::time::Duration::from_millis(20)).await;
    }
    world.daemon.until_runs(6).await;
    let results: Vec<RunResult> =
        world.results().into_iter().map(|(_, result, _)| result).collect();
    assert_eq!(results, [RunResult::Ok, RunResult::Failed, RunResult::Ok]);
    let runs = world.daemon.runs();
    let failed = runs.iter().find_map(|run| run.error.clone()).expect("why it failed");
    assert_eq!(failed.code, Code::AutotaskFailed);
    assert!(failed.message.contains("id is \"seven\""), "{}", failed.message);
    world.daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_program_is_a_failed_run_and_the_next_one_is_good() {
    let world = World::new();
    world.switch_on().await;
    world.daemon.until_runs(3).await;
    world.way.panics.store(true, Ordering::SeqCst);
    tokio::time::advance(std::time::Duration::from_secs(25 * 3600)).await;
    world.daemon.until_runs(6).await;
    for (id, result, _) in world.results() {
        assert_eq!(result, RunResult::Failed, "{id}");
    }
    let board = world.daemon.runs();
    let error = board.iter().max_by_key(|run| run.id).and_then(|run| run.error.clone());
    let error = error.expect("why it failed");
    assert_eq!(error.code, Code::Internal);
    assert!(error.message.contains("lmsyncd has a fault"), "{}", error.message);
    world.way.panics.store(false, Ordering::SeqCst);
    tokio::time::advance(std::time::Duration::from_secs(3600)).await;
    world.daemon.until_runs(9).await;
    for (id, result, _) in world.results() {
        assert_eq!(result, RunResult::Ok, "{id}");
    }
    let kept = world.daemon.engine.book.contracts(Some(&client(ACME))).expect("contracts");
    assert!(kept.iter().any(|contract| contract.text(Field::Name).contains("Managed")));
    world.daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn with_clocks_that_differ_by_hours_nothing_is_stored_and_nothing_is_pruned() {
    let world = World::new();
    let differ = |by: TimeDelta| {
        let date = (noon() + by).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        *world.way.date.lock().expect("the date") = Some(date);
    };
    let book = &world.daemon.engine.book;
    for by in [TimeDelta::days(-400), TimeDelta::hours(7)] {
        differ(by);
        let (acme, progress) = (client(ACME), Progress::new());
        let look = busily(world.daemon.engine.syncs.preview(&acme, &progress)).await;
        let failure = look.expect_err("no day can be told");
        assert_eq!(failure.code, Code::AutotaskFailed);
        let (ours, theirs) = (noon(), noon() + by);
        for clock in [ours, theirs] {
            let told = clock.format("%Y-%m-%d %H:%M").to_string();
            assert!(failure.message.contains(&told), "{}", failure.message);
        }
        let pruned = busily(book.prune(false)).await.expect_err("not by this clock");
        assert!(pruned.message.contains("the clock of this server says"), "{}", pruned.message);
    }
    differ(TimeDelta::hours(-5));
    world.switch_on().await;
    world.daemon.until_runs(3).await;
    assert!(world.results().iter().all(|(_, result, _)| *result == RunResult::Ok));
    assert!(busily(book.prune(false)).await.is_ok());
    world.daemon.stop().await;
}
