//! Contracts made by hand, and contracts that begin or cease to follow Autotask.

use super::on_the_wire;
use crate::control::call::{Answer, Context, finish};
use crate::control::convert::parse_key;
use crate::engine::Edit;
use crate::model::{Contract, FieldChange};
use crate::protocol::contracts;

pub(super) async fn add(call: contracts::Add, context: &Context<'_>) -> Answer {
    context.require_operator()?;
    let client = context.resolve(&call.client).await?;
    let edits: Vec<Edit> = call
        .fields
        .unwrap_or_default()
        .into_iter()
        .map(|assignment| Edit::Set { field: assignment.field, value: assignment.value })
        .collect();
    let actor = context.peer.actor();
    let made = context.engine.book.add_contract(&client, &call.name, &edits, &actor).await?;
    edited(made, context)
}

pub(super) async fn remove(call: contracts::Remove, context: &Context<'_>) -> Answer {
    context.require_operator()?;
    let key = parse_key(&call.key)?;
    let removed = context.engine.book.remove_contract(key, &context.peer.actor()).await?;
    finish(contracts::RemoveReply { contract: on_the_wire(context.engine, &removed)? })
}

pub(super) async fn adopt(call: contracts::Adopt, context: &Context<'_>) -> Answer {
    context.require_operator()?;
    let (local, key) = (parse_key(&call.local)?, parse_key(&call.key)?);
    edited(context.engine.review.adopt(local, key, &context.peer.actor()).await?, context)
}

pub(super) async fn unlink(call: contracts::Unlink, context: &Context<'_>) -> Answer {
    context.require_operator()?;
    let key = parse_key(&call.key)?;
    let frozen = context.engine.book.unlink(key, &context.peer.actor()).await?;
    edited((frozen, Vec::new()), context)
}

pub(super) async fn relink(call: contracts::Relink, context: &Context<'_>) -> Answer {
    let applied = call.apply.unwrap_or(false);
    // Looking at the diff is for everyone.
    if applied {
        context.require_operator()?;
    }
    let key = parse_key(&call.key)?;
    let (contract, changes) =
        context.engine.review.relink(key, applied, &context.peer.actor()).await?;
    finish(contracts::RelinkReply {
        contract: on_the_wire(context.engine, &contract)?,
        changes: changes.iter().map(Into::into).collect(),
        applied,
    })
}

/// The reply to an edit.
pub(super) fn edited(
    (contract, changes): (Contract, Vec<FieldChange>),
    context: &Context<'_>,
) -> Answer {
    finish(contracts::EditReply {
        contract: on_the_wire(context.engine, &contract)?,
        changes: changes.iter().map(Into::into).collect(),
    })
}
