//! Reading what lines bill, by the rules of `units`.
//!
//! ```text
//! lines of agreements that have ended ──► in groups, by the day on which they did
//! lines billed less often than monthly ──► in the same lists, as far ahead as their period
//! lines billed monthly ──► by agreement; where they are few, in the same lists
//! lines of which no row was found ──► what was billed before, and what is to come
//! lines whose running period was cut ──► its earlier rows, in the same lists
//! ```

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};

use crate::autotask::fields::row::KeyedRow;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::import::children::ChildFetcher;
use crate::autotask::meta::catalogue::Entries;
use crate::autotask::meta::entity_fields::EntityFields;
use crate::autotask::meta::labels;
use crate::autotask::meta::row_cache::Asking;
use crate::autotask::query::fetch::QueryTrace;
use crate::autotask::query::filter::{Group, Query};
use crate::autotask::query::paginate::paginate;
use crate::autotask::rows::companies::{ContractDetails, ContractRow};
use crate::autotask::rows::lines::{LineKind, LineRow, UnitPeriod, UnitRow};
use crate::autotask::rows::units::{self, AHEAD, Open, Units};
use crate::autotask::session::retry::FOR_A_RUN;
use crate::model::{BillingCycle, Currency};
use crate::policy::cost::{self, LineTerms, Siblings};

/// What is known of a line before its rows are read.
struct Known<'a> {
    line: &'a LineRow,
    agreement: Option<&'a ContractDetails>,
    /// The cycle of its agreement.
    own: Option<BillingCycle>,
    /// The longer of that and the cycle of its service.
    nominal: Option<BillingCycle>,
}

impl Known<'_> {
    fn months(&self) -> u32 {
        self.nominal.and_then(BillingCycle::months).unwrap_or(1)
    }

    fn start(&self) -> Option<NaiveDate> {
        self.agreement?.start
    }

    fn open(&self, today: NaiveDate) -> Open {
        Open::new(self.line.id, self.months(), self.start(), today)
    }
}

impl ChildFetcher<'_> {
    /// What `lines` bill. Asked for after them, because only agreements that have lines have units.
    pub(in crate::autotask) async fn units(
        &self,
        kind: LineKind,
        lines: &[LineRow],
        entries: &Entries,
        catalogue_fields: &EntityFields,
    ) -> Result<Units, AutotaskError> {
        let known = self.known(lines, entries, catalogue_fields);
        let today = self.today;
        let end = |line: &Known<'_>| line.agreement?.end.filter(|end| *end < today);
        let (ended, open): (Vec<&Known<'_>>, Vec<_>) =
            known.iter().partition(|line| end(line).is_some());
        let ended = ended.into_iter().filter_map(|line| Some((end(line)?, line.line.id)));
        // By agreement goes what is most: lines that are billed monthly, with their agreement.
        let few = open.len() <= units::TOGETHER;
        let is_usual = |line: &&&Known<'_>| {
            !few && line.months() == 1 && line.start().is_none_or(|start| start <= today)
        };
        let (usual, others): (Vec<&Known<'_>>, Vec<_>) = open.iter().partition(is_usual);
        let others: Vec<Open> = others.into_iter().map(|line| line.open(today)).collect();
        let rows = self.in_groups(kind, units::lists(ended, &others)).await?;
        let mut units = Units::default();
        let by_agreement = if rows.is_some() { &usual } else { &open };
        let in_groups = rows.is_some();
        units.add(rows.into_iter().flatten());
        units.add(self.current(kind, by_agreement).await?);
        self.add_missing(kind, &known, in_groups, &mut units).await?;
        Ok(units)
    }

    /// Adds the rows that are missing: those of lines of which none was found, and the earlier ones
    /// of periods that were cut.
    async fn add_missing(
        &self,
        kind: LineKind,
        lines: &[Known<'_>],
        in_groups: bool,
        units: &mut Units,
    ) -> Result<(), AutotaskError> {
        let silent = |units: &Units| -> Vec<i64> {
            let ids = lines.iter().map(|line| line.line.id);
            ids.filter(|id| !units.is_settled(*id)).collect()
        };
        let (nothing, cut) = (silent(units), self.cut(lines, units));
        let lists = units::missing(&nothing, cut.iter().copied(), self.today);
        let rows = if in_groups { self.in_groups(kind, lists).await? } else { None };
        match rows {
            Some(rows) => units.add(rows),
            None => units.add(self.earlier(kind, &cut).await?),
        }
        let nothing = silent(units);
        if !nothing.is_empty() {
            let query = Query::all(kind.units()).within(kind.line_field(), nothing);
            let way = "all periods of lines that bill nothing today";
            units.add(self.walked(kind, &query, way).await?);
        }
        // Also of lines of which nothing was found at first: of those, all rows are known by now.
        units.count_since(&self.cut(lines, units));
        Ok(())
    }

    fn known<'a>(
        &'a self,
        lines: &'a [LineRow],
        entries: &Entries,
        catalogue_fields: &EntityFields,
    ) -> Vec<Known<'a>> {
        let agreements: BTreeMap<i64, &ContractRow> =
            self.contracts.iter().map(|contract| (contract.id, contract)).collect();
        let known = |line: &'a LineRow| {
            let agreement = line.contract.and_then(|id| agreements.get(&id));
            let agreement = agreement.and_then(|row| row.details.as_ref().ok());
            let own = agreement.and_then(|details| details.period);
            let own = labels::cycle_of_agreement(self.fields, own);
            let item = line.details.as_ref().ok().and_then(|details| entries.get(&details.item));
            let of_service = item.and_then(|entry| entry.period);
            let of_service = labels::cycle_of_service(catalogue_fields, of_service);
            Known { line, agreement, own, nominal: cost::longer(own, of_service) }
        };
        lines.iter().map(known).collect()
    }

    /// The rows of the running and of the next period of lines that go on, by their agreements: as far
    /// ahead as the longest period among them reaches.
    async fn current(
        &self,
        kind: LineKind,
        lines: &[&Known<'_>],
    ) -> Result<Vec<UnitRow>, AutotaskError> {
        let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
        for contract in lines.iter().filter_map(|line| line.line.contract) {
            *counts.entry(contract).or_default() += AHEAD;
        }
        if counts.is_empty() {
            return Ok(Vec::new());
        }
        let months = lines.iter().map(|line| line.months()).max().unwrap_or(1);
        let agreements: BTreeSet<i64> = counts.keys().copied().collect();
        let total = self.reading.counts.of(kind.lines(), |known| known.total());
        let total = total.map(|total| total * AHEAD);
        self.reading.counts.of(kind.units(), |known| known.assume(total, counts));
        let query = self.query(kind.units(), &agreements);
        let query = query.between(self.today, units::horizon(self.today, months));
        self.reading.rows(&query, |row| UnitRow::read(kind, &row)).await
    }

    /// The lines whose running period began before what was read of it, each with the day from which
    /// its rows are missing.
    fn cut(&self, lines: &[Known<'_>], units: &Units) -> Vec<(NaiveDate, i64)> {
        let mut agreements: BTreeMap<Option<i64>, Vec<(&Known<'_>, Vec<cost::Row>)>> =
            BTreeMap::new();
        for line in lines {
            let Ok(periods) = units.periods(line.line.id, self.today) else { continue };
            let rows = periods.into_iter().map(UnitPeriod::unpriced).collect();
            agreements.entry(line.line.contract).or_default().push((line, rows));
        }
        agreements.into_values().flat_map(|lines| self.cut_below(&lines)).collect()
    }

    /// The same, of the lines of one agreement with their rows.
    fn cut_below(&self, lines: &[(&Known<'_>, Vec<cost::Row>)]) -> Vec<(NaiveDate, i64)> {
        let Some((first, _)) = lines.first() else { return Vec::new() };
        let all: Vec<cost::Row> = lines.iter().flat_map(|(_, rows)| rows).cloned().collect();
        let siblings = Siblings::of(first.start(), first.own, &all);
        let currency = Currency::unknown();
        let cut = lines.iter().filter_map(|(line, rows)| {
            let terms = LineTerms {
                rows,
                start: line.start(),
                end: line.agreement.and_then(|details| details.end),
                nominal: line.nominal,
                line_price: line
                    .line
                    .details
                    .as_ref()
                    .ok()
                    .and_then(|line| line.unit_price.either()),
                siblings: &siblings,
                today: self.today,
                currency: &currency,
            };
            Some((cost::fills_its_period(terms).err()?, line.line.id))
        });
        cut.collect()
    }

    /// Rows of these lines that ended before today, since the first of these days.
    async fn earlier(
        &self,
        kind: LineKind,
        cut: &[(NaiveDate, i64)],
    ) -> Result<Vec<UnitRow>, AutotaskError> {
        let (Some(yesterday), Some(since)) =
            (self.today.checked_sub_days(Days::new(1)), cut.iter().map(|(since, _)| *since).min())
        else {
            return Ok(Vec::new());
        };
        let query = Query::all(kind.units()).within(kind.line_field(), cut.iter().map(|cut| cut.1));
        let query = query.ends_between(since, yesterday);
        self.walked(kind, &query, "earlier rows of the period").await
    }

    async fn walked(
        &self,
        kind: LineKind,
        query: &Query,
        way: &str,
    ) -> Result<Vec<UnitRow>, AutotaskError> {
        let Asking { connection, progress, ways } = self.reading.asking();
        let read = |row: KeyedRow| UnitRow::read(kind, &row);
        let rows = paginate(connection, query, FOR_A_RUN, progress, read).await?;
        QueryTrace::note(ways, query.entity, way);
        Ok(rows)
    }

    /// The rows of `lists`; none where the zone cannot be asked so.
    async fn in_groups(
        &self,
        kind: LineKind,
        lists: Vec<Vec<Group>>,
    ) -> Result<Option<Vec<UnitRow>>, AutotaskError> {
        let Asking { connection, progress, ways } = self.reading.asking();
        let (mut rows, count) = (Vec::new(), lists.len());
        for groups in lists {
            let query = Query::all(kind.units()).within_groups(kind.line_field(), groups);
            let read = |row: KeyedRow| UnitRow::read(kind, &row);
            match paginate(connection, &query, FOR_A_RUN, progress, read).await {
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
            ways.note(kind.units(), &text);
        }
        Ok(Some(rows))
    }
}
