//! Contracts on the wire, written straight from the texts of their values: what a list, an export and
//! `Show` have in common. The types of it are [`crate::protocol::contracts`], which a test holds this
//! to.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::json::Json;
use crate::model::{
    BillingCycle, BillingState, ClientRef, ContractTexts, Currency, Field, Kind, Origin, Ownership,
    Value, rfc3339,
};
use crate::protocol::contracts;

/// Writes contracts, one after the other.
#[derive(Debug)]
pub(super) struct Rows {
    /// What stands before an agreement's id in the link to it, where that is known.
    links: Option<String>,
    /// The currency of the last contract, and its decimals: most have the same.
    currency: Option<(String, Currency, u32)>,
}

/// When fields last changed.
pub(super) type Changed = BTreeMap<Field, DateTime<Utc>>;

impl Rows {
    /// A writer that knows what links begin with.
    pub(super) fn new(links: Option<String>) -> Rows {
        Rows { links, currency: None }
    }

    /// A [`contracts::Contract`]; `last_full` is when its client was last synced in full.
    pub(super) fn contract(
        &mut self,
        json: &mut Json,
        contract: &ContractTexts<'_>,
        last_full: Option<DateTime<Utc>>,
    ) {
        let (source, value) = (&contract.source, |field| contract.value(field));
        let text = |field| value(field).unwrap_or_default();
        let parent = contract.parent.map(|key| key.to_string());
        json.open(b'{');
        json.pair("basis", value(Field::Basis));
        json.key("billed");
        json.flag(source.get(Field::Billed).map(|text| text == "yes"));
        json.pair("billed_to", value(Field::BilledTo));
        json.pair("billing", Some(billing(contract).name()));
        json.key("billing_cost");
        self.cost(json, contract);
        json.pair("billing_cycle", Some(source.get(Field::BillingCycle).unwrap_or("none")));
        json.pair("billing_since", value(Field::BillingSince));
        json.key("client_id");
        json.number(contract.client.0);
        json.pair("currency", Some(self.currency(contract).0.code()));
        json.pair("currency_basis", value(Field::CurrencyBasis));
        json.pair("end_date", value(Field::EndDate));
        json.pair("key", Some(&contract.key.to_string()));
        json.pair("last_synced", last_synced(contract, last_full).as_deref());
        json.pair("left", value(Field::Left));
        json.pair("link", self.link(contract).as_deref());
        json.pair("name", Some(text(Field::Name)));
        json.key("next_change");
        next_change(json, contract);
        json.pair("parent", parent.as_deref());
        json.pair("period_amount", value(Field::PeriodAmount));
        json.pair("period_end", value(Field::PeriodEnd));
        json.pair("period_start", value(Field::PeriodStart));
        json.key("remarks");
        words(json, source.get(Field::Remarks));
        json.pair("renews", value(Field::Renews));
        json.pair("setup_fee", value(Field::SetupFee));
        json.pair("source", Some(contract.origin.name()));
        json.pair("start_date", value(Field::StartDate));
        json.pair("status", Some(text(Field::Status)));
        json.pair("type", Some(text(Field::Type)));
        json.pair("unit_price", value(Field::UnitPrice));
        json.pair("units", value(Field::Units));
        json.pair("vanished", contract.vanished.as_deref().map(in_seconds).as_deref());
        json.close(b'}');
    }

    /// A [`contracts::Exported`], which is also a [`contracts::ContractReply`]; `changed` is when its
    /// fields last changed, and without that it has the fields only that a table needs besides.
    pub(super) fn exported(
        &mut self,
        json: &mut Json,
        contract: &ContractTexts<'_>,
        (client, last_full): (&ClientRef, Option<DateTime<Utc>>),
        changed: Option<&Changed>,
    ) {
        json.open(b'{');
        json.key("client");
        json.open(b'{');
        json.key("id");
        json.number(client.id.0);
        json.pair("name", Some(&client.name));
        json.close(b'}');
        json.key("contract");
        self.contract(json, contract, last_full);
        json.key("fields");
        json.open(b'[');
        for field in shown(contract) {
            let is_told = changed.is_some() || is_of_a_table(contract, field);
            if is_told {
                let changed = changed.and_then(|changed| changed.get(&field)).copied();
                view(json, contract, field, changed);
            }
        }
        json.close(b']');
        json.close(b'}');
    }

    /// The rate, with the decimals of its currency.
    fn cost(&mut self, json: &mut Json, contract: &ContractTexts<'_>) {
        let text = contract.source.get(Field::BillingCost).unwrap_or("0");
        let (currency, decimals) = self.currency(contract);
        let digits = text.split_once('.').map_or(0, |(_, part)| part.len());
        // Most have them already. What is below zero may come to nothing, which has no sign.
        if digits == decimals as usize && !text.starts_with('-') {
            return json.text(Some(text));
        }
        let amount: Decimal = text.parse().unwrap_or_default();
        json.text(Some(&currency.round(amount).to_string()));
    }

    fn currency(&mut self, contract: &ContractTexts<'_>) -> (&Currency, u32) {
        let code = contract.source.get(Field::Currency);
        let known = self.currency.take().filter(|(known, ..)| code == Some(known.as_str()));
        let (_, currency, decimals) = self.currency.insert(known.unwrap_or_else(|| {
            let currency = code.map_or_else(Currency::unknown, Currency::new);
            let decimals = currency.decimals();
            (code.unwrap_or_default().to_owned(), currency, decimals)
        }));
        (currency, *decimals)
    }

    fn link(&self, contract: &ContractTexts<'_>) -> Option<String> {
        let agreement = contract.parent.unwrap_or(contract.key);
        let followed = contract.origin != Origin::Local && agreement.is_agreement();
        let links = self.links.as_deref().filter(|_| followed)?;
        Some(format!("{links}{}", agreement.id))
    }
}

/// Whether Autotask bills it, as [`crate::model::Contract::billing`] has it.
fn billing(contract: &ContractTexts<'_>) -> BillingState {
    let cycle = contract.source.get(Field::BillingCycle).and_then(|text| text.parse().ok());
    BillingState::stored(contract.source.get(Field::Billing), cycle.unwrap_or(BillingCycle::None))
}

/// When it was last found to be as Autotask has it: also when its client was last synced in full.
fn last_synced<'a>(
    contract: &'a ContractTexts<'_>,
    last_full: Option<DateTime<Utc>>,
) -> Option<Cow<'a, str>> {
    let synced = contract.synced.as_deref().map(in_seconds);
    let full = last_full.filter(|_| contract.vanished.is_none()).map(rfc3339).map(Cow::Owned);
    // Moments of this form compare as texts do.
    synced.max(full)
}

/// A stored moment in whole seconds.
fn in_seconds(stored: &str) -> Cow<'_, str> {
    match stored.split_once('.') {
        None => Cow::Borrowed(stored),
        Some((seconds, _)) => Cow::Owned(format!("{seconds}Z")),
    }
}

fn next_change(json: &mut Json, contract: &ContractTexts<'_>) {
    let of = |field| contract.source.get(field);
    match (of(Field::NextChangeDate), of(Field::NextChangeCost)) {
        (Some(date), Some(cost)) => {
            json.open(b'{');
            json.pair("billing_cost", Some(cost));
            json.pair("date", Some(date));
            json.close(b'}');
        }
        _ => json.text(None),
    }
}

/// The words of a text that has several.
fn words(json: &mut Json, text: Option<&str>) {
    json.open(b'[');
    if let Some(Ok(Value::Tags(words))) = text.map(|text| Kind::Tags.parse(text)) {
        words.iter().for_each(|word| json.text(Some(word)));
    }
    json.close(b']');
}

/// The fields of a contract that are shown; user-defined ones last.
fn shown(contract: &ContractTexts<'_>) -> impl Iterator<Item = Field> {
    let of_place = |field: &Field| matches!(field, Field::Client | Field::Parent | Field::Vanished);
    let user_defined = contract.source.fields().chain(contract.overrides.fields());
    let user_defined: BTreeSet<Field> =
        user_defined.filter(|field| matches!(field, Field::Udf(_))).collect();
    Field::ALL.into_iter().filter(move |field| !of_place(field)).chain(user_defined)
}

/// Whether a field has a value and is no key of a contract on the wire.
fn is_of_a_table(contract: &ContractTexts<'_>, field: Field) -> bool {
    static KEYS: LazyLock<BTreeSet<Field>> = LazyLock::new(|| {
        let contract = serde_json::to_value(contracts::Contract::default());
        let keys = contract.ok().and_then(|value| value.as_object().cloned()).unwrap_or_default();
        keys.keys().filter_map(|key| Field::from_name(key)).collect()
    });
    contract.value(field).is_some() && !KEYS.contains(&field)
}

/// A [`contracts::FieldView`].
fn view(
    json: &mut Json,
    contract: &ContractTexts<'_>,
    field: Field,
    changed: Option<DateTime<Utc>>,
) {
    let overridden = contract.overrides.get(field).is_some();
    json.open(b'{');
    json.pair("autotask_value", contract.source.get(field).filter(|_| overridden));
    json.pair("changed", changed.map(rfc3339).as_deref());
    json.pair("field", Some(field.name()));
    json.key("overridden");
    json.flag(Some(overridden));
    json.pair("owner", Some(owner(contract.origin, field)));
    json.pair("value", contract.value(field));
    json.close(b'}');
}

/// Whose a field is.
fn owner(origin: Origin, field: Field) -> &'static str {
    match (origin, field.ownership()) {
        (Origin::Local, _) | (_, Ownership::Local) => "local",
        (_, Ownership::Seeded) => "seeded",
        (_, Ownership::Source) => "autotask",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::convert;
    use crate::model::{ClientId, Contract, Fields, ItemKey, UdfName};

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::milliseconds(milliseconds)
    }

    fn fields(all: &[(Field, &str)]) -> Fields {
        let read = |(field, text): &(Field, &str)| (*field, field.kind().parse(text).expect("one"));
        all.iter().map(read).collect()
    }

    /// Contracts with everything, with little, and with what is rare.
    fn samples() -> Vec<Contract> {
        let udf = Field::Udf(UdfName::new("account_manager").expect("a name"));
        let whole = Contract {
            key: "S7".parse().expect("a key"),
            client: ClientId(174),
            parent: Some(ItemKey::agreement(9)),
            origin: Origin::Autotask,
            source: fields(&[
                (Field::Name, "Care \"plus\"\n日"),
                (Field::Type, "Service"),
                (Field::Status, "active"),
                (Field::BillingCost, "482.6"),
                (Field::BillingCycle, "monthly"),
                (Field::Billing, "upcoming"),
                (Field::BillingSince, "2026-02-01"),
                (Field::Currency, "USD"),
                (Field::NextChangeDate, "2026-03-01"),
                (Field::NextChangeCost, "500"),
                (Field::Billed, "no"),
                (Field::Remarks, "scaled,moved"),
                (Field::Units, "3"),
                (Field::EndDate, "2026-12-31"),
                (udf, "Pat"),
            ]),
            overrides: fields(&[(Field::Name, "Ours"), (Field::EndDate, "2027-01-31")]),
            local: fields(&[(Field::Notes, "first\r\nsecond\u{1b}"), (Field::ThirdParty, "yes")]),
            created: at(0),
            synced: Some(at(61_250)),
            changed: at(1),
            vanished: None,
        };
        let priced = |cost: &str, currency: &str| {
            let mut contract = whole.clone();
            contract
                .source
                .extend(fields(&[(Field::BillingCost, cost), (Field::Currency, currency)]));
            contract
        };
        let (mut bare, mut gone) = (whole.clone(), whole.clone());
        (bare.origin, bare.parent, bare.key) = (Origin::Local, None, "L1".parse().expect("a key"));
        (bare.source, bare.overrides, bare.synced) = (Fields::new(), Fields::new(), None);
        gone.vanished = Some(at(99_900));
        let mut by_hand = bare.clone();
        by_hand.source.extend(fields(&[(Field::BillingCycle, "yearly"), (Field::Billing, "odd")]));
        let mut once = bare.clone();
        once.source.extend(fields(&[(Field::BillingCycle, "one-time")]));
        let unlinked = Contract { origin: Origin::Unlinked, ..priced("482.60", "usd ") };
        let amounts = [priced("1999.5", "JPY"), priced("-0.001", "USD"), priced("7.123", "KWD")];
        [whole, bare, gone, by_hand, once, unlinked].into_iter().chain(amounts).collect()
    }

    #[test]
    fn what_is_written_is_the_contract_of_the_protocol() {
        let mut rows = Rows::new(Some("https://x/?id=".to_owned()));
        for contract in samples() {
            for last_full in [None, Some(at(60_000)), Some(at(3_600_000))] {
                let mut json = Json::default();
                rows.contract(&mut json, &ContractTexts::from(&contract), last_full);
                let written = String::from_utf8(json.into_bytes()).expect("text");
                let mut wire = convert::contract(&contract, last_full);
                wire.link = rows.link(&ContractTexts::from(&contract));
                // Also the order of the keys.
                let wanted = serde_json::to_value(&wire).expect("a value").to_string();
                assert_eq!(written, wanted);
            }
        }
    }

    #[test]
    fn every_field_has_its_owner_its_value_and_its_last_change() {
        let client = ClientRef { id: ClientId(174), name: "Acme".to_owned() };
        let changed = Changed::from([(Field::Name, at(5_999))]);
        let told = |contract: &Contract, changed| -> (String, contracts::Exported) {
            let mut json = Json::default();
            let texts = ContractTexts::from(contract);
            Rows::new(None).exported(&mut json, &texts, (&client, None), changed);
            let text = String::from_utf8(json.into_bytes()).expect("text");
            let read = serde_json::from_str(&text).expect("what the protocol says");
            (text, read)
        };
        for contract in samples() {
            let (text, exported) = told(&contract, Some(&changed));
            let sorted = serde_json::to_value(&exported).expect("a value").to_string();
            assert_eq!(text, sorted, "nothing is missing, and keys are in order");
            for view in &exported.fields {
                let field = Field::from_name(&view.field).expect("a field");
                assert_eq!(view.value, contract.value(field).map(|value| value.to_string()));
                let hidden = contract.source.get(&field).filter(|_| view.overridden);
                assert_eq!(view.autotask_value, hidden.map(ToString::to_string));
            }
            let (_, brief) = told(&contract, None);
            let with_values = |views: &[contracts::FieldView]| {
                let key = |name: &str| {
                    serde_json::to_value(&exported.contract).expect("a value").get(name).is_some()
                };
                let others = views.iter().filter(|view| view.value.is_some() && !key(&view.field));
                others.map(|view| view.field.clone()).collect::<Vec<_>>()
            };
            assert_eq!(with_values(&brief.fields), with_values(&exported.fields));
            assert_eq!(brief.fields.len(), with_values(&brief.fields).len());
        }
        let (_, whole) = told(&samples()[0], Some(&changed));
        let of =
            |name: &str| whole.fields.iter().find(|view| view.field == name).expect(name).clone();
        let name = of("name");
        assert_eq!((name.value.as_deref(), name.owner.as_str()), (Some("Ours"), "seeded"));
        assert_eq!(name.changed.as_deref(), Some("1970-01-01T00:00:05Z"));
        assert_eq!(
            (of("status").owner, of("notes").owner),
            ("autotask".to_owned(), "local".to_owned())
        );
        assert_eq!(whole.fields.last().expect("one").field, "udf.account_manager");
    }
}
