//! Runs that found nothing to do, and commits that are written as one group.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::{fs, thread};

use chrono::TimeDelta;
use futures_util::future::join_all;

use super::{at, client_ref, run};
use crate::model::{Actor, ClientId, ClientState, Counts, Run, RunResult, Trigger};
use crate::store::{Commit, Committed, Store, StoreError, Write};

/// A run of auto-sync that found nothing to do.
pub(in crate::store) fn quiet(store: &Store, client: i64, seconds: i64) -> Commit {
    let before = store.client(ClientId(client)).expect("read");
    let (started, ended) = (at(seconds), at(seconds + 1) + TimeDelta::nanoseconds(123_456_789));
    let run = Run {
        trigger: Trigger::Auto,
        actor: Actor::daemon(),
        started,
        ended,
        result: RunResult::Ok,
        counts: Counts { unchanged: 32, ..Counts::default() },
        rejects: Vec::new(),
        ..run(client)
    };
    let after = ClientState {
        auto_sync: true,
        last_tried: Some(started),
        last_synced: Some(ended),
        last_full: Some(ended),
        next_run: Some(ended + TimeDelta::nanoseconds(86_400_123_456_789)),
        failures: 0,
        last_error: None,
        ..before.clone().unwrap_or_else(|| ClientState::new(client_ref(client)))
    };
    let clients = vec![Write { before, after: Some(after) }];
    Commit { run: Some(run), clients, ..Commit::of(ended, &Actor::daemon()) }
}

/// Stores commits as one group: behind `first`, which must change something, and holds the writer up
/// until all of them wait.
pub(in crate::store) fn as_group(
    store: &Store,
    first: Commit,
    commits: Vec<Commit>,
) -> Vec<Result<Committed, StoreError>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let length = || {
        let ledger = fs::read_dir(&store.core().ledger_dir).expect("listed");
        ledger.map(|entry| entry.and_then(|entry| entry.metadata()).map_or(0, |it| it.len())).sum()
    };
    let before: u64 = length();
    let gate = store.core().index.gate().expect("it is sound");
    let mut first = Box::pin(store.commit(first));
    runtime.block_on(begin(&mut first));
    // Its line is on the disk, and the writer waits for the gate.
    while length() == before {
        thread::yield_now();
    }
    let mut others = Box::pin(join_all(commits.into_iter().map(|commit| store.commit(commit))));
    runtime.block_on(begin(&mut others));
    drop(gate);
    runtime.block_on(first).expect("stored");
    runtime.block_on(others)
}

/// Lets a future begin.
async fn begin<F: Future + Unpin>(future: &mut F) {
    poll_fn(|context| {
        let _ = Pin::new(&mut *future).poll(context);
        Poll::Ready(())
    })
    .await;
}
