//! Each guard on the fault that it is for, and on the honest change that looks alike: held there,
//! applied here; and what is not risky in the same run is applied in both.

use crate::support::test_daemon::{TestDaemon, busily, hours, noon, stories};
use lmsyncd::autotask::Progress;
use lmsyncd::demo::tenant::{Entity, Fault, Tenant};
use lmsyncd::engine::{SyncReport, SyncRequest, WaitPolicy};
use lmsyncd::model::{
    Actor, ClientId, ClientRef, Code, Contract, Failure, Field, ItemKey, PendingState, RunResult,
    Trigger,
};
use lmsyncd::policy::effects::effects;
use lmsyncd::policy::select::Choice;
use rust_decimal::Decimal;
use tempfile::TempDir;
use tokio::time::advance;

const ACME: i64 = 174;
/// Acme's agreement with three lines, S55102, S55103 and S55104.
const CARE: i64 = 29_683_353;
/// Acme's other agreement, which costs nothing by itself.
const SUPPORT: i64 = 29_683_354;

/// A tenant, and a daemon that has imported everything of some clients.
struct Shop {
    tenant: Tenant,
    daemon: TestDaemon,
    _folder: TempDir,
}

impl Shop {
    async fn open(config: &str) -> Shop {
        let (folder, tenant) = (TempDir::new().expect("a folder"), stories());
        let daemon = TestDaemon::start_with(folder.path(), &tenant, noon(), config);
        let shop = Shop { tenant, daemon, _folder: folder };
        for client in [ACME, 176, 180] {
            let run = shop.sync(client).await.expect("imported").run;
            assert_eq!(run.result, RunResult::Ok, "{run:?}");
        }
        shop
    }

    /// Syncs everything of a client by hand.
    async fn sync(&self, client: i64) -> Result<SyncReport, Failure> {
        let order = SyncRequest {
            client: ClientRef { id: ClientId(client), name: String::new() },
            choice: Choice::All,
            dry: false,
            trigger: Trigger::Manual,
            actor: Actor::daemon(),
        };
        busily(self.daemon.engine.syncs.sync(order, WaitPolicy::None, Progress::new())).await
    }

    /// Syncs Acme in a run that also has something harmless to do, which is always done. Gives the
    /// keys of what is held, and the reasons.
    async fn meet(&self) -> (Vec<String>, String) {
        let name = format!("Support, {} edits later", self.tenant.counters().total);
        self.tenant.rename_contract(SUPPORT, &name).expect("renamed");
        let outcome = self.sync(ACME).await.expect("it runs");
        assert_eq!(self.text(&format!("A{SUPPORT}"), Field::Name), name, "{outcome:#?}");
        let held: Vec<_> =
            outcome.items.iter().filter(|item| item.state == PendingState::Held).collect();
        let expected = if held.is_empty() { RunResult::Ok } else { RunResult::Held };
        assert_eq!(outcome.run.result, expected, "{outcome:#?}");
        let mut reasons: Vec<_> = held.iter().filter_map(|item| item.reason.clone()).collect();
        reasons.dedup();
        (held.iter().map(|item| item.key.to_string()).collect(), reasons.join("; "))
    }

    /// The same where nothing may be held.
    async fn meet_nothing_held(&self) {
        assert_eq!(self.meet().await, (Vec::new(), String::new()));
    }

    fn contract(&self, key: &str) -> Contract {
        let key: ItemKey = key.parse().expect("a key");
        self.daemon.engine.book.contract(key).expect("a contract")
    }

    fn text(&self, key: &str, field: Field) -> String {
        self.contract(key).text(field)
    }

    fn cost(&self, key: &str) -> String {
        self.text(key, Field::BillingCost)
    }

    fn has_vanished(&self, key: &str) -> bool {
        self.contract(key).vanished.is_some()
    }

    fn remove_line(&self, id: i64) {
        self.tenant.remove(Entity::ContractServices, id).expect("a line");
        self.remove_units(id, |_| true);
    }

    /// Takes unit rows of a line out: those whose last day is as wanted.
    fn remove_units(&self, line: i64, wanted: impl Fn(&str) -> bool) {
        for id in self.tenant.ids(Entity::ContractServiceUnits) {
            let row = self.tenant.get(Entity::ContractServiceUnits, id).expect("a row");
            if row["contractServiceID"] == line && wanted(row["endDate"].as_str().expect("a date"))
            {
                self.tenant.remove(Entity::ContractServiceUnits, id).expect("removed");
            }
        }
    }

    async fn close(self) {
        self.daemon.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_answer_forgets_is_asked_for_by_id_and_what_is_gone_is_gone() {
    let shop = Shop::open("").await;
    // All of the lines, then one of them; by id they are there.
    for (fault, reason) in [
        (Fault::NoRows, "addition S55104 is missing from the answer"),
        (Fault::Restricted, "addition S55103 is missing from the answer"),
    ] {
        shop.tenant.faults().set(fault.on(Entity::ContractServices).times(1));
        shop.tenant.reset_counters();
        assert_eq!(shop.meet().await, (vec!["A29683353".to_owned()], reason.to_owned()));
        assert_eq!(shop.tenant.counters().requests("ContractServices/query"), 2);
        for line in ["S55102", "S55103", "S55104"] {
            assert!(!shop.has_vanished(line), "{line}");
        }
        assert_eq!(shop.cost("A29683353"), "482.60");
        shop.meet_nothing_held().await;
    }

    shop.remove_line(55_104);
    shop.meet_nothing_held().await;
    assert!(shop.has_vanished("S55104"));
    assert_eq!(shop.cost("A29683353"), "433.60");
    shop.close().await;
}

#[tokio::test(start_paused = true)]
async fn absence_proves_nothing_where_a_part_is_hidden() {
    let shop = Shop::open("").await;
    // Only even ids are shown, of lines or of agreements; the support has one.
    for (hidden, keys) in [
        (Entity::ContractServices, vec!["A29683353", "S55103"]),
        (Entity::Contracts, vec!["A29683353", "S55102", "S55103", "S55104"]),
    ] {
        for form in [None, Some(Fault::NumericAccess)] {
            form.into_iter().for_each(|form| shop.tenant.faults().set(form));
            shop.tenant.faults().set(Fault::Restricted.on(hidden));
            let (held, reason) = shop.meet().await;
            assert_eq!(held, keys, "{hidden}: {reason}");
            assert!(reason.contains("sees only part"), "{reason}");
            assert!(!shop.has_vanished("S55103"));
            shop.tenant.faults().clear();
        }
    }
    // With no access at all nothing of it changes, and the run says so.
    shop.tenant.faults().set(Fault::NoPermission.on(Entity::ContractServices));
    let outcome = shop.sync(ACME).await.expect("the rest goes on");
    assert_eq!((outcome.run.result, outcome.items.len()), (RunResult::Partial, 0), "{outcome:#?}");
    let error = outcome.run.error.expect("what could not be read");
    assert_eq!(error.code, Code::NoPermission);
    assert!(error.message.contains("ContractServices"), "{}", error.message);
    assert!(!shop.has_vanished("S55103"));
    shop.tenant.faults().clear();
    // The same lines, gone in the sight of a user who sees everything.
    shop.remove_line(55_103);
    shop.meet_nothing_held().await;
    assert!(shop.has_vanished("S55103"));
    shop.close().await;
}

#[tokio::test(start_paused = true)]
async fn many_that_vanish_at_once_are_held_and_a_few_are_not() {
    let lines = [55_102, 55_103, 55_104];
    // Three of Acme's five contracts are 60 percent.
    for (percent, too_many) in [(20, true), (59, true), (60, false)] {
        let shop = Shop::open(&format!("[guard]\nmax-vanished-percent = {percent}")).await;
        lines.into_iter().for_each(|line| shop.remove_line(line));
        let (held, reason) = shop.meet().await;
        assert_eq!(!held.is_empty(), too_many, "{percent}: {held:?}");
        let told = format!("3 of 5 contracts are missing at once (limit {percent} %)");
        assert_eq!(reason.ends_with(&told), too_many, "{reason}");
        assert!(lines.iter().all(|line| shop.has_vanished(&format!("S{line}")) != too_many));
        shop.close().await;
    }
    // Two are never too many.
    let shop = Shop::open("[guard]\nmax-vanished-percent = 0").await;
    lines[..2].iter().for_each(|line| shop.remove_line(*line));
    shop.meet_nothing_held().await;
    assert!(shop.has_vanished("S55102") && shop.has_vanished("S55103"));
    shop.close().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_at_all_where_there_was_something_is_held_until_a_person_accepts_it() {
    let shop = Shop::open("").await;
    shop.tenant.remove_contract(29_683_412).expect("the only agreement of the client");
    let outcome = shop.sync(176).await.expect("it runs");
    assert_eq!(outcome.run.result, RunResult::Held);
    let reason = outcome.items[0].reason.as_deref();
    assert_eq!(reason, Some("Autotask shows no item at all, but 4 were imported"));
    assert!(!shop.has_vanished("A29683412"));
    // What is new to the client is taken up all the same, and the answer is not empty any more.
    let id = shop.tenant.add_contract(176, "Fresh start").expect("added");
    let again = shop.sync(176).await.expect("it runs");
    assert_eq!(again.run.result, RunResult::Held, "4 of 4 are gone");
    assert_eq!(shop.text(&format!("A{id}"), Field::Name), "Fresh start");
    // The honest case is for a person to tell.
    let (engine, actor) = (&shop.daemon.engine, Actor::daemon());
    let run = outcome.run.id.expect("a number");
    let accepted =
        busily(engine.review.accept(run, false, &actor, Progress::new())).await.expect("accepted");
    assert_eq!((accepted.run.result, accepted.run.counts.vanished), (RunResult::Ok, 4));
    assert!(shop.has_vanished("A29683412"));
    shop.close().await;
}

#[tokio::test(start_paused = true)]
async fn another_currency_is_held_unless_the_contract_went_to_another_client() {
    let shop = Shop::open("").await;
    let company = |currency: i64| {
        shop.tenant.set(Entity::Companies, ACME, "currencyID", currency).expect("changed");
    };
    company(2);
    let name = "Support, renamed";
    shop.tenant.rename_contract(SUPPORT, name).expect("renamed");
    let outcome = shop.sync(ACME).await.expect("it runs");
    assert_eq!(outcome.run.result, RunResult::Held);
    let reason = outcome.items[0].reason.as_deref();
    let told = "the currency changes from USD to CAD for the same client";
    assert_eq!(reason, Some(told));
    assert_eq!(shop.text("S55102", Field::Currency), "USD");
    // Everything of the client has the currency, so that what is new is all there can be besides.
    let id = shop.tenant.add_contract(ACME, "New one").expect("added");
    assert_eq!(shop.sync(ACME).await.expect("it runs").run.counts.created, 1);
    assert_eq!(shop.text(&format!("A{id}"), Field::Currency), "CAD");
    shop.tenant.remove_contract(id).expect("removed");
    company(1);
    // The company is hidden, and with it its currency.
    shop.tenant.faults().set(Fault::NoRows.on(Entity::Companies));
    let outcome = shop.sync(ACME).await.expect("it runs");
    let held = |item: &&lmsyncd::model::PendingItem| item.state == PendingState::Held;
    let held = outcome.items.iter().find(held).and_then(|item| item.reason.as_deref());
    assert_eq!(held, Some("the currency of the client can no longer be read"));
    shop.tenant.faults().clear();
    shop.meet_nothing_held().await;

    shop.tenant.set(Entity::Contracts, SUPPORT, "companyID", 180).expect("moved");
    let outcome = shop.sync(180).await.expect("it runs");
    assert_eq!(outcome.run.result, RunResult::Ok, "{outcome:#?}");
    let moved = shop.contract("A29683354");
    assert_eq!((moved.client, &*moved.text(Field::Currency)), (ClientId(180), "CAD"));
    shop.close().await;
}

#[tokio::test(start_paused = true)]
async fn billing_periods_that_are_all_gone_are_held_and_those_that_are_over_are_not() {
    let shop = Shop::open("").await;
    shop.tenant.faults().set(Fault::NoRows.on(Entity::ContractServiceUnits));
    let (held, reason) = shop.meet().await;
    assert_eq!(held, ["A29683353", "S55102", "S55103", "S55104"]);
    assert!(reason.contains("Autotask no longer shows a billing period"), "{reason}");
    assert_eq!((&*shop.cost("S55102"), &*shop.cost("A29683353")), ("254.10", "482.60"));
    shop.tenant.faults().clear();
    // What the MSP pays is no business of ours, and may be hidden.
    shop.tenant.faults().set(Fault::NoCosts);
    shop.meet_nothing_held().await;
    assert_eq!(shop.cost("S55102"), "254.10");
    shop.tenant.faults().clear();

    let today = noon().date_naive().to_string();
    shop.remove_units(55_104, |last_day| last_day >= today.as_str());
    shop.meet_nothing_held().await;
    assert_eq!(shop.text("S55104", Field::Basis), "last");
    shop.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_bought_and_is_over_is_not_held_and_what_was_bought_and_is_hidden_is() {
    let shop = Shop::open("").await;
    assert_eq!(shop.sync(177).await.expect("imported").run.result, RunResult::Ok);
    assert_eq!(shop.text("A29683506", Field::Basis), "current");
    shop.tenant.faults().set(Fault::NoRows.on(Entity::ContractTicketPurchases));
    let outcome = shop.sync(177).await.expect("it runs");
    assert_eq!(outcome.run.result, RunResult::Held, "{outcome:#?}");
    assert_eq!(shop.text("A29683506", Field::Basis), "current");
    shop.tenant.faults().clear();
    // The tickets of Harbor run out, as each does some day.
    for id in shop.tenant.ids(Entity::ContractTicketPurchases) {
        shop.tenant.set(Entity::ContractTicketPurchases, id, "endDate", "2026-10-01").expect("set");
    }
    let outcome = shop.sync(177).await.expect("it runs");
    assert_eq!(outcome.run.result, RunResult::Ok, "{outcome:#?}");
    let agreement = |field| shop.text("A29683506", field);
    assert_eq!(
        (agreement(Field::Basis), agreement(Field::BillingCost)),
        ("none".into(), "0.00".into())
    );
    shop.close().await;
}

#[tokio::test(start_paused = true)]
async fn billing_rules_that_are_hidden_take_no_remark_away_and_tell_of_no_money() {
    let shop = Shop::open("").await;
    assert_eq!(shop.sync(185).await.expect("imported").run.result, RunResult::Ok);
    let is_by_rule = |key: &str| shop.text(key, Field::Remarks).contains("by_rule");
    assert!(is_by_rule("A29683851") && is_by_rule("C8509"));
    shop.tenant.faults().set(Fault::NoPermission.on(Entity::ContractBillingRules));
    let outcome = shop.sync(185).await.expect("it runs");
    assert_eq!(outcome.run.result, RunResult::Held, "{outcome:#?}");
    assert_eq!(outcome.items.len(), 14, "the agreement and its charges");
    assert!(outcome.items.iter().all(|item| item.state == PendingState::Held), "{outcome:#?}");
    let items: Vec<_> = outcome.items.iter().collect();
    assert!(effects(&items, &shop.daemon.engine.basis(&outcome.items)).is_empty());
    assert!(is_by_rule("A29683851") && is_by_rule("C8509"));
    assert_eq!(shop.cost("A29683851"), "300.00");
    shop.tenant.faults().clear();
    let outcome = shop.sync(185).await.expect("it runs");
    assert_eq!((outcome.run.result, outcome.items.len()), (RunResult::Ok, 0), "{outcome:#?}");
    shop.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_price_is_held_above_the_percentage_and_not_below() {
    let shop = Shop::open("[guard]\nhold-price-change-percent = 20").await;
    // 23.10 each: 27.72 is exactly 20 percent more.
    shop.tenant.change_unit_price(55_102, Decimal::new(2773, 2)).expect("changed");
    let (held, reason) = shop.meet().await;
    assert_eq!(held, ["A29683353", "S55102"]);
    assert!(reason.contains("more than 20 %"), "{reason}");
    assert_eq!((&*shop.cost("S55102"), &*shop.cost("A29683353")), ("254.10", "482.60"));
    shop.tenant.change_unit_price(55_102, Decimal::new(2772, 2)).expect("changed");
    shop.meet_nothing_held().await;
    assert_eq!(shop.cost("S55102"), "304.92");
    shop.tenant.change_unit_price(55_102, Decimal::new(2300, 2)).expect("changed");
    shop.meet_nothing_held().await;
    shop.close().await;

    let shop = Shop::open("").await;
    shop.tenant.change_unit_price(55_102, Decimal::new(9999, 2)).expect("changed");
    shop.meet_nothing_held().await;
    assert_eq!(shop.cost("S55102"), "1099.89");
    shop.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_status_that_flips_is_held_where_that_is_asked_for() {
    let shop = Shop::open("[guard]\nhold-status-flips = true").await;
    let status = |number: i64| {
        shop.tenant.set(Entity::Contracts, CARE, "status", number).expect("changed");
    };
    let all = ["A29683353", "S55102", "S55103", "S55104"];
    status(0);
    let (held, reason) = shop.meet().await;
    assert_eq!(
        (held, &*reason),
        (all.map(str::to_owned).to_vec(), "the status changes from active to inactive")
    );
    assert_eq!(shop.text("A29683353", Field::Status), "active");
    // One that the picklist does not know is no flip, and neither is what comes after it.
    for (number, name) in [(7, "unknown (7)"), (0, "inactive")] {
        status(number);
        shop.meet_nothing_held().await;
        assert_eq!(shop.text("A29683353", Field::Status), name);
    }
    // Back again, in a run of auto-sync, which holds as one by hand does; and applied live once it
    // is not asked for any more.
    status(1);
    let acme = ClientRef { id: ClientId(ACME), name: "Acme Dental".to_owned() };
    let runs = shop.daemon.runs().len();
    shop.daemon.switch_on(&[acme], None).await;
    shop.daemon.until_runs(runs + 1).await;
    let run = shop.daemon.runs().remove(0);
    assert_eq!((run.trigger, run.result), (Trigger::Auto, RunResult::Held));
    assert_eq!(shop.text("A29683353", Field::Status), "inactive");
    shop.daemon.reload("[guard]\nhold-status-flips = false").await;
    advance(hours(25)).await;
    shop.daemon.until_runs(runs + 2).await;
    assert_eq!(shop.daemon.runs()[0].result, RunResult::Ok);
    assert_eq!(shop.text("A29683353", Field::Status), "active");
    shop.close().await;
}
