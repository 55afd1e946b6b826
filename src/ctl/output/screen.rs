//! What a screen is like: how wide, whether it has colours, what time it is there, and how the
//! program is called on it. Every rendering is a function of a reply and a [`Screen`].

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use unicode_width::UnicodeWidthStr;

use crate::advice::Address;
use crate::ctl::output::times;
use crate::model::Advice;
use crate::model::text;

/// What a text means, which decides its colour. The words alone must tell it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// As it should be, or new.
    Good,
    /// Worth a look.
    Warning,
    /// Wrong.
    Bad,
    /// Context.
    Dim,
    /// A heading.
    Strong,
}

/// What the screen is like.
#[derive(Debug, Clone)]
pub struct Screen {
    /// How many columns it has; none where the output is no terminal, and nothing is cut.
    pub width: Option<u16>,
    /// Whether it shows colours.
    pub colour: bool,
    /// Whether pictures may use signs that are not ASCII.
    pub unicode: bool,
    /// Whether footers are left out.
    pub quiet: bool,
    /// The current moment.
    pub now: DateTime<Utc>,
    /// Puts a moment into local time.
    pub local: fn(DateTime<Utc>) -> DateTime<FixedOffset>,
    /// How the daemon is named in commands to type.
    pub address: Address,
}

/// What stands where there is no value.
pub const NONE: &str = "-";

/// What stands between the parts of a footer.
pub const BETWEEN: &str = " · ";

/// A text, and what a person can do about it.
pub fn with_advice(text: &str, advice: Option<&Advice>, screen: &Screen) -> String {
    match advice.and_then(|advice| screen.address.words(advice)) {
        Some(words) => format!("{text}: {words}"),
        None => text.to_owned(),
    }
}

impl Screen {
    /// The text in the colour of its tone.
    pub fn paint(&self, tone: Tone, text: impl AsRef<str>) -> String {
        let text = text.as_ref();
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Good => "32",
            Tone::Warning => "33",
            Tone::Bad => "31",
            Tone::Dim => "2",
            Tone::Strong => "1",
        };
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn told(
        &self,
        at: Option<&str>,
        tell: impl Fn(DateTime<FixedOffset>, DateTime<FixedOffset>) -> String,
    ) -> Option<String> {
        at.map(|text| match DateTime::parse_from_rfc3339(text) {
            Ok(moment) => tell((self.local)(self.now), (self.local)(moment.to_utc())),
            Err(_) => text.to_owned(),
        })
    }

    /// A moment in short, such as `today 14:05`; `never` where there is none.
    pub fn short(&self, at: Option<&str>) -> String {
        self.told(at, times::short).unwrap_or_else(|| "never".to_owned())
    }

    /// A planned moment in short; a dash where none is planned.
    pub fn planned(&self, at: Option<&str>) -> String {
        self.told(at, times::planned).unwrap_or_else(|| NONE.to_owned())
    }

    /// How long ago something was.
    pub fn age(&self, at: Option<&str>) -> String {
        self.told(at, times::distance).unwrap_or_else(|| "never".to_owned())
    }

    /// A moment to the minute with the zone, whatever day it is now: `2026-11-20 14:00 +01:00`.
    pub fn minute(&self, at: &str) -> String {
        let tell = |_, at: DateTime<FixedOffset>| text::moment(&at);
        self.told(Some(at), tell).unwrap_or_else(|| NONE.to_owned())
    }

    /// Parts of a footer, on one line where they fit and on as many as they need elsewhere.
    pub fn wrapped(&self, parts: Vec<String>, between: &str) -> String {
        let mut lines: Vec<String> = Vec::new();
        for part in parts {
            let fits = |line: &String| {
                let width = line.width() + between.width() + part.width();
                self.width.is_none_or(|screen| width <= usize::from(screen))
            };
            match lines.last_mut().filter(|line| fits(line)) {
                Some(line) => line.push_str(&format!("{between}{part}")),
                None => lines.push(part),
            }
        }
        lines.iter().map(|line| format!("{}\n", self.paint(Tone::Dim, line))).collect()
    }

    /// A sentence on as many lines as it needs, broken between words.
    pub fn sentence(&self, tone: Tone, text: &str) -> String {
        let words = text.split(' ').map(str::to_owned).collect();
        let plain = Screen { colour: false, ..self.clone() };
        let lines = plain.wrapped(words, " ");
        lines.lines().map(|line| format!("{}\n", self.paint(tone, line))).collect()
    }

    /// A text whose lines all fit: a longer one is broken between words, and goes on as far in as it
    /// began. Nothing is broken where the output is no terminal.
    pub fn fitted(&self, text: &str) -> String {
        self.width.map_or_else(|| text.to_owned(), |width| fitted(text, usize::from(width)))
    }

    /// Today's date there.
    pub fn today(&self) -> NaiveDate {
        (self.local)(self.now).date_naive()
    }

    /// A moment in full, with the zone, and how far away it is.
    pub fn exact(&self, at: Option<&str>) -> String {
        let tell = |now, at| format!("{} ({})", times::exact(at), times::distance(now, at));
        self.told(at, tell).unwrap_or_else(|| "never".to_owned())
    }
}

/// A text for a terminal of that width: a line that is longer is broken between words, and continues
/// as far in as it began.
pub fn fitted(text: &str, width: usize) -> String {
    let mut fitted = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match shown_width(line) <= width {
            true => fitted.push_str(line),
            false => broken(&mut fitted, line, width),
        }
    }
    fitted
}

/// Breaks a line between words, where it has any.
fn broken(text: &mut String, line: &str, width: usize) {
    let start = line.len() - line.trim_start_matches(' ').len();
    // Where all of it would stand at the edge, it begins at the left.
    let indent = " ".repeat(start.min(width / 2));
    let (mut at, mut first) = (start, true);
    text.push_str(&line[..start]);
    for word in line[start..].split_inclusive(' ') {
        let bare = shown_width(word.trim_end());
        if !first && at + bare > width {
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
            text.push_str(&indent);
            at = indent.len();
        }
        text.push_str(word);
        at += shown_width(word);
        first = false;
    }
}

/// How many columns a line takes, without what only colours it.
fn shown_width(line: &str) -> usize {
    let mut parts = line.trim_end_matches('\n').split('\u{1b}');
    let first = parts.next().unwrap_or_default().width();
    let coloured = parts.map(|part| part.split_once('m').map_or(part, |(_, text)| text).width());
    first + coloured.sum::<usize>()
}

/// A count with its noun, such as `1 contract` or `1,200 contracts`.
pub fn count(number: i64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(number), if number == 1 { "" } else { "s" })
}

pub use crate::model::text::thousands;

/// A screen for snapshots: no colours, 24 November 2026, 14:05 one hour east of Greenwich.
#[cfg(test)]
pub fn sample(width: u16) -> Screen {
    Screen {
        width: Some(width),
        colour: false,
        unicode: true,
        quiet: false,
        now: "2026-11-24T13:05:00Z".parse().expect("a moment"),
        local: |at| at.with_timezone(&FixedOffset::east_opt(3600).expect("an offset")),
        address: Address::of_instance(None),
    }
}

/// The same screen, 80 columns wide and with colours.
#[cfg(test)]
pub fn coloured() -> Screen {
    Screen { colour: true, ..sample(80) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(-1_234_567), "-1,234,567");
        assert_eq!(count(1, "run"), "1 run");
    }

    #[test]
    fn colours_are_there_only_where_they_show() {
        let mut screen = sample(80);
        assert_eq!(screen.paint(Tone::Bad, "x"), "x");
        screen.colour = true;
        assert_eq!(screen.paint(Tone::Bad, "x"), "\u{1b}[31mx\u{1b}[0m");
    }

    #[test]
    fn a_footer_takes_as_many_lines_as_it_needs() {
        let parts = || vec!["12 items".to_owned(), "3 new".to_owned(), "4 old".to_owned()];
        let on = |width| sample(width).wrapped(parts(), BETWEEN);
        assert_eq!(on(80), "12 items · 3 new · 4 old\n");
        assert_eq!(on(16), "12 items · 3 new\n4 old\n");
        assert_eq!(on(4), "12 items\n3 new\n4 old\n");
        let pipe = Screen { width: None, ..sample(4) };
        assert_eq!(pipe.wrapped(parts(), BETWEEN), "12 items · 3 new · 4 old\n");
    }

    #[test]
    fn long_prose_is_broken_between_words() {
        let screen = sample(20);
        assert_eq!(
            screen.fitted("short\n  a line that is too long for it\n"),
            "short\n  a line that is too\n  long for it\n"
        );
        let painted = "\u{1b}[2ma line that is exactly\u{1b}[0m\n";
        assert_eq!(screen.fitted(painted), "\u{1b}[2ma line that is\nexactly\u{1b}[0m\n");
        let colours = "\u{1b}[2mtwenty columns, thus\u{1b}[0m\n";
        assert_eq!(screen.fitted(colours), colours, "what colours takes no place");
        let word = "averyveryverylongword/without/blanks";
        assert_eq!(screen.fitted(word), word);
        let pipe = Screen { width: None, ..screen };
        assert_eq!(
            pipe.fitted("no terminal, so it stays as long"),
            "no terminal, so it stays as long"
        );
    }

    #[test]
    fn what_is_no_moment_is_shown_as_it_came() {
        assert_eq!(sample(80).short(Some("soon")), "soon");
        assert_eq!(sample(80).short(None), "never");
        let exact = sample(80).exact(Some("2026-11-24T11:05:00Z"));
        assert_eq!(exact, "2026-11-24 12:05:00 +01:00 (2h ago)");
    }
}
