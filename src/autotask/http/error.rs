//! Why speaking to Autotask failed, whether it may pass by itself, and what a person is told.
//!
//! Telling the cases apart is the work of `classify`; here they are only named.

use std::time::Duration;

use chrono::DateTime;

use crate::autotask::http::limit::RateLimit;
use crate::clock::Tz;
use crate::model::{Advice, Code, Failure, SecretSource};

use super::entity::Entity;
use super::limit::{Blocked, shown};
use super::transport_error::{ErrorKind, TRUST_STORE};

/// By how many hours the clock of this server and Autotask's may differ: both are kept by time
/// servers, and no answer is cached that long.
pub(in crate::autotask) const MOST_CLOCK_HOURS: i64 = 6;

/// A failure to read from Autotask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AutotaskError {
    /// The credentials were refused. Autotask does not say which of them is wrong.
    #[error("Autotask refused the credentials of {username}")]
    AuthFailed {
        /// The API user's name.
        username: String,
        /// Where its secret comes from.
        source_of_secret: SecretSource,
    },
    /// The account of the API user is locked (section 9.11 of the Autotask facts).
    #[error("Autotask has locked the account of {username}")]
    Locked {
        /// The API user's name.
        username: String,
    },
    /// The credentials were refused before, so nothing is sent for a while.
    #[error(
        "Autotask {} {}; no request is sent before {}",
        if .0.locked { "said that the account of the API user is locked at" } else { "refused the credentials at" },
        shown(&.0.since.with_timezone(.1)),
        shown(&.0.until.with_timezone(.1))
    )]
    Blocked(Blocked, Tz, SecretSource),
    /// No zone knows the user.
    #[error("Autotask knows no API user named {username}")]
    UnknownUser {
        /// The API user's name.
        username: String,
    },
    /// The integration code was refused by name.
    #[error("Autotask refused the API integration code")]
    BadIntegrationCode,
    /// The user may not read an entity.
    #[error("the API user has no permission to read {entity}")]
    NoPermission {
        /// The entity.
        entity: Entity,
    },
    /// The module that an entity belongs to is not active in this tenant.
    #[error("the module of {entity} is not active in Autotask")]
    NoModule {
        /// The entity.
        entity: Entity,
    },
    /// A web page came in place of an answer: from a proxy, a firewall or a login page on the way
    /// (section 9.12 of the Autotask facts).
    #[error(
        "a web page answered {request}, not Autotask (status {status}{})",
        .title.as_ref().map_or_else(String::new, |title| format!(", \"{title}\""))
    )]
    WebPage {
        /// What was asked.
        request: String,
        /// The status.
        status: u16,
        /// The title of the page.
        title: Option<String>,
    },
    /// The request was sent elsewhere. That is not followed, because the credentials would travel
    /// with it.
    #[error(
        "{request} was redirected to {target} (status {status}), where the credentials are not sent"
    )]
    Redirected {
        /// What was asked.
        request: String,
        /// The status.
        status: u16,
        /// The host where it was sent, or what is known of it.
        target: String,
    },
    /// No answer came.
    #[error("cannot reach {host}: {cause}")]
    Unreachable {
        /// The host.
        host: String,
        /// Where it went wrong.
        kind: ErrorKind,
        /// What went wrong.
        cause: String,
    },
    /// A limit is used up.
    #[error(transparent)]
    RateLimited(#[from] RateLimit),
    /// Autotask failed by itself.
    #[error("Autotask failed at {request} with status {status}: {text}")]
    Failed {
        /// What was asked.
        request: String,
        /// The status.
        status: u16,
        /// What it said.
        text: String,
        /// How long Autotask asks to wait.
        wait: Option<Duration>,
    },
    /// The answer cannot be understood.
    #[error("Autotask sent an invalid answer to {request}: {reason}")]
    Garbled {
        /// What was asked.
        request: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// A field that is asked for does not exist in this zone.
    #[error("Autotask does not know the field {field} of {entity}")]
    UnknownField {
        /// The field.
        field: String,
        /// The entity, in Autotask's words.
        entity: String,
    },
    /// Autotask took exception to the request itself.
    #[error("Autotask refused {request} with status {status}: {text}")]
    Refused {
        /// What was asked.
        request: String,
        /// The status.
        status: u16,
        /// What it said.
        text: String,
    },
    /// There is nothing at that address.
    #[error("Autotask has nothing at {request} (status 404)")]
    NotFound {
        /// What was asked.
        request: String,
    },
    /// Rows came that were not asked for, or in an order that a walk by id cannot rely on.
    #[error("Autotask ignored the filter of a query of {entity}: {reason}")]
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
    /// The clock of this server and Autotask's are so far apart that days may not be the same.
    #[error(
        "the clock of this server says {}, and Autotask's {}: what is due on which day cannot be \
         told while they differ by more than {} hours",
        shown(.ours), shown(.theirs), MOST_CLOCK_HOURS
    )]
    ClocksDiffer {
        /// What time it is here, in the zone in which people are told.
        ours: DateTime<Tz>,
        /// What time it is there, in the same zone.
        theirs: DateTime<Tz>,
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

impl AutotaskError {
    /// Whether the zone or the API user does not have this entity, so that asking again is of no
    /// use.
    pub(in crate::autotask) fn is_about_the_entity(&self) -> bool {
        self.hides_the_entity()
            || matches!(self, AutotaskError::Refused { .. } | AutotaskError::UnknownField { .. })
    }

    /// Whether nothing of the entity is shown, to this API user or to anybody in this tenant.
    pub(in crate::autotask) fn hides_the_entity(&self) -> bool {
        matches!(
            self,
            AutotaskError::NoPermission { .. }
                | AutotaskError::NoModule { .. }
                | AutotaskError::NotFound { .. }
        )
    }

    /// Whether the answer was that the credentials are not good.
    pub fn refuses_the_credentials(&self) -> bool {
        matches!(
            self,
            AutotaskError::AuthFailed { .. }
                | AutotaskError::Locked { .. }
                | AutotaskError::UnknownUser { .. }
                | AutotaskError::BadIntegrationCode
        )
    }

    /// Whether it says that rows cannot be read, so that others may well be.
    pub(in crate::autotask) fn is_of_rows(&self) -> bool {
        match self {
            AutotaskError::Garbled { request, .. } => request.ends_with("/query"),
            AutotaskError::FilterIgnored { .. } => true,
            _ => false,
        }
    }

    /// Whether it says something of the way to Autotask, and nothing of what was asked.
    pub(in crate::autotask) fn is_of_the_way(&self) -> bool {
        matches!(
            self,
            AutotaskError::Unreachable { .. }
                | AutotaskError::WebPage { .. }
                | AutotaskError::Redirected { .. }
        )
    }

    /// Whether it may pass without anyone doing anything, so that a later run is worth trying.
    pub fn is_transient(&self) -> bool {
        match self {
            AutotaskError::Unreachable { .. }
            | AutotaskError::WebPage { .. }
            | AutotaskError::Redirected { .. }
            | AutotaskError::RateLimited(_)
            | AutotaskError::Failed { .. }
            | AutotaskError::RowsChanged { .. }
            | AutotaskError::ClocksDiffer { .. }
            | AutotaskError::Garbled { .. } => true,
            AutotaskError::AuthFailed { .. }
            | AutotaskError::Locked { .. }
            | AutotaskError::NoModule { .. }
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
    /// a decision, not an accident: waiting for it is up to the caller. A redirect is one too, of
    /// somebody else.
    pub(in crate::autotask) fn is_worth_a_retry(&self) -> bool {
        let decided = |limit: &RateLimit| match limit {
            RateLimit::Own { .. } | RateLimit::Share { .. } | RateLimit::Tenant { .. } => true,
            RateLimit::Threads { .. } | RateLimit::Hour { .. } | RateLimit::Paused { .. } => false,
        };
        let is_decided = match self {
            AutotaskError::RateLimited(limit) => decided(limit),
            AutotaskError::Redirected { .. } | AutotaskError::ClocksDiffer { .. } => true,
            _ => false,
        };
        self.is_transient() && !is_decided
    }

    /// How long Autotask asks to wait before the next try.
    pub(in crate::autotask) fn wait(&self) -> Option<Duration> {
        match self {
            AutotaskError::RateLimited(RateLimit::Threads { wait } | RateLimit::Hour { wait })
            | AutotaskError::Failed { wait, .. } => *wait,
            AutotaskError::RateLimited(RateLimit::Paused { wait, .. }) => Some(*wait),
            _ => None,
        }
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            AutotaskError::AuthFailed { .. }
            | AutotaskError::Locked { .. }
            | AutotaskError::Blocked(..) => Code::AuthFailed,
            AutotaskError::UnknownUser { .. } => Code::UnknownUser,
            AutotaskError::BadIntegrationCode => Code::BadIntegrationCode,
            AutotaskError::NoPermission { .. } | AutotaskError::NoModule { .. } => {
                Code::NoPermission
            }
            AutotaskError::Unreachable { .. }
            | AutotaskError::WebPage { .. }
            | AutotaskError::Redirected { .. } => Code::Unreachable,
            AutotaskError::RateLimited(_) => Code::RateLimited,
            AutotaskError::Failed { .. }
            | AutotaskError::Garbled { .. }
            | AutotaskError::UnknownField { .. }
            | AutotaskError::Refused { .. }
            | AutotaskError::NotFound { .. }
            | AutotaskError::RowsChanged { .. }
            | AutotaskError::ClocksDiffer { .. }
            | AutotaskError::FilterIgnored { .. } => Code::AutotaskFailed,
            AutotaskError::BadConfiguration { .. } => Code::BadConfiguration,
        }
    }

    /// What a person is told: what failed, the usual cause, and what to type next.
    pub fn failure(&self) -> Failure {
        Failure::new(self.code(), self.to_string()).advise(self.advice())
    }

    fn advice(&self) -> Advice {
        match self {
            AutotaskError::AuthFailed { source_of_secret: source, .. } => {
                Advice::ReplaceSecret { source: *source }
            }
            AutotaskError::Locked { .. } => Advice::UnlockAccount,
            AutotaskError::Blocked(blocked, ..) if blocked.locked => Advice::UnlockAccount,
            AutotaskError::Blocked(.., source) => Advice::UnblockCredentials { source: *source },
            AutotaskError::UnknownUser { .. } => Advice::FixUsername,
            AutotaskError::BadIntegrationCode => Advice::FixIntegrationCode,
            AutotaskError::NoPermission { .. } => Advice::GrantPermission,
            AutotaskError::NoModule { .. } => Advice::ActivateModule,
            AutotaskError::WebPage { .. } => Advice::CheckProxy,
            AutotaskError::Redirected { .. } => Advice::CheckRedirect,
            AutotaskError::Unreachable { kind, .. } => match kind {
                ErrorKind::Name => Advice::CheckDns,
                ErrorKind::Refused => Advice::CheckFirewall,
                ErrorKind::Tls => Advice::CheckTls,
                ErrorKind::Proxy => Advice::CheckProxy,
                ErrorKind::Timeout | ErrorKind::Broken | ErrorKind::TooLong | ErrorKind::Other => {
                    Advice::WaitForRetry
                }
            },
            AutotaskError::RateLimited(RateLimit::Own { .. } | RateLimit::Share { .. }) => {
                Advice::RaiseBudget
            }
            AutotaskError::RateLimited(_) => Advice::WaitForLimit,
            AutotaskError::Garbled { request, .. } if request.contains("zoneInformation") => {
                Advice::FixSection { section: "autotask".to_owned() }
            }
            AutotaskError::Failed { .. }
            | AutotaskError::Garbled { .. }
            | AutotaskError::RowsChanged { .. } => Advice::CheckStatusPage,
            AutotaskError::UnknownField { .. }
            | AutotaskError::Refused { .. }
            | AutotaskError::FilterIgnored { .. } => Advice::Upgrade,
            AutotaskError::NotFound { .. } => Advice::FixZoneUrl,
            AutotaskError::ClocksDiffer { .. } => Advice::SyncClock,
            AutotaskError::BadConfiguration { key, .. } if *key == TRUST_STORE => {
                Advice::InstallCertificates
            }
            AutotaskError::BadConfiguration { .. } => {
                Advice::FixSection { section: "autotask".to_owned() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn a_failure_says_what_and_how_to_go_on() {
        let failure = AutotaskError::NoPermission { entity: Entity::Contracts }.failure();
        assert_eq!(failure.code, Code::NoPermission);
        assert_eq!(failure.message, "the API user has no permission to read Contracts");
        assert_eq!(failure.advice, Some(Advice::GrantPermission));
    }

    #[test]
    fn a_machine_without_certificate_authorities_is_told_to_install_them() {
        let advice = |key| AutotaskError::BadConfiguration { key, reason: String::new() }.advice();
        assert_eq!(advice(TRUST_STORE), Advice::InstallCertificates);
        assert_eq!(advice("ca-file"), Advice::FixSection { section: "autotask".to_owned() });
    }

    #[test]
    fn the_own_budget_is_transient_but_not_retried() {
        let next = DateTime::UNIX_EPOCH.with_timezone(&Tz::Asia__Tokyo);
        let error = AutotaskError::from(RateLimit::Own { cap: 2000, next });
        assert!(error.is_transient());
        assert!(!error.is_worth_a_retry());
        assert!(error.to_string().contains("max-requests-per-hour"));
        assert!(
            error.to_string().ends_with("the next is free at 1970-01-01 09:00 +09:00"),
            "{error}"
        );
    }
}
