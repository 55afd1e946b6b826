//! Stored state, version 1: the structs that ledger lines, bases and index records are made of.
//!
//! They are frozen: a change of any of them is a change of the format, and needs a version 2
//! beside it and a conversion from 1 to 2. Golden bytes in `convert` hold them to that. The same
//! structs serve JSON (ledger) and bincode (index), so only plain values stand in them: amounts,
//! dates and moments as text, fields by name, and no serde attribute beyond the refusal of unknown
//! fields.
//!
//! The exceptions are `marks`, `memos` and `quiet` of [`LineV1`], which is JSON only and never an index
//! record. A line says `marks` only where it has some, and where it does not, it has none; so with
//! the other two. So the lines that were written before there were marks are the lines that would be
//! written today, and a program that knows no marks refuses the first line that has one, by name.
//! It need not come to read such a line, though, where its index is current; so a store says in
//! `store.json` that it may have memos, or quiet runs, before it has one (`identity`).

use serde::{Deserialize, Serialize};

/// Stored state: a contract record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct ContractV1 {
    pub(in crate::store) key: String,
    pub(in crate::store) client: i64,
    pub(in crate::store) parent: Option<String>,
    pub(in crate::store) origin: String,
    pub(in crate::store) source: Vec<(String, String)>,
    pub(in crate::store) overrides: Vec<(String, String)>,
    pub(in crate::store) local: Vec<(String, String)>,
    pub(in crate::store) created: String,
    pub(in crate::store) synced: Option<String>,
    pub(in crate::store) changed: String,
    pub(in crate::store) vanished: Option<String>,
}

/// Stored state: a client's switch and schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct ClientStateV1 {
    pub(in crate::store) id: i64,
    pub(in crate::store) name: String,
    pub(in crate::store) auto_sync: bool,
    pub(in crate::store) at: Option<String>,
    pub(in crate::store) last_tried: Option<String>,
    pub(in crate::store) last_synced: Option<String>,
    pub(in crate::store) last_full: Option<String>,
    pub(in crate::store) last_changed: Option<String>,
    pub(in crate::store) next_run: Option<String>,
    pub(in crate::store) failures: u32,
    pub(in crate::store) last_error: Option<LastErrorV1>,
}

/// Stored state: why something failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct LastErrorV1 {
    pub(in crate::store) code: String,
    pub(in crate::store) message: String,
}

/// Stored state: who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct ActorV1 {
    pub(in crate::store) uid: Option<u32>,
    pub(in crate::store) name: String,
    pub(in crate::store) pid: Option<u32>,
}

/// Stored state: a run. In the index and in a base it stands without its rejects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct RunV1 {
    pub(in crate::store) id: u64,
    pub(in crate::store) client: i64,
    pub(in crate::store) client_name: String,
    pub(in crate::store) trigger: String,
    pub(in crate::store) actor: ActorV1,
    pub(in crate::store) started: String,
    pub(in crate::store) ended: String,
    pub(in crate::store) result: String,
    pub(in crate::store) counts: CountsV1,
    pub(in crate::store) requests: u32,
    pub(in crate::store) error: Option<LastErrorV1>,
    pub(in crate::store) rejects: Vec<RejectV1>,
}

/// Stored state: what a run did with how many items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct CountsV1 {
    pub(in crate::store) created: u32,
    pub(in crate::store) updated: u32,
    pub(in crate::store) unchanged: u32,
    pub(in crate::store) vanished: u32,
    pub(in crate::store) rejected: u32,
}

/// Stored state: a row that could not be converted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct RejectV1 {
    pub(in crate::store) key: String,
    pub(in crate::store) parent: Option<String>,
    pub(in crate::store) field: String,
    pub(in crate::store) reason: String,
}

/// Stored state: one field of one contract that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct ChangeV1 {
    pub(in crate::store) key: String,
    pub(in crate::store) field: String,
    pub(in crate::store) from: Option<String>,
    pub(in crate::store) to: Option<String>,
}

/// Stored state: a contract as a commit leaves it; no record where it was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct ContractEntryV1 {
    pub(in crate::store) key: String,
    pub(in crate::store) record: Option<ContractV1>,
}

/// Stored state: a client as a commit leaves it; no record where it was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct ClientEntryV1 {
    pub(in crate::store) id: i64,
    pub(in crate::store) record: Option<ClientStateV1>,
}

/// Stored state: what is noted beside an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct MarkV1 {
    pub(in crate::store) key: String,
    pub(in crate::store) client: i64,
    pub(in crate::store) ignored: Option<IgnoredV1>,
    pub(in crate::store) hold: Option<HoldV1>,
    pub(in crate::store) quarantine: Option<QuarantineV1>,
}

/// Stored state: a person left an item out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct IgnoredV1 {
    pub(in crate::store) until: Option<String>,
    pub(in crate::store) reason: Option<String>,
    pub(in crate::store) by: String,
    pub(in crate::store) at: String,
}

/// Stored state: an item whose run was reverted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct HoldV1 {
    pub(in crate::store) run: u64,
    pub(in crate::store) by: String,
    pub(in crate::store) at: String,
}

/// Stored state: an item whose row cannot be converted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct QuarantineV1 {
    pub(in crate::store) field: String,
    pub(in crate::store) reason: String,
    pub(in crate::store) since: String,
}

/// Stored state: a mark as a commit leaves it; no record where it was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct MarkEntryV1 {
    pub(in crate::store) key: String,
    pub(in crate::store) record: Option<MarkV1>,
}

/// Stored state: a memo, which is either of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct MemoV1 {
    pub(in crate::store) holding: Option<HoldingV1>,
    pub(in crate::store) pause: Option<PauseV1>,
}

/// Stored state: what a guard held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct HoldingV1 {
    pub(in crate::store) client: i64,
    pub(in crate::store) run: u64,
    pub(in crate::store) since: String,
    pub(in crate::store) items: Vec<HeldItemV1>,
    pub(in crate::store) rejected: Option<RejectionV1>,
}

/// Stored state: an item that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct HeldItemV1 {
    pub(in crate::store) key: String,
    pub(in crate::store) parent: Option<String>,
    pub(in crate::store) state: String,
    pub(in crate::store) changes: Vec<HeldChangeV1>,
    pub(in crate::store) reason: Option<String>,
}

/// Stored state: a field of an item that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct HeldChangeV1 {
    pub(in crate::store) field: String,
    pub(in crate::store) from: Option<String>,
    pub(in crate::store) to: Option<String>,
}

/// Stored state: who rejected what is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct RejectionV1 {
    pub(in crate::store) by: String,
    pub(in crate::store) at: String,
    pub(in crate::store) reason: Option<String>,
}

/// Stored state: a pause of auto-sync; without a client, of all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct PauseV1 {
    pub(in crate::store) client: Option<i64>,
    pub(in crate::store) until: Option<String>,
    pub(in crate::store) by: String,
    pub(in crate::store) at: String,
    pub(in crate::store) ended: Option<String>,
}

/// Stored state: a memo as a commit leaves it; no record where it was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct MemoEntryV1 {
    pub(in crate::store) key: String,
    pub(in crate::store) record: Option<MemoV1>,
}

/// Stored state: one line of the ledger, which is one commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct LineV1 {
    /// The checksum over the previous line's and the rest of this line; always the first key.
    pub(in crate::store) sum: String,
    pub(in crate::store) seq: u64,
    /// Up to which sequence the ledger was on disk when this line was written. A line that says
    /// this of an earlier one proves that the earlier one was once whole.
    pub(in crate::store) stable: u64,
    pub(in crate::store) at: String,
    pub(in crate::store) actor: ActorV1,
    pub(in crate::store) run: Option<RunV1>,
    pub(in crate::store) changes: Vec<ChangeV1>,
    pub(in crate::store) contracts: Vec<ContractEntryV1>,
    pub(in crate::store) clients: Vec<ClientEntryV1>,
    /// Where it says nothing of marks, it has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::store) marks: Vec<MarkEntryV1>,
    /// The same with memos.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::store) memos: Vec<MemoEntryV1>,
    /// Runs that found nothing to do, each with its client; then the line has nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store) quiet: Option<QuietRunsV1>,
}

/// Stored state: runs of auto-sync that found nothing to do, all by the line's actor and ended when
/// the line says. There are two or more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct QuietRunsV1 {
    /// The number of the first run; the others have the numbers after it.
    pub(in crate::store) first: u64,
    pub(in crate::store) started: String,
    pub(in crate::store) runs: Vec<QuietRunV1>,
}

/// Stored state: one of them, with its client as it leaves it. A list without names, because nights
/// of such runs are what most of a ledger comes to hold: the client's id and name, its time of day,
/// its next run and last change in nanoseconds since 1970, the number of items that are unchanged, and
/// the requests that were spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct QuietRunV1(
    pub(in crate::store) i64,
    pub(in crate::store) String,
    pub(in crate::store) Option<String>,
    pub(in crate::store) Option<i64>,
    pub(in crate::store) Option<i64>,
    pub(in crate::store) u32,
    pub(in crate::store) u32,
);

/// Stored state, in the index only: where in the ledger a line stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct PlaceV1 {
    pub(in crate::store) segment: u64,
    pub(in crate::store) offset: u64,
    /// How many bytes the line has, without the line break.
    pub(in crate::store) length: u64,
    /// The crc32 of these bytes.
    pub(in crate::store) crc: u32,
}

/// Stored state, in the index only: a run without its rejects, and where its line stands; no place
/// where that line is not in the ledger any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct RunEntryV1 {
    pub(in crate::store) run: RunV1,
    pub(in crate::store) seq: u64,
    pub(in crate::store) place: Option<PlaceV1>,
}

/// Stored state, in the index only: up to where the index is current, what it holds, and with
/// which segment the ledger begins that its places lead to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct MetaV2 {
    pub(in crate::store) store: String,
    pub(in crate::store) seq: u64,
    pub(in crate::store) sum: String,
    pub(in crate::store) last_run: u64,
    pub(in crate::store) records: u64,
    pub(in crate::store) digest: String,
    /// 0 where the places are not complete: the index is then built anew.
    pub(in crate::store) begins: u64,
}

impl From<MetaV1> for MetaV2 {
    /// An index of version 1 has no place for a commit that wrote a contract without changing a
    /// field of it.
    fn from(meta: MetaV1) -> MetaV2 {
        let MetaV1 { store, seq, sum, last_run, records, digest } = meta;
        MetaV2 { store, seq, sum, last_run, records, digest, begins: 0 }
    }
}

/// Stored state, in the index only: what [`MetaV2`] was before the ledger could be pruned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct MetaV1 {
    pub(in crate::store) store: String,
    pub(in crate::store) seq: u64,
    pub(in crate::store) sum: String,
    pub(in crate::store) last_run: u64,
    pub(in crate::store) records: u64,
    pub(in crate::store) digest: String,
}
