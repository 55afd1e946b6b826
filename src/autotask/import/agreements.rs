//! The agreements of some clients: read in full, or, where that costs fewer requests, what changed
//! of them by `Contracts.lastModifiedDateTime`.
//!
//! ```text
//! never read, or not for a week ──► in full
//! else ──► what changed since ──► count of 500 clients as expected ──► done
//!                                             └── not ──► these in full
//! ```
//!
//! A page holds 500 agreements, or the count of the agreements of 500 clients, who have some 1,500:
//! so a night of 2,000 clients takes 1 page of changes and 4 counts in place of 13 pages, of some
//! 105 requests in all. For a single client, which is what people ask for, it saves nothing, so
//! that agreements are then read in full.
//!
//! What a cursor cannot tell is found in other ways (section 4.1 of the Autotask facts):
//!
//! - That one is gone, or hidden: the count is not as expected. Where another came to light in the
//!   same night, so that the count agrees, nothing stands below the first any more: it is asked for
//!   by id, and if it is not there, all is read again in full.
//! - That one changed without moving the cursor: any reading in full that finds this out ends the
//!   use of the cursor until a restart. Each client is read in full once a week.
//! - Which time it is at Autotask: changes are asked for from a day before the latest change that
//!   was seen, in Autotask's own time, or before the last reading in ours, whichever is earlier.
//!
//! What is below agreements has no cursor and is always read. RowCache in memory only.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::autotask::fields::row::KeyedRow;
use crate::autotask::http::entity::Entity;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::meta::row_cache::{CACHE_TTL, OVERLAP};
use crate::autotask::query::fetch::Fetcher;
use crate::autotask::query::filter::{PAGE_ROWS, Query, Within};
use crate::autotask::query::paginate::{Pagination, paginate};
use crate::autotask::query::plan::{Cardinality, spanning};
use crate::autotask::rows::companies::{ContractRow, WantedFields};
use crate::autotask::session::retry::FOR_A_RUN;

/// The field that holds the moment of the last change, where the tenant has it.
pub(in crate::autotask) const CURSOR: &str = "lastModifiedDateTime";

/// The agreements that are known.
#[derive(Default)]
pub(in crate::autotask) struct Agreements(Mutex<State>);

#[derive(Default)]
struct State {
    /// By id, those of `clients`.
    rows: BTreeMap<i64, Known>,
    clients: BTreeMap<i64, Since>,
    /// The latest change that was seen, in Autotask's time.
    latest: Option<DateTime<Utc>>,
    /// A change was found that the cursor had not told.
    distrusted: bool,
}

struct Known {
    row: ContractRow,
    changed: Option<DateTime<Utc>>,
    /// How many additions stood below it the last time.
    additions: usize,
}

/// Of a client all of whose agreements are known.
#[derive(Clone, Copy)]
struct Since {
    /// When they were last read in full, in our time.
    read: DateTime<Utc>,
    /// From when on changes must be asked for.
    changes: DateTime<Utc>,
}

/// The agreements of some clients.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::autotask) struct Found {
    /// By id.
    pub rows: Vec<ContractRow>,
    /// Those of them that were not read just now.
    pub unread: BTreeSet<i64>,
}

/// One reading of agreements.
pub(in crate::autotask) struct Search<'a> {
    pub gathering: Fetcher<'a>,
    pub agreements: &'a Agreements,
    pub wanted: &'a WantedFields<'a>,
    pub clients: BTreeSet<i64>,
}

/// An agreement as it came, with the moment of its last change.
type Dated = (ContractRow, Option<DateTime<Utc>>);

/// Reads an agreement, and notes which of the wanted fields it has.
fn dated(wanted: &WantedFields<'_>, row: &KeyedRow) -> Dated {
    (wanted.read(row), row.1.moment(CURSOR).ok().flatten())
}

impl Agreements {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns how many additions stand below each agreement; answers which of `unread` had some and
    /// have none left.
    pub fn learn_additions(
        &self,
        additions: &BTreeMap<i64, usize>,
        found: &Found,
    ) -> BTreeSet<i64> {
        let mut state = self.state();
        let mut hollow = BTreeSet::new();
        for row in &found.rows {
            let Some(known) = state.rows.get_mut(&row.id) else { continue };
            let now = additions.get(&row.id).copied().unwrap_or(0);
            let before = std::mem::replace(&mut known.additions, now);
            if before > 0 && now == 0 && found.unread.contains(&row.id) {
                hollow.insert(row.id);
            }
        }
        hollow
    }

    /// Knows nothing any more.
    pub fn forget(&self) {
        let mut state = self.state();
        (state.rows, state.clients) = Default::default();
    }
}

impl Search<'_> {
    /// Whether asking for changes is expected to cost less than reading in full, where the tenant
    /// has the cursor.
    pub fn is_cursor_cheaper(&self) -> bool {
        let now = self.gathering.connection.clock().now();
        let state = self.agreements.state();
        let known = state.known(&self.clients, now);
        let Some(since) = state.since(&known) else { return false };
        let others: Vec<i64> = self.clients.difference(&known).copied().collect();
        let cost = |ids: &[i64]| {
            let spread = Cardinality::of(Entity::Contracts, "companyID");
            let choose =
                |known: &mut crate::autotask::query::plan::RowStats| known.choose(ids, spread).1;
            if ids.is_empty() { 0 } else { self.gathering.counts.of(Entity::Contracts, choose) }
        };
        let all: Vec<i64> = self.clients.iter().copied().collect();
        let changed = state.rows.values().filter(|known| known.changed >= Some(since)).count();
        let by_cursor = spanning(changed / PAGE_ROWS + 1) + known.len().div_ceil(PAGE_ROWS);
        !state.distrusted && by_cursor + cost(&others) < cost(&all)
    }

    /// All of them, read in full.
    pub async fn in_full(&self) -> Result<Found, AutotaskError> {
        let mut found = Found::default();
        self.read(self.clients.clone(), &mut found).await?;
        Ok(found)
    }

    /// All of them, those of clients that are known by what changed.
    pub async fn by_cursor(&self) -> Result<Found, AutotaskError> {
        let Fetcher { connection, ways, progress, .. } = self.gathering;
        let now = connection.clock().now();
        let (since, known) = {
            let state = self.agreements.state();
            let known = state.known(&self.clients, now);
            (state.since(&known), known)
        };
        let Some(since) = since else { return self.in_full().await };
        let query = Query::all(Entity::Contracts).changed_since(CURSOR, since);
        let read = |row: KeyedRow| dated(self.wanted, &row);
        let read = paginate(connection, &query, FOR_A_RUN, progress, read).await?;
        // Time zones and the like may shift it.
        let is_told = |(_, changed): &&Dated| changed.is_some_and(|at| at >= since - OVERLAP);
        if let Some((row, _)) = read.iter().find(|row| !is_told(row)) {
            self.agreements.state().distrust(row.id, "was told as changed, and did not");
            return self.in_full().await;
        }
        let changed: BTreeSet<i64> = read.iter().map(|(row, _)| row.id).collect();
        self.agreements.state().apply(read);

        let (mut rest, mut counts) = (&self.clients - &known, 0);
        let ids: Vec<i64> = known.iter().copied().collect();
        let mut found = Found::default();
        for ids in ids.chunks(PAGE_ROWS) {
            let query = Query::all(Entity::Contracts);
            let counting = Pagination { connection, query: &query, patience: FOR_A_RUN, progress };
            let within = Within::new("companyID", ids.iter().copied());
            let count = counting.count(Some(&within)).await?;
            counts += 1;
            let mut state = self.agreements.state();
            let rows = state.rows_of(ids);
            if rows.len() == count {
                state.renew(ids, now);
                let old = rows.iter().map(|row| row.id).filter(|id| !changed.contains(id));
                found.unread.extend(old);
                found.rows.extend(rows);
            } else {
                rest.extend(ids);
            }
        }
        ways.note(Entity::Contracts, &format!("what changed, {counts} counts"));
        if !rest.is_empty() {
            self.read(rest, &mut found).await?;
        }
        found.rows.sort_by_key(|row| row.id);
        Ok(found)
    }

    /// Which of `ids` are still there.
    pub async fn still_there(&self, ids: &BTreeSet<i64>) -> Result<BTreeSet<i64>, AutotaskError> {
        let Fetcher { connection, progress, .. } = self.gathering;
        let query = Query::all(Entity::Contracts).fields(&["id"]).within("id", ids.iter().copied());
        let ids = paginate(connection, &query, FOR_A_RUN, progress, |(id, _)| id).await?;
        Ok(ids.into_iter().collect())
    }

    /// Reads the agreements of `clients` in full, and learns them.
    async fn read(&self, clients: BTreeSet<i64>, found: &mut Found) -> Result<(), AutotaskError> {
        let now = self.gathering.connection.clock().now();
        let query = Query::all(Entity::Contracts).within("companyID", clients.iter().copied());
        let read = self.gathering.rows(&query, |row| dated(self.wanted, &row)).await?;
        self.agreements.state().record(&clients, &read, now);
        found.rows.extend(read.into_iter().map(|(row, _)| row));
        Ok(())
    }
}

impl State {
    /// Which of `clients` changes are enough for.
    fn known(&self, clients: &BTreeSet<i64>, now: DateTime<Utc>) -> BTreeSet<i64> {
        let is_known = |client: &&i64| {
            let since = self.clients.get(client);
            since.is_some_and(|since| (now - since.read).abs() < CACHE_TTL)
        };
        clients.iter().filter(is_known).copied().collect()
    }

    /// From when on changes must be asked for.
    fn since(&self, clients: &BTreeSet<i64>) -> Option<DateTime<Utc>> {
        clients.iter().filter_map(|client| Some(self.clients.get(client)?.changes)).min()
    }

    fn rows_of(&self, clients: &[i64]) -> Vec<ContractRow> {
        let is_of = |row: &&ContractRow| {
            row.company.is_some_and(|company| clients.binary_search(&company).is_ok())
        };
        self.rows.values().map(|known| &known.row).filter(is_of).cloned().collect()
    }

    /// Agreements that changed, of whichever client.
    fn apply(&mut self, read: Vec<Dated>) {
        for (row, changed) in read {
            let is_of_known = row.company.is_some_and(|id| self.clients.contains_key(&id));
            if is_of_known || self.rows.contains_key(&row.id) {
                self.keep(row, changed);
            }
        }
    }

    /// All agreements of `clients`, as they were read in full.
    fn record(&mut self, clients: &BTreeSet<i64>, read: &[Dated], now: DateTime<Utc>) {
        let is_of = |known: &Known| known.row.company.is_some_and(|id| clients.contains(&id));
        let ids: BTreeSet<i64> = read.iter().map(|(row, _)| row.id).collect();
        self.rows.retain(|id, known| !is_of(known) || ids.contains(id));
        for (row, changed) in read {
            let changed = *changed;
            if let Some(known) = self.rows.get(&row.id)
                && known.row != *row
                && known.changed.is_some_and(|known| changed.is_none_or(|now| now <= known))
            {
                self.distrust(row.id, "changed without being told as changed");
            }
            self.keep(row.clone(), changed);
        }
        // One whose client cannot be read may belong to any of them.
        if read.iter().all(|(row, _)| row.company.is_some()) && self.latest.is_some() {
            for client in clients {
                self.clients.insert(*client, Since { read: now, changes: now });
            }
            let clients: Vec<i64> = clients.iter().copied().collect();
            self.renew(&clients, now);
        }
    }

    /// The cursor does not tell what it should, so it is not used until a restart.
    fn distrust(&mut self, contract: i64, what: &str) {
        tracing::info!("contract {contract} {what}: {CURSOR} is no longer relied on");
        self.distrusted = true;
    }

    fn keep(&mut self, row: ContractRow, changed: Option<DateTime<Utc>>) {
        self.latest = self.latest.max(changed);
        let additions = self.rows.get(&row.id).map_or(0, |known| known.additions);
        self.rows.insert(row.id, Known { row, changed, additions });
    }

    /// Everything about these clients is known as of now.
    fn renew(&mut self, clients: &[i64], now: DateTime<Utc>) {
        let changes = self.latest.map_or(now, |latest| latest.min(now)) - OVERLAP;
        for client in clients {
            if let Some(since) = self.clients.get_mut(client) {
                since.changes = changes;
            }
        }
    }
}

#[cfg(test)]
mod tests;
