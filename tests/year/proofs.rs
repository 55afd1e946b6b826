//! That the checks can fail: for each invariant, something wrong is planted in a quiet world, and
//! the judge must name that invariant.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use lmsyncd::model::{
    Actor, BillingCycle, ClientId, Contract, Counts, Field, ItemKey, Run, RunResult, Trigger, Value,
};
use lmsyncd::policy::effects::Basis;
use lmsyncd::store::{Commit, Touched, Write};

use super::clock::ServerClock;
use super::edits;
use super::effects;
use super::invariants::{
    ACKNOWLEDGED, Broken, CONVERGES, EFFECTS, HELD, MANUAL, PAUSED, REQUESTS, RIGHT, UNASKED,
    VANISHED,
};
use super::life::block_on;
use super::snapshot::Snapshot;
use super::trace::{Trace, first_difference};
use super::upstream::Upstream;
use super::wire::Wire;
use super::world::{Scale, World};

const DAY: Duration = Duration::from_secs(86_400);
const MINUTE: Duration = Duration::from_secs(60);

/// A world in which nothing goes wrong, after two days.
fn quiet() -> World {
    let mut world = World::begin(7, Scale { clients: 4, days: 0 });
    world.switch_all_on().and_then(|()| world.until(DAY * 2)).expect("all holds");
    world
}

/// What the judge says of a world in which `plant` did something.
fn judged(plant: impl FnOnce(&mut World)) -> Result<(), Broken> {
    let mut world = quiet();
    plant(&mut world);
    world.rest()?;
    world.sweep()?;
    world.until(DAY * 5)?;
    world.sweep()
}

fn caught(invariant: &'static str, plant: impl FnOnce(&mut World)) {
    let broken = judged(plant).expect_err("something is wrong");
    assert_eq!(broken.invariant, invariant, "{broken}");
}

/// Commits behind the daemon's back.
fn commit(world: &World, change: impl FnOnce(&mut Commit)) {
    let life = world.life.as_ref().expect("a daemon");
    let mut commit = Commit::of(world.ground.clock.wall(), &Actor::daemon());
    change(&mut commit);
    block_on(life.store.commit(commit)).expect("committed");
}

fn a_contract(world: &World) -> Contract {
    let life = world.life.as_ref().expect("a daemon");
    life.store.all_contracts().expect("contracts").into_iter().next().expect("one")
}

/// Changes a contract behind the daemon's back.
fn change(world: &World, change: impl FnOnce(&mut Contract)) {
    let before = a_contract(world);
    let mut after = before.clone();
    change(&mut after);
    commit(world, |commit| {
        commit.contracts.push(Write { before: Some(before), after: Some(after) });
    });
}

/// Records a run behind the daemon's back.
fn record(world: &World, trigger: Trigger, result: RunResult) {
    let life = world.life.as_ref().expect("a daemon");
    let client = life.store.clients().expect("clients").remove(0).client;
    let now = world.ground.clock.wall();
    let run = Run {
        id: None,
        client,
        trigger,
        actor: Actor::daemon(),
        started: now,
        ended: now,
        result,
        counts: Counts::default(),
        requests: 0,
        error: None,
        rejects: Vec::new(),
    };
    commit(world, |commit| commit.run = Some(run));
}

#[test]
fn a_quiet_world_breaks_nothing() {
    assert_eq!(judged(|_| {}), Ok(()));
}

#[test]
fn an_acknowledged_note_that_is_lost_is_noticed() {
    caught(ACKNOWLEDGED, |world| {
        let key = a_contract(world).key;
        let note = Value::Text("call first".to_owned());
        change(world, |contract| drop(contract.local.insert(Field::Notes, note.clone())));
        let own = super::operator::Own::of(&a_contract(world));
        world.desk.own.insert(key, own);
        change(world, |contract| contract.local.clear());
    });
}

#[test]
fn an_acknowledged_switch_or_flag_that_is_lost_is_noticed() {
    caught(ACKNOWLEDGED, |world| {
        let switch = world.desk.switches.values_mut().next().expect("a client");
        switch.on = false;
    });
    caught(ACKNOWLEDGED, |world| {
        let key = a_contract(world).key;
        world.desk.ignored.insert(key, None);
    });
    caught(ACKNOWLEDGED, |world| {
        world.desk.paused.insert(1000, world.passed());
    });
}

#[test]
fn a_restart_that_loses_a_commit_is_noticed() {
    let world = quiet();
    let store = &world.life.as_ref().expect("a daemon").store;
    let earlier = Snapshot::of(store);
    change(&world, |contract| contract.created += TimeDelta::seconds(1));
    let later = Snapshot::of(store);
    assert_eq!(earlier.survived(&later), Ok(()), "it may have been under way");
    let broken = later.survived(&earlier).expect_err("a commit is lost");
    assert_eq!(broken.invariant, ACKNOWLEDGED);
}

#[test]
fn a_daemon_that_does_nothing_is_noticed() {
    caught(CONVERGES, |world| world.life.as_ref().expect("a daemon").fall_asleep());
}

#[test]
fn a_wrong_value_is_noticed() {
    caught(RIGHT, |world| {
        let wrong = Value::Number("0.01".parse().expect("a number"));
        change(world, |contract| drop(contract.source.insert(Field::BillingCost, wrong)));
    });
}

/// Changes a field of a line, or of an agreement, that has it.
fn falsify(field: Field, wrong: &Value) {
    caught(RIGHT, |world| {
        let life = world.life.as_ref().expect("a daemon");
        let all = life.store.all_contracts().expect("contracts");
        let has = |one: &&Contract| one.source.get(&field).is_some_and(|is| is != wrong);
        let before = all.iter().find(has).expect("one has it").clone();
        let mut after = before.clone();
        after.source.insert(field, wrong.clone());
        commit(world, |commit| {
            commit.contracts.push(Write { before: Some(before), after: Some(after) });
        });
    });
}

#[test]
fn a_wrong_word_of_money_is_noticed() {
    let day = Value::Date("2020-01-01".parse().expect("a date"));
    let number = Value::Number("0.01".parse().expect("a number"));
    falsify(Field::PeriodAmount, &number);
    falsify(Field::PeriodStart, &day);
    falsify(Field::PeriodEnd, &day);
    falsify(Field::Units, &number);
    falsify(Field::UnitPrice, &number);
    falsify(Field::Billing, &Value::Text("none".to_owned()));
    falsify(Field::BillingCycle, &Value::Cycle(BillingCycle::SemiAnnual));
    falsify(Field::Remarks, &Value::Tags(vec!["inactive_but_billed".to_owned()]));
}

#[test]
fn effects_that_do_not_come_to_the_difference_are_noticed() {
    let world = quiet();
    let store = &world.life.as_ref().expect("a daemon").store;
    let run = store.runs(None, 64).expect("runs").pop().and_then(|run| run.id).expect("a run");
    let today = world.ground.upstream.tenant.today();
    let mut touched = store.touched_by(run).expect("what it touched");
    let basis = effects::basis(store, &touched, today);
    assert_eq!(effects::judge(&touched, &basis), Ok(()));
    let is_billed = |one: &Touched| {
        let agreement = one.after.as_ref().filter(|after| after.key.is_agreement());
        agreement.is_some_and(|after| after.text(Field::Billing) == "billed")
    };
    touched.retain(|one| !is_billed(one));
    let alone = Basis { stored: BTreeSet::new(), ..basis };
    let broken = effects::judge(&touched, &alone).expect_err("its lines are told alone");
    assert_eq!(broken.invariant, EFFECTS);
}

#[test]
fn an_item_that_is_not_imported_is_noticed() {
    // The account knows an agreement that the tenant does not have.
    caught(RIGHT, |world| {
        let upstream = &mut world.ground.upstream;
        let agreement = upstream.agreements.values().next().expect("one").clone();
        upstream.keep_agreement(1, agreement);
    });
}

#[test]
fn a_change_that_nobody_asked_for_is_noticed() {
    caught(UNASKED, |world| {
        let wrong = Value::Text("nobody".to_owned());
        change(world, |contract| drop(contract.source.insert(Field::Contact, wrong)));
    });
}

#[test]
fn a_tombstone_of_what_is_there_is_noticed() {
    caught(VANISHED, |world| {
        let now = world.ground.clock.wall();
        change(world, |contract| contract.vanished = Some(now));
    });
}

#[test]
fn a_tombstone_of_what_is_gone_is_none_of_that() {
    let gone = judged(|world| {
        let mut rng = fastrand::Rng::with_seed(3);
        let upstream = &mut world.ground.upstream;
        let today = upstream.tenant.today();
        for _ in 0..50 {
            edits::anything(upstream, &mut rng, today);
        }
        let passed = world.ground.clock.passed();
        world.watch.note(&mut world.ground.upstream, passed);
    });
    assert_eq!(gone, Ok(()));
}

#[test]
fn a_manual_run_while_auto_sync_is_on_is_noticed() {
    caught(MANUAL, |world| record(world, Trigger::Manual, RunResult::Ok));
}

#[test]
fn a_guard_that_holds_for_nothing_is_noticed() {
    caught(HELD, |world| record(world, Trigger::Auto, RunResult::Held));
}

#[test]
fn a_run_in_a_pause_is_noticed() {
    let mut world = quiet();
    let since = world.passed();
    let clients: Vec<i64> = world.desk.switches.keys().copied().collect();
    world.desk.paused.extend(clients.into_iter().map(|client| (client, since)));
    let broken = world.until(DAY * 5).expect_err("they are not paused");
    assert_eq!(broken.invariant, PAUSED, "{broken}");
}

#[test]
fn more_requests_than_are_allowed_are_noticed() {
    caught(REQUESTS, |world| world.ground.wire.allow(3, 2));
    caught(REQUESTS, |world| world.ground.wire.allow(2000, 0));
}

fn a_wire() -> (Wire, Arc<ServerClock>) {
    let now = "2026-01-15T12:00:00Z".parse().expect("a moment");
    let clock = Arc::new(ServerClock::at(now));
    let day = "2026-01-15".parse().expect("a date");
    let upstream = Upstream::new(day, 1, 1);
    (Wire::new(upstream.tenant, Arc::clone(&clock)), clock)
}

#[test]
fn a_rolling_hour_is_counted_as_far_as_the_daemon_can_know() {
    let (wire, clock) = a_wire();
    wire.allow(2, 10);
    let send = || wire.begin("GET", "Contracts", "/V1.0/Contracts/1");
    send();
    clock.pass(MINUTE * 30);
    send();
    assert_eq!(wire.violations(), [""; 0]);
    send();
    assert_eq!(wire.violations().len(), 1);
    // What a killed daemon had not written down it cannot know. What its clock shows is no excuse.
    wire.forget();
    clock.step(TimeDelta::hours(2));
    clock.pass(MINUTE * 29);
    send();
    assert_eq!(wire.violations(), [""; 0]);
    send();
    assert_eq!(wire.violations().len(), 1);
    clock.pass(MINUTE * 60);
    send();
    assert_eq!(wire.violations(), [""; 0]);
}

#[test]
fn a_verb_that_writes_is_noticed() {
    let (wire, _) = a_wire();
    wire.begin("POST", "Contracts", "/V1.0/Contracts/query");
    assert_eq!(wire.violations(), [""; 0]);
    wire.begin("POST", "Contracts", "/V1.0/Contracts");
    wire.begin("PATCH", "Contracts", "/V1.0/Contracts");
    assert_eq!(wire.violations().len(), 2);
}

#[test]
fn a_third_refusal_in_an_hour_is_noticed() {
    let (wire, clock) = a_wire();
    let refused = || wire.refused(wire.begin("GET", "Version", "/V1.0/Version"));
    // Those that were under way when the first came are no new tries.
    refused();
    refused();
    refused();
    for _ in 0..2 {
        clock.pass(MINUTE * 20);
        refused();
    }
    assert_eq!(wire.violations(), [""; 0]);
    clock.pass(MINUTE * 20);
    refused();
    assert_eq!(wire.violations().len(), 1);
}

#[test]
fn two_traces_are_told_apart_at_the_first_line_that_differs() {
    let trace = |lines: &[&str]| {
        let mut trace = Trace::default();
        for line in lines {
            trace.tell(DAY, line);
        }
        trace.hashes().to_vec()
    };
    let one = trace(&["a", "b", "c"]);
    assert_eq!(first_difference(&one, &trace(&["a", "b", "c"])), None);
    assert_eq!(first_difference(&one, &trace(&["a", "x", "c"])), Some(2));
    assert_eq!(first_difference(&one, &trace(&["a", "b"])), Some(3));
}

/// Keys that a test names are those of the account.
#[test]
fn the_account_knows_what_the_tenant_holds() {
    let world = quiet();
    let upstream = &world.ground.upstream;
    let life = world.life.as_ref().expect("a daemon");
    let stored: Vec<ItemKey> =
        life.store.all_contracts().expect("contracts").iter().map(|one| one.key).collect();
    assert!(stored.iter().all(|key| upstream.exists(*key)));
    let below = upstream.additions.keys().filter(|key| upstream.exists(**key)).count();
    assert!(below < upstream.additions.len(), "some charges are those of purchases");
    assert_eq!(stored.len(), upstream.agreements.len() + below);
    let known = |client: &ClientId| upstream.clients.contains_key(&client.0);
    assert!(life.store.clients().expect("clients").iter().all(|one| known(&one.client.id)));
}
