//! Reading the fake tenant over real HTTP on loopback, and, where waiting matters, in process on a
//! paused clock: what is read, what each fault comes to, and that nothing is ever written.

#![cfg(feature = "demo")]

mod in_process;

use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use in_process::InProcess;
use lmsyncd::autotask::{
    Access, Autotask, AutotaskError, Entity, HttpTransport, Options, Outcome, Progress, RateLimit,
    Scope, Transport, ZoneMemory,
};
use lmsyncd::clock::ManualClock;
use lmsyncd::demo::tenant::{self, Fault, FaultRule, Serving, Tenant};
use lmsyncd::model::{ClientId, ClientSnapshot, Code, Field, ItemKey};
use secrecy::SecretString;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 10, 15).expect("a date")
}

fn options(tenant: &Tenant, url: &str) -> Options {
    let credentials = tenant.credentials();
    Options {
        username: credentials.username,
        secret: SecretString::from(credentials.secret),
        integration_code: SecretString::from(credentials.integration_code),
        zone_url: None,
        discovery_url: url.to_owned(),
        max_requests_per_hour: 2000,
        concurrency_per_endpoint: 2,
        request_timeout: Duration::from_secs(120),
        proxy: None,
        ca_file: None,
    }
}

fn over(options: Options, transport: Arc<dyn Transport>) -> Autotask {
    let now = today().and_time(NaiveTime::MIN).and_utc() + chrono::TimeDelta::hours(6);
    Autotask::new(options, transport, Arc::new(ManualClock::at(now)), ZoneMemory::none())
}

fn over_http(options: Options) -> Autotask {
    let transport = HttpTransport::new(&options).expect("a transport");
    over(options, Arc::new(transport))
}

/// The tenant served on loopback, and the way to it.
async fn served() -> (Tenant, Serving, Autotask) {
    let tenant = Tenant::stories(today());
    let serving = tenant.serve(0).await.expect("a port");
    let autotask = over_http(options(&tenant, &serving.url()));
    (tenant, serving, autotask)
}

fn in_process() -> (Tenant, Autotask) {
    let tenant = Tenant::stories(today());
    tenant.set_base_url("http://127.0.0.1:1");
    let options = options(&tenant, "http://127.0.0.1:1/ATServicesRest/");
    let autotask = over(options, Arc::new(InProcess(tenant.clone())));
    (tenant, autotask)
}

async fn read(autotask: &Autotask, scope: Scope) -> Result<Vec<ClientSnapshot>, AutotaskError> {
    autotask.read(&scope, &Progress::new()).await
}

/// `KEY cost cycle currency = units x price (basis)`, or the reason why it is not supported.
fn shown(snapshot: &ClientSnapshot) -> Vec<String> {
    let items = snapshot.items.iter();
    items
        .map(|item| {
            let text =
                |field| item.fields.get(&field).map_or_else(|| "-".to_owned(), ToString::to_string);
            if let Some(reason) = &item.unsupported {
                return format!("{} {reason}", item.key);
            }
            let [cost, cycle, currency, units, price, basis] = [
                Field::BillingCost,
                Field::BillingCycle,
                Field::Currency,
                Field::Units,
                Field::UnitPrice,
                Field::Basis,
            ]
            .map(text);
            let money = format!("{} {cost} {currency} {cycle}", item.key);
            if item.key.is_agreement() {
                money
            } else {
                format!("{money} = {units} x {price} ({basis})")
            }
        })
        .collect()
}

fn of(snapshots: &[ClientSnapshot], client: i64) -> &ClientSnapshot {
    snapshots.iter().find(|snapshot| snapshot.client.id == ClientId(client)).expect("a snapshot")
}

fn field(snapshots: &[ClientSnapshot], client: i64, key: &str, field: Field) -> Option<String> {
    let key: ItemKey = key.parse().expect("a key");
    of(snapshots, client).item(key).expect("an item").fields.get(&field).map(ToString::to_string)
}

#[tokio::test]
async fn every_story_is_read_with_its_exact_cost() {
    let (tenant, _serving, autotask) = served().await;
    let snapshots = read(&autotask, Scope::All).await.expect("snapshots");
    for snapshot in &snapshots {
        assert_eq!(snapshot.rejects, [], "{}", snapshot.client.name);
    }
    let costs = |client| shown(of(&snapshots, client));
    assert_eq!(
        costs(0),
        ["A29600001 198.00 USD monthly", "S55001 198.00 USD monthly = 9 x 22.00 (current)",]
    );
    assert_eq!(
        costs(174),
        [
            "A29683353 482.60 USD monthly",
            "S55102 254.10 USD monthly = 11 x 23.10 (current)",
            "S55103 179.50 USD monthly = 2 x 89.75 (current)",
            "S55104 49.00 USD monthly = 14 x 3.50 (current)",
            "A29683354 time & materials agreements cannot be imported yet",
        ]
    );
    // 3 of the 13 units since the 10th, at 22 of 31 days of 12.00: 3 x 8.52 on top of 120.00.
    assert_eq!(
        costs(175),
        [
            "A29683401 780.46 USD monthly",
            "B771 496.00 USD monthly = 8 x 62.00 (current)",
            "B772 99.00 USD monthly = 1 x 99.00 (current)",
            "S55120 145.56 USD monthly = 13 x 11.1969 (current)",
            "S55121 39.90 USD monthly = 2 x 19.95 (last)",
        ]
    );
    assert_eq!(
        costs(176),
        [
            "A29683412 1489.50 USD quarterly",
            "S55129 450.00 USD quarterly = 1 x 450.00 (current)",
            "S55130 415.80 USD quarterly = 6 x 69.30 (current)",
            "S55131 623.70 USD quarterly = 9 x 69.30 (current)",
        ]
    );
    assert_eq!(
        costs(177),
        [
            "A29683501 time & materials agreements cannot be imported yet",
            "A29683502 fixed price agreements cannot be imported yet",
            "A29683503 block hours agreements cannot be imported yet",
            "A29683504 retainer agreements cannot be imported yet",
            "A29683505 508.20 USD monthly",
            "S55150 508.20 USD monthly = 22 x 23.10 (current)",
            "A29683506 incident agreements cannot be imported yet",
        ]
    );
    assert_eq!(
        costs(178),
        [
            "A29683601 115.50 USD monthly",
            "S55140 115.50 USD monthly = 5 x 23.10 (last)",
            "A29683602 147.00 USD monthly",
            "S55141 147.00 USD monthly = 6 x 24.50 (current)",
        ]
    );
    assert_eq!(
        costs(179),
        [
            "A29683701 90.00 USD unknown (9)",
            "S55160 90.00 USD unknown (9) = 40 x 2.25 (current)",
            "A29683702 time & materials agreements cannot be imported yet",
        ]
    );
    assert_eq!(
        costs(180),
        [
            "A29683801 446.80 CAD monthly",
            "S55170 358.80 CAD monthly = 12 x 29.90 (current)",
            "S55171 88.00 CAD monthly = 1 x 88.00 (current)",
        ]
    );
    assert_eq!(costs(190), [""; 0]);
    assert_eq!(tenant.counters().write_attempts, 0);
    let highest = tenant.counters().highest_concurrency;
    assert!(highest.values().all(|requests| *requests <= 2), "{highest:?}");
}

#[tokio::test]
async fn texts_dates_and_labels_are_read_as_they_stand() {
    let (_tenant, _serving, autotask) = served().await;
    let snapshots = read(&autotask, Scope::All).await.expect("snapshots");
    let field = |client, key, name| field(&snapshots, client, key, name);
    let is = |text: &str| Some(text.to_owned());
    assert_eq!(field(174, "A29683353", Field::Name), is("Managed Services Agreement"));
    assert_eq!(field(174, "A29683353", Field::Type), is("recurring service"));
    assert_eq!(field(174, "A29683353", Field::Category), is("Managed Services"));
    assert_eq!(field(174, "A29683353", Field::PurchaseOrder), is("PO-20417"));
    assert_eq!(field(174, "A29683353", Field::Contact), is("Dana Whitfield"));
    assert_eq!(field(174, "A29683353", Field::StartDate), is("2025-08-01"));
    assert_eq!(field(174, "S55102", Field::Name), is("Workstation Care"));
    assert_eq!(field(174, "S55102", Field::Type), is("service"));
    assert_eq!(field(174, "S55102", Field::Status), is("active"));
    assert_eq!(field(175, "B771", Field::Type), is("service bundle"));
    assert_eq!(field(175, "B771", Field::Name), is("Complete Workplace"));
    assert_eq!(field(178, "A29683601", Field::Status), is("inactive"));
    assert_eq!(field(178, "S55140", Field::Status), is("inactive"));
    assert_eq!(field(179, "A29683701", Field::Status), is("unknown (7)"));
    assert_eq!(field(179, "A29683701", Field::Category), is("Legacy Plans"));
    let text = "First line\nSecond line, with \"quotes\" and a comma";
    assert_eq!(field(179, "A29683701", Field::Description), is(text));
    assert_eq!(field(179, "A29683702", Field::Description), None);
    // The time of day on this agreement means nothing.
    assert_eq!(field(180, "A29683801", Field::StartDate), is("2025-12-01"));
    assert_eq!(field(180, "A29683801", Field::EndDate), is("2028-11-30"));
    let parent = of(&snapshots, 174).items[1].parent;
    assert_eq!(parent.map(|key| key.to_string()), is("A29683353"));
}

#[tokio::test]
async fn some_clients_are_read_as_in_a_reading_of_all_with_few_requests() {
    let (tenant, _serving, autotask) = served().await;
    let all = read(&autotask, Scope::All).await.expect("snapshots");
    tenant.reset_counters();
    let progress = Progress::new();
    let asked = vec![ClientId(175), ClientId(0), ClientId(190), ClientId(5)];
    let some = autotask.read(&Scope::Clients(asked), &progress).await.expect("snapshots");
    let ids: Vec<i64> = some.iter().map(|snapshot| snapshot.client.id.0).collect();
    assert_eq!(ids, [0, 5, 175, 190]);
    for client in [0, 175, 190] {
        assert_eq!(of(&some, client), of(&all, client));
    }
    assert_eq!(of(&some, 5).items, []);
    // Companies, contracts, four kinds of rows below, and the periods of S55121. Status 7 is not
    // among these clients, so the picklists are not read again.
    assert_eq!(progress.requests(), 7);
    assert_eq!(tenant.counters().total, 7);
}

#[tokio::test]
async fn a_large_tenant_is_walked_page_by_page() {
    let tenant = Tenant::generated(today(), 400, 7);
    let serving = tenant.serve(0).await.expect("a port");
    let autotask = over_http(options(&tenant, &serving.url()));
    let progress = Progress::new();
    let snapshots = autotask.read(&Scope::All, &progress).await.expect("snapshots");
    let agreements = snapshots.iter().flat_map(|snapshot| &snapshot.items);
    let agreements = agreements.filter(|item| item.key.is_agreement()).count();
    let rejected: usize = snapshots.iter().map(|snapshot| snapshot.rejects.len()).sum();
    assert_eq!(agreements + rejected, tenant.count(tenant::Entity::Contracts));
    assert_eq!(rejected, 0);
    let directory = autotask.directory().await.expect("companies");
    assert_eq!(directory.len(), tenant.count(tenant::Entity::Companies));
    let counted: u32 = directory.iter().map(|company| company.agreements).sum();
    assert_eq!(usize::try_from(counted).ok(), Some(agreements));
    let highest = tenant.counters().highest_concurrency;
    assert!(highest.values().all(|requests| *requests <= 2), "{highest:?}");
    assert!(progress.report().pages < 100, "{:?}", progress.report());
}

/// What is read while `rule` holds, on a clock that does not wait.
async fn with_fault(rule: FaultRule, scope: Scope) -> (Tenant, Result<usize, AutotaskError>) {
    let (tenant, autotask) = in_process();
    tenant.faults().set(rule);
    let outcome = read(&autotask, scope).await;
    assert_eq!(tenant.counters().write_attempts, 0);
    (tenant, outcome.map(|snapshots| snapshots.iter().map(|s| s.items.len()).sum()))
}

#[tokio::test(start_paused = true)]
async fn each_fault_comes_to_the_right_error() {
    let acme = || Scope::Clients(vec![ClientId(174)]);
    for (rule, code, transient) in [
        (Fault::WrongAuth.into(), Code::AuthFailed, false),
        (Fault::NoPermission.into(), Code::NoPermission, false),
        (Fault::NoPermission.on(tenant::Entity::ContractServiceUnits), Code::NoPermission, false),
        (Fault::Forbidden.on(tenant::Entity::Services), Code::NoPermission, false),
        (Fault::RateLimited.into(), Code::RateLimited, true),
        (Fault::HourlyLimit.into(), Code::RateLimited, true),
        (Fault::HtmlNotFound.into(), Code::AutotaskFailed, false),
        (Fault::CutAnswer.into(), Code::Unreachable, true),
        (Fault::TruncatedJson.into(), Code::AutotaskFailed, true),
        (Fault::TransientError.into(), Code::AutotaskFailed, true),
        (Fault::ErrorsIn200.into(), Code::AutotaskFailed, true),
        (Fault::IgnoredFilter.on(tenant::Entity::Contracts), Code::AutotaskFailed, false),
    ] {
        let (_, outcome) = with_fault(rule, acme()).await;
        let error = outcome.expect_err(&rule.to_string());
        assert_eq!((error.code(), error.is_transient()), (code, transient), "{rule}: {error}");
        assert!(error.failure().hint.is_some(), "{rule}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_passes_within_a_run_is_lived_through() {
    let acme = || Scope::Clients(vec![ClientId(174)]);
    for rule in [
        Fault::RateLimited.times(2),
        Fault::HourlyLimit.times(2),
        Fault::RateLimited.amount(5).times(3),
        Fault::CutConnection.times(3),
        Fault::CutAnswer.times(2),
        Fault::TruncatedJson.times(2),
        Fault::TransientError.times(3),
        Fault::ErrorsIn200.times(2),
        Fault::Slow.amount(110_000).times(5),
        Fault::Slow.amount(130_000).times(2),
        Fault::BusyHour.into(),
        Fault::NoLastModified.into(),
        Fault::NumericAccess.into(),
        Fault::NoCosts.into(),
        Fault::NullItem.into(),
    ] {
        let (_, outcome) = with_fault(rule, acme()).await;
        assert_eq!(outcome, Ok(5), "{rule}");
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_is_unreachable() {
    let (tenant, _serving, autotask) = served().await;
    for fault in [Fault::CutConnection, Fault::CutAnswer] {
        assert!(autotask.threshold().await.is_ok());
        tenant.faults().set(fault.times(1));
        let error = autotask.threshold().await.expect_err("cut");
        assert_eq!((error.code(), error.is_transient()), (Code::Unreachable, true), "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_401_reaches_the_tenant_once_for_each_reading() {
    let (tenant, outcome) = with_fault(Fault::WrongAuth.into(), Scope::All).await;
    assert!(matches!(outcome, Err(AutotaskError::AuthFailed { .. })));
    let counters = tenant.counters();
    assert_eq!(counters.authentication_failures, 1);
    assert_eq!(counters.requests("ZoneInformation"), 2);
}

#[tokio::test]
async fn wrong_credentials_are_told_apart_as_far_as_autotask_does() {
    let tenant = Tenant::stories(today());
    let serving = tenant.serve(0).await.expect("a port");
    let failure = async |change: &dyn Fn(&mut Options)| {
        let mut options = options(&tenant, &serving.url());
        change(&mut options);
        read(&over_http(options), Scope::All).await.expect_err("refused").code()
    };
    let nobody = |options: &mut Options| options.username = "nobody@MSP.EXAMPLE".to_owned();
    let secret = |options: &mut Options| options.secret = SecretString::from("guess");
    let code = |options: &mut Options| options.integration_code = SecretString::from("guess");
    assert_eq!(failure(&nobody).await, Code::UnknownUser);
    assert_eq!(failure(&secret).await, Code::AuthFailed);
    assert_eq!(failure(&code).await, Code::AuthFailed);
    tenant.faults().set(Fault::WrongCode500);
    assert_eq!(failure(&code).await, Code::BadIntegrationCode);
}

#[tokio::test]
async fn a_tenant_that_moves_is_found_again() {
    let (tenant, _serving, autotask) = served().await;
    let before = read(&autotask, Scope::All).await.expect("snapshots");
    let old = autotask.usage().zone_url;
    tenant.faults().set(Fault::ZoneMoved);
    assert_eq!(read(&autotask, Scope::All).await.as_ref(), Ok(&before));
    assert_ne!(autotask.usage().zone_url, old);
    // A reading stays with the new zone.
    tenant.reset_counters();
    assert_eq!(read(&autotask, Scope::All).await, Ok(before));
    assert_eq!(tenant.counters().authentication_failures, 0);
}

#[tokio::test]
async fn access_is_read_in_both_forms() {
    let (tenant, _serving, autotask) = served().await;
    let access = async || autotask.query_access(&Entity::NEEDED, &Progress::new()).await;
    assert_eq!(access().await, Ok(Access::All));
    for numeric in [false, true] {
        tenant.faults().clear();
        if numeric {
            tenant.faults().set(Fault::NumericAccess);
        }
        tenant.faults().set(Fault::Restricted);
        assert_eq!(access().await, Ok(Access::Restricted));
        tenant.faults().set(Fault::NoPermission.on(tenant::Entity::Services));
        assert_eq!(access().await, Ok(Access::None));
    }
}

#[tokio::test]
async fn what_is_hidden_from_a_list_is_located_by_its_id() {
    let (tenant, _serving, autotask) = served().await;
    tenant.remove_contract(29_683_602).expect("a contract");
    let keys: Vec<ItemKey> = ["A29683353", "S55102", "B771", "A29683602", "S55141", "M8101", "S1"]
        .map(|key| key.parse().expect("a key"))
        .to_vec();
    let located = autotask.locate(&keys, &Progress::new()).await.expect("an answer");
    let located: Vec<String> = located
        .iter()
        .map(|found| format!("{} {}", found.key, found.client.expect("known")))
        .collect();
    assert_eq!(located, ["A29683353 174", "B771 175", "M8101 177", "S55102 174"]);
}

#[tokio::test]
async fn the_own_budget_stops_a_reading_before_it_asks() {
    let tenant = Tenant::stories(today());
    let serving = tenant.serve(0).await.expect("a port");
    let mut options = options(&tenant, &serving.url());
    options.max_requests_per_hour = 5;
    let autotask = over_http(options);
    let outcome = read(&autotask, Scope::All).await;
    assert_eq!(outcome, Err(AutotaskError::RateLimited(RateLimit::Own { cap: 5 })));
    assert!(tenant.counters().total <= 5);
    assert_eq!(autotask.usage().requests_last_hour, 5);
}

#[tokio::test]
async fn a_doctor_finds_what_is_wrong() {
    let (tenant, _serving, autotask) = served().await;
    let bad = async || {
        let findings = autotask.probe().await;
        let bad = findings.iter().filter(|f| matches!(f.outcome, Outcome::Bad | Outcome::Warning));
        bad.map(|finding| finding.check).collect::<Vec<_>>()
    };
    // The server stamps its answers with the real date, and the clock of this test stands still.
    assert_eq!(bad().await.into_iter().filter(|check| *check != "clock").count(), 0);
    tenant.faults().set(Fault::BusyHour);
    tenant.faults().set(Fault::NoRows);
    tenant.limits().set_latency_step(Duration::ZERO);
    let found = bad().await;
    for check in ["permission", "agreements", "use"] {
        assert!(found.contains(&check), "{check} in {found:?}");
    }
    let threshold = autotask.threshold().await.expect("a reading");
    assert!(threshold.percent() >= 80);
    assert_eq!(autotask.usage().threshold, Some(threshold));
}
