//! A contract by the texts of its values, for who writes many of them and reckons with none: nothing
//! of it is taken apart and put together again.

use std::borrow::Cow;

use super::field::{Field, Ownership};
use super::record::{Contract, Origin};
use crate::model::{ClientId, ItemKey, rfc3339_exact};

/// A contract record whose values are their texts, as [`Contract`] has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractTexts<'a> {
    /// The key.
    pub key: ItemKey,
    /// The client it belongs to.
    pub client: ClientId,
    /// The agreement it stands below; none for an agreement.
    pub parent: Option<ItemKey>,
    /// Where it comes from.
    pub origin: Origin,
    /// The last values from Autotask.
    pub source: Texts<'a>,
    /// The values that people put over them.
    pub overrides: Texts<'a>,
    /// The values of local fields.
    pub local: Texts<'a>,
    /// When a run last wrote it, as RFC 3339 in UTC.
    pub synced: Option<Cow<'a, str>>,
    /// Since when it is missing in Autotask, as RFC 3339 in UTC.
    pub vanished: Option<Cow<'a, str>>,
}

/// The texts of values by field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts<'a>(Vec<(Field, Cow<'a, str>)>);

impl<'a> Texts<'a> {
    /// The text of a field's value; none where it has no value.
    pub fn get(&self, field: Field) -> Option<&str> {
        // There are some twenty, which are sooner looked through than put in order.
        self.0.iter().find(|(known, _)| *known == field).map(|(_, text)| text.as_ref())
    }

    /// The fields that have a value.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        self.0.iter().map(|(field, _)| *field)
    }
}

impl<'a> FromIterator<(Field, Cow<'a, str>)> for Texts<'a> {
    fn from_iter<T: IntoIterator<Item = (Field, Cow<'a, str>)>>(texts: T) -> Texts<'a> {
        Texts(texts.into_iter().collect())
    }
}

impl ContractTexts<'_> {
    /// The text of the value that counts, as [`Contract::value`] has it: an override before
    /// Autotask's value. Not of [`Field::Client`], [`Field::Parent`] and [`Field::Vanished`], which
    /// are no values of fields here.
    pub fn value(&self, field: Field) -> Option<&str> {
        match field.ownership() {
            Ownership::Source => self.source.get(field),
            Ownership::Seeded => self.overrides.get(field).or_else(|| self.source.get(field)),
            Ownership::Local => self.local.get(field),
        }
    }
}

impl<'a> From<&'a Contract> for ContractTexts<'a> {
    fn from(contract: &'a Contract) -> ContractTexts<'a> {
        let Contract {
            key,
            client,
            parent,
            origin,
            source,
            overrides,
            local,
            created: _,
            synced,
            changed: _,
            vanished,
        } = contract;
        let [source, overrides, local] = [source, overrides, local].map(|fields| {
            fields.iter().map(|(field, value)| (*field, Cow::Owned(value.to_string()))).collect()
        });
        let moment = |at: &Option<_>| at.map(|at| Cow::Owned(rfc3339_exact(at)));
        ContractTexts {
            key: *key,
            client: *client,
            parent: *parent,
            origin: *origin,
            source,
            overrides,
            local,
            synced: moment(synced),
            vanished: moment(vanished),
        }
    }
}
