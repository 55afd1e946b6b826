//! Why a request is not sent now: a limit that is used up, or credentials that were refused.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::clock::Tz;
use crate::model::text::{moment, thousands};

/// A limit that is used up (section 3 of the Autotask facts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RateLimit {
    /// Too many requests at a time.
    #[error("Autotask is handling too many requests of this integration at a time")]
    Threads {
        /// How long Autotask asks to wait.
        wait: Option<Duration>,
    },
    /// The tenant's requests of the hour are used up, by all integrations together.
    #[error("the tenant's requests of this hour are used up")]
    Hour {
        /// How long Autotask asks to wait.
        wait: Option<Duration>,
    },
    /// Autotask asked for a pause, which is not over: nothing is sent, for whoever.
    #[error("Autotask takes no requests before {} (Retry-After)", shown(.until))]
    Paused {
        /// Until when, in the zone in which people are told.
        until: DateTime<Tz>,
        /// How long that is from when this was found out.
        wait: Duration,
    },
    /// So much of the tenant's hour is used that the rest is left to other integrations.
    #[error(
        "the tenant has used {percent} % of its requests of this hour, and this work stops at \
         {limit} %"
    )]
    Tenant {
        /// How much is used.
        percent: u32,
        /// Where this kind of work stops.
        limit: u32,
    },
    /// Auto-sync's part of the daemon's own requests of the hour is used up.
    #[error(
        "auto-sync has used up its {} requests per hour, of max-requests-per-hour ({})",
        thousands(*.share), thousands(*.cap)
    )]
    Share {
        /// How many it may make.
        share: u32,
        /// How many are allowed in all.
        cap: u32,
    },
    /// The daemon's own requests of the hour are used up.
    #[error(
        "the {} requests per hour that max-requests-per-hour allows are used up; the next is free \
         at {}",
        thousands(*.cap), shown(.next)
    )]
    Own {
        /// How many are allowed.
        cap: u32,
        /// When the next one may be made, in the zone in which people are told.
        next: DateTime<Tz>,
    },
}

/// Since when Autotask is not asked, and when the next try may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocked {
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when, unless the credentials are replaced.
    pub until: DateTime<Utc>,
    /// Whether Autotask said that the account is locked.
    pub locked: bool,
}

/// A moment as the MSP knows it.
pub(super) fn shown(at: &DateTime<Tz>) -> String {
    moment(at)
}
