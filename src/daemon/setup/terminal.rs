//! Asking a person: lines, a secret that is not shown, yes or no. Questions go to standard error, so
//! that they are seen where the output is not.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::termios::{self, LocalFlags, SetArg, Termios};
use secrecy::zeroize::Zeroizing;

/// Bytes of the longest line.
const LONGEST: usize = 4 * 1024;

/// Ctrl-C, Ctrl-D, Backspace and its other code, Ctrl-U.
const INTERRUPT: u8 = 3;
const END: u8 = 4;
const BACKSPACE: [u8; 2] = [8, 127];
const CLEAR: u8 = 21;

/// The terminal that a person sits at.
pub(super) struct Terminal(File);

impl Terminal {
    /// Standard input, if it is a terminal, and nothing else is read from it.
    pub(super) fn of_input(is_taken: bool) -> Option<Terminal> {
        let input = io::stdin();
        let is_one = input.is_terminal() && io::stderr().is_terminal() && !is_taken;
        let own = is_one.then(|| input.as_fd().try_clone_to_owned().ok()).flatten()?;
        Some(Terminal(File::from(own)))
    }

    /// A line that a person types; `there` is what Enter alone stands for.
    pub(super) fn line(&self, what: &str, there: Option<&str>) -> io::Result<String> {
        match there {
            Some(there) => ask(&format!("{what} [{there}]: "))?,
            None => ask(&format!("{what}: "))?,
        }
        let typed = self.read()?;
        Ok(typed.trim().to_owned())
    }

    /// A line that is not shown, asked for until `fault` finds none. Nothing that is typed is shown
    /// until then, so neither is what comes while the question is asked again.
    pub(super) fn secret<E: Display>(
        &self,
        what: &str,
        is_there: bool,
        fault: impl Fn(&str) -> Result<(), E>,
    ) -> io::Result<Zeroizing<String>> {
        let keeps = if is_there { ", Enter keeps the one that is there" } else { "" };
        // Before the question, so that nothing is shown that is typed at once.
        let _silent = Silent::new(self.0.as_fd())?;
        loop {
            ask(&format!("{what} (not shown{keeps}): "))?;
            let typed = self.read();
            ask("\n")?;
            let typed = typed?;
            match fault(&typed) {
                Ok(()) => return Ok(typed),
                Err(fault) => self.remark(&format!("it {fault}"))?,
            }
        }
    }

    /// Whether a person says yes; `default` is what Enter alone stands for.
    pub(super) fn confirm(&self, question: &str, default: bool) -> io::Result<bool> {
        loop {
            ask(&format!("{question} {} ", if default { "[Y/n]" } else { "[y/N]" }))?;
            match self.read()?.trim().to_lowercase().as_str() {
                "" => return Ok(default),
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => {}
            }
        }
    }

    /// Says something between two questions.
    pub(super) fn remark(&self, text: &str) -> io::Result<()> {
        ask(&format!("{text}\n"))
    }

    /// A line, read byte by byte: what was typed ahead is for the next question.
    fn read(&self) -> io::Result<Zeroizing<String>> {
        read_line(&self.0)
    }
}

fn ask(text: &str) -> io::Result<()> {
    let mut out = io::stderr().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A line from a terminal, in whichever mode: where it hands over single keys, those that edit are
/// heeded here.
fn read_line(mut input: impl Read) -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    loop {
        let mut byte = Zeroizing::new([0_u8]);
        let ended = input.read(&mut *byte)? == 0;
        match byte[0] {
            _ if ended && line.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            b'\n' | b'\r' => break,
            END if line.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            INTERRUPT => return Err(io::ErrorKind::Interrupted.into()),
            _ if ended => break,
            byte if BACKSPACE.contains(&byte) => drop(line.pop()),
            CLEAR => line.clear(),
            byte if line.len() < LONGEST => line.push(byte),
            _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "the line is too long")),
        }
    }
    let text = std::str::from_utf8(&line)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the line is not a text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// A terminal that shows nothing and hands over single keys, so that Ctrl-C cannot leave it so.
struct Silent<'a> {
    terminal: BorrowedFd<'a>,
    before: Termios,
}

impl<'a> Silent<'a> {
    fn new(terminal: BorrowedFd<'a>) -> io::Result<Silent<'a>> {
        let before = termios::tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
        termios::tcsetattr(terminal, SetArg::TCSANOW, &silent)?;
        Ok(Silent { terminal, before })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        let _ = termios::tcsetattr(self.terminal, SetArg::TCSANOW, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_edit_are_heeded_and_the_rest_waits() {
        let read = |keys: &str| read_line(keys.as_bytes()).map(|line| line.to_string());
        assert_eq!(read("s3cret\nnext").ok().as_deref(), Some("s3cret"));
        assert_eq!(read("s4\u{7f}3crets\u{8}\r").ok().as_deref(), Some("s3cret"));
        assert_eq!(read("wrong\u{15}s3cret\n").ok().as_deref(), Some("s3cret"));
        assert_eq!(read("s3cret").ok().as_deref(), Some("s3cret"));
        assert_eq!(read("\n").ok().as_deref(), Some(""));
        let kind = |keys: &str| read(keys).map_err(|error| error.kind());
        assert_eq!(kind("s3c\u{3}"), Err(io::ErrorKind::Interrupted));
        assert_eq!(kind("\u{4}"), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(kind(""), Err(io::ErrorKind::UnexpectedEof));
    }
}
