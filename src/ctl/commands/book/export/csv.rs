//! The export as comma-separated values: one row per contract.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::super::contract::list::COLUMNS;
use super::Everything;
use crate::ctl::app::error::CtlError;
use crate::ctl::output::list::{Csv, Formulas, Rows};
use crate::model::Field;
use crate::protocol::contracts::Exported;

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

/// The field that `client_id` is the column of.
const CLIENT: &str = "client";

/// The whole text.
pub fn render(reply: &Everything, formulas: Formulas) -> Result<String, CtlError> {
    let columns = columns(reply);
    let rows = reply
        .contracts
        .iter()
        .map(|exported| row(reply, exported))
        .collect::<Result<Vec<Value>, CtlError>>()?;
    let list = Value::Object(Map::from_iter([("contracts".to_owned(), Value::Array(rows))]));
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    Rows::new(&list, Csv::new("contracts", &[]), &columns).csv(formulas)
}

/// The fixed columns, one for each other field that is always there, one for each user-defined field
/// that occurs, by name, and whose all this is.
fn columns(reply: &Everything) -> Vec<String> {
    let always = Field::ALL.into_iter().map(Field::name).filter(|name| !is_fixed(name));
    let known: Vec<String> = FIXED.iter().copied().chain(always).map(str::to_owned).collect();
    let fields = reply.contracts.iter().flat_map(|row| &row.fields).map(|view| &view.field);
    let more: BTreeSet<&String> =
        fields.filter(|name| !is_fixed(name) && !known.contains(name)).collect();
    known.iter().chain(more).cloned().chain(ORIGIN.map(str::to_owned)).collect()
}

fn is_fixed(name: &str) -> bool {
    name == CLIENT || FIXED.contains(&name)
}

fn row(reply: &Everything, exported: &Exported) -> Result<Value, CtlError> {
    let nonsense = |error: serde_json::Error| CtlError::Nonsense(error.to_string());
    let mut row = Map::new();
    for view in &exported.fields {
        row.insert(view.field.clone(), view.value.clone().into());
    }
    for (column, value) in ORIGIN.into_iter().zip([&reply.tenant, &reply.store_id]) {
        row.insert(column.to_owned(), value.clone().into());
    }
    row.insert("client_name".to_owned(), exported.client.name.clone().into());
    if let Value::Object(contract) = serde_json::to_value(&exported.contract).map_err(nonsense)? {
        row.extend(contract);
    }
    Ok(Value::Object(row))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn one_row_per_contract_with_every_field() {
        let text = |reply: &Everything| render(reply, Formulas::Defused).expect("writes");
        insta::assert_snapshot!("full", text(&sample()));
        let none = Everything { contracts: Vec::new(), ..sample() };
        insta::assert_snapshot!("empty", text(&none));
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
