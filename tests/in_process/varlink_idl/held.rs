//! The samples of what guards hold, and of pauses.

use lmsyncd::varlink::sync::*;

use super::{Held, both, client, effect, item, number, run, text, word};

/// Holds the methods of these.
pub fn hold(held: &mut Held<'_>) {
    let held_run = |full: bool| HeldRun {
        run: 1,
        client_id: 1,
        client: word(),
        since: word(),
        message: text(full),
        items: vec![item(full)],
        effects: vec![effect(full)],
        rejected_by: text(full),
        rejected_at: text(full),
        rejected_reason: text(full),
    };
    held.method(
        ListHeld { client: text(true), run: number(true) },
        ListHeld { client: None, run: None },
        both(|full| HeldList { held: vec![held_run(full)] }),
    );
    held.method(
        AcceptHeld { run: 1 },
        AcceptHeld { run: 1 },
        both(|full| AcceptReply { run: run(full), items: vec![item(full)] }),
    );
    held.method(
        RejectHeld { run: 1, reason: text(true) },
        RejectHeld { run: 1, reason: None },
        both(|full| RejectReply { held: held_run(full), changed: true }),
    );
    let paused = |full: bool| Paused {
        client: full.then(client),
        until: text(full),
        by: word(),
        since: word(),
    };
    let reply = |full: bool| PauseReply { changed: vec![paused(full)], pauses: vec![paused(full)] };
    held.method(
        Pause { clients: Some(vec![word()]), until: text(true) },
        Pause { clients: None, until: None },
        both(reply),
    );
    held.method(Resume { clients: Some(vec![word()]) }, Resume { clients: None }, both(reply));
}
