//! Who is at the other end, and whether they may change things.

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};
use std::ffi::CString;
use tokio::net::UnixStream;

use crate::config::Operator;
use crate::model::{Actor, Advice, Code, Failure};

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

    /// The peer as an actor, by name where the user database has one.
    pub fn actor(&self) -> Actor {
        let name = match User::from_uid(self.uid) {
            Ok(Some(user)) => user.name,
            _ => format!("uid {}", self.uid),
        };
        Actor { uid: Some(self.uid.as_raw()), name, pid: self.pid }
    }

    /// Refuses a peer that may only look. The daemon's own user may always change things: it could
    /// write the store's files anyway.
    pub fn require_operator(&self, operators: &[Operator]) -> Result<(), Failure> {
        if self.uid == Uid::effective() || operators.iter().any(|operator| self.is(operator)) {
            return Ok(());
        }
        let who = self.actor().name;
        let names: Vec<String> = operators.iter().map(named).collect();
        let message =
            format!("{who} may read but not change anything; changes need {}", names.join(", "));
        let advice = match operators.iter().find(|o| matches!(o, Operator::Group(_))) {
            Some(Operator::Group(group)) => Advice::JoinGroup { group: group.clone(), user: who },
            _ => Advice::AskOperator,
        };
        Err(Failure::new(Code::NotPermitted, message).advise(advice))
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

fn named(operator: &Operator) -> String {
    match operator {
        Operator::User(name) => name.clone(),
        Operator::Group(name) => format!("the group {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(uid: u32) -> Peer {
        Peer { uid: Uid::from_raw(uid), gid: Gid::from_raw(uid), pid: None }
    }

    #[test]
    fn a_stranger_is_told_which_group_would_do() {
        let operators = [Operator::User("root".to_owned()), Operator::Group("lmsyncd".to_owned())];
        let failure = peer(4_242_424).require_operator(&operators).expect_err("a stranger");
        assert_eq!(failure.code, Code::NotPermitted);
        assert_eq!(
            failure.message,
            "uid 4242424 may read but not change anything; changes need root, the group lmsyncd"
        );
        assert!(
            matches!(failure.advice, Some(Advice::JoinGroup { group, .. }) if group == "lmsyncd")
        );
    }

    #[test]
    fn root_and_the_daemons_own_user_may_change_things() {
        assert!(peer(0).require_operator(&[Operator::User("root".to_owned())]).is_ok());
        assert!(peer(Uid::effective().as_raw()).require_operator(&[]).is_ok());
    }

    #[test]
    fn a_primary_group_counts() {
        let group = Operator::Group("daemon".to_owned());
        let member = Peer { gid: Gid::from_raw(1), ..peer(4_242_424) };
        assert!(member.require_operator(&[group]).is_ok());
    }
}
