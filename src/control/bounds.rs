//! What all connections share, and what a call takes of it. None of it can be used up by users who
//! may only look: each has a share, and root and the operators have a reserve ([`Shares`]).
//!
//! | what | while |
//! |---|---|
//! | a place | a call is answered |
//! | a turn | the store is asked something long, until the answer has room |
//! | room, in bytes | a reply, or a long request, is on its way |
//! | a listener | events are told |
//! | a look | somebody who may not change anything has Autotask asked |

use std::sync::{Arc, Mutex, PoisonError};

use super::connections::Connections;
use super::shares::{Holder, Limits, Share, Shares};
use crate::engine::Engine;
use crate::model::Failure;
use crate::protocol::MAX_REQUEST;

/// Open connections. A person has one or two, a monitor one; what a library keeps open costs a
/// number.
const CONNECTIONS: Limits = Limits { all: 256, user: 64, favoured: 192, kept: 64 };

/// Calls that are being answered, those included that wait for Autotask or for another run.
const CALLS: Limits = Limits { all: 64, user: 12, favoured: 48, kept: 16 };

/// Questions that read much of the store.
const TURNS: Limits = Limits { all: 3, user: 1, favoured: 2, kept: 1 };

/// Bytes of replies that are made and not yet taken: whatever is asked, all of them together have no
/// more. The longest reply is the share of its user.
const REPLIES: Limits =
    Limits { all: 128 << 20, user: 32 << 20, favoured: 64 << 20, kept: 64 << 20 };

/// Bytes of requests that are longer than [`SHORT`], of which each counts as the longest.
const REQUESTS: Limits = Limits {
    all: 16 * MAX_REQUEST,
    user: 2 * MAX_REQUEST,
    favoured: 8 * MAX_REQUEST,
    kept: 8 * MAX_REQUEST,
};

/// Up to how many bytes a request is short: nearly all are far below.
pub(super) const SHORT: usize = 32 << 10;

/// Listeners to events.
const WATCHES: Limits = Limits { all: 24, user: 4, favoured: 16, kept: 8 };

/// Looks at Autotask for those who may not change anything.
const LOOKS: Limits = Limits { all: 2, user: 1, favoured: 2, kept: 0 };

/// What all connections share.
#[derive(Debug)]
pub(super) struct Bounds {
    pub(super) connections: Connections,
    calls: Shares,
    turns: Shares,
    replies: Shares,
    requests: Shares,
    watches: Shares,
    looks: Shares,
}

impl Bounds {
    /// As many as there may be in a process that may have so many files open: half of them are for
    /// the store, for Autotask, and for who is just coming.
    pub(super) fn of(open_files: usize) -> Arc<Bounds> {
        let connections = CONNECTIONS.within(open_files / 4);
        Arc::new(Bounds {
            connections: Connections::new(connections),
            calls: Shares::new(CALLS),
            turns: Shares::new(TURNS),
            replies: Shares::new(REPLIES),
            requests: Shares::new(REQUESTS),
            watches: Shares::new(WATCHES),
            looks: Shares::new(LOOKS),
        })
    }
}

/// What a caller takes of the bounds.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    bounds: Arc<Bounds>,
    pub(super) who: Holder,
    /// The turn that its call has, from the first long question until the answer has room.
    turn: Arc<Mutex<Option<Share>>>,
}

impl Claim {
    pub(super) fn new(bounds: Arc<Bounds>, who: Holder) -> Claim {
        Claim { bounds, who, turn: Arc::default() }
    }

    /// The same caller, as it is known to be now.
    pub(super) fn of(&self, who: Holder) -> Claim {
        Claim { who, ..self.clone() }
    }

    /// A place for a call, until it is answered.
    pub(super) async fn place(&self) -> Share {
        self.bounds.calls.take(self.who, 1).await
    }

    /// Room for a request that is not short.
    pub(super) async fn long_request(&self) -> Share {
        self.bounds.requests.take(self.who, MAX_REQUEST).await
    }

    /// A listener's place, if there is one.
    pub(super) fn watch(&self) -> Option<Share> {
        self.bounds.watches.try_take(self.who, 1)
    }

    /// A look at Autotask, one after the other for each user.
    pub(super) async fn look(&self) -> Share {
        self.bounds.looks.take(self.who, 1).await
    }

    /// The longest reply, in bytes.
    pub(super) fn longest_reply(&self) -> usize {
        REPLIES.of(self.who)
    }

    /// Room for a reply of so many bytes. The turn of the call ends: another answer may be made.
    pub(super) async fn reply(&self, bytes: usize) -> Share {
        let room = self.bounds.replies.take(self.who, bytes).await;
        self.rest();
        room
    }

    /// Asks something that reads much of the store, in turn. The turn lasts until the reply has room,
    /// so that no more answers are made than there is memory for; and until the question ends, also
    /// where nobody waits for it any more.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        engine: &Arc<Engine>,
        question: impl FnOnce(&Engine) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let turn = match self.put(None) {
            Some(turn) => turn,
            None => self.bounds.turns.take(self.who, 1).await,
        };
        let (answer, turn) = engine.ask(move |engine| Ok((question(engine), turn))).await?;
        drop(self.put(Some(turn)));
        answer
    }

    /// Ends the turn: between two steps of a long question, others have theirs.
    pub(super) fn rest(&self) {
        drop(self.put(None));
    }

    /// Puts a turn, or none, in the place of the one that the call had.
    fn put(&self, turn: Option<Share>) -> Option<Share> {
        std::mem::replace(&mut *self.turn.lock().unwrap_or_else(PoisonError::into_inner), turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holders() -> (Holder, Holder) {
        (Holder { uid: 7, favoured: false }, Holder { uid: 0, favoured: true })
    }

    #[tokio::test]
    async fn a_turn_lasts_until_the_answer_has_room() {
        let (user, root) = holders();
        let bounds = Bounds::of(1024);
        let claim = Claim::new(Arc::clone(&bounds), user);
        let turn = || bounds.turns.try_take(user, 1);
        drop(claim.put(turn()));
        assert!(turn().is_none(), "a user has one turn at a time");
        assert!(bounds.turns.try_take(root, 1).is_some(), "an operator does not wait for it");
        // Replies that nobody takes are all that the user has room for.
        let full = claim.reply(usize::MAX).await;
        assert!(turn().is_some(), "the answer has room, and another may be made");
        drop(claim.put(turn()));
        let waits = tokio::time::timeout(std::time::Duration::from_millis(20), claim.reply(1));
        assert!(waits.await.is_err(), "there is no room");
        assert!(turn().is_none(), "so that no more answers are made meanwhile");
        drop(full);
        drop(claim.reply(1).await);
        assert!(turn().is_some());
    }

    #[test]
    fn where_few_files_may_be_open_there_are_fewer_connections() {
        let (user, root) = holders();
        let few = Bounds::of(80);
        let open: Vec<_> = (0..100).filter_map(|_| few.connections.enter(user)).collect();
        assert_eq!(open.len(), 100, "who is silent makes room");
        open.iter().for_each(crate::control::connections::Connection::works);
        assert!(few.connections.enter(user).is_none(), "no more of a user than a quarter of 20");
        let root: Vec<_> = (0..20).filter_map(|_| few.connections.enter(root)).collect();
        assert_eq!(root.len(), 20);
    }
}
