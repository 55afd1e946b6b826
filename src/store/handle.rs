//! The handle on an open store: commits go to the writer, questions to the index.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};

use super::commit::{Commit, Committed};
use super::error::StoreError;
use super::index::Index;
use super::open::{self, Parts, Settings};
use crate::store::archive::prune::Pruned;
use crate::store::log::lock::Lock;
use crate::store::open::opening::Opening;
use crate::store::read::past::Past;
use crate::store::write::writer::{self, Job};

/// An open store. Clones are handles on the same one; it is closed with the last of them.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

/// What the handles and the writer share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) ledger_dir: PathBuf,
    /// Where the ledger begins. Who reads its files holds this, so that none goes meanwhile; it is
    /// taken before the index's gate.
    past: RwLock<Past>,
    pub(super) index: Index,
    /// Why the store takes no more commits.
    pub(super) trouble: OnceLock<String>,
}

impl Core {
    /// Takes no more commits; the first reason stays.
    pub(super) fn stop(&self, why: &str) {
        self.trouble.get_or_init(|| why.to_owned());
    }

    /// The store's folder.
    pub(super) fn dir(&self) -> PathBuf {
        self.ledger_dir.parent().unwrap_or(&self.ledger_dir).to_owned()
    }

    /// The right to read the ledger's files. Do not ask for it twice at once.
    pub(super) fn past(&self) -> RwLockReadGuard<'_, Past> {
        // The value is only ever replaced whole.
        self.past.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to change where the ledger begins.
    pub(super) fn change_past(&self) -> RwLockWriteGuard<'_, Past> {
        self.past.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Inner {
    /// None once the last handle goes.
    jobs: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    core: Arc<Core>,
    /// Let go last: fields are dropped in their order.
    _lock: Lock,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has told why; there is nothing left to do for it.
            let _ = writer.join();
        }
    }
}

impl Store {
    /// Opens the store in `dir`, which is made if it is not there; its parent must be.
    ///
    /// This reads the whole ledger and the whole index once, and repairs what it can without
    /// losing anything; [`Opening`] says what it found and did. It blocks: call it before the
    /// runtime is busy.
    pub fn open(dir: &Path, now: DateTime<Utc>) -> Result<(Store, Opening), StoreError> {
        Store::open_with(dir, now, Settings::default())
    }

    pub(super) fn open_with(
        dir: &Path,
        now: DateTime<Utc>,
        settings: Settings,
    ) -> Result<(Store, Opening), StoreError> {
        let (parts, opening) = open::open(dir, now, settings)?;
        let Parts { ledger_dir, past, index, ledger, lock } = parts;
        let past = RwLock::new(past);
        let core = Arc::new(Core { ledger_dir, past, index, trouble: OnceLock::new() });
        let (jobs, writer) = writer::start(Arc::clone(&core), ledger)?;
        let inner = Inner { jobs: Some(jobs), writer: Some(writer), core, _lock: lock };
        Ok((Store { inner: Arc::new(inner) }, opening))
    }

    /// Stores a commit: when this returns `Ok`, it is on the disk and every question is answered
    /// with it.
    ///
    /// A `Conflict` or `Unstorable` wrote nothing. After any other error it is not known whether
    /// the commit is stored; the next opening decides. A caller that stops waiting does not take
    /// the commit back.
    pub async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Job::Commit(Box::new(commit), reply);
        self.jobs()?.send(job).await.map_err(|_| StoreError::Stopped)?;
        answer.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// The same for a thread outside any runtime. It panics inside one.
    pub fn commit_blocking(&self, commit: Commit) -> Result<Committed, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Job::Commit(Box::new(commit), reply);
        self.jobs()?.blocking_send(job).map_err(|_| StoreError::Stopped)?;
        answer.blocking_recv().unwrap_or(Err(StoreError::Stopped))
    }

    /// Folds commits older than `before` into a base: the state stays, their history goes. With
    /// `dry` it only tells what it would fold.
    ///
    /// Pruned is the longest beginning of the ledger all of whose commits are older, so nothing
    /// younger is touched, whatever the clock did. In a ledger of several segments only whole ones
    /// are pruned, except that the last may be pruned to the line. Commits wait meanwhile, for a
    /// second or so. A store that met an error half-way takes no more commits; a restart completes
    /// what was begun.
    pub async fn prune(&self, before: DateTime<Utc>, dry: bool) -> Result<Pruned, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Job::Prune { before, dry, reply };
        self.jobs()?.send(job).await.map_err(|_| StoreError::Stopped)?;
        answer.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// The same for a thread outside any runtime. It panics inside one.
    pub fn prune_blocking(&self, before: DateTime<Utc>, dry: bool) -> Result<Pruned, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Job::Prune { before, dry, reply };
        self.jobs()?.blocking_send(job).map_err(|_| StoreError::Stopped)?;
        answer.blocking_recv().unwrap_or(Err(StoreError::Stopped))
    }

    /// Why the store takes no more commits; none while it does.
    pub fn trouble(&self) -> Option<String> {
        self.core().trouble.get().cloned()
    }

    /// Writes everything out and stops the writer. Commits that came before are stored; later ones,
    /// through other handles, are refused. Those handles still answer questions, and the folder is
    /// only free for another daemon when they are gone.
    pub async fn close(self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.jobs()?.send(Job::Close(reply)).await.map_err(|_| StoreError::Stopped)?;
        answer.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// What the cache holds under a name. The cache keeps what can be had again, such as pending
    /// lists: it is in no ledger and no backup, and may be empty after any start.
    pub fn cache_get(&self, name: &str) -> Option<Vec<u8>> {
        self.core().index.cache_get(name)
    }

    /// Keeps bytes in the cache, in place of what the name had. Where that fails, nothing is kept
    /// and nothing else happens.
    pub fn cache_put(&self, name: &str, bytes: &[u8]) {
        if self.core().index.cache_put(name, bytes).is_err() {
            // An old value would be worse than none; where even that fails, the crc decides.
            let _ = self.core().index.cache_put(name, &[]);
        }
    }

    pub(super) fn core(&self) -> &Core {
        &self.inner.core
    }

    fn jobs(&self) -> Result<&mpsc::Sender<Job>, StoreError> {
        self.inner.jobs.as_ref().ok_or(StoreError::Stopped)
    }
}

#[cfg(test)]
mod life;
#[cfg(test)]
mod tests;
