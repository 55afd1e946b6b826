//! Why an item is, or is not, in the store: the checks, from what is known of it.

use chrono::{DateTime, Utc};

use crate::clock::{Tz, day_in};
use crate::model::text::moment;
use crate::model::{
    Advice, ClientRef, ClientState, Contract, ItemFlags, ItemKey, Origin, PendingItem,
    PendingState, Reject, SourceItem,
};

/// Whether an item passes a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Passes {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// That is not known, because an earlier check failed or nothing is there to be checked.
    Unknown,
}

impl Passes {
    /// The word that the JSON shows.
    pub fn name(self) -> &'static str {
        self.into_str()
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub check: &'static str,
    /// Whether the item passes.
    pub passes: Passes,
    /// What was found.
    pub detail: String,
    /// What a person can do about it.
    pub advice: Option<Advice>,
}

impl Check {
    fn advise(mut self, advice: Advice) -> Check {
        self.advice = Some(advice);
        self
    }
}

/// What the checks come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// In one line.
    pub text: String,
    /// What a person can do.
    pub advice: Option<Advice>,
}

/// Everything that is known of an item.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The item.
    pub key: ItemKey,
    /// Its client, or why that could not be found.
    pub client: Result<&'a ClientRef, &'a str>,
    /// What the API user may read of its kind, in a word; none if that could not be asked.
    pub access: Option<&'a str>,
    /// Why Autotask could not be asked, where it could not.
    pub unasked: Option<&'a str>,
    /// Why no item of its kind could be read, where none could.
    pub unread: Option<&'a str>,
    /// The item as Autotask has it.
    pub item: Option<&'a SourceItem>,
    /// Why its row cannot be converted.
    pub reject: Option<&'a Reject>,
    /// Its contract.
    pub contract: Option<&'a Contract>,
    /// What is pending for it.
    pub pending: Option<&'a PendingItem>,
    /// What is noted beside it.
    pub flags: Option<&'a ItemFlags>,
    /// The state of its client.
    pub state: Option<&'a ClientState>,
    /// Now.
    pub now: DateTime<Utc>,
    /// The zone whose days count.
    pub zone: Tz,
}

/// The checks, in the order in which they depend on each other, and the conclusion.
pub fn explain(about: Evidence<'_>) -> (Vec<Check>, Conclusion) {
    let checks = vec![
        client(about),
        permission(about),
        visible(about),
        kind(about),
        quarantined(about),
        ignored(about),
        held(about),
        selected(about),
        last_seen(about),
    ];
    (checks, conclusion(about))
}

fn check(check: &'static str, passes: Passes, detail: impl Into<String>) -> Check {
    Check { check, passes, detail: detail.into(), advice: None }
}

fn client(about: Evidence<'_>) -> Check {
    match about.client {
        Ok(client) => check("client", Passes::Yes, client.to_string()),
        Err(why) => check("client", Passes::No, why),
    }
}

fn permission(about: Evidence<'_>) -> Check {
    match about.access {
        Some("all") => {
            check("permission", Passes::Yes, "the API user may read all items of this type")
        }
        Some("unknown") => check(
            "permission",
            Passes::Unknown,
            "what the API user may read of this type is not understood",
        )
        .advise(Advice::Doctor),
        Some(access) => {
            let detail = format!("the API user may read {access} of the items of this type");
            check("permission", Passes::No, detail).advise(Advice::Doctor)
        }
        None => check("permission", Passes::Unknown, not_asked(about)),
    }
}

fn visible(about: Evidence<'_>) -> Check {
    match (about.item, about.reject, about.client) {
        (Some(_), ..) => check("visible", Passes::Yes, "Autotask shows the item"),
        (None, Some(_), _) => check(
            "visible",
            Passes::Yes,
            "Autotask shows the item, in a row that cannot be converted",
        ),
        (None, None, _) if about.unasked.is_some() => {
            check("visible", Passes::Unknown, not_asked(about))
        }
        (None, None, Ok(_)) => match about.unread {
            Some(why) => check("visible", Passes::No, why).advise(Advice::Doctor),
            None => check("visible", Passes::No, "Autotask does not show the item"),
        },
        (None, None, Err(_)) if may_be_hidden(about) => {
            check("visible", Passes::No, "Autotask does not show the item to this API user")
        }
        (None, None, Err(_)) => check("visible", Passes::Unknown, "the client is not known"),
    }
}

fn not_asked(about: Evidence<'_>) -> String {
    match about.unasked {
        Some(why) => format!("Autotask could not be asked: {why}"),
        None => "Autotask could not be asked".to_owned(),
    }
}

/// Whether an item that is not shown may be there all the same.
fn may_be_hidden(about: Evidence<'_>) -> bool {
    about.unread.is_some() || about.access.is_some_and(|access| access != "all")
}

fn kind(about: Evidence<'_>) -> Check {
    match about.item {
        Some(SourceItem { unsupported: Some(reason), .. }) => check("type", Passes::No, reason),
        Some(_) => check("type", Passes::Yes, "items of this type can be imported"),
        None => check("type", Passes::Unknown, "Autotask shows no row of the item"),
    }
}

fn quarantined(about: Evidence<'_>) -> Check {
    match about.reject {
        Some(Reject { field, reason, .. }) => {
            check("quarantined", Passes::No, format!("{field}: {reason}"))
        }
        None if about.item.is_some() => {
            check("quarantined", Passes::Yes, "the row can be converted")
        }
        None => check("quarantined", Passes::Unknown, "Autotask shows no row of the item"),
    }
}

fn ignored(about: Evidence<'_>) -> Check {
    let by_flags =
        about.flags.is_some_and(|flags| flags.is_ignored(day_in(&about.zone, about.now)));
    let pending = about.pending.filter(|item| item.state == PendingState::Ignored);
    if !by_flags && pending.is_none() {
        return check("ignored", Passes::Yes, "the item is not ignored");
    }
    let why = pending.and_then(|item| item.reason.clone());
    let why = why.unwrap_or_else(|| "the item is ignored".to_owned());
    check("ignored", Passes::No, why).advise(Advice::Unignore { key: about.key })
}

fn held(about: Evidence<'_>) -> Check {
    match about.pending {
        Some(PendingItem { state: PendingState::Held, reason, .. }) => check(
            "held",
            Passes::No,
            reason.clone().unwrap_or_else(|| "a guard holds the item".to_owned()),
        ),
        _ => check("held", Passes::Yes, "no guard holds the item"),
    }
}

fn selected(about: Evidence<'_>) -> Check {
    match (about.contract.map(|contract| contract.origin), about.state) {
        (Some(Origin::Unlinked), _) => {
            check("selected", Passes::No, "the contract is frozen: no sync changes it")
                .advise(Advice::Relink { key: about.key })
        }
        (Some(_), _) => check("selected", Passes::Yes, "the item is imported"),
        (None, _) if about.client.is_err() => {
            check("selected", Passes::Unknown, "the client of the item is not known")
        }
        (None, Some(state)) if state.auto_sync => check(
            "selected",
            Passes::No,
            "the item is not imported yet; auto-sync is on for the client",
        ),
        (None, _) => check(
            "selected",
            Passes::No,
            "the item is not imported, and auto-sync is off for the client",
        ),
    }
}

fn last_seen(about: Evidence<'_>) -> Check {
    let day = |at: DateTime<Utc>| moment(&at.with_timezone(&about.zone));
    match about.contract {
        Some(Contract { vanished: Some(at), .. }) => {
            let detail = format!("the item has been missing in Autotask since {}", day(*at));
            check("last_seen", Passes::No, detail)
        }
        Some(contract) => {
            let full = about.state.and_then(|state| state.last_full);
            match contract.synced.max(full) {
                Some(at) => check(
                    "last_seen",
                    Passes::Yes,
                    format!("last compared with the store at {}", day(at)),
                ),
                None => check("last_seen", Passes::Unknown, "the contract was made by hand"),
            }
        }
        None => check("last_seen", Passes::Unknown, "the item is not in the store"),
    }
}

fn conclusion(about: Evidence<'_>) -> Conclusion {
    let key = about.key;
    let client_id = match about.client {
        Ok(client) => client.id,
        Err(why) if about.unasked.is_some() => {
            let text = format!("{key} cannot be explained: {why}");
            return Conclusion { text, advice: None };
        }
        Err(_) if may_be_hidden(about) => return hidden(about),
        Err(why) => return Conclusion { text: format!("{key} is not known: {why}"), advice: None },
    };
    let state = about.pending.map(|item| item.state);
    let can_sync = about.contract.is_none_or(|contract| contract.origin == Origin::Autotask)
        && state.is_some_and(PendingState::can_apply);
    let text = match (about.contract, state) {
        (Some(Contract { origin: Origin::Local, .. }), _) => {
            format!("{key} was made by hand and has no item in Autotask")
        }
        (Some(Contract { origin: Origin::Unlinked, .. }), _) => {
            format!("{key} is stored and frozen: no sync changes it")
        }
        (Some(Contract { vanished: Some(_), .. }), None) => {
            format!("{key} is stored as a tombstone: the item is no longer in Autotask")
        }
        (Some(_), None) if about.reject.is_some() => {
            format!("{key} is stored with its old values: the row in Autotask cannot be converted")
        }
        (Some(_), None) if about.item.is_none() => match (about.unasked, about.unread) {
            (Some(why), _) => {
                format!("{key} is stored; whether it matches Autotask is not known: {why}")
            }
            (None, Some(why)) => format!("{key} is stored and stays as it is: {why}"),
            (None, None) => {
                format!("{key} is stored and stays as it is: Autotask does not show the item")
            }
        },
        (Some(_), None) => format!("{key} is stored and matches Autotask"),
        (Some(_), Some(state)) if state.can_apply() => {
            format!("{key} is stored; a sync would apply the item, which is {state}")
        }
        (Some(_), Some(state)) => {
            format!("{key} is stored; its differences from Autotask are {state}")
        }
        (None, Some(state)) if state.can_apply() => {
            format!("{key} is not stored; a sync would import it")
        }
        (None, Some(state)) => format!("{key} is not stored, because it is {state}"),
        (None, None) if about.reject.is_some() => {
            format!("{key} is not stored, because the row in Autotask cannot be converted")
        }
        (None, None) if about.unasked.is_some() => {
            format!("{key} is not stored; {}", not_asked(about))
        }
        (None, None) if may_be_hidden(about) => return hidden(about),
        (None, None) => format!("{key} is neither stored nor in Autotask"),
    };
    Conclusion { text, advice: can_sync.then_some(Advice::SyncItem { client_id, key }) }
}

/// Of an item that is neither stored nor shown, and that the API user may not be able to see.
fn hidden(about: Evidence<'_>) -> Conclusion {
    let key = about.key;
    let text = match (about.unread, about.access) {
        (Some(why), _) => {
            format!("{key} is not stored, and whether it exists cannot be told: {why}")
        }
        (None, Some("unknown")) => format!(
            "{key} is not stored, and Autotask does not show it; whether it is hidden from the API \
             user cannot be told"
        ),
        (None, access) => format!(
            "{key} is not stored, and Autotask does not show it: the API user may read {} of the \
             items of this type, so it may be hidden",
            access.unwrap_or("only some")
        ),
    };
    Conclusion { text, advice: Some(Advice::Doctor) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ClientId;
    use crate::policy::changes::fixture::{item, stored};

    fn nothing(key: ItemKey, client: &ClientRef) -> Evidence<'_> {
        Evidence {
            key,
            client: Ok(client),
            access: Some("all"),
            unasked: None,
            unread: None,
            item: None,
            reject: None,
            contract: None,
            pending: None,
            flags: None,
            state: None,
            now: DateTime::UNIX_EPOCH,
            zone: Tz::UTC,
        }
    }

    fn failing(about: Evidence<'_>) -> (Vec<&'static str>, String) {
        let (checks, conclusion) = explain(about);
        let failing = checks.into_iter().filter(|check| check.passes == Passes::No);
        (failing.map(|check| check.check).collect(), conclusion.text)
    }

    #[test]
    fn what_stands_in_the_way_is_named() {
        let client = ClientRef { id: ClientId(7), name: "Acme".to_owned() };
        let source = item("S5", "Mail", "4");
        let key = source.key;
        let book = stored(std::slice::from_ref(&source));
        let unseen = nothing(key, &client);
        let (checks, conclusion) = failing(unseen);
        assert_eq!(checks, ["visible", "selected"]);
        assert_eq!(conclusion, "S5 is neither stored nor in Autotask");

        let current = Evidence { item: Some(&source), contract: book.get(&key), ..unseen };
        assert_eq!(failing(current).0, [""; 0]);
        assert_eq!(failing(current).1, "S5 is stored and matches Autotask");

        let reject =
            Reject { key, parent: None, field: "price".to_owned(), reason: "no number".to_owned() };
        let rejected = Evidence { item: None, reject: Some(&reject), ..current };
        assert_eq!(failing(rejected).0, ["quarantined"]);
        assert_eq!(
            failing(rejected).1,
            "S5 is stored with its old values: the row in Autotask cannot be converted"
        );

        let blind = Evidence { access: Some("none"), ..unseen };
        assert_eq!(failing(blind).0, ["permission", "visible", "selected"]);
        assert!(failing(blind).1.ends_with("so it may be hidden"), "{}", failing(blind).1);

        let why = "neither the store nor Autotask has S5";
        let nobody_s = Evidence { client: Err(why), ..unseen };
        assert_eq!(failing(nobody_s).1, format!("S5 is not known: {why}"));
        let hidden = Evidence { access: Some("only some"), ..nobody_s };
        assert!(
            failing(hidden).1.contains("may read only some of the items"),
            "{}",
            failing(hidden).1
        );

        let unread = "the API user has no permission to read ContractServices";
        let kept = Evidence { item: None, unread: Some(unread), ..current };
        assert_eq!(failing(kept).1, format!("S5 is stored and stays as it is: {unread}"));
        let (checks, conclusion) = explain(Evidence {
            access: None,
            unasked: Some("cannot reach Autotask"),
            item: None,
            ..current
        });
        let unknown = checks.iter().filter(|check| check.passes == Passes::Unknown);
        assert!(unknown.map(|check| check.check).any(|check| check == "visible"));
        assert!(conclusion.text.contains("is not known: cannot reach Autotask"));
    }
}
