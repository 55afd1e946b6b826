//! Why speaking to Autotask failed, whether it may pass by itself, and what a person is told.
//!
//! Telling the cases apart is the work of `classify`; here they are only named.

use std::time::Duration;

use chrono::DateTime;

use crate::clock::Tz;
use crate::model::{Code, Failure};

use super::brake::Blocked;
use super::entity::Entity;
use super::transport::{TRUST_STORE, Trouble};

/// A failure to read from Autotask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AutotaskError {
    /// The credentials were refused. Autotask does not say which of them is wrong.
    #[error("autotask refused the credentials of {username}")]
    AuthFailed {
        /// The API user's name.
        username: String,
    },
    /// The credentials were refused before, so nothing is sent for a while.
    #[error(
        "autotask refused the credentials at {}; it is not asked again before {}",
        shown(&.0.since.with_timezone(.1)),
        shown(&.0.until.with_timezone(.1))
    )]
    Blocked(Blocked, Tz),
    /// No zone knows the user.
    #[error("autotask knows no API user named {username}")]
    UnknownUser {
        /// The API user's name.
        username: String,
    },
    /// The integration code was refused by name.
    #[error("autotask refused the API integration code")]
    BadIntegrationCode,
    /// The user may not read an entity.
    #[error("the API user has no permission to read {entity}")]
    NoPermission {
        /// The entity.
        entity: Entity,
    },
    /// No answer came.
    #[error("cannot reach {host}: {cause}")]
    Unreachable {
        /// The host.
        host: String,
        /// Where it went wrong.
        trouble: Trouble,
        /// What went wrong.
        cause: String,
    },
    /// A limit is used up.
    #[error(transparent)]
    RateLimited(#[from] RateLimit),
    /// Autotask failed by itself.
    #[error("autotask failed at {request} with status {status}: {text}")]
    Failed {
        /// What was asked.
        request: String,
        /// The status.
        status: u16,
        /// What it said.
        text: String,
    },
    /// The answer cannot be understood.
    #[error("autotask's answer to {request} makes no sense: {reason}")]
    Garbled {
        /// What was asked.
        request: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// A field that is asked for does not exist in this zone.
    #[error("autotask does not know the field {field} of {entity}")]
    UnknownField {
        /// The field.
        field: String,
        /// The entity, in Autotask's words.
        entity: String,
    },
    /// Autotask took exception to the request itself.
    #[error("autotask refused {request} with status {status}: {text}")]
    Refused {
        /// What was asked.
        request: String,
        /// The status.
        status: u16,
        /// What it said.
        text: String,
    },
    /// There is nothing at that address.
    #[error("autotask has nothing at {request} (status 404)")]
    NotFound {
        /// What was asked.
        request: String,
    },
    /// Rows came that were not asked for, or in an order that a walk by id cannot rely on.
    #[error("autotask ignored the filter of a query of {entity}: {reason}")]
    FilterIgnored {
        /// The entity.
        entity: Entity,
        /// What gave it away.
        reason: String,
    },
    /// Rows that span pages are not as many as Autotask counts, twice in a row.
    #[error("the rows of {entity} changed while they were read")]
    RowsChanged {
        /// The entity.
        entity: Entity,
    },
    /// Something in the configuration cannot be used.
    #[error("{key} cannot be used: {reason}")]
    BadConfiguration {
        /// The key in the section `[autotask]`, or what it stands for.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// A limit that is used up (section 3 of the Autotask facts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RateLimit {
    /// Too many requests at a time.
    #[error("autotask is handling too many requests of this integration at a time")]
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
    /// So much of the tenant's hour is used that the rest is left to other integrations.
    #[error("{percent} % of the tenant's requests of this hour are used; this stops at {limit} %")]
    Tenant {
        /// How much is used.
        percent: u32,
        /// Where this kind of work stops.
        limit: u32,
    },
    /// Auto-sync's part of the daemon's own requests of the hour is used up.
    #[error(
        "the {share} requests an hour that auto-sync may make of max-requests-per-hour ({cap}) are used up"
    )]
    Share {
        /// How many it may make.
        share: u32,
        /// How many are allowed in all.
        cap: u32,
    },
    /// The daemon's own requests of the hour are used up.
    #[error(
        "the {cap} requests an hour that max-requests-per-hour allows are used up; the next is \
         free at {}",
        shown(.next)
    )]
    Own {
        /// How many are allowed.
        cap: u32,
        /// When the next one may be made, in the zone in which people are told.
        next: DateTime<Tz>,
    },
}

impl AutotaskError {
    /// Whether the zone or the API user does not have this entity, so that asking again is of no
    /// use.
    pub(super) fn is_about_the_entity(&self) -> bool {
        matches!(
            self,
            AutotaskError::NoPermission { .. }
                | AutotaskError::NotFound { .. }
                | AutotaskError::Refused { .. }
                | AutotaskError::UnknownField { .. }
        )
    }

    /// Whether it may pass without anyone doing anything, so that a later run is worth trying.
    pub fn is_transient(&self) -> bool {
        match self {
            AutotaskError::Unreachable { .. }
            | AutotaskError::RateLimited(_)
            | AutotaskError::Failed { .. }
            | AutotaskError::RowsChanged { .. }
            | AutotaskError::Garbled { .. } => true,
            AutotaskError::AuthFailed { .. }
            | AutotaskError::Blocked(..)
            | AutotaskError::UnknownUser { .. }
            | AutotaskError::BadIntegrationCode
            | AutotaskError::NoPermission { .. }
            | AutotaskError::UnknownField { .. }
            | AutotaskError::Refused { .. }
            | AutotaskError::NotFound { .. }
            | AutotaskError::FilterIgnored { .. }
            | AutotaskError::BadConfiguration { .. } => false,
        }
    }

    /// Whether the same request is worth sending again within minutes. The daemon's own budget is
    /// a decision, not an accident: waiting for it is up to the caller.
    pub(super) fn is_worth_a_retry(&self) -> bool {
        let decided = |limit: &RateLimit| match limit {
            RateLimit::Own { .. } | RateLimit::Share { .. } | RateLimit::Tenant { .. } => true,
            RateLimit::Threads { .. } | RateLimit::Hour { .. } => false,
        };
        self.is_transient() && !matches!(self, AutotaskError::RateLimited(limit) if decided(limit))
    }

    /// How long Autotask asks to wait before the next try.
    pub(super) fn wait(&self) -> Option<Duration> {
        match self {
            AutotaskError::RateLimited(RateLimit::Threads { wait } | RateLimit::Hour { wait }) => {
                *wait
            }
            _ => None,
        }
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            AutotaskError::AuthFailed { .. } | AutotaskError::Blocked(..) => Code::AuthFailed,
            AutotaskError::UnknownUser { .. } => Code::UnknownUser,
            AutotaskError::BadIntegrationCode => Code::BadIntegrationCode,
            AutotaskError::NoPermission { .. } => Code::NoPermission,
            AutotaskError::Unreachable { .. } => Code::Unreachable,
            AutotaskError::RateLimited(_) => Code::RateLimited,
            AutotaskError::Failed { .. }
            | AutotaskError::Garbled { .. }
            | AutotaskError::UnknownField { .. }
            | AutotaskError::Refused { .. }
            | AutotaskError::NotFound { .. }
            | AutotaskError::RowsChanged { .. }
            | AutotaskError::FilterIgnored { .. } => Code::AutotaskFailed,
            AutotaskError::BadConfiguration { .. } => Code::BadConfiguration,
        }
    }

    /// What a person is told: what failed, the usual cause, and what to type next.
    pub fn failure(&self) -> Failure {
        Failure::new(self.code(), self.to_string()).hint(self.hint())
    }

    fn hint(&self) -> String {
        match self {
            AutotaskError::AuthFailed { .. } => {
                "usually the secret is wrong: give the API user a new one and put it into \
                 /etc/lmsyncd/credentials/autotask-secret. a wrong integration-code, or a user \
                 whose security level is not \"API User (system)\", looks the same. too many \
                 tries lock the account, so run `lmsyncctl doctor` once when it is mended"
            }
            AutotaskError::Blocked(..) => {
                "too many tries lock the account. mend the credentials and run `lmsyncctl reload`, \
                 which lifts this at once; where it was mended in Autotask itself, \
                 `lmsyncctl doctor` tries once more"
            }
            AutotaskError::UnknownUser { .. } => {
                "username is the API user's \"Username (Key)\", not an e-mail address: compare it \
                 with Admin > Resources/Users in Autotask, then run `lmsyncctl doctor`"
            }
            AutotaskError::BadIntegrationCode => {
                "integration-code is the API Tracking Identifier on the API user's page, under \
                 \"Custom (Internal Integration)\"; mend it and run `lmsyncctl doctor`"
            }
            AutotaskError::NoPermission { .. } => {
                "give the API user the security level \"API User (system)\", or a copy of it that \
                 may see contracts, then run `lmsyncctl doctor`"
            }
            AutotaskError::Unreachable { trouble, .. } => match trouble {
                Trouble::Name => {
                    "check DNS on this server, and zone-url and discovery-url in lmsyncd.toml"
                }
                Trouble::Refused => {
                    "check the firewall, the proxy, and zone-url and discovery-url in lmsyncd.toml"
                }
                Trouble::Tls => {
                    "behind a proxy that opens TLS, set ca-file; some zones were seen to \
                     renegotiate TLS, which rustls refuses: a build with native TLS helps there"
                }
                Trouble::Timeout | Trouble::Other => {
                    "it is tried again by itself; if it stays, run `lmsyncctl doctor`"
                }
            },
            AutotaskError::RateLimited(RateLimit::Own { .. } | RateLimit::Share { .. }) => {
                "wait for the hour to pass, or raise max-requests-per-hour; `lmsyncctl status` \
                 shows the use"
            }
            AutotaskError::RateLimited(_) => {
                "it is tried again by itself; all integrations of the tenant share the limit, and \
                 `lmsyncctl doctor` shows its use"
            }
            AutotaskError::Failed { .. }
            | AutotaskError::Garbled { .. }
            | AutotaskError::RowsChanged { .. } => {
                "it is tried again by itself; if it stays, run `lmsyncctl doctor` and look at \
                 Autotask's status page"
            }
            AutotaskError::UnknownField { .. }
            | AutotaskError::Refused { .. }
            | AutotaskError::FilterIgnored { .. } => {
                "Autotask's interface has changed: look for a newer lmsyncd, and report it with \
                 the output of `lmsyncctl doctor`"
            }
            AutotaskError::NotFound { .. } => {
                "zone-url or discovery-url is not that of an Autotask REST API: remove it from \
                 lmsyncd.toml to have the zone discovered, then run `lmsyncctl doctor`"
            }
            AutotaskError::BadConfiguration { key, .. } if *key == TRUST_STORE => {
                "apt-get install ca-certificates, or name a PEM file as ca-file in [autotask]"
            }
            AutotaskError::BadConfiguration { .. } => {
                "mend the section [autotask] and run `lmsyncd check-config`"
            }
        }
        .to_owned()
    }
}

/// A moment as the MSP knows it.
fn shown(at: &DateTime<Tz>) -> String {
    at.format("%Y-%m-%d %H:%M %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_and_how_to_go_on() {
        let failure = AutotaskError::NoPermission { entity: Entity::Contracts }.failure();
        assert_eq!(failure.code, Code::NoPermission);
        assert_eq!(failure.message, "the API user has no permission to read Contracts");
        assert!(failure.hint.is_some_and(|hint| hint.contains("lmsyncctl doctor")));
    }

    #[test]
    fn a_machine_without_certificate_authorities_is_told_to_install_them() {
        let hint = |key| AutotaskError::BadConfiguration { key, reason: String::new() }.hint();
        assert!(hint(TRUST_STORE).starts_with("apt-get install ca-certificates"));
        assert!(hint("ca-file").contains("check-config"));
    }

    #[test]
    fn the_own_budget_is_transient_but_not_retried() {
        let next = DateTime::UNIX_EPOCH.with_timezone(&Tz::Asia__Tokyo);
        let error = AutotaskError::from(RateLimit::Own { cap: 2000, next });
        assert!(error.is_transient());
        assert!(!error.is_worth_a_retry());
        assert!(error.to_string().contains("max-requests-per-hour"));
        assert!(error.to_string().ends_with("the next is free at 1970-01-01 09:00 JST"), "{error}");
    }
}
