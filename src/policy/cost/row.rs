//! The rows of a line: what Autotask bills for a billing period or a part of one.

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};

use super::TooLarge;
use crate::model::Currency;

/// The most decimals that the price of one unit is shown with: enough for a price per mailbox.
const UNIT_PRICE_DECIMALS: u32 = 4;

/// One row of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Autotask's id of the row.
    pub id: i64,
    /// The first day.
    pub start: NaiveDate,
    /// The last day; it may belong to a later row (rule 2).
    pub end: NaiveDate,
    /// How many units are billed; negative where a change takes some away.
    pub units: Decimal,
    /// What all of them cost together for these days.
    pub price: Decimal,
}

/// How many days a span has, both ends among them.
pub(super) fn days((start, end): (NaiveDate, NaiveDate)) -> i64 {
    (end - start).num_days() + 1
}

/// The sum of some amounts.
pub(super) fn sum(amounts: impl IntoIterator<Item = Decimal>) -> Result<Decimal, TooLarge> {
    amounts
        .into_iter()
        .try_fold(Decimal::ZERO, |total, amount| total.checked_add(amount))
        .ok_or(TooLarge)
}

/// By how much two amounts differ.
pub(super) fn distance(one: Decimal, other: Decimal) -> Result<Decimal, TooLarge> {
    one.checked_sub(other).map(|difference| difference.abs()).ok_or(TooLarge)
}

/// `amount` of `days` days for `whole` days instead. Multiplied first, so that what divides evenly
/// stays exact.
pub(super) fn scaled(amount: Decimal, days: i64, whole: i64) -> Result<Decimal, TooLarge> {
    let product = amount.checked_mul(Decimal::from(whole)).ok_or(TooLarge)?;
    product.checked_div(Decimal::from(days)).ok_or(TooLarge)
}

/// The price of one unit as it is shown.
pub(super) fn round_unit_price(price: Decimal, currency: &Currency) -> Decimal {
    let decimals = UNIT_PRICE_DECIMALS.max(currency.decimals());
    let rounded = price.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    written(rounded, currency)
}

/// `amount` with its own digits, but at least those of the currency.
pub(super) fn written(amount: Decimal, currency: &Currency) -> Decimal {
    let mut amount = amount.normalize();
    if amount.scale() < currency.decimals() {
        amount.rescale(currency.decimals());
    }
    amount
}
