//! A client whose first agreement appears, on a clock that the test moves.

use crate::support::test_daemon::{TestDaemon, busily, hours, noon, stories};
use lmsyncd::autotask::Progress;
use lmsyncd::demo::tenant::Tenant;
use lmsyncd::engine::Newcomer;
use lmsyncd::model::{Actor, ClientId, ClientRef, Event, EventName};
use rust_decimal::Decimal;
use tempfile::TempDir;
use tokio::time::advance;

/// The id of a service of the catalogue: remote monitoring.
const SERVICE: i64 = 301;

fn acme() -> ClientRef {
    ClientRef { id: ClientId(174), name: "Acme Dental".to_owned() }
}

/// A daemon that keeps Acme, and the companies that have no agreement.
async fn keeping_acme(
    folder: &TempDir,
    tenant: &Tenant,
    config: &str,
) -> (TestDaemon, Vec<ClientRef>) {
    let daemon = TestDaemon::start(folder.path(), tenant, noon());
    daemon.reload(config).await;
    let (companies, _) = busily(daemon.engine.clients.clients(None, true, false, &Progress::new()))
        .await
        .expect("a list");
    let without = companies.into_iter().filter(|company| company.agreements == 0);
    let without: Vec<ClientRef> = without.map(|company| company.client).collect();
    assert!(!without.is_empty());
    daemon.switch_on(&[acme()], None).await;
    daemon.until_runs(1).await;
    daemon.settle().await;
    (daemon, without)
}

/// Gives a client its first agreement, with 3 units of a service at 12.50.
fn first_agreement(tenant: &Tenant, client: &ClientRef) {
    let contract = tenant.add_contract(client.id.0, "First one").expect("added");
    tenant.add_service(contract, SERVICE, 3, Decimal::new(1250, 2)).expect("added");
}

/// Lets a night pass.
async fn a_day(daemon: &TestDaemon) {
    advance(hours(24)).await;
    daemon.settle().await;
    daemon.pass(3).await;
}

fn newcomers(daemon: &TestDaemon) -> Vec<Newcomer> {
    daemon.engine.observe.board(None).expect("a board").newcomers
}

fn told(events: &mut lmsyncd::engine::Subscription) -> Vec<Event> {
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        told.extend((event.name == EventName::ClientNew).then(|| (*event).clone()));
    }
    told
}

#[tokio::test(start_paused = true)]
async fn a_first_agreement_is_told_once_with_its_money_until_somebody_decides() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let (daemon, without) = keeping_acme(&folder, &tenant, "").await;
    let mut events = daemon.engine.observe.subscribe().expect("a place");
    // What was there before the daemon came is no news.
    assert_eq!((newcomers(&daemon), told(&mut events)), (Vec::new(), Vec::new()));

    first_agreement(&tenant, &without[0]);
    // Another agreement of a client that is kept is that client's.
    tenant.add_contract(174, "One more").expect("added");
    a_day(&daemon).await;
    let new = newcomers(&daemon);
    let [newcomer] = &new[..] else { panic!("one newcomer: {new:?}") };
    assert_eq!((&newcomer.client, newcomer.agreements.len()), (&without[0], 1));
    assert_eq!(newcomer.effects[0].per_month().to_string(), "37.50", "{newcomer:?}");
    let events_told = told(&mut events);
    let [event] = &events_told[..] else { panic!("one event: {events_told:?}") };
    assert!(event.message.contains("first agreement") && event.message.contains("+37.50 USD"));
    assert_eq!(event.items.len(), 2);

    // A day later it is no news, but still true.
    a_day(&daemon).await;
    assert_eq!((newcomers(&daemon).len(), told(&mut events).len()), (1, 0));

    // What is ignored is decided, and what is switched on.
    let (key, by) = (newcomer.agreements[0], Actor::daemon());
    busily(daemon.engine.review.ignore(key, None, None, &by)).await.expect("ignored");
    assert_eq!(newcomers(&daemon), []);
    busily(daemon.engine.review.unignore(key, &by)).await.expect("not ignored any more");
    assert_eq!(newcomers(&daemon).len(), 1);

    // One that is ignored decides nothing of the next, which is not the client's first.
    busily(daemon.engine.review.ignore(key, None, None, &by)).await.expect("ignored");
    tenant.add_contract(without[0].id.0, "Second one").expect("added");
    a_day(&daemon).await;
    let new = newcomers(&daemon);
    assert!(matches!(&new[..], [newcomer] if newcomer.agreements.len() == 2), "{new:?}");
    assert_eq!(told(&mut events), []);
    daemon.switch_on(&[without[0].clone()], None).await;
    assert_eq!(newcomers(&daemon), []);
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_new_client_can_be_switched_on_at_once_or_be_ignored() {
    for (wanted, on, told_of) in [("auto", true, 1), ("ignore", false, 0)] {
        let folder = TempDir::new().expect("a folder");
        let tenant = stories();
        let config = format!("[sync]\nnew-clients = \"{wanted}\"");
        let (daemon, without) = keeping_acme(&folder, &tenant, &config).await;
        let mut events = daemon.engine.observe.subscribe().expect("a place");
        first_agreement(&tenant, &without[0]);
        a_day(&daemon).await;
        daemon.pass(5).await;
        assert_eq!(told(&mut events).len(), told_of, "{wanted}");
        let state = daemon.store.client(without[0].id).expect("the store");
        assert_eq!(state.is_some_and(|state| state.auto_sync && state.last_synced.is_some()), on);
        assert_eq!(newcomers(&daemon), []);
        daemon.stop().await;
    }
}
