//! What is read from the rows of companies and agreements (section 4.5 of the Autotask facts). Rows
//! below an agreement are in `lines` and `purchases`.
//!
//! The ids that place a row are read first, and apart from the rest: a row with a bad price still
//! says whose price it is, so that only that item is rejected.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use chrono::NaiveDate;

use crate::autotask::fields::amount::Amount;
use crate::autotask::fields::row::{BadField, KeyedRow, Row};
use crate::model::UdfName;

/// A company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct CompanyRow {
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
    pub fn read((id, row): &KeyedRow) -> CompanyRow {
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
pub(in crate::autotask) struct ContractRow {
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
pub(in crate::autotask) struct ContractDetails {
    pub name: String,
    pub description: Option<String>,
    pub status: Option<i64>,
    pub period: Option<i64>,
    pub category: Option<i64>,
    pub start: Option<NaiveDate>,
    pub end: Option<NaiveDate>,
    pub purchase_order: Option<String>,
    pub contact: Option<String>,
    /// What setting it up costs, once.
    pub setup_fee: Amount,
    /// The company that is billed.
    pub bill_to: Option<i64>,
    /// The user-defined fields that were asked for and have a value.
    pub user_defined: Vec<(UdfName, String)>,
    /// The agreement that is named as renewed, in a direction that is not known (section 4.4 of
    /// the Autotask facts).
    pub renewed: Option<i64>,
}

impl ContractRow {
    /// Reads a row, with the user-defined fields of these names in Autotask.
    pub fn read((id, row): &KeyedRow, user_defined: &[(String, UdfName)]) -> ContractRow {
        ContractRow {
            id: *id,
            company: row.integer("companyID").ok().flatten(),
            kind: row.integer("contractType").ok().flatten(),
            details: ContractDetails::read(row, user_defined),
        }
    }
}

/// The user-defined fields that are wanted, and which of them any agreement had: a misspelt name
/// would otherwise look like a field that is empty everywhere.
pub(in crate::autotask) struct WantedFields<'a> {
    /// By their names in Autotask.
    names: &'a [(String, UdfName)],
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    agreements: usize,
    /// The places of the names that an agreement had.
    names: BTreeSet<usize>,
}

impl<'a> WantedFields<'a> {
    /// Fields of which nothing was seen yet.
    pub fn new(names: &'a [(String, UdfName)]) -> WantedFields<'a> {
        WantedFields { names, seen: Mutex::default() }
    }

    /// Reads an agreement, and notes which of the fields it has.
    pub fn read(&self, row: &KeyedRow) -> ContractRow {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.agreements += 1;
        for (place, (name, _)) in self.names.iter().enumerate() {
            // One whose text is too long is there as well.
            if !seen.names.contains(&place) && row.1.user_defined(name) != Ok(None) {
                seen.names.insert(place);
            }
        }
        drop(seen);
        ContractRow::read(row, self.names)
    }

    /// Those that no agreement had, where there were agreements.
    pub fn unknown(&self) -> Vec<&'a str> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.agreements == 0 {
            return Vec::new();
        }
        let names = self.names.iter().enumerate();
        let unseen = names.filter(|(place, _)| !seen.names.contains(place));
        unseen.map(|(_, (name, _))| name.as_str()).collect()
    }
}

impl ContractDetails {
    fn read(row: &Row, user_defined: &[(String, UdfName)]) -> Result<ContractDetails, BadField> {
        row.needed_integer("contractType")?;
        let name = match row.line("contractName")? {
            Some(name) => Some(name),
            None => row.line("contractNumber")?,
        };
        let (start, end) = dates(row, "startDate", "endDate")?;
        let mut of_users = Vec::new();
        for (autotask, ours) in user_defined {
            if let Some(Some(text)) = row.user_defined(autotask)? {
                of_users.push((*ours, text));
            }
        }
        Ok(ContractDetails {
            name: name.ok_or_else(|| BadField::missing("contractName"))?,
            description: row.text("description")?,
            status: row.integer("status")?,
            period: row.integer("contractPeriodType")?,
            category: row.integer("contractCategory")?,
            start,
            end,
            purchase_order: row.line("purchaseOrderNumber")?,
            contact: row.line("contactName")?,
            setup_fee: row.amount("setupFee", "internalCurrencySetupFee")?,
            bill_to: row.integer("billToCompanyID")?,
            user_defined: of_users,
            // It decides about no money, so a bad one is as good as none.
            renewed: row.integer("renewedContractID").ok().flatten().filter(|id| *id > 0),
        })
    }
}

/// The first and the last day, neither of which need be there, in this order.
pub(in crate::autotask) fn dates(
    row: &Row,
    start: &'static str,
    end: &'static str,
) -> Result<(Option<NaiveDate>, Option<NaiveDate>), BadField> {
    let (first, last) = (row.date(start)?, row.date(end)?);
    match (first, last) {
        (Some(first), Some(last)) if last < first => Err(BadField {
            field: end,
            reason: format!("{end} {last} lies before {start} {first}"),
        }),
        dates => Ok(dates),
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

    fn contract(value: Value) -> ContractRow {
        let name = UdfName::new("manager").expect("a name");
        ContractRow::read(&row(value), &[("Account Manager".to_owned(), name)])
    }

    #[test]
    fn a_bad_field_leaves_the_ids_readable() {
        let contract = contract(json!({
            "id": 5, "companyID": 0, "contractType": 7, "contractName": "x", "endDate": "soon"}));
        assert_eq!((contract.company, contract.kind), (Some(0), Some(7)));
        assert_eq!(contract.details.map_err(|bad| bad.field), Err("endDate"));
    }

    #[test]
    fn a_contract_needs_a_name_and_a_type_and_nothing_else() {
        let read = |value| {
            let details = contract(value).details;
            details.map(|details| details.name).map_err(|bad| bad.field)
        };
        let is = |name: &str| Ok(name.to_owned());
        assert_eq!(read(json!({"id": 1, "contractType": 7, "contractName": "x"})), is("x"));
        let blank = json!({"id": 1, "contractType": 7, "contractName": "\u{1b}[0m "});
        assert_eq!(read(blank), Err("contractName"));
        let number = json!({"id": 1, "contractType": 7, "contractName": "",
            "contractNumber": "MSA-1"});
        assert_eq!(read(number), is("MSA-1"));
        assert_eq!(read(json!({"id": 1, "contractName": "x"})), Err("contractType"));
        let long = "x".repeat(2000);
        let row = json!({"id": 1, "contractType": 7, "contractName": long});
        assert_eq!(read(row), is(&long));
    }

    #[test]
    fn what_is_renewed_and_what_users_defined_is_read_where_it_is_there() {
        let read = |renewed: Value, fields: Value| {
            let row = json!({"id": 1, "contractType": 7, "contractName": "x",
                "renewedContractID": renewed, "userDefinedFields": fields});
            let details = contract(row).details.expect("details");
            let users = details.user_defined.into_iter().map(|(_, text)| text).next();
            (details.renewed, users)
        };
        let dana = json!([{"name": "Account Manager", "value": "Dana"}]);
        assert_eq!(read(json!(5), dana), (Some(5), Some("Dana".to_owned())));
        assert_eq!(read(json!(0), json!([])), (None, None));
        assert_eq!(read(Value::Null, Value::Null), (None, None));
        assert_eq!(read(json!("none"), json!("nonsense")), (None, None));
    }

    #[test]
    fn an_agreement_that_ends_before_it_starts_is_refused() {
        let row = json!({"id": 1, "contractType": 7, "contractName": "x",
            "startDate": "2026-02-01", "endDate": "2026-01-31"});
        let reason = "endDate 2026-01-31 lies before startDate 2026-02-01".to_owned();
        assert_eq!(contract(row).details.map_err(|bad| bad.reason), Err(reason));
    }
}
