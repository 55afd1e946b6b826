//! `org.lmsyncd.Daemon`: backups, out and back.

use crate::control::call::{Answer, CallError, Context, finish};
use crate::control::convert::count;
use crate::engine::Admin;
use crate::model::{Code, Failure, rfc3339};
use crate::protocol::daemon;

/// Sends a backup piece by piece.
pub(in crate::control) async fn backup(context: Context<'_>) -> Answer {
    context.require_operator()?;
    let Context { engine, stream, .. } = context;
    let Some(stream) = stream else { return Err(CallError::ExpectedMore) };
    let mut backup = engine.admin.backup().await?;
    let mut bytes = 0;
    loop {
        let (rest, piece) = Admin::piece(backup).await?;
        backup = rest;
        let Some(text) = piece else { break };
        bytes += text.len() as u64;
        let reply =
            finish(daemon::BackupReply { text: Some(text), ..daemon::BackupReply::default() })?;
        if stream.more(reply).await.is_err() {
            return Err(Failure::new(Code::TimedOut, "the caller disconnected").into());
        }
    }
    finish(daemon::BackupReply {
        text: None,
        at: Some(rfc3339(backup.at)),
        commits: Some(count(backup.commits)),
        contracts: Some(count(backup.contracts)),
        bytes: Some(count(bytes)),
    })
}

/// Takes a piece of a backup; after the last one it takes the store's place.
pub(in crate::control) async fn restore(call: daemon::Restore, context: &Context<'_>) -> Answer {
    context.require_operator()?;
    let offset = u64::try_from(call.offset)
        .map_err(|_| CallError::BadParameter("offset is below 0".to_owned()))?;
    let actor = context.peer.actor();
    let received = count(context.engine.admin.receive(offset, call.text, &actor).await?);
    if call.last != Some(true) {
        return finish(daemon::RestoreReply { received, ..daemon::RestoreReply::default() });
    }
    let restored = context.engine.admin.restore().await?;
    tracing::info!("{} restored the backup of {}", actor.name, restored.at);
    finish(daemon::RestoreReply {
        received,
        at: Some(restored.at),
        commits: Some(count(restored.commits)),
        contracts: Some(count(restored.contracts)),
    })
}
