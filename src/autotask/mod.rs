//! Everything that speaks Autotask REST, and turns its rows into source items.
//!
//! From the wire upwards:
//!
//! ```text
//! fields    what is in a field: row, dates, decimal, text
//! http      transport, request, classify, error, retry, concurrency: one request and its answer
//! session   connection, zone, login breaker, budget, the tenant's use: whether it may be sent at all
//! query     filter, paginate, plan, fetch: all rows of a query, for the fewest requests
//! rows      what is in a row of each kind, and what lines bill
//! meta      what numbers mean: fields, picklists, currencies; rows that hardly change
//! import    snapshots of clients: read, agreements, children, convert, assemble
//! ask       the other questions: directory, locate, access, probe
//! api       what the rest of the program sees
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
#[cfg(test)]
mod script;
mod session;

pub use api::Autotask;
pub use ask::access::Access;
pub use ask::directory::Company;
pub use ask::locate::Located;
pub use ask::probe::{Finding, Outcome};
pub use http::entity::Entity;
pub use http::error::{AutotaskError, RateLimit};
pub use http::request::{HttpRequest, Method};
pub use http::transport::{HttpResponse, HttpTransport, Transport, TransportError, Trouble};
pub use import::read::Scope;
pub use import::read_cache::ReadMemory;
pub use rows::companies::nameless_company;
pub use session::login_breaker::Blocked;
pub use session::options::Options;
pub use session::persisted_usage::UseMemory;
pub use session::progress::{BUDGET_WAIT, Phase, Progress, Report};
pub use session::usage::{Auth, Threshold, Usage};
pub use session::work::Work;
pub use session::zone::ZoneMemory;
