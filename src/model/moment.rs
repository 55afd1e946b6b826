//! Moments as text: RFC 3339, in which they are told outside and stored.

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};

/// A moment in whole seconds, with the offset of its zone: `2026-06-30T12:00:00Z` in UTC.
pub fn rfc3339<Z: TimeZone>(at: DateTime<Z>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A moment in UTC, with as many digits of a second as it has: what is read back is the same.
pub fn rfc3339_exact(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{FixedOffset, TimeDelta};

    #[test]
    fn whole_seconds_for_people_and_every_digit_for_the_store() {
        let at = DateTime::UNIX_EPOCH + TimeDelta::milliseconds(1_500);
        assert_eq!(rfc3339(at), "1970-01-01T00:00:01Z");
        assert_eq!(rfc3339_exact(at), "1970-01-01T00:00:01.500Z");
        assert_eq!(rfc3339_exact(DateTime::UNIX_EPOCH), "1970-01-01T00:00:00Z");
        let east = FixedOffset::east_opt(7_200).expect("in range");
        assert_eq!(rfc3339(at.with_timezone(&east)), "1970-01-01T02:00:01+02:00");
    }
}
