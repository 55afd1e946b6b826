//! The handle on an open store: commits go to the writer, questions to the rooms that answer them.

mod offline;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use chrono::{DateTime, NaiveDate, Utc};
use tokio::sync::{mpsc, oneshot};

use super::archive::backup::{self, Backup};
use super::archive::daily;
use super::archive::restore::{self, Restored};
use super::audit::AuditTrail;
use super::commit::{Commit, Committed};
use super::core::Core;
use super::error::{Doing, StoreError};
use super::files;
use super::log::lock::Lock;
use super::log::stretches::Gap;
use super::open::opening::Opening;
use super::open::{self, Parts, Settings, restored};
use super::read::changed::{self, ChangeReader};
use super::read::check::{self, CheckReport};
use super::read::orphans;
use super::read::past::{self, StateAsOf, Touched};
use super::read::present::{self, Head, HistoryEntry, RunRecord};
use super::write::prune::Pruned;
use super::write::writer::{self, Job};
use crate::model::{
    Act, ActRecord, ClientId, ClientState, Contract, HeldChanges, ItemFlags, ItemKey, ItemKind,
    Pause, Run, RunId,
};

/// How much room there must be before a store that ran out of it is opened again, in bytes: the largest
/// group of commits that is written at once.
const TRY_BYTES: usize = 4 << 20;

/// An open store. Clones are handles on the same one; it is closed with the last of them.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// The id in `store.json`.
    id: String,
    /// None once the last handle goes.
    jobs: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    core: Arc<Core>,
    audit: AuditTrail,
    /// Let go last: fields are dropped in their order.
    lock: Arc<Lock>,
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
        let Parts { id, ledger_dir, past, index, ledger, lock } = parts;
        let core = Arc::new(Core::new(ledger_dir, past, index));
        let lock = Arc::new(lock);
        let (jobs, writer) = writer::start(Arc::clone(&core), ledger, Arc::clone(&lock))?;
        let audit = AuditTrail::of(&core.dir());
        let inner = Inner { id, jobs: Some(jobs), writer: Some(writer), core, audit, lock };
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

    /// The id in `store.json`: the same for as long as the store lives, also in a restored backup of
    /// it, and no other store's.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// Ends when the store takes no more commits; why.
    pub async fn failed(&self) -> String {
        let core = self.core();
        let mut told = std::pin::pin!(core.stopped.notified());
        // Listen before looking, so that what happens in between is not missed.
        told.as_mut().enable();
        if core.trouble.get().is_none() {
            told.await;
        }
        core.trouble.get().cloned().unwrap_or_default()
    }

    /// Whether a file can be written and synced beside the ledger. Blocks.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn try_disk(&self) -> Result<(), StoreError> {
        // A folder that is another daemon's by now is none to go on in.
        self.inner.lock.verify()?;
        let path = self.core().ledger_dir.join("try.new");
        files::remove_if_there(&path)?;
        let tried = files::create_new(&path).and_then(|mut file| {
            let written = file.write_all(&vec![0; TRY_BYTES]).and_then(|()| file.sync());
            written.doing("write", &path)
        });
        files::remove_if_there(&path)?;
        tried
    }

    /// Why the store takes no more commits; none while it does.
    pub fn trouble(&self) -> Option<String> {
        self.core().trouble.get().cloned()
    }

    /// Notes how far the ledger is in a record beside it, so that a ledger which loses its end is not
    /// taken for a short one. Call it every few minutes: what was acknowledged since may be missing
    /// unnoticed where the ledger loses its end and the index is lost too.
    ///
    /// # Errors
    ///
    /// Where the record cannot be written; commits are taken all the same.
    pub async fn note_head(&self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.jobs()?.send(Job::Note(reply)).await.map_err(|_| StoreError::Stopped)?;
        answer.await.unwrap_or(Err(StoreError::Stopped))
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

    /// The same, and it is on the disk when this returns. Blocks.
    pub fn cache_put_durably(&self, name: &str, bytes: &[u8]) {
        self.cache_put(name, bytes);
        // What cannot be made durable may be so later: sled tries again by itself.
        let _ = self.core().index.flush();
    }

    /// The contract with this key.
    pub fn contract(&self, key: ItemKey) -> Result<Option<Contract>, StoreError> {
        present::contract(self.core(), key)
    }

    /// The contracts of a client, by key, with additions directly behind their agreement. An
    /// addition whose agreement is not stored stands where the agreement would.
    pub fn contracts(&self, client: ClientId) -> Result<Vec<Contract>, StoreError> {
        present::contracts(self.core(), client)
    }

    /// Every contract, by client and in the order of [`Store::contracts`].
    pub fn all_contracts(&self) -> Result<Vec<Contract>, StoreError> {
        present::all_contracts(self.core())
    }

    /// How many contracts each client has, of those that have any; no contract is read for it.
    pub fn contract_counts(&self) -> Result<BTreeMap<ClientId, usize>, StoreError> {
        present::contract_counts(self.core())
    }

    /// The contract of a kind with the highest id that is stored; none where there is none.
    pub fn last_of_kind(&self, kind: ItemKind) -> Result<Option<ItemKey>, StoreError> {
        present::last_of_kind(self.core(), kind)
    }

    /// What is noted beside an item.
    pub fn item_flags(&self, key: ItemKey) -> Result<Option<ItemFlags>, StoreError> {
        present::item_flags(self.core(), key)
    }

    /// The flags beside the items of a client, by key.
    pub fn flags_of(&self, client: ClientId) -> Result<Vec<ItemFlags>, StoreError> {
        present::flags_of_client(self.core(), client)
    }

    /// Every item's flags, by client and key.
    pub fn all_flags(&self) -> Result<Vec<ItemFlags>, StoreError> {
        present::all_flags(self.core())
    }

    /// What guards held of a client, by run.
    pub fn held_changes(&self, client: ClientId) -> Result<Vec<HeldChanges>, StoreError> {
        present::held_changes(self.core(), client)
    }

    /// What guards held, by client and run.
    pub fn all_held_changes(&self) -> Result<Vec<HeldChanges>, StoreError> {
        present::all_held_changes(self.core())
    }

    /// The pause of a client; of all of auto-sync without one.
    pub fn pause(&self, client: Option<ClientId>) -> Result<Option<Pause>, StoreError> {
        present::pause(self.core(), client)
    }

    /// Every pause, those that are over too: that of all of auto-sync, then those of clients, by
    /// client.
    pub fn pauses(&self) -> Result<Vec<Pause>, StoreError> {
        present::pauses(self.core())
    }

    /// The state of a client.
    pub fn client(&self, id: ClientId) -> Result<Option<ClientState>, StoreError> {
        present::client(self.core(), id)
    }

    /// The state of every client, by id.
    pub fn clients(&self) -> Result<Vec<ClientState>, StoreError> {
        present::clients(self.core())
    }

    /// A run with its rejects and changes; none where it never was. Of the runs whose commits were
    /// pruned only the newest of each client is kept, and the others are
    /// [`StoreError::BeforeHistory`].
    pub fn run(&self, id: RunId) -> Result<Option<RunRecord>, StoreError> {
        present::run(self.core(), id)
    }

    /// The last `limit` runs, of one client or of all, the newest first, without their rejects.
    pub fn runs(&self, client: Option<ClientId>, limit: usize) -> Result<Vec<Run>, StoreError> {
        present::runs(self.core(), client, limit)
    }

    /// The commits that changed a contract, the oldest first, with what they changed of it. It
    /// outlives the contract. What was before [`Store::since`] may be gone.
    pub fn history(&self, key: ItemKey) -> Result<Vec<HistoryEntry>, StoreError> {
        present::history(self.core(), key)
    }

    /// Begins a look at when each field of these contracts last changed, as [`Store::history`] has
    /// it. It reads the lines that changed any of them, each once: see [`Store::read_changes`].
    pub fn changes_of(&self, of: BTreeSet<ItemKey>) -> Result<ChangeReader, StoreError> {
        changed::begin(self.core(), of)
    }

    /// Reads some more of those lines, a few MiB, and tells whether others are left.
    pub fn read_changes(&self, reader: &mut ChangeReader) -> Result<bool, StoreError> {
        changed::read(self.core(), reader)
    }

    /// How far the store is.
    pub fn head(&self) -> Head {
        present::head(self.core())
    }

    /// From which moment on the past is known; none if from the first commit on. What was before
    /// was pruned, or lost in a repair.
    pub fn since(&self) -> Option<DateTime<Utc>> {
        past::since(self.core())
    }

    /// Commits of the history that cannot be read any more, since a repair went on without them.
    pub fn gaps(&self) -> Vec<Gap> {
        let past = self.core().past();
        past.earlier.iter().flat_map(|earlier| earlier.gaps.iter().cloned()).collect()
    }

    /// Everything as it was at a moment, by the rule at the head of `read::past`. It reads the ledger
    /// from its beginning up to there, about a second for 64 MiB: call it where that may block. For
    /// the present, ask the other questions.
    pub fn state_as_of(&self, moment: DateTime<Utc>) -> Result<StateAsOf, StoreError> {
        past::state_as_of(self.core(), moment)
    }

    /// A contract as it was right after the commit `seq`; none where there was none. After a commit
    /// that is still to come it is as now.
    pub fn contract_at(&self, key: ItemKey, seq: u64) -> Result<Option<Contract>, StoreError> {
        past::contract_at(self.core(), key, seq)
    }

    /// The contracts that a run wrote, each as it was before and as the run left it; nothing for a
    /// run that never was. What happened to them later is not looked at.
    pub fn touched_by(&self, run: RunId) -> Result<Vec<Touched>, StoreError> {
        past::touched_by(self.core(), run)
    }

    /// Reads the whole ledger and the whole index. Commits wait while the index is read, some
    /// seconds for hundreds of thousands of contracts.
    pub fn check(&self) -> Result<CheckReport, StoreError> {
        check::check(self.core())
    }

    /// The files and folders that openings put aside, in order: damaged indexes and files of the
    /// ledger, and torn lines. They are never removed by the store. What cannot be listed is left
    /// out.
    pub fn orphans(&self) -> Vec<PathBuf> {
        orphans::orphans(self.core())
    }

    /// Begins a backup of what is stored now. It reads the whole ledger once; call it, and
    /// [`Backup::piece`], where that may block. Commits go on meanwhile.
    pub fn backup(&self, now: DateTime<Utc>) -> Result<Backup, StoreError> {
        backup::begin(self.core(), now)
    }

    /// Writes the backup of a day into the folder of the store, unless there is one or nothing changed
    /// since the newest; gives where it is. The newest seven are kept. Blocks.
    ///
    /// # Errors
    ///
    /// Those of the disk, and of a ledger that is damaged. Nothing is left then.
    pub fn back_up_daily(
        &self,
        day: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<Option<PathBuf>, StoreError> {
        self.inner.lock.verify()?;
        daily::back_up(self.core(), day, now)
    }

    /// The daily backups, the newest last; none where they cannot be listed.
    pub fn daily_backups(&self) -> Vec<PathBuf> {
        daily::list(&self.core().dir().join("backups")).unwrap_or_default()
    }

    /// Takes the piece of a backup that begins at `offset`, in bytes; 0 begins anew. Tells how many
    /// bytes there are now.
    pub fn receive(&self, offset: u64, text: &str) -> Result<u64, StoreError> {
        self.inner.lock.verify()?;
        restore::receive(&self.core().dir(), offset, text)
    }

    /// Checks what was received and has it take the store's place at the next opening. It reads
    /// everything and builds an index: call it where that may block.
    pub fn restore(&self, now: DateTime<Utc>) -> Result<Restored, StoreError> {
        self.inner.lock.verify()?;
        restore::prepare(&self.core().dir(), now)
    }

    /// Whether auto-sync is to be paused, because a backup was restored; until
    /// [`Store::noted_pause`].
    pub fn is_to_pause(&self) -> bool {
        restored::is_to_pause(&self.core().dir())
    }

    /// Notes that auto-sync is paused.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub fn noted_pause(&self) -> Result<(), StoreError> {
        restored::is_paused(&self.core().dir())
    }

    /// Notes in the audit trail that an act begins, durably; gives its number. It blocks.
    pub fn begin_act(&self, act: &Act) -> Result<u64, StoreError> {
        self.inner.audit.begin(act)
    }

    /// Notes there how an act ended: `ok`, or a code.
    pub fn end_act(&self, number: u64, result: &str) -> Result<(), StoreError> {
        self.inner.audit.end(number, result)
    }

    /// The acts of the audit trail, the oldest first, and how many of its lines cannot be read.
    pub fn acts(&self) -> Result<(Vec<ActRecord>, u64), StoreError> {
        self.inner.audit.read()
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
mod points;
#[cfg(test)]
mod tests;
