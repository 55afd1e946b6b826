//! A contract of the index, read without a copy of its texts: a question about every contract reads
//! so many that taking their values apart would be most of its work.
//!
//! [`ContractView`] has the fields of [`ContractV1`](super::v1::ContractV1) in their order, which is
//! all that bincode knows of them; a test holds the two together.

use std::borrow::Cow;

use serde::Deserialize;

use super::codec;
use super::convert::{self, Unreadable};
use super::v1::ContractV1;
use crate::model::{ClientId, ContractTexts, Texts};
use crate::store::error::StoreError;

/// Stored state: a contract record, as it lies in the bytes.
#[derive(Debug, Deserialize)]
struct ContractView<'a> {
    key: &'a str,
    client: i64,
    parent: Option<&'a str>,
    origin: &'a str,
    #[serde(borrow)]
    source: Vec<(&'a str, &'a str)>,
    #[serde(borrow)]
    overrides: Vec<(&'a str, &'a str)>,
    #[serde(borrow)]
    local: Vec<(&'a str, &'a str)>,
    _created: &'a str,
    synced: Option<&'a str>,
    _changed: &'a str,
    vanished: Option<&'a str>,
}

/// The contract of an index record. The inner error is one of what it says.
pub(in crate::store) fn contract(
    record: &[u8],
) -> Result<Result<ContractTexts<'_>, Unreadable>, StoreError> {
    codec::view::<ContractV1, ContractView<'_>>(record).map(|view| texts(&view))
}

fn texts<'a>(view: &ContractView<'a>) -> Result<ContractTexts<'a>, Unreadable> {
    Ok(ContractTexts {
        key: convert::key(view.key)?,
        client: ClientId(view.client),
        parent: view.parent.map(convert::key).transpose()?,
        origin: convert::origin(view.origin)?,
        source: fields(&view.source)?,
        overrides: fields(&view.overrides)?,
        local: fields(&view.local)?,
        synced: view.synced.map(Cow::Borrowed),
        vanished: view.vanished.map(Cow::Borrowed),
    })
}

fn fields<'a>(stored: &[(&'a str, &'a str)]) -> Result<Texts<'a>, Unreadable> {
    let named = stored.iter().map(|&(name, text)| Ok((convert::field(name)?, text.into())));
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Field, Origin, Value};
    use crate::store::testing;

    #[test]
    fn the_texts_in_a_record_are_those_of_the_contract() {
        let mut whole = testing::contract("S7", 5, "two\nlines");
        whole.overrides.insert(Field::Name, Value::Text("Ours".to_owned()));
        whole.source.insert(Field::BillingCost, Value::Number("482.60".parse().expect("a number")));
        whole.vanished = Some(whole.created + chrono::TimeDelta::milliseconds(1_250));
        whole.parent = Some(crate::model::ItemKey::agreement(1));
        let mut by_hand = testing::contract("L1", 0, "");
        (by_hand.origin, by_hand.synced) = (Origin::Local, None);
        for contract in [whole, by_hand] {
            let record = codec::encode(&convert::contract_v1(&contract)).expect("a record");
            let read = super::contract(&record).expect("whole").expect("known");
            assert_eq!(read, ContractTexts::from(&contract));
        }
    }

    #[test]
    fn what_this_program_does_not_know_is_refused() {
        let mut stored = convert::contract_v1(&testing::contract("A1", 5, "x"));
        stored.source.push(("colour".to_owned(), "red".to_owned()));
        let record = codec::encode(&stored).expect("a record");
        let error = contract(&record).expect("whole").expect_err("no such field");
        assert_eq!(error.to_string(), "this program knows no field `colour`");
        assert!(contract(&record[..record.len() - 1]).is_err());
    }
}
