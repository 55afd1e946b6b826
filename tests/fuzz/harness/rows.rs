//! An answer of Autotask in the place of the rows of one entity: the first line names the entity,
//! the rest is the body. It goes through reading, conversion, guard and commit of one client.
//!
//! Once Autotask answers as ever again, so does a sync: nothing that was stored stands in its way.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use lmsyncd::autotask::{HttpRequest, HttpResponse, Progress, Transport, TransportError};
use lmsyncd::demo::tenant::Tenant;
use lmsyncd::engine::{SyncReport, SyncRequest, WaitPolicy};
use lmsyncd::model::{Actor, ClientId, ClientRef, Code, Failure, RunResult, Trigger};
use lmsyncd::policy::select::Choice;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::titled;
use crate::support::test_daemon::{TestDaemon, noon, stories};
use crate::support::transport::InProcess;

/// How many inputs one daemon takes: its ledger grows with each.
const INPUTS: usize = 300;

/// Clients whose agreements are of every type.
const CLIENTS: [i64; 3] = [174, 175, 177];

/// The body that stands in the place of an entity's rows.
type Swapped = Arc<Mutex<Option<(String, Vec<u8>)>>>;

struct Swap {
    tenant: InProcess,
    swapped: Swapped,
}

impl Transport for Swap {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let swapped = self.swapped.lock().expect("a body").clone();
        let asks = |entity: &str| request.url().ends_with(&format!("/{entity}/query"));
        match swapped {
            Some((entity, body)) if asks(&entity) => {
                Box::pin(async { Ok(HttpResponse::new(200, Vec::new(), body)) })
            }
            _ => self.tenant.send(request),
        }
    }
}

struct World {
    tenant: Tenant,
    daemon: TestDaemon,
    swapped: Swapped,
    runtime: Runtime,
    taken: usize,
    _folder: TempDir,
}

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

/// Syncs a client while the input is what Autotask answers, and again when it is not.
pub fn run(input: &[u8]) {
    let (entity, body) = titled(input);
    let Ok(entity) = std::str::from_utf8(entity) else { return };
    WORLD.with_borrow_mut(|world| {
        world.take_if(|world| world.taken == INPUTS);
        let world = world.get_or_insert_with(World::new);
        world.taken += 1;
        *world.swapped.lock().expect("a body") = Some((entity.to_owned(), body.to_vec()));
        world.sync_all();
        *world.swapped.lock().expect("a body") = None;
        for (report, client) in world.sync_all().into_iter().zip(CLIENTS) {
            let report = report.unwrap_or_else(|failure| panic!("client {client}: {failure:?}"));
            let good = [RunResult::Ok, RunResult::Partial, RunResult::Held];
            assert!(good.contains(&report.run.result), "client {client}: {:?}", report.run);
        }
    });
}

impl World {
    fn new() -> World {
        let builder = &mut Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
        let (folder, tenant) = (TempDir::new().expect("a folder"), stories());
        let swapped = Swapped::default();
        let transport = Swap { tenant: InProcess(tenant.clone()), swapped: Arc::clone(&swapped) };
        let daemon = runtime.block_on(async {
            TestDaemon::start_over(folder.path(), &tenant, Arc::new(transport), noon())
        });
        let world = World { tenant, daemon, swapped, runtime, taken: 0, _folder: folder };
        for report in world.sync_all() {
            report.expect("the first import");
        }
        world
    }

    /// Looks at each client and syncs it. Where that is a fault of the program, the input found one.
    fn sync_all(&self) -> Vec<Result<SyncReport, Failure>> {
        self.runtime.block_on(async {
            // The hour's requests are spent again, here and there.
            self.tenant.limits().set_used(0);
            tokio::time::advance(Duration::from_secs(3700)).await;
            let mut reports = Vec::new();
            for id in CLIENTS {
                let client = ClientRef { id: ClientId(id), name: String::new() };
                let order = SyncRequest {
                    client: client.clone(),
                    choice: Choice::All,
                    dry: false,
                    trigger: Trigger::Manual,
                    actor: Actor::daemon(),
                };
                let syncs = &self.daemon.engine.syncs;
                let seen = in_no_time(self.daemon.preview(&client)).await;
                let report = in_no_time(syncs.sync(order, WaitPolicy::None, Progress::new())).await;
                for failure in [seen.err(), report.as_ref().err().cloned()].into_iter().flatten() {
                    assert_ne!(failure.code, Code::Internal, "{}", failure.message);
                }
                reports.push(report);
            }
            reports
        })
    }
}

/// Waits for something while its timers pass in no time, and the store's own thread takes its own.
async fn in_no_time<T>(what: impl Future<Output = T>) -> T {
    let mut what = std::pin::pin!(what);
    for turn in 0_u64.. {
        tokio::select! {
            biased;
            result = &mut what => return result,
            () = tokio::task::yield_now() => {}
        }
        if turn % 200 == 199 {
            tokio::time::advance(Duration::from_millis(250)).await;
        }
    }
    unreachable!("turns do not end")
}
