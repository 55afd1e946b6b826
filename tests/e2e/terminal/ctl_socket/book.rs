//! Replies about the book: item flags, the past, ownership, and answers. One canned reply for each.

use serde_json::{Value, json};

use super::replies::{contract, run};

fn client() -> Value {
    json!({ "id": 174, "name": "Acme \u{1b}[31mDental" })
}

pub fn ignored(ignored: bool) -> Value {
    json!({
        "key": "S2", "client": client(), "ignored": ignored,
        "until": ignored.then_some("2026-12-31"), "reason": ignored.then_some("elsewhere"),
        "changed": true,
    })
}

pub fn explained() -> Value {
    json!({
        "key": "S2", "client": client(), "conclusion": "it is ignored until 2026-12-31",
        "checks": [
            { "check": "client", "outcome": "yes", "detail": "174 is known" },
            { "check": "last_seen", "outcome": "unknown", "detail": "nobody looked" },
        ],
    })
}

pub fn reconciled(fresh: Option<&str>) -> Value {
    let row = json!({
        "key": "S2", "name": "Backup \u{7}", "stored": "480.00", "stored_currency": "USD",
        "fresh": fresh, "fresh_currency": fresh.map(|_| "USD"),
        "difference": fresh.map(|_| "2.60"), "stored_period": "480.00",
        "fresh_period": fresh.map(|_| "481.30"),
    });
    let rows = if fresh == Some("480.00") { Vec::new() } else { vec![row] };
    json!({
        "client": client(), "as_of": "2020-01-02T03:04:05Z", "compared": 12, "differences": rows,
    })
}

pub fn quarantine() -> Value {
    json!({ "items": [{
        "key": "S7", "client_id": 174, "client": "Acme Dental", "field": "units",
        "reason": "`-3` is less than nothing", "since": "2020-01-02T03:04:05Z", "imported": true,
    }]})
}

pub fn reverted(left_alone: &[&str]) -> Value {
    json!({ "run": run("ok", None), "reverted": ["A1", "S2"], "left_alone": left_alone })
}

pub fn pruned() -> Value {
    json!({
        "before": "2020-01-02T03:04:05Z", "commits": 1200, "bytes": 2048, "kept": 30,
        "dry_run": true,
    })
}

pub fn cost() -> Value {
    json!({
        "key": "S2", "name": "Backup \u{9b}2J", "type": "service", "as_of": "2020-01-02T03:04:05Z",
        "billing_cost": "254.10", "stored_cost": "231.00", "currency": "USD",
        "currency_basis": "client", "billing_cycle": "monthly", "basis": "current",
        "billing": "billed", "period_amount": "254.10", "period_start": "2026-11-01",
        "period_end": "2026-11-30", "remarks": [], "notes": ["unit price 23.10 from the line"],
        "lines": [
            {
                "from": "row 9912", "start": "2026-11-01", "end": "2026-11-30", "units": "11",
                "unit_price": "23.10", "amount": "254.10", "days": 30, "of_days": 30,
                "rate": "254.10", "period_amount": "254.10", "left_out": null,
            },
            {
                "from": "row 9911", "start": "2026-10-01", "end": "2026-10-31", "units": "10",
                "unit_price": "23.10", "amount": "231.00", "days": null, "of_days": null,
                "rate": null, "period_amount": null, "left_out": "ended",
            },
        ],
    })
}

pub fn history() -> Value {
    json!({ "key": "S2", "entries": [
        {
            "sequence": 3, "at": "2020-01-02T03:04:05Z", "actor": "lmsyncd", "run": 1,
            "changes": [
                { "field": "name", "from": null, "to": "Backup\u{1b}[2J" },
                { "field": "billing_cost", "from": "480.00", "to": "482.60" },
            ],
        },
        {
            "sequence": 9, "at": "2020-02-02T03:04:05Z", "actor": "pat", "run": null,
            "changes": [{ "field": "notes", "from": null, "to": "a\nb" }],
        },
    ]})
}

pub fn chain() -> Value {
    let link = |key: &str, renews: Option<&str>| {
        json!({
            "key": key, "name": "Workplace", "status": "active", "start_date": "2026-01-01",
            "end_date": null, "renews": renews,
        })
    };
    json!({ "contracts": [link("A1", None), link("A2", Some("A1"))] })
}

pub fn removed() -> Value {
    json!({ "contract": contract() })
}

pub fn relinked(applied: bool) -> Value {
    json!({
        "contract": contract(), "applied": applied,
        "changes": [{ "field": "billing_cost", "from": "480.00", "to": "482.60" }],
    })
}

pub fn renewals() -> Value {
    let renewal = |key: &str, end: &str, by: Option<&str>| {
        json!({
            "key": key, "client_id": 174, "client": "Acme Dental", "name": "Workplace",
            "status": "active", "end_date": end, "days_left": 12, "notice_date": "2020-01-01",
            "auto_renew": null, "billing_cost": "482.60", "currency": "USD",
            "billing_cycle": "monthly", "billing": "billed", "billing_since": null,
            "remarks": ["ended_but_active"], "renewed_by": by,
        })
    };
    json!({ "contracts": [renewal("A1", "2026-12-31", None), renewal("A2", "2026-12-01", Some("A9"))] })
}

pub fn exported() -> Value {
    let mut agreement = contract();
    agreement["key"] = json!("A1");
    agreement["parent"] = Value::Null;
    agreement["end_date"] = json!("2026-12-31");
    let view = |field: &str, value: &str| {
        json!({
            "field": field, "owner": "local", "value": value, "autotask_value": null,
            "overridden": false, "changed": "2020-01-02T03:04:05Z",
        })
    };
    json!({ "contracts": [
        {
            "contract": agreement, "client": client(),
            "fields": [
                view("notes", "one\r\ntwo \u{1b}]0;x\u{7}\u{9b}1m\u{202e}"),
                view("notice_days", "30"),
                view("udf.site", "Köln"),
            ],
        },
        { "contract": contract(), "client": client(), "fields": [] },
    ]})
}

pub fn timeline() -> Value {
    json!({
        "from": "2026-08-01", "to": "2027-10-31", "today": "2026-11-24",
        "terms": [{
            "key": "A1", "client_id": 174, "client": "Acme Dental",
            "name": "A name that is far too long for a column of any terminal of eighty columns",
            "status": "active", "start_date": "2026-09-01", "end_date": "2027-08-31",
            "notice_date": "2027-05-31", "auto_renew": null, "billing_cost": "482.60",
            "currency": "USD", "billing_cycle": "monthly", "billing": "billed",
            "billing_since": null, "remarks": [], "renews": null, "renewed_by": null,
        }],
    })
}
