//! A small book, and what is read of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use lmsyncd::autotask::{Autotask, HttpTransport, Options, Progress, Scope, ZoneMemory};
use lmsyncd::clock::{ManualClock, Tz};
use lmsyncd::demo::tenant::{Entity, Serving, Tenant};
use lmsyncd::model::{ClientId, ClientSnapshot, Currency, Field, ItemKey, PendingItem};
use lmsyncd::policy::apply;
use lmsyncd::policy::diff::{self, DiffInput, Stored};
use lmsyncd::policy::effects::{Basis, effects};
use lmsyncd::policy::flags::FlagsByKey;
use lmsyncd::policy::succession::Successions;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use crate::support::reading::options;

pub const CLIENT: i64 = 503;
pub const AGREEMENT: i64 = 700;

/// Days at the ends of months of every length.
const DAYS: [&str; 8] = [
    "2026-10-15",
    "2026-11-29",
    "2026-12-05",
    "2027-01-05",
    "2027-02-10",
    "2027-03-01",
    "2027-03-31",
    "2028-02-29",
];

/// A billing cycle, with Autotask's number of it, and the days that a period of the book has.
#[derive(Debug, Clone, Copy)]
pub struct Cycle {
    pub name: &'static str,
    number: i64,
    length: i64,
}

pub const MONTHLY: Cycle = Cycle { name: "monthly", number: 2, length: 30 };

const CYCLES: [Cycle; 4] = [
    MONTHLY,
    Cycle { name: "quarterly", number: 3, length: 90 },
    Cycle { name: "semi-annual", number: 4, length: 182 },
    Cycle { name: "yearly", number: 5, length: 366 },
];

/// First day, last day, units, and what all of them cost in a whole period. Days are thirtieths of a
/// period from today on: those of the table, where a period has 30.
pub type Row = (i64, i64, i64, i64);

/// A kind of line on a day: of services or of bundles, of one of the cycles.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub today: NaiveDate,
    pub cycle: Cycle,
    pub bundle: bool,
}

impl Kind {
    /// Every kind on every day.
    pub fn all() -> Vec<Kind> {
        let mut all = Vec::new();
        for day in DAYS {
            for cycle in CYCLES {
                for bundle in [false, true] {
                    all.push(Kind { today: day.parse().expect("a date"), cycle, bundle });
                }
            }
        }
        all
    }

    /// The key of a line of this kind.
    pub fn key(self, id: i64) -> String {
        if self.bundle { format!("B{id}") } else { format!("S{id}") }
    }

    /// So many thirtieths of a period before or after today.
    pub fn day(self, thirtieths: i64) -> NaiveDate {
        let days = (thirtieths * self.cycle.length + 15).div_euclid(30);
        self.today + TimeDelta::days(days)
    }

    fn span(self, (start, end, ..): Row) -> (NaiveDate, NaiveDate) {
        (self.day(start), self.day(end + 1) - TimeDelta::days(1))
    }

    /// What Autotask wants for a row: its share of a whole period, rounded.
    pub fn price(self, row: Row) -> Decimal {
        let (start, end) = self.span(row);
        let days = Decimal::from((end - start).num_days() + 1);
        let share = Decimal::from(row.3) * days / Decimal::from(self.cycle.length);
        let mut price = share.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        price.rescale(2);
        price
    }

    /// What rows bill together.
    pub fn bills(self, rows: &[Row]) -> Decimal {
        rows.iter().map(|row| self.price(*row)).sum()
    }
}

pub struct Book {
    pub tenant: Tenant,
    pub kind: Kind,
    /// What the configuration says of the currency, and of where the MSP lives.
    pub currency: Option<Currency>,
    pub zone: Tz,
    /// When it is read.
    pub now: DateTime<Utc>,
}

impl Book {
    /// A client with one agreement, which has no lines yet.
    pub fn of(kind: Kind) -> Book {
        let now = kind.today.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(6);
        let (tenant, zone) = (Tenant::stories(kind.today), Tz::UTC);
        let book = Book { tenant, kind, currency: None, zone, now };
        for (id, name) in [(CLIENT, "Small Client"), (502, "Payer Ltd")] {
            book.add(
                Entity::Companies,
                json!({"id": id, "companyName": name, "isActive": true, "currencyID": 1}),
            );
        }
        book.agreement(7, Some(kind.cycle.number));
        book
    }

    /// The same for what has no lines.
    pub fn on(day: &str) -> Book {
        let today = day.parse().expect("a date");
        Book::of(Kind { today, cycle: MONTHLY, bundle: false })
    }

    pub fn add(&self, entity: Entity, row: Value) {
        self.tenant.insert(entity, &row).expect("a row");
    }

    pub fn agreement(&self, kind: i64, period: Option<i64>) {
        let _ = self.tenant.remove(Entity::Contracts, AGREEMENT);
        self.add(
            Entity::Contracts,
            json!({"id": AGREEMENT, "companyID": CLIENT,
            "contractType": kind, "contractPeriodType": period, "contractName": "Care",
            "status": 1, "startDate": "2020-01-01", "endDate": "2035-12-31"}),
        );
    }

    pub fn set(&self, field: &str, value: impl Into<Value>) {
        self.tenant.set(Entity::Contracts, AGREEMENT, field, value.into()).expect("set");
    }

    /// A line of the agreement with these rows; they replace those that it has.
    pub fn line(&self, id: i64, price: &str, rows: &[Row]) {
        let (lines, units, line, sold) = self.entities();
        let _ = self.tenant.remove(lines, id);
        for old in self.tenant.ids(units) {
            if self.tenant.get(units, old).is_some_and(|row| row[line] == id) {
                self.tenant.remove(units, old).expect("removed");
            }
        }
        let (item, service) = sold;
        self.add(
            lines,
            json!({"id": id, "contractID": AGREEMENT, item: service, "unitPrice": price}),
        );
        for row in rows {
            self.row(id, self.kind.span(*row), row.2, &self.kind.price(*row).to_string());
        }
    }

    /// One more row of a line.
    pub fn row(&self, id: i64, (start, end): (NaiveDate, NaiveDate), number: i64, price: &str) {
        let (_, units, line, (item, service)) = self.entities();
        self.add(
            units,
            json!({"contractID": AGREEMENT, line: id, item: service, "units": number,
            "startDate": start.to_string(), "endDate": end.to_string(), "price": price}),
        );
    }

    /// Lines and their rows, what a row says of its line, and what both say of what is sold.
    fn entities(&self) -> (Entity, Entity, &'static str, (&'static str, i64)) {
        use Entity::{
            ContractServiceBundleUnits, ContractServiceBundles, ContractServiceUnits,
            ContractServices,
        };
        match self.kind.bundle {
            true => (
                ContractServiceBundles,
                ContractServiceBundleUnits,
                "contractServiceBundleID",
                ("serviceBundleID", 401),
            ),
            false => {
                (ContractServices, ContractServiceUnits, "contractServiceID", ("serviceID", 301))
            }
        }
    }

    pub async fn read(&self) -> ClientSnapshot {
        self.tenant.set_clock(self.now);
        let serving: Serving = self.tenant.serve(0).await.expect("a port");
        let own = options(&self.tenant, &serving.url());
        let (currency, time_zone) = (self.currency.clone(), self.zone);
        let options = Options { currency, time_zone, ..own };
        let transport = HttpTransport::new(&options).expect("a transport");
        let clock = Arc::new(ManualClock::at(self.now));
        let autotask = Autotask::new(options, Arc::new(transport), clock, ZoneMemory::none());
        let scope = Scope::Clients(vec![ClientId(CLIENT)]);
        let seen = autotask.read(&scope, &Progress::new()).await.expect("a snapshot").remove(0);
        assert_eq!(seen.rejects, [], "{:?}", self.kind);
        seen
    }
}

/// Some fields of an item, separated by blanks; `-` for one without a value.
pub fn shows(seen: &ClientSnapshot, key: &str, fields: &[Field]) -> String {
    let key: ItemKey = key.parse().expect("a key");
    let Some(item) = seen.item(key) else { return "nothing".to_owned() };
    let text =
        |field: &Field| item.fields.get(field).map_or_else(|| "-".to_owned(), ToString::to_string);
    fields.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// What a sync would tell that comes upon what is known of `before`, for one cycle or once.
pub fn effect(before: &ClientSnapshot, after: &ClientSnapshot, kind: Kind) -> Vec<String> {
    let follow = |item| apply::following(item, None, None, DateTime::UNIX_EPOCH);
    let stored: Stored = before.items.iter().map(|item| (item.key, follow(item))).collect();
    let (gone, flags, successions) = (BTreeSet::new(), FlagsByKey::new(), Successions::new());
    let around = DiffInput {
        gone: &gone,
        flags: &flags,
        renewals: &[],
        successions: &successions,
        moved: &[],
        now: DateTime::UNIX_EPOCH,
        today: kind.today,
    };
    let pending = diff::pending(after, &stored, around);
    let periods = Decimal::from(match kind.cycle.name {
        "monthly" => 12,
        "quarterly" => 4,
        "semi-annual" => 2,
        _ => 1,
    });
    let basis = Basis { today: kind.today, stored: stored.keys().copied().collect() };
    let told = effects(&pending.iter().collect::<Vec<&PendingItem>>(), &basis);
    let told = told.into_iter().map(|effect| {
        let from = effect.from.map(|day| format!("from {day}: ")).unwrap_or_default();
        format!("{from}{}", (effect.per_year / periods).round_dp(2).normalize())
    });
    told.collect()
}
