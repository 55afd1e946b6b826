//! Every command, what it asks of the daemon, and words of what it prints.

use serde_json::{Value, json};

use super::{book_cases, held_cases, replies};

/// A command, what it asks, what is answered, and words of what it prints.
pub struct Case {
    pub args: &'static [&'static str],
    pub method: &'static str,
    pub parameters: Value,
    pub reply: Value,
    pub says: &'static [&'static str],
}

/// A case.
pub fn case(
    args: &'static [&'static str],
    method: &'static str,
    parameters: Value,
    reply: Value,
    says: &'static [&'static str],
) -> Case {
    Case { args, method, parameters, reply, says }
}

/// Every command once, those with two faces twice.
pub fn cases() -> Vec<Case> {
    let mut cases = first();
    cases.extend(book_cases::cases());
    cases.extend(held_cases::cases());
    cases
}

#[expect(clippy::too_many_lines, reason = "one table")]
fn first() -> Vec<Case> {
    vec![
        case(
            &["check", "--max-age", "9999d"],
            "Daemon.Status",
            json!({}),
            replies::status(),
            &["LMSYNCD "],
        ),
        case(
            &["metrics"],
            "Daemon.Metrics",
            json!({}),
            json!({ "text": "# TYPE lmsyncd_x gauge\nlmsyncd_x 1\n# EOF\n" }),
            &["lmsyncd_x 1\n# EOF\n"],
        ),
        case(
            &["audit-log", "--since", "2020-01-01", "--limit", "9"],
            "Daemon.AuditLog",
            json!({ "since": "2020-01-01", "limit": 9 }),
            json!({
                "acts": [{ "number": 7, "at": "2020-01-02T03:04:05Z", "user": "alice\u{1b}[2J",
                    "uid": 1000, "pid": 4711, "method": "Contracts.Set",
                    "what": "key=S2 fields=notes", "result": "ok" }],
                "unreadable": 0,
            }),
            &["alice [2J", "4711", "Contracts.Set", "key=S2 fields=notes", "ok"],
        ),
        case(
            &["notify", "test", "overdue"],
            "Daemon.TestNotify",
            json!({ "event": "overdue" }),
            json!({
                "command": ["/usr/local/bin/tell"],
                "event": { "name": "overdue", "at": "2026-11-24T01:00:00Z", "message": "test",
                    "alert": true, "test": true },
                "error": null,
                "milliseconds": 12,
            }),
            &["notified: /usr/local/bin/tell ran with the event overdue, in 12ms\n"],
        ),
        case(
            &["status"],
            "Daemon.Status",
            json!({}),
            replies::status(),
            &["lmsyncd   9.9.9", "auth ok", "Acme Dental", "1 client: 1 ok · 3 pending"],
        ),
        case(
            &["status", "acme"],
            "Daemon.Status",
            json!({ "client": "acme" }),
            replies::status(),
            &["Acme Dental (174)", "last synced   2020-01-02 03:04:05 +00:00"],
        ),
        case(
            &["client", "list", "--search", "den", "--all"],
            "Sync.ListClients",
            json!({ "search": "den", "all": true }),
            replies::clients(),
            &["Acme, \"Dental\"", "4 agreements, 12 contracts"],
        ),
        case(
            &["client", "list", "--cached"],
            "Sync.ListClients",
            json!({ "cached": true }),
            replies::clients(),
            &["Acme, \"Dental\""],
        ),
        case(
            &["pending", "0"],
            "Sync.Pending",
            json!({ "client": "0" }),
            replies::pending(),
            &[
                "+ new",
                "└─ S2",
                "rate 480.00 → 482.60",
                "from 2020-02-01: +17.40 per month",
                "effect  +2.60 USD per month, +31.20 per year, +3,100.00 once",
                "effect  from 2020-02-01: +17.40 USD per month, +208.80 per year",
                "日本語 ",
                "1 new, 1 changed · sync",
            ],
        ),
        case(
            &["pending", "--cached", "--state", "new", "--all"],
            "Sync.Pending",
            json!({ "cached": true, "state": "new", "all": true }),
            replies::pending_of_all(),
            &["Acme Dental", "never", "1 client: 2 new, 1 changed"],
        ),
        case(
            &["diff", "acme", "s2"],
            "Sync.Diff",
            json!({ "client": "acme", "keys": ["S2"] }),
            replies::diff(),
            &[
                "rate  480.00 → 482.60",
                "effect  +2.60 USD per month, +31.20 per year, +3,100.00 once",
            ],
        ),
        case(
            &["sync", "acme", "a1", "S2", "--wait", "--timeout", "30"],
            "Sync.Sync",
            json!({ "client": "acme", "keys": ["A1", "S2"], "wait": true, "timeout": 30 }),
            replies::sync(),
            &[
                "+ created",
                "effect  +2.60 USD per month, +31.20 per year, +3,100.00 once",
                "run 12: ok · 1 created, 1 updated, 5 unchanged · 9 requests",
            ],
        ),
        case(
            &["sync", "acme", "--all", "--dry-run"],
            "Sync.Sync",
            json!({ "client": "acme", "all": true, "dry_run": true }),
            replies::sync(),
            &["run 12: ok"],
        ),
        case(
            &["apply", "tests/e2e/terminal/ctl_socket/plan.json", "--dry-run"],
            "Sync.Sync",
            json!({ "client": "174", "dry_run": true, "expected": [{
                "key": "S2", "state": "changed", "changes": [
                    { "field": "billing_cost", "from": "480.00", "to": "482.60" },
                ],
            }]}),
            replies::sync(),
            &["run 12: ok"],
        ),
        case(
            &["auto-sync", "on", "acme", "--at", "2:30"],
            "Sync.SetAutoSync",
            json!({ "on": true, "clients": ["acme"], "at": "02:30" }),
            replies::switched(),
            &["Acme Dental (174): on, first run now, imports 3 pending items"],
        ),
        case(
            &["auto-sync", "off", "--all"],
            "Sync.SetAutoSync",
            json!({ "on": false, "all": true }),
            replies::switched(),
            &["Acme Dental"],
        ),
        case(
            &["contract", "list", "acme"],
            "Contracts.List",
            json!({ "client": "acme" }),
            replies::contracts(),
            &[
                "└─ S2",
                "482.60 USD",
                "inactive, but billed 482.60 USD per month",
                "from 2020-02-01: +17.40 per month",
                "billed to Acme  [2JHolding",
                "1 contract (0 agreements, 1 addition)",
                "findings: 1 inactive, but billed",
            ],
        ),
        case(
            &["contract", "show", "s2"],
            "Contracts.Show",
            json!({ "key": "S2" }),
            replies::contract_in_full(),
            &[
                "*name",
                "Autotask has: Backup",
                "rate     482.60 USD",
                "period   January bills 460.00 USD (2020-01-01 to 2020-01-31)",
            ],
        ),
        case(
            &["contract", "set", "s2", "Notes=a=b", "notice-days=30"],
            "Contracts.Set",
            json!({ "key": "S2", "fields": [
                { "field": "notes", "value": "a=b" },
                { "field": "notice_days", "value": "30" },
            ]}),
            replies::edited(),
            &["S2 Backup", "notes  - → a=b"],
        ),
        case(
            &["contract", "unset", "S2", "notes"],
            "Contracts.Unset",
            json!({ "key": "S2", "fields": ["notes"] }),
            replies::edited(),
            &["S2 Backup"],
        ),
        case(
            &["run", "list", "acme", "--limit", "5", "--changed", "--since", "2020-01-01"],
            "Sync.ListRuns",
            json!({
                "client": "acme", "limit": 5, "changed": true, "since": "2020-01-01", "fold": true,
            }),
            replies::runs(),
            &["2020-01-02", "manual   pat", "1 run, 0 failed"],
        ),
        case(
            &["run", "show", "12"],
            "Sync.ShowRun",
            json!({ "id": 12 }),
            replies::run_in_full(),
            &["took        2.0s", "Autotask said no (AuthFailed)", "a → b", "x S7"],
        ),
        case(
            &["doctor"],
            "Daemon.Doctor",
            json!({}),
            replies::findings("warning", None),
            &["1. ! warning  credentials: as found", "fix: do this", "1 check: 1 warning"],
        ),
        case(
            &["reload"],
            "Daemon.Reload",
            json!({}),
            replies::reloaded(),
            &["sync.interval  24h → 12h  immediately"],
        ),
        case(
            &["version"],
            "Daemon.Version",
            json!({}),
            json!({ "version": "9.9.9" }),
            &["lmsyncctl ", "lmsyncd   9.9.9"],
        ),
    ]
}
