//! Autotask's side of the year: the fake tenant, and beside it the test's own account of what is in
//! there. What a contract must say is worked out from that account alone (`expected`).

mod account;
mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{Days, NaiveDate};
use lmsyncd::demo::tenant::{Entity, LineKind, Tenant};
use lmsyncd::model::{ItemKey, ItemKind};
use rust_decimal::Decimal;
use serde_json::Value as Json;

use self::reading::{text, whole};
use super::history::{History, Row, months_after};

/// Where the tenant says it is. Nothing is there: it is called in process.
pub const BASE: &str = "http://127.0.0.1:1";

/// The companies from here on are clients; below are the MSP itself and its vendor.
const FIRST_CLIENT: i64 = 1000;

/// Types of agreements, by their numbers.
pub const FIXED_PRICE: i64 = 3;
pub const RECURRING: i64 = 7;
/// Those on which something is bought in advance: hours, retainers, tickets.
pub const PREPAID: [i64; 3] = [4, 6, 8];

/// So many days before rows may be made of a period, they are looked for.
const EARLY: u64 = 4;

/// The letters of additions, each with the entity of its rows.
const ADDITIONS: [(ItemKind, Entity); 7] = [
    (ItemKind::Service, Entity::ContractServices),
    (ItemKind::Bundle, Entity::ContractServiceBundles),
    (ItemKind::Milestone, Entity::ContractMilestones),
    (ItemKind::BlockHours, Entity::ContractBlocks),
    (ItemKind::Retainer, Entity::ContractRetainers),
    (ItemKind::Tickets, Entity::ContractTicketPurchases),
    (ItemKind::Charge, Entity::ContractCharges),
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
    /// The day that its billing periods are counted from.
    pub anchor: NaiveDate,
    /// The agreement that it renews.
    pub renews: Option<i64>,
    pub setup_fee: Decimal,
    pub billed_to: Option<i64>,
}

impl Agreement {
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.start <= day && day <= self.end
    }
}

/// A line that bills by period.
#[derive(Debug, Clone)]
pub struct Line {
    /// In the order of their days.
    pub rows: Vec<Row>,
    pub history: History,
}

/// What is bought once.
#[derive(Debug, Clone)]
pub struct Once {
    pub amount: Decimal,
    /// When it may be used; a milestone and a charge are for no days.
    pub span: Option<(NaiveDate, NaiveDate)>,
    /// The day of the purchase.
    pub bought: Option<NaiveDate>,
    /// Whether it can be used.
    pub active: bool,
    /// Whether the client pays for it.
    pub billable: bool,
    pub is_billed: bool,
    pub product: Option<i64>,
}

/// How an addition is billed.
#[derive(Debug, Clone)]
pub enum Billed {
    ByPeriod(Line),
    Once(Once),
}

/// An addition.
#[derive(Debug, Clone)]
pub struct Addition {
    pub agreement: i64,
    pub name: Option<String>,
    pub billed: Billed,
}

impl Addition {
    pub fn line(&self) -> Option<&Line> {
        match &self.billed {
            Billed::ByPeriod(line) => Some(line),
            Billed::Once(_) => None,
        }
    }

    pub fn once(&self) -> Option<&Once> {
        match &self.billed {
            Billed::ByPeriod(_) => None,
            Billed::Once(once) => Some(once),
        }
    }
}

/// Rows that were taken out and may come back as they were.
#[derive(Debug)]
pub struct Buried {
    pub rows: Vec<(Entity, Json)>,
    pub agreement: Option<(i64, Agreement)>,
    pub additions: Vec<(ItemKey, Addition)>,
    /// The last day of the agreement at that time.
    pub until: NaiveDate,
}

/// The tenant and the account of it.
pub struct Upstream {
    pub tenant: Tenant,
    pub clients: BTreeMap<i64, String>,
    pub agreements: BTreeMap<i64, Agreement>,
    pub additions: BTreeMap<ItemKey, Addition>,
    /// The products of the billing rules of each agreement that has some.
    pub rules: BTreeMap<i64, BTreeSet<i64>>,
    /// Charges that are the billing items of purchases, and are no contracts of their own; each
    /// with its purchase.
    folded: BTreeMap<ItemKey, ItemKey>,
    /// Purchases and charges of the same amount, on other days, or of another amount, on the same.
    doubtful: BTreeSet<ItemKey>,
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
            rules: BTreeMap::new(),
            folded: BTreeMap::new(),
            doubtful: BTreeSet::new(),
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
        for id in self.tenant.ids(Entity::ContractBillingRules) {
            let rule = self.row(Entity::ContractBillingRules, id);
            let agreement = whole(&rule, "contractID").expect("an agreement");
            self.rules.entry(agreement).or_default().extend(whole(&rule, "productID"));
        }
        for (letter, entity) in ADDITIONS {
            for id in self.tenant.ids(entity) {
                self.read_addition(ItemKey::new(letter, id));
            }
        }
        let mut lines: BTreeMap<i64, Vec<ItemKey>> = BTreeMap::new();
        for (key, addition) in self.additions.iter().filter(|(_, one)| one.line().is_some()) {
            lines.entry(addition.agreement).or_default().push(*key);
        }
        for (agreement, lines) in lines {
            for key in &lines {
                self.read_rows(*key);
            }
            self.find_anchor(agreement);
            for key in lines {
                self.tell_history(key);
            }
        }
    }

    pub fn line_mut(&mut self, key: ItemKey) -> &mut Line {
        match &mut self.additions.get_mut(&key).expect("an addition").billed {
            Billed::ByPeriod(line) => line,
            Billed::Once(_) => panic!("{key} is no line"),
        }
    }

    /// Lets time go on in Autotask, and writes down what it does by itself: rows of the next
    /// periods, and the charges of rules.
    pub fn advance(&mut self, today: NaiveDate) {
        if self.tenant.today() != today {
            self.catch_up(today);
        }
    }

    /// The same, also where something of today is still to be done.
    pub fn catch_up(&mut self, today: NaiveDate) {
        self.tenant.advance(today);
        let due: Vec<ItemKey> = self
            .additions
            .iter()
            .filter_map(|(key, addition)| {
                let line = addition.line()?;
                let last = line.rows.iter().map(|row| row.end).max()?;
                let end = self.agreements.get(&addition.agreement)?.end;
                let end = line.history.last.map_or(end, |last| last.min(end));
                let months = i32::try_from(line.history.months).expect("few months");
                let soon = months_after(today + Days::new(EARLY), months);
                (last < end && last < soon).then_some(*key)
            })
            .collect();
        for key in due {
            let before = self.additions[&key].line().map(|line| line.rows.len());
            self.read_rows(key);
            if self.additions[&key].line().map(|line| line.rows.len()) != before {
                self.touch_agreement(self.additions[&key].agreement);
            }
        }
        let mut new = self.tenant.ids(Entity::ContractCharges);
        new.retain(|id| !self.additions.contains_key(&ItemKey::new(ItemKind::Charge, *id)));
        for id in new {
            let key = ItemKey::new(ItemKind::Charge, id);
            self.read_addition(key);
            // With a new charge of a rule, the one before it is billed.
            let (agreement, product) = {
                let addition = &self.additions[&key];
                (addition.agreement, addition.once().and_then(|once| once.product))
            };
            for other in self.below(agreement) {
                let of_it = self.additions[&other].once();
                if product.is_some()
                    && of_it.is_some_and(|one| one.product == product && !one.is_billed)
                {
                    self.read_addition(other);
                }
            }
        }
    }

    /// Whether Autotask has the item.
    pub fn exists(&self, key: ItemKey) -> bool {
        match key.kind {
            ItemKind::Agreement => self.agreements.contains_key(&key.id),
            _ => self.additions.contains_key(&key) && !self.folded.contains_key(&key),
        }
    }

    /// What is known of an item and of what makes it up, line by line.
    pub fn told(&self, key: ItemKey) -> String {
        let mut told = String::new();
        let agreement = match key.kind {
            ItemKind::Agreement => Some(key.id),
            _ => self.additions.get(&key).map(|addition| addition.agreement),
        };
        if let Some((id, agreement)) = agreement.and_then(|id| self.agreements.get_key_value(&id)) {
            let _ = writeln!(told, "  A{id} {agreement:?}");
        }
        let keys = if key.kind == ItemKind::Agreement { self.below(key.id) } else { vec![key] };
        for key in keys {
            let Some(addition) = self.additions.get(&key) else { continue };
            let _ = match addition.line() {
                Some(line) => writeln!(told, "  {key} {:?}", line.history),
                None => writeln!(told, "  {key} {addition:?}"),
            };
            for row in addition.line().iter().flat_map(|line| &line.rows) {
                let Row { start, end, units, price, .. } = row;
                let _ = writeln!(told, "    {start}..{end} {units} u {price}");
            }
        }
        told
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

    /// Something was done at an item, to whichever client it belongs by now.
    pub fn touch_item(&mut self, key: ItemKey) {
        let above = self.additions.get(&key).map(|addition| addition.agreement);
        self.touch_agreement(if key.is_agreement() { key.id } else { above.unwrap_or_default() });
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
pub fn entity_of(letter: ItemKind) -> Entity {
    let known = ADDITIONS.iter().find(|(other, _)| *other == letter);
    known.map_or(Entity::Contracts, |(_, entity)| *entity)
}

/// The entity of the rows of a line's periods.
pub fn units_of(letter: ItemKind) -> Entity {
    match letter {
        ItemKind::Bundle => Entity::ContractServiceBundleUnits,
        _ => Entity::ContractServiceUnits,
    }
}

/// What the tenant calls the kind of a line.
pub fn kind_of(letter: ItemKind) -> LineKind {
    match letter {
        ItemKind::Bundle => LineKind::Bundle,
        _ => LineKind::Service,
    }
}
