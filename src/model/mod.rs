//! The values that the whole program speaks in: ids, money, cycles, source items, contracts,
//! changes, runs.
//!
//! Nothing here does I/O, knows a wire format or knows how it is stored. The words are those of
//! the glossary in docs/glossary.md; every other floor may use them.

mod actor;
mod advice;
mod billing;
mod change;
mod client;
mod code;
mod contract;
mod cycle;
mod effect;
mod event;
mod failure;
mod field;
mod ids;
mod mark;
mod memo;
mod money;
mod pending;
mod run;
mod snapshot;
mod source;
mod udf;
mod value;

pub use actor::Actor;
pub use advice::{Advice, SecretSource};
pub use billing::{BillingState, Remark};
pub use change::{Change, FieldChange};
pub use client::{ClientRef, ClientState, LastError};
pub use code::Code;
pub use contract::{Contract, Origin, differences};
pub use cycle::BillingCycle;
pub use effect::{Effect, effect_told, grouped, signed};
pub use event::{Event, EventName};
pub use failure::Failure;
pub use field::{Field, Ownership, UnknownField};
pub use ids::{BadKey, ClientId, ItemKey, Letter, RunId};
pub use mark::{Hold, Ignored, Mark, Quarantine};
pub use memo::{HeldItem, Holding, Memo, MemoKey, Pause, Rejection};
pub use money::{Currency, Money};
pub use pending::{PendingItem, PendingState};
pub use run::{Counts, Run, RunResult, Trigger};
pub use snapshot::ClientSnapshot;
pub use source::{Fields, Reject, SourceItem, Working, WorkingLine};
pub use udf::UdfName;
pub use value::{BadValue, Impact, Kind, Value};
