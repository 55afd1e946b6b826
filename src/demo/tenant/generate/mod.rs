//! A tenant of any size from a seed, for benchmarks and for tests of large pulls: the stories of an
//! MSP in the shares in which they occur. The same seed gives the same tenant; the hand-written
//! stories are not in it.
//!
//! `agreements` says how agreements begin, end and are renewed, `lines` what happens to their lines
//! within a period, `sales` what is sold once.

mod agreements;
mod lines;
mod sales;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use fastrand::Rng;

use super::billing::reading::Reading;
use super::book::Book;
use super::book::agreement::USD;
use super::stories;

/// Where generated ids begin.
const FIRST_CLIENT: i64 = 1000;
const FIRST_AGREEMENT: i64 = 29_700_000;
const FIRST_ADDITION: i64 = 100_000;
/// Periods with unit rows before the current one: enough that a client must filter by date, few
/// enough that a large tenant is made quickly.
const PERIODS_BEFORE: i32 = 1;

/// What a generated tenant is like.
#[derive(Clone, Debug)]
pub struct Options {
    /// Clients, with about 3 agreements each.
    pub clients: usize,
    /// The same seed gives the same tenant.
    pub seed: u64,
    /// Each recurring agreement comes after so many others of a year, which ended and were billed
    /// to their end.
    pub terms: i32,
    /// How changes within a period are recorded; `None` leaves it to the seed.
    pub reading: Option<Reading>,
    /// Periods with unit rows after the current one; agreements last that long. 120 is ten years of
    /// months.
    pub ahead: i32,
}

impl Default for Options {
    fn default() -> Options {
        Options { clients: 100, seed: 1, terms: 0, reading: None, ahead: 1 }
    }
}

/// The book of a generated tenant.
pub(crate) fn build(today: NaiveDate, options: &Options) -> Book {
    let reading = options.reading.unwrap_or(Reading::of_seed(options.seed));
    let mut book = Book::new(today, PERIODS_BEFORE, options.ahead, reading);
    stories::catalogue_only(&mut book);
    let msp = book.company(0, "Brightwater IT", USD);
    book.add(msp);
    let mut maker = Maker {
        book,
        rng: Rng::with_seed(options.seed),
        next_agreement: FIRST_AGREEMENT,
        next_addition: FIRST_ADDITION,
        terms: options.terms,
    };
    for id in (FIRST_CLIENT..).take(options.clients) {
        maker.client(id);
    }
    maker.book
}

/// The book while it is made.
struct Maker {
    book: Book,
    rng: Rng,
    next_agreement: i64,
    next_addition: i64,
    terms: i32,
}

impl Maker {
    fn agreement_id(&mut self) -> i64 {
        self.next_agreement += 1;
        self.next_agreement - 1
    }

    fn addition_id(&mut self) -> i64 {
        self.next_addition += 1;
        self.next_addition - 1
    }

    /// Whether something happens that happens in so many of a hundred.
    fn happens(&mut self, in_a_hundred: u8) -> bool {
        self.rng.u8(..100) < in_a_hundred
    }
}
