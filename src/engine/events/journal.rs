//! What the journal is told: the catalogue of entries with a `MESSAGE_ID`.
//!
//! Each entry carries its facts as journal fields of its own (journald.conf(5), systemd.journal-fields(7)),
//! so that nothing has to be read out of the text. The ids never change; a new kind of entry gets a
//! new one (`systemd-id128 new`).

use tracing::{debug, error, info, warn};

use crate::model::{Act, Event, EventName};

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
/// What an alert was about is over.
const RECOVERED: &str = "a5785dbb5aa042eebf870618760066e5";
/// Autotask refuses the credentials.
const AUTH_BLOCKED: &str = "32aff332cf46443fa967dcd873ab00fd";
/// Too little of the tenant's hour is left.
const BUDGET_LOW: &str = "e2486ebb0bba46bea733aec67b1b2e0b";
/// Runs should have begun long ago.
const OVERDUE: &str = "9ab98648e9c446d389313b9d42ccbd85";
/// An outlet does not work.
const OUTLET_FAILED: &str = "a934cdc03a624c089c624429431f52f1";
/// The API user may see only a part.
const ACCESS_LIMITED: &str = "ed897602244442bf981ada30becf1d86";
/// A client has its first agreement.
const CLIENT_NEW: &str = "5fe586e7b34d4d1ea2d6404fbf403448";
/// The store takes no changes.
const STORE_FAILED: &str = "4e0d1c8f7a6b4935b2c18d5e9f30a7c6";
/// A person called a method that changes something.
const ACT: &str = "d1f4c86e0b5a47e29c3f7a6d58e2b094";

/// The id of an event's entry.
pub fn message_id(event: EventName) -> &'static str {
    match event {
        EventName::RunFinished | EventName::RunChanged => RUN_CHANGED,
        EventName::RunHeld => RUN_HELD,
        EventName::RunFailed => RUN_FAILED,
        EventName::Recovered => RECOVERED,
        EventName::AuthBlocked => AUTH_BLOCKED,
        EventName::BudgetLow => BUDGET_LOW,
        EventName::Overdue => OVERDUE,
        EventName::OutletFailed => OUTLET_FAILED,
        EventName::AccessLimited => ACCESS_LIMITED,
        EventName::ClientNew => CLIENT_NEW,
        EventName::Switched => SWITCHED,
        EventName::Reloaded => RELOADED,
        EventName::StoreRepaired => STORE_REPAIRED,
        EventName::StoreFailed => STORE_FAILED,
    }
}

/// Writes an entry: at info if something changed, at debug if a run had nothing to change; louder
/// if a person is needed.
pub(super) fn enter(event: &Event) {
    let (run, client) = (event.run.as_ref(), event.client.as_ref());
    macro_rules! entry {
        ($level:ident) => {
            $level!(
                MESSAGE_ID = message_id(event.name),
                LMSYNC_EVENT = event.name.name(),
                LMSYNC_CLIENT_ID = client.map(|client| client.id.0),
                LMSYNC_CLIENT = client.map(|client| client.name.as_str()),
                LMSYNC_RUN_ID = event.run_id.map(|id| id.0),
                LMSYNC_TRIGGER = run.map(|run| run.trigger.name()),
                LMSYNC_ACTOR_UID = event.actor.as_ref().and_then(|actor| actor.uid),
                LMSYNC_CREATED = run.map(|run| run.counts.created),
                LMSYNC_UPDATED = run.map(|run| run.counts.updated),
                LMSYNC_VANISHED = run.map(|run| run.counts.vanished),
                LMSYNC_REJECTED = run.map(|run| run.counts.rejected),
                LMSYNC_REQUESTS = run.map(|run| run.requests),
                LMSYNC_ERROR_CODE = event.code.map(|code| code.name()),
                "{}",
                event.message
            )
        };
    }
    match event.name {
        EventName::RunFinished => entry!(debug),
        EventName::RunChanged => entry!(info),
        EventName::RunHeld => entry!(warn),
        EventName::RunFailed => entry!(error),
        EventName::Recovered => entry!(info),
        EventName::AuthBlocked => entry!(error),
        EventName::BudgetLow => entry!(warn),
        EventName::Overdue => entry!(warn),
        EventName::OutletFailed => entry!(warn),
        EventName::AccessLimited => entry!(warn),
        EventName::ClientNew => entry!(info),
        EventName::Switched => entry!(info),
        EventName::Reloaded => entry!(info),
        EventName::StoreRepaired => entry!(warn),
        EventName::StoreFailed => entry!(error),
    }
}

/// Writes an entry of the audit trail: who called what, how it ended, and its number in the trail,
/// if it could be written there.
pub(in crate::engine) fn enter_act(act: &Act, result: &str, number: Option<u64>) {
    let Act { at: _, actor, method, what } = act;
    info!(
        MESSAGE_ID = ACT,
        LMSYNC_ACTOR = actor.name,
        LMSYNC_ACTOR_UID = actor.uid,
        LMSYNC_ACTOR_PID = actor.pid,
        LMSYNC_METHOD = method,
        LMSYNC_RESULT = result,
        LMSYNC_ACT = number,
        "{} called {method} {what}: {result}",
        actor.name
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const CATALOGUE: &str = include_str!("../../../systemd/lmsyncd.catalog");

    #[test]
    fn the_catalogue_explains_each_entry_and_no_other() {
        let of_events = EventName::ALL.map(message_id);
        let ids: BTreeSet<&str> = of_events.into_iter().chain([ACT]).collect();
        let explained: Vec<&str> =
            CATALOGUE.lines().filter_map(|line| line.strip_prefix("-- ")).collect();
        assert_eq!(explained.iter().copied().collect::<BTreeSet<_>>(), ids);
        assert_eq!(explained.len(), ids.len(), "each once");
        for (id, entry) in explained.iter().zip(CATALOGUE.split("\n-- ").skip(1)) {
            let mut lines = entry.lines().skip(1);
            assert!(lines.next().is_some_and(|line| line.starts_with("Subject: ")), "{id}");
            assert_eq!(lines.next(), Some("Defined-By: lmsyncd"), "{id}");
            assert_eq!(lines.next(), Some(""), "{id}: its text follows");
        }
    }

    #[test]
    fn the_catalogue_refers_to_fields_that_entries_have() {
        // Those of the event, those that say whose it is, and what journald knows of the process.
        let (source, every) = (include_str!("journal.rs"), include_str!("../../daemon/log.rs"));
        for field in CATALOGUE.split('@').skip(1).step_by(2) {
            let of_every_entry = every.contains(&format!("(\"{field}\", "));
            let known = source.contains(&format!("{field} = ")) || of_every_entry;
            assert!(known || field == "_SYSTEMD_UNIT", "{field}");
        }
    }
}
