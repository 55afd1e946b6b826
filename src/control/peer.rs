//! Who is at the other end, as the kernel and the user database tell of it.

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};
use std::ffi::CString;
use tokio::net::UnixStream;

use crate::config::Operator;
use crate::model::Actor;

/// The peer of a connection, as the kernel tells of it (`SO_PEERCRED`, unix(7)).
#[derive(Debug, Clone)]
pub struct Peer {
    uid: Uid,
    gid: Gid,
    pid: Option<u32>,
}

impl Peer {
    /// The peer of this connection.
    pub fn of(stream: &UnixStream) -> std::io::Result<Peer> {
        let credentials = stream.peer_cred()?;
        Ok(Peer {
            uid: Uid::from_raw(credentials.uid()),
            gid: Gid::from_raw(credentials.gid()),
            pid: credentials.pid().and_then(|pid| u32::try_from(pid).ok()),
        })
    }

    /// This process itself, as whoever called it, also where it goes on as another user.
    pub fn this_process() -> Peer {
        Peer { uid: Uid::current(), gid: Gid::current(), pid: Some(std::process::id()) }
    }

    /// The peer as an actor, by name where the user database has one.
    pub fn actor(&self) -> Actor {
        let name = match User::from_uid(self.uid) {
            Ok(Some(user)) => user.name,
            _ => format!("uid {}", self.uid),
        };
        Actor { uid: Some(self.uid.as_raw()), name, pid: self.pid }
    }

    /// The user's number.
    pub(super) fn uid(&self) -> u32 {
        self.uid.as_raw()
    }

    /// Whether it is root.
    pub(super) fn is_root(&self) -> bool {
        self.uid.is_root()
    }

    /// Whether it is one of these.
    pub(super) fn is_among(&self, names: &[Operator]) -> bool {
        names.iter().any(|name| self.is(name))
    }

    /// Whether it belongs to this group.
    pub(super) fn belongs_to(&self, group: Gid) -> bool {
        self.groups().contains(&group)
    }

    /// Whether it is the daemon's own user.
    pub(super) fn is_the_daemons_user(&self) -> bool {
        self.uid == Uid::effective()
    }

    fn is(&self, operator: &Operator) -> bool {
        match operator {
            Operator::User(name) => {
                matches!(User::from_name(name), Ok(Some(user)) if user.uid == self.uid)
            }
            Operator::Group(name) => match Group::from_name(name) {
                Ok(Some(group)) => self.groups().contains(&group.gid),
                _ => false,
            },
        }
    }

    /// The primary group that the kernel tells of, and those that the user database adds.
    fn groups(&self) -> Vec<Gid> {
        let mut groups = vec![self.gid];
        if let Ok(Some(user)) = User::from_uid(self.uid)
            && let Ok(name) = CString::new(user.name)
            && let Ok(more) = getgrouplist(&name, self.gid)
        {
            groups.extend(more);
        }
        groups
    }
}

/// As the kernel tells of it, which costs no look into the user database.
impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid} of uid {}", self.uid),
            None => write!(f, "uid {}", self.uid),
        }
    }
}

#[cfg(test)]
impl Peer {
    /// One of this number, in the group of the same number.
    pub(super) fn of_uid(uid: u32) -> Peer {
        Peer { uid: Uid::from_raw(uid), gid: Gid::from_raw(uid), pid: None }
    }

    /// The same with another primary group.
    pub(super) fn in_group(self, gid: u32) -> Peer {
        Peer { gid: Gid::from_raw(gid), ..self }
    }
}
