//! What happens to lines and agreements on a day of its own, while the tenant runs.

use chrono::NaiveDate;
use lmsyncd::demo::tenant::{Bought, Entity, LineKind, Reading, Tenant};
use rust_decimal::Decimal;

use super::support::{Api, rows_from, rows_of, today};

/// The line of 11 workstations at 23.10, and its agreement.
const LINE: i64 = 55_102;
const AGREEMENT: i64 = 29_683_353;

fn on(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).expect("a date")
}

async fn with(reading: Reading) -> Api {
    let tenant = Tenant::stories(today());
    tenant.set_reading(reading);
    Api::of(tenant).await
}

#[tokio::test]
async fn units_change_on_a_day_in_the_reading_of_the_tenant() {
    for (reading, september) in [
        (Reading::Delta, ["09-01..09-30 11 254.10", "09-23..09-30 2 12.32"]),
        (Reading::Chain, ["09-01..09-23 11 186.34", "09-23..09-30 13 80.08"]),
        (Reading::DayBefore, ["09-01..09-22 11 186.34", "09-23..09-30 13 80.08"]),
    ] {
        let api = with(reading).await;
        let before = api.tenant.count(Entity::ContractServiceUnits);
        api.tenant.change_units_on(LineKind::Service, LINE, on(9, 23), 13).unwrap();
        let rows = rows_from(&api, LINE, today()).await;
        assert_eq!(rows[..2], september, "{reading:?}");
        assert_eq!(rows[2], "10-01..10-31 13 300.30");
        assert_eq!(api.tenant.count(Entity::ContractServiceUnits), before + 1);
        // Undone by an edit against it.
        api.tenant.change_units_on(LineKind::Service, LINE, on(9, 25), 11).unwrap();
        let rows = rows_from(&api, LINE, today()).await;
        assert_eq!(rows.len(), 6);
        assert_eq!(rows[3], "10-01..10-31 11 254.10");
    }
}

#[tokio::test]
async fn prices_change_on_a_day_and_stand_on_the_line_once_it_is_there() {
    let api = with(Reading::Chain).await;
    let price = Decimal::new(2500, 2);
    api.tenant.change_price_on(LineKind::Service, LINE, on(10, 1), price).unwrap();
    let rows = rows_from(&api, LINE, today()).await;
    assert_eq!(rows[..2], ["09-01..09-30 11 254.10", "10-01..10-31 11 275.00"]);
    let listed =
        || api.tenant.get(Entity::ContractServices, LINE).unwrap()["unitPrice"].to_string();
    assert_eq!(listed(), "23.1000");
    api.tenant.advance(on(10, 2));
    assert_eq!(listed(), "25.0000");
    let line = LineKind::Bundle;
    api.tenant.change_price_on(line, 771, on(10, 16), Decimal::new(7000, 2)).unwrap();
    let rows =
        rows_of(&api, "ContractServiceBundleUnits", "contractServiceBundleID", 771, on(10, 2))
            .await;
    assert_eq!(rows[..2], ["10-01..10-16 8 240.00", "10-16..10-31 8 289.03"]);
}

#[tokio::test]
async fn lines_end_and_begin_within_their_agreement() {
    let api = with(Reading::Delta).await;
    api.tenant.end_line(LineKind::Service, LINE, on(9, 15)).unwrap();
    assert_eq!(rows_from(&api, LINE, today()).await, ["09-01..09-15 11 127.05"]);
    assert!(api.tenant.get(Entity::ContractServices, LINE).is_some());
    api.tenant.end_line(LineKind::Service, LINE, on(10, 31)).unwrap();
    let rows = rows_from(&api, LINE, today()).await;
    assert_eq!(rows, ["09-01..09-30 11 254.10", "10-01..10-31 11 254.10"]);

    let price = Decimal::new(6000, 2);
    let line =
        api.tenant.add_line_from(LineKind::Bundle, AGREEMENT, 402, 2, price, on(9, 21)).unwrap();
    let rows =
        rows_of(&api, "ContractServiceBundleUnits", "contractServiceBundleID", line, today()).await;
    assert_eq!(rows[..2], ["09-21..09-30 2 40.00", "10-01..10-31 2 120.00"]);
}

#[tokio::test]
async fn time_makes_rows_posts_them_and_lets_rules_charge() {
    let api = Api::stories().await;
    let tenant = &api.tenant;
    tenant.end_line(LineKind::Service, 55_103, on(9, 30)).unwrap();
    tenant.advance(on(12, 3));
    let rows = rows_from(&api, LINE, on(12, 3)).await;
    assert_eq!(rows.len(), 4);
    assert!(rows_from(&api, 55_103, on(12, 3)).await.is_empty());
    for id in tenant.ids(Entity::ContractServiceUnits) {
        let row = tenant.get(Entity::ContractServiceUnits, id).unwrap();
        let is_over = row["endDate"].as_str().unwrap() < "2026-12-03";
        assert_eq!(row["approveAndPostDate"].is_string(), is_over, "{row}");
    }
    let charges = api.get("V1.0/Contracts/29683851/Charges").await.items();
    assert_eq!(charges.len(), 16);
    assert!(charges[15]["datePurchased"].as_str().unwrap().starts_with("2026-12-01"));
    assert_eq!(charges.iter().filter(|row| row["isBilled"] == false).count(), 1);
    // Nothing is done twice.
    let count = tenant.count(Entity::ContractServiceUnits);
    tenant.advance(on(12, 3));
    assert_eq!(tenant.count(Entity::ContractServiceUnits), count);
    assert_eq!(tenant.count(Entity::ContractCharges), 11 + 16);
}

#[tokio::test]
async fn a_renewal_copies_the_lines_that_go_on() {
    let api = Api::stories().await;
    let tenant = &api.tenant;
    let old = tenant.get(Entity::Contracts, 29_683_873).unwrap();
    let new = tenant.renew_ahead(29_683_873, "Daycare 2029", 1).unwrap();
    let row = tenant.get(Entity::Contracts, new).unwrap();
    assert_eq!(row["contractName"], "Daycare 2029");
    assert_eq!(&old["endDate"].as_str().unwrap()[..10], "2028-11-30");
    assert_eq!(&row["startDate"].as_str().unwrap()[..10], "2028-12-02");
    let lines = api.get(&format!("V1.0/Contracts/{new}/Services")).await.items();
    let services: Vec<i64> = lines.iter().map(|line| line["serviceID"].as_i64().unwrap()).collect();
    assert_eq!(services, [302, 309, 305]);
    let first = lines[0]["id"].as_i64().unwrap();
    assert_eq!(rows_from(&api, first, today()).await[0], "12-02..01-01 2 200.00");
    assert_eq!(tenant.get(Entity::Contracts, 29_683_873).unwrap()["status"], 1);
}

#[tokio::test]
async fn agreements_are_shelved_ended_moved_and_sold_on() {
    let api = Api::stories().await;
    let tenant = &api.tenant;
    tenant.deactivate(AGREEMENT).unwrap();
    assert_eq!(rows_from(&api, LINE, today()).await.len(), 4);
    tenant.activate(AGREEMENT).unwrap();
    tenant.end_on(AGREEMENT, on(9, 20)).unwrap();
    assert_eq!(rows_from(&api, LINE, today()).await, ["09-01..09-20 11 169.40"]);
    tenant.end_on(AGREEMENT, on(11, 30)).unwrap();
    assert_eq!(rows_from(&api, LINE, today()).await.len(), 3);
    tenant.move_company(AGREEMENT, 175).unwrap();
    assert!(tenant.move_company(AGREEMENT, 999).is_err());
    tenant.merge_companies(175, 176).unwrap();
    assert_eq!(tenant.get(Entity::Contracts, AGREEMENT).unwrap()["companyID"], 176);
    assert_eq!(tenant.get(Entity::Companies, 175).unwrap()["isActive"], false);

    let hours = Bought::Hours(Decimal::from(10), Decimal::new(9000, 2));
    let (block, charge) = tenant.buy(29_683_841, hours, today(), 6, false).unwrap();
    let charge_row = || tenant.get(Entity::ContractCharges, charge).unwrap();
    assert_eq!(charge_row()["billableAmount"].to_string(), "900.0000");
    assert_eq!(
        charge_row()["datePurchased"],
        tenant.get(Entity::ContractBlocks, block).unwrap()["datePurchased"]
    );
    tenant.bill_charge(charge).unwrap();
    assert_eq!(charge_row()["isBilled"], true);
    let once = tenant.add_charge(AGREEMENT, "Notebook", today(), Decimal::new(129_000, 2)).unwrap();
    assert_eq!(tenant.get(Entity::ContractCharges, once).unwrap()["isBilled"], false);
}
