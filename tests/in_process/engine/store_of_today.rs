//! A store that was written before it was known how a cost is billed: the next run reads costs anew
//! and says so once, nothing is held, and nobody is alarmed.

use crate::support::test_daemon::{TestDaemon, busily, noon, stories};
use lmsyncd::autotask::Progress;
use lmsyncd::engine::{SyncRequest, WaitPolicy};
use lmsyncd::model::{
    Actor, ClientId, ClientRef, Contract, Field, PendingState, RunResult, Trigger, Value,
};
use lmsyncd::policy::select::Choice;
use lmsyncd::store::{Commit, Store, Write};
use rust_decimal::Decimal;
use tempfile::TempDir;

const ACME: ClientId = ClientId(174);
const CONFIG: &str = "[guard]\nhold-price-change-percent = 5";

/// What a contract has had only since costs are counted by rate and period amount.
const NEW: [Field; 7] = [
    Field::Billing,
    Field::BillingSince,
    Field::PeriodAmount,
    Field::PeriodStart,
    Field::PeriodEnd,
    Field::NextChangeDate,
    Field::NextChangeCost,
];

fn acme() -> ClientRef {
    ClientRef { id: ACME, name: String::new() }
}

fn order() -> SyncRequest {
    SyncRequest {
        client: acme(),
        choice: Choice::All,
        dry: false,
        trigger: Trigger::Manual,
        actor: Actor::daemon(),
    }
}

/// Makes the contracts of a store those of the old kind, in which each cost was counted twice.
async fn make_old(store: &Store) {
    let old = |contract: Contract| {
        let mut old = contract.clone();
        for field in NEW {
            old.source.remove(&field);
        }
        if let Some(Value::Number(cost)) = old.source.get_mut(&Field::BillingCost) {
            *cost *= Decimal::TWO;
        }
        Write { before: Some(contract), after: Some(old) }
    };
    let contracts = store.all_contracts().expect("contracts").into_iter().map(old).collect();
    let commit = Commit { contracts, ..Commit::of(noon(), &Actor::daemon()) };
    store.commit(commit).await.expect("written");
}

#[tokio::test(start_paused = true)]
async fn its_costs_are_read_anew_and_nothing_is_held_and_nobody_alarmed() {
    let (folder, tenant) = (TempDir::new().expect("a folder"), stories());
    let daemon = TestDaemon::start_with(folder.path(), &tenant, noon(), CONFIG);
    let sync = async || {
        let synced = daemon.engine.syncs.sync(order(), WaitPolicy::None, Progress::new());
        busily(synced).await.expect("it runs").run
    };
    sync().await;
    let right = daemon.store.contracts(ACME).expect("contracts");
    busily(make_old(&daemon.store)).await;
    let mut events = daemon.engine.observe.subscribe().expect("listening");

    let look = daemon.preview(&acme()).await.expect("a look");
    assert_eq!(look.items.len(), right.len());
    for item in &look.items {
        assert_eq!(item.state, PendingState::Changed, "{item:?}");
        assert_eq!(item.reason.as_deref(), Some("the cost is calculated in a new way"));
    }
    let run = sync().await;
    assert_eq!(run.result, RunResult::Ok, "{run:?}");
    assert_eq!(run.counts.updated as usize, right.len(), "{run:?}");
    let after = daemon.store.contracts(ACME).expect("contracts");
    for (one, other) in right.iter().zip(&after) {
        assert_eq!(one.source, other.source);
    }
    let mut told = 0;
    while let Ok(event) = events.try_recv() {
        assert!(!event.alert, "{event:?}");
        told += 1;
    }
    assert!(told > 0, "the run is told of");
    // So `run show` says it of that run alone.
    let again = sync().await;
    assert_eq!((again.counts.created, again.counts.updated), (0, 0));
}
