//! `org.lmsyncd.Daemon`: the daemon itself.

mod audit;
mod backup;

use strum::VariantNames;
use tokio::sync::broadcast::error::RecvError;

use super::call::{Answer, CallError, Context, finish, parameters, went_away};
use super::convert::count;
use super::progress::{progress, telling};
use crate::autotask::{Auth, Outcome, Usage};
use crate::config::Effect;
use crate::engine::{Board, ClientRow, Engine, MetricsFormat, Newcomer, Origin};
use crate::model::{
    Advice, Code, Counts, EventName, Failure, OutletState, Run, Visibility, rfc3339,
};
use crate::protocol::{Call, Method, daemon};

/// How many runs a board shows.
const RUNS: usize = 30;

pub(super) async fn answer(call: &Call, context: Context<'_>) -> Answer {
    match call.method.as_str() {
        daemon::Status::NAME => status(parameters(call)?, &context).await,
        daemon::Doctor::NAME => {
            let daemon::Doctor {} = parameters(call)?;
            doctor(context).await
        }
        daemon::Reload::NAME => {
            let daemon::Reload {} = parameters(call)?;
            reload(&context).await
        }
        daemon::Version::NAME => {
            let daemon::Version {} = parameters(call)?;
            let Origin { tenant, store_id } = context.engine.origin();
            finish(daemon::VersionReply {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                tenant: Some(tenant),
                store_id: Some(store_id),
            })
        }
        daemon::Watch::NAME => watch(parameters(call)?, context).await,
        daemon::Metrics::NAME => {
            let format = metrics_format(parameters(call)?)?;
            finish(daemon::MetricsReply {
                text: context.ask(move |engine| engine.observe.metrics(format)).await?,
            })
        }
        daemon::TestNotify::NAME => test_notify(parameters(call)?, &context).await,
        daemon::PruneHistory::NAME => prune(parameters(call)?, &context).await,
        daemon::AuditLog::NAME => audit::log(parameters(call)?, &context).await,
        daemon::Backup::NAME => {
            let daemon::Backup {} = parameters(call)?;
            backup::backup(context).await
        }
        daemon::Restore::NAME => backup::restore(parameters(call)?, &context).await,
        other => Err(CallError::NoMethod(other.to_owned())),
    }
}

fn metrics_format(call: daemon::Metrics) -> Result<MetricsFormat, Failure> {
    let Some(name) = call.format else { return Ok(MetricsFormat::OpenMetrics) };
    name.parse().map_err(|_| {
        let names = MetricsFormat::VARIANTS.join(", ");
        let message = format!("`{name}` is not a format of metrics; the formats are: {names}");
        Failure::new(Code::InvalidArgument, message)
    })
}

async fn status(call: daemon::Status, context: &Context<'_>) -> Answer {
    let client = context.client(call.client.as_deref()).await?;
    let of_one = client.is_some();
    let ask = move |engine: &Engine| {
        Ok((engine.observe.board(client.as_ref())?, engine.book.runs(client.as_ref(), RUNS)?))
    };
    let (board, runs) = match of_one {
        true => context.ask_shortly(ask).await?,
        false => context.ask(ask).await?,
    };
    let Board { clients, api, waiting, paused, started, sequence, contracts, .. } = board;
    let origin = context.engine.origin();
    finish(daemon::StatusReply {
        clients: clients.iter().map(client_status).collect(),
        api: usage(&api, waiting, board.visibility.as_ref()),
        daemon: daemon::DaemonInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            tenant: Some(origin.tenant),
            store_id: Some(origin.store_id),
            pid: std::process::id().into(),
            started: rfc3339(started),
            store_sequence: count(sequence),
            contracts: count(contracts),
            store_remarks: board.remarks,
            store_failed: context.engine.observe.store_failed(),
            outlets: board.outlets.into_iter().map(outlet_status).collect(),
            paused_by: paused.as_ref().map(|pause| pause.by.clone()),
            paused_until: paused.and_then(|pause| pause.until).map(rfc3339),
        },
        runs: Some(runs.iter().rev().filter_map(run_mark).collect()),
        new_clients: Some(board.newcomers.iter().map(new_client).collect()),
    })
}

fn new_client(newcomer: &Newcomer) -> daemon::NewClient {
    daemon::NewClient {
        id: newcomer.client.id.0,
        name: newcomer.client.name.clone(),
        since: rfc3339(newcomer.since),
        agreements: newcomer.agreements.iter().map(ToString::to_string).collect(),
        effects: newcomer.effects.iter().map(daemon::Effect::from).collect(),
    }
}

fn outlet_status(state: OutletState) -> daemon::OutletStatus {
    daemon::OutletStatus {
        outlet: state.outlet.name().to_owned(),
        last: state.last.map(rfc3339),
        failing_since: state.failing_since.map(rfc3339),
        error: state.error,
    }
}

fn run_mark(run: &Run) -> Option<daemon::RunMark> {
    let Counts { created, updated, vanished, .. } = &run.counts;
    Some(daemon::RunMark {
        id: count(run.id?.0),
        client_id: run.client.id.0,
        ended: rfc3339(run.ended),
        result: run.result.name().to_owned(),
        changed: i64::from(*created) + i64::from(*updated) + i64::from(*vanished),
        requests: run.requests.into(),
    })
}

fn client_status(row: &ClientRow) -> daemon::ClientStatus {
    let state = &row.state;
    let error = state.last_error.as_ref();
    daemon::ClientStatus {
        id: state.client.id.0,
        name: state.client.name.clone(),
        auto_sync: state.auto_sync,
        at: state.at.map(|at| at.format("%H:%M").to_string()),
        last_tried: state.last_tried.map(rfc3339),
        last_synced: state.last_synced.map(rfc3339),
        last_changed: state.last_changed.map(rfc3339),
        next_run: state.next_run.map(rfc3339),
        pending: row.pending.map(count),
        moved: row.moved.clone(),
        health: row.health.name().to_owned(),
        running: row
            .running
            .as_ref()
            .map(|running| format!("{} since {}", running.actor.name, rfc3339(running.since))),
        contracts: count(row.contracts),
        error: error.map(|error| error.code.name().to_owned()),
        message: error.map(|error| error.message.clone()),
        paused_by: row.paused.as_ref().map(|pause| pause.by.clone()),
        paused_until: row.paused.as_ref().and_then(|pause| pause.until).map(rfc3339),
        next_why: row.next_why.as_ref().map(|why| why.text.clone()),
        next_advice: row.next_why.as_ref().and_then(|why| why.advice.clone()),
    }
}

fn usage(usage: &Usage, waiting: Option<String>, visibility: Option<&Visibility>) -> daemon::Api {
    let auth = match usage.auth {
        _ if usage.blocked.is_some() => "blocked",
        Auth::Untried => "unknown",
        Auth::Accepted(_) => "ok",
        Auth::Refused(_) => "failed",
    };
    let tenant = usage.threshold.as_ref();
    daemon::Api {
        zone_url: usage.zone_url.clone(),
        auth: auth.to_owned(),
        auth_blocked_since: usage.blocked.map(|blocked| rfc3339(blocked.since)),
        auth_blocked_until: usage.blocked.map(|blocked| rfc3339(blocked.until)),
        auth_locked: usage.blocked.is_some_and(|blocked| blocked.locked),
        limited_until: usage.paused_until.map(rfc3339),
        waiting,
        requests_last_hour: usage.requests_last_hour.into(),
        max_requests_per_hour: usage.max_requests_per_hour.into(),
        tenant_requests: tenant.map(|tenant| tenant.used.into()),
        tenant_limit: tenant.map(|tenant| tenant.limit.into()),
        tenant_as_of: tenant.map(|tenant| rfc3339(tenant.at)),
        visibility: visibility.map(daemon::Visibility::from),
    }
}

async fn doctor(mut context: Context<'_>) -> Answer {
    let (progress, told) = progress(&context);
    let work = context.engine.admin.checkup_telling(progress);
    let reply = |p| daemon::DoctorReply { findings: Vec::new(), progress: Some(p) };
    let address = context.address;
    let findings = telling(work, told, &mut context.stream, reply)
        .await
        .into_iter()
        .map(|finding| daemon::Finding {
            check: finding.check.to_owned(),
            outcome: outcome(finding.outcome).to_owned(),
            detail: finding.detail,
            fix: finding.advice.as_ref().and_then(|advice| address.words(advice)),
            advice: finding.advice,
            error: finding.code.map(|code| code.name().to_owned()),
        })
        .collect();
    finish(daemon::DoctorReply { findings, progress: None })
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Good => "good",
        Outcome::Warning => "warning",
        Outcome::Bad => "bad",
        Outcome::Skipped => "skipped",
    }
}

async fn reload(context: &Context<'_>) -> Answer {
    context.require_operator()?;
    let changes = context.engine.admin.reload().await?;
    let changes = changes
        .into_iter()
        .map(|change| daemon::ReloadChange {
            applied: change.effect == Effect::Applied,
            key: change.key.to_owned(),
            from: change.old,
            to: change.new,
        })
        .collect();
    finish(daemon::ReloadReply { changes })
}

/// Tells of events until the caller goes away or the daemon stops.
async fn watch(call: daemon::Watch, context: Context<'_>) -> Answer {
    if context.stream.is_none() {
        return Err(CallError::ExpectedMore);
    }
    let only = context.client(call.client.as_deref()).await?.map(|client| client.id);
    let Some(_listens) = context.claim.watch() else {
        return Err(Failure::new(Code::Busy, "too many watchers")
            .advise(Advice::FollowJournal)
            .into());
    };
    let Context { engine, stream, caller, .. } = context;
    let Some(stream) = stream else { return Err(CallError::ExpectedMore) };
    let instance = engine.origin().tenant;
    let mut events = engine.observe.subscribe()?;
    let mut reply = daemon::WatchReply::default();
    loop {
        if stream.more(finish(reply)?).await.is_err() {
            return Err(went_away());
        }
        reply = loop {
            let event = tokio::select! {
                event = events.recv() => event,
                () = caller.gone() => {
                    return Err(went_away());
                }
                () = engine.stopped() => Err(RecvError::Closed),
            };
            match event {
                Ok(event) => {
                    let other =
                        event.client.as_ref().is_some_and(|c| only.is_some_and(|o| o != c.id));
                    if !other && !event.repeats_runs() {
                        let event = daemon::Event::from(event.as_ref());
                        let event = Some(event.of_instance(&instance));
                        break daemon::WatchReply { event, missed: None };
                    }
                }
                Err(RecvError::Lagged(missed)) => {
                    engine.observe.missed(missed);
                    break daemon::WatchReply { event: None, missed: Some(count(missed)) };
                }
                Err(RecvError::Closed) => {
                    return Err(Failure::new(Code::Stopping, "lmsyncd is stopping").into());
                }
            }
        };
    }
}

async fn test_notify(call: daemon::TestNotify, context: &Context<'_>) -> Answer {
    context.require_operator()?;
    let name = match &call.event {
        None => EventName::RunFailed,
        Some(name) => EventName::from_name(name).ok_or_else(|| {
            let names = EventName::ALL.map(EventName::name).join(", ");
            let message = format!("there is no event {name}; the events are {names}");
            Failure::new(Code::InvalidArgument, message)
        })?,
    };
    let (event, tried) = context.engine.observe.try_notify(name).await?;
    finish(daemon::TestNotifyReply {
        command: tried.command,
        event: daemon::Event::from(&event).of_instance(&context.engine.origin().tenant),
        error: tried.error,
        milliseconds: i64::try_from(tried.took.as_millis()).unwrap_or(i64::MAX),
    })
}

async fn prune(call: daemon::PruneHistory, context: &Context<'_>) -> Answer {
    let dry_run = call.dry_run.unwrap_or(false);
    if !dry_run {
        context.require_operator()?;
    }
    let pruned = context.engine.book.prune(dry_run).await?;
    finish(daemon::PruneReply {
        before: rfc3339(pruned.before),
        commits: count(pruned.commits),
        bytes: count(pruned.bytes),
        kept: count(pruned.kept),
        dry_run,
    })
}
