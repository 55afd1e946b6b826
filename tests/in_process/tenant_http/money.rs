//! The stories of what is billed, on 8 September 2026: changes within a period, what is over and
//! what is to come, what is bought once.

use chrono::Datelike;
use serde_json::{Value, json};

use super::support::{Api, rows_from, rows_of, today};

async fn contract(api: &Api, id: i64) -> Value {
    api.get(&format!("V1.0/Contracts/{id}")).await.json()["item"].clone()
}

fn day(row: &Value, field: &str) -> String {
    row[field].as_str().expect("a date")[..10].to_owned()
}

/// Name, amount, and whether it is billed.
async fn charges(api: &Api, contract: i64) -> Vec<(String, String, bool)> {
    let rows = api.get(&format!("V1.0/Contracts/{contract}/Charges")).await.items();
    let told = rows.iter().map(|row| {
        let name = row["name"].as_str().expect("a name").to_owned();
        let amount = row["billableAmount"].to_string();
        (name, amount, row["isBilled"] == true)
    });
    told.collect()
}

#[tokio::test]
async fn a_chain_is_cut_and_the_next_price_is_known() {
    let api = Api::stories().await;
    let chain = rows_from(&api, 55_180, today()).await;
    assert_eq!(chain[0], "09-06..09-26 27 823.06");
    // Of the row that is cut, the last day is the first of the next, and is not charged.
    let all = rows_from(&api, 55_180, today().pred_opt().unwrap().pred_opt().unwrap()).await;
    assert_eq!(all[0], "08-27..09-06 25 362.90");
    assert_eq!(all[2], "09-27..10-26 27 1215.00");
    let rise = rows_from(&api, 55_181, today()).await;
    assert_eq!(rise[..2], ["08-27..09-26 3 291.00", "09-27..10-26 3 309.00"]);
    let leaving =
        rows_of(&api, "ContractServiceBundleUnits", "contractServiceBundleID", 781, today()).await;
    assert_eq!(leaving[..2], ["08-27..09-10 8 224.00", "09-10..09-26 7 238.00"]);
    let eve = rows_from(&api, 55_182, today()).await;
    assert_eq!(eve[0], "09-06..09-26 13 105.68");
}

#[tokio::test]
async fn a_renewal_is_written_ahead_under_another_name_with_a_day_between() {
    let api = Api::stories().await;
    let (old, new) = (contract(&api, 29_683_821).await, contract(&api, 29_683_822).await);
    assert_eq!((day(&old, "endDate"), old["status"].as_i64()), ("2026-09-28".to_owned(), Some(1)));
    assert_eq!(day(&new, "startDate"), "2026-09-30");
    assert_eq!(new["contractName"], "Managed Services Plus");
    assert_eq!(rows_from(&api, 55_190, today()).await, ["08-29..09-28 20 462.00"]);
    assert_eq!(rows_from(&api, 55_192, today()).await[0], "09-30..10-29 20 490.00");
    let endless = contract(&api, 29_683_823).await;
    assert_eq!(day(&endless, "endDate"), "9999-12-31");
}

#[tokio::test]
async fn status_and_end_say_less_than_the_rows() {
    let api = Api::stories().await;
    assert_eq!(contract(&api, 29_683_831).await["status"], 0);
    assert_eq!(rows_from(&api, 55_200, today()).await[0], "09-01..09-30 2 200.00");
    let ended = contract(&api, 29_683_832).await;
    assert_eq!(
        (day(&ended, "endDate"), ended["status"].as_i64()),
        ("2026-07-31".to_owned(), Some(1))
    );
    assert!(rows_from(&api, 55_201, today()).await.is_empty());
    let july = today().with_month(7).unwrap();
    assert_eq!(rows_from(&api, 55_201, july).await, ["07-01..07-31 2 200.00"]);
}

#[tokio::test]
async fn purchases_have_their_charge_with_the_same_amount_and_dates() {
    let api = Api::stories().await;
    let blocks = api.get("V1.0/Contracts/29683841/Blocks").await.items();
    assert_eq!(blocks[1]["hoursApproved"].to_string(), "12.5000");
    let hours = charges(&api, 29_683_841).await;
    let told: Vec<(&str, bool)> = hours.iter().map(|one| (&*one.1, one.2)).collect();
    assert_eq!(told, [("2500.0000", true), ("2500.0000", true), ("2400.0000", false)]);
    assert_eq!(hours[1].0, "Block Hour Purchase (2026-07-01 - 2026-12-31)");
    assert_eq!(day(&blocks[1], "startDate"), "2026-07-01");
    let retainer = charges(&api, 29_683_842).await;
    assert_eq!((&*retainer[0].1, retainer[0].2, retainer.len()), ("3000.0000", false, 1));
    let tickets = charges(&api, 29_683_843).await;
    assert_eq!((&*tickets[0].1, tickets[0].2), ("1625.0000", true));
}

#[tokio::test]
async fn a_rule_makes_a_charge_on_the_first_of_each_month() {
    let api = Api::stories().await;
    let rules = api.get("V1.0/Contracts/29683851/BillingRules").await.items();
    assert_eq!(rules[0]["productID"], 4711);
    assert_eq!(rules[0]["endDate"], Value::Null);
    let filter = json!([{"op": "eq", "field": "contractID", "value": 29_683_851}]);
    assert_eq!(api.query("ContractBillingRules", filter.clone()).await.ids(), [8701]);
    let rows = api.query("ContractCharges", filter).await.items();
    assert_eq!(rows.len(), 13);
    for row in &rows {
        assert_eq!(
            (row["productID"].as_i64(), row["billableAmount"].to_string().as_str()),
            (Some(4711), "300.0000")
        );
        assert!(day(row, "datePurchased").ends_with("-01"));
    }
    assert_eq!(day(&rows[12], "datePurchased"), "2026-09-01");
    assert_eq!(rows.iter().filter(|row| row["isBilled"] == false).count(), 1);
    assert!(api.get("V1.0/Contracts/29683851/Milestones").await.items().is_empty());
}

#[tokio::test]
async fn a_month_has_a_year_credits_a_fee_and_another_payer() {
    let api = Api::stories().await;
    let on = contract(&api, 29_683_861).await;
    assert_eq!(on["setupFee"].to_string(), "500.0000");
    assert_eq!(on["billToCompanyID"], 187);
    assert_eq!(rows_from(&api, 55_211, today()).await[0], "05-01..04-30 4 240.00");
    assert_eq!(rows_from(&api, 55_212, today()).await[0], "09-01..09-30 1 -50.00");
    assert_eq!(rows_from(&api, 55_213, today()).await[0], "09-01..09-30 -3 -60.00");
    let rows = api.get("V1.0/Contracts/29683861/Charges").await.items();
    let told: Vec<(Option<bool>, Option<bool>)> = rows
        .iter()
        .map(|row| (row["isBilled"].as_bool(), row["isBillableToCompany"].as_bool()))
        .collect();
    let (yes, no) = (Some(true), Some(false));
    assert_eq!(told, [(yes, yes), (no, yes), (no, no)]);
}

#[tokio::test]
async fn periods_are_cut_at_both_ends_and_by_lines() {
    let api = Api::stories().await;
    let long_ago = today().with_month(1).unwrap();
    assert_eq!(
        rows_from(&api, 55_220, long_ago).await[..2],
        ["09-03..09-17 2 96.77", "09-18..10-17 2 200.00"]
    );
    let closing = rows_from(&api, 55_221, today()).await;
    assert_eq!(closing, ["08-29..09-12 2 72.58"]);
    let from = |line| rows_from(&api, line, long_ago);
    assert_eq!(from(55_223).await[0], "08-15..08-31 3 32.82");
    assert_eq!(from(55_224).await.last().unwrap(), "08-01..08-31 5 60.00");
    assert_eq!(from(55_225).await.last().unwrap(), "08-01..08-15 10 16.94");
    assert_eq!(from(55_226).await[0], "10-01..10-31 40 1800.00");
    let ending =
        rows_of(&api, "ContractServiceBundleUnits", "contractServiceBundleID", 791, today()).await;
    assert_eq!(ending, ["09-01..09-30 2 24.00"]);
}
