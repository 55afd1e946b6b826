//! The stable code of every failure, the same in exit status, JSON, Varlink, runs and journal.

use strum::{EnumCount, VariantArray};

/// The exit status of what Autotask refused or failed, and of where it could not be asked.
const AT_AUTOTASK: u8 = 7;

/// What failed. Names and exit statuses are an interface that scripts rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(strum::EnumMessage))]
#[derive(strum::IntoStaticStr, strum::EnumCount, strum::VariantArray, strum::EnumString)]
#[strum(const_into_str)]
pub enum Code {
    /// No client has that id or name.
    NoSuchClient,
    /// Several clients match.
    AmbiguousClient,
    /// No contract, and no item in Autotask, has that key.
    NoSuchContract,
    /// The item belongs to another client.
    OtherClient,
    /// No run has that number.
    NoSuchRun,
    /// The client is on auto-sync, so a manual sync is refused.
    AutoSyncEnabled,
    /// Autotask owns the field.
    FieldNotEditable,
    /// A guard held the run.
    Held,
    /// A person asked to leave the item out.
    Ignored,
    /// This kind of item cannot be imported, or its row cannot be converted.
    Unsupported,
    /// A parameter has a wrong value.
    InvalidArgument,
    /// The peer may look but not change.
    NotPermitted,
    /// Autotask refused the credentials.
    AuthFailed,
    /// Autotask does not know the user name.
    UnknownUser,
    /// Autotask refused the integration code.
    BadIntegrationCode,
    /// The API user may not read something that is needed.
    NoPermission,
    /// Autotask cannot be reached.
    Unreachable,
    /// Autotask's hourly or thread limit, or the daemon's own budget, is used up.
    RateLimited,
    /// Autotask failed, or gave an answer that makes no sense.
    AutotaskFailed,
    /// Another run of the client is in progress.
    Busy,
    /// The asker's patience ran out.
    TimedOut,
    /// The daemon is stopping.
    Stopping,
    /// The configuration cannot be used.
    BadConfiguration,
    /// The store failed.
    StoreFailed,
    /// Something that should not happen.
    Internal,
}

impl Code {
    /// Every code.
    pub const ALL: [Code; Code::COUNT] = *Code::VARIANTS.first_chunk().expect("one for each");

    /// The code's name, as it ends a Varlink error and stands in runs and in the journal.
    pub fn name(self) -> &'static str {
        self.into_str()
    }

    /// The code with this name.
    pub fn from_name(name: &str) -> Option<Code> {
        name.parse().ok()
    }

    /// The name in lower-case words, for a sentence.
    pub fn words(self) -> String {
        let mut words = String::new();
        for letter in self.name().chars() {
            if letter.is_ascii_uppercase() && !words.is_empty() {
                words.push(' ');
            }
            words.push(letter.to_ascii_lowercase());
        }
        words
    }

    /// Whether it says that the credentials were refused, so that nothing is asked until they are
    /// good.
    pub fn is_credential(self) -> bool {
        matches!(self, Code::AuthFailed | Code::UnknownUser | Code::BadIntegrationCode)
    }

    /// Whether a run that failed with it may succeed when it is tried again without anyone doing
    /// anything.
    pub fn may_go_away(self) -> bool {
        matches!(
            self,
            Code::Unreachable
                | Code::RateLimited
                | Code::AutotaskFailed
                | Code::Busy
                | Code::Internal
        )
    }

    /// Whether Autotask refused, failed or could not be asked.
    pub fn is_of_autotask(self) -> bool {
        self.exit_status() == AT_AUTOTASK
    }

    /// The exit status of lmsyncctl for it.
    pub fn exit_status(self) -> u8 {
        match self {
            Code::BadConfiguration | Code::StoreFailed | Code::Internal => 1,
            Code::InvalidArgument => 2,
            Code::NotPermitted => 4,
            Code::NoSuchClient
            | Code::AmbiguousClient
            | Code::NoSuchContract
            | Code::OtherClient
            | Code::NoSuchRun => 5,
            Code::AutoSyncEnabled
            | Code::FieldNotEditable
            | Code::Held
            | Code::Ignored
            | Code::Unsupported => 6,
            Code::AuthFailed
            | Code::UnknownUser
            | Code::BadIntegrationCode
            | Code::NoPermission
            | Code::Unreachable
            | Code::RateLimited
            | Code::AutotaskFailed => AT_AUTOTASK,
            Code::Busy | Code::TimedOut | Code::Stopping => 9,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_name() {
        for code in Code::ALL {
            assert_eq!(Code::from_name(code.name()), Some(code));
        }
    }

    #[test]
    fn a_name_is_told_in_words() {
        assert_eq!(Code::BadIntegrationCode.words(), "bad integration code");
    }
}
