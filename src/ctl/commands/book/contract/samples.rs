//! Contracts for snapshots.

use crate::protocol::contracts::{Contract, FieldView};
use crate::protocol::sync::{Client, FieldChange};

/// The client of the samples.
pub fn client() -> Client {
    Client { id: 174, name: "Acme Dental".to_owned() }
}

/// A contract with everything that most have.
pub fn contract(
    key: &str,
    parent: Option<&str>,
    name: &str,
    cost: &str,
    currency: &str,
) -> Contract {
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
        source: "autotask".to_owned(),
        last_synced: Some("2026-11-24T01:00:00Z".to_owned()),
        basis: Some("current".to_owned()),
        currency_basis: Some("client".to_owned()),
        billing: "billed".to_owned(),
        ..Contract::default()
    }
}

/// A field of a contract; overridden where Autotask's value is given.
pub fn view(field: &str, owner: &str, value: Option<&str>, theirs: Option<&str>) -> FieldView {
    FieldView {
        field: field.to_owned(),
        owner: owner.to_owned(),
        value: value.map(str::to_owned),
        autotask_value: theirs.map(str::to_owned),
        overridden: theirs.is_some(),
        changed: value.map(|_| "2026-11-20T13:00:00Z".to_owned()),
    }
}

/// A change of a field.
pub fn change(field: &str, from: Option<&str>, to: Option<&str>) -> FieldChange {
    FieldChange {
        field: field.to_owned(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    }
}
