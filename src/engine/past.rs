//! What was: the history of a contract, the book of a day, and taking a run back.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::commit::empty_commit;
use super::{Engine, trouble};
use crate::clock::Tz;
use crate::model::{
    Actor, Advice, ClientRef, Code, Contract, Failure, Hold, ItemKey, Mark, Run, RunId,
};
use crate::store::{Commit, HistoryEntry, Pruned, StoreError, Write};
use crate::sync::{renewal, schedule};

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

impl Engine {
    /// The history of a contract, also of one that was removed; the oldest first.
    pub fn history(&self, key: ItemKey) -> Result<Vec<HistoryEntry>, Failure> {
        let entries = self.store.history(key)?;
        if entries.is_empty() {
            self.contract(key)?;
        }
        Ok(entries)
    }

    /// The contracts of a client, or all, as they were at a moment.
    pub fn book_at(
        &self,
        moment: DateTime<Utc>,
        client: Option<&ClientRef>,
    ) -> Result<Vec<Contract>, Failure> {
        let told = |error| match error {
            StoreError::BeforeHistory { since } => trouble::before_history(since, self.zone()),
            other => other.into(),
        };
        let mut contracts = self.store.book_at(moment).map_err(told)?.contracts;
        contracts.retain(|contract| client.is_none_or(|client| contract.client == client.id));
        Ok(contracts)
    }

    /// The moment that a person means by a day, its end in the MSP's zone, or by a moment.
    pub fn moment(&self, text: &str) -> Result<DateTime<Utc>, Failure> {
        let moment = match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(day) => end_of(day, self.zone()),
            Err(_) => DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc)),
        };
        moment.ok_or_else(|| {
            let message = format!("`{text}` is neither a day, such as 2026-06-30, nor a moment");
            Failure::new(Code::InvalidArgument, message)
        })
    }

    /// The line of succession that a contract stands in, the oldest first.
    pub fn chain(&self, key: ItemKey) -> Result<Vec<Contract>, Failure> {
        let contract = self.contract(key)?;
        let contracts: BTreeMap<ItemKey, Contract> =
            self.store.contracts(contract.client)?.into_iter().map(|c| (c.key, c)).collect();
        let line = renewal::chain(contract.parent.unwrap_or(key), &contracts);
        Ok(line.iter().filter_map(|key| contracts.get(key).cloned()).collect())
    }

    /// Puts the contracts that a run changed back to what they were before it, and holds their
    /// items, so that the next run does not do it again silently. A contract that changed again
    /// since is left alone.
    pub async fn revert(&self, id: RunId, actor: &Actor) -> Result<Reverted, Failure> {
        let run = self.run(id)?.run;
        if self.busy.running(run.client.id).is_some() {
            let message = format!("{} is being synced right now", run.client.name);
            return Err(Failure::new(Code::Busy, message).advise(Advice::RetryAfterRun));
        }
        let build = || {
            let now = self.now();
            let (mut contracts, mut marks) = (Vec::new(), Vec::new());
            let (mut reverted, mut left_alone) = (Vec::new(), Vec::new());
            for touched in self.store.touched_by(id)? {
                let current = self.store.contract(touched.key)?;
                if current != touched.after {
                    left_alone.push(touched.key);
                    continue;
                }
                reverted.push(touched.key);
                let before = self.store.mark(touched.key)?;
                let mut mark =
                    before.clone().unwrap_or_else(|| Mark::blank(touched.key, run.client.id));
                mark.hold = Some(Hold { run: id, by: actor.name.clone(), at: now });
                marks.push(Write { before, after: Some(mark) });
                contracts.push(Write { before: current, after: touched.before });
            }
            let commit = (!contracts.is_empty()).then(|| Commit {
                contracts,
                marks,
                ..empty_commit(now, actor)
            });
            Ok((commit, (reverted, left_alone)))
        };
        let (_, (reverted, left_alone)) = self.commit_from(build).await?;
        Ok(Reverted { run, reverted, left_alone })
    }

    /// Folds the history that is older than the configuration keeps, or says what would be folded.
    pub async fn prune(&self, dry: bool) -> Result<Pruned, Failure> {
        let keep = TimeDelta::from_std(self.settings().store.history).unwrap_or(TimeDelta::MAX);
        let before = self.now().checked_sub_signed(keep).unwrap_or(DateTime::UNIX_EPOCH);
        Ok(self.store.prune(before, dry).await?)
    }
}

fn end_of(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    Some(schedule::end_of_day(day, &zone)? - TimeDelta::milliseconds(1))
}
