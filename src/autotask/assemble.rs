//! Everything that was read, put together: one snapshot a client.
//!
//! Pure. Knows which row belongs to which client and in what order items stand.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::catalogue::{Currencies, Entries};
use super::convert::{Above, Addition, Billed};
use super::fields::EntityFields;
use super::labels;
use super::row::BadField;
use super::rows::{CompanyRow, ContractRow, LineKind, LineRow, UnitRow, nameless_company};
use crate::model::{ClientId, ClientRef, ClientSnapshot, Currency, Reject};
use crate::sync::cost::Period;

/// What was read.
pub(super) struct Gathered {
    /// When reading began.
    pub as_of: DateTime<Utc>,
    /// The day that costs are read on.
    pub today: NaiveDate,
    /// The clients that were asked for; none for all.
    pub asked: Option<Vec<ClientId>>,
    pub companies: BTreeMap<i64, CompanyRow>,
    /// The agreements, by id.
    pub contracts: Vec<ContractRow>,
    /// The fields of Contracts.
    pub fields: Arc<EntityFields>,
    pub currencies: Arc<Currencies>,
    /// Services, then bundles.
    pub lines: Vec<Lines>,
}

/// All lines of one kind with what they bill.
pub(super) struct Lines {
    pub kind: LineKind,
    pub rows: Vec<LineRow>,
    pub units: Units,
    pub entries: Entries,
    /// The fields of the catalogue; empty where no agreement needs them.
    pub catalogue_fields: Arc<EntityFields>,
}

/// What lines bill, by line.
#[derive(Debug, Default)]
pub(super) struct Units(HashMap<i64, Vec<Result<Period, BadField>>>);

impl Units {
    /// Adds rows. One that names no line cannot be placed; as the list of lines or agreements was
    /// checked page by page, that only happens where all rows were asked for.
    pub fn add(&mut self, rows: Vec<UnitRow>) {
        for row in rows {
            match row.line {
                Some(line) => self.0.entry(line).or_default().push(row.period),
                None => tracing::warn!("autotask gave a unit row without a line"),
            }
        }
    }

    /// Whether nothing is known of `line` on that day: neither a row that covers it nor a bad one.
    pub fn is_silent(&self, line: i64, day: NaiveDate) -> bool {
        let rows = self.0.get(&line).map(Vec::as_slice).unwrap_or_default();
        !rows.iter().any(|row| row.as_ref().map_or(true, |period| period.covers(day)))
    }

    /// The periods of `line`, or the first bad field among them.
    fn periods(&self, line: i64) -> Result<Vec<Period>, &BadField> {
        let rows = self.0.get(&line).map(Vec::as_slice).unwrap_or_default();
        rows.iter().map(|row| row.as_ref().cloned()).collect()
    }
}

/// One snapshot for every client that was asked for, or that there is.
pub(super) fn assemble(gathered: &Gathered) -> Vec<ClientSnapshot> {
    let mut snapshots: BTreeMap<ClientId, ClientSnapshot> = BTreeMap::new();
    let asked = gathered.asked.iter().flatten().copied();
    let known = gathered.companies.keys().map(|id| ClientId(*id));
    for client in asked.chain(known.filter(|_| gathered.asked.is_none())) {
        snapshots.entry(client).or_insert_with(|| gathered.empty(client));
    }
    let mut below = gathered.lines_by_contract();
    for contract in &gathered.contracts {
        let Some(company) = contract.company else {
            tracing::warn!(contract = contract.id, "autotask gave an agreement without a company");
            continue;
        };
        let client = ClientId(company);
        let lines = below.remove(&contract.id).unwrap_or_default();
        let snapshot = snapshots.entry(client).or_insert_with(|| gathered.empty(client));
        gathered.convert(contract, client, &lines, snapshot);
    }
    for (contract, lines) in below {
        // Seen only where all lines were asked for: the agreement is hidden from us, or was made
        // after the agreements were read. Its lines belong to no client that can be named.
        tracing::debug!(
            contract,
            lines = lines.len(),
            "lines below an agreement that is not there"
        );
    }
    snapshots.into_values().collect()
}

impl Gathered {
    fn empty(&self, client: ClientId) -> ClientSnapshot {
        let name = self.companies.get(&client.0).map(|company| company.name.clone());
        let name = name.unwrap_or_else(|| nameless_company(client.0));
        ClientSnapshot {
            client: ClientRef { id: client, name },
            as_of: self.as_of,
            items: Vec::new(),
            rejects: Vec::new(),
        }
    }

    fn currency(&self, client: ClientId) -> Currency {
        self.currencies.of(self.companies.get(&client.0).and_then(|company| company.currency))
    }

    /// Every line with the list it is from, by agreement.
    fn lines_by_contract(&self) -> HashMap<i64, Vec<(&Lines, &LineRow)>> {
        let mut below: HashMap<i64, Vec<(&Lines, &LineRow)>> = HashMap::new();
        for lines in &self.lines {
            for row in &lines.rows {
                match row.contract {
                    Some(contract) => below.entry(contract).or_default().push((lines, row)),
                    None => {
                        tracing::warn!(line = row.id, "autotask gave a line without an agreement")
                    }
                }
            }
        }
        below
    }

    fn convert(
        &self,
        contract: &ContractRow,
        client: ClientId,
        lines: &[(&Lines, &LineRow)],
        snapshot: &mut ClientSnapshot,
    ) {
        let currency = self.currency(client);
        let above = Above { client, contract, currency: &currency, fields: &self.fields };
        let kind = labels::agreement_type(&self.fields, contract.kind);
        let mut additions: Vec<Result<Addition, Reject>> = Vec::new();
        // What stands below an agreement of another type is not billed by period.
        for (list, line) in lines.iter().filter(|_| kind.recurring) {
            let billed = Billed {
                kind: list.kind,
                line,
                periods: list.units.periods(line.id),
                entries: &list.entries,
                catalogue_fields: &list.catalogue_fields,
            };
            additions.push(above.addition(&billed, self.today));
        }
        match above.agreement(&kind, &additions) {
            Ok(item) => snapshot.items.push(item),
            Err(reject) => snapshot.rejects.push(reject),
        }
        let mut items = Vec::new();
        for addition in additions {
            match addition {
                Ok(addition) => items.push(addition.item),
                Err(reject) => snapshot.rejects.push(reject),
            }
        }
        items.sort_by_key(|item| item.key);
        snapshot.items.extend(items);
    }
}
