//! One row of an entity, as it came: named values that may be absent, null or of a wrong kind.
//!
//! Names are found without regard to case, because older samples were written in another one
//! (section 5 of the Autotask facts). What a row means is in `rows`.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::amount::Amount;
use super::{dates, decimal, text};
use crate::model::plain;
use crate::model::text::thousands;

/// A row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::autotask) struct Row(Map<String, Value>);

/// A field of a row that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct BadField {
    /// The field, by Autotask's name.
    pub field: &'static str,
    /// What is wrong with it, as a fragment that fits after "because".
    pub reason: String,
}

impl BadField {
    /// The field has no value although one is needed.
    pub fn missing(field: &'static str) -> BadField {
        BadField { field, reason: format!("{field} has no value") }
    }

    /// The field has no day that a billing period can have.
    pub fn no_day(row: &Row, field: &'static str) -> BadField {
        match row.value(field) {
            Some(value) => BadField::wrong(field, value, "a day of a billing period"),
            None => BadField::missing(field),
        }
    }

    /// The field's value is not what it should be.
    pub fn wrong(field: &'static str, value: &Value, wanted: &str) -> BadField {
        let text = shown(value);
        BadField { field, reason: format!("{field} is {text}, which is not {wanted}") }
    }

    /// The text of the field is longer than Autotask's own can be.
    fn too_long(field: &'static str, name: &str, length: usize, most: usize) -> BadField {
        let [length, most] = [length, most].map(thousands);
        BadField { field, reason: format!("{name} has {length} characters, more than {most}") }
    }
}

/// How much of a value that cannot be used is told, in characters.
const SHOWN: usize = 60;

/// The most characters that a text of one line has: several times as many as the longest of Autotask's
/// that are read.
const MOST_OF_A_LINE: usize = 2_000;

/// The most characters that any other text has: as many as Autotask's longest, a user-defined field
/// of several lines.
const MOST_OF_A_TEXT: usize = 8_000;

/// The beginning of a value, as JSON.
fn shown(value: &Value) -> String {
    text::shortened(&value.to_string(), SHOWN)
}

/// The field that holds those that users defined.
const USER_DEFINED: &str = "userDefinedFields";

/// `text` of a field that people know as `name`, if it has at most `most` characters and anything at
/// all.
fn within(
    field: &'static str,
    name: &str,
    text: Option<String>,
    most: usize,
) -> Result<Option<String>, BadField> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    // A character has at least a byte.
    let length = if text.len() <= most { 0 } else { text.chars().count() };
    if length > most { Err(BadField::too_long(field, name, length, most)) } else { Ok(Some(text)) }
}

/// A row with its id.
pub(in crate::autotask) type KeyedRow = (i64, Row);

impl Row {
    /// The row in `value`; none where it is not an object.
    pub fn new(value: Value) -> Option<Row> {
        match value {
            Value::Object(fields) => Some(Row(fields)),
            _ => None,
        }
    }

    /// The value of a field; none where it is absent or null.
    pub fn value(&self, name: &str) -> Option<&Value> {
        let value = self.0.get(name).or_else(|| {
            let other = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            other.map(|(_, value)| value)
        });
        value.filter(|value| !value.is_null())
    }

    /// A whole number.
    pub fn integer(&self, field: &'static str) -> Result<Option<i64>, BadField> {
        self.read(field, "a whole number", decimal::integer)
    }

    /// A whole number that must be there.
    pub fn needed_integer(&self, field: &'static str) -> Result<i64, BadField> {
        self.integer(field)?.ok_or_else(|| BadField::missing(field))
    }

    /// A decimal number, at most [`decimal::MOST`] to either side of zero: what is worked out of
    /// such numbers stays far from where decimals end.
    pub fn decimal(&self, field: &'static str) -> Result<Option<Decimal>, BadField> {
        let number = self.read(field, "a number", decimal::decimal)?;
        match number.filter(|number| number.abs() > Decimal::from(decimal::MOST)) {
            Some(_) => {
                let most = thousands(decimal::MOST);
                let value = shown(self.value(field).unwrap_or(&Value::Null));
                Err(BadField { field, reason: format!("{field} is {value}, more than {most}") })
            }
            None => Ok(number),
        }
    }

    /// A decimal number that must be there.
    pub fn needed_decimal(&self, field: &'static str) -> Result<Decimal, BadField> {
        self.decimal(field)?.ok_or_else(|| BadField::missing(field))
    }

    /// A calendar date. The first year and the last that Autotask can write mean that there is none
    /// (section 9.9 of the Autotask facts).
    pub fn date(&self, field: &'static str) -> Result<Option<NaiveDate>, BadField> {
        let date = self.read(field, "a date", |value| value.as_str().and_then(dates::date))?;
        Ok(date.filter(|date| (2..9999).contains(&date.year())))
    }

    /// A moment.
    pub fn moment(&self, field: &'static str) -> Result<Option<DateTime<Utc>>, BadField> {
        self.read(field, "a moment", |value| value.as_str().and_then(dates::moment))
    }

    /// Yes or no.
    pub fn flag(&self, field: &'static str) -> Result<Option<bool>, BadField> {
        self.read(field, "true or false", Value::as_bool)
    }

    /// An amount: `field` is in the client's currency, `internal` in the tenant's own.
    pub fn amount(&self, field: &'static str, internal: &'static str) -> Result<Amount, BadField> {
        Ok(Amount { client: self.decimal(field)?, internal: self.decimal(internal)? })
    }

    /// An amount that must be there.
    pub fn needed_amount(
        &self,
        field: &'static str,
        internal: &'static str,
    ) -> Result<Amount, BadField> {
        let amount = self.amount(field, internal)?;
        if amount.client.is_none() { Err(BadField::missing(field)) } else { Ok(amount) }
    }

    /// A text of one line, cleaned; none where nothing is left.
    pub fn line(&self, field: &'static str) -> Result<Option<String>, BadField> {
        let text = self.read(field, "a text", |value| value.as_str().map(text::line))?;
        within(field, field, text, MOST_OF_A_LINE)
    }

    /// A text of any number of lines, cleaned and otherwise untouched; none where nothing is left.
    pub fn text(&self, field: &'static str) -> Result<Option<String>, BadField> {
        let text = self.read(field, "a text", |value| value.as_str().map(text::lines))?;
        within(field, field, text, MOST_OF_A_TEXT)
    }

    /// The text of a user-defined field, whose name is found without regard to case; none where
    /// there is no such field. The inner one is none where it has no value. Dates and numbers are in
    /// their plain form.
    pub fn user_defined(&self, name: &str) -> Result<Option<Option<String>>, BadField> {
        let fields = self.value(USER_DEFINED).and_then(Value::as_array);
        let mut fields = fields.into_iter().flatten().cloned().filter_map(Row::new);
        let found = fields.find(|field| {
            let its_name = field.value("name").and_then(Value::as_str);
            its_name.is_some_and(|its| its.trim().eq_ignore_ascii_case(name.trim()))
        });
        let Some(found) = found else { return Ok(None) };
        let text = found.value("value").map(|value| match value {
            Value::String(text) => plain(text::lines(text).trim()).into_owned(),
            Value::Number(number) => match decimal::decimal(value) {
                Some(number) => number.normalize().to_string(),
                None => number.to_string(),
            },
            other => text::lines(&other.to_string()),
        });
        within(USER_DEFINED, name, text, MOST_OF_A_TEXT).map(Some)
    }

    fn read<T>(
        &self,
        field: &'static str,
        wanted: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, BadField> {
        let Some(value) = self.value(field) else { return Ok(None) };
        match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(BadField::wrong(field, value, wanted)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(value: Value) -> Row {
        Row::new(value).expect("an object")
    }

    #[test]
    fn absent_and_null_are_the_same_and_case_does_not_matter() {
        let row = row(json!({"CompanyID": 0, "endDate": null}));
        assert_eq!(row.needed_integer("companyID"), Ok(0));
        assert_eq!(row.date("endDate"), Ok(None));
        assert_eq!(row.date("startDate"), Ok(None));
        assert_eq!(row.needed_integer("endDate"), Err(BadField::missing("endDate")));
    }

    #[test]
    fn user_defined_fields_are_found_by_name_and_may_be_empty() {
        let row = row(json!({"userDefinedFields": [
            {"name": "Account Manager", "value": " Dana\u{1b}[31m "},
            {"name": "Bonus", "value": null},
            {"name": "Odd", "value": 7},
            {"name": "Until", "value": "2027-09-27T00:00:00.0000000"},
            {"name": "Seats", "value": "3.0000"},
            {"name": "Part", "value": 2.5000},
            "nonsense",
        ]}));
        assert_eq!(row.user_defined("account manager"), Ok(Some(Some("Dana".to_owned()))));
        assert_eq!(row.user_defined("Bonus"), Ok(Some(None)));
        assert_eq!(row.user_defined("Odd"), Ok(Some(Some("7".to_owned()))));
        assert_eq!(row.user_defined("Until"), Ok(Some(Some("2027-09-27".to_owned()))));
        assert_eq!(row.user_defined("Seats"), Ok(Some(Some("3".to_owned()))));
        assert_eq!(row.user_defined("Part"), Ok(Some(Some("2.5".to_owned()))));
        assert_eq!(row.user_defined("Nobody"), Ok(None));
    }

    #[test]
    fn what_no_tenant_has_names_its_field() {
        let long = "ä".repeat(8_001);
        let row = row(json!({
            "price": 1.5e15, "fee": 1e15, "hours": -8e26, "name": long, "description": long,
            "short": "ä".repeat(8_000),
            "userDefinedFields": [{"name": "Remark", "value": long}],
        }));
        let reason = |bad: BadField| bad.reason;
        let decimal = |field| row.decimal(field).map_err(reason);
        let most = "1,000,000,000,000,000";
        assert_eq!(decimal("price"), Err(format!("price is 1500000000000000.0, more than {most}")));
        assert_eq!(decimal("hours"), Err(format!("hours is -8e+26, more than {most}")));
        assert_eq!(decimal("fee"), Ok(Some(Decimal::from(decimal::MOST))));
        let told = |name, most| Err(format!("{name} has 8,001 characters, more than {most}"));
        assert_eq!(row.line("name").map_err(reason), told("name", "2,000"));
        assert_eq!(row.text("description").map_err(reason), told("description", "8,000"));
        assert_eq!(row.user_defined("remark").map_err(reason), told("remark", "8,000").map(Some));
        assert!(row.text("short").is_ok_and(|text| text.is_some()));
    }

    #[test]
    fn texts_keep_everything_but_line_ends_and_trailing_blanks() {
        let row = row(json!({"a": "  one \r\ntwo\rthree \n\n", "b": " \r\n", "c": 7}));
        assert_eq!(row.text("a"), Ok(Some("  one \ntwo\nthree".to_owned())));
        assert_eq!(row.line("a"), Ok(Some("one  two three".to_owned())));
        assert_eq!(row.text("b"), Ok(None));
        assert_eq!(
            row.text("c").map_err(|bad| bad.reason),
            Err("c is 7, which is not a text".to_owned())
        );
    }
}
