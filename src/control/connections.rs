//! The connections that are open: how many, whose, and which of them make room.
//!
//! A connection that waits for its next call holds nothing but its own number, so it goes at once
//! when another one needs it: the one that has been silent for longest, of the same user where the
//! user has its share, else of the user who has most. A call that is being answered is never cut off.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::shares::{Holder, Limits};

/// Every open connection. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    limits: Limits,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The number of the next step: what happened earlier has a smaller one.
    next: u64,
    open: BTreeMap<u64, Open>,
}

#[derive(Debug)]
struct Open {
    who: Holder,
    /// Since which step it waits for a call; none while one is answered.
    idle: Option<u64>,
    must_go: CancellationToken,
}

/// An open connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Connection {
    of: Connections,
    id: u64,
    must_go: CancellationToken,
}

impl Connections {
    pub(super) fn new(limits: Limits) -> Connections {
        Connections { limits, state: Arc::default() }
    }

    /// Lets a connection in, for which another one may have to go; none where all that could make
    /// room are at work.
    pub(super) fn enter(&self, who: Holder) -> Option<Connection> {
        let mut state = self.state();
        loop {
            let makes_room = if state.of(who.uid) >= self.limits.of(who) {
                state.longest_idle(|open| open.who.uid == who.uid)
            } else if state.is_full(&self.limits, who) {
                state.idle_of_the_greatest(who)
            } else {
                break;
            };
            let gone = state.open.remove(&makes_room?)?;
            gone.must_go.cancel();
        }
        let id = state.step();
        let must_go = CancellationToken::new();
        state.open.insert(id, Open { who, idle: Some(id), must_go: must_go.clone() });
        Some(Connection { of: self.clone(), id, must_go })
    }

    /// Lets the connection go that is silent for longest, of who may only look before one of root or
    /// an operator.
    pub(super) fn make_room(&self) {
        let mut state = self.state();
        let silent = state.longest_idle(|open| !open.who.favoured);
        let silent = silent.or_else(|| state.longest_idle(|_| true));
        if let Some(gone) = silent.and_then(|id| state.open.remove(&id)) {
            gone.must_go.cancel();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn step(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn of(&self, uid: u32) -> usize {
        self.open.values().filter(|open| open.who.uid == uid).count()
    }

    /// Whether there is no place left for somebody who has not used up its share.
    fn is_full(&self, limits: &Limits, who: Holder) -> bool {
        let others = self.open.values().filter(|open| !open.who.favoured).count();
        self.open.len() >= limits.all
            || (!who.favoured && others >= limits.all.saturating_sub(limits.kept))
    }

    fn longest_idle(&self, is_one: impl Fn(&Open) -> bool) -> Option<u64> {
        let idle = self.open.iter().filter(|(_, open)| is_one(open));
        let idle = idle.filter_map(|(id, open)| Some((open.idle?, *id)));
        idle.min().map(|(_, id)| id)
    }

    /// The one of the user with the most connections, among those who have an idle one. Users who may
    /// only look make room first; root and operators make none for them.
    fn idle_of_the_greatest(&self, who: Holder) -> Option<u64> {
        let others = self.idle_of_greatest_among(false);
        others.or_else(|| who.favoured.then(|| self.idle_of_greatest_among(true))?)
    }

    fn idle_of_greatest_among(&self, favoured: bool) -> Option<u64> {
        let mut users: BTreeMap<u32, (usize, bool)> = BTreeMap::new();
        for open in self.open.values().filter(|open| open.who.favoured == favoured) {
            let (count, has_idle) = users.entry(open.who.uid).or_default();
            *count += 1;
            *has_idle |= open.idle.is_some();
        }
        let greatest = users.into_iter().filter(|(_, (_, has_idle))| *has_idle);
        let (uid, _) = greatest.max_by_key(|(_, (count, _))| *count)?;
        self.longest_idle(|open| open.who.uid == uid)
    }
}

impl Connection {
    /// Notes that a call is being answered, until [`Connection::waits`].
    pub(super) fn works(&self) {
        if let Some(open) = self.of.state().open.get_mut(&self.id) {
            open.idle = None;
        }
    }

    /// Notes that it waits for its next call.
    pub(super) fn waits(&self) {
        let mut state = self.of.state();
        let step = state.step();
        if let Some(open) = state.open.get_mut(&self.id) {
            open.idle = Some(step);
        }
    }

    /// Ends when it is to make room.
    pub(super) async fn must_go(&self) {
        self.must_go.cancelled().await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.of.state().open.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { all: 6, user: 3, favoured: 5, kept: 2 };
    const ROOT: Holder = Holder { uid: 0, favoured: true };

    fn user(uid: u32) -> Holder {
        Holder { uid, favoured: false }
    }

    fn went(connections: &[Connection]) -> Vec<bool> {
        connections.iter().map(|one| one.must_go.is_cancelled()).collect()
    }

    #[test]
    fn a_user_with_its_share_makes_room_for_itself() {
        let all = Connections::new(LIMITS);
        let mut own: Vec<Connection> = (0..3).filter_map(|_| all.enter(user(1))).collect();
        let other = all.enter(user(2)).expect("a place");
        // The first has just been answered, so the second is the one that is silent for longest.
        own[0].works();
        own[0].waits();
        own.push(all.enter(user(1)).expect("it is let in"));
        assert_eq!(went(&own), [false, true, false, false]);
        assert!(!other.must_go.is_cancelled());
    }

    #[test]
    fn what_is_at_work_stays_and_what_is_kept_is_there() {
        let all = Connections::new(LIMITS);
        let own: Vec<Connection> = (0..3).filter_map(|_| all.enter(user(1))).collect();
        own.iter().for_each(Connection::works);
        assert!(all.enter(user(1)).is_none(), "nothing of its own is idle");
        let second = all.enter(user(2)).expect("the last that is not kept");
        second.works();
        assert!(all.enter(user(3)).is_none());
        let root: Vec<Connection> = (0..2).filter_map(|_| all.enter(ROOT)).collect();
        assert_eq!(root.len(), 2);
        // For an operator goes who is silent; for others, no operator does.
        assert!(all.enter(user(3)).is_none());
        second.waits();
        let third = all.enter(ROOT).expect("another goes");
        assert!(second.must_go.is_cancelled() && !third.must_go.is_cancelled());
        assert_eq!(went(&own), [false; 3]);
    }

    #[test]
    fn a_place_is_free_when_its_connection_ends() {
        let all = Connections::new(LIMITS);
        for _ in 0..100 {
            let one = all.enter(user(1)).expect("a place");
            one.works();
        }
        assert!(all.state().open.is_empty());
    }
}
