//! A difference between Autotask and the store that a sync would apply.

use std::fmt;
use std::str::FromStr;

use crate::model::{FieldChange, Fields, ItemKey};

/// Why an item is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PendingState {
    /// Autotask has it, the store does not.
    New,
    /// Both have it and they differ.
    Changed,
    /// The store has it, Autotask does not any more.
    Vanished,
    /// It had vanished and is there again.
    Returned,
    /// A guard wants a person to look before this is applied.
    Held,
    /// A person asked to leave it out.
    Ignored,
    /// This kind of item cannot be imported; the reason says why.
    Unsupported,
}

impl PendingState {
    /// Every state.
    pub const ALL: [PendingState; 7] = [
        PendingState::New,
        PendingState::Changed,
        PendingState::Vanished,
        PendingState::Returned,
        PendingState::Held,
        PendingState::Ignored,
        PendingState::Unsupported,
    ];

    /// The state's name.
    pub fn name(self) -> &'static str {
        match self {
            PendingState::New => "new",
            PendingState::Changed => "changed",
            PendingState::Vanished => "vanished",
            PendingState::Returned => "returned",
            PendingState::Held => "held",
            PendingState::Ignored => "ignored",
            PendingState::Unsupported => "unsupported",
        }
    }

    /// Whether a sync can apply an item in this state.
    pub fn can_apply(self) -> bool {
        match self {
            PendingState::New
            | PendingState::Changed
            | PendingState::Vanished
            | PendingState::Returned => true,
            PendingState::Held | PendingState::Ignored | PendingState::Unsupported => false,
        }
    }
}

impl fmt::Display for PendingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for PendingState {
    type Err = ();

    fn from_str(text: &str) -> Result<PendingState, ()> {
        PendingState::ALL.into_iter().find(|state| state.name() == text).ok_or(())
    }
}

/// A pending item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingItem {
    /// The item.
    pub key: ItemKey,
    /// The agreement it stands below.
    pub parent: Option<ItemKey>,
    /// Why it is pending.
    pub state: PendingState,
    /// Its fields as they would be stored, or, if it vanished, as they are.
    pub fields: Fields,
    /// What would change, in the order of [`crate::model::Field::ALL`]. For a new item, every field.
    pub changes: Vec<FieldChange>,
    /// Why it is held or unsupported.
    pub reason: Option<String>,
}
