//! `org.lmsyncd.Sync`: clients, what is pending, runs, and the switch.

mod exactly;
mod flags;
mod held;
mod pause;

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::NaiveTime;

use super::call::{Answer, CallError, Context, finish, parameters, went_away};
use crate::control::convert::{self, beginning, count, parse_key};
use crate::control::progress::{progress, telling};
use crate::engine::{Preview, RunFilter, RunRow, SyncRequest, WaitPolicy};
use crate::model::{
    Advice, ClientRef, Code, Failure, ItemKey, PendingItem, PendingState, RunId, Trigger, rfc3339,
};
use crate::policy::effects::{self, Basis};
use crate::protocol::{Call, Method, sync};

/// How many runs a list holds unless the caller says otherwise.
const DEFAULT_RUNS: i64 = 50;

pub(in crate::control) async fn answer(call: &Call, context: Context<'_>) -> Answer {
    match call.method.as_str() {
        sync::ListClients::NAME => list_clients(parameters(call)?, context).await,
        sync::Pending::NAME => pending(parameters(call)?, context).await,
        sync::Diff::NAME => diff(parameters(call)?, context).await,
        sync::Sync::NAME => sync(parameters(call)?, context).await,
        sync::SetAutoSync::NAME => set_auto_sync(parameters(call)?, context).await,
        sync::ListRuns::NAME => list_runs(parameters(call)?, context).await,
        sync::ShowRun::NAME => show_run(parameters(call)?, &context).await,
        sync::Ignore::NAME => flags::ignore(parameters(call)?, context).await,
        sync::Unignore::NAME => flags::unignore(parameters(call)?, context).await,
        sync::Explain::NAME => flags::explain(parameters(call)?, context).await,
        sync::Reconcile::NAME => flags::reconcile(parameters(call)?, context).await,
        sync::ListQuarantine::NAME => flags::list_quarantine(parameters(call)?, context).await,
        sync::ListHeld::NAME => held::list(parameters(call)?, context).await,
        sync::AcceptHeld::NAME => held::accept(parameters(call)?, context).await,
        sync::RejectHeld::NAME => held::reject(parameters(call)?, context).await,
        sync::Pause::NAME => pause::pause(parameters(call)?, context).await,
        sync::Resume::NAME => pause::resume(parameters(call)?, context).await,
        sync::RevertRun::NAME => flags::revert_run(parameters(call)?, context).await,
        other => Err(CallError::NoMethod(other.to_owned())),
    }
}

async fn list_clients(call: sync::ListClients, mut context: Context<'_>) -> Answer {
    let all = call.all.unwrap_or(false);
    let cached = call.cached.unwrap_or(false) || context.unasked.is_some();
    let (progress, told) = progress(&context);
    let work = context.engine.clients.clients(call.search.as_deref(), all, cached, &progress);
    let asked = rfc3339(context.engine.now());
    let reply = |p| sync::ClientList {
        clients: Vec::new(),
        as_of: asked.clone(),
        visibility: None,
        progress: Some(p),
    };
    let listed = telling(work, told, &mut context.stream, reply).await;
    let (clients, as_of) = listed.map_err(|failure| context.unasked.take().unwrap_or(failure))?;
    let clients = clients
        .into_iter()
        .map(|known| sync::ClientSummary {
            id: known.client.id.0,
            name: known.client.name,
            active: known.active,
            agreements: known.agreements.into(),
            contracts: count(known.contracts),
            auto_sync: known.auto_sync,
            last_synced: known.last_synced.map(rfc3339),
        })
        .collect();
    let visibility = visibility(&context);
    finish(sync::ClientList { clients, as_of: rfc3339(as_of), visibility, progress: None })
}

async fn pending(call: sync::Pending, mut context: Context<'_>) -> Answer {
    let state = match call.state.as_deref() {
        None => None,
        Some(text) => Some(parse_state(text)?),
    };
    let cached = call.cached.unwrap_or(false) || context.unasked.is_some();
    let Some(client) = &call.client else {
        return pending_of_all(cached, &mut context).await;
    };
    let client = context.resolve(client).await?;
    let look = match cached {
        true => cached_preview(&client, &mut context)?,
        false => {
            let (progress, told) = progress(&context);
            let look = context.engine.syncs.preview(&client, &progress);
            telling(look, told, &mut context.stream, reading).await?
        }
    };
    let ignored = call.all.unwrap_or(false) || state == Some(PendingState::Ignored);
    let shown: Vec<&PendingItem> = look
        .items
        .iter()
        .filter(|item| state.is_none_or(|state| item.state == state))
        .filter(|item| ignored || item.state != PendingState::Ignored)
        .collect();
    let basis = context.engine.basis(&look.items);
    finish(sync::PendingReply {
        client: Some(convert::client(&look.client)),
        as_of: Some(rfc3339(look.as_of)),
        effects: Some(comes_to(&shown, &basis)),
        held_effects: Some(held_back(&shown, &basis)),
        items: Some(shown.into_iter().map(|item| convert::item(item, basis.today)).collect()),
        rejects: Some(look.rejects.iter().map(convert::reject).collect()),
        visibility: visibility(&context),
        ..sync::PendingReply::default()
    })
}

/// The last answer; where there is none, why no other one is to be had.
fn cached_preview(client: &ClientRef, context: &mut Context<'_>) -> Result<Preview, Failure> {
    context.engine.syncs.cached_preview(client.id).ok_or_else(|| {
        context.unasked.take().unwrap_or_else(|| {
            Failure::new(Code::InvalidArgument, format!("no cached result for {client}"))
                .advise(Advice::RefreshPending { client_id: client.id })
        })
    })
}

async fn pending_of_all(cached: bool, context: &mut Context<'_>) -> Answer {
    let looks: Vec<Preview> = if cached {
        let last = context.ask(|engine| engine.syncs.cached_previews()).await?;
        match context.unasked.take() {
            Some(unasked) if last.is_empty() => return Err(unasked.into()),
            _ => last,
        }
    } else {
        let (progress, told) = progress(context);
        let looks = context.engine.syncs.preview_all(&progress);
        telling(looks, told, &mut context.stream, reading).await?
    };
    let as_of = looks.iter().map(|look| look.as_of).min();
    let mut clients: Vec<sync::PendingSummary> =
        looks.iter().filter(|look| !look.items.is_empty()).map(summary).collect();
    clients.sort_by_cached_key(|summary| (summary.name.to_lowercase(), summary.id));
    finish(sync::PendingReply {
        as_of: as_of.map(rfc3339),
        clients: Some(clients),
        visibility: visibility(context),
        ..sync::PendingReply::default()
    })
}

/// What the API user may see, as far as it is known.
fn visibility(context: &Context<'_>) -> Option<sync::Visibility> {
    context.engine.visibility().as_ref().map(sync::Visibility::from)
}

fn reading(progress: sync::Progress) -> sync::PendingReply {
    sync::PendingReply { progress: Some(progress), ..sync::PendingReply::default() }
}

fn summary(look: &Preview) -> sync::PendingSummary {
    let of = |states: &[PendingState]| {
        count(look.items.iter().filter(|item| states.contains(&item.state)).count())
    };
    sync::PendingSummary {
        id: look.client.id.0,
        name: look.client.name.clone(),
        as_of: Some(rfc3339(look.as_of)),
        new: of(&[PendingState::New]),
        changed: of(&[PendingState::Changed, PendingState::Returned]),
        vanished: of(&[PendingState::Vanished]),
        held: of(&[PendingState::Held]),
        unsupported: of(&[PendingState::Unsupported]),
    }
}

/// What items come to in money, as the wire has it.
fn comes_to(items: &[&PendingItem], basis: &Basis) -> Vec<sync::Effect> {
    convert::effects(&effects::effects(items, basis))
}

/// The same of those that a guard holds.
fn held_back(items: &[&PendingItem], basis: &Basis) -> Vec<sync::Effect> {
    convert::effects(&effects::held_effects(items, basis))
}

async fn diff(call: sync::Diff, mut context: Context<'_>) -> Answer {
    let client = context.resolve(&call.client).await?;
    let keys = call.keys.as_deref().map(parse_keys).transpose()?;
    let (progress, told) = progress(&context);
    let asked = rfc3339(context.engine.now());
    let reply = |p| sync::DiffReply {
        client: convert::client(&client),
        as_of: asked.clone(),
        items: Vec::new(),
        effects: Vec::new(),
        held_effects: None,
        visibility: None,
        progress: Some(p),
    };
    let look = match context.unasked {
        Some(_) => cached_preview(&client, &mut context)?,
        None => {
            let look = context.engine.syncs.preview(&client, &progress);
            telling(look, told, &mut context.stream, reply).await?
        }
    };
    let wanted = |item: &&PendingItem| keys.as_ref().is_none_or(|keys| keys.contains(&item.key));
    let items: Vec<&PendingItem> = look.items.iter().filter(wanted).collect();
    for key in keys.iter().flatten() {
        let pending = items.iter().any(|item| item.key == *key);
        let stored = context.engine.book.contract(*key).is_ok_and(|c| c.client == client.id);
        if !pending && !stored {
            let message = format!("{client} has no item {key}");
            return Err(Failure::new(Code::NoSuchContract, message)
                .advise(Advice::ListPending { client_id: Some(client.id) })
                .into());
        }
    }
    let basis = context.engine.basis(&look.items);
    finish(sync::DiffReply {
        client: convert::client(&look.client),
        as_of: rfc3339(look.as_of),
        effects: comes_to(&items, &basis),
        held_effects: Some(held_back(&items, &basis)),
        items: items.into_iter().map(|item| convert::item(item, basis.today)).collect(),
        visibility: visibility(&context),
        progress: None,
    })
}

async fn sync(call: sync::Sync, mut context: Context<'_>) -> Answer {
    let dry = call.dry_run.unwrap_or(false);
    if !dry {
        context.require_operator()?;
    }
    let choice = exactly::choice(&call)?;
    let client = context.resolve(&call.client).await?;
    let order =
        SyncRequest { client, choice, dry, trigger: Trigger::Manual, actor: context.peer.actor() };
    let patience = match (call.wait.unwrap_or(false), call.timeout) {
        (false, _) => WaitPolicy::None,
        (true, None) => WaitPolicy::Endless,
        (true, Some(seconds)) => {
            WaitPolicy::AtMost(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
        }
    };
    let (progress, told) = progress(&context);
    let run = context.engine.syncs.sync(order, patience, progress);
    let reply = |p| sync::SyncReply { progress: Some(p), ..sync::SyncReply::default() };
    let outcome = tokio::select! {
        outcome = telling(run, told, &mut context.stream, reply) => outcome?,
        // A run that has begun goes on; what only waits for its turn does not begin.
        () = context.caller.gone() => {
            return Err(went_away());
        }
    };
    let basis = context.engine.basis(&outcome.items);
    let all: Vec<&PendingItem> = outcome.items.iter().collect();
    finish(sync::SyncReply {
        run: Some(convert::run(&outcome.run)),
        items: Some(outcome.items.iter().map(|item| convert::item(item, basis.today)).collect()),
        rejects: Some(outcome.run.rejects.iter().map(convert::reject).collect()),
        effects: Some(comes_to(&all, &basis)),
        held_effects: Some(held_back(&all, &basis)),
        progress: None,
    })
}

async fn set_auto_sync(call: sync::SetAutoSync, mut context: Context<'_>) -> Answer {
    context.require_operator()?;
    let at = call.at.as_deref().map(parse_time).transpose()?;
    let engine = context.engine;
    let (progress, told) = progress(&context);
    let reply = |p| sync::SetAutoSyncReply { clients: Vec::new(), progress: Some(p) };
    let clients = match (call.clients.as_deref(), call.all.unwrap_or(false)) {
        (None | Some([]), true) => {
            let all = engine.schedule.all_to_switch(call.on, &progress);
            telling(all, told.clone(), &mut context.stream, reply).await?
        }
        (Some(names @ [_, ..]), false) => {
            let mut clients = Vec::with_capacity(names.len());
            for name in names {
                clients.push(engine.clients.resolve(name).await?);
            }
            clients
        }
        (None | Some([]), false) => return Err(choose("no client was given").into()),
        (Some(_), true) => return Err(choose("give clients or `all`, not both").into()),
    };
    let actor = context.peer.actor();
    let switched = engine.schedule.switch_telling(&clients, call.on, at, &actor, &progress);
    let switched = telling(switched, told, &mut context.stream, reply).await?;
    let clients = switched
        .into_iter()
        .map(|switched| sync::Switch {
            id: switched.client.id.0,
            name: switched.client.name,
            auto_sync: switched.on,
            changed: switched.changed,
            next_run: switched.next_run.map(rfc3339),
            brings: switched.brings.map(count),
            last_synced: switched.last_synced.map(rfc3339),
            paused_by: switched.paused.as_ref().map(|pause| pause.by.clone()),
            paused_until: switched.paused.and_then(|pause| pause.until).map(rfc3339),
        })
        .collect();
    finish(sync::SetAutoSyncReply { clients, progress: None })
}

/// The id of a run by its number; one that no run has for what is no number of a run.
fn run_id(number: i64) -> RunId {
    RunId(u64::try_from(number).unwrap_or(0))
}

async fn list_runs(call: sync::ListRuns, context: Context<'_>) -> Answer {
    let folds = call.fold.unwrap_or(false);
    let filter = RunFilter {
        client: context.client(call.client.as_deref()).await?,
        changed: call.changed.unwrap_or(false),
        failed: call.failed.unwrap_or(false),
        since: call
            .since
            .as_deref()
            .map(|text| beginning(text, context.engine.zone()))
            .transpose()?,
        fold: folds,
        limit: usize::try_from(call.limit.unwrap_or(DEFAULT_RUNS)).unwrap_or(0),
    };
    let rows = context.ask(move |engine| engine.book.run_rows(&filter)).await?;
    let (mut runs, mut folded) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            RunRow::One(run) => runs.push(convert::run(&run)),
            RunRow::Folded(runs) => folded.extend(convert::folded(&runs)),
        }
    }
    finish(sync::RunList { runs, folded: folds.then_some(folded) })
}

async fn show_run(call: sync::ShowRun, context: &Context<'_>) -> Answer {
    let record = context.ask_shortly(move |engine| engine.book.run(run_id(call.id))).await?;
    let changes = record
        .changes
        .iter()
        .map(|change| {
            let sync::FieldChange { field, from, to } = sync::FieldChange::from(&change.change);
            sync::RunChange { key: change.key.to_string(), field, from, to }
        })
        .collect();
    finish(sync::RunReply {
        run: convert::run(&record.run),
        changes,
        rejects: record.run.rejects.iter().map(convert::reject).collect(),
    })
}

fn choose(what: &str) -> Failure {
    Failure::new(Code::InvalidArgument, what)
}

fn parse_state(text: &str) -> Result<PendingState, Failure> {
    text.parse().map_err(|_| {
        let names = PendingState::ALL.map(PendingState::name).join(", ");
        let message = format!("`{text}` is not a state of a pending item; the states are: {names}");
        Failure::new(Code::InvalidArgument, message)
    })
}

fn parse_keys(texts: &[String]) -> Result<BTreeSet<ItemKey>, Failure> {
    texts.iter().map(|text| parse_key(text)).collect()
}

fn parse_time(text: &str) -> Result<NaiveTime, Failure> {
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| {
        let message = format!("`{text}` is not a time of day, such as 02:30");
        Failure::new(Code::InvalidArgument, message)
    })
}
