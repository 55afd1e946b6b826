//! The value of a contract's field, and its text.
//!
//! The text of a value is the same at the terminal, in JSON and in the ledger, and reads back as
//! the same value.

use std::fmt;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::model::BillingCycle;

/// What values a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A decimal number: an amount or a count of units.
    Number,
    /// A calendar date.
    Date,
    /// A billing cycle.
    Cycle,
    /// An [`Impact`].
    Impact,
    /// Yes or no.
    Flag,
    /// A number of days.
    Days,
    /// Words, separated by commas.
    Tags,
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text, as it is.
    Text(String),
    /// A decimal number with its own digits: `482.60` stays `482.60`.
    Number(Decimal),
    /// A calendar date; no time zone can shift it.
    Date(NaiveDate),
    /// How often something is billed.
    Cycle(BillingCycle),
    /// How much it hurts when the thing stops.
    Impact(Impact),
    /// Yes or no.
    Flag(bool),
    /// A number of days.
    Days(u32),
    /// Words without commas, none twice.
    Tags(Vec<String>),
}

/// How much it hurts when a contract's subject stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumString)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Impact {
    /// Nobody said.
    Unspecified,
    /// Hardly.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
}

impl Impact {
    fn name(self) -> &'static str {
        self.into_str()
    }
}

/// The text is not a value of the kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct BadValue {
    /// The text that was given.
    pub text: String,
    /// What would have been right, with an article.
    pub expected: &'static str,
}

impl Kind {
    /// Reads a value of this kind from its text.
    pub fn parse(self, text: &str) -> Result<Value, BadValue> {
        let (value, expected) = match self {
            Kind::Text => (Some(Value::Text(text.to_owned())), "a text"),
            Kind::Number => (text.parse().ok().map(Value::Number), "a number, such as 482.60"),
            Kind::Date => (
                NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Value::Date),
                "a date, such as 2026-12-31",
            ),
            Kind::Cycle => (
                text.parse().ok().map(Value::Cycle),
                "one of monthly, quarterly, semi-annual, yearly, one-time, none",
            ),
            Kind::Impact => {
                (text.parse().ok().map(Value::Impact), "one of unspecified, low, medium, high")
            }
            Kind::Flag => (
                match text {
                    "yes" | "true" => Some(Value::Flag(true)),
                    "no" | "false" => Some(Value::Flag(false)),
                    _ => None,
                },
                "yes or no",
            ),
            Kind::Days => (text.parse().ok().map(Value::Days), "a whole number of days"),
            Kind::Tags => (Some(Value::Tags(split_tags(text))), "words separated by commas"),
        };
        value.ok_or_else(|| BadValue { text: text.to_owned(), expected })
    }
}

fn split_tags(text: &str) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.pad(text),
            Value::Number(number) => number.fmt(f),
            Value::Date(date) => f.pad(&date.format("%Y-%m-%d").to_string()),
            Value::Cycle(cycle) => cycle.fmt(f),
            Value::Impact(impact) => f.pad(impact.name()),
            Value::Flag(flag) => f.pad(if *flag { "yes" } else { "no" }),
            Value::Days(days) => days.fmt(f),
            Value::Tags(tags) => f.pad(&tags.join(",")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reads_back(kind: Kind, value: Value) {
        assert_eq!(kind.parse(&value.to_string()), Ok(value));
    }

    proptest! {
        #[test]
        fn text_of_a_value_reads_back(
            text in ".*",
            number in -1_000_000_000i64..1_000_000_000,
            scale in 0u32..6,
            day in 0i32..3_000_000,
            days in any::<u32>(),
            flag in any::<bool>(),
            tags in proptest::collection::btree_set("[a-z]{1,8}", 0..4),
        ) {
            reads_back(Kind::Text, Value::Text(text));
            reads_back(Kind::Number, Value::Number(Decimal::new(number, scale)));
            let date = NaiveDate::from_num_days_from_ce_opt(day).expect("in range");
            reads_back(Kind::Date, Value::Date(date));
            reads_back(Kind::Days, Value::Days(days));
            reads_back(Kind::Flag, Value::Flag(flag));
            reads_back(Kind::Tags, Value::Tags(tags.into_iter().collect()));
        }
    }

    #[test]
    fn a_bad_value_says_what_would_be_right() {
        let error = Kind::Date.parse("31.12.2026").expect_err("no date");
        assert_eq!(error.to_string(), "`31.12.2026` is not a date, such as 2026-12-31");
    }
}
