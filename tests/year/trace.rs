//! What happened, line by line: shown where a year fails, and hashed, so that two years of one seed
//! can be told to be the same.

use std::collections::VecDeque;
use std::fmt::Display;
use std::hash::{DefaultHasher, Hasher};
use std::io::Write;
use std::time::Duration;

/// How many of the last lines a failure shows.
const SHOWN: usize = 60;

/// The trace of a year.
#[derive(Default)]
pub struct Trace {
    hash: DefaultHasher,
    last: VecDeque<String>,
    /// The hash after each line, so that the first that differs can be named.
    hashes: Vec<u64>,
    /// Whether every line is shown as it is told.
    pub aloud: bool,
}

impl Trace {
    /// Adds what happened when so much of the year had passed.
    pub fn tell(&mut self, passed: Duration, what: impl Display) {
        let seconds = passed.as_secs();
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        let line = format!(
            "day {days:3} {:02}:{:02}:{:02}  {what}",
            rest / 3600,
            rest / 60 % 60,
            rest % 60
        );
        self.hash.write(line.as_bytes());
        self.hash.write_u8(b'\n');
        self.hashes.push(self.hash.finish());
        if self.aloud {
            // A trace that cannot be shown is still hashed.
            let _ = writeln!(std::io::stderr(), "{line}");
        }
        if self.last.len() == SHOWN {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// The hash after each line.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// The last lines.
    pub fn tail(&self) -> String {
        self.last.iter().map(|line| format!("  {line}\n")).collect()
    }
}

/// The number of the first line, counted from 1, in which two traces differ; none if they are the
/// same.
pub fn first_difference(one: &[u64], other: &[u64]) -> Option<usize> {
    let differing = one.iter().zip(other).position(|(one, other)| one != other);
    let longer = (one.len() != other.len()).then(|| one.len().min(other.len()));
    differing.or(longer).map(|place| place + 1)
}
