//! One canned reply for each method, as JSON of the wire.

use serde_json::{Value, json};

fn item(key: &str, parent: Option<&str>, state: &str, name: &str) -> Value {
    json!({
        "key": key, "parent": parent, "state": state, "type": "recurring service", "name": name,
        "status": "active", "billing_cost": "482.60", "currency": "USD",
        "billing_cycle": "monthly", "billing": "billed", "billing_since": null,
        "period_amount": "482.60", "period_start": "2020-01-01", "period_end": "2020-01-31",
        "next_change": { "date": "2020-02-01", "billing_cost": "500.00" }, "left": null,
        "billed": null, "remarks": [], "effects": effects(), "start_date": "2020-01-01",
        "end_date": null, "reason": null,
        "changes": [{ "field": "billing_cost", "from": "480.00", "to": "482.60" }],
    })
}

fn effects() -> Value {
    json!([
        {
            "currency": "USD", "from": null, "per_month": "2.60", "per_year": "31.20",
            "once": "3100.00",
        },
        {
            "currency": "USD", "from": "2020-02-01", "per_month": "17.40", "per_year": "208.80",
            "once": "0.00",
        },
    ])
}

fn items() -> Value {
    json!([item("A1", None, "new", "Workplace"), item("S2", Some("A1"), "changed", "日本語\u{7}")])
}

pub fn run(result: &str, error: Option<&str>) -> Value {
    json!({
        "id": 12, "client_id": 174, "client": "Acme Dental", "trigger": "manual", "actor": "pat",
        "started": "2020-01-02T03:04:05Z", "ended": "2020-01-02T03:04:07Z", "result": result,
        "created": 1, "updated": 1, "unchanged": 5, "vanished": 0, "rejected": 0, "requests": 9,
        "dry_run": false, "error": error, "message": error.map(|_| "Autotask said no"),
    })
}

pub fn rejected() -> Value {
    json!([{ "key": "S7", "field": "unitPrice", "reason": "unitPrice is \"12,50\", which is not a number in row 7 of ContractServices" }])
}

pub fn status() -> Value {
    json!({
        "clients": [{
            "id": 174, "name": "Acme Dental", "auto_sync": true, "last_tried": null,
            "last_synced": "2020-01-02T03:04:05Z", "last_changed": null, "next_run": null,
            "pending": 3, "moved": [], "health": "ok", "running": null, "contracts": 12, "error": null,
            "message": null,
        }],
        "api": {
            "zone_url": null, "auth": "ok", "requests_last_hour": 1, "max_requests_per_hour": 2000,
            "tenant_requests": null, "tenant_limit": null, "tenant_as_of": null,
        },
        "daemon": {
            "version": "9.9.9", "pid": 1, "started": "2020-01-02T03:04:05Z", "store_sequence": 7,
            "contracts": 12, "store_remarks": [], "a_later_field": true,
        },
        "runs": [mark(1, "ok", 9), mark(2, "ok", 0), mark(3, "held", 0), mark(4, "failed", 0)],
    })
}

fn mark(id: i64, result: &str, changed: i64) -> Value {
    json!({
        "id": id, "client_id": 174, "ended": "2020-01-02T03:04:07Z", "result": result,
        "changed": changed, "requests": 9,
    })
}

pub fn clients() -> Value {
    json!({
        "as_of": "2020-01-02T03:04:05Z",
        "clients": [{
            "id": 174, "name": "Acme, \"Dental\"", "active": true, "agreements": 4, "contracts": 12,
            "auto_sync": false, "last_synced": null,
        }],
    })
}

pub fn pending() -> Value {
    json!({
        "client": { "id": 174, "name": "Acme Dental" }, "as_of": "2020-01-02T03:04:05Z",
        "items": items(), "rejects": [],
        "effects": effects(),
    })
}

pub fn pending_of_all() -> Value {
    json!({
        "as_of": "2020-01-02T03:04:05Z",
        "clients": [{
            "id": 174, "name": "Acme Dental", "as_of": null, "new": 2, "changed": 1, "vanished": 0,
            "held": 0, "unsupported": 0,
        }],
    })
}

pub fn diff() -> Value {
    json!({
        "client": { "id": 174, "name": "Acme Dental" }, "as_of": "2020-01-02T03:04:05Z",
        "items": items(),
        "effects": effects(),
    })
}

pub fn sync() -> Value {
    json!({ "run": run("ok", None), "items": items(), "rejects": [], "effects": effects() })
}

pub fn switched() -> Value {
    json!({ "clients": [{
        "id": 174, "name": "Acme Dental", "auto_sync": true, "changed": true,
        "next_run": "2020-01-02T03:04:05Z", "brings": 3, "last_synced": null,
    }]})
}

pub fn contract() -> Value {
    json!({
        "key": "S2", "parent": "A1", "client_id": 174, "name": "Backup", "type": "service",
        "status": "active", "billing_cost": "482.60", "currency": "USD",
        "billing_cycle": "monthly", "billing": "billed", "billing_since": null, "units": "11",
        "unit_price": "43.8727", "period_amount": "460.00", "period_start": "2020-01-01",
        "period_end": "2020-01-31",
        "next_change": { "date": "2020-02-01", "billing_cost": "500.00" }, "left": null,
        "billed": null, "setup_fee": null, "billed_to": "Acme \u{1b}[2JHolding",
        "remarks": ["inactive_but_billed", "scaled"], "start_date": "2020-01-01",
        "end_date": null, "source": "autotask", "last_synced": "2020-01-02T03:04:05Z", "vanished": null,
        "basis": "current", "currency_basis": "internal", "renews": "A7",
        "link": "https://ww5.autotask.net/contract?id=2",
    })
}

pub fn contracts() -> Value {
    json!({ "contracts": [contract()] })
}

pub fn contract_in_full() -> Value {
    json!({
        "contract": contract(), "client": { "id": 174, "name": "Acme Dental" },
        "fields": [{
            "field": "name", "owner": "seeded", "value": "Ours", "autotask_value": "Backup",
            "overridden": true, "changed": null,
        }],
    })
}

pub fn edited() -> Value {
    json!({
        "contract": contract(),
        "changes": [{ "field": "notes", "from": null, "to": "a=b" }],
    })
}

pub fn runs() -> Value {
    json!({ "runs": [run("ok", None)] })
}

pub fn run_in_full() -> Value {
    json!({
        "run": run("failed", Some("AuthFailed")),
        "changes": [{ "key": "S2", "field": "name", "from": "a", "to": "b" }],
        "rejects": rejected(),
    })
}

pub fn findings(outcome: &str, error: Option<&str>) -> Value {
    json!({ "findings": [{
        "check": "credentials", "outcome": outcome, "detail": "as found", "fix": "do this",
        "error": error,
    }]})
}

pub fn reloaded() -> Value {
    json!({ "changes": [
        { "key": "sync.interval", "from": "24h", "to": "12h", "applied": true },
    ]})
}
