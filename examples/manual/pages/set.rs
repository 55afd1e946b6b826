//! Setting a page in the macros of man(7).

use chrono::DateTime;
use clap_mangen::Man;
use lmsyncd::clock::{Clock, SystemClock};
use lmsyncd::ctl::help::page::Block;
use roff::{Inline, Roff, bold, italic, roman};

use super::Page;

/// What clap heads the options with that hold for every command of lmsyncctl.
const EVERYWHERE: &str = "Everywhere";

/// How wide a column of names is at most, in letters: meanings need their room too. Below longer
/// names they stand on a line of their own.
const NAMES_AT_MOST: usize = 26;

/// A page that is being set.
pub struct Sheet {
    name: String,
    section: u8,
    roff: Roff,
    /// Whether nothing stands below the last heading yet.
    is_fresh: bool,
}

impl Sheet {
    /// A page with its NAME section.
    pub fn new(name: &str, section: u8, about: &str) -> Sheet {
        let mut sheet = Sheet { name: name.to_owned(), section, roff: Roff::new(), is_fresh: true };
        // Commands to type must not be torn apart, nor stretched.
        sheet.roff.control("nh", []).control("ad", ["l"]);
        sheet.head("NAME");
        let about = about.trim_end_matches('.').replace('`', "");
        sheet.roff.text([roman(format!("{name} - {about}"))]);
        sheet
    }

    /// Begins a section.
    pub fn head(&mut self, heading: &str) -> &mut Sheet {
        self.roff.control("SH", [heading]);
        self.is_fresh = true;
        self
    }

    /// Begins a part of a section.
    pub fn subhead(&mut self, heading: &str) -> &mut Sheet {
        self.roff.control("SS", [heading]);
        self.is_fresh = true;
        self
    }

    /// A paragraph.
    pub fn text(&mut self, text: &str) -> &mut Sheet {
        self.paragraph(inlines(text))
    }

    fn paragraph(&mut self, words: Vec<Inline>) -> &mut Sheet {
        // A heading begins a paragraph by itself.
        if !std::mem::take(&mut self.is_fresh) {
            self.roff.control("PP", []);
        }
        self.roff.text(words);
        self
    }

    /// A name with its meaning below it.
    pub fn named(&mut self, name: Vec<Inline>, meaning: &str) -> &mut Sheet {
        self.tagged(None, name, meaning)
    }

    /// A name with its meaning beside it, in a column of so many letters for names.
    pub fn tagged(
        &mut self,
        column: Option<usize>,
        name: Vec<Inline>,
        meaning: &str,
    ) -> &mut Sheet {
        self.is_fresh = false;
        let column = column.filter(|letters| *letters <= NAMES_AT_MOST);
        let column = column.map(|letters| letters.to_string());
        self.roff.control("TP", column.as_deref()).text(name).text(inlines(meaning));
        self
    }

    /// A call of a program: the words to type as they are in bold, what stands for something in
    /// italics.
    pub fn synopsis(&mut self, usage: &str) -> &mut Sheet {
        let mut words = Vec::new();
        for (at, word) in usage.split(' ').enumerate() {
            if at > 0 {
                words.push(roman(" "));
            }
            let stands_for = word.contains(|c: char| c.is_ascii_uppercase());
            words.push(if stands_for { italic(word) } else { bold(word) });
        }
        self.paragraph(words)
    }

    /// What the end of a help says: headings, lines to type with what they are for, and words.
    pub fn ending(&mut self, help: &str) -> &mut Sheet {
        let mut was_text = false;
        for line in help.lines() {
            let is_heading = line.ends_with(':') && !line.starts_with(' ');
            if is_heading {
                let heading = line.trim_end_matches(':').to_uppercase();
                // One example or several: the section has one name.
                self.head(if heading == "EXAMPLE" { "EXAMPLES" } else { &heading });
                was_text = false;
            } else if line.trim().is_empty() {
                was_text = false;
            } else if let Some(line) = line.strip_prefix("  ") {
                self.example(line);
                was_text = false;
            } else if was_text {
                self.roff.text(inlines(line));
            } else {
                self.text(line);
                was_text = true;
            }
        }
        self
    }

    /// A line to type; behind two blanks it says what it is for, there as a comment or not.
    pub fn example(&mut self, line: &str) -> &mut Sheet {
        let (command, about) = match outside_quotes(line, "  ") {
            Some(at) => (&line[..at], line[at..].trim().trim_start_matches("# ")),
            None => (line, ""),
        };
        if !command.trim().is_empty() {
            self.paragraph(vec![bold(command.trim_end())]);
        }
        if !about.is_empty() {
            self.roff.control("RS", ["4"]).text(inlines(about)).control("RE", []);
        }
        self
    }

    /// The blocks of a topic; its headings are parts of the section that was begun.
    pub fn blocks(&mut self, blocks: &[Block]) -> &mut Sheet {
        for block in blocks {
            match block {
                Block::Heading(heading) => {
                    self.subhead(heading);
                }
                Block::Text(text) => {
                    self.text(text);
                }
                Block::Names(names) => {
                    let longest = names.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
                    for (name, meaning) in names {
                        self.tagged(Some(longest + 2), vec![bold(name.as_str())], meaning);
                    }
                }
                Block::Lines(lines) => {
                    for line in lines {
                        self.example(line);
                    }
                }
            }
        }
        self
    }

    /// The options and arguments of a command, without those that hold for every command.
    pub fn options(&mut self, command: &clap::Command, heading: &str) -> &mut Sheet {
        let own = command.clone().mut_args(|arg| {
            let is_own = arg.get_help_heading() != Some(EVERYWHERE);
            if is_own { arg } else { arg.hide(true) }
        });
        self.set_options(own, heading)
    }

    /// The options that hold for every command.
    pub fn common_options(&mut self, command: &clap::Command) -> &mut Sheet {
        let common = command.clone().mut_args(|arg| {
            let is_common = arg.get_help_heading() == Some(EVERYWHERE);
            if is_common { arg.help_heading(None) } else { arg.hide(true) }
        });
        self.set_options(common, "OPTIONS OF EVERY COMMAND")
    }

    fn set_options(&mut self, command: clap::Command, heading: &str) -> &mut Sheet {
        let command = command.mut_args(|arg| {
            // Every command has it, and every manual says what --help does.
            if arg.get_id() == "help" { arg.hide(true) } else { arg }
        });
        if command.get_arguments().all(clap::Arg::is_hide_set) {
            return self;
        }
        let mut set = Vec::new();
        // Writing to memory does not fail.
        let _ = Man::new(command).render_options_section(&mut set);
        let set = String::from_utf8_lossy(&set).into_owned();
        self.roff.control("SH", [heading]);
        let mut last = "";
        for line in set.lines().filter(|line| !is_preamble(line) && !line.starts_with(".SH")) {
            // The library breaks a line once more than there are lines to break.
            let has_no_use = line.is_empty() || (line == ".br" && last == ".br");
            if has_no_use {
                continue;
            }
            last = line;
            self.roff.control(MARK, [line]);
        }
        self
    }

    /// Other pages, as `name(section)`.
    pub fn see_also(&mut self, pages: &[String]) -> &mut Sheet {
        self.head("SEE ALSO");
        let mut words = Vec::new();
        for (at, page) in pages.iter().enumerate() {
            if at > 0 {
                words.push(roman(", "));
            }
            let (name, section) = page.split_once('(').unwrap_or((page, ""));
            words.push(bold(name));
            words.push(roman(format!("({section}")));
        }
        self.roff.text(words);
        self
    }

    /// The page.
    pub fn finish(&self) -> Page {
        let (name, section) = (&self.name, self.section);
        let book = match section {
            1 => "User Commands",
            5 => "File Formats",
            _ => "System Administration",
        };
        let version = concat!("lmsyncd ", env!("CARGO_PKG_VERSION"));
        let title = name.to_uppercase();
        let date = date();
        let mut text = format!(
            ".\\\" Made of the definitions in the code; see examples/manual.\n.TH {title} {section} \"{date}\" \"{version}\" \"{book}\"\n"
        );
        for line in self.roff.render().lines() {
            match line.strip_prefix(&format!(".{MARK} ")) {
                // A line that clap_mangen set already, which may have been quoted on its way.
                Some(set) => {
                    let set =
                        set.strip_prefix('"').and_then(|s| s.strip_suffix('"')).unwrap_or(set);
                    text.push_str(&bold_between_backticks(set));
                }
                None => text.push_str(line),
            }
            text.push('\n');
        }
        Page { file: format!("{name}.{section}"), text }
    }
}

/// The day of the pages: that of the sources where the build says it, so that the same sources make
/// the same pages, else today.
fn date() -> String {
    let epoch = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse().ok());
    let at = epoch.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    at.unwrap_or_else(|| SystemClock.now()).format("%Y-%m-%d").to_string()
}

/// Marks a line that is set already, for [`Sheet::finish`].
const MARK: &str = "SET";

/// The lines that every rendering of the library begins with.
fn is_preamble(line: &str) -> bool {
    line.starts_with(".ie ") || line.starts_with(".el ")
}

/// A text whose parts between backticks are to be typed.
pub fn inlines(text: &str) -> Vec<Inline> {
    let parts = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    parts.map(|(at, part)| if at % 2 == 1 { bold(part) } else { roman(part) }).collect()
}

/// The same in a line that is set already.
fn bold_between_backticks(line: &str) -> String {
    if line.matches('`').count() % 2 == 1 {
        return line.to_owned();
    }
    let parts = line.split('`').enumerate();
    parts.map(|(at, p)| if at % 2 == 1 { format!("\\fB{p}\\fR") } else { p.to_owned() }).collect()
}

/// Where a text first stands in a line, outside quotes.
fn outside_quotes(line: &str, wanted: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, _) if line[at..].starts_with(wanted) => return Some(at),
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}
