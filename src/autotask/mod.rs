//! Everything that speaks Autotask REST, and turns its rows into source items.
//!
//! From the wire upwards:
//!
//! ```text
//! transport  request                            bytes; the only requests there are
//! classify  error                               what an answer means
//! zone  limit  retry  connection                one request from end to end
//! work  budget  tenant_use  brake  remembered   whether it may be sent at all
//! filter  walk  plan  gather                    all rows of a query, for the fewest requests
//! row  dates  decimal  text                     what is in a field
//! rows  lines  units  purchases                 what is in a row
//! fields  labels  catalogue  kept  currency     what its numbers mean
//! convert  addition                             one agreement, one addition
//! read  agreements  below  assemble  memory     snapshots of clients
//! directory  locate  access  probe              the other questions
//! api                                           what the rest of the program sees
//! ```
//!
//! Knows the model, the clock and the rules of cost; knows nothing of the store, the engine, the
//! socket or the configuration file. It can only read: `request` holds no other verb. What it
//! relies on is written down in the Autotask facts, whose sections the modules name.

mod access;
mod addition;
mod agreements;
mod api;
mod assemble;
mod below;
mod billed;
mod brake;
mod budget;
mod catalogue;
mod classify;
mod connection;
mod convert;
mod currency;
mod dates;
mod decimal;
mod directory;
mod entity;
mod error;
mod fields;
mod filter;
mod gather;
mod kept;
mod labels;
mod limit;
mod lines;
mod locate;
mod memory;
mod options;
mod pairing;
mod plan;
mod probe;
mod progress;
mod purchases;
mod read;
#[cfg(test)]
mod read_tests;
mod remembered;
mod request;
mod retry;
mod row;
mod rows;
mod rules;
#[cfg(test)]
mod script;
mod slot;
mod tenant_use;
mod text;
mod transport;
mod units;
mod usage;
mod walk;
mod work;
mod zone;

pub use access::Access;
pub use api::Autotask;
pub use brake::Blocked;
pub use directory::Company;
pub use entity::Entity;
pub use error::{AutotaskError, RateLimit};
pub use locate::Located;
pub use memory::ReadMemory;
pub use options::Options;
pub use probe::{Finding, Outcome};
pub use progress::{BUDGET_WAIT, Phase, Progress, Report};
pub use read::Scope;
pub use remembered::UseMemory;
pub use request::{HttpRequest, Method};
pub use rows::nameless_company;
pub use transport::{HttpResponse, HttpTransport, Transport, TransportError, Trouble};
pub use usage::{Auth, Threshold, Usage};
pub use work::Work;
pub use zone::ZoneMemory;
