//! Texts as people typed them, without what a terminal or a table would trip over.
//!
//! Autotask hands on whatever was pasted into a field, terminal escapes included. They are taken
//! out here, once, so that no store, log or terminal ever holds them; letters, blanks and the line
//! ends of a description stay.

use std::iter::Peekable;
use std::str::Chars;

const ESCAPE: char = '\u{1b}';
/// What `ESC [` is as one character.
const CONTROL_SEQUENCE: char = '\u{9b}';
const BELL: char = '\u{7}';
/// What `ESC \` is as one character.
const STRING_END: char = '\u{9c}';

/// The most characters that a terminal escape is taken to have. A longer one was none, or is
/// unfinished, and the rest of the text must not go with it.
const ESCAPE_CHARACTERS: usize = 256;

/// A text of several lines: simple line ends, no escapes, other control characters as blanks, and
/// nothing blank at its end.
pub(in crate::autotask) fn lines(text: &str) -> String {
    let text = without_escapes(text).replace("\r\n", "\n").replace('\r', "\n");
    let blank = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.chars().map(blank).collect::<String>().trim_end().to_owned()
}

/// The beginning of a text of the remote side, as far as it is told: so many characters.
pub(in crate::autotask) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A text of one line, without blanks around it.
pub(in crate::autotask) fn line(text: &str) -> String {
    lines(text).replace('\n', " ").trim().to_owned()
}

fn without_escapes(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            ESCAPE => skip_escape(&mut rest),
            CONTROL_SEQUENCE => skip_control_sequence(&mut rest),
            other => kept.push(other),
        }
    }
    kept
}

/// Skips what follows an `ESC`.
fn skip_escape(rest: &mut Peekable<Chars<'_>>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            skip_control_sequence(rest);
        }
        // A string for the terminal: a title, a link, the clipboard.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            rest.next();
            skip_string(rest);
        }
        // Two or three characters: a character set, a reset, and the like.
        Some(' '..='/') => {
            rest.next();
            rest.next_if(|next| matches!(next, '0'..='~'));
        }
        Some('0'..='~') => {
            rest.next();
        }
        _ => {}
    }
}

/// Skips parameters and the final letter.
fn skip_control_sequence(rest: &mut Peekable<Chars<'_>>) {
    for _ in 0..ESCAPE_CHARACTERS {
        if rest.next_if(|next| matches!(next, ' '..='?')).is_none() {
            break;
        }
    }
    rest.next_if(|next| matches!(next, '@'..='~'));
}

/// Skips to the end of a string for the terminal, if there is one.
fn skip_string(rest: &mut Peekable<Chars<'_>>) {
    let mut ahead = rest.clone();
    for _ in 0..ESCAPE_CHARACTERS {
        match ahead.next() {
            Some(BELL | STRING_END) => {
                *rest = ahead;
                return;
            }
            Some(ESCAPE) if ahead.next_if_eq(&'\\').is_some() => {
                *rest = ahead;
                return;
            }
            Some(_) => {}
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_go_and_words_stay() {
        for (text, left) in [
            ("\u{1b}[31mRed\u{1b}[0m Care", "Red Care"),
            ("\u{1b}]0;owned\u{7}Care", "Care"),
            ("\u{1b}]8;;https://evil.example\u{1b}\\Care\u{1b}]8;;\u{1b}\\", "Care"),
            ("\u{9b}2JCare", "Care"),
            ("\u{1b}(0Care\u{1b}c", "Care"),
            ("Care\u{1b}", "Care"),
            ("Care\u{1b}[", "Care"),
            ("Care \u{1b}]0;no end", "Care 0;no end"),
            ("a\u{0}b\u{8}c\td\u{7f}e\u{85}f", "a b c d e f"),
            ("Services gérés – 東京", "Services gérés – 東京"),
        ] {
            assert_eq!(lines(text), left, "{text:?}");
        }
    }

    #[test]
    fn lines_keep_their_ends_and_one_line_has_none() {
        assert_eq!(lines("  one \r\ntwo\rthree \n\n"), "  one \ntwo\nthree");
        assert_eq!(line("  one \r\ntwo\rthree \n\n"), "one  two three");
        assert_eq!(line("\r\n\u{1b}[0m"), "");
    }

    proptest! {
        #[test]
        fn no_control_character_survives(text in any::<String>()) {
            prop_assert!(lines(&text).chars().all(|c| !c.is_control() || c == '\n'));
            prop_assert!(line(&text).chars().all(|c| !c.is_control()));
        }

        #[test]
        fn a_plain_text_is_left_as_it_is(text in "[a-zA-Z0-9 .,;äé東-]{0,60}[a-z]") {
            prop_assert_eq!(lines(&text), text);
        }
    }
}
