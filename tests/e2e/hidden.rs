//! Entities that the API user may not read, or that the tenant does not have: what has nothing to do
//! with them goes on, what is stored of them stays, and the run says what it could not read.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{ACME, ACME_AGREEMENT, ACME_LINE, World};
use lmsyncd::demo::tenant::{Entity, Fault};
use serde_json::Value;

/// Every contract but the moment it was synced, by key.
fn book(world: &World) -> BTreeMap<String, Value> {
    let contracts = world.contracts().into_iter().map(|mut contract| {
        // The link holds the port of the tenant.
        (contract["last_synced"], contract["link"]) = (Value::Null, Value::Null);
        (contract["key"].as_str().expect("a key").to_owned(), contract)
    });
    contracts.collect()
}

/// What of the one is not in the other, field by field.
fn difference(one: &BTreeMap<String, Value>, other: &BTreeMap<String, Value>) -> Vec<String> {
    let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let mut found = Vec::new();
    for key in keys {
        let (Some(one), Some(other)) = (one.get(key), other.get(key)) else {
            found.push(format!("{key} is in one of them only"));
            continue;
        };
        let fields = one.as_object().expect("an object").iter();
        let differing = fields.filter(|(name, value)| *value != &other[*name]);
        found.extend(
            differing.map(|(name, value)| format!("{key} {name}: {value}, {}", other[name])),
        );
    }
    found
}

fn clients(world: &World) -> Vec<String> {
    let clients = world.json(&["client", "list"])["clients"].as_array().expect("clients").clone();
    clients.iter().map(|client| client["id"].to_string()).collect()
}

const HIDDEN: [Entity; 14] = [
    Entity::Currencies,
    Entity::Services,
    Entity::ServiceBundles,
    Entity::ServiceBundleServices,
    Entity::ContractServices,
    Entity::ContractServiceBundles,
    Entity::ContractServiceUnits,
    Entity::ContractServiceBundleUnits,
    Entity::ContractMilestones,
    Entity::ContractBlocks,
    Entity::ContractRetainers,
    Entity::ContractTicketPurchases,
    Entity::ContractCharges,
    Entity::ContractBillingRules,
];

/// One entity after the other, in each of the ways in which it can be missing.
#[test]
fn what_cannot_be_read_changes_nothing_and_fails_nobody_else() {
    let world = World::stories();
    world.configure("");
    let config = std::fs::read_to_string(world.config()).expect("a configuration");
    let config = config.replace("[autotask]", "[autotask]\nmax-requests-per-hour = 9000");
    crate::support::write_private(&world.config(), &config);
    let _daemon = world.start();
    let clients = clients(&world);
    for client in &clients {
        world.ctl(&["sync", client, "--all"]);
    }
    let before = book(&world);
    for entity in HIDDEN {
        // So many runs would slow the tenant down.
        world.tenant.limits().set_used(0);
        for fault in [Fault::NoPermission, Fault::Forbidden, Fault::NoModule, Fault::HtmlNotFound] {
            world.tenant.faults().set(fault.on(entity));
            let mut partial = 0;
            for client in &clients {
                let told = world.ctl(&["sync", client, "--all"]);
                // Rules that are gone are a person's to decide about.
                let held = entity == Entity::ContractBillingRules && told.exit == 6;
                assert!([0, 8].contains(&told.exit) || held, "{fault} {entity}: {told:#?}");
                if told.exit == 8 && told.err.contains("is incomplete: ") {
                    partial += usize::from(told.err.contains(&entity.to_string()));
                }
            }
            // The catalogue and the currencies are known for an hour, so that nobody asks for them.
            let is_known = matches!(
                entity,
                Entity::Currencies
                    | Entity::Services
                    | Entity::ServiceBundles
                    | Entity::ServiceBundleServices
                    | Entity::ContractBillingRules
            );
            assert!(partial > 0 || is_known, "{fault} {entity} is told");
            assert_eq!(difference(&before, &book(&world)), [""; 0], "{fault} {entity}");
            let board = world.json(&["status"]);
            let blocked = board["clients"].as_array().expect("clients").iter();
            assert_eq!(blocked.filter(|one| one["health"] == "blocked").count(), 0, "{entity}");
            world.tenant.faults().clear();
        }
    }
    for client in &clients {
        world.ctl(&["sync", client, "--all"]);
    }
    assert_eq!(difference(&before, &book(&world)), [""; 0]);
}

/// A client that has none of it is synced as ever, also on a store that knows nothing.
#[test]
fn a_client_that_has_none_of_it_is_imported() {
    let whole = World::stories();
    whole.configure("");
    let _daemon = whole.start();
    whole.ctl(&["sync", ACME, "--all"]).expect(0, &[]);
    let of_acme = book(&whole);
    for (entity, exit) in [
        (Entity::ContractServiceBundles, 8),
        (Entity::ContractCharges, 8),
        (Entity::ContractMilestones, 0),
        (Entity::ContractBlocks, 0),
    ] {
        let world = World::stories();
        world.configure("");
        let _daemon = world.start();
        world.tenant.faults().set(Fault::NoPermission.on(entity));
        let told = world.ctl(&["sync", ACME, "--all", "--json"]).expect(exit, &[]);
        let reply: Value = serde_json::from_str(&told.out).expect("JSON");
        let result = if exit == 8 { "partial" } else { "ok" };
        assert_eq!(reply["run"]["result"], result, "{entity}");
        let message = reply["run"]["message"].as_str().unwrap_or_default();
        assert_eq!(message.contains(&entity.to_string()), exit == 8, "{message}");
        let mut found = book(&world);
        if entity == Entity::ContractCharges {
            assert!(found.keys().all(|key| !key.starts_with('C')), "{:?}", found.keys());
            found.extend(of_acme.clone().into_iter().filter(|(key, _)| key.starts_with('C')));
        }
        assert_eq!(difference(&of_acme, &found), [""; 0], "{entity}");
    }
}

/// Names that may not be read are numbers until they can be read; nothing else is wrong.
#[test]
fn services_without_names_are_imported_with_their_cost() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    world.tenant.faults().set(Fault::NoPermission.on(Entity::Services));
    world.ctl(&["sync", ACME, "--all"]).expect(8, &["permission to read Services"]);
    let line = book(&world)[ACME_LINE].clone();
    assert_eq!(line["billing_cost"], "254.10", "{line}");
    assert!(line["name"].as_str().expect("a name").starts_with("service "), "{line}");
    world.tenant.faults().clear();
    world.ctl(&["sync", ACME, "--all"]).expect(0, &["3 updated", "no cost impact"]);
    world.tenant.faults().set(Fault::NoPermission.on(Entity::Services));
    let before = book(&world);
    assert!(!before[ACME_LINE]["name"].as_str().expect("a name").starts_with("service "));
    world.ctl(&["sync", ACME, "--all"]);
    assert_eq!(difference(&before, &book(&world)), [""; 0]);
}

/// What can be read of an agreement goes on, although its rate cannot be told.
#[test]
fn the_rest_of_an_agreement_goes_on() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    world.ctl(&["sync", ACME, "--all"]).expect(0, &[]);
    let before = book(&world);
    world.tenant.rename_contract(29_683_353, "Managed Care Plus").expect("renamed");
    world.tenant.faults().set(Fault::NoPermission.on(Entity::ContractServices));
    world.ctl(&["sync", ACME, "--all"]).expect(8, &["ContractServices"]);
    let mut after = book(&world);
    assert_eq!(after[ACME_AGREEMENT]["name"], "Managed Care Plus");
    after.insert(ACME_AGREEMENT.to_owned(), before[ACME_AGREEMENT].clone());
    assert_eq!(difference(&before, &after), [""; 0]);
    let shown = world.json(&["contract", "show", ACME_AGREEMENT]).to_string();
    assert!(shown.contains(before[ACME_AGREEMENT]["billing_cost"].as_str().expect("a cost")));
}

/// `explain` tells what may not be read from what is not there, and says when it could not ask.
#[test]
fn what_is_hidden_is_explained_and_an_outage_is_no_success() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    world.ctl(&["sync", ACME, "--all"]).expect(0, &[]);
    let faults = world.tenant.faults();
    faults.set(Fault::NoPermission.on(Entity::Services));
    world.ctl(&["explain", ACME_LINE]).expect(0, &["is stored and matches Autotask"]);
    faults.clear();
    faults.set(Fault::NoPermission.on(Entity::ContractServices));
    let told = world.ctl(&["explain", ACME_LINE]);
    told.expect(0, &["not readable", "S55102 is stored and stays as it is: the API user has no"]);
    world.ctl(&["explain", "S999999"]).expect(0, &["so it may be hidden", "doctor"]);
    faults.clear();
    faults.set(Fault::Restricted);
    world.ctl(&["explain", "A999999"]).expect(0, &["may read only some of the items of this type"]);
    faults.clear();
    world.ctl(&["explain", "A999999"]).expect(0, &["A999999 is not known"]);
    faults.set(Fault::Redirect);
    let told = world.ctl(&["explain", ACME_LINE]);
    told.expect(7, &["whether it matches Autotask is not known", "could not be asked"]);
    let told = world.ctl(&["explain", "A999999", "--json"]).expect(7, &[]);
    let reply: Value = serde_json::from_str(&told.out).expect("JSON");
    assert_eq!(reply["error"], "Unreachable");
}

/// Nothing is said to match that was not compared: a script runs it before billing.
#[test]
fn a_comparison_says_what_it_did_not_compare() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    world.ctl(&["reconcile", ACME]).expect(0, &["all stored rates and period amounts match"]);
    world.tenant.faults().set(Fault::NoPermission.on(Entity::ContractServiceUnits));
    let told = world.ctl(&["reconcile", ACME]);
    let told =
        told.expect(8, &["that were compared match", "not everything was compared", "hint:"]);
    assert!(told.err.contains("ContractServiceUnits"), "{told:#?}");
    let reply = world.ctl(&["reconcile", ACME, "--json"]).expect(8, &["\"unread\""]).out;
    assert!(reply.contains("ContractServiceUnits"), "{reply}");
}
