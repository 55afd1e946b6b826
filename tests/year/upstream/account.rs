//! What stands in the account: agreements and additions that are kept or struck, and which charge
//! is that of which purchase.

use std::collections::{BTreeMap, BTreeSet};

use lmsyncd::model::{ItemKey, ItemKind};

use super::{Addition, Agreement, Once, PREPAID, Upstream};

impl Upstream {
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
        let agreement = addition.agreement;
        self.below.entry(agreement).or_default().insert(key);
        self.additions.insert(key, addition);
        self.pair(agreement);
    }

    /// Strikes an addition.
    pub fn strike_addition(&mut self, key: ItemKey) -> Addition {
        let addition = self.additions.remove(&key).expect("an addition");
        self.struck.insert(key);
        self.touch_agreement(addition.agreement);
        self.below.entry(addition.agreement).or_default().remove(&key);
        self.folded.remove(&key);
        self.doubtful.remove(&key);
        self.pair(addition.agreement);
        addition
    }

    /// Finds the charge of each purchase of an agreement: of the same amount, from the day of the
    /// purchase or from its first.
    fn pair(&mut self, agreement: i64) {
        if !self.agreements.get(&agreement).is_some_and(|one| PREPAID.contains(&one.kind)) {
            return;
        }
        let keys: Vec<ItemKey> =
            self.below.get(&agreement).into_iter().flatten().copied().collect();
        let once = |key: &ItemKey| self.additions[key].once().expect("bought once").clone();
        let (charges, purchases): (Vec<_>, Vec<_>) = keys
            .iter()
            .map(|key| (*key, once(key)))
            .partition(|(key, _)| key.kind == ItemKind::Charge);
        let mut folded: BTreeMap<ItemKey, ItemKey> = BTreeMap::new();
        let mut alone = Vec::new();
        for (key, purchase) in &purchases {
            let days = [purchase.bought, purchase.span.map(|span| span.0)];
            let its = charges.iter().find(|(charge, one)| {
                one.amount == purchase.amount
                    && one.bought.is_some()
                    && days.contains(&one.bought)
                    && !folded.contains_key(charge)
            });
            match its {
                Some((charge, _)) => drop(folded.insert(*charge, *key)),
                None => alone.push((*key, purchase.amount, days)),
            }
        }
        let mut doubtful = BTreeSet::new();
        for (purchase, amount, days) in alone {
            let alike = charges.iter().filter(|(key, one)| {
                let same_day = one.bought.is_some() && days.contains(&one.bought);
                (one.amount == amount || same_day) && !folded.contains_key(key)
            });
            for (charge, _) in alike {
                doubtful.extend([purchase, *charge]);
            }
        }
        for key in keys {
            let (was, is) = (self.folded.remove(&key), folded.get(&key).copied());
            if was.is_none() && is.is_some() {
                self.struck.insert(key);
            }
            if was.is_some() && is.is_none() {
                self.returned.insert(key);
            }
            self.doubtful.remove(&key);
        }
        self.folded.extend(folded);
        self.doubtful.extend(doubtful);
    }

    /// The charge of a purchase.
    pub fn charge_of(&self, purchase: ItemKey) -> Option<ItemKey> {
        self.folded.iter().find(|(_, of)| **of == purchase).map(|(charge, _)| *charge)
    }

    /// Whether the item may be the same as another.
    pub fn is_doubtful(&self, key: ItemKey) -> bool {
        self.doubtful.contains(&key)
    }

    /// Whether a rule of its agreement made this charge: it is for the product of one, or for none
    /// that anybody could tell.
    pub fn is_by_rule(&self, charge: &Once, agreement: i64) -> bool {
        let below = || self.below.get(&agreement).into_iter().flatten();
        let has_milestones = below().any(|key| key.kind == ItemKind::Milestone);
        let rules = self.rules.get(&agreement).filter(|_| !has_milestones);
        let is_of = |rules: &BTreeSet<i64>| charge.product.is_none_or(|one| rules.contains(&one));
        rules.is_some_and(is_of)
    }
}
