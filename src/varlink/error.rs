//! Failures on the wire: each code has one full name, and one way back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::service;
use crate::model::{Advice, Code, Failure};

/// What every error of the `org.lmsyncd` interfaces carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// The full Varlink name of a code, such as `org.lmsyncd.Sync.AutoSyncEnabled`.
pub fn error_name(code: Code) -> String {
    let interface = match code {
        Code::NoSuchClient
        | Code::AmbiguousClient
        | Code::OtherClient
        | Code::NoSuchRun
        | Code::AutoSyncEnabled
        | Code::Held
        | Code::Ignored
        | Code::Unsupported
        | Code::AuthFailed
        | Code::UnknownUser
        | Code::BadIntegrationCode
        | Code::NoPermission
        | Code::Unreachable
        | Code::RateLimited
        | Code::AutotaskFailed
        | Code::Busy
        | Code::TimedOut => "org.lmsyncd.Sync",
        Code::NoSuchContract | Code::FieldNotEditable => "org.lmsyncd.Contracts",
        Code::InvalidArgument
        | Code::NotPermitted
        | Code::Stopping
        | Code::BadConfiguration
        | Code::StoreFailed
        | Code::Internal => "org.lmsyncd.Daemon",
    };
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
        for code in Code::ALL {
            let advice = Some(Advice::Doctor);
            let parameters = ErrorParameters { message: "no".to_owned(), advice, hint: None };
            let value = serde_json::to_value(parameters).expect("serializes");
            let failure = failure_of(&error_name(code), Some(value));
            assert_eq!(failure, Failure::new(code, "no").advise(Advice::Doctor));
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
