//! `completions`: the script that teaches a shell to complete; and `complete`, hidden, which that
//! script calls for each word.
//!
//! ```text
//! script ── line so far ──► line: words ──► clap_complete: which argument? ──► kind: what does it
//!                                                want? ──► guess: asks the daemon ──► script
//! ```
//!
//! What may come next is found by the engine of `clap_complete`; the scripts are our own. Its
//! script for bash (4.6.11) puts a candidate on the line as it came, split at spaces where a person
//! would have to quote. Names of clients come from Autotask and hold spaces, quotes and signs that
//! a shell gives a meaning, so each must arrive as one quoted word (`line`).
//!
//! Whatever goes wrong on the way, the shell gets nothing to offer, and no message in the middle of
//! a line that is being typed.

mod guess;
mod kind;
mod line;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Command, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use self::guess::{Asked, Guess};
use self::line::{Line, Quote};
use crate::config;
use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::commands::sync::sync;
use crate::ctl::connection::Client;

/// Tells a script to complete names of files.
const FILES: &str = ":files";

/// Tells a script to complete names of folders.
const FOLDERS: &str = ":folders";

/// Print a shell completion script
///
/// The Tab key then completes commands, options, and what the running daemon knows: names of
/// clients, keys, numbers of runs, fields. Packages install the scripts; this command is for other
/// installations. Completion never asks Autotask.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl completions bash > /etc/bash_completion.d/lmsyncctl
  lmsyncctl completions zsh > /usr/local/share/zsh/site-functions/_lmsyncctl
  lmsyncctl completions fish > ~/.config/fish/completions/lmsyncctl.fish

For bash alone, as a line of ~/.bashrc:
  source <(lmsyncctl completions bash)")]
pub struct Args {
    /// The shell
    pub shell: Shell,
}

/// A shell that can be taught.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU bash, 4 or later
    Bash,
    /// The Z shell
    Zsh,
    /// fish, the friendly interactive shell
    Fish,
}

/// Complete a word: what the scripts call
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct CompleteArgs {
    /// The shell that asks
    pub shell: Shell,
    /// From bash the line up to the cursor, and the part of its last word that is to be replaced;
    /// from the others the words up to the cursor
    #[arg(last = true)]
    pub words: Vec<String>,
}

/// The script for a shell.
pub fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("completions/lmsyncctl.bash"),
        Shell::Zsh => include_str!("completions/_lmsyncctl"),
        Shell::Fish => include_str!("completions/lmsyncctl.fish"),
    }
}

/// Runs `completions`.
pub fn run(ctl: &Ctl, args: &Args) -> Result<u8, CtlError> {
    ctl.output.write(script(args.shell))?;
    Ok(0)
}

/// Runs `complete`.
pub fn complete(ctl: &Ctl, args: CompleteArgs, commands: &Command) -> Result<u8, CtlError> {
    let mut words = args.words;
    let replaced = if args.shell == Shell::Bash { words.pop() } else { None };
    let line = match args.shell {
        Shell::Bash => line::take_apart(&words.join(" ")),
        Shell::Fish => {
            let last = line::take_apart(&words.pop().unwrap_or_default());
            Line { before: words, ..last }
        }
        Shell::Zsh => {
            let word = words.pop().unwrap_or_default();
            Line { before: words, word, quote: Quote::None }
        }
    };
    let guesses = guesses(&ctl.client, &line, commands);
    let told = match args.shell {
        Shell::Bash => for_bash(&guesses, &line, &replaced.unwrap_or_default()),
        Shell::Zsh => with_about(replacing(&guesses, &line.word)),
        // fish knows itself which of them fit.
        Shell::Fish => with_about(guesses.iter().collect()),
    };
    ctl.output.write(&told)?;
    Ok(0)
}

/// What the next word may be.
fn guesses(daemon: &Client, line: &Line, commands: &Command) -> Vec<Guess> {
    let asked = asked(daemon, &line.before, commands);
    let mut command = attached(commands.clone(), &asked);
    let words = line.before.iter().chain([&line.word]).map(OsString::from).collect();
    let index = line.before.len();
    let candidates = clap_complete::engine::complete(&mut command, words, index, None);
    let candidates = candidates.unwrap_or_default().into_iter().filter_map(|candidate| {
        let value = candidate.get_value().to_str()?.to_owned();
        let about = candidate.get_help().map(ToString::to_string);
        Some(Guess { value, about: about.and_then(|text| text.lines().next().map(str::to_owned)) })
    });
    let mut guesses: Vec<Guess> = candidates.collect();
    if let Some(path) = guesses.iter().find_map(|guess| is_path(&guess.value)) {
        return vec![Guess { value: path.to_owned(), about: None }];
    }
    // Options are offered where there is nothing else, or once a hyphen asks for them.
    let is_option = |guess: &Guess| guess.value.starts_with('-');
    if line.word.is_empty() && !guesses.iter().all(is_option) {
        guesses.retain(|guess| !is_option(guess));
    }
    guesses
}

/// The word that has the script complete paths; it may stand behind `--option=`.
fn is_path(value: &str) -> Option<&'static str> {
    [FILES, FOLDERS].into_iter().find(|word| {
        value.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with('='))
    })
}

/// How long the daemon may take: a person waits for each letter.
const LIMIT: Duration = Duration::from_secs(5);

/// What the line says of the daemon, the client and the key.
fn asked(daemon: &Client, before: &[String], commands: &Command) -> Asked {
    let matches = commands.clone().ignore_errors(true).try_get_matches_from(before).ok();
    let mut deepest = matches.as_ref();
    while let Some((_, below)) = deepest.and_then(|matches| matches.subcommand()) {
        deepest = Some(below);
    }
    let text = |id: &str| -> Option<String> {
        deepest.and_then(|found| found.try_get_one::<String>(id).ok().flatten().cloned())
    };
    Asked {
        commands: commands.clone(),
        // Nothing may be shown in the middle of a line that is being typed.
        daemon: addressed(before)
            .map_or_else(|| daemon.clone(), Client::new)
            .telling(false)
            .within(LIMIT),
        client: text("client"),
        key: text("key"),
        before: before.to_vec(),
    }
}

/// The socket that the line names.
fn addressed(words: &[String]) -> Option<PathBuf> {
    let value = |option: &str| {
        let behind = words.iter().zip(words.iter().skip(1)).find(|(word, _)| *word == option);
        let within = words.iter().find_map(|word| word.strip_prefix(option)?.strip_prefix('='));
        behind.map(|(_, value)| value.clone()).or_else(|| within.map(str::to_owned))
    };
    let instance = value("--instance").map(|name| config::instance_socket(&name));
    value("--socket").map(PathBuf::from).or(instance)
}

/// The command line, with a completer on each argument that wants one.
fn attached(command: clap::Command, asked: &Asked) -> clap::Command {
    let with = |arg: clap::Arg| match kind::of(&arg) {
        Some(kind) => {
            let asked = asked.clone();
            arg.add(ArgValueCompleter::new(move |word: &std::ffi::OsStr| {
                asked.candidates(kind, word)
            }))
        }
        None => arg,
    };
    // The other name of a command is offered only where no first name fits.
    let has_other = command.get_visible_aliases().any(|name| name == sync::OTHER_NAME);
    let command = match has_other {
        true => command.visible_alias(None).alias(sync::OTHER_NAME),
        false => command,
    };
    command.mut_args(with).mut_subcommands(|below| attached(below, asked))
}

/// Those that may take the place of the word. A shell puts what they have in common there: so if
/// there are several, each must begin with the word.
fn replacing<'a>(guesses: &'a [Guess], word: &str) -> Vec<&'a Guess> {
    let word = word.to_lowercase();
    let begins = |guess: &&Guess| guess.value.to_lowercase().starts_with(&word);
    match guesses {
        [one] => vec![one],
        several => several.iter().filter(begins).collect(),
    }
}

/// One value a line, written so that bash reads it as one word. Of a word in which readline sees
/// several, as in `impact=high`, only the last is replaced.
fn for_bash(guesses: &[Guess], line: &Line, replaced: &str) -> String {
    let replaced = line.quote.unquoted(replaced);
    let kept = line.word.strip_suffix(&replaced).unwrap_or_default().chars().count();
    let mut told = String::new();
    for guess in replacing(guesses, &line.word) {
        let rest: String = guess.value.chars().skip(kept).collect();
        if is_path(&guess.value).is_some() {
            told.push_str(&guess.value);
        } else {
            // The sign that ends the name of a field is to be read as one.
            let (name, sign) = match rest.strip_suffix('=') {
                Some(name) => (name, "="),
                None => (rest.as_str(), ""),
            };
            told.push_str(&format!("{}{sign}", line::quoted(name, line.quote)));
        }
        told.push('\n');
    }
    told
}

/// One value a line, and behind a tab what it is.
fn with_about(guesses: Vec<&Guess>) -> String {
    let told = guesses.iter().map(|guess| match &guess.about {
        Some(about) => format!("{}\t{about}\n", guess.value),
        None => format!("{}\n", guess.value),
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::args;

    fn offered(text: &str) -> Vec<String> {
        let nobody = Client::new("/nonexistent/control.sock".into());
        let guesses = guesses(&nobody, &line::take_apart(text), &args::command());
        guesses.into_iter().map(|guess| guess.value).collect()
    }

    #[test]
    fn commands_options_and_named_values_need_no_daemon() {
        assert_eq!(offered("lmsyncctl pen"), ["pending"]);
        assert_eq!(offered("lmsyncctl contract un"), ["unset", "unlink"]);
        assert_eq!(offered("lmsyncctl pending acme --sta"), ["--state"]);
        assert_eq!(offered("lmsyncctl pending acme --state re"), ["returned"]);
        assert_eq!(offered("lmsyncctl completions "), ["bash", "zsh", "fish"]);
        assert_eq!(offered("lmsyncctl contract set S1 impact=h"), ["impact=high"]);
        assert_eq!(offered("lmsyncctl export csv -o "), [FILES]);
        assert_eq!(offered("lmsyncctl export csv --output=x"), [FILES]);
        assert_eq!(offered("lmsyncctl export tree "), [FOLDERS]);
        let all = offered("lmsyncctl ");
        assert!(all.contains(&"status".to_owned()), "{all:?}");
        assert!(!all.iter().any(|word| word == "complete" || word.starts_with('-')), "{all:?}");
    }

    #[test]
    fn the_line_says_which_client_key_and_daemon_are_meant() {
        let nobody = Client::new("/nonexistent/control.sock".into());
        let before = |text: &str| line::take_apart(text).before;
        let line = before("lmsyncctl --instance north sync 'Acme Dental' S1 ");
        let found = asked(&nobody, &line, &args::command());
        assert_eq!(found.client.as_deref(), Some("Acme Dental"));
        assert_eq!(addressed(&line), Some(config::instance_socket("north")));
        assert_eq!(
            asked(&nobody, &before("lmsyncctl contract set s1 "), &args::command()).key.as_deref(),
            Some("s1")
        );
        assert_eq!(addressed(&before("lmsyncctl --socket=/x status ")), Some("/x".into()));
        assert_eq!(addressed(&before("lmsyncctl status ")), None);
    }

    #[test]
    fn bash_replaces_what_it_takes_for_the_word() {
        let guess = |value: &str| Guess { value: value.to_owned(), about: None };
        let told = |text: &str, replaced: &str, values: &[&str]| {
            let guesses: Vec<_> = values.iter().map(|value| guess(value)).collect();
            for_bash(&guesses, &line::take_apart(text), replaced)
        };
        assert_eq!(told("x acme", "acme", &["Acme Dental"]), "Acme\\ Dental\n");
        assert_eq!(told("x \"ac", "ac", &["Acme & \"Sons\""]), "Acme & \\\"Sons\\\"\n");
        assert_eq!(told("x impact=h", "h", &["impact=high"]), "high\n");
        assert_eq!(told("x no", "no", &["notes=", "notice_days="]), "notes=\nnotice_days=\n");
        // Several that do not begin with the word would have it taken away.
        assert_eq!(told("x den", "den", &["Acme Dental", "Alpha Dental"]), "");
        assert_eq!(told("x den", "den", &["Acme Dental"]), "Acme\\ Dental\n");
        assert_eq!(told("x Foo:b", "b", &["Foo: Bar"]), "\\ Bar\n");
    }
}
