//! What was: the history of a contract, and the book of a day.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::Book;
use crate::clock::{Tz, day_in};
use crate::engine::failures;
use crate::model::{ClientId, ClientRef, ClientState, Code, Contract, Failure, ItemKey};
use crate::policy::{renewal, schedule};
use crate::store::{ContractsAsOf, HistoryEntry, Pruned, StateAsOf, StoreError};

impl Book {
    /// The history of a contract, also of one that was removed; the oldest first.
    pub fn history(&self, key: ItemKey) -> Result<Vec<HistoryEntry>, Failure> {
        let entries = self.context.store.history(key)?;
        if entries.is_empty() {
            self.contract(key)?;
        }
        Ok(entries)
    }

    /// Commits that cannot be read any more, one line each: what they changed is in no history.
    pub fn gaps(&self) -> Vec<String> {
        self.context.store.gaps().iter().map(ToString::to_string).collect()
    }

    /// The contracts of a client, or all, as they were at a moment, and when each client had last been
    /// synced in full by then.
    pub fn contracts_as_of(
        &self,
        moment: DateTime<Utc>,
        client: Option<&ClientRef>,
    ) -> Result<(Vec<Contract>, LastFull), Failure> {
        let store = &self.context.store;
        if let Some(ClientRef { id, .. }) = client {
            let found = store.client_as_of(*id, moment).map_err(|error| self.told(error))?;
            return Ok((
                found.contracts,
                found.last_full.map(|at| (*id, at)).into_iter().collect(),
            ));
        }
        let found = store.state_as_of(moment).map_err(|error| self.told(error))?;
        let StateAsOf { contracts, clients, .. } = found;
        Ok((contracts, last_full(&clients)))
    }

    /// A contract as it was at a moment, if it was there, and when its client had last been synced in
    /// full by then.
    pub fn contract_as_of(
        &self,
        key: ItemKey,
        moment: DateTime<Utc>,
    ) -> Result<ContractsAsOf, Failure> {
        self.context.store.contract_as_of(key, moment).map_err(|error| self.told(error))
    }

    /// Why a question about the past has no answer.
    fn told(&self, error: StoreError) -> Failure {
        match error {
            StoreError::BeforeHistory { since } => {
                failures::before_history(since, self.context.zone())
            }
            other => other.into(),
        }
    }

    /// The moment that a person means by a day, its end in the MSP's zone, or by a moment.
    pub fn moment(&self, text: &str) -> Result<DateTime<Utc>, Failure> {
        let moment = match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(day) => end_of(day, self.context.zone()),
            Err(_) => DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc)),
        };
        let moment = moment.ok_or_else(|| {
            let message = format!("`{text}` is neither a day, such as 2026-06-30, nor a moment");
            Failure::new(Code::InvalidArgument, message)
        })?;
        if day_in(&self.context.zone(), moment) > self.context.today() {
            let message = format!(
                "`{text}` has not come yet, and the book knows what was; renewals and timeline \
                 look ahead"
            );
            return Err(Failure::new(Code::InvalidArgument, message));
        }
        Ok(moment)
    }

    /// The chain of renewals of a contract, oldest first.
    pub fn chain(&self, key: ItemKey) -> Result<Vec<Contract>, Failure> {
        let contract = self.contract(key)?;
        let contracts: BTreeMap<ItemKey, Contract> = self
            .context
            .store
            .contracts(contract.client)?
            .into_iter()
            .map(|c| (c.key, c))
            .collect();
        let line = renewal::chain(contract.parent.unwrap_or(key), &contracts);
        Ok(line.iter().filter_map(|key| contracts.get(key).cloned()).collect())
    }

    /// Folds the history that is older than the configuration keeps, or says what would be folded.
    /// Not by a clock that is wrong: what is old today would go.
    pub async fn prune(&self, dry: bool) -> Result<Pruned, Failure> {
        self.context.live().autotask.clocks_agree().await?;
        let keep =
            TimeDelta::from_std(self.context.settings().store.history).unwrap_or(TimeDelta::MAX);
        let before = self.context.now().checked_sub_signed(keep).unwrap_or(DateTime::UNIX_EPOCH);
        Ok(self.context.store.prune(before, dry).await?)
    }
}

/// When clients were last synced in full.
pub type LastFull = BTreeMap<ClientId, DateTime<Utc>>;

fn last_full(clients: &[ClientState]) -> LastFull {
    clients.iter().filter_map(|state| Some((state.client.id, state.last_full?))).collect()
}

fn end_of(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    Some(schedule::end_of_day(day, &zone)? - TimeDelta::milliseconds(1))
}
