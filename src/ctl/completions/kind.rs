//! What an argument wants, by the name that the help gives its value: so a new command is
//! completed without a word about it here.

use clap::Arg;

/// What an argument wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A client.
    Client,
    /// An item's key.
    Key,
    /// The key of a contract made by hand.
    LocalKey,
    /// The number of a run.
    Run,
    /// The number of a run that holds something.
    HeldRun,
    /// A field that has a value of its own.
    Field,
    /// A field and its new value.
    Assignment,
    /// A command, or the commands on the way to it, or a topic.
    Help,
    /// A file.
    File,
    /// A folder.
    Folder,
}

/// The names of values that cannot be guessed: free texts, dates, numbers.
#[cfg(test)]
const FREE: [&str; 11] = [
    "TEMPLATE", "TEXT", "NAME", "DATE", "WHEN", "N", "SECONDS", "HH:MM", "SPAN", "DURATION",
    "HEALTH",
];

/// What an argument wants; none where its values are named by clap, or cannot be guessed.
pub fn of(arg: &Arg) -> Option<Kind> {
    let name = arg.get_value_names()?.first()?;
    match name.as_str() {
        "CLIENT" => Some(Kind::Client),
        "KEY" => Some(Kind::Key),
        "L-KEY" => Some(Kind::LocalKey),
        "ID" => Some(Kind::Run),
        "RUN" => Some(Kind::HeldRun),
        "FIELD" => Some(Kind::Field),
        "FIELD=VALUE" => Some(Kind::Assignment),
        "COMMAND|TOPIC" => Some(Kind::Help),
        "FILE" | "PATH" => Some(Kind::File),
        "DIR" => Some(Kind::Folder),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::args;

    #[test]
    fn every_argument_is_completed_or_known_to_be_free() {
        fn check(command: &clap::Command, wrong: &mut Vec<String>) {
            for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
                let takes = arg.get_num_args().is_some_and(|number| number.takes_values());
                let free = |name: &clap::builder::Str| FREE.contains(&name.as_str());
                let is_free = arg.get_value_names().is_some_and(|names| names.iter().all(free));
                if takes && arg.get_possible_values().is_empty() && of(arg).is_none() && !is_free {
                    wrong.push(format!("{}: {arg}", command.get_name()));
                }
            }
            for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
                check(command, wrong);
            }
        }
        let mut command = args::command();
        command.build();
        let mut wrong = Vec::new();
        check(&command, &mut wrong);
        assert!(wrong.is_empty(), "give them a value name that `of` knows: {wrong:?}");
    }
}
