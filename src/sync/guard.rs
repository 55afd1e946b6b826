//! The guard: what must not be applied before a person has looked.
//!
//! A fault on the way (a permission taken away, a filter of visibility, a broken answer) can look
//! like a cancelled book of business. The guard turns items that look like that into held ones;
//! what is not risky in the same run goes on.

use rust_decimal::Decimal;

use crate::model::{Field, PendingItem, PendingState, Value};

/// How much is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// More than this share of a client's live contracts gone at once, in percent, is held; up to
    /// [`ALWAYS_ALLOWED`] may go whatever share they are.
    pub max_vanished_percent: u32,
    /// A price that moves by more than this, in percent, is held; 0 never holds for a price.
    pub hold_price_change_percent: u32,
}

/// So many contracts may vanish at once, whatever share of a small client they are.
pub const ALWAYS_ALLOWED: usize = 2;

/// What the guard knows besides the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// How many live contracts from Autotask the store holds for the client.
    pub live: usize,
    /// Whether Autotask's answer for the client held nothing at all.
    pub empty_answer: bool,
    /// Whether the API user is shown only a part of what there is, so that absence proves nothing.
    pub restricted: bool,
}

/// Turns into held ones the items that a person must look at first.
pub fn hold(items: &mut [PendingItem], around: Circumstances, limits: Limits) {
    let vanished = items.iter().filter(|item| item.state == PendingState::Vanished).count();
    let too_many = vanished > ALWAYS_ALLOWED
        && vanished * 100 > around.live * limits.max_vanished_percent as usize;
    let why_vanished = if vanished == 0 {
        None
    } else if around.restricted {
        Some("the API user may see only a part of it, so absence proves nothing".to_owned())
    } else if around.empty_answer {
        Some(format!("Autotask shows nothing at all where {} were imported", around.live))
    } else if too_many {
        let limit = limits.max_vanished_percent;
        let live = around.live;
        Some(format!("{vanished} of {live} are gone at once, more than {limit} percent"))
    } else {
        None
    };
    for item in items {
        let reason = match item.state {
            PendingState::Vanished => why_vanished.clone(),
            PendingState::Changed => price_moved(item, limits.hold_price_change_percent),
            _ => None,
        };
        if reason.is_some() {
            item.state = PendingState::Held;
            item.reason = reason;
        }
    }
}

fn price_moved(item: &PendingItem, limit: u32) -> Option<String> {
    let change = item.changes.iter().find(|change| change.field == Field::BillingCost)?;
    let (Some(Value::Number(from)), Some(Value::Number(to))) = (&change.from, &change.to) else {
        return None;
    };
    let moved = (to - from).abs() * Decimal::ONE_HUNDRED;
    (limit > 0 && moved > from.abs() * Decimal::from(limit))
        .then(|| format!("its cost moves from {from} to {to}, more than {limit} percent"))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{self, item, snapshot, stored};
    use super::*;

    const LIMITS: Limits = Limits { max_vanished_percent: 20, hold_price_change_percent: 0 };

    fn after_losing(lost: usize, of: usize, restricted: bool) -> Vec<PendingState> {
        let items: Vec<_> = (0..of).map(|n| item(&format!("S{n}"), "x", "1")).collect();
        let gone = items[..lost].iter().map(|item| item.key).collect();
        let seen = snapshot(&items[lost..]);
        let mut found = fixture::diff(&seen, &stored(&items), &gone);
        let around = Circumstances { live: of, empty_answer: seen.items.is_empty(), restricted };
        hold(&mut found, around, LIMITS);
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

    #[test]
    fn a_price_is_held_only_where_a_limit_is_set() {
        let old = stored(&[item("S1", "x", "100")]);
        let seen = snapshot(&[item("S1", "x", "111")]);
        let around = Circumstances { live: 1, empty_answer: false, restricted: false };
        for (limit, state) in [(0, "changed"), (10, "held"), (11, "changed")] {
            let mut found = fixture::diff(&seen, &old, &Default::default());
            hold(&mut found, around, Limits { hold_price_change_percent: limit, ..LIMITS });
            assert_eq!(found[0].state.name(), state);
        }
    }
}
