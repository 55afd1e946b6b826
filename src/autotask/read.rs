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
//! A permission that is missing fails the whole reading and names the entity: an import that leaves
//! out what it may not see would be wrong without saying so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::assemble::{Gathered, assemble};
use super::below::Looking;
use super::catalogue::{Catalogue, Fields};
use super::connection::Connection;
use super::currency::Currencies;
use super::entity::Entity;
use super::error::AutotaskError;
use super::fields::EntityFields;
use super::filter::Query;
use super::gather::{Gathering, RowCounts, Ways};
use super::kept::Asking;
use super::progress::Progress;
use super::rows::{CompanyRow, ContractRow};
use super::walk::Identified;
use crate::model::{ClientId, ClientSnapshot, UdfName};

/// Whose agreements are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Those of these clients.
    Clients(Vec<ClientId>),
    /// Those of every client.
    All,
}

/// One reading.
pub(super) struct Reading<'a> {
    pub connection: &'a Connection,
    pub catalogue: &'a Catalogue,
    pub counts: &'a RowCounts,
    pub ways: &'a Ways,
    pub progress: &'a Progress,
    /// The user-defined fields that are wanted, by Autotask's names.
    pub user_defined: &'a [(String, UdfName)],
}

impl Reading<'_> {
    /// A snapshot for every client of `scope`, also for one that has nothing.
    pub async fn read(&self, scope: &Scope) -> Result<Vec<ClientSnapshot>, AutotaskError> {
        let as_of = self.connection.clock().now();
        let today = as_of.date_naive();
        let asked = match scope {
            Scope::Clients(clients) if clients.is_empty() => return Ok(Vec::new()),
            Scope::Clients(clients) => Some(clients.clone()),
            Scope::All => None,
        };
        let contracts = Query::all(Entity::Contracts);
        let contracts = match &asked {
            Some(clients) => contracts.within("companyID", clients.iter().map(|client| client.0)),
            None => contracts,
        };
        let (companies, contracts, fields) = tokio::try_join!(
            self.companies(asked.as_deref()),
            self.rows(&contracts),
            self.catalogue.fields(Entity::Contracts, self.asking()),
        )?;
        self.warn_of_missing_fields(&contracts);
        let companies: Vec<CompanyRow> = companies.iter().map(CompanyRow::read).collect();
        let contracts: Vec<ContractRow> =
            contracts.iter().map(|row| ContractRow::read(row, self.user_defined)).collect();
        let (fields, currencies) = tokio::try_join!(
            self.explaining(&contracts, fields),
            self.currencies_of(&companies, &contracts),
        )?;
        let (lines, purchases) = {
            let looking = Looking {
                reading: self,
                contracts: &contracts,
                fields: &fields,
                today,
                asked: asked.is_some(),
            };
            tokio::try_join!(looking.lines(), looking.purchases())?
        };
        let companies: BTreeMap<i64, CompanyRow> =
            companies.into_iter().map(|company| (company.id, company)).collect();
        Ok(assemble(&Gathered {
            as_of,
            today,
            asked,
            companies,
            contracts,
            fields,
            currencies,
            lines,
            purchases,
        }))
    }

    pub async fn rows(&self, query: &Query) -> Result<Vec<Identified>, AutotaskError> {
        let Reading { connection, counts, ways, progress, .. } = *self;
        Gathering { connection, counts, ways, progress }.rows(query).await
    }

    /// What the catalogue is asked with.
    pub fn asking(&self) -> Asking<'_> {
        let Reading { connection, ways, progress, .. } = *self;
        Asking { connection, progress, ways }
    }

    /// The companies that were asked for; none for all of them.
    async fn companies(
        &self,
        asked: Option<&[ClientId]>,
    ) -> Result<Vec<Identified>, AutotaskError> {
        match asked {
            Some(clients) => {
                let ids = clients.iter().map(|client| client.0).collect();
                self.catalogue.companies(&ids, self.asking()).await
            }
            None => self.rows(&Query::all(Entity::Companies).fields(CompanyRow::FIELDS)).await,
        }
    }

    /// Tells of user-defined fields that the tenant does not seem to have: a misspelt name would
    /// otherwise look like a field that is empty everywhere.
    fn warn_of_missing_fields(&self, contracts: &[Identified]) {
        for (name, _) in self.user_defined {
            let is_known = contracts.iter().any(|(_, row)| row.user_defined(name).is_some());
            if !is_known && !contracts.is_empty() {
                tracing::warn!("no agreement in autotask has the user-defined field \"{name}\"");
            }
        }
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
        Ok(Arc::new(self.catalogue.currencies(&wanted, self.asking()).await?))
    }
}
