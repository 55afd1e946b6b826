//! Who asked for something.

/// The person or program behind a request, as the kernel tells it of a socket's peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The peer's user id; none for the daemon's own work.
    pub uid: Option<u32>,
    /// The user's name, or the number in words where no name belongs to it.
    pub name: String,
    /// The peer's process id, where the kernel tells it.
    pub pid: Option<u32>,
}

impl Actor {
    /// The daemon itself: auto-sync and repairs.
    pub fn daemon() -> Actor {
        Actor { uid: None, name: "lmsyncd".to_owned(), pid: None }
    }
}
