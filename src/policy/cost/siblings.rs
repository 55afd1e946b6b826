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

use super::calendar::{begins, by_calendar, none_lies_across};
use super::cycle::{most_days, whole_months};
use super::row::{Row, days};
use crate::model::BillingCycle;

/// What the lines of an agreement tell together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Siblings {
    begins: BTreeSet<NaiveDate>,
    /// By the months of a period, the day that periods are counted from, where that is not the first
    /// day of the agreement.
    anchors: BTreeMap<u32, NaiveDate>,
    /// Whether a whole row tells that, or that it is the first day.
    is_told: bool,
    /// Where rows fit no period from the first day, and none tells another: the first day that they all
    /// fit, if there is one.
    supposed: Option<Option<NaiveDate>>,
}

impl Siblings {
    /// Of an agreement that begins on `start` and has the cycle `own`, and the rows of all its lines.
    pub fn of(start: Option<NaiveDate>, own: Option<BillingCycle>, rows: &[Row]) -> Siblings {
        let mut siblings = Siblings::default();
        // A row that is shorter than a period of the agreement may be a part of one.
        let own = own.and_then(BillingCycle::months);
        let mut fits: BTreeSet<u32> = BTreeSet::new();
        for row in rows {
            siblings.begins.insert(row.start);
            let months = whole_months(row.start, row.end);
            let Some(months) = months.filter(|months| own.is_none_or(|own| own <= *months)) else {
                continue;
            };
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
        siblings.is_told = !siblings.anchors.is_empty() || !fits.is_empty();
        if let (Some(start), Some(own)) = (start, own)
            && siblings.anchor(own).is_none()
            && !fits.contains(&own)
        {
            siblings.suppose(start, own, rows);
        }
        siblings
    }

    /// Supposes a day where parts of periods fit none from the first day of the agreement.
    fn suppose(&mut self, start: NaiveDate, own: u32, rows: &[Row]) {
        let is_part = |row: &&Row| days((row.start, row.end)) <= most_days(own);
        let parts: Vec<Row> = rows.iter().filter(is_part).cloned().collect();
        if !none_lies_across(&parts, start, own) {
            let mut begins = begins(&parts).into_iter();
            self.supposed = Some(begins.find(|begin| none_lies_across(&parts, *begin, own)));
        }
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

    /// Whether a whole row tells the day that periods are counted from.
    pub(super) fn is_told(&self) -> bool {
        self.is_told
    }

    /// Whether it is plain that they are counted from another day than the first of the agreement, but
    /// not from which.
    pub(super) fn is_supposed(&self) -> bool {
        self.supposed.is_some()
    }

    /// The day that periods may be counted from, where only that can be said.
    pub(super) fn supposed(&self) -> Option<NaiveDate> {
        self.supposed.flatten()
    }
}
