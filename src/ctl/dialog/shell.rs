//! The dialog on a terminal: keys, replies, signals and ticks come as messages, one after the
//! other; the picture is drawn anew after each batch. Only this thread draws and decides; one
//! thread waits for keys, one for signals, one for each answer of the daemon.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use std::{io, thread};

use crossterm::event::{self, Event, KeyEvent};
use crossterm::terminal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

use super::calls::Caller;
use super::draw::panels;
use super::state::{Effect, Ending, Reply, State};
use super::terminal::Canvas;
use super::update;
use crate::clock::{Clock, SystemClock};
use crate::ctl::app::error::CtlError;
use crate::ctl::output::screen::Screen;

/// How often the spinner turns.
const TICK: Duration = Duration::from_millis(panels::TICK);

/// Something happened.
enum Message {
    Key(KeyEvent),
    Pasted(String),
    Resized(u16, u16),
    Reply(Reply),
    Signal(i32),
    /// No key can come any more.
    Deaf(io::Error),
    /// A thread panicked; it has said so.
    Broken,
}

/// The sending end of a thread; tells when the thread panics, so that nobody waits for it.
#[derive(Clone)]
struct Teller(Sender<Message>);

impl Teller {
    /// Tells; says whether anybody still listens.
    fn tell(&self, message: Message) -> bool {
        self.0.send(message).is_ok()
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        if thread::panicking() {
            self.tell(Message::Broken);
        }
    }
}

/// Runs the dialog until it is closed.
///
/// A signal that ends a program ends this one by the same signal, after the terminal was given
/// back: whoever started it must see what ended it.
pub fn run(caller: &Caller, screen: Screen) -> Result<Ending, CtlError> {
    let (teller, messages) = mpsc::channel();
    let teller = Teller(teller);
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT]).map_err(CtlError::Input)?;
    let mut canvas = Canvas::take().map_err(CtlError::Output)?;
    let of_signals = teller.clone();
    thread::spawn(move || {
        let mut come = signals.forever();
        while come.next().is_some_and(|signal| of_signals.tell(Message::Signal(signal))) {}
    });
    let of_keys = teller.clone();
    thread::spawn(move || while of_keys.tell(next_key()) {});
    let size = terminal::size().map_err(CtlError::Output)?;
    let mut state = State::new(caller.client.clone(), screen, size);
    carry_out(caller, &teller, Effect::Preview);
    let end = live(&mut canvas, &mut state, &messages, |effect| {
        carry_out(caller, &teller, effect);
    });
    drop(canvas);
    match end {
        End::Closed => Ok(state.ending),
        End::Signal(signal) => {
            // Does not return where the signal ends the program, as those four do.
            low_level::emulate_default_handler(signal).map_err(CtlError::Input)?;
            Ok(state.ending)
        }
        End::Deaf(error) => Err(CtlError::Input(error)),
        End::Blind(error) => Err(CtlError::Output(error)),
        End::Broken => Err(CtlError::Input(io::Error::other("a thread of the dialog panicked"))),
    }
}

/// Why the dialog is over.
enum End {
    Closed,
    Signal(i32),
    Deaf(io::Error),
    Blind(io::Error),
    Broken,
}

fn live(
    canvas: &mut Canvas,
    state: &mut State,
    messages: &Receiver<Message>,
    carry_out: impl Fn(Effect),
) -> End {
    let mut tick = Instant::now() + TICK;
    loop {
        state.screen.now = SystemClock.now();
        if let Err(error) = canvas.draw(state) {
            return End::Blind(error);
        }
        if !state.is_busy() {
            tick = Instant::now() + TICK;
        }
        let mut next = next_message(state, messages, tick);
        while let Some(message) = next {
            let effects = match message {
                Message::Key(key) => update::on_key(state, key),
                Message::Pasted(text) => {
                    update::on_paste(state, &text);
                    Vec::new()
                }
                Message::Resized(columns, lines) => {
                    update::on_resize(state, (columns, lines));
                    Vec::new()
                }
                Message::Reply(reply) => update::on_reply(state, reply),
                Message::Signal(signal) => return End::Signal(signal),
                Message::Deaf(error) => return End::Deaf(error),
                Message::Broken => return End::Broken,
            };
            for effect in effects {
                if effect == Effect::Leave {
                    return End::Closed;
                }
                carry_out(effect);
            }
            // Whatever else has come is in the same picture.
            next = messages.try_recv().ok();
        }
        while state.is_busy() && tick <= Instant::now() {
            update::on_tick(state);
            tick += TICK;
        }
    }
}

/// The next message; none when it is time for the spinner to turn.
fn next_message(state: &State, messages: &Receiver<Message>, tick: Instant) -> Option<Message> {
    if !state.is_busy() {
        return Some(messages.recv().unwrap_or(Message::Broken));
    }
    match messages.recv_timeout(tick.saturating_duration_since(Instant::now())) {
        Ok(message) => Some(message),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => Some(Message::Broken),
    }
}

/// Waits for a key, a paste or a new size.
fn next_key() -> Message {
    loop {
        match event::read() {
            Ok(Event::Key(key)) => return Message::Key(key),
            Ok(Event::Paste(text)) => return Message::Pasted(text),
            Ok(Event::Resize(columns, lines)) => return Message::Resized(columns, lines),
            Ok(Event::FocusGained | Event::FocusLost | Event::Mouse(_)) => {}
            Err(error) => return Message::Deaf(error),
        }
    }
}

/// Asks the daemon on a thread of its own.
fn carry_out(caller: &Caller, teller: &Teller, effect: Effect) {
    let (caller, teller) = (caller.clone(), teller.clone());
    thread::spawn(move || {
        caller.perform(effect, |reply| {
            teller.tell(Message::Reply(reply));
        });
    });
}
