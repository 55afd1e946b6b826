//! The commands about the book: item flags, the past, ownership, and answers.

use serde_json::json;

use super::cases::{Case, case};
use super::{book, replies};

/// Every command once, those with two faces twice.
pub fn cases() -> Vec<Case> {
    [item_flags(), ownership(), past(), answers()].into_iter().flatten().collect()
}

fn item_flags() -> Vec<Case> {
    vec![
        case(
            &["ignore", "s2", "--until", "2026-12-31", "--reason", "elsewhere"],
            "Sync.Ignore",
            json!({ "key": "S2", "until": "2026-12-31", "reason": "elsewhere" }),
            book::ignored(true),
            &["S2 of Acme  [31mDental (174): ignored until 2026-12-31: elsewhere"],
        ),
        case(
            &["unignore", "S2"],
            "Sync.Unignore",
            json!({ "key": "S2" }),
            book::ignored(false),
            &["no longer ignored"],
        ),
        case(
            &["explain", "s2"],
            "Sync.Explain",
            json!({ "key": "S2" }),
            book::explained(),
            &[
                "1. client known      ✓",
                "2. last seen unknown ?",
                "\nit is ignored until 2026-12-31",
            ],
        ),
        case(
            &["quarantine", "list", "acme"],
            "Sync.ListQuarantine",
            json!({ "client": "acme" }),
            book::quarantine(),
            &["`-3` is less than nothing", "old values", "1 item in quarantine"],
        ),
        case(
            &["pending", "acme", "--state", "ignored"],
            "Sync.Pending",
            json!({ "client": "acme", "state": "ignored", "all": true }),
            replies::pending(),
            &["effect  +2.60 USD per month, +31.20 per year, +3,100.00 once"],
        ),
    ]
}

fn ownership() -> Vec<Case> {
    vec![
        case(
            &["contract", "add", "acme", "Fibre line", "Billing-Cost=89.00", "currency=EUR"],
            "Contracts.Add",
            json!({ "client": "acme", "name": "Fibre line", "fields": [
                { "field": "billing_cost", "value": "89.00" },
                { "field": "currency", "value": "EUR" },
            ]}),
            replies::edited(),
            &["S2 Backup: made by hand", "notes  - → a=b"],
        ),
        case(
            &["contract", "remove", "l12"],
            "Contracts.Remove",
            json!({ "key": "L12" }),
            book::removed(),
            &["S2 Backup: removed", "contract history S2"],
        ),
        case(
            &["contract", "adopt", "l12", "a29683353"],
            "Contracts.Adopt",
            json!({ "local": "L12", "key": "A29683353" }),
            replies::edited(),
            &["follows Autotask, with the local fields of L12"],
        ),
        case(
            &["contract", "unlink", "S2"],
            "Contracts.Unlink",
            json!({ "key": "S2" }),
            replies::edited(),
            &["frozen, no sync changes it", "contract relink S2"],
        ),
        case(
            &["contract", "relink", "S2", "--dry-run"],
            "Contracts.Relink",
            json!({ "key": "S2" }),
            book::relinked(false),
            &[
                "this would change",
                "480.00 → 482.60",
                "apply with: lmsyncctl contract relink S2 --yes",
            ],
        ),
        case(
            &["contract", "relink", "S2", "--yes"],
            "Contracts.Relink",
            json!({ "key": "S2", "apply": true }),
            book::relinked(true),
            &["follows Autotask again"],
        ),
    ]
}

fn past() -> Vec<Case> {
    vec![
        case(
            &["contract", "list", "--as-of", "2020-06-30T12:00:00+02:00"],
            "Contracts.List",
            json!({ "as_of": "2020-06-30T10:00:00Z" }),
            replies::contracts(),
            &["contracts as of 2020-06-30 ", "482.60 USD*", "* internal currency"],
        ),
        case(
            &["contract", "show", "s2", "--as-of", "2020-06-30"],
            "Contracts.Show",
            json!({ "key": "S2", "as_of": "2020-06-30" }),
            replies::contract_in_full(),
            &[
                "as of 2020-06-30",
                "USD (internal currency, because the client's could not be read), monthly",
                "renews   A7",
                "link     https://ww5.autotask.net/contract?id=2",
            ],
        ),
        case(
            &["contract", "history", "s2"],
            "Contracts.History",
            json!({ "key": "S2" }),
            book::history(),
            &[
                "2020-01-02 03:04 +00:00  lmsyncd",
                "rate 480.00 → 482.60",
                "2 steps, 3 changed fields",
            ],
        ),
        case(
            &["contract", "chain", "a2"],
            "Contracts.Chain",
            json!({ "key": "A2" }),
            book::chain(),
            &["  A1", "> A2"],
        ),
        case(
            &["run", "revert", "12", "--yes"],
            "Sync.RevertRun",
            json!({ "id": 12 }),
            book::reverted(&["S3"]),
            &["reverted and held  A1, S2", "left alone         S3 (changed again since)"],
        ),
        case(
            &["run", "revert", "12", "--dry-run"],
            "Sync.RevertRun",
            json!({ "id": 12, "dry_run": true }),
            book::reverted(&["S3"]),
            &["2 contracts would be restored", "would be held  A1, S2", "nothing was written"],
        ),
        case(
            &["history", "prune", "--dry-run"],
            "Daemon.PruneHistory",
            json!({ "dry_run": true }),
            book::pruned(),
            &["would remove 1,200 commits", "nothing was written"],
        ),
    ]
}

fn answers() -> Vec<Case> {
    vec![
        case(
            &["contract", "cost", "s2"],
            "Contracts.Cost",
            json!({ "key": "S2" }),
            book::cost(),
            &[
                "9912   2026-11-01..11-30  11 x 23.10 = 254.10  30/30  254.10  254.10",
                "total                                                 254.10  254.10",
                "· unit price 23.10 from the line",
                "period   November bills 254.10 USD (2026-11-01 to 2026-11-30)",
                "left out: ended",
                "rate     254.10 USD, monthly",
                "stored   rate 231.00: Autotask has 23.10 more",
            ],
        ),
        case(
            &["renewals", "acme", "--within", "12w"],
            "Contracts.Renewals",
            json!({ "client": "acme", "within_days": 84 }),
            book::renewals(),
            &["2020-01-01 passed", "A9", "2 agreements end within 84d, 1 renewed already"],
        ),
        case(
            &["renewals", "--lapsed"],
            "Contracts.Renewals",
            json!({ "lapsed": true }),
            book::renewals(),
            &["2 agreements ended and are still active"],
        ),
        case(
            &["timeline", "acme", "--from", "2026-08", "--months", "15"],
            "Contracts.Timeline",
            json!({ "client": "acme", "from": "2026-08-01", "months": 15 }),
            book::timeline(),
            &["Acme Dental (174)", "│ today, 2026-11-24   ┫ last day   ◆ last day for notice"],
        ),
        case(
            &["contract", "history", "s2", "--plot"],
            "Contracts.History",
            json!({ "key": "S2" }),
            book::history(),
            &["S2  rate\n", "482.60", "2020-01-02"],
        ),
        case(
            &["export", "json", "acme"],
            "Contracts.Export",
            json!({ "client": "acme" }),
            book::exported(),
            &["\"key\": \"A1\"", "\\u009b", "\\u202e"],
        ),
    ]
}
