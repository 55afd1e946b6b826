//! The one form in which people see a client, a number and a moment, on the terminal, in failures,
//! in events and in the journal. JSON has its own forms.

use std::fmt::Display;

use chrono::{DateTime, TimeZone, Utc};

/// A client by name and id: `Acme Dental (174)`.
pub fn client(name: &str, id: impl Display) -> String {
    format!("{name} ({id})")
}

/// Whether a character drives a terminal (all of the controls), breaks a line, or turns the direction
/// of writing.
pub fn is_control_sign(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// A text from outside for one line of a log or a screen: every such character is a blank.
pub fn visible(text: &str) -> String {
    text.chars().map(|c| if is_control_sign(c) { ' ' } else { c }).collect()
}

/// JSON with every such character escaped: the same value, since they stand only in its strings.
pub fn visible_json(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    // Of long texts nearly every part has none, which is seen at once of all of it.
    for part in text.split_inclusive('}') {
        let is_plain =
            |plain: bool, byte: &u8| plain & (matches!(byte, 0x20..0x7f) | (*byte == b'\n'));
        if part.as_bytes().iter().fold(true, is_plain) {
            clean.push_str(part);
            continue;
        }
        for c in part.chars() {
            // Newlines stand between the values of pretty JSON; in strings they are escaped already.
            if is_control_sign(c) && c != '\n' {
                clean.push_str(&format!("\\u{:04x}", u32::from(c)));
            } else {
                clean.push(c);
            }
        }
    }
    clean
}

/// A number with commas between thousands, such as `1,200`. What no `i64` can hold is told as the
/// greatest.
pub fn thousands(number: impl TryInto<i64>) -> String {
    let number = number.try_into().unwrap_or(i64::MAX);
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A moment to the minute, with the zone: `2026-11-20 14:00 +01:00`.
pub fn moment<Z: TimeZone>(at: &DateTime<Z>) -> String
where
    Z::Offset: Display,
{
    format!("{} {}", at.format("%Y-%m-%d %H:%M"), at.format("%:z"))
}

/// A moment in a line that has little room: `14:00` on the day of `now`, otherwise in full.
pub fn moment_near<Z: TimeZone>(at: DateTime<Utc>, now: DateTime<Utc>, zone: &Z) -> String
where
    Z::Offset: Display,
{
    let at = at.with_timezone(zone);
    match at.date_naive() == now.with_timezone(zone).date_naive() {
        true => at.format("%H:%M").to_string(),
        false => moment(&at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{FixedOffset, TimeDelta};

    #[test]
    fn nothing_of_a_name_drives_a_log() {
        let name = "A\u{1b}[2J\nB\u{202e}C\u{2028}\u{200f}\u{9b}日\u{2066}";
        assert_eq!(visible(name), "A [2J B C   日 ");
    }

    #[test]
    fn thousands_have_commas() {
        let told = [0, 999, 1_000, -1_234_567].map(thousands);
        assert_eq!(told, ["0", "999", "1,000", "-1,234,567"]);
    }

    #[test]
    fn a_moment_has_its_zone_and_its_day_unless_that_is_today() {
        let zone = FixedOffset::east_opt(3600).expect("in range");
        let now = DateTime::UNIX_EPOCH;
        let (soon, later) = (now + TimeDelta::hours(5), now + TimeDelta::hours(23));
        assert_eq!(moment_near(soon, now, &zone), "06:00");
        assert_eq!(moment_near(later, now, &zone), "1970-01-02 00:00 +01:00");
    }
}
