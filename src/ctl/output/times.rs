//! Moments and ages as people read them: pure functions of `now`.
//!
//! Whoever calls has already put the moments into local time; nothing here asks what time or
//! which zone it is.

use chrono::{DateTime, Datelike, FixedOffset, TimeDelta};

/// How long ago, or in how long: `just now`, `5m ago`, `in 15s`, `in 3h`.
pub fn distance(now: DateTime<FixedOffset>, at: DateTime<FixedOffset>) -> String {
    let span = at - now;
    let length = length(span.abs());
    match span {
        span if length.is_empty() && span.num_seconds() > 0 => {
            format!("in {}s", span.num_seconds())
        }
        _ if length.is_empty() => "just now".to_owned(),
        span if span < TimeDelta::zero() => format!("{length} ago"),
        _ => format!("in {length}"),
    }
}

/// A span in its largest unit, rounded down; empty below a minute.
fn length(span: TimeDelta) -> String {
    let (minutes, hours, days) = (span.num_minutes(), span.num_hours(), span.num_days());
    match () {
        () if minutes < 1 => String::new(),
        () if hours < 1 => format!("{minutes}m"),
        () if days < 2 => format!("{hours}h"),
        () => format!("{days}d"),
    }
}

/// A moment near now in short: `today 14:05`, `yesterday 02:00`, `in 3h`, `2026-11-20`.
pub fn short(now: DateTime<FixedOffset>, at: DateTime<FixedOffset>) -> String {
    let clock = at.format("%H:%M");
    let days = at.num_days_from_ce() - now.num_days_from_ce();
    match days {
        _ if at > now && at - now < TimeDelta::hours(12) => distance(now, at),
        0 => format!("today {clock}"),
        -1 => format!("yesterday {clock}"),
        1 => format!("tomorrow {clock}"),
        _ => at.format("%Y-%m-%d").to_string(),
    }
}

/// When something that is planned happens: the same, but what is due is `now`.
pub fn planned(now: DateTime<FixedOffset>, at: DateTime<FixedOffset>) -> String {
    if at - now < TimeDelta::minutes(1) { "now".to_owned() } else { short(now, at) }
}

/// A moment in full, with the zone.
pub fn exact(at: DateTime<FixedOffset>) -> String {
    at.format("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// How long something took: `0.4s`, `12s`, `3m 5s`.
pub fn took(span: TimeDelta) -> String {
    let seconds = span.num_seconds();
    match seconds {
        0..10 => format!("{}.{}s", seconds, span.subsec_millis() / 100),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        _ => format!("{}h {}m", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(text).expect("a moment")
    }

    #[test]
    fn the_same_day_is_told_by_the_local_clock() {
        let now = at("2026-11-24T00:30:00+01:00");
        assert_eq!(short(now, at("2026-11-24T00:10:00+01:00")), "today 00:10");
        assert_eq!(short(now, at("2026-11-23T23:59:00+01:00")), "yesterday 23:59");
        assert_eq!(short(now, at("2026-11-21T23:59:00+01:00")), "2026-11-21");
        assert_eq!(short(now, at("2026-11-24T03:40:00+01:00")), "in 3h");
        assert_eq!(short(now, at("2026-11-24T22:00:00+01:00")), "today 22:00");
        assert_eq!(short(now, at("2026-11-25T14:00:00+01:00")), "tomorrow 14:00");
        assert_eq!(planned(now, at("2026-11-23T14:00:00+01:00")), "now");
    }

    #[test]
    fn ages_have_one_unit() {
        let now = at("2026-11-24T12:00:00+00:00");
        assert_eq!(distance(now, at("2026-11-24T11:59:30+00:00")), "just now");
        assert_eq!(distance(now, at("2026-11-24T12:00:30+00:00")), "in 30s");
        assert_eq!(distance(now, at("2026-11-24T11:15:00+00:00")), "45m ago");
        assert_eq!(distance(now, at("2026-11-23T11:15:00+00:00")), "24h ago");
        assert_eq!(distance(now, at("2026-11-20T12:00:00+00:00")), "4d ago");
    }

    #[test]
    fn what_a_run_took_is_short() {
        assert_eq!(took(TimeDelta::milliseconds(430)), "0.4s");
        assert_eq!(took(TimeDelta::seconds(185)), "3m 5s");
        assert_eq!(took(TimeDelta::seconds(7320)), "2h 2m");
    }
}
