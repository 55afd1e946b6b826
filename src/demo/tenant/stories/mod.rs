//! The hand-written tenant: eight clients, one for each story that a client of the API must cope
//! with, and a vendor. Dates follow `today`; ids are fixed.
//!
//! | client | agreements | what is special |
//! |---|---|---|
//! | 0 Brightwater IT | 29600001 | the MSP itself: id 0 is valid |
//! | 174 Acme Dental | 29683353, 29683354 | plain: three lines, 482.60 a month; S55102 has 11 units, 254.10 |
//! | 175 Northwind Traders | 29683401 | bundles; S55120 adjusted within the period; S55121 has no units today |
//! | 176 Northwind Logistics | 29683412 | quarterly; the same service twice (S55130, S55131) |
//! | 177 Harbor Legal Group | 29683501 to 29683506 | one agreement of every type |
//! | 178 Summit Veterinary | 29683601, 29683602 | a renewal |
//! | 179 Lakeside Academy | 29683701, 29683702 | values in no picklist; odd descriptions |
//! | 180 Clinique Érable Rouge | 29683801 | Canadian dollars; dates with a time |

mod catalogue;
mod others;
mod recurring;
mod types;

use chrono::NaiveDate;

use super::book::Book;
use super::table::Tables;

pub(crate) use catalogue::{BUNDLES, Item, SERVICES};

/// Periods with unit rows before and after the current one.
const PERIODS: i32 = 3;

/// The tables of the stories.
pub(crate) fn build(today: NaiveDate) -> Tables {
    let mut book = Book { today, tables: Tables::new(), before: PERIODS, after: PERIODS };
    catalogue::write(&mut book);
    others::brightwater(&mut book);
    recurring::acme(&mut book);
    recurring::northwind_traders(&mut book);
    recurring::northwind_logistics(&mut book);
    types::harbor(&mut book);
    recurring::summit(&mut book);
    others::lakeside(&mut book);
    others::erable(&mut book);
    book.tables
}

/// The catalogue alone, for the generator.
pub(crate) fn catalogue_only(today: NaiveDate, periods: i32) -> Book {
    let mut book = Book { today, tables: Tables::new(), before: periods, after: periods };
    catalogue::write(&mut book);
    book
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::tenant::entity::Entity;

    /// Units of a service line whose rows cover the day.
    fn units(tables: &Tables, line: i64, day: NaiveDate) -> Vec<i64> {
        let rows = tables.of(Entity::ContractServiceUnits).children("contractServiceID", line);
        rows.into_iter()
            .filter(|row| row.get("startDate").as_date() <= Some(day))
            .filter(|row| row.get("endDate").as_date() >= Some(day))
            .filter_map(|row| row.get("units").as_int())
            .collect()
    }

    #[test]
    fn the_stories_hold_on_any_day() {
        for (year, month, day) in [(2026, 1, 1), (2026, 9, 8), (2027, 12, 31), (2028, 2, 29)] {
            let today = NaiveDate::from_ymd_opt(year, month, day).expect("a date");
            let tables = build(today);
            assert_eq!(units(&tables, 55_102, today), [11], "{today}");
            assert_eq!(units(&tables, 55_120, today), [10, 3], "{today}");
            assert!(units(&tables, 55_121, today).is_empty(), "{today}");
            assert_eq!(units(&tables, 55_130, today), [6], "{today}");
            assert_eq!(units(&tables, 55_160, today), [40], "{today}");
            assert!(units(&tables, 55_140, today).is_empty(), "{today}");
            assert_eq!(units(&tables, 55_141, today), [6], "{today}");
        }
    }
}
