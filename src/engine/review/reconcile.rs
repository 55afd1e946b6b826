//! How a cost comes about, and whether it is still Autotask's.

use chrono::NaiveDate;

use super::Review;
use crate::autotask::Progress;
use crate::model::{
    ClientRef, ClientSnapshot, Contract, Currency, Failure, Field, Fields, ItemKey, Money, Origin,
    SourceItem, Value,
};
use crate::policy::unread;

/// How the cost of an item comes about.
#[derive(Debug, Clone)]
pub struct Working {
    /// The item as Autotask has it, with the lines of its cost.
    pub item: SourceItem,
    /// Its contract, if it is imported.
    pub contract: Option<Contract>,
    /// When Autotask was asked.
    pub as_of: chrono::DateTime<chrono::Utc>,
}

/// A contract whose stored cost is not Autotask's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// The contract.
    pub contract: Contract,
    /// Autotask's cost; none if Autotask does not have the item, or its row cannot be converted.
    pub fresh: Option<Money>,
    /// What Autotask bills for the running period; none where none runs.
    pub fresh_period: Option<Money>,
    /// The first and the last day of that period.
    pub fresh_days: Days,
}

/// The first and the last day of a billing period, as far as they are known.
pub type Days = [Option<NaiveDate>; 2];

/// What came of comparing the stored costs of a client with Autotask's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// What differs.
    pub differing: Vec<Discrepancy>,
    /// How many contracts were compared.
    pub compared: usize,
    /// Of how many only the rate was: another period runs than the stored one.
    pub rate_only: usize,
    /// What could not be read, each with why, so that what hangs on it was not compared.
    pub unread: Vec<String>,
    /// When Autotask was asked.
    pub as_of: chrono::DateTime<chrono::Utc>,
}

impl Review {
    /// How the cost of an item comes about. Reads Autotask.
    pub async fn working(&self, key: ItemKey) -> Result<Working, Failure> {
        let client = self.clients.client_of(key).await?;
        let as_of = self.context.now();
        let item = self.syncs.fresh_item(&client, key).await?;
        Ok(Working { item, contract: self.context.store.contract(key)?, as_of })
    }

    /// Compares each stored cost of a client with a fresh reading: the rate, and the period amount
    /// where both are of the same period.
    pub async fn reconcile(
        &self,
        client: &ClientRef,
        progress: &Progress,
    ) -> Result<Reconciliation, Failure> {
        let live = self.context.live();
        let reading = self.syncs.read_one(&live, client, progress).await?;
        let mut contracts = self.context.store.contracts(client.id)?;
        contracts
            .retain(|contract| contract.origin == Origin::Autotask && contract.vanished.is_none());
        // What could not be read is not compared, and what hangs on it neither.
        let mut snapshot = reading.snapshot;
        let stored = contracts.iter().map(|contract| (contract.key, contract.clone())).collect();
        unread::keep_stored(&mut snapshot, &stored);
        let kinds: Vec<_> = snapshot.unread.iter().filter_map(|unread| unread.kind).collect();
        let unread: Vec<String> =
            snapshot.unread.iter().map(|unread| unread.reason.clone()).collect();
        // A row that is rejected because others could not be read is no difference either.
        let hangs_on_it =
            |key| !unread.is_empty() && snapshot.rejects.iter().any(|reject| reject.key == key);
        contracts
            .retain(|contract| !kinds.contains(&contract.key.kind) && !hangs_on_it(contract.key));
        progress.compared(contracts.len());
        let (mut differing, mut rate_only) = (Vec::new(), 0);
        let compared = contracts.len();
        for contract in contracts {
            let found = against(&snapshot, contract);
            let of_one_period = found.fresh_days == days(&found.contract.source);
            rate_only += usize::from(found.fresh.is_some() && !of_one_period);
            let same_rate = found.fresh.as_ref() == Some(&found.contract.billing_cost());
            let same_period = found.fresh_period == found.contract.period_amount();
            if !same_rate || (of_one_period && !same_period) {
                differing.push(found);
            }
        }
        Ok(Reconciliation { differing, compared, rate_only, unread, as_of: snapshot.as_of })
    }
}

/// A stored contract beside what a fresh reading has of it.
fn against(snapshot: &ClientSnapshot, contract: Contract) -> Discrepancy {
    let of = |field| fresh_amount(snapshot, contract.key, field);
    let fresh_days = snapshot.item(contract.key).map(|item| days(&item.fields));
    Discrepancy {
        fresh: of(Field::BillingCost),
        fresh_period: of(Field::PeriodAmount),
        fresh_days: fresh_days.unwrap_or_default(),
        contract,
    }
}

/// The days of the running period among these fields.
pub fn days(fields: &Fields) -> Days {
    [Field::PeriodStart, Field::PeriodEnd].map(|field| match fields.get(&field) {
        Some(Value::Date(day)) => Some(*day),
        _ => None,
    })
}

fn fresh_amount(snapshot: &ClientSnapshot, key: ItemKey, field: Field) -> Option<Money> {
    let fields = &snapshot.item(key)?.fields;
    let amount = match fields.get(&field) {
        Some(Value::Number(amount)) => *amount,
        _ => return None,
    };
    let currency = match fields.get(&Field::Currency) {
        Some(Value::Text(code)) => Currency::new(code),
        _ => Currency::unknown(),
    };
    Some(Money { amount, currency })
}
