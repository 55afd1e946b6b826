//! The help of both programs: every command has a summary and examples, and the examples are
//! commands.

use std::process::Command;

use lmsyncd::model::{Field, ItemKey};

const LMSYNCCTL: &str = env!("CARGO_BIN_EXE_lmsyncctl");

/// Every command of a program with the words that lead to it, the program's own name first.
fn commands(program: clap::Command) -> Vec<(String, clap::Command)> {
    fn walk(path: &str, command: &clap::Command, found: &mut Vec<(String, clap::Command)>) {
        let is_own = |below: &&clap::Command| !below.is_hide_set() && !is_clap_help(path, below);
        for below in command.get_subcommands().filter(is_own) {
            walk(&format!("{path} {}", below.get_name()), below, found);
        }
        found.push((path.to_owned(), command.clone()));
    }
    let mut found = Vec::new();
    let mut program = program;
    program.build();
    let name = program.get_name().to_owned();
    walk(&name, &program, &mut found);
    found
}

/// Whether a command is the `help` that clap adds below others; that of lmsyncctl is its own.
fn is_clap_help(path: &str, command: &clap::Command) -> bool {
    command.get_name() == "help" && path != "lmsyncctl"
}

fn both() -> Vec<(String, clap::Command)> {
    let mut all = commands(lmsyncd::ctl::command());
    all.extend(commands(<lmsyncd::daemon::args::Cli as clap::CommandFactory>::command()));
    assert!(all.len() > 40, "both trees were walked: {}", all.len());
    all
}

/// The lines of a help's end that are commands of these programs.
fn examples(command: &clap::Command) -> Vec<String> {
    let help = command.get_after_long_help().or_else(|| command.get_after_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let lines = help.lines().filter_map(|line| line.strip_prefix("  "));
    lines.filter(|line| called(line).is_some()).map(str::to_owned).collect()
}

/// The call of one of the programs in a line: behind `&&`, `|`, a variable, before a redirection,
/// and without the words that explain it.
fn called(line: &str) -> Option<Vec<Vec<String>>> {
    // What explains a line stands behind two blanks or more.
    let mut quote = None;
    let mut end = line.len();
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, ' ') if line[at..].starts_with("  ") => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let words = shlex::split(&line[..end])?;
    let calls = words.split(|word| ["&&", "|", "||", ";"].contains(&word.as_str()));
    let calls: Vec<Vec<String>> = calls
        .filter_map(|call| {
            let start = call.iter().position(|word| !word.contains('='))?;
            let end = call.iter().position(|word| word.starts_with('>')).unwrap_or(call.len());
            let call = call.get(start..end)?;
            let is_ours = ["lmsyncctl", "lmsyncd"].contains(&call.first()?.as_str());
            is_ours.then(|| call.to_vec())
        })
        .collect();
    (!calls.is_empty()).then_some(calls)
}

/// Holds a call against the program's definition, and the values in it against what they stand for.
fn parse(call: &[String]) -> Result<(), String> {
    let command = match call[0].as_str() {
        "lmsyncctl" => lmsyncd::ctl::command(),
        _ => <lmsyncd::daemon::args::Cli as clap::CommandFactory>::command(),
    };
    let definition = command.clone();
    let matches = match command.try_get_matches_from(call) {
        Ok(matches) => matches,
        Err(error) => return Err(error.to_string()),
    };
    let (mut definition, mut matches) = (&definition, &matches);
    while let Some((name, below)) = matches.subcommand() {
        definition = definition.find_subcommand(name).expect("it was found before");
        matches = below;
    }
    for arg in definition.get_arguments() {
        let Some(name) = arg.get_value_names().and_then(|names| names.first()) else { continue };
        let Ok(Some(values)) = matches.try_get_many::<String>(arg.get_id().as_str()) else {
            continue;
        };
        for value in values {
            let right = match name.as_str() {
                "KEY" | "L-KEY" => value.parse::<ItemKey>().is_ok(),
                "FIELD" => value.parse::<Field>().is_ok(),
                "FIELD=VALUE" => value.split_once('=').is_some_and(|(field, value)| {
                    field.parse::<Field>().is_ok_and(|field| field.kind().parse(value).is_ok())
                }),
                _ => true,
            };
            if !right {
                return Err(format!("`{value}` is no {name}"));
            }
        }
    }
    Ok(())
}

#[test]
fn every_command_has_a_summary_and_an_explanation() {
    for (path, command) in both() {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(!about.is_empty(), "{path} has no summary");
        assert!(about.chars().count() <= 80 && !about.contains('\n'), "{path}: {about}");
        let explained = command.get_long_about().is_some() || command.has_subcommands();
        assert!(explained, "{path} has no explanation");
        for arg in command.get_arguments() {
            assert!(arg.get_help().is_some(), "{path}: {arg} has no help");
        }
    }
}

#[test]
fn every_command_has_an_example_of_itself() {
    for (path, command) in both() {
        let examples = examples(&command);
        assert!(examples.iter().any(|line| line.contains(&path)), "{path}: {examples:?}");
    }
}

#[test]
fn every_example_is_a_command() {
    let mut count = 0;
    for (path, command) in both() {
        for line in examples(&command) {
            for call in called(&line).expect("a call") {
                parse(&call).unwrap_or_else(|error| panic!("{path}: `{line}`: {error}"));
                count += 1;
            }
        }
    }
    assert!(count > 80, "{count} examples were found");
}

#[test]
fn a_wrong_example_would_be_noticed() {
    for line in [
        "lmsyncctl pendign acme",
        "lmsyncctl pending acme --state newish",
        "lmsyncctl contract show 55102",
        "lmsyncctl contract set S1 impact=huge",
        "true && lmsyncctl contract unset S1 ntoes   a comment",
        "lmsyncd --confg x",
    ] {
        let wrong = called(line).expect("a call").iter().any(|call| parse(call).is_err());
        assert!(wrong, "{line}");
    }
    let right = "cd /srv && LANG=C lmsyncctl contract set S1 notes='a  b' > x   a comment";
    let call = &called(right).expect("a call")[0];
    assert_eq!(call.last().map(String::as_str), Some("notes=a  b"));
    assert_eq!(parse(call), Ok(()));
}

#[test]
fn what_the_topics_show_is_a_command_too() {
    use lmsyncd::ctl::help::page::Block;
    for topic in lmsyncd::ctl::help::TOPICS {
        for block in topic.page().blocks {
            let Block::Lines(lines) = block else { continue };
            for line in lines {
                for call in called(&line).unwrap_or_default() {
                    parse(&call).unwrap_or_else(|error| panic!("{}: {error}", topic.name));
                }
            }
        }
    }
}

/// What lmsyncctl prints, with its exit status; there is no daemon to ask.
fn lmsyncctl(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(LMSYNCCTL)
        .args(args)
        .env("LMSYNCD_SOCKET", "/nonexistent/control.sock")
        .output()
        .expect("runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code().expect("ends"), text(output.stdout), text(output.stderr))
}

#[test]
fn help_of_a_command_is_what_its_option_prints() {
    for command in [&["contract", "list"][..], &["sync"], &["contract"], &[]] {
        let with_option = lmsyncctl(&[command, &["--help"]].concat());
        assert_eq!(with_option.0, 0);
        assert_eq!(lmsyncctl(&[&["help"], command].concat()), with_option, "{command:?}");
    }
}

#[test]
fn topics_are_shown_without_a_daemon() {
    let (exit, topics, _) = lmsyncctl(&["help", "topics"]);
    assert_eq!(exit, 0);
    for topic in ["auth", "exit-codes", "fields", "keys", "guards", "scripting"] {
        assert!(topics.contains(&format!("\n  {topic} ")), "{topics}");
        let (exit, page, errors) = lmsyncctl(&["help", topic]);
        assert_eq!((exit, errors.as_str()), (0, ""));
        assert!(page.lines().count() > 8, "{page}");
    }
}

#[test]
fn a_slip_of_the_finger_is_answered_with_what_was_meant() {
    for (args, says) in [
        (&["help", "feilds"][..], "hint: did you mean `lmsyncctl help fields`?"),
        (&["help", "contract", "lsit"], "no command or topic is named `contract lsit`"),
        (&["penidng"], "hint: did you mean `pending`?"),
        (&["contract", "shwo", "S1"], "hint: did you mean `show`?"),
        (&["pending", "acme", "--stat", "new"], "hint: did you mean `--state`?"),
        (&["pending", "acme", "--state", "chagned"], "hint: did you mean `changed`?"),
        (&["contract", "set", "S1", "impct=low"], "hint: did you mean `impact`?"),
    ] {
        let (exit, out, errors) = lmsyncctl(args);
        assert_eq!((exit, out.as_str()), (2, ""), "{args:?}");
        assert!(errors.contains(says), "{args:?}: {errors}");
    }
}
