//! Progress on standard error: what the daemon is doing, how far it is, and how fast.
//!
//! It is for a person who waits: it appears after half a second, on a terminal only, and is gone
//! before the answer is shown. Where nobody sees it, nothing is counted either.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::screen::{count, thousands};
use crate::protocol::sync::Progress;

/// How long a person waits before something has to move.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often the spinner moves while the daemon has nothing new to tell.
const TICK: Duration = Duration::from_millis(120);

/// From when on a rate is told: before, it would only say how fast the first page came.
const STEADY: Duration = Duration::from_secs(1);

/// An answer that is larger is told while it comes, in bytes.
const LARGE: usize = 1 << 20;

/// A spinner that ends when it is dropped.
pub struct Spinner {
    bar: ProgressBar,
    /// Ends the wait for its appearance, and that wait.
    appearing: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Spinner {
    /// A spinner that appears when it is time; one that is not `seen` never does.
    pub fn start(seen: bool) -> Spinner {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if !seen {
            return Spinner { bar, appearing: None };
        }
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
            bar.set_style(style.tick_chars("|/-\\ "));
        }
        bar.set_message("waiting for lmsyncd");
        let (end, ended) = channel::<()>();
        let shown = bar.clone();
        let thread = std::thread::spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                shown.set_draw_target(ProgressDrawTarget::stderr());
                shown.enable_steady_tick(TICK);
            }
        });
        Spinner { bar, appearing: Some((end, thread)) }
    }

    /// Shows how far the daemon is.
    pub fn tell(&self, progress: &Progress) {
        if self.appearing.is_some() {
            self.bar.set_message(doing(progress, self.bar.elapsed()));
        }
    }

    /// Shows how much of an answer has come, if it is a large one.
    pub fn received(&self, bytes: usize) {
        if self.appearing.is_some() && bytes > LARGE {
            self.bar.set_message(format!("receiving the answer: {} MiB", bytes / LARGE));
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.appearing.take() {
            drop(end);
            // It only ever waits and draws: there is nothing of it to tell.
            let _ = thread.join();
            self.bar.finish_and_clear();
        }
    }
}

/// `reading Contracts: 2 pages, 1,200 rows, 600 rows/s, 40 items compared`
pub fn doing(progress: &Progress, elapsed: Duration) -> String {
    let mut facts = Vec::new();
    if progress.pages > 0 {
        facts.push(count(progress.pages, "page"));
        facts.push(count(progress.rows, "row"));
        if elapsed >= STEADY {
            let millis = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
            let rate = progress.rows.saturating_mul(1000) / millis.max(1);
            facts.push(format!("{} rows/s", thousands(rate)));
        }
    }
    if let Some(compared) = progress.compared {
        facts.push(format!("{} compared", count(compared, "item")));
    }
    match facts.is_empty() {
        true => progress.doing.clone(),
        false => format!("{}: {}", progress.doing, facts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_one_short_line() {
        let mut progress = Progress {
            doing: "reading Contracts".to_owned(),
            pages: 1,
            rows: 1200,
            compared: None,
        };
        let half = Duration::from_millis(500);
        assert_eq!(doing(&progress, half), "reading Contracts: 1 page, 1,200 rows");
        let two = Duration::from_secs(2);
        assert_eq!(doing(&progress, two), "reading Contracts: 1 page, 1,200 rows, 600 rows/s");
        progress.compared = Some(1);
        assert!(doing(&progress, two).ends_with("600 rows/s, 1 item compared"));
        progress = Progress { doing: "starting".to_owned(), pages: 0, rows: 0, compared: None };
        assert_eq!(doing(&progress, two), "starting");
    }
}
