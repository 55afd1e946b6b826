//! Questions to the person at the terminal, before something that is hard to take back.
//!
//! Nothing is asked where nobody could answer: off a terminal, or where a machine reads the answer.

use std::io::{self, BufRead, IsTerminal};

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::Format;

/// Whether a person sits at both ends and is not waiting for a machine's answer.
pub fn is_conversation(ctl: &Ctl) -> bool {
    ctl.output.format == Format::Text && io::stdin().is_terminal() && io::stdout().is_terminal()
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
    fn only_a_yes_is_a_yes() {
        assert!(is_yes("Y\n") && is_yes("yes\n"));
        assert!(!is_yes("\n") && !is_yes("yup\n") && !is_yes(""));
    }
}
