//! What is noted beside an item, whether or not it is imported: left out by a person, held back by
//! one, or waiting because its row cannot be converted.

use chrono::{DateTime, NaiveDate, Utc};

use crate::model::{ClientId, ItemKey, RunId};

/// The notes beside one item. One without any note is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFlags {
    /// The item.
    pub key: ItemKey,
    /// The client it belongs to.
    pub client: ClientId,
    /// Left out of auto-sync and of the usual list.
    pub ignored: Option<Ignored>,
    /// Held back until a person names it in a sync.
    pub hold: Option<PendingApproval>,
    /// Waiting because its row cannot be converted.
    pub quarantine: Option<Quarantine>,
}

/// A person asked to leave an item out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The last day on which it counts; none for ever.
    pub until: Option<NaiveDate>,
    /// Why.
    pub reason: Option<String>,
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A run was reverted for an item: the next run must not do it again silently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingApproval {
    /// The run that was reverted.
    pub run: RunId,
    /// Who reverted it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A row that cannot be converted; the contract keeps its old values meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// The field of the row, by Autotask's name.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl ItemFlags {
    /// An item with nothing noted beside it.
    pub fn blank(key: ItemKey, client: ClientId) -> ItemFlags {
        ItemFlags { key, client, ignored: None, hold: None, quarantine: None }
    }

    /// Whether nothing is noted.
    pub fn is_blank(&self) -> bool {
        self.ignored.is_none() && self.hold.is_none() && self.quarantine.is_none()
    }

    /// The flags as they are kept: none where nothing is noted.
    pub fn kept(self) -> Option<ItemFlags> {
        (!self.is_blank()).then_some(self)
    }

    /// Whether the item is left out on `today`.
    pub fn is_ignored(&self, today: NaiveDate) -> bool {
        let ignored = self.ignored.as_ref();
        ignored.is_some_and(|ignored| ignored.until.is_none_or(|until| today <= until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignoring_ends_after_its_last_day() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).expect("a date");
        let mut flags = ItemFlags::blank(ItemKey::agreement(1), ClientId(0));
        assert!(!flags.is_ignored(day(1)));
        assert_eq!(flags.clone().kept(), None);
        let at = DateTime::UNIX_EPOCH;
        flags.ignored =
            Some(Ignored { until: Some(day(9)), reason: None, by: "dana".to_owned(), at });
        assert!(flags.is_ignored(day(9)) && !flags.is_ignored(day(10)));
        assert!(flags.kept().is_some());
    }
}
