//! A walk that spans pages and loses rows on the way is not taken for all there is: the run fails,
//! and nothing is written.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::test_daemon::{TestDaemon, busily, noon, stories};
use crate::support::transport::InProcess;
use futures_util::future::BoxFuture;
use lmsyncd::autotask::{HttpRequest, HttpResponse, Transport, TransportError};
use lmsyncd::demo::tenant::{Counters, Tenant};
use lmsyncd::model::{Actor, ClientId, ClientRef, Code, RunResult};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::advance;

/// Agreements of one client: more than a page holds.
const MANY: usize = 600;

/// Loses the last row of second pages of Contracts, and lets the page look whole.
struct Lossy {
    tenant: InProcess,
    losses: Arc<Losses>,
}

/// Which second pages of Contracts lose a row, from the first that was asked for.
#[derive(Default)]
struct Losses {
    asked: AtomicUsize,
    lost: Mutex<Range<usize>>,
}

impl Losses {
    fn hits(&self) -> bool {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        self.lost.lock().expect("a range").contains(&number)
    }

    fn set(&self, lost: Range<usize>) {
        *self.lost.lock().expect("a range") = lost;
    }
}

impl Transport for Lossy {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let is_rows = request.url().ends_with("/Contracts/query");
        let body: Value = serde_json::from_str(request.body().unwrap_or("null")).expect("JSON");
        let is_second = is_rows && body["filter"][0]["value"].as_i64() > Some(0);
        Box::pin(async move {
            let mut response = self.tenant.send(request).await?;
            if is_second && self.losses.hits() {
                let mut page: Value = serde_json::from_slice(&response.body).expect("JSON");
                let rows = page["items"].as_array_mut().expect("items");
                rows.pop().expect("a row");
                let left = rows.len();
                page["pageDetails"]["count"] = json!(left);
                response.body = page.to_string().into_bytes();
            }
            Ok(response)
        })
    }
}

struct World {
    _folder: TempDir,
    tenant: Tenant,
    losses: Arc<Losses>,
    daemon: TestDaemon,
    client: ClientRef,
}

impl World {
    async fn new() -> World {
        let (folder, tenant) = (TempDir::new().expect("a folder"), stories());
        for number in 0..MANY {
            tenant.add_contract(174, &format!("Care {number}")).expect("it is added");
        }
        let losses = Arc::new(Losses::default());
        let transport = Lossy { tenant: InProcess(tenant.clone()), losses: Arc::clone(&losses) };
        let daemon = TestDaemon::start_over(folder.path(), &tenant, Arc::new(transport), noon());
        // Looking for new clients asks for agreements too.
        daemon.reload("[sync]\nnew-clients = \"ignore\"").await;
        let client = ClientRef { id: ClientId(174), name: "Acme Dental".to_owned() };
        World { _folder: folder, tenant, losses, daemon, client }
    }

    async fn switch_on(&self) {
        let dana = Actor { uid: Some(1000), name: "dana".to_owned(), pid: None };
        let on = self.daemon.engine.schedule.switch(
            std::slice::from_ref(&self.client),
            true,
            None,
            &dana,
        );
        busily(on).await.expect("switched");
    }

    fn stored(&self) -> usize {
        let contracts = self.daemon.engine.book.contracts(Some(&self.client)).expect("contracts");
        contracts.iter().filter(|contract| contract.vanished.is_none()).count()
    }

    fn counters(&self) -> Counters {
        self.tenant.counters()
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_lost_once_costs_a_second_reading() {
    let world = World::new().await;
    // The switch looks first, and then the run reads.
    world.losses.set(1..2);
    world.switch_on().await;
    world.daemon.until_runs(1).await;
    assert_eq!(world.daemon.runs()[0].result, RunResult::Ok);
    assert!(world.stored() > MANY);
    assert_eq!(world.counters().requests("Contracts/query"), 2 + 4, "two pages, twice");
    assert_eq!(world.counters().requests("Contracts/query/count"), 1 + 2);
    world.daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn where_rows_stay_lost_nothing_is_written() {
    let world = World::new().await;
    world.losses.set(1..3);
    world.switch_on().await;
    world.daemon.until_runs(1).await;
    let run = &world.daemon.runs()[0];
    assert_eq!(run.result, RunResult::Failed);
    let error = run.error.as_ref().expect("an error");
    assert_eq!(error.code, Code::AutotaskFailed);
    assert!(error.message.contains("the rows of Contracts changed"), "{}", error.message);
    assert_eq!(world.stored(), 0);
    world.daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn where_rows_are_lost_later_what_was_there_stays() {
    let world = World::new().await;
    world.switch_on().await;
    world.daemon.until_runs(1).await;
    let before = world.stored();
    assert!(before > MANY);
    world.losses.set(2..4);
    advance(std::time::Duration::from_secs(25 * 3600)).await;
    world.daemon.until_runs(2).await;
    let runs = world.daemon.runs();
    assert_eq!(runs.iter().filter(|run| run.result == RunResult::Failed).count(), 1);
    assert_eq!(world.stored(), before, "a row that was lost is no contract that is gone");
    world.daemon.stop().await;
}
