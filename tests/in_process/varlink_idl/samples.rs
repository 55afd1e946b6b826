//! A full and a sparse sample of everything that goes over the wire. No `..default()` here: a new
//! field must not compile until it is in the samples.

use lmsyncd::model::{Advice, ClientId, RunId, SecretSource};
use lmsyncd::varlink::contracts::*;
use lmsyncd::varlink::daemon::*;
use lmsyncd::varlink::sync::*;
use lmsyncd::varlink::{ErrorParameters, contracts, daemon, sync};

use super::Held;

#[path = "book.rs"]
mod book;
#[path = "held.rs"]
mod held_and_paused;

/// Some text in a full sample, none in a sparse one.
fn text(full: bool) -> Option<String> {
    full.then(word)
}

fn word() -> String {
    "x".to_owned()
}

fn number(full: bool) -> Option<i64> {
    full.then_some(1)
}

fn both<T>(sample: impl Fn(bool) -> T) -> [T; 2] {
    [sample(true), sample(false)]
}

/// Advice with each value that one can have.
fn advices() -> Vec<Advice> {
    let key = "S5".parse().expect("a key");
    let client_id = ClientId(1);
    vec![
        Advice::SearchClients { client_id: Some(client_id), client: Some(word()) },
        Advice::ChangeInAutotask { name: word(), client_id, key },
        Advice::ShowHeld { run_id: RunId(1) },
        Advice::WriteConfig { path: word() },
        Advice::FixSection { section: word() },
        Advice::JoinGroup { group: word(), user: word() },
        Advice::ReplaceSecret { source: SecretSource::File },
        Advice::said("x"),
    ]
}

fn advice(full: bool) -> Option<Advice> {
    full.then_some(Advice::Doctor)
}

/// Holds every error.
pub fn hold_errors(held: &mut Held<'_>) {
    let with = |advice, full| ErrorParameters { message: word(), advice, hint: text(full) };
    let samples: Vec<ErrorParameters> =
        advices().into_iter().map(|one| with(Some(one), true)).collect();
    for interface in [sync::INTERFACE, contracts::INTERFACE, daemon::INTERFACE] {
        for sample in samples.iter().chain([&with(None, false)]) {
            held.errors(interface, sample);
        }
    }
}

/// Holds every method.
pub fn hold(held: &mut Held<'_>) {
    hold_errors(held);
    held.method(
        ListClients { search: text(true), all: Some(true), cached: Some(true) },
        ListClients { search: None, all: None, cached: None },
        both(|full| ClientList {
            clients: vec![client_summary(full)],
            as_of: word(),
            progress: progress(full),
        }),
    );
    let pending = |full: bool| Pending {
        client: text(full),
        cached: full.then_some(true),
        state: text(full),
        all: full.then_some(true),
    };
    held.method(
        pending(true),
        pending(false),
        both(|full| PendingReply {
            client: full.then(client),
            as_of: text(full),
            items: full.then(|| vec![item(true), item(false)]),
            rejects: full.then(|| vec![reject()]),
            effects: full.then(|| vec![effect(full)]),
            held_effects: full.then(|| vec![effect(full)]),
            clients: full.then(|| vec![pending_summary(true), pending_summary(false)]),
            progress: progress(full),
        }),
    );
    held.method(
        Diff { client: word(), keys: Some(vec![word()]) },
        Diff { client: word(), keys: None },
        both(|full| DiffReply {
            client: client(),
            as_of: word(),
            items: vec![item(full)],
            effects: vec![effect(full)],
            held_effects: full.then(|| vec![effect(full)]),
            progress: progress(full),
        }),
    );
    let sync = |full: bool| Sync {
        client: word(),
        keys: full.then(|| vec![word()]),
        all: full.then_some(true),
        expected: full.then(|| vec![expected()]),
        dry_run: full.then_some(true),
        wait: full.then_some(true),
        timeout: number(full),
    };
    held.method(
        sync(true),
        sync(false),
        both(|full| SyncReply {
            run: full.then(|| run(full)),
            items: full.then(|| vec![item(full)]),
            rejects: full.then(|| vec![reject()]),
            effects: full.then(|| vec![effect(full)]),
            held_effects: full.then(|| vec![effect(full)]),
            progress: progress(full),
        }),
    );
    let set = |full: bool| SetAutoSync {
        on: true,
        clients: full.then(|| vec![word()]),
        all: full.then_some(true),
        at: text(full),
    };
    held.method(
        set(true),
        set(false),
        both(|full| SetAutoSyncReply { clients: vec![switch(full)], progress: progress(full) }),
    );
    held.method(
        ListRuns { client: text(true), limit: number(true) },
        ListRuns { client: None, limit: None },
        both(|full| RunList { runs: vec![run(full)] }),
    );
    held.method(
        ShowRun { id: 1 },
        ShowRun { id: 1 },
        both(|full| RunReply {
            run: run(full),
            changes: vec![RunChange {
                key: word(),
                field: word(),
                from: text(full),
                to: text(full),
            }],
            rejects: vec![reject()],
        }),
    );
    contracts(held);
    book::hold(held);
    held_and_paused::hold(held);
    daemon(held);
}

fn contracts(held: &mut Held<'_>) {
    held.method(
        List { client: text(true), as_of: text(true) },
        List { client: None, as_of: None },
        both(|full| ContractList { contracts: vec![contract(full)] }),
    );
    held.method(
        Show { key: word(), as_of: text(true) },
        Show { key: word(), as_of: None },
        both(|full| ContractReply {
            contract: contract(full),
            client: client(),
            fields: vec![field_view(full)],
        }),
    );
    held.method(
        Set { key: word(), fields: assignments() },
        Set { key: word(), fields: Vec::new() },
        both(edited),
    );
    held.method(
        Unset { key: word(), fields: vec![word()] },
        Unset { key: word(), fields: Vec::new() },
        both(edited),
    );
}

fn daemon(held: &mut Held<'_>) {
    held.method(
        Status { client: text(true) },
        Status { client: None },
        both(|full| StatusReply {
            clients: vec![client_status(full)],
            api: Api {
                zone_url: text(full),
                auth: word(),
                auth_blocked_since: text(full),
                auth_blocked_until: text(full),
                waiting: text(full),
                requests_last_hour: 1,
                max_requests_per_hour: 1,
                tenant_requests: number(full),
                tenant_limit: number(full),
                tenant_as_of: text(full),
            },
            daemon: DaemonInfo {
                version: word(),
                pid: 1,
                started: word(),
                store_sequence: 1,
                contracts: 1,
                store_remarks: vec![word()],
                paused_by: text(full),
                paused_until: text(full),
            },
            runs: full.then(|| {
                vec![RunMark {
                    id: 1,
                    client_id: 1,
                    ended: word(),
                    result: word(),
                    changed: 1,
                    requests: 1,
                }]
            }),
        }),
    );
    held.method(
        Doctor {},
        Doctor {},
        both(|full| DoctorReply {
            findings: vec![Finding {
                check: word(),
                outcome: word(),
                detail: word(),
                advice: advice(full),
                fix: text(full),
                error: text(full),
            }],
            progress: progress(full),
        }),
    );
    held.method(
        Reload {},
        Reload {},
        both(|_| ReloadReply {
            changes: vec![ReloadChange { key: word(), from: word(), to: word(), applied: true }],
        }),
    );
    let number = |full: bool| full.then_some(1);
    held.method(
        Backup {},
        Backup {},
        both(|full| BackupReply {
            text: text(full),
            at: text(full),
            commits: number(full),
            contracts: number(full),
            bytes: number(full),
        }),
    );
    held.method(
        Restore { offset: 0, text: word(), last: None },
        Restore { offset: 0, text: word(), last: Some(true) },
        both(|full| RestoreReply {
            received: 1,
            at: text(full),
            commits: number(full),
            contracts: number(full),
        }),
    );
    let event = |full: bool| Event {
        name: word(),
        at: word(),
        message: word(),
        alert: true,
        since: text(full),
        client_id: number(full),
        client: text(full),
        run_id: number(full),
        trigger: text(full),
        created: number(full),
        updated: number(full),
        vanished: number(full),
        rejected: number(full),
        requests: number(full),
        effects: full.then(|| vec![effect(full)]),
        held_effects: full.then(|| vec![effect(full)]),
        error: text(full),
        actor: text(full),
    };
    let watching =
        |full: bool| WatchReply { event: full.then(|| event(full)), missed: number(full) };
    held.method(Watch { client: text(true) }, Watch { client: None }, both(watching));
    held.method(Metrics {}, Metrics {}, both(|_| MetricsReply { text: word() }));
    held.method(Version {}, Version {}, both(|_| VersionReply { version: word() }));
}

fn progress(full: bool) -> Option<Progress> {
    full.then(|| Progress { doing: word(), pages: 1, rows: 1, compared: number(full) })
}

fn client() -> Client {
    Client { id: 1, name: word() }
}

fn field_change(full: bool) -> FieldChange {
    FieldChange { field: word(), from: text(full), to: text(full) }
}

fn edited(full: bool) -> EditReply {
    EditReply { contract: contract(full), changes: vec![field_change(full)] }
}

fn assignments() -> Vec<Assignment> {
    vec![Assignment { field: word(), value: word() }]
}

fn field_view(full: bool) -> FieldView {
    FieldView {
        field: word(),
        owner: word(),
        value: text(full),
        autotask_value: text(full),
        overridden: true,
        changed: text(full),
    }
}

fn expected() -> Expected {
    Expected { key: word(), state: word(), changes: vec![field_change(true)] }
}

fn effect(full: bool) -> Effect {
    Effect { currency: word(), from: text(full), per_month: word(), per_year: word(), once: word() }
}

fn next_change(full: bool) -> Option<NextChange> {
    full.then(|| NextChange { date: word(), billing_cost: word() })
}

fn reject() -> Reject {
    Reject { key: word(), field: word(), reason: word() }
}

fn client_summary(full: bool) -> ClientSummary {
    ClientSummary {
        id: 1,
        name: word(),
        active: true,
        agreements: 1,
        contracts: 1,
        auto_sync: true,
        last_synced: text(full),
    }
}

fn pending_summary(full: bool) -> PendingSummary {
    PendingSummary {
        id: 1,
        name: word(),
        as_of: text(full),
        new: 1,
        changed: 1,
        vanished: 1,
        held: 1,
        unsupported: 1,
    }
}

fn item(full: bool) -> Item {
    Item {
        key: word(),
        parent: text(full),
        state: word(),
        r#type: word(),
        name: word(),
        status: text(full),
        billing_cost: text(full),
        currency: text(full),
        billing_cycle: text(full),
        billing: text(full),
        billing_since: text(full),
        period_amount: text(full),
        period_start: text(full),
        period_end: text(full),
        next_change: next_change(full),
        left: text(full),
        billed: full.then_some(true),
        setup_fee: text(full),
        billed_to: text(full),
        remarks: vec![word()],
        effects: vec![effect(full)],
        start_date: text(full),
        end_date: text(full),
        reason: text(full),
        renews: text(full),
        changes: vec![field_change(full)],
    }
}

fn run(full: bool) -> Run {
    Run {
        id: number(full),
        client_id: 1,
        client: word(),
        trigger: word(),
        actor: word(),
        started: word(),
        ended: word(),
        result: word(),
        created: 1,
        updated: 1,
        unchanged: 1,
        vanished: 1,
        rejected: 1,
        requests: 1,
        dry_run: true,
        error: text(full),
        message: text(full),
    }
}

fn switch(full: bool) -> Switch {
    Switch {
        id: 1,
        name: word(),
        auto_sync: true,
        changed: true,
        next_run: text(full),
        brings: number(full),
        last_synced: text(full),
        paused_by: text(full),
        paused_until: text(full),
    }
}

fn contract(full: bool) -> Contract {
    Contract {
        key: word(),
        parent: text(full),
        client_id: 1,
        name: word(),
        r#type: word(),
        status: word(),
        billing_cost: word(),
        currency: word(),
        billing_cycle: word(),
        billing: word(),
        billing_since: text(full),
        units: text(full),
        unit_price: text(full),
        period_amount: text(full),
        period_start: text(full),
        period_end: text(full),
        next_change: next_change(full),
        left: text(full),
        billed: full.then_some(true),
        setup_fee: text(full),
        billed_to: text(full),
        remarks: vec![word()],
        start_date: text(full),
        end_date: text(full),
        source: word(),
        last_synced: text(full),
        vanished: text(full),
        basis: text(full),
        currency_basis: text(full),
        renews: text(full),
        link: text(full),
    }
}

fn client_status(full: bool) -> ClientStatus {
    ClientStatus {
        id: 1,
        name: word(),
        auto_sync: true,
        at: text(full),
        last_tried: text(full),
        last_synced: text(full),
        last_changed: text(full),
        next_run: text(full),
        pending: number(full),
        moved: vec!["A29683353 moved to Acme Group (200)".to_owned()],
        health: word(),
        running: text(full),
        contracts: 1,
        error: text(full),
        message: text(full),
        paused_by: text(full),
        paused_until: text(full),
        next_why: text(full),
        next_advice: advice(full),
    }
}
