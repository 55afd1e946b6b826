//! The stories: what is special about each is there.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::support::{Api, everything, today};

/// A number of a row by its own digits.
fn text(value: &Value) -> String {
    value.to_string()
}

async fn units_today(api: &Api, line: i64) -> Vec<Value> {
    let day = today().to_string();
    let filter = json!([
        {"op": "eq", "field": "contractServiceID", "value": line},
        {"op": "lte", "field": "startDate", "value": day},
        {"op": "gte", "field": "endDate", "value": day},
    ]);
    api.query("ContractServiceUnits", filter).await.items()
}

#[tokio::test]
async fn acme_pays_extended_prices_with_trailing_zeros() {
    let api = Api::stories().await;
    let eleven = units_today(&api, 55_102).await;
    assert_eq!(eleven[0]["units"], 11);
    assert_eq!(text(&eleven[0]["price"]), "254.1000");
    let line = api.get("V1.0/ContractServices/55102").await;
    assert_eq!(text(&line.json()["item"]["unitPrice"]), "23.1000");
    let mut month = Decimal::ZERO;
    for line in [55_102, 55_103, 55_104] {
        let rows = units_today(&api, line).await;
        month +=
            rows.iter().map(|row| text(&row["price"]).parse::<Decimal>().unwrap()).sum::<Decimal>();
    }
    assert_eq!(month, Decimal::new(48_260, 2));
    assert!(line.text.contains("23.1000"));
    let contract = api.get("V1.0/Contracts/29683353").await;
    assert!(contract.text.contains("\"estimatedRevenue\":0.0000"));
}

#[tokio::test]
async fn an_adjustment_adds_a_row_and_an_ended_line_has_none() {
    let api = Api::stories().await;
    let units: Vec<i64> =
        units_today(&api, 55_120).await.iter().map(|row| row["units"].as_i64().unwrap()).collect();
    assert_eq!(units, [10, 3]);
    assert!(units_today(&api, 55_121).await.is_empty());
    assert_eq!(api.get("V1.0/ContractServices/55121").await.status, 200);
}

#[tokio::test]
async fn past_current_and_future_periods_have_rows() {
    let api = Api::stories().await;
    let filter = json!([{"op": "eq", "field": "contractServiceID", "value": 55_102}]);
    let rows = api.query("ContractServiceUnits", filter).await.items();
    assert_eq!(rows.len(), 7);
    assert!(rows[0]["approveAndPostDate"].is_string());
    assert_eq!(rows[3]["approveAndPostDate"], Value::Null);
    assert!(rows[3]["startDate"].as_str().unwrap().starts_with("2026-09-01T00:00:00"));
    assert!(rows[3]["endDate"].as_str().unwrap().starts_with("2026-09-30T00:00:00"));
}

#[tokio::test]
async fn a_quarterly_agreement_has_quarters_and_the_same_service_twice() {
    let api = Api::stories().await;
    let lines = api.get("V1.0/Contracts/29683412/Services").await.items();
    assert_eq!(lines.iter().filter(|line| line["serviceID"] == 301).count(), 2);
    let unit = &units_today(&api, 55_130).await[0];
    assert!(unit["startDate"].as_str().unwrap().starts_with("2026-07-01"));
    assert!(unit["endDate"].as_str().unwrap().starts_with("2026-09-30"));
}

#[tokio::test]
async fn every_contract_type_occurs() {
    let api = Api::stories().await;
    let filter = json!([{"op": "eq", "field": "companyID", "value": 177}]);
    let rows = api.query("Contracts", filter).await.items();
    let types: Vec<i64> = rows.iter().map(|row| row["contractType"].as_i64().unwrap()).collect();
    assert_eq!(types, [1, 3, 4, 6, 7, 8]);
    assert!(
        rows.iter().all(|row| row["contractPeriodType"].is_null() == (row["contractType"] != 7))
    );
}

#[tokio::test]
async fn odd_values_occur() {
    let api = Api::stories().await;
    let odd = api.get("V1.0/Contracts/29683701").await.json()["item"].clone();
    assert_eq!((&odd["contractPeriodType"], &odd["status"]), (&json!(9), &json!(7)));
    assert!(odd["description"].as_str().unwrap().contains("\r\n"));
    let empty = api.get("V1.0/Contracts/29683702").await.json()["item"].clone();
    assert_eq!((&empty["description"], &empty["purchaseOrderNumber"]), (&json!(""), &Value::Null));
    let timed = api.get("V1.0/Contracts/29683801").await.json()["item"].clone();
    assert!(timed["startDate"].as_str().unwrap().contains("T13:00:00"));
}

#[tokio::test]
async fn a_renewal_starts_the_day_after() {
    let api = Api::stories().await;
    let item = async |id| api.get(&format!("V1.0/Contracts/{id}")).await.json()["item"].clone();
    let (old, new) = (item(29_683_601).await, item(29_683_602).await);
    assert!(old["endDate"].as_str().unwrap().starts_with("2026-06-30"));
    assert!(new["startDate"].as_str().unwrap().starts_with("2026-07-01"));
    assert_eq!(new["renewedContractID"], 29_683_601);
}

#[tokio::test]
async fn another_currency_has_internal_prices() {
    let api = Api::stories().await;
    let unit = &units_today(&api, 55_170).await[0];
    assert_eq!(text(&unit["price"]), "358.8000");
    let internal: Decimal = text(&unit["internalCurrencyPrice"]).parse().unwrap();
    assert_eq!(internal, Decimal::new(261_924, 3));
    let currencies = api.query("Currencies", everything()).await.items();
    assert_eq!(currencies.iter().filter(|row| row["isInternalCurrency"] == true).count(), 1);
}

#[tokio::test]
async fn dates_come_with_and_without_z_and_with_fractions() {
    let api = Api::stories().await;
    let mut text = String::new();
    for entity in ["Companies", "Contracts", "ContractServiceUnits"] {
        text += &api.query(entity, everything()).await.text;
    }
    for part in ["T00:00:00Z\"", "T00:00:00\"", ".2Z\"", ".147Z\""] {
        assert!(text.contains(part), "{part}");
    }
}

#[tokio::test]
async fn two_clients_share_a_word() {
    let api = Api::stories().await;
    let filter = json!([{"op": "contains", "field": "companyName", "value": "northwind"}]);
    assert_eq!(api.query("Companies", filter).await.ids(), [175, 176]);
}
