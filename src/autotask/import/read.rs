//! Reading clients: the fewest queries that give everything, and what can be read at the same time.
//!
//! ```text
//! Companies   Contracts   picklists          at the same time
//!                 |
//!            currencies
//!                 |
//!               below                         what stands below each type of agreement
//!                 |
//!             assemble
//! ```
//!
//! Without companies or agreements nothing can be told, so that a permission on them which is missing
//! fails the whole reading. What else is not shown is left out, and told with each client that it
//! may concern: see `hidden`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::agreements::{CURSOR, Found, Search};
use super::assemble::{FetchedRows, Lines, Purchases, assemble};
use super::reading::Reading;
use crate::autotask::fields::row::KeyedRow;
use crate::autotask::http::entity::Entity;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::import::children::ChildFetcher;
use crate::autotask::meta::catalogue::Fields;
use crate::autotask::meta::currency::Currencies;
use crate::autotask::meta::entity_fields::EntityFields;
use crate::autotask::query::filter::Query;
use crate::autotask::rows::companies::{CompanyRow, ContractRow, WantedFields};
use crate::clock::day_in;
use crate::model::{ClientId, ClientSnapshot};

/// Whose agreements are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Those of these clients.
    Clients(Vec<ClientId>),
    /// Those of every client.
    All,
}

impl Reading<'_> {
    /// A snapshot for every client of `scope`, also for one that has nothing.
    pub async fn read(&self, scope: &Scope) -> Result<Vec<ClientSnapshot>, AutotaskError> {
        if let Some(snapshots) = self.attempt(scope, true).await? {
            return Ok(snapshots);
        }
        tracing::debug!(
            "an agreement is gone without a trace, reading all agreements again in full"
        );
        self.agreements.forget();
        let read = self.attempt(scope, false).await?;
        read.ok_or(AutotaskError::RowsChanged { entity: Entity::Contracts })
    }

    /// The same; none where agreements that were taken for known are gone.
    async fn attempt(
        &self,
        scope: &Scope,
        by_cursor: bool,
    ) -> Result<Option<Vec<ClientSnapshot>>, AutotaskError> {
        let as_of = self.connection.clock().now();
        let today = day_in(&self.time_zone, as_of);
        let asked = match scope {
            Scope::Clients(clients) if clients.is_empty() => return Ok(Some(Vec::new())),
            Scope::Clients(clients) => Some(clients.clone()),
            Scope::All => None,
        };
        let (companies, found, fields) = tokio::try_join!(
            self.companies(asked.as_deref()),
            self.contracts(asked.as_deref(), by_cursor),
            self.catalogue.fields(Entity::Contracts, self.asking()),
        )?;
        // Before more is asked for that could not be used.
        self.connection.clocks_agree()?;
        let contracts = &found.rows;
        let (fields, currencies) = tokio::try_join!(
            self.explaining(contracts, fields),
            self.currencies_of(&companies, contracts),
        )?;
        let (lines, (purchases, rules)) = {
            let looking = ChildFetcher {
                reading: self,
                contracts,
                fields: &fields,
                today,
                asked: asked.is_some(),
            };
            tokio::try_join!(looking.lines(), looking.purchases())?
        };
        if self.is_one_gone(&found, &lines, &purchases).await? {
            return Ok(None);
        }
        let mut companies: BTreeMap<i64, CompanyRow> =
            companies.into_iter().map(|company| (company.id, company)).collect();
        companies.extend(self.billed_companies(&found.rows, &companies).await?);
        Ok(Some(assemble(&FetchedRows {
            as_of,
            today,
            asked,
            companies,
            contracts: found.rows,
            fields,
            currencies,
            lines,
            purchases,
            rules,
            hidden: self.hidden.all(),
        })))
    }

    /// The agreements of the clients that were asked for; none for all of them.
    async fn contracts(
        &self,
        asked: Option<&[ClientId]>,
        by_cursor: bool,
    ) -> Result<Found, AutotaskError> {
        let wanted = &WantedFields::new(self.user_defined);
        let found = match asked {
            None => {
                let read = |row: KeyedRow| wanted.read(&row);
                let rows = self.rows(&Query::all(Entity::Contracts), read).await?;
                Found { rows, unread: BTreeSet::new() }
            }
            Some(clients) => {
                let search = self.search(wanted, clients.iter().map(|client| client.0).collect());
                let fields = || self.catalogue.fields(Entity::Contracts, self.asking());
                let by_cursor =
                    by_cursor && search.is_cursor_cheaper() && fields().await?.0.has(CURSOR);
                if by_cursor { search.by_cursor().await? } else { search.in_full().await? }
            }
        };
        for name in wanted.unknown() {
            tracing::warn!("no agreement in autotask has the user-defined field \"{name}\"");
        }
        Ok(found)
    }

    fn search<'a>(&'a self, wanted: &'a WantedFields<'a>, clients: BTreeSet<i64>) -> Search<'a> {
        Search { gathering: self.fetcher(), agreements: self.agreements, wanted, clients }
    }

    /// Whether an agreement that was not read just now is gone: nothing stands below it any more,
    /// and asked for by id it is not there.
    async fn is_one_gone(
        &self,
        found: &Found,
        lines: &[Lines],
        purchases: &[Purchases],
    ) -> Result<bool, AutotaskError> {
        let lines = lines.iter().flat_map(|lines| &lines.rows).filter_map(|row| row.contract);
        let purchases = purchases.iter().flat_map(|list| &list.rows).filter_map(|row| row.contract);
        let mut additions: BTreeMap<i64, usize> = BTreeMap::new();
        for contract in lines.chain(purchases) {
            *additions.entry(contract).or_default() += 1;
        }
        let hollow = self.agreements.learn_additions(&additions, found);
        if hollow.is_empty() {
            return Ok(false);
        }
        let wanted = WantedFields::new(&[]);
        Ok(self.search(&wanted, BTreeSet::new()).still_there(&hollow).await? != hollow)
    }

    /// The companies that were asked for; none for all of them.
    async fn companies(
        &self,
        asked: Option<&[ClientId]>,
    ) -> Result<Vec<CompanyRow>, AutotaskError> {
        match asked {
            Some(clients) => {
                let ids = clients.iter().map(|client| client.0).collect();
                let rows = self.catalogue.companies(&ids, self.asking()).await?;
                Ok(rows.iter().map(CompanyRow::read).collect())
            }
            None => {
                let query = Query::all(Entity::Companies).fields(CompanyRow::FIELDS);
                self.rows(&query, |row| CompanyRow::read(&row)).await
            }
        }
    }

    /// The companies that are billed for agreements of others, and were not read yet.
    async fn billed_companies(
        &self,
        contracts: &[ContractRow],
        known: &BTreeMap<i64, CompanyRow>,
    ) -> Result<Vec<(i64, CompanyRow)>, AutotaskError> {
        let bill_to = |row: &ContractRow| row.details.as_ref().ok()?.bill_to;
        let strangers = contracts.iter().filter(|row| bill_to(row) != row.company);
        let ids = strangers.filter_map(bill_to).filter(|id| !known.contains_key(id));
        let ids: BTreeSet<i64> = ids.collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.catalogue.companies(&ids, self.asking()).await?;
        Ok(rows.iter().map(|row| (row.0, CompanyRow::read(row))).collect())
    }

    /// The picklists of Contracts that explain what the rows hold.
    async fn explaining(
        &self,
        contracts: &[ContractRow],
        fields: Fields,
    ) -> Result<Arc<EntityFields>, AutotaskError> {
        let values = contracts.iter().flat_map(|contract| {
            let details = contract.details.as_ref().ok();
            [
                ("contractType", contract.kind),
                ("status", details.and_then(|details| details.status)),
                ("contractPeriodType", details.and_then(|details| details.period)),
                ("contractCategory", details.and_then(|details| details.category)),
            ]
        });
        let entity = Entity::Contracts;
        self.catalogue.explaining(entity, fields, values, self.asking()).await
    }

    /// The currencies, if there is an agreement to have one.
    async fn currencies_of(
        &self,
        companies: &[CompanyRow],
        contracts: &[ContractRow],
    ) -> Result<Arc<Currencies>, AutotaskError> {
        if contracts.is_empty() {
            return Ok(Arc::default());
        }
        let used: BTreeSet<i64> = contracts.iter().filter_map(|row| row.company).collect();
        let companies = companies.iter().filter(|company| used.contains(&company.id));
        let wanted = companies.filter_map(|company| company.currency).collect();
        let currencies = match self.catalogue.currencies(&wanted, self.asking()).await {
            // A tenant without multi-currency may have nothing there that could be read.
            Err(error) if error.hides_the_entity() && self.currency.is_some() => {
                Currencies::default()
            }
            Err(error) if error.hides_the_entity() => {
                self.hidden.note(Entity::Currencies, &error);
                self.catalogue.known_currencies().await
            }
            read => read?,
        };
        Ok(Arc::new(currencies.else_in(self.currency.cloned())))
    }
}
