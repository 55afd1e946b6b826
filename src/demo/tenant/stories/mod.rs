//! The hand-written tenant: fifteen clients, each with stories that a client of the API must cope
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
//! | 181 Cobalt Engineering | 29683811, 29683812 | changes within the period as a chain, and to come |
//! | 182 Meridian Foods | 29683821 to 29683823 | a renewal written ahead, under another name, a day after; one without end |
//! | 183 Saffron Hotels | 29683831 to 29683833 | inactive, but billed; ended, but active; over |
//! | 184 Thornbury Estates | 29683841 to 29683843 | hours, retainers and tickets with their charges |
//! | 185 Weaver Print | 29683851 | billed by a rule: 13 charges of 300.00 |
//! | 186 Marigold Nurseries | 29683861 | yearly beside monthly, credits, setup fee, billed to 187, charges |
//! | 187 Larkspur Daycare | 29683871 to 29683873 | stubs at both ends; lines that begin and end within |

mod bought;
mod catalogue;
mod changes;
mod cycles;
mod others;
mod recurring;
mod renewals;
mod stubs;
mod types;

use chrono::NaiveDate;

use super::billing::reading::Reading;
use super::book::Book;

pub(crate) use catalogue::{BUNDLES, Item, SERVICES};

/// Periods with unit rows before and after the current one.
const PERIODS: i32 = 3;

/// The tables of the stories. Changes are recorded as extra rows, unless a story says otherwise.
pub(crate) fn build(today: NaiveDate) -> Book {
    let mut book = Book::new(today, PERIODS, PERIODS, Reading::Delta);
    catalogue::write(&mut book);
    others::brightwater(&mut book);
    recurring::acme(&mut book);
    recurring::northwind_traders(&mut book);
    recurring::northwind_logistics(&mut book);
    types::harbor(&mut book);
    recurring::summit(&mut book);
    others::lakeside(&mut book);
    others::erable(&mut book);
    changes::cobalt(&mut book);
    renewals::meridian(&mut book);
    renewals::saffron(&mut book);
    bought::thornbury(&mut book);
    bought::weaver(&mut book);
    cycles::marigold(&mut book);
    stubs::larkspur(&mut book);
    book
}

/// The catalogue alone, for the generator.
pub(crate) fn catalogue_only(book: &mut Book) {
    catalogue::write(book);
}

#[cfg(test)]
mod tests;
