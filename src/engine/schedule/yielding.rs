//! Why auto-sync waits although something is due: what is late is told to be late, and why.

use chrono::TimeDelta;

use super::Schedule;
use crate::autotask::{RateLimit, Usage};
use crate::config::Settings;
use crate::model::text::{moment, thousands};
use crate::policy::batch::{Rest, Stop};

/// How old a reading of the tenant's use may be to count.
pub(super) const THRESHOLD_AGE: TimeDelta = TimeDelta::minutes(5);

impl Schedule {
    /// Why background work waits, by what is known without asking; none if it need not.
    pub(in crate::engine) fn waits_for(
        &self,
        settings: &Settings,
        usage: &Usage,
    ) -> Option<String> {
        let (batches, now) = (self.batches(), self.context.clock.moment());
        if let Some(blocked) = usage.blocked {
            let why = match blocked.locked {
                true => "Autotask has locked the account of the API user",
                false => "Autotask refused the credentials",
            };
            return Some(why.to_owned());
        }
        if let Some(until) = usage.paused_until {
            let until = moment(&until.with_timezone(&self.context.zone()));
            return Some(format!("Autotask takes no requests before {until} (Retry-After)"));
        }
        if let Some(Rest { until, why }) = batches.resting(now) {
            let until = moment(&now.wall_at(*until).with_timezone(&self.context.zone()));
            let smaller =
                batches.at_most.map(|many| format!(", with at most {many} clients at a time"));
            return Some(format!(
                "{why}; auto-sync continues at {until}{}",
                smaller.unwrap_or_default()
            ));
        }
        if usage.requests_last_hour >= usage.background_share {
            return Some(format!(
                "{} requests were made in the last hour, and auto-sync stops at {} of the {} that \
                 are allowed",
                thousands(usage.requests_last_hour),
                thousands(usage.background_share),
                thousands(usage.max_requests_per_hour)
            ));
        }
        let known = usage.threshold.filter(|known| (now.wall - known.at).abs() < THRESHOLD_AGE)?;
        let (percent, limit) = (known.percent(), settings.autotask.yield_above_percent);
        (percent >= limit).then(|| {
            format!(
                "the tenant has used {percent} % of its requests of the hour, and auto-sync waits \
                 from {limit} % on"
            )
        })
    }
}

/// What a limit at which the daemon stopped a batch means for the next one.
pub(super) fn stop(limit: RateLimit) -> Stop {
    match limit {
        RateLimit::Own { .. } | RateLimit::Share { .. } => Stop::OwnCap,
        RateLimit::Tenant { .. }
        | RateLimit::Hour { .. }
        | RateLimit::Threads { .. }
        | RateLimit::Paused { .. } => Stop::Tenant,
    }
}
