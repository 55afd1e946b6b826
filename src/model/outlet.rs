//! The ways in which the daemon tells others without being asked, and how each of them last went.

use chrono::{DateTime, Utc};
use strum::{EnumCount, VariantArray};

/// A way out of the daemon that nobody watches while it works.
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
pub enum Outlet {
    /// The notify command: `[notify] command`.
    Notify,
    /// The metrics file: `[metrics] textfile`.
    Metrics,
    /// The heartbeat: `[notify] heartbeat-url`.
    Heartbeat,
}

impl Outlet {
    /// Every outlet.
    pub const ALL: [Outlet; Outlet::COUNT] = *Outlet::VARIANTS.first_chunk().expect("one for each");

    /// The name as it stands in JSON.
    pub fn name(self) -> &'static str {
        self.into_str()
    }

    /// The outlet with this name.
    pub fn from_name(name: &str) -> Option<Outlet> {
        name.parse().ok()
    }

    /// What the outlet with this name is called in a sentence: the name itself where a newer daemon
    /// has one that is not known here.
    pub fn words_for(name: &str) -> String {
        Outlet::from_name(name).map(Outlet::words).unwrap_or(name).to_owned()
    }

    /// What it is called in a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Outlet::Notify => "the notify command",
            Outlet::Metrics => "the metrics file",
            Outlet::Heartbeat => "the heartbeat",
        }
    }
}

/// How an outlet that is configured last went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutletState {
    /// Which.
    pub outlet: Outlet,
    /// When it was last used; none if it never was.
    pub last: Option<DateTime<Utc>>,
    /// Since when it has been failing; none while it works.
    pub failing_since: Option<DateTime<Utc>>,
    /// What went wrong when it was last used; none if nothing did.
    pub error: Option<String>,
}

impl OutletState {
    /// One that was not used yet.
    pub fn unused(outlet: Outlet) -> OutletState {
        OutletState { outlet, last: None, failing_since: None, error: None }
    }

    /// What is wrong, in one line; none while nothing is.
    pub fn trouble(&self) -> Option<String> {
        self.error.as_ref().map(|error| format!("{} failed: {error}", self.outlet.words()))
    }
}
