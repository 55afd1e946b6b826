//! What the journal is told: the catalogue of entries with a `MESSAGE_ID`.
//!
//! Each entry carries its facts as journal fields of its own (journald.conf(5), systemd.journal-fields(7)),
//! so that nothing has to be read out of the text. The ids never change; a new kind of entry gets a
//! new one (`systemd-id128 new`).

use tracing::{debug, error, info, warn};

use crate::model::{Run, RunResult};

/// A run that changed contracts.
const RUN_CHANGED: &str = "5f0a7a6e1f8e4d3c9d7f0d2b6a1c4e90";
/// A run that a guard held.
const RUN_HELD: &str = "0b9c6f41c5a24d7f8e35a7c1d2f4b683";
/// A run that failed.
const RUN_FAILED: &str = "c2d94e7b5f134a0fa86be0f19d3c7a52";
/// A switch of auto-sync.
const SWITCHED: &str = "91d3a5c07e2b4f6d8a4c1b7e5f0d2936";
/// The store was not as it was left, and what was done about it.
const STORE_REPAIRED: &str = "e87b1d0c94f64a2ba5d3c6f7082e1b49";
/// The configuration was read again.
const RELOADED: &str = "3c6e2f9ab1d747e08c5a9d4f7b2e6013";

/// Tells of a run that ended: at info if it changed something, else at debug; louder if a person
/// is needed.
pub(super) fn run_ended(run: &Run) {
    let id = run.id.map(|id| id.0);
    let code = run.error.as_ref().map(|error| error.code.name());
    let why = run.error.as_ref().map_or("", |error| error.message.as_str());
    macro_rules! entry {
        ($level:ident, $id:expr, $($text:tt)+) => {
            $level!(
                MESSAGE_ID = $id,
                LMSYNC_CLIENT_ID = run.client.id.0,
                LMSYNC_CLIENT = run.client.name.as_str(),
                LMSYNC_RUN_ID = id,
                LMSYNC_TRIGGER = run.trigger.name(),
                LMSYNC_ACTOR_UID = run.actor.uid,
                LMSYNC_CREATED = run.counts.created,
                LMSYNC_UPDATED = run.counts.updated,
                LMSYNC_VANISHED = run.counts.vanished,
                LMSYNC_REJECTED = run.counts.rejected,
                LMSYNC_REQUESTS = run.requests,
                LMSYNC_ERROR_CODE = code,
                $($text)+
            )
        };
    }
    let (client, counts) = (&run.client.name, &run.counts);
    let (created, updated, vanished) = (counts.created, counts.updated, counts.vanished);
    let summary = format!("{client}: {created} created, {updated} updated, {vanished} vanished");
    match run.result {
        RunResult::Failed => entry!(error, RUN_FAILED, "{client}: the run failed: {why}"),
        RunResult::Held => entry!(warn, RUN_HELD, "{summary}; {why}"),
        RunResult::Ok | RunResult::Partial if counts.wrote() || counts.rejected > 0 => {
            entry!(info, RUN_CHANGED, "{summary}, {} rejected", counts.rejected);
        }
        RunResult::Ok | RunResult::Partial => entry!(debug, RUN_CHANGED, "{client}: nothing new"),
    }
}

/// Tells that auto-sync was switched for a client.
pub(super) fn switched(client: &crate::model::ClientRef, on: bool, actor: &crate::model::Actor) {
    info!(
        MESSAGE_ID = SWITCHED,
        LMSYNC_CLIENT_ID = client.id.0,
        LMSYNC_CLIENT = client.name.as_str(),
        LMSYNC_ACTOR_UID = actor.uid,
        "{}: auto-sync switched {} by {}",
        client.name,
        if on { "on" } else { "off" },
        actor.name
    );
}

/// Tells what was noticed and mended when the store was opened.
pub(super) fn store_remark(remark: &str) {
    warn!(MESSAGE_ID = STORE_REPAIRED, "store: {remark}");
}

/// Tells that the configuration was read again.
pub(super) fn reloaded(changes: usize) {
    info!(MESSAGE_ID = RELOADED, "configuration read again: {changes} keys are different");
}
