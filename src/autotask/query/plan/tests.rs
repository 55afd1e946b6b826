//! Plans from row counts, and lists as they are packed.

use proptest::prelude::*;

use super::super::pack::FULL;
use super::*;

fn known(counts: &[usize], total: Option<usize>) -> (Vec<i64>, RowStats) {
    let ids: Vec<i64> = (0..).take(counts.len()).collect();
    let mut knowledge = RowStats { total, ..RowStats::default() };
    knowledge.record(ids.iter().copied().zip(counts.iter().copied()));
    (ids, knowledge)
}

const MANY: Cardinality = Cardinality::Many(300);

fn plan(knowledge: &RowStats, ids: &[i64]) -> Plan {
    knowledge.choose(ids, MANY).0
}

impl RowStats {
    fn packed_cost(&self, ids: &[i64], spread: Cardinality) -> usize {
        packed_cost(&self.weigh(&self.unasked(ids), spread), spread)
    }
}

/// The lists that `ids` are asked by while nothing new is learned.
fn lists(knowledge: &RowStats, ids: &[i64], spread: Cardinality) -> Vec<Vec<i64>> {
    let mut rest = knowledge.unasked(ids);
    std::iter::from_fn(|| knowledge.next_list(&mut rest, spread)).collect()
}

#[test]
fn few_ids_of_a_large_tenant_are_a_list_and_most_ids_a_walk() {
    let (ids, knowledge) = known(&[3; 2000], Some(6000));
    assert_eq!(plan(&knowledge, &ids[..40]), Plan::Packed);
    assert_eq!(plan(&knowledge, &ids[..1000]), Plan::Packed);
    let (ids, sparse) = known(&[0; 6000], Some(20));
    assert_eq!(plan(&sparse, &ids), Plan::Pagination, "one page instead of twelve");
    assert_eq!(plan(&sparse, &ids[..500]), Plan::Packed, "neither is better");
}

#[test]
fn where_nothing_is_known_counting_pays_for_many_lists_of_few_rows_only() {
    let ids: Vec<i64> = (0..6000).collect();
    let nothing = RowStats::default();
    let sparse = Cardinality::Many(20);
    assert_eq!(nothing.choose(&ids[..1000], sparse).0, Plan::Packed);
    assert_eq!(nothing.choose(&ids[..1001], sparse).0, Plan::Count);
    assert_eq!(nothing.choose(&ids[..2500], Cardinality::One).0, Plan::Packed);
    assert_eq!(plan(&nothing, &ids[..300]), Plan::Packed);
}

#[test]
fn what_was_read_tells_of_what_was_not() {
    let (_, knowledge) = known(&[10; 100], None);
    let strangers: Vec<i64> = (1000..1050).collect();
    assert_eq!(knowledge.packed_cost(&strangers[..49], MANY), 1);
    assert_eq!(knowledge.packed_cost(&strangers, MANY), 2, "of 10 rows each");
    let uneven: Vec<usize> = (0..100).map(|id| id % 2 * 20).collect();
    let (_, knowledge) = known(&uneven, None);
    assert_eq!(knowledge.packed_cost(&strangers[..49], MANY), 2, "of 10 rows, more or less");
    assert_eq!(RowStats::default().packed_cost(&strangers, MANY), 1, "of 3 rows each");
}

#[test]
fn what_there_is_in_all_bounds_what_was_not_read() {
    let strangers: Vec<i64> = (1000..2000).collect();
    let (_, knowledge) = known(&[10; 100], Some(1000));
    assert_eq!(knowledge.packed_cost(&strangers, MANY), 2, "they can have no rows");
}

#[test]
fn heavy_and_light_ids_share_lists() {
    let mut counts = vec![0; 1000];
    counts.extend([9; 100]);
    let (ids, knowledge) = known(&counts, None);
    assert_eq!(lists(&knowledge, &ids, MANY).len(), 3, "1,100 ids, 900 rows");
    let (ids, knowledge) = known(&[700, 480, 3, 2], None);
    assert_eq!(lists(&knowledge, &ids, MANY), [vec![0], vec![1, 2, 3]]);
    assert_eq!(knowledge.packed_cost(&ids, MANY), 4, "two pages and their count, one page");
}

#[test]
fn learning_again_replaces_and_supposing_does_not() {
    let (_, mut knowledge) = known(&[5, 7], None);
    knowledge.record([(0, 1)]);
    assert_eq!((knowledge.read.rows, knowledge.read.squares), (8, 50));
    knowledge.assume(Some(30), [(1, 100), (2, 3)]);
    assert_eq!((knowledge.read.rows, knowledge.total), (8, Some(30)), "nobody has read them");
    knowledge.assume(Some(40), []);
    assert_eq!(knowledge.total, Some(30));
}

#[test]
fn what_is_supposed_is_corrected_by_what_is_read() {
    let mut knowledge = RowStats::default();
    let ids: Vec<i64> = (0..1000).collect();
    knowledge.assume(None, ids.iter().map(|id| (*id, 8)));
    let mut rest = knowledge.unasked(&ids);
    let mut next =
        |knowledge: &RowStats| knowledge.next_list(&mut rest, MANY).expect("a list").len();
    assert_eq!(next(&knowledge), 59, "8 rows each, and a little more");
    // Half of it is there: the tenant makes no rows ahead.
    knowledge.record((0..59).map(|id| (id, 4)));
    assert_eq!(next(&knowledge), 118);
    knowledge.record((59..1000).map(|id| (id, 4)));
    assert!(knowledge.supposed.is_empty());
}

#[test]
fn what_is_assumed_for_some_says_nothing_of_others() {
    let mut knowledge = RowStats::default();
    knowledge.assume(None, (0..100).map(|id| (id, 1)));
    knowledge.record((0..100).map(|id| (id, 1)));
    knowledge.record((100..160).map(|id| (id, 10)));
    let strangers: Vec<i64> = (1000..1098).collect();
    assert_eq!(knowledge.packed_cost(&strangers[..49], MANY), 1);
    assert_eq!(knowledge.packed_cost(&strangers, MANY), 2, "of 10 rows each, as those nobody knew");
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
        let (plan, cost) = knowledge.choose(&ids, MANY);
        prop_assert!(plan != Plan::Count || total.is_none() && packed.min(whole) > 2);
        prop_assert!(cost <= packed && cost <= whole);
        prop_assert!(knowledge.walk_cost().is_none_or(|walk| cost <= walk));
    }

    /// Packed lists lose no id, are never longer than Autotask takes, fit their page as far as
    /// is known, and are hardly more than was reckoned.
    #[test]
    fn packed_lists_fit(counts in prop::collection::vec(0_usize..900, 1..600)) {
        let (ids, knowledge) = known(&counts, None);
        let lists = lists(&knowledge, &ids, MANY);
        let (mut all, mut cost): (Vec<i64>, usize) = (lists.concat(), 0);
        all.sort_unstable();
        prop_assert_eq!(&all, &ids);
        for list in &lists {
            let rows: usize = list.iter().map(|id| knowledge.by_id[id]).sum();
            prop_assert!(list.len() <= PAGE_ROWS && (list.len() == 1 || rows <= FULL));
            cost += spanning(rows / PAGE_ROWS + 1);
        }
        // Where single ids nearly fill a page, what is left over can take a list more.
        let reckoned = knowledge.packed_cost(&ids, MANY);
        prop_assert!(cost <= reckoned + reckoned / 4 + 1, "{cost} instead of {reckoned}");
    }
}
