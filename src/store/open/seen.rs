//! What an opening has seen of a store.

use super::opening::Extent;
use crate::store::core::Past;
use crate::store::format::chain::ChainHead;
use crate::store::index::Index;
use crate::store::log::head::HeadRecord;
use crate::store::log::survey::Survey;

/// What there is, before anything is decided.
pub(super) struct Seen {
    pub(super) past: Past,
    pub(super) index: Option<Index>,
    /// Why there is no index.
    pub(super) why: String,
    /// With which segment the ledger begins that the index's places lead to; none once the lines stand
    /// elsewhere.
    pub(super) begins: Option<u64>,
    pub(super) survey: Survey,
    pub(super) record: Option<HeadRecord>,
}

impl Seen {
    /// Whether there is not a single commit in the ledger.
    pub(super) fn is_empty(&self) -> bool {
        self.past.base.is_none() && self.survey.lines == 0 && self.survey.bad.is_none()
    }

    /// Whether the head record says that the store was closed without a commit in it.
    pub(super) fn was_unused(&self) -> bool {
        self.extent(ChainHead::START).is_whole
    }

    /// How much is known of a store that ends there.
    pub(super) fn extent(&self, head: ChainHead) -> Extent {
        let closed = self.record.as_ref().filter(|record| record.closed && record.head == head);
        Extent { commit: head.seq, is_whole: closed.is_some() }
    }
}
