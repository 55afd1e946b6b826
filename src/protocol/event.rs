//! What a listener is told of an event: the same object for those who watch and on the standard
//! input of the notify command, which is why the translation is here and not in `control`.

use serde::{Deserialize, Serialize};

use super::effect::Effect;
use super::field_change::FieldChange;
use crate::model::{self, rfc3339};

/// One thing that happened. It is also what the notify command gets on its standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Event {
    /// run_finished, run_changed, run_held, run_failed, recovered, auth_blocked, budget_low,
    /// overdue, outlet_failed, access_limited, client_new, switched, reloaded, store_repaired or store_failed; there may be others.
    pub name: String,
    /// The name of the tenant that it happened to: NAME of `lmsyncd@NAME`, or default.
    pub instance: Option<String>,
    /// When.
    pub at: String,
    /// What happened, in one line for a person.
    pub message: String,
    /// Whether this is an alert or its end: reported once per cause, not once per run.
    pub alert: bool,
    /// Since when it lasts, of an alert or its end.
    pub since: Option<String>,
    /// The company id, where it concerns one client.
    pub client_id: Option<i64>,
    /// The company's name.
    pub client: Option<String>,
    /// The number of the run that ended, or that an alert is about: the one that `held show` or
    /// `run show` takes.
    pub run_id: Option<i64>,
    /// manual or auto.
    pub trigger: Option<String>,
    /// Contracts made by the run.
    pub created: Option<i64>,
    /// Contracts changed.
    pub updated: Option<i64>,
    /// Contracts whose item is gone.
    pub vanished: Option<i64>,
    /// Rows that cannot be converted.
    pub rejected: Option<i64>,
    /// Requests that the run spent.
    pub requests: Option<i64>,
    /// What changed, or is held: the first 20 items.
    pub items: Option<Vec<EventItem>>,
    /// How many more items there are.
    pub more_items: Option<i64>,
    /// The effect in money of what the run changed, per currency and day.
    pub effects: Option<Vec<Effect>>,
    /// The effect of what a guard held of the run, which is left out of that.
    pub held_effects: Option<Vec<Effect>>,
    /// The code of what is wrong: the name of an error.
    pub error: Option<String>,
    /// Who did it.
    pub actor: Option<String>,
    /// Whether nothing happened: it only tries whether the notify command works.
    pub test: Option<bool>,
}

/// An item that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct EventItem {
    /// Its key.
    pub key: String,
    /// The agreement that the addition belongs to; null for an agreement.
    pub parent: Option<String>,
    /// new, changed, vanished, returned or held.
    pub state: String,
    /// Its name.
    pub name: String,
    /// What changed, field by field; for a new item, every field.
    pub changes: Vec<FieldChange>,
    /// What that is in money, of the item alone.
    pub effects: Vec<Effect>,
    /// Why it is held.
    pub reason: Option<String>,
}

impl From<&model::EventItem> for EventItem {
    fn from(item: &model::EventItem) -> EventItem {
        EventItem {
            key: item.key.to_string(),
            parent: item.parent.map(|key| key.to_string()),
            state: item.state.name().to_owned(),
            name: item.name.clone(),
            changes: item.changes.iter().map(FieldChange::from).collect(),
            effects: item.effects.iter().map(Effect::from).collect(),
            reason: item.reason.clone(),
        }
    }
}

impl From<&model::Event> for Event {
    fn from(event: &model::Event) -> Event {
        let model::Event { name, at, message, alert, since, client, run, .. } = event;
        let model::Event { effects, held_effects, code, actor, .. } = event;
        let run = run.as_ref();
        let is_about_items = run.is_some() || !event.items.is_empty();
        let told = |effects: &[model::Effect]| {
            is_about_items.then(|| effects.iter().map(Effect::from).collect())
        };
        let count = |of: fn(&model::Run) -> u32| run.map(|run| i64::from(of(run)));
        Event {
            name: name.name().to_owned(),
            instance: None,
            at: rfc3339(*at),
            message: message.clone(),
            alert: *alert,
            since: since.map(rfc3339),
            client_id: client.as_ref().map(|client| client.id.0),
            client: client.as_ref().map(|client| client.name.clone()),
            run_id: event.run_id.and_then(|id| i64::try_from(id.0).ok()),
            trigger: run.map(|run| run.trigger.name().to_owned()),
            created: count(|run| run.counts.created),
            updated: count(|run| run.counts.updated),
            vanished: count(|run| run.counts.vanished),
            rejected: count(|run| run.counts.rejected),
            requests: count(|run| run.requests),
            items: is_about_items.then(|| event.items.iter().map(EventItem::from).collect()),
            more_items: is_about_items.then(|| i64::try_from(event.more_items).unwrap_or(i64::MAX)),
            effects: told(effects),
            held_effects: told(held_effects),
            error: code.map(|code| code.name().to_owned()),
            actor: actor.as_ref().map(|actor| actor.name.clone()),
            test: event.test.then_some(true),
        }
    }
}

impl Event {
    /// The same, which happened to this tenant.
    pub fn of_instance(self, tenant: &str) -> Event {
        Event { instance: Some(tenant.to_owned()), ..self }
    }
}
