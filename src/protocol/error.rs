//! Failures on the wire: each code has one full name, and one way back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{contracts, daemon, service, sync};
use crate::model::{Advice, Code, Failure};

/// Every error says in `message` what failed and why, and may say in `advice`, and in the daemon's
/// own words in `hint`, what a person can do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ErrorParameters {
    /// One line, lower case, that says what failed and why.
    pub message: String,
    /// What a person can do next.
    #[serde(default)]
    pub advice: Option<Advice>,
    /// The same in the daemon's own words.
    #[serde(default)]
    pub hint: Option<String>,
}

/// What a method of any interface may answer. The others stand in the tables of the interfaces.
pub(super) const COMMON: [Code; 15] = [
    Code::InvalidArgument,
    Code::NotPermitted,
    Code::AuthFailed,
    Code::UnknownUser,
    Code::BadIntegrationCode,
    Code::NoPermission,
    Code::Unreachable,
    Code::RateLimited,
    Code::AutotaskFailed,
    Code::Busy,
    Code::TimedOut,
    Code::Stopping,
    Code::BadConfiguration,
    Code::StoreFailed,
    Code::Internal,
];

/// The full Varlink name of a code that a method of `interface` answers, such as
/// `org.lmsyncd.Sync.AutoSyncEnabled`: typed clients know only the errors of the interface that they
/// called, so one that the interface does not declare goes by the name of an internal error.
pub fn error_name(interface: &str, code: Code) -> String {
    let own = match interface {
        contracts::INTERFACE => contracts::ERRORS,
        daemon::INTERFACE => daemon::ERRORS,
        _ => sync::ERRORS,
    };
    let declared = COMMON.contains(&code) || own.contains(&code);
    let code = if declared { code } else { Code::Internal };
    format!("{interface}.{}", code.name())
}

/// The failure that an error on the wire tells of.
pub fn failure_of(name: &str, parameters: Option<Value>) -> Failure {
    let last = name.rsplit('.').next().unwrap_or_default();
    let code = match name.rsplit_once('.') {
        Some((service::INTERFACE, "InvalidParameter")) => Some(Code::InvalidArgument),
        Some((service::INTERFACE, _)) => None,
        _ => Code::from_name(last),
    };
    let details = parameters.unwrap_or_default();
    match (code, serde_json::from_value::<ErrorParameters>(details.clone())) {
        (Some(code), Ok(ErrorParameters { message, advice, hint })) => {
            let said = || hint.map(Advice::said);
            Failure { code, message, advice: advice.or_else(said) }
        }
        (code, _) => {
            let code = code.unwrap_or(Code::Internal);
            Failure::new(code, format!("the daemon answered {name} {details}"))
                .advise(Advice::CompareVersions)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_comes_back_as_it_went() {
        for code in COMMON.iter().chain(sync::ERRORS) {
            let advice = Some(Advice::Doctor);
            let parameters = ErrorParameters { message: "no".to_owned(), advice, hint: None };
            let value = serde_json::to_value(parameters).expect("serializes");
            let failure = failure_of(&error_name(sync::INTERFACE, *code), Some(value));
            assert_eq!(failure, Failure::new(*code, "no").advise(Advice::Doctor));
        }
    }

    #[test]
    fn what_an_interface_does_not_declare_is_an_internal_error() {
        let declared = [daemon::ERRORS, &COMMON].concat();
        let undeclared = Code::ALL.into_iter().filter(|code| !declared.contains(code));
        for code in undeclared {
            assert_eq!(error_name(daemon::INTERFACE, code), "org.lmsyncd.Daemon.Internal");
        }
        assert_eq!(
            error_name(sync::INTERFACE, Code::AutoSyncEnabled),
            "org.lmsyncd.Sync.AutoSyncEnabled"
        );
    }

    #[test]
    fn every_code_is_an_error_of_an_interface() {
        let all = [sync::ERRORS, contracts::ERRORS, daemon::ERRORS, &COMMON].concat();
        for code in Code::ALL {
            assert!(all.contains(&code), "{code:?}");
        }
    }

    #[test]
    fn a_hint_of_an_earlier_daemon_is_kept() {
        let value = serde_json::json!({ "message": "no", "hint": "lmsyncctl doctor" });
        let failure = failure_of("org.lmsyncd.Sync.Busy", Some(value));
        let text = "lmsyncctl doctor".to_owned();
        assert_eq!(failure, Failure::new(Code::Busy, "no").advise(Advice::Said { text }));
    }
}
