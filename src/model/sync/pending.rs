//! A difference between Autotask and the store that a sync would apply.

use crate::model::{Contract, FieldChange, Fields, ItemKey};
use strum::{EnumCount, VariantArray};

/// Why an item is pending.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::IntoStaticStr,
    strum::Display,
    strum::EnumCount,
    strum::VariantArray,
    strum::EnumString,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
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
    pub const ALL: [PendingState; PendingState::COUNT] =
        *PendingState::VARIANTS.first_chunk().expect("one for each");

    /// The state's name.
    pub fn name(self) -> &'static str {
        self.into_str()
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
    /// The contract as a run would store it, built when the two were compared. None for an item
    /// that is only shown: from the preview cache, or as a run held it.
    pub after: Option<Box<Contract>>,
}
