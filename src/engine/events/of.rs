//! What an event says of a run, a switch, an alert.

use chrono::{DateTime, NaiveDate, Utc};

use crate::model::text::thousands;
use crate::model::{Actor, ClientRef, Effect, Event, EventName, PendingItem, Run, RunResult};
use crate::policy::alert::{AlertTransition, Step};
use crate::policy::effects;

/// A run that ended, with what it looked at: what of that it changed and what it held, in money.
pub(in crate::engine) fn of_run(run: &Run, items: &[PendingItem], today: NaiveDate) -> Event {
    let items: Vec<&PendingItem> = items.iter().collect();
    let (effects, held) = (effects::effects(&items, today), effects::held_effects(&items, today));
    let why = run.error.as_ref().map_or("", |error| error.message.as_str());
    let incomplete = if why.is_empty() { String::new() } else { format!("; {why}") };
    let (client, counts) = (&run.client, &run.counts);
    let [created, updated, vanished, rejected] =
        [counts.created, counts.updated, counts.vanished, counts.rejected]
            .map(|number| thousands(i64::from(number)));
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
        effects,
        held_effects: held,
        ..Event::new(name, run.ended, message)
    }
}

/// Effects on one line, with something in front if there are any.
fn in_brief(lead: &str, effects: &[Effect]) -> String {
    let told: Vec<String> = effects.iter().map(Effect::to_string).collect();
    if told.is_empty() { String::new() } else { format!("{lead}{}", told.join(" · ")) }
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

/// An alert, or its end.
pub(in crate::engine) fn of_transition(transition: AlertTransition, at: DateTime<Utc>) -> Event {
    let AlertTransition { cause, step, since, condition } = transition;
    let (name, message) = match step {
        Step::Begins => (cause.event(), condition.message),
        Step::Lasts => (cause.event(), format!("ongoing: {}", condition.message)),
        Step::Ends => (EventName::Recovered, format!("resolved: {}", condition.message)),
    };
    Event {
        alert: true,
        since: Some(since),
        client: condition.client,
        code: cause.code(),
        ..Event::new(name, at, message)
    }
}
