//! Lists of runs: only those that changed something, only those that failed, and a batch of runs in
//! which nothing happened as one row.

use chrono::{DateTime, Utc};

use super::Book;
use crate::model::{ClientRef, Failure, Run, RunResult, Trigger};

/// Which runs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only runs of this client.
    pub client: Option<ClientRef>,
    /// Only runs that changed a contract, with those that failed if both are asked for.
    pub changed: bool,
    /// Only runs that failed, were held, or met rows that cannot be converted.
    pub failed: bool,
    /// Only runs that began at this moment or later.
    pub since: Option<DateTime<Utc>>,
    /// Whether runs of one batch in which nothing happened make one row.
    pub fold: bool,
    /// How many rows at most.
    pub limit: usize,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunRow {
    /// One run.
    One(Box<Run>),
    /// Runs of one batch in which nothing happened, the newest first; two at least.
    Folded(Vec<Run>),
}

impl RunFilter {
    fn takes(&self, run: &Run) -> bool {
        let ended_badly = run.result != RunResult::Ok;
        let wanted = match (self.changed, self.failed) {
            (false, false) => true,
            (changed, failed) => changed && run.counts.wrote() || failed && ended_badly,
        };
        wanted && self.since.is_none_or(|since| run.started >= since)
    }

    /// The rows of `runs`, which are the newest, newest first.
    fn rows(&self, runs: Vec<Run>) -> Vec<RunRow> {
        let mut rows: Vec<RunRow> = Vec::new();
        for run in runs.into_iter().filter(|run| self.takes(run)) {
            match rows.last_mut() {
                Some(row) if self.fold && is_of_its_batch(row, &run) => row.add(run),
                _ => rows.push(RunRow::One(Box::new(run))),
            }
        }
        rows
    }
}

impl RunRow {
    fn first(&self) -> Option<&Run> {
        match self {
            RunRow::One(run) => Some(run),
            RunRow::Folded(runs) => runs.first(),
        }
    }

    fn add(&mut self, run: Run) {
        match self {
            RunRow::One(first) => *self = RunRow::Folded(vec![(**first).clone(), run]),
            RunRow::Folded(runs) => runs.push(run),
        }
    }
}

/// Whether nothing happened in a run, and it belongs to the batch of a row of such runs.
fn is_of_its_batch(row: &RunRow, run: &Run) -> bool {
    let is_quiet = |run: &Run| {
        run.trigger == Trigger::Auto && run.result == RunResult::Ok && !run.counts.wrote()
    };
    let same = |first: &Run| is_quiet(first) && first.started == run.started;
    is_quiet(run) && row.first().is_some_and(same)
}

impl Book {
    /// The newest runs that the filter takes, as rows, the newest first.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn run_rows(&self, filter: &RunFilter) -> Result<Vec<RunRow>, Failure> {
        let mut window = filter.limit.saturating_add(1);
        loop {
            let runs = self.runs(filter.client.as_ref(), window)?;
            let is_all = runs.len() < window
                || runs.last().is_some_and(|run| filter.since.is_some_and(|s| run.ended < s));
            let mut rows = filter.rows(runs);
            // The last row of a window may go on beyond it.
            if is_all || rows.len() > filter.limit {
                rows.truncate(filter.limit);
                return Ok(rows);
            }
            window = window.saturating_mul(4);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Actor, ClientId, Counts, RunId};
    use chrono::TimeDelta;

    fn run(id: u64, batch: i64, result: RunResult, updated: u32) -> Run {
        let started = DateTime::UNIX_EPOCH + TimeDelta::days(batch);
        Run {
            id: Some(RunId(id)),
            client: ClientRef { id: ClientId(1), name: "Acme".to_owned() },
            trigger: Trigger::Auto,
            actor: Actor::daemon(),
            started,
            ended: started,
            result,
            counts: Counts { updated, ..Counts::default() },
            requests: 0,
            error: None,
            rejects: Vec::new(),
        }
    }

    /// The numbers of the runs, those of a folded row together.
    fn told(filter: &RunFilter) -> Vec<Vec<u64>> {
        let runs = vec![
            run(9, 2, RunResult::Ok, 0),
            run(8, 2, RunResult::Ok, 0),
            run(7, 2, RunResult::Failed, 0),
            run(6, 2, RunResult::Ok, 0),
            run(5, 1, RunResult::Ok, 0),
            run(4, 1, RunResult::Ok, 3),
            run(3, 1, RunResult::Ok, 0),
            run(2, 1, RunResult::Ok, 0),
        ];
        let number = |run: &Run| run.id.expect("a number").0;
        let rows = filter.rows(runs).into_iter().map(|row| match row {
            RunRow::One(run) => vec![number(&run)],
            RunRow::Folded(runs) => runs.iter().map(number).collect(),
        });
        rows.collect()
    }

    #[test]
    fn quiet_runs_of_a_batch_fold_and_nothing_else_does() {
        let fold = RunFilter { fold: true, ..RunFilter::default() };
        assert_eq!(told(&fold), [vec![9, 8], vec![7], vec![6], vec![5], vec![4], vec![3, 2]]);
        assert_eq!(told(&RunFilter::default()).len(), 8);
    }

    #[test]
    fn only_what_is_asked_for_is_listed() {
        let changed = RunFilter { changed: true, ..RunFilter::default() };
        assert_eq!(told(&changed), [vec![4]]);
        let failed = RunFilter { failed: true, ..RunFilter::default() };
        assert_eq!(told(&failed), [vec![7]]);
        assert_eq!(told(&RunFilter { changed: true, ..failed }), [vec![7], vec![4]]);
        let since = Some(DateTime::UNIX_EPOCH + TimeDelta::days(2));
        let recent = RunFilter { since, ..RunFilter::default() };
        assert_eq!(told(&recent), [vec![9], vec![8], vec![7], vec![6]]);
    }
}
