//! A tenant of any size from a seed, for benchmarks and for tests of large pulls. The same seed
//! gives the same tenant; the hand-written stories are not in it.

use chrono::NaiveDate;
use fastrand::Rng;
use rust_decimal::Decimal;

use super::book::{
    Agreement, BLOCK_HOURS, Book, CAD, FIXED_PRICE, INCIDENT, Line, LineKind, MONTHLY, QUARTERLY,
    RETAINER, USD, cents,
};
use super::entity::Entity;
use super::periods::{eve, month, shift};
use super::row::Row;
use super::stories::{self, BUNDLES, SERVICES};
use super::table::Tables;

/// Where generated ids begin.
const FIRST_CLIENT: i64 = 1000;
const FIRST_AGREEMENT: i64 = 29_700_000;
const FIRST_ADDITION: i64 = 100_000;
/// Periods with unit rows before and after the current one: enough that a client must filter by
/// date, few enough that a large tenant is made quickly.
const PERIODS: i32 = 1;
/// Agreements of a client and additions of an agreement: 1 to twice the average, less one.
const MOST_AGREEMENTS: i64 = 5;
const MOST_ADDITIONS: i64 = 7;

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

/// The tables of a generated tenant. Each of its recurring agreements comes after so many `terms`
/// of a year, which ended and were billed to their end.
pub(crate) fn build(today: NaiveDate, clients: usize, seed: u64, terms: i32) -> Tables {
    let mut book = stories::catalogue_only(today, PERIODS);
    let msp = book.company(0, "Brightwater IT", USD);
    book.add(msp);
    let mut maker = Maker {
        book,
        rng: Rng::with_seed(seed),
        next_agreement: FIRST_AGREEMENT,
        next_addition: FIRST_ADDITION,
        terms,
    };
    for id in (FIRST_CLIENT..).take(clients) {
        maker.client(id);
    }
    maker.book.tables
}

struct Maker {
    book: Book,
    rng: Rng,
    next_agreement: i64,
    next_addition: i64,
    terms: i32,
}

impl Maker {
    fn client(&mut self, id: i64) {
        let first = FIRST[self.rng.usize(..FIRST.len())];
        let second = SECOND[self.rng.usize(..SECOND.len())];
        let currency = if self.rng.u8(..20) == 0 { CAD } else { USD };
        let row = self.book.company(id, &format!("{first} {second} {id}"), currency);
        self.book.add(row);
        for _ in 0..self.rng.i64(1..=MOST_AGREEMENTS) {
            self.agreement(id, currency);
        }
    }

    fn agreement_id(&mut self) -> i64 {
        self.next_agreement += 1;
        self.next_agreement - 1
    }

    fn agreement(&mut self, client: i64, currency: i64) {
        let id = self.agreement_id();
        let start = month(self.book.today, -self.rng.i32(1..30));
        let monthly = Agreement { currency, ..Agreement::monthly(id, client, "", start) };
        let other = |name: &str, contract_type| Agreement {
            currency,
            ..Agreement::other(id, client, name, contract_type, start)
        };
        let agreement = match self.rng.u8(..20) {
            0 => other("Prepaid Hours", BLOCK_HOURS),
            1 => other("Retainer", RETAINER),
            2 => other("Ticket Pack", INCIDENT),
            3 => other("Project", FIXED_PRICE),
            4 | 5 => {
                Agreement { period: Some(QUARTERLY), name: "Quarterly Care".to_owned(), ..monthly }
            }
            _ => Agreement { name: "Managed Services".to_owned(), ..monthly },
        };
        if agreement.period.is_some() {
            self.past(&agreement);
        }
        self.with_additions(&agreement);
    }

    /// What `agreement` came after.
    fn past(&mut self, agreement: &Agreement) {
        for term in 1..=self.terms {
            let start = shift(agreement.start, -12 * term);
            let (id, end) = (self.agreement_id(), eve(shift(start, 12)));
            let name = agreement.name.clone();
            let ended = Agreement { id, name, start, end, status: 0, ..*agreement };
            // Of what is over, every period was billed.
            self.book.before = i32::MAX;
            self.with_additions(&ended);
            self.book.before = PERIODS;
        }
    }

    fn with_additions(&mut self, agreement: &Agreement) {
        self.book.add(agreement.row());
        for _ in 0..self.rng.i64(1..=MOST_ADDITIONS) {
            let addition = self.next_addition;
            self.next_addition += 1;
            if agreement.period.is_some() {
                self.line(agreement, addition);
            } else {
                self.purchase(agreement, addition);
            }
        }
    }

    fn line(&mut self, on: &Agreement, id: i64) {
        let bundle = self.rng.u8(..8) == 0;
        let catalogue: &[stories::Item] = if bundle { &BUNDLES } else { &SERVICES };
        let (item, _, text, _, price, cost) = catalogue[self.rng.usize(..catalogue.len())];
        let months = if on.period == Some(MONTHLY) { 1 } else { 3 };
        let units = self.rng.i64(1..60);
        let line = Line::new(on, id, item, units, (price * months, cost * months));
        let kind = if bundle { LineKind::Bundle } else { LineKind::Service };
        self.book.line(on, &Line { kind, ..line }, text);
    }

    fn purchase(&mut self, on: &Agreement, id: i64) {
        let row = |entity: Entity| Row::new(entity.schema(), id).with("contractID", on.id);
        let bought = |row: Row| {
            row.with("datePurchased", on.start)
                .with("startDate", on.start)
                .with("endDate", eve(shift(on.start, 12)))
                .with("isPaid", true)
                .with("status", 1)
        };
        let amount = cents(self.rng.i64(5_000..500_000));
        let internal = amount * super::book::rate(on.currency);
        let row = match on.contract_type {
            BLOCK_HOURS => bought(row(Entity::ContractBlocks))
                .with("hours", Decimal::from(self.rng.i64(5..50)))
                .with("hourlyRate", cents(12_500)),
            RETAINER => bought(row(Entity::ContractRetainers))
                .with("amount", amount)
                .with("internalCurrencyAmount", internal),
            INCIDENT => bought(row(Entity::ContractTicketPurchases))
                .with("ticketsPurchased", Decimal::from(self.rng.i64(5..100)))
                .with("perTicketRate", cents(6500)),
            _ => row(Entity::ContractMilestones)
                .with("title", format!("Milestone {id}"))
                .with("amount", amount)
                .with("internalCurrencyAmount", internal)
                .with("dateDue", shift(on.start, self.rng.i32(1..12)))
                .with("isInitialPayment", false)
                .with("status", 1),
        };
        self.book.add(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build_on_a_day(clients: usize, seed: u64) -> Tables {
        build(NaiveDate::from_ymd_opt(2026, 9, 8).expect("a date"), clients, seed, 0)
    }

    #[test]
    fn a_seed_gives_the_same_tenant_every_time() {
        let text = |seed| format!("{:?}", build_on_a_day(20, seed));
        // Not assert_eq: a failure would print both tenants.
        assert!(text(7) == text(7));
        assert!(text(7) != text(8));
    }

    #[test]
    fn sizes_are_as_promised() {
        let tables = build_on_a_day(200, 1);
        let count = |entity| tables.of(entity).len();
        let agreements = count(Entity::Contracts);
        assert!((500..700).contains(&agreements), "{agreements}");
        let additions = count(Entity::ContractServices)
            + count(Entity::ContractServiceBundles)
            + count(Entity::ContractBlocks)
            + count(Entity::ContractRetainers)
            + count(Entity::ContractTicketPurchases)
            + count(Entity::ContractMilestones);
        assert!((agreements * 3..agreements * 5).contains(&additions), "{additions}");
    }
}
