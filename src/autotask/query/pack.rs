//! Lists of ids that fill a page each: which ids go into the next one. Pure.
//!
//! The rows are dealt out evenly among as few lists as hold them, so that no list is fuller than it
//! must be, and each is a fair sample of what is left. A tenant has a hundred thousand ids and a
//! thousand lists, and each answer changes what the others are reckoned to weigh; but of all these
//! ids there are only so many kinds, and all ids of a kind weigh the same. So they are kept by kind:
//! to weigh them anew for a list costs as much as there are kinds, and to choose it as much as it is
//! long, whatever is left. (Weighing and sorting every id for every list took half of what reading
//! 10,000 clients took.)
//!
//! What an id weighs, and how sure that is, `plan` knows.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use super::filter::PAGE_ROWS;

/// Rows that a packed list may be expected to have: what is left of the page is for what was added
/// since. A list that spills over costs two requests more, one list more costs one.
pub(in crate::autotask) const FULL: usize = 495;

/// How far beyond its average a list must still fit its page, in hundredths of a standard
/// deviation: with more, lists are shorter than they need be; with less, too many spill over.
const MARGIN: usize = 150;

/// What is known of the rows of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// So many were read.
    Read(usize),
    /// So many are assumed, from kindred rows.
    Supposed(usize),
    /// Nothing.
    Unread,
}

/// Ids that are still to be asked for, by kind; those of a kind in order.
#[derive(Debug)]
pub(in crate::autotask) struct Unasked(BTreeMap<Kind, Vec<i64>>);

/// The same with what they weigh: levels of equal weight, the heaviest first. Together they are one
/// row of ids by weight and then by id, and a position in it stands for an id.
#[derive(Debug)]
pub(super) struct Weighed<'a> {
    levels: Vec<Level<'a>>,
    doubt: Doubt,
}

/// How far off what is expected of an id may be of which nothing is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doubt {
    /// The standard deviation, in hundredths of a row.
    pub(super) deviation: usize,
    /// How many ids the average was learned from; none where it is a guess.
    pub(super) learned_from: Option<usize>,
}

#[derive(Debug)]
struct Level<'a> {
    /// Of each of its ids, in hundredths of a row.
    weight: usize,
    /// Its positions.
    at: Range<usize>,
    /// What all ids before it weigh together.
    before: usize,
    ids: Ids<'a>,
}

#[derive(Debug)]
enum Ids<'a> {
    OfOneKind(Kind, &'a [i64]),
    /// Of several kinds that happen to weigh the same.
    Mixed(Vec<Pick>),
}

/// An id, with its place among those of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pick {
    pub(super) id: i64,
    kind: Kind,
    place: usize,
}

impl Unasked {
    /// These ids, which are in order and none twice.
    pub(super) fn of(ids: impl IntoIterator<Item = (i64, Kind)>) -> Unasked {
        let mut kinds: BTreeMap<Kind, Vec<i64>> = BTreeMap::new();
        for (id, kind) in ids {
            kinds.entry(kind).or_default().push(id);
        }
        Unasked(kinds)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Of how many ids nothing is known.
    pub(super) fn unread(&self) -> usize {
        self.0.get(&Kind::Unread).map_or(0, Vec::len)
    }

    /// The ids with what those of each kind weigh, in hundredths of a row.
    pub(super) fn weighed(&self, weight: impl Fn(Kind) -> usize, doubt: Doubt) -> Weighed<'_> {
        let mut by_weight: BTreeMap<Reverse<usize>, Vec<Ids<'_>>> = BTreeMap::new();
        for (kind, ids) in &self.0 {
            let level = by_weight.entry(Reverse(weight(*kind))).or_default();
            level.push(Ids::OfOneKind(*kind, ids));
        }
        let (mut levels, mut end, mut sum) = (Vec::with_capacity(by_weight.len()), 0, 0);
        for (Reverse(weight), kinds) in by_weight {
            let ids = Ids::together(kinds);
            let at = end..end + ids.len();
            let before = sum;
            (end, sum) = (at.end, sum + weight * at.len());
            levels.push(Level { weight, at, before, ids });
        }
        Weighed { levels, doubt }
    }

    /// Takes ids out; answers them in order.
    pub(super) fn take(&mut self, picks: Vec<Pick>) -> Vec<i64> {
        let mut places: BTreeMap<Kind, Vec<usize>> = BTreeMap::new();
        let mut taken = Vec::with_capacity(picks.len());
        for Pick { id, kind, place } in picks {
            places.entry(kind).or_default().push(place);
            taken.push(id);
        }
        for (kind, mut places) in places {
            let Some(ids) = self.0.get_mut(&kind) else { continue };
            places.sort_unstable();
            close_gaps(ids, &places);
            if ids.is_empty() {
                self.0.remove(&kind);
            }
        }
        taken.sort_unstable();
        taken
    }
}

/// Takes out what stands at these places, which are in order.
fn close_gaps(ids: &mut Vec<i64>, places: &[usize]) {
    let Some(first) = places.first() else { return };
    let mut end = *first;
    for (number, place) in places.iter().enumerate() {
        let next = places.get(number + 1).copied().unwrap_or(ids.len());
        ids.copy_within(place + 1..next, end);
        end += next - (place + 1);
    }
    ids.truncate(end);
}

impl Ids<'_> {
    /// Those of several kinds as one, by id.
    fn together(mut kinds: Vec<Ids<'_>>) -> Ids<'_> {
        if kinds.len() == 1
            && let Some(only) = kinds.pop()
        {
            return only;
        }
        let mut mixed: Vec<Pick> =
            kinds.iter().flat_map(|ids| (0..ids.len()).map(|place| ids.pick(place))).collect();
        mixed.sort_unstable_by_key(|pick| pick.id);
        Ids::Mixed(mixed)
    }

    fn len(&self) -> usize {
        match self {
            Ids::OfOneKind(_, ids) => ids.len(),
            Ids::Mixed(picks) => picks.len(),
        }
    }

    fn pick(&self, place: usize) -> Pick {
        match self {
            Ids::OfOneKind(kind, ids) => Pick { id: ids[place], kind: *kind, place },
            Ids::Mixed(picks) => picks[place],
        }
    }
}

impl Weighed<'_> {
    /// How many ids there are.
    pub(super) fn len(&self) -> usize {
        self.levels.last().map_or(0, |level| level.at.end)
    }

    /// What all of them weigh.
    pub(super) fn weight(&self) -> usize {
        self.weight_before(self.len())
    }

    /// What those weigh that do not fit a page together with any other, each alone.
    pub(super) fn heavy_weights(&self) -> impl Iterator<Item = usize> {
        let heavy = self.levels.iter().take_while(|level| level.weight > FULL * 100);
        heavy.flat_map(|level| level.at.clone().map(|_| level.weight))
    }

    /// How many of the ids do not fit a page together with any other. They stand first.
    fn heavy(&self) -> usize {
        self.at_least(FULL * 100 + 1)
    }

    /// How many ids weigh so much or more.
    fn at_least(&self, weight: usize) -> usize {
        let levels = self.levels.partition_point(|level| level.weight >= weight);
        levels.checked_sub(1).map_or(0, |last| self.levels[last].at.end)
    }

    /// The level of the id at a position.
    fn level(&self, position: usize) -> &Level<'_> {
        &self.levels[self.levels.partition_point(|level| level.at.end <= position)]
    }

    /// What the ids before a position weigh together.
    fn weight_before(&self, position: usize) -> usize {
        let levels = self.levels.partition_point(|level| level.at.end < position);
        let level = self.levels.get(levels);
        level.map_or(0, |level| level.before + level.weight * (position - level.at.start))
    }

    /// How many lists hold the ids that are not too heavy.
    pub(super) fn lists(&self) -> usize {
        self.lists_from(self.heavy())
    }

    /// The next list: one that needs pages of its own is asked for alone.
    pub(super) fn next(&self) -> Vec<Pick> {
        if self.heavy() > 0 {
            return vec![self.levels[0].ids.pick(0)];
        }
        self.first(0, self.lists_from(0)).picks
    }

    fn lists_from(&self, from: usize) -> usize {
        let rest = self.len() - from;
        let weight = self.weight() - self.weight_before(from);
        let least = weight.div_ceil(FULL * 100).max(rest.div_ceil(PAGE_ROWS));
        let fits = |lists: &usize| self.fits(&self.first(from, *lists));
        (least..rest).find(fits).unwrap_or(rest)
    }

    /// The first list, if the ids from a position on are dealt out among so many: one of each hand of
    /// equal weights, such that the list holds its share or hardly more. So what it leaves fits into
    /// one list less.
    fn first(&self, from: usize, lists: usize) -> First {
        let (lists, end, begin) = (lists.max(1), self.len(), self.weight_before(from));
        let mut first = First::default();
        for hand in (from..end).step_by(lists).map(|start| start..end.min(start + lists)) {
            let dealt = self.weight_before(hand.end) - begin;
            let missing = dealt.div_ceil(lists).saturating_sub(first.weight);
            if missing == 0 && hand.len() < lists {
                continue;
            }
            // The lightest that brings the list to its share, else the heaviest.
            let enough = self.at_least(missing).clamp(hand.start, hand.end);
            let position = if enough > hand.start { enough - 1 } else { hand.start };
            let level = self.level(position);
            first.weight += level.weight;
            first.picks.push(level.ids.pick(position - level.at.start));
        }
        first
    }

    /// Whether a list is expected to fit a page.
    fn fits(&self, list: &First) -> bool {
        let unread = list.picks.iter().filter(|pick| pick.kind == Kind::Unread).count();
        list.picks.len() <= PAGE_ROWS && list.weight + self.doubt.margin(unread) <= FULL * 100
    }
}

/// A list, with what it weighs.
#[derive(Default)]
struct First {
    picks: Vec<Pick>,
    weight: usize,
}

impl Doubt {
    /// What so many ids that were never read may weigh more than expected: they spread about their
    /// average, and the average itself is only as sure as the number of ids that it is from.
    fn margin(self, unread: usize) -> usize {
        let variance = self.deviation * self.deviation * unread;
        let doubt = self.learned_from.map_or(0, |ids| variance * unread / ids);
        (variance + doubt).isqrt() * MARGIN / 100
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The next list as it is chosen where every id is weighed and sorted.
    fn plainly(ids: &[(i64, Kind)], weight: impl Fn(Kind) -> usize, doubt: Doubt) -> Vec<i64> {
        let mut sorted: Vec<(usize, i64, bool)> =
            ids.iter().map(|(id, kind)| (weight(*kind), *id, *kind == Kind::Unread)).collect();
        sorted.sort_by_key(|(weight, id, _)| (Reverse(*weight), *id));
        let first = |lists: usize| {
            let (mut list, mut sum, mut dealt) = (Vec::new(), 0, 0);
            for hand in sorted.chunks(lists) {
                dealt += hand.iter().map(|(weight, ..)| weight).sum::<usize>();
                let missing = dealt.div_ceil(lists).saturating_sub(sum);
                if missing > 0 || hand.len() == lists {
                    let at = hand.partition_point(|(weight, ..)| *weight >= missing);
                    list.push(hand[at.saturating_sub(1)]);
                    sum += hand[at.saturating_sub(1)].0;
                }
            }
            (list, sum)
        };
        let fits = |lists: &usize| {
            let (list, sum) = first(*lists);
            let unread = list.iter().filter(|(.., unread)| *unread).count();
            list.len() <= PAGE_ROWS && sum + doubt.margin(unread) <= FULL * 100
        };
        let sum: usize = sorted.iter().map(|(weight, ..)| weight).sum();
        let least = sum.div_ceil(FULL * 100).max(sorted.len().div_ceil(PAGE_ROWS)).max(1);
        let lists = (least..sorted.len()).find(fits).unwrap_or(sorted.len());
        let mut list: Vec<i64> = match sorted[0] {
            (weight, id, _) if weight > FULL * 100 => vec![id],
            _ => first(lists).0.into_iter().map(|(_, id, _)| id).collect(),
        };
        list.sort_unstable();
        list
    }

    fn any_kind() -> impl Strategy<Value = Kind> {
        prop_oneof![
            8 => (0_usize..9).prop_map(Kind::Read),
            4 => (0_usize..9).prop_map(Kind::Supposed),
            4 => Just(Kind::Unread),
            1 => (0_usize..600).prop_map(Kind::Read),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        /// By kinds the lists are the same as of single ids, also where kinds weigh the same.
        #[test]
        fn lists_by_kind_are_those_of_single_ids(
            kinds in prop::collection::vec(any_kind(), 1..1500),
            guess in 0_usize..9,
            deviation in 0_usize..800,
            learned_from in prop::option::of(50_usize..900),
        ) {
            let weight = |kind| 100 * match kind {
                Kind::Read(count) | Kind::Supposed(count) => count,
                Kind::Unread => guess,
            };
            let doubt = Doubt { deviation, learned_from };
            let mut ids: Vec<(i64, Kind)> = (0..).zip(kinds).collect();
            let mut rest = Unasked::of(ids.iter().copied());
            while !ids.is_empty() {
                let list = rest.weighed(weight, doubt).next();
                let list = rest.take(list);
                prop_assert_eq!(&list, &plainly(&ids, weight, doubt));
                ids.retain(|(id, _)| list.binary_search(id).is_err());
            }
            prop_assert!(rest.is_empty());
        }
    }
}
