//! User-defined fields: their names, which are chosen in the configuration and known only at run
//! time, and the plain form of their values.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// The local name of a user-defined field, such as `account_manager`: lower-case letters, digits
/// and underscores, at most [`UdfName::LONGEST`] of them. As a field it is `udf.account_manager`.
///
/// Names are kept for the life of the process, so that a [`crate::model::Field`] stays a small value that
/// is copied. There are as many as the configuration, now or once, names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UdfName(&'static str);

impl UdfName {
    /// The longest name, in bytes.
    pub const LONGEST: usize = 40;

    /// The name, if it is one.
    pub fn new(text: &str) -> Option<UdfName> {
        static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let fits = (1..=UdfName::LONGEST).contains(&text.len()) && text.bytes().all(plain);
        if !fits {
            return None;
        }
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        let full = format!("udf.{text}");
        let name = match names.get(full.as_str()) {
            Some(name) => *name,
            None => {
                let name: &'static str = Box::leak(full.into_boxed_str());
                names.insert(name);
                name
            }
        };
        Some(UdfName(name))
    }

    /// The name as that of a field, with `udf.` in front.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The name as the configuration gives it, without `udf.`.
    pub fn local(self) -> &'static str {
        self.0.strip_prefix("udf.").unwrap_or(self.0)
    }
}

/// The decimals with which Autotask writes every number.
const DECIMALS: usize = 4;

/// A value in its plain form. Autotask writes every value as a text: a date as midnight of its day,
/// such as `2027-09-27T00:00:00.0000000`, which is `2027-09-27`, and a number with four decimals,
/// such as `3.0000`, which is `3`. Every other text stays as it is: what is no date and no such
/// number may be anything, and `1.10` a version.
pub fn plain(value: &str) -> Cow<'_, str> {
    if let Some(day) = date(value) {
        return Cow::Owned(day.to_string());
    }
    match value.split_once('.') {
        Some((whole, decimals)) if is_number(whole, decimals) => {
            let decimals = decimals.trim_end_matches('0');
            Cow::Borrowed(match decimals.len() {
                0 => whole,
                length => &value[..whole.len() + 1 + length],
            })
        }
        _ => Cow::Borrowed(value),
    }
}

/// The day of a moment at midnight, with or without a `Z`.
fn date(value: &str) -> Option<NaiveDate> {
    let moment = value.strip_suffix('Z').unwrap_or(value);
    let moment = NaiveDateTime::parse_from_str(moment, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
    (moment.time() == NaiveTime::MIN).then(|| moment.date())
}

fn is_number(whole: &str, decimals: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    decimals.len() == DECIMALS
        && digits(decimals)
        && digits(whole.strip_prefix('-').unwrap_or(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_numbers_have_a_plain_form_and_texts_are_let_be() {
        for (value, form) in [
            ("2027-09-27T00:00:00.0000000", "2027-09-27"),
            ("2027-09-27T00:00:00", "2027-09-27"),
            ("2027-09-27T00:00:00Z", "2027-09-27"),
            ("3.0000", "3"),
            ("-12.5000", "-12.5"),
            ("0.0000", "0"),
            ("0.1234", "0.1234"),
            ("100.0000", "100"),
        ] {
            assert_eq!(plain(value), form);
            assert_eq!(plain(form), form, "it is plain");
        }
        for text in [
            "2027-09-27",
            "2027-09-27T14:30:00",
            "2027-09-27 00:00:00",
            "3",
            "3.0",
            "1.10",
            "1.2.0000",
            "v3.0000",
            ".0000",
            "3.00000",
            "Dana",
            "",
        ] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn a_name_is_plain_and_kept_once() {
        let name = UdfName::new("account_manager").expect("a name");
        assert!(std::ptr::eq(name.as_str(), UdfName::new("account_manager").expect("it").as_str()));
        for bad in ["", "Account", "a b", "a.b", &"x".repeat(41)] {
            assert_eq!(UdfName::new(bad), None, "{bad}");
        }
    }
}
