//! A page of help, read from Markdown: shown on a terminal here, and set as a section of a manual
//! page by `examples/manual`. The pages of `docs/topics/` use headings, paragraphs, lists of
//! names with their meanings, and code blocks, and nothing else of Markdown.

/// The columns that a text fills where nobody says how many there are.
const WIDTH: usize = 80;

/// The columns that a text fills at most: longer lines are hard to read.
const AT_MOST: usize = 100;

/// How far what stands below a heading is moved to the right.
const INDENT: usize = 2;

/// A name longer than this stands on a line of its own, with its meaning below it.
const NAME_AT_MOST: usize = 22;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What it is about, in one line without a full stop: its first paragraph.
    pub about: String,
    /// What follows.
    pub blocks: Vec<Block>,
}

/// A piece of a page. Text between backticks is meant to be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// The title of what follows.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// Names, each with its meaning.
    Names(Vec<(String, String)>),
    /// Lines to type, or to find in a file, as they are.
    Lines(Vec<String>),
}

impl Page {
    /// Reads a page: its title, what it is about, and its blocks.
    pub fn read(markdown: &str) -> Page {
        let mut blocks: Vec<Block> = Vec::new();
        let mut lines = markdown.lines();
        // Whether a line continues the paragraph or the meaning before it.
        let mut is_open = false;
        while let Some(line) = lines.next() {
            if line.starts_with("```") {
                let code = lines.by_ref().take_while(|line| !line.starts_with("```"));
                blocks.push(Block::Lines(code.map(str::to_owned).collect()));
            } else if let Some(heading) = line.strip_prefix("## ") {
                blocks.push(Block::Heading(heading.to_owned()));
            } else if let Some((name, meaning)) = named(line) {
                let entry = (name.to_owned(), meaning.to_owned());
                match blocks.last_mut() {
                    Some(Block::Names(names)) => names.push(entry),
                    _ => blocks.push(Block::Names(vec![entry])),
                }
            } else if !line.is_empty() && !line.starts_with("# ") {
                match blocks.last_mut().filter(|_| is_open) {
                    Some(Block::Text(text)) => continued(text, line),
                    Some(Block::Names(names)) => {
                        names.iter_mut().last().into_iter().for_each(|(_, it)| continued(it, line));
                    }
                    _ => blocks.push(Block::Text(line.to_owned())),
                }
            }
            is_open = !line.is_empty();
        }
        let about = match blocks.first() {
            Some(Block::Text(about)) => about.trim_end_matches('.').to_owned(),
            _ => String::new(),
        };
        Page { about, blocks: blocks.split_off(1.min(blocks.len())) }
    }
}

/// The name and the meaning of an entry of a list: "- `name`: meaning".
fn named(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("- `")?.split_once("`: ")
}

fn continued(text: &mut String, line: &str) {
    text.push(' ');
    text.push_str(line.trim_start());
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

fn table(names: &[(String, String)], indent: usize, width: usize) -> String {
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
        let markdown = [
            "# example",
            "",
            "What it is about.",
            "",
            "A text that is long enough to need",
            "a second line on a narrow terminal.",
            "",
            "## Names",
            "",
            "- `short`: what it means, in more words",
            "  than one line of forty columns has",
            "- `a-name-that-is-much-too-long-for-this`: and its meaning",
            "",
            "```sh",
            "lmsyncctl status",
            "```",
        ];
        let page = Page::read(&markdown.join("\n"));
        assert_eq!(page.about, "What it is about");
        let shown = plain(&page.blocks, Some(40));
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
        assert!(plain(&page.blocks, None).lines().all(|line| line.chars().count() <= WIDTH));
    }
}
