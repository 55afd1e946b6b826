//! Taking a run back.

use super::Review;
use crate::model::{Actor, Advice, Code, Failure, ItemFlags, ItemKey, PendingApproval, Run, RunId};
use crate::store::{Commit, Write};

/// What reverting a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reverted {
    /// The run.
    pub run: Run,
    /// The contracts that are as before it, and held.
    pub reverted: Vec<ItemKey>,
    /// The contracts that changed again since, and were left alone.
    pub left_alone: Vec<ItemKey>,
}

impl Review {
    /// Puts the contracts that a run changed back to what they were before it, and holds their
    /// items, so that the next run does not do it again silently. A contract that changed again
    /// since is left alone. A dry run says which would be which.
    pub async fn revert(&self, id: RunId, dry: bool, actor: &Actor) -> Result<Reverted, Failure> {
        let run = self.book.run(id)?.run;
        if self.syncs.locks.running(run.client.id).is_some() {
            let message = format!("a run of {} is in progress", run.client);
            return Err(Failure::new(Code::Busy, message).advise(Advice::RetryAfterRun));
        }
        let build = || {
            let now = self.context.now();
            let (mut contracts, mut flags) = (Vec::new(), Vec::new());
            let (mut reverted, mut left_alone) = (Vec::new(), Vec::new());
            for touched in self.context.store.touched_by(id)? {
                let current = self.context.store.contract(touched.key)?;
                if current != touched.after {
                    left_alone.push(touched.key);
                    continue;
                }
                reverted.push(touched.key);
                let before = self.context.store.item_flags(touched.key)?;
                let mut after =
                    before.clone().unwrap_or_else(|| ItemFlags::blank(touched.key, run.client.id));
                after.hold = Some(PendingApproval { run: id, by: actor.name.clone(), at: now });
                flags.push(Write { before, after: Some(after) });
                contracts.push(Write { before: current, after: touched.before });
            }
            let commit = (!dry && !contracts.is_empty()).then(|| Commit {
                contracts,
                flags,
                ..Commit::of(now, actor)
            });
            Ok((commit, (reverted, left_alone)))
        };
        let (committed, (reverted, left_alone)) = self.context.commit_from(build).await?;
        if committed.is_some() {
            // What was seen before says that nothing is pending.
            self.syncs.forget(run.client.id);
            tracing::info!(
                "run {id} of {} was reverted by {}: {} contracts",
                run.client,
                actor.name,
                reverted.len()
            );
        }
        Ok(Reverted { run, reverted, left_alone })
    }
}
