//! What a guard holds.

use super::{comes_to, run_id};
use crate::autotask::Progress;
use crate::control::call::{Answer, Context, finish, went_away};
use crate::control::convert::{self, count};
use crate::engine::{Engine, HeldRun};
use crate::model::{Code, Failure, PendingItem, rfc3339};
use crate::protocol::sync;

pub(super) async fn list(call: sync::ListHeld, context: Context<'_>) -> Answer {
    let client = context.client(call.client.as_deref()).await?;
    let held = match call.run {
        Some(run) => {
            let held = context.ask(move |engine| engine.review.held_by(run_id(run))).await?;
            if let Some(client) = client.filter(|client| client.id != held.client.id) {
                let message = format!("run {run} is not a run of {client}");
                return Err(Failure::new(Code::OtherClient, message).into());
            }
            vec![held]
        }
        None => context.ask(move |engine| engine.review.held(client.as_ref())).await?,
    };
    let engine = context.engine;
    finish(sync::HeldList { held: held.iter().map(|held| held_run(held, engine)).collect() })
}

pub(super) async fn accept(call: sync::AcceptHeld, context: Context<'_>) -> Answer {
    let dry = call.dry_run.unwrap_or(false);
    if !dry {
        context.require_operator()?;
    }
    let actor = context.peer.actor();
    let accepted = context.engine.review.accept(run_id(call.run), dry, &actor, Progress::new());
    let outcome = tokio::select! {
        outcome = accepted => outcome?,
        // What has begun goes on.
        () = context.caller.gone() => {
            return Err(went_away());
        }
    };
    let today = context.engine.today();
    finish(sync::AcceptReply {
        run: convert::run(&outcome.run),
        items: outcome.items.iter().map(|item| convert::item(item, today)).collect(),
    })
}

pub(super) async fn reject(call: sync::RejectHeld, context: Context<'_>) -> Answer {
    context.require_operator()?;
    let actor = context.peer.actor();
    let (held, changed) =
        context.engine.review.reject(run_id(call.run), call.reason, &actor).await?;
    finish(sync::RejectReply { held: held_run(&held, context.engine), changed })
}

fn held_run(held: &HeldRun, engine: &Engine) -> sync::HeldRun {
    let HeldRun { client, changes, items } = held;
    let rejected = changes.rejected.as_ref();
    let basis = engine.basis(items);
    sync::HeldRun {
        run: count(changes.run.0),
        client_id: client.id.0,
        client: client.name.clone(),
        since: rfc3339(changes.since),
        message: items.iter().find_map(|item| item.reason.clone()),
        items: items.iter().map(|item| convert::item(item, basis.today)).collect(),
        effects: comes_to(&items.iter().collect::<Vec<&PendingItem>>(), &basis),
        rejected_by: rejected.map(|rejected| rejected.by.clone()),
        rejected_at: rejected.map(|rejected| rfc3339(rejected.at)),
        rejected_reason: rejected.and_then(|rejected| rejected.reason.clone()),
    }
}
