//! Everything that speaks Autotask REST, and turns its rows into source items.
//!
//! From the wire upwards; a room uses only those below it:
//!
//! ```text
//! 0 fields    what is in a field: row, dates, decimal, text, amount
//! 1 http      request, transport, classify, error, concurrency: one request and its answer
//! 2 session   connection, zone, login breaker, budget, the tenant's use: whether it may be sent at
//!             all; retry: when it is sent again
//! 3 query     filter, paginate, plan, fetch: all rows of a query, for the fewest requests
//! 4 rows      what is in a row of each kind, and what lines bill
//! 5 meta      what numbers mean: fields, picklists, currencies; rows that hardly change
//! 6 import    snapshots of clients: read, agreements, children, convert, assemble
//!   ask       the other questions: directory, locate, access, probe
//! 7 api       what the rest of the program sees
//! ```
//!
//! Knows the model, the clock and the rules of cost; knows nothing of the store, the engine, the
//! socket or the configuration file. It can only read: `request` holds no other verb. What it
//! relies on is written down in the Autotask facts, whose sections the modules name.

mod api;
mod ask;
mod fields;
mod http;
mod import;
mod meta;
mod query;
mod rows;
mod session;

#[cfg(test)]
mod script;

pub use api::Autotask;
pub use ask::access::Access;
pub use ask::directory::Company;
pub use ask::locate::Located;
pub use ask::probe::{Finding, Outcome};
pub use http::entity::Entity;
pub use http::error::AutotaskError;
pub use http::limit::{Blocked, RateLimit};
pub use http::options::Options;
pub use http::request::{HttpRequest, Method};
pub use http::transport::{HttpResponse, HttpTransport, Transport};
pub use http::transport_error::{ErrorKind, TransportError};
pub use import::apart::Apart;
pub use import::read::Scope;
pub use import::read_cache::ReadMemory;
pub use rows::companies::nameless_company;
pub use session::persisted_usage::UseMemory;
pub use session::progress::{BUDGET_WAIT, Phase, Progress, Report};
pub use session::usage::{Auth, Threshold, Usage};
pub use session::work::Work;
pub use session::zone::ZoneMemory;
