//! Judging a world: when which invariant is looked at.

use std::collections::BTreeSet;
use std::fmt;

use lmsyncd::model::{ClientId, Contract, Run, RunResult};

use super::effects;
use super::invariants::{Broken, REQUESTS, UNASKED, broken, live_keys, next_due};
use super::world::World;

impl World {
    /// Judges what happened since the last time.
    pub(super) fn judge(&mut self) -> Result<(), Broken> {
        if let Some(violation) = self.ground.wire.violations().into_iter().next() {
            return broken(REQUESTS, violation);
        }
        let calls = self.ground.wire.last_hour() * 10;
        let is_short = calls >= usize::try_from(self.wanted.cap).expect("in range") * 8;
        if self.life.is_none() || is_short || !self.weather.is_calm() {
            self.disturbed();
        }
        let moment = self.moment();
        let Some(life) = &self.life else { return Ok(()) };
        let seq = life.store.head().seq;
        if seq != self.judged {
            self.judged = seq;
            let clients = life.store.clients().expect("clients");
            self.due = next_due(&clients, &self.desk);
            let runs = self.watch.new_runs(&life.store);
            let mut into = Vec::new();
            let (mut ran, mut moved) = (BTreeSet::new(), BTreeSet::new());
            for run in &runs {
                self.counts.runs += 1;
                self.trace.tell(moment.passed, Told(run));
                let client = self.watch.run(run, moment, &self.desk)?;
                ran.insert(client);
                // What has moved is written to its new client at once.
                if let Some(id) = run.id.filter(|_| run.counts.wrote()) {
                    let touched = life.store.touched_by(id).expect("what it touched");
                    if run.result == RunResult::Ok {
                        self.watch.judged.effects += 1;
                        let basis = effects::basis(&life.store, &touched, run.started.date_naive());
                        effects::judge(&touched, &basis)?;
                    }
                    moved.extend(
                        touched.iter().filter_map(|one| Some(one.after.as_ref()?.client.0)),
                    );
                }
            }
            for client in &moved {
                let contracts = life.store.contracts(ClientId(*client)).expect("contracts");
                if !ran.contains(client) {
                    into.push((*client, contracts));
                }
            }
            for (client, contracts) in into {
                self.keep(client, contracts);
            }
            for client in ran {
                // Also a run that found no change may have written: the next period runs.
                self.judge_client(client, true)?;
            }
        }
        self.watch.punctual(&self.desk, moment)
    }

    /// Judges the contracts of a client; they are read again where they may have changed.
    pub(super) fn judge_client(&mut self, client: i64, changed: bool) -> Result<(), Broken> {
        let moment = self.moment();
        let Some(life) = &self.life else { return Ok(()) };
        let before = self.books.get(&client).map(|book| live_keys(book)).unwrap_or_default();
        if changed || !self.books.contains_key(&client) {
            let contracts = life.store.contracts(ClientId(client)).expect("contracts");
            self.keep(client, contracts);
        }
        let contracts = &self.books[&client];
        self.watch.client(client, contracts, &before, &self.ground.upstream, &mut self.desk, moment)
    }

    /// Keeps the contracts of a client as they were read; those that came from another are no
    /// longer that one's.
    pub(super) fn keep(&mut self, client: i64, contracts: Vec<Contract>) {
        for contract in &contracts {
            if let Some(other) = self.owners.insert(contract.key, client).filter(|id| *id != client)
                && let Some(book) = self.books.get_mut(&other)
            {
                book.retain(|one| one.key != contract.key);
            }
        }
        self.books.insert(client, contracts);
    }

    /// Judges everything that is stored.
    pub fn sweep(&mut self) -> Result<(), Broken> {
        let moment = self.moment();
        let Some(life) = &self.life else { return Ok(()) };
        let contracts = life.store.all_contracts().expect("contracts");
        let clients = life.store.clients().expect("clients");
        let flags = life.store.all_flags().expect("flags");
        let stored = contracts.iter().map(|contract| contract.key).collect();
        let paused = life.paused();
        let paused = paused.iter().filter_map(|one| Some(one.client.as_ref()?.id.0)).collect();
        self.watch.desk(&clients, &flags, &paused, &stored, &self.desk)?;
        for of_one in contracts.chunk_by(|one, other| one.client == other.client) {
            let client = of_one[0].client.0;
            let live = live_keys(of_one);
            self.watch.client(
                client,
                of_one,
                &live,
                &self.ground.upstream,
                &mut self.desk,
                moment,
            )?;
            if let Some(known) = self.books.get(&client).filter(|known| *known != of_one) {
                let strange = of_one.iter().find(|one| !known.contains(one)).or(known.first());
                let before =
                    strange.and_then(|one| known.iter().find(|other| other.key == one.key));
                let told = format!("client {client}: {strange:?} was {before:?}");
                return broken(UNASKED, told);
            }
            self.keep(client, of_one.to_vec());
        }
        Ok(())
    }
}

/// A run in one line.
struct Told<'a>(&'a Run);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Run { id, client, trigger, result, counts, requests, error, .. } = self.0;
        write!(
            f,
            "run {} of {}, {}: {}, +{} ~{} ={} -{} !{}, {requests} requests",
            id.map(|id| id.0).unwrap_or_default(),
            client.id,
            trigger.name(),
            result.name(),
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.vanished,
            counts.rejected,
        )?;
        match error {
            Some(error) => write!(f, ": {}", error.message),
            None => Ok(()),
        }
    }
}
