//! Questions to the person at the terminal, before something that is hard to take back.
//!
//! Nothing is asked where nobody could answer: off a terminal, or where a machine reads the answer.
//! What would have been asked is refused there, unless the person said yes before ([`first`]).

use std::io::{self, BufRead, IsTerminal};

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::Format;

/// Whether a person sits at both ends and is not waiting for a machine's answer.
pub fn is_conversation(ctl: &Ctl) -> bool {
    ctl.output.format == Format::Text && io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Whether to ask before `command` does what it does; not where the person said yes before.
///
/// # Errors
///
/// Where nobody can be asked and nobody said yes: it is hard to take back, so a script says so.
pub fn first(ctl: &Ctl, yes: bool, command: &str, dry: Dry) -> Result<bool, CtlError> {
    match (yes, is_conversation(ctl)) {
        (true, _) => Ok(false),
        (false, true) => Ok(true),
        (false, false) => Err(unasked(command, dry)),
    }
}

/// Whether a command can also only say what it would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dry {
    /// With `--dry-run`.
    Possible,
    /// There is nothing that it could say.
    Impossible,
}

fn unasked(command: &str, dry: Dry) -> CtlError {
    let message = format!("`{command}` needs --yes where nobody can be asked for confirmation");
    let shows = match dry {
        Dry::Possible => {
            format!("`lmsyncctl {command} --dry-run` shows what it would do; ")
        }
        Dry::Impossible => String::new(),
    };
    CtlError::usage(message, format!("{shows}`lmsyncctl {command} --yes` does it"))
}

/// Asks, and says whether the answer was yes. An empty answer is a no.
pub fn agreed(ctl: &Ctl, question: &str) -> Result<bool, CtlError> {
    ctl.output.print(&format!("\n{question} [y/N] "))?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(CtlError::Input)?;
    Ok(is_yes(&line))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nobody_can_be_asked_the_hint_is_what_to_type() {
        let address = crate::advice::Address::of_instance(Some("north"));
        let error = unasked("run revert 12", Dry::Possible);
        assert_eq!(crate::ctl::app::exit::of_error(&error), 2);
        assert_eq!(
            error.to_string(),
            "`run revert 12` needs --yes where nobody can be asked for confirmation"
        );
        assert_eq!(
            error.hint(&address).as_deref(),
            Some(
                "`lmsyncctl --instance north run revert 12 --dry-run` shows what it would do; \
                 `lmsyncctl --instance north run revert 12 --yes` does it"
            )
        );
        let error = unasked("restore a.jsonl", Dry::Impossible);
        assert_eq!(
            error.hint(&address).as_deref(),
            Some("`lmsyncctl --instance north restore a.jsonl --yes` does it")
        );
    }

    #[test]
    fn only_a_yes_is_a_yes() {
        assert!(is_yes("Y\n") && is_yes("yes\n"));
        assert!(!is_yes("\n") && !is_yes("yup\n") && !is_yes(""));
    }
}
