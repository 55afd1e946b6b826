//! `org.lmsyncd.Contracts`: the store.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::convert::{self, moment};
use super::session::{Answer, CallError, Context, finish, parameters};
use super::sync::parse_key;
use crate::engine::{Edit, Engine};
use crate::model::{
    ClientId, ClientRef, Contract, Failure, Field, FieldChange, ItemKey, Origin, Ownership,
};
use crate::varlink::{Call, Method, contracts};

pub(super) async fn answer(call: &Call, context: Context<'_>) -> Answer {
    match call.method.as_str() {
        contracts::List::NAME => list(parameters(call)?, &context).await,
        contracts::Show::NAME => show(&parameters(call)?, &context),
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
        other => Err(CallError::NoMethod(other.to_owned())),
    }
}

async fn list(call: contracts::List, context: &Context<'_>) -> Answer {
    let client = match &call.client {
        Some(text) => Some(context.engine.resolve(text).await?),
        None => None,
    };
    let states = context.engine.client_states()?;
    let last_full: BTreeMap<ClientId, Option<DateTime<Utc>>> =
        states.into_iter().map(|state| (state.client.id, state.last_full)).collect();
    let mut found = context.engine.ask(move |engine| engine.contracts(client.as_ref())).await?;
    found.sort_by_key(in_tree_order);
    let contracts = found
        .iter()
        .map(|c| convert::contract(c, last_full.get(&c.client).copied().flatten()))
        .collect();
    finish(contracts::ContractList { contracts })
}

/// By client, and each agreement directly before its additions.
fn in_tree_order(contract: &Contract) -> (ClientId, ItemKey, bool, ItemKey) {
    let agreement = contract.parent.unwrap_or(contract.key);
    (contract.client, agreement, contract.parent.is_some(), contract.key)
}

fn show(call: &contracts::Show, context: &Context<'_>) -> Answer {
    let key = parse_key(&call.key)?;
    let contract = context.engine.contract(key)?;
    let changed = context.engine.last_changes(key)?;
    let fields = Field::ALL
        .into_iter()
        .filter(|field| !matches!(field, Field::Client | Field::Parent | Field::Vanished))
        .map(|field| {
            let overridden = contract.overrides.contains_key(&field);
            let autotask = contract.source.get(&field).filter(|_| overridden);
            contracts::FieldView {
                field: field.name().to_owned(),
                owner: owner(&contract, field).to_owned(),
                value: contract.value(field).map(|value| value.to_string()),
                autotask_value: autotask.map(|value| value.to_string()),
                overridden,
                changed: changed.get(&field).map(|at| moment(*at)),
            }
        })
        .collect();
    let client = client_of(context.engine, contract.client)?;
    finish(contracts::ContractReply {
        contract: on_the_wire(context.engine, &contract)?,
        client: convert::client(&client),
        fields,
    })
}

fn owner(contract: &Contract, field: Field) -> &'static str {
    match (contract.origin, field.ownership()) {
        (Origin::Local, _) | (_, Ownership::Local) => "local",
        (_, Ownership::Seeded) => "seeded",
        (_, Ownership::Source) => "autotask",
    }
}

async fn edit(key: &str, edits: Vec<Edit>, context: &Context<'_>) -> Answer {
    context.must_operate()?;
    let key = parse_key(key)?;
    let actor = context.peer.actor();
    let (contract, changes): (Contract, Vec<FieldChange>) =
        context.engine.edit(key, &edits, &actor).await?;
    finish(contracts::EditReply {
        contract: on_the_wire(context.engine, &contract)?,
        changes: changes.iter().map(convert::change).collect(),
    })
}

fn on_the_wire(engine: &Engine, contract: &Contract) -> Result<contracts::Contract, Failure> {
    let state = engine.client_state(contract.client)?;
    Ok(convert::contract(contract, state.and_then(|state| state.last_full)))
}

fn client_of(engine: &Engine, id: ClientId) -> Result<ClientRef, Failure> {
    let state = engine.client_state(id)?;
    Ok(state.map_or_else(|| ClientRef { id, name: String::new() }, |state| state.client))
}
