//! The topics of `lmsyncctl help`. Tables come from the code that they are about; the words around
//! them are here.

use super::page::{Block, names, text};
use super::{billing, words};
use crate::ctl::app::exit::{self, EXITS};
use crate::model::{EventName, Field, Letter, Ownership, PendingState};

/// A topic.
#[derive(Debug, Clone, Copy)]
pub struct Topic {
    /// Its name.
    pub name: &'static str,
    /// What it is about, in one line.
    pub about: &'static str,
    /// Its text.
    pub page: fn() -> Vec<Block>,
}

const fn topic(name: &'static str, about: &'static str, page: fn() -> Vec<Block>) -> Topic {
    Topic { name, about, page }
}

/// Every topic but the list of topics itself.
pub const TOPICS: [Topic; 9] = [
    topic("auth", "Credentials: where they lie, and what is wrong when Autotask says no", auth),
    topic("exit-codes", "Exit statuses, and the codes of failures behind them", exit_codes),
    topic("fields", "The fields of a contract, and which can be set", fields),
    topic("billing", "What a contract costs: rate, period amount, states and sums", billing::page),
    topic("keys", "How items and clients are named", keys),
    topic("states", "What the state of a pending item means", states),
    topic("guards", "What is held instead of applied, and what to do about it", guards),
    topic("events", "What lmsyncd tells of, in the journal and elsewhere", events),
    topic("scripting", "JSON, CSV, waiting, and what scripts may rely on", scripting),
];

/// The list of topics.
pub fn list() -> Vec<Block> {
    vec![
        text(
            "`lmsyncctl help TOPIC` shows one of these, `lmsyncctl help COMMAND` the help of a command.",
        ),
        Block::Heading("Topics"),
        names(TOPICS.map(|topic| (topic.name, topic.about))),
    ]
}

fn auth() -> Vec<Block> {
    vec![
        text(
            "lmsyncd speaks to Autotask as an API user, with three things: the user's \"Username \
             (Key)\", its \"Password (Secret)\", and the integration code, which Autotask calls \
             the tracking identifier.",
        ),
        Block::Heading("Where they lie"),
        names([
            ("username", "`username` in the section [autotask] of /etc/lmsyncd/lmsyncd.toml"),
            (
                "integration code",
                "`integration-code` in the same section, or the systemd credential \
                 autotask-integration-code",
            ),
            (
                "secret",
                "/etc/lmsyncd/credentials/autotask-secret, mode 0600; systemd hands it over as \
                 the credential autotask-secret. Without systemd: the file that `secret-file` \
                 names. Never in the configuration",
            ),
        ]),
        Block::Heading("To see whether they work"),
        Block::Lines(&["lmsyncctl doctor"]),
        text(
            "It tries the zone, the credentials, and the permission to read each kind of data, \
             and says of each finding what to do. `lmsyncd check-config` looks at the files \
             without asking Autotask.",
        ),
        Block::Heading("What the answer of Autotask means"),
        names(exit::codes(7).map(|code| (code.name(), words::code(code)))),
        Block::Heading("When Autotask refuses them"),
        text(
            "Autotask locks an account that fails to log in again and again. So lmsyncd stops \
             asking once it was refused, and tries at most twice an hour; `lmsyncctl status` says \
             `blocked` and until when. Put them right, then `lmsyncctl reload`, which lifts the \
             login breaker at once if they are new. After a new secret, `systemctl restart lmsyncd`.",
        ),
        Block::Heading("Who may drive lmsyncd"),
        text(
            "Root, the user lmsyncd and the group lmsyncd can open the socket. Whom `operators` \
             in the section [control] names may change things; who can open the socket and is not \
             named may look.",
        ),
    ]
}

fn exit_codes() -> Vec<Block> {
    let mut blocks = vec![
        text("The exit status is the same with and without `--json`."),
        names(EXITS.map(|exit| (exit.status.to_string(), exit.long))),
        text(
            "`lmsyncctl check` ends as monitoring plugins do instead: 0 OK, 1 WARNING, \
             2 CRITICAL, 3 UNKNOWN.",
        ),
        text(
            "Behind most statuses is a code that says exactly what failed. Runs, events, the \
             journal (LMSYNC_ERROR_CODE) and errors of the protocol carry it.",
        ),
    ];
    for exit in EXITS {
        let codes: Vec<_> = exit::codes(exit.status).collect();
        if !codes.is_empty() {
            let heading = HEADINGS[usize::from(exit.status)];
            blocks.push(Block::Heading(heading));
            blocks.push(names(codes.into_iter().map(|code| (code.name(), words::code(code)))));
        }
    }
    blocks
}

/// The headings of the codes, by exit status.
const HEADINGS: [&str; 10] = [
    "Exit status 0",
    "Exit status 1",
    "Exit status 2",
    "Exit status 3",
    "Exit status 4",
    "Exit status 5",
    "Exit status 6",
    "Exit status 7",
    "Exit status 8",
    "Exit status 9",
];

fn fields() -> Vec<Block> {
    let owned = |ownership: Ownership| {
        let fields = Field::ALL.into_iter().filter(move |field| field.ownership() == ownership);
        fields.map(described).collect::<Vec<_>>()
    };
    let mut seeded = owned(Ownership::Seeded);
    seeded.push((
        "udf.NAME",
        "a user-defined field of agreements, where `user-defined` in the section [fields] of the \
         configuration names it"
            .to_owned(),
    ));
    vec![
        text("Every field of a contract has an owner, who decides what its value is."),
        Block::Heading("Autotask's, locked"),
        text(
            "Never editable on a contract that follows Autotask. On one made by hand \
             (`contract add`), status, billing_cost, currency and billing_cycle can be set.",
        ),
        names(owned(Ownership::Source)),
        Block::Heading("Seeded"),
        text(
            "They come from Autotask and may be overridden with `contract set`. The override \
             survives every sync; `contract show` has Autotask's value beside it, and \
             `contract unset` returns to it.",
        ),
        names(seeded),
        Block::Heading("Local"),
        text("The MSP's own: Autotask never touches them."),
        names(owned(Ownership::Local)),
        Block::Heading("To set and unset"),
        Block::Lines(&[
            "lmsyncctl contract set S55102 notes='renew with the firewall' impact=high",
            "lmsyncctl contract unset S55102 notes",
        ]),
        text("A hyphen may stand for an underscore: notice-days is notice_days."),
    ]
}

fn described(field: Field) -> (&'static str, String) {
    let meaning = words::field(field);
    let told = match words::kind(field.kind()) {
        Some(values) if field.ownership() != Ownership::Source => format!("{meaning}: {values}"),
        _ => meaning.to_owned(),
    };
    (field.name(), told)
}

fn keys() -> Vec<Block> {
    vec![
        text(
            "An item is named by its key: a letter, and the id that Autotask gives it. A contract \
             has the key of its item. Case does not matter. Ids are unique per letter only.",
        ),
        names(Letter::ALL.map(|letter| (letter.as_char().to_string(), words::letter(letter)))),
        text("`lmsyncctl pending CLIENT` and `lmsyncctl contract list CLIENT` show them."),
        Block::Heading("Clients"),
        text(
            "A CLIENT is a company id, an exact name, or a part of a name that fits one company. \
             Case does not matter. Company 0 is the MSP itself. A name with blanks needs quotes.",
        ),
        Block::Lines(&[
            "lmsyncctl pending 174",
            "lmsyncctl pending 'Acme Dental'",
            "lmsyncctl pending dental",
        ]),
    ]
}

fn states() -> Vec<Block> {
    let applied = PendingState::ALL.into_iter().filter(|state| state.can_apply());
    let left = PendingState::ALL.into_iter().filter(|state| !state.can_apply());
    vec![
        text(
            "An item is pending where Autotask and the store differ. `lmsyncctl pending CLIENT` \
             lists them, `--state STATE` only those in one state.",
        ),
        Block::Heading("A sync applies"),
        names(applied.map(|state| (state.name(), words::state(state)))),
        Block::Heading("A sync leaves alone"),
        names(left.map(|state| (state.name(), words::state(state)))),
        text("`lmsyncctl explain KEY` says of one item why it is, or is not, in the store."),
    ]
}

fn guards() -> Vec<Block> {
    vec![
        text(
            "A permission taken away, or a broken answer, can look like cancelled agreements. So \
             absence alone proves nothing: what is missing is asked for again by its id, and what \
             is then still missing becomes a tombstone, which keeps your own fields and returns by \
             itself. It is held instead, and nothing of it is changed, where",
        ),
        names([
            ("restricted", "the API user may see only a part of what a run needs"),
            ("empty", "Autotask shows nothing at all of a client of which something was imported"),
            (
                "too many",
                "three or more are gone at once, and more than `max-vanished-percent` of the \
                 client's contracts",
            ),
            (
                "hidden rows",
                "a currency changes while the client is the same, or an addition that had billing \
                 periods has none any more; a currency cannot be read any more, or a fixed price \
                 agreement shows no billing rules any more",
            ),
            (
                "price",
                "a rate moves by more than `hold-price-change-percent`; 0 never holds. The end of a \
                 proration moves no rate",
            ),
        ]),
        text(
            "The limits stand in the section [guard] of the configuration. The rest of the run is \
             applied; its result is `held`, and its exit status 6.",
        ),
        Block::Heading("What to do"),
        Block::Lines(&[
            "lmsyncctl held acme                    what is held, and why",
            "lmsyncctl held show 12                 item by item, with what would change",
            "lmsyncctl doctor                       may the API user see everything?",
            "lmsyncctl held accept 12               apply it, if Autotask still says the same",
            "lmsyncctl held reject 12               leave it held, in silence",
        ]),
        text(
            "Often the cause is in Autotask: fix it, and the next run finds nothing to hold. What \
             a reverted run holds (`run revert`) is taken by naming its key in a sync.",
        ),
    ]
}

fn events() -> Vec<Block> {
    let alerts = EventName::ALERTS;
    let others = EventName::ALL.into_iter().filter(move |event| !alerts.contains(event));
    vec![
        text(
            "What happens is an event with a stable name. All go to the journal (LMSYNC_EVENT) \
             and to `lmsyncctl watch`. The command of the section [notify] in the configuration \
             is run for those that its `events` names. A run tells in money what it changed and \
             what is held of it: `effects` and `held_effects`.",
        ),
        Block::Heading("Told unless the configuration says otherwise"),
        names(alerts.map(|event| (event.name(), words::event(event)))),
        Block::Heading("The others"),
        names(others.map(|event| (event.name(), words::event(event)))),
        Block::Heading("To see them"),
        Block::Lines(&[
            "lmsyncctl watch",
            "journalctl -u lmsyncd LMSYNC_EVENT=run_failed --since yesterday",
        ]),
    ]
}

fn scripting() -> Vec<Block> {
    vec![
        names([
            (
                "--json",
                "the daemon's answer as one JSON object on one line. Keys stay; others may be \
                 added. Money is a string with the currency's decimals, a date YYYY-MM-DD, a \
                 moment RFC 3339 in UTC, what is not known is null",
            ),
            ("--csv", "lists as comma-separated values; the columns are the keys of the JSON"),
            (
                "--plain",
                "lists as lines with a tab between values; the first has the names of the \
                 columns, and --quiet leaves it out",
            ),
            (
                "--format",
                "lists by a template, such as '{key} {name}'; the names are those of the columns",
            ),
            ("--quiet", "no progress, no confirmations and no footers"),
            ("--yes", "does without asking; off a terminal nothing is asked anyway"),
            ("--wait", "waits while another run of the client is under way; --timeout limits it"),
        ]),
        text(
            "Answers go to standard output; errors go to standard error, as one line and mostly a \
             `hint:` line. Piped output has no colours and nothing is cut. The exit status says \
             how it ended: `lmsyncctl help exit-codes`.",
        ),
        Block::Heading("For example"),
        Block::Lines(&[
            "lmsyncctl pending 174 --json | jq -r '.items[] | select(.state==\"new\") | .key'",
            "lmsyncctl sync 174 --all --yes --wait --timeout 300 --quiet || echo \"ended with $?\"",
            "lmsyncctl contract list --csv > contracts.csv",
            "lmsyncctl renewals --format '{end_date} {billing_cost:>12} {currency} {name}'",
            "lmsyncctl check --max-age 36h",
        ]),
        text(
            "In scripts, name a client by its id: a name may change, or fit a second company \
             later. The socket speaks Varlink, so other programs need no lmsyncctl:",
        ),
        Block::Lines(&["varlinkctl introspect /run/lmsyncd/control.sock org.lmsyncd.Sync"]),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::page::plain;
    use super::*;
    use crate::model::{BillingState, Code, Remark};

    fn page(name: &str) -> String {
        let topic = TOPICS.iter().find(|topic| topic.name == name).expect("a topic");
        plain(&(topic.page)(), Some(80))
    }

    /// Whether a line begins with the name, as those of a table do.
    fn lists(page: &str, name: &str) -> bool {
        page.lines().any(|line| line.split_whitespace().next() == Some(name))
    }

    #[test]
    fn what_the_code_has_the_topics_have() {
        let (codes, fields) = (page("exit-codes"), page("fields"));
        assert!(Code::ALL.iter().all(|code| lists(&codes, code.name())), "{codes}");
        assert!(EXITS.iter().all(|exit| lists(&codes, &exit.status.to_string())), "{codes}");
        assert!(Field::ALL.iter().all(|field| lists(&fields, field.name())), "{fields}");
        assert!(lists(&fields, "udf.NAME"));
        let billing = page("billing");
        assert!(BillingState::ALL.iter().all(|state| lists(&billing, state.name())), "{billing}");
        assert!(Remark::ALL.iter().all(|remark| lists(&billing, remark.code())), "{billing}");
        let states = page("states");
        assert!(PendingState::ALL.iter().all(|state| lists(&states, state.name())), "{states}");
        let events = page("events");
        assert!(EventName::ALL.iter().all(|event| lists(&events, event.name())), "{events}");
        let keys = page("keys");
        assert!(Letter::ALL.iter().all(|l| lists(&keys, &l.as_char().to_string())), "{keys}");
    }

    #[test]
    fn a_code_stands_below_its_own_status() {
        let page = page("exit-codes");
        for code in Code::ALL {
            let before = page.split(&format!("  {} ", code.name())).next().expect("before it");
            let heading = before.rfind("Exit status ").map(|at| &before[at + 12..at + 13]);
            assert_eq!(heading, Some(&*code.exit_status().to_string()), "{}", code.name());
        }
    }

    #[test]
    fn every_topic_fits_a_terminal_and_is_listed() {
        let list = plain(&list(), Some(80));
        for topic in TOPICS {
            assert!(lists(&list, topic.name), "{list}");
            let page = page(topic.name);
            let typed = |line: &str| line.contains("lmsyncctl ") || line.contains("varlinkctl ");
            let fits = |line: &str| line.chars().count() <= 80 || typed(line);
            assert!(page.lines().all(fits), "{page}");
        }
    }

    #[test]
    fn topics_in_full() {
        insta::assert_snapshot!("fields", page("fields"));
        insta::assert_snapshot!("billing", page("billing"));
        insta::assert_snapshot!("exit-codes", page("exit-codes"));
        insta::assert_snapshot!("auth", page("auth"));
        insta::assert_snapshot!("topics", plain(&list(), Some(80)));
    }
}
