//! Clients, what is pending for them, what is noted beside items, runs, and the switch of auto-sync.
//!
//! lmsyncd imports contracts from Autotask PSA, one way. A client is an Autotask company, an item is
//! an agreement or an addition below one. Items and contracts have a key: one letter and the
//! Autotask id, such as A29683353 (an agreement) or S55102 (a service below one).
//!
//! Called with `more`, methods with a `progress` in their replies send replies before the last one
//! that tell how far they are; everything else in those is empty.
//!
//! Money is a decimal string with the digits of its currency, a date is YYYY-MM-DD, a moment is
//! RFC 3339 in UTC. A parameter `client` takes a company id, an exact name, or a part of a name that
//! fits one company.

mod clients;
mod flags;
mod held;
mod pause;
mod pending;
mod runs;
mod switch;

pub use super::effect::Effect;
pub use super::field_change::FieldChange;
pub use super::progress::Progress;
pub use super::visibility::Visibility;
pub use clients::*;
pub use flags::*;
pub use held::*;
pub use pause::*;
pub use pending::*;
pub use runs::*;
pub use switch::*;

use super::interface::interface;
#[cfg(test)]
use crate::model::Advice;

interface! {
    "org.lmsyncd.Sync", "../org.lmsyncd.Sync.varlink", documented in "mod.rs";
    methods:
        ListClients => ClientList progress,
        Pending => PendingReply progress,
        Diff => DiffReply progress,
        Sync => SyncReply progress,
        SetAutoSync => SetAutoSyncReply progress,
        Pause => PauseReply,
        Resume => PauseReply,
        ListHeld => HeldList,
        AcceptHeld => AcceptReply,
        RejectHeld => RejectReply,
        ListRuns => RunList,
        ShowRun => RunReply,
        RevertRun => RevertReply,
        Ignore => IgnoreReply,
        Unignore => IgnoreReply,
        Explain => ExplainReply,
        Reconcile => ReconcileReply progress,
        ListQuarantine => Quarantine;
    errors:
        NoSuchClient, AmbiguousClient, NoSuchContract, OtherClient, NoSuchRun, AutoSyncEnabled,
        FieldNotEditable, Held, Ignored, Unsupported;
    types:
        Client, Visibility, ClientSummary, FieldChange, NextChange, Item, PendingSummary, Reject, Advice, Effect,
        Expected, Run, FoldedRuns, Progress, Switch, RunChange, Check, Discrepancy, Quarantined, HeldRun, Paused;
}
