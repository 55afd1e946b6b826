//! `help`: of a command, as `--help` has it, or of a topic.

pub mod page;
mod topics;

use clap::Command;

pub use topics::{TOPICS, Topic};

use crate::ctl::app::alike::alike;
use crate::ctl::app::error::CtlError;
use crate::ctl::app::exit;
use crate::ctl::commands::Ctl;

/// The name under which the topics are listed.
pub const LIST: &str = "topics";

/// Show help for a command or a topic
///
/// For a command, shows the same as `--help`. `help topics` lists the topics.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl help sync
  lmsyncctl help contract set
  lmsyncctl help topics
  lmsyncctl help exit-codes")]
pub struct Args {
    /// The command, with the commands below it, or the topic
    #[arg(value_name = "COMMAND|TOPIC")]
    pub words: Vec<String>,
}

/// How `lmsyncctl --help` ends.
pub fn ending() -> String {
    let names: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
    format!(
        "\
Exit status:
{}
A CLIENT is a company id, an exact name, or a part of a name that fits one company.
A KEY is a letter and a number: A29683353 (an agreement), S55102 (a service), B771 (a bundle).

Start here:
  lmsyncctl doctor              does the connection to Autotask work?
  lmsyncctl client list         which clients have agreements?
  lmsyncctl pending acme        what is new or changed for one of them?
  lmsyncctl sync acme --all     import it
  lmsyncctl renewals            what ends soon?

More help: `lmsyncctl help COMMAND`, or `lmsyncctl help TOPIC`:
  {}",
        exit::table(),
        names.join(", "),
    )
}

/// Runs the command.
pub fn run(ctl: &Ctl, args: &Args, commands: &Command) -> Result<u8, CtlError> {
    let text = match (is_command(&args.words, commands), args.words.as_slice()) {
        (true, words) => of_command(words, commands),
        (false, [name]) => match named(name) {
            Some(blocks) => page::plain(&blocks, ctl.output.screen.width),
            None => return Err(unknown(name, commands)),
        },
        (false, words) => return Err(unknown(&words.join(" "), commands)),
    };
    ctl.output.page(&text)?;
    Ok(0)
}

/// What clap prints for these words and `--help`, so that both are always the same.
pub fn of_command(words: &[String], commands: &Command) -> String {
    let asked = ["lmsyncctl"].into_iter().chain(words.iter().map(String::as_str));
    match commands.clone().try_get_matches_from(asked.chain(["--help"])) {
        Err(help) => help.render().to_string(),
        Ok(_) => String::new(),
    }
}

/// The topic of that name.
fn named(name: &str) -> Option<Vec<page::Block>> {
    if name == LIST {
        return Some(topics::list());
    }
    TOPICS.iter().find(|topic| topic.name == name).map(|topic| topic.page().blocks)
}

/// Whether these words lead to a command; without any, to lmsyncctl itself.
fn is_command(words: &[String], commands: &Command) -> bool {
    let mut command = commands;
    words.iter().all(|word| {
        let found = command.find_subcommand(word).filter(|found| !found.is_hide_set());
        command = found.unwrap_or(command);
        found.is_some()
    })
}

fn unknown(name: &str, commands: &Command) -> CtlError {
    let commands = commands.get_subcommands().filter(|command| !command.is_hide_set());
    let known = commands.map(Command::get_name).chain(TOPICS.iter().map(|topic| topic.name));
    let known: Vec<&str> = known.collect();
    let hint = match alike(name, &known) {
        Some(near) => format!("did you mean `lmsyncctl help {near}`?"),
        None => {
            "`lmsyncctl help topics` lists the topics, `lmsyncctl help` the commands".to_owned()
        }
    };
    CtlError::usage(format!("no command or topic is named `{name}`"), hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advice::Address;
    use crate::ctl::args;

    #[test]
    fn no_topic_has_the_name_of_a_command() {
        for topic in TOPICS {
            assert!(!is_command(&[topic.name.to_owned()], &args::command()), "{}", topic.name);
        }
        assert!(!is_command(&[LIST.to_owned()], &args::command()));
    }

    #[test]
    fn what_is_misspelt_is_answered_with_what_was_meant() {
        let hint = |name| {
            unknown(name, &args::command()).hint(&Address::of_instance(None)).expect("a hint")
        };
        assert_eq!(hint("exit-code"), "did you mean `lmsyncctl help exit-codes`?");
        assert_eq!(hint("Renewal"), "did you mean `lmsyncctl help renewals`?");
        assert!(hint("xyzzy").contains("help topics"));
    }
}
