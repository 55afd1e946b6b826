//! The keys of `[sync]`, `[fields]` and `[guard]`: what is imported, when, and what waits for a person.

use super::{Effect, Key, Section, Shown, UNSET, WHOLE, Written, duration, text};
use crate::config::entry::Entry;
use crate::config::settings::{
    BATCH_WINDOW, HOLD_PRICE_CHANGE_PERCENT, INTERVAL, MAX_VANISHED_PERCENT, Settings,
};
use crate::config::values;
use crate::model::UdfName;
use crate::model::duration_text;

/// The section `[sync]`.
pub(super) const SYNC: Section = Section {
    name: "sync",
    keys: &[
        Key {
            name: "interval",
            text: "The time from one automatic run of a client to the next, \"1m\" to \"30d\". A \
                   shorter interval costs requests. A shorter one applies from the last run of \
                   each client; a longer one leaves scheduled runs as they are.",
            value: "\"24h\"",
            written: Written::Default,
            expects: "expected a duration in quotes, such as \"24h\"",
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| entry.duration(&mut s.sync.interval, INTERVAL, "24h"),
            show: |s| duration(s.sync.interval),
        },
        Key {
            name: "batch-window",
            text: "Clients that are due within this window are synced together with one that is \
                   due now, so that requests grow with pages, not with clients; \"0s\" to \
                   \"24h\". Not longer than the interval; by default 1h, or the interval if that \
                   is shorter.",
            value: "\"1h\"",
            written: Written::Default,
            expects: "expected a duration in quotes, such as \"1h\"",
            effect: Effect::Applied,
            is_secret: false,
            read: batch_window,
            show: |s| duration(s.sync.batch_window),
        },
        Key {
            name: "new-agreements",
            text: "What auto-sync does with a new agreement: \"import\" it, or leave it \
                   \"pending\" for a person to decide.",
            value: "\"import\"",
            written: Written::Default,
            expects: "expected \"import\" or \"pending\"",
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| entry.text(&mut s.sync.new_agreements, values::choice),
            show: |s| text(s.sync.new_agreements),
        },
        Key {
            name: "new-clients",
            text: "What is done about a client whose first agreement appears in Autotask, and that \
                   is on no sync: \"tell\" it with the event client_new, in status and in check; \
                   tell it and switch auto-sync on, \"auto\"; or \"ignore\" it. It is looked for \
                   with the batches of auto-sync, at most once an hour, with one request.",
            value: "\"tell\"",
            written: Written::Default,
            expects: "expected \"tell\", \"auto\" or \"ignore\"",
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| entry.text(&mut s.sync.new_clients, values::choice),
            show: |s| text(s.sync.new_clients),
        },
    ],
};

/// The section `[fields]`.
pub(super) const FIELDS: Section = Section {
    name: "fields",
    keys: &[Key {
        name: "user-defined",
        text: "User-defined fields of agreements to import: the name in Autotask, and the name in contracts, which follows \"udf.\": lower-case letters, digits and underscores, at most 40. They come from Autotask and may be overridden, like a name or a description. No default: none.",
        value: "{ \"Account Manager\" = \"account_manager\" }",
        written: Written::Example,
        expects: "expected names of Autotask with names of ours, such as { \"Account Manager\" = \"account_manager\" }",
        effect: Effect::Applied,
        is_secret: false,
        read: user_defined,
        show: |s| pairs(&s.fields.user_defined),
    }],
};

/// The section `[guard]`.
pub(super) const GUARD: Section = Section {
    name: "guard",
    keys: &[
        Key {
            name: "max-vanished-percent",
            text: "Vanished contracts are held for a person to decide where they are more than \
                   this percentage of a client's contracts, 0 to 100. One or two are never too \
                   many; 100 never holds because of the number. Where Autotask shows no item at \
                   all of the client, or the API user may see only a part, they are held in any \
                   case. `lmsyncctl held` shows what is held; `held accept` and `held reject` \
                   decide. Raise it where clients have few contracts.",
            value: "20",
            written: Written::Default,
            expects: WHOLE,
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| entry.number(&mut s.guard.max_vanished_percent, MAX_VANISHED_PERCENT),
            show: |s| text(s.guard.max_vanished_percent),
        },
        Key {
            name: "hold-price-change-percent",
            text: "A rate that changed by more than this percentage is held for a person to \
                   decide, 0 to 1000. 0 never holds. A rate that rises from zero is held by every \
                   other value.",
            value: "0",
            written: Written::Default,
            expects: WHOLE,
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| {
                entry.number(&mut s.guard.hold_price_change_percent, HOLD_PRICE_CHANGE_PERCENT)
            },
            show: |s| text(s.guard.hold_price_change_percent),
        },
        Key {
            name: "hold-status-flips",
            text: "Whether an agreement or addition whose status changes from active to inactive, \
                   or back, is held for a person to decide. Set it where people end contracts who \
                   should be asked first. Other changes of a status are never held.",
            value: "false",
            written: Written::Default,
            expects: "expected true or false, without quotes",
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| entry.switch(&mut s.guard.hold_status_flips),
            show: |s| text(s.guard.hold_status_flips),
        },
    ],
};

/// Reads the window, which is judged by the interval that was read before it.
fn batch_window(entry: Entry<'_, '_, '_>, settings: &mut Settings) {
    let interval = settings.sync.interval;
    let mut window = settings.sync.batch_window;
    entry.duration_and(&mut window, BATCH_WINDOW, "1h", |window| {
        if window <= interval {
            return Ok(());
        }
        let interval = duration_text(interval);
        Err(format!("must not be longer than `interval`, which is {interval}"))
    });
    settings.sync.batch_window = window;
}

/// Reads the user-defined fields.
fn user_defined(entry: Entry<'_, '_, '_>, settings: &mut Settings) {
    let fields = &mut settings.fields.user_defined;
    entry.pairs(fields, values::autotask_name, values::local_name);
}

/// The fields as they stand in the file.
fn pairs(fields: &[(String, UdfName)]) -> Shown {
    if fields.is_empty() {
        return text(UNSET);
    }
    let pairs = fields.iter().map(|(name, ours)| format!("{name:?} = {:?}", ours.local()));
    text(format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", ")))
}
