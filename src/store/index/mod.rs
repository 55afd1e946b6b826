//! The index: sled, behind keys and records of our own.
//!
//! Nothing outside this file and `guard` knows sled. The index need not be durable; it must know
//! what it holds. So each step that it takes is one atomic batch, in which stands the meta record:
//! up to which line of the ledger it is current, that line's checksum, and the tally of all other
//! records. Where the tally does not hold, the index is not believed.
//!
//! sled's iterators see writes that happen while they run, so readers and the writer take turns at
//! a gate; the meta record is kept behind it too.

pub(super) mod counts;
pub(super) mod digest;
pub(super) mod panic_guard;
pub(super) mod pieces;
pub(super) mod records;
pub(super) mod sled_repair;
pub(super) mod snapshot;
pub(super) mod stored;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::error::{Doing, StoreError};
use crate::store::format::chain::{ChainHash, ChainHead};
use crate::store::format::v1::{MetaV1, MetaV2};
use crate::store::format::{codec, keys};
use crate::store::index::counts::{Counts, Versions};
use crate::store::index::digest::Tally;
use crate::store::index::snapshot::Snapshots;

/// How much sled keeps in memory; the pages of some ten thousand contracts.
const CACHE_BYTES: u64 = 16 << 20;
/// How often sled hands its buffers to the kernel. What is lost is replayed from the ledger.
const FLUSH_MS: u64 = 1_000;
/// How many records are edited in one step where it may be many.
const STEP: usize = 2_000;

/// A record that is to be put, or removed.
pub(in crate::store) type Edit = (Vec<u8>, Option<Vec<u8>>);

/// Takes a key and its record.
pub(in crate::store) type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError>;

/// What the meta record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Meta {
    /// The store that the index belongs to.
    pub(in crate::store) store: String,
    /// Up to which line it is current.
    pub(in crate::store) head: ChainHead,
    /// The number of the last run.
    pub(in crate::store) last_run: u64,
    /// What it holds.
    pub(in crate::store) tally: Tally,
    /// With which segment the ledger begins that its places lead to; 0 where they are not complete.
    pub(in crate::store) begins: u64,
}

impl Meta {
    /// That of an index which holds nothing yet.
    pub(in crate::store) fn new(store: &str) -> Meta {
        Meta {
            store: store.to_owned(),
            head: ChainHead::START,
            last_run: 0,
            tally: Tally::default(),
            begins: 0,
        }
    }
}

/// What holds the records of a whole state: the index that of now, `memory` one of the past.
pub(in crate::store) trait StateReader {
    /// Of what it is.
    fn meta(&self) -> Meta;

    /// Visits every record whose key begins with `prefix`, in order.
    fn scan(&self, prefix: &[u8], each: Visit<'_>) -> Result<(), StoreError>;
}

impl StateReader for Index {
    fn meta(&self) -> Meta {
        Index::meta(self)
    }

    fn scan(&self, prefix: &[u8], each: Visit<'_>) -> Result<(), StoreError> {
        Index::scan(self, prefix, each)
    }
}

/// The open index.
#[derive(Debug)]
pub(in crate::store) struct Index {
    dir: PathBuf,
    db: sled::Db,
    records: sled::Tree,
    cache: sled::Tree,
    gate: RwLock<Meta>,
    /// Changes only while the gate is closed.
    counts: RwLock<Counts>,
    /// The same.
    versions: RwLock<Versions>,
    /// Those that are being read.
    snapshots: Snapshots,
    /// Set for good when a batch failed: sled may then show a part of it.
    torn: AtomicBool,
}

/// The right to read: no batch is applied while it is held.
pub(in crate::store) type Gate<'a> = RwLockReadGuard<'a, Meta>;

/// Opens sled. It keeps a lock on its file, and threads of an earlier handle of this process may
/// hold that a moment longer than the handle itself: so the lock is waited for, where sled would
/// fail. Our own lock on the store keeps other processes away.
pub(in crate::store) fn open_sled(dir: &Path) -> sled::Result<sled::Db> {
    let_go(dir)?;
    sled::Config::new()
        .path(dir)
        .cache_capacity(CACHE_BYTES)
        .flush_every_ms(Some(FLUSH_MS))
        .mode(sled::Mode::LowSpace)
        .open()
}

/// Waits until no thread of an earlier handle is at the files in `dir`.
pub(in crate::store) fn let_go(dir: &Path) -> std::io::Result<()> {
    File::open(dir.join("db")).map_or(Ok(()), |file| file.lock())
}

impl Index {
    /// Opens what is in `dir`, and believes it only if its tally holds. A new one belongs to
    /// `store` and is current up to before the first line.
    pub(in crate::store) fn open(dir: &Path, store: &str) -> Result<Index, StoreError> {
        let (db, records, cache) = panic_guard::index("open", || {
            let db = open_sled(dir)?;
            let (records, cache) = (db.open_tree("records")?, db.open_tree("cache")?);
            Ok((db, records, cache))
        })?;
        let meta = Meta::new(store);
        let mut index = Index {
            dir: dir.to_owned(),
            db,
            records,
            cache,
            gate: RwLock::new(meta.clone()),
            counts: RwLock::default(),
            versions: RwLock::default(),
            snapshots: Snapshots::default(),
            torn: AtomicBool::new(false),
        };
        let stored = panic_guard::index("read", || index.records.get(keys::META))?;
        let (found, counts) = index.recount()?;
        let meta = match stored {
            Some(bytes) => read_meta(&bytes)?,
            None => meta,
        };
        if meta.tally != found {
            let why = format!(
                "it holds {} records with digest {}, expected {} with digest {}",
                found.records,
                found.text(),
                meta.tally.records,
                meta.tally.text()
            );
            return Err(StoreError::index(why));
        }
        if meta.store != store {
            return Err(StoreError::index(format!("it belongs to another store, {}", meta.store)));
        }
        index.gate = RwLock::new(meta);
        index.counts = RwLock::new(counts);
        Ok(index)
    }

    /// The store that the index in `dir` says it belongs to; none where it holds nothing.
    pub(in crate::store) fn store_of(dir: &Path) -> Result<Option<String>, StoreError> {
        let stored =
            panic_guard::index("read", || open_sled(dir)?.open_tree("records")?.get(keys::META))?;
        stored.map(|bytes| Ok(read_meta(&bytes)?.store)).transpose()
    }

    /// Waits until no batch is applied, and keeps it so. After a batch that failed there is nothing
    /// to be had any more: sled may show a part of it, and a commit is there whole or not at all.
    pub(in crate::store) fn gate(&self) -> Result<Gate<'_>, StoreError> {
        let gate = self.open_gate();
        match self.torn.load(Ordering::Acquire) {
            true => Err(StoreError::index(
                "the index failed to apply a commit; a restart repairs the index",
            )),
            false => Ok(gate),
        }
    }

    fn open_gate(&self) -> Gate<'_> {
        // The gate's value is only ever replaced whole.
        self.gate.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn close_gate(&self) -> RwLockWriteGuard<'_, Meta> {
        self.gate.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the index holds by its own account, up to the last batch that did not fail.
    pub(in crate::store) fn meta(&self) -> Meta {
        self.open_gate().clone()
    }

    /// Puts and removes records in one step, with which it is current up to `standing`.
    pub(in crate::store) fn apply(
        &self,
        head: ChainHead,
        last_run: u64,
        edits: Vec<Edit>,
    ) -> Result<(), StoreError> {
        let mut meta = self.close_gate();
        let next = Meta { head, last_run, ..meta.clone() };
        self.step(&mut meta, next, edits)
    }

    /// Edits records while nobody reads, with which its places lead into the ledger that begins
    /// with segment `begins`. It may be many, so it is done in steps; only the last one says so,
    /// and an index that does not say so is built anew.
    pub(in crate::store) fn settle(&self, begins: u64, edits: Vec<Edit>) -> Result<(), StoreError> {
        let mut meta = self.close_gate();
        let mut edits = edits.into_iter().peekable();
        while edits.peek().is_some() {
            let next = meta.clone();
            self.step(&mut meta, next, edits.by_ref().take(STEP).collect())?;
        }
        let next = Meta { begins, ..meta.clone() };
        self.step(&mut meta, next, Vec::new())
    }

    /// One atomic step, after which the index holds what `next` says, with the tally that comes of
    /// the edits.
    fn step(&self, meta: &mut Meta, mut next: Meta, edits: Vec<Edit>) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        let (mut come, mut gone) = (Vec::new(), Vec::new());
        let mut versions = self.versions.write().unwrap_or_else(PoisonError::into_inner);
        // Where an edit of a key follows another, the last one counts.
        for (key, record) in edits.into_iter().collect::<BTreeMap<_, _>>() {
            let pieces = self.pieces(&key)?;
            self.snapshots.keep(&key, || joined(&pieces));
            versions.note(&key, next.head.seq);
            match (pieces.is_empty(), record.is_none()) {
                (true, false) => come.push(key.clone()),
                (false, true) => gone.push(key.clone()),
                _ => {}
            }
            for (key, piece) in pieces {
                next.tally.remove(&key, &piece);
                batch.remove(key);
            }
            for (key, piece) in record.iter().flat_map(|record| pieces::cut(&key, record)) {
                next.tally.add(&key, piece);
                batch.insert(key, piece);
            }
        }
        batch.insert(keys::META, write_meta(&next)?);
        panic_guard::index("write", || self.records.apply_batch(batch)).inspect_err(|_| {
            self.torn.store(true, Ordering::Release);
        })?;
        *meta = next;
        let mut counts = self.counts.write().unwrap_or_else(PoisonError::into_inner);
        come.iter().for_each(|key| counts.add(key));
        gone.iter().for_each(|key| counts.remove(key));
        Ok(())
    }

    /// The record under a key.
    pub(in crate::store) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(joined(&self.pieces(key)?))
    }

    /// Visits every record whose key begins with `prefix`, in order.
    pub(in crate::store) fn scan(&self, prefix: &[u8], each: Visit<'_>) -> Result<(), StoreError> {
        let mut whole: Option<(Vec<u8>, Vec<u8>)> = None;
        let mut rest = self.records.scan_prefix(prefix);
        while let Some((key, piece)) = panic_guard::index("read", || rest.next().transpose())? {
            match &mut whole {
                Some((base, record)) if is_piece_of(&key, base) => record.extend_from_slice(&piece),
                _ => {
                    if let Some((base, record)) = whole.replace((key.to_vec(), piece.to_vec())) {
                        each(&base, &record)?;
                    }
                }
            }
        }
        whole.map_or(Ok(()), |(base, record)| each(&base, &record))
    }

    /// The last `limit` keys that begin with `prefix`, the last first.
    pub(in crate::store) fn last_keys(
        &self,
        prefix: &[u8],
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut found = Vec::new();
        let mut rest = self.records.scan_prefix(prefix).rev();
        while found.len() < limit {
            let Some((key, _)) = panic_guard::index("read", || rest.next().transpose())? else {
                break;
            };
            if keys::width(prefix[0]) == Some(key.len()) {
                found.push(key.to_vec());
            }
        }
        Ok(found)
    }

    /// How many contracts each client has. Hold the gate.
    pub(in crate::store) fn counts(&self) -> RwLockReadGuard<'_, Counts> {
        self.counts.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which contracts have changed. Hold the gate.
    pub(in crate::store) fn versions(&self) -> RwLockReadGuard<'_, Versions> {
        self.versions.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a snapshot of contracts and clients. Hold the gate.
    pub(in crate::store) fn snapshot(&self) -> snapshot::Snapshot {
        self.snapshots.begin()
    }

    /// Counts what is there, record by record. Hold the gate.
    pub(in crate::store) fn recount(&self) -> Result<(Tally, Counts), StoreError> {
        let (mut tally, mut counts) = (Tally::default(), Counts::default());
        let mut rest = self.records.iter();
        while let Some((key, value)) = panic_guard::index("read", || rest.next().transpose())? {
            if key != keys::META {
                tally.add(&key, &value);
                counts.add(&key);
            }
        }
        Ok((tally, counts))
    }

    /// The meta record as it stands in sled. Hold the gate.
    pub(in crate::store) fn stored_meta(&self) -> Result<Option<Meta>, StoreError> {
        let bytes = panic_guard::index("read", || self.records.get(keys::META))?;
        bytes.map(|bytes| read_meta(&bytes)).transpose()
    }

    /// What the cache holds under a name; nothing where any of it is missing or torn.
    pub(in crate::store) fn cache_get(&self, name: &str) -> Option<Vec<u8>> {
        let base = cache_key(name);
        let get = |key: Vec<u8>| panic_guard::index("read", || self.cache.get(key)).ok().flatten();
        let _gate = self.gate().ok()?;
        let mut record = get(base.clone())?.to_vec();
        for number in 1..pieces::count(&record) {
            record.extend_from_slice(&get(pieces::key(&base, number))?);
        }
        codec::unwrap(codec::CACHE, &record).ok().map(<[u8]>::to_vec)
    }

    /// Keeps bytes under a name.
    pub(in crate::store) fn cache_put(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        if bytes.len() as u64 > codec::LIMIT {
            return Err(StoreError::index(format!("{} bytes are too many", bytes.len())));
        }
        let (base, record) = (cache_key(name), codec::wrap(codec::CACHE, bytes));
        let _gate = self.close_gate();
        panic_guard::index("write", || {
            let mut batch = sled::Batch::default();
            for key in self.cache.scan_prefix(&base).keys() {
                batch.remove(key?);
            }
            for (key, piece) in pieces::cut(&base, &record) {
                batch.insert(key, piece);
            }
            self.cache.apply_batch(batch)
        })
    }

    /// Writes out what sled holds back and makes it durable: sled's own flush does not.
    pub(in crate::store) fn flush(&self) -> Result<(), StoreError> {
        panic_guard::index("flush", || self.db.flush())?;
        let file = self.dir.join("db");
        File::open(&file).and_then(|file| file.sync_data()).doing("sync", &file)
    }

    fn pieces(&self, key: &[u8]) -> Result<Vec<(Vec<u8>, sled::IVec)>, StoreError> {
        let mut found = Vec::new();
        let get = |key: &[u8]| panic_guard::index("read", || self.records.get(key));
        let Some(first) = get(key)? else { return Ok(found) };
        let count = pieces::count(&first);
        found.push((key.to_vec(), first));
        for number in 1..count {
            let key = pieces::key(key, number);
            let piece =
                get(&key)?.ok_or_else(|| StoreError::index("a piece of a record is missing"))?;
            found.push((key, piece));
        }
        Ok(found)
    }
}

/// The record that was cut into these pieces; none where there are none.
fn joined(pieces: &[(Vec<u8>, sled::IVec)]) -> Option<Vec<u8>> {
    let join = || pieces.iter().flat_map(|(_, piece)| piece.iter().copied()).collect();
    (!pieces.is_empty()).then(join)
}

fn is_piece_of(key: &[u8], base: &[u8]) -> bool {
    key.len() > base.len() && key.starts_with(base)
}

/// The length keeps a name from being the beginning of another.
fn cache_key(name: &str) -> Vec<u8> {
    [&(name.len() as u32).to_be_bytes(), name.as_bytes()].concat()
}

fn read_meta(bytes: &[u8]) -> Result<Meta, StoreError> {
    let meta = codec::decode::<MetaV2>(bytes)
        .or_else(|error| codec::decode::<MetaV1>(bytes).map(MetaV2::from).map_err(|_| error))?;
    let MetaV2 { store, seq, sum, last_run, records, digest, begins } = meta;
    let hash = ChainHash::parse(sum.as_bytes());
    let digest = ChainHash::parse(digest.as_bytes());
    let (Some(hash), Some(digest)) = (hash, digest) else {
        return Err(StoreError::index("its meta record is invalid"));
    };
    Ok(Meta {
        store,
        head: ChainHead { seq, hash },
        last_run,
        tally: Tally { records, digest: digest.as_number() },
        begins,
    })
}

fn write_meta(meta: &Meta) -> Result<Vec<u8>, StoreError> {
    let Meta { store, head: ChainHead { seq, hash }, last_run, tally, begins } = meta;
    codec::encode(&MetaV2 {
        store: store.clone(),
        seq: *seq,
        sum: hash.to_string(),
        last_run: *last_run,
        records: tally.records,
        digest: tally.text(),
        begins: *begins,
    })
}
