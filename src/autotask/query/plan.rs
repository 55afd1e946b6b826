//! Which queries cost the fewest requests, from the row counts that are known. Pure.
//!
//! Rows that belong to some clients or agreements can be had in these ways:
//!
//! ```text
//! packed   lists of ids, each of which is expected to fill one page and not to spill over it
//! whole    lists of as many ids as Autotask takes, each walked page by page
//! walk     all rows of the tenant by id, of which those that are not wanted are dropped
//! count    first ask how many rows the tenant has in all, then choose again
//! ```
//!
//! An answer on one page costs that page; one that spans pages costs one more request, for the
//! count that proves it complete. What is known comes from earlier readings, and from the lists of
//! the same reading that were answered already: each makes the rest known better.
//!
//! Only the cost depends on what is known. Whatever is wrong in here costs requests, never rows.

use std::collections::{HashMap, HashSet};

use super::filter::PAGE_ROWS;
use super::pack::{Doubt, Kind, Unasked, Weighed};
use crate::autotask::http::entity::Entity;

/// By how much more, in percent, what is only supposed is reckoned.
const SUPPOSED_MARGIN: usize = 2;

/// Ids that must have been read before their average says more of others than a first guess.
const ENOUGH: usize = 50;

/// How the rows of an entity are spread over the ids that they are asked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::autotask) enum Cardinality {
    /// At most one row for each id.
    One,
    /// Any number; so many hundredths of a row for each, unless better is known.
    Many(usize),
}

impl Cardinality {
    /// How rows of `entity` are spread over the values of `field`. First guesses for a tenant that
    /// was never read: what an ordinary MSP has of each.
    pub fn of(entity: Entity, field: &str) -> Cardinality {
        match entity {
            _ if field == "id" => Cardinality::One,
            Entity::Contracts => Cardinality::Many(300),
            Entity::ContractServiceBundles | Entity::ContractServiceBundleUnits => {
                Cardinality::Many(50)
            }
            Entity::ContractCharges => Cardinality::Many(110),
            Entity::ContractBlocks
            | Entity::ContractRetainers
            | Entity::ContractTicketPurchases => Cardinality::Many(250),
            Entity::ContractMilestones => Cardinality::Many(300),
            Entity::ContractBillingRules => Cardinality::Many(30),
            _ => Cardinality::Many(400),
        }
    }
}

/// Of ids that were read: how many, the sum of their rows, and the sum of the squares.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Sums {
    ids: usize,
    rows: usize,
    squares: usize,
}

impl Sums {
    /// An id has `now` rows, and had `before` when it was last read.
    fn record(&mut self, before: Option<usize>, now: usize) {
        let old = before.unwrap_or(0);
        self.ids += usize::from(before.is_none());
        self.rows = self.rows + now - old;
        self.squares = self.squares + now * now - old * old;
    }

    /// The average number of rows of an id and its standard deviation, in hundredths of a row.
    fn mean_and_deviation(self) -> (usize, usize) {
        let mean = self.rows * 100 / self.ids;
        let variance = (self.squares * 10_000 / self.ids).saturating_sub(mean * mean);
        (mean, variance.isqrt())
    }
}

/// What is known of the rows of an entity.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct RowStats {
    total: Option<usize>,
    by_id: HashMap<i64, usize>,
    /// Of all in `by_id`.
    read: Sums,
    /// Of those for which nothing was ever assumed: what is assumed for some says nothing of others.
    unassumed: Sums,
    /// What ids that were never read are assumed to have, from kindred rows.
    supposed: HashMap<i64, usize>,
    /// Ids for which something was ever assumed.
    kindred: HashSet<i64>,
    /// Of ids that were read: what they were supposed to have in all, and what they had.
    found: (usize, usize),
}

/// The way to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::autotask) enum Plan {
    /// Lists that fit a page each.
    Packed,
    /// The longest lists.
    Whole,
    /// All rows of the tenant.
    Pagination,
    /// Ask for the number of all rows, and choose again.
    Count,
}

impl RowStats {
    /// What was known before a restart.
    pub fn of(total: Option<usize>, rows: impl IntoIterator<Item = (i64, usize)>) -> RowStats {
        let mut known = RowStats { total, ..RowStats::default() };
        known.record(rows);
        known
    }

    /// There are so many rows in all.
    pub fn learn_total(&mut self, total: usize) {
        self.total = Some(total);
    }

    /// These ids have so many rows each.
    pub fn record(&mut self, counts: impl IntoIterator<Item = (i64, usize)>) {
        for (id, count) in counts {
            if let Some(supposed) = self.supposed.remove(&id) {
                self.found = (self.found.0 + supposed, self.found.1 + count);
            }
            let before = self.by_id.insert(id, count);
            self.read.record(before, count);
            if !self.kindred.contains(&id) {
                self.unassumed.record(before, count);
            }
        }
    }

    /// What is known of kindred rows holds, as far as nothing better is known.
    pub fn assume(&mut self, total: Option<usize>, counts: impl IntoIterator<Item = (i64, usize)>) {
        self.total = self.total.or(total);
        let news = counts.into_iter().filter(|(id, _)| !self.by_id.contains_key(id));
        self.supposed.extend(news);
        self.kindred.extend(self.supposed.keys());
    }

    /// What an id weighs of which so much is supposed, in hundredths of a row: as far off as what
    /// was read of others, and a little more, because it is no more than an average.
    fn supposed(&self, count: usize) -> usize {
        let (supposed, found) = match self.found {
            (ENOUGH.., found) => (self.found.0, found),
            _ => (1, 1),
        };
        (count * found * (100 + SUPPOSED_MARGIN)).div_ceil(supposed)
    }

    /// How many rows there are in all, if that is known.
    pub fn total(&self) -> Option<usize> {
        self.total
    }

    /// How many rows each id has, as far as that is known.
    pub fn by_id(&self) -> Vec<(i64, usize)> {
        let mut all: Vec<_> = self.by_id.iter().map(|(id, count)| (*id, *count)).collect();
        all.sort_unstable();
        all
    }

    /// What each of `unread` ids weighs on average, and the standard deviation, in hundredths of a
    /// row.
    fn guess(&self, unread: usize, spread: Cardinality) -> (usize, usize) {
        let alike = if self.unassumed.ids >= ENOUGH { self.unassumed } else { self.read };
        let (mean, deviation) = match (spread, alike.ids) {
            (Cardinality::One, _) => (100, 0),
            // Of rows that are spread by chance, the variance is the average.
            (Cardinality::Many(typical), ..ENOUGH) => (typical, (typical * 100).isqrt()),
            (Cardinality::Many(_), _) => alike.mean_and_deviation(),
        };
        // All of them together cannot have more rows than there are.
        let most = self
            .total
            .filter(|_| unread > 0)
            .map(|total| (total.saturating_sub(self.read.rows) * 100).div_ceil(unread));
        (most.map_or(mean, |most| mean.min(most)), deviation)
    }

    /// Ids, which are in order and none twice, by what is known of each now.
    pub fn unasked(&self, ids: &[i64]) -> Unasked {
        Unasked::of(ids.iter().map(|id| (*id, self.kind(id))))
    }

    fn kind(&self, id: &i64) -> Kind {
        match (self.by_id.get(id), self.supposed.get(id)) {
            (Some(count), _) => Kind::Read(*count),
            (None, Some(count)) => Kind::Supposed(*count),
            (None, None) => Kind::Unread,
        }
    }

    /// What an id weighs, in hundredths of a row; `guess` if it was never read.
    fn weight(&self, kind: Kind, guess: usize) -> usize {
        match kind {
            Kind::Read(count) => count * 100,
            Kind::Supposed(count) => self.supposed(count),
            Kind::Unread => guess,
        }
    }

    fn weigh<'a>(&self, ids: &'a Unasked, spread: Cardinality) -> Weighed<'a> {
        let (guess, deviation) = self.guess(ids.unread(), spread);
        let learned_from = Some(self.by_id.len()).filter(|ids| *ids >= ENOUGH);
        ids.weighed(|kind| self.weight(kind, guess), Doubt { deviation, learned_from })
    }

    /// The next packed list, taken out of `rest`; none where nothing is left. What was learned since
    /// `rest` was sorted by kinds counts for the averages, not for single ids.
    pub fn next_list(&self, rest: &mut Unasked, spread: Cardinality) -> Option<Vec<i64>> {
        if rest.is_empty() {
            return None;
        }
        let list = self.weigh(rest, spread).next();
        Some(rest.take(list))
    }

    /// What the longest lists are expected to cost.
    pub fn whole_cost(&self, ids: &[i64], spread: Cardinality) -> usize {
        if spread == Cardinality::One {
            return ids.len().div_ceil(PAGE_ROWS);
        }
        let lists = ids.chunks(PAGE_ROWS).map(|list| {
            let kinds: Vec<Kind> = list.iter().map(|id| self.kind(id)).collect();
            let unread = kinds.iter().filter(|kind| **kind == Kind::Unread).count();
            let (guess, _) = self.guess(unread, spread);
            spanning(pages(kinds.iter().map(|kind| self.weight(*kind, guess)).sum()))
        });
        lists.sum()
    }

    /// What a walk over the tenant costs, if it is known how many rows there are.
    pub fn walk_cost(&self) -> Option<usize> {
        self.total.map(|total| spanning(total / PAGE_ROWS + 1))
    }

    /// The cheapest way to the rows of `ids`, and what it is expected to cost. A walk only where it
    /// really saves: it reads rows that nobody asked for.
    pub fn choose(&self, ids: &[i64], spread: Cardinality) -> (Plan, usize) {
        let unasked = self.unasked(ids);
        let weighed = self.weigh(&unasked, spread);
        let (packed, whole) = (packed_cost(&weighed, spread), self.whole_cost(ids, spread));
        let lists = packed.min(whole);
        match self.walk_cost() {
            Some(walk) if walk < lists => (Plan::Pagination, walk),
            // In vain where most rows are not of these ids, so it must promise to save a third.
            None if counted_walk_cost(&weighed) * 3 <= lists * 2 => (Plan::Count, lists),
            _ if packed <= whole => (Plan::Packed, packed),
            _ => (Plan::Whole, whole),
        }
    }
}

/// What packed lists are expected to cost.
fn packed_cost(weighed: &Weighed<'_>, spread: Cardinality) -> usize {
    match spread {
        Cardinality::One => weighed.len().div_ceil(PAGE_ROWS),
        Cardinality::Many(_) => {
            let alone = weighed.heavy_weights().map(|weight| spanning(pages(weight)));
            alone.sum::<usize>() + weighed.lists()
        }
    }
}

/// What counting first costs, and then the walk, if the rows that are wanted were all there are.
fn counted_walk_cost(weighed: &Weighed<'_>) -> usize {
    // The count that comes first proves the walk complete.
    pages(weighed.weight()) + 1
}

/// The pages that rows fill, given in hundredths of a row. One that is exactly full is followed by
/// an empty one.
fn pages(weight: usize) -> usize {
    weight / 100 / PAGE_ROWS + 1
}

/// What so many pages cost, with the count that proves more than one of them complete.
pub(in crate::autotask) fn spanning(pages: usize) -> usize {
    if pages > 1 { pages + 1 } else { pages }
}

#[cfg(test)]
mod tests;
