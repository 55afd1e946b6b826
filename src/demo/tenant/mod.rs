//! A fake Autotask tenant: an HTTP server that behaves as truly as possible like Autotask's REST
//! API, for tests, benchmarks and the tour.
//!
//! It is independent evidence: it shares no code with the client and uses no other module of this
//! crate. What it imitates is written down in the Autotask facts; where those leave a question
//! open, the tenant offers both as a [`Fault`], or says in a comment that a text is invented.
//!
//! There is no clock: `today` is given. The rooms inside, each using only those below it:
//!
//! ```text
//! 6  server    http (who is let in, at what cost) ─► service (what the endpoint answers) ─► query, page
//!    edit      what people in Autotask change, what days change, other kinds of tenants
//! 5  generate  many clients, from a seed
//! 4  stories   the few clients that tests and the tour tell of
//! 3  book      writing agreements, lines, and what is bought once
//! 2  rows      tables, what a request sees of them, filters
//! 1  fault     what goes wrong, by name
//! 0  schema    entities, fields, values      | billing  what a line bills, in which rows
//! ```

mod billing;
mod book;
mod edit;
mod fault;
mod generate;
mod rows;
mod schema;
mod server;
mod stories;

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::{fmt, io};

use axum::Router;
use chrono::{DateTime, NaiveDate, Utc};

pub use billing::reading::Reading;
pub use book::once::Bought;
pub use edit::rows::EditError;
pub use fault::{Fault, FaultError, FaultRule, Faults};
pub use generate::Options;
pub use schema::entity::{Entity, UnknownEntity};
pub use schema::language::Language;
pub use schema::line_kind::LineKind;
pub use server::auth::Credentials;
pub use server::counters::Counters;
pub use server::limits::Limits;
pub use server::serving::Serving;

/// A tenant: its data, faults, limits and counters. A clone is the same tenant.
#[derive(Clone)]
pub struct Tenant(Arc<Inner>);

impl fmt::Debug for Tenant {
    /// Short: the rows of a tenant fill pages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tenant").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Inner {
    data: RwLock<Data>,
    faults: Faults,
    limits: Limits,
    tally: server::counters::Tally,
    credentials: Credentials,
}

/// What edits change.
#[derive(Debug)]
struct Data {
    tables: rows::table::Tables,
    /// Agreements that the API user does not see.
    hidden: HashSet<i64>,
    today: NaiveDate,
    /// Periods with unit rows after the current one.
    after: i32,
    /// How changes within a period are recorded.
    reading: Reading,
    language: Language,
    /// Edits so far: each is a little later than the one before.
    edits: i64,
    /// Where the tenant is reached; `None` follows the Host header.
    base_url: Option<String>,
    /// What time it is at the tenant; `None` is the time of this machine.
    clock: Option<DateTime<Utc>>,
}

impl Tenant {
    /// The hand-written tenant of fifteen clients, one for each kind of story, with billing periods
    /// around `today`. The module `stories` lists them.
    pub fn stories(today: NaiveDate) -> Tenant {
        Tenant::with(stories::build(today))
    }

    /// A tenant of any size: about 3 agreements a client and 4 additions an agreement, the same
    /// for the same seed. Clients have the ids 1000 and up; company 0 is the MSP, without
    /// agreements.
    pub fn generated(today: NaiveDate, clients: usize, seed: u64) -> Tenant {
        Tenant::generated_with(today, &Options { clients, seed, ..Options::default() })
    }

    /// The same, in which each recurring agreement comes after so many others of a year, which ended
    /// and were billed to their end.
    pub fn with_history(today: NaiveDate, clients: usize, seed: u64, terms: i32) -> Tenant {
        Tenant::generated_with(today, &Options { clients, seed, terms, ..Options::default() })
    }

    /// The same, as the options have it.
    pub fn generated_with(today: NaiveDate, options: &Options) -> Tenant {
        Tenant::with(generate::build(today, options))
    }

    fn with(book: book::Book) -> Tenant {
        Tenant(Arc::new(Inner {
            data: RwLock::new(Data {
                tables: book.tables,
                hidden: HashSet::new(),
                today: book.today,
                after: book.after,
                reading: book.reading,
                language: Language::default(),
                edits: 0,
                base_url: None,
                clock: None,
            }),
            faults: Faults::default(),
            limits: Limits::default(),
            tally: server::counters::Tally::default(),
            credentials: Credentials::default(),
        }))
    }

    /// The tenant as a service, for use in process; see [`Tenant::set_base_url`].
    pub fn router(&self) -> Router {
        // One handler for all: axum's own routes know no case-insensitive paths.
        Router::new().fallback(server::http::handle).with_state(self.clone())
    }

    /// Serves on 127.0.0.1; port 0 takes any free one.
    pub async fn serve(&self, port: u16) -> io::Result<Serving> {
        Serving::start(self.router(), port).await
    }

    /// What a client needs to be let in; made up, and good for nothing else.
    pub fn credentials(&self) -> Credentials {
        self.0.credentials.clone()
    }

    /// The faults, to be switched on and off at any time.
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// The limits per hour and at a time, to be set at any time.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// What was counted since the start or the last reset.
    pub fn counters(&self) -> Counters {
        let highest_concurrency = self.0.limits.highest();
        Counters { highest_concurrency, ..self.0.tally.snapshot() }
    }

    /// Begins counting anew. What counts toward the hourly limit stays; see [`Limits::set_used`].
    pub fn reset_counters(&self) {
        self.0.tally.reset();
        self.0.limits.reset_highest();
    }

    /// Sets where the tenant says it is reached, such as `http://tenant.test`: in zone information
    /// and in the URLs of following pages. By default it follows the Host header of each request.
    pub fn set_base_url(&self, url: &str) {
        let url = url.trim_end_matches('/').to_owned();
        self.change(|data| data.base_url = Some(url));
    }

    /// Sets what time it is at the tenant, which the `Date` of each answer tells. By default it is that
    /// of this machine.
    pub fn set_clock(&self, now: DateTime<Utc>) {
        self.change(|data| data.clock = Some(now));
    }

    fn clock(&self) -> Option<DateTime<Utc>> {
        self.read(|data| data.clock)
    }

    fn base_url(&self) -> Option<String> {
        self.read(|data| data.base_url.clone())
    }

    fn tally(&self) -> &server::counters::Tally {
        &self.0.tally
    }

    fn lens(&self, entity: Entity) -> rows::lens::Lens {
        self.read(|data| rows::lens::Lens::of(&self.0.faults, &data.hidden, entity))
    }

    fn with_tables<T>(&self, read: impl FnOnce(&rows::table::Tables) -> T) -> T {
        self.read(|data| read(&data.tables))
    }

    fn read<T>(&self, read: impl FnOnce(&Data) -> T) -> T {
        read(&self.0.data.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Data) -> T) -> T {
        change(&mut self.0.data.write().unwrap_or_else(PoisonError::into_inner))
    }
}
