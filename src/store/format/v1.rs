//! Stored state, version 1: the structs that ledger lines, bases and index records are made of.
//!
//! They are frozen: a change of any of them is a change of the format, and needs a version 2
//! beside it and a conversion from 1 to 2. Golden bytes in `convert` hold them to that. The same
//! structs serve JSON (ledger) and bincode (index), so only plain values stand in them: amounts,
//! dates and moments as text, fields by name, and no serde attribute beyond the refusal of unknown
//! fields.
//!
//! The exceptions are `marks` and `memos` of [`LineV1`], which is JSON only and never an index
//! record. A line says `marks` only where it has some, and where it does not, it has none; so with
//! `memos`. So the lines that were written before there were marks are the lines that would be
//! written today, and a program that knows no marks refuses the first line that has one, by name.
//! It need not come to read such a line, though, where its index is current; so a store says in
//! `store.json` that it may have memos, before it has one (`identity`).

use serde::{Deserialize, Serialize};

/// Stored state: a contract record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContractV1 {
    pub(super) key: String,
    pub(super) client: i64,
    pub(super) parent: Option<String>,
    pub(super) origin: String,
    pub(super) source: Vec<(String, String)>,
    pub(super) overrides: Vec<(String, String)>,
    pub(super) local: Vec<(String, String)>,
    pub(super) created: String,
    pub(super) synced: Option<String>,
    pub(super) changed: String,
    pub(super) vanished: Option<String>,
}

/// Stored state: a client's switch and schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientStateV1 {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) auto_sync: bool,
    pub(super) at: Option<String>,
    pub(super) last_tried: Option<String>,
    pub(super) last_synced: Option<String>,
    pub(super) last_full: Option<String>,
    pub(super) last_changed: Option<String>,
    pub(super) next_run: Option<String>,
    pub(super) failures: u32,
    pub(super) last_error: Option<LastErrorV1>,
}

/// Stored state: why something failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LastErrorV1 {
    pub(super) code: String,
    pub(super) message: String,
}

/// Stored state: who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActorV1 {
    pub(super) uid: Option<u32>,
    pub(super) name: String,
    pub(super) pid: Option<u32>,
}

/// Stored state: a run. In the index and in a base it stands without its rejects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunV1 {
    pub(super) id: u64,
    pub(super) client: i64,
    pub(super) client_name: String,
    pub(super) trigger: String,
    pub(super) actor: ActorV1,
    pub(super) started: String,
    pub(super) ended: String,
    pub(super) result: String,
    pub(super) counts: CountsV1,
    pub(super) requests: u32,
    pub(super) error: Option<LastErrorV1>,
    pub(super) rejects: Vec<RejectV1>,
}

/// Stored state: what a run did with how many items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CountsV1 {
    pub(super) created: u32,
    pub(super) updated: u32,
    pub(super) unchanged: u32,
    pub(super) vanished: u32,
    pub(super) rejected: u32,
}

/// Stored state: a row that could not be converted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RejectV1 {
    pub(super) key: String,
    pub(super) parent: Option<String>,
    pub(super) field: String,
    pub(super) reason: String,
}

/// Stored state: one field of one contract that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeV1 {
    pub(super) key: String,
    pub(super) field: String,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// Stored state: a contract as a commit leaves it; no record where it was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContractEntryV1 {
    pub(super) key: String,
    pub(super) record: Option<ContractV1>,
}

/// Stored state: a client as a commit leaves it; no record where it was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientEntryV1 {
    pub(super) id: i64,
    pub(super) record: Option<ClientStateV1>,
}

/// Stored state: what is noted beside an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MarkV1 {
    pub(super) key: String,
    pub(super) client: i64,
    pub(super) ignored: Option<IgnoredV1>,
    pub(super) hold: Option<HoldV1>,
    pub(super) quarantine: Option<QuarantineV1>,
}

/// Stored state: a person left an item out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IgnoredV1 {
    pub(super) until: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) by: String,
    pub(super) at: String,
}

/// Stored state: an item whose run was reverted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HoldV1 {
    pub(super) run: u64,
    pub(super) by: String,
    pub(super) at: String,
}

/// Stored state: an item whose row cannot be converted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuarantineV1 {
    pub(super) field: String,
    pub(super) reason: String,
    pub(super) since: String,
}

/// Stored state: a mark as a commit leaves it; no record where it was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MarkEntryV1 {
    pub(super) key: String,
    pub(super) record: Option<MarkV1>,
}

/// Stored state: a memo, which is either of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemoV1 {
    pub(super) holding: Option<HoldingV1>,
    pub(super) pause: Option<PauseV1>,
}

/// Stored state: what a guard held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HoldingV1 {
    pub(super) client: i64,
    pub(super) run: u64,
    pub(super) since: String,
    pub(super) items: Vec<HeldItemV1>,
    pub(super) rejected: Option<RejectionV1>,
}

/// Stored state: an item that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeldItemV1 {
    pub(super) key: String,
    pub(super) parent: Option<String>,
    pub(super) state: String,
    pub(super) changes: Vec<HeldChangeV1>,
    pub(super) reason: Option<String>,
}

/// Stored state: a field of an item that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeldChangeV1 {
    pub(super) field: String,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// Stored state: who rejected what is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RejectionV1 {
    pub(super) by: String,
    pub(super) at: String,
    pub(super) reason: Option<String>,
}

/// Stored state: a pause of auto-sync; without a client, of all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PauseV1 {
    pub(super) client: Option<i64>,
    pub(super) until: Option<String>,
    pub(super) by: String,
    pub(super) at: String,
    pub(super) ended: Option<String>,
}

/// Stored state: a memo as a commit leaves it; no record where it was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemoEntryV1 {
    pub(super) key: String,
    pub(super) record: Option<MemoV1>,
}

/// Stored state: one line of the ledger, which is one commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LineV1 {
    /// The checksum over the previous line's and the rest of this line; always the first key.
    pub(super) sum: String,
    pub(super) seq: u64,
    /// Up to which sequence the ledger was on disk when this line was written. A line that says
    /// this of an earlier one proves that the earlier one was once whole.
    pub(super) stable: u64,
    pub(super) at: String,
    pub(super) actor: ActorV1,
    pub(super) run: Option<RunV1>,
    pub(super) changes: Vec<ChangeV1>,
    pub(super) contracts: Vec<ContractEntryV1>,
    pub(super) clients: Vec<ClientEntryV1>,
    /// Where it says nothing of marks, it has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) marks: Vec<MarkEntryV1>,
    /// The same with memos.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) memos: Vec<MemoEntryV1>,
}

/// Stored state, in the index only: where in the ledger a line stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlaceV1 {
    pub(super) segment: u64,
    pub(super) offset: u64,
    /// How many bytes the line has, without the line break.
    pub(super) length: u64,
    /// The crc32 of these bytes.
    pub(super) crc: u32,
}

/// Stored state, in the index only: a run without its rejects, and where its line stands; no place
/// where that line is not in the ledger any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RunEntryV1 {
    pub(super) run: RunV1,
    pub(super) seq: u64,
    pub(super) place: Option<PlaceV1>,
}

/// Stored state, in the index only: up to where the index is current, what it holds, and with
/// which segment the ledger begins that its places lead to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MetaV2 {
    pub(super) store: String,
    pub(super) seq: u64,
    pub(super) sum: String,
    pub(super) last_run: u64,
    pub(super) records: u64,
    pub(super) digest: String,
    /// 0 where the places are not complete: the index is then built anew.
    pub(super) begins: u64,
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
pub(super) struct MetaV1 {
    pub(super) store: String,
    pub(super) seq: u64,
    pub(super) sum: String,
    pub(super) last_run: u64,
    pub(super) records: u64,
    pub(super) digest: String,
}
