//! What the rest of the program sees of Autotask.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::futures::Notified;

use super::import::reading::Reading;
use crate::autotask::ask::access::{Access, access};
use crate::autotask::ask::directory::{Company, directory};
use crate::autotask::ask::locate::{Located, locate};
use crate::autotask::ask::newcomers::agreements_above;
use crate::autotask::ask::probe::{Finding, probe, threshold};
use crate::autotask::http::entity::Entity;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::http::options::Options;
use crate::autotask::http::transport::Transport;
use crate::autotask::import::agreements::Agreements;
use crate::autotask::import::apart::{Apart, apart};
use crate::autotask::import::hidden::Hidden;
use crate::autotask::import::read::Scope;
use crate::autotask::import::read_cache::ReadMemory;
use crate::autotask::meta::catalogue::Catalogue;
use crate::autotask::query::fetch::{QueryTrace, RowCounts};
use crate::autotask::session::connection::Connection;
use crate::autotask::session::persisted_usage::UseMemory;
use crate::autotask::session::progress::Progress;
use crate::autotask::session::retry::FOR_A_RUN;
use crate::autotask::session::usage::{Threshold, Usage};
use crate::autotask::session::work::Work;
use crate::autotask::session::zone::ZoneMemory;
use crate::clock::{Clock, Tz};
use crate::model::{ClientId, ClientSnapshot, Currency, ItemKey, SecretSource, UdfName};

/// One tenant, to be read. Shared as an `Arc`.
pub struct Autotask {
    connection: Connection,
    catalogue: Catalogue,
    counts: RowCounts,
    agreements: Agreements,
    memory: ReadMemory,
    user_defined: Vec<(String, UdfName)>,
    time_zone: Tz,
    currency: Option<Currency>,
}

impl Autotask {
    /// A tenant that is reached over `transport`. Nothing is asked yet.
    pub fn new(
        options: Options,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        zone: ZoneMemory,
    ) -> Autotask {
        let (user_defined, currency) = (options.user_defined.clone(), options.currency.clone());
        Autotask {
            time_zone: options.time_zone,
            connection: Connection::new(options, transport, clock, zone),
            user_defined,
            currency,
            catalogue: Catalogue::default(),
            counts: RowCounts::default(),
            agreements: Agreements::default(),
            memory: ReadMemory::none(),
        }
    }

    /// The same, going on from what `memory` holds of the hour before a restart, and writing there.
    pub fn with_usage(mut self, memory: UseMemory) -> Autotask {
        self.connection.remember_in(memory);
        self
    }

    /// The same, knowing what `memory` holds of earlier readings, and writing there.
    pub fn with_read_cache(mut self, memory: ReadMemory) -> Autotask {
        (self.counts, self.catalogue) = memory.restore();
        self.memory = memory;
        self
    }

    /// The zone of the calendar day against which terms and costs are read.
    pub fn time_zone(&self) -> Tz {
        self.time_zone
    }

    /// Writes down what a restart must not forget. Otherwise that is done every few seconds while
    /// requests are made, and at the end of each reading.
    pub fn keep(&self) {
        self.connection.keep();
    }

    /// Goes on where `old` stood, which read with other settings: what it has spent is spent.
    pub fn inherit_from(&self, old: &Autotask) {
        self.connection.inherit_from(&old.connection);
    }

    /// Tries the credentials, and the way to Autotask, with one request.
    pub async fn probe_credentials(&self) -> Result<(), AutotaskError> {
        threshold(&self.connection, &Progress::of(Work::Checkup)).await.map(drop)
    }

    /// Counts what trying `tried` in vain has cost: its requests, and its refusals toward the lock
    /// of the account.
    pub fn charge_probe(&self, tried: &Autotask) {
        self.connection.count_refusals_of(&tried.connection);
    }

    /// Whether Autotask is shown the same credentials as by `other`.
    pub fn same_credentials(&self, other: &Autotask) -> bool {
        self.connection.same_credentials(&other.connection)
    }

    /// Whether the API user's secret is the same, and whether the integration code is.
    pub fn same_secrets(&self, other: &Autotask) -> (bool, bool) {
        self.connection.same_secrets(&other.connection)
    }

    /// Ends when credentials that were refused are accepted again, whoever tried them.
    pub fn released(&self) -> Notified<'_> {
        self.connection.released()
    }

    /// Every company with the number of its agreements, by id.
    pub async fn directory(&self, progress: &Progress) -> Result<Vec<Company>, AutotaskError> {
        directory(&self.connection, progress).await
    }

    /// A snapshot for every client of `scope`, also for one that has nothing, by id.
    pub async fn read(
        &self,
        scope: &Scope,
        progress: &Progress,
    ) -> Result<Vec<ClientSnapshot>, AutotaskError> {
        let Autotask { connection, catalogue, counts, agreements, memory, .. } = self;
        let (ways, hidden) = (&QueryTrace::default(), &Hidden::default());
        let reading = Reading {
            connection,
            catalogue,
            counts,
            agreements,
            ways,
            progress,
            hidden,
            user_defined: &self.user_defined,
            time_zone: self.time_zone,
            currency: self.currency.as_ref(),
        };
        let snapshots = reading.read(scope).await;
        self.keep();
        let snapshots = snapshots?;
        tracing::debug!(
            "read {} clients with {} requests: {}",
            snapshots.len(),
            progress.requests(),
            ways.in_words()
        );
        memory.keep(counts, catalogue, snapshots.len(), connection.clock().now()).await;
        Ok(snapshots)
    }

    /// The same for a batch of clients of which some may have rows that nobody can read, which cost
    /// the others only some requests more.
    ///
    /// # Errors
    ///
    /// What stands in the way of all of them.
    pub async fn read_apart(
        &self,
        clients: Vec<ClientId>,
        progress: &Progress,
    ) -> Result<Apart<Vec<ClientSnapshot>>, AutotaskError> {
        let read = |clients| async { self.read(&Scope::Clients(clients), progress).await };
        let mut found = apart(clients, read).await?;
        if found.read.is_empty()
            && let Some((_, error)) = found.unreadable.pop()
        {
            return Err(error);
        }
        Ok(found)
    }

    /// The address that opens an agreement in Autotask's web interface; none before the zone was
    /// discovered, which it never is where the configuration fixes it.
    ///
    /// It is a command of Autotask's ExecuteCommand interface, which asks for a login and opens the
    /// agreement if the user may see it. The vendor's pages document the address and commands for
    /// companies, tickets and others; those that were at hand do not list the one for contracts.
    /// `Code=OpenContract&ContractID=` is what two public integrations use, one of which calls it
    /// documented. It was not tried on a tenant.
    pub fn contract_link(&self, contract_id: i64) -> Option<String> {
        Some(format!("{}{contract_id}", self.contract_links()?))
    }

    /// What stands in each of these links before the id.
    pub fn contract_links(&self) -> Option<String> {
        let web = self.connection.web_url()?;
        Some(format!(
            "{web}Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenContract&ContractID="
        ))
    }

    /// Which of `keys` still exist and to whom they belong, by key. One that is not in the answer
    /// is gone, except a contract made by hand, which Autotask never had.
    pub async fn locate(
        &self,
        keys: &[ItemKey],
        progress: &Progress,
    ) -> Result<Vec<Located>, AutotaskError> {
        locate(&self.connection, keys, progress).await
    }

    /// The same for what is missing of some clients, of which a row that cannot be read costs the others
    /// only some requests more.
    ///
    /// # Errors
    ///
    /// What stands in the way of all of them.
    pub async fn locate_apart(
        &self,
        missing: &BTreeMap<ClientId, Vec<ItemKey>>,
        progress: &Progress,
    ) -> Result<Apart<Vec<Located>>, AutotaskError> {
        let locate = |clients: Vec<ClientId>| async move {
            let of_them = clients.iter().filter_map(|client| missing.get(client));
            let keys: Vec<ItemKey> = of_them.flatten().copied().collect();
            self.locate(&keys, progress).await
        };
        apart(missing.keys().copied().collect(), locate).await
    }

    /// The agreements whose id is above `known`, by id, each with its client.
    pub async fn agreements_above(
        &self,
        known: i64,
        progress: &Progress,
    ) -> Result<Vec<(i64, ClientId)>, AutotaskError> {
        agreements_above(&self.connection, known, progress).await
    }

    /// The least that the API user may read among `entities`.
    pub async fn query_access(
        &self,
        entities: &[Entity],
        progress: &Progress,
    ) -> Result<Access, AutotaskError> {
        let accesses = self.accesses_of(entities, progress).await?;
        Ok(accesses.into_iter().map(|(_, access)| access).min().unwrap_or(Access::All))
    }

    /// What the API user may read of each of `entities`, such as [`Autotask::needed`].
    pub async fn accesses_of(
        &self,
        entities: &[Entity],
        progress: &Progress,
    ) -> Result<Vec<(Entity, Access)>, AutotaskError> {
        let mut accesses = Vec::with_capacity(entities.len());
        for entity in entities {
            let (seen, what) = access(&self.connection, *entity, FOR_A_RUN, progress).await?;
            if let Some(what) = what {
                tracing::warn!("what the API user may read of {entity} is not understood: {what}");
            }
            accesses.push((*entity, seen));
        }
        Ok(accesses)
    }

    /// What the API user may read of each entity that an import needs, or goes on without.
    pub async fn accesses(
        &self,
        progress: &Progress,
    ) -> Result<Vec<(Entity, Access)>, AutotaskError> {
        let mut accesses = Vec::new();
        for entity in self.needed().into_iter().chain(Entity::WANTED) {
            match access(&self.connection, entity, FOR_A_RUN, progress).await {
                Ok((access, _)) => accesses.push((entity, access)),
                // A zone that does not have it hides nothing.
                Err(error) if error.is_about_the_entity() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(accesses)
    }

    /// What a complete import must be able to read. Currencies are not among it where the
    /// configuration names the currency.
    pub fn needed(&self) -> Vec<Entity> {
        let is_needed = |entity: &Entity| *entity != Entity::Currencies || self.currency.is_none();
        Entity::NEEDED.into_iter().filter(is_needed).collect()
    }

    /// What `lmsyncctl doctor` finds at Autotask.
    pub async fn probe(&self, progress: &Progress) -> Vec<Finding> {
        probe(&self.connection, &self.needed(), self.currency.as_ref(), progress).await
    }

    /// How much of the tenant's limit is used up, for auto-sync, which asks before it begins. Costs
    /// one request, which counts itself.
    pub async fn threshold(&self) -> Result<Threshold, AutotaskError> {
        threshold(&self.connection, &Progress::of(Work::Background)).await
    }

    /// Refuses to go on where the clock of this server differs from Autotask's by hours. Asks for
    /// the time, which costs one request, where no answer of the last hour told it; where Autotask
    /// cannot be asked, what it said last decides.
    ///
    /// # Errors
    ///
    /// [`AutotaskError::ClocksDiffer`].
    pub async fn clocks_agree(&self) -> Result<(), AutotaskError> {
        let now = self.connection.clock().now();
        let told = self.connection.remote_date();
        if told.is_none_or(|(_, ours)| (now - ours).abs() > TimeDelta::hours(1)) {
            let _ = self.threshold().await;
        }
        self.connection.clocks_agree()
    }

    /// How many rows of `entity` belong to each id, as far as that is known.
    #[cfg(test)]
    pub(super) fn known_rows(&self, entity: Entity) -> Vec<(i64, usize)> {
        self.counts.of(entity, |known| known.by_id())
    }

    /// Where the secret comes from.
    pub fn source_of_secret(&self) -> SecretSource {
        self.connection.user().source_of_secret
    }

    /// What is known of the use without asking.
    pub fn usage(&self) -> Usage {
        self.connection.usage()
    }

    /// How many requests were sent since the start; those of one reading are in its [`Progress`].
    pub fn requests_total(&self) -> u64 {
        self.connection.requests_total()
    }
}
