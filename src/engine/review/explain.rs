//! Why an item is, or is not, in the store: gathers what is known of it.

use super::Review;
use crate::autotask::{Access, Entity, Progress};
use crate::engine::failures::is_of_permission;
use crate::model::{ClientRef, Failure, ItemKey, ItemKind};
use crate::policy::explain::{Check, Conclusion, Evidence, explain};

/// Why an item is, or is not, in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Its client, if it is known.
    pub client: Option<ClientRef>,
    /// The checks, in order.
    pub checks: Vec<Check>,
    /// What they come to.
    pub conclusion: Conclusion,
    /// Why Autotask could not be asked, where it could not.
    pub unasked: Option<Failure>,
}

impl Review {
    /// Explains an item. Reads Autotask; where that cannot be asked, what is stored is explained, and
    /// why.
    pub async fn explain(&self, key: ItemKey) -> Result<Explanation, Failure> {
        let live = self.context.live();
        let progress = Progress::new();
        let (client, mut unread) = (self.clients.client_of(key).await, None);
        let mut unasked = client.as_ref().err().filter(|why| could_not_ask(why)).cloned();
        let access = match Entity::of_kind(key.kind) {
            Some(entity) => {
                let access = live.autotask.query_access(&[entity], &progress).await;
                asked(access.map_err(Failure::from), &mut unasked)
            }
            None => None,
        };
        let comparison = match &client {
            Ok(client) if key.kind != ItemKind::Local => {
                match self.syncs.read_one(&live, client, &progress).await {
                    Ok(reading) => Some(self.syncs.compare(
                        &live,
                        &reading,
                        &Default::default(),
                        self.context.now(),
                    )?),
                    // What may not be read at all is told by its permission.
                    Err(failure) if is_of_permission(&failure) => {
                        unread = Some(failure.message);
                        None
                    }
                    failed => asked(failed.map(|_| None), &mut unasked).flatten(),
                }
            }
            _ => None,
        };
        let contract = self.context.store.contract(key)?;
        let flags = self.context.store.item_flags(key)?;
        let state = match &client {
            Ok(client) => self.context.store.client(client.id)?,
            Err(_) => None,
        };
        let seen = comparison.as_ref();
        let of_kind = seen.and_then(|seen| {
            seen.snapshot.unread.iter().find(|unread| unread.kind == Some(key.kind))
        });
        unread = unread.or_else(|| of_kind.map(|unread| unread.reason.clone()));
        let evidence = Evidence {
            key,
            client: client.as_ref().map_err(|failure| failure.message.as_str()),
            access: access.map(word),
            unasked: unasked.as_ref().map(|failure| failure.message.as_str()),
            unread: unread.as_deref(),
            item: seen.and_then(|seen| seen.snapshot.item(key)),
            reject: seen.and_then(|seen| seen.snapshot.rejects.iter().find(|r| r.key == key)),
            contract: contract.as_ref(),
            pending: seen.and_then(|seen| seen.items.iter().find(|item| item.key == key)),
            flags: flags.as_ref(),
            state: state.as_ref(),
            now: self.context.now(),
            zone: live.zone(),
        };
        let (checks, conclusion) = explain(evidence);
        Ok(Explanation { checks, conclusion, client: client.ok(), unasked })
    }
}

/// Whether a failure says that Autotask could not be asked, and nothing of what was asked.
fn could_not_ask(failure: &Failure) -> bool {
    !is_of_permission(failure) && failure.code.is_of_autotask()
}

/// What was asked; where that failed, why it could not be, unless that is known already.
fn asked<T>(answer: Result<T, Failure>, unasked: &mut Option<Failure>) -> Option<T> {
    answer.map_err(|failure| unasked.get_or_insert(failure)).ok()
}

fn word(access: Access) -> &'static str {
    match access {
        Access::All => "all",
        Access::Restricted => "only some",
        Access::None => "none",
        Access::Unknown => "unknown",
    }
}
