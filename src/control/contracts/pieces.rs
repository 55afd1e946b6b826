//! Answers that grow with the book, `List` and `Export`: in pieces where the caller asked for `more`,
//! so that neither side holds all of it at once; else in one reply, up to a limit.
//!
//! The book is read client by client, as of one moment, and each step takes its turn among the
//! questions: who reads slowly holds nobody up, and nobody waits for more than a step.

use std::sync::Arc;

use super::json::Json;
use super::rows::Rows;
use crate::control::call::{Answer, CallError, Context, Parameters, went_away};
use crate::engine::{Engine, LastFull, Origin};
use crate::model::text::thousands;
use crate::model::{ClientRef, Code, Contract, ContractTexts, Failure};
use crate::protocol::contracts;
use crate::store::{ClientContracts, Snapshot};

/// How many contracts a piece has: of an export some 800 KiB.
const PIECE: usize = 200;

/// The longest reply to who did not ask for `more`, in bytes: what `varlinkctl` reads.
const LONGEST_REPLY: usize = 16 << 20;

/// What is told of each contract.
#[derive(Debug, Clone)]
enum Form {
    /// The contract alone.
    List,
    /// Everything, or with `brief` what a table needs; and whose it all is.
    Export { brief: bool, origin: Origin },
}

/// Some contracts as a reply has them.
#[derive(Debug, Default)]
struct Piece {
    json: Json,
    contracts: usize,
}

/// Where the contracts come from.
enum Source {
    /// What is stored, one client after the other.
    Now(Snapshot),
    /// What was stored at a moment, all of which is at hand.
    Then(std::vec::IntoIter<Contract>, LastFull),
}

pub(super) async fn list(call: contracts::List, mut context: Context<'_>) -> Answer {
    let client = context.client(call.client.as_deref()).await?;
    let book = &context.engine.book;
    let as_of = call.as_of.as_deref().map(|text| book.moment(text)).transpose()?;
    let source = move |engine: &Engine| match as_of {
        None => Ok(Source::Now(engine.book.snapshot(client.as_ref())?)),
        Some(moment) => {
            let (mut found, last_full) = engine.book.contracts_as_of(moment, client.as_ref())?;
            found.sort_by_key(Contract::in_tree);
            Ok(Source::Then(found.into_iter(), last_full))
        }
    };
    let source = context.ask(source).await?;
    told(&mut context, source, Form::List).await
}

pub(super) async fn export(call: contracts::Export, mut context: Context<'_>) -> Answer {
    let client = context.client(call.client.as_deref()).await?;
    let form = Form::Export { brief: call.brief.unwrap_or(false), origin: context.engine.origin() };
    let source = move |engine: &Engine| engine.book.snapshot(client.as_ref()).map(Source::Now);
    let source = context.ask(source).await?;
    told(&mut context, source, form).await
}

/// Tells contracts, a step at a time.
async fn told(context: &mut Context<'_>, source: Source, form: Form) -> Answer {
    let all = source.contracts();
    let mut stream = context.stream.take();
    let (mut source, form) = (source, Arc::new(form));
    let (mut gathered, mut told) = (Json::default(), 0);
    loop {
        let form_of_step = Arc::clone(&form);
        let step = move |engine: &Engine| {
            let pieces = source.next(engine, &form_of_step)?;
            Ok((source, pieces))
        };
        let pieces;
        (source, pieces) = context.ask(step).await?;
        if pieces.is_empty() {
            break;
        }
        for piece in pieces {
            told += piece.contracts;
            let bytes = piece.json.into_bytes();
            match &mut stream {
                // What fits into one reply is one.
                Some(stream) if all > PIECE => {
                    let reply = form.reply(Some(&bytes), Some((told, all)));
                    drop(bytes);
                    stream.more(reply).await.map_err(|_| went_away())?;
                }
                _ => {
                    gathered.plain(&bytes);
                    if stream.is_none() && gathered.len() > LONGEST_REPLY {
                        return Err(too_long(all));
                    }
                }
            }
        }
        context.claim.rest();
    }
    let gathered = gathered.into_bytes();
    // Behind pieces, the last reply of an export has no list: who does not know of pieces must not take
    // what would stand there for everything.
    let ends_pieces = gathered.is_empty() && all > 0;
    Ok(form.reply((!ends_pieces).then_some(&gathered[..]), None))
}

impl Source {
    fn contracts(&self) -> usize {
        match self {
            Source::Now(snapshot) => snapshot.contracts(),
            Source::Then(contracts, _) => contracts.len(),
        }
    }

    /// The next pieces; none after the last.
    fn next(&mut self, engine: &Engine, form: &Form) -> Result<Vec<Piece>, Failure> {
        let mut rows = Rows::new(engine.book.links());
        let mut pieces: Vec<Piece> = Vec::new();
        let place = |pieces: &mut Vec<Piece>| match pieces.last() {
            Some(piece) if piece.contracts < PIECE => pieces.len() - 1,
            _ => {
                pieces.push(Piece::default());
                pieces.len() - 1
            }
        };
        match self {
            Source::Now(snapshot) => {
                let changes = matches!(form, Form::Export { brief: false, .. });
                while pieces.last().is_none_or(|piece| piece.contracts < PIECE) {
                    let more = engine.book.read_snapshot(snapshot, changes, |of_client| {
                        for contract in &of_client.contracts {
                            let at = place(&mut pieces);
                            form.write(&mut pieces[at], &mut rows, of_client, contract);
                        }
                    })?;
                    if !more {
                        break;
                    }
                }
            }
            Source::Then(contracts, last_full) => {
                for contract in contracts.by_ref().take(PIECE) {
                    let at = place(&mut pieces);
                    let last_full = last_full.get(&contract.client).copied();
                    let texts = ContractTexts::from(&contract);
                    rows.contract(&mut pieces[at].json, &texts, last_full);
                    pieces[at].contracts += 1;
                }
            }
        }
        Ok(pieces)
    }
}

impl Form {
    fn write(
        &self,
        piece: &mut Piece,
        rows: &mut Rows,
        of: &ClientContracts<'_>,
        contract: &ContractTexts<'_>,
    ) {
        let last_full = of.state.as_ref().and_then(|state| state.last_full);
        let unnamed = || ClientRef { id: of.client, name: String::new() };
        piece.contracts += 1;
        match self {
            Form::List => rows.contract(&mut piece.json, contract, last_full),
            Form::Export { brief, .. } => {
                let client = of.state.as_ref().map_or_else(unnamed, |state| state.client.clone());
                let changed = (!brief).then(|| of.changes.of(contract.key));
                let client = (&client, last_full);
                rows.exported(&mut piece.json, contract, client, changed.as_ref());
            }
        }
    }

    /// A reply with these contracts, or without any list; `progress` is how many of how many are told,
    /// where another reply follows.
    fn reply(&self, contracts: Option<&[u8]>, progress: Option<(usize, usize)>) -> Parameters {
        // A piece is long, and what stands around it is short.
        let mut json = Json::with_capacity(contracts.map_or(0, <[u8]>::len) + 512);
        json.open(b'{');
        let is_list = matches!(self, Form::List);
        if contracts.is_some() || is_list {
            json.key("contracts");
            json.open(b'[');
            if let Some(contracts) = contracts.filter(|contracts| !contracts.is_empty()) {
                json.plain(contracts);
            }
            json.close(b']');
        }
        if let Form::Export { origin: Origin { tenant, store_id }, .. } = self {
            if let Some((told, all)) = progress {
                let (told, all) = (thousands(told), thousands(all));
                json.key("progress");
                json.open(b'{');
                json.pair("doing", Some(&format!("exporting, {told} of {all} contracts")));
                json.key("pages");
                json.number(0);
                json.key("rows");
                json.number(0);
                json.close(b'}');
            }
            json.pair("store_id", Some(store_id));
            json.pair("tenant", Some(tenant));
        }
        json.close(b'}');
        Parameters::written(json.into_bytes())
    }
}

fn too_long(all: usize) -> CallError {
    let message = format!(
        "the answer with {} contracts is longer than {} MiB, the most that one reply may have: \
         ask for `more`, which replies in pieces, or for one client",
        thousands(all),
        LONGEST_REPLY >> 20
    );
    Failure::new(Code::InvalidArgument, message).into()
}
