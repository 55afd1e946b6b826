//! States of the dialog for tests, brought about by keys and replies as they come.

use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::state::{Effect, Preview, Reply, State};
use super::update::{on_key, on_reply};
use crate::ctl::output::screen;
use crate::ctl::text::items;
use crate::protocol::daemon::ClientStatus;
use crate::protocol::sync::{Client, Item, PendingReply, Progress, Reject};

/// The dialog before anything is known.
pub fn fresh(size: (u16, u16)) -> State {
    State::new("acme".to_owned(), screen::sample(size.0), size)
}

/// How the client stands.
pub fn status(auto_sync: bool) -> ClientStatus {
    ClientStatus {
        id: 174,
        name: "Acme Dental".to_owned(),
        auto_sync,
        at: None,
        last_tried: Some("2026-11-24T01:00:00Z".to_owned()),
        last_synced: Some("2026-11-24T01:00:00Z".to_owned()),
        last_changed: None,
        next_run: auto_sync.then(|| "2026-11-25T01:00:00Z".to_owned()),
        pending: Some(5),
        moved: Vec::new(),
        health: "ok".to_owned(),
        running: None,
        next_why: None,
        next_advice: None,
        paused_by: None,
        paused_until: None,
        contracts: 2,
        error: None,
        message: None,
    }
}

/// Everything that can stand in the list.
pub fn pending() -> Preview {
    let mut items = items::samples();
    let mut held = items[2].clone();
    held.key = "B772".to_owned();
    held.name = "Firewall bundle".to_owned();
    held.state = "held".to_owned();
    held.reason = Some("dana reverted run 12; name the item to sync it again".to_owned());
    items.insert(3, held);
    let mut ignored = items[1].clone();
    ignored.key = "S55109".to_owned();
    ignored.name = "Old antivirus".to_owned();
    ignored.state = "ignored".to_owned();
    ignored.reason = Some("until 2026-12-31: billed elsewhere".to_owned());
    items.insert(4, ignored);
    preview_of(items, vec![reject()])
}

/// A row that could not be converted.
pub fn reject() -> Reject {
    Reject {
        key: "S7".to_owned(),
        field: "unitPrice".to_owned(),
        reason: "unitPrice is \"12,50\", which is not a number in row 7 of ContractServices"
            .to_owned(),
    }
}

/// What a look found.
pub fn preview_of(items: Vec<Item>, rejects: Vec<Reject>) -> Preview {
    Preview {
        pending: PendingReply {
            client: Some(Client { id: 174, name: "Acme Dental".to_owned() }),
            as_of: Some("2026-11-24T13:05:00Z".to_owned()),
            items: Some(items),
            rejects: Some(rejects),
            ..PendingReply::default()
        },
        names: BTreeMap::from([("A29683399".to_owned(), "Backup, all sites".to_owned())]),
    }
}

/// As many agreements with four additions each.
pub fn many(agreements: usize) -> Preview {
    let sample = items::samples().remove(0);
    let mut items = Vec::with_capacity(agreements * 5);
    for number in 0..agreements {
        let mut agreement = sample.clone();
        agreement.key = format!("A{number}");
        agreement.name = format!("Managed Workplace, site {number}");
        items.push(agreement);
        for part in 0..4 {
            let mut addition = sample.clone();
            addition.key = format!("S{}", number * 4 + part);
            addition.parent = Some(format!("A{number}"));
            addition.r#type = "service".to_owned();
            addition.name = format!("Service {part} of site {number}");
            items.push(addition);
        }
    }
    preview_of(items, Vec::new())
}

/// The dialog with this list.
pub fn listed(size: (u16, u16), preview: Preview, auto_sync: bool) -> State {
    let mut state = fresh(size);
    reply(&mut state, Reply::Status(Box::new(status(auto_sync))));
    reply(&mut state, Reply::Preview(Ok(Box::new(preview))));
    state
}

/// The daemon says something that wants nothing back.
pub fn reply(state: &mut State, reply: Reply) {
    assert_eq!(on_reply(state, reply), []);
}

/// Progress of a reading.
pub fn progress() -> Reply {
    Reply::Progress(Progress {
        doing: "reading Contracts".to_owned(),
        pages: 3,
        rows: 1200,
        compared: None,
    })
}

/// Keys one after the other: letters, and `<Enter>` and its like. The effects of all of them.
pub fn press(state: &mut State, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut rest = keys;
    while let Some(kind) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|named| named.split_once('>'));
        let (key, after) = match named {
            Some((name, after)) => (named_key(name), after),
            None => (KeyEvent::from(KeyCode::Char(kind)), &rest[kind.len_utf8()..]),
        };
        effects.extend(on_key(state, key));
        rest = after;
    }
    effects
}

fn named_key(name: &str) -> KeyEvent {
    let code = match name {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "Down" => KeyCode::Down,
        "Up" => KeyCode::Up,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "PgDn" => KeyCode::PageDown,
        "PgUp" => KeyCode::PageUp,
        "End" => KeyCode::End,
        "Backspace" => KeyCode::Backspace,
        "C-c" => return KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL),
        other => panic!("no key is called {other}"),
    };
    KeyEvent::from(code)
}
