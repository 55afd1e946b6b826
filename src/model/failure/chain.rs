//! An error and its causes as text.

use std::error::Error;

use crate::model::text::visible;

/// An error and its causes, in one line. A cause that only repeats what was said is left out, and
/// of one of several lines only the first is told. What stands in it drives no terminal and no log.
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        let next = next.lines().next().unwrap_or_default();
        if !text.ends_with(next) {
            text.push_str(": ");
            text.push_str(next);
        }
        cause = error.source();
    }
    visible(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Said(&'static str, #[source] Option<Box<Said>>);

    #[test]
    fn causes_are_told_once_and_in_one_line() {
        let said = |text, cause: Option<Said>| Said(text, cause.map(Box::new));
        let disk = said("no space left\nat sector 7", None);
        let write = said("cannot write", Some(disk));
        let again = said("store: cannot write", Some(write));
        assert_eq!(error_chain(&again), "store: cannot write: no space left");
        assert_eq!(error_chain(&said("alone", None)), "alone");
        assert_eq!(error_chain(&said("of A\u{1b}[2J\u{202e}B", None)), "of A [2J B");
    }
}
