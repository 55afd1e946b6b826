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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::autotask::api::Autotask;
    use crate::autotask::script::Script;
    use crate::model::Field;

    /// Company 7 with one monthly agreement, 70, that has service 700 with 3 units for 30.
    fn script() -> Script {
        let script = Script::new();
        script.rows(
            "Companies",
            vec![
                json!({"id": 7, "companyName": "Acme", "currencyID": null}),
                json!({"id": 8, "companyName": "Empty"}),
            ],
        );
        script
            .rows("Currencies", vec![json!({"id": 1, "name": "USD", "isInternalCurrency": true})]);
        script.rows("Contracts", vec![contract(70, Some(2))]);
        script.rows("ContractServices", vec![line(700, 70, 301)]);
        script.rows("ContractServiceUnits", vec![units(1, 700, json!(3), json!(30.00))]);
        script.rows(
            "Services",
            vec![
                json!({"id": 301, "name": "Backup", "periodType": 2}),
                json!({"id": 302, "name": "Domain", "periodType": 5}),
            ],
        );
        script.fields("Contracts", json!([
            {"name": "contractType", "picklistValues": [{"value": "7", "label": "Recurring Service"}]},
            {"name": "contractPeriodType", "picklistValues": [{"value": "2", "label": "Monthly"}]},
        ]));
        script
    }

    fn contract(id: i64, period: Option<i64>) -> Value {
        json!({"id": id, "companyID": 7, "contractType": 7, "contractName": "Care",
            "contractPeriodType": period})
    }

    fn line(id: i64, contract: i64, service: i64) -> Value {
        json!({"id": id, "contractID": contract, "serviceID": service, "unitPrice": 10.0})
    }

    fn units(id: i64, line: i64, units: Value, price: Value) -> Value {
        json!({"id": id, "contractID": 70, "contractServiceID": line, "units": units,
            "price": price, "startDate": "2026-10-01T00:00:00Z", "endDate": "2026-10-31T00:00:00Z"})
    }

    async fn read(autotask: &Autotask, scope: Scope) -> Vec<ClientSnapshot> {
        autotask.read(&scope, &Progress::new()).await.expect("snapshots")
    }

    async fn acme(script: &Script) -> ClientSnapshot {
        read(&script.autotask(), Scope::Clients(vec![ClientId(7)])).await.remove(0)
    }

    fn rejected(snapshot: &ClientSnapshot) -> Vec<String> {
        let rejects = snapshot.rejects.iter();
        rejects
            .map(|reject| format!("{} {}: {}", reject.key, reject.field, reject.reason))
            .collect()
    }

    fn shown(snapshot: &ClientSnapshot) -> Vec<String> {
        let text = |fields: &crate::model::Fields, field| {
            fields.get(&field).map_or_else(|| "-".to_owned(), ToString::to_string)
        };
        let items = snapshot.items.iter();
        items
            .map(|item| {
                let [name, cost, cycle] = [Field::Name, Field::BillingCost, Field::BillingCycle]
                    .map(|f| text(&item.fields, f));
                format!("{} {name} {cost} {cycle}", item.key)
            })
            .collect()
    }

    #[tokio::test]
    async fn an_agreement_stands_before_its_additions() {
        let snapshot = acme(&script()).await;
        assert_eq!(shown(&snapshot), ["A70 Care 30.00 monthly", "S700 Backup 30.00 monthly"]);
        assert_eq!(snapshot.client.name, "Acme");
        assert_eq!(rejected(&snapshot), [""; 0]);
    }

    #[tokio::test]
    async fn a_client_without_agreements_costs_no_queries_below_them() {
        let script = script();
        let scope = Scope::Clients(vec![ClientId(8), ClientId(99)]);
        let snapshots = read(&script.autotask(), scope).await;
        let seen: Vec<_> =
            snapshots.iter().map(|s| (s.client.name.as_str(), s.items.len())).collect();
        assert_eq!(seen, [("Empty", 0), ("company 99", 0)]);
        assert_eq!(script.total(), 4, "zone, companies, contracts, picklists");
        assert_eq!(read(&script.autotask(), Scope::Clients(Vec::new())).await, []);
        assert_eq!(script.total(), 4);
    }

    #[tokio::test]
    async fn reading_again_asks_for_rows_only() {
        let script = script();
        let autotask = script.autotask();
        let first = read(&autotask, Scope::All).await;
        let after_first = script.total();
        let progress = Progress::new();
        let second = autotask.read(&Scope::All, &progress).await;
        assert_eq!(second.as_ref(), Ok(&first));
        assert_eq!(progress.requests(), 6, "companies, contracts, and four kinds of rows below");
        assert_eq!(script.total(), after_first + 6);
    }

    #[tokio::test]
    async fn a_unit_row_that_cannot_be_read_rejects_its_addition_and_its_agreement() {
        let script = script();
        script.rows("ContractServices", vec![line(700, 70, 301), line(701, 70, 301)]);
        script.rows(
            "ContractServiceUnits",
            vec![units(1, 700, json!(3), json!("n/a")), units(2, 701, json!(1), json!(10))],
        );
        let snapshot = acme(&script).await;
        assert_eq!(shown(&snapshot), ["S701 Backup 10.00 monthly"]);
        assert_eq!(
            rejected(&snapshot),
            [
                "A70 price: its cost is not known: S700 cannot be read, because price is \"n/a\", which \
             is not a number in row 1 of ContractServiceUnits",
                "S700 price: price is \"n/a\", which is not a number in row 1 of ContractServiceUnits",
            ]
        );
    }

    #[tokio::test]
    async fn an_agreement_that_cannot_be_read_rejects_its_additions_but_not_its_neighbours() {
        let script = script();
        let mut bad = contract(71, Some(2));
        bad["contractName"] = Value::Null;
        script.rows("Contracts", vec![contract(70, Some(2)), bad]);
        script.rows("ContractServices", vec![line(700, 70, 301), line(701, 71, 301)]);
        let snapshot = acme(&script).await;
        assert_eq!(shown(&snapshot), ["A70 Care 30.00 monthly", "S700 Backup 30.00 monthly"]);
        assert_eq!(
            rejected(&snapshot),
            [
                "A71 contractName: contractName has no value",
                "S701 contractID: its agreement A71 cannot be read: contractName has no value",
            ]
        );
    }

    #[tokio::test]
    async fn without_a_period_of_its_own_an_agreement_follows_its_services() {
        let script = script();
        script.rows("Contracts", vec![contract(70, None)]);
        let snapshot = acme(&script).await;
        assert_eq!(shown(&snapshot), ["A70 Care 30.00 monthly", "S700 Backup 30.00 monthly"]);

        script.rows("ContractServices", vec![line(700, 70, 301), line(701, 70, 302)]);
        let snapshot = acme(&script).await;
        assert_eq!(shown(&snapshot), ["S700 Backup 30.00 monthly", "S701 Domain 0.00 yearly"]);
        assert_eq!(
            rejected(&snapshot),
            [
                "A70 contractPeriodType: it has none, and its additions are billed in different cycles"
            ]
        );
    }

    #[tokio::test]
    async fn a_line_without_a_current_period_is_asked_for_all_of_them() {
        let script = script();
        let mut ended = units(1, 700, json!(2), json!(19.5));
        ended["startDate"] = json!("2026-08-01T00:00:00Z");
        ended["endDate"] = json!("2026-08-31T00:00:00Z");
        script.rows("ContractServiceUnits", vec![ended]);
        let snapshot = acme(&script).await;
        assert_eq!(shown(&snapshot), ["A70 Care 19.50 monthly", "S700 Backup 19.50 monthly"]);
        let basis = snapshot.items[1].fields.get(&Field::Basis).map(ToString::to_string);
        assert_eq!(basis.as_deref(), Some("last"));
        let bodies = script.bodies("ContractServiceUnits/query");
        assert_eq!(bodies[1]["filter"][1]["field"], "contractServiceID");
    }

    #[tokio::test]
    async fn a_value_that_no_picklist_explains_is_looked_up_once_a_reading() {
        let script = script();
        let autotask = script.autotask();
        read(&autotask, Scope::All).await;
        let mut odd = contract(70, Some(2));
        odd["status"] = json!(7);
        odd["contractCategory"] = json!(12);
        script.rows("Contracts", vec![odd]);
        for asked in [2, 3] {
            let snapshots = read(&autotask, Scope::All).await;
            let status = snapshots[0].items[0].fields.get(&Field::Status).map(ToString::to_string);
            assert_eq!(status.as_deref(), Some("unknown (7)"));
            assert_eq!(script.asked("Contracts/entityInformation/fields"), asked);
        }
    }

    #[tokio::test]
    async fn a_service_that_is_not_in_the_catalogue_is_named_by_its_number() {
        let script = script();
        script.rows("Services", Vec::new());
        let snapshot = acme(&script).await;
        assert_eq!(shown(&snapshot)[1], "S700 service 301 30.00 monthly");
    }

    #[tokio::test]
    async fn lines_of_agreements_that_are_not_there_belong_to_nobody() {
        let script = script();
        script.rows("ContractServices", vec![line(700, 70, 301), line(701, 99, 301)]);
        let snapshots = read(&script.autotask(), Scope::All).await;
        assert_eq!(shown(&snapshots[0]).len(), 2);
        assert_eq!(rejected(&snapshots[0]), [""; 0]);
    }

    #[tokio::test]
    async fn what_is_not_billed_by_period_is_listed_with_the_reason() {
        let script = script();
        let mut hours = contract(71, None);
        hours["contractType"] = json!(4);
        script.rows("Contracts", vec![hours]);
        let snapshot = acme(&script).await;
        assert_eq!(shown(&snapshot), ["A71 Care - -"]);
        let reason = snapshot.items[0].unsupported.as_deref();
        assert_eq!(reason, Some("block hours agreements cannot be imported yet"));
        assert_eq!(script.asked("ContractServices/query"), 0);
    }
}
