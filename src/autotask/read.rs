//! Reading clients: the fewest queries that give everything, and what can be read at the same time.
//!
//! ```text
//! Companies   Contracts   picklists          at the same time
//!                 |
//!        (only recurring agreements)
//!   ________|________________________________
//!   services   their units   bundles   their units     current on the day, at the same time
//!       |__________|             |__________|
//!    names, and all periods of lines without a current one
//!                      |
//!                  assemble
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::future::OptionFuture;

use super::assemble::{Gathered, Lines, Units, assemble};
use super::catalogue::Catalogue;
use super::connection::Connection;
use super::entity::Entity;
use super::error::AutotaskError;
use super::fields::EntityFields;
use super::filter::Query;
use super::labels;
use super::progress::Progress;
use super::retry::FOR_A_RUN;
use super::rows::{CompanyRow, ContractRow, LineKind, LineRow, UnitRow};
use super::walk::{Identified, walk};
use crate::model::{ClientId, ClientSnapshot};

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
    pub progress: &'a Progress,
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
        let of = |query: Query, field| match &asked {
            Some(clients) => query.within(field, clients.iter().map(|client| client.0)),
            None => query,
        };
        let companies = of(Query::all(Entity::Companies), "id").fields(CompanyRow::FIELDS);
        let contracts = of(Query::all(Entity::Contracts), "companyID");
        let (companies, contracts, (fields, fresh)) = tokio::try_join!(
            self.rows(&companies),
            self.rows(&contracts),
            self.catalogue.fields(self.connection, Entity::Contracts, self.progress),
        )?;
        let companies: Vec<CompanyRow> = companies.iter().map(CompanyRow::read).collect();
        let contracts: Vec<ContractRow> = contracts.iter().map(ContractRow::read).collect();
        let (fields, currencies) = tokio::try_join!(
            self.explaining(&contracts, fields, fresh),
            self.currencies_of(&companies, &contracts),
        )?;
        let recurring: BTreeSet<i64> = contracts
            .iter()
            .filter(|contract| labels::agreement_type(&fields, contract.kind).recurring)
            .map(|contract| contract.id)
            .collect();
        let below = Below {
            only: asked.is_some(),
            contracts: &recurring,
            today,
            without_cycle: contracts
                .iter()
                .any(|row| row.details.as_ref().is_ok_and(|details| details.period.is_none())),
        };
        let lines = if recurring.is_empty() {
            Vec::new()
        } else {
            let services = self.lines(LineKind::Service, &below);
            let bundles = self.lines(LineKind::Bundle, &below);
            let (services, bundles) = tokio::try_join!(services, bundles)?;
            vec![services, bundles]
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
        }))
    }

    async fn rows(&self, query: &Query) -> Result<Vec<Identified>, AutotaskError> {
        walk(self.connection, query, FOR_A_RUN, self.progress).await
    }

    /// The picklists of Contracts, read again if they are not of today's reading and a row holds a
    /// value that they do not explain: somebody may have added it since.
    async fn explaining(
        &self,
        contracts: &[ContractRow],
        fields: Arc<EntityFields>,
        fresh: bool,
    ) -> Result<Arc<EntityFields>, AutotaskError> {
        let is_explained = |field: &str, number: Option<i64>| {
            number.is_none_or(|number| fields.label(field, number).is_some())
        };
        let all = contracts.iter().all(|contract| {
            let details = contract.details.as_ref().ok();
            is_explained("contractType", contract.kind)
                && is_explained("status", details.and_then(|d| d.status))
                && is_explained("contractPeriodType", details.and_then(|d| d.period))
                && is_explained("contractCategory", details.and_then(|d| d.category))
        });
        if fresh || all {
            return Ok(fields);
        }
        self.catalogue.fresh_fields(self.connection, Entity::Contracts, self.progress).await
    }

    /// The currencies, if there is an agreement to have one.
    async fn currencies_of(
        &self,
        companies: &[CompanyRow],
        contracts: &[ContractRow],
    ) -> Result<Arc<super::catalogue::Currencies>, AutotaskError> {
        if contracts.is_empty() {
            return Ok(Arc::default());
        }
        let used: BTreeSet<i64> = contracts.iter().filter_map(|row| row.company).collect();
        let companies = companies.iter().filter(|company| used.contains(&company.id));
        let wanted = companies.filter_map(|company| company.currency).collect();
        self.catalogue.currencies(self.connection, &wanted, self.progress).await
    }

    /// All lines of one kind below recurring agreements.
    async fn lines(&self, kind: LineKind, below: &Below<'_>) -> Result<Lines, AutotaskError> {
        let lines = below.query(kind.lines());
        let current = below.query(kind.units()).current_on(below.today);
        let (lines, current) = tokio::try_join!(self.rows(&lines), self.rows(&current))?;
        let mut rows: Vec<LineRow> = lines.iter().map(|row| LineRow::read(kind, row)).collect();
        rows.retain(|row| row.contract.is_none_or(|id| below.contracts.contains(&id)));
        let mut units = Units::default();
        units.add(current.iter().map(|row| UnitRow::read(kind, row)).collect());

        let silent: Vec<i64> =
            rows.iter().map(|row| row.id).filter(|id| units.is_silent(*id, below.today)).collect();
        let all_periods = async {
            if silent.is_empty() {
                return Ok(Vec::new());
            }
            self.rows(&Query::all(kind.units()).within(kind.line_field(), silent)).await
        };
        let items: BTreeSet<i64> =
            rows.iter().filter_map(|row| Some(row.details.as_ref().ok()?.item)).collect();
        let names = self.catalogue.entries(self.connection, kind, &items, self.progress);
        let needed = below.without_cycle && !rows.is_empty();
        let fields = self.catalogue.fields(self.connection, kind.catalogue(), self.progress);
        let fields = async {
            let fields = OptionFuture::from(needed.then_some(fields)).await.transpose()?;
            Ok(fields.map(|(fields, _)| fields).unwrap_or_default())
        };
        let (periods, entries, catalogue_fields) = tokio::try_join!(all_periods, names, fields)?;
        units.add(periods.iter().map(|row| UnitRow::read(kind, row)).collect());
        Ok(Lines { kind, rows, units, entries, catalogue_fields })
    }
}

/// Which agreements are looked below.
struct Below<'a> {
    /// Whether to ask for those alone; else everything is walked, which is fewer requests when
    /// every client is read.
    only: bool,
    contracts: &'a BTreeSet<i64>,
    today: NaiveDate,
    /// Whether an agreement does not say how often it is billed.
    without_cycle: bool,
}

impl Below<'_> {
    fn query(&self, entity: Entity) -> Query {
        let query = Query::all(entity);
        if self.only { query.within("contractID", self.contracts.iter().copied()) } else { query }
    }
}
