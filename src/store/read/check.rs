//! Looking after the store while it is in use: reads the ledger and the index once more and tells
//! what does not hold.

use super::present::Head;
use crate::store::core::Core;
use crate::store::error::StoreError;
use crate::store::log::survey::{self, IndexState, Witnesses};

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// How many lines of the ledger are good.
    pub lines: u64,
    /// How many bytes of the ledger were read.
    pub bytes: u64,
    /// How far the store was then.
    pub head: Head,
    /// What does not hold; empty in a sound store. A restart repairs what can be repaired.
    pub faults: Vec<String>,
}

impl CheckReport {
    /// Whether everything holds.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Reads the whole ledger and the whole index.
pub(in crate::store) fn check(core: &Core) -> Result<CheckReport, StoreError> {
    let past = core.past();
    let mut faults = Vec::new();
    let meta = {
        let meta = core.index.gate()?;
        if core.index.stored_meta()?.is_some_and(|stored| stored != *meta) {
            faults.push("the index does not hold the meta record that was written".to_owned());
        }
        let (tally, counts) = core.index.recount()?;
        if counts != *core.index.counts() {
            faults.push("the index holds other contracts than it counted".to_owned());
        }
        if tally != meta.tally {
            faults.push(format!(
                "the index holds {} records with digest {}, expected {} with digest {}",
                tally.records,
                tally.text(),
                meta.tally.records,
                meta.tally.text()
            ));
        }
        meta.clone()
    };
    let until = Some(meta.head.seq);
    let witnesses = Witnesses { index: Some(meta.head), record: None };
    let survey = survey::survey(&core.ledger_dir, past.start, witnesses, until)?;
    if let Some(bad) = &survey.bad {
        faults.push(format!("{}, line {}: {}", bad.file.display(), bad.line, bad.why));
    } else if survey.end != meta.head || survey.index == IndexState::Other {
        faults.push(format!(
            "the ledger ends at commit {} and the index at {}, or they differ",
            survey.end.seq, meta.head.seq
        ));
    }
    if let Some(trouble) = core.trouble.get() {
        faults.push(format!("the store is read-only: {trouble}"));
    }
    let head = Head {
        seq: meta.head.seq,
        sum: meta.head.hash.to_string(),
        records: meta.tally.records,
        digest: meta.tally.text(),
    };
    Ok(CheckReport { lines: survey.lines, bytes: survey.bytes, head, faults })
}
