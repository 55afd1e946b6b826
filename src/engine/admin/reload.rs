//! Reading the configuration again while everything runs.
//!
//! ```text
//! read ─► other credentials, or another way to Autotask? ─► one request tries them ─► replace
//!   │ no: bad file                                            │ no
//!   └──────────────► everything stays as it was ◄─────────────┘
//! ```
//!
//! Where the credentials in use are refused there is nothing to lose: the new ones replace them
//! also where they cannot be tried.

use std::sync::Arc;

use super::Admin;
use crate::autotask::{Auth, Autotask, AutotaskError};
use crate::clock::Tz;
use crate::config::{CREDENTIAL_INTEGRATION_CODE, CREDENTIAL_SECRET, Change, Effect, Settings};
use crate::engine::context::Live;
use crate::model::{Event, EventName, Failure};

/// The settings that change the way to Autotask.
const WAY: [&str; 5] = [
    "autotask.zone-url",
    "autotask.zone-hosts",
    "autotask.discovery-url",
    "autotask.proxy",
    "autotask.ca-file",
];

impl Admin {
    /// Reads the configuration and the credentials again. What cannot be used changes nothing.
    pub async fn reload(&self) -> Result<Vec<Change>, Failure> {
        let mut refused = self.refused.lock().await;
        let settings = (self.load)()?;
        let autotask = (self.connect)(&settings)?;
        let old = self.context.live();
        let changes = changes(&old, &settings, &autotask);
        if let Some(refused) = &*refused {
            // What was refused before is no new try, however often it is read.
            autotask.inherit_from(refused);
        }
        autotask.inherit_from(&old.autotask);
        if must_be_tried(&old.autotask, &autotask, &changes)
            && let Err(error) = autotask.probe_credentials().await
        {
            let refuses =
                error.refuses_the_credentials() || matches!(error, AutotaskError::Blocked(..));
            old.autotask.charge_probe(&autotask);
            if refuses || !is_refused(&old.autotask) {
                let failed = match error {
                    AutotaskError::RateLimited(_) | AutotaskError::Blocked(..) => "cannot be tried",
                    _ => "do not work",
                };
                *refused = Some(autotask);
                return Err(Failure {
                    message: format!(
                        "nothing was changed, because the new settings {failed}: {error}"
                    ),
                    ..error.failure()
                });
            }
        }
        *refused = None;
        let live = Live { settings: Arc::new(settings), autotask };
        self.context.replace_live(live);
        self.clients.forget();
        self.schedule.forget_batches();
        // So that whoever asks now is told what a new interval, or another zone, means. What stands
        // in the way of the store is no fault of the configuration, and the supervisor says it.
        let _ = self.schedule.replan().await;
        let _ = self.schedule.clamp_next_runs().await;
        self.schedule.wake();
        let message = match changes.len() {
            0 => "configuration reloaded, nothing changed".to_owned(),
            _ => {
                let keys: Vec<&str> = changes.iter().map(|change| change.key.as_str()).collect();
                format!("configuration reloaded, changed: {}", keys.join(", "))
            }
        };
        self.context.events.emit(Event::new(EventName::Reloaded, self.context.now(), message));
        self.context.events.mark_changed();
        Ok(changes)
    }
}

/// The settings that differ, and the credentials that do although no setting says so.
fn changes(old: &Live, settings: &Settings, autotask: &Autotask) -> Vec<Change> {
    let mut changes = crate::config::changes(&old.settings, settings);
    let (zone, was) = (autotask.time_zone(), old.zone());
    if settings.autotask.time_zone == old.settings.autotask.time_zone && zone != was {
        let server_s = |zone: Tz| format!("(the server's, {zone})");
        let (old, new) = (server_s(was), server_s(zone));
        changes.push(Change {
            key: "autotask.time-zone".to_owned(),
            old,
            new,
            effect: Effect::Applied,
        });
    }
    let (same_secret, same_code) = autotask.same_secrets(&old.autotask);
    let code_is_told = changes.iter().any(|change| change.key == "autotask.integration-code");
    let exchanged = [
        (CREDENTIAL_SECRET, !same_secret),
        (CREDENTIAL_INTEGRATION_CODE, !same_code && !code_is_told),
    ];
    changes.extend(exchanged.into_iter().filter(|(_, exchanged)| *exchanged).map(|(key, _)| {
        let (old, new) = ("(set)".to_owned(), "(changed)".to_owned());
        Change { key: key.to_owned(), old, new, effect: Effect::Applied }
    }));
    changes
}

/// Whether the new settings may work where the old ones do not, or the other way round.
fn must_be_tried(old: &Autotask, new: &Autotask, changes: &[Change]) -> bool {
    !new.same_credentials(old) || changes.iter().any(|c| WAY.contains(&c.key.as_str()))
}

/// Whether the credentials in use are known to be refused.
fn is_refused(autotask: &Autotask) -> bool {
    let usage = autotask.usage();
    usage.blocked.is_some() || matches!(usage.auth, Auth::Refused(_))
}
