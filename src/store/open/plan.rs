//! What to do with a store that was just looked at: a decision of the survey alone.

use crate::store::log::survey::{CorruptRecord, IndexState, RecordState, Survey};

/// What opening has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Plan {
    /// The ledger is good, perhaps after its last line, which never was whole, is cut.
    Ledger {
        /// The line that is cut.
        cut: Option<CorruptRecord>,
        /// What becomes of the index.
        index: ForIndex,
    },
    /// The ledger lost something that the index holds: the index is made current with the lines
    /// that follow from it, and a new base is written from it.
    Adopt {
        /// The damage; none where lines are missing at the end without a trace.
        bad: Option<CorruptRecord>,
    },
    /// Something is damaged that nothing else holds.
    Refuse(Damage),
}

/// Why a store is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Damage {
    /// A line is not as it should be, and the index does not hold what it held.
    Line(CorruptRecord),
    /// The lines end before a commit that was once on the disk: this one.
    EndsBefore(u64),
    /// The ledger is not the one that the head record is of.
    OtherHistory,
}

/// What becomes of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum ForIndex {
    /// It is current.
    Keep,
    /// The lines after it are applied.
    Replay,
    /// It is moved aside, if there is one, and built from the ledger.
    Rebuild,
    /// It holds what it should, but its places lead to where lines stood before a pruning: it is
    /// removed, and built from the ledger.
    Renew,
}

/// Decides. `begins` is the segment with which the ledger begins that the index's places lead to,
/// and `start` the one with which this ledger begins.
///
/// A bad line at the end that looks like a torn one is cut, unless somebody knows better: a later
/// line that proves that it was once whole, the index, which is only told of lines that are on the
/// disk, or the head record. A whole line with a wrong checksum is damage.
///
/// Where the head record is of another history than the ledger, the index decides, if it can be used
/// and follows from the ledger; without it nobody can tell.
pub(in crate::store) fn plan(survey: &Survey, begins: u64, start: u64) -> Plan {
    let reach = match survey.index {
        IndexState::Follows { reach, .. } => Some(reach),
        _ => None,
    };
    if let Some(reach) = reach
        && reach.seq > survey.end.seq
    {
        return match &survey.bad {
            Some(bad) if reach.seq < survey.proven => Plan::Refuse(Damage::Line(bad.clone())),
            None if reach.seq < survey.proven => Plan::Refuse(Damage::EndsBefore(survey.proven)),
            bad => Plan::Adopt { bad: bad.clone() },
        };
    }
    if survey.record == RecordState::Other && reach.is_none() {
        return Plan::Refuse(Damage::OtherHistory);
    }
    let cut = match &survey.bad {
        None if survey.proven > survey.end.seq => {
            return Plan::Refuse(Damage::EndsBefore(survey.proven));
        }
        None => None,
        Some(bad) => {
            let last = bad.position.segment == survey.last_segment && bad.line > 0;
            if !last || !bad.torn || survey.proven > survey.end.seq {
                return Plan::Refuse(Damage::Line(bad.clone()));
            }
            Some(bad.clone())
        }
    };
    let index = match survey.index {
        IndexState::Follows { .. } if begins != start => ForIndex::Renew,
        IndexState::Follows { next: None, .. } => ForIndex::Keep,
        IndexState::Follows { .. } => ForIndex::Replay,
        IndexState::Nothing | IndexState::TooOld | IndexState::Other => ForIndex::Rebuild,
    };
    Plan::Ledger { cut, index }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::store::format::chain::{ChainHash, ChainHead};
    use crate::store::log::segment::LogPosition;

    fn at(seq: u64) -> ChainHead {
        ChainHead { seq, hash: ChainHash::START }
    }

    /// A ledger whose lines follow up to `end`, with a bad line behind it in segment `bad` of two.
    fn survey(end: u64, bad: Option<u64>, proven: u64, index: IndexState) -> Survey {
        let position = |segment| LogPosition { segment, offset: 100 };
        let bad = bad.map(|segment| CorruptRecord {
            file: PathBuf::from("file"),
            position: position(segment),
            line: 7,
            torn: true,
            why: "why".to_owned(),
        });
        Survey {
            end: at(end),
            end_position: position(2),
            group: position(2),
            bad,
            proven,
            index,
            record: RecordState::Nothing,
            last_segment: 2,
            lines: end,
            bytes: 0,
        }
    }

    fn name(survey: &Survey, begins: u64) -> &'static str {
        match plan(survey, begins, 1) {
            Plan::Ledger { cut: None, index: ForIndex::Keep } => "keep",
            Plan::Ledger { cut: None, index: ForIndex::Replay } => "replay",
            Plan::Ledger { cut: None, index: ForIndex::Rebuild } => "rebuild",
            Plan::Ledger { cut: None, index: ForIndex::Renew } => "renew",
            Plan::Ledger { cut: Some(_), index: ForIndex::Renew } => "cut, renew",
            Plan::Ledger { cut: Some(_), index: ForIndex::Keep } => "cut, keep",
            Plan::Ledger { cut: Some(_), index: ForIndex::Replay } => "cut, replay",
            Plan::Ledger { cut: Some(_), index: ForIndex::Rebuild } => "cut, rebuild",
            Plan::Adopt { .. } => "adopt",
            Plan::Refuse(Damage::Line(_)) => "refuse",
            Plan::Refuse(Damage::EndsBefore(_)) => "ends early",
            Plan::Refuse(Damage::OtherHistory) => "other history",
        }
    }

    fn with_record(record: RecordState, survey: Survey) -> Survey {
        Survey { record, ..survey }
    }

    /// The bad line is a whole one.
    fn whole(mut survey: Survey) -> Survey {
        if let Some(bad) = &mut survey.bad {
            bad.torn = false;
        }
        survey
    }

    #[test]
    fn every_case_has_its_plan() {
        let next = Some(LogPosition { segment: 2, offset: 0 });
        let index = |seq, next| IndexState::Follows { reach: at(seq), next };
        let cases = [
            ("keep", survey(9, None, 8, index(9, None))),
            ("replay", survey(9, None, 8, index(9, next))),
            ("rebuild", survey(9, None, 8, IndexState::Nothing)),
            ("rebuild", survey(9, None, 8, IndexState::TooOld)),
            ("rebuild", survey(9, None, 8, IndexState::Other)),
            ("cut, keep", survey(9, Some(2), 9, index(9, None))),
            ("cut, replay", survey(9, Some(2), 9, index(9, next))),
            ("cut, rebuild", survey(9, Some(2), 9, IndexState::Nothing)),
            // The index was told of a line that the ledger does not hold any more.
            ("adopt", survey(9, None, 8, index(12, None))),
            ("adopt", survey(9, Some(2), 9, index(10, None))),
            ("adopt", survey(9, Some(1), 15, index(15, next))),
            // A later line says that the bad one was once whole.
            ("refuse", survey(9, Some(2), 10, IndexState::Nothing)),
            ("refuse", survey(9, Some(2), 10, index(9, None))),
            ("refuse", survey(9, Some(2), 15, index(12, None))),
            // A segment is only followed by another when it is whole.
            ("refuse", survey(9, Some(1), 9, index(9, None))),
            // A whole line with a wrong checksum was never torn; the index may hold what it held.
            ("refuse", whole(survey(9, Some(2), 9, index(9, None)))),
            ("refuse", whole(survey(9, Some(2), 9, IndexState::Nothing))),
            ("adopt", whole(survey(9, Some(2), 9, index(10, None)))),
            // Somebody knows of a commit beyond the end.
            ("ends early", survey(9, None, 12, IndexState::Nothing)),
            ("ends early", survey(9, None, 12, index(9, None))),
            ("ends early", survey(9, None, 12, index(11, None))),
            ("adopt", survey(9, None, 12, index(12, None))),
            // The head record is of another history.
            (
                "other history",
                with_record(RecordState::Other, survey(9, None, 8, IndexState::Nothing)),
            ),
            ("keep", with_record(RecordState::Other, survey(9, None, 8, index(9, None)))),
        ];
        for (wanted, survey) in cases {
            assert_eq!(name(&survey, 1), wanted, "{survey:?}");
            // An index whose places lead elsewhere is a witness all the same.
            let elsewhere = match wanted {
                "keep" | "replay" => "renew",
                "cut, keep" | "cut, replay" => "cut, renew",
                other => other,
            };
            assert_eq!(name(&survey, 0), elsewhere, "{survey:?}");
        }
    }
}
