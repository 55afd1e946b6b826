//! Days, moments and durations as they are typed, in the form that the daemon takes. The errors are
//! what clap shows behind the option's name.

use std::time::Duration;

use chrono::{DateTime, Months, NaiveDate, Utc};

use crate::model::{parse_duration, rfc3339_exact};

/// Seconds in a day.
const DAY: u64 = 24 * 60 * 60;

/// The longest span that can be asked for, in days: a hundred years, so that no date overflows.
const LONGEST_DAYS: i64 = 36_500;

/// What is wrong with a day such as 2026-02-30.
const NO_DAY: &str = "there is no such day in the calendar";

/// What is wrong where neither was typed.
const DAY_OR_MONTH: &str = "a day such as 2026-12-31, or a month such as 2026-12";

/// A calendar date, such as `2026-12-31`.
pub fn day(text: &str) -> Result<String, String> {
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(date) => Ok(date.format("%Y-%m-%d").to_string()),
        Err(_) if has_shape(text, &[4, 2, 2]) => Err(NO_DAY.to_owned()),
        Err(_) => {
            Err("a day is year, month and day of the calendar, such as 2026-12-31".to_owned())
        }
    }
}

/// Whether a text has numbers of so many digits, with hyphens between them.
fn has_shape(text: &str, digits: &[usize]) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is = |(part, length): (&&str, &usize)| {
        part.len() == *length && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    parts.len() == digits.len() && parts.iter().zip(digits).all(is)
}

/// What is wrong with what is neither a day nor a month.
fn no_day_or_month(text: &str) -> String {
    match (has_shape(text, &[4, 2, 2]), has_shape(text, &[4, 2])) {
        (true, _) => NO_DAY.to_owned(),
        (_, true) => "there is no such month in the calendar".to_owned(),
        _ => DAY_OR_MONTH.to_owned(),
    }
}

/// The first day of what is typed: a day, or a month such as `2026-11`.
pub fn first_day(text: &str) -> Result<String, String> {
    day(text).or_else(|_| day(&format!("{text}-01"))).map_err(|_| no_day_or_month(text))
}

/// The last day of what is typed: a day, or a month such as `2026-11`.
pub fn last_day(text: &str) -> Result<String, String> {
    let month = || {
        let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok()?;
        let last = first.checked_add_months(Months::new(1))?.pred_opt()?;
        Some(last.format("%Y-%m-%d").to_string())
    };
    day(text).or_else(|_| month().ok_or_else(|| no_day_or_month(text)))
}

/// A day, or a moment with its zone, such as `2026-06-30T12:00:00Z`.
pub fn day_or_moment(text: &str) -> Result<String, String> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(rfc3339_exact(moment.with_timezone(&Utc)));
    }
    if has_shape(text, &[4, 2, 2]) {
        return day(text);
    }
    day(text).map_err(|_| {
        "a day such as 2026-06-30, or a moment with its zone, such as 2026-06-30T12:00:00Z"
            .to_owned()
    })
}

/// A duration of whole days, typed as `90d` or `12w`.
pub fn days(text: &str) -> Result<i64, String> {
    let seconds = parse_duration(text, "90d")?.as_secs();
    match i64::try_from(seconds / DAY) {
        _ if !seconds.is_multiple_of(DAY) => Err("must be whole days, such as 90d".to_owned()),
        Ok(days) if days <= LONGEST_DAYS => Ok(days),
        _ => Err(format!("must be from 0d to {LONGEST_DAYS}d")),
    }
}

/// Seconds to wait, from 1s to a day, typed as `5m`; a plain number is one of seconds.
pub fn timeout(text: &str) -> Result<i64, String> {
    let seconds = match text.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => parse_duration(text, "5m")?.as_secs(),
    };
    match i64::try_from(seconds) {
        Ok(seconds) if (1..=DAY as i64).contains(&seconds) => Ok(seconds),
        _ => Err("must be from 1s to 24h".to_owned()),
    }
}

/// When something ends that begins now: the daemon reads it, but it is never in the past.
pub fn end(text: &str) -> Result<String, String> {
    match text.starts_with('-') {
        true => Err("the end must be in the future, such as 4h".to_owned()),
        false => Ok(text.to_owned()),
    }
}

/// How long something may be ago, typed as `36h`.
pub fn age(text: &str) -> Result<Duration, String> {
    parse_duration(text, "36h")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_on_the_calendar() {
        assert_eq!(day("2026-12-31"), Ok("2026-12-31".to_owned()));
        assert_eq!(day("2026-1-5"), Ok("2026-01-05".to_owned()));
        for bad in ["2026-02-30", "31.12.2026", "tomorrow", "", "2026-12-31T00:00:00Z"] {
            assert!(day(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_month_stands_for_its_first_or_last_day() {
        assert_eq!(first_day("2026-02"), Ok("2026-02-01".to_owned()));
        assert_eq!(last_day("2028-02"), Ok("2028-02-29".to_owned()));
        assert_eq!(first_day("2026-02-03"), Ok("2026-02-03".to_owned()));
        assert_eq!(last_day("2026-02-03"), Ok("2026-02-03".to_owned()));
        for bad in ["2026-13", "2026", "soon", "2026-02-30", ""] {
            assert!(first_day(bad).is_err() && last_day(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_moment_is_told_in_utc() {
        let read = day_or_moment("2026-06-30T12:00:00+02:00");
        assert_eq!(read, Ok("2026-06-30T10:00:00Z".to_owned()));
        assert_eq!(day_or_moment("2026-06-30"), Ok("2026-06-30".to_owned()));
        assert!(day_or_moment("2026-06-31").is_err());
        assert!(day_or_moment("2026-06-30T12:00:00").is_err(), "a moment has a zone");
    }

    #[test]
    fn a_term_is_whole_days() {
        assert_eq!(days("90d"), Ok(90));
        assert_eq!(days("12w"), Ok(84));
        assert_eq!(days("48h"), Ok(2));
        assert_eq!(days("0d"), Ok(0));
        for bad in ["", "d", "90", "3m", "36h", "-3d", "+3d", "soon", "99999999999999999999d"] {
            assert!(days(bad).is_err(), "{bad}");
        }
        assert!(days("36501d").is_err() && days("9223372036854775807w").is_err());
    }

    #[test]
    fn a_timeout_is_a_duration_or_seconds() {
        assert_eq!([timeout("300"), timeout("5m"), timeout("24h")], [Ok(300), Ok(300), Ok(86_400)]);
        for bad in ["0", "0s", "86401", "2d", "soon", "-1", ""] {
            assert!(timeout(bad).is_err(), "{bad}");
        }
    }
}
