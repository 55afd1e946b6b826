//! What stands below agreements: the fewest queries for what each type of agreement can have.
//!
//! ```text
//! recurring service                            fixed price, block hours, retainer,
//!   ________|_____________________             incident: one entity each; any: charges
//!       services            bundles            |
//!           |                 |                the picklist of their status
//!   units: of today, or of when the
//!   agreement ended; see `units`
//!           |_________________|
//!            names and contents
//! ```
//!
//! Everything beside each other is asked for at the same time, and nothing where no agreement can
//! have it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::future::try_join_all;

use super::assemble::{Lines, Purchases};
use super::catalogue::Entries;
use super::entity::Entity;
use super::error::AutotaskError;
use super::fields::EntityFields;
use super::filter::{Group, Query};
use super::kept::Asking;
use super::labels::{self, AgreementKind};
use super::lines::{LineKind, LineRow, UnitRow};
use super::purchases::{PurchaseKind, PurchaseRow};
use super::read::Reading;
use super::retry::FOR_A_RUN;
use super::rows::ContractRow;
use super::units::{self, Units};
use super::walk::{Identified, walk};

/// Looking below agreements that were read.
pub(super) struct Looking<'a> {
    pub reading: &'a Reading<'a>,
    pub contracts: &'a [ContractRow],
    /// The fields of Contracts.
    pub fields: &'a EntityFields,
    pub today: NaiveDate,
    /// Whether clients were asked for, so that only what is below their agreements is asked for;
    /// else everything is walked, which is fewer requests when every client is read.
    pub asked: bool,
}

/// Lines of one kind with what they bill.
struct Billed {
    kind: LineKind,
    rows: Vec<LineRow>,
    units: Units,
    /// Whether their agreements leave it to the catalogue how often they are billed.
    is_cycle_needed: bool,
}

impl Billed {
    /// What of the catalogue they are.
    fn items(&self) -> BTreeSet<i64> {
        self.rows.iter().filter_map(|row| Some(row.details.as_ref().ok()?.item)).collect()
    }
}

impl Looking<'_> {
    /// Services, then bundles.
    pub async fn lines(&self) -> Result<Vec<Lines>, AutotaskError> {
        let recurring = self.agreements(|kind| kind == Some(AgreementKind::RecurringService));
        if recurring.is_empty() {
            return Ok(Vec::new());
        }
        let services = self.billed(LineKind::Service, &recurring);
        let bundles = self.billed(LineKind::Bundle, &recurring);
        let (services, bundles) = tokio::try_join!(services, bundles)?;
        let (catalogue, asking) = (self.reading.catalogue, self.reading.asking());
        let contents = match bundles.items() {
            items if items.is_empty() => BTreeMap::new(),
            items => catalogue.contents(&items, asking).await?,
        };
        // The names of all services at once: those of lines and those in bundles.
        let mut named = services.items();
        named.extend(contents.values().flatten());
        let held = bundles.items();
        let service_names = catalogue.entries(LineKind::Service, &named, asking);
        let bundle_names = catalogue.entries(LineKind::Bundle, &held, asking);
        let (service_names, bundle_names) = tokio::try_join!(service_names, bundle_names)?;
        let texts = contents.iter().filter(|(_, services)| !services.is_empty());
        let texts = texts.map(|(bundle, services)| (*bundle, in_words(services, &service_names)));
        let contents = texts.collect();
        let lines = [(services, service_names, BTreeMap::new()), (bundles, bundle_names, contents)];
        let named = lines.map(|(billed, names, contents)| self.named(billed, names, contents));
        try_join_all(named).await
    }

    /// Everything that is bought once.
    pub async fn purchases(&self) -> Result<Vec<Purchases>, AutotaskError> {
        try_join_all(PurchaseKind::ALL.map(|kind| self.purchases_of(kind))).await
    }

    /// The agreements whose type is as wanted.
    fn agreements(&self, wanted: impl Fn(Option<AgreementKind>) -> bool) -> BTreeSet<i64> {
        let fits = |contract: &&ContractRow| {
            wanted(labels::agreement_type(self.fields, contract.kind).kind)
        };
        self.contracts.iter().filter(fits).map(|contract| contract.id).collect()
    }

    /// All rows of `entity` that may stand below `agreements`.
    fn query(&self, entity: Entity, agreements: &BTreeSet<i64>) -> Query {
        let query = Query::all(entity);
        if self.asked { query.within("contractID", agreements.iter().copied()) } else { query }
    }

    /// The lines below `agreements`, with what they bill.
    async fn billed(
        &self,
        kind: LineKind,
        agreements: &BTreeSet<i64>,
    ) -> Result<Billed, AutotaskError> {
        let lines = self.reading.rows(&self.query(kind.lines(), agreements)).await?;
        let mut rows: Vec<LineRow> = lines.iter().map(|row| LineRow::read(kind, row)).collect();
        rows.retain(|row| row.contract.is_none_or(|id| agreements.contains(&id)));
        let units = self.units(kind, &rows).await?;
        let is_cycle_needed = !rows.is_empty() && self.is_a_cycle_missing(agreements);
        Ok(Billed { kind, rows, units, is_cycle_needed })
    }

    /// The same with the names from the catalogue, and what its picklists mean.
    async fn named(
        &self,
        Billed { kind, rows, units, is_cycle_needed }: Billed,
        entries: Entries,
        contents: BTreeMap<i64, String>,
    ) -> Result<Lines, AutotaskError> {
        let (catalogue, asking) = (self.reading.catalogue, self.reading.asking());
        let mut catalogue_fields = Arc::default();
        if is_cycle_needed {
            let fields = catalogue.fields(kind.catalogue(), asking).await?;
            let values = entries.values().map(|entry| ("periodType", entry.period));
            catalogue_fields =
                catalogue.explaining(kind.catalogue(), fields, values, asking).await?;
        }
        Ok(Lines { kind, rows, units, entries, catalogue_fields, contents })
    }

    /// What `lines` bill. Asked for after them, because only agreements that have lines have units.
    async fn units(&self, kind: LineKind, lines: &[LineRow]) -> Result<Units, AutotaskError> {
        let over = self.over();
        let end = |line: &LineRow| over.get(&line.contract?).copied();
        let (ended, open): (Vec<_>, Vec<_>) = lines.iter().partition(|line| end(line).is_some());
        let ids: Vec<i64> = open.iter().map(|line| line.id).collect();
        let together = !ended.is_empty() && ids.len() <= units::TOGETHER;
        let ended = ended.iter().filter_map(|line| Some((end(line)?, line.id)));
        let lists = units::lists(ended, if together { &ids } else { &[] }, self.today);
        let grouped = self.in_groups(kind, lists).await?;
        let mut units = Units::default();
        let read = |row: &Identified| UnitRow::read(kind, row);
        if !together || grouped.is_none() {
            units.add(self.current_units(kind, &open).await?.iter().map(read));
        }
        units.add(grouped.iter().flatten().map(read));
        let Asking { connection, progress, ways } = self.reading.asking();
        let silent = lines.iter().map(|line| line.id);
        let silent: Vec<i64> = silent.filter(|id| !units.is_settled(*id, self.today)).collect();
        if !silent.is_empty() {
            let query = Query::all(kind.units()).within(kind.line_field(), silent);
            let periods = walk(connection, &query, FOR_A_RUN, progress).await?;
            ways.took(kind.units(), "all periods of lines that bill nothing today");
            units.add(periods.iter().map(read));
        }
        Ok(units)
    }

    /// The rows of `lists`; none where the zone cannot be asked so.
    async fn in_groups(
        &self,
        kind: LineKind,
        lists: Vec<Vec<Group>>,
    ) -> Result<Option<Vec<Identified>>, AutotaskError> {
        let Asking { connection, progress, ways } = self.reading.asking();
        let (mut rows, count) = (Vec::new(), lists.len());
        for groups in lists {
            let query = Query::all(kind.units()).within_groups(kind.line_field(), groups);
            match walk(connection, &query, FOR_A_RUN, progress).await {
                Ok(more) => rows.extend(more),
                // Should it be no fault of the groups, the next query meets it too.
                Err(
                    error @ (AutotaskError::FilterIgnored { .. }
                    | AutotaskError::Refused { .. }
                    | AutotaskError::Failed { .. }),
                ) => {
                    tracing::warn!("this zone cannot be asked in groups: {error}");
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
        if count > 0 {
            let text = format!("{count} list{} in groups", if count == 1 { "" } else { "s" });
            ways.took(kind.units(), &text);
        }
        Ok(Some(rows))
    }

    /// The agreements that are over, each with its last day.
    fn over(&self) -> BTreeMap<i64, NaiveDate> {
        let last = |contract: &ContractRow| contract.details.as_ref().ok()?.end;
        let ended = |contract: &ContractRow| {
            Some((contract.id, last(contract).filter(|end| *end < self.today)?))
        };
        self.contracts.iter().filter_map(ended).collect()
    }

    /// What `lines` bill today: about a row for each.
    async fn current_units(
        &self,
        kind: LineKind,
        lines: &[&LineRow],
    ) -> Result<Vec<Identified>, AutotaskError> {
        let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
        for contract in lines.iter().filter_map(|line| line.contract) {
            *counts.entry(contract).or_default() += 1;
        }
        if counts.is_empty() {
            return Ok(Vec::new());
        }
        let agreements: BTreeSet<i64> = counts.keys().copied().collect();
        let total = self.reading.counts.of(kind.lines(), |known| known.total());
        self.reading.counts.of(kind.units(), |known| known.suppose(total, counts));
        let query = self.query(kind.units(), &agreements).current_on(self.today);
        self.reading.rows(&query).await
    }

    /// Whether one of `agreements` does not say how often it is billed, so that its services must.
    fn is_a_cycle_missing(&self, agreements: &BTreeSet<i64>) -> bool {
        self.contracts
            .iter()
            .filter(|row| agreements.contains(&row.id))
            .any(|row| row.details.as_ref().is_ok_and(|details| details.period.is_none()))
    }

    async fn purchases_of(&self, kind: PurchaseKind) -> Result<Purchases, AutotaskError> {
        let (catalogue, asking) = (self.reading.catalogue, self.reading.asking());
        let agreements = self.agreements(|agreement| match agreement {
            Some(agreement) => agreement.can_have(kind),
            None => kind == PurchaseKind::Charge,
        });
        let mut rows = Vec::new();
        if !agreements.is_empty() {
            let read = self.reading.rows(&self.query(kind.entity(), &agreements)).await?;
            rows.extend(read.iter().map(|row| PurchaseRow::read(kind, row)));
            rows.retain(|row| row.contract.is_none_or(|id| agreements.contains(&id)));
        }
        let mut fields = Arc::default();
        if !rows.is_empty() {
            let entity = kind.entity();
            let known = catalogue.fields(entity, asking).await?;
            let values = rows.iter().filter_map(|row| row.details.as_ref().ok());
            let values = values.map(|details| ("status", details.status));
            fields = catalogue.explaining(entity, known, values, asking).await?;
        }
        Ok(Purchases { kind, rows, fields })
    }
}

fn in_words(services: &[i64], names: &Entries) -> String {
    let name = |id: &i64| {
        let name = names.get(id).and_then(|entry| entry.name.clone());
        name.unwrap_or_else(|| format!("service {id}"))
    };
    let mut words: Vec<String> = services.iter().map(name).collect();
    words.sort();
    words.join(", ")
}
