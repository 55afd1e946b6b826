//! What is told where an answer may lack what the API user may not see.

use crate::ctl::output::screen::{Screen, Tone};
use crate::model::limits;
use crate::protocol::sync::Visibility;

/// The lines that say what is not visible; nothing where everything is, or where that is not known.
pub fn limited(visibility: Option<&Visibility>, screen: &Screen) -> String {
    let Some(limits) = visibility.and_then(|seen| limits(&seen.some, &seen.none)) else {
        return String::new();
    };
    let text = screen.paint(Tone::Warning, format!("! {limits}; what is hidden is missing here"));
    match screen.quiet {
        true => format!("{text}\n"),
        false => format!("{text}\nhint: {} doctor says what to grant\n", screen.address.program),
    }
}

/// Whether something is not visible.
pub fn is_limited(visibility: Option<&Visibility>) -> bool {
    visibility.is_some_and(|seen| limits(&seen.some, &seen.none).is_some())
}
