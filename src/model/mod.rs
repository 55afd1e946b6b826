//! The values that the whole program speaks in: ids, money, contracts, failures, what a sync reads
//! and changes, events.
//!
//! Nothing here does I/O, knows a wire format or knows how it is stored; every other floor may use
//! it. The rooms inside, each using only those below it:
//!
//! ```text
//! 4  event      what happened, as it is told outside
//!    outlet     the ways in which it is told, and how they last went
//! 3  sync       what a sync reads, what is pending, what people decided about it, the run
//! 2  client     a client, and what is known of keeping it current
//!    audit      what somebody had the daemon do
//! 1  contract   the contract record and its fields   | failure  code, message and advice
//! 0  ids        keys of clients, items and runs      | money    amounts, cycles, effects
//!    actor      who asked                           | moment   moments as machines read them
//!    duration, text   how people read and type values
//! ```

mod actor;
mod audit;
mod client;
mod contract;
mod duration;
mod event;
mod failure;
mod ids;
mod moment;
mod money;
mod outlet;
mod sync;
pub mod text;

pub use actor::Actor;
pub use audit::{Act, ActRecord};
pub use client::{ClientRef, ClientState, LastError};
pub use contract::change::{Change, FieldChange};
pub use contract::field::{Field, Fields, Ownership, UnknownField};
pub use contract::record::{Contract, Origin, differences};
pub use contract::texts::{ContractTexts, Texts};
pub use contract::udf::{UdfName, plain};
pub use contract::value::{BadValue, Impact, Kind, Value};
pub use duration::{duration_text, parse_duration};
pub use event::{Event, EventItem, EventName};
pub use failure::Failure;
pub use failure::advice::{Advice, SecretSource};
pub use failure::chain::error_chain;
pub use failure::code::Code;
pub use failure::panic::panic_message;
pub use ids::{BadKey, ClientId, ItemKey, ItemKind, RunId};
pub use moment::{rfc3339, rfc3339_exact};
pub use money::amount::{Currency, Money};
pub use money::billing::{BillingState, Remark};
pub use money::cycle::{BillingCycle, per_month};
pub use money::effect::{Effect, effect_told, grouped, signed};
pub use outlet::{Outlet, OutletState};
pub use sync::flags::{Ignored, ItemFlags, PendingApproval, Quarantine};
pub use sync::held::{HeldChange, HeldChanges, Rejection};
pub use sync::pause::Pause;
pub use sync::pending::{PendingItem, PendingState};
pub use sync::run::{Counts, Run, RunResult, Trigger};
pub use sync::snapshot::ClientSnapshot;
pub use sync::source::{Reject, SourceItem, Working, WorkingLine};
pub use sync::unread::Unread;
pub use sync::visibility::{Visibility, limits};

#[cfg(test)]
mod tests {
    use super::*;

    /// Those of codes, events, states and remarks are held to `docs/topics`.
    #[test]
    fn the_names_of_values_are_an_interface() {
        assert_eq!([Trigger::Manual, Trigger::Auto].map(Trigger::name), ["manual", "auto"]);
        let results = [RunResult::Ok, RunResult::Partial, RunResult::Held, RunResult::Failed];
        assert_eq!(results.map(RunResult::name), ["ok", "partial", "held", "failed"]);
        let origins = [Origin::Autotask, Origin::Unlinked, Origin::Local];
        assert_eq!(origins.map(Origin::name), ["autotask", "unlinked", "local"]);
        for impact in ["unspecified", "low", "medium", "high"] {
            let read = Kind::Impact.parse(impact).expect("an impact");
            assert_eq!(read.to_string(), impact);
        }
    }
}
