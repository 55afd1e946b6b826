//! The one thread that writes.
//!
//! ```text
//! commits ─► channel ─► [take all that wait] ─► check and draft each, the earlier ones counted in
//!                                                    │
//!             acknowledge all ◄─ apply each to ◄─ write all lines, one fdatasync
//!                                 the index          │
//!                                                    └─ error ─► refuse them, and all that come
//! ```
//!
//! After the first error of the storage nothing is acknowledged any more. Whether the lines of
//! that moment are on the disk is found out at the next start.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};

use super::commit_builder::quiet::{self, QuietLine};
use super::commit_builder::{CommitBuilder, PreparedCommit};
use crate::model::error_chain;
use crate::store::commit::{Commit, Committed};
use crate::store::core::Core;
use crate::store::error::{Doing, StoreError};
use crate::store::format::identity;
use crate::store::format::v1::LineV1;
use crate::store::index::records::Reason;
use crate::store::log::head::{self, HeadRecord};
use crate::store::log::ledger::Ledger;
use crate::store::log::lock::Lock;
use crate::store::log::replay;
use crate::store::log::segment::{self, LogPosition};
use crate::store::write::prune::{self, Pruned};

/// How many commits may wait before those who bring more do.
const WAITING: usize = 64;
/// How many commits are written together at most.
const GROUP: usize = 64;
/// At how many bytes a group is large enough.
const GROUP_BYTES: usize = 4 << 20;

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer is asked for.
#[derive(Debug)]
pub(in crate::store) enum Job {
    /// To make a commit durable.
    Commit(Box<Commit>, Reply<Committed>),
    /// To fold commits older than a moment, or to tell which.
    Prune {
        /// The moment.
        before: DateTime<Utc>,
        /// Whether only to tell.
        dry: bool,
        /// Who waits.
        reply: Reply<Pruned>,
    },
    /// To note in the head record how far the ledger is.
    Note(Reply<()>),
    /// To write everything out and stop.
    Close(Reply<()>),
}

/// Starts the writer. It stops when it is told to, or when nobody can send it anything any more.
pub(in crate::store) fn start(
    core: Arc<Core>,
    ledger: Ledger,
    lock: Arc<Lock>,
) -> Result<(mpsc::Sender<Job>, JoinHandle<()>), StoreError> {
    let (sender, jobs) = mpsc::channel(WAITING);
    let path = core.ledger_dir.clone();
    let thread = thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(move || Writer { core, ledger, lock, noted: None }.work(jobs))
        .doing("start a writer for", &path)?;
    Ok((sender, thread))
}

/// A line that is ready to be written, and who waits for it with what they will be told; no line where
/// nothing changes.
struct Drafted {
    prepared: Option<PreparedCommit>,
    waiting: Vec<(Committed, Reply<Committed>)>,
}

impl Drafted {
    /// The line of one commit, or of quiet runs that are told of together. Those that are refused are
    /// answered.
    fn of(
        commits: Vec<(Box<Commit>, Reply<Committed>)>,
        builder: &mut CommitBuilder<'_>,
    ) -> Drafted {
        let (commits, replies): (Vec<_>, Vec<_>) = commits.into_iter().unzip();
        let drafted = match &commits[..] {
            [only] => builder.add(only).map(|prepared| {
                (vec![Ok(prepared.as_ref().and_then(PreparedCommit::run))], prepared)
            }),
            many => {
                let many: Vec<&Commit> = many.iter().map(|commit| &**commit).collect();
                let drafted = builder.add_quiet(&many);
                drafted.map(|QuietLine { runs, prepared }| {
                    (runs.into_iter().map(|run| run.map(Some)).collect(), prepared)
                })
            }
        };
        let (runs, prepared) = drafted.unwrap_or_else(|error| {
            let refused = replies.iter().skip(1).map(|_| Err(error.again())).collect::<Vec<_>>();
            (std::iter::once(Err(error)).chain(refused).collect(), None)
        });
        let (seq, mut waiting) = (builder.seq(), Vec::with_capacity(replies.len()));
        for (run, reply) in runs.into_iter().zip(replies) {
            match run {
                Ok(run) => waiting.push((Committed { seq, run }, reply)),
                Err(error) => answer(reply, Err(error)),
            }
        }
        Drafted { prepared, waiting }
    }

    fn bytes(&self) -> &[u8] {
        self.prepared.as_ref().map_or(&[], |prepared| &prepared.bytes)
    }
}

struct Writer {
    core: Arc<Core>,
    ledger: Ledger,
    lock: Arc<Lock>,
    /// What the head record says; none where that is not known.
    noted: Option<HeadRecord>,
}

impl Writer {
    fn work(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut closing = None;
        while closing.is_none() {
            let Some(first) = jobs.blocking_recv() else { break };
            let (mut group, mut pruning) = (Vec::new(), None);
            let mut next = Some(first);
            while let Some(job) = next {
                match job {
                    Job::Commit(commit, reply) => group.push((commit, reply)),
                    Job::Prune { before, dry, reply } => {
                        pruning = Some((before, dry, reply));
                        break;
                    }
                    Job::Note(reply) => answer(reply, self.note(false)),
                    Job::Close(reply) => {
                        closing = Some(reply);
                        break;
                    }
                }
                next = if group.len() < GROUP { jobs.try_recv().ok() } else { None };
            }
            self.take(group);
            if let Some((before, dry, reply)) = pruning {
                let pruned = self.prune(before, dry);
                answer(reply, pruned);
            }
        }
        let flushed = match self.core.trouble.get() {
            None => self.core.index.flush().and_then(|()| self.note(true)),
            Some(_) => Ok(()),
        };
        self.core.stop("it was closed");
        // Commits that wait behind the closing are refused when the channel goes away.
        if let Some(reply) = closing {
            let _ = reply.send(flushed);
        }
    }

    /// Writes a group of commits, in as many parts as it is large.
    fn take(&mut self, group: Vec<(Box<Commit>, Reply<Committed>)>) {
        let mut waiting = group.into_iter().peekable();
        while waiting.peek().is_some() {
            let core = Arc::clone(&self.core);
            if core.trouble.get().is_some() {
                for (_, reply) in waiting.by_ref() {
                    answer(reply, Err(StoreError::Stopped));
                }
                return;
            }
            let mut builder = CommitBuilder::new(&core.index);
            let (mut drawn, mut bytes) = (Vec::new(), Vec::new());
            while bytes.len() < GROUP_BYTES {
                let Some(first) = waiting.next() else { break };
                let kin = quiet::kin(&first.0);
                let mut line = vec![first];
                while kin.is_some()
                    && let Some(next) = waiting.next_if(|(next, _)| quiet::kin(next) == kin)
                {
                    line.push(next);
                }
                let drafted = Drafted::of(line, &mut builder);
                bytes.extend_from_slice(drafted.bytes());
                drawn.push(drafted);
            }
            self.store(drawn, &bytes);
        }
    }

    /// Makes drafted commits durable, applies them and acknowledges them, in this order.
    fn store(&mut self, drawn: Vec<Drafted>, bytes: &[u8]) {
        let mut failed = None;
        let prepared = drawn.iter().filter_map(|drafted| drafted.prepared.as_ref());
        let format = prepared.map(|prepared| format_of(&prepared.record)).max();
        let ready = match format {
            Some(format) if format > identity::FORMAT => identity::raise(&self.core.dir(), format),
            _ => Ok(()),
        };
        let mut position = match ready.and_then(|()| self.append(bytes)) {
            Ok(position) => position,
            Err(error) => {
                failed = Some(error);
                self.ledger.end()
            }
        };
        let mut applied = 0;
        for Drafted { prepared, .. } in &drawn {
            if let (Some(prepared), None) = (prepared, &failed) {
                failed = self.apply(prepared, position).err();
                position.offset += prepared.bytes.len() as u64;
            }
            if failed.is_some() {
                break;
            }
            applied += 1;
        }
        if let Some(error) = &failed {
            self.core.stop(&error_chain(error));
        }
        // Not one by one: who is told goes on, and what it asks the index then holds up the others.
        for (number, Drafted { waiting, .. }) in drawn.into_iter().enumerate() {
            for (committed, reply) in waiting {
                match &failed {
                    Some(error) if number >= applied => answer(reply, Err(error.again())),
                    _ => answer(reply, Ok(committed)),
                }
            }
        }
    }

    fn prune(&mut self, before: DateTime<Utc>, dry: bool) -> Result<Pruned, StoreError> {
        if self.core.trouble.get().is_some() {
            return Err(StoreError::Stopped);
        }
        let cut = prune::find(&self.core, self.ledger.end(), before)?;
        if !dry && cut.is_one() {
            // What lies in another folder by now is another daemon's.
            self.verify()?;
            let prepared = prune::prepare(&self.core, self.ledger.end(), &cut)?;
            self.verify()?;
            // From here on the disk may hold a ledger that begins elsewhere.
            prune::switch(&self.core, &mut self.ledger, prepared)
                .inspect_err(|error| self.core.stop(&error_chain(error)))?;
            // The history is pruned: what cannot be noted or removed now is so later.
            let _ = self.note(false);
            let _ = self.verify().and_then(|()| prune::sweep(&self.core));
        }
        Ok(cut.told())
    }

    /// Whether the folder is this daemon's still; if not, the store takes no more changes.
    fn verify(&self) -> Result<(), StoreError> {
        self.lock
            .verify()
            .and_then(|()| self.ledger.verify())
            .inspect_err(|error| self.core.stop(&error_chain(error)))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<LogPosition, StoreError> {
        let before = self.ledger.end().segment;
        let position = self.ledger.next_spot()?;
        if position.segment != before {
            self.note(false)?;
        }
        if !bytes.is_empty() {
            self.ledger.append(bytes)?;
            self.lock.verify()?;
        }
        Ok(position)
    }

    /// Notes in the head record how far the ledger is: everything that was acknowledged.
    fn note(&mut self, closed: bool) -> Result<(), StoreError> {
        let meta = self.core.index.meta();
        let record = HeadRecord { store: meta.store, head: meta.head, closed };
        if self.noted.as_ref() != Some(&record) {
            self.verify()?;
            self.noted = None;
            head::write(&self.core.ledger_dir, &record)?;
            self.noted = Some(record);
        }
        Ok(())
    }

    fn apply(&self, prepared: &PreparedCommit, position: LogPosition) -> Result<(), StoreError> {
        let PreparedCommit { record, bytes, head } = prepared;
        // The line break is not part of the line.
        let place = segment::place(position, &bytes[..bytes.len() - 1]);
        replay::apply(&self.core.index, record, &place, *head).map_err(|reason| {
            match reason {
                Reason::Store(error) => error,
                // A draft is read back before it is written.
                Reason::Unreadable(why) => StoreError::index(why.to_string()),
            }
        })
    }
}

/// The format that a store with this line has.
fn format_of(record: &LineV1) -> u64 {
    let contracts = record.contracts.iter().filter_map(|entry| entry.record.as_ref());
    let of_contracts = contracts.map(identity::needed_by).max().unwrap_or(identity::FORMAT);
    let of_memos = (!record.memos.is_empty()).then_some(identity::WITH_HOLDS_AND_PAUSES);
    let of_runs = record.quiet.as_ref().map(|_| identity::WITH_QUIET_RUNS);
    of_contracts.max(of_memos.unwrap_or(0)).max(of_runs.unwrap_or(0))
}

fn answer<T>(reply: Reply<T>, result: Result<T, StoreError>) {
    // Who does not wait any more need not know.
    let _ = reply.send(result);
}
