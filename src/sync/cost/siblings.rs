//! What the lines of an agreement tell together: the days on which their rows begin, and the day
//! that their billing periods are counted from.
//!
//! ```text
//! agreement    ├──┤ opening stub
//!            05-19    06-01          07-01          08-01
//! one line       ├────┼──────────────┼──────────────┤     whole rows from the first of the month
//! another line             ├─────────┤                    no whole row: counted as the one above it
//! ```

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};

use super::cycle::whole_months;
use super::frame::by_calendar;
use super::row::Row;
use crate::model::BillingCycle;

/// What the lines of an agreement tell together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Siblings {
    begins: BTreeSet<NaiveDate>,
    /// By the months of a period, the day that periods are counted from, where that is not the first
    /// day of the agreement.
    anchors: BTreeMap<u32, NaiveDate>,
}

impl Siblings {
    /// Of an agreement that begins on `start` and has the cycle `own`, and the rows of all its lines.
    pub fn of<'a>(
        start: Option<NaiveDate>,
        own: Option<BillingCycle>,
        rows: impl IntoIterator<Item = &'a Row>,
    ) -> Siblings {
        let mut siblings = Siblings::default();
        // A row that is shorter than a period of the agreement may be a part of one.
        let least = own.and_then(BillingCycle::months).unwrap_or(1);
        let mut fits: BTreeSet<u32> = BTreeSet::new();
        for row in rows {
            siblings.begins.insert(row.start);
            let months = whole_months(row.start, row.end).filter(|months| *months >= least);
            let Some(months) = months else { continue };
            let by_start = start.and_then(|start| by_calendar(start, months, row.start));
            match by_start {
                Some(period) if period == (row.start, row.end) => drop(fits.insert(months)),
                Some((_, last)) if row.end <= last => {}
                _ => {
                    // Periods that begin on the 31st are seen to do so in the longest month.
                    let known = siblings.anchors.entry(months).or_insert(row.start);
                    if known.day() < row.start.day() {
                        *known = row.start;
                    }
                }
            }
        }
        siblings.anchors.retain(|months, _| !fits.contains(months));
        siblings
    }

    /// Whether rows begin on a day.
    pub(super) fn begin_on(&self, day: NaiveDate) -> bool {
        self.begins.contains(&day)
    }

    /// The day that periods of so many months are counted from, where whole rows tell another than the
    /// first day of the agreement.
    pub(super) fn anchor(&self, months: u32) -> Option<NaiveDate> {
        let mut longer = self.anchors.range(months..);
        longer.find(|(other, _)| *other % months == 0).map(|(_, day)| *day)
    }
}
