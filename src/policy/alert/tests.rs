//! Alerts over days that pass in no time.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::{ClientState, LastError};

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;
const CAUSES: [Cause; 4] = [
    Cause::Client(ClientId(1), Code::Held),
    Cause::Client(ClientId(1), Code::Internal),
    Cause::Everyone(Code::Unreachable),
    Cause::BudgetLow,
];

fn seeing(causes: &[Cause]) -> Conditions {
    let condition = Condition { client: None, message: "x".to_owned() };
    let active = causes.iter().map(|cause| (*cause, condition.clone())).collect();
    Conditions { active, ..Conditions::default() }
}

fn steps(transitions: &[AlertTransition]) -> Vec<Step> {
    transitions.iter().map(|transition| transition.step).collect()
}

fn failing(id: i64, code: Code) -> ClientState {
    let client = ClientRef { id: ClientId(id), name: format!("client {id}") };
    let mut state = ClientState::new(client);
    state.auto_sync = true;
    state.last_tried = Some(NOW);
    state.failures = u32::from(code != Code::Held);
    state.last_error = Some(LastError { code, message: "it went wrong".to_owned() });
    state
}

fn all_well() -> Observed {
    Observed {
        accepted: None,
        budget: Budget::Enough,
        store: None,
        limits: None,
        outlets: Vec::new(),
    }
}

#[test]
fn one_alert_one_reminder_a_day_one_end() {
    let mut alerts = Alerts::default();
    let cause = [CAUSES[0]];
    let mut told = Vec::new();
    for hour in 0..50 {
        told.extend(alerts.observe(NOW + TimeDelta::hours(hour), &seeing(&cause)));
    }
    told.extend(alerts.observe(NOW + TimeDelta::hours(50), &seeing(&[])));
    assert_eq!(steps(&told), [Step::Begins, Step::Lasts, Step::Lasts, Step::Ends]);
    assert!(told.iter().all(|transition| transition.since == NOW));
    assert_eq!(alerts.observe(NOW + TimeDelta::hours(51), &seeing(&[])), []);
}

#[test]
fn what_is_unclear_neither_begins_nor_ends() {
    let mut alerts = Alerts::default();
    let unclear = Conditions { unclear: [Cause::BudgetLow].into(), ..Conditions::default() };
    assert_eq!(alerts.observe(NOW, &unclear), []);
    assert_eq!(steps(&alerts.observe(NOW, &seeing(&[Cause::BudgetLow]))), [Step::Begins]);
    assert_eq!(alerts.observe(NOW, &unclear), []);
    assert_eq!(steps(&alerts.observe(NOW, &seeing(&[]))), [Step::Ends]);
}

#[test]
fn an_outage_does_not_end_what_a_guard_holds() {
    let mut alerts = Alerts::default();
    let held = evaluate(&[failing(1, Code::Held)], &all_well(), NOW);
    assert_eq!(steps(&alerts.observe(NOW, &held)), [Step::Begins]);
    let outage = evaluate(&[failing(1, Code::Unreachable)], &all_well(), NOW);
    let told = alerts.observe(NOW, &outage);
    assert_eq!(told.iter().map(|t| t.cause).collect::<Vec<_>>(), [CAUSES[2]]);
    let told = alerts.observe(NOW, &held);
    assert_eq!(steps(&told), [Step::Ends]);
    assert_eq!(told[0].cause, CAUSES[2]);
}

#[test]
fn an_outage_is_one_cause_and_a_hold_is_one_for_each_client() {
    let all = |code| [failing(1, code), failing(2, code)];
    let outage = evaluate(&all(Code::Unreachable), &all_well(), NOW);
    let active: Vec<_> = outage.active.values().map(|t| t.message.as_str()).collect();
    assert_eq!(active, ["2 clients: it went wrong"]);
    let held = evaluate(&all(Code::Held), &all_well(), NOW);
    assert_eq!(held.active.len(), 2);
    let by_hand = ClientState { auto_sync: false, ..failing(1, Code::Held) };
    assert_eq!(evaluate(&[by_hand], &all_well(), NOW), Conditions::default());
}

#[test]
fn credentials_that_are_accepted_again_need_no_run_to_be_believed() {
    let states = [failing(1, Code::AuthFailed)];
    let refused = evaluate(&states, &all_well(), NOW);
    let cause = Cause::Everyone(Code::AuthFailed);
    assert!(refused.active.contains_key(&cause));
    assert_eq!(cause.event(), EventName::AuthBlocked);
    let seen = Observed { accepted: Some(NOW + TimeDelta::seconds(1)), ..all_well() };
    assert!(evaluate(&states, &seen, NOW).active.is_empty());
}

#[test]
fn a_cause_is_found_by_its_name() {
    for cause in CAUSES.into_iter().chain([Cause::Overdue]) {
        assert_eq!(cause.to_string().parse(), Ok(cause));
    }
    assert_eq!("client/x/Held".parse::<Cause>(), Err(()));
}

proptest! {
    #[test]
    fn each_cause_is_told_in_order_and_no_more_than_daily(
        looks in prop::collection::vec((0i64..40, any::<[bool; 4]>(), any::<bool>()), 1..60),
    ) {
        let (mut alerts, mut now) = (Alerts::default(), NOW);
        let mut last: BTreeMap<Cause, (Step, DateTime<Utc>)> = BTreeMap::new();
        for (hours, present, restart) in looks {
            now += TimeDelta::hours(hours);
            let causes: Vec<Cause> =
                CAUSES.into_iter().zip(present).filter(|(_, is)| *is).map(|(c, _)| c).collect();
            if restart {
                alerts = Alerts::restored(alerts.active().clone());
            }
            for transition in alerts.observe(now, &seeing(&causes)) {
                let before = last.insert(transition.cause, (transition.step, now));
                let open = before.is_some_and(|(step, _)| step != Step::Ends);
                prop_assert_eq!(open, transition.step != Step::Begins);
                if transition.step == Step::Lasts {
                    prop_assert!(before.is_some_and(|(_, at)| now - at >= AGAIN));
                }
            }
            let known: Vec<Cause> = alerts.active().keys().copied().collect();
            prop_assert_eq!(known, { let mut sorted = causes; sorted.sort(); sorted });
        }
    }
}
