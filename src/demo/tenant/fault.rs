//! Faults and options: what can be switched on and off while the tenant runs.
//!
//! A rule names a fault, and may be limited to one entity and to a number of requests. Its text is
//! `NAME[=Entity][@AMOUNT][:COUNT]`: `no-permission=Services`, `cut-connection:3`,
//! `slow@250`, `rate-limited@2:5`. What a fault does is decided where requests are answered
//! (`http`) and seen (`lens`); this file only keeps the set.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::schema::entity::Entity;

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// A fault or option of the tenant; each has a stable kebab-case name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault {
            $($(#[$doc])* $variant,)+
        }

        impl Fault {
            /// Every fault, in the order of the documentation.
            pub const ALL: &'static [Fault] = &[$(Fault::$variant,)+];

            /// The stable name, such as `no-permission`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Fault::$variant => $name,)+
                }
            }
        }
    };
}

faults! {
    /// Every request that needs credentials is answered 401 with an empty body.
    WrongAuth = "wrong-auth",
    /// The account of the API user is locked: a 500 with a text.
    LockedAccount = "locked-account",
    /// The tenant moved: the old URL answers 401 with an empty body, zone information gives the
    /// new one. It lasts until it is cleared, whatever its count or entity.
    ZoneMoved = "zone-moved",
    /// The permission text in a 500, for one entity (Contracts unless named).
    NoPermission = "no-permission",
    /// The same as a 403, which the Swagger document names.
    Forbidden = "forbidden",
    /// The text of a module that is not active in a 500, for one entity (ContractServiceBundles
    /// unless named).
    NoModule = "no-module",
    /// 200 with only the rows of even id, and what belongs to them (Contracts unless named).
    Restricted = "restricted",
    /// 200 with no row at all (Contracts unless named).
    NoRows = "no-rows",
    /// 429 with Retry-After; the amount is its seconds (60).
    RateLimited = "rate-limited",
    /// The hourly limit is used up: 429 without Retry-After.
    HourlyLimit = "hourly-limit",
    /// Others use 80 % of the hourly limit: every request is slowed down by two steps. It lasts
    /// until it is cleared, whatever its count.
    BusyHour = "busy-hour",
    /// Every 429 carries Retry-After; the amount is its seconds (180).
    RetryAfter = "retry-after",
    /// 404 with an HTML body.
    HtmlNotFound = "html-404",
    /// 403 with the page of a proxy or a firewall.
    WebPage = "web-page",
    /// 302 to the login page of somebody else.
    Redirect = "redirect",
    /// Answers are delayed; the amount is milliseconds (1000).
    Slow = "slow",
    /// The connection closes without an answer.
    CutConnection = "cut-connection",
    /// The connection closes in the middle of an answer.
    CutAnswer = "cut-answer",
    /// A complete answer whose JSON ends half-way.
    TruncatedJson = "truncated-json",
    /// An answer that does not end before it has 32 MiB, or as many as the amount: rows that are as
    /// small as can be.
    EndlessAnswer = "endless-answer",
    /// 500 with a text that a retry cures: an SQL timeout.
    TransientError = "transient-error",
    /// 200 with `errors` in place of the result.
    ErrorsIn200 = "errors-in-200",
    /// The service forgets the filter and returns everything.
    IgnoredFilter = "ignored-filter",
    /// The first row of a page comes twice.
    RepeatedRow = "repeated-row",
    /// The first row of a page comes twice, the second time with another name or price.
    ConflictingRow = "conflicting-row",
    /// `userAccessFor…` are words that nobody documents.
    UnclearAccess = "unclear-access",
    /// An unknown user is a 500 with a text, not a 401.
    UnknownUser500 = "unknown-user-500",
    /// A wrong integration code is a 500 with a text, not a 401.
    WrongCode500 = "wrong-code-500",
    /// A missing id is 200 with `{"item":null}`, not a 404.
    NullItem = "null-item",
    /// `Contracts.lastModifiedDateTime` does not exist.
    NoLastModified = "no-last-modified",
    /// `userAccessFor…` are numbers (0 None, 1 All, 2 Restricted), not texts.
    NumericAccess = "numeric-access",
    /// The user may not read costs: those fields are null.
    NoCosts = "no-costs",
}

impl Fault {
    /// The fault on one entity only.
    pub fn on(self, entity: Entity) -> FaultRule {
        FaultRule { entity: Some(entity), ..FaultRule::from(self) }
    }

    /// The fault for the next `count` requests only.
    pub fn times(self, count: u32) -> FaultRule {
        FaultRule::from(self).times(count)
    }

    /// The fault with an amount: milliseconds of `slow`, seconds of a Retry-After.
    pub fn amount(self, amount: u64) -> FaultRule {
        FaultRule { amount: Some(amount), ..FaultRule::from(self) }
    }

    /// The entity that is meant where none is named; `None` is every endpoint.
    fn default_entity(self) -> Option<Entity> {
        match self {
            Fault::NoPermission
            | Fault::Forbidden
            | Fault::Restricted
            | Fault::NoRows
            | Fault::NoLastModified => Some(Entity::Contracts),
            Fault::NoModule => Some(Entity::ContractServiceBundles),
            _ => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Fault, FaultError> {
        Fault::ALL
            .iter()
            .copied()
            .find(|fault| fault.name() == text)
            .ok_or_else(|| FaultError::UnknownFault(text.to_owned()))
    }
}

/// A fault with its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRule {
    /// What goes wrong.
    pub fault: Fault,
    /// On which entity; `None` is the fault's own default, mostly every endpoint.
    pub entity: Option<Entity>,
    /// For how many more requests; `None` is until it is cleared.
    pub remaining: Option<u32>,
    /// Milliseconds of `slow`, seconds of a Retry-After; `None` is the fault's own default.
    pub amount: Option<u64>,
}

impl FaultRule {
    /// The rule for the next `count` requests only.
    pub fn times(self, count: u32) -> FaultRule {
        FaultRule { remaining: Some(count), ..self }
    }

    fn applies(&self, fault: Fault, entity: Option<Entity>) -> bool {
        let only = self.entity.or(fault.default_entity());
        self.fault == fault && self.remaining != Some(0) && (only.is_none() || only == entity)
    }
}

impl From<Fault> for FaultRule {
    fn from(fault: Fault) -> FaultRule {
        FaultRule { fault, entity: None, remaining: None, amount: None }
    }
}

impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.fault.name())?;
        if let Some(entity) = self.entity {
            write!(f, "={entity}")?;
        }
        if let Some(amount) = self.amount {
            write!(f, "@{amount}")?;
        }
        if let Some(count) = self.remaining {
            write!(f, ":{count}")?;
        }
        Ok(())
    }
}

impl FromStr for FaultRule {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<FaultRule, FaultError> {
        let not_a_number = |text: &str| FaultError::NotANumber(text.to_owned());
        let (rest, remaining) = match text.split_once(':') {
            Some((rest, count)) => (rest, Some(count.parse().map_err(|_| not_a_number(count))?)),
            None => (text, None),
        };
        let (rest, amount) = match rest.split_once('@') {
            Some((rest, amount)) => (rest, Some(amount.parse().map_err(|_| not_a_number(amount))?)),
            None => (rest, None),
        };
        let (name, entity) = match rest.split_once('=') {
            Some((name, entity)) => {
                let known = entity.parse();
                (name, Some(known.map_err(|_| FaultError::UnknownEntity(entity.to_owned()))?))
            }
            None => (rest, None),
        };
        Ok(FaultRule { fault: name.parse()?, entity, remaining, amount })
    }
}

/// Why a text is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// No fault has this name.
    #[error("no fault is named {0:?}")]
    UnknownFault(String),
    /// No entity has this name.
    #[error("no entity is named {0:?}")]
    UnknownEntity(String),
    /// A count or an amount is not a whole number.
    #[error("{0:?} is not a whole number")]
    NotANumber(String),
}

/// The faults that are on. Shared with the running server: a change takes effect at the next
/// request.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<FaultRule>>);

impl Faults {
    fn rules(&self) -> MutexGuard<'_, Vec<FaultRule>> {
        // A rule is a plain value: a panic elsewhere cannot leave half of one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Switches a fault on, in place of the same fault on the same entity.
    pub fn set(&self, rule: impl Into<FaultRule>) {
        let rule = rule.into();
        let mut rules = self.rules();
        rules.retain(|other| (other.fault, other.entity) != (rule.fault, rule.entity));
        rules.push(rule);
    }

    /// Switches everything off.
    pub fn clear(&self) {
        self.rules().clear();
    }

    /// Switches one fault off, on every entity.
    pub fn clear_one(&self, fault: Fault) {
        self.rules().retain(|rule| rule.fault != fault);
    }

    /// The rules that still apply to something.
    pub fn active(&self) -> Vec<FaultRule> {
        self.rules().iter().copied().filter(|rule| rule.remaining != Some(0)).collect()
    }

    /// Whether a fault applies, without using it up.
    pub(crate) fn is_set(&self, fault: Fault, entity: Option<Entity>) -> bool {
        self.rules().iter().any(|rule| rule.applies(fault, entity))
    }

    /// The rule that applies to this request, which counts as one of its requests.
    pub(crate) fn hit(&self, fault: Fault, entity: Option<Entity>) -> Option<FaultRule> {
        let mut rules = self.rules();
        let rule = rules.iter_mut().find(|rule| rule.applies(fault, entity))?;
        if let Some(remaining) = &mut rule.remaining {
            *remaining -= 1;
        }
        Some(*rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_kebab_case_and_leads_back() {
        for fault in Fault::ALL {
            assert_eq!(fault.name().parse(), Ok(*fault));
            let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(fault.name().chars().all(kebab), "{fault}");
        }
        assert_eq!("nope".parse::<Fault>(), Err(FaultError::UnknownFault("nope".to_owned())));
    }

    #[test]
    fn a_rule_survives_its_text() {
        for text in ["slow", "slow@250", "no-permission=Services", "cut-connection:3"] {
            assert_eq!(text.parse::<FaultRule>().expect("a rule").to_string(), text);
        }
        let rule: FaultRule = "rate-limited=contracts@2:5".parse().expect("a rule");
        let wanted = Fault::RateLimited.on(Entity::Contracts).times(5);
        assert_eq!(rule, FaultRule { amount: Some(2), ..wanted });
        assert!("slow@x".parse::<FaultRule>().is_err());
        assert!("slow:x".parse::<FaultRule>().is_err());
        assert!("slow=Nothing".parse::<FaultRule>().is_err());
    }

    #[test]
    fn a_count_is_used_up_and_an_entity_is_kept_to() {
        let faults = Faults::default();
        faults.set(Fault::CutConnection.on(Entity::Services).times(2));
        assert!(faults.hit(Fault::CutConnection, Some(Entity::Contracts)).is_none());
        assert!(faults.hit(Fault::CutConnection, None).is_none());
        for _ in 0..2 {
            assert!(faults.hit(Fault::CutConnection, Some(Entity::Services)).is_some());
        }
        assert!(faults.hit(Fault::CutConnection, Some(Entity::Services)).is_none());
        assert!(faults.active().is_empty());
    }

    #[test]
    fn a_missing_permission_is_about_contracts_unless_named() {
        let faults = Faults::default();
        faults.set(Fault::NoPermission);
        assert!(faults.is_set(Fault::NoPermission, Some(Entity::Contracts)));
        assert!(!faults.is_set(Fault::NoPermission, Some(Entity::Services)));
        faults.set(Fault::NoPermission.on(Entity::Services));
        assert!(faults.is_set(Fault::NoPermission, Some(Entity::Services)));
        faults.clear_one(Fault::NoPermission);
        assert!(faults.active().is_empty());
    }
}
