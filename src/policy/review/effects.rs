//! What pending items come to in money: per year and once, now and from a day on.
//!
//! What an item counts for on a day is what Autotask bills: its rate while it is billed, nothing
//! before and after; what is bought once counts once, where it comes or goes. An agreement stands for
//! its lines, so that nothing counts twice; what is bought once stands for itself, because its
//! agreement only adds it up.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::holds::let_go;
use crate::model::{
    BillingCycle, BillingState, Currency, Effect, Field, Fields, ItemKey, PendingItem,
    PendingState, Remark, Value,
};

/// Amounts by currency, and by day: none is today.
type Sums = BTreeMap<(Currency, Option<NaiveDate>), (Decimal, Decimal)>;

/// What effects are reckoned on.
#[derive(Debug, Clone)]
pub struct Basis {
    /// The MSP's calendar day.
    pub today: NaiveDate,
    /// Of the agreements that items stand below, those in the book: their rates hold those items. One
    /// that vanished took them along when it went.
    pub stored: BTreeSet<ItemKey>,
}

impl Basis {
    /// Whether an item counts by itself: no agreement in the book counts for it.
    fn counts(&self, item: &PendingItem) -> bool {
        !item.parent.is_some_and(|parent| self.stored.contains(&parent))
    }
}

/// What the items come to: the sum over the agreements among them, and over additions whose
/// agreement is neither among them nor in the book.
pub fn effects(items: &[&PendingItem], basis: &Basis) -> Vec<Effect> {
    let listed: BTreeSet<ItemKey> = items.iter().map(|item| item.key).collect();
    let mut sums = Sums::new();
    for item in items.iter().filter(|item| item.state.can_apply()) {
        let is_below = item.parent.is_some_and(|parent| listed.contains(&parent));
        add(&mut sums, item, !is_below && basis.counts(item), basis.today);
    }
    told(sums)
}

/// What those of the items that a guard holds would come to, which is left out of what they all come
/// to. The others stand beside them, so that nothing counts twice.
pub fn held_effects(items: &[&PendingItem], basis: &Basis) -> Vec<Effect> {
    let alone = |item: &&PendingItem| match item.state {
        PendingState::Held => let_go(item),
        _ => PendingItem { state: PendingState::Held, ..(*item).clone() },
    };
    let alone: Vec<PendingItem> = items.iter().map(alone).collect();
    effects(&alone.iter().collect::<Vec<_>>(), basis)
}

/// What one item comes to by itself, whatever counts for it in sums.
pub fn effect(item: &PendingItem, today: NaiveDate) -> Vec<Effect> {
    let mut sums = Sums::new();
    add(&mut sums, item, true, today);
    told(sums)
}

fn add(sums: &mut Sums, item: &PendingItem, stands_for_itself: bool, today: NaiveDate) {
    // What moves from one currency to another goes in the one and comes in the other.
    for (fields, goes) in [(after(item), false), (before(item), true)] {
        let Some(Value::Text(code)) = fields.get(&Field::Currency) else { continue };
        let currency = Currency::new(code);
        let mut put = |day: Option<NaiveDate>, per_year: Decimal, once: Decimal| {
            let sum = sums.entry((currency.clone(), day)).or_default();
            // What no decimal can hold was rejected where it was read.
            let add = if goes { Decimal::checked_sub } else { Decimal::checked_add };
            sum.0 = add(sum.0, per_year).unwrap_or(sum.0);
            sum.1 = add(sum.1, once).unwrap_or(sum.1);
        };
        if stands_for_itself {
            put(None, counted(&fields).unwrap_or_default(), Decimal::ZERO);
            for (day, more) in ahead(&fields).into_iter().filter(|(day, _)| *day > today) {
                put(Some(day), more, Decimal::ZERO);
            }
        }
        put(None, Decimal::ZERO, once(item.key, &fields));
    }
}

fn told(sums: Sums) -> Vec<Effect> {
    let effect = |((currency, from), (per_year, once))| Effect { currency, from, per_year, once };
    let is_some = |effect: &Effect| !effect.per_year.is_zero() || !effect.once.is_zero();
    let mut effects: Vec<Effect> = sums.into_iter().map(effect).filter(is_some).collect();
    effects.sort_by(|one, other| (one.from, &one.currency).cmp(&(other.from, &other.currency)));
    effects
}

/// The fields of a pending item as they are now.
pub fn before(item: &PendingItem) -> Fields {
    let mut fields = item.fields.clone();
    for change in &item.changes {
        match &change.from {
            Some(value) => fields.insert(change.field, value.clone()),
            None => fields.remove(&change.field),
        };
    }
    fields
}

/// The fields of a pending item as a sync would leave them; none for one that goes.
fn after(item: &PendingItem) -> Fields {
    if item.state == PendingState::Vanished { Fields::new() } else { item.fields.clone() }
}

/// Whether it counts in sums: Autotask bills it. What was stored before that was known counts.
pub fn is_counted(fields: &Fields) -> bool {
    match fields.get(&Field::Billing) {
        Some(Value::Text(state)) => state.parse() == Ok(BillingState::Billed),
        _ => true,
    }
}

/// What it counts for in a year; none where it is not billed by period.
pub fn counted(fields: &Fields) -> Option<Decimal> {
    if is_counted(fields) { yearly(fields, Field::BillingCost) } else { Some(Decimal::ZERO) }
}

/// The days from which on it is known to count for more or less, each with how much in a year.
fn ahead(fields: &Fields) -> Vec<(NaiveDate, Decimal)> {
    let mut now = counted(fields).unwrap_or_default();
    let steps = known_ahead(fields).into_iter().filter_map(|(day, cost)| {
        let cost = per_year(fields, cost)?;
        let more = cost.checked_sub(std::mem::replace(&mut now, cost))?;
        Some((day, more))
    });
    steps.collect()
}

/// What it is known to cost from which day on.
fn known_ahead(fields: &Fields) -> Vec<(NaiveDate, Decimal)> {
    let state = fields.get(&Field::Billing).and_then(|state| state.to_string().parse().ok());
    let (day, cost) = match state {
        Some(BillingState::Upcoming) => (Field::BillingSince, Field::BillingCost),
        Some(BillingState::Billed) => (Field::NextChangeDate, Field::NextChangeCost),
        _ => return Vec::new(),
    };
    let first = match (fields.get(&day), fields.get(&cost)) {
        (Some(Value::Date(day)), Some(Value::Number(cost))) => Some((*day, *cost)),
        _ => None,
    };
    let later = match fields.get(&Field::LaterChanges) {
        Some(Value::Tags(later)) => later.as_slice(),
        _ => &[],
    };
    let read = |text: &String| {
        let (day, cost) = text.split_once(' ')?;
        Some((day.parse().ok()?, cost.parse().ok()?))
    };
    first.into_iter().chain(later.iter().filter_map(read)).collect()
}

fn yearly(fields: &Fields, amount: Field) -> Option<Decimal> {
    match fields.get(&amount) {
        Some(Value::Number(cost)) => per_year(fields, *cost),
        _ => None,
    }
}

fn per_year(fields: &Fields, cost: Decimal) -> Option<Decimal> {
    match fields.get(&Field::BillingCycle) {
        Some(Value::Cycle(cycle)) => cycle.per_year(cost),
        _ => None,
    }
}

/// What it costs once. A charge that a rule made is in the monthly amount of its agreement.
fn once(key: ItemKey, fields: &Fields) -> Decimal {
    let by_rule = match fields.get(&Field::Remarks) {
        Some(Value::Tags(codes)) => codes.iter().any(|code| code == Remark::ByRule.code()),
        _ => false,
    };
    let is_once = fields.get(&Field::BillingCycle) == Some(&Value::Cycle(BillingCycle::OneTime));
    let amount = |field| match fields.get(&field) {
        Some(Value::Number(amount)) => *amount,
        _ => Decimal::ZERO,
    };
    match (key.is_agreement(), is_once && !by_rule) {
        (true, _) => amount(Field::SetupFee),
        (false, true) => amount(Field::BillingCost),
        (false, false) => Decimal::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FieldChange;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 6, 15).expect("a date")
    }

    fn monthly(cost: i64, currency: &str, billing: &str) -> Fields {
        Fields::from([
            (Field::BillingCost, Value::Number(cost.into())),
            (Field::BillingCycle, Value::Cycle(BillingCycle::Monthly)),
            (Field::Billing, Value::Text(billing.to_owned())),
            (Field::Currency, Value::Text(currency.to_owned())),
        ])
    }

    fn with(mut fields: Fields, field: Field, value: Value) -> Fields {
        fields.insert(field, value);
        fields
    }

    fn item(key: &str, from: &Fields, to: &Fields) -> PendingItem {
        let fields: BTreeSet<Field> = from.keys().chain(to.keys()).copied().collect();
        let changes = fields.into_iter().filter(|field| from.get(field) != to.get(field));
        let change = |field| FieldChange {
            field,
            from: from.get(&field).cloned(),
            to: to.get(&field).cloned(),
        };
        let key: ItemKey = key.parse().expect("a key");
        PendingItem {
            key,
            parent: (!key.is_agreement()).then(|| ItemKey::agreement(1)),
            state: if from.is_empty() { PendingState::New } else { PendingState::Changed },
            fields: to.clone(),
            changes: changes.map(change).collect(),
            reason: None,
            after: None,
        }
    }

    /// With nothing in the book.
    fn alone(today: NaiveDate) -> Basis {
        Basis { today, stored: BTreeSet::new() }
    }

    fn shown(items: &[&PendingItem]) -> Vec<String> {
        let text = |effect: Effect| {
            let from = effect.from.map(|day| format!(" from {day}")).unwrap_or_default();
            format!("{} {} a year, {} once{from}", effect.currency, effect.per_year, effect.once)
        };
        effects(items, &alone(today())).into_iter().map(text).collect()
    }

    #[test]
    fn an_effect_splits_by_currency() {
        let moved = item("A1", &monthly(100, "USD", "billed"), &monthly(90, "EUR", "billed"));
        assert_eq!(shown(&[&moved]), ["EUR 1080 a year, 0 once", "USD -1200 a year, 0 once"]);
        let same = item("A1", &monthly(100, "USD", "billed"), &monthly(90, "USD", "billed"));
        assert_eq!(shown(&[&same]), ["USD -120 a year, 0 once"]);
    }

    #[test]
    fn what_vanishes_goes_and_what_is_new_comes() {
        let new = item("A1", &Fields::new(), &monthly(5, "USD", "billed"));
        assert_eq!(shown(&[&new]), ["USD 60 a year, 0 once"]);
        let gone = PendingItem {
            state: PendingState::Vanished,
            changes: Vec::new(),
            ..item("A1", &Fields::new(), &monthly(5, "USD", "billed"))
        };
        assert_eq!(shown(&[&gone]), ["USD -60 a year, 0 once"]);
    }

    #[test]
    fn a_line_that_ends_or_begins_is_a_change_though_no_amount_was_edited() {
        let ends = item("S1", &monthly(70, "USD", "billed"), &monthly(70, "USD", "ended"));
        assert_eq!(shown(&[&ends]), ["USD -840 a year, 0 once"]);
        let since = Value::Date(NaiveDate::from_ymd_opt(2026, 7, 1).expect("a date"));
        let upcoming = with(monthly(70, "USD", "upcoming"), Field::BillingSince, since.clone());
        let new = item("S1", &Fields::new(), &upcoming);
        assert_eq!(shown(&[&new]), ["USD 840 a year, 0 once from 2026-07-01"]);
        let rises = with(monthly(291, "USD", "billed"), Field::NextChangeDate, since);
        let rises = with(rises, Field::NextChangeCost, Value::Number(309.into()));
        let known = item("S1", &monthly(291, "USD", "billed"), &rises);
        assert_eq!(shown(&[&known]), ["USD 216 a year, 0 once from 2026-07-01"]);
        let risen = item("S1", &rises, &monthly(309, "USD", "billed"));
        assert_eq!(
            effects(&[&risen], &alone(today() + chrono::Days::new(16)))[0].per_year,
            216.into()
        );
    }

    /// A rate with what is known ahead of it, as `day cost` each.
    fn known(cost: i64, ahead: &[&str]) -> Fields {
        let fields = monthly(cost, "USD", "billed");
        let Some((first, later)) = ahead.split_first() else { return fields };
        let (day, cost) = first.split_once(' ').expect("a day and a cost");
        let day = Value::Date(day.parse().expect("a date"));
        let fields = with(fields, Field::NextChangeDate, day);
        let cost = Value::Number(cost.parse().expect("a number"));
        let fields = with(fields, Field::NextChangeCost, cost);
        let later: Vec<String> = later.iter().map(|text| (*text).to_owned()).collect();
        if later.is_empty() {
            return fields;
        }
        with(fields, Field::LaterChanges, Value::Tags(later))
    }

    #[test]
    fn a_nearer_change_takes_nothing_from_a_later_one() {
        let before = known(300, &["2026-10-01 330"]);
        let after = known(300, &["2026-09-16 400", "2026-10-01 440"]);
        let expected =
            ["USD 1200 a year, 0 once from 2026-09-16", "USD 120 a year, 0 once from 2026-10-01"];
        assert_eq!(shown(&[&item("S1", &before, &after)]), expected);
        let ends = known(20, &["2027-01-01 0"]);
        let rises = known(20, &["2026-09-01 25", "2027-01-01 0"]);
        let expected =
            ["USD 60 a year, 0 once from 2026-09-01", "USD -60 a year, 0 once from 2027-01-01"];
        assert_eq!(shown(&[&item("S1", &ends, &rises)]), expected);
        assert_eq!(shown(&[&item("S1", &rises, &rises)]), [""; 0]);
    }

    #[test]
    fn what_is_to_come_may_change_after_it_begins() {
        let since = Value::Date(NaiveDate::from_ymd_opt(2026, 11, 1).expect("a date"));
        let upcoming = with(monthly(100, "USD", "upcoming"), Field::BillingSince, since);
        let later = Value::Tags(vec!["2026-12-01 150".to_owned()]);
        let upcoming = with(upcoming, Field::LaterChanges, later);
        let expected =
            ["USD 1200 a year, 0 once from 2026-11-01", "USD 600 a year, 0 once from 2026-12-01"];
        assert_eq!(shown(&[&item("A1", &Fields::new(), &upcoming)]), expected);
    }

    #[test]
    fn an_agreement_stands_for_its_lines_and_not_for_what_is_bought_once() {
        let agreement = item("A1", &Fields::new(), &monthly(30, "USD", "billed"));
        let line = item("S1", &Fields::new(), &monthly(30, "USD", "billed"));
        let once = Value::Cycle(BillingCycle::OneTime);
        let charge = with(monthly(3100, "USD", "one-time"), Field::BillingCycle, once);
        let charge = item("C1", &Fields::new(), &charge);
        let expected = ["USD 360 a year, 3100 once"];
        assert_eq!(shown(&[&agreement, &line, &charge]), expected);
        assert_eq!(shown(&[&line, &charge]), expected);
        // In the book, the rate of the agreement holds the line already.
        let stored = Basis { stored: [ItemKey::agreement(1)].into(), ..alone(today()) };
        let told = effects(&[&line, &charge], &stored);
        assert_eq!((told.len(), told[0].per_year, told[0].once), (1, 0.into(), 3100.into()));
        assert_eq!(effect(&line, today())[0].per_year, 360.into());
        let mut by_rule = charge.clone();
        let remark = Value::Tags(vec![Remark::ByRule.code().to_owned()]);
        by_rule.fields.insert(Field::Remarks, remark);
        assert_eq!(shown(&[&by_rule]), [""; 0]);
    }
}
