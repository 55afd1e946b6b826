//! Tests of one request from end to end, on a scripted tenant.

use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::autotask::http::entity::Entity;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::http::limit::RateLimit;
use crate::autotask::http::request::Request;
use crate::autotask::script::{Script, ZONE, now};
use crate::autotask::session::progress::Progress;
use crate::autotask::session::retry::FOR_A_RUN;
use crate::autotask::session::work::Work;
use crate::clock::{ManualClock, Tz};

async fn ask(connection: &Connection) -> Result<Value, AutotaskError> {
    connection.ask(&Request::version(), FOR_A_RUN, &Progress::new()).await
}

fn refused(outcome: Result<Value, AutotaskError>) -> bool {
    matches!(outcome, Err(AutotaskError::AuthFailed { .. }))
}

#[tokio::test]
async fn a_401_stands_when_the_tenant_has_not_moved() {
    let script = Script::new();
    script.always("Version", 401, "");
    let connection = script.connection();
    assert!(refused(ask(&connection).await));
    assert_eq!(script.asked("Version"), 1);
    assert_eq!(script.total(), 3, "the zone before and after, and the one try");
    assert_eq!(connection.usage().auth, Auth::Refused(now()));
}

#[tokio::test]
async fn a_401_is_tried_once_more_where_the_tenant_has_moved_to() {
    let script = Script::new();
    let connection = script.connection();
    assert!(ask(&connection).await.is_ok());
    script.move_to("http://127.0.0.1:1/zone2/");
    assert!(ask(&connection).await.is_ok());
    assert_eq!(script.asked("zone2/V1.0/Version"), 1);
    let moved = connection.usage().zone_url;
    assert_eq!(moved.as_deref(), Some("http://127.0.0.1:1/zone2/"));
    script.always("Version", 401, "");
    script.move_to("http://127.0.0.1:1/zone3/");
    assert!(refused(ask(&connection).await));
    assert_eq!(script.asked("Version"), 5);
}

#[tokio::test]
async fn a_zone_from_the_configuration_is_not_discovered() {
    let script = Script::new();
    script.move_to("http://127.0.0.1:1/zone2/");
    let mut options = Options::for_tests("http://127.0.0.1:1/discovery/");
    options.zone_url = Some(ZONE.to_owned());
    let clock = Arc::new(ManualClock::at(now()));
    let memory = ZoneMemory::none();
    let connection = Connection::new(options, Arc::new(script.clone()), clock, memory);
    assert!(refused(ask(&connection).await));
    assert_eq!(script.total(), 1);
}

#[tokio::test]
async fn the_zone_is_remembered_under_the_user() {
    let script = Script::new();
    let stored = Arc::new(Mutex::new(Vec::new()));
    let memory = Arc::clone(&stored);
    let memory = ZoneMemory::new(
        |_| None,
        move |user, url| {
            memory.lock().expect("the memory").push((user.to_owned(), url.to_owned()));
        },
    );
    let options = Options::for_tests("http://127.0.0.1:1/discovery/");
    let clock = Arc::new(ManualClock::at(now()));
    let connection = Connection::new(options, Arc::new(script.clone()), clock, memory);
    assert!(ask(&connection).await.is_ok());
    assert!(ask(&connection).await.is_ok());
    let remembered = format!("{{\"url\":\"{ZONE}\",\"web\":\"https://ww1.example/\"}}");
    let expected = [("api@MSP.EXAMPLE".to_owned(), remembered)];
    assert_eq!(*stored.lock().expect("the memory"), expected);
    assert_eq!(script.total(), 3);
}

#[tokio::test]
async fn a_zone_that_has_nothing_there_is_asked_for_again_but_not_all_the_time() {
    for (status, page) in [(404, "<html>Not Found</html>"), (200, "<html>Welcome</html>")] {
        let script = Script::new();
        let wrong = "http://127.0.0.1:1/wrong/";
        script.always("wrong/V1.0/Version", status, page);
        let memory = ZoneMemory::new(|_| Some(wrong.to_owned()), |_, _| {});
        let options = Options::for_tests("http://127.0.0.1:1/discovery/");
        let clock = Arc::new(ManualClock::at(now()));
        let connection = Connection::new(options, Arc::new(script.clone()), clock, memory);
        let asked = connection.ask_once(&Request::version(), &Progress::new()).await;
        assert!(asked.is_ok(), "{status}");
        assert_eq!(connection.usage().zone_url.as_deref(), Some(ZONE));
        // What is not there in a zone that was just discovered is no reason to discover it again.
        script.always("zone1/V1.0/Version", status, page);
        let before = script.total();
        let asked = connection.ask_once(&Request::version(), &Progress::new()).await;
        assert!(asked.is_err(), "{status}");
        assert_eq!(script.total(), before + 1);
    }
}

#[tokio::test]
async fn only_one_request_tries_credentials_that_are_not_proved() {
    let script = Script::new();
    for entity in Entity::NEEDED {
        script.always(&format!("/{entity}/entityInformation"), 401, "");
    }
    let connection = script.connection();
    let progress = Progress::new();
    let asked = Entity::NEEDED.map(Request::entity_information);
    let asked = asked.each_ref().map(|request| connection.ask(request, FOR_A_RUN, &progress));
    let outcome = futures_util::future::try_join_all(asked).await;
    assert!(matches!(outcome, Err(AutotaskError::AuthFailed { .. })));
    assert_eq!(script.asked("/entityInformation"), 1);
}

#[tokio::test]
async fn credentials_that_worked_before_are_tried_by_one_request_when_work_begins() {
    let script = Script::new();
    let connection = script.connection();
    assert!(ask(&connection).await.is_ok());
    for entity in Entity::NEEDED {
        script.always(&format!("/{entity}/entityInformation"), 401, "");
    }
    let progress = Progress::new();
    let asked = Entity::NEEDED.map(Request::entity_information);
    let asked = asked.each_ref().map(|request| connection.ask(request, FOR_A_RUN, &progress));
    let outcomes = futures_util::future::join_all(asked).await;
    let refusals =
        outcomes.iter().filter(|one| matches!(one, Err(AutotaskError::AuthFailed { .. })));
    assert_eq!(refusals.count(), 1);
    let blocked = outcomes.iter().filter(|one| matches!(one, Err(AutotaskError::Blocked(..))));
    assert_eq!(blocked.count(), Entity::NEEDED.len() - 1);
    assert_eq!(script.asked("/entityInformation"), 1);
    // A check-up has a try of its own, and so has nobody else.
    let look = async |work| {
        let progress = Progress::of(work);
        connection.ask(&Request::entity_information(Entity::Contracts), FOR_A_RUN, &progress).await
    };
    assert!(matches!(look(Work::Person).await, Err(AutotaskError::Blocked(..))));
    assert!(matches!(look(Work::Checkup).await, Err(AutotaskError::AuthFailed { .. })));
    assert!(matches!(look(Work::Checkup).await, Err(AutotaskError::Blocked(..))));
    assert_eq!(script.asked("/entityInformation"), 2);
}

#[tokio::test]
async fn once_a_login_is_seen_to_work_requests_go_side_by_side() {
    let script = Script::new();
    let connection = script.connection();
    let progress = Progress::new();
    let one = Request::version();
    assert!(connection.ask(&one, FOR_A_RUN, &progress).await.is_ok());
    let trial = connection.trial.lock().await;
    let asked = Entity::NEEDED.map(Request::entity_information);
    let asked = asked.each_ref().map(|request| connection.ask(request, FOR_A_RUN, &progress));
    assert!(futures_util::future::try_join_all(asked).await.is_ok(), "nobody waits for a try");
    drop(trial);
}

#[tokio::test]
async fn a_locked_account_is_blocked_as_refused_credentials_are() {
    let script = Script::new();
    let text = r#"{"errors":["The user account has been locked. See your administrator."]}"#;
    script.always("Version", 500, text);
    let connection = script.connection();
    let error = ask(&connection).await.expect_err("locked");
    assert_eq!(error.to_string(), "Autotask has locked the account of api@MSP.EXAMPLE");
    assert_eq!(script.asked("Version"), 1, "it is no outage");
    let blocked = ask(&connection).await.expect_err("blocked");
    let failure = blocked.failure();
    assert!(
        failure.message.contains("said that the account of the API user is locked"),
        "{failure}"
    );
    assert_eq!(failure.advice, Some(crate::model::Advice::UnlockAccount));
    assert!(connection.usage().blocked.is_some_and(|blocked| blocked.locked));
    assert_eq!(script.asked("Version"), 1);
}

#[tokio::test(start_paused = true)]
async fn silence_is_cut_off_and_tried_again() {
    let script = Script::new();
    let connection = script.connection();
    assert!(ask(&connection).await.is_ok());
    script.fall_silent();
    let began = tokio::time::Instant::now();
    let error = ask(&connection).await.expect_err("no answer");
    let text = error.to_string();
    assert_eq!(text, "cannot reach 127.0.0.1: no answer within 2m");
    assert_eq!(script.asked("Version"), 5);
    assert!(began.elapsed() >= Duration::from_secs(480));
}

#[tokio::test]
async fn the_budget_stops_requests_before_they_are_sent() {
    let script = Script::new();
    let mut options = Options::for_tests("http://127.0.0.1:1/discovery/");
    options.max_requests_per_hour = 2;
    let clock = Arc::new(ManualClock::at(now()));
    let memory = ZoneMemory::none();
    let transport = Arc::new(script.clone());
    let connection = Connection::new(options, transport, Arc::clone(&clock) as _, memory);
    assert!(ask(&connection).await.is_ok());
    assert_eq!(
        ask(&connection).await,
        Err(RateLimit::Own {
            cap: 2,
            next: (now() + chrono::TimeDelta::hours(1)).with_timezone(&Tz::UTC)
        }
        .into())
    );
    assert_eq!((script.total(), connection.requests_total()), (2, 2));
    assert_eq!(connection.usage().requests_last_hour, 2);
    clock.advance(chrono::TimeDelta::minutes(60));
    assert!(ask(&connection).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_seconds_is_lived_through() {
    let script = Script::new();
    script.once("Version", 503, "<html>");
    script.once("Version", 429, "");
    let progress = Progress::new();
    let outcome = script.connection().ask(&Request::version(), FOR_A_RUN, &progress).await;
    assert!(outcome.is_ok());
    assert_eq!(progress.requests(), 4, "the zone and three tries");
}
