//! What opening a store found and did, for the log and for `doctor`.

use std::fmt;
use std::path::PathBuf;

/// One thing that opening found or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// There was no store yet.
    NewStore,
    /// `store.json` was missing beside a ledger and was made anew.
    IdentityMade,
    /// The index was behind the ledger, as after a kill; that many commits were applied to it.
    Replayed(u64),
    /// The index was built anew from the ledger.
    IndexRebuilt {
        /// Why.
        why: String,
        /// Where the old one is; none if there was none.
        kept: Option<PathBuf>,
    },
    /// The index was built anew from the ledger, because its places led to where lines stood
    /// before. Nothing was wrong with it otherwise, and the old one is gone.
    IndexRenewed(String),
    /// The last line had been written in part and never acknowledged, and was cut.
    TornLineCut {
        /// The file.
        file: PathBuf,
        /// How many bytes.
        bytes: u64,
        /// Where they were put; none if that failed, as on a full disk.
        kept: Option<PathBuf>,
    },
    /// The ledger is damaged or lost its end. The index held everything, and a base was written
    /// from it. History before it is in the kept files only.
    LedgerRepaired {
        /// What is wrong.
        why: String,
        /// Where the damaged file is; none where lines are missing at the end without a trace.
        kept: Option<PathBuf>,
        /// The base.
        base: PathBuf,
    },
    /// A backup took the place of what was there before.
    Restored {
        /// Where that is.
        kept: PathBuf,
    },
    /// Another version had opened the store last, and no copy could be kept for the way back.
    NoCopy(String),
    /// A base cannot be read; an older one, or the ledger alone, served.
    BaseUnusable(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::NewStore => write!(f, "created a new store"),
            Finding::IdentityMade => {
                write!(f, "store.json was missing and was written again; the data is complete")
            }
            Finding::Replayed(1) => write!(f, "applied 1 commit of the ledger to the index"),
            Finding::Replayed(n) => write!(f, "applied {n} commits of the ledger to the index"),
            Finding::IndexRebuilt { why, kept } => {
                write!(f, "rebuilt the index from the ledger, nothing is lost: {why}")?;
                kept.as_ref()
                    .map_or(Ok(()), |kept| write!(f, "; the old one is {}", kept.display()))
            }
            Finding::IndexRenewed(why) => {
                write!(f, "rebuilt the index from the ledger, nothing is lost: {why}")
            }
            Finding::TornLineCut { file, bytes, kept } => {
                let file = file.display();
                write!(f, "cut {bytes} bytes of a commit that was never acknowledged from {file}")?;
                kept.as_ref().map_or(Ok(()), |kept| write!(f, "; they are in {}", kept.display()))
            }
            Finding::LedgerRepaired { why, kept, base } => {
                let base = base.display();
                write!(
                    f,
                    "the ledger is damaged: {why}; the index held everything, and {base} was \
                     written from it"
                )?;
                if let Some(kept) = kept {
                    write!(f, "; the damaged file is {}", kept.display())?;
                }
                write!(f, "; check the disk and make a backup")
            }
            Finding::Restored { kept } => {
                let kept = kept.display();
                write!(f, "a backup was restored; the previous store is in {kept}")
            }
            Finding::NoCopy(why) => {
                write!(f, "no copy of the ledger of the earlier version could be kept: {why}")
            }
            Finding::BaseUnusable(why) => write!(f, "a base cannot be used: {why}"),
        }
    }
}

/// What opening a store found and did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opening {
    /// In the order in which it happened.
    pub findings: Vec<Finding>,
}

impl Opening {
    /// Whether the store was as it had been left, or is new.
    pub fn is_clean(&self) -> bool {
        self.findings.iter().all(|finding| *finding == Finding::NewStore)
    }

    /// Whether something was damaged: more than what a kill leaves behind.
    pub fn is_damage(&self) -> bool {
        self.findings.iter().any(|finding| match finding {
            Finding::NewStore
            | Finding::Replayed(_)
            | Finding::IndexRenewed(_)
            | Finding::NoCopy(_)
            | Finding::Restored { .. }
            | Finding::TornLineCut { .. } => false,
            Finding::IdentityMade
            | Finding::IndexRebuilt { .. }
            | Finding::LedgerRepaired { .. }
            | Finding::BaseUnusable(_) => true,
        })
    }

    /// One line for a person about each.
    pub fn remarks(&self) -> Vec<String> {
        self.findings.iter().map(Finding::to_string).collect()
    }
}
