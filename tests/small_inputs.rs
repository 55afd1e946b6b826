//! Small books whose cost is known by heart, read on many days: rows are so many days from today,
//! whatever the calendar makes of them.

#![cfg(feature = "demo")]

#[expect(dead_code, reason = "this test has days of its own")]
mod reading;

use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use lmsyncd::autotask::{Autotask, HttpTransport, Progress, Scope, ZoneMemory};
use lmsyncd::clock::ManualClock;
use lmsyncd::demo::tenant::{Entity, Serving, Tenant};
use lmsyncd::model::{ClientId, ClientSnapshot, Field, ItemKey};
use reading::options;
use serde_json::{Value, json};

const CLIENT: i64 = 503;
const AGREEMENT: i64 = 700;

/// First day, last day, units, price.
type Row = (i64, i64, i64, &'static str);

/// Days at the ends of months of every length.
const DAYS: [&str; 8] = [
    "2026-10-15",
    "2026-11-29",
    "2026-12-05",
    "2027-01-05",
    "2027-02-10",
    "2027-03-01",
    "2027-03-31",
    "2028-02-29",
];

struct Book {
    tenant: Tenant,
    today: NaiveDate,
}

impl Book {
    fn on(day: &str) -> Book {
        let today: NaiveDate = day.parse().expect("a date");
        let book = Book { tenant: Tenant::stories(today), today };
        for (id, name) in [(CLIENT, "Small Client"), (502, "Payer Ltd")] {
            book.add(
                Entity::Companies,
                json!({"id": id, "companyName": name, "isActive": true,
                "currencyID": 1}),
            );
        }
        book.agreement(7, Some(2));
        book
    }

    fn day(&self, days: i64) -> String {
        (self.today + TimeDelta::days(days)).to_string()
    }

    fn add(&self, entity: Entity, row: Value) {
        self.tenant.insert(entity, &row).expect("a row");
    }

    fn agreement(&self, kind: i64, period: Option<i64>) {
        let _ = self.tenant.remove(Entity::Contracts, AGREEMENT);
        self.add(
            Entity::Contracts,
            json!({"id": AGREEMENT, "companyID": CLIENT,
            "contractType": kind, "contractPeriodType": period, "contractName": "Care",
            "status": 1, "startDate": "2020-01-01", "endDate": "2035-12-31"}),
        );
    }

    /// A line of the agreement; of a service, or of a bundle.
    fn line(&self, id: i64, bundle: bool, price: &str, rows: &[Row]) {
        let (lines, units, item, line) = match bundle {
            true => (
                Entity::ContractServiceBundles,
                Entity::ContractServiceBundleUnits,
                "serviceBundleID",
                "contractServiceBundleID",
            ),
            false => (
                Entity::ContractServices,
                Entity::ContractServiceUnits,
                "serviceID",
                "contractServiceID",
            ),
        };
        let sold = if bundle { 401 } else { 301 };
        self.add(lines, json!({"id": id, "contractID": AGREEMENT, item: sold, "unitPrice": price}));
        for (start, end, number, price) in rows {
            let (start, end) = (self.day(*start), self.day(*end));
            self.add(
                units,
                json!({"contractID": AGREEMENT, line: id, item: sold,
                "startDate": start, "endDate": end, "units": number, "price": price}),
            );
        }
    }

    async fn read(&self) -> (ClientSnapshot, Serving) {
        let serving = self.tenant.serve(0).await.expect("a port");
        let options = options(&self.tenant, &serving.url());
        let transport = HttpTransport::new(&options).expect("a transport");
        let now = self.today.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(6);
        let clock = Arc::new(ManualClock::at(now));
        let autotask = Autotask::new(options, Arc::new(transport), clock, ZoneMemory::none());
        let scope = Scope::Clients(vec![ClientId(CLIENT)]);
        let seen = autotask.read(&scope, &Progress::new()).await.expect("a snapshot").remove(0);
        assert_eq!(seen.rejects, [], "{}", self.today);
        (seen, serving)
    }

    /// Some fields of an item, separated by blanks; `-` for one without a value.
    async fn shows(&self, key: &str, fields: &[Field]) -> String {
        let (seen, _serving) = self.read().await;
        let key: ItemKey = key.parse().expect("a key");
        let Some(item) = seen.item(key) else { return "nothing".to_owned() };
        let text = |field: &Field| {
            item.fields.get(field).map_or_else(|| "-".to_owned(), ToString::to_string)
        };
        fields.iter().map(text).collect::<Vec<_>>().join(" ")
    }
}

const RATE: [Field; 2] = [Field::BillingCost, Field::BillingCycle];
const BOTH: [Field; 2] = [Field::BillingCost, Field::PeriodAmount];

#[tokio::test]
async fn what_has_ended_and_what_is_to_come_are_in_no_sum() {
    for day in DAYS {
        for bundle in [false, true] {
            let book = Book::on(day);
            let key = |id| if bundle { format!("B{id}") } else { format!("S{id}") };
            book.line(1, bundle, "100.00", &[(-20, 9, 2, "200.00")]);
            book.line(2, bundle, "50.00", &[(-400, -371, 4, "200.00")]);
            book.line(3, bundle, "70.00", &[(60, 89, 1, "70.00")]);
            assert_eq!(book.shows("A700", &RATE).await, "200.00 monthly", "{day}");
            let state = [Field::Billing, Field::BillingSince];
            let (ended, upcoming) = (book.day(-371), book.day(60));
            assert_eq!(book.shows(&key(2), &state).await, format!("ended {ended}"), "{day}");
            assert_eq!(book.shows(&key(3), &state).await, format!("upcoming {upcoming}"), "{day}");
        }
    }
}

#[tokio::test]
async fn an_opening_stub_costs_a_part_and_its_rate_is_whole() {
    for day in DAYS {
        let book = Book::on(day);
        book.line(1, false, "100.00", &[(-10, 4, 2, "100.00"), (5, 34, 2, "200.00")]);
        let fields = [Field::BillingCost, Field::PeriodAmount, Field::NextChangeDate];
        assert_eq!(book.shows("S1", &fields).await, "200.00 100.00 -", "{day}");
        assert_eq!(book.shows("A700", &fields).await, "200.00 100.00 -", "{day}");
    }
}

#[tokio::test]
async fn who_joins_within_a_period_counts_whole_in_the_rate() {
    for day in DAYS {
        let book = Book::on(day);
        let rows = [(-20, 9, 2, "200.00"), (0, 9, 3, "100.00"), (10, 39, 5, "500.00")];
        book.line(1, false, "100.00", &rows);
        let fields = [Field::BillingCost, Field::UnitPrice, Field::Units, Field::PeriodAmount];
        assert_eq!(book.shows("S1", &fields).await, "500.00 100.00 5 300.00", "{day}");
    }
}

#[tokio::test]
async fn edits_that_cancel_out_leave_the_rate_and_not_the_period() {
    for day in DAYS {
        let book = Book::on(day);
        let rows = [(-20, 9, 2, "200.00"), (-5, 9, 3, "100.00"), (-2, 9, -3, "-80.00")];
        book.line(1, false, "100.00", &rows);
        assert_eq!(book.shows("S1", &BOTH).await, "200.00 220.00", "{day}");
    }
}

#[tokio::test]
async fn a_line_that_was_cancelled_as_of_today_is_over() {
    for day in DAYS {
        let book = Book::on(day);
        book.line(1, false, "100.00", &[(-30, -1, 2, "200.00")]);
        let fields = [Field::Billing, Field::BillingSince];
        assert_eq!(book.shows("S1", &fields).await, format!("ended {}", book.day(-1)), "{day}");
        assert_eq!(book.shows("A700", &fields).await, format!("ended {}", book.day(-1)), "{day}");
    }
}

#[tokio::test]
async fn the_end_of_an_agreement_counts_and_its_status_does_not() {
    for day in DAYS {
        let book = Book::on(day);
        book.line(1, false, "100.00", &[(-20, 9, 2, "200.00"), (10, 39, 2, "200.00")]);
        let set = |field: &str, value: Value| {
            book.tenant.set(Entity::Contracts, AGREEMENT, field, value).expect("set");
        };
        let fields = [Field::BillingCost, Field::Billing, Field::Remarks];
        set("status", json!(0));
        assert_eq!(book.shows("A700", &fields).await, "200.00 billed inactive_but_billed", "{day}");
        set("status", json!(1));
        set("endDate", json!(book.day(-30)));
        assert_eq!(book.shows("A700", &fields).await, "200.00 ended ended_but_active", "{day}");
    }
}

#[tokio::test]
async fn a_credit_lowers_its_agreement() {
    for day in DAYS {
        let book = Book::on(day);
        book.line(1, false, "100.00", &[(-20, 9, 2, "200.00")]);
        book.line(2, false, "20.00", &[(-20, 9, -3, "-60.00")]);
        assert_eq!(book.shows("A700", &RATE).await, "140.00 monthly", "{day}");
    }
}

#[tokio::test]
async fn a_purchase_and_its_charge_are_one_contract() {
    for (entity, kind, key, row, left) in [
        (
            Entity::ContractBlocks,
            4,
            "H5",
            json!({"hours": 20, "hourlyRate": "125.00", "hoursApproved": "12.5"}),
            "7.5 hours",
        ),
        (
            Entity::ContractRetainers,
            6,
            "R5",
            json!({"amount": "2500.00", "amountApproved": "1000.00"}),
            "1500.00 USD",
        ),
        (
            Entity::ContractTicketPurchases,
            8,
            "T5",
            json!({"ticketsPurchased": 25, "perTicketRate": "100.00", "ticketsUsed": 5}),
            "20 tickets",
        ),
    ] {
        let book = Book::on("2026-11-29");
        book.agreement(kind, None);
        let (start, end) = (book.day(-40), book.day(200));
        let mut row = row;
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
        let fields = [Field::BillingCost, Field::Billing, Field::Billed, Field::Left];
        assert_eq!(book.shows(key, &fields).await, format!("2500.00 one-time no {left}"));
        assert_eq!(book.shows("C9", &fields).await, "nothing");
        assert_eq!(book.shows("A700", &RATE).await, "2500.00 one-time");
    }
}

#[tokio::test]
async fn a_fixed_price_that_is_billed_by_rules_has_a_monthly_amount() {
    let book = Book::on("2026-11-29");
    book.agreement(3, None);
    book.add(
        Entity::ContractBillingRules,
        json!({"id": 1, "contractID": AGREEMENT,
        "productID": 4711, "startDate": "2025-01-01", "isActive": true}),
    );
    for months in 0..13 {
        let first = NaiveDate::from_ymd_opt(2026, 11, 1).expect("a date");
        let day = first.checked_sub_months(chrono::Months::new(months)).expect("a date");
        book.add(
            Entity::ContractCharges,
            json!({"contractID": AGREEMENT, "name": "Per user",
            "productID": 4711, "datePurchased": day.to_string(), "unitQuantity": 1,
            "unitPrice": "300.00", "billableAmount": "300.00", "isBilled": true,
            "isBillableToCompany": true}),
        );
    }
    let fields = [Field::BillingCost, Field::BillingCycle, Field::Remarks];
    assert_eq!(book.shows("A700", &fields).await, "300.00 monthly by_rule");
}

#[tokio::test]
async fn who_pays_and_what_setting_up_costs_is_shown() {
    let book = Book::on("2026-11-29");
    for (field, value) in [("setupFee", json!("500.00")), ("billToCompanyID", json!(502))] {
        book.tenant.set(Entity::Contracts, AGREEMENT, field, value).expect("set");
    }
    let fields = [Field::SetupFee, Field::BilledTo];
    assert_eq!(book.shows("A700", &fields).await, "500.00 Payer Ltd");
}

#[tokio::test]
async fn a_term_without_an_end_is_told_without_one() {
    let book = Book::on("2026-11-29");
    book.line(1, false, "100.00", &[(-20, 9, 2, "200.00")]);
    book.tenant.set(Entity::Contracts, AGREEMENT, "endDate", "9999-12-31").expect("set");
    let fields = [Field::BillingCost, Field::Billing, Field::EndDate];
    assert_eq!(book.shows("A700", &fields).await, "200.00 billed -");
}
