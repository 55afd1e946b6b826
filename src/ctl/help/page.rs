//! What a text of help is made of. Written once, it is shown on a terminal here, and set as a
//! section of a manual page by `examples/manual`.

use std::borrow::Cow;

/// The columns that a text fills where nobody says how many there are.
const WIDTH: usize = 80;

/// The columns that a text fills at most: longer lines are hard to read.
const AT_MOST: usize = 100;

/// How far what stands below a heading is moved to the right.
const INDENT: usize = 2;

/// A name longer than this stands on a line of its own, with its meaning below it.
const NAME_AT_MOST: usize = 22;

/// A piece of a text. What stands between backticks is meant to be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// The title of what follows.
    Heading(&'static str),
    /// A paragraph.
    Text(Cow<'static, str>),
    /// Names, each with its meaning.
    Names(Vec<(Cow<'static, str>, Cow<'static, str>)>),
    /// Lines to type, or to find in a file, as they are.
    Lines(&'static [&'static str]),
}

/// A paragraph.
pub fn text(text: impl Into<Cow<'static, str>>) -> Block {
    Block::Text(text.into())
}

/// Names, each with its meaning.
pub fn names<N, M>(names: impl IntoIterator<Item = (N, M)>) -> Block
where
    N: Into<Cow<'static, str>>,
    M: Into<Cow<'static, str>>,
{
    Block::Names(names.into_iter().map(|(name, meaning)| (name.into(), meaning.into())).collect())
}

/// The text on a terminal of so many columns.
pub fn plain(blocks: &[Block], width: Option<u16>) -> String {
    let width = width.map_or(WIDTH, usize::from).clamp(40, AT_MOST);
    let mut parts = Vec::new();
    let mut indent = 0;
    for block in blocks {
        let part = match block {
            Block::Heading(heading) => {
                indent = INDENT;
                // What it heads follows at once.
                format!("{heading}:")
            }
            Block::Text(text) => wrapped(text, indent, width),
            Block::Names(names) => table(names, indent.max(INDENT), width),
            Block::Lines(lines) => {
                let lines = lines.iter().map(|l| format!("{}{l}", " ".repeat(indent.max(INDENT))));
                lines.collect::<Vec<_>>().join("\n")
            }
        };
        parts.push((part, matches!(block, Block::Heading(_))));
    }
    let mut page = String::new();
    for (part, is_heading) in parts {
        page.push_str(&part);
        page.push_str(if is_heading { "\n" } else { "\n\n" });
    }
    format!("{}\n", page.trim_end())
}

fn table(names: &[(Cow<'static, str>, Cow<'static, str>)], indent: usize, width: usize) -> String {
    let length = |name: &str| name.chars().count();
    let column = names.iter().map(|(name, _)| length(name)).filter(|l| *l <= NAME_AT_MOST).max();
    let hanging = indent + column.unwrap_or(NAME_AT_MOST) + INDENT;
    let mut lines = Vec::new();
    for (name, meaning) in names {
        let told = wrapped(meaning, hanging, width);
        let head = format!("{}{name}", " ".repeat(indent));
        if length(&head) + INDENT <= hanging {
            let gap = " ".repeat(hanging - length(&head));
            lines.push(format!("{head}{gap}{}", told.trim_start()));
        } else {
            lines.push(format!("{head}\n{told}"));
        }
    }
    lines.join("\n")
}

fn wrapped(text: &str, indent: usize, width: usize) -> String {
    let margin = " ".repeat(indent);
    let mut lines = Vec::new();
    let mut line = margin.clone();
    for word in unbroken(text) {
        let is_empty = line.len() == indent;
        if !is_empty && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, margin.clone()));
        } else if !is_empty {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines.join("\n")
}

/// The words of a text; what stands between backticks is one, so that nobody copies half of it.
fn unbroken(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(last) if is_open => *last = format!("{last} {word}"),
            _ => words.push(word.to_owned()),
        }
        is_open ^= word.matches('`').count() % 2 == 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_typed_stays_on_one_line() {
        assert_eq!(unbroken("then `a b c`, or d"), ["then", "`a b c`,", "or", "d"]);
    }

    #[test]
    fn a_page_fits_its_width_and_loses_no_word() {
        let page = [
            text("A text that is long enough to need a second line on a narrow terminal."),
            Block::Heading("Names"),
            names([
                ("short", "what it means, in more words than one line of forty columns has"),
                ("a-name-that-is-much-too-long-for-this", "and its meaning"),
            ]),
            Block::Lines(&["lmsyncctl status"]),
        ];
        let shown = plain(&page, Some(40));
        insta::assert_snapshot!(shown, @"
        A text that is long enough to need a
        second line on a narrow terminal.

        Names:
          short  what it means, in more words
                 than one line of forty columns
                 has
          a-name-that-is-much-too-long-for-this
                 and its meaning

          lmsyncctl status
        ");
        assert!(plain(&page, None).lines().all(|line| line.chars().count() <= WIDTH));
    }
}
