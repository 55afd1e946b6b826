//! What may be meant by the beginning of a word: asked of the daemon, within a time that nobody
//! notices. Autotask is never asked: what the daemon has at hand must do.

use std::ffi::OsStr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap_complete::engine::CompletionCandidate;

use super::kind::Kind;
use crate::ctl::connection::Client;
use crate::ctl::help::{LIST, TOPICS};
use crate::ctl::output::screen::count;
use crate::model::{Field, ItemKind, Kind as Values, Ownership};
use crate::protocol::contracts::{List, Show};
use crate::protocol::daemon::Status;
use crate::protocol::sync::{ListClients, ListHeld, ListRuns, Pending};

/// How long the daemon may take. Whoever types does not wait longer for a suggestion.
const PATIENCE: Duration = Duration::from_millis(400);

/// How many runs are offered.
const RUNS: i64 = 50;

/// Of how many clients, at most, pending items are looked for where no client is named.
const LOOKS: usize = 16;

/// The fields that a contract made by hand has besides those that can be set on every one.
const OF_LOCAL: [Field; 4] =
    [Field::Status, Field::BillingCost, Field::Currency, Field::BillingCycle];

/// A value, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// The value, as lmsyncctl takes it.
    pub value: String,
    /// What it is, in few words.
    pub about: Option<String>,
}

fn guess(value: impl Into<String>, about: impl Into<String>) -> Guess {
    Guess { value: value.into(), about: Some(about.into()).filter(|about| !about.is_empty()) }
}

/// What was typed before the word, as far as a guess depends on it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// All commands.
    pub commands: clap::Command,
    /// The daemon that the line speaks to.
    pub daemon: Client,
    /// The client that the line names.
    pub client: Option<String>,
    /// The key that the line names.
    pub key: Option<String>,
    /// Every word before this one.
    pub before: Vec<String>,
}

impl Asked {
    /// The candidates for a word that begins like this.
    pub fn candidates(&self, kind: Kind, word: &OsStr) -> Vec<CompletionCandidate> {
        let Some(word) = word.to_str() else { return Vec::new() };
        let guesses = match kind {
            Kind::File => vec![guess(super::FILES, "")],
            Kind::Folder => vec![guess(super::FOLDERS, "")],
            Kind::Help => fitting(self.help(), word),
            Kind::Assignment => match word.split_once('=') {
                Some((field, value)) => values(field, value),
                None => fitting(self.settable(), word),
            },
            Kind::Field => fitting(self.unsettable(), word),
            Kind::Client => fitting(self.clients(word), word),
            Kind::Key => fitting(self.keys(false), word),
            Kind::LocalKey => fitting(self.keys(true), word),
            Kind::Run => fitting(self.runs(), word),
            Kind::HeldRun => fitting(self.held_runs(), word),
        };
        let candidate = |(place, guess): (usize, Guess)| {
            CompletionCandidate::new(guess.value)
                .help(guess.about.map(Into::into))
                .display_order(Some(place))
        };
        guesses.into_iter().enumerate().map(candidate).collect()
    }

    /// Asks the daemon; nothing where it is not there, refuses, or takes too long.
    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Asked) -> Vec<T> + Send + 'static,
    ) -> Vec<T> {
        let (tell, told) = mpsc::channel();
        let asked = self.clone();
        // Whoever is too late speaks to nobody: the program ends.
        thread::spawn(move || tell.send(question(&asked)));
        told.recv_timeout(PATIENCE).unwrap_or_default()
    }

    /// The clients, by name; by number where a number is typed, or a name cannot be.
    fn clients(&self, word: &str) -> Vec<Guess> {
        let by_number = word.starts_with(|c: char| c.is_ascii_digit());
        let known = self.ask(Asked::known);
        let told = known.into_iter().map(|client| match by_number || !client.is_typable {
            true => guess(client.id.to_string(), client.name),
            false => guess(client.name, client.id.to_string()),
        });
        told.collect()
    }

    fn known(&self) -> Vec<Known> {
        let mut known = Vec::new();
        let cached = ListClients { cached: Some(true), ..ListClients::default() };
        if let Ok(answer) = self.daemon.call(&cached) {
            let raw = |at: usize| answer.raw["clients"][at]["name"].as_str();
            let clients = answer.reply.clients.iter().enumerate();
            known.extend(clients.map(|(at, client)| Known::new(client.id, &client.name, raw(at))));
        }
        if let Ok(answer) = self.daemon.call(&Status { client: None }) {
            let raw = |at: usize| answer.raw["clients"][at]["name"].as_str();
            for (at, client) in answer.reply.clients.iter().enumerate() {
                if !known.iter().any(|known| known.id == client.id) {
                    known.push(Known::new(client.id, &client.name, raw(at)));
                }
            }
        }
        known
    }

    /// The keys of what is stored and of what is pending, of the client that the line names.
    fn keys(&self, local: bool) -> Vec<Guess> {
        let mut keys = self.ask(move |asked| asked.known_keys(local));
        keys.retain(|key| !self.before.iter().any(|word| word.eq_ignore_ascii_case(&key.value)));
        keys
    }

    fn known_keys(&self, local: bool) -> Vec<Guess> {
        let mut keys: Vec<Guess> = Vec::new();
        let looks = match &self.client {
            _ if local => Vec::new(),
            Some(client) => vec![client.clone()],
            None => self.looks(),
        };
        for client in looks {
            let look =
                Pending { client: Some(client), cached: Some(true), all: Some(true), state: None };
            let items = self.daemon.call(&look).ok().and_then(|answer| answer.reply.items);
            for item in items.into_iter().flatten() {
                keys.push(guess(item.key, format!("{}: {}", item.state, item.name)));
            }
        }
        let list = List { client: self.client.clone(), as_of: None };
        let stored = self.daemon.gather(&list, "contracts").map(|answer| answer.reply.contracts);
        for contract in stored.unwrap_or_default() {
            let fits = !local || contract.source == "local";
            if fits && !keys.iter().any(|key| key.value == contract.key) {
                keys.push(guess(contract.key, contract.name));
            }
        }
        keys
    }

    /// Some of the clients that somebody looked at.
    fn looks(&self) -> Vec<String> {
        let all = Pending { cached: Some(true), ..Pending::default() };
        let clients = self.daemon.call(&all).ok().and_then(|answer| answer.reply.clients);
        clients.into_iter().flatten().take(LOOKS).map(|client| client.id.to_string()).collect()
    }

    fn runs(&self) -> Vec<Guess> {
        self.ask(|asked| {
            let newest = ListRuns { limit: Some(RUNS), ..ListRuns::default() };
            let runs = asked.daemon.call(&newest).map(|answer| answer.reply.runs);
            let told = runs.unwrap_or_default().into_iter().filter_map(|run| {
                let day = run.started.get(..10).unwrap_or_default();
                Some(guess(run.id?.to_string(), format!("{day} {}: {}", run.client, run.result)))
            });
            told.collect()
        })
    }

    /// The runs that hold something.
    fn held_runs(&self) -> Vec<Guess> {
        self.ask(|asked| {
            let held = asked.daemon.call(&ListHeld::default()).map(|answer| answer.reply.held);
            let told = held.unwrap_or_default().into_iter().map(|held| {
                let day = held.since.get(..10).unwrap_or_default();
                let items = count(held.items.len() as i64, "item");
                guess(held.run.to_string(), format!("{day} {}: {items}", held.client))
            });
            told.collect()
        })
    }

    /// The fields that may be set: on a contract made by hand some more.
    fn settable(&self) -> Vec<Guess> {
        let local = char::to_string(&ItemKind::Local.as_char());
        let by_hand = match &self.key {
            Some(key) => key.to_ascii_uppercase().starts_with(&local),
            None => true,
        };
        let fields = editable().chain(OF_LOCAL.into_iter().filter(|_| by_hand));
        let set = |field: &Field| {
            let begins = format!("{}=", field.name());
            self.before.iter().any(|word| word.starts_with(&begins))
        };
        let told = fields.filter(|field| !set(field));
        told.map(|field| guess(format!("{}=", field.name()), "")).collect()
    }

    /// The fields of the contract that have an override or a value of their own.
    fn unsettable(&self) -> Vec<Guess> {
        let known = self.ask(|asked| {
            let Some(key) = asked.key.clone() else { return Vec::new() };
            let show = asked.daemon.call(&Show { key: key.to_ascii_uppercase(), as_of: None });
            let fields = show.map(|answer| answer.reply.fields).unwrap_or_default();
            let set = fields.into_iter().filter(|field| {
                field.overridden || (field.owner == "local" && field.value.is_some())
            });
            set.map(|field| guess(field.field, field.value.unwrap_or_default())).collect()
        });
        let mut fields = match known.is_empty() {
            false => known,
            true => editable().map(|field| guess(field.name(), "")).collect(),
        };
        fields.retain(|field| !self.before.contains(&field.value));
        fields
    }

    /// The commands below those that were typed behind `help`, and the topics.
    fn help(&self) -> Vec<Guess> {
        let mut command = self.commands.clone();
        let typed: Vec<&String> =
            self.before.iter().skip_while(|word| *word != "help").skip(1).collect();
        for word in &typed {
            let Some(below) = command.find_subcommand(word.as_str()) else { return Vec::new() };
            command = below.clone();
        }
        let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
        let about = |command: &clap::Command| {
            command.get_about().map(ToString::to_string).unwrap_or_default()
        };
        let mut guesses: Vec<Guess> =
            shown.map(|command| guess(command.get_name(), about(command))).collect();
        if typed.is_empty() {
            guesses.extend(TOPICS.map(|topic| guess(topic.name, topic.page().about)));
            guesses.push(guess(LIST, "The list of topics"));
        }
        guesses
    }
}

/// A client that the daemon knows.
struct Known {
    id: i64,
    name: String,
    /// Whether the name can be typed: it is as Autotask has it, and does not look like an option
    /// or a number.
    is_typable: bool,
}

impl Known {
    fn new(id: i64, name: &str, raw: Option<&str>) -> Known {
        let plain = !name.starts_with('-') && name.trim() == name && name.parse::<i64>().is_err();
        let is_typable = !name.is_empty() && plain && raw == Some(name);
        Known { id, name: name.to_owned(), is_typable }
    }
}

fn editable() -> impl Iterator<Item = Field> {
    Field::ALL.into_iter().filter(|field| field.ownership() != Ownership::Source)
}

/// The values that a field takes, where they can be counted.
fn values(field: &str, value: &str) -> Vec<Guess> {
    let Ok(known) = field.parse::<Field>() else { return Vec::new() };
    let values: &[&str] = match known.kind() {
        Values::Impact => &["unspecified", "low", "medium", "high"],
        Values::Flag => &["yes", "no"],
        Values::Cycle => &["monthly", "quarterly", "semi-annual", "yearly", "one-time", "none"],
        Values::Text | Values::Number | Values::Date | Values::Days | Values::Tags => &[],
    };
    let begins = values.iter().filter(|known| known.starts_with(value));
    begins.map(|value| guess(format!("{field}={value}"), "")).collect()
}

/// Those that begin with the word, in whatever case; if none does, those that hold it.
fn fitting(guesses: Vec<Guess>, word: &str) -> Vec<Guess> {
    let wanted = word.to_lowercase();
    let (begin, others): (Vec<_>, Vec<_>) =
        guesses.into_iter().partition(|guess| guess.value.to_lowercase().starts_with(&wanted));
    if !begin.is_empty() {
        return begin;
    }
    let holds = |guess: &Guess| {
        let about = guess.about.as_deref().unwrap_or_default();
        [guess.value.as_str(), about].iter().any(|text| text.to_lowercase().contains(&wanted))
    };
    others.into_iter().filter(holds).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody() -> Asked {
        let daemon = Client::new("/nonexistent/control.sock".into());
        let commands = crate::ctl::args::command();
        Asked { commands, daemon, client: None, key: None, before: Vec::new() }
    }

    fn told(asked: &Asked, kind: Kind, word: &str) -> Vec<String> {
        let candidates = asked.candidates(kind, OsStr::new(word));
        candidates.iter().map(|c| c.get_value().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn without_a_daemon_there_is_what_needs_none() {
        assert_eq!(told(&nobody(), Kind::Client, "a"), Vec::<String>::new());
        assert_eq!(told(&nobody(), Kind::Key, ""), Vec::<String>::new());
        assert_eq!(told(&nobody(), Kind::Field, "no"), ["notes", "notice_days"]);
        assert_eq!(told(&nobody(), Kind::Assignment, "impact=m"), ["impact=medium"]);
        assert_eq!(told(&nobody(), Kind::Help, "exit"), ["exit-codes"]);
    }

    #[test]
    fn what_stands_before_counts() {
        let mut asked = nobody();
        asked.before = ["lmsyncctl", "help", "contract"].map(str::to_owned).to_vec();
        assert_eq!(told(&asked, Kind::Help, "un"), ["unset", "unlink"]);
        asked.before = vec!["notes=x".to_owned()];
        asked.key = Some("s1".to_owned());
        assert_eq!(told(&asked, Kind::Assignment, "no"), ["notice_days="]);
        assert_eq!(told(&asked, Kind::Assignment, "billing_co"), Vec::<String>::new());
        asked.key = Some("l1".to_owned());
        assert_eq!(told(&asked, Kind::Assignment, "billing_co"), ["billing_cost="]);
    }

    #[test]
    fn the_values_that_are_offered_are_values() {
        for (field, number) in [("impact", 4), ("auto_renew", 2), ("billing_cycle", 6)] {
            let kind = field.parse::<Field>().expect("a field").kind();
            let offered = values(field, "");
            assert_eq!(offered.len(), number);
            for guess in offered {
                let (_, value) = guess.value.split_once('=').expect("a value");
                assert!(kind.parse(value).is_ok(), "{value}");
            }
        }
    }

    #[test]
    fn a_name_that_cannot_be_typed_is_offered_by_its_number() {
        assert!(Known::new(1, "Acme Dental", Some("Acme Dental")).is_typable);
        for (name, raw) in [("A B", "A\u{1b}B"), ("-rf", "-rf"), ("174", "174"), (" x", " x")] {
            assert!(!Known::new(1, name, Some(raw)).is_typable, "{name}");
        }
    }

    #[test]
    fn the_beginning_of_a_name_goes_before_its_middle() {
        let all = vec![guess("Acme Dental", "15"), guess("Dental World", "16")];
        let names = |word| fitting(all.clone(), word).into_iter().map(|g| g.value);
        assert_eq!(names("dental").collect::<Vec<_>>(), ["Dental World"]);
        assert_eq!(names("cme").collect::<Vec<_>>(), ["Acme Dental"]);
        assert_eq!(names("DEN").collect::<Vec<_>>(), ["Dental World"]);
    }
}
