//! What is read from the rows of services and bundles below an agreement, of what they bill, and of
//! the catalogue that names them (section 4.5 of the Autotask facts).
//!
//! As in `rows`, the ids that place a row are read apart from the rest.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::autotask::fields::amount::{Amount, Denomination};
use crate::autotask::fields::row::{BadField, KeyedRow, Row};
use crate::autotask::http::entity::Entity;
use crate::autotask::rows::companies::dates;
use crate::model::ItemKind;
use crate::policy::cost::Row as CostRow;

/// The two kinds of additions that are billed by period. They differ in names only. What is bought
/// once is in `purchases`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::autotask) enum LineKind {
    /// A contract service.
    Service,
    /// A contract service bundle.
    Bundle,
}

impl LineKind {
    /// The letter of its keys.
    pub fn kind(self) -> ItemKind {
        match self {
            LineKind::Service => ItemKind::Service,
            LineKind::Bundle => ItemKind::Bundle,
        }
    }

    /// What it is called.
    pub fn label(self) -> &'static str {
        match self {
            LineKind::Service => "service",
            LineKind::Bundle => "service bundle",
        }
    }

    /// The entity of its lines.
    pub fn lines(self) -> Entity {
        match self {
            LineKind::Service => Entity::ContractServices,
            LineKind::Bundle => Entity::ContractServiceBundles,
        }
    }

    /// The entity of what its lines bill.
    pub fn units(self) -> Entity {
        match self {
            LineKind::Service => Entity::ContractServiceUnits,
            LineKind::Bundle => Entity::ContractServiceBundleUnits,
        }
    }

    /// The entity that names what it is.
    pub fn catalogue(self) -> Entity {
        match self {
            LineKind::Service => Entity::Services,
            LineKind::Bundle => Entity::ServiceBundles,
        }
    }

    /// The field of a unit row that names the line.
    pub fn line_field(self) -> &'static str {
        match self {
            LineKind::Service => "contractServiceID",
            LineKind::Bundle => "contractServiceBundleID",
        }
    }

    /// The field of a line that names the entry of the catalogue.
    pub fn catalogue_field(self) -> &'static str {
        match self {
            LineKind::Service => "serviceID",
            LineKind::Bundle => "serviceBundleID",
        }
    }
}

/// A service or bundle line of an agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct LineRow {
    /// Its id.
    pub id: i64,
    /// The agreement it stands below; none where that cannot be read.
    pub contract: Option<i64>,
    /// The rest, or the first field that is wrong.
    pub details: Result<LineDetails, BadField>,
}

/// What a line says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct LineDetails {
    /// The id in the catalogue.
    pub item: i64,
    pub description: Option<String>,
    pub unit_price: Amount,
}

impl LineRow {
    /// Reads a row.
    pub fn read(kind: LineKind, (id, row): &KeyedRow) -> LineRow {
        LineRow {
            id: *id,
            contract: row.integer("contractID").ok().flatten(),
            details: LineDetails::read(kind, row),
        }
    }
}

impl LineDetails {
    fn read(kind: LineKind, row: &Row) -> Result<LineDetails, BadField> {
        let invoice = row.text("invoiceDescription")?;
        let internal = row.text("internalDescription")?;
        Ok(LineDetails {
            item: row.needed_integer(kind.catalogue_field())?,
            description: invoice.or(internal),
            unit_price: row.amount("unitPrice", "internalCurrencyUnitPrice")?,
        })
    }
}

/// What a line bills in one period or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct UnitRow {
    /// Its id.
    pub id: i64,
    /// The line; none where that cannot be read.
    pub line: Option<i64>,
    /// Its first and its last day; none where one of them cannot be read.
    pub dates: Option<(NaiveDate, NaiveDate)>,
    /// The period, or the first field that is wrong.
    pub period: Result<UnitPeriod, BadField>,
}

/// A period, with its price in both currencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct UnitPeriod {
    pub row: i64,
    start: NaiveDate,
    end: NaiveDate,
    units: Decimal,
    pub price: Amount,
}

impl UnitRow {
    /// Reads a row.
    pub fn read(kind: LineKind, (id, row): &KeyedRow) -> UnitRow {
        let period = UnitPeriod::read(*id, row).map_err(|bad| BadField {
            reason: format!("{} in row {id} of {}", bad.reason, kind.units()),
            ..bad
        });
        let days = dates(row, "startDate", "endDate").ok();
        UnitRow {
            id: *id,
            line: row.integer(kind.line_field()).ok().flatten(),
            dates: days.and_then(|(start, end)| start.zip(end)),
            period,
        }
    }
}

/// What a whole number of Autotask's can hold (`int32` in its Swagger document), which units are.
const MOST_UNITS: i64 = i32::MAX as i64;

impl UnitPeriod {
    fn read(id: i64, row: &Row) -> Result<UnitPeriod, BadField> {
        let (start, end) = dates(row, "startDate", "endDate")?;
        let units = row.needed_decimal("units")?;
        if units.abs() > Decimal::from(MOST_UNITS) {
            let reason = format!("units is {units}, and Autotask counts up to {MOST_UNITS}");
            return Err(BadField { field: "units", reason });
        }
        Ok(UnitPeriod {
            row: id,
            start: start.ok_or_else(|| BadField::no_day(row, "startDate"))?,
            end: end.ok_or_else(|| BadField::no_day(row, "endDate"))?,
            units,
            price: row.needed_amount("price", "internalCurrencyPrice")?,
        })
    }

    /// The row in one currency.
    pub fn priced(&self, money: &Denomination) -> Option<CostRow> {
        let price = money.of(&self.price)?;
        Some(CostRow { id: self.row, start: self.start, end: self.end, units: self.units, price })
    }

    /// The row as far as its days and units tell, without a price.
    pub fn unpriced(&self) -> CostRow {
        let price = self.price.either().unwrap_or_default();
        CostRow { id: self.row, start: self.start, end: self.end, units: self.units, price }
    }
}

/// An entry of the catalogue of services or of service bundles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct CatalogueRow {
    /// Its name.
    pub name: Option<String>,
    /// The number of its billing period.
    pub period: Option<i64>,
}

impl CatalogueRow {
    /// The fields that it needs.
    pub const FIELDS: &'static [&'static str] = &["id", "name", "periodType"];

    /// Reads a row; what cannot be read is as good as absent.
    pub fn read((_, row): &KeyedRow) -> CatalogueRow {
        CatalogueRow {
            name: row.line("name").ok().flatten(),
            period: row.integer("periodType").ok().flatten(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn row(value: Value) -> KeyedRow {
        let row = Row::new(value).expect("an object");
        (row.needed_integer("id").expect("an id"), row)
    }

    #[test]
    fn a_bad_unit_row_still_names_its_line() {
        let unit = UnitRow::read(
            LineKind::Service,
            &row(json!({"id": 9, "contractServiceID": 3, "startDate": "2026-01-01",
                "endDate": "2026-01-31", "units": 1, "price": "much"})),
        );
        assert_eq!(unit.line, Some(3));
        assert_eq!(
            unit.period.map_err(|bad| bad.reason),
            Err("price is \"much\", which is not a number in row 9 of ContractServiceUnits"
                .to_owned())
        );
    }

    #[test]
    fn a_description_is_the_one_on_the_invoice_or_else_the_internal_one() {
        let read = |value| LineRow::read(LineKind::Bundle, &row(value)).details;
        let both = json!({"id": 1, "serviceBundleID": 4, "invoiceDescription": "a\r\nb ",
            "internalDescription": "c"});
        assert_eq!(read(both).expect("details").description.as_deref(), Some("a\nb"));
        let one = json!({"id": 1, "serviceBundleID": 4, "invoiceDescription": "",
            "internalDescription": "c"});
        assert_eq!(read(one).expect("details").description.as_deref(), Some("c"));
    }

    #[test]
    fn a_period_that_ends_before_it_starts_is_refused() {
        let unit = UnitRow::read(
            LineKind::Service,
            &row(json!({"id": 9, "contractServiceID": 3, "startDate": "2026-02-01",
                "endDate": "2026-01-31", "units": 1, "price": 1})),
        );
        assert_eq!(unit.period.map_err(|bad| bad.field), Err("endDate"));
    }
}
