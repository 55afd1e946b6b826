//! Whether a generated tenant is as large, and as mixed, as it is said to be.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::*;
use crate::demo::tenant::rows::row::Row;
use crate::demo::tenant::rows::table::Tables;
use crate::demo::tenant::schema::entity::Entity;
use crate::demo::tenant::schema::line_kind::LineKind;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 9, 8).expect("a date")
}

fn made(clients: usize, seed: u64) -> Tables {
    build(today(), &Options { clients, seed, ..Options::default() }).tables
}

fn rows(tables: &Tables, entity: Entity) -> Vec<&Row> {
    tables.of(entity).ids().iter().filter_map(|id| tables.of(entity).get(*id)).collect()
}

/// How many of a hundred (a share in percent).
fn share(part: usize, all: usize) -> usize {
    part * 100 / all.max(1)
}

#[test]
fn a_seed_gives_the_same_tenant_every_time() {
    let text = |seed| format!("{:?}", made(20, seed));
    // Not assert_eq: a failure would print both tenants.
    assert!(text(7) == text(7));
    assert!(text(7) != text(8));
}

#[test]
fn sizes_are_as_promised() {
    let tables = made(200, 1);
    let count = |entity| tables.of(entity).len();
    let agreements = count(Entity::Contracts);
    assert!((500..700).contains(&agreements), "{agreements}");
    let additions = count(Entity::ContractServices)
        + count(Entity::ContractServiceBundles)
        + count(Entity::ContractBlocks)
        + count(Entity::ContractRetainers)
        + count(Entity::ContractTicketPurchases)
        + count(Entity::ContractMilestones);
    assert!((agreements * 3..agreements * 5).contains(&additions), "{additions}");
}

#[test]
fn lines_live_in_the_shares_of_an_msp() {
    let tables = made(600, 5);
    let lines = rows(&tables, Entity::ContractServices);
    let history = |line: &&Row| tables.history(LineKind::Service, line.id()).expect("a history");
    let all = lines.len();
    let count = |holds: &dyn Fn(&Row) -> bool| lines.iter().filter(|line| holds(line)).count();
    let changed = count(&|line| history(&line).steps.len() > 1);
    let ended = count(&|line| history(&line).last.is_some());
    let to_come = count(&|line| history(&line).first() > today());
    let yearly = count(&|line| history(&line).months == Some(12));
    let credit = count(&|line| {
        let first = history(&line).steps[0];
        first.units < 0 || first.price.is_sign_negative()
    });
    for (what, part, expected) in [
        ("changed", changed, 8..15),
        ("ended", ended, 3..7),
        ("to come", to_come, 1..5),
        ("yearly", yearly, 1..5),
        ("credits", credit, 1..4),
    ] {
        assert!(expected.contains(&share(part, all)), "{what}: {part} of {all}");
    }
}

#[test]
fn agreements_live_in_the_shares_of_an_msp() {
    let tables = made(600, 5);
    let agreements = rows(&tables, Entity::Contracts);
    let recurring: Vec<&&Row> =
        agreements.iter().filter(|row| row.get("contractType").as_int() == Some(7)).collect();
    let count = |holds: &dyn Fn(&Row) -> bool| recurring.iter().filter(|row| holds(row)).count();
    let end = |row: &Row| row.get("endDate").as_date().expect("a date");
    let is_active = |row: &Row| row.get("status").as_int() == Some(1);
    let renewed = count(&|row| row.get("renewedContractID").as_int().is_some());
    let inactive = count(&|row| !is_active(row) && end(row) >= today());
    let ended = count(&|row| is_active(row) && end(row) < today());
    let others = count(&|row| row.get("billToCompanyID").as_int().is_some());
    let fees = count(&|row| !row.get("setupFee").as_decimal().is_zero());
    for (what, part, expected) in [
        ("renewed", renewed, 2..7),
        ("inactive but billed", inactive, 1..6),
        ("ended but active", ended, 1..5),
        ("billed to others", others, 1..6),
        ("setup fees", fees, 6..14),
    ] {
        assert!(expected.contains(&share(part, recurring.len())), "{what}: {part}");
    }
    let charged: BTreeSet<Option<i64>> = rows(&tables, Entity::ContractCharges)
        .iter()
        .map(|row| row.get("contractID").as_int())
        .collect();
    assert!((15..45).contains(&share(charged.len(), agreements.len())), "{}", charged.len());
    assert!(tables.of(Entity::ContractBillingRules).len() > 10);
}

#[test]
fn every_purchase_has_its_charge_and_nothing_else_does_there() {
    let tables = made(200, 3);
    for agreement in rows(&tables, Entity::Contracts) {
        let children = |entity| tables.of(entity).children("contractID", agreement.id()).len();
        let purchases = children(Entity::ContractBlocks)
            + children(Entity::ContractRetainers)
            + children(Entity::ContractTicketPurchases);
        if purchases > 0 {
            assert_eq!(children(Entity::ContractCharges), purchases);
        }
        if children(Entity::ContractBillingRules) > 0 {
            assert_eq!(children(Entity::ContractMilestones), 0);
            assert!(children(Entity::ContractCharges) > 1);
        }
    }
}

#[test]
fn rows_may_lie_ten_years_ahead() {
    let options = Options { clients: 20, ahead: 120, ..Options::default() };
    let tables = build(today(), &options).tables;
    let last = rows(&tables, Entity::ContractServiceUnits)
        .iter()
        .filter_map(|row| row.get("endDate").as_date())
        .max();
    assert!(last >= NaiveDate::from_ymd_opt(2036, 9, 1), "{last:?}");
}
