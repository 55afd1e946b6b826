//! Texts made to fit: measured as the terminal does, so that wide letters count twice.

use ratatui::style::Style;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

/// What stands where a text was cut.
const CUT: &str = "…";

/// How many columns a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// A text that takes `max` columns at most; what is cut ends with `…`.
pub fn cut(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    if max == 0 {
        return String::new();
    }
    let (mut short, mut used) = (String::new(), width(CUT));
    for kind in Span::raw(text).styled_graphemes(Style::new()) {
        used += width(kind.symbol);
        if used > max {
            break;
        }
        short.push_str(kind.symbol);
    }
    short.push_str(CUT);
    short
}

/// A text that takes exactly `size` columns: cut, or with blanks behind it.
pub fn left(text: &str, size: usize) -> String {
    let mut text = cut(text, size);
    text.push_str(&" ".repeat(size.saturating_sub(width(&text))));
    text
}

/// The same with the blanks in front.
pub fn right(text: &str, size: usize) -> String {
    let text = cut(text, size);
    format!("{}{text}", " ".repeat(size.saturating_sub(width(&text))))
}

/// Two texts at the ends of a line of `size` columns; the left one gives way.
pub fn ends(start: &str, end: &str, size: usize) -> String {
    let end = cut(end, size);
    let room = size.saturating_sub(width(&end) + 1);
    let start = left(start, room);
    format!("{start}{}{end}", " ".repeat(size.saturating_sub(width(&start) + width(&end))))
}

/// A text as lines of at most `max` columns, broken between words, or within one that is longer
/// than a line. There is always a line.
pub fn wrap(text: &str, max: usize) -> Vec<String> {
    let max = max.max(2);
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        let used = width(&line);
        if used > 0 && used + 1 + width(word) > max {
            lines.push(std::mem::take(&mut line));
        } else if used > 0 {
            line.push(' ');
        }
        line.push_str(word);
        while let Some((fits, rest)) = broken(&line, max) {
            lines.push(fits);
            line = rest;
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// A line that is too long, in two: what fits, and the rest. A letter that is wider than a line
/// (a letter may have marks that take columns of their own) is cut.
fn broken(line: &str, max: usize) -> Option<(String, String)> {
    if width(line) <= max {
        return None;
    }
    let (mut fits, mut rest, mut used) = (String::new(), String::new(), 0);
    for kind in Span::raw(line).styled_graphemes(Style::new()) {
        used += width(kind.symbol);
        match used <= max {
            true => fits.push_str(kind.symbol),
            false if fits.is_empty() => fits.push_str(CUT),
            false => rest.push_str(kind.symbol),
        }
    }
    Some((fits, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_letters_count_twice_and_are_never_halved() {
        assert_eq!(cut("日本語", 6), "日本語");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(left("日本語", 4), "日… ");
        assert_eq!(right("7.40", 6), "  7.40");
        assert_eq!(ends("a long beginning", "end", 12), "a long … end");
    }

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(wrap("the quick brown fox", 10), ["the quick", "brown fox"]);
        assert_eq!(wrap("abcdefghijkl m", 5), ["abcde", "fghij", "kl m"]);
        assert_eq!(wrap("", 5), [""]);
        // A wide letter and a mark that takes a column are one letter of three columns.
        assert_eq!(wrap("🟠\u{abe3}", 2), ["…"]);
        assert_eq!(wrap("a 🟠\u{abe3}b", 2), ["a", "…", "b"]);
    }

    proptest! {
        #[test]
        fn a_text_never_takes_more_than_it_may(text in "\\PC{0,40}", max in 2usize..30) {
            prop_assert!(width(&cut(&text, max)) <= max);
            prop_assert_eq!(width(&left(&text, max)), max);
            prop_assert_eq!(width(&right(&text, max)), max);
            for line in wrap(&text, max) {
                prop_assert!(width(&line) <= max, "{:?} of {:?}", line, text);
            }
        }
    }
}
