//! The terminal while the dialog is open, and how it is given back: when the dialog is closed, when
//! it fails, and before a panic says what happened.

use std::io::{self, BufWriter, Stdout, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{self, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{cursor, execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};

use super::draw::screen;
use super::state::State;
use crate::ctl::output::signs;

/// How much of a picture is gathered before it is written, in bytes: a whole one, so that it
/// appears at once.
const PICTURE: usize = 64 << 10;

/// Whether the dialog has the terminal.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal. It is given back when this is dropped.
pub struct Canvas {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Canvas {
    /// Takes the terminal: keys come one by one, and the dialog has a screen of its own, so that
    /// what stood there before returns. From now on a panic gives the terminal back first.
    pub fn take() -> io::Result<Canvas> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            give_back();
            before(info);
        }));
        TAKEN.store(true, Ordering::SeqCst);
        let taken = || -> io::Result<Canvas> {
            terminal::enable_raw_mode()?;
            let mut stdout = BufWriter::with_capacity(PICTURE, io::stdout());
            queue!(stdout, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
            stdout.flush()?;
            Ok(Canvas { terminal: Terminal::new(CrosstermBackend::new(stdout))? })
        };
        taken().inspect_err(|_| give_back())
    }

    /// Draws the dialog.
    pub fn draw(&mut self, state: &State) -> io::Result<()> {
        let draw = |frame: &mut Frame<'_>| {
            screen::draw(frame, state);
            if !state.screen.unicode {
                for cell in &mut frame.buffer_mut().content {
                    let sign = signs::shown(cell.symbol());
                    cell.set_symbol(&sign);
                }
            }
        };
        self.terminal.draw(draw).map(|_| ())
    }
}

impl Drop for Canvas {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, once. A terminal that is gone cannot be given back.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = terminal::disable_raw_mode();
    let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use nix::sys::termios::{LocalFlags, tcgetattr};
    use pty_process::blocking::{Command, open};

    use super::*;

    /// Set where [`panics`] is to panic, so that it does not where all tests are run.
    const PANIC: &str = "LMSYNCD_TEST_PANIC";

    #[test]
    #[ignore = "run by the test below, on a terminal of its own"]
    fn panics() {
        if std::env::var_os(PANIC).is_some() {
            let canvas = Canvas::take().expect("a terminal");
            assert!(terminal::is_raw_mode_enabled().expect("a terminal"));
            let _kept = canvas;
            panic!("on purpose");
        }
    }

    #[test]
    fn a_panic_gives_the_terminal_back_before_it_says_what_happened() {
        let (mut pty, pts) = open().expect("a terminal");
        let name = format!("{}::panics", module_path!().split_once("::").expect("a path").1);
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args([name.as_str(), "--exact", "--ignored", "--nocapture"])
            .env(PANIC, "1")
            .spawn(pts)
            .expect("it starts");
        let (mut said, mut chunk) = (Vec::new(), [0; 4096]);
        // The terminal's last reader gets an error where a pipe's gets an end.
        while let Ok(count @ 1..) = pty.read(&mut chunk) {
            said.extend_from_slice(&chunk[..count]);
        }
        assert!(!child.wait().expect("it ends").success());
        let said = String::from_utf8_lossy(&said);
        let at = |text: &str| said.find(text).unwrap_or_else(|| panic!("no {text:?} in {said:?}"));
        let taken = at("\u{1b}[?1049h");
        let given_back = at("\u{1b}[?1049l").max(at("\u{1b}[?25h"));
        assert!(taken < given_back && given_back < at("on purpose"), "{said:?}");
        let flags = tcgetattr(&pty).expect("a terminal").local_flags;
        assert!(flags.contains(LocalFlags::ECHO | LocalFlags::ICANON), "{flags:?}");
    }
}
