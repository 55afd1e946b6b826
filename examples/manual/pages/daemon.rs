//! lmsyncd(8).

use std::collections::BTreeMap;

use clap::CommandFactory;
use lmsyncd::config::{
    CREDENTIAL_INTEGRATION_CODE, CREDENTIAL_SECRET, DEFAULT_PATH, DEFAULT_SOCKET, DEFAULT_STORE,
};
use lmsyncd::daemon::EXITS;
use lmsyncd::daemon::args::Cli;
use lmsyncd::engine::message_id;
use lmsyncd::model::EventName;
use roff::{Inline, bold, italic, roman};

use super::Page;
use super::set::Sheet;

/// The fields of journal entries, and what they hold.
const JOURNAL_FIELDS: [(&str, &str); 16] = [
    ("LMSYNC_EVENT", "the event, by its name"),
    ("LMSYNC_CLIENT_ID", "the client, by its company id"),
    ("LMSYNC_CLIENT", "the client, by its name"),
    ("LMSYNC_RUN_ID", "the number of the run"),
    ("LMSYNC_TRIGGER", "what set the run off: manual or auto"),
    ("LMSYNC_ACTOR_UID", "the user who asked, by number; not for automatic runs"),
    ("LMSYNC_ACTOR", "the user, by name"),
    ("LMSYNC_ACTOR_PID", "the process that asked"),
    ("LMSYNC_METHOD", "the method that was called"),
    ("LMSYNC_RESULT", "how the call ended: ok, or the code of what went wrong"),
    ("LMSYNC_ACT", "the number of the call in the audit trail"),
    ("LMSYNC_CREATED", "contracts made"),
    ("LMSYNC_UPDATED", "contracts changed"),
    ("LMSYNC_VANISHED", "contracts that became tombstones"),
    ("LMSYNC_REJECTED", "rows that could not be converted"),
    ("LMSYNC_REQUESTS", "requests spent on Autotask"),
];

fn one(name: &str) -> Vec<Inline> {
    vec![bold(name)]
}

fn file(name: &str) -> Vec<Inline> {
    vec![italic(name)]
}

/// The page.
#[expect(clippy::too_many_lines, reason = "one text")]
pub fn page() -> Page {
    let mut program = Cli::command();
    program.build();
    let about = "import contracts from Autotask PSA, one way, and keep them current";
    let mut sheet = Sheet::new("lmsyncd", 8, about);
    sheet.head("SYNOPSIS").synopsis("lmsyncd [--config FILE]");
    for command in below(&program) {
        let usage = command.clone().render_usage().to_string();
        sheet.synopsis(usage.trim_start_matches("Usage: "));
    }
    sheet.head("DESCRIPTION");
    sheet.text(
        "lmsyncd is the daemon of a managed service provider (MSP). It reads the agreements of \
         the MSP's customers from Autotask PSA, with everything on them, into its own contract \
         store, and keeps those current whose client is on auto-sync. It only ever reads from \
         Autotask.",
    );
    sheet.text(
        "Without a command, it runs in the foreground until it is told to stop. systemd starts it \
         as `lmsyncd.service`, and as `lmsyncd@NAME.service` for one of several tenants, each with \
         a configuration, a store and a socket of its own. It is driven with lmsyncctl(1), or by \
         any program that speaks Varlink.",
    );
    sheet.options(&program, "OPTIONS");
    sheet.head("COMMANDS");
    for command in below(&program) {
        sheet.subhead(&format!("lmsyncd {}", command.get_name()));
        let text = command.get_long_about().or_else(|| command.get_about());
        for paragraph in text.map(ToString::to_string).unwrap_or_default().split("\n\n") {
            sheet.text(&format!("{}.", paragraph.replace('\n', " ").trim_end_matches('.')));
        }
        for arg in command.get_arguments().filter(|arg| is_own(arg)) {
            let mut head: Vec<_> =
                arg.get_long().map(|name| bold(format!("--{name}"))).into_iter().collect();
            if let Some(value) = arg.get_value_names().filter(|_| takes_value(arg)) {
                head.extend((!head.is_empty()).then(|| roman(" ")));
                head.push(italic(value.join(" ")));
            }
            let help = arg.get_long_help().or_else(|| arg.get_help());
            sheet.named(head, &help.map(ToString::to_string).unwrap_or_default());
        }
    }
    credentials(&mut sheet);
    sheet.head("SIGNALS");
    sheet.named(
        vec![bold("SIGTERM"), roman(", "), bold("SIGINT")],
        "Stop. A run in progress ends cleanly; acknowledged changes are on the disk.",
    );
    sheet.named(
        one("SIGHUP"),
        "Read the configuration again, as `lmsyncctl reload` does. One that cannot be used is \
         refused, and the old one stays.",
    );
    sheet.head("ENVIRONMENT");
    sheet.named(
        one("LMSYNCD_LOG"),
        "What is logged, such as `debug` or `info,lmsyncd::autotask=trace`: a level (`off`, `error`, \
         `warn`, `info`, `debug`, `trace`), `TARGET=LEVEL` for a part of the program, or several with \
         commas between. The default is `info`.",
    );
    sheet.named(
        one("CREDENTIALS_DIRECTORY"),
        "Where systemd puts the credentials; see CREDENTIALS.",
    );
    sheet.named(
        one("NOTIFY_SOCKET"),
        "Set by systemd: where the daemon says that it is ready; see sd_notify(3).",
    );
    sheet.named(
        one("JOURNAL_STREAM"),
        "Set by systemd: with it, the log goes to the journal with its fields, without it to \
         standard error.",
    );
    files(&mut sheet);
    sheet.head("EXIT STATUS");
    for (status, meaning) in EXITS {
        sheet.named(one(&status.to_string()), &sentence(meaning));
    }
    journal(&mut sheet);
    sheet.head("EXAMPLES");
    let help = program.get_after_help().map(ToString::to_string).unwrap_or_default();
    let examples = help.split("\n\n").find_map(|part| part.strip_prefix("Examples:\n"));
    for line in examples.unwrap_or_default().lines() {
        // The explanation of a long line stands below it.
        sheet.example(line.strip_prefix("  ").unwrap_or(line));
    }
    let others = ["lmsyncctl(1)", "lmsyncd.toml(5)", "systemctl(1)", "journalctl(1)"];
    sheet.see_also(&others.map(str::to_owned));
    sheet.finish()
}

fn below(program: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    program.get_subcommands().filter(|command| command.get_name() != "help")
}

fn takes_value(arg: &clap::Arg) -> bool {
    arg.get_num_args().is_some_and(|number| number.takes_values())
}

/// Whether an option is of a command itself, and not of the whole program.
fn is_own(arg: &clap::Arg) -> bool {
    !arg.is_global_set()
        && !arg.is_hide_set()
        && arg.get_id() != "help"
        && arg.get_id() != "version"
}

fn credentials(sheet: &mut Sheet) {
    sheet.head("CREDENTIALS");
    sheet.text(
        "lmsyncd speaks to Autotask as an API user: a user name and an integration code, which \
         stand in lmsyncd.toml(5), and a secret, which never does. systemd hands over, from files \
         that only root can read:",
    );
    sheet.named(one(CREDENTIAL_SECRET), "The API user's \"Password (Secret)\".");
    sheet.named(
        one(CREDENTIAL_INTEGRATION_CODE),
        "The integration code, where it is not to stand in the configuration.",
    );
    sheet.text(
        "Without systemd, `secret-file` in the section [autotask] names a file of mode 0600 that \
         holds the secret. To see whether they work: `lmsyncctl doctor`.",
    );
}

fn files(sheet: &mut Sheet) {
    sheet.head("FILES");
    sheet.named(file(DEFAULT_PATH), "The configuration; see lmsyncd.toml(5).");
    let instance = lmsyncd::config::instance_config("NAME");
    sheet.named(file(&instance.display().to_string()), "That of the instance NAME.");
    sheet.named(
        file("/etc/lmsyncd/credentials/autotask-secret"),
        "The secret, of root, mode 0600; see CREDENTIALS.",
    );
    sheet.named(file(DEFAULT_SOCKET), "The control socket. It speaks Varlink.");
    sheet.named(
        file(DEFAULT_STORE),
        "The contract store: `ledger/` is the truth and the history, `index/` answers questions \
         and is rebuilt from the ledger where it is damaged. One store serves one daemon.",
    );
}

fn journal(sheet: &mut Sheet) {
    sheet.head("JOURNAL");
    sheet.text(
        "As a service, lmsyncd writes native journal entries. Those that tell of an event have a \
         MESSAGE_ID. A run that changed nothing is told at debug.",
    );
    let mut ids: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in EventName::ALL {
        ids.entry(message_id(event)).or_default().push(event.name());
    }
    // In the order of the events, and each once.
    for event in EventName::ALL {
        if let Some(events) = ids.remove(message_id(event)) {
            sheet.named(one(message_id(event)), &events.join(", "));
        }
    }
    sheet.text("The fields of such entries, as far as they have something to say:");
    for (name, meaning) in JOURNAL_FIELDS {
        sheet.named(one(name), &sentence(meaning));
    }
    sheet.named(one("LMSYNC_ERROR_CODE"), "The code of what went wrong; see lmsyncctl(1).");
    sheet.text("What each event means is in lmsyncctl(1), below EVENTS. For example:");
    sheet.example("journalctl -u lmsyncd LMSYNC_CLIENT_ID=174");
    sheet.example("journalctl -u lmsyncd LMSYNC_EVENT=run_failed --since yesterday");
}

/// A meaning as a sentence.
fn sentence(meaning: &str) -> String {
    let mut chars = meaning.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}
