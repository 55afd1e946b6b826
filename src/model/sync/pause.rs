//! Pauses: until when auto-sync leaves a client, or all of them, alone.

use chrono::{DateTime, Utc};

use crate::model::ClientId;

/// Auto-sync is paused. There is at most one for each client, and one for all.
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

#[cfg(test)]
mod tests {
    use super::*;

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
