//! Clients and their agreements: of every type, and how they begin, end and are renewed.

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};

use super::{FIRST_CLIENT, Maker, PERIODS_BEFORE};
use crate::demo::tenant::billing::periods::{days_after, eve, month, months_of, shift};
use crate::demo::tenant::book::agreement::{
    Agreement, BLOCK_HOURS, CAD, FIXED_PRICE, INCIDENT, QUARTERLY, RETAINER, SEMI_ANNUAL, USD,
    YEARLY, cents, rate,
};
use crate::demo::tenant::book::line::Line;

/// Agreements of a client and additions of an agreement: 1 to twice the average, less one.
const MOST_AGREEMENTS: i64 = 5;
const MOST_ADDITIONS: i64 = 7;
/// Purchases below an agreement that is paid in advance: the one in use, and few before it.
const MOST_PURCHASES: i64 = 3;

/// Periods ahead from which on agreements are made to last long enough for them.
const FAR_AHEAD: i32 = 12;

const FIRST: [&str; 12] = [
    "Alder", "Birch", "Cedar", "Delta", "Ember", "Falcon", "Granite", "Harbor", "Iris", "Juniper",
    "Kestrel", "Lumen",
];
const SECOND: [&str; 10] = [
    "Dental",
    "Legal",
    "Logistics",
    "Veterinary",
    "Foods",
    "Optics",
    "Motors",
    "Design",
    "Clinic",
    "Partners",
];

/// What renewals are called where nobody left the name that Autotask proposes.
const OTHER_NAMES: [&str; 3] = ["Managed Services Plus", "All-in Care", "Care 2.0"];

/// A line, and what the invoice says of it.
pub(super) type Sold = (Line, &'static str);

impl Maker {
    pub(super) fn client(&mut self, id: i64) {
        let first = FIRST[self.rng.usize(..FIRST.len())];
        let second = SECOND[self.rng.usize(..SECOND.len())];
        let currency = if self.rng.u8(..20) == 0 { CAD } else { USD };
        let row = self.book.company(id, &format!("{first} {second} {id}"), currency);
        self.book.add(row);
        for _ in 0..self.rng.i64(1..=MOST_AGREEMENTS) {
            self.agreement(id, currency);
        }
    }

    fn agreement(&mut self, client: i64, currency: i64) {
        let id = self.agreement_id();
        let start = month(self.book.today, -self.rng.i32(1..30));
        let monthly = Agreement { currency, ..Agreement::monthly(id, client, "", start) };
        let recurs = |name: &str, period| Agreement {
            period: Some(period),
            name: name.to_owned(),
            ..monthly.clone()
        };
        let other = |name: &str, contract_type| Agreement {
            currency,
            ..Agreement::other(id, client, name, contract_type, start)
        };
        match self.rng.u8(..40) {
            0..=1 => self.bought(&other("Prepaid Hours", BLOCK_HOURS)),
            2..=3 => self.bought(&other("Retainer", RETAINER)),
            4..=5 => self.bought(&other("Ticket Pack", INCIDENT)),
            6..=7 => self.project(&other("Project", FIXED_PRICE)),
            8..=10 => self.recurring(recurs("Quarterly Care", QUARTERLY)),
            11 => self.recurring(recurs("Care per Half-Year", SEMI_ANNUAL)),
            12 => self.recurring(recurs("Care per Year", YEARLY)),
            _ => self.recurring(Agreement { name: "Managed Services".to_owned(), ..monthly }),
        }
    }

    /// A recurring agreement, what it came after, and what comes after it.
    fn recurring(&mut self, plain: Agreement) {
        let (agreement, renewed) = self.fate(plain);
        self.past(&agreement);
        let sold = self.with_lines(&agreement);
        if renewed {
            self.renewal(&agreement, sold);
        }
    }

    /// How an agreement begins and ends, and whether its renewal is written already.
    fn fate(&mut self, plain: Agreement) -> (Agreement, bool) {
        let today = self.book.today;
        let until = |end: NaiveDate| {
            let start = shift(days_after(end, 1), -12);
            Agreement { start, end, ..plain.clone() }
        };
        let one = match self.rng.u8(..100) {
            // Set inactive, which does not stop the billing.
            0..=2 => Agreement { status: 0, ..plain },
            // Over; of most of them nobody set the status.
            3..=5 => {
                let ended = until(eve(month(today, -self.rng.i32(0..4))));
                Agreement { status: i64::from(self.happens(70)), ..ended }
            }
            // About to end, after a whole year, or in the middle of a period.
            6..=11 => {
                let ending = until(days_after(today, self.rng.i64(3..60)));
                let anchor = self.happens(30).then(|| month(ending.start, 0));
                let renewed = self.happens(75);
                return (Agreement { anchor, ..ending }, renewed);
            }
            // For ever.
            12..=13 => {
                let end = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(plain.end);
                Agreement { end, ..plain }
            }
            // Begun within a month; billed from there, or by whole months after an opening stub.
            14..=26 => {
                let anchor = self.happens(60).then_some(plain.start);
                let start = days_after(plain.start, self.rng.i64(1..28));
                Agreement { start, anchor, ..plain }
            }
            // Written, but to begin.
            27..=28 => {
                let start = month(today, self.rng.i32(1..3));
                Agreement { start, end: eve(shift(start, 12)), ..plain }
            }
            _ => plain,
        };
        (self.long_enough(one), false)
    }

    /// The same agreement, so that rows far ahead are still within it.
    fn long_enough(&self, one: Agreement) -> Agreement {
        let (today, ahead) = (self.book.today, self.book.after);
        if ahead <= FAR_AHEAD || one.end < today {
            return one;
        }
        let months = i32::try_from(months_of(one.period)).unwrap_or(1);
        let end = eve(shift(one.start.max(today), (ahead + 1).saturating_mul(months)));
        Agreement { end: one.end.max(end), ..one }
    }

    /// What `agreement` came after.
    fn past(&mut self, agreement: &Agreement) {
        for term in 1..=self.terms {
            let start = shift(agreement.start, -12 * term);
            let (id, end) = (self.agreement_id(), eve(shift(start, 12)));
            let ended = Agreement { id, start, end, status: 0, anchor: None, ..agreement.clone() };
            // Of what is over, every period was billed.
            self.book.before = i32::MAX;
            self.book.add(ended.row());
            for _ in 0..self.rng.i64(1..=MOST_ADDITIONS) {
                let (line, text) = self.sold(&ended);
                self.book.line(&ended, &line, text);
            }
            self.book.before = PERIODS_BEFORE;
        }
    }

    /// The agreement with its lines; gives those that go on to its end.
    fn with_lines(&mut self, on: &Agreement) -> Vec<Sold> {
        let mut row = on.row();
        if self.happens(10) {
            let fee = cents(self.rng.i64(10..200) * 500);
            row.put("setupFee", fee);
            row.put("internalCurrencySetupFee", fee * rate(on.currency));
        }
        if on.company > FIRST_CLIENT && self.happens(3) {
            row.put("billToCompanyID", on.company - 1);
        }
        self.book.add(row);
        let lines = self.rng.i64(1..=MOST_ADDITIONS);
        let sold = (0..lines).filter_map(|_| self.line(on)).collect();
        self.some_sales(on);
        sold
    }

    /// A renewal that was written ahead, at prices that are three in a hundred higher.
    fn renewal(&mut self, of: &Agreement, lines: Vec<Sold>) {
        let is_edited = self.happens(30);
        let name = match is_edited {
            true => OTHER_NAMES[self.rng.usize(..OTHER_NAMES.len())].to_owned(),
            false => format!("Renewal of {}", of.name),
        };
        let start = days_after(of.end, 1 + i64::from(is_edited));
        let id = self.agreement_id();
        let new =
            Agreement { id, name, start, end: eve(shift(start, 12)), anchor: None, ..of.clone() };
        self.book.add(new.row().with("renewedContractID", of.id));
        for (line, text) in lines {
            let price = (line.price * Decimal::new(103, 2))
                .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
            let id = self.addition_id();
            self.book.line(&new, &Line { id, contract: new.id, price, ..line }, text);
        }
    }

    fn bought(&mut self, on: &Agreement) {
        self.book.add(on.row());
        for _ in 0..self.rng.i64(1..=MOST_PURCHASES) {
            self.purchase(on);
        }
    }

    /// A fixed price agreement: with milestones, or billed by a rule.
    fn project(&mut self, on: &Agreement) {
        if self.happens(40) {
            self.by_rule(on);
            return;
        }
        self.book.add(on.row());
        for _ in 0..self.rng.i64(1..=MOST_ADDITIONS) {
            self.milestone(on);
        }
        self.some_sales(on);
    }
}
