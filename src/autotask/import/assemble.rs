//! Everything that was read, put together: one snapshot a client.
//!
//! Pure. Knows which row belongs to which client and in what order items stand.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::addition::{Addition, Billed, Bought};
use super::context::AgreementContext;
use super::hidden::{self, Unexplained};
use super::pairing;
use crate::autotask::fields::amount::{Amount, Denomination};
use crate::autotask::http::entity::Entity;
use crate::autotask::meta::catalogue::Entries;
use crate::autotask::meta::currency::Currencies;
use crate::autotask::meta::entity_fields::EntityFields;
use crate::autotask::meta::labels::{self, AgreementKind, AgreementType};
use crate::autotask::rows::companies::{CompanyRow, ContractRow, nameless_company};
use crate::autotask::rows::lines::{LineKind, LineRow, UnitPeriod};
use crate::autotask::rows::purchases::{PurchaseKind, PurchaseRow};
use crate::autotask::rows::rules::RulesOf;
use crate::autotask::rows::units::Units;
use crate::model::{ClientId, ClientRef, ClientSnapshot, ItemKey, Reject, Remark, panic_message};
use crate::policy::cost::{Row, Siblings};

/// What was read.
pub(in crate::autotask) struct FetchedRows {
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
    /// What is bought once, each kind.
    pub purchases: Vec<Purchases>,
    /// Billing rules, by agreement.
    pub rules: HashMap<i64, RulesOf>,
    /// What was not shown, each with why.
    pub hidden: BTreeMap<Entity, String>,
}

/// All lines of one kind with what they bill.
pub(in crate::autotask) struct Lines {
    pub kind: LineKind,
    pub rows: Vec<LineRow>,
    pub units: Units,
    pub entries: Entries,
    /// The fields of the catalogue; empty where no agreement needs them.
    pub catalogue_fields: Arc<EntityFields>,
    /// What bundles hold: the names of their services.
    pub contents: BTreeMap<i64, String>,
}

/// All of one kind of what is bought once.
pub(in crate::autotask) struct Purchases {
    pub kind: PurchaseKind,
    pub rows: Vec<PurchaseRow>,
    /// The fields of its entity; empty where there are no rows.
    pub fields: Arc<EntityFields>,
}

/// What stands below one agreement.
#[derive(Default)]
struct Below<'a> {
    lines: Vec<(&'a Lines, &'a LineRow)>,
    purchases: Vec<(&'a Purchases, &'a PurchaseRow)>,
}

impl Below<'_> {
    /// Leaves out what an agreement of this kind cannot have; a charge stands below any.
    fn keep(&mut self, kind: Option<AgreementKind>) {
        self.lines.retain(|_| kind == Some(AgreementKind::RecurringService));
        let can_have = |purchase: PurchaseKind| match kind {
            Some(kind) => kind.can_have(purchase),
            None => purchase == PurchaseKind::Charge,
        };
        self.purchases.retain(|(list, _)| can_have(list.kind));
    }

    /// The rows of all these lines, as far as they can be read.
    fn rows(&self, today: NaiveDate) -> Vec<Row> {
        let periods = self
            .lines
            .iter()
            .flat_map(|(list, line)| list.units.periods(line.id, today).unwrap_or_default());
        periods.map(UnitPeriod::unpriced).collect()
    }

    /// What the catalogue does not explain of them, and of the agreement above them.
    fn unexplained(&self, agreement: ItemKey) -> Unexplained {
        let mut all = Unexplained { all: vec![agreement], ..Unexplained::default() };
        for (list, line) in &self.lines {
            let item = line.details.as_ref().ok().map(|details| details.item);
            let entry = item.and_then(|item| list.entries.get(&item));
            all.line(list.kind, line.id, entry.is_some_and(|entry| entry.name.is_some()));
        }
        for (list, row) in &self.purchases {
            all.purchase(list.kind, row.id);
        }
        all
    }

    /// The amounts that make up the agreement's cost, as far as they can be read.
    fn amounts(&self, today: NaiveDate) -> Vec<&Amount> {
        let periods =
            self.lines.iter().filter_map(|(list, line)| list.units.periods(line.id, today).ok());
        let mut amounts: Vec<&Amount> = periods.flatten().map(|period| &period.price).collect();
        let parts = self.purchases.iter().filter(|(list, _)| list.kind != PurchaseKind::Charge);
        let details = parts.filter_map(|(_, row)| row.details.as_ref().ok());
        amounts.extend(details.map(|details| details.decisive()));
        amounts
    }
}

/// One snapshot for every client that was asked for, or that there is.
pub(in crate::autotask) fn assemble(gathered: &FetchedRows) -> Vec<ClientSnapshot> {
    let mut snapshots: BTreeMap<ClientId, ClientSnapshot> = BTreeMap::new();
    let asked = gathered.asked.iter().flatten().copied();
    let known = gathered.companies.keys().map(|id| ClientId(*id));
    for client in asked.chain(known.filter(|_| gathered.asked.is_none())) {
        snapshots.entry(client).or_insert_with(|| gathered.empty(client));
    }
    let mut below = gathered.by_contract();
    for contract in &gathered.contracts {
        let Some(company) = contract.company else {
            tracing::warn!(contract = contract.id, "Autotask gave an agreement without a company");
            continue;
        };
        let client = ClientId(company);
        let under = below.remove(&contract.id).unwrap_or_default();
        let snapshot = snapshots.entry(client).or_insert_with(|| gathered.empty(client));
        contained(ItemKey::agreement(contract.id), snapshot, |snapshot| {
            gathered.convert(contract, client, under, snapshot);
        });
    }
    for (contract, under) in below {
        // Seen only where all rows were asked for: the agreement is hidden from us, or was made
        // after the agreements were read. What is below it belongs to no client that can be named.
        let additions = under.lines.len() + under.purchases.len();
        tracing::debug!(contract, additions, "additions below an agreement that is not there");
    }
    snapshots.into_values().collect()
}

/// Does `convert`; where it panics, which is a fault of this program, `agreement` is rejected with
/// all that stands below it, and the others go on.
fn contained(
    agreement: ItemKey,
    snapshot: &mut ClientSnapshot,
    convert: impl FnOnce(&mut ClientSnapshot),
) {
    let (items, rejects) = (snapshot.items.len(), snapshot.rejects.len());
    let converted = catch_unwind(AssertUnwindSafe(|| convert(snapshot)));
    let Err(panic) = converted else { return };
    snapshot.items.truncate(items);
    snapshot.rejects.truncate(rejects);
    let reason = format!("lmsyncd has a fault and cannot convert it: {}", panic_message(&*panic));
    snapshot.rejects.push(Reject {
        key: agreement,
        parent: None,
        field: "billing_cost".to_owned(),
        reason,
    });
}

impl FetchedRows {
    fn empty(&self, client: ClientId) -> ClientSnapshot {
        let name = self.companies.get(&client.0).map(|company| company.name.clone());
        let name = name.unwrap_or_else(|| nameless_company(client.0));
        ClientSnapshot {
            client: ClientRef { id: client, name },
            as_of: self.as_of,
            items: Vec::new(),
            rejects: Vec::new(),
            folded: BTreeMap::new(),
            unread: Vec::new(),
        }
    }

    /// The company that is billed for an agreement, where that is not its client.
    fn billed_to(&self, contract: &ContractRow) -> Option<String> {
        let id = contract.details.as_ref().ok()?.bill_to?;
        if Some(id) == contract.company {
            return None;
        }
        let known = self.companies.get(&id).map(|company| company.name.clone());
        Some(known.unwrap_or_else(|| nameless_company(id)))
    }

    fn money(&self, client: ClientId) -> Denomination {
        self.currencies.of(self.companies.get(&client.0))
    }

    /// Every addition with the list it is from, by agreement.
    fn by_contract(&self) -> HashMap<i64, Below<'_>> {
        let mut below: HashMap<i64, Below<'_>> = HashMap::new();
        let homeless = |row: i64| {
            tracing::warn!(row, "Autotask gave an addition without an agreement");
        };
        for list in &self.lines {
            for row in &list.rows {
                match row.contract {
                    Some(contract) => below.entry(contract).or_default().lines.push((list, row)),
                    None => homeless(row.id),
                }
            }
        }
        for list in &self.purchases {
            for row in &list.rows {
                match row.contract {
                    Some(contract) => {
                        below.entry(contract).or_default().purchases.push((list, row));
                    }
                    None => homeless(row.id),
                }
            }
        }
        below
    }

    /// What the lines of an agreement tell together.
    fn siblings(&self, contract: &ContractRow, below: &Below<'_>) -> Siblings {
        let details = contract.details.as_ref().ok();
        let start = details.and_then(|details| details.start);
        let own = details.and_then(|details| details.period);
        let own = labels::cycle_of_agreement(&self.fields, own);
        Siblings::of(start, own, &below.rows(self.today))
    }

    fn convert(
        &self,
        contract: &ContractRow,
        client: ClientId,
        mut below: Below<'_>,
        snapshot: &mut ClientSnapshot,
    ) {
        let kind: AgreementType = labels::agreement_type(&self.fields, contract.kind);
        below.keep(kind.kind);
        let client_money = self.money(client);
        let money = client_money.clone().fitting(below.amounts(self.today));
        let has_milestones =
            below.purchases.iter().any(|(list, _)| list.kind == PurchaseKind::Milestone);
        let siblings = self.siblings(contract, &below);
        let above = AgreementContext {
            client,
            contract,
            kind: &kind,
            client_money,
            money,
            fields: &self.fields,
            billed_to: self.billed_to(contract),
            rules: self.rules.get(&contract.id),
            has_milestones,
            siblings: &siblings,
        };
        let mut additions: Vec<Result<Addition, Reject>> = Vec::new();
        for (list, line) in &below.lines {
            let billed = Billed {
                kind: list.kind,
                line,
                periods: list.units.periods(line.id, self.today),
                entries: &list.entries,
                catalogue_fields: &list.catalogue_fields,
                contents: &list.contents,
            };
            additions.push(above.line(&billed, self.today));
        }
        for (list, row) in &below.purchases {
            let bought = Bought { kind: list.kind, row, fields: &list.fields };
            additions.push(above.purchase(&bought, self.today));
        }
        hidden::tell(&self.hidden, &above, &below.unexplained(above.key()), snapshot);
        for addition in additions.iter_mut().flatten() {
            if above.is_of_rules(addition) {
                addition.remark(Remark::ByRule);
            }
        }
        if kind.kind.is_some_and(AgreementKind::is_prepaid) {
            snapshot.folded.extend(pairing::fold(&mut additions));
        }
        match above.agreement(&additions, self.today) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fields, SourceItem, Working};

    fn item(key: &str) -> SourceItem {
        SourceItem {
            key: key.parse().expect("a key"),
            client: ClientId(7),
            parent: None,
            fields: Fields::new(),
            unsupported: None,
            renewed: None,
            working: Working::default(),
        }
    }

    #[test]
    fn a_fault_in_one_agreement_costs_that_one_alone() {
        let mut snapshot = ClientSnapshot {
            client: ClientRef { id: ClientId(7), name: "Acme".to_owned() },
            as_of: DateTime::UNIX_EPOCH,
            items: vec![item("A1")],
            rejects: Vec::new(),
            folded: BTreeMap::new(),
            unread: Vec::new(),
        };
        contained(ItemKey::agreement(2), &mut snapshot, |snapshot| {
            snapshot.items.push(item("S2"));
            panic!("no such month");
        });
        let kept: Vec<String> = snapshot.items.iter().map(|item| item.key.to_string()).collect();
        assert_eq!(kept, ["A1"]);
        assert_eq!(snapshot.rejects.len(), 1);
        let reject = &snapshot.rejects[0];
        assert_eq!(reject.key, ItemKey::agreement(2));
        assert_eq!(reject.reason, "lmsyncd has a fault and cannot convert it: no such month");
    }
}
