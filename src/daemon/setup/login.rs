//! One login, with the checks that `doctor` makes: whether the credentials are accepted, and what the
//! API user may see.

use std::sync::Arc;

use secrecy::SecretString;

use crate::advice::Address;
use crate::autotask::{Autotask, Finding, HttpTransport, Outcome, Progress, Work, ZoneMemory};
use crate::clock::{Clock, SystemClock};
use crate::config::{Credentials, Settings};
use crate::daemon::app::options;
use crate::model::{Advice, Code, SecretSource, error_chain};

/// Checks that must be good for a login to have worked; the others are about what it may see.
const LOGIN: [&str; 3] = ["zone", "connection", "credentials"];

/// Why a login did not work.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failed {
    /// What went wrong.
    pub(super) message: String,
    /// Whether Autotask answered and refused.
    pub(super) refuses: bool,
    /// Whether the account is locked.
    is_locked: bool,
    code: Option<Code>,
}

impl Failed {
    /// What a person can do.
    pub(super) fn hint(&self, address: &Address) -> String {
        let again = format!("then run `{}` again", address.setup());
        match self.code {
            Some(Code::UnknownUser) => format!(
                "the user name is the API user's \"Username (Key)\", not an e-mail address: compare \
                 it with Admin > Resources/Users in Autotask, {again}"
            ),
            Some(Code::BadIntegrationCode) => format!(
                "the integration code is the API Tracking Identifier on the API user's page, under \
                 \"Custom (Internal Integration)\"; {again}"
            ),
            _ if self.is_locked => format!(
                "unlock the API user in Autotask (Admin > Resources/Users), and find out who logs \
                 in with a wrong secret; {again}"
            ),
            _ if self.refuses => format!(
                "compare all three with Autotask, {again}; a user whose security level is not \"API \
                 User (system)\" is refused as well, and too many attempts lock the account"
            ),
            _ => format!(
                "check the firewall, DNS and a proxy (`proxy` and `ca-file` in the configuration), \
                 {again}; --no-login writes the files without trying"
            ),
        }
    }
}

/// Tries the credentials once. Gives what the API user may see, in lines.
pub(super) fn try_once(
    settings: &Settings,
    username: &str,
    secret: SecretString,
    integration_code: &SecretString,
) -> Result<Vec<String>, Failed> {
    let credentials = Credentials {
        username: username.to_owned(),
        secret,
        source_of_secret: SecretSource::Credential,
        integration_code: integration_code.clone(),
    };
    let failed = |message: String| Failed { message, refuses: false, is_locked: false, code: None };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let options = options(settings, credentials, clock.as_ref());
    let transport = HttpTransport::new(&options).map_err(|error| failed(error_chain(&error)))?;
    let autotask = Autotask::new(options, Arc::new(transport), clock, ZoneMemory::none());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(format!("the system refused: {error}")))?;
    let progress = Progress::new().with_work(Work::Checkup);
    judge(&runtime.block_on(autotask.probe(&progress)))
}

fn judge(findings: &[Finding]) -> Result<Vec<String>, Failed> {
    let bad = findings
        .iter()
        .find(|found| LOGIN.contains(&found.check) && matches!(found.outcome, Outcome::Bad));
    if let Some(bad) = bad {
        let refuses = bad.code.is_some_and(Code::is_credential);
        let is_locked = bad.advice == Some(Advice::UnlockAccount);
        return Err(Failed { message: bad.detail.clone(), refuses, is_locked, code: bad.code });
    }
    let mut lines = Vec::new();
    let is_plain = |found: &&Finding| found.outcome == Outcome::Good && found.check == "permission";
    let whole = findings.iter().filter(is_plain).count();
    for found in findings.iter().filter(|found| !is_plain(found)) {
        match (found.outcome, found.check) {
            (Outcome::Good, "zone" | "credentials" | "agreements" | "currency") => {
                lines.push(found.detail.clone());
            }
            (Outcome::Good | Outcome::Skipped, _) => {}
            (Outcome::Warning | Outcome::Bad, _) => {
                lines.push(format!("warning: {}", found.detail));
            }
        }
    }
    if whole > 0 {
        let kinds = if whole == 1 { "kind" } else { "kinds" };
        lines.push(format!("{whole} {kinds} of data can be read in full"));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(check: &'static str, outcome: Outcome, detail: &str, code: Option<Code>) -> Finding {
        Finding { check, outcome, detail: detail.to_owned(), advice: None, code, access: None }
    }

    #[test]
    fn what_may_not_be_read_is_a_warning_and_a_refusal_is_none_of_it() {
        let seen = [
            found("zone", Outcome::Good, "the zone is Z", None),
            found("connection", Outcome::Good, "Z answers", None),
            found("permission", Outcome::Good, "all A may be read", None),
            found("permission", Outcome::Bad, "B may not be read", Some(Code::NoPermission)),
        ];
        let lines =
            ["the zone is Z", "warning: B may not be read", "1 kind of data can be read in full"];
        assert_eq!(judge(&seen), Ok(lines.map(str::to_owned).to_vec()));
        for (code, refuses) in [(Code::AuthFailed, true), (Code::Unreachable, false)] {
            let seen = [found("credentials", Outcome::Bad, "no", Some(code))];
            let failed = judge(&seen).expect_err("no login");
            assert_eq!(failed.refuses, refuses, "{code:?}");
            let hint = failed.hint(&Address::of_instance(Some("north")));
            assert!(hint.contains("`lmsyncd setup north`"), "{hint}");
        }
    }
}
