//! Why the next run of a client is when it is, and what a person can do about it.

use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};

use crate::model::duration_text;
use crate::model::text::moment_near;
use crate::model::{Advice, ClientState, Code, Pause, SecretSource};

/// How late a run may be before it counts as caught up: a batch takes its minutes.
const LATE: TimeDelta = TimeDelta::minutes(5);

/// What is known besides the state of the client.
#[derive(Debug, Clone, Copy)]
pub struct ScheduleFacts<'a> {
    /// What time it is.
    pub now: DateTime<Utc>,
    /// The interval of auto-sync.
    pub interval: TimeDelta,
    /// Where the secret comes from that Autotask refused, so that it is not asked, and whether it
    /// did because the account is locked.
    pub blocked: Option<(SecretSource, bool)>,
    /// Why auto-sync waits although something is due.
    pub waits: Option<&'a str>,
    /// The pause of the client's auto-sync.
    pub pause: Option<&'a Pause>,
}

/// Why the next run of a client is when it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextWhy {
    /// The rule that planned it, or what is in the way, in one line.
    pub text: String,
    /// What a person can do about it.
    pub advice: Option<Advice>,
}

/// Why the next run of a client is when it is; none while auto-sync is off. What keeps it from
/// running at all comes first, then what makes it late, then the rule that planned it.
pub fn next_why<Z: TimeZone>(
    state: &ClientState,
    facts: ScheduleFacts<'_>,
    zone: &Z,
) -> Option<NextWhy>
where
    Z::Offset: std::fmt::Display,
{
    let ScheduleFacts { now, interval, blocked, waits, pause } = facts;
    let next = state.next_run?;
    let why = |text: String, advice| Some(NextWhy { text, advice });
    if let Some(pause) = pause {
        return match pause.until {
            Some(until) => why(format!("paused until {}", moment_near(until, now, zone)), None),
            None => why("paused until it is resumed".to_owned(), Some(Advice::Resume)),
        };
    }
    // Once they are accepted again, an old refusal keeps nobody.
    match blocked {
        Some((_, true)) => return why("account locked".to_owned(), Some(Advice::UnlockAccount)),
        Some((source, false)) => {
            let advice = Advice::TakeNewCredentials { source };
            return why("credentials refused".to_owned(), Some(advice));
        }
        None => {}
    }
    if next <= now {
        let text = match waits {
            Some(why) => format!("waiting for budget: {why}"),
            None if now - next >= LATE => {
                format!("catching up: was due {}", moment_near(next, now, zone))
            }
            None => "due now".to_owned(),
        };
        return why(text, None);
    }
    let rule = rule(state.at, interval);
    match state.last_error.as_ref().map(|error| error.code) {
        Some(Code::Held) => {
            let advice = Advice::ListHeld { client_id: Some(state.client.id) };
            why(format!("{rule}; held"), Some(advice))
        }
        Some(code) if state.failures > 0 && code.may_go_away() => {
            why(format!("retry {} after {}", state.failures, code.words()), None)
        }
        Some(code) if state.failures > 0 => {
            why(format!("{rule}; {} needs a fix", code.words()), Some(Advice::Doctor))
        }
        _ => why(rule, None),
    }
}

/// The rule that plans a run which nothing stands in the way of.
fn rule(at: Option<NaiveTime>, interval: TimeDelta) -> String {
    let every = format!("every {}", duration_text(interval.to_std().unwrap_or_default()));
    match at {
        None => every,
        Some(at) if interval <= TimeDelta::days(1) => format!("at {}", at.format("%H:%M")),
        Some(at) => format!("{every}, at {}", at.format("%H:%M")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClientId, ClientRef, LastError};

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(100)
    }

    fn state(next: TimeDelta, failed: Option<(Code, u32)>) -> ClientState {
        let mut state = ClientState::new(ClientRef { id: ClientId(174), name: String::new() });
        state.auto_sync = true;
        state.next_run = Some(now() + next);
        state.failures = failed.map_or(0, |(_, failures)| failures);
        state.last_error = failed.map(|(code, _)| LastError { code, message: String::new() });
        state
    }

    fn facts() -> ScheduleFacts<'static> {
        let interval = TimeDelta::hours(24);
        ScheduleFacts { now: now(), interval, blocked: None, waits: None, pause: None }
    }

    fn why(state: &ClientState) -> String {
        told(state, facts())
    }

    fn told(state: &ClientState, facts: ScheduleFacts<'_>) -> String {
        next_why(state, facts, &Utc).expect("it is on").text
    }

    const AHEAD: TimeDelta = TimeDelta::hours(3);

    #[test]
    fn a_planned_run_names_its_rule() {
        assert_eq!(why(&state(AHEAD, None)), "every 24h");
        let kept = ClientState { at: NaiveTime::from_hms_opt(2, 30, 0), ..state(AHEAD, None) };
        assert_eq!(why(&kept), "at 02:30");
        let rule = |minutes| rule(kept.at, TimeDelta::minutes(minutes));
        assert_eq!((&*rule(30), &*rule(60 * 72)), ("at 02:30", "every 3d, at 02:30"));
        assert_eq!(super::rule(None, TimeDelta::minutes(90)), "every 90m");
        let off = ClientState { auto_sync: false, next_run: None, ..kept };
        assert_eq!(next_why(&off, facts(), &Utc), None);
    }

    #[test]
    fn what_went_wrong_is_named_with_what_to_do() {
        let after = |code, failures| why(&state(AHEAD, Some((code, failures))));
        assert_eq!(after(Code::Unreachable, 3), "retry 3 after unreachable");
        assert_eq!(after(Code::RateLimited, 1), "retry 1 after rate limited");
        assert_eq!(after(Code::Held, 0), "every 24h; held");
        let held = next_why(&state(AHEAD, Some((Code::Held, 0))), facts(), &Utc);
        let advice = Advice::ListHeld { client_id: Some(ClientId(174)) };
        assert_eq!(held.and_then(|why| why.advice), Some(advice));
        assert_eq!(after(Code::NoPermission, 1), "every 24h; no permission needs a fix");
        assert_ne!(after(Code::AuthFailed, 1), "credentials refused");
        let source = SecretSource::Credential;
        let blocked = ScheduleFacts { blocked: Some((source, false)), ..facts() };
        let refused = NextWhy {
            text: "credentials refused".to_owned(),
            advice: Some(Advice::TakeNewCredentials { source }),
        };
        assert_eq!(next_why(&state(AHEAD, None), blocked, &Utc), Some(refused));
        let locked = ScheduleFacts { blocked: Some((source, true)), ..facts() };
        let told = next_why(&state(AHEAD, None), locked, &Utc).expect("a reason");
        assert_eq!(
            (told.text.as_str(), told.advice),
            ("account locked", Some(Advice::UnlockAccount))
        );
    }

    #[test]
    fn what_is_due_says_why_it_has_not_run() {
        let late = |hours: i64| state(TimeDelta::hours(-hours), None);
        assert_eq!(why(&late(0)), "due now");
        assert_eq!(why(&late(1)), "catching up: was due 03:00");
        assert_eq!(why(&late(5)), "catching up: was due 1970-01-04 23:00 +00:00");
        let waits = ScheduleFacts { waits: Some("60 % is used"), ..facts() };
        assert_eq!(told(&late(1), waits), "waiting for budget: 60 % is used");
        assert_eq!(told(&state(AHEAD, None), waits), "every 24h");
    }

    #[test]
    fn a_pause_comes_before_everything() {
        let until = Some(now() + TimeDelta::hours(30));
        let pause = Pause { client: None, until, by: "dana".to_owned(), at: now(), ended: None };
        let late = state(-AHEAD, Some((Code::AuthFailed, 1)));
        let told = |pause| told(&late, ScheduleFacts { pause: Some(pause), ..facts() });
        assert_eq!(told(&pause), "paused until 1970-01-06 10:00 +00:00");
        let endless = Pause { until: None, ..pause.clone() };
        assert_eq!(told(&endless), "paused until it is resumed");
    }
}
