//! Numbers straight from the JSON text: money never passes through a float (section 2.4 of the
//! Autotask facts).

use std::str::FromStr;

use rust_decimal::Decimal;
use serde_json::Value;

/// The most that a number of a row can be: more than any tenant bills, and so far from where decimals
/// end that billions of them add up.
pub(in crate::autotask) const MOST: i64 = 1_000_000_000_000_000;

/// The decimal that `value` is, with its own digits; a text that is one number is accepted too. What
/// a decimal has no place for, behind the 28th digit, is rounded.
pub(in crate::autotask) fn decimal(value: &Value) -> Option<Decimal> {
    let text = digits(value)?;
    if text.contains(['e', 'E']) {
        Decimal::from_scientific_lossy(text).ok()
    } else {
        Decimal::from_str(text).ok()
    }
}

/// The whole number that `value` is; `7.0` and `"7"` are accepted too. Nothing is rounded: the least
/// fraction makes it none.
pub(in crate::autotask) fn integer(value: &Value) -> Option<i64> {
    let text = digits(value)?;
    let number = if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()?
    } else {
        Decimal::from_str_exact(text).ok()?
    };
    number.is_integer().then(|| number.trunc().try_into().ok()).flatten()
}

fn digits(value: &Value) -> Option<&str> {
    match value {
        Value::Number(number) => Some(number.as_str()),
        Value::String(text) => Some(text.trim()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<String> {
        decimal(&serde_json::from_str(json).expect("JSON")).map(|number| number.to_string())
    }

    #[test]
    fn every_digit_survives() {
        for (json, text) in [
            ("254.1000", "254.1000"),
            ("0.1", "0.1"),
            ("-0.05", "-0.05"),
            ("12345678901234567.89", "12345678901234567.89"),
            ("1.5e3", "1500"),
            ("1.5E+3", "1500"),
            ("25e-2", "0.25"),
            ("1.4210854715202004e-14", "0.0000000000000142108547152020"),
            ("\"12.50\"", "12.50"),
        ] {
            assert_eq!(read(json).as_deref(), Some(text), "{json}");
        }
        for json in ["null", "true", "\"\"", "\"12,50\"", "\"NaN\"", "1e40", "[]"] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn whole_numbers_are_read_in_every_form() {
        let read = |json: &str| integer(&serde_json::from_str(json).expect("JSON"));
        assert_eq!(read("29683353"), Some(29_683_353));
        assert_eq!(read("7.0"), Some(7));
        assert_eq!(read("\"7\""), Some(7));
        assert_eq!(read("9223372036854775807"), Some(i64::MAX));
        assert_eq!(read("7.5"), None);
        assert_eq!(read("1e-36"), None);
        assert_eq!(read("0.000000000000000000000000000000000001"), None);
        assert_eq!(read("99999999999999999999"), None);
    }
}
