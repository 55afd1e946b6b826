//! Reading the fake tenant over real HTTP: what becomes of every type of agreement and addition, to
//! the cent, with few requests. What becomes of bad rows is in `bad_rows`.

use crate::support::reading::{options, over_http, read, serve, served, today};
use lmsyncd::autotask::{Progress, Scope};
use lmsyncd::demo::tenant::{Entity, Fault, Tenant};
use lmsyncd::model::{
    ClientId, ClientSnapshot, Code, Field, ItemKey, SourceItem, UdfName, WorkingLine,
};

/// `KEY cost cycle currency = units x price (basis)`; for an agreement `KEY cost cycle currency
/// (basis)`.
fn shown(snapshot: &ClientSnapshot) -> Vec<String> {
    let items = snapshot.items.iter();
    items
        .map(|item| {
            let text =
                |field| item.fields.get(&field).map_or_else(|| "-".to_owned(), ToString::to_string);
            let [cost, cycle, currency, units, price, basis] = [
                Field::BillingCost,
                Field::BillingCycle,
                Field::Currency,
                Field::Units,
                Field::UnitPrice,
                Field::Basis,
            ]
            .map(text);
            let money = format!("{} {cost} {currency} {cycle}", item.key);
            if item.key.is_agreement() {
                format!("{money} ({basis})")
            } else {
                format!("{money} = {units} x {price} ({basis})")
            }
        })
        .collect()
}

fn of(snapshots: &[ClientSnapshot], client: i64) -> &ClientSnapshot {
    snapshots.iter().find(|snapshot| snapshot.client.id == ClientId(client)).expect("a snapshot")
}

fn field(snapshots: &[ClientSnapshot], client: i64, key: &str, field: Field) -> Option<String> {
    let key: ItemKey = key.parse().expect("a key");
    of(snapshots, client).item(key).expect("an item").fields.get(&field).map(ToString::to_string)
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story after the other")]
async fn every_story_is_read_with_its_exact_cost() {
    let (tenant, _serving, autotask) = served().await;
    let snapshots = read(&autotask, Scope::All).await.expect("snapshots");
    for snapshot in &snapshots {
        assert_eq!(snapshot.rejects, [], "{}", snapshot.client.name);
    }
    let costs = |client| shown(of(&snapshots, client));
    assert_eq!(
        costs(0),
        [
            "A29600001 198.00 USD monthly (current)",
            "S55001 198.00 USD monthly = 9 x 22.00 (current)",
        ]
    );
    assert_eq!(
        costs(174),
        [
            "A29683353 482.60 USD monthly (current)",
            "S55102 254.10 USD monthly = 11 x 23.10 (current)",
            "S55103 179.50 USD monthly = 2 x 89.75 (current)",
            "S55104 49.00 USD monthly = 14 x 3.50 (current)",
            "A29683354 0.00 USD none (none)",
        ]
    );
    // 3 of the 13 units since the 10th, which this month bills 25.55 on top of 120.00.
    assert_eq!(
        costs(175),
        [
            "A29683401 751.00 USD monthly (current)",
            "B771 496.00 USD monthly = 8 x 62.00 (current)",
            "B772 99.00 USD monthly = 1 x 99.00 (current)",
            "S55120 156.00 USD monthly = 13 x 12.00 (current)",
            "S55121 39.90 USD monthly = 2 x 19.95 (last)",
        ]
    );
    assert_eq!(
        costs(176),
        [
            "A29683412 1489.50 USD quarterly (current)",
            "S55129 450.00 USD quarterly = 1 x 450.00 (current)",
            "S55130 415.80 USD quarterly = 6 x 69.30 (current)",
            "S55131 623.70 USD quarterly = 9 x 69.30 (current)",
        ]
    );
    assert_eq!(
        costs(177),
        [
            "A29683501 0.00 USD none (none)",
            "C8501 249.00 USD one-time = 1 x 249.00 (none)",
            "A29683502 6500.00 USD one-time (none)",
            "M8101 1500.00 USD one-time = - x - (none)",
            "M8102 4200.00 USD one-time = - x - (none)",
            "M8103 800.00 USD one-time = - x - (none)",
            "A29683503 2500.00 USD one-time (current)",
            "H8201 2500.00 USD one-time = 20 x 125.00 (last)",
            "H8202 2500.00 USD one-time = 20 x 125.00 (current)",
            "A29683504 0.00 USD one-time (none)",
            "R8301 2000.00 USD one-time = - x - (last)",
            "R8302 2000.50 USD one-time = - x - (last)",
            "A29683505 508.20 USD monthly (current)",
            "C8502 350.00 USD one-time = 1 x 350.00 (none)",
            "C8503 758.00 USD one-time = 4 x 189.50 (none)",
            "S55150 508.20 USD monthly = 22 x 23.10 (current)",
            "A29683506 1625.00 USD one-time (current)",
            "T8401 1625.00 USD one-time = 25 x 65.00 (current)",
        ]
    );
    assert_eq!(
        costs(178),
        [
            "A29683601 115.50 USD monthly (last)",
            "S55140 115.50 USD monthly = 5 x 23.10 (last)",
            "A29683602 147.00 USD monthly (current)",
            "S55141 147.00 USD monthly = 6 x 24.50 (current)",
        ]
    );
    assert_eq!(
        costs(179),
        [
            "A29683701 90.00 USD monthly (current)",
            "S55160 90.00 USD monthly = 40 x 2.25 (current)",
            "A29683702 0.00 USD none (none)",
        ]
    );
    assert_eq!(
        costs(180),
        [
            "A29683801 446.80 CAD monthly (current)",
            "S55170 358.80 CAD monthly = 12 x 29.90 (current)",
            "S55171 88.00 CAD monthly = 1 x 88.00 (current)",
        ]
    );
    assert_eq!(costs(190), [""; 0]);
    assert_eq!(tenant.counters().write_attempts, 0);
    let highest = tenant.counters().highest_concurrency;
    assert!(highest.values().all(|requests| *requests <= 2), "{highest:?}");
}

/// `KEY rate cycle state since, period amount, next change; remarks`.
fn billed(snapshots: &[ClientSnapshot], client: i64) -> Vec<String> {
    let items = of(snapshots, client).items.iter();
    items
        .map(|item| {
            let text = |field| {
                item.fields.get(&field).map_or_else(String::new, |value| format!(" {value}"))
            };
            let money =
                [Field::BillingCost, Field::BillingCycle, Field::Billing, Field::BillingSince];
            let period = [Field::PeriodAmount, Field::PeriodStart, Field::PeriodEnd];
            let rest = [Field::NextChangeDate, Field::NextChangeCost, Field::Left, Field::Billed]
                .into_iter()
                .chain([Field::SetupFee, Field::BilledTo, Field::Remarks]);
            let join =
                |fields: &[Field]| fields.iter().map(|field| text(*field)).collect::<String>();
            let rest: Vec<Field> = rest.collect();
            format!("{}{};{};{}", item.key, join(&money), join(&period), join(&rest))
        })
        .collect()
}

#[tokio::test]
async fn every_story_of_a_period_is_read_in_both_amounts() {
    let (_tenant, _serving, autotask) = served().await;
    let snapshots = read(&autotask, Scope::All).await.expect("snapshots");
    let stories: Vec<String> = (181..=187)
        .flat_map(|client| [vec![format!("client {client}")], billed(&snapshots, client)].concat())
        .collect();
    insta::assert_snapshot!("stories_of_periods", stories.join("\n"));
}

#[tokio::test]
async fn texts_dates_and_labels_are_read_as_they_stand() {
    let (_tenant, _serving, autotask) = served().await;
    let snapshots = read(&autotask, Scope::All).await.expect("snapshots");
    let field = |client, key, name| field(&snapshots, client, key, name);
    let is = |text: &str| Some(text.to_owned());
    assert_eq!(field(174, "A29683353", Field::Name), is("Managed Services Agreement"));
    assert_eq!(field(174, "A29683353", Field::Type), is("recurring service"));
    assert_eq!(field(174, "A29683353", Field::Category), is("Managed Services"));
    assert_eq!(field(174, "A29683353", Field::PurchaseOrder), is("PO-20417"));
    assert_eq!(field(174, "A29683353", Field::Contact), is("Dana Whitfield"));
    assert_eq!(field(174, "A29683353", Field::StartDate), is("2025-08-01"));
    assert_eq!(field(174, "S55102", Field::Name), is("Workstation Care"));
    assert_eq!(field(174, "S55102", Field::Type), is("service"));
    assert_eq!(field(174, "S55102", Field::Status), is("active"));
    assert_eq!(field(175, "B771", Field::Type), is("service bundle"));
    assert_eq!(field(175, "B771", Field::Name), is("Complete Workplace"));
    let contents = "Email Security, Microsoft 365 Business Premium, Workstation Care";
    assert_eq!(field(175, "B771", Field::Contents), is(contents));
    assert_eq!(field(175, "S55120", Field::Contents), None);
    assert_eq!(field(178, "A29683601", Field::Status), is("inactive"));
    assert_eq!(field(178, "S55140", Field::Status), is("inactive"));
    assert_eq!(field(179, "A29683701", Field::Status), is("unknown (7)"));
    assert_eq!(field(179, "A29683701", Field::Category), is("Legacy Plans"));
    let text = "First line\nSecond line, with \"quotes\" and a comma";
    assert_eq!(field(179, "A29683701", Field::Description), is(text));
    assert_eq!(field(179, "A29683702", Field::Description), None);
    // The time of day on this agreement means nothing.
    assert_eq!(field(180, "A29683801", Field::StartDate), is("2025-12-01"));
    assert_eq!(field(180, "A29683801", Field::EndDate), is("2028-11-30"));
    assert_eq!(field(180, "A29683801", Field::CurrencyBasis), is("client"));
    let renewed = |client, key: &str| {
        of(&snapshots, client).item(key.parse().expect("a key")).expect("an item").renewed
    };
    assert_eq!(renewed(178, "A29683602"), Some(29_683_601));
    assert_eq!(renewed(178, "A29683601"), None);
    let parent = of(&snapshots, 174).items[1].parent;
    assert_eq!(parent.map(|key| key.to_string()), is("A29683353"));
}

#[tokio::test]
async fn some_clients_are_read_as_in_a_reading_of_all_with_few_requests() {
    let (tenant, _serving, autotask) = served().await;
    let all = read(&autotask, Scope::All).await.expect("snapshots");
    tenant.reset_counters();
    let progress = Progress::new();
    let asked = vec![ClientId(175), ClientId(0), ClientId(190), ClientId(5)];
    let some = autotask.read(&Scope::Clients(asked), &progress).await.expect("snapshots");
    let ids: Vec<i64> = some.iter().map(|snapshot| snapshot.client.id.0).collect();
    assert_eq!(ids, [0, 5, 175, 190]);
    for client in [0, 175, 190] {
        assert_eq!(of(&some, client), of(&all, client));
    }
    assert_eq!(of(&some, 5).items, []);
    // Companies, contracts, four kinds of rows below, charges, and the periods of S55121. Status 7
    // is not among these clients, so the picklists are not read again; what bundles hold is known.
    assert_eq!(progress.requests(), 8);
    assert_eq!(tenant.counters().total, 8);
}

#[tokio::test]
async fn what_is_bought_once_has_its_own_name_status_and_dates() {
    let (_tenant, _serving, autotask) = served().await;
    let snapshots = read(&autotask, Scope::All).await.expect("snapshots");
    let fields = [
        Field::Name,
        Field::Type,
        Field::Status,
        Field::StartDate,
        Field::EndDate,
        Field::Description,
    ];
    let of_key = |key: &str| {
        let text = |name| field(&snapshots, 177, key, name).unwrap_or_else(|| "-".to_owned());
        fields.map(text).join(" | ")
    };
    assert_eq!(
        ["M8101", "H8202", "R8302", "T8401", "C8503"].map(of_key),
        [
            "Survey | milestone | billed | - | 2026-07-01 | Survey of the new office",
            "block hours, 20 at 125.00 | block-hour purchase | active | 2026-08-01 | 2027-01-31 | -",
            "retainer, 2000.50 | retainer | active | 2026-07-01 | 2026-09-30 | -",
            "tickets, 25 at 65.00 | ticket purchase | active | 2026-04-01 | 2027-03-31 | -",
            "Docking station | charge | need to order/fulfill | 2026-09-30 | - | -",
        ]
    );
    assert_eq!(field(&snapshots, 177, "A29683506", Field::Type).as_deref(), Some("incident"));
}

fn working(snapshots: &[ClientSnapshot], key: &str) -> Vec<String> {
    let key: ItemKey = key.parse().expect("a key");
    let mut items = snapshots.iter().filter_map(|snapshot| snapshot.item(key));
    let shown = |line: &WorkingLine| {
        let text = |number: Option<rust_decimal::Decimal>| {
            number.map_or_else(|| "-".to_owned(), |number| number.to_string())
        };
        let (units, price) = (text(line.units), text(line.unit_price));
        let left_out = line.left_out.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        format!("{}: {units} x {price} = {}{left_out}", line.from, line.amount)
    };
    items.next().expect("an item").working.lines.iter().map(shown).collect()
}

#[tokio::test]
async fn every_cost_can_be_checked_line_by_line() {
    let (_tenant, _serving, autotask) = served().await;
    let snapshots = read(&autotask, Scope::All).await.expect("snapshots");
    let working = |key| working(&snapshots, key);
    assert_eq!(
        working("A29683353"),
        ["S55102: 11 x 23.10 = 254.10", "S55103: 2 x 89.75 = 179.50", "S55104: 14 x 3.50 = 49.00",]
    );
    let rows = working("S55120");
    assert!(rows[0].ends_with(": 10 x 12.00 = 120.00"), "{rows:?}");
    assert!(rows[1].ends_with(": 3 x 8.5167 = 25.55"), "{rows:?}");
    assert!(rows[2].ends_with(": 13 x 12.00 = 156.00 (begins on 2026-11-01)"), "{rows:?}");
    assert!(rows.iter().all(|row| row.starts_with("row ")), "{rows:?}");
    let ended = working("S55121");
    assert_eq!(ended.len(), 1, "of what is over, the last: {ended:?}");
    assert!(ended[0].ends_with(": 2 x 19.95 = 39.90"), "{ended:?}");
    assert_eq!(
        working("A29683503"),
        [
            "H8201: 20 x 125.00 = 2500.00 (the dates do not include today)",
            "H8202: 20 x 125.00 = 2500.00",
        ]
    );
    assert_eq!(working("A29683502").len(), 3);
    assert_eq!(working("M8101"), ["row 8101: - x - = 1500.00"]);
    assert_eq!(
        working("A29683505"),
        [
            "C8502: 1 x 350.00 = 350.00 (a charge is billed separately)",
            "C8503: 4 x 189.50 = 758.00 (a charge is billed separately)",
            "S55150: 22 x 23.10 = 508.20",
        ]
    );
}

#[tokio::test]
async fn only_what_an_agreement_can_have_is_asked_for() {
    let (tenant, _serving, autotask) = served().await;
    read(&autotask, Scope::Clients(vec![ClientId(174)])).await.expect("snapshots");
    let counters = tenant.counters();
    for entity in
        ["ContractMilestones", "ContractBlocks", "ContractRetainers", "ContractTicketPurchases"]
    {
        assert_eq!(counters.requests(&format!("{entity}/query")), 0, "{entity}");
    }
    assert_eq!(counters.requests("ContractCharges/query"), 1);
    // No bundle, no charge: neither contents nor a picklist is needed.
    assert_eq!(counters.requests("ServiceBundleServices/query"), 0);
}

#[tokio::test]
async fn a_permission_that_is_missing_is_named() {
    let (tenant, _serving, autotask) = served().await;
    let harbor = || Scope::Clients(vec![ClientId(177)]);
    for entity in [
        Entity::ContractMilestones,
        Entity::ContractBlocks,
        Entity::ContractRetainers,
        Entity::ContractTicketPurchases,
        Entity::ContractCharges,
    ] {
        tenant.faults().clear();
        tenant.faults().set(Fault::NoPermission.on(entity));
        let snapshots = read(&autotask, harbor()).await.expect("the rest");
        let unread = &snapshots[0].unread;
        assert_eq!(unread.len(), 1, "{unread:?}");
        assert_eq!(unread[0].entity, entity.to_string());
        assert!(unread[0].reason.contains(&format!("no permission to read {entity}")));
        let of_kind = |item: &&SourceItem| Some(item.key.kind) == unread[0].kind;
        assert_eq!(snapshots[0].items.iter().filter(of_kind).count(), 0);
        assert!(!snapshots[0].items.is_empty(), "the rest");
    }
    tenant.faults().clear();
    tenant.faults().set(Fault::NoPermission.on(Entity::Companies));
    let error = read(&autotask, harbor()).await.expect_err("nothing goes on without");
    assert_eq!(error.code(), Code::NoPermission);
    assert!(error.to_string().contains("Companies"), "{error}");
}

#[tokio::test]
async fn user_defined_fields_are_read_under_the_names_that_were_chosen() {
    let tenant = Tenant::stories(today());
    let serving = serve(&tenant).await;
    let mut options = options(&tenant, &serving.url());
    let name = |text| UdfName::new(text).expect("a name");
    options.user_defined = vec![
        ("signed by".to_owned(), name("signer")),
        ("Bonus".to_owned(), name("bonus")),
        ("No such field".to_owned(), name("nothing")),
    ];
    let snapshots = read(&over_http(options), Scope::All).await.expect("snapshots");
    let of_field = |key, text| field(&snapshots, 174, key, Field::Udf(name(text)));
    assert_eq!(of_field("A29683353", "signer").as_deref(), Some("Dana Whitfield"));
    assert_eq!(of_field("A29683353", "bonus").as_deref(), Some("Yes"));
    assert_eq!(of_field("A29683353", "nothing"), None);
    assert_eq!(of_field("A29683354", "signer"), None);
    assert_eq!(of_field("S55102", "signer"), None);
}

#[tokio::test]
async fn an_agreement_can_be_opened_in_the_web_interface() {
    let (_tenant, serving, autotask) = served().await;
    assert_eq!(autotask.contract_link(29_683_353), None, "nothing was discovered yet");
    read(&autotask, Scope::All).await.expect("snapshots");
    let host = serving.url().replace("ATServicesRest/", "");
    let link = format!(
        "{host}Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenContract&ContractID=29683353"
    );
    assert_eq!(autotask.contract_link(29_683_353), Some(link));
}
