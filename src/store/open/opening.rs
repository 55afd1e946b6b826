//! What opening a store found and did, for the log and for `doctor`.

use std::fmt;
use std::path::PathBuf;

use crate::store::log::stretches::Gap;

/// How much is known of what there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The sequence of the last commit that is there.
    pub commit: u64,
    /// Whether the head record says that it was the last one when the store was closed. Nothing else
    /// can tell that no later one is missing.
    pub is_whole: bool,
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_whole {
            true => write!(f, "nothing is lost"),
            false => {
                let last = self.commit;
                write!(f, "up to commit {last}; whether there was a later one cannot be told")
            }
        }
    }
}

/// One thing that opening found or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// There was no store yet.
    NewStore,
    /// There is no commit in a store that was made before, and nobody knows whether there ever was one:
    /// as after a kill before the first, or where all of it is lost.
    NoCommit,
    /// `store.json` was missing beside a ledger and was made anew.
    IdentityMade(Extent),
    /// The index was behind the ledger, as after a kill; that many commits were applied to it.
    Replayed(u64),
    /// The index was built anew from the ledger.
    IndexRebuilt {
        /// Why.
        why: String,
        /// Where the old one is; none if there was none.
        kept: Option<PathBuf>,
        /// How much it holds.
        extent: Extent,
    },
    /// The index was built anew from the ledger, because its places led to where lines stood
    /// before. Nothing was wrong with it otherwise, and the old one is gone.
    IndexRenewed {
        /// Why.
        why: String,
        /// How much it holds.
        extent: Extent,
    },
    /// The last line was incomplete, as a kill or a loss of power leaves it, and was cut.
    TornLineCut {
        /// The file.
        file: PathBuf,
        /// How many bytes.
        bytes: u64,
        /// Where they were put; none if that failed, as on a full disk.
        kept: Option<PathBuf>,
        /// How much is there without them.
        extent: Extent,
    },
    /// The ledger is damaged or lost its end. The index held what it lost, and a base was written
    /// from it.
    LedgerRepaired {
        /// What is wrong.
        why: String,
        /// Where the damaged file is; none where lines are missing at the end without a trace.
        kept: Option<PathBuf>,
        /// The base.
        base: PathBuf,
        /// How much the index held.
        extent: Extent,
        /// Whether that is all that was there; not where a person accepted a loss.
        is_all: bool,
    },
    /// A segment was damaged in a way that could be undone exactly.
    DamageUndone {
        /// The file.
        file: PathBuf,
        /// What was wrong.
        wrong: String,
        /// Where the damaged file is.
        kept: PathBuf,
    },
    /// A person accepted that what cannot be read any more is lost.
    LossAccepted {
        /// What cannot be read.
        gaps: Vec<Gap>,
        /// The last commit that is there.
        commit: u64,
        /// Where the old index is; none if there was none.
        kept: Option<PathBuf>,
        /// The last commit that is known to have been there; none where nothing is known.
        proven: Option<u64>,
    },
    /// A file that belongs to another store, or to another history of this one, was moved aside.
    MovedAside {
        /// What it is, and how that shows.
        why: String,
        /// Where it is.
        kept: PathBuf,
    },
    /// A backup took the place of what was there before.
    Restored {
        /// Where that is.
        kept: PathBuf,
    },
    /// What restores, backups and looks at the store had left half done was removed.
    LeftoversRemoved(Vec<PathBuf>),
    /// Another version had opened the store last, and no copy could be kept for the way back.
    NoCopy(String),
    /// A base cannot be read; an older one, or the ledger alone, served.
    BaseUnusable(String),
}

/// In one line for a person; `{:#}` leaves out where damaged files are kept, for a look that changes
/// nothing.
impl fmt::Display for Finding {
    #[expect(clippy::too_many_lines, reason = "one table of texts")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::NewStore => write!(f, "created a new store"),
            Finding::NoCommit => {
                write!(f, "the store holds no commit; whether there was one cannot be told")
            }
            Finding::IdentityMade(extent) => {
                write!(f, "store.json was missing and was written again: {extent}")
            }
            Finding::Replayed(1) => write!(f, "applied 1 commit of the ledger to the index"),
            Finding::Replayed(n) => write!(f, "applied {n} commits of the ledger to the index"),
            Finding::IndexRebuilt { why, kept, extent } => {
                write!(f, "rebuilt the index from the ledger: {why}; {extent}")?;
                kept.as_ref()
                    .map_or(Ok(()), |kept| write!(f, "; the old one is {}", kept.display()))
            }
            Finding::IndexRenewed { why, extent } => {
                write!(f, "rebuilt the index from the ledger: {why}; {extent}")
            }
            Finding::TornLineCut { file, bytes, kept, extent } => {
                let file = file.display();
                write!(f, "cut {bytes} bytes of an incomplete line from the end of {file}")?;
                if let Some(kept) = kept.as_ref().filter(|_| !f.alternate()) {
                    write!(f, ", which are in {}", kept.display())?;
                }
                write!(f, "; {extent}")
            }
            Finding::LedgerRepaired { why, kept, base, extent, is_all } => {
                let base = base.display();
                let from = match is_all {
                    true => "the index, which held what is missing",
                    false => "all that could be read",
                };
                write!(f, "the ledger is damaged: {why}; {base} was written from {from}; ")?;
                match *is_all && extent.is_whole {
                    true => f.write_str(
                        "no contract and no note is lost, only the history of what cannot be read",
                    )?,
                    false => write!(f, "{extent}")?,
                }
                if let Some(kept) = kept.as_ref().filter(|_| !f.alternate()) {
                    write!(f, "; the damaged file is {}", kept.display())?;
                }
                write!(f, "; check the disk and make a backup")
            }
            Finding::DamageUndone { file, wrong, kept } => {
                let file = file.display();
                write!(
                    f,
                    "undid damage of {file} exactly, as the checksum of each line confirms: {wrong}"
                )?;
                if !f.alternate() {
                    write!(f, "; the damaged file is {}", kept.display())?;
                }
                write!(f, "; check the disk and make a backup")
            }
            Finding::LossAccepted { gaps, commit, kept, proven } => {
                write!(f, "everything that can be read was kept, up to commit {commit}")?;
                if let Some(proven) = proven.filter(|proven| proven > commit) {
                    write!(f, "; commits {} to {proven} are lost", commit + 1)?;
                }
                for gap in gaps {
                    write!(f, "; {gap}")?;
                }
                kept.as_ref()
                    .map_or(Ok(()), |kept| write!(f, "; the old index is {}", kept.display()))
            }
            Finding::MovedAside { why, kept } => {
                write!(f, "{why}; it was moved to {}", kept.display())
            }
            Finding::Restored { kept } => {
                let kept = kept.display();
                write!(f, "a backup was restored; the previous store is in {kept}")
            }
            Finding::LeftoversRemoved(paths) => {
                let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
                write!(f, "removed what an interrupted operation had left: {}", names.join(", "))
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
            | Finding::NoCommit
            | Finding::Replayed(_)
            | Finding::IndexRenewed { .. }
            | Finding::LeftoversRemoved(_)
            | Finding::NoCopy(_)
            | Finding::Restored { .. }
            | Finding::TornLineCut { .. } => false,
            Finding::IdentityMade(_)
            | Finding::IndexRebuilt { .. }
            | Finding::DamageUndone { .. }
            | Finding::LossAccepted { .. }
            | Finding::MovedAside { .. }
            | Finding::LedgerRepaired { .. }
            | Finding::BaseUnusable(_) => true,
        })
    }

    /// One line for a person about each.
    pub fn remarks(&self) -> Vec<String> {
        self.findings.iter().map(Finding::to_string).collect()
    }
}
