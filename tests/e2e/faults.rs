//! Every fault of the fake tenant in turn: no contract is lost, none is there twice or by half,
//! and no write verb is ever sent.

use std::collections::BTreeMap;

use crate::support::{ACME, Daemon, World};
use lmsyncd::demo::tenant::{Entity, Fault, FaultRule};
use serde_json::Value;

/// What must never change under a fault: every contract but the moment it was synced, by key.
fn book(world: &World) -> BTreeMap<String, Value> {
    let contracts = world.contracts();
    let count = contracts.len();
    let book: BTreeMap<String, Value> = contracts
        .into_iter()
        .map(|mut contract| {
            contract["last_synced"] = Value::Null;
            (contract["key"].as_str().expect("a key").to_owned(), contract)
        })
        .collect();
    assert_eq!(book.len(), count, "no contract is there twice");
    book
}

/// Syncs everything, syncs one client under each fault and again without it, and holds the book
/// against what it was.
fn survive(faults: &[Fault]) {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    let clients = world.json(&["client", "list"])["clients"].as_array().expect("clients").clone();
    assert!(clients.iter().any(|client| client["id"] == 0), "the MSP itself is a client");
    for client in &clients {
        world.ctl(&["sync", &client["id"].to_string(), "--all", "--yes"]);
    }
    let before = book(&world);
    assert!(before.len() > 20);

    for fault in faults {
        // Shorter than the real thing, so that the test is over before long.
        if *fault == Fault::HourlyLimit {
            world.tenant.faults().set(Fault::RetryAfter.amount(1));
        }
        world.tenant.faults().set(match fault {
            Fault::RateLimited | Fault::RetryAfter => fault.amount(1),
            Fault::Slow => fault.amount(50),
            _ => FaultRule::from(*fault),
        });
        let told = world.ctl(&["sync", ACME, "--all", "--yes"]);
        assert!([0, 6, 7, 8].contains(&told.exit), "{}: {told:#?}", fault.name());
        if [6, 7].contains(&told.exit) {
            assert!(told.err.contains("hint:"), "{}: {told:#?}", fault.name());
        }
        assert_eq!(book(&world), before, "{}: {told:#?}", fault.name());
        world.tenant.faults().clear();
        if matches!(fault, Fault::WrongAuth | Fault::LockedAccount) {
            // The login breaker is open for a while, and not a request goes out meanwhile.
            let asked = world.tenant.counters().total;
            world.ctl(&["sync", ACME, "--all", "--yes"]).expect(7, &["no request is sent before"]);
            assert_eq!(world.tenant.counters().total, asked);
            continue;
        }
        world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
        assert_eq!(book(&world), before, "after {}", fault.name());
    }
    let counters = world.tenant.counters();
    assert_eq!(counters.write_attempts, 0);
    let highest = counters.highest_concurrency.values().max();
    assert!(highest.is_some_and(|highest| *highest <= 2), "{:?}", counters.highest_concurrency);
}

/// Faults under which the daemon tries again for some seconds, or not again for a while; each is
/// survived on a tenant of its own, all at once.
const TAKES_LONG: [Fault; 12] = [
    Fault::WrongAuth,
    Fault::LockedAccount,
    Fault::WebPage,
    Fault::ConflictingRow,
    Fault::RateLimited,
    Fault::HourlyLimit,
    Fault::CutConnection,
    Fault::CutAnswer,
    Fault::TruncatedJson,
    Fault::EndlessAnswer,
    Fault::TransientError,
    Fault::ErrorsIn200,
];

#[test]
fn no_fault_costs_a_contract() {
    let at_once: Vec<Fault> =
        Fault::ALL.iter().copied().filter(|fault| !TAKES_LONG.contains(fault)).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| survive(&at_once));
        for fault in TAKES_LONG {
            scope.spawn(move || survive(&[fault]));
        }
    });
}

#[test]
fn a_fault_in_the_middle_of_a_run_is_survived() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    let once =
        [Fault::CutConnection, Fault::CutAnswer, Fault::TruncatedJson, Fault::TransientError];
    for fault in once {
        world.tenant.faults().set(fault.times(1));
        world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    }
    assert!(!book(&world).is_empty());
}

/// The most memory that the daemon has had, in KiB.
fn peak(daemon: &Daemon) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid()));
    let status = status.expect("the status of the daemon");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    peak.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Whatever Autotask sends, the daemon's memory stays within 64 MiB above what it had.
#[test]
fn no_answer_takes_more_memory_than_it_is_worth() {
    let world = World::stories();
    world.configure("");
    let daemon = world.start();
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    let before = peak(&daemon);
    for (mebibytes, told) in [(200, "it is longer than"), (11, "more than 500 rows in a page")] {
        world.tenant.faults().set(Fault::EndlessAnswer.amount(mebibytes));
        world.ctl(&["sync", ACME, "--all", "--yes"]).expect(7, &["invalid answer", told]);
    }
    let grown = peak(&daemon) - before;
    assert!(grown <= 64 * 1024, "{grown} KiB");
    world.tenant.faults().clear();
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
}

/// What stands between this server and Autotask is named, and is no fault of the API user.
#[test]
fn what_answers_in_place_of_autotask_is_named() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    world.tenant.faults().set(Fault::WebPage);
    let page = "not Autotask (status 403, \"Web Filter: access denied\")";
    world.ctl(&["client", "list"]).expect(7, &["a web page answered", page, "`proxy`"]);
    let told = world.ctl(&["doctor"]).expect(7, &["a web page answered", "not tried"]);
    assert!(!told.out.contains("permission to read"), "{told:#?}");
    world.tenant.faults().clear();
    world.tenant.faults().set(Fault::Redirect);
    let before = world.tenant.counters().total;
    let told = world.ctl(&["sync", ACME, "--all", "--yes"]);
    told.expect(7, &["redirected to login.portal.example", "`zone-url`", "`proxy`"]);
    assert!(world.tenant.counters().total - before <= 3, "a redirect is not tried again at once");
    world.tenant.faults().clear();
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
}

/// Off a terminal nobody waits for an hour, and nothing is sent before it is over.
#[test]
fn a_long_pause_ends_a_sync_at_once_and_is_kept_by_everybody() {
    let world = World::stories();
    world.configure("");
    let daemon = world.start();
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    world.tenant.faults().set(Fault::RetryAfter.amount(3600));
    world.tenant.faults().set(Fault::HourlyLimit);
    let began = crate::support::Watch::start();
    world
        .ctl(&["sync", ACME, "--all", "--yes"])
        .expect(7, &["Autotask takes no requests before", "(Retry-After)"]);
    assert!(!began.is_over());
    world.tenant.faults().clear();
    let asked = world.tenant.counters().total;
    let quiet = |world: &World| {
        for command in [&["sync", "175", "--all", "--yes"][..], &["pending", ACME], &["pending"]] {
            world.ctl(command).expect(7, &["Autotask takes no requests before"]);
        }
        let told = world.ctl(&["doctor"]).expect(7, &["use: Autotask takes no requests before"]);
        assert!(told.out.contains("credentials: not tried"), "{told:#?}");
        assert!(world.json(&["status"])["api"]["limited_until"].is_string());
        world.ctl(&["status"]).expect(0, &["! Autotask takes no requests now; again in 5"]);
        assert_eq!(world.tenant.counters().total, asked, "nothing was sent");
    };
    quiet(&world);
    world.ctl(&["auto-sync", "on", ACME]);
    quiet(&world);
    daemon.stop();
    let _daemon = world.start();
    quiet(&world);
}

#[test]
fn a_check_up_tries_a_new_connection_and_speaks_of_its_own_subject() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    world.ctl(&["doctor"]).expect(0, &["connection: ", "credentials: Autotask accepts"]);
    for fault in [Fault::CutConnection, Fault::CutAnswer] {
        world.tenant.faults().set(fault.times(1));
        world.ctl(&["doctor"]).expect(0, &["credentials: Autotask accepts"]);
    }
    world.tenant.faults().set(Fault::CutConnection);
    let told = world.ctl(&["doctor"]).expect(7, &["connection: cannot reach", "not tried"]);
    assert!(told.out.contains("credentials: not tried"), "{told:#?}");
    world.tenant.faults().clear();
    world.tenant.faults().set(Fault::UnclearAccess);
    let told =
        world.ctl(&["doctor"]).expect(0, &["is \"Full\", which is not", "is not understood"]);
    assert!(told.out.contains("agreements are visible"), "{told:#?}");
}

#[test]
fn a_locked_account_is_blocked_and_says_what_to_do() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    world.tenant.faults().set(Fault::LockedAccount);
    let failures = || world.tenant.counters().authentication_failures;
    world
        .ctl(&["sync", ACME, "--all", "--yes"])
        .expect(7, &["has locked the account", "unlock the API user"]);
    assert_eq!(failures(), 1, "one login, not one for each request that goes side by side");
    world.ctl(&["pending", ACME]).expect(7, &["is locked at", "no request is sent before"]);
    world.ctl(&["status"]).expect(0, &["unlock the API user", "doctor"]);
    assert_eq!(failures(), 1);
    world.ctl(&["doctor"]).expect(7, &["has locked the account"]);
    assert_eq!(failures(), 2);
    world.ctl(&["doctor"]).expect(7, &["no request is sent before"]);
    assert_eq!(failures(), 2, "two an hour");
}

/// One login fails, everybody is told the same next moment, and doctor and reload ask when told to.
#[test]
fn refused_credentials_cost_one_login_and_doctor_and_reload_ask() {
    let world = World::stories();
    let credentials = world.tenant.credentials();
    let configure = |secret: &str| {
        let code = &credentials.integration_code;
        world.configure_as(&credentials.username, secret, code, "");
    };
    configure("revoked");
    let _daemon = world.start();
    let failures = || world.tenant.counters().authentication_failures;
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(7, &["refused the credentials"]);
    assert_eq!(failures(), 1);
    let told = world.ctl(&["pending", ACME]).expect(7, &["no request is sent before"]);
    let until = world.json(&["status"])["api"]["auth_blocked_until"].to_string();
    let until = until.trim_matches('"').replace('T', " ");
    assert!(told.err.contains(&until[..16]), "{until} in {told:#?}");
    world.ctl(&["doctor"]).expect(7, &["credentials: Autotask refused the credentials"]);
    assert_eq!(failures(), 2, "doctor has a try of its own");
    world.ctl(&["doctor"]).expect(7, &["no request is sent before"]);
    assert_eq!(failures(), 2);
    // Another secret is tried at once, and what comes of it is told.
    configure("another");
    world.ctl(&["reload"]).expect(7, &["nothing was changed", "refused the credentials"]);
    assert_eq!(failures(), 3);
    world.ctl(&["reload"]).expect(7, &["cannot be tried"]);
    assert_eq!(failures(), 3, "the same secret is no new try");
    configure(&credentials.secret);
    let asked = world.tenant.counters().total;
    world.ctl(&["reload"]).expect(0, &[]);
    assert!(world.tenant.counters().total > asked, "it is tried");
    assert_eq!(world.json(&["status"])["api"]["auth"], "ok");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
}

/// A row that comes twice counts once, and two rows of one id are named as that.
#[test]
fn a_row_that_comes_twice_is_no_changed_interface() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    let before = book(&world);
    world.tenant.faults().set(Fault::RepeatedRow);
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    assert_eq!(book(&world), before);
    world.tenant.faults().clear();
    world.tenant.faults().set(Fault::ConflictingRow.on(Entity::Contracts));
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(7, &["two different rows have the id"]);
    assert_eq!(book(&world), before);
}

/// Faults that hide one kind of row: what hangs on those rows must not change by itself.
#[test]
fn what_hangs_on_hidden_rows_is_held() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    let clients = world.json(&["client", "list"])["clients"].as_array().expect("clients").clone();
    for client in &clients {
        world.ctl(&["sync", &client["id"].to_string(), "--all", "--yes"]);
    }
    let before = book(&world);
    let names = |world: &World| {
        let board = world.json(&["status"]);
        let clients = board["clients"].as_array().expect("clients").clone();
        clients.iter().map(|client| client["name"].to_string()).collect::<Vec<String>>()
    };
    let known = names(&world);
    let entities = [
        Entity::Companies,
        Entity::Currencies,
        Entity::ContractServiceUnits,
        Entity::ContractServiceBundleUnits,
        Entity::Services,
    ];
    for entity in entities {
        world.tenant.faults().set(Fault::NoRows.on(entity));
        for client in &clients {
            let told = world.ctl(&["sync", &client["id"].to_string(), "--all", "--yes"]);
            assert!([0, 6, 8].contains(&told.exit), "{entity:?}: {told:#?}");
        }
        assert_eq!(book(&world), before, "{entity:?}");
        assert_eq!(names(&world), known, "{entity:?}");
        world.tenant.faults().clear();
    }
}
