//! `doctor`: what was checked, what was found, and what to do about it.

use crate::ctl::app::error::CtlError;
use crate::ctl::app::exit;
use crate::ctl::commands::Ctl;
use crate::ctl::output::screen::{Screen, Tone, count};
use crate::protocol::daemon::{Doctor, DoctorReply, Finding};

/// The check that says of each kind of row whether it may be read.
const PERMISSION: &str = "permission";

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

/// The findings; those that say the same of what may be read of one entity after the other are one
/// line.
fn in_short(findings: &[Finding]) -> Vec<Finding> {
    let mut short: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        let Some((before, name, after)) = of_entity(finding) else {
            short.push(finding.clone());
            continue;
        };
        let is_same = |one: &Finding| {
            let told = of_entity(one).map(|(before, _, after)| (before, after));
            told == Some((before, after)) && one.outcome == finding.outcome
        };
        match short.iter_mut().find(|one| is_same(one)) {
            Some(one) => {
                let names = of_entity(one).map_or("", |(_, names, _)| names);
                one.detail = format!("{before}{names}, {name}{MAY}{after}");
            }
            None => short.push(finding.clone()),
        }
    }
    short
}

/// What stands behind the name of an entity.
const MAY: &str = " may ";

/// What a finding says of an entity, around its name: before it, the name or several, and behind.
fn of_entity(finding: &Finding) -> Option<(&str, &str, &str)> {
    let told = finding.detail.as_str();
    let begins = |before: &&str| told.starts_with(before);
    let before = ["all ", "only some ", "whether all ", ""].into_iter().find(begins)?;
    let (name, after) = told.strip_prefix(before)?.split_once(MAY)?;
    (finding.check == PERMISSION).then_some((before, name, after))
}

/// The screen.
fn render(reply: &DoctorReply, screen: &Screen) -> String {
    let findings = in_short(&reply.findings);
    let width = findings.len().to_string().len();
    let mut text = String::new();
    for (number, finding) in findings.iter().enumerate() {
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
            let number = findings.iter().filter(|found| found.outcome == outcome).count();
            (number > 0).then(|| format!("{number} {outcome}"))
        };
        let counts: Vec<String> =
            ["good", "warning", "bad", "skipped"].into_iter().filter_map(number).collect();
        let total = count(findings.len() as i64, "check");
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
    fn what_may_be_read_is_one_line_and_what_may_not_is_named() {
        let of = |outcome: &str, detail: &str| Finding {
            check: PERMISSION.to_owned(),
            detail: detail.to_owned(),
            ..finding(outcome, None, None)
        };
        let findings = vec![
            finding("good", None, None),
            of("good", "all Contracts may be read"),
            of("warning", "only some Companies may be read; the others look deleted"),
            of("good", "all ContractServices may be read"),
            of("warning", "whether all Services may be read is not understood: {}"),
            of("warning", "whether all Currencies may be read is not understood: {}"),
        ];
        let text = render(&DoctorReply { findings, progress: None }, &sample(80));
        assert_eq!(text.matches("may be read").count(), 3, "{text}");
        assert!(text.contains("whether all Services, Currencies may be read is not"), "{text}");
        assert!(
            text.contains("2. ✓ good     permission: all Contracts, ContractServices may be read"),
            "{text}"
        );
        assert!(text.contains("3. ! warning  permission: only some Companies"), "{text}");
        assert!(text.ends_with("4 checks: 2 good, 2 warning\n"), "{text}");
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
