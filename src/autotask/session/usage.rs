//! What is known of the use of Autotask: the daemon's own requests, the tenant's, the zone, and
//! whether the credentials were accepted.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::autotask::fields::row::Row;
use crate::autotask::http::limit::Blocked;

/// The use of Autotask, for a status page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The daemon's own requests in the last hour.
    pub requests_last_hour: u32,
    /// How many it may make.
    pub max_requests_per_hour: u32,
    /// How many of them auto-sync may use; the rest is kept for persons.
    pub background_share: u32,
    /// The tenant's use, when it was last asked for.
    pub threshold: Option<Threshold>,
    /// The zone in use.
    pub zone_url: Option<String>,
    /// What became of the credentials last.
    pub auth: Auth,
    /// Until when Autotask takes no requests, where it asked for a pause.
    pub paused_until: Option<DateTime<Utc>>,
    /// Since refused credentials keep Autotask from being asked, and when auto-sync tries next.
    pub blocked: Option<Blocked>,
}

/// Whether the credentials were accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Auth {
    /// They have not been tried since the start.
    #[default]
    Untried,
    /// They were accepted, last at this moment.
    Accepted(DateTime<Utc>),
    /// They were refused, last at this moment.
    Refused(DateTime<Utc>),
}

/// The tenant's use by all integrations together (section 3 of the Autotask facts).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// How many requests were made in the window.
    pub used: u32,
    /// How many are allowed.
    pub limit: u32,
    /// The window, in minutes.
    pub minutes: u32,
    /// When this was read.
    pub at: DateTime<Utc>,
}

impl Threshold {
    /// The use in percent of what is allowed, rounded down.
    pub fn percent(&self) -> u32 {
        let percent = u64::from(self.used) * 100 / u64::from(self.limit.max(1));
        u32::try_from(percent).unwrap_or(u32::MAX)
    }

    /// Reads an answer to `ThresholdInformation`.
    pub(in crate::autotask) fn from_answer(answer: &Value, at: DateTime<Utc>) -> Option<Threshold> {
        let row = Row::new(answer.clone())?;
        let number = |name| row.integer(name).ok().flatten().and_then(|n| u32::try_from(n).ok());
        Some(Threshold {
            used: number("currentTimeframeRequestCount")?,
            limit: number("externalRequestThreshold")?,
            minutes: number("requestThresholdTimeframe").unwrap_or(60),
            at,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reading_gives_a_percentage() {
        let answer = json!({"externalRequestThreshold": 10000, "requestThresholdTimeframe": 60,
            "currentTimeframeRequestCount": 5099});
        let threshold = Threshold::from_answer(&answer, DateTime::UNIX_EPOCH).expect("a reading");
        assert_eq!(threshold.percent(), 50);
        assert_eq!(Threshold::from_answer(&json!({}), DateTime::UNIX_EPOCH), None);
    }
}
