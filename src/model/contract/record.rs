//! The contract record: what the store keeps for one source item, or one made by hand.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::model::{
    BillingCycle, BillingState, ClientId, Currency, Field, FieldChange, Fields, ItemKey, Money,
    Ownership, Value, plain, rfc3339,
};

/// Where a contract comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Origin {
    /// It follows an item in Autotask.
    Autotask,
    /// It followed one until a person froze it: no sync touches it, and Autotask's fields stay
    /// locked as they were.
    Unlinked,
    /// It was made by hand; nothing on it is locked.
    Local,
}

impl Origin {
    /// The text that the command line and the JSON show as `source`.
    pub fn name(self) -> &'static str {
        self.into_str()
    }
}

/// A contract record.
///
/// Every field has one place: what Autotask last said is in `source`, what a person put over it in
/// `overrides`, and what is the MSP's own in `local`. [`Contract::value`] is the field as it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// The key, which is also that of its source item.
    pub key: ItemKey,
    /// The client it belongs to.
    pub client: ClientId,
    /// The agreement it stands below; none for an agreement.
    pub parent: Option<ItemKey>,
    /// Where it comes from.
    pub origin: Origin,
    /// The last values from Autotask, of source-owned and seeded fields.
    pub source: Fields,
    /// The values that people put over seeded ones.
    pub overrides: Fields,
    /// The values of local fields.
    pub local: Fields,
    /// When it was first stored.
    pub created: DateTime<Utc>,
    /// When a run last wrote it; a later run that found nothing to write does not move this.
    pub synced: Option<DateTime<Utc>>,
    /// When any of its fields last changed.
    pub changed: DateTime<Utc>,
    /// Since when the item is missing in Autotask: the record is then a tombstone, which keeps
    /// everything and returns by itself.
    pub vanished: Option<DateTime<Utc>>,
}

impl Contract {
    /// Sorts contracts by client and as a tree, as [`ItemKey::in_tree`] does.
    pub fn in_tree(&self) -> impl Ord + use<> {
        (self.client, self.key.in_tree(self.parent))
    }

    /// The value that counts: an override before Autotask's value.
    pub fn value(&self, field: Field) -> Option<Value> {
        match field {
            Field::Client => Some(Value::Text(self.client.to_string())),
            Field::Parent => self.parent.map(|key| Value::Text(key.to_string())),
            Field::Vanished => self.vanished.map(|at| Value::Text(rfc3339(at))),
            _ => match field.ownership() {
                Ownership::Source => self.source.get(&field),
                Ownership::Seeded => self.overrides.get(&field).or(self.source.get(&field)),
                Ownership::Local => self.local.get(&field),
            }
            .cloned(),
        }
    }

    /// The text of the value that counts; empty where there is none.
    pub fn text(&self, field: Field) -> String {
        self.value(field).map(|value| value.to_string()).unwrap_or_default()
    }

    /// The currency of its amounts.
    pub fn currency(&self) -> Currency {
        match self.source.get(&Field::Currency) {
            Some(Value::Text(code)) => Currency::new(code),
            _ => Currency::unknown(),
        }
    }

    /// What one billing cycle costs; zero where nothing is billed.
    pub fn billing_cost(&self) -> Money {
        let amount = match self.source.get(&Field::BillingCost) {
            Some(Value::Number(amount)) => *amount,
            _ => Decimal::ZERO,
        };
        Money { amount, currency: self.currency() }
    }

    /// What Autotask bills for the running billing period, where one runs.
    pub fn period_amount(&self) -> Option<Money> {
        match self.source.get(&Field::PeriodAmount) {
            Some(Value::Number(amount)) => {
                Some(Money { amount: *amount, currency: self.currency() })
            }
            _ => None,
        }
    }

    /// Whether Autotask bills it; a contract made by hand is billed as long as it has a cost.
    pub fn billing(&self) -> BillingState {
        let name = match self.source.get(&Field::Billing) {
            Some(Value::Text(name)) => Some(name.as_str()),
            _ => None,
        };
        BillingState::stored(name, self.billing_cycle())
    }

    /// What is remarkable about its cost, by the codes.
    pub fn remarks(&self) -> Vec<String> {
        match self.source.get(&Field::Remarks) {
            Some(Value::Tags(codes)) => codes.clone(),
            _ => Vec::new(),
        }
    }

    /// How often that is billed.
    pub fn billing_cycle(&self) -> BillingCycle {
        match self.source.get(&Field::BillingCycle) {
            Some(Value::Cycle(cycle)) => *cycle,
            _ => BillingCycle::None,
        }
    }
}

/// What changed from `before` to `after`, field by field, in the order of [`Field::ALL`], user-defined
/// fields last.
///
/// A change is one of the value that counts. Where an override hides Autotask's value and only the
/// hidden value changed, that is a change too, from the old hidden value to the new one. What a
/// contract says of the running billing period is no change of it: see [`Field::is_of_the_period`].
pub fn differences(before: Option<&Contract>, after: Option<&Contract>) -> Vec<FieldChange> {
    let change = |field: Field| {
        let counts = |contract: Option<&Contract>| contract.and_then(|c| c.value(field));
        let hidden =
            |contract: Option<&Contract>| contract.and_then(|c| c.source.get(&field).cloned());
        let (mut from, mut to) = (counts(before), counts(after));
        if is_same(field, &from, &to) {
            (from, to) = (hidden(before), hidden(after));
        }
        (!is_same(field, &from, &to)).then_some(FieldChange { field, from, to })
    };
    let user_defined: BTreeSet<Field> = [before, after]
        .into_iter()
        .flatten()
        .flat_map(|contract| contract.source.keys().chain(contract.overrides.keys()))
        .filter(|field| matches!(field, Field::Udf(_)))
        .copied()
        .collect();
    let lasting = Field::ALL.into_iter().filter(|field| !field.is_of_the_period());
    lasting.chain(user_defined).filter_map(change).collect()
}

/// Whether two values of a field are one. The value of a user-defined field may have been stored as
/// Autotask writes it, before dates and numbers were read in their plain form: that is no change.
fn is_same(field: Field, one: &Option<Value>, other: &Option<Value>) -> bool {
    match (field, one, other) {
        (Field::Udf(_), Some(Value::Text(one)), Some(Value::Text(other))) => {
            plain(one) == plain(other)
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract() -> Contract {
        let at = DateTime::UNIX_EPOCH;
        Contract {
            key: ItemKey::agreement(1),
            client: ClientId(0),
            parent: None,
            origin: Origin::Autotask,
            source: [(Field::Name, Value::Text("Care".to_owned()))].into(),
            overrides: Fields::new(),
            local: Fields::new(),
            created: at,
            synced: Some(at),
            changed: at,
            vanished: None,
        }
    }

    #[test]
    fn an_override_is_a_change_and_so_is_what_it_hides() {
        let before = contract();
        let mut after = before.clone();
        after.overrides.insert(Field::Name, Value::Text("Ours".to_owned()));
        let changes = differences(Some(&before), Some(&after));
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].to, Some(Value::Text("Ours".to_owned())));

        let mut later = after.clone();
        later.source.insert(Field::Name, Value::Text("Care+".to_owned()));
        let changes = differences(Some(&after), Some(&later));
        assert_eq!(changes[0].from, Some(Value::Text("Care".to_owned())));
        assert_eq!(changes[0].to, Some(Value::Text("Care+".to_owned())));
    }

    #[test]
    fn a_user_defined_date_in_its_older_form_is_the_same() {
        let name = crate::model::UdfName::new("until").expect("a name");
        let with = |text: &str| {
            let mut contract = contract();
            contract.source.insert(Field::Udf(name), Value::Text(text.to_owned()));
            contract
        };
        let older = with("2027-09-27T00:00:00.0000000");
        assert!(differences(Some(&older), Some(&with("2027-09-27"))).is_empty());
        let changes = differences(Some(&older), Some(&with("2027-09-28")));
        assert_eq!(changes.len(), 1);
        let same = with("3.0000");
        assert!(differences(Some(&with("3")), Some(&same)).is_empty());
    }

    #[test]
    fn nothing_changed_gives_nothing() {
        assert!(differences(Some(&contract()), Some(&contract())).is_empty());
    }
}
