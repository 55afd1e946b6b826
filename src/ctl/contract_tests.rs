//! Snapshots of the contract screens.

use super::super::output::assert_columns;
use super::super::screen::sample;
use super::*;
use crate::varlink::sync::Client;

fn contract(key: &str, parent: Option<&str>, name: &str, cost: &str, currency: &str) -> Contract {
    Contract {
        key: key.to_owned(),
        parent: parent.map(str::to_owned),
        client_id: 174,
        name: name.to_owned(),
        r#type: "recurring service".to_owned(),
        status: "active".to_owned(),
        billing_cost: cost.to_owned(),
        currency: currency.to_owned(),
        billing_cycle: "monthly".to_owned(),
        start_date: Some("2026-01-01".to_owned()),
        end_date: None,
        source: "autotask".to_owned(),
        last_synced: Some("2026-11-24T01:00:00Z".to_owned()),
        vanished: None,
    }
}

fn contracts() -> ContractList {
    let mut gone = contract("S61", Some("A2"), "Old backup", "9.00", "USD");
    gone.vanished = Some("2026-11-20T01:00:00Z".to_owned());
    let long = "Endpoint detection and response for workstations, with a very long name indeed";
    let mut odd = contract("A3", None, "東京支社 マネージドサービス契約", "120000", "JPY");
    odd.billing_cycle = "unknown (7)".to_owned();
    ContractList {
        contracts: vec![
            contract("A1", None, "Managed Workplace", "482.60", "USD"),
            contract("S55102", Some("A1"), long, "400.00", "USD"),
            contract("S55103", Some("A1"), "Backup", "82.60", "USD"),
            gone,
            odd,
            contract("A4", None, "Wartung", "90.00", "EUR"),
        ],
    }
}

#[test]
fn contracts_on_both_screens() {
    insta::assert_snapshot!("list_120", render(&contracts(), true, &sample(120)));
    insta::assert_snapshot!("list_80", render(&contracts(), false, &sample(80)));
    let none = ContractList { contracts: Vec::new() };
    insta::assert_snapshot!("list_empty", render(&none, true, &sample(80)));
}

#[test]
fn a_contract_by_whose_its_fields_are() {
    let view = |field: &str, owner: &str, value: Option<&str>, theirs: Option<&str>| FieldView {
        field: field.to_owned(),
        owner: owner.to_owned(),
        value: value.map(str::to_owned),
        autotask_value: theirs.map(str::to_owned),
        overridden: theirs.is_some(),
        changed: value.map(|_| "2026-11-20T13:00:00Z".to_owned()),
    };
    let long = "A description that goes on and on and will certainly not fit into eighty columns";
    let reply = ContractReply {
        contract: contract("S55102", Some("A1"), "Our name", "482.60", "USD"),
        client: Client { id: 174, name: "Acme Dental".to_owned() },
        fields: vec![
            view("status", "autotask", Some("active"), None),
            view("billing_cost", "autotask", Some("482.60"), None),
            view("name", "seeded", Some("Our name"), Some("Managed Workplace")),
            view("description", "seeded", Some(long), None),
            view("notes", "local", None, None),
            view("tags", "local", Some("backup,東京"), None),
        ],
    };
    insta::assert_snapshot!("show", one(&reply, &sample(80)));
    let mut hand = reply;
    hand.contract = contract("L12", None, "By hand", "5.00", "USD");
    hand.contract.source = "local".to_owned();
    hand.contract.vanished = Some("2026-11-20T13:00:00Z".to_owned());
    hand.fields.clear();
    insta::assert_snapshot!("show_local", one(&hand, &sample(80)));
}

#[test]
fn csv_has_every_key() {
    assert_columns(CSV, &contracts().contracts[0]);
}
