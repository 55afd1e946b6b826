//! Durations as people write and read them: `90s`, `36h`, `12w`. The one parser for configuration
//! keys and command-line options, and the one form in which durations are shown.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Reads a duration with its unit; `example` is the one that an error shows.
///
/// # Errors
///
/// Says what is wrong, as the fragment behind the value's name, where the text is not a duration.
pub fn parse_duration(text: &str, example: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| match error {
        humantime::DurationError::UnknownUnit { unit, .. } if unit.is_empty() => {
            format!("a duration needs a unit, such as {example}")
        }
        humantime::DurationError::UnknownUnit { unit, .. } => {
            format!("unknown unit `{unit}`; the units are s, m, h, d and w, such as {example}")
        }
        _ => format!("not a duration; write a number and its unit, such as {example}"),
    })
}

/// A duration as it would be written, in one unit: `400d`, `24h`, `90s`.
pub fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        _ if duration.subsec_millis() != 0 => format!("{}ms", duration.as_millis()),
        0 => "0s".to_owned(),
        // Up to two days people count in hours.
        _ if seconds.is_multiple_of(DAY) && seconds >= 2 * DAY => format!("{}d", seconds / DAY),
        _ if seconds.is_multiple_of(HOUR) => format!("{}h", seconds / HOUR),
        _ if seconds.is_multiple_of(MINUTE) => format!("{}m", seconds / MINUTE),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        let seconds = |text| parse_duration(text, "24h").map(|found| found.as_secs());
        assert_eq!(seconds("24h"), Ok(DAY));
        assert_eq!(seconds("1h 30m"), Ok(5400));
        assert_eq!(seconds("400d"), Ok(400 * DAY));
        assert_eq!(seconds("12w"), Ok(84 * DAY));
        assert_eq!(seconds("0s"), Ok(0));
        assert_eq!(seconds("24"), Err("a duration needs a unit, such as 24h".to_owned()));
        assert_eq!(
            seconds("24x"),
            Err("unknown unit `x`; the units are s, m, h, d and w, such as 24h".to_owned())
        );
        let not_one = "not a duration; write a number and its unit, such as 24h";
        for text in ["", "daily", "-1h", "1,5h"] {
            assert_eq!(seconds(text), Err(not_one.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_duration_is_shown_as_it_is_written() {
        for text in ["0s", "1s", "90s", "1m", "24h", "36h", "2d", "400d", "1500ms"] {
            let found = parse_duration(text, "24h").expect(text);
            assert_eq!(duration_text(found), text);
        }
    }
}
