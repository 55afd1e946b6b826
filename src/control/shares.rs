//! Fair shares of what there is only so much of: of it, each user has a share, and a part is kept
//! for root and the operators, so that nobody who may only look can take it all.
//!
//! ```text
//!              ┌──────────── all ────────────┐
//!              │ users who may only look     │ kept for root and operators
//!              │ each up to its share        │ (who may have of the rest, too)
//!              └─────────────────────────────┘
//!   take ─► does it fit? ── yes ─► a share, given back when it is dropped
//!                │ no                  │
//!                └─► wait in line ◄────┘  whoever fits is next; nobody waits for another user's
//! ```
//!
//! What is counted may be places, turns or bytes. It does not matter what a share is for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// For whom something is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holder {
    /// The user's number: all that a user holds counts together.
    pub(super) uid: u32,
    /// Whether it is root or an operator.
    pub(super) favoured: bool,
}

/// How much there is, in whatever is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// For all together.
    pub(super) all: usize,
    /// For a user who may only look.
    pub(super) user: usize,
    /// For root, or an operator.
    pub(super) favoured: usize,
    /// How much of it only root and operators get.
    pub(super) kept: usize,
}

impl Limits {
    /// The share of a user.
    pub(super) fn of(&self, who: Holder) -> usize {
        if who.favoured { self.favoured } else { self.user }
    }

    /// The same in proportion, where there are at most so many.
    pub(super) fn within(self, all: usize) -> Limits {
        if all >= self.all {
            return self;
        }
        let part = |of: usize| (of * all / self.all).max(1);
        Limits { all, user: part(self.user), favoured: part(self.favoured), kept: part(self.kept) }
    }
}

/// Something that is shared. Clones share the same.
#[derive(Debug, Clone)]
pub(super) struct Shares {
    limits: Limits,
    state: Arc<Mutex<State>>,
}

/// What somebody has of it, until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    of: Shares,
    who: Holder,
    amount: usize,
}

#[derive(Debug, Default)]
struct State {
    taken: usize,
    /// How much of that by users who may only look.
    taken_by_others: usize,
    by_user: BTreeMap<u32, usize>,
    line: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    who: Holder,
    amount: usize,
    grant: oneshot::Sender<Share>,
}

impl Shares {
    pub(super) fn new(limits: Limits) -> Shares {
        Shares { limits, state: Arc::default() }
    }

    /// Takes so much, as soon as it is there. More than the user's share is the whole share.
    pub(super) async fn take(&self, who: Holder, amount: usize) -> Share {
        let amount = amount.min(self.limits.of(who));
        let granted = {
            let mut state = self.state();
            let waits = state.line.iter().any(|waiting| waiting.who.uid == who.uid);
            if !waits && state.fits(&self.limits, who, amount) {
                state.add(who, amount);
                return Share { of: self.clone(), who, amount };
            }
            let (grant, granted) = oneshot::channel();
            state.line.push_back(Waiting { who, amount, grant });
            granted
        };
        match granted.await {
            Ok(share) => share,
            // The line is only ever left with a share, or by who does not wait any more.
            Err(_) => std::future::pending().await,
        }
    }

    /// The same for who does not wait.
    pub(super) fn try_take(&self, who: Holder, amount: usize) -> Option<Share> {
        let mut state = self.state();
        let fits = state.fits(&self.limits, who, amount);
        fits.then(|| {
            state.add(who, amount);
            Share { of: self.clone(), who, amount }
        })
    }

    fn give_back(&self, who: Holder, amount: usize) {
        let granted = {
            let mut state = self.state();
            state.remove(who, amount);
            state.next(&self.limits)
        };
        // Without the lock: who has gone meanwhile gives back at once.
        for Waiting { who, amount, grant } in granted {
            let _ = grant.send(Share { of: self.clone(), who, amount });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fits(&self, limits: &Limits, who: Holder, amount: usize) -> bool {
        let of_user = self.by_user.get(&who.uid).copied().unwrap_or_default();
        let others = limits.all.saturating_sub(limits.kept);
        self.taken + amount <= limits.all
            && of_user + amount <= limits.of(who)
            && (who.favoured || self.taken_by_others + amount <= others)
    }

    fn add(&mut self, who: Holder, amount: usize) {
        self.taken += amount;
        *self.by_user.entry(who.uid).or_default() += amount;
        if !who.favoured {
            self.taken_by_others += amount;
        }
    }

    fn remove(&mut self, who: Holder, amount: usize) {
        self.taken -= amount;
        if !who.favoured {
            self.taken_by_others -= amount;
        }
        if let Some(of_user) = self.by_user.get_mut(&who.uid) {
            *of_user -= amount;
            if *of_user == 0 {
                self.by_user.remove(&who.uid);
            }
        }
    }

    /// Those of the line who are next, first come first; none overtakes another of the same user.
    fn next(&mut self, limits: &Limits) -> Vec<Waiting> {
        let (mut granted, mut still) = (Vec::new(), VecDeque::new());
        let mut waiting_users = BTreeSet::new();
        for waiting in std::mem::take(&mut self.line) {
            let Waiting { who, amount, ref grant } = waiting;
            if grant.is_closed() {
                continue;
            }
            if !waiting_users.contains(&who.uid) && self.fits(limits, who, amount) {
                self.add(who, amount);
                granted.push(waiting);
            } else {
                waiting_users.insert(who.uid);
                still.push_back(waiting);
            }
        }
        self.line = still;
        granted
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.give_back(self.who, self.amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    const LIMITS: Limits = Limits { all: 10, user: 4, favoured: 8, kept: 3 };

    fn user(uid: u32) -> Holder {
        Holder { uid, favoured: false }
    }

    const ROOT: Holder = Holder { uid: 0, favoured: true };

    fn poll<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_user_has_a_share_and_operators_have_a_reserve() {
        let shares = Shares::new(LIMITS);
        let _first = shares.try_take(user(1), 4).expect("its share");
        assert!(shares.try_take(user(1), 1).is_none(), "no more than its share");
        let _second = shares.try_take(user(2), 3).expect("the rest of what is not kept");
        assert!(shares.try_take(user(3), 1).is_none(), "what is kept is for operators");
        let kept = shares.try_take(ROOT, 3).expect("it was kept");
        assert!(shares.try_take(ROOT, 1).is_none(), "there is no more");
        drop(kept);
        assert!(shares.try_take(ROOT, 3).is_some());
    }

    #[test]
    fn who_waits_is_next_and_waits_for_nobody_else() {
        let shares = Shares::new(LIMITS);
        let held = shares.try_take(user(1), 4).expect("its share");
        let mut second = pin!(shares.take(user(1), 2));
        let mut third = pin!(shares.take(user(1), 1));
        assert!(poll(second.as_mut()).is_none() && poll(third.as_mut()).is_none());
        assert!(shares.try_take(user(2), 3).is_some(), "others are not in its line");
        drop(held);
        let second = poll(second.as_mut()).expect("it is next");
        let third = poll(third.as_mut()).expect("and so is the one behind it");
        assert_eq!((second.amount, third.amount), (2, 1));
    }

    #[test]
    fn who_has_gone_is_not_waited_for() {
        let shares = Shares::new(LIMITS);
        let held = shares.try_take(user(1), 4).expect("its share");
        {
            let mut gone = pin!(shares.take(user(1), 4));
            assert!(poll(gone.as_mut()).is_none());
        }
        let mut here = pin!(shares.take(user(1), 9));
        assert!(poll(here.as_mut()).is_none());
        drop(held);
        assert_eq!(poll(here.as_mut()).expect("its turn").amount, 4, "the whole share");
        assert_eq!(shares.state().taken, 0, "and all of it comes back");
    }
}
