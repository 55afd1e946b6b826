//! Which queries cost the fewest requests, from the row counts that are known. Pure.
//!
//! Rows that belong to some clients or agreements can be had in three ways:
//!
//! ```text
//! packed   lists of ids, each of which is expected to fill one page and not to spill over it
//! whole    lists of as many ids as Autotask takes, each walked page by page
//! walk     all rows of the tenant by id, of which those that are not wanted are dropped
//! ```
//!
//! An answer on one page costs that page; one that spans pages costs one more request, for the
//! count that proves it complete. What is known comes from earlier readings of this process; where
//! nothing is, the tenant is asked to count, but only where lists are so many that one request
//! more hardly matters.

use std::collections::HashMap;

use super::entity::Entity;
use super::filter::PAGE_ROWS;

/// Rows that a packed list may be expected to have: what is left of the page is for what was added
/// since.
const FULL: usize = 480;

/// Lists from this many on, the tenant is asked how many rows there are in all. The request is a
/// sixth of the cost at most, and often the walk that it leads to saves more.
const COUNT_PAYS: usize = 6;

/// What is expected of an id that was never read, in percent of what the others have: a list that
/// spills over costs more than one that is a little short.
const CAUTION: usize = 110;

/// Ids that must have been read before their average says anything of others.
const ENOUGH: usize = 50;

/// How the rows of an entity are spread over the ids that they are asked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spread {
    /// At most one row for each id.
    One,
    /// Any number; so many hundredths of a row for each, unless better is known.
    Many(usize),
}

impl Spread {
    /// How rows of `entity` are spread over the values of `field`.
    pub fn of(entity: Entity, field: &str) -> Spread {
        match entity {
            _ if field == "id" => Spread::One,
            Entity::Contracts
            | Entity::ContractServices
            | Entity::ContractServiceUnits
            | Entity::ContractServiceBundleUnits => Spread::Many(300),
            _ => Spread::Many(100),
        }
    }
}

/// What is known of the rows of an entity.
#[derive(Debug, Default, Clone)]
pub(super) struct Knowledge {
    total: Option<usize>,
    by_id: HashMap<i64, usize>,
    /// The sum of `by_id`.
    rows: usize,
}

/// The way to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    /// Lists that fit a page each.
    Packed,
    /// The longest lists.
    Whole,
    /// All rows of the tenant.
    Walk,
    /// Ask for the number of all rows, and choose again.
    Count,
}

impl Knowledge {
    /// There are so many rows in all.
    pub fn learn_total(&mut self, total: usize) {
        self.total = Some(total);
    }

    /// These ids have so many rows each.
    pub fn learn(&mut self, counts: impl IntoIterator<Item = (i64, usize)>) {
        for (id, count) in counts {
            self.rows += count;
            self.rows -= self.by_id.insert(id, count).unwrap_or(0);
        }
    }

    /// What is known of kindred rows holds, as far as nothing better is known.
    pub fn suppose(&mut self, counts: impl IntoIterator<Item = (i64, usize)>) {
        let news: Vec<_> =
            counts.into_iter().filter(|(id, _)| !self.by_id.contains_key(id)).collect();
        self.learn(news);
    }

    /// How many rows `id` is expected to have, in hundredths.
    fn weight(&self, id: i64, spread: Spread) -> usize {
        if let Some(count) = self.by_id.get(&id) {
            return count * 100;
        }
        match spread {
            Spread::One => 100,
            Spread::Many(typical) if self.by_id.len() < ENOUGH => typical * CAUTION / 100,
            Spread::Many(_) => self.rows * CAUTION / self.by_id.len(),
        }
    }

    /// How many of `ids`, from the first, go into the next packed list.
    pub fn fitting(&self, ids: &[i64], spread: Spread) -> usize {
        if spread == Spread::One {
            return ids.len().min(PAGE_ROWS);
        }
        let mut weight = 0;
        let fits = ids.iter().take(PAGE_ROWS).take_while(|id| {
            weight += self.weight(**id, spread);
            weight <= FULL * 100
        });
        // One that needs pages of its own is asked for alone.
        fits.count().max(1).min(ids.len())
    }

    fn list_cost(&self, ids: &[i64], spread: Spread) -> usize {
        if spread == Spread::One {
            return 1;
        }
        let weight: usize = ids.iter().map(|id| self.weight(*id, spread)).sum();
        spanning(weight.div_ceil(100).div_ceil(FULL).max(1))
    }

    /// What packed lists are expected to cost.
    pub fn packed_cost(&self, ids: &[i64], spread: Spread) -> usize {
        let (mut rest, mut cost) = (ids, 0);
        while !rest.is_empty() {
            let (list, others) = rest.split_at(self.fitting(rest, spread));
            cost += self.list_cost(list, spread);
            rest = others;
        }
        cost
    }

    /// What the longest lists are expected to cost.
    pub fn whole_cost(&self, ids: &[i64], spread: Spread) -> usize {
        ids.chunks(PAGE_ROWS).map(|list| self.list_cost(list, spread)).sum()
    }

    /// What a walk over the tenant costs, if it is known how many rows there are.
    pub fn walk_cost(&self) -> Option<usize> {
        self.total.map(|total| spanning(total / PAGE_ROWS + 1))
    }

    /// The cheapest way to the rows of `ids`. A walk only where it really saves: it reads rows that
    /// nobody asked for.
    pub fn choose(&self, ids: &[i64], spread: Spread) -> Plan {
        let (packed, whole) = (self.packed_cost(ids, spread), self.whole_cost(ids, spread));
        let lists = packed.min(whole);
        match self.walk_cost() {
            Some(walk) if walk < lists => Plan::Walk,
            None if lists >= COUNT_PAYS => Plan::Count,
            _ if packed <= whole => Plan::Packed,
            _ => Plan::Whole,
        }
    }
}

/// What so many pages cost, with the count that proves more than one of them complete.
fn spanning(pages: usize) -> usize {
    if pages > 1 { pages + 1 } else { pages }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(counts: &[usize], total: Option<usize>) -> (Vec<i64>, Knowledge) {
        let ids: Vec<i64> = (0..).take(counts.len()).collect();
        let mut knowledge = Knowledge { total, ..Knowledge::default() };
        knowledge.learn(ids.iter().copied().zip(counts.iter().copied()));
        (ids, knowledge)
    }

    const MANY: Spread = Spread::Many(300);

    #[test]
    fn few_ids_of_a_large_tenant_are_a_list_and_most_ids_a_walk() {
        let (ids, knowledge) = known(&[3; 2000], Some(6000));
        assert_eq!(knowledge.choose(&ids[..40], MANY), Plan::Packed);
        assert_eq!(knowledge.choose(&ids[..1000], MANY), Plan::Packed);
        let (ids, sparse) = known(&[0; 6000], Some(20));
        assert_eq!(sparse.choose(&ids, MANY), Plan::Walk, "one page instead of twelve");
        assert_eq!(sparse.choose(&ids[..500], MANY), Plan::Packed, "neither is better");
    }

    #[test]
    fn where_nothing_is_known_counting_pays_for_long_lists_only() {
        let ids: Vec<i64> = (0..6000).collect();
        let nothing = Knowledge::default();
        assert_eq!(nothing.choose(&ids[..300], MANY), Plan::Packed);
        assert_eq!(nothing.choose(&ids, MANY), Plan::Count);
        assert_eq!(nothing.choose(&ids[..2500], Spread::One), Plan::Packed);
    }

    #[test]
    fn what_was_read_tells_of_what_was_not() {
        let (_, knowledge) = known(&[10; 100], None);
        let strangers: Vec<i64> = (1000..2000).collect();
        assert_eq!(knowledge.fitting(&strangers, MANY), 43, "of 11 rows each");
        assert_eq!(Knowledge::default().fitting(&strangers, MANY), 145, "of 3.3 rows each");
    }

    #[test]
    fn learning_again_replaces_and_supposing_does_not() {
        let (_, mut knowledge) = known(&[5, 7], None);
        knowledge.learn([(0, 1)]);
        knowledge.suppose([(1, 100), (2, 3)]);
        assert_eq!(knowledge.rows, 11);
        assert_eq!(knowledge.weight(2, MANY), 300);
    }

    proptest! {
        /// By its own estimate the plan is never worse than any of the alternatives.
        #[test]
        fn the_plan_is_never_worse_than_an_alternative(
            counts in prop::collection::vec(0_usize..900, 1..1500),
            unread in 0_usize..1500,
            total in prop::option::of(0_usize..200_000),
        ) {
            let (mut ids, knowledge) = known(&counts, total);
            ids.extend((100_000..).take(unread));
            let packed = knowledge.packed_cost(&ids, MANY);
            let whole = knowledge.whole_cost(&ids, MANY);
            let cost = match knowledge.choose(&ids, MANY) {
                Plan::Packed => packed,
                Plan::Whole => whole,
                Plan::Walk => knowledge.walk_cost().expect("a total"),
                Plan::Count => {
                    prop_assert!(total.is_none() && packed.min(whole) >= COUNT_PAYS);
                    packed.min(whole)
                }
            };
            prop_assert!(cost <= packed && cost <= whole);
            prop_assert!(knowledge.walk_cost().is_none_or(|walk| cost <= walk));
        }

        /// Packed lists lose no id, are never longer than Autotask takes, and fit their page as far
        /// as is known.
        #[test]
        fn packed_lists_fit(counts in prop::collection::vec(0_usize..900, 1..1500)) {
            let (ids, knowledge) = known(&counts, None);
            let mut rest = ids.as_slice();
            while !rest.is_empty() {
                let length = knowledge.fitting(rest, MANY);
                prop_assert!((1..=PAGE_ROWS).contains(&length));
                let (list, others) = rest.split_at(length);
                let rows: usize = list.iter().map(|id| knowledge.by_id[id]).sum();
                prop_assert!(length == 1 || rows <= FULL);
                rest = others;
            }
        }
    }
}
