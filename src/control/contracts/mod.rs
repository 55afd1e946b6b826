//! `org.lmsyncd.Contracts`: the store.

mod answers;
mod ownership;
mod past;
mod pieces;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::call::{Answer, CallError, Context, finish, parameters};
use super::convert::parse_key;
use crate::control::convert;
use crate::engine::{Edit, Engine, LastFull};
use crate::model::{Advice, Code, Contract, Failure, Field, ItemKey, Origin, Ownership, rfc3339};
use crate::protocol::{Call, Method, contracts};

pub(in crate::control) async fn answer(call: &Call, context: Context<'_>) -> Answer {
    match call.method.as_str() {
        contracts::List::NAME => pieces::list(parameters(call)?, context).await,
        contracts::Show::NAME => show(parameters(call)?, &context).await,
        contracts::Set::NAME => {
            let contracts::Set { key, fields } = parameters(call)?;
            let set = |a: contracts::Assignment| Edit::Set { field: a.field, value: a.value };
            edit(&key, fields.into_iter().map(set).collect(), &context).await
        }
        contracts::Unset::NAME => {
            let contracts::Unset { key, fields } = parameters(call)?;
            let unset = |field| Edit::Unset { field };
            edit(&key, fields.into_iter().map(unset).collect(), &context).await
        }
        contracts::Add::NAME => ownership::add(parameters(call)?, &context).await,
        contracts::Remove::NAME => ownership::remove(parameters(call)?, &context).await,
        contracts::Adopt::NAME => ownership::adopt(parameters(call)?, &context).await,
        contracts::Unlink::NAME => ownership::unlink(parameters(call)?, &context).await,
        contracts::Relink::NAME => ownership::relink(parameters(call)?, &context).await,
        contracts::History::NAME => past::history(&parameters(call)?, &context).await,
        contracts::Chain::NAME => past::chain(&parameters(call)?, &context).await,
        contracts::Cost::NAME => answers::cost(&parameters(call)?, &context).await,
        contracts::Renewals::NAME => answers::renewals(parameters(call)?, &context).await,
        contracts::Timeline::NAME => answers::timeline(parameters(call)?, &context).await,
        contracts::Export::NAME => pieces::export(parameters(call)?, context).await,
        other => Err(CallError::NoMethod(other.to_owned())),
    }
}

async fn show(call: contracts::Show, context: &Context<'_>) -> Answer {
    let key = parse_key(&call.key)?;
    let as_of = call.as_of.as_deref().map(|text| context.engine.book.moment(text)).transpose()?;
    finish(context.ask(move |engine| shown(engine, key, as_of)).await?)
}

fn shown(
    engine: &Engine,
    key: ItemKey,
    as_of: Option<DateTime<Utc>>,
) -> Result<contracts::ContractReply, Failure> {
    let (contract, last_full) = match as_of {
        Some(moment) => {
            let (book, last_full) = engine.book.contracts_as_of(moment, None)?;
            let contract =
                book.into_iter().find(|contract| contract.key == key).ok_or_else(|| {
                    Failure::new(
                        Code::NoSuchContract,
                        format!("no contract with the key {key} was stored at that time"),
                    )
                    .advise(Advice::ShowHistory { key })
                })?;
            (contract, last_full)
        }
        None => (engine.book.contract(key)?, engine.book.last_full()?),
    };
    let changed = engine.book.last_changes(key)?;
    Ok(contracts::ContractReply {
        contract: Wire { engine, last_full: &last_full }.contract(&contract),
        client: convert::client(&engine.book.named(contract.client)?),
        fields: fields_of(&contract, &changed),
    })
}

/// The fields of a contract, and whose each is; user-defined ones last.
fn fields_of(
    contract: &Contract,
    changed: &BTreeMap<Field, DateTime<Utc>>,
) -> Vec<contracts::FieldView> {
    let user_defined = contract.source.keys().chain(contract.overrides.keys()).copied();
    let user_defined: BTreeSet<Field> =
        user_defined.filter(|field| matches!(field, Field::Udf(_))).collect();
    let shown = Field::ALL
        .into_iter()
        .filter(|field| !matches!(field, Field::Client | Field::Parent | Field::Vanished))
        .chain(user_defined);
    let view = |field: Field| {
        let overridden = contract.overrides.contains_key(&field);
        let autotask = contract.source.get(&field).filter(|_| overridden);
        contracts::FieldView {
            field: field.name().to_owned(),
            owner: owner(contract, field).to_owned(),
            value: contract.value(field).map(|value| value.to_string()),
            autotask_value: autotask.map(|value| value.to_string()),
            overridden,
            changed: changed.get(&field).map(|at| rfc3339(*at)),
        }
    };
    shown.map(view).collect()
}

fn owner(contract: &Contract, field: Field) -> &'static str {
    match (contract.origin, field.ownership()) {
        (Origin::Local, _) | (_, Ownership::Local) => "local",
        (_, Ownership::Seeded) => "seeded",
        (_, Ownership::Source) => "autotask",
    }
}

async fn edit(key: &str, edits: Vec<Edit>, context: &Context<'_>) -> Answer {
    context.require_operator()?;
    let key = parse_key(key)?;
    let actor = context.peer.actor();
    ownership::edited(context.engine.book.edit(key, &edits, &actor).await?, context)
}

fn on_the_wire(engine: &Engine, contract: &Contract) -> Result<contracts::Contract, Failure> {
    let state = engine.book.client_state(contract.client)?;
    let last_full = state.and_then(|state| state.last_full);
    Ok(as_wire(engine, contract, last_full))
}

fn as_wire(
    engine: &Engine,
    contract: &Contract,
    last_full: Option<DateTime<Utc>>,
) -> contracts::Contract {
    let mut wire = convert::contract(contract, last_full);
    wire.link = engine.book.link(contract);
    wire
}

/// What puts many contracts on the wire.
struct Wire<'a> {
    engine: &'a Engine,
    /// When their clients had last been synced in full at the moment that is told of.
    last_full: &'a LastFull,
}

impl Wire<'_> {
    fn contract(&self, contract: &Contract) -> contracts::Contract {
        as_wire(self.engine, contract, self.last_full.get(&contract.client).copied())
    }
}
