//! What to do with a store that was just looked at: a decision of the survey alone.

use super::survey::{BadLine, Seen, Survey};

/// What opening has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plan {
    /// The ledger is good, perhaps after its last line, which never was whole, is cut.
    Ledger {
        /// The line that is cut.
        cut: Option<BadLine>,
        /// What becomes of the index.
        index: ForIndex,
    },
    /// The ledger lost something that the index holds: the index is made current with the lines
    /// that follow from it, and a new base is written from it.
    Adopt {
        /// The damage; none where lines are missing at the end without a trace.
        bad: Option<BadLine>,
    },
    /// Something is damaged that nothing else holds.
    Refuse(BadLine),
}

/// What becomes of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ForIndex {
    /// It is current.
    Keep,
    /// The lines after it are applied.
    Replay,
    /// It is moved aside, if there is one, and built from the ledger.
    Rebuild,
}

/// Decides.
///
/// A bad line at the end is a torn one, which was never acknowledged, unless somebody knows better:
/// a later line that proves that it was once whole, or the index, which is only told of lines that
/// are on the disk.
pub(super) fn plan(survey: &Survey) -> Plan {
    let reach = match survey.index {
        Seen::Follows { reach, .. } => Some(reach),
        _ => None,
    };
    if let Some(reach) = reach
        && reach.seq > survey.end.seq
    {
        return match &survey.bad {
            Some(bad) if reach.seq < survey.proven => Plan::Refuse(bad.clone()),
            bad => Plan::Adopt { bad: bad.clone() },
        };
    }
    let cut = match &survey.bad {
        None => None,
        Some(bad) => {
            let last = bad.spot.segment == survey.last_segment && bad.line > 0;
            if !last || survey.proven > survey.end.seq {
                return Plan::Refuse(bad.clone());
            }
            Some(bad.clone())
        }
    };
    let index = match survey.index {
        Seen::Follows { next: None, .. } => ForIndex::Keep,
        Seen::Follows { .. } => ForIndex::Replay,
        Seen::Nothing | Seen::TooOld | Seen::Other => ForIndex::Rebuild,
    };
    Plan::Ledger { cut, index }
}
