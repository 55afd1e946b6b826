//! One value of a row: how it is read from JSON, compared, and written as Autotask writes it (the
//! Autotask facts, section 2.4). It knows kinds of fields, but no entity.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::definition::Kind;

/// Decimals that money and other doubles are written with: "254.1000".
const MONEY_SCALE: u32 = 4;

/// A value of a row or of a filter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Double(Decimal),
    Bool(bool),
    Moment(NaiveDateTime),
    Text(String),
}

impl Value {
    /// Reads a value for a field of this kind; the error is the text that the server answers.
    pub(crate) fn read(kind: Kind, json: &Json) -> Result<Value, String> {
        let text = match json {
            Json::Null => return Ok(Value::Null),
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let read = match kind {
            Kind::Short | Kind::Integer | Kind::Long => text.trim().parse().ok().map(Value::Int),
            Kind::Double => read_decimal(text.trim()).map(Value::from),
            Kind::Boolean => read_bool(text.trim()).map(Value::Bool),
            Kind::DateTime => read_moment(text.trim()).map(Value::Moment),
            Kind::Text => Some(Value::Text(text.clone())),
        };
        read.ok_or_else(|| conversion_failed(kind, &text))
    }

    /// The value as comparisons see it: text without its case, as in a case-insensitive database.
    pub(crate) fn folded(self) -> Value {
        match self {
            Value::Text(text) => Value::Text(text.to_lowercase()),
            other => other,
        }
    }

    /// Compares with a folded value; `None` where either is null or the kinds differ, which is
    /// neither equal nor unequal, as in SQL.
    pub(crate) fn compare(&self, folded: &Value) -> Option<Ordering> {
        match (self, folded) {
            (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
            (Value::Double(a), Value::Double(b)) => Some(a.cmp(b)),
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Value::Moment(a), Value::Moment(b)) => Some(a.cmp(b)),
            (Value::Text(a), Value::Text(b)) => Some(a.to_lowercase().cmp(b)),
            _ => None,
        }
    }

    /// Whether nothing stands there.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Text(text) => text.is_empty(),
            _ => false,
        }
    }

    /// The whole number, if it is one.
    pub(crate) fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The calendar date of a moment.
    pub(crate) fn as_date(&self) -> Option<NaiveDate> {
        match self {
            Value::Moment(moment) => Some(moment.date()),
            _ => None,
        }
    }

    /// The number of a double, zero where it is null.
    pub(crate) fn as_decimal(&self) -> Decimal {
        match self {
            Value::Double(number) => *number,
            _ => Decimal::ZERO,
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Bool(truth)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<Decimal> for Value {
    /// Pads to four decimals, so that the recorded trailing zeros appear.
    fn from(mut number: Decimal) -> Value {
        if number.scale() < MONEY_SCALE {
            number.rescale(MONEY_SCALE);
        }
        Value::Double(number)
    }
}

impl From<NaiveDate> for Value {
    fn from(date: NaiveDate) -> Value {
        Value::Moment(date.and_time(NaiveTime::MIN))
    }
}

impl From<NaiveDateTime> for Value {
    fn from(moment: NaiveDateTime) -> Value {
        Value::Moment(moment)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// Writes a moment in the recorded formats: 0 to 3 fraction digits, mostly with `Z`. One in four
/// goes without, by `seed`, because both were seen and a client must read both.
pub(crate) fn write_moment(moment: NaiveDateTime, seed: u64) -> String {
    let (date, time) = (moment.date(), moment.time());
    let mut text = format!("{date}T{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    let millis = moment.nanosecond() / 1_000_000;
    if millis != 0 {
        let fraction = format!("{millis:03}");
        text.push('.');
        text.push_str(fraction.trim_end_matches('0'));
    }
    if seed % 4 != 3 {
        text.push('Z');
    }
    text
}

/// Reads "2026-09-08", the same with a time, with or without `Z`, a fraction or an offset.
pub(crate) fn read_moment(text: &str) -> Option<NaiveDateTime> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(date.and_time(NaiveTime::MIN));
    }
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.naive_utc());
    }
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()
}

fn read_decimal(text: &str) -> Option<Decimal> {
    text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
}

fn read_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// The text of SQL Server, as reported for integers (the Autotask facts, section 1.3); for the
/// other types it is the database's usual wording.
fn conversion_failed(kind: Kind, text: &str) -> String {
    let to = match kind {
        Kind::DateTime => {
            return "Conversion failed when converting date and/or time from character string."
                .to_owned();
        }
        Kind::Short => "smallint",
        Kind::Integer => "int",
        Kind::Long => "bigint",
        Kind::Double => "float",
        Kind::Boolean => "bit",
        Kind::Text => "varchar",
    };
    format!("Conversion failed when converting varchar '{text}' to data type {to}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> NaiveDateTime {
        read_moment(text).expect("a moment")
    }

    #[test]
    fn moments_are_read_in_every_form_in_use() {
        let midnight = moment("2026-09-08");
        for same in ["2026-09-08T00:00:00", "2026-09-08T00:00:00Z", "2026-09-08T00:00:00.000Z"] {
            assert_eq!(moment(same), midnight, "{same}");
        }
        assert_eq!(moment("2026-09-08T02:00:00+02:00"), midnight);
        assert_eq!(read_moment("8 September"), None);
    }

    #[test]
    fn moments_are_written_as_recorded() {
        assert_eq!(write_moment(moment("2020-12-31"), 0), "2020-12-31T00:00:00Z");
        assert_eq!(write_moment(moment("2022-12-07T09:15:45.200"), 1), "2022-12-07T09:15:45.2Z");
        assert_eq!(write_moment(moment("2022-12-07T09:15:28.147"), 3), "2022-12-07T09:15:28.147");
    }

    #[test]
    fn doubles_keep_their_trailing_zeros() {
        let Value::Double(number) = Value::from(Decimal::new(25410, 2)) else { panic!() };
        assert_eq!(number.to_string(), "254.1000");
    }

    #[test]
    fn a_wrong_type_fails_with_the_text_of_the_database() {
        assert_eq!(
            Value::read(Kind::Integer, &Json::from("x")),
            Err("Conversion failed when converting varchar 'x' to data type int".to_owned())
        );
        assert_eq!(Value::read(Kind::Integer, &Json::from("7")), Ok(Value::Int(7)));
    }
}
