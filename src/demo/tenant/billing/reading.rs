//! How Autotask records a change within a billing period. No public source shows it (the Autotask
//! facts, section 9.1), so that every way that fits what is public is here. 25 units at 45.00 for a
//! month from the first of June, two more from the 23rd:
//!
//! | reading | rows |
//! |---|---|
//! | delta | `06-01..06-30 25 1125.00` stays, `06-23..06-30 2 24.00` is added |
//! | chain | `06-01..06-23 25 825.00` is cut, `06-23..06-30 27 324.00` follows it |
//! | day before | as the chain, but the first row ends on `06-22` |

/// How a change within a billing period stands in the unit rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A row of its own, with the difference, from the day of the change to the period's end.
    Delta,
    /// The row is cut and ends on the day on which the next one, with all units, begins.
    Chain,
    /// The row is cut and ends on the day before.
    DayBefore,
    /// Each of these for a third of the lines.
    Both,
}

impl Reading {
    /// The one that holds for the line of this id; never [`Reading::Both`].
    pub(crate) fn of(self, line: i64) -> Reading {
        match (self, line.rem_euclid(3)) {
            (Reading::Both, 0) => Reading::Delta,
            (Reading::Both, 1) => Reading::Chain,
            (Reading::Both, _) => Reading::DayBefore,
            (reading, _) => reading,
        }
    }

    /// The one that a generated tenant has, by its seed.
    pub(crate) fn of_seed(seed: u64) -> Reading {
        match seed % 3 {
            0 => Reading::Delta,
            1 => Reading::Chain,
            _ => Reading::Both,
        }
    }
}
