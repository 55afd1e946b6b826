//! The runs of a batch that found nothing to do, as one line.
//!
//! Such a run is a commit like any other up to here: it has its preconditions, is refused by itself
//! where one does not hold, and is acknowledged by itself. Only on the disk they share a line, and
//! with it one checksum and one step of the index.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{CommitBuilder, PreparedCommit, client_v1};
use crate::model::{Actor, ClientState, RunId, RunResult, Trigger};
use crate::store::commit::{Commit, Write};
use crate::store::error::StoreError;
use crate::store::format::convert;
use crate::store::format::quiet::shorten;
use crate::store::format::v1::{QuietRunV1, QuietRunsV1};

/// What the runs of one line have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Kin {
    at: DateTime<Utc>,
    started: DateTime<Utc>,
    actor: Actor,
}

/// What commits of the same kin come to.
pub(in crate::store) struct QuietLine {
    /// The number of each run, or why it is refused.
    pub(in crate::store) runs: Vec<Result<RunId, StoreError>>,
    /// Their line; none where all are refused.
    pub(in crate::store) prepared: Option<PreparedCommit>,
}

/// What a quiet run shares with those of its line; none for a commit that is anything else.
pub(in crate::store) fn kin(commit: &Commit) -> Option<Kin> {
    let Commit { at, actor, run, contracts, clients: _, flags, holds, pauses } = commit;
    let run = run.as_ref()?;
    let alone = contracts.is_empty() && flags.is_empty() && holds.is_empty() && pauses.is_empty();
    let is_quiet =
        run.trigger == Trigger::Auto && run.result == RunResult::Ok && !run.counts.wrote();
    if !alone || !is_quiet || run.ended != *at || run.actor != *actor {
        return None;
    }
    shorten(&convert::run_v1(run, 0), &convert::client_v1(state(commit)?))?;
    Some(Kin { at: *at, started: run.started, actor: actor.clone() })
}

/// How a commit leaves the only client that it is about.
fn state(commit: &Commit) -> Option<&ClientState> {
    match &commit.clients[..] {
        [Write { before: _, after }] => after.as_ref(),
        _ => None,
    }
}

impl CommitBuilder<'_> {
    /// Checks commits of the same kin and makes their line. What each comes to stands in its place.
    pub(in crate::store) fn add_quiet(
        &mut self,
        commits: &[&Commit],
    ) -> Result<QuietLine, StoreError> {
        let (mut runs, mut good) = (Vec::with_capacity(commits.len()), Vec::new());
        let mut clients = BTreeSet::new();
        for commit in commits {
            let number = self.last_run + 1 + good.len() as u64;
            let checked = self.quiet_run(commit, number);
            let client = state(commit).map(|state| state.client.id);
            // What a second one expects is not what the first one leaves.
            let again = !clients.insert(client);
            let checked = checked.and_then(|short| match client.filter(|_| again) {
                Some(client) => Err(StoreError::Conflict(format!("client {client}"))),
                None => Ok(short),
            });
            runs.push(checked.map(|short| {
                good.push((*commit, short));
                RunId(number)
            }));
        }
        let prepared = match &good[..] {
            [] => None,
            // What tells of many is of two or more.
            [(only, _)] => self.add(only)?,
            _ => Some(self.quiet_line(good)?),
        };
        Ok(QuietLine { runs, prepared })
    }

    /// What a line says of a run, if its preconditions hold.
    fn quiet_run(&self, commit: &Commit, number: u64) -> Result<QuietRunV1, StoreError> {
        self.changes(commit)?;
        let (Some(run), Some(state)) = (self.run_v1(commit, number)?, state(commit)) else {
            return Err(StoreError::Unstorable("it is no run of a client".to_owned()));
        };
        shorten(&run, &client_v1(state)?).ok_or_else(|| {
            StoreError::Unstorable(format!("run {number} would not read back as it is"))
        })
    }

    fn quiet_line(
        &mut self,
        good: Vec<(&Commit, QuietRunV1)>,
    ) -> Result<PreparedCommit, StoreError> {
        let nothing = Commit::of(good[0].0.at, &good[0].0.actor);
        let mut record = self.record(&nothing, &self.changes(&nothing)?)?;
        let started = good[0].0.run.as_ref().map_or(nothing.at, |run| run.started);
        let (commits, runs): (Vec<&Commit>, Vec<QuietRunV1>) = good.into_iter().unzip();
        let (first, last) = (self.last_run + 1, self.last_run + runs.len() as u64);
        record.quiet = Some(QuietRunsV1 { first, started: convert::moment_text(started), runs });
        let prepared = self.sealed(record)?;
        // Nothing can be refused from here on.
        self.last_run = last;
        for state in commits.into_iter().filter_map(state) {
            self.clients.insert(state.client.id, Some(state.clone()));
        }
        Ok(prepared)
    }
}
