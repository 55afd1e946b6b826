//! What people wrote on a line lives on, through the real binaries: where a line was deleted and
//! made again, at a renewal, and with an agreement that moved to another client. And charges that
//! are the billing items of purchases are no contracts of their own.

use crate::support::{ACME, ACME_AGREEMENT, ACME_LINE, Daemon, World, item, today};
use lmsyncd::demo::tenant::{Bought, Entity, LineKind};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// Acme's agreement, and its other lines: Server Care and Email Security.
const ACME_ID: i64 = 29_683_353;
const SERVERS: &str = "S55103";
const MAIL: &str = "S55104";
const MAIL_ID: i64 = 55_104;
const MAIL_SERVICE: i64 = 303;

/// Another client.
const NORTHWIND: &str = "175";

/// The client that buys hours, a retainer and tickets, and its agreement of hours.
const THORNBURY: &str = "184";
const HOURS: i64 = 29_683_841;

/// Acme with all that it has, and a note and a description of ours on its line of mail.
fn noted() -> (World, Daemon) {
    let (world, daemon) = World::ready("");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    world.ctl(&["contract", "set", MAIL, "notes=ask Kim", "description=Mail"]).expect(0, &[]);
    (world, daemon)
}

/// Takes the line of mail away, and makes it anew. Gives the key of the new one.
fn made_again(world: &World) -> String {
    world.tenant.remove(Entity::ContractServices, MAIL_ID).expect("removed");
    new_mail(world)
}

fn new_mail(world: &World) -> String {
    let price = Decimal::new(350, 2);
    let kind = LineKind::Service;
    let line = world.tenant.add_line_from(kind, ACME_ID, MAIL_SERVICE, 14, price, today());
    format!("S{}", line.expect("added"))
}

#[test]
fn a_line_that_was_made_again_takes_over_what_was_written_and_unset_undoes_it() {
    let (world, _daemon) = noted();
    let new = made_again(&world);
    world.ctl(&["pending", ACME]).expect(0, &["takes over from S55104: same service"]);
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &["1 created", "1 vanished"]);
    assert_eq!(world.field(&new, "notes")["value"], "ask Kim");
    let description = world.field(&new, "description");
    assert_eq!((&description["value"], &description["overridden"]), (&json!("Mail"), &json!(true)));
    world.ctl(&["contract", "unset", &new, "notes", "description"]).expect(0, &[]);
    assert_eq!(world.field(&new, "notes")["value"], Value::Null);
    assert_ne!(world.field(&new, "description")["value"], "Mail");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &["0 created, 0 updated"]);
    assert_eq!(world.field(&new, "notes")["value"], Value::Null, "it does not come again");
}

#[test]
fn a_line_that_is_ignored_is_ignored_when_it_is_made_again() {
    let (world, _daemon) = noted();
    world.ctl(&["ignore", MAIL, "--reason", "billed elsewhere"]).expect(0, &[]);
    let new = made_again(&world);
    let ignored = world.json(&["pending", ACME, "--state", "ignored"]);
    let why = item(&ignored, &new)["reason"].clone();
    assert!(why.as_str().is_some_and(|why| why.contains("billed elsewhere")), "{ignored}");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &["0 created"]);
    world.ctl(&["contract", "show", &new]).expect(5, &[]);
}

#[test]
fn where_two_could_be_meant_nothing_passes_until_a_person_says_which() {
    let (world, _daemon) = noted();
    let twin = new_mail(&world);
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &["1 created"]);
    let new = new_mail(&world);
    let twin_id: i64 = twin[1..].parse().expect("an id");
    for line in [MAIL_ID, twin_id] {
        world.tenant.remove(Entity::ContractServices, line).expect("removed");
    }
    let told = format!("nothing is taken over: the line may replace {MAIL} or {twin}");
    world.ctl(&["pending", ACME]).expect(0, &[&told]);
    let why = item(&world.json(&["pending", ACME]), MAIL)["reason"].clone();
    let how =
        format!("local fields stay on this contract; `contract adopt {MAIL} KEY` passes them on");
    assert_eq!(why, json!(how));
    world.ctl(&["contract", "adopt", MAIL, &new]).expect(2, &["missing in Autotask"]);
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &["1 created", "2 vanished"]);
    assert_eq!(world.field(&new, "notes")["value"], Value::Null);
    let other = world.ctl(&["contract", "adopt", MAIL, ACME_AGREEMENT]);
    other.expect(2, &["an agreement passes only to an agreement"]);
    world.ctl(&["contract", "adopt", MAIL, &new]).expect(0, &[]);
    assert_eq!(world.field(&new, "notes")["value"], "ask Kim");
    assert_eq!(world.field(&new, "description")["value"], "Mail");
    assert_eq!(world.field(MAIL, "notes")["value"], "ask Kim", "the old one stays as it is");
}

#[test]
fn the_lines_of_a_renewal_take_over_from_those_of_the_old_term() {
    let (world, _daemon) = noted();
    let renewal = world.tenant.renew_ahead(ACME_ID, "Managed Services again", 0).expect("renewed");
    world.ctl(&["pending", ACME]).expect(0, &["takes over from S55104: same service"]);
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &["4 created"]);
    let parent = json!(format!("A{renewal}"));
    let contracts = world.contracts();
    let mail =
        contracts.iter().find(|one| one["parent"] == parent && one["name"] == "Email Security");
    let mail = mail.expect("the line")["key"].as_str().expect("a key").to_owned();
    assert_eq!(world.field(&mail, "notes")["value"], "ask Kim");
    assert_eq!(world.field(MAIL, "notes")["value"], "ask Kim");
}

#[test]
fn an_agreement_that_moved_is_told_and_moves_whole_from_either_client() {
    let ways: [&[&str]; 3] = [
        &["sync", ACME, "--all", "--yes"],
        &["sync", NORTHWIND, "--all", "--yes"],
        &["sync", ACME, ACME_AGREEMENT],
    ];
    for way in ways {
        let (world, _daemon) = noted();
        world.ctl(&["sync", NORTHWIND, "--all", "--yes"]).expect(0, &[]);
        world.ctl(&["ignore", SERVERS, "--reason", "billed by hand"]).expect(0, &[]);
        world.tenant.move_company(ACME_ID, 175).expect("moved");
        for command in ["pending", "status"] {
            world.ctl(&[command, ACME]).expect(0, &["moved to Northwind Traders (175)"]);
        }
        world.ctl(way).expect(0, &[]);
        for key in [ACME_AGREEMENT, ACME_LINE, MAIL] {
            let contract = world.json(&["contract", "show", key])["contract"].clone();
            assert_eq!(contract["client_id"], 175, "{way:?}: {key}");
            assert_eq!(contract["vanished"], Value::Null, "{way:?}: {key}");
        }
        assert_eq!(world.field(MAIL, "notes")["value"], "ask Kim", "{way:?}");
        for client in [ACME, NORTHWIND] {
            let pending = world.json(&["pending", client]);
            assert_eq!(pending["items"], json!([]), "{way:?}: {client}");
        }
        world.ctl(&["explain", SERVERS]).expect(0, &["ignored"]);
        let ignored = world.json(&["contract", "show", SERVERS])["contract"].clone();
        assert_eq!(ignored["vanished"], Value::Null, "{way:?}: {ignored}");
        assert_eq!(ignored["client_id"], 175, "{way:?}: what is ignored goes with the rest");
    }
}

#[test]
fn what_no_run_takes_moves_with_its_agreement() {
    for by in [ACME, NORTHWIND] {
        let (world, _daemon) = noted();
        world.ctl(&["sync", NORTHWIND, "--all", "--yes"]).expect(0, &[]);
        world.ctl(&["contract", "unlink", ACME_LINE]).expect(0, &[]);
        world.ctl(&["ignore", ACME_AGREEMENT]).expect(0, &[]);
        world.tenant.move_company(ACME_ID, 175).expect("moved");
        world.ctl(&["sync", by, "--all", "--yes"]).expect(0, &[]);
        for key in [ACME_AGREEMENT, ACME_LINE, MAIL] {
            let contract = world.json(&["contract", "show", key])["contract"].clone();
            assert_eq!(contract["client_id"], 175, "{by}: {key}");
        }
        world.ctl(&["explain", ACME_AGREEMENT]).expect(0, &["ignored"]);
        world.ctl(&["contract", "relink", ACME_LINE, "--yes"]).expect(0, &[]);
    }
}

/// The other client pays in another currency: for what comes to it that is no reason to hold
/// anything.
#[test]
fn what_moves_without_a_run_is_in_the_currency_of_its_new_client() {
    let (world, _daemon) = noted();
    world.tenant.set(Entity::Companies, 175, "currencyID", 2).expect("set");
    world.ctl(&["sync", NORTHWIND, "--all", "--yes"]).expect(0, &[]);
    world.ctl(&["ignore", SERVERS]).expect(0, &[]);
    world.ctl(&["contract", "unlink", MAIL]).expect(0, &[]);
    let parent = format!("parent={ACME_AGREEMENT}");
    let by_hand = ["contract", "add", ACME, "On site", "billing_cost=5", "currency=USD", &parent];
    world.ctl(&by_hand).expect(0, &["L1"]);
    world.tenant.move_company(ACME_ID, 175).expect("moved");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    let theirs = world.json(&["contract", "show", ACME_LINE])["contract"]["currency"].clone();
    assert_eq!(theirs, "CAD");
    let own = world.json(&["contract", "show", "L1"])["contract"].clone();
    assert_eq!((&own["client_id"], &own["currency"]), (&json!(175), &json!("USD")), "{own}");
    world.ctl(&["unignore", SERVERS]).expect(0, &[]);
    world.ctl(&["contract", "relink", MAIL, "--yes"]).expect(0, &[]);
    world.ctl(&["sync", NORTHWIND, "--all", "--yes"]).expect(0, &["already current"]);
    for key in [SERVERS, MAIL] {
        let contract = world.json(&["contract", "show", key])["contract"].clone();
        assert_eq!(contract["currency"], theirs, "{contract}");
    }
}

#[test]
fn a_purchase_and_its_charge_are_one_contract() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", THORNBURY, "--all", "--yes"]).expect(0, &[]);
    let hours = world.json(&["contract", "show", "H8212"])["contract"].clone();
    assert_eq!(hours["billed"], json!(true), "{hours}");
    assert!(hours["left"].to_string().contains("7.5"), "{hours}");
    let contracts = world.contracts();
    let charges: Vec<&Value> = contracts
        .iter()
        .filter(|one| one["client_id"] == 184)
        .filter(|one| one["key"].as_str().is_some_and(|key| key.starts_with('C')))
        .collect();
    assert_eq!(charges.len(), 1, "that which matches none: {charges:?}");
    assert_eq!(charges[0]["remarks"], json!(["possible_duplicate"]));
}

/// So many go at once that a guard would hold them, were they gone.
#[test]
fn charges_that_were_contracts_of_their_own_go_to_their_purchases() {
    let (world, _daemon) = World::ready("[guard]\nmax-vanished-percent = 1");
    let mut bought = Vec::new();
    for hours in [11, 12, 13] {
        let what = Bought::Hours(Decimal::from(hours), Decimal::from(100));
        let (block, charge) = world.tenant.buy(HOURS, what, today(), 6, true).expect("bought");
        let row = world.tenant.get(Entity::ContractBlocks, block).expect("the block");
        bought.push((row, format!("H{block}"), format!("C{charge}")));
    }
    for (row, ..) in &bought {
        let block = row["id"].as_i64().expect("an id");
        world.tenant.remove(Entity::ContractBlocks, block).expect("hidden");
    }
    world.ctl(&["sync", THORNBURY, "--all", "--yes"]).expect(0, &[]);
    for (row, _, charge) in &bought {
        world.ctl(&["contract", "show", charge]).expect(0, &[]);
        world.tenant.insert(Entity::ContractBlocks, row).expect("shown");
    }
    let pending = world.json(&["pending", THORNBURY]);
    for (_, block, charge) in &bought {
        let charge = item(&pending, charge);
        assert_eq!(charge["state"], "vanished", "{pending}");
        assert_eq!(charge["reason"], json!(format!("the billing item of {block}")));
    }
    world.ctl(&["sync", THORNBURY, "--all", "--yes"]).expect(0, &["3 created", "3 vanished"]);
    for (_, block, charge) in &bought {
        world.ctl(&["contract", "show", charge]).expect(0, &["vanished"]);
        assert_eq!(world.json(&["contract", "show", block])["contract"]["billed"], json!(true));
    }
}
