//! Autotask's side of the year: the fake tenant, and beside it the test's own account of what is in
//! there. What a contract must say is worked out from that account alone (`expected`).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use lmsyncd::demo::tenant::{Entity, Tenant};
use lmsyncd::model::{ItemKey, Letter};
use rust_decimal::Decimal;
use serde_json::Value as Json;

/// Where the tenant says it is. Nothing is there: it is called in process.
pub const BASE: &str = "http://127.0.0.1:1";

/// The companies from here on are clients; below are the MSP itself and its vendor.
const FIRST_CLIENT: i64 = 1000;

/// Types of agreements, by their numbers.
pub const FIXED_PRICE: i64 = 3;
pub const RECURRING: i64 = 7;

/// The letters of additions, each with the entity of its rows.
const ADDITIONS: [(Letter, Entity); 6] = [
    (Letter::Service, Entity::ContractServices),
    (Letter::Bundle, Entity::ContractServiceBundles),
    (Letter::Milestone, Entity::ContractMilestones),
    (Letter::BlockHours, Entity::ContractBlocks),
    (Letter::Retainer, Entity::ContractRetainers),
    (Letter::Tickets, Entity::ContractTicketPurchases),
];

/// An agreement.
#[derive(Debug, Clone)]
pub struct Agreement {
    pub company: i64,
    pub name: String,
    pub kind: i64,
    /// The months of a billing period; none where it does not recur.
    pub months: Option<u32>,
    pub active: bool,
    pub start: NaiveDate,
    pub end: NaiveDate,
    /// The agreement that it renews.
    pub renews: Option<i64>,
}

/// One row of what a line bills.
#[derive(Debug, Clone)]
pub struct Period {
    pub row: i64,
    pub start: NaiveDate,
    pub end: NaiveDate,
    pub units: Decimal,
    pub price: Decimal,
}

/// How an addition is billed.
#[derive(Debug, Clone)]
pub enum Billed {
    /// By period.
    Periods(Vec<Period>),
    /// Once, for these days; a milestone is for none.
    Once(Decimal, Option<(NaiveDate, NaiveDate)>),
}

/// An addition.
#[derive(Debug, Clone)]
pub struct Addition {
    pub agreement: i64,
    pub name: Option<String>,
    pub billed: Billed,
}

/// Rows that were taken out and may come back as they were.
#[derive(Debug)]
pub struct Buried {
    pub rows: Vec<(Entity, Json)>,
    pub agreement: Option<(i64, Agreement)>,
    pub additions: Vec<(ItemKey, Addition)>,
}

/// The tenant and the account of it.
pub struct Upstream {
    pub tenant: Tenant,
    pub clients: BTreeMap<i64, String>,
    pub agreements: BTreeMap<i64, Agreement>,
    pub additions: BTreeMap<ItemKey, Addition>,
    /// The agreements of each company.
    owned: BTreeMap<i64, BTreeSet<i64>>,
    /// What stands below each agreement.
    below: BTreeMap<i64, BTreeSet<ItemKey>>,
    pub buried: Vec<Buried>,
    /// Clients whose currency is not the one that they began with.
    pub strange_currency: BTreeSet<i64>,
    /// Clients whose currency ever was another one: what came in meanwhile may be held for ever.
    pub once_strange: BTreeSet<i64>,
    /// Clients at which something was done since that was last asked.
    touched: BTreeSet<i64>,
    /// Items that came back since that was last asked.
    returned: BTreeSet<ItemKey>,
    /// Items that went since that was last asked.
    struck: BTreeSet<ItemKey>,
}

impl Upstream {
    /// A tenant of so many clients, and the account of it.
    pub fn new(today: NaiveDate, clients: usize, seed: u64) -> Upstream {
        let tenant = Tenant::generated(today, clients, seed);
        tenant.set_base_url(BASE);
        let mut upstream = Upstream {
            tenant,
            clients: BTreeMap::new(),
            agreements: BTreeMap::new(),
            additions: BTreeMap::new(),
            owned: BTreeMap::new(),
            below: BTreeMap::new(),
            buried: Vec::new(),
            strange_currency: BTreeSet::new(),
            once_strange: BTreeSet::new(),
            touched: BTreeSet::new(),
            returned: BTreeSet::new(),
            struck: BTreeSet::new(),
        };
        upstream.take_stock();
        upstream
    }

    /// Writes down all that the tenant holds.
    fn take_stock(&mut self) {
        for id in self.tenant.ids(Entity::Companies).into_iter().filter(|id| *id >= FIRST_CLIENT) {
            self.clients.insert(id, text(&self.row(Entity::Companies, id), "companyName"));
        }
        for id in self.tenant.ids(Entity::Contracts) {
            self.read_agreement(id);
        }
        for (letter, entity) in ADDITIONS {
            for id in self.tenant.ids(entity) {
                self.read_addition(ItemKey::new(letter, id));
            }
        }
        for (letter, units, line) in [
            (Letter::Service, Entity::ContractServiceUnits, "contractServiceID"),
            (Letter::Bundle, Entity::ContractServiceBundleUnits, "contractServiceBundleID"),
        ] {
            for id in self.tenant.ids(units) {
                let row = self.row(units, id);
                let key = ItemKey::new(letter, whole(&row, line).expect("a line"));
                let period = period(&row);
                if let Some(Addition { billed: Billed::Periods(periods), .. }) =
                    self.additions.get_mut(&key)
                {
                    periods.push(period);
                    periods.sort_by_key(|one| (one.end, one.row));
                }
            }
        }
    }

    pub fn row(&self, entity: Entity, id: i64) -> Json {
        self.tenant.get(entity, id).unwrap_or_else(|| panic!("{entity} has a row {id}"))
    }

    /// Writes an agreement down anew.
    pub fn read_agreement(&mut self, id: i64) {
        let row = self.row(Entity::Contracts, id);
        let months = whole(&row, "contractPeriodType").map(|kind| match kind {
            3 => 3,
            4 => 6,
            5 => 12,
            _ => 1,
        });
        let agreement = Agreement {
            company: whole(&row, "companyID").expect("a company"),
            name: text(&row, "contractName"),
            kind: whole(&row, "contractType").expect("a type"),
            months,
            active: whole(&row, "status") == Some(1),
            start: date(&row, "startDate"),
            end: date(&row, "endDate"),
            renews: whole(&row, "renewedContractID"),
        };
        self.keep_agreement(id, agreement);
    }

    /// Keeps an agreement in the account, in place of what was known of it.
    pub fn keep_agreement(&mut self, id: i64, agreement: Agreement) {
        if let Some(known) = self.agreements.get(&id) {
            self.touched.insert(known.company);
            self.owned.entry(known.company).or_default().remove(&id);
        }
        self.touched.insert(agreement.company);
        self.owned.entry(agreement.company).or_default().insert(id);
        self.agreements.insert(id, agreement);
    }

    /// Strikes an agreement, below which nothing may stand any more.
    pub fn strike_agreement(&mut self, id: i64) -> Agreement {
        let agreement = self.agreements.remove(&id).expect("an agreement");
        self.struck.insert(ItemKey::agreement(id));
        self.touched.insert(agreement.company);
        self.owned.entry(agreement.company).or_default().remove(&id);
        agreement
    }

    /// Keeps an addition in the account, in place of what was known of it.
    pub fn keep_addition(&mut self, key: ItemKey, addition: Addition) {
        self.touch_agreement(addition.agreement);
        self.below.entry(addition.agreement).or_default().insert(key);
        self.additions.insert(key, addition);
    }

    /// Strikes an addition.
    pub fn strike_addition(&mut self, key: ItemKey) -> Addition {
        let addition = self.additions.remove(&key).expect("an addition");
        self.struck.insert(key);
        self.touch_agreement(addition.agreement);
        self.below.entry(addition.agreement).or_default().remove(&key);
        addition
    }

    /// Writes an addition down anew; the periods of a line are not read.
    pub fn read_addition(&mut self, key: ItemKey) {
        let row = self.row(entity_of(key.letter), key.id);
        let dates = || Some((date(&row, "startDate"), date(&row, "endDate")));
        let (name, billed) = match key.letter {
            Letter::Service => {
                (Some(self.sold(Entity::Services, &row, "serviceID")), Billed::Periods(Vec::new()))
            }
            Letter::Bundle => (
                Some(self.sold(Entity::ServiceBundles, &row, "serviceBundleID")),
                Billed::Periods(Vec::new()),
            ),
            Letter::Milestone => {
                (Some(text(&row, "title")), Billed::Once(money(&row, "amount"), None))
            }
            Letter::BlockHours => {
                let amount = money(&row, "hours") * money(&row, "hourlyRate");
                (None, Billed::Once(amount, dates()))
            }
            Letter::Retainer => (None, Billed::Once(money(&row, "amount"), dates())),
            _ => {
                let amount = money(&row, "ticketsPurchased") * money(&row, "perTicketRate");
                (None, Billed::Once(amount, dates()))
            }
        };
        let agreement = whole(&row, "contractID").expect("an agreement");
        self.keep_addition(key, Addition { agreement, name, billed });
    }

    /// Reads the rows of a line's periods anew; those that are gone are left out.
    pub fn read_periods(&mut self, key: ItemKey, rows: &[i64]) {
        let entity = units_of(key.letter);
        let rows = rows.iter().filter_map(|id| self.tenant.get(entity, *id));
        let mut periods: Vec<Period> = rows.map(|row| period(&row)).collect();
        periods.sort_by_key(|one| (one.end, one.row));
        let Some(addition) = self.additions.get_mut(&key) else { return };
        addition.billed = Billed::Periods(periods);
        let agreement = addition.agreement;
        self.touch_agreement(agreement);
    }

    fn sold(&self, entity: Entity, row: &Json, field: &str) -> String {
        text(&self.row(entity, whole(row, field).expect("what is sold")), "name")
    }

    /// Whether Autotask has the item.
    pub fn exists(&self, key: ItemKey) -> bool {
        match key.letter {
            Letter::Agreement => self.agreements.contains_key(&key.id),
            _ => self.additions.contains_key(&key),
        }
    }

    /// The keys of everything below an agreement.
    pub fn below(&self, agreement: i64) -> Vec<ItemKey> {
        self.below.get(&agreement).into_iter().flatten().copied().collect()
    }

    pub fn agreements_of(&self, company: i64) -> Vec<i64> {
        self.owned.get(&company).into_iter().flatten().copied().collect()
    }

    pub fn touch(&mut self, company: i64) {
        self.touched.insert(company);
    }

    pub fn touch_agreement(&mut self, agreement: i64) {
        if let Some(agreement) = self.agreements.get(&agreement) {
            self.touched.insert(agreement.company);
        }
    }

    /// The clients at which something was done since the last time.
    pub fn take_touched(&mut self) -> BTreeSet<i64> {
        std::mem::take(&mut self.touched)
    }

    /// The items that went since the last time.
    pub fn take_struck(&mut self) -> BTreeSet<ItemKey> {
        std::mem::take(&mut self.struck)
    }

    pub fn comes_back(&mut self, keys: impl IntoIterator<Item = ItemKey>) {
        self.returned.extend(keys);
    }

    /// The items that came back since the last time.
    pub fn take_returned(&mut self) -> BTreeSet<ItemKey> {
        std::mem::take(&mut self.returned)
    }
}

/// The entity of the rows of an addition.
pub fn entity_of(letter: Letter) -> Entity {
    let known = ADDITIONS.iter().find(|(other, _)| *other == letter);
    known.map_or(Entity::Contracts, |(_, entity)| *entity)
}

/// The entity of the rows of a line's periods.
pub fn units_of(letter: Letter) -> Entity {
    match letter {
        Letter::Bundle => Entity::ContractServiceBundleUnits,
        _ => Entity::ContractServiceUnits,
    }
}

fn period(row: &Json) -> Period {
    Period {
        row: whole(row, "id").expect("an id"),
        start: date(row, "startDate"),
        end: date(row, "endDate"),
        units: money(row, "units"),
        price: money(row, "price"),
    }
}

fn whole(row: &Json, field: &str) -> Option<i64> {
    row[field].as_i64()
}

fn text(row: &Json, field: &str) -> String {
    row[field].as_str().unwrap_or_default().to_owned()
}

fn date(row: &Json, field: &str) -> NaiveDate {
    text(row, field).get(..10).and_then(|day| day.parse().ok()).expect("a date")
}

fn money(row: &Json, field: &str) -> Decimal {
    row[field].to_string().parse().expect("an amount")
}
