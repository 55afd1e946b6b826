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
use crate::autotask::http::entity::Entity;

/// Rows that a packed list may be expected to have: what is left of the page is for what was added
/// since. A list that spills over costs two requests more, one list more costs one.
pub(in crate::autotask) const FULL: usize = 495;

/// How far beyond its average a list must still fit its page, in hundredths of a standard
/// deviation: with more, lists are shorter than they need be; with less, too many spill over.
const MARGIN: usize = 150;

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

/// Ids with the rows that each is expected to have, in hundredths, the most first.
#[derive(Debug)]
struct Weighed {
    ids: Vec<(i64, usize)>,
    is_unread: Vec<bool>,
    /// The standard deviation of what an id weighs that was never read, and how many ids it was
    /// learned from; none where it is a guess.
    deviation: usize,
    learned_from: Option<usize>,
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

    fn weigh(&self, ids: &[i64], spread: Cardinality) -> Weighed {
        let is_unread = |id: &i64| !self.by_id.contains_key(id) && !self.supposed.contains_key(id);
        let unread = ids.iter().filter(|id| is_unread(id)).count();
        let (guess, deviation) = self.guess(unread, spread);
        let weight = |id: &i64| match (self.by_id.get(id), self.supposed.get(id)) {
            (Some(count), _) => count * 100,
            (None, Some(count)) => self.supposed(*count),
            (None, None) => guess,
        };
        let mut ids: Vec<(i64, usize)> = ids.iter().map(|id| (*id, weight(id))).collect();
        ids.sort_by_key(|(id, weight)| (std::cmp::Reverse(*weight), *id));
        let is_unread = ids.iter().map(|(id, _)| is_unread(id)).collect();
        let learned_from = Some(self.by_id.len()).filter(|ids| *ids >= ENOUGH);
        Weighed { ids, is_unread, deviation, learned_from }
    }

    /// Which of `ids` go into the next packed list. The rows are dealt out evenly among as few
    /// lists as hold them, so that no list is fuller than it must be, and each is a fair sample of
    /// what is left.
    pub fn next_list(&self, ids: &[i64], spread: Cardinality) -> Vec<i64> {
        if spread == Cardinality::One {
            return ids.iter().copied().take(PAGE_ROWS).collect();
        }
        let weighed = self.weigh(ids, spread);
        // One that needs pages of its own is asked for alone.
        if weighed.heavy() > 0 {
            return vec![weighed.ids[0].0];
        }
        let first = weighed.first(0, weighed.lists(0));
        let mut list: Vec<i64> = first.into_iter().map(|at| weighed.ids[at].0).collect();
        list.sort_unstable();
        list
    }

    /// What packed lists are expected to cost.
    pub fn packed_cost(&self, ids: &[i64], spread: Cardinality) -> usize {
        if spread == Cardinality::One {
            return ids.len().div_ceil(PAGE_ROWS);
        }
        let weighed = self.weigh(ids, spread);
        let heavy = weighed.heavy();
        let alone = weighed.ids[..heavy].iter().map(|(_, weight)| pages(*weight));
        alone.map(spanning).sum::<usize>() + weighed.lists(heavy)
    }

    /// What the longest lists are expected to cost.
    pub fn whole_cost(&self, ids: &[i64], spread: Cardinality) -> usize {
        if spread == Cardinality::One {
            return ids.len().div_ceil(PAGE_ROWS);
        }
        let lists = ids.chunks(PAGE_ROWS).map(|list| {
            let weight: usize = self.weigh(list, spread).ids.iter().map(|(_, weight)| weight).sum();
            spanning(pages(weight))
        });
        lists.sum()
    }

    /// What a walk over the tenant costs, if it is known how many rows there are.
    pub fn walk_cost(&self) -> Option<usize> {
        self.total.map(|total| spanning(total / PAGE_ROWS + 1))
    }

    /// What counting first costs, and then the walk, if the rows that are wanted were all there are.
    fn counted_walk_cost(&self, ids: &[i64], spread: Cardinality) -> usize {
        let weight: usize = self.weigh(ids, spread).ids.iter().map(|(_, weight)| weight).sum();
        // The count that comes first proves the walk complete.
        pages(weight) + 1
    }

    /// The cheapest way to the rows of `ids`, and what it is expected to cost. A walk only where it
    /// really saves: it reads rows that nobody asked for.
    pub fn choose(&self, ids: &[i64], spread: Cardinality) -> (Plan, usize) {
        let (packed, whole) = (self.packed_cost(ids, spread), self.whole_cost(ids, spread));
        let lists = packed.min(whole);
        match self.walk_cost() {
            Some(walk) if walk < lists => (Plan::Pagination, walk),
            // In vain where most rows are not of these ids, so it must promise to save a third.
            None if self.counted_walk_cost(ids, spread) * 3 <= lists * 2 => (Plan::Count, lists),
            _ if packed <= whole => (Plan::Packed, packed),
            _ => (Plan::Whole, whole),
        }
    }
}

impl Weighed {
    /// How many of the ids, from the first, do not fit a page together with any other.
    fn heavy(&self) -> usize {
        self.ids.iter().take_while(|(_, weight)| *weight > FULL * 100).count()
    }

    /// How many lists hold the ids from the one at `from`.
    fn lists(&self, from: usize) -> usize {
        let rest = &self.ids[from..];
        let weight: usize = rest.iter().map(|(_, weight)| weight).sum();
        let least = weight.div_ceil(FULL * 100).max(rest.len().div_ceil(PAGE_ROWS));
        (least..rest.len()).find(|lists| self.fits(from, *lists)).unwrap_or(rest.len())
    }

    /// Where the ids of the first list stand, if those from the one at `from` are dealt out among
    /// so many: one of each hand of equal weights, such that the list holds its share or hardly
    /// more. So what it leaves fits into one list less.
    fn first(&self, from: usize, lists: usize) -> Vec<usize> {
        let lists = lists.max(1);
        let (mut first, mut weight, mut dealt) = (Vec::new(), 0, 0);
        for (number, hand) in self.ids[from..].chunks(lists).enumerate() {
            dealt += hand.iter().map(|(_, weight)| weight).sum::<usize>();
            let missing = dealt.div_ceil(lists).saturating_sub(weight);
            if missing == 0 && hand.len() < lists {
                continue;
            }
            // The lightest that brings the list to its share, else the heaviest.
            let at = hand.partition_point(|(_, weight)| *weight >= missing).saturating_sub(1);
            weight += hand[at].1;
            first.push(from + number * lists + at);
        }
        first
    }

    /// Whether the first list fits a page, if the ids from the one at `from` are dealt out among so
    /// many.
    fn fits(&self, from: usize, lists: usize) -> bool {
        let first = self.first(from, lists);
        let weight: usize = first.iter().map(|at| self.ids[*at].1).sum();
        let unread = first.iter().filter(|at| self.is_unread[**at]).count();
        first.len() <= PAGE_ROWS && weight + self.margin(unread) <= FULL * 100
    }

    /// What so many ids that were never read may weigh more than expected: they spread about their
    /// average, and the average itself is only as sure as the number of ids that it is from.
    fn margin(&self, unread: usize) -> usize {
        let variance = self.deviation * self.deviation * unread;
        let doubt = self.learned_from.map_or(0, |ids| variance * unread / ids);
        (variance + doubt).isqrt() * MARGIN / 100
    }
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
