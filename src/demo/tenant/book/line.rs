//! Lines of agreements, of services and of bundles, and how they and their units are written: in the
//! client's currency and in the internal one. It knows no table and no particular line.

use rust_decimal::Decimal;

use super::agreement::{Agreement, at, cents, rate};
use crate::demo::tenant::billing::history::Billed;
use crate::demo::tenant::rows::row::Row;
use crate::demo::tenant::schema::line_kind::LineKind;

/// A service or bundle line of an agreement.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) kind: LineKind,
    pub(crate) id: i64,
    pub(crate) contract: i64,
    /// The service or bundle in the catalogue.
    pub(crate) item: i64,
    pub(crate) units: i64,
    /// For one unit and one period, in the client's currency.
    pub(crate) price: Decimal,
    pub(crate) cost: Decimal,
    pub(crate) rate: Decimal,
}

impl Line {
    /// A service line on this agreement; prices in cents.
    pub(crate) fn new(on: &Agreement, id: i64, item: i64, units: i64, prices: (i64, i64)) -> Line {
        Line {
            kind: LineKind::Service,
            id,
            contract: on.id,
            item,
            units,
            price: cents(prices.0),
            cost: cents(prices.1),
            rate: rate(on.currency),
        }
    }

    /// The same of a bundle.
    pub(crate) fn bundle(
        on: &Agreement,
        id: i64,
        item: i64,
        units: i64,
        prices: (i64, i64),
    ) -> Line {
        Line { kind: LineKind::Bundle, ..Line::new(on, id, item, units, prices) }
    }

    /// The row of the line; `text` is what the invoice says.
    pub(crate) fn row(&self, text: &str) -> Row {
        let internal = self.price * self.rate;
        let row = Row::new(self.kind.lines().schema(), self.id)
            .with("contractID", self.contract)
            .with(self.kind.item(), self.item)
            .with("invoiceDescription", text)
            .with("unitPrice", self.price)
            .with("internalCurrencyUnitPrice", internal)
            .with("internalCurrencyAdjustedPrice", internal);
        match self.kind {
            LineKind::Service => row.with("unitCost", self.cost),
            LineKind::Bundle => row.with("adjustedPrice", self.price),
        }
    }

    /// A row of units: price and cost are the extended amounts of its days (section 4.2).
    pub(crate) fn unit_row(&self, id: i64, billed: &Billed, posted: bool) -> Row {
        let (start, end) = billed.span;
        Row::new(self.kind.units().schema(), id)
            .with("contractID", self.contract)
            .with(self.kind.parent(), self.id)
            .with(self.kind.item(), self.item)
            .with("startDate", start)
            .with("endDate", end)
            .with("units", billed.units)
            .with("price", billed.price)
            .with("cost", billed.cost)
            .with("internalCurrencyPrice", billed.price * self.rate)
            .with("approveAndPostDate", posted.then(|| at(start, 6, 15, 147)))
    }
}
