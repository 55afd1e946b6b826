//! `org.lmsyncd.Daemon`: the audit trail.

use crate::control::call::{Answer, Context, finish};
use crate::control::convert::{beginning, count};
use crate::engine::Engine;
use crate::model::{ActRecord, rfc3339};
use crate::protocol::daemon;

/// How many acts a list holds unless the caller says otherwise.
const DEFAULT_ACTS: i64 = 50;

pub(super) async fn log(call: daemon::AuditLog, context: &Context<'_>) -> Answer {
    let zone = context.engine.zone();
    let since = call.since.as_deref().map(|text| beginning(text, zone)).transpose()?;
    let limit = usize::try_from(call.limit.unwrap_or(DEFAULT_ACTS)).unwrap_or(0);
    let acts = move |engine: &Engine| engine.admin.acts(since, limit);
    let (acts, unreadable) = context.ask(acts).await?;
    finish(daemon::AuditLogReply {
        acts: acts.into_iter().map(act).collect(),
        unreadable: count(unreadable),
    })
}

fn act(record: ActRecord) -> daemon::Act {
    let ActRecord { number, act, result } = record;
    daemon::Act {
        number: count(number),
        at: rfc3339(act.at),
        user: act.actor.name,
        uid: act.actor.uid.map(i64::from),
        pid: act.actor.pid.map(i64::from),
        method: act.method,
        what: act.what,
        result,
    }
}
