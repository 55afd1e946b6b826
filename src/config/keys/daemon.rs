//! The keys of `[store]`, `[control]`, `[notify]` and `[metrics]`: where things are, and who may see
//! and who is told.

use secrecy::SecretString;

use super::{Effect, Key, PATH, Section, Shown, URL, Written, duration, list, path};
use crate::config::settings::{HISTORY, NOTIFY_TIMEOUT};
use crate::config::values;

/// The section `[store]`.
pub(super) const STORE: Section = Section {
    name: "store",
    keys: &[
        Key {
            name: "path",
            text: "The folder of the contract store; one store serves one daemon. Change it to \
                   keep the store on another disk. The default of the instance NAME is \
                   /var/lib/lmsyncd/NAME. Absolute path. Needs a restart.",
            value: "\"/var/lib/lmsyncd\"",
            written: Written::BuiltIn,
            expects: PATH,
            effect: Effect::NeedsRestart,
            is_secret: false,
            read: |entry, s| entry.text(&mut s.store.path, values::path),
            show: |s| path(Some(&s.store.path)),
        },
        Key {
            name: "history",
            text: "How long the history of runs and field changes is kept, \"1d\" to \"3650d\". \
                   Contracts are always kept. Raise it where an audit needs more than a year, \
                   lower it to save disk space. Nothing is removed automatically: \"lmsyncctl \
                   history prune\" removes older history.",
            value: "\"400d\"",
            written: Written::Default,
            expects: "expected a duration in quotes, such as \"400d\"",
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| entry.duration(&mut s.store.history, HISTORY, "400d"),
            show: |s| duration(s.store.history),
        },
    ],
};

/// The section `[control]`.
pub(super) const CONTROL: Section = Section {
    name: "control",
    keys: &[
        Key {
            name: "socket",
            text: "The socket for lmsyncctl. Change it for a second daemon beside the service; \
                   lmsyncctl then needs --socket. The default of the instance NAME is \
                   /run/lmsyncd/NAME/control.sock. Absolute path of at most 107 bytes. Needs a \
                   restart.",
            value: "\"/run/lmsyncd/control.sock\"",
            written: Written::BuiltIn,
            expects: PATH,
            effect: Effect::NeedsRestart,
            is_secret: false,
            read: |entry, s| entry.text(&mut s.control.socket, values::socket),
            show: |s| path(Some(&s.control.socket)),
        },
        Key {
            name: "operators",
            text: "Who may change things: user names, and group names after \"@\". Root, the \
                   daemon's user and the members of the socket's group who are not named here may \
                   read, and everybody else but observers is refused. The socket's group is the \
                   first group that is named here and exists, otherwise the daemon's own group; a \
                   socket that systemd passes always belongs to the group lmsyncd. So add people \
                   to the group lmsyncd; or name only some of its members here, and the others \
                   may only read. A name that does not exist causes a warning.",
            value: "[\"root\", \"@lmsyncd\"]",
            written: Written::Default,
            expects: "expected a list of names in quotes, such as [\"root\", \"@lmsyncd\"]",
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| entry.list(&mut s.control.operators, |text, _| values::operator(text)),
            show: |s| list(&s.control.operators, "(nobody)"),
        },
        Key {
            name: "observers",
            text: "Who else may look at what costs no request to Autotask, such as a monitoring \
                   system: the status, the check, metrics, events, runs and stored contracts. \
                   User names, and group names after \"@\". Put the monitor's user into the group \
                   lmsyncd-view; name other groups to let them look too, or [] for nobody. A name \
                   that does not exist causes a warning.",
            value: "[\"@lmsyncd-view\"]",
            written: Written::Default,
            expects: "expected a list of names in quotes, such as [\"@lmsyncd-view\"]",
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| entry.list(&mut s.control.observers, |text, _| values::operator(text)),
            show: |s| list(&s.control.observers, "(nobody)"),
        },
    ],
};

/// The section `[notify]`.
pub(super) const NOTIFY: Section = Section {
    name: "notify",
    keys: &[
        Key {
            name: "command",
            text: "The command that is run for each event below, with the event as one JSON \
                   object on its standard input: an absolute path and its arguments. It is run \
                   without a shell, and its environment has only a PATH. One runs at a time. No \
                   default: events go to the journal only.",
            value: "[\"/usr/local/bin/tell-the-msp\", \"--from\", \"lmsyncd\"]",
            written: Written::Example,
            expects: "expected a list of texts in quotes, such as [\"/usr/local/bin/tell\"]",
            effect: Effect::Applied,
            is_secret: true,
            read: |entry, s| {
                entry.list(&mut s.notify.command, |text, at| values::command_word(text, at == 0))
            },
            show: |s| command(&s.notify.command),
        },
        Key {
            name: "timeout",
            text: "The timeout of the command, \"1s\" to \"10m\"; then it is killed. Further \
                   events wait for it.",
            value: "\"30s\"",
            written: Written::Default,
            expects: "expected a duration in quotes, such as \"30s\"",
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| entry.duration(&mut s.notify.timeout, NOTIFY_TIMEOUT, "30s"),
            show: |s| duration(s.notify.timeout),
        },
        Key {
            name: "events",
            text: "The events that the command is run for. run_held, run_failed, auth_blocked, \
                   budget_low and overdue are sent once per cause, again once a day while the \
                   cause persists, and recovered when it is gone; only clients on auto-sync count. \
                   Also available: run_finished, run_changed, switched and reloaded, sent each \
                   time.",
            value: "[\n  \"run_held\", \"run_failed\", \"recovered\", \"auth_blocked\", \"budget_low\", \"overdue\", \"outlet_failed\",\n  \"access_limited\", \"client_new\", \"store_repaired\", \"store_failed\",\n]",
            written: Written::Default,
            expects: "expected a list of events in quotes, such as [\"run_failed\"]",
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| entry.list(&mut s.notify.events, |text, _| values::event(text)),
            show: |s| list(s.notify.events.iter().map(|event| event.name()), "(none)"),
        },
        Key {
            name: "heartbeat-url",
            text: "A URL that is requested (GET) only after a successful cycle: a batch in which \
                   every client was synced. A monitoring service that expects it alerts when it \
                   is missing. http or https, through the proxy above. No default: none.",
            value: "\"https://hc.example/ping/6f1c\"",
            written: Written::Example,
            expects: URL,
            effect: Effect::Applied,
            is_secret: true,
            read: |entry, s| {
                entry.text(&mut s.notify.heartbeat_url, |text| {
                    values::heartbeat_url(text).map(|url| Some(url.into()))
                })
            },
            show: |s| Shown::Secret(s.notify.heartbeat_url.clone()),
        },
    ],
};

/// The section `[metrics]`.
pub(super) const METRICS: Section = Section {
    name: "metrics",
    keys: &[Key {
        name: "textfile",
        text: "The file that metrics are written to, every minute and after each batch, for the textfile collector of node_exporter. Its name must end in \".prom\", and the daemon must have write access to its folder. \"lmsyncctl metrics --prometheus\" shows the same. Absolute path. No default: none.",
        value: "\"/var/lib/prometheus/node-exporter/lmsyncd.prom\"",
        written: Written::Example,
        expects: PATH,
        effect: Effect::Applied,
        is_secret: false,
        read: |entry, s| {
            entry.text(&mut s.metrics.textfile, |text| values::textfile(text).map(Some))
        },
        show: |s| path(s.metrics.textfile.as_deref()),
    }],
};

/// A command line may carry a password.
fn command(words: &[String]) -> Shown {
    Shown::Secret((!words.is_empty()).then(|| SecretString::from(words.join("\0"))))
}
