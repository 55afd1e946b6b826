//! Changes while the tenant runs.

use chrono::NaiveDate;
use lmsyncd::demo::tenant::{EditError, Entity};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::support::{Api, everything, today};

async fn units_today(api: &Api, line: i64) -> Vec<(i64, String)> {
    let day = today().to_string();
    let filter = json!([
        {"op": "eq", "field": "contractServiceID", "value": line},
        {"op": "lte", "field": "startDate", "value": day},
        {"op": "gte", "field": "endDate", "value": day},
    ]);
    let rows = api.query("ContractServiceUnits", filter).await.items();
    rows.iter().map(|row| (row["units"].as_i64().unwrap(), row["price"].to_string())).collect()
}

#[tokio::test]
async fn fields_rows_and_their_cursor_change() {
    let api = Api::stories().await;
    let tenant = &api.tenant;
    let before = tenant.get(Entity::Contracts, 29_683_353).unwrap();
    tenant.rename_contract(29_683_353, "Care").unwrap();
    let after = api.get("V1.0/Contracts/29683353").await.json()["item"].clone();
    assert_eq!(after["contractName"], "Care");
    assert_ne!(after["lastModifiedDateTime"], before["lastModifiedDateTime"]);

    let row = json!({"contractID": 29_683_353, "title": "New", "description": "x"});
    let id = tenant.insert(Entity::ContractNotes, &row).unwrap();
    assert_eq!(api.get(&format!("V1.0/ContractNotes/{id}")).await.json()["item"]["title"], "New");
    tenant.remove(Entity::ContractNotes, id).unwrap();
    assert_eq!(api.get(&format!("V1.0/ContractNotes/{id}")).await.status, 404);

    tenant.set(Entity::ContractServices, 55_102, "unitPrice", "24.5").unwrap();
    let line = tenant.get(Entity::ContractServices, 55_102).unwrap();
    assert_eq!(line["unitPrice"].to_string(), "24.5000");
    tenant.set_udf(Entity::Contracts, 29_683_353, "Bonus", None).unwrap();
    let contract = tenant.get(Entity::Contracts, 29_683_353).unwrap();
    assert_eq!(contract["userDefinedFields"][1], json!({"name": "Bonus", "value": null}));
    assert_eq!(
        tenant.set(Entity::Contracts, 1, "contractName", "x"),
        Err(EditError::NoRow(Entity::Contracts, 1))
    );
    assert!(tenant.set(Entity::Contracts, 29_683_353, "nope", Value::Null).is_err());
    assert!(tenant.set(Entity::Contracts, 29_683_353, "startDate", "soon").is_err());
}

#[tokio::test]
async fn units_and_prices_change_from_this_period_on() {
    let api = Api::stories().await;
    api.tenant.change_units(55_102, 12).unwrap();
    assert_eq!(units_today(&api, 55_102).await, [(12, "277.2000".to_owned())]);
    api.tenant.change_unit_price(55_102, Decimal::new(2000, 2)).unwrap();
    assert_eq!(units_today(&api, 55_102).await, [(12, "240.0000".to_owned())]);
    let filter = json!([{"op": "eq", "field": "contractServiceID", "value": 55_102}]);
    let rows = api.query("ContractServiceUnits", filter).await.items();
    assert_eq!(rows.len(), 7);
    assert_eq!(rows[2]["price"].to_string(), "254.1000");
    assert_eq!(rows[6]["price"].to_string(), "240.0000");
    // An adjusted period becomes one row.
    api.tenant.change_units(55_120, 20).unwrap();
    assert_eq!(units_today(&api, 55_120).await, [(20, "240.0000".to_owned())]);
}

#[tokio::test]
async fn lines_and_agreements_come_and_go() {
    let api = Api::stories().await;
    let tenant = &api.tenant;
    let contract = tenant.add_contract(174, "Phones").unwrap();
    let line = tenant.add_service(contract, 309, 4, Decimal::new(1995, 2)).unwrap();
    assert_eq!(units_today(&api, line).await, [(4, "79.8000".to_owned())]);

    let last = NaiveDate::from_ymd_opt(2026, 9, 30).unwrap();
    tenant.end_contract(contract, last).unwrap();
    let ended = api.get(&format!("V1.0/Contracts/{contract}")).await.json()["item"].clone();
    assert_eq!(ended["status"], 0);
    let filter = json!([{"op": "eq", "field": "contractID", "value": contract}]);
    assert_eq!(api.query("ContractServiceUnits", filter.clone()).await.items().len(), 1);

    tenant.remove_contract(contract).unwrap();
    assert_eq!(api.get(&format!("V1.0/Contracts/{contract}")).await.status, 404);
    assert!(api.query("ContractServices", filter).await.items().is_empty());
    assert!(tenant.add_service(contract, 309, 1, Decimal::ONE).is_err());
    assert!(tenant.add_contract(999, "x").is_err());
}

#[tokio::test]
async fn a_hidden_agreement_is_gone_without_an_error_and_comes_back() {
    let api = Api::stories().await;
    let all = api.query("Contracts", everything()).await.ids();
    api.tenant.hide_contract(29_683_353);
    assert!(!api.query("Contracts", everything()).await.ids().contains(&29_683_353));
    assert!(api.get("V1.0/Contracts/29683353/Services").await.ids().is_empty());
    api.tenant.show_contract(29_683_353);
    assert_eq!(api.query("Contracts", everything()).await.ids(), all);
}
