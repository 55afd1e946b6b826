//! Small pictures in a line of text: a bar for a share, a sparkline for a row of runs.
//!
//! They are functions of data and the screen. Where the locale is not UTF-8 they are drawn in
//! ASCII, and what a colour says is said by a sign too.

use crate::ctl::output::screen::{Screen, Tone};

/// The heights of a sparkline, the lowest for nothing at all.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The same in ASCII.
const PLAIN_HEIGHTS: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// From this share of a limit on, in percent, it is worth a look: the daemon's background work
/// stops there.
const NARROW: i64 = 75;

/// From this share on, in percent, a person's work stops too.
const CLOSE: i64 = 90;

/// How much of a limit is used, in percent, rounded down; a limit of nothing is used up.
pub fn percent(used: i64, limit: i64) -> i64 {
    if limit <= 0 { 100 } else { (used.max(0).saturating_mul(100) / limit).min(999) }
}

/// A bar of so many columns that is filled as far as a limit is used, and the share beside it.
pub fn bar(used: i64, limit: i64, width: usize, screen: &Screen) -> String {
    let share = percent(used, limit);
    let cells = i64::try_from(width).unwrap_or(i64::MAX);
    let full = usize::try_from(share.min(100) * cells / 100).unwrap_or(0);
    // What is used at all is seen.
    let full = if used > 0 { full.max(1) } else { full }.min(width);
    let (on, off) = if screen.unicode { ("█", "░") } else { ("#", ".") };
    let tone = match share {
        ..NARROW => Tone::Good,
        NARROW..CLOSE => Tone::Warning,
        _ => Tone::Bad,
    };
    let filled = screen.paint(tone, on.repeat(full));
    format!("{filled}{} {share:>3} %", screen.paint(Tone::Dim, off.repeat(width - full)))
}

/// One of a row of runs.
#[derive(Debug, Clone, Copy)]
pub struct Mark<'a> {
    /// How it ended.
    pub result: &'a str,
    /// How much it changed.
    pub changed: i64,
}

/// A row of runs: the height of each says how much it changed, on a scale where each step is a
/// multiple of the one below; `x` is one that failed, `!` one that was held, `~` one that was done
/// in part.
pub fn sparkline(marks: &[Mark<'_>], screen: &Screen) -> String {
    let most = marks.iter().map(|mark| mark.changed).max().unwrap_or(0);
    let one = |mark: &Mark<'_>| match mark.result {
        "failed" => screen.paint(Tone::Bad, "x"),
        "held" => screen.paint(Tone::Warning, "!"),
        "partial" => screen.paint(Tone::Warning, "~"),
        _ => {
            let heights = if screen.unicode { HEIGHTS } else { PLAIN_HEIGHTS };
            let tone = if mark.changed > 0 { Tone::Good } else { Tone::Dim };
            screen.paint(tone, heights[height(mark.changed, most)].to_string())
        }
    };
    marks.iter().map(one).collect()
}

/// How high a number stands among numbers up to `most`: 0 for nothing, 1 for the least, 7 for the
/// most, and the doublings evenly between.
fn height(number: i64, most: i64) -> usize {
    let doublings = |number: i64| i64::from(64 - number.max(1).leading_zeros());
    match number {
        ..=0 => 0,
        _ if most <= 1 => 1,
        _ => {
            let steps = (doublings(number) - 1) * 6 / (doublings(most) - 1).max(1);
            usize::try_from(1 + steps).unwrap_or(7).min(7)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::screen::sample;

    #[test]
    fn a_bar_is_as_full_as_the_limit_is_used() {
        let screen = sample(80);
        assert_eq!(bar(0, 2000, 10, &screen), "░░░░░░░░░░   0 %");
        assert_eq!(bar(1, 2000, 10, &screen), "█░░░░░░░░░   0 %");
        assert_eq!(bar(820, 2000, 10, &screen), "████░░░░░░  41 %");
        assert_eq!(bar(2600, 2000, 10, &screen), "██████████ 130 %");
        assert_eq!(bar(0, 0, 4, &screen), "████ 100 %");
        let plain = Screen { unicode: false, ..screen };
        assert_eq!(bar(820, 2000, 10, &plain), "####......  41 %");
    }

    #[test]
    fn runs_are_told_apart_without_colour() {
        let mark = |result, changed| Mark { result, changed };
        let runs = [
            mark("ok", 0),
            mark("ok", 1),
            mark("ok", 8),
            mark("partial", 3),
            mark("ok", 64),
            mark("held", 0),
            mark("failed", 0),
        ];
        let screen = sample(80);
        assert_eq!(sparkline(&runs, &screen), "▁▂▅~█!x");
        assert_eq!(sparkline(&runs, &Screen { unicode: false, ..screen.clone() }), "_.=~#!x");
        let coloured = Screen { colour: true, ..screen };
        assert!(sparkline(&runs, &coloured).ends_with("\u{1b}[31mx\u{1b}[0m"));
        assert_eq!(sparkline(&[], &coloured), "");
    }

    #[test]
    fn heights_grow_by_doublings() {
        assert_eq!([0, 1, 2, 4, 1000].map(|n| height(n, 1000)), [0, 1, 1, 2, 7]);
        assert_eq!([0, 1].map(|n| height(n, 1)), [0, 1]);
        assert_eq!(height(i64::MAX, i64::MAX), 7);
    }
}
