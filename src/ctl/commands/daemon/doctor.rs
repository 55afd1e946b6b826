//! `doctor`: what was checked, what was found, and what to do about it.

use crate::ctl::app::error::CtlError;
use crate::ctl::app::exit;
use crate::ctl::commands::Ctl;
use crate::ctl::output::screen::{Screen, Tone, count};
use crate::protocol::daemon::{Doctor, DoctorReply};

/// Check the connection to Autotask, the permissions, the budget and the store
///
/// Exits with 0 if nothing is bad; warnings are not bad. A check that failed has the exit status of its
/// failure; anything else that is bad, such as a missing permission, 8.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl doctor
  lmsyncctl doctor --json")]
pub struct Args {}

/// Runs the command.
pub fn run(ctl: &Ctl, Args {}: Args) -> Result<u8, CtlError> {
    let answer = ctl.client.call(&Doctor {})?;
    ctl.output.show(&answer, render)?;
    Ok(exit::of_findings(&answer.reply.findings))
}

fn mark(outcome: &str) -> (char, Tone) {
    match outcome {
        "good" => ('✓', Tone::Good),
        "warning" => ('!', Tone::Warning),
        "bad" => ('✗', Tone::Bad),
        _ => ('-', Tone::Dim),
    }
}

/// The screen.
fn render(reply: &DoctorReply, screen: &Screen) -> String {
    let width = reply.findings.len().to_string().len();
    let mut text = String::new();
    for (number, finding) in reply.findings.iter().enumerate() {
        let (mark, tone) = mark(&finding.outcome);
        let outcome = screen.paint(tone, format!("{mark} {:7}", finding.outcome));
        let number = number + 1;
        text.push_str(&format!(
            "{number:>width$}. {outcome}  {}: {}\n",
            finding.check, finding.detail
        ));
        let advised = finding.advice.as_ref().and_then(|advice| screen.address.words(advice));
        if let Some(fix) = advised.as_ref().or(finding.fix.as_ref()) {
            text.push_str(&format!("{:width$}             fix: {fix}\n", ""));
        }
    }
    if !screen.quiet {
        let number = |outcome: &str| {
            let number = reply.findings.iter().filter(|f| f.outcome == outcome).count();
            (number > 0).then(|| format!("{number} {outcome}"))
        };
        let counts: Vec<String> =
            ["good", "warning", "bad", "skipped"].into_iter().filter_map(number).collect();
        let total = count(reply.findings.len() as i64, "check");
        let line =
            if counts.is_empty() { total } else { format!("{total}: {}", counts.join(", ")) };
        text.push_str(&format!("\n{}\n", screen.paint(Tone::Dim, line)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::screen::sample;
    use crate::protocol::daemon::Finding;

    fn finding(outcome: &str, error: Option<&str>, fix: Option<&str>) -> Finding {
        Finding {
            check: "credentials".to_owned(),
            outcome: outcome.to_owned(),
            detail: "what was found".to_owned(),
            advice: None,
            fix: fix.map(str::to_owned),
            error: error.map(str::to_owned),
        }
    }

    #[test]
    fn findings_are_numbered_and_fixes_stand_below() {
        let findings = vec![
            finding("good", None, None),
            finding("warning", None, Some("look at it")),
            finding(
                "bad",
                Some("AuthFailed"),
                Some("put the secret into the secret-file, then lmsyncctl reload"),
            ),
            finding("skipped", None, None),
        ];
        insta::assert_snapshot!(
            "full",
            render(&DoctorReply { findings, progress: None }, &sample(80))
        );
    }

    #[test]
    fn the_first_bad_finding_is_the_exit_status() {
        let status = exit::of_findings;
        assert_eq!(status(&[finding("good", None, None), finding("warning", None, None)]), 0);
        assert_eq!(status(&[finding("bad", None, None)]), 8);
        let store = finding("bad", Some("StoreFailed"), None);
        assert_eq!(status(&[store, finding("bad", None, None)]), 1);
    }
}
