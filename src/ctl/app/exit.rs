//! The exit statuses of lmsyncctl: the table that `--help` lists, and what decides which one a
//! command ends with. It is decided from codes, never from texts; the status of a failure of the
//! daemon is [`Code::exit_status`]. Only `check` has statuses of its own, those of a plugin.

use super::error::CtlError;
use crate::model::Code;
use crate::protocol::daemon::Finding;
use crate::protocol::sync::Run;

/// An exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// The number.
    pub status: u8,
    /// What it means, in a few words; `docs/topics/exit-codes.md` has more.
    pub meaning: &'static str,
}

const fn exit(status: u8, meaning: &'static str) -> Exit {
    Exit { status, meaning }
}

/// Every exit status, in order.
pub const EXITS: [Exit; 10] = [
    exit(0, "done"),
    exit(1, "failed unexpectedly"),
    exit(2, "usage"),
    exit(3, "daemon not reachable"),
    exit(4, "not permitted"),
    exit(5, "no such client, contract or run"),
    exit(6, "refused by rule"),
    exit(7, "Autotask failed"),
    exit(8, "partly done"),
    exit(9, "busy, or timed out"),
];

/// Failed unexpectedly: neither the daemon nor the command line is at fault.
const UNEXPECTED: u8 = 1;
const USAGE: u8 = 2;
const NOT_REACHABLE: u8 = 3;
const NOT_PERMITTED: u8 = 4;
const PARTIAL: u8 = 8;

/// The exit status of a command that ends with an error.
pub fn of_error(error: &CtlError) -> u8 {
    match error {
        CtlError::Usage { .. } => USAGE,
        CtlError::Unreachable { .. }
        | CtlError::Silent { .. }
        | CtlError::Closed
        | CtlError::Stopped => NOT_REACHABLE,
        CtlError::Forbidden { .. } => NOT_PERMITTED,
        CtlError::Failed(failure) => failure.code.exit_status(),
        CtlError::Nonsense(_)
        | CtlError::Socket(_)
        | CtlError::Input(_)
        | CtlError::Editor(_)
        | CtlError::File { .. }
        | CtlError::Output(_) => UNEXPECTED,
    }
}

/// The exit status of a command that shows a run.
pub fn of_run(run: &Run) -> u8 {
    match run.result.as_str() {
        "ok" => 0,
        "partial" => PARTIAL,
        "held" => Code::Held.exit_status(),
        _ => {
            let code = run.error.as_deref().and_then(Code::from_name).unwrap_or(Code::Internal);
            code.exit_status()
        }
    }
}

/// The exit status of an answer that names what kept the daemon from asking Autotask, if anything
/// did.
pub fn of_answer(code: Option<&str>) -> u8 {
    code.map_or(0, |code| Code::from_name(code).unwrap_or(Code::Internal).exit_status())
}

/// The exit status of a command that leaves a run to the daemon.
pub fn of_unfinished_run() -> u8 {
    Code::TimedOut.exit_status()
}

/// The exit status of a comparison with Autotask, by how much differs or was not compared.
pub fn of_comparison(findings: usize) -> u8 {
    if findings == 0 { 0 } else { PARTIAL }
}

/// The exit status of a trial of the notify command.
pub fn of_trial(error: Option<&str>) -> u8 {
    if error.is_none() { 0 } else { UNEXPECTED }
}

/// The exit status of `doctor`: that of the first failure; "partly done" where something is bad
/// that did not fail, such as a missing permission; zero where nothing is bad.
pub fn of_findings(findings: &[Finding]) -> u8 {
    let bad = findings.iter().find(|finding| finding.outcome == "bad");
    let code = |finding: &Finding| finding.error.as_deref().and_then(Code::from_name);
    bad.map(|finding| code(finding).map_or(PARTIAL, Code::exit_status)).unwrap_or(0)
}

/// The table in two columns, as it ends `lmsyncctl --help`.
pub fn table() -> String {
    let (left, right) = EXITS.split_at(EXITS.len() / 2);
    let rows = left.iter().zip(right).map(|(left, right)| {
        format!("  {}  {:<29} {}  {}\n", left.status, left.meaning, right.status, right.meaning)
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_that_a_failure_has_is_in_the_table() {
        assert!(EXITS.iter().enumerate().all(|(place, exit)| usize::from(exit.status) == place));
        for code in Code::ALL {
            let status = code.exit_status();
            assert!(EXITS.iter().any(|exit| exit.status == status), "{}: {status}", code.name());
        }
    }

    #[test]
    fn the_table_fits_a_narrow_terminal() {
        assert!(table().lines().all(|line| line.len() <= 80), "{}", table());
    }
}
