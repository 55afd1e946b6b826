//! What clap says of a command line that it does not understand, in the form that every error has: one
//! line, and a hint.

use std::ffi::OsString;

use crate::ctl::app::error::CtlError;
use crate::ctl::args;

/// How clap begins what is wrong.
const PREFIX: &str = "error: ";

/// How clap begins what would be right.
const TIP: &str = "tip: ";

/// What stands in a tip that names what may be meant, in front of the names.
const SIMILAR: &str = ": ";

/// The error about these arguments, as one line with what to do next.
pub fn of(error: &clap::Error, args: &[OsString]) -> CtlError {
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n").map(one_line);
    let first = paragraphs.next().unwrap_or_default();
    let message = first.strip_prefix(PREFIX).unwrap_or(&first).to_owned();
    // Nobody who mistypes an option wants it taken for a value.
    let tips = paragraphs.filter_map(|text| text.strip_prefix(TIP).map(str::to_owned));
    let tips: Vec<String> = tips
        .filter(|tip| !tip.starts_with("to pass "))
        .map(|tip| match tip.split_once(SIMILAR) {
            Some((_, names)) => format!("did you mean {names}?"),
            None => tip.replace(TIP, "or: "),
        })
        .collect();
    let help = format!("lmsyncctl help {}", command(args).join(" "));
    let help = help.trim_end();
    let hint = match tips.is_empty() {
        true => format!("`{help}` shows how it is used"),
        false => tips.join("; "),
    };
    CtlError::usage(quoted(&message), quoted(&hint))
}

/// The command that these arguments name, whether they make sense or not, with those below it.
pub fn command(args: &[OsString]) -> Vec<String> {
    let program = args::command();
    let takes_value = |name: &str| {
        let mut options = program.get_arguments().filter(|one| one.get_long() == Some(name));
        options.any(|option| option.get_action().takes_values())
    };
    let (mut found, mut words) = (&program, Vec::new());
    let mut args = args.iter().skip(1);
    while let Some(arg) = args.next().and_then(|arg| arg.to_str()) {
        match arg.strip_prefix("--") {
            Some(name) if takes_value(name) => drop(args.next()),
            Some(_) => {}
            None if arg.starts_with('-') => {}
            None => match found.find_subcommand(arg) {
                Some(below) => {
                    words.push(below.get_name().to_owned());
                    found = below;
                }
                None => break,
            },
        }
    }
    words
}

/// A paragraph without its line breaks.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is typed stands in the quotes that all errors have.
fn quoted(text: &str) -> String {
    text.replace('\'', "`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advice::Address;

    fn told(line: &[&str]) -> (String, String) {
        let words: Vec<OsString> = ["lmsyncctl"].iter().chain(line).map(OsString::from).collect();
        let error = args::command().try_get_matches_from(&words).expect_err("no command line");
        let error = of(&error, &words);
        let hint = error.hint(&Address::of_instance(None)).expect("a hint");
        (error.to_string(), hint)
    }

    #[test]
    fn every_error_is_one_line_with_a_hint() {
        for (line, says, hint) in [
            (&["staus"][..], "unrecognized subcommand `staus`", "`status`"),
            (&["sync"], "required arguments were not provided: <CLIENT>", "`lmsyncctl help sync`"),
            (
                &["contract", "show", "A1", "--bad"],
                "unexpected argument `--bad` found",
                "`lmsyncctl help contract show` shows how it is used",
            ),
            (&["pending", "--state", "x"], "[possible values: new,", "`lmsyncctl help pending`"),
        ] {
            let (message, told_hint) = told(line);
            assert!(message.contains(says), "{message}");
            assert!(told_hint.contains(hint), "{told_hint}");
            assert!(!message.contains('\n') && !told_hint.contains('\n'));
        }
    }

    #[test]
    fn the_command_is_known_whether_the_options_make_sense_or_not() {
        let named = |line: &[&str]| {
            let words: Vec<OsString> =
                ["lmsyncctl"].iter().chain(line).map(OsString::from).collect();
            command(&words).join(" ")
        };
        assert_eq!(named(&["--instance", "north", "--quiet", "check", "--x"]), "check");
        assert_eq!(named(&["-q", "--socket=/check", "check"]), "check");
        assert_eq!(named(&["--socket", "check", "status"]), "status");
        assert_eq!(named(&["--socket", "check"]), "");
        assert_eq!(named(&["contract", "set", "S1", "show"]), "contract set");
        assert_eq!(named(&["import", "acme"]), "sync");
    }
}
