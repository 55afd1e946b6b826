//! Answers that grow with the book, `List` and `Export`: in pieces where the caller asked for `more`,
//! so that neither side holds all of it at once; else in one reply, up to a limit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use super::{Wire, fields_of};
use crate::control::call::{Answer, CallError, Context, finish, went_away};
use crate::control::convert;
use crate::engine::{Engine, Origin};
use crate::model::text::thousands;
use crate::model::{Code, Contract, Failure, ItemKey};
use crate::protocol::contracts;
use crate::protocol::sync::Progress;
use crate::store::LastChanges;

/// How many contracts a piece has: of an export some 800 KiB.
const PIECE: usize = 200;

/// The longest reply to who did not ask for `more`, in bytes: what `varlinkctl` reads.
const LONGEST_REPLY: usize = 16 << 20;

/// Contracts as a reply has them.
type Piece = Vec<Value>;

/// How one reply is made of a piece: whether another one follows, and how many contracts of how many
/// have been told by then.
type Shape<'a> = &'a (dyn Fn(Piece, bool, (usize, usize)) -> Answer + Sync);

pub(super) async fn list(call: contracts::List, mut context: Context<'_>) -> Answer {
    let engine = Arc::clone(context.engine);
    let client = context.client(call.client.as_deref()).await?;
    let as_of = call.as_of.as_deref().map(|text| engine.book.moment(text)).transpose()?;
    let found = move |engine: &Engine| {
        let (mut found, last_full) = match as_of {
            Some(moment) => engine.book.contracts_as_of(moment, client.as_ref())?,
            None => (engine.book.contracts(client.as_ref())?, engine.book.last_full()?),
        };
        found.sort_by_key(Contract::in_tree);
        Ok((found, last_full))
    };
    let (found, last_full) = context.ask(found).await?;
    let last_full = Arc::new(last_full);
    let tell = move |engine: &Engine, piece: &[Contract]| {
        let wire = Wire { engine, last_full: &last_full };
        piece.iter().map(|contract| value(wire.contract(contract))).collect()
    };
    let shape = |contracts, _, _| Ok(serde_json::json!({ "contracts": Value::Array(contracts) }));
    told(&mut context, found, tell, &shape).await
}

pub(super) async fn export(call: contracts::Export, mut context: Context<'_>) -> Answer {
    let engine = Arc::clone(context.engine);
    let client = context.client(call.client.as_deref()).await?;
    let brief = call.brief.unwrap_or(false);
    let found = move |engine: &Engine| {
        let mut found = engine.book.contracts(client.as_ref())?;
        found.sort_by_key(Contract::in_tree);
        Ok((found, engine.book.last_full()?))
    };
    let (found, last_full) = context.ask(found).await?;
    let last_full = Arc::new(last_full);
    let changed = match brief {
        true => None,
        false => Some(Arc::new(last_changes(&found, &context).await?)),
    };
    let tell = move |engine: &Engine, piece: &[Contract]| {
        let wire = Wire { engine, last_full: &last_full };
        let one = |contract: &Contract| {
            value(contracts::Exported {
                contract: wire.contract(contract),
                client: convert::client(&engine.book.named(contract.client)?),
                fields: match &changed {
                    Some(changed) => fields_of(contract, &changed.of(contract.key)),
                    None => other_values(contract),
                },
            })
        };
        piece.iter().map(one).collect()
    };
    let Origin { tenant, store_id } = engine.origin();
    let shape = |piece: Piece, follows: bool, (told, all): (usize, usize)| {
        let progress = follows.then(|| {
            let doing = format!("exporting, {} of {} contracts", number(told), number(all));
            Progress { doing, pages: 0, rows: 0, compared: None }
        });
        let mut reply = finish(contracts::ExportReply {
            tenant: Some(tenant.clone()),
            store_id: Some(store_id.clone()),
            contracts: None,
            progress,
        })?;
        // Behind pieces, the last reply has none: who does not know of pieces must not take what
        // would stand there for everything.
        let ends_pieces = !follows && piece.is_empty() && all > 0;
        if let (false, Some(reply)) = (ends_pieces, reply.as_object_mut()) {
            reply.insert("contracts".to_owned(), Value::Array(piece));
        }
        Ok(reply)
    };
    told(&mut context, found, tell, &shape).await
}

/// When the fields of these contracts last changed; read a step at a time, each in its turn.
async fn last_changes(found: &[Contract], context: &Context<'_>) -> Result<LastChanges, Failure> {
    let keys: Vec<ItemKey> = found.iter().map(|contract| contract.key).collect();
    let mut reader = context.ask(move |engine| engine.book.changes_of(keys)).await?;
    loop {
        let step = move |engine: &Engine| {
            let more = engine.book.read_changes(&mut reader)?;
            Ok((reader, more))
        };
        let more;
        (reader, more) = context.ask(step).await?;
        context.claim.rest();
        if !more {
            return Ok(reader.found());
        }
    }
}

/// The fields that have a value and are no key of a contract on the wire.
fn other_values(contract: &Contract) -> Vec<contracts::FieldView> {
    static KEYS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let keys = serde_json::to_value(contracts::Contract::default());
        let keys = keys.ok().and_then(|value| value.as_object().cloned()).unwrap_or_default();
        keys.into_iter().map(|(key, _)| key).collect()
    });
    let mut fields = fields_of(contract, &BTreeMap::new());
    fields.retain(|view| view.value.is_some() && !KEYS.contains(&view.field));
    fields
}

fn number(count_of: usize) -> String {
    thousands(count_of)
}

fn value(of: impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(of).map_err(|error| {
        Failure::new(Code::Internal, format!("a contract cannot be written: {error}"))
    })
}

/// Tells contracts, a piece at a time; each takes its turn among the questions, so that who reads
/// slowly holds nobody up.
async fn told(
    context: &mut Context<'_>,
    found: Vec<Contract>,
    tell: impl Fn(&Engine, &[Contract]) -> Result<Piece, Failure> + Clone + Send + 'static,
    shape: Shape<'_>,
) -> Answer {
    let mut stream = context.stream.take();
    let all = found.len();
    let found = Arc::new(found);
    let (mut gathered, mut bytes) = (Piece::new(), 0);
    for first in (0..all).step_by(PIECE) {
        let end = all.min(first + PIECE);
        let (found, tell) = (Arc::clone(&found), tell.clone());
        let mut piece = context.ask(move |engine| tell(engine, &found[first..end])).await?;
        match &mut stream {
            // What fits into one reply is one.
            Some(stream) if all > PIECE => {
                let reply = shape(piece, true, (end, all))?;
                stream.more(reply).await.map_err(|_| went_away())?;
            }
            Some(_) => gathered = piece,
            None => {
                bytes += piece.iter().map(|one| one.to_string().len() + 1).sum::<usize>();
                if bytes > LONGEST_REPLY {
                    return Err(too_long(all));
                }
                gathered.append(&mut piece);
            }
        }
    }
    shape(gathered, false, (all, all))
}

fn too_long(all: usize) -> CallError {
    let message = format!(
        "the answer with {} contracts is longer than {} MiB, the most that one reply may have: \
         ask for `more`, which replies in pieces, or for one client",
        number(all),
        LONGEST_REPLY >> 20
    );
    Failure::new(Code::InvalidArgument, message).into()
}
