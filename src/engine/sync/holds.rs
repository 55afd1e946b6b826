//! What a run takes of what is held, and what it leaves held.

use chrono::{DateTime, Utc};

use super::compare::Comparison;
use super::read::Reading;
use crate::model::{Advice, ClientRef, ClientState, Code, Failure, HeldChanges, PendingState};
use crate::policy::holds::{self, Expected, Found, MovedOn};
use crate::policy::select::Choice;
use crate::store::Write;

/// How many items that have moved on are named; the message is one line.
const NAMED: usize = 5;

/// Lets exactly the expected items go, where a run takes those; refuses, by name, where one of them
/// is not as it was seen, or where nobody can tell.
pub(super) fn must_be_as_expected(
    comparison: &mut Comparison,
    reading: &Reading,
    choice: &Choice,
) -> Result<(), Failure> {
    let Choice::Exactly(expected) = choice else { return Ok(()) };
    let unread = |item: &&Expected| {
        comparison.snapshot.unread.iter().any(|unread| unread.kind == Some(item.key.kind))
    };
    if let Some(item) = expected.iter().find(unread) {
        let reasons = comparison.snapshot.unread.iter().map(|unread| unread.reason.as_str());
        let reasons: Vec<&str> = reasons.collect();
        let message = format!("{} cannot be compared: {}", item.key, reasons.join("; "));
        return Err(Failure::new(Code::NoPermission, message).advise(Advice::GrantPermission));
    }
    let vanished = expected.iter().find(|item| item.state == PendingState::Vanished);
    if let Some(item) = vanished.filter(|_| reading.restricted) {
        let message = format!(
            "the API user sees only part of Autotask, so the absence of {} proves nothing",
            item.key
        );
        return Err(Failure::new(Code::NoPermission, message).advise(Advice::Doctor));
    }
    let Comparison { items, stored, snapshot, .. } = comparison;
    holds::release(items, stored, &snapshot.rejects, expected)
        .map_err(|moved| moved_on(&snapshot.client, &moved))
}

fn moved_on(client: &ClientRef, moved: &[MovedOn]) -> Failure {
    let named = moved.iter().take(NAMED).map(|item| format!("{}: {}", item.key, item.why));
    let mut message = format!(
        "changed since the preview, so nothing was applied: {}",
        named.collect::<Vec<_>>().join("; ")
    );
    if let more @ 1.. = moved.len().saturating_sub(NAMED) {
        message.push_str(&format!("; and {more} more"));
    }
    Failure::new(Code::Held, message).advise(Advice::ReviewPending { client_id: client.id })
}

/// What a run leaves held. A run of a few items that succeeded does not hide that others are held.
pub(super) fn after_run(
    comparison: &Comparison,
    found: &Found,
    state: &mut ClientState,
    now: DateTime<Utc>,
) -> Vec<Write<HeldChanges>> {
    let before = &comparison.holds;
    let steps = holds::after_run(before, comparison.snapshot.client.id, found, now);
    if !found.full
        && state.last_error.is_none()
        && let Some(open) = holds::undecided_after(before, &steps)
    {
        let reason = open.items.iter().find_map(|item| item.reason.as_deref());
        state.last_error = Some(holds::error(open.items.len(), reason));
    }
    // What stays must still be so when this is stored: somebody may decide about it meanwhile.
    let same =
        before.iter().filter(|held| !steps.iter().any(|(was, _)| was.as_ref() == Some(*held)));
    let same = same.map(|held| (Some(held.clone()), Some(held.clone())));
    let steps = same.chain(steps.iter().cloned());
    steps.map(|(before, after)| Write { before, after }).collect()
}
