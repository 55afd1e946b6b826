//! What happened, told to whoever listens: the journal, those who watch, the notify command.
//!
//! The names are an interface, as those of errors are. What an event does not concern is none.

use chrono::{DateTime, Utc};
use strum::{EnumCount, VariantArray};

use super::{Actor, ClientRef, Code, Effect, FieldChange, ItemKey, PendingState, Run, RunId};

/// What kind of thing happened.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::IntoStaticStr,
    strum::EnumCount,
    strum::VariantArray,
    strum::EnumString,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum EventName {
    /// A run ended and had nothing to change.
    RunFinished,
    /// A run ended and changed contracts, or met rows that cannot be converted.
    RunChanged,
    /// A guard held something of a run.
    RunHeld,
    /// A run failed, or none can begin.
    RunFailed,
    /// What an alert was about is over.
    Recovered,
    /// Autotask refuses the credentials.
    AuthBlocked,
    /// So little of the tenant's hour is left that auto-sync waits.
    BudgetLow,
    /// Runs of auto-sync should have begun long ago.
    Overdue,
    /// An outlet does not work: the notify command, the metrics file or the heartbeat.
    OutletFailed,
    /// The API user may see only a part of what an import needs.
    AccessLimited,
    /// A client has its first agreement, and no sync.
    ClientNew,
    /// Auto-sync was switched for a client.
    Switched,
    /// The configuration was read again.
    Reloaded,
    /// The store was not as it had been left.
    StoreRepaired,
    /// The store takes no changes, because its disk failed or is full.
    StoreFailed,
}

impl EventName {
    /// Every name.
    pub const ALL: [EventName; EventName::COUNT] =
        *EventName::VARIANTS.first_chunk().expect("one for each");

    /// What a person is told of unless the configuration says otherwise: what begins to be wrong,
    /// and that it is over.
    pub const ALERTS: [EventName; 11] = [
        EventName::RunHeld,
        EventName::RunFailed,
        EventName::Recovered,
        EventName::AuthBlocked,
        EventName::BudgetLow,
        EventName::Overdue,
        EventName::OutletFailed,
        EventName::AccessLimited,
        EventName::ClientNew,
        EventName::StoreRepaired,
        EventName::StoreFailed,
    ];

    /// The name as it stands in JSON, in the configuration and in the journal.
    pub fn name(self) -> &'static str {
        self.into_str()
    }

    /// The event with this name.
    pub fn from_name(name: &str) -> Option<EventName> {
        name.parse().ok()
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What kind of thing.
    pub name: EventName,
    /// When.
    pub at: DateTime<Utc>,
    /// What happened, in one line.
    pub message: String,
    /// Whether this is an alert or its end: reported once per cause, not once per run.
    pub alert: bool,
    /// Since when it lasts, of an alert or its end.
    pub since: Option<DateTime<Utc>>,
    /// The client that it concerns; none where it concerns all.
    pub client: Option<ClientRef>,
    /// The run that ended.
    pub run: Option<Run>,
    /// The run that it is about: the one that ended, or for an alert the one to look at.
    pub run_id: Option<RunId>,
    /// What changed, or is held: at most [`EventItem::MOST`] items.
    pub items: Vec<EventItem>,
    /// How many more items there are.
    pub more_items: usize,
    /// What the run changed, in money: how much more or less counts.
    pub effects: Vec<Effect>,
    /// The same of what a guard held of the run.
    pub held_effects: Vec<Effect>,
    /// The code of what is wrong.
    pub code: Option<Code>,
    /// Who did it.
    pub actor: Option<Actor>,
    /// Whether nothing happened: it only tries whether the notify command works.
    pub test: bool,
}

/// An item that an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventItem {
    /// The item.
    pub key: ItemKey,
    /// The agreement that it stands below.
    pub parent: Option<ItemKey>,
    /// What became of it, or why it is held.
    pub state: PendingState,
    /// Its name.
    pub name: String,
    /// What changed, field by field.
    pub changes: Vec<FieldChange>,
    /// What that is in money, of the item alone.
    pub effects: Vec<Effect>,
    /// Why it is held.
    pub reason: Option<String>,
}

impl EventItem {
    /// How many items an event has at most: it must fit a mail. The run has them all.
    pub const MOST: usize = 20;
}

impl Event {
    /// An event that concerns all, with nothing but its message.
    pub fn new(name: EventName, at: DateTime<Utc>, message: impl Into<String>) -> Event {
        Event {
            name,
            at,
            message: message.into(),
            alert: false,
            since: None,
            client: None,
            run: None,
            run_id: None,
            items: Vec::new(),
            more_items: 0,
            effects: Vec::new(),
            held_effects: Vec::new(),
            code: None,
            actor: None,
            test: false,
        }
    }

    /// Whether this is an alert about runs that were told of one by one already: for whoever
    /// hears of every run, it is nothing new.
    pub fn repeats_runs(&self) -> bool {
        self.alert && matches!(self.name, EventName::RunHeld | EventName::RunFailed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_found_by_its_name() {
        for event in EventName::ALL {
            assert_eq!(EventName::from_name(event.name()), Some(event));
        }
    }
}
