//! The guard: what must not be applied before a person has looked.
//!
//! A fault on the way (a permission taken away, a filter of visibility, a broken answer) can look
//! like a cancelled book of business. The guard turns items that look like that into held ones;
//! what is not risky in the same run goes on.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::effects;
use crate::model::{
    Contract, Field, FieldChange, Fields, ItemKey, PendingItem, PendingState, Remark, Value,
    grouped,
};
use crate::policy::cost::Basis;

/// How much is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// More than this share of a client's live contracts gone at once, in percent, is held; up to
    /// [`ALWAYS_ALLOWED`] may go whatever share they are.
    pub max_vanished_percent: u32,
    /// A price that moves by more than this, in percent, is held; 0 never holds for a price.
    pub hold_price_change_percent: u32,
    /// Whether what goes from active to inactive, or back, is held.
    pub hold_status_flips: bool,
}

/// So many contracts may vanish at once, whatever share of a small client they are.
pub const ALWAYS_ALLOWED: usize = 2;

/// What the guard knows besides the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardInput<'a> {
    /// How many live contracts from Autotask the store holds for the client.
    pub live: usize,
    /// Whether Autotask's answer for the client held nothing at all.
    pub empty_answer: bool,
    /// Whether the API user is shown only a part of what there is, so that absence proves nothing.
    pub restricted: bool,
    /// Charges that are the billing items of purchases: they are not gone.
    pub folded: &'a BTreeSet<ItemKey>,
}

/// Turns into held ones the items that a person must look at first.
pub fn hold(items: &mut [PendingItem], input: GuardInput<'_>, limits: Limits) {
    let is_gone = |item: &PendingItem| {
        item.state == PendingState::Vanished && !input.folded.contains(&item.key)
    };
    let vanished = items.iter().filter(|item| is_gone(item)).count();
    let too_many = vanished > ALWAYS_ALLOWED
        && vanished * 100 > input.live * limits.max_vanished_percent as usize;
    let why_vanished = if vanished == 0 {
        None
    } else if input.restricted {
        Some("the API user sees only part of Autotask, so absence proves nothing".to_owned())
    } else if input.empty_answer {
        Some(format!("Autotask shows no item at all, but {} were imported", input.live))
    } else if too_many {
        let limit = limits.max_vanished_percent;
        let live = input.live;
        Some(format!("{vanished} of {live} contracts are missing at once (limit {limit} %)"))
    } else {
        None
    };
    for item in &mut *items {
        let reason = match item.state {
            PendingState::Vanished if is_gone(item) => why_vanished.clone(),
            PendingState::Changed | PendingState::Returned => other_currency(item)
                .or_else(|| fell_silent(item))
                .or_else(|| rules_gone(item))
                .or_else(|| status_flipped(item, limits.hold_status_flips))
                .or_else(|| price_moved(item, limits.hold_price_change_percent)),
            _ => None,
        };
        if reason.is_some() {
            item.state = PendingState::Held;
            item.reason = reason;
        }
    }
    hold_what_rules_made(items);
    hold_what_adds_up(items);
    hold_what_is_ahead(items);
}

/// Holds the cost of an agreement above contracts that an answer forgot: they are not in it, and
/// they are there when they are asked for by id. So the sum in that answer is not the agreement's.
pub fn hold_above(items: &mut [PendingItem], forgotten: &[&Contract]) {
    let above = forgotten.iter().filter_map(|contract| {
        Some((contract.parent?, format!("addition {} is missing from the answer", contract.key)))
    });
    hold_costs(items, &above.collect());
}

/// Holds what is only known ahead of an addition while its agreement is held: that a line has no
/// next row tells its end where others have one, and of a held agreement those may be hidden.
fn hold_what_is_ahead(items: &mut [PendingItem]) {
    let held = items.iter().filter(|item| item.state == PendingState::Held);
    let above: BTreeSet<ItemKey> = held.map(|item| item.key).collect();
    let is_ahead = |change: &FieldChange| {
        [Field::NextChangeDate, Field::NextChangeCost, Field::LaterChanges].contains(&change.field)
    };
    for item in items.iter_mut().filter(|item| item.state == PendingState::Changed) {
        if let Some(agreement) = item.parent.filter(|parent| above.contains(parent))
            && item.changes.iter().all(is_ahead)
        {
            item.state = PendingState::Held;
            item.reason = Some(format!("{agreement}, which announces the later rate, is held"));
        }
    }
}

/// Holds the charges that lose their rule together with the agreement that shows no rules any more:
/// applied alone, each would count once, though it is in the monthly amount that stays.
fn hold_what_rules_made(items: &mut [PendingItem]) {
    let held = items.iter().filter(|item| item.state == PendingState::Held);
    let above: BTreeSet<ItemKey> =
        held.filter(|item| rules_gone(item).is_some()).map(|item| item.key).collect();
    let can_be_held = |item: &&mut PendingItem| {
        matches!(item.state, PendingState::Changed | PendingState::Returned)
    };
    for item in items.iter_mut().filter(can_be_held) {
        if let Some(agreement) = item.parent.filter(|parent| above.contains(parent))
            && loses_its_rule(item)
        {
            item.state = PendingState::Held;
            item.reason =
                Some(format!("{agreement}, whose billing rules made the charge, is held"));
        }
    }
}

/// Holds an agreement whose cost changes while an addition that it adds up is held.
fn hold_what_adds_up(items: &mut [PendingItem]) {
    let held = items.iter().filter(|item| item.state == PendingState::Held);
    let above = held.filter_map(|item| {
        let reason = item.reason.as_deref().unwrap_or_default();
        Some((item.parent?, format!("addition {} is held: {reason}", item.key)))
    });
    let above = above.collect();
    hold_costs(items, &above);
}

/// Holds the agreements that are named here, with the reason, if their cost changes.
fn hold_costs(items: &mut [PendingItem], below: &BTreeMap<ItemKey, String>) {
    for item in items.iter_mut().filter(|item| item.state == PendingState::Changed) {
        if let Some(reason) = below.get(&item.key)
            && [Field::BillingCost, Field::Billing].iter().any(|f| change_of(item, *f).is_some())
        {
            item.state = PendingState::Held;
            item.reason = Some(reason.clone());
        }
    }
}

fn change_of(item: &PendingItem, field: Field) -> Option<&FieldChange> {
    item.changes.iter().find(|change| change.field == field)
}

/// The currency is that of the client, which keeps it for ever; so another one means that the
/// client or its currency is hidden from the API user, unless the item went to another client.
fn other_currency(item: &PendingItem) -> Option<String> {
    if change_of(item, Field::Client).is_some() {
        return None;
    }
    let client_s = |value: &Value| value.to_string() == "client";
    if let Some(basis) = change_of(item, Field::CurrencyBasis).and_then(|c| c.from.as_ref()) {
        // A currency that was a guess is not held for becoming known.
        return client_s(basis)
            .then(|| "the currency of the client can no longer be read".to_owned());
    }
    let change = change_of(item, Field::Currency)?;
    let (Some(from), Some(to)) = (&change.from, &change.to) else { return None };
    Some(format!("the currency changes from {from} to {to} for the same client"))
}

/// An addition that had billing periods has none at all: Autotask keeps those that are over, so
/// that they do not go by themselves. An agreement may well come to have none, now or since it was
/// last looked at: its last addition was taken off, or what was bought in advance is used up. Where
/// it is the answer that lacks what is below it, the additions tell.
fn fell_silent(item: &PendingItem) -> Option<String> {
    item.parent?;
    let none = |value: &Value| value.to_string() == Basis::None.to_string();
    change_of(item, Field::Basis)
        .filter(|change| change.from.is_some() && change.to.as_ref().is_some_and(none))
        .map(|_| "Autotask no longer shows a billing period".to_owned())
}

/// Every other change of a status is a step of a contract's life, and not one that could be a
/// fault.
fn status_flipped(item: &PendingItem, hold: bool) -> Option<String> {
    let change = change_of(item, Field::Status).filter(|_| hold)?;
    let (from, to) = (change.from.as_ref()?.to_string(), change.to.as_ref()?.to_string());
    matches!((&*from, &*to), ("active", "inactive") | ("inactive", "active"))
        .then(|| format!("the status changes from {from} to {to}"))
}

/// By what counts: a line that ends or begins moves, the end of a proration does not. What was
/// stored before it was known how it is billed has nothing to be held against.
fn price_moved(item: &PendingItem, limit: u32) -> Option<String> {
    if limit == 0 || is_recounted(item) {
        return None;
    }
    let (before, after) = (effects::before(item), &item.fields);
    let amount = |fields: &Fields| match fields.get(&Field::BillingCost) {
        _ if !effects::is_counted(fields) => Some(Decimal::ZERO),
        Some(Value::Number(amount)) => Some(*amount),
        _ => None,
    };
    let (from, to) = (amount(&before)?, amount(after)?);
    // Another cycle is another unit.
    let is_once = |fields: &Fields| effects::counted(fields).is_none();
    let (was, is) = match (effects::counted(&before), effects::counted(after)) {
        (Some(was), Some(is)) => (was, is),
        _ if is_once(&before) == is_once(after) => (from, to),
        _ => return None,
    };
    let moved = is.checked_sub(was).and_then(|by| by.abs().checked_mul(Decimal::ONE_HUNDRED));
    let allowed = was.abs().checked_mul(Decimal::from(limit));
    let [from, to] = [from, to].map(|amount| grouped(&amount.to_string()));
    // What is beyond counting is more than any limit.
    moved
        .zip(allowed)
        .is_none_or(|(moved, allowed)| moved > allowed)
        .then(|| format!("the rate changes from {from} to {to}, by more than {limit} %"))
}

/// Whether its cost was stored before it was known how it is billed.
fn is_recounted(item: &PendingItem) -> bool {
    change_of(item, Field::Billing).is_some_and(|change| change.from.is_none())
}

/// A fixed price that was billed by rules shows none any more: what it costs by the month would be
/// gone in silence, and a right that was taken away looks the same.
fn rules_gone(item: &PendingItem) -> Option<String> {
    (item.parent.is_none() && loses_its_rule(item))
        .then(|| "Autotask no longer shows the billing rules".to_owned())
}

fn loses_its_rule(item: &PendingItem) -> bool {
    let has = |value: &Option<Value>| {
        let Some(Value::Tags(codes)) = value else { return false };
        codes.iter().any(|code| code == Remark::ByRule.code())
    };
    change_of(item, Field::Remarks).is_some_and(|change| has(&change.from) && !has(&change.to))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::SourceItem;
    use crate::policy::changes::fixture::{self, item, snapshot, stored, stored_at};

    const LIMITS: Limits =
        Limits { max_vanished_percent: 20, hold_price_change_percent: 0, hold_status_flips: false };

    fn after_losing(lost: usize, of: usize, restricted: bool) -> Vec<PendingState> {
        let items: Vec<_> = (0..of).map(|n| item(&format!("S{n}"), "x", "1")).collect();
        let gone = items[..lost].iter().map(|item| item.key).collect();
        let seen = snapshot(&items[lost..]);
        let mut found = fixture::diff(&seen, &stored(&items), &gone);
        let input = GuardInput {
            live: of,
            empty_answer: seen.items.is_empty(),
            restricted,
            folded: &BTreeSet::new(),
        };
        hold(&mut found, input, LIMITS);
        found.iter().map(|item| item.state).collect()
    }

    #[test]
    fn a_few_may_vanish_and_many_may_not() {
        assert_eq!(after_losing(2, 5, false), [PendingState::Vanished; 2]);
        assert_eq!(after_losing(3, 5, false), [PendingState::Held; 3]);
        assert_eq!(after_losing(3, 15, false), [PendingState::Vanished; 3]);
    }

    #[test]
    fn an_empty_answer_and_restricted_sight_hold_even_one() {
        assert_eq!(after_losing(1, 1, false), [PendingState::Held]);
        assert_eq!(after_losing(1, 50, true), [PendingState::Held]);
    }

    fn held(before: &[SourceItem], after: &[SourceItem]) -> Vec<String> {
        let input = GuardInput {
            live: before.len(),
            empty_answer: false,
            restricted: false,
            folded: &BTreeSet::new(),
        };
        let mut found = fixture::diff(&snapshot(after), &stored(before), &BTreeSet::new());
        hold(&mut found, input, LIMITS);
        found
            .iter()
            .filter_map(|item| Some(format!("{}: {}", item.key, item.reason.clone()?)))
            .collect()
    }

    fn with(mut item: SourceItem, field: Field, text: &str) -> SourceItem {
        item.fields.insert(field, Value::Text(text.to_owned()));
        item
    }

    #[test]
    fn another_currency_is_held_where_the_client_is_the_same() {
        let old = [item("S1", "x", "100")];
        let new = [with(old[0].clone(), Field::Currency, "CAD")];
        assert_eq!(
            held(&old, &new),
            ["S1: the currency changes from USD to CAD for the same client"]
        );
        let mut moved = fixture::diff(&snapshot(&new), &stored_at(99, &old), &BTreeSet::new());
        let input = GuardInput {
            live: 0,
            empty_answer: false,
            restricted: false,
            folded: &BTreeSet::new(),
        };
        hold(&mut moved, input, LIMITS);
        assert_eq!(moved[0].state, PendingState::Changed);
    }

    #[test]
    fn a_price_beyond_counting_is_held_in_either_direction() {
        let limits = Limits { hold_price_change_percent: 50, ..LIMITS };
        // What an older version stored, when no amount was refused.
        let absurd = [item("S1", "x", "70000000000000000000000000")];
        let usual = [item("S1", "x", "100")];
        for (before, after) in [(&absurd, &usual), (&usual, &absurd)] {
            let mut found = fixture::diff(&snapshot(after), &stored(before), &BTreeSet::new());
            let folded = BTreeSet::new();
            let input =
                GuardInput { live: 1, empty_answer: false, restricted: false, folded: &folded };
            hold(&mut found, input, limits);
            assert_eq!(found[0].state, PendingState::Held);
        }
    }

    #[test]
    fn a_currency_that_could_not_be_read_may_become_known() {
        let in_currency = |code, basis| {
            with(with(item("S1", "x", "100"), Field::Currency, code), Field::CurrencyBasis, basis)
        };
        let known = [in_currency("USD", "client")];
        assert!(held(&[in_currency("XXX", "unknown")], &known).is_empty());
        assert!(held(&[in_currency("CAD", "internal")], &known).is_empty());
        let configured = [in_currency("AUD", "configured")];
        assert!(held(&[in_currency("XXX", "unknown")], &configured).is_empty());
        assert!(held(&configured, &known).is_empty());
        assert_eq!(
            held(&known, &configured),
            ["S1: the currency of the client can no longer be read"]
        );
        assert_eq!(
            held(&known, &[in_currency("XXX", "unknown")]),
            ["S1: the currency of the client can no longer be read"]
        );
    }

    #[test]
    fn billing_periods_that_are_all_gone_hold_the_addition_and_the_cost_of_its_agreement() {
        let basis = |item, text| with(item, Field::Basis, text);
        let old = [
            item("A1", "Care", "12"),
            basis(item("S1", "a", "10"), "current"),
            item("S2", "b", "2"),
        ];
        let new =
            [item("A1", "Care", "3"), basis(item("S1", "a", "0"), "none"), item("S2", "b", "3")];
        assert_eq!(
            held(&old, &new),
            [
                "A1: addition S1 is held: Autotask no longer shows a billing period",
                "S1: Autotask no longer shows a billing period",
            ]
        );
        let ended = [item("A1", "Care", "12"), basis(item("S1", "a", "10"), "last")];
        assert!(held(&old, &ended).is_empty());
    }

    #[test]
    fn a_status_that_flips_is_held_only_where_that_is_asked_for() {
        let status = |key, text| with(item(key, "x", "1"), Field::Status, text);
        let old = stored(&[
            status("A1", "active"),
            status("A2", "inactive"),
            status("A3", "active"),
            status("A4", "on hold"),
        ]);
        let seen = snapshot(&[
            status("A1", "inactive"),
            status("A2", "active"),
            status("A3", "on hold"),
            status("A4", "inactive"),
        ]);
        let input = GuardInput {
            live: 4,
            empty_answer: false,
            restricted: false,
            folded: &BTreeSet::new(),
        };
        for (hold_status_flips, expected) in [(true, 2), (false, 0)] {
            let mut found = fixture::diff(&seen, &old, &Default::default());
            hold(&mut found, input, Limits { hold_status_flips, ..LIMITS });
            let held: Vec<_> = found.iter().filter_map(|item| item.reason.as_deref()).collect();
            let all = [
                "the status changes from active to inactive",
                "the status changes from inactive to active",
            ];
            assert_eq!(held, all[..expected]);
            assert_eq!(found.len(), 4);
        }
    }

    #[test]
    fn an_agreement_that_nothing_is_billed_for_any_more_is_not_held() {
        let basis = |item, text| with(item, Field::Basis, text);
        let old = [basis(item("A1", "Retainer", "9374.12"), "current")];
        assert!(held(&old, &[basis(item("A1", "Retainer", "0"), "none")]).is_empty());
    }

    #[test]
    fn rules_that_are_gone_hold_the_agreement_and_the_charges_that_they_made() {
        let by_rule = |mut item: SourceItem| {
            let codes = vec![Remark::ByRule.code().to_owned()];
            item.fields.insert(Field::Remarks, Value::Tags(codes));
            item
        };
        let plain = [item("A1", "Flat fee", "0"), item("C1", "x", "300"), item("C2", "y", "300")];
        let [agreement, one, other] = plain.clone();
        let ruled = [by_rule(item("A1", "Flat fee", "300")), by_rule(one), other.clone()];
        assert_eq!(
            held(&ruled, &plain),
            [
                "A1: Autotask no longer shows the billing rules",
                "C1: A1, whose billing rules made the charge, is held",
            ]
        );
        // A charge that leaves its rule while the agreement keeps it is business.
        let [_, one, _] = plain;
        assert!(held(&ruled, &[ruled[0].clone(), one, other]).is_empty());
        assert!(held(std::slice::from_ref(&agreement), &[by_rule(agreement.clone())]).is_empty());
    }

    #[test]
    fn a_price_is_held_only_where_a_limit_is_set() {
        let old = stored(&[item("S1", "x", "100")]);
        let seen = snapshot(&[item("S1", "x", "111")]);
        let input = GuardInput {
            live: 1,
            empty_answer: false,
            restricted: false,
            folded: &BTreeSet::new(),
        };
        for (limit, state) in [(0, "changed"), (10, "held"), (11, "changed")] {
            let mut found = fixture::diff(&seen, &old, &Default::default());
            hold(&mut found, input, Limits { hold_price_change_percent: limit, ..LIMITS });
            assert_eq!(found[0].state.name(), state);
        }
    }
}
