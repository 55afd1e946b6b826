//! The commands about what guards hold, and pauses.

use serde_json::{Value, json};

use super::cases::{Case, case};
use super::replies;

/// Every command once, those with two faces twice.
pub fn cases() -> Vec<Case> {
    vec![
        case(
            &["held", "acme"],
            "Sync.ListHeld",
            json!({ "client": "acme" }),
            json!({ "held": [held()] }),
            &["12", "Acme  [31mDental (174)", "+31.20 per year", "not yet", "1 run to decide"],
        ),
        case(
            &["held", "show", "12"],
            "Sync.ListHeld",
            json!({ "run": 12 }),
            json!({ "held": [held()] }),
            &["held by run 12", "S2", "effect  +2.60 USD per month", "lmsyncctl held reject 12"],
        ),
        case(
            &["held", "accept", "12", "--yes"],
            "Sync.AcceptHeld",
            json!({ "run": 12 }),
            json!({ "run": replies::run("ok", None), "items": items() }),
            &["2 items applied in run 12: 1 created, 1 updated", "lmsyncctl run revert 12"],
        ),
        case(
            &["held", "reject", "12", "--reason", "not ours", "--yes"],
            "Sync.RejectHeld",
            json!({ "run": 12, "reason": "not ours" }),
            json!({ "held": held(), "changed": true }),
            &["2 items rejected: the stored values stay"],
        ),
        case(
            &["pause", "acme", "175", "--until", "4h"],
            "Sync.Pause",
            json!({ "clients": ["acme", "175"], "until": "4h" }),
            json!({ "changed": [pause()], "pauses": [pause()] }),
            &["Acme  [31mDental (174): paused until 2020-01-02", "lmsyncctl resume 174"],
        ),
        case(
            &["resume"],
            "Sync.Resume",
            json!({}),
            json!({ "changed": [], "pauses": [pause()] }),
            &["nothing was paused", "still paused by "],
        ),
    ]
}

fn items() -> Value {
    replies::pending()["items"].clone()
}

fn held() -> Value {
    json!({
        "run": 12, "client_id": 174, "client": "Acme \u{1b}[31mDental",
        "since": "2020-01-02T03:04:05Z", "message": "3 of 9 are gone\u{7}", "items": items(),
        "effects": [{ "currency": "USD", "from": null, "per_month": "2.60", "per_year": "31.20",
            "once": "0.00" }],
        "rejected_by": null, "rejected_at": null, "rejected_reason": null,
    })
}

fn pause() -> Value {
    json!({
        "client": { "id": 174, "name": "Acme \u{1b}[31mDental" },
        "until": "2020-01-02T03:04:05Z", "by": "pat", "since": "2020-01-02T03:04:05Z",
    })
}
