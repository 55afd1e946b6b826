//! The terminal while the dialog is open, and how it is given back: when the dialog is closed, when
//! it fails, and before a panic says what happened.

use std::io::{self, BufWriter, Stdout, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{self, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::draw;
use super::state::State;

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
        self.terminal.draw(|frame| draw::draw(frame, state)).map(|_| ())
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
