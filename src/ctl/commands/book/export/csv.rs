//! The export as comma-separated values: one row per contract.
//!
//! It is written while it comes. Which user-defined fields occur is told by no one before all of it was
//! there, and the first line has their names; so all of it is looked through once before.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::contract::list::COLUMNS;
use crate::ctl::app::error::CtlError;
use crate::ctl::connection::Client;
use crate::ctl::connection::pieces::{Piece, elements};
use crate::ctl::output::list::{Csv, Formulas, Rows};
use crate::ctl::output::write_part;
use crate::model::{Advice, Code, Failure, Field};
use crate::protocol::contracts::Export;
use crate::protocol::sync;

/// The columns of a contract, in front: those of every list, and the client's name after its id.
static FIXED: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let named = |column| match column {
        "client_id" => vec![column, "client_name"],
        _ => vec![column],
    };
    COLUMNS.into_iter().flat_map(named).collect()
});

/// The columns behind all others, where scripts that count columns are not disturbed.
const ORIGIN: [&str; 2] = ["tenant", "store_id"];

/// The key of the list in the reply.
const LIST: &str = "contracts";

/// The field that `client_id` is the column of.
const CLIENT: &str = "client";

/// What is read of a contract here.
#[derive(Deserialize)]
struct Exported {
    contract: Map<String, Value>,
    client: sync::Client,
    fields: Vec<View>,
}

#[derive(Deserialize)]
struct View {
    field: String,
    value: Option<String>,
}

/// The table, while it is written.
struct Table {
    columns: Vec<String>,
    formulas: Formulas,
    begun: bool,
}

/// Asks for everything, and writes the whole table.
pub fn write(
    client: &Client,
    wanted: &Export,
    formulas: Formulas,
    to: &mut dyn Write,
) -> Result<(), CtlError> {
    let (mut user_defined, mut pieces) = (BTreeSet::new(), 0);
    client.stream(wanted, &mut |piece| {
        user_defined.extend(user_defined_in(piece.fields.get(LIST).unwrap_or(&"")));
        pieces += 1;
        // What fits into one piece is there.
        if pieces == 1 && piece.is_last {
            write_part(to, &Table::new(&user_defined, formulas).of(piece)?)?;
        }
        Ok(())
    })?;
    if pieces == 1 {
        return Ok(());
    }
    let mut table = Table::new(&user_defined, formulas);
    client.stream(wanted, &mut |piece| write_part(to, &table.of(piece)?))
}

/// The names of the user-defined fields in a list of contracts.
fn user_defined_in(list: &str) -> BTreeSet<String> {
    // No text of a value has these bytes, since a quote in a text is escaped.
    let names = list.split("\"field\":\"udf.").skip(1);
    names.filter_map(|rest| Some(format!("udf.{}", rest.split('"').next()?))).collect()
}

impl Table {
    /// The fixed columns, one for each other field that is always there, one for each user-defined field
    /// that occurs, by name, and whose all this is.
    fn new(user_defined: &BTreeSet<String>, formulas: Formulas) -> Table {
        let always = Field::ALL.into_iter().map(Field::name).filter(|name| !is_fixed(name));
        let known: Vec<String> = FIXED.iter().copied().chain(always).map(str::to_owned).collect();
        let more: Vec<&String> = user_defined.iter().filter(|name| !known.contains(name)).collect();
        let columns = known.iter().chain(more).cloned().chain(ORIGIN.map(str::to_owned));
        Table { columns: columns.collect(), formulas, begun: false }
    }

    /// The rows of a piece, the first ones below the names of the columns.
    fn of(&mut self, piece: &Piece<'_>) -> Result<String, CtlError> {
        let mut rows = Vec::new();
        for exported in elements(piece.fields.get(LIST).unwrap_or(&"[]"))? {
            rows.push(self.row(piece, exported)?);
        }
        let reply = json!({ LIST: rows });
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        let first = !std::mem::replace(&mut self.begun, true);
        Rows::new(&reply, Csv::new(LIST, &[]), &columns).csv(self.formulas, first)
    }

    fn row(&self, piece: &Piece<'_>, exported: Exported) -> Result<Value, CtlError> {
        let Exported { contract, client, fields } = exported;
        let mut row = Map::new();
        for View { field, value } in fields {
            if !is_fixed(&field) && !self.columns.contains(&field) {
                let message = format!("contracts have got the field {field} while they were read");
                let failure = Failure::new(Code::Busy, message).advise(Advice::Retry);
                return Err(CtlError::Failed(failure));
            }
            row.insert(field, value.into());
        }
        for column in ORIGIN {
            let value = piece.fields.get(column).map(|json| serde_json::from_str(json));
            row.insert(column.to_owned(), value.transpose().ok().flatten().unwrap_or_default());
        }
        row.insert("client_name".to_owned(), client.name.into());
        row.extend(contract);
        Ok(Value::Object(row))
    }
}

fn is_fixed(name: &str) -> bool {
    name == CLIENT || FIXED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::protocol::contracts;

    /// The table of these contracts, which come in pieces of one.
    fn table(all: &[contracts::Exported]) -> String {
        let list = |of: &[contracts::Exported]| serde_json::to_string(of).expect("JSON");
        let mut table = Table::new(&user_defined_in(&list(all)), Formulas::Defused);
        let mut text = String::new();
        let mut add = |of: &[contracts::Exported]| {
            let list = list(of);
            let mut fields = std::collections::BTreeMap::from([(LIST, list.as_str())]);
            fields.extend([("tenant", "\"north\""), ("store_id", "\"4f5a\"")]);
            text.push_str(&table.of(&Piece { fields, is_last: false }).expect("writes"));
        };
        all.chunks(1).for_each(&mut add);
        add(&[]);
        text
    }

    #[test]
    fn one_row_per_contract_with_every_field() {
        insta::assert_snapshot!("full", table(&sample().contracts));
        insta::assert_snapshot!("empty", table(&[]));
    }

    #[test]
    fn a_field_that_comes_while_it_is_read_is_no_column_that_is_left_out() {
        let list = serde_json::to_string(&sample().contracts).expect("JSON");
        let fields = std::collections::BTreeMap::from([(LIST, list.as_str())]);
        let mut table = Table::new(&BTreeSet::new(), Formulas::Defused);
        let error = table.of(&Piece { fields, is_last: true }).expect_err("no such column");
        assert!(matches!(error, CtlError::Failed(failure) if failure.code == Code::Busy));
    }

    #[test]
    fn the_fixed_columns_are_every_key_of_a_contract() {
        let contract = serde_json::to_value(&sample().contracts[0].contract).expect("serializes");
        let keys = contract.as_object().expect("an object").keys();
        for key in keys.filter(|key| *key != "next_change") {
            assert!(FIXED.contains(&key.as_str()), "{key}");
        }
    }
}
