//! What ends when, of every contract: kept in memory and read again of the clients only whose contracts
//! changed. The first question after a start reads the whole book, every other one hardly anything.
//!
//! It takes some 40 bytes for each contract that ends or renews another one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;

use super::Book;
use crate::model::{ClientId, ClientRef, Contract, Failure};
use crate::policy::terms::{Ending, Outlook, Wanted, endings};

/// The outlooks by client, each with the version of the client's contracts that it is of.
#[derive(Debug, Clone, Default)]
pub(super) struct Outlooks(Arc<Mutex<BTreeMap<ClientId, Known>>>);

/// Those of one client, behind their version.
type Known = (u64, Vec<Outlook>);

impl Book {
    /// Agreements that end, or have ended and are still active or billed, by their last day,
    /// as it is `today`.
    pub fn endings(
        &self,
        client: Option<&ClientRef>,
        wanted: Wanted,
        today: NaiveDate,
    ) -> Result<Vec<Ending>, Failure> {
        let outlooks = match client {
            Some(client) => outlooks_of(&self.context.store.contracts(client.id)?),
            None => self.outlooks()?,
        };
        endings(&outlooks, (wanted, today), |of| Ok(self.context.store.contract(of.key)?))
    }

    /// Those of all clients, in the order of clients and their contracts.
    fn outlooks(&self) -> Result<Vec<Outlook>, Failure> {
        let store = &self.context.store;
        // The versions first: what changes behind them is read once more the next time.
        let versions = store.contract_versions()?;
        let mut known = self.outlooks.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|client, _| versions.contains_key(client));
        for (client, version) in versions {
            if known.get(&client).is_none_or(|(known, _)| *known != version) {
                let outlooks = outlooks_of(&store.contracts(client)?);
                known.insert(client, (version, outlooks));
            }
        }
        Ok(known.values().flat_map(|(_, outlooks)| outlooks).copied().collect())
    }
}

fn outlooks_of(contracts: &[Contract]) -> Vec<Outlook> {
    contracts.iter().filter_map(Outlook::of).collect()
}
