//! lmsyncctl(1), and a page for each of its commands.

use lmsyncd::config::{DEFAULT_PATH, DEFAULT_SOCKET};
use lmsyncd::ctl::help::TOPICS;
use roff::{bold, italic};

use super::Page;
use super::set::Sheet;

/// The topic that is the EXIT STATUS of lmsyncctl(1).
const EXIT_CODES: &str = "exit-codes";

/// The pages.
pub fn pages() -> Vec<Page> {
    let mut program = lmsyncd::ctl::command();
    program.build();
    let mut pages = vec![main_page(&program)];
    for command in shown(&program) {
        command_pages(command, "lmsyncctl", &mut pages);
    }
    pages
}

/// The commands below one that are for people.
fn shown(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    let is_clap_help =
        |below: &clap::Command| below.get_name() == "help" && command.get_name() != "lmsyncctl";
    command.get_subcommands().filter(move |below| !below.is_hide_set() && !is_clap_help(below))
}

/// The page of another name of a command, which is that of the command.
fn other_name(name: &str, page: &str) -> Page {
    Page { file: format!("{name}.1"), text: format!(".so man1/{page}.1\n") }
}

fn about(command: &clap::Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// The usage, without the word before it.
fn usage(command: &clap::Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage: ").to_owned()
}

/// What a command is for, after its summary.
fn description(sheet: &mut Sheet, command: &clap::Command) {
    let text = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    // The first paragraph is the summary, which stands behind the name already.
    let more: Vec<&str> = text.split("\n\n").skip(1).collect();
    if more.is_empty() {
        sheet.text(&format!("{}.", about(command)));
    }
    for paragraph in more {
        sheet.text(&paragraph.replace('\n', " "));
    }
}

fn commands(sheet: &mut Sheet, command: &clap::Command, page: &str) {
    sheet.head("COMMANDS");
    let longest = shown(command).map(|below| below.get_name().len()).max().unwrap_or(0);
    let column = page.len() + "-".len() + longest + "(1)".len() + 2;
    for below in shown(command) {
        let name = format!("{page}-{}", below.get_name());
        sheet.tagged(Some(column), vec![bold(name), "(1)".into()], &about(below));
    }
}

fn main_page(program: &clap::Command) -> Page {
    let mut sheet = Sheet::new("lmsyncctl", 1, &lower(&about(program)));
    sheet.head("SYNOPSIS").synopsis(&usage(program));
    sheet.head("DESCRIPTION");
    description(&mut sheet, program);
    sheet.text(
        "It speaks to a running `lmsyncd`, and through it to Autotask. `lmsyncctl help COMMAND` \
         and `lmsyncctl COMMAND --help` show the help of a command, `lmsyncctl help topics` what \
         else there is to read.",
    );
    commands(&mut sheet, program, "lmsyncctl");
    sheet.options(program, "OPTIONS").common_options(program);
    sheet.head("EXAMPLES");
    let help = program.get_after_help().map(ToString::to_string).unwrap_or_default();
    let start = help.split("\n\n").find_map(|part| part.strip_prefix("Start here:\n"));
    for line in start.unwrap_or_default().lines() {
        sheet.example(line.trim_start());
    }
    sheet.head("EXIT STATUS");
    for topic in TOPICS.iter().filter(|topic| topic.name == EXIT_CODES) {
        sheet.blocks(&topic.page().blocks);
    }
    sheet.head("ENVIRONMENT");
    sheet.named(vec![bold("LMSYNCD_SOCKET")], "The daemon's socket, as `--socket` has it.");
    sheet.named(vec![bold("NO_COLOR")], "Set and not empty: no colours, as with `--no-color`.");
    sheet.named(
        vec![bold("PAGER")],
        "The pager for long texts on a terminal: `less` where this is not set; none if it is empty \
         or `cat`. `LESS` and `LV` are `FRX` and `-c` for it unless they are set.",
    );
    sheet.named(
        vec![bold("LC_ALL"), ", ".into(), bold("LC_CTYPE"), ", ".into(), bold("LANG")],
        "The first that is set says whether pictures may use signs beyond ASCII.",
    );
    sheet.named(vec![bold("TZ")], "The zone that moments are shown in; JSON has them in UTC.");
    sheet.named(
        vec![bold("VISUAL"), ", ".into(), bold("EDITOR")],
        "The editor of `sync --edit`; without them, `editor`, then `vi`.",
    );
    sheet.head("FILES");
    sheet.named(vec![italic(DEFAULT_SOCKET)], "The socket of the daemon.");
    let instance = lmsyncd::config::instance_socket("NAME");
    sheet.named(
        vec![italic(instance.display().to_string())],
        "That of the instance NAME, which `--instance NAME` speaks to.",
    );
    sheet.named(vec![italic(DEFAULT_PATH)], "The configuration of the daemon.");
    for topic in TOPICS.iter().filter(|topic| topic.name != EXIT_CODES) {
        sheet.head(&topic.name.to_uppercase());
        sheet.blocks(&topic.page().blocks);
    }
    sheet.see_also(&["lmsyncd(8)", "lmsyncd.toml(5)", "journalctl(1)"].map(str::to_owned));
    sheet.finish()
}

fn command_pages(command: &clap::Command, above: &str, pages: &mut Vec<Page>) {
    let name = format!("{above}-{}", command.get_name());
    let others = command.get_visible_aliases();
    pages.extend(others.map(|other| other_name(&format!("{above}-{other}"), &name)));
    let mut sheet = Sheet::new(&name, 1, &lower(&about(command)));
    sheet.head("SYNOPSIS").synopsis(&usage(command));
    sheet.head("DESCRIPTION");
    description(&mut sheet, command);
    let below: Vec<&clap::Command> = shown(command).collect();
    if !below.is_empty() {
        commands(&mut sheet, command, &name);
    }
    sheet.options(command, "OPTIONS");
    let help = command.get_after_long_help().or_else(|| command.get_after_help());
    sheet.ending(&help.map(ToString::to_string).unwrap_or_default());
    sheet.head("EXIT STATUS");
    sheet.text(
        "As lmsyncctl(1) lists it, where the options of every command and the words for clients \
         and keys are explained too.",
    );
    let mut see = vec!["lmsyncctl(1)".to_owned()];
    if above != "lmsyncctl" {
        see.push(format!("{above}(1)"));
    }
    see.push("lmsyncd(8)".to_owned());
    sheet.see_also(&see);
    pages.push(sheet.finish());
    for command in below {
        command_pages(command, &name, pages);
    }
}

/// A summary as it stands behind the name of a page.
fn lower(summary: &str) -> String {
    let mut chars = summary.chars();
    let first = chars.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
    format!("{first}{}", chars.as_str())
}
