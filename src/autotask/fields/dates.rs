//! Calendar dates as Autotask writes them (section 2.4 of the Autotask facts).
//!
//! The date of an agreement comes as a moment, with or without `Z`, with zero to three or more
//! fraction digits, and in one recording not at midnight. It is still a calendar date: the date
//! part is taken as it stands, and no time zone shifts it.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

/// The calendar date in `text`.
pub(in crate::autotask) fn date(text: &str) -> Option<NaiveDate> {
    let (day, rest) = text.trim().split_at_checked("2024-01-31".len())?;
    let exact = rest.is_empty() || rest.strip_prefix(['T', ' ']).is_some_and(is_time);
    exact.then(|| day.parse().ok()).flatten()
}

/// The moment in `text`; in UTC where it names no zone.
pub(in crate::autotask) fn moment(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let zoned = DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.to_utc());
    zoned.or_else(|| {
        let plain = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
        Some(plain.and_utc())
    })
}

/// Whether `text` is a time of day, with an optional zone.
fn is_time(text: &str) -> bool {
    // What nearly every row has.
    if text.strip_prefix("00:00:00").is_some_and(|rest| rest.is_empty() || rest == "Z") {
        return true;
    }
    let zone = text.find(['Z', 'z', '+', '-']).map(|at| text.split_at(at));
    let (time, zone) = zone.unwrap_or((text, "Z"));
    let zone_ok = zone.eq_ignore_ascii_case("Z")
        || zone[1..].chars().all(|c| c.is_ascii_digit() || c == ':') && zone.len() > 1;
    zone_ok && NaiveTime::parse_from_str(time, "%H:%M:%S%.f").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_with_and_without_a_zone() {
        let read = |text| moment(text).map(|moment| moment.to_rfc3339());
        let shown = |text: &str| Some(text.to_owned());
        assert_eq!(read("2022-12-07T09:15:45.2Z"), shown("2022-12-07T09:15:45.200+00:00"));
        assert_eq!(read(" 2024-01-31T15:04:05"), shown("2024-01-31T15:04:05+00:00"));
        assert_eq!(read("2024-01-31T15:04:05+02:00"), shown("2024-01-31T13:04:05+00:00"));
        assert_eq!(read("2024-01-31"), None);
    }

    #[test]
    fn every_recorded_form_is_the_same_day() {
        for text in [
            "2024-01-31",
            "2024-01-31T00:00:00",
            "2024-01-31T00:00:00Z",
            "2024-01-31T09:15:45.2Z",
            "2024-01-31T09:15:45.28Z",
            "2024-01-31T09:15:45.147Z",
            "2024-01-31T15:04:05.307",
            "2024-01-31T15:04:05.3071234Z",
            "2024-01-31T13:00:00Z",
            "2024-01-31T23:59:59-08:00",
            "2024-01-31 00:00:00",
        ] {
            assert_eq!(date(text), NaiveDate::from_ymd_opt(2024, 1, 31), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "31.01.2024",
            "2024-02-30",
            "2024-1-31",
            "2024-01-31T",
            "2024-01-31T25:00:00Z",
            "2024-01-31Tnoon",
            "2024-01-31T00:00:00é",
            "2024-01-31T00:00:00+",
            "12024-01-31",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
