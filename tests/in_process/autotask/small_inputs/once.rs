//! What is bought once, what rules make, and what else an agreement has.

use chrono::{Months, NaiveDate};
use lmsyncd::demo::tenant::Entity;
use lmsyncd::model::{Currency, Field};
use serde_json::{Value, json};

use super::book::{AGREEMENT, Book, CLIENT, shows};

const TODAY: &str = "2026-11-29";
const RATE: [Field; 2] = [Field::BillingCost, Field::BillingCycle];

/// A purchase of 2,500.00 with its automatic charge, of each sort: its key, and what is left of it.
fn purchases() -> [(Book, &'static str, &'static str); 3] {
    let sorts = [
        (
            Entity::ContractBlocks,
            4,
            json!({"hours": 20, "hourlyRate": "125.00", "hoursApproved": "12.5"}),
        ),
        (Entity::ContractRetainers, 6, json!({"amount": "2500.00", "amountApproved": "1000.00"})),
        (
            Entity::ContractTicketPurchases,
            8,
            json!({"ticketsPurchased": 25, "perTicketRate": "100.00", "ticketsUsed": 5}),
        ),
    ];
    let left = [("H5", "7.5 hours"), ("R5", "1500.00 USD"), ("T5", "20 tickets")];
    let mut left = left.into_iter();
    sorts.map(|(entity, kind, mut row)| {
        let book = Book::on(TODAY);
        book.agreement(kind, None);
        let (start, end) = (book.kind.day(-40).to_string(), book.kind.day(200).to_string());
        for (field, value) in [
            ("id", json!(5)),
            ("contractID", json!(AGREEMENT)),
            ("status", json!(1)),
            ("datePurchased", json!(start)),
            ("startDate", json!(start)),
            ("endDate", json!(end)),
        ] {
            row[field] = value;
        }
        book.add(entity, row);
        book.add(
            Entity::ContractCharges,
            json!({"id": 9, "contractID": AGREEMENT,
            "name": "Prepaid", "datePurchased": start, "unitQuantity": 1, "unitPrice": "2500.00",
            "billableAmount": "2500.00", "isBillableToCompany": true, "isBilled": false}),
        );
        let (key, left) = left.next().expect("one of each sort");
        (book, key, left)
    })
}

#[tokio::test]
async fn a_purchase_and_its_charge_are_one_contract() {
    for (book, key, left) in purchases() {
        let fields = [Field::BillingCost, Field::Billing, Field::Billed, Field::Left];
        for (is_billed, word) in [(false, "no"), (true, "yes")] {
            book.tenant.set(Entity::ContractCharges, 9, "isBilled", is_billed).expect("set");
            let seen = book.read().await;
            assert_eq!(shows(&seen, key, &fields), format!("2500.00 one-time {word} {left}"));
            assert_eq!(shows(&seen, "C9", &fields), "nothing");
            assert_eq!(shows(&seen, "A700", &RATE), "2500.00 one-time");
        }
    }
}

#[tokio::test]
async fn a_purchase_counts_in_its_dates_and_while_it_is_active() {
    for (book, key, _) in purchases() {
        let entity = match &key[..1] {
            "H" => Entity::ContractBlocks,
            "R" => Entity::ContractRetainers,
            _ => Entity::ContractTicketPurchases,
        };
        let day = |days| book.kind.day(days).to_string();
        let set =
            |field: &str, value: Value| book.tenant.set(entity, 5, field, value).expect("set");
        let cases = [
            ("status", json!(0), json!(1), "0.00 none"),
            ("endDate", json!(day(-1)), json!(day(200)), "0.00 ended"),
            ("startDate", json!(day(5)), json!(day(-40)), "0.00 upcoming"),
        ];
        let state = [Field::BillingCost, Field::Billing];
        for (field, wrong, right, says) in cases {
            set(field, wrong);
            let seen = book.read().await;
            assert_eq!(shows(&seen, "A700", &state), says, "{key} {field}");
            assert_eq!(shows(&seen, key, &state), "2500.00 one-time", "what it cost stays");
            set(field, right);
        }
        assert_eq!(shows(&book.read().await, "A700", &RATE), "2500.00 one-time");
    }
}

#[tokio::test]
async fn a_fixed_price_that_is_billed_by_rules_has_a_monthly_amount() {
    let book = Book::on(TODAY);
    book.agreement(3, None);
    book.add(
        Entity::ContractBillingRules,
        json!({"id": 1, "contractID": AGREEMENT,
        "productID": 4711, "startDate": "2025-01-01", "isActive": true}),
    );
    for months in 0..13 {
        let first = NaiveDate::from_ymd_opt(2026, 11, 1).expect("a date");
        let day = first.checked_sub_months(Months::new(months)).expect("a date");
        book.add(
            Entity::ContractCharges,
            json!({"contractID": AGREEMENT, "name": "Per user",
            "productID": 4711, "datePurchased": day.to_string(), "unitQuantity": 1,
            "unitPrice": "300.00", "billableAmount": "300.00", "isBilled": true,
            "isBillableToCompany": true}),
        );
    }
    let fields = [Field::BillingCost, Field::BillingCycle, Field::Remarks];
    assert_eq!(shows(&book.read().await, "A700", &fields), "300.00 monthly by_rule");
}

#[tokio::test]
async fn who_pays_and_what_setting_up_costs_is_shown() {
    let book = Book::on(TODAY);
    book.set("setupFee", "500.00");
    book.set("billToCompanyID", 502);
    let fields = [Field::SetupFee, Field::BilledTo];
    assert_eq!(shows(&book.read().await, "A700", &fields), "500.00 Payer Ltd");
}

/// A tenant without multi-currency has no page of currencies, and its companies name none.
#[tokio::test]
async fn without_currencies_the_configured_one_counts_with_its_decimals() {
    let mut book = Book::on(TODAY);
    for id in book.tenant.ids(Entity::Currencies) {
        book.tenant.remove(Entity::Currencies, id).expect("removed");
    }
    book.tenant.set(Entity::Companies, CLIENT, "currencyID", Value::Null).expect("set");
    book.line(1, "12.3456", &[(-20, 9, 1, 20)]);
    let fields = [Field::BillingCost, Field::Currency];
    for (currency, shown) in [(None, "20.00 XXX"), (Some("AUD"), "20.00 AUD")] {
        book.currency = currency.map(Currency::new);
        assert_eq!(shows(&book.read().await, "S1", &fields), shown);
    }
    let row = book.tenant.ids(Entity::ContractServiceUnits).into_iter().max().expect("the row");
    book.tenant.set(Entity::ContractServiceUnits, row, "price", "12.3456").expect("set");
    for currency in ["CLF", "UYW"] {
        book.currency = Some(Currency::new(currency));
        assert_eq!(shows(&book.read().await, "S1", &fields), format!("12.3456 {currency}"));
    }
}
