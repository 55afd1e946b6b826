//! Memos: what is kept about clients besides their state: what a guard holds, and pauses.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::model::{ClientId, FieldChange, ItemKey, PendingState, RunId};

/// A memo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Memo {
    /// What a run held.
    HeldChanges(HeldChanges),
    /// Auto-sync is paused.
    Pause(Pause),
}

/// What a memo is about; there is at most one memo of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemoKey {
    /// What this run of this client held.
    HeldChanges(ClientId, RunId),
    /// The pause of this client; none for all of auto-sync.
    Pause(Option<ClientId>),
}

/// What a guard held in a run of a client: a person must look at it.
///
/// A client has at most one that nobody has decided yet, and one for each run of which a person
/// rejected something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldChanges {
    /// The client.
    pub client: ClientId,
    /// The run that held it. In a commit, [`HeldChanges::OF_THIS_RUN`] stands for the
    /// commit's own run.
    pub run: RunId,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The items, never none, each at most once.
    pub items: Vec<HeldChange>,
    /// Who rejected it; none while nobody has decided.
    pub rejected: Option<Rejection>,
}

impl HeldChanges {
    /// The number that no run has: it stands for the run of the commit that writes the holding.
    pub const OF_THIS_RUN: RunId = RunId(0);
}

/// An item that is held, as it was when the run held it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldChange {
    /// The item.
    pub key: ItemKey,
    /// The agreement it stands below.
    pub parent: Option<ItemKey>,
    /// Why it would be pending if nothing held it: one that a sync can apply.
    pub state: PendingState,
    /// What would change.
    pub changes: Vec<FieldChange>,
    /// Why it is held.
    pub reason: Option<String>,
}

/// A person decided that what is held must not be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: Option<String>,
}

/// Auto-sync is paused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// For this client; none for all of auto-sync.
    pub client: Option<ClientId>,
    /// When it ends by itself; none if somebody must end it.
    pub until: Option<DateTime<Utc>>,
    /// Who paused it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// When somebody ended it, so that it does not count again when the clock is set back.
    pub ended: Option<DateTime<Utc>>,
}

impl Pause {
    /// Whether it counts at `now`.
    pub fn counts(&self, now: DateTime<Utc>) -> bool {
        self.ended.is_none() && self.until.is_none_or(|until| now < until)
    }

    /// When it was over, or will be.
    pub fn end(&self) -> Option<DateTime<Utc>> {
        self.ended.or(self.until)
    }
}

impl Memo {
    /// What it is about.
    pub fn key(&self) -> MemoKey {
        match self {
            Memo::HeldChanges(holding) => MemoKey::HeldChanges(holding.client, holding.run),
            Memo::Pause(pause) => MemoKey::Pause(pause.client),
        }
    }

    /// The holding, if it is one.
    pub fn holding(&self) -> Option<&HeldChanges> {
        match self {
            Memo::HeldChanges(holding) => Some(holding),
            Memo::Pause(_) => None,
        }
    }

    /// The pause, if it is one.
    pub fn pause(&self) -> Option<&Pause> {
        match self {
            Memo::HeldChanges(_) => None,
            Memo::Pause(pause) => Some(pause),
        }
    }
}

impl fmt::Display for MemoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MemoKey::HeldChanges(client, run) => write!(f, "holding/{client}/{run}"),
            MemoKey::Pause(None) => f.write_str("pause/all"),
            MemoKey::Pause(Some(client)) => write!(f, "pause/{client}"),
        }
    }
}

impl std::str::FromStr for MemoKey {
    type Err = ();

    fn from_str(text: &str) -> Result<MemoKey, ()> {
        let client = |text: &str| text.parse().map(ClientId).map_err(|_| ());
        let mut parts = text.split('/');
        let key = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("holding"), Some(id), Some(run), None) => {
                MemoKey::HeldChanges(client(id)?, RunId(run.parse().map_err(|_| ())?))
            }
            (Some("pause"), Some("all"), None, None) => MemoKey::Pause(None),
            (Some("pause"), Some(id), None, None) => MemoKey::Pause(Some(client(id)?)),
            _ => return Err(()),
        };
        // Only the one form that is written.
        if key.to_string() == text { Ok(key) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_in_the_form_that_it_is_written_in_and_no_other() {
        let client = ClientId(-7);
        for key in [
            MemoKey::HeldChanges(client, RunId(12)),
            MemoKey::Pause(None),
            MemoKey::Pause(Some(client)),
        ] {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for text in ["", "pause", "pause/+7", "holding/7", "holding/7/012", "pause/7/1", "hold/1/1"]
        {
            assert_eq!(text.parse::<MemoKey>(), Err(()), "{text}");
        }
    }

    #[test]
    fn a_pause_ends_at_its_moment() {
        let at = DateTime::UNIX_EPOCH;
        let mut pause =
            Pause { client: None, until: Some(at), by: "dana".to_owned(), at, ended: None };
        assert!(!pause.counts(at) && pause.counts(at - chrono::TimeDelta::seconds(1)));
        pause.until = None;
        assert!(pause.counts(at));
        pause.ended = Some(at);
        assert!(!pause.counts(at - chrono::TimeDelta::days(1)), "set back, it stays ended");
    }
}
