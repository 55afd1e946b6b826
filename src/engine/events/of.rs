//! What an event says of a run, a switch, an alert.

use chrono::{DateTime, NaiveDate, Utc};

use crate::model::text::thousands;
use crate::model::{
    Actor, ClientRef, Effect, Event, EventItem, EventName, Field, PendingItem, PendingState, Run,
    RunId, RunResult, Value,
};
use crate::policy::alert::{AlertTransition, Step};
use crate::policy::effects::{self, Basis};
use crate::policy::holds::let_go;

/// A run that ended, with what it looked at: what of that it changed and what it held, in money.
pub(in crate::engine) fn of_run(run: &Run, items: &[PendingItem], basis: &Basis) -> Event {
    let all: Vec<&PendingItem> = items.iter().collect();
    let (effects, held) = (effects::effects(&all, basis), effects::held_effects(&all, basis));
    let told = |item: &&PendingItem| item.state.can_apply() || item.state == PendingState::Held;
    let (items, more_items) = limited(all.into_iter().filter(told), basis.today);
    let why = run.error.as_ref().map_or("", |error| error.message.as_str());
    let incomplete = if why.is_empty() { String::new() } else { format!("; {why}") };
    let (client, counts) = (&run.client, &run.counts);
    let [created, updated, vanished, rejected] =
        [counts.created, counts.updated, counts.vanished, counts.rejected].map(thousands);
    let money = in_brief("; ", &effects);
    let summary = format!("{client}: {created} created, {updated} updated, {vanished} vanished");
    let (name, message) = match run.result {
        RunResult::Failed => (EventName::RunFailed, format!("{client}: run failed: {why}")),
        RunResult::Held => {
            let held = in_brief("; held: ", &held);
            (EventName::RunHeld, format!("{summary}{money}; {why}{held}"))
        }
        RunResult::Ok | RunResult::Partial if counts.wrote() || counts.rejected > 0 => {
            (EventName::RunChanged, format!("{summary}, {rejected} rejected{money}{incomplete}"))
        }
        RunResult::Ok | RunResult::Partial => {
            (EventName::RunFinished, format!("{client}: nothing changed{incomplete}"))
        }
    };
    Event {
        client: Some(run.client.clone()),
        code: run.error.as_ref().map(|error| error.code),
        actor: Some(run.actor.clone()),
        run: Some(run.clone()),
        run_id: run.id,
        items,
        more_items,
        effects,
        held_effects: held,
        ..Event::new(name, run.ended, message)
    }
}

/// The first of the items as an event tells them, and how many more there are.
fn limited<'a>(
    mut items: impl Iterator<Item = &'a PendingItem>,
    today: NaiveDate,
) -> (Vec<EventItem>, usize) {
    let told = items.by_ref().take(EventItem::MOST).map(|item| EventItem {
        key: item.key,
        parent: item.parent,
        state: item.state,
        name: item.fields.get(&Field::Name).map(Value::to_string).unwrap_or_default(),
        changes: item.changes.clone(),
        effects: match item.state {
            PendingState::Held => effects::effect(&let_go(item), today),
            _ => effects::effect(item, today),
        },
        reason: item.reason.clone(),
    });
    (told.collect(), items.count())
}

/// Effects on one line, with something in front if there are any.
fn in_brief(lead: &str, effects: &[Effect]) -> String {
    let told: Vec<String> = effects.iter().map(Effect::to_string).collect();
    if told.is_empty() { String::new() } else { format!("{lead}{}", told.join(" · ")) }
}

/// A client whose first agreement appeared, with what is pending for it.
pub(in crate::engine) fn of_newcomer(
    client: &ClientRef,
    items: &[PendingItem],
    at: DateTime<Utc>,
    basis: &Basis,
) -> Event {
    let all: Vec<&PendingItem> = items.iter().collect();
    let effects = effects::effects(&all, basis);
    let money = in_brief(": ", &effects);
    let (items, more_items) =
        limited(all.into_iter().filter(|item| item.state.can_apply()), basis.today);
    let message = format!("{client} has its first agreement, and is on no sync{money}");
    let client = Some(client.clone());
    Event { client, items, more_items, effects, ..Event::new(EventName::ClientNew, at, message) }
}

/// A switch of auto-sync.
pub(in crate::engine) fn of_switch(
    client: &ClientRef,
    on: bool,
    actor: &Actor,
    at: DateTime<Utc>,
) -> Event {
    let on = if on { "on" } else { "off" };
    let message = format!("{client}: auto-sync switched {on} by {}", actor.name);
    Event {
        client: Some(client.clone()),
        actor: Some(actor.clone()),
        ..Event::new(EventName::Switched, at, message)
    }
}

/// What a guard holds, as an alert tells it: the run that `held show` takes, its items, their money.
pub(in crate::engine) fn of_held(run: RunId, items: &[PendingItem], basis: &Basis) -> Event {
    let at = DateTime::UNIX_EPOCH;
    let all: Vec<&PendingItem> = items.iter().collect();
    // The items stand here as a sync would apply them, leaving the guard aside.
    let held_effects = effects::effects(&all, basis);
    let (mut items, more_items) = limited(all.into_iter(), basis.today);
    for item in &mut items {
        item.state = PendingState::Held;
    }
    let run_id = Some(run);
    Event { run_id, items, more_items, held_effects, ..Event::new(EventName::RunHeld, at, "") }
}

/// An alert, or its end. `details` has what else is known: its run, items and money.
pub(in crate::engine) fn of_transition(
    transition: AlertTransition,
    at: DateTime<Utc>,
    details: Option<Event>,
) -> Event {
    let AlertTransition { cause, step, since, condition } = transition;
    let (name, message) = match step {
        Step::Begins => (cause.event(), condition.message),
        Step::Lasts => (cause.event(), format!("ongoing: {}", condition.message)),
        Step::Ends => (EventName::Recovered, format!("resolved: {}", condition.message)),
    };
    let details = details.unwrap_or_else(|| Event::new(name, at, ""));
    let held = match step {
        Step::Ends => String::new(),
        Step::Begins | Step::Lasts => in_brief("; held: ", &details.held_effects),
    };
    Event {
        alert: true,
        since: Some(since),
        client: condition.client,
        code: cause.code(),
        name,
        at,
        message: message + &held,
        ..details
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::{ItemKey, ItemKind};

    #[test]
    fn an_event_has_no_more_items_than_fit_a_mail() {
        let item = |id| PendingItem {
            key: ItemKey { kind: ItemKind::Agreement, id },
            parent: None,
            state: PendingState::Held,
            fields: [(Field::Name, Value::Text(format!("number {id}")))].into(),
            changes: Vec::new(),
            reason: Some("an example".to_owned()),
            after: None,
        };
        let items: Vec<PendingItem> = (0..33).map(item).collect();
        let today = NaiveDate::from_ymd_opt(2026, 11, 30).expect("a date");
        let basis = Basis { today, stored: BTreeSet::new() };
        let event = of_held(RunId(7), &items, &basis);
        assert_eq!((event.items.len(), event.more_items), (EventItem::MOST, 13));
        assert_eq!(event.items[0].name, "number 0");
        assert_eq!(event.run_id, Some(RunId(7)));
    }
}
