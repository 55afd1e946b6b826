//! Signs beyond ASCII, for terminals that do not show them.
//!
//! The program writes its own signs (`├─ ✓ · …`) as they are, and here, on the way out, they become
//! ASCII where the locale is not UTF-8. What comes from Autotask is to stay as it is, also where a
//! name has the same signs: on the way in such a sign is put under guard, as a code point for
//! private use that is as wide, and on the way out it is what it was.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the locale is not UTF-8. It is one for all of the process, errors of its command line
/// included.
static ASCII: AtomicBool = AtomicBool::new(false);

/// The first of the code points under guard, at the end of the last plane for private use.
const GUARDED: u32 = 0x10_f000;

/// Each sign that the program writes, and what stands for it; as wide, wherever columns stand behind
/// it.
const SIGNS: [(char, &str); 33] = [
    ('├', "|"),
    ('└', "`"),
    ('─', "-"),
    ('│', "|"),
    ('┌', "+"),
    ('┐', "+"),
    ('┘', "+"),
    ('┤', "|"),
    ('┬', "+"),
    ('┴', "+"),
    ('┼', "+"),
    ('╭', "+"),
    ('╮', "+"),
    ('╰', "+"),
    ('╯', "+"),
    ('━', "="),
    ('·', "|"),
    ('…', "~"),
    ('→', ">"),
    ('←', "<"),
    ('↑', "^"),
    ('↓', "v"),
    ('✓', "+"),
    ('✗', "x"),
    ('≠', "!="),
    ('–', "-"),
    ('—', "-"),
    ('“', "\""),
    ('”', "\""),
    ('█', "#"),
    ('░', "."),
    ('◆', "*"),
    ('●', "*"),
];

/// Says that the locale is not UTF-8, before anything is read or written.
pub fn use_ascii() {
    ASCII.store(true, Ordering::Relaxed);
}

fn is_ascii() -> bool {
    ASCII.load(Ordering::Relaxed)
}

/// A text from elsewhere, with those of its signs under guard that would be changed on the way out.
pub fn guarded(text: String) -> String {
    if is_ascii() { guard(&text) } else { text }
}

/// A text for people as it is written.
pub fn shown(text: &str) -> String {
    if is_ascii() { in_ascii(text) } else { text.to_owned() }
}

/// A text for programs and files: its signs are what they were.
pub fn plain(text: &str) -> String {
    if is_ascii() {
        text.chars().map(|c| released(c).unwrap_or(c)).collect()
    } else {
        text.to_owned()
    }
}

fn guard(text: &str) -> String {
    let guard = |c: char| {
        let place = SIGNS.iter().position(|(sign, _)| *sign == c);
        let place = place.and_then(|place| u32::try_from(place).ok());
        place.and_then(|place| char::from_u32(GUARDED + place)).unwrap_or(c)
    };
    text.chars().map(guard).collect()
}

/// The sign that is under guard here.
fn released(c: char) -> Option<char> {
    let place = u32::from(c).checked_sub(GUARDED)?;
    SIGNS.get(usize::try_from(place).ok()?).map(|(sign, _)| *sign)
}

fn in_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        match (released(c), SIGNS.iter().find(|(sign, _)| *sign == c)) {
            (Some(sign), _) => ascii.push(sign),
            (None, Some((_, stands))) => ascii.push_str(stands),
            // The signs of a spinner turn too quickly to be told apart.
            (None, None) if ('\u{2800}'..='\u{28ff}').contains(&c) => ascii.push('*'),
            (None, None) => ascii.push(c),
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthChar;

    #[test]
    fn what_the_program_draws_is_ascii_and_names_stay() {
        let name = guard("Köln → Rom · 日本 …");
        let text = format!("├─ S1  {name}  ✓\n└─ S2  2 · 3…\n");
        assert_eq!(in_ascii(&text), "|- S1  Köln → Rom · 日本 …  +\n`- S2  2 | 3~\n");
    }

    #[test]
    fn what_is_under_guard_is_as_wide_and_comes_back() {
        for (sign, stands) in SIGNS {
            assert!(stands.is_ascii());
            let guarded = guard(&sign.to_string());
            let one = guarded.chars().next().expect("a sign");
            assert_eq!(one.width(), sign.width(), "{sign}");
            assert_eq!(released(one), Some(sign));
        }
    }
}
