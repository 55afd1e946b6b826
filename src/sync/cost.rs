//! What an agreement and an addition cost in one billing cycle.
//!
//! The rules, and the only place where they are written (section 4.2 of the Autotask facts says
//! where the numbers come from):
//!
//! 1. Autotask keeps one row per billing period of an addition, or several where the units changed
//!    within the period. The price of a row is the amount of the whole row, already multiplied by
//!    its units.
//! 2. The cost of an addition is read on one day: the sum of the prices of all rows that cover
//!    that day, rounded to what can be billed in the currency. Its units are the sum of their units.
//! 3. That day is today ([`Basis::Current`]). Where no row covers today it is the first day of the
//!    first period, if all periods are still to come ([`Basis::First`]), else the last day of the
//!    last period that has ended ([`Basis::Last`]). So rows that share the first or last period add
//!    up too. Without any row the cost is zero ([`Basis::None`]).
//! 4. The price of one unit is the exact sum divided by the units, with at most four decimals and
//!    at least those of the currency; where there are no units it is the price on the line itself.
//! 5. An agreement costs what its additions cost together. Its cycle is its own; where it has none
//!    it is that of its additions, if they agree. Additions of different cycles cannot be added up.

use std::fmt;

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::model::{BillingCycle, Currency};

/// The most decimals that the price of one unit is shown with: enough for a price per mailbox.
const UNIT_PRICE_DECIMALS: u32 = 4;

/// One row of an addition: a billing period or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub start: NaiveDate,
    /// The last day, which belongs to it.
    pub end: NaiveDate,
    /// How many units are billed.
    pub units: Decimal,
    /// What all of them cost together.
    pub price: Decimal,
}

impl Period {
    /// Whether `day` lies within.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.start <= day && day <= self.end
    }
}

/// Which period a cost was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The one that covers today.
    Current,
    /// The first: it is still to come.
    First,
    /// The last: it is over.
    Last,
    /// There is no period.
    None,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Basis::Current => "current",
            Basis::First => "first",
            Basis::Last => "last",
            Basis::None => "none",
        })
    }
}

/// What an addition costs in one billing cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// The amount, with exactly the decimals of the currency.
    pub amount: Decimal,
    /// How many units it is for.
    pub units: Decimal,
    /// The price of one unit, where it can be told.
    pub unit_price: Option<Decimal>,
    /// Which period it was read from.
    pub basis: Basis,
}

/// A sum that no decimal can hold: the data are wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the amounts are too large to add up")]
pub struct TooLarge;

/// The cost of an addition with these periods; `line_price` is the price of one unit that stands
/// on the line itself.
pub fn addition(
    periods: &[Period],
    today: NaiveDate,
    line_price: Option<Decimal>,
    currency: &Currency,
) -> Result<Cost, TooLarge> {
    let (basis, day) = basis(periods, today);
    let rows = || periods.iter().filter(|period| day.is_some_and(|day| period.covers(day)));
    let price = sum(rows().map(|period| period.price))?;
    let units = sum(rows().map(|period| period.units))?.normalize();
    let unit_price = price.checked_div(units).or(line_price);
    Ok(Cost {
        amount: currency.round(price),
        units,
        unit_price: unit_price.map(|price| round_unit_price(price, currency)),
        basis,
    })
}

/// The cost of an agreement: what its additions cost together.
pub fn agreement(
    additions: impl IntoIterator<Item = Decimal>,
    currency: &Currency,
) -> Result<Decimal, TooLarge> {
    Ok(currency.round(sum(additions)?))
}

/// The cycle of an agreement whose own is `own`; none where its additions are billed in different
/// cycles, so that their costs cannot be added up.
pub fn agreement_cycle(
    own: Option<BillingCycle>,
    additions: impl IntoIterator<Item = BillingCycle>,
) -> Option<BillingCycle> {
    if own.is_some() {
        return own;
    }
    let mut additions = additions.into_iter();
    let first = additions.next().unwrap_or(BillingCycle::None);
    additions.all(|cycle| cycle == first).then_some(first)
}

/// Which period is read, and the day that picks its rows.
fn basis(periods: &[Period], today: NaiveDate) -> (Basis, Option<NaiveDate>) {
    if periods.iter().any(|period| period.covers(today)) {
        return (Basis::Current, Some(today));
    }
    let ended = periods.iter().map(|period| period.end).filter(|end| *end < today).max();
    if let Some(end) = ended {
        return (Basis::Last, Some(end));
    }
    match periods.iter().map(|period| period.start).min() {
        Some(start) => (Basis::First, Some(start)),
        None => (Basis::None, None),
    }
}

fn sum(amounts: impl IntoIterator<Item = Decimal>) -> Result<Decimal, TooLarge> {
    amounts
        .into_iter()
        .try_fold(Decimal::ZERO, |total, amount| total.checked_add(amount))
        .ok_or(TooLarge)
}

fn round_unit_price(price: Decimal, currency: &Currency) -> Decimal {
    let decimals = currency.decimals();
    let mut rounded = price
        .round_dp_with_strategy(
            UNIT_PRICE_DECIMALS.max(decimals),
            RoundingStrategy::MidpointAwayFromZero,
        )
        .normalize();
    if rounded.scale() < decimals {
        rounded.rescale(decimals);
    }
    rounded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn period(start: &str, end: &str, units: &str, price: &str) -> Period {
        Period { start: day(start), end: day(end), units: decimal(units), price: decimal(price) }
    }

    fn cost(periods: &[Period], today: &str) -> Cost {
        addition(periods, day(today), Some(decimal("9.5")), &Currency::new("USD")).expect("a cost")
    }

    fn shown(cost: &Cost) -> String {
        let unit_price = cost.unit_price.map_or("-".to_owned(), |price| price.to_string());
        format!("{} = {} x {} ({})", cost.amount, cost.units, unit_price, cost.basis)
    }

    #[test]
    fn the_price_of_a_row_is_already_extended() {
        let rows = [period("2026-10-01", "2026-10-31", "11", "254.1000")];
        assert_eq!(shown(&cost(&rows, "2026-10-01")), "254.10 = 11 x 23.10 (current)");
        assert_eq!(shown(&cost(&rows, "2026-10-31")), "254.10 = 11 x 23.10 (current)");
    }

    #[test]
    fn all_rows_that_cover_the_day_add_up_and_others_do_not() {
        let rows = [
            period("2026-09-01", "2026-09-30", "10", "100"),
            period("2026-10-01", "2026-10-31", "10", "100"),
            period("2026-10-15", "2026-10-31", "3", "15.49"),
            period("2026-11-01", "2026-11-30", "13", "130"),
        ];
        assert_eq!(shown(&cost(&rows, "2026-10-14")), "100.00 = 10 x 10.00 (current)");
        assert_eq!(shown(&cost(&rows, "2026-10-15")), "115.49 = 13 x 8.8838 (current)");
    }

    #[test]
    fn before_the_start_the_first_period_counts_and_after_the_end_the_last() {
        let rows = [
            period("2026-02-01", "2026-02-28", "3", "30"),
            period("2026-01-01", "2026-01-31", "1", "10"),
            period("2026-01-01", "2026-01-31", "1", "5"),
            period("2026-02-15", "2026-02-28", "1", "5"),
        ];
        assert_eq!(shown(&cost(&rows, "2025-12-31")), "15.00 = 2 x 7.50 (first)");
        assert_eq!(shown(&cost(&rows, "2026-03-01")), "35.00 = 4 x 8.75 (last)");
    }

    #[test]
    fn in_a_gap_the_last_period_that_has_ended_counts() {
        let rows = [
            period("2026-01-01", "2026-01-31", "1", "10"),
            period("2026-03-01", "2026-03-31", "2", "20"),
        ];
        assert_eq!(shown(&cost(&rows, "2026-02-10")), "10.00 = 1 x 10.00 (last)");
    }

    #[test]
    fn without_rows_or_units_the_price_of_the_line_stands() {
        assert_eq!(shown(&cost(&[], "2026-01-01")), "0.00 = 0 x 9.50 (none)");
        let rows = [period("2026-01-01", "2026-01-31", "0", "0.0000")];
        assert_eq!(shown(&cost(&rows, "2026-01-01")), "0.00 = 0 x 9.50 (current)");
        let bare = addition(&[], day("2026-01-01"), None, &Currency::new("USD")).expect("a cost");
        assert_eq!(bare.unit_price, None);
    }

    #[test]
    fn a_unit_price_has_the_decimals_it_needs_up_to_four() {
        let price = |units: &str, price: &str, currency: &str| {
            let rows = [period("2026-01-01", "2026-01-31", units, price)];
            let cost = addition(&rows, day("2026-01-01"), None, &Currency::new(currency));
            cost.expect("a cost").unit_price.expect("a price").to_string()
        };
        assert_eq!(price("3", "10", "USD"), "3.3333");
        assert_eq!(price("4", "0.05", "USD"), "0.0125");
        assert_eq!(price("1", "1500.0000", "JPY"), "1500");
        assert_eq!(price("1", "1.5", "KWD"), "1.500");
        assert_eq!(price("-2", "-20", "USD"), "10.00");
    }

    #[test]
    fn sums_that_cannot_be_held_are_an_error() {
        let rows = [
            period("2026-01-01", "2026-01-31", "1", &Decimal::MAX.to_string()),
            period("2026-01-01", "2026-01-31", "1", &Decimal::MAX.to_string()),
        ];
        let usd = Currency::new("USD");
        assert_eq!(addition(&rows, day("2026-01-01"), None, &usd), Err(TooLarge));
    }

    #[test]
    fn an_agreement_has_its_own_cycle_or_the_one_its_additions_share() {
        use BillingCycle::{Monthly, None as Never, Yearly};
        assert_eq!(agreement_cycle(Some(Yearly), [Monthly, Yearly]), Some(Yearly));
        assert_eq!(agreement_cycle(None, [Monthly, Monthly]), Some(Monthly));
        assert_eq!(agreement_cycle(None, []), Some(Never));
        assert_eq!(agreement_cycle(None, [Monthly, Yearly]), None);
    }

    fn any_period() -> impl Strategy<Value = Period> {
        (0_u64..900, 0_u64..60, -50_i64..500, -1_000_000_i64..10_000_000).prop_map(
            |(start, length, units, price)| {
                let start = day("2025-01-01") + chrono::Days::new(start);
                Period {
                    start,
                    end: start + chrono::Days::new(length),
                    units: Decimal::from(units),
                    price: Decimal::new(price, 4),
                }
            },
        )
    }

    proptest! {
        #[test]
        fn order_does_not_matter(
            mut rows in proptest::collection::vec(any_period(), 0..12),
            today in 0_u64..1000,
        ) {
            let today = day("2025-01-01") + chrono::Days::new(today);
            let usd = Currency::new("USD");
            let forward = addition(&rows, today, None, &usd);
            rows.reverse();
            prop_assert_eq!(forward, addition(&rows, today, None, &usd));
        }

        #[test]
        fn a_row_of_another_period_changes_nothing_while_today_is_covered(
            row in any_period(),
            others in proptest::collection::vec(any_period(), 0..12),
        ) {
            let today = row.start;
            let usd = Currency::new("USD");
            let mut rows = vec![row];
            rows.extend(others);
            let all = addition(&rows, today, None, &usd);
            rows.retain(|row| row.covers(today));
            prop_assert_eq!(&all, &addition(&rows, today, None, &usd));
            prop_assert_eq!(all.map(|cost| cost.basis), Ok(Basis::Current));
        }

        #[test]
        fn the_amount_can_be_billed_and_units_times_price_come_near_it(
            rows in proptest::collection::vec(any_period(), 0..12),
            today in 0_u64..1000,
        ) {
            let today = day("2025-01-01") + chrono::Days::new(today);
            let cost = addition(&rows, today, None, &Currency::new("USD")).expect("a cost");
            prop_assert_eq!(cost.amount.scale(), 2);
            prop_assert_eq!(cost.basis == Basis::None, rows.is_empty());
            if let Some(price) = cost.unit_price {
                let apart = (price * cost.units - cost.amount).abs();
                let allowed = cost.units.abs() * decimal("0.00005") + decimal("0.005");
                prop_assert!(apart <= allowed, "{} apart", apart);
            }
        }

        #[test]
        fn an_agreement_is_the_exact_sum_of_its_additions(
            cents in proptest::collection::vec(-1_000_000_i64..10_000_000, 0..20),
        ) {
            let total: i64 = cents.iter().sum();
            let amounts = cents.iter().map(|cents| Decimal::new(*cents, 2));
            let cost = agreement(amounts, &Currency::new("USD"));
            prop_assert_eq!(cost, Ok(Decimal::new(total, 2)));
        }
    }
}
