//! Questions about the book: how a cost comes about, whether it is still Autotask's, what ends when.

use chrono::NaiveDate;

use super::Engine;
use crate::autotask::Progress;
use crate::model::{
    ClientRef, ClientSnapshot, Contract, Currency, Failure, Field, ItemKey, Money, Origin,
    SourceItem, Value,
};
use crate::sync::terms::{Wanted, endings};
use crate::sync::timeline::{self, Span};

pub use crate::sync::terms::Ending;
pub use crate::sync::timeline::Term;

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
}

impl Engine {
    /// How the cost of an item comes about. Reads Autotask.
    pub async fn working(&self, key: ItemKey) -> Result<Working, Failure> {
        let client = self.client_of(key).await?;
        let as_of = self.now();
        let item = self.fresh_item(&client, key).await?;
        Ok(Working { item, contract: self.store.contract(key)?, as_of })
    }

    /// Compares each stored cost of a client with a fresh reading. Gives what differs, how many
    /// were compared, and when Autotask was asked.
    pub async fn reconcile(
        &self,
        client: &ClientRef,
        progress: &Progress,
    ) -> Result<(Vec<Discrepancy>, usize, chrono::DateTime<chrono::Utc>), Failure> {
        let live = self.live();
        let reading = self.read_one(&live, client, progress).await?;
        let mut contracts = self.store.contracts(client.id)?;
        contracts
            .retain(|contract| contract.origin == Origin::Autotask && contract.vanished.is_none());
        let compared = contracts.len();
        progress.compared(compared);
        let differing = contracts.into_iter().filter_map(|contract| {
            let of = |field| fresh_amount(&reading.snapshot, contract.key, field);
            let (fresh, fresh_period) = (of(Field::BillingCost), of(Field::PeriodAmount));
            let stored_period = contract.period_amount();
            let same =
                fresh.as_ref() == Some(&contract.billing_cost()) && fresh_period == stored_period;
            (!same).then_some(Discrepancy { contract, fresh, fresh_period })
        });
        Ok((differing.collect(), compared, reading.snapshot.as_of))
    }

    /// Agreements that end, or have ended and are still active or billed, by their last day,
    /// as it is `today`.
    pub fn endings(
        &self,
        client: Option<&ClientRef>,
        wanted: Wanted,
        today: NaiveDate,
    ) -> Result<Vec<Ending>, Failure> {
        let contracts = self.contracts(client)?;
        Ok(endings(&contracts, wanted, today))
    }

    /// The terms of agreements in a span of time, by their first day, as it is `today`.
    pub fn terms(
        &self,
        client: Option<&ClientRef>,
        span: Span,
        today: NaiveDate,
    ) -> Result<Vec<Term>, Failure> {
        Ok(timeline::terms(&self.contracts(client)?, span, today))
    }
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
