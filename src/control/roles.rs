//! Who may do what: the role of a peer, and the least role that a call needs.
//!
//! | role | who | may |
//! |---|---|---|
//! | operator | the daemon's user, and `operators` | everything |
//! | reader | root, and the socket's group | look, and ask Autotask |
//! | observer | `observers` | look at what costs no request |
//! | stranger | everybody else | nothing |
//!
//! The socket can be opened by everybody, as those of systemd's own services: who is refused is told
//! why, by an answer.

use nix::unistd::{Gid, Group};

use super::peer::Peer;
use crate::config::{ControlSettings, Operator};
use crate::model::text::thousands;
use crate::model::{Advice, Code, Failure};
use crate::protocol::{Call, Method, contracts, daemon, service, sync};

/// What a peer may do; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Nothing.
    Stranger,
    /// Look at what costs no request to Autotask.
    Observer,
    /// Look, and ask Autotask.
    Reader,
    /// Change things.
    Operator,
}

/// What decides who has which role.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// The names in the configuration.
    pub(super) control: ControlSettings,
    /// The group of the socket.
    pub(super) group: Gid,
}

impl Rules {
    /// The role of a peer. Asks the user database, which may take its time.
    pub(super) fn role(&self, peer: &Peer) -> Role {
        let ControlSettings { operators, observers, .. } = &self.control;
        // The daemon's own user could write the store's files anyway.
        if peer.is_the_daemons_user() || peer.is_among(operators) {
            Role::Operator
        } else if peer.is_root() || peer.belongs_to(self.group) {
            Role::Reader
        } else if peer.is_among(observers) {
            Role::Observer
        } else {
            Role::Stranger
        }
    }

    /// Why a peer that has the one role is refused what needs the other.
    pub(super) fn refusal(&self, peer: &Peer, role: Role, least: Role) -> Failure {
        let who = peer.actor().name;
        let ControlSettings { operators, observers, .. } = &self.control;
        let readers = self.readers();
        let message = match (role, least) {
            (Role::Stranger, _) => {
                let all: Vec<String> = [readers.clone()]
                    .into_iter()
                    .chain(operators.iter().chain(observers).map(named))
                    .fold(Vec::new(), |mut all, name| {
                        if !all.contains(&name) {
                            all.push(name);
                        }
                        all
                    });
                format!("{who} may not use lmsyncd; that needs one of: {}", all.join(", "))
            }
            (_, Role::Operator) => {
                let names: Vec<String> = operators.iter().map(named).collect();
                let names = names.join(", ");
                format!("{who} may read but not change anything; changes need {names}")
            }
            _ => format!(
                "{who} may only look at what costs no request to Autotask; this needs {readers}"
            ),
        };
        let group = match least {
            Role::Operator => operators.iter().find_map(group_of),
            // To look, the least that is needed.
            _ if role == Role::Stranger && least <= Role::Observer => {
                observers.iter().find_map(group_of).or_else(|| self.group_name())
            }
            _ => self.group_name(),
        };
        // Nobody is told to join the group of root.
        let advice = match group.filter(|group| group != "root") {
            Some(group) => Advice::JoinGroup { group, user: who },
            None => Advice::AskOperator,
        };
        Failure::new(Code::NotPermitted, message).advise(advice)
    }

    fn readers(&self) -> String {
        match self.group_name() {
            Some(name) => format!("the group {name}"),
            None => "root".to_owned(),
        }
    }

    fn group_name(&self) -> Option<String> {
        Group::from_gid(self.group).ok()?.map(|group| group.name)
    }
}

/// How much of the hour's requests may be used up when a reader still has Autotask asked, in per cent:
/// the rest is for auto-sync, and for people who may change something.
const READERS_PERCENT: u64 = 25;

/// Whether somebody of this role may have Autotask asked when so many of the hour's requests are used
/// up; else why not.
pub(super) fn may_ask(role: Role, (used, cap): (u32, u32)) -> Result<(), Failure> {
    if role == Role::Operator || u64::from(used) * 100 < u64::from(cap) * READERS_PERCENT {
        return Ok(());
    }
    let message = format!(
        "{} of {} requests of this hour are used up, and who may not change anything has Autotask \
         asked up to {} only",
        thousands(used),
        thousands(cap),
        thousands(u64::from(cap) * READERS_PERCENT / 100),
    );
    Err(Failure::new(Code::RateLimited, message).advise(Advice::AskOperator))
}

/// The least role that a call needs. What changes things asks for an operator again where it begins
/// to, so that a method that is missing here is refused all the same.
pub(super) fn least(call: &Call) -> Role {
    let says = |name: &str| {
        let value = call.parameters.as_ref().and_then(|parameters| parameters.get(name));
        value.and_then(serde_json::Value::as_bool) == Some(true)
    };
    match call.method.as_str() {
        sync::Sync::NAME
        | sync::AcceptHeld::NAME
        | sync::RevertRun::NAME
        | daemon::PruneHistory::NAME
            if !says("dry_run") =>
        {
            Role::Operator
        }
        contracts::Relink::NAME if says("apply") => Role::Operator,
        sync::SetAutoSync::NAME
        | sync::Pause::NAME
        | sync::Resume::NAME
        | sync::Ignore::NAME
        | sync::Unignore::NAME
        | sync::RejectHeld::NAME
        | contracts::Set::NAME
        | contracts::Unset::NAME
        | contracts::Add::NAME
        | contracts::Remove::NAME
        | contracts::Adopt::NAME
        | contracts::Unlink::NAME
        | daemon::Reload::NAME
        | daemon::TestNotify::NAME
        | daemon::Backup::NAME
        | daemon::Restore::NAME => Role::Operator,
        sync::Pending::NAME | sync::ListClients::NAME if says("cached") => Role::Observer,
        service::GetInfo::NAME
        | service::GetInterfaceDescription::NAME
        | daemon::Status::NAME
        | daemon::Version::NAME
        | daemon::Watch::NAME
        | daemon::Metrics::NAME
        | daemon::AuditLog::NAME
        | sync::ListRuns::NAME
        | sync::ShowRun::NAME
        | sync::ListHeld::NAME
        | sync::ListQuarantine::NAME
        | contracts::List::NAME
        | contracts::Show::NAME
        | contracts::History::NAME
        | contracts::Chain::NAME
        | contracts::Renewals::NAME
        | contracts::Timeline::NAME
        | contracts::Export::NAME => Role::Observer,
        _ => Role::Reader,
    }
}

fn group_of(operator: &Operator) -> Option<String> {
    match operator {
        Operator::Group(name) => Some(name.clone()),
        Operator::User(_) => None,
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
    use nix::unistd::Uid;
    use serde_json::json;
    use std::path::PathBuf;

    /// The group of the socket in these tests; no user is in it but by [`Peer::in_group`].
    const DOOR: u32 = 3_000_001;

    fn rules(operators: &[Operator], observers: &[Operator]) -> Rules {
        let control = ControlSettings {
            socket: PathBuf::new(),
            operators: operators.to_vec(),
            observers: observers.to_vec(),
        };
        Rules { control, group: Gid::from_raw(DOOR) }
    }

    fn user(name: &str) -> Operator {
        Operator::User(name.to_owned())
    }

    fn group(name: &str) -> Operator {
        Operator::Group(name.to_owned())
    }

    #[test]
    fn a_role_follows_from_user_and_group() {
        let rules = rules(&[user("root"), group("daemon")], &[group("mail"), user("games")]);
        let role = |peer: Peer| rules.role(&peer);
        let nobody = || Peer::of_uid(4_242_424);
        assert_eq!(role(Peer::of_uid(Uid::effective().as_raw())), Role::Operator);
        assert_eq!(role(Peer::of_uid(0)), Role::Operator);
        // Of every Linux: the groups daemon (1) and mail (8).
        assert_eq!(role(nobody().in_group(1)), Role::Operator, "a primary group counts");
        assert_eq!(role(nobody().in_group(DOOR)), Role::Reader);
        assert_eq!(role(nobody().in_group(8)), Role::Observer);
        assert_eq!(role(nobody()), Role::Stranger);
    }

    #[test]
    fn a_reader_leaves_most_of_the_hour_to_others() {
        assert_eq!(may_ask(Role::Reader, (499, 2000)), Ok(()));
        let refused = may_ask(Role::Reader, (500, 2000)).expect_err("a quarter is used up");
        assert_eq!(refused.code, Code::RateLimited);
        assert!(refused.message.starts_with("500 of 2,000 requests"), "{}", refused.message);
        assert_eq!(may_ask(Role::Operator, (1999, 2000)), Ok(()));
        assert!(may_ask(Role::Reader, (0, 0)).is_err(), "of nothing there is no part");
    }

    #[test]
    fn one_who_may_only_look_is_told_which_group_would_do() {
        let rules = rules(&[user("root"), group("lmsyncd")], &[group("lmsyncd-view")]);
        let peer = Peer::of_uid(4_242_424);
        let refused = |role, least| {
            let Failure { code, message, advice } = rules.refusal(&peer, role, least);
            assert_eq!(code, Code::NotPermitted);
            let group = match advice {
                Some(Advice::JoinGroup { group, .. }) => group,
                _ => String::new(),
            };
            (message, group)
        };
        let (message, group) = refused(Role::Reader, Role::Operator);
        assert_eq!(
            message,
            "uid 4242424 may read but not change anything; changes need root, the group lmsyncd"
        );
        assert_eq!(group, "lmsyncd");
        let (message, _) = refused(Role::Observer, Role::Reader);
        assert!(message.contains("may only look at what costs no request"), "{message}");
        let (message, group) = refused(Role::Stranger, Role::Observer);
        assert_eq!(
            message,
            "uid 4242424 may not use lmsyncd; that needs one of: root, the group lmsyncd, the \
             group lmsyncd-view"
        );
        assert_eq!(group, "lmsyncd-view");
    }

    #[test]
    fn what_costs_no_request_is_for_observers() {
        let least_of = |method: &str, parameters| {
            let method = format!("org.lmsyncd.{method}");
            least(&Call { method, parameters: Some(parameters), more: false, oneway: false })
        };
        for method in ["Daemon.Status", "Daemon.Metrics", "Sync.ListRuns", "Contracts.Export"] {
            assert_eq!(least_of(method, json!({})), Role::Observer, "{method}");
        }
        for method in ["Daemon.Doctor", "Sync.Diff", "Contracts.Cost", "Sync.Explain", "Sync.New"] {
            assert_eq!(least_of(method, json!({})), Role::Reader, "{method}");
        }
        for method in ["Sync.Sync", "Sync.Pause", "Contracts.Set", "Daemon.PruneHistory"] {
            assert_eq!(least_of(method, json!({})), Role::Operator, "{method}");
        }
        assert_eq!(least_of("Sync.Sync", json!({ "dry_run": true })), Role::Reader);
        assert_eq!(least_of("Contracts.Relink", json!({ "apply": true })), Role::Operator);
        assert_eq!(least_of("Sync.Pending", json!({ "cached": true })), Role::Observer);
        assert_eq!(least_of("Sync.Pending", json!({ "cached": false })), Role::Reader);
        assert_eq!(least_of("Sync.ListClients", json!({})), Role::Reader);
    }
}
