//! The charge that Autotask makes for a purchase by itself (rule 10; section 9.7 of the Autotask
//! facts): which charge belongs to which purchase, by amount and dates.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;

/// A purchase, as far as its charge is told by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase<K> {
    /// What it is known by.
    pub key: K,
    /// What it costs.
    pub amount: Decimal,
    /// When it was bought, and from when on it is for: the charge bears one of these.
    pub days: Vec<NaiveDate>,
}

/// A charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge<K> {
    /// What it is known by.
    pub key: K,
    /// What it costs.
    pub amount: Decimal,
    /// When it was bought.
    pub day: Option<NaiveDate>,
}

/// Which charge is whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairing<K> {
    /// A purchase with its charge, in the order of the purchases.
    pub pairs: Vec<(K, K)>,
    /// Purchases and charges that may be the same thing twice: of the same amount, or of the same day.
    pub doubtful: BTreeSet<K>,
}

/// Pairs purchases and charges of one agreement, each with at most one.
pub fn pair<K: Copy + Ord>(purchases: &[Purchase<K>], charges: &[Charge<K>]) -> Pairing<K> {
    let (mut pairs, mut taken, mut paired) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for purchase in purchases {
        let fits = |charge: &&Charge<K>| {
            charge.amount == purchase.amount
                && charge.day.is_some_and(|day| purchase.days.contains(&day))
                && !taken.contains(&charge.key)
        };
        if let Some(charge) = charges.iter().find(fits) {
            taken.insert(charge.key);
            paired.insert(purchase.key);
            pairs.push((purchase.key, charge.key));
        }
    }
    let mut doubtful = BTreeSet::new();
    for purchase in purchases.iter().filter(|purchase| !paired.contains(&purchase.key)) {
        // Where one of the two was edited, the other still tells.
        let is_alike = |charge: &&Charge<K>| {
            charge.amount == purchase.amount
                || charge.day.is_some_and(|day| purchase.days.contains(&day))
        };
        let alike = charges.iter().filter(|charge| !taken.contains(&charge.key)).filter(is_alike);
        let alike: Vec<K> = alike.map(|charge| charge.key).collect();
        if !alike.is_empty() {
            doubtful.insert(purchase.key);
            doubtful.extend(alike);
        }
    }
    Pairing { pairs, doubtful }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 6, day).expect("a date")
    }

    #[test]
    fn a_charge_belongs_to_one_purchase_by_amount_and_day() {
        let purchase = |key, amount, days: &[u32]| Purchase {
            key,
            amount: Decimal::from(amount),
            days: days.iter().copied().map(day).collect(),
        };
        let charge =
            |key, amount, on| Charge { key, amount: Decimal::from(amount), day: Some(day(on)) };
        let purchases =
            [purchase(1, 2500, &[1, 3]), purchase(2, 2500, &[1]), purchase(3, 900, &[5])];
        let charges =
            [charge(11, 2500, 3), charge(12, 2500, 1), charge(13, 900, 9), charge(14, 7, 5)];
        let found = pair(&purchases, &charges);
        assert_eq!(found.pairs, [(1, 11), (2, 12)]);
        assert_eq!(found.doubtful, BTreeSet::from([3, 13, 14]));
        let found = pair(&purchases[2..], &[charge(15, 900, 8), charge(16, 7, 9)]);
        assert_eq!((found.pairs, found.doubtful), (Vec::new(), BTreeSet::from([3, 15])));
    }
}
