//! Reading the fake tenant over real HTTP on loopback, and, where waiting matters, in process on a
//! paused clock: what each fault comes to, and that nothing is ever written. What is read of each
//! type of agreement is in `kinds`.

use std::sync::Arc;
use std::time::Duration;

use crate::support::reading::{options, over, over_http, read, serve, served, today};
use crate::support::transport::InProcess;
use chrono::NaiveTime;
use lmsyncd::autotask::{
    Access, Autotask, AutotaskError, Entity, HttpTransport, Options, Outcome, Progress, RateLimit,
    Scope, Work, ZoneMemory,
};
use lmsyncd::clock::ManualClock;
use lmsyncd::demo::tenant::{self, Fault, FaultRule, Tenant};
use lmsyncd::model::{ClientId, Code, ItemKey};
use secrecy::SecretString;

fn in_process() -> (Tenant, Autotask) {
    let tenant = Tenant::stories(today());
    tenant.set_base_url("http://127.0.0.1:1");
    let options = options(&tenant, "http://127.0.0.1:1/ATServicesRest/");
    let autotask = over(options, Arc::new(InProcess(tenant.clone())));
    (tenant, autotask)
}

#[tokio::test]
async fn a_large_tenant_is_walked_page_by_page() {
    let tenant = Tenant::generated(today(), 400, 7);
    let serving = serve(&tenant).await;
    let autotask = over_http(options(&tenant, &serving.url()));
    let progress = Progress::new();
    let snapshots = autotask.read(&Scope::All, &progress).await.expect("snapshots");
    let agreements = snapshots.iter().flat_map(|snapshot| &snapshot.items);
    let agreements = agreements.filter(|item| item.key.is_agreement()).count();
    let rejected: usize = snapshots.iter().map(|snapshot| snapshot.rejects.len()).sum();
    assert_eq!(agreements + rejected, tenant.count(tenant::Entity::Contracts));
    assert_eq!(rejected, 0);
    let directory = autotask.directory(&Progress::new()).await.expect("companies");
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
        (Fault::NoPermission.on(tenant::Entity::Companies), Code::NoPermission, false),
        (Fault::Forbidden.into(), Code::NoPermission, false),
        (Fault::LockedAccount.into(), Code::AuthFailed, false),
        (Fault::WebPage.into(), Code::Unreachable, true),
        (Fault::Redirect.into(), Code::Unreachable, true),
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
        assert!(error.failure().advice.is_some(), "{rule}");
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
    let serving = serve(&tenant).await;
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
async fn a_remembered_zone_whose_host_is_gone_is_discovered_anew() {
    let tenant = Tenant::stories(today());
    let serving = serve(&tenant).await;
    // Nobody listens on port 9, the one for discarding.
    let gone = || Some("http://127.0.0.1:9/ATServicesRest/".to_owned());
    let memory = ZoneMemory::new(move |_| gone(), |_, _| {});
    let options = options(&tenant, &serving.url());
    let transport = Arc::new(HttpTransport::new(&options).expect("a transport"));
    let clock = Arc::new(ManualClock::at(today().and_time(NaiveTime::MIN).and_utc()));
    let autotask = Autotask::new(options, transport, clock, memory);
    assert!(read(&autotask, Scope::All).await.is_ok());
    assert_eq!(autotask.usage().zone_url, Some(serving.url()));
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
    let serving = serve(&tenant).await;
    let mut options = options(&tenant, &serving.url());
    options.max_requests_per_hour = 5;
    let autotask = over_http(options);
    let outcome = read(&autotask, Scope::All).await;
    let at_the_cap = |error: &AutotaskError| {
        matches!(error, AutotaskError::RateLimited(RateLimit::Own { cap: 5, .. }))
    };
    assert!(outcome.as_ref().is_err_and(at_the_cap), "{outcome:?}");
    assert!(tenant.counters().total <= 5);
    assert_eq!(autotask.usage().requests_last_hour, 5);
}

#[tokio::test]
async fn a_doctor_finds_what_is_wrong() {
    let (tenant, _serving, autotask) = served().await;
    let bad = async || {
        let findings = autotask.probe(&Progress::new().with_work(Work::Checkup)).await;
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
