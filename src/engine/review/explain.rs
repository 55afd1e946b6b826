//! Why an item is, or is not, in the store: gathers what is known of it.

use super::Review;
use crate::autotask::{Access, Entity, Progress};
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
}

impl Review {
    /// Explains an item. Reads Autotask.
    pub async fn explain(&self, key: ItemKey) -> Result<Explanation, Failure> {
        let live = self.context.live();
        let progress = Progress::new();
        let client = self.clients.client_of(key).await;
        let access = match Entity::of_kind(key.kind) {
            Some(entity) => live.autotask.query_access(&[entity], &progress).await.ok(),
            None => None,
        };
        let comparison = match &client {
            Ok(client) if key.kind != ItemKind::Local => {
                let reading = self.syncs.read_one(&live, client, &progress).await?;
                Some(self.syncs.compare(&live, &reading, &Default::default())?)
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
        let evidence = Evidence {
            key,
            client: client.as_ref().map_err(|failure| failure.message.as_str()),
            access: access.and_then(word),
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
        Ok(Explanation { checks, conclusion, client: client.ok() })
    }
}

fn word(access: Access) -> Option<&'static str> {
    match access {
        Access::All => Some("all"),
        Access::Restricted => Some("only some"),
        Access::None => Some("none"),
        Access::Unknown => None,
    }
}
