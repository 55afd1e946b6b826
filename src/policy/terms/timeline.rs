//! The terms of agreements in a span of time: what runs from when to when, and by when notice must
//! be given.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Months, NaiveDate};

use super::ending::{is_billed, notice};
use crate::model::{BillingState, Contract, Field, ItemKey, Value};
use crate::policy::changes::renewal;

/// How many months before today a span begins unless something else is asked for.
const BACK: u32 = 3;

/// How many months a span has unless something else is asked for: a quarter behind, a year ahead.
const MONTHS: u32 = 15;

/// The longest span, in months: a hundred years, so that no date overflows.
pub const MOST_MONTHS: u32 = 1200;

/// A span of days, both among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

/// Why there is no such span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// It ends before it begins.
    #[error("the last day is before the first")]
    Backwards,
    /// It is longer than anybody can look at.
    #[error("a timeline has 1 to 1200 months")]
    TooLong,
    /// It has both a last day and a number of months.
    #[error("give the last day or a number of months, not both")]
    Both,
}

impl Span {
    /// The span that is asked for: whole months around `today` unless days are named.
    pub fn asked(
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        months: Option<u32>,
        today: NaiveDate,
    ) -> Result<Span, SpanError> {
        if to.is_some() && months.is_some() {
            return Err(SpanError::Both);
        }
        let this_month = today.with_day(1).unwrap_or(today);
        let from = match (from, to) {
            (Some(from), _) => from,
            // So that a last day in the past has something before it.
            (None, Some(to)) if to < this_month => {
                let first = to.with_day(1).unwrap_or(to);
                first.checked_sub_months(Months::new(MONTHS - 1)).ok_or(SpanError::TooLong)?
            }
            (None, _) => {
                this_month.checked_sub_months(Months::new(BACK)).ok_or(SpanError::TooLong)?
            }
        };
        let months = months.unwrap_or(MONTHS);
        if !(1..=MOST_MONTHS).contains(&months) {
            return Err(SpanError::TooLong);
        }
        let to = match to {
            Some(to) => to,
            None => from
                .checked_add_months(Months::new(months))
                .and_then(|after| after.checked_sub_days(Days::new(1)))
                .ok_or(SpanError::TooLong)?,
        };
        if to < from {
            return Err(SpanError::Backwards);
        }
        match from.checked_add_months(Months::new(MOST_MONTHS)) {
            Some(latest) if to < latest => Ok(Span { from, to }),
            _ => Err(SpanError::TooLong),
        }
    }

    /// Whether a day lies in it.
    fn has(&self, day: NaiveDate) -> bool {
        (self.from..=self.to).contains(&day)
    }

    /// Whether a term has a day in it; a term without an end goes on.
    fn holds(&self, start: Option<NaiveDate>, end: Option<NaiveDate>) -> bool {
        start.is_none_or(|start| start <= self.to) && end.is_none_or(|end| end >= self.from)
    }
}

/// The term of an agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The agreement.
    pub contract: Contract,
    /// Its first day, if it is known.
    pub start: Option<NaiveDate>,
    /// Its last day, if it has one.
    pub end: Option<NaiveDate>,
    /// The last day on which notice can be given, where notice days are set.
    pub notice: Option<NaiveDate>,
    /// The contract that it renews.
    pub renews: Option<ItemKey>,
    /// The contract that renews it.
    pub renewed_by: Option<ItemKey>,
}

/// The terms of the agreements that have a day in the span, by their first day. An agreement that
/// is gone, or that ends before it begins, has no term. What is billed `today` is there whatever
/// its dates say, where today lies in the span: nothing leaves the sum of what is billed.
pub fn terms(contracts: &[Contract], span: Span, today: NaiveDate) -> Vec<Term> {
    let renewed: BTreeMap<ItemKey, ItemKey> = contracts
        .iter()
        .filter_map(|contract| Some((renewal::renews(&contract.source)?, contract.key)))
        .collect();
    let date = |contract: &Contract, field| match contract.value(field) {
        Some(Value::Date(date)) => Some(date),
        _ => None,
    };
    let mut terms: Vec<Term> = contracts
        .iter()
        .filter(|contract| contract.parent.is_none() && contract.vanished.is_none())
        .filter_map(|contract| {
            let (start, end) = (date(contract, Field::StartDate), date(contract, Field::EndDate));
            let backwards = start.zip(end).is_some_and(|(start, end)| end < start);
            let is_in_sum = || span.has(today) && is_billed(contract, BillingState::Billed);
            ((span.holds(start, end) && !backwards) || is_in_sum()).then(|| Term {
                start,
                end,
                notice: end.and_then(|end| notice(contract, end)),
                renews: renewal::renews(&contract.source),
                renewed_by: renewed.get(&contract.key).copied(),
                contract: contract.clone(),
            })
        })
        .collect();
    terms.sort_by_key(|term| (term.start, term.end, term.contract.key));
    terms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::changes::fixture::{item, stored};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn agreement(key: &str, start: Option<&str>, end: Option<&str>) -> Contract {
        let mut item = item(key, "Care", "10");
        item.parent = None;
        for (field, date) in [(Field::StartDate, start), (Field::EndDate, end)] {
            match date {
                Some(date) => item.fields.insert(field, Value::Date(day(date))),
                None => item.fields.remove(&field),
            };
        }
        stored(&[item]).into_values().next().expect("one")
    }

    #[test]
    fn a_span_is_months_around_today_unless_days_are_named() {
        let today = day("2026-11-24");
        let asked = |from: Option<&str>, to: Option<&str>, months| {
            let span = Span::asked(from.map(day), to.map(day), months, today)?;
            Ok((span.from.to_string(), span.to.to_string()))
        };
        let span = |from: &str, to: &str| Ok((from.to_owned(), to.to_owned()));
        assert_eq!(asked(None, None, None), span("2026-08-01", "2027-10-31"));
        assert_eq!(asked(None, None, Some(6)), span("2026-08-01", "2027-01-31"));
        assert_eq!(asked(Some("2025-01-01"), None, Some(12)), span("2025-01-01", "2025-12-31"));
        assert_eq!(asked(None, Some("2027-03-31"), None), span("2026-08-01", "2027-03-31"));
        assert_eq!(asked(None, Some("2025-12-31"), None), span("2024-10-01", "2025-12-31"));
        assert_eq!(asked(Some("2026-01-02"), Some("2026-01-01"), None), Err(SpanError::Backwards));
        assert_eq!(asked(None, Some("2027-01-01"), Some(3)), Err(SpanError::Both));
        assert_eq!(asked(None, None, Some(0)), Err(SpanError::TooLong));
        assert_eq!(asked(Some("2000-01-01"), Some("2100-01-01"), None), Err(SpanError::TooLong));
        assert_eq!(asked(Some("+262142-12-31"), None, None), Err(SpanError::TooLong));
    }

    #[test]
    fn what_has_a_day_in_the_span_is_there() {
        let span = Span { from: day("2026-01-01"), to: day("2026-12-31") };
        let mut noticed = agreement("A4", Some("2026-03-01"), Some("2026-12-31"));
        noticed.local.insert(Field::NoticeDays, Value::Days(30));
        let mut successor = agreement("A5", Some("2026-12-31"), None);
        successor.source.insert(Field::Renews, Value::Text("A4".to_owned()));
        let mut gone = agreement("A9", Some("2026-03-01"), None);
        gone.vanished = Some(chrono::DateTime::UNIX_EPOCH);
        let all = [
            agreement("A1", Some("2020-01-01"), Some("2025-12-31")),
            agreement("A2", Some("2025-01-01"), Some("2026-01-01")),
            agreement("A3", None, None),
            noticed,
            successor,
            agreement("A6", Some("2027-01-01"), None),
            agreement("A7", Some("2026-06-01"), Some("2026-05-01")),
            gone,
        ];
        let today = day("2026-06-15");
        let terms = terms(&all, span, today);
        let keys: Vec<String> = terms.iter().map(|term| term.contract.key.to_string()).collect();
        assert_eq!(keys, ["A3", "A2", "A4", "A5"]);
        assert_eq!(terms[2].notice, Some(day("2026-12-01")));
        assert_eq!(terms[2].renewed_by.map(|key| key.to_string()), Some("A5".to_owned()));
        assert_eq!(terms[3].renews.map(|key| key.to_string()), Some("A4".to_owned()));
    }

    #[test]
    fn what_is_billed_today_is_there_though_its_dates_are_over() {
        let span = Span { from: day("2026-01-01"), to: day("2026-12-31") };
        let over = |key: &str, state: BillingState| {
            let mut contract = agreement(key, Some("2024-01-01"), Some("2025-12-31"));
            contract.source.insert(Field::Billing, Value::Text(state.to_string()));
            contract
        };
        let all = [over("A1", BillingState::Billed), over("A2", BillingState::Ended)];
        let keys = |today: &str| -> Vec<String> {
            let terms = terms(&all, span, day(today));
            terms.iter().map(|term| term.contract.key.to_string()).collect()
        };
        assert_eq!(keys("2026-06-15"), ["A1"]);
        assert!(keys("2027-06-15").is_empty(), "a span without today has no sum of today");
    }
}
