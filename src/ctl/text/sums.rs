//! The totals of many contracts per month and per year: what Autotask bills, whatever the status
//! says. What is not in a sum is counted by why it is not, so that nothing leaves it silently.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::billing::Billing;
use super::money::{Span, Sums, grow, told};
use crate::model::{BillingCycle, BillingState, Currency};

/// From how many days on only the sum of what is to come is told.
const DAYS_TOLD: usize = 3;

/// Why something is in no sum, in the order in which it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It is billed from a later day on.
    Upcoming,
    /// Its last billing period is over.
    Ended,
    /// It is bought once.
    OneTime,
    /// There is nothing that is billed.
    Nothing,
    /// How often it is billed, or how much, cannot be told.
    Unknown,
    /// It is missing in Autotask.
    Vanished,
    /// It was made by hand and is not active.
    ByHand,
}

impl Why {
    fn words(self) -> &'static str {
        match self {
            Why::Upcoming => "upcoming",
            Why::Ended => "ended",
            Why::OneTime => "one-time",
            Why::Nothing => "without billing",
            Why::Unknown => "of unknown cycle",
            Why::Vanished => "vanished",
            Why::ByHand => "made by hand and not active",
        }
    }
}

/// What is in no sum for one reason.
#[derive(Debug, Default)]
struct LeftOut {
    number: i64,
    /// By the day from which on it counts, where there is one.
    sums: BTreeMap<Option<String>, Sums>,
    /// How many of those that say so are not billed yet.
    not_billed: i64,
}

/// Sums of what is billed by time, and what they leave out.
#[derive(Debug, Default)]
pub struct Totals {
    /// What is billed, per year.
    periodic: Sums,
    left_out: BTreeMap<Why, LeftOut>,
}

impl Totals {
    /// Adds what something costs while it is billed, or counts why it is not added.
    pub fn add(&mut self, of: &Billing<'_>) {
        let why = match (of.billing(), of.cycle()) {
            (Some(BillingState::Upcoming), _) => Some(Why::Upcoming),
            (Some(BillingState::Ended), _) => Some(Why::Ended),
            (_, Some(BillingCycle::OneTime)) => Some(Why::OneTime),
            (Some(BillingState::None), _) | (_, Some(BillingCycle::None)) => Some(Why::Nothing),
            _ => None,
        };
        match why {
            Some(why) => self.leave(why, of),
            None => {
                let currency = Currency::new(of.currency);
                let added = year(of).is_some_and(|y| grow(&mut self.periodic, &currency, y));
                if !added {
                    self.leave(Why::Unknown, of);
                }
            }
        }
    }

    /// Counts something that is in no sum.
    pub fn leave(&mut self, why: Why, of: &Billing<'_>) {
        let left = self.left_out.entry(why).or_default();
        left.number += 1;
        left.not_billed += i64::from(of.is_still_to_bill());
        let (day, amount) = match why {
            Why::Upcoming => (of.since.map(str::to_owned), year(of)),
            Why::OneTime | Why::Unknown => (None, of.cost.and_then(|cost| cost.parse().ok())),
            _ => (None, None),
        };
        if let Some(amount) = amount {
            grow(left.sums.entry(day).or_default(), &Currency::new(of.currency), amount);
        }
    }

    /// Counts something that is not billed yet, and whose amount is in that of its agreement.
    pub fn not_billed(&mut self, of: &Billing<'_>) {
        if of.is_still_to_bill() {
            self.left_out.entry(Why::OneTime).or_default().not_billed += 1;
        }
    }

    /// The sums, such as `482.60 USD, 12.00 EUR`; none where nothing is billed.
    pub fn text(&self, span: Span) -> Option<String> {
        told(&in_span(&self.periodic, span))
    }

    /// What is not in the sums, such as `2 upcoming (1,800.00 USD per month from 2026-07-01), 1
    /// ended`; none where all is.
    pub fn left_out(&self, span: Span) -> Option<String> {
        let some = self.left_out.iter().filter(|(_, left)| left.number > 0);
        let all: Vec<String> = some.map(|(why, left)| left.text(*why, span)).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

impl LeftOut {
    fn text(&self, why: Why, span: Span) -> String {
        let mut inside = match why {
            Why::Upcoming => self.by_day(span),
            _ => self.sums.values().filter_map(|sums| told(&without_zeros(sums))).collect(),
        };
        if self.not_billed > 0 {
            inside.push(format!("{} not billed yet", self.not_billed));
        }
        let inside = match inside.is_empty() {
            true => String::new(),
            false => format!(" ({})", inside.join(", ")),
        };
        format!("{} {}{inside}", self.number, why.words())
    }

    /// What is to come, by day; of many days the sum, from the first on.
    fn by_day(&self, span: Span) -> Vec<String> {
        let one = |day: &Option<String>, sums: &Sums, on: &str| {
            let sums = told(&without_zeros(&in_span(sums, span)))?;
            let from = day.as_ref().map(|day| format!(" from {day}{on}")).unwrap_or_default();
            Some(format!("{sums} per {}{from}", span.name()))
        };
        if self.sums.len() <= DAYS_TOLD {
            return self.sums.iter().filter_map(|(day, sums)| one(day, sums, "")).collect();
        }
        let mut whole = Sums::new();
        for (currency, amount) in self.sums.values().flatten() {
            grow(&mut whole, currency, *amount);
        }
        let first = self.sums.keys().find(|day| day.is_some()).cloned().flatten();
        one(&first, &whole, " on").into_iter().collect()
    }
}

/// What something costs in a year.
fn year(of: &Billing<'_>) -> Option<Decimal> {
    of.cycle()?.per_year(of.cost?.parse().ok()?)
}

fn in_span(years: &Sums, span: Span) -> Sums {
    years.iter().map(|(currency, year)| (currency.clone(), span.of_year(*year))).collect()
}

fn without_zeros(sums: &Sums) -> Sums {
    sums.iter().filter(|(_, a)| !a.is_zero()).map(|(c, a)| (c.clone(), *a)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(cost: &'a str, currency: &'a str, cycle: &'a str, state: &'a str) -> Billing<'a> {
        Billing { cost: Some(cost), currency, cycle, state, ..Billing::default() }
    }

    fn totals() -> Totals {
        let mut totals = Totals::default();
        totals.add(&of("482.60", "USD", "monthly", "billed"));
        totals.add(&of("100.00", "USD", "yearly", "billed"));
        totals.add(&of("100.00", "USD", "yearly", "billed"));
        totals.add(&of("90.00", "EUR", "quarterly", "billed"));
        totals.add(&of("60.00", "EUR", "semi-annual", "billed"));
        totals.add(&of("5000.00", "EUR", "one-time", "one-time"));
        totals.add(&Billing { billed: Some(false), ..of("10.00", "USD", "one-time", "one-time") });
        totals.add(&of("0.00", "USD", "none", "none"));
        totals.add(&of("7", "EUR", "unknown (7)", "billed"));
        totals
    }

    #[test]
    fn currencies_stay_apart_and_cycles_are_made_months_and_years() {
        // Two yearly hundreds are 16.67 per month together, though each alone is 8.33.
        assert_eq!(totals().text(Span::Month).as_deref(), Some("40.00 EUR, 499.27 USD"));
        assert_eq!(totals().text(Span::Year).as_deref(), Some("480.00 EUR, 5,991.20 USD"));
        assert_eq!(Totals::default().text(Span::Month), None);
    }

    #[test]
    fn what_is_left_out_is_counted_and_summed() {
        assert_eq!(
            totals().left_out(Span::Month).as_deref(),
            Some(
                "2 one-time (5,000.00 EUR, 10.00 USD, 1 not billed yet), 1 without billing, 1 of \
                 unknown cycle (7.00 EUR)"
            )
        );
        assert_eq!(Totals::default().left_out(Span::Month), None);
    }

    #[test]
    fn what_is_to_come_is_told_with_its_days() {
        let mut totals = Totals::default();
        let day = |day| Billing { since: Some(day), ..of("900.00", "USD", "monthly", "upcoming") };
        totals.add(&day("2026-07-01"));
        totals.add(&day("2026-07-01"));
        totals.add(&of("70.00", "USD", "monthly", "ended"));
        assert_eq!(totals.text(Span::Month), None);
        assert_eq!(
            totals.left_out(Span::Month).as_deref(),
            Some("2 upcoming (1,800.00 USD per month from 2026-07-01), 1 ended")
        );
        for other in ["2026-08-01", "2026-09-01", "2026-10-01"] {
            totals.add(&day(other));
        }
        assert_eq!(
            totals.left_out(Span::Year).as_deref(),
            Some("5 upcoming (54,000.00 USD per year from 2026-07-01 on), 1 ended")
        );
    }

    #[test]
    fn an_amount_beyond_counting_is_left_out_and_nothing_breaks() {
        let mut totals = Totals::default();
        totals.add(&of("79228162514264337593543950335", "USD", "monthly", "billed"));
        totals.add(&of("79228162514264337593543950335", "USD", "yearly", "billed"));
        totals.add(&of("1", "USD", "yearly", "billed"));
        let sum = totals.text(Span::Year).expect("a sum");
        assert_eq!(sum.replace(',', ""), "79228162514264337593543950335 USD");
        assert!(totals.left_out(Span::Year).expect("something").starts_with("2 of unknown"));
    }
}
