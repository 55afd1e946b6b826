//! Agreements by cursor, on a scripted tenant of 1,000 clients with three agreements each.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::autotask::api::Autotask;
use crate::autotask::http::options::Options;
use crate::autotask::import::read::Scope;
use crate::autotask::script::{Script, now};
use crate::autotask::session::progress::Progress;
use crate::autotask::session::zone::ZoneMemory;
use crate::clock::ManualClock;
use crate::model::{ClientId, ClientSnapshot, Field};

const CLIENTS: i64 = 1000;

/// Requests for all agreements in full: 3,000 rows on lists of up to 495.
const IN_FULL: usize = 7;

struct World {
    script: Script,
    clock: Arc<ManualClock>,
    autotask: Autotask,
    rows: Vec<Value>,
}

fn agreement(id: i64, client: i64, name: &str, changed: &str) -> Value {
    json!({"id": id, "companyID": client, "contractType": 1, "contractName": name,
        "lastModifiedDateTime": changed})
}

/// Agreement `id` of the tenant belongs to client `id / 3`, and has charge `id` below it. All were
/// read once.
async fn world() -> World {
    let script = Script::new();
    let label = json!([{"value": "1", "label": "Time and Materials"}]);
    script.fields(
        "Contracts",
        json!([{"name": "contractType", "picklistValues": label},
            {"name": "lastModifiedDateTime"}]),
    );
    let ids = 0..CLIENTS * 3;
    let charge = |id| json!({"id": id, "contractID": id, "billableAmount": 1});
    script.rows("ContractCharges", ids.clone().map(charge).collect());
    let mut rows: Vec<Value> =
        ids.map(|id| agreement(id, id / 3, "Care", "2026-01-01T00:00:00Z")).collect();
    rows[2999] = agreement(2999, 999, "Care", "2026-10-01T00:00:00Z");
    let clock = Arc::new(ManualClock::at(now()));
    let options = Options::for_tests("http://127.0.0.1:1/discovery/");
    let transport = Arc::new(script.clone());
    let autotask = Autotask::new(options, transport, clock.clone(), ZoneMemory::none());
    let world = World { script, clock, autotask, rows };
    world.publish();
    assert_eq!(world.names(CLIENTS).await.len(), 3000);
    assert_eq!(world.asked(), (IN_FULL, 0));
    world.clock.advance(TimeDelta::days(1));
    world
}

impl World {
    fn publish(&self) {
        self.script.rows("Contracts", self.rows.clone());
    }

    /// Changes the tenant.
    fn edit(&mut self, edit: impl FnOnce(&mut Vec<Value>)) {
        edit(&mut self.rows);
        self.publish();
    }

    async fn read(&self, clients: i64) -> Vec<ClientSnapshot> {
        let scope = Scope::Clients((0..clients).map(ClientId).collect());
        self.autotask.read(&scope, &Progress::new()).await.expect("snapshots")
    }

    /// Id and name of the agreements of so many clients.
    async fn names(&self, clients: i64) -> Vec<(i64, String)> {
        let snapshots = self.read(clients).await;
        let items = snapshots.iter().flat_map(|snapshot| &snapshot.items);
        let agreements = items.filter(|item| item.key.is_agreement());
        agreements.map(|item| (item.key.id, item.fields[&Field::Name].to_string())).collect()
    }

    /// As many requests for rows and for counts of agreements as there were.
    fn asked(&self) -> (usize, usize) {
        (self.script.asked("/Contracts/query"), self.script.asked("/Contracts/query/count"))
    }

    /// What reading all clients finds, and the requests for rows and counts that it took.
    async fn found(&self) -> (Vec<(i64, String)>, (usize, usize)) {
        let (rows, counts) = self.asked();
        let names = self.names(CLIENTS).await;
        (names, (self.asked().0 - rows, self.asked().1 - counts))
    }

    /// What the tenant has.
    fn truth(&self) -> Vec<(i64, String)> {
        let text = |row: &Value| row["contractName"].as_str().expect("a name").to_owned();
        self.rows.iter().map(|row| (row["id"].as_i64().expect("an id"), text(row))).collect()
    }

    async fn finds_the_truth_for(&self, requests: (usize, usize)) {
        let (names, asked) = self.found().await;
        assert!(names == self.truth());
        assert_eq!(asked, requests);
    }
}

#[tokio::test]
async fn a_night_asks_for_what_changed_and_counts_the_rest() {
    let mut world = world().await;
    world.finds_the_truth_for((1, 2)).await;
    let filter = world.script.bodies("/Contracts/query").pop().expect("a query")["filter"].clone();
    assert_eq!(filter[1]["field"], "lastModifiedDateTime");
    assert_eq!(filter[1]["value"], "2026-09-30T00:00:00Z", "a day before the latest change");
    world.edit(|rows| {
        rows[5] = agreement(5, 1, "Renamed", "2026-10-16T00:00:00Z");
        rows.push(agreement(9000, 999, "New", "2026-10-16T00:00:01Z"));
    });
    world.finds_the_truth_for((1, 2)).await;
    world.finds_the_truth_for((1, 2)).await;
}

#[tokio::test]
async fn a_client_alone_is_always_read_in_full() {
    let world = world().await;
    let before = world.asked();
    assert_eq!(world.names(1).await.len(), 3);
    assert_eq!(world.asked(), (before.0 + 1, before.1));
    let bodies = world.script.bodies("/Contracts/query");
    assert_eq!(bodies[before.0]["filter"][1]["field"], "companyID");
}

#[tokio::test]
async fn where_one_is_missing_the_count_tells_and_its_clients_are_read_in_full() {
    let mut world = world().await;
    world.edit(|rows| drop(rows.remove(5)));
    world.finds_the_truth_for((1 + 4, 2)).await;
    world.finds_the_truth_for((1, 2)).await;
}

#[tokio::test]
async fn one_that_is_hidden_while_another_comes_to_light_is_noticed_though_the_count_agrees() {
    let mut world = world().await;
    let hidden = world.rows.remove(5);
    world.publish();
    world.finds_the_truth_for((1 + 4, 2)).await;
    let charges = |gone: i64| {
        let of = |id| json!({"id": id, "contractID": id, "billableAmount": 1});
        (0..CLIENTS * 3).filter(move |id| *id != gone).map(of).collect::<Vec<_>>()
    };
    // Agreement 5 is seen again and 8 no more, with what is below them; neither changed.
    world.edit(|rows| {
        rows.insert(5, hidden);
        rows.remove(8);
    });
    world.script.rows("ContractCharges", charges(8));
    world.finds_the_truth_for((1 + 1 + IN_FULL, 2)).await;
}

#[tokio::test]
async fn an_agreement_that_only_lost_its_additions_stays() {
    let world = world().await;
    let below = |id| json!({"id": id, "contractID": id, "billableAmount": 1});
    world.script.rows("ContractCharges", (1..CLIENTS * 3).map(below).collect());
    world.finds_the_truth_for((1 + 1, 2)).await;
    world.finds_the_truth_for((1, 2)).await;
}

#[tokio::test]
async fn a_cursor_that_missed_a_change_is_not_used_again() {
    let mut world = world().await;
    world.edit(|rows| rows[0] = agreement(0, 0, "Renamed", "2026-01-01T00:00:00Z"));
    assert_eq!(world.names(1).await[0].1, "Renamed", "a person's look is in full");
    let (names, asked) = world.found().await;
    assert!(names == world.truth());
    assert_eq!(asked, (IN_FULL, 0));
}

#[tokio::test]
async fn after_a_week_all_are_read_in_full_whatever_the_cursor_says() {
    let mut world = world().await;
    world.edit(|rows| rows[7] = agreement(7, 2, "Renamed", "2026-01-01T00:00:00Z"));
    for _ in 1..7 {
        assert_eq!(world.found().await.1, (1, 2));
        world.clock.advance(TimeDelta::days(1));
    }
    world.finds_the_truth_for((IN_FULL, 0)).await;
}

#[tokio::test]
async fn neither_clock_hides_a_change() {
    let mut world = world().await;
    // Autotask's clock is ten days behind ours.
    world.edit(|rows| rows[5] = agreement(5, 1, "Renamed", "2026-10-06T00:00:00Z"));
    world.finds_the_truth_for((1, 2)).await;
    // One agreement bears a moment that is years ahead.
    world.edit(|rows| rows[6] = agreement(6, 2, "Ahead", "2031-01-01T00:00:00Z"));
    world.finds_the_truth_for((1, 2)).await;
    world.edit(|rows| rows[8] = agreement(8, 2, "Renamed", "2026-10-16T07:00:00Z"));
    world.finds_the_truth_for((1, 2)).await;
}

#[tokio::test]
async fn where_all_bear_the_moment_of_an_import_the_cursor_saves_nothing_and_is_not_asked() {
    let mut world = world().await;
    let import = "2026-10-10T00:00:00Z";
    world.edit(|rows| rows.iter_mut().for_each(|row| row["lastModifiedDateTime"] = json!(import)));
    world.found().await;
    world.finds_the_truth_for((IN_FULL, 0)).await;
}

#[tokio::test]
async fn a_tenant_without_the_field_is_never_asked_for_it() {
    let mut world = world().await;
    world.script.fields("Contracts", json!([{"name": "contractType"}]));
    let bare =
        |row: &mut Value| drop(row.as_object_mut().expect("a row").remove("lastModifiedDateTime"));
    world.edit(|rows| rows.iter_mut().for_each(bare));
    let options = Options::for_tests("http://127.0.0.1:1/discovery/");
    let transport = Arc::new(world.script.clone());
    world.autotask = Autotask::new(options, transport, world.clock.clone(), ZoneMemory::none());
    for _ in 0..2 {
        world.finds_the_truth_for((IN_FULL, 0)).await;
    }
}
