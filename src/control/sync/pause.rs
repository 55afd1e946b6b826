//! Pausing auto-sync, and going on.

use crate::control::call::{Answer, Context, finish};
use crate::control::convert;
use crate::engine::Paused;
use crate::model::{ClientRef, Failure, rfc3339};
use crate::protocol::sync;

pub(super) async fn pause(call: sync::Pause, context: Context<'_>) -> Answer {
    context.require_operator()?;
    let clients = clients(call.clients.as_deref(), &context).await?;
    let actor = context.peer.actor();
    let changed = context.engine.schedule.pause(&clients, call.until.as_deref(), &actor).await?;
    changes(&changed, &context)
}

pub(super) async fn resume(call: sync::Resume, context: Context<'_>) -> Answer {
    context.require_operator()?;
    let clients = clients(call.clients.as_deref(), &context).await?;
    let changed = context.engine.schedule.resume(&clients, &context.peer.actor()).await?;
    changes(&changed, &context)
}

async fn clients(
    named: Option<&[String]>,
    context: &Context<'_>,
) -> Result<Vec<ClientRef>, Failure> {
    let mut clients = Vec::new();
    for name in named.unwrap_or_default() {
        clients.push(context.resolve(name).await?);
    }
    Ok(clients)
}

fn changes(changed: &[Paused], context: &Context<'_>) -> Answer {
    let pauses = context.engine.schedule.paused()?;
    finish(sync::PauseReply {
        changed: changed.iter().map(paused).collect(),
        pauses: pauses.iter().map(paused).collect(),
    })
}

fn paused(paused: &Paused) -> sync::Paused {
    sync::Paused {
        client: paused.client.as_ref().map(convert::client),
        until: paused.pause.until.map(rfc3339),
        by: paused.pause.by.clone(),
        since: rfc3339(paused.pause.at),
    }
}
