//! Reading a scripted tenant: what is asked for, and what comes of it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::read::Scope;
use crate::autotask::api::Autotask;
use crate::autotask::http::options::Options;
use crate::autotask::script::Script;
use crate::autotask::session::progress::Progress;
use crate::autotask::session::zone::ZoneMemory;
use crate::clock::{ManualClock, Tz};
use crate::model::{ClientId, ClientSnapshot, Currency, Field};

/// Company 7 with one monthly agreement, 70, that has service 700 with 3 units for 30.
fn script() -> Script {
    let script = Script::new();
    script.rows(
        "Companies",
        vec![
            json!({"id": 7, "companyName": "Acme", "currencyID": null}),
            json!({"id": 8, "companyName": "Empty"}),
        ],
    );
    script.rows("Currencies", vec![json!({"id": 1, "name": "USD", "isInternalCurrency": true})]);
    script.rows("Contracts", vec![contract(70, Some(2))]);
    script.rows("ContractServices", vec![line(700, 70, 301)]);
    script.rows("ContractServiceUnits", vec![units(1, 700, json!(3), json!(30.00))]);
    script.rows(
        "Services",
        vec![
            json!({"id": 301, "name": "Backup", "periodType": 2}),
            json!({"id": 302, "name": "Domain", "periodType": 5}),
        ],
    );
    script.fields("Contracts", json!([
        {"name": "contractType", "picklistValues": [{"value": "7", "label": "Recurring Service"}]},
        {"name": "contractPeriodType", "picklistValues": [{"value": "2", "label": "Monthly"}]},
    ]));
    script
}

fn contract(id: i64, period: Option<i64>) -> Value {
    json!({"id": id, "companyID": 7, "contractType": 7, "contractName": "Care",
        "contractPeriodType": period})
}

fn line(id: i64, contract: i64, service: i64) -> Value {
    json!({"id": id, "contractID": contract, "serviceID": service, "unitPrice": 10.0})
}

fn units(id: i64, line: i64, units: Value, price: Value) -> Value {
    json!({"id": id, "contractID": 70, "contractServiceID": line, "units": units,
        "price": price, "startDate": "2026-10-01T00:00:00Z", "endDate": "2026-10-31T00:00:00Z"})
}

/// The same row for the time from one day to another.
fn between(mut row: Value, start: &str, end: &str) -> Value {
    row["startDate"] = json!(format!("{start}T00:00:00Z"));
    row["endDate"] = json!(format!("{end}T00:00:00Z"));
    row
}

async fn read(autotask: &Autotask, scope: Scope) -> Vec<ClientSnapshot> {
    autotask.read(&scope, &Progress::new()).await.expect("snapshots")
}

async fn acme(script: &Script) -> ClientSnapshot {
    read(&script.autotask(), Scope::Clients(vec![ClientId(7)])).await.remove(0)
}

fn rejected(snapshot: &ClientSnapshot) -> Vec<String> {
    let rejects = snapshot.rejects.iter();
    rejects.map(|reject| format!("{} {}: {}", reject.key, reject.field, reject.reason)).collect()
}

fn shown(snapshot: &ClientSnapshot) -> Vec<String> {
    let text = |fields: &crate::model::Fields, field| {
        fields.get(&field).map_or_else(|| "-".to_owned(), ToString::to_string)
    };
    let items = snapshot.items.iter();
    items
        .map(|item| {
            let [name, cost, cycle] = [Field::Name, Field::BillingCost, Field::BillingCycle]
                .map(|f| text(&item.fields, f));
            format!("{} {name} {cost} {cycle}", item.key)
        })
        .collect()
}

#[tokio::test]
async fn an_agreement_stands_before_its_additions() {
    let snapshot = acme(&script()).await;
    assert_eq!(shown(&snapshot), ["A70 Care 30.00 monthly", "S700 Backup 30.00 monthly"]);
    assert_eq!(snapshot.client.name, "Acme");
    assert_eq!(rejected(&snapshot), [""; 0]);
}

#[tokio::test]
async fn a_client_without_agreements_costs_no_queries_below_them() {
    let script = script();
    let scope = Scope::Clients(vec![ClientId(8), ClientId(99)]);
    let snapshots = read(&script.autotask(), scope).await;
    let seen: Vec<_> = snapshots.iter().map(|s| (s.client.name.as_str(), s.items.len())).collect();
    assert_eq!(seen, [("Empty", 0), ("company 99", 0)]);
    assert_eq!(script.total(), 4, "zone, companies, contracts, picklists");
    assert_eq!(read(&script.autotask(), Scope::Clients(Vec::new())).await, []);
    assert_eq!(script.total(), 4);
}

#[tokio::test]
async fn reading_again_asks_for_rows_only() {
    let script = script();
    let autotask = script.autotask();
    let first = read(&autotask, Scope::All).await;
    let after_first = script.total();
    let progress = Progress::new();
    let second = autotask.read(&Scope::All, &progress).await;
    assert_eq!(second.as_ref(), Ok(&first));
    assert_eq!(progress.requests(), 6, "companies, contracts, and four kinds of rows below");
    assert_eq!(script.total(), after_first + 6);
}

#[tokio::test]
async fn a_unit_row_that_cannot_be_read_rejects_its_addition_and_its_agreement() {
    let script = script();
    script.rows("ContractServices", vec![line(700, 70, 301), line(701, 70, 301)]);
    script.rows(
        "ContractServiceUnits",
        vec![units(1, 700, json!(3), json!("n/a")), units(2, 701, json!(1), json!(10))],
    );
    let snapshot = acme(&script).await;
    assert_eq!(shown(&snapshot), ["S701 Backup 10.00 monthly"]);
    assert_eq!(
        rejected(&snapshot),
        [
            "A70 price: the cost is not known: S700 cannot be read, because price is \"n/a\", \
             which is not a number in row 1 of ContractServiceUnits",
            "S700 price: price is \"n/a\", which is not a number in row 1 of ContractServiceUnits",
        ]
    );
}

#[tokio::test]
async fn an_agreement_that_cannot_be_read_rejects_its_additions_but_not_its_neighbours() {
    let script = script();
    let mut bad = contract(71, Some(2));
    bad["contractName"] = Value::Null;
    script.rows("Contracts", vec![contract(70, Some(2)), bad]);
    script.rows("ContractServices", vec![line(700, 70, 301), line(701, 71, 301)]);
    let snapshot = acme(&script).await;
    assert_eq!(shown(&snapshot), ["A70 Care 30.00 monthly", "S700 Backup 30.00 monthly"]);
    assert_eq!(
        rejected(&snapshot),
        [
            "A71 contractName: contractName has no value",
            "S701 contractID: agreement A71 cannot be read: contractName has no value",
        ]
    );
}

#[tokio::test]
async fn without_a_period_of_its_own_an_agreement_follows_its_services() {
    let script = script();
    script.rows("Contracts", vec![contract(70, None)]);
    let snapshot = acme(&script).await;
    assert_eq!(shown(&snapshot), ["A70 Care 30.00 monthly", "S700 Backup 30.00 monthly"]);

    script.rows("ContractServices", vec![line(700, 70, 301), line(701, 70, 302)]);
    let snapshot = acme(&script).await;
    let expected =
        ["A70 Care 30.00 monthly", "S700 Backup 30.00 monthly", "S701 Domain 0.00 yearly"];
    assert_eq!(shown(&snapshot), expected);
    assert_eq!(rejected(&snapshot), [""; 0]);
}

#[tokio::test]
async fn a_line_without_a_current_period_is_asked_for_all_of_them() {
    let script = script();
    let ended = units(1, 700, json!(2), json!(19.5));
    script.rows("ContractServiceUnits", vec![between(ended, "2026-08-01", "2026-08-31")]);
    let snapshot = acme(&script).await;
    assert_eq!(shown(&snapshot), ["A70 Care 19.50 monthly", "S700 Backup 19.50 monthly"]);
    let basis = snapshot.items[1].fields.get(&Field::Basis).map(ToString::to_string);
    assert_eq!(basis.as_deref(), Some("last"));
    let bodies = script.bodies("ContractServiceUnits/query");
    let asked = &bodies[1]["filter"][1]["items"][0]["items"];
    assert_eq!(asked[0]["value"], json!([700]));
    assert_eq!(asked[1]["value"], "2000-01-01T00:00:00", "all that was");
    assert_eq!(asked[2]["value"], "2027-10-15T23:59:59", "and a year ahead");
}

/// The same with an agreement that ended with August, a period of its line that ended then, and
/// one that ended a month before.
fn ended() -> Script {
    let script = script();
    script.rows("Contracts", vec![over()]);
    let before = between(units(1, 700, json!(2), json!(18.5)), "2026-07-01", "2026-07-31");
    script.rows("ContractServiceUnits", vec![before, last_of_ended()]);
    script
}

fn over() -> Value {
    between(contract(70, Some(2)), "2025-09-01", "2026-08-31")
}

fn last_of_ended() -> Value {
    between(units(2, 700, json!(2), json!(19.5)), "2026-08-01", "2026-08-31")
}

const LAST_OF_ENDED: [&str; 2] = ["A70 Care 19.50 monthly", "S700 Backup 19.50 monthly"];

#[tokio::test]
async fn a_line_of_an_agreement_that_has_ended_is_asked_for_what_it_billed_then() {
    let script = ended();
    let snapshot = acme(&script).await;
    assert_eq!(shown(&snapshot), LAST_OF_ENDED);
    let bodies = script.bodies("ContractServiceUnits/query");
    let group = json!({"op": "and", "items": [
        {"op": "in", "field": "contractServiceID", "value": [700]},
        {"op": "gte", "field": "endDate", "value": "2026-08-28T00:00:00"}]});
    assert_eq!(bodies[0]["filter"][1], json!({"op": "or", "items": [group]}));
    assert_eq!(bodies.len(), 1, "nothing else");
    let working = snapshot.items[1].working.lines.iter().map(|line| &*line.from);
    assert_eq!(working.collect::<Vec<_>>(), ["row 2"]);
}

#[tokio::test]
async fn a_line_that_ended_long_before_its_agreement_is_asked_for_all_periods() {
    let script = ended();
    let long_before = between(last_of_ended(), "2025-08-01", "2025-08-31");
    script.rows("ContractServiceUnits", vec![long_before]);
    assert_eq!(shown(&acme(&script).await), LAST_OF_ENDED);
    assert_eq!(script.asked("ContractServiceUnits/query"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_takes_no_groups_is_asked_for_all_periods() {
    let everything = json!({"items": [units(1, 999, json!(1), json!(5))]}).to_string();
    let refusal = json!({"errors": ["Invalid query syntax."]}).to_string();
    let unheard_of = json!({"errors": ["Object reference not set."]}).to_string();
    for (status, body, times) in [(200, &everything, 1), (500, &refusal, 1), (500, &unheard_of, 4)]
    {
        let script = ended();
        for _ in 0..times {
            script.once("ContractServiceUnits/query", status, body);
        }
        assert_eq!(shown(&acme(&script).await), LAST_OF_ENDED);
        let bodies = script.bodies("ContractServiceUnits/query");
        assert_eq!(bodies.len(), times + 1);
        assert_eq!(bodies[times]["filter"][1]["op"], "in");
    }
}

/// Below the agreement that has ended, and below one that goes on.
fn ended_and_open() -> Script {
    let script = ended();
    script.rows("Contracts", vec![contract(71, Some(2)), over()]);
    script.rows("ContractServices", vec![line(700, 70, 301), line(701, 71, 301)]);
    let mut now = units(3, 701, json!(3), json!(30.00));
    now["contractID"] = json!(71);
    script.rows("ContractServiceUnits", vec![last_of_ended(), now]);
    script
}

const BOTH: [&str; 4] = [
    "A70 Care 19.50 monthly",
    "S700 Backup 19.50 monthly",
    "A71 Care 30.00 monthly",
    "S701 Backup 30.00 monthly",
];

#[tokio::test]
async fn a_line_that_goes_on_is_asked_for_today_together_with_what_has_ended() {
    let script = ended_and_open();
    assert_eq!(shown(&acme(&script).await), BOTH);
    let bodies = script.bodies("ContractServiceUnits/query");
    assert_eq!(bodies.len(), 1);
    let items = &bodies[0]["filter"][1]["items"][1]["items"];
    assert_eq!(items[0]["value"], json!([701]));
    assert_eq!((&items[1]["op"], &items[2]["op"]), (&json!("gte"), &json!("lte")));
}

#[tokio::test]
async fn a_line_that_goes_on_is_asked_for_today_also_where_a_zone_takes_no_groups() {
    let script = ended_and_open();
    let refusal = r#"{"errors":["Invalid query syntax."]}"#;
    script.once("ContractServiceUnits/query", 500, refusal);
    assert_eq!(shown(&acme(&script).await), BOTH);
    let bodies = script.bodies("ContractServiceUnits/query");
    let asked = bodies[1..].iter().map(|body| body["filter"][1]["value"].clone());
    let today_of_one_and_all_of_the_other = [json!([71]), json!([700])];
    assert_eq!(asked.collect::<Vec<_>>(), today_of_one_and_all_of_the_other);
}

#[tokio::test]
async fn a_value_that_no_picklist_explains_is_looked_up_once_a_reading() {
    let script = script();
    let autotask = script.autotask();
    read(&autotask, Scope::All).await;
    let mut odd = contract(70, Some(2));
    odd["status"] = json!(7);
    odd["contractCategory"] = json!(12);
    script.rows("Contracts", vec![odd]);
    for asked in [2, 3] {
        let snapshots = read(&autotask, Scope::All).await;
        let status = snapshots[0].items[0].fields.get(&Field::Status).map(ToString::to_string);
        assert_eq!(status.as_deref(), Some("unknown (7)"));
        assert_eq!(script.asked("Contracts/entityInformation/fields"), asked);
    }
}

#[tokio::test]
async fn a_service_that_is_not_in_the_catalogue_is_named_by_its_number() {
    let script = script();
    script.rows("Services", Vec::new());
    let snapshot = acme(&script).await;
    assert_eq!(shown(&snapshot)[1], "S700 service 301 30.00 monthly");
}

#[tokio::test]
async fn lines_of_agreements_that_are_not_there_belong_to_nobody() {
    let script = script();
    script.rows("ContractServices", vec![line(700, 70, 301), line(701, 99, 301)]);
    let snapshots = read(&script.autotask(), Scope::All).await;
    assert_eq!(shown(&snapshots[0]).len(), 2);
    assert_eq!(rejected(&snapshots[0]), [""; 0]);
}

#[tokio::test]
async fn impossible_dates_reject_the_item_that_has_them() {
    let script = script();
    let mut agreement = contract(71, Some(2));
    agreement["startDate"] = json!("2026-02-30T00:00:00Z");
    script.rows("Contracts", vec![contract(70, Some(2)), agreement]);
    let mut row = units(1, 700, json!(3), json!(30.00));
    row["endDate"] = json!("2026-13-01T00:00:00Z");
    script.rows("ContractServiceUnits", vec![row]);
    script.rows(
        "ContractCharges",
        vec![
            json!({"id": 5, "contractID": 70, "billableAmount": 9, "datePurchased": "0000-00-00"}),
        ],
    );
    let snapshot = acme(&script).await;
    assert_eq!(shown(&snapshot), [""; 0]);
    let day = "which is not a date";
    let unit =
        format!("endDate is \"2026-13-01T00:00:00Z\", {day} in row 1 of ContractServiceUnits");
    assert_eq!(
        rejected(&snapshot),
        [
            format!("A70 endDate: the cost is not known: S700 cannot be read, because {unit}"),
            format!("S700 endDate: {unit}"),
            format!("C5 datePurchased: datePurchased is \"0000-00-00\", {day}"),
            format!("A71 startDate: startDate is \"2026-02-30T00:00:00Z\", {day}"),
        ]
    );
}

#[tokio::test]
async fn a_status_that_appears_overnight_is_looked_up_once_and_then_known() {
    let script = script();
    let charge = |status: i64| {
        vec![json!({"id": 5, "contractID": 70, "billableAmount": 9, "status": status})]
    };
    let labels = |labels: &[(&str, &str)]| {
        let values: Vec<Value> =
            labels.iter().map(|(value, label)| json!({"value": value, "label": label})).collect();
        json!([{"name": "status", "picklistValues": values}])
    };
    script.rows("ContractCharges", charge(1));
    script.fields("ContractCharges", labels(&[("1", "Ordered")]));
    let autotask = script.autotask();
    let status = async || {
        let snapshots = read(&autotask, Scope::All).await;
        let charge = snapshots[0].item("C5".parse().expect("a key")).expect("a charge");
        charge.fields.get(&Field::Status).map(ToString::to_string).expect("a status")
    };
    assert_eq!(status().await, "ordered");
    script.rows("ContractCharges", charge(9));
    script.fields("ContractCharges", labels(&[("1", "Ordered"), ("9", "On Its Way")]));
    assert_eq!(status().await, "on its way");
    assert_eq!(status().await, "on its way");
    assert_eq!(script.asked("ContractCharges/entityInformation/fields"), 2);
}

#[tokio::test]
async fn a_type_that_nobody_knows_is_listed_with_the_reason_and_so_are_its_charges() {
    let script = script();
    let mut strange = contract(71, None);
    strange["contractType"] = json!(9);
    script.rows("Contracts", vec![strange]);
    script.rows("ContractCharges", vec![json!({"id": 5, "contractID": 71, "billableAmount": 9})]);
    let snapshot = acme(&script).await;
    assert_eq!(shown(&snapshot), ["A71 Care - -", "C5 charge, 9.00 9.00 one-time"]);
    let why = "unknown contract type `unknown (9)`";
    let reasons: Vec<_> =
        snapshot.items.iter().map(|item| item.unsupported.clone().expect("a reason")).collect();
    assert_eq!(reasons, [why.to_owned(), format!("of its agreement A71, {why}")]);
    assert_eq!(script.asked("ContractServices/query"), 0);
    assert_eq!(script.asked("ContractMilestones/query"), 0);
}

#[tokio::test]
async fn the_day_of_a_reading_is_that_of_the_zone() {
    let script = script();
    let month = |id, price, start, end| between(units(id, 700, json!(1), json!(price)), start, end);
    script.rows(
        "ContractServiceUnits",
        vec![
            month(1, 1000.00, "2026-11-01", "2026-11-30"),
            month(2, 1400.00, "2026-12-01", "2026-12-31"),
        ],
    );
    let cost = async |moment: &str, zone| {
        let now = moment.parse().expect("a moment");
        let autotask = script.autotask_with(now, |options| options.time_zone = zone);
        let snapshot = read(&autotask, Scope::Clients(vec![ClientId(7)])).await.remove(0);
        shown(&snapshot).remove(1)
    };
    let (november, december) = ("S700 Backup 1000.00 monthly", "S700 Backup 1400.00 monthly");
    // 1 December, 09:00 in Sydney, where it is the last of November in UTC.
    let in_sydney = "2026-11-30T22:00:00Z";
    assert_eq!(cost(in_sydney, Tz::Australia__Sydney).await, december);
    assert_eq!(cost(in_sydney, Tz::UTC).await, november);
    // 1 December, 02:00 in Los Angeles, and the evening before.
    assert_eq!(cost("2026-12-01T10:00:00Z", Tz::America__Los_Angeles).await, december);
    assert_eq!(cost("2026-12-01T04:00:00Z", Tz::America__Los_Angeles).await, november);
    assert_eq!(cost("2026-12-01T04:00:00Z", Tz::UTC).await, december);
}

#[tokio::test]
async fn a_tenant_without_multi_currency_has_the_configured_one() {
    let script = script();
    script.rows("Currencies", Vec::new());
    let money = |snapshot: &ClientSnapshot| {
        let text = |field| snapshot.items[1].fields.get(&field).map(ToString::to_string);
        [Field::BillingCost, Field::Currency, Field::CurrencyBasis]
            .map(|field| text(field).unwrap_or_default())
            .join(" ")
    };
    let autotask = |currency: Option<&str>| {
        let now = crate::autotask::script::now();
        script.autotask_with(now, |options| options.currency = currency.map(Currency::new))
    };
    let scope = || Scope::Clients(vec![ClientId(7)]);
    assert_eq!(money(&read(&autotask(None), scope()).await[0]), "30.00 XXX unknown");
    assert_eq!(money(&read(&autotask(Some("AUD")), scope()).await[0]), "30.00 AUD configured");
    assert_eq!(money(&read(&autotask(Some("JPY")), scope()).await[0]), "30 JPY configured");
    // The page cannot even be read.
    script.always("Currencies/query", 403, "");
    assert_eq!(money(&read(&autotask(Some("AUD")), scope()).await[0]), "30.00 AUD configured");
    let without = read(&autotask(None), scope()).await;
    assert_eq!(money(&without[0]), "30.00 XXX unknown");
    let unread = &without[0].unread[0];
    assert_eq!(unread.reason, "the API user has no permission to read Currencies");
    assert!(unread.fields.values().all(|fields| fields.contains(&Field::BillingCost)));
}

#[tokio::test]
async fn what_was_read_of_the_catalogue_serves_on_where_it_is_not_shown_any_more() {
    let script = script();
    let clock = Arc::new(ManualClock::at(crate::autotask::script::now()));
    let options = Options::for_tests("http://127.0.0.1:1/discovery/");
    let transport = Arc::new(script.clone());
    let autotask = Autotask::new(options, transport, Arc::clone(&clock) as _, ZoneMemory::none());
    let scope = || Scope::Clients(vec![ClientId(7)]);
    let before = read(&autotask, scope()).await;
    assert!(before[0].unread.is_empty());
    for entity in ["Currencies", "Services"] {
        script.always(&format!("/{entity}/query"), 403, "");
    }
    // Longer than what is known is believed without asking.
    clock.advance(chrono::TimeDelta::hours(2));
    let after = read(&autotask, scope()).await;
    assert_eq!(after[0].items, before[0].items);
    let unread: Vec<_> = after[0].unread.iter().map(|unread| unread.entity.as_str()).collect();
    assert_eq!(unread, ["Services", "Currencies"]);
    assert!(after[0].unread.iter().all(|unread| unread.fields.is_empty()), "all is known");
}
