//! What is read from a row of each entity (section 4.5 of the Autotask facts).
//!
//! The ids that place a row are read first, and apart from the rest: a row with a bad price still
//! says whose price it is, so that only that item is rejected.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::entity::Entity;
use super::row::{BadField, Row};
use super::walk::Identified;
use crate::model::Letter;
use crate::sync::cost::Period;

/// The two kinds of additions that can be imported. They differ in names only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum LineKind {
    /// A contract service.
    Service,
    /// A contract service bundle.
    Bundle,
}

impl LineKind {
    /// The letter of its keys.
    pub fn letter(self) -> Letter {
        match self {
            LineKind::Service => Letter::Service,
            LineKind::Bundle => Letter::Bundle,
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

/// A company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CompanyRow {
    /// Its id.
    pub id: i64,
    /// Its name; made from the id where it has none.
    pub name: String,
    /// Whether it is active; true where nothing is said.
    pub active: bool,
    /// Its currency.
    pub currency: Option<i64>,
}

impl CompanyRow {
    /// The fields that it needs.
    pub const FIELDS: &'static [&'static str] = &["id", "companyName", "isActive", "currencyID"];

    /// Reads a row; only what a company cannot be shown without could be wrong, and that has a
    /// substitute.
    pub fn read((id, row): &Identified) -> CompanyRow {
        let name = row.line("companyName").ok().flatten();
        CompanyRow {
            id: *id,
            name: name.unwrap_or_else(|| nameless_company(*id)),
            active: row.flag("isActive").ok().flatten().unwrap_or(true),
            currency: row.integer("currencyID").ok().flatten(),
        }
    }
}

/// What a company is called whose name cannot be read.
pub fn nameless_company(id: i64) -> String {
    format!("company {id}")
}

/// An agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContractRow {
    /// Its id.
    pub id: i64,
    /// The company it belongs to; none where that cannot be read.
    pub company: Option<i64>,
    /// The number of its type.
    pub kind: Option<i64>,
    /// The rest, or the first field that is wrong.
    pub details: Result<ContractDetails, BadField>,
}

/// What an agreement says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContractDetails {
    pub name: String,
    pub description: Option<String>,
    pub status: Option<i64>,
    pub period: Option<i64>,
    pub category: Option<i64>,
    pub start: Option<NaiveDate>,
    pub end: Option<NaiveDate>,
    pub purchase_order: Option<String>,
    pub contact: Option<String>,
}

impl ContractRow {
    /// Reads a row.
    pub fn read((id, row): &Identified) -> ContractRow {
        ContractRow {
            id: *id,
            company: row.integer("companyID").ok().flatten(),
            kind: row.integer("contractType").ok().flatten(),
            details: ContractDetails::read(row),
        }
    }
}

impl ContractDetails {
    fn read(row: &Row) -> Result<ContractDetails, BadField> {
        row.needed_integer("contractType")?;
        let name = row.line("contractName")?;
        Ok(ContractDetails {
            name: name.ok_or_else(|| BadField::missing("contractName"))?,
            description: row.text("description")?,
            status: row.integer("status")?,
            period: row.integer("contractPeriodType")?,
            category: row.integer("contractCategory")?,
            start: row.date("startDate")?,
            end: row.date("endDate")?,
            purchase_order: row.line("purchaseOrderNumber")?,
            contact: row.line("contactName")?,
        })
    }
}

/// A service or bundle line of an agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LineRow {
    /// Its id.
    pub id: i64,
    /// The agreement it stands below; none where that cannot be read.
    pub contract: Option<i64>,
    /// The rest, or the first field that is wrong.
    pub details: Result<LineDetails, BadField>,
}

/// What a line says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LineDetails {
    /// The id in the catalogue.
    pub item: i64,
    pub description: Option<String>,
    pub unit_price: Option<Decimal>,
}

impl LineRow {
    /// Reads a row.
    pub fn read(kind: LineKind, (id, row): &Identified) -> LineRow {
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
            unit_price: row.decimal("unitPrice")?,
        })
    }
}

/// What a line bills in one period or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnitRow {
    /// The line; none where that cannot be read.
    pub line: Option<i64>,
    /// The period, or the first field that is wrong.
    pub period: Result<Period, BadField>,
}

impl UnitRow {
    /// Reads a row.
    pub fn read(kind: LineKind, (id, row): &Identified) -> UnitRow {
        let period = read_period(row).map_err(|bad| BadField {
            reason: format!("{} in row {id} of {}", bad.reason, kind.units()),
            ..bad
        });
        UnitRow { line: row.integer(kind.line_field()).ok().flatten(), period }
    }
}

fn read_period(row: &Row) -> Result<Period, BadField> {
    let period = Period {
        start: row.needed_date("startDate")?,
        end: row.needed_date("endDate")?,
        units: row.needed_decimal("units")?,
        price: row.needed_decimal("price")?,
    };
    if period.end < period.start {
        let reason = format!("endDate {} lies before startDate {}", period.end, period.start);
        return Err(BadField { field: "endDate", reason });
    }
    Ok(period)
}

/// An entry of the catalogue of services or of service bundles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CatalogueRow {
    /// Its name.
    pub name: Option<String>,
    /// The number of its billing period.
    pub period: Option<i64>,
}

impl CatalogueRow {
    /// The fields that it needs.
    pub const FIELDS: &'static [&'static str] = &["id", "name", "periodType"];

    /// Reads a row; what cannot be read is as good as absent.
    pub fn read((_, row): &Identified) -> CatalogueRow {
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

    fn row(value: Value) -> Identified {
        let row = Row::new(value).expect("an object");
        (row.needed_integer("id").expect("an id"), row)
    }

    #[test]
    fn a_bad_field_leaves_the_ids_readable() {
        let contract = ContractRow::read(&row(json!({
            "id": 5, "companyID": 0, "contractType": 7, "contractName": "x", "endDate": "soon"})));
        assert_eq!((contract.company, contract.kind), (Some(0), Some(7)));
        assert_eq!(contract.details.map_err(|bad| bad.field), Err("endDate"));

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
    fn a_contract_needs_a_name_and_a_type_and_nothing_else() {
        let read = |value| ContractRow::read(&row(value)).details.map_err(|bad| bad.field);
        assert!(read(json!({"id": 1, "contractType": 7, "contractName": "x"})).is_ok());
        assert_eq!(
            read(json!({"id": 1, "contractType": 7, "contractName": " "})),
            Err("contractName")
        );
        assert_eq!(read(json!({"id": 1, "contractName": "x"})), Err("contractType"));
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
