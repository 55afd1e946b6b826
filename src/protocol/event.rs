//! What a listener is told of an event: the same object for those who watch and on the standard
//! input of the notify command, which is why the translation is here and not in `control`.

use serde::{Deserialize, Serialize};

use super::effect::Effect;
use crate::model::{self, rfc3339};

/// One thing that happened. It is also what the notify command gets on its standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Event {
    /// run_finished, run_changed, run_held, run_failed, recovered, auth_blocked, budget_low,
    /// overdue, switched, reloaded or store_repaired; there may be others.
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
    /// The number of the run that ended.
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
    /// The effect in money of what the run changed, per currency and day.
    pub effects: Option<Vec<Effect>>,
    /// The effect of what a guard held of the run, which is left out of that.
    pub held_effects: Option<Vec<Effect>>,
    /// The code of what is wrong: the name of an error.
    pub error: Option<String>,
    /// Who did it.
    pub actor: Option<String>,
}

impl From<&model::Event> for Event {
    fn from(event: &model::Event) -> Event {
        let model::Event { name, at, message, alert, since, client, run, .. } = event;
        let model::Event { effects, held_effects, code, actor, .. } = event;
        let run = run.as_ref();
        let of_the_run =
            |effects: &[model::Effect]| run.map(|_| effects.iter().map(Effect::from).collect());
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
            run_id: run.and_then(|run| run.id).and_then(|id| i64::try_from(id.0).ok()),
            trigger: run.map(|run| run.trigger.name().to_owned()),
            created: count(|run| run.counts.created),
            updated: count(|run| run.counts.updated),
            vanished: count(|run| run.counts.vanished),
            rejected: count(|run| run.counts.rejected),
            requests: count(|run| run.requests),
            effects: of_the_run(effects),
            held_effects: of_the_run(held_effects),
            error: code.map(|code| code.name().to_owned()),
            actor: actor.as_ref().map(|actor| actor.name.clone()),
        }
    }
}

impl Event {
    /// The same, which happened to this tenant.
    pub fn of_instance(self, tenant: &str) -> Event {
        Event { instance: Some(tenant.to_owned()), ..self }
    }
}
