//! Rows that no tenant should have, and every tenant has: each keeps its own item out, or costs it
//! something, and none stops a reading.

use crate::support::reading::{options, over_http, read, serve, served, today};
use lmsyncd::autotask::{Autotask, Scope};
use lmsyncd::demo::tenant::{Entity, Tenant};
use lmsyncd::model::{ClientId, ClientSnapshot, Field, ItemKey};
use serde_json::{Value, json};

const ACME: i64 = 174;
const HARBOR: i64 = 177;

/// The client after `edit`, and that every other client was read as ever.
async fn after(client: i64, edit: impl FnOnce(&Tenant)) -> ClientSnapshot {
    let (tenant, _serving, autotask) = served().await;
    let before = read(&autotask, Scope::All).await.expect("snapshots");
    edit(&tenant);
    let after = read(&autotask, Scope::All).await.expect("a bad row stops nothing");
    for (before, after) in before.iter().zip(&after).filter(|(b, _)| b.client.id.0 != client) {
        assert_eq!((&before.items, &before.rejects), (&after.items, &after.rejects));
    }
    assert_eq!(tenant.counters().write_attempts, 0);
    after.into_iter().find(|snapshot| snapshot.client.id.0 == client).expect("the client")
}

fn set(tenant: &Tenant, entity: Entity, id: i64, field: &str, value: impl Into<Value>) {
    tenant.set(entity, id, field, value).expect("a field");
}

fn text(snapshot: &ClientSnapshot, key: &str, field: Field) -> Option<String> {
    let key: ItemKey = key.parse().expect("a key");
    snapshot.item(key)?.fields.get(&field).map(ToString::to_string)
}

fn rejected(snapshot: &ClientSnapshot) -> Vec<String> {
    let mut rejects = snapshot.rejects.clone();
    rejects.sort_by_key(|reject| reject.key);
    rejects
        .iter()
        .map(|reject| format!("{} {}: {}", reject.key, reject.field, reject.reason))
        .collect()
}

#[tokio::test]
async fn an_agreement_that_ends_before_it_starts_is_rejected_with_what_is_below_it() {
    let seen = after(HARBOR, |tenant| {
        set(tenant, Entity::Contracts, 29_683_505, "endDate", "2020-01-01");
    })
    .await;
    let reason = "endDate 2020-01-01 lies before startDate 2026-04-01";
    let below = format!("contractID: agreement A29683505 cannot be read: {reason}");
    let expected = [
        format!("A29683505 endDate: {reason}"),
        format!("C8502 {below}"),
        format!("C8503 {below}"),
        format!("S55150 {below}"),
    ];
    assert_eq!(rejected(&seen), expected);
    assert_eq!(seen.items.len(), 14, "all other agreements of the client are there");
}

#[tokio::test]
async fn a_purchase_that_ends_before_it_starts_rejects_its_agreement_too() {
    let seen = after(HARBOR, |tenant| {
        set(tenant, Entity::ContractBlocks, 8202, "endDate", "2020-01-01");
    })
    .await;
    let reason = "endDate 2020-01-01 lies before startDate 2026-08-01";
    let above = format!("endDate: the cost is not known: H8202 cannot be read, because {reason}");
    let expected = [format!("A29683503 {above}"), format!("H8202 endDate: {reason}")];
    assert_eq!(rejected(&seen), expected);
    assert_eq!(text(&seen, "H8201", Field::BillingCost).as_deref(), Some("2500.00"));
}

#[tokio::test]
async fn a_charge_that_cannot_be_read_leaves_its_agreement_alone() {
    let seen = after(HARBOR, |tenant| {
        for field in ["billableAmount", "unitPrice"] {
            set(tenant, Entity::ContractCharges, 8502, field, Value::Null);
        }
    })
    .await;
    assert_eq!(rejected(&seen), ["C8502 billableAmount: billableAmount has no value"]);
    assert_eq!(text(&seen, "A29683505", Field::BillingCost).as_deref(), Some("508.20"));
}

#[tokio::test]
async fn a_charge_is_what_is_billable_of_it() {
    let seen = after(HARBOR, |tenant| {
        for (id, field, value) in [
            (8501, "billableAmount", json!("-12.50")),
            (8502, "billableAmount", Value::Null),
            (8503, "isBillableToCompany", json!(false)),
        ] {
            set(tenant, Entity::ContractCharges, id, field, value);
        }
    })
    .await;
    let cost = |key| text(&seen, key, Field::BillingCost).expect("a cost");
    // A credit; units times price; and nothing, where the client is not billed.
    assert_eq!(["C8501", "C8502", "C8503"].map(cost), ["-12.50", "350.00", "0.00"]);
    assert_eq!(text(&seen, "C8503", Field::Remarks).as_deref(), Some("not_billable"));
    assert_eq!(rejected(&seen), [""; 0]);
}

#[tokio::test]
async fn negative_units_are_remarked_at_a_positive_price_and_rejected_in_a_purchase() {
    let seen = after(ACME, |tenant| {
        for id in tenant.ids(Entity::ContractServiceUnits) {
            let row = tenant.get(Entity::ContractServiceUnits, id).expect("a row");
            if row["contractServiceID"] == 55_102 {
                set(tenant, Entity::ContractServiceUnits, id, "units", -3);
            }
        }
    })
    .await;
    assert_eq!(rejected(&seen), [""; 0]);
    assert_eq!(text(&seen, "S55102", Field::Remarks).as_deref(), Some("negative_units"));
    assert_eq!(text(&seen, "S55102", Field::BillingCost).as_deref(), Some("254.10"));
    let seen = after(HARBOR, |tenant| {
        set(tenant, Entity::ContractTicketPurchases, 8401, "ticketsPurchased", -25);
    })
    .await;
    assert!(rejected(&seen)[1].starts_with("T8401 ticketsPurchased"), "{:?}", rejected(&seen));
}

#[tokio::test]
async fn a_currency_that_nobody_knows_is_the_internal_one_or_unknown_and_never_mixed() {
    let seen = after(180, |tenant| set(tenant, Entity::Companies, 180, "currencyID", 99)).await;
    let shown = |seen: &ClientSnapshot, key| {
        [Field::BillingCost, Field::UnitPrice, Field::Currency, Field::CurrencyBasis]
            .map(|field| text(seen, key, field).unwrap_or_else(|| "-".to_owned()))
            .join(" ")
    };
    // 12 x 29.90 CAD at 0.73, and 88.00 at 0.73.
    assert_eq!(shown(&seen, "S55170"), "261.92 21.827 USD internal");
    assert_eq!(shown(&seen, "S55171"), "64.24 64.24 USD internal");
    assert_eq!(shown(&seen, "A29683801"), "326.16 - USD internal");

    let seen = after(HARBOR, |tenant| set(tenant, Entity::Companies, 177, "currencyID", 99)).await;
    assert_eq!(shown(&seen, "M8101"), "1500.00 - USD internal");
    assert_eq!(shown(&seen, "C8503"), "758.00 189.50 USD internal");
    // Rates of hours and tickets are there in the client's currency alone.
    assert_eq!(shown(&seen, "A29683503"), "2500.00 - XXX unknown");
    assert_eq!(shown(&seen, "H8202"), "2500.00 125.00 XXX unknown");
    assert_eq!(shown(&seen, "T8401"), "1625.00 65.00 XXX unknown");
    assert_eq!(rejected(&seen), [""; 0]);
}

#[tokio::test]
async fn a_service_that_is_not_in_the_catalogue_is_named_by_its_number() {
    let tenant = Tenant::stories(today());
    let serving = serve(&tenant).await;
    tenant.remove(Entity::Services, 301).expect("a service");
    let autotask: Autotask = over_http(options(&tenant, &serving.url()));
    let scope = Scope::Clients(vec![ClientId(ACME), ClientId(175)]);
    let seen = read(&autotask, scope).await.expect("snapshots");
    assert_eq!(text(&seen[0], "S55102", Field::Name).as_deref(), Some("service 301"));
    assert_eq!(text(&seen[0], "S55102", Field::BillingCost).as_deref(), Some("254.10"));
    let contents = "Email Security, Microsoft 365 Business Premium, service 301";
    assert_eq!(text(&seen[1], "B771", Field::Contents).as_deref(), Some(contents));
}

#[tokio::test]
async fn an_addition_whose_agreement_is_not_visible_belongs_to_nobody() {
    let seen = after(HARBOR, |tenant| {
        for id in [29_683_503, 29_683_505] {
            tenant.remove(Entity::Contracts, id).expect("an agreement");
        }
    })
    .await;
    let keys: Vec<String> = seen.items.iter().map(|item| item.key.to_string()).collect();
    assert_eq!(keys.len(), 11, "{keys:?}");
    for hidden in ["H8201", "H8202", "S55150", "C8502", "C8503"] {
        assert!(!keys.contains(&hidden.to_owned()), "{keys:?}");
    }
    assert_eq!(rejected(&seen), [""; 0]);
}

#[tokio::test]
async fn values_in_no_picklist_are_shown_by_their_number_after_one_more_look() {
    let (tenant, _serving, autotask) = served().await;
    read(&autotask, Scope::All).await.expect("snapshots");
    for (entity, id) in [
        (Entity::ContractMilestones, 8101),
        (Entity::ContractBlocks, 8201),
        (Entity::ContractCharges, 8502),
    ] {
        set(&tenant, entity, id, "status", 77);
    }
    set(&tenant, Entity::Contracts, 29_683_504, "contractType", 99);
    tenant.reset_counters();
    let scope = Scope::Clients(vec![ClientId(HARBOR)]);
    let seen = read(&autotask, scope).await.expect("snapshots").remove(0);
    for key in ["M8101", "H8201", "C8502"] {
        assert_eq!(text(&seen, key, Field::Status).as_deref(), Some("unknown (77)"), "{key}");
    }
    let strange = seen.item("A29683504".parse().expect("a key")).expect("an agreement");
    let reason = "unknown contract type `unknown (99)`";
    assert_eq!(strange.unsupported.as_deref(), Some(reason));
    assert_eq!(strange.fields.get(&Field::BillingCost), None);
    let counters = tenant.counters();
    for (entity, rows, picklists) in [
        ("Contracts", 1, 1),
        ("ContractMilestones", 1, 1),
        ("ContractBlocks", 1, 1),
        ("ContractCharges", 1, 1),
        ("ContractTicketPurchases", 1, 0),
        ("ContractRetainers", 0, 0),
    ] {
        let asked = ["query", "entityInformation/fields"]
            .map(|path| counters.requests(&format!("{entity}/{path}")));
        assert_eq!(asked, [rows, picklists], "{entity}");
    }
}

#[tokio::test]
async fn names_may_be_empty_long_or_full_of_escapes() {
    let long = "x".repeat(2000);
    let seen = after(ACME, |tenant| {
        for (id, field, value) in [
            (29_683_353, "contractName", ""),
            (29_683_353, "description", "a\u{1b}]0;owned\u{7}b\tc\r\nd\u{9b}31me"),
            (29_683_353, "purchaseOrderNumber", "PO\u{0}-\u{7f}1"),
            (29_683_354, "contractName", &long),
        ] {
            set(tenant, Entity::Contracts, id, field, value);
        }
        set(tenant, Entity::Services, 302, "name", "Server\u{1b}[2J\u{1b}[31m Care\r\n");
    })
    .await;
    assert_eq!(text(&seen, "A29683353", Field::Name).as_deref(), Some("MSA-174"));
    assert_eq!(text(&seen, "A29683353", Field::Description).as_deref(), Some("ab c\nde"));
    assert_eq!(text(&seen, "A29683353", Field::PurchaseOrder).as_deref(), Some("PO - 1"));
    assert_eq!(text(&seen, "A29683354", Field::Name), Some(long));
    for item in &seen.items {
        for (field, value) in &item.fields {
            let raw = value.to_string().chars().any(|c| c.is_control() && c != '\n');
            assert!(!raw, "{} {field}", item.key);
        }
    }

    let seen = after(ACME, |tenant| {
        set(tenant, Entity::Contracts, 29_683_354, "contractName", "\u{1b}[0m");
        set(tenant, Entity::Contracts, 29_683_354, "contractNumber", "");
    })
    .await;
    assert_eq!(rejected(&seen), ["A29683354 contractName: contractName has no value"]);
}

#[tokio::test]
async fn two_agreements_that_claim_the_same_renewal_are_both_told() {
    let seen = after(178, |tenant| {
        let twin = json!({"companyID": 178, "contractType": 7, "contractName": "Another renewal",
            "contractPeriodType": 2, "renewedContractID": 29_683_601, "status": 1,
            "startDate": "2026-08-01", "endDate": "2027-07-31"});
        tenant.insert(Entity::Contracts, &twin).expect("an agreement");
    })
    .await;
    let claims = seen.items.iter().filter(|item| item.renewed == Some(29_683_601)).count();
    assert_eq!(claims, 2);
}
