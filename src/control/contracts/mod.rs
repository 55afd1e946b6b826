//! `org.lmsyncd.Contracts`: the store.

mod answers;
mod json;
mod ownership;
mod past;
mod pieces;
mod rows;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::call::{Answer, CallError, Context, Parameters, parameters};
use super::convert::parse_key;
use crate::control::convert;
use crate::engine::{Edit, Engine};
use crate::model::{Advice, Code, Contract, ContractTexts, Failure, ItemKey};
use crate::protocol::{Call, Method, contracts};

use json::Json;
use rows::Rows;

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
    Ok(context.ask_shortly(move |engine| shown(engine, key, as_of)).await?)
}

fn shown(
    engine: &Engine,
    key: ItemKey,
    as_of: Option<DateTime<Utc>>,
) -> Result<Parameters, Failure> {
    let book = &engine.book;
    let (contract, last_full) = match as_of {
        Some(moment) => {
            let then = book.contract_as_of(key, moment)?;
            let contract = then.contracts.into_iter().next().ok_or_else(|| {
                Failure::new(
                    Code::NoSuchContract,
                    format!("no contract with the key {key} was stored at that time"),
                )
                .advise(Advice::ShowHistory { key })
            })?;
            (contract, then.last_full)
        }
        None => {
            let contract = book.contract(key)?;
            let state = book.client_state(contract.client)?;
            (contract, state.and_then(|state| state.last_full))
        }
    };
    let changed = book.last_changes(&BTreeSet::from([key]))?.of(key);
    let client = book.named(contract.client)?;
    let mut json = Json::default();
    let texts = ContractTexts::from(&contract);
    Rows::new(book.links()).exported(&mut json, &texts, (&client, last_full), Some(&changed));
    Ok(Parameters::written(json.into_bytes()))
}

async fn edit(key: &str, edits: Vec<Edit>, context: &Context<'_>) -> Answer {
    context.require_operator()?;
    let key = parse_key(key)?;
    let actor = context.peer.actor();
    ownership::edited(context.engine.book.edit(key, &edits, &actor).await?, context)
}

fn on_the_wire(engine: &Engine, contract: &Contract) -> Result<contracts::Contract, Failure> {
    let state = engine.book.client_state(contract.client)?;
    let mut wire = convert::contract(contract, state.and_then(|state| state.last_full));
    wire.link = engine.book.link(contract);
    Ok(wire)
}
