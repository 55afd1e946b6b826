//! Reading what lines bill, by the rules of `units`.
//!
//! ```text
//! agreements that have ended ──► in groups, by the day on which they did
//! that go on ──► by agreement, those with a billing period of the same length together
//!                 └── lines billed less often than their agreement ──► their next period
//! lines of which no row was found ──► what was billed before; else all that is to come
//! lines whose running period was cut ──► its earlier rows
//! ```

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};

use super::below::Looking;
use super::catalogue::Entries;
use super::error::AutotaskError;
use super::fields::EntityFields;
use super::filter::{Group, Query};
use super::gather::Ways;
use super::kept::Asking;
use super::labels;
use super::lines::{LineKind, LineRow, UnitRow};
use super::retry::FOR_A_RUN;
use super::rows::{ContractDetails, ContractRow};
use super::units::{self, AHEAD, Open, Units};
use super::walk::{Identified, walk};
use crate::model::{BillingCycle, Currency};
use crate::sync::cost::{self, LineTerms};

/// What is known of a line before its rows are read.
struct Known<'a> {
    line: &'a LineRow,
    agreement: Option<&'a ContractDetails>,
    /// The months of its agreement's period; 1 where it has none.
    of_agreement: u32,
    /// The longer of the cycles of its agreement and its service.
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

impl Looking<'_> {
    /// What `lines` bill. Asked for after them, because only agreements that have lines have units.
    pub(super) async fn units(
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
        let together = !ended.is_empty() && open.len() <= units::TOGETHER;
        let ended = ended.into_iter().filter_map(|line| Some((end(line)?, line.line.id)));
        // An agreement that begins later has a first period of its own.
        let begins_later = |line: &&&Known<'_>| line.start().is_some_and(|start| start > today);
        let grouped = open.iter().filter(|line| together || begins_later(line));
        let grouped: Vec<Open> = grouped.map(|line| line.open(today)).collect();
        let rows = self.in_groups(kind, units::lists(ended, &grouped)).await?;
        let mut units = Units::default();
        let read = |row: &Identified| UnitRow::read(kind, row);
        let is_grouped = rows.is_some();
        units.add(rows.iter().flatten().map(read));
        let rest: Vec<&Known<'_>> = open
            .into_iter()
            .filter(|line| !(is_grouped && (together || begins_later(&line))))
            .collect();
        for rows in self.current(kind, &rest).await? {
            units.add(rows.iter().map(read));
        }
        let silent: Vec<i64> =
            lines.iter().map(|line| line.id).filter(|id| !units.is_settled(*id)).collect();
        units.add(self.silent(kind, silent).await?.iter().map(read));
        let cut: Vec<Group> = self.cut(&known, &units);
        units.count_since(&cut);
        units.add(self.earlier(kind, cut).await?.iter().map(read));
        Ok(units)
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
            let own = own.map(|number| labels::cycle(self.fields, "contractPeriodType", number));
            let item = line.details.as_ref().ok().and_then(|details| entries.get(&details.item));
            let of_service = item.and_then(|entry| entry.period);
            let of_service =
                of_service.map(|number| labels::cycle(catalogue_fields, "periodType", number));
            let of_agreement = own.and_then(BillingCycle::months).unwrap_or(1);
            Known { line, agreement, of_agreement, nominal: cost::longer(own, of_service) }
        };
        lines.iter().map(known).collect()
    }

    /// The rows of the running and of the next period of lines that go on.
    async fn current(
        &self,
        kind: LineKind,
        lines: &[&Known<'_>],
    ) -> Result<Vec<Vec<Identified>>, AutotaskError> {
        let mut by_length: BTreeMap<u32, BTreeMap<i64, usize>> = BTreeMap::new();
        for line in lines {
            let Some(contract) = line.line.contract else { continue };
            *by_length.entry(line.of_agreement).or_default().entry(contract).or_default() += AHEAD;
        }
        let mut found = Vec::new();
        for (months, counts) in by_length {
            let agreements: BTreeSet<i64> = counts.keys().copied().collect();
            let total = self.reading.counts.of(kind.lines(), |known| known.total());
            let total = total.map(|total| total * AHEAD);
            self.reading.counts.of(kind.units(), |known| known.suppose(total, counts));
            // Where everybody is read, those that are billed monthly are most.
            let query = match months {
                1 => self.query(kind.units(), &agreements),
                _ => Query::all(kind.units()).within("contractID", agreements),
            };
            let query = query.between(self.today, units::horizon(self.today, months));
            found.push(self.reading.rows(&query).await?);
        }
        found.push(self.next_of_long_ones(kind, lines).await?);
        Ok(found)
    }

    /// The next period of lines that are billed less often than their agreement, beyond what was
    /// asked for with those of the agreement.
    async fn next_of_long_ones(
        &self,
        kind: LineKind,
        lines: &[&Known<'_>],
    ) -> Result<Vec<Identified>, AutotaskError> {
        let mut groups: BTreeMap<(u32, u32), Vec<i64>> = BTreeMap::new();
        for line in lines.iter().filter(|line| line.months() > line.of_agreement) {
            groups.entry((line.of_agreement, line.months())).or_default().push(line.line.id);
        }
        let mut rows = Vec::new();
        for ((asked, months), ids) in groups {
            let since = units::horizon(self.today, asked);
            let query = Query::all(kind.units()).within(kind.line_field(), ids);
            let query = query.begins_between(since, units::horizon(self.today, months));
            rows.extend(self.walked(&query, "the next period of lines billed less often").await?);
        }
        Ok(rows)
    }

    /// The rows of lines of which none was found: what was billed before, else what is to come.
    async fn silent(
        &self,
        kind: LineKind,
        silent: Vec<i64>,
    ) -> Result<Vec<Identified>, AutotaskError> {
        if silent.is_empty() {
            return Ok(Vec::new());
        }
        let of = |ids: Vec<i64>| Query::all(kind.units()).within(kind.line_field(), ids);
        let before = of(silent.clone()).begins_until(self.today);
        let mut rows = self.walked(&before, "all periods of lines that bill nothing today").await?;
        let heard = |rows: &[Identified]| -> BTreeSet<i64> {
            let lines = rows.iter().filter_map(|(_, row)| row.integer(kind.line_field()).ok()?);
            lines.collect()
        };
        // A year first: rows may lie ten years ahead.
        let a_year = units::horizon(self.today, 12);
        for until in [Some(a_year), None] {
            let heard = heard(&rows);
            let rest: Vec<i64> = silent.iter().copied().filter(|id| !heard.contains(id)).collect();
            if rest.is_empty() {
                break;
            }
            let query = match until {
                Some(until) => of(rest).begins_between(self.today, until),
                None => of(rest),
            };
            rows.extend(self.walked(&query, "what is to come of lines that bill nothing").await?);
        }
        Ok(rows)
    }

    /// The lines whose running period began before what was read of it, each with the day from which
    /// its rows are missing.
    fn cut(&self, lines: &[Known<'_>], units: &Units) -> Vec<Group> {
        let currency = Currency::unknown();
        let mut cut: BTreeMap<NaiveDate, Vec<i64>> = BTreeMap::new();
        for line in lines {
            let Ok(periods) = units.periods(line.line.id, self.today) else { continue };
            let rows: Vec<cost::Row> = periods.iter().map(|period| period.unpriced()).collect();
            let terms = LineTerms {
                rows: &rows,
                start: line.start(),
                end: line.agreement.and_then(|details| details.end),
                nominal: line.nominal,
                line_price: None,
                others_until: None,
                today: self.today,
                currency: &currency,
            };
            if let Err(since) = cost::fills_its_period(terms) {
                cut.entry(since).or_default().push(line.line.id);
            }
        }
        cut.into_iter().map(|(since, ids)| Group { since, until: None, ids }).collect()
    }

    /// Rows that ended before today, since the day of each group.
    async fn earlier(
        &self,
        kind: LineKind,
        groups: Vec<Group>,
    ) -> Result<Vec<Identified>, AutotaskError> {
        let (Some(yesterday), Some(since)) =
            (self.today.checked_sub_days(Days::new(1)), groups.iter().map(|one| one.since).min())
        else {
            return Ok(Vec::new());
        };
        let ids = groups.into_iter().flat_map(|group| group.ids);
        let query = Query::all(kind.units()).within(kind.line_field(), ids);
        let query = query.ends_between(since, yesterday);
        self.walked(&query, "earlier rows of the running period").await
    }

    async fn walked(&self, query: &Query, way: &str) -> Result<Vec<Identified>, AutotaskError> {
        let Asking { connection, progress, ways } = self.reading.asking();
        let rows = walk(connection, query, FOR_A_RUN, progress).await?;
        Ways::took(ways, query.entity, way);
        Ok(rows)
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
}
