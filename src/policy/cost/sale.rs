//! What is bought once: milestones, purchases, charges (rules 8 and 9).

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::TooLarge;
use super::line::terms::Basis;
use super::row::round_unit_price;
use crate::model::{Currency, Working, WorkingLine};

/// Something that is bought once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sale {
    /// The first day that it is for; none where that is not limited.
    pub start: Option<NaiveDate>,
    /// The last day that it is for; none where that is not limited.
    pub end: Option<NaiveDate>,
    /// How many units, where it is sold in units.
    pub units: Option<Decimal>,
    /// The price of one.
    pub unit_price: Option<Decimal>,
    /// The amount, where it is written down; else it is units times price.
    pub amount: Option<Decimal>,
    /// Whether it costs the client nothing, whatever amount it carries.
    pub is_free: bool,
}

impl Sale {
    /// How its dates lie around `today`.
    pub fn basis(&self, today: NaiveDate) -> Basis {
        match (self.start, self.end) {
            (Some(start), _) if today < start => Basis::First,
            (_, Some(end)) if end < today => Basis::Last,
            _ => Basis::Current,
        }
    }
}

/// What it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleCost {
    /// The amount, with exactly the decimals of the currency.
    pub amount: Decimal,
    /// How many units, where it is sold in units.
    pub units: Option<Decimal>,
    /// The price of one.
    pub unit_price: Option<Decimal>,
}

/// The cost of something that is bought once.
pub fn sale(sale: &Sale, currency: &Currency) -> Result<SaleCost, TooLarge> {
    let product = || {
        let (units, price) = (sale.units.unwrap_or_default(), sale.unit_price.unwrap_or_default());
        units.checked_mul(price)
    };
    let amount = match sale.is_free {
        true => Decimal::ZERO,
        false => sale.amount.or_else(product).ok_or(TooLarge)?,
    };
    Ok(SaleCost {
        amount: currency.round(amount),
        units: sale.units.map(|units| units.normalize()),
        unit_price: sale.unit_price.map(|price| round_unit_price(price, currency)),
    })
}

impl SaleCost {
    /// How it came about: its one row.
    pub fn working(&self, row: i64, sale: &Sale) -> Working {
        let line = WorkingLine {
            from: format!("row {row}"),
            start: sale.start,
            end: sale.end,
            units: self.units,
            unit_price: self.unit_price,
            amount: self.amount,
            ..WorkingLine::default()
        };
        let free = sale.is_free.then(|| "not billable to the client".to_owned());
        Working { lines: vec![line], notes: free.into_iter().collect() }
    }
}
