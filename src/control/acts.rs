//! Which calls are acts, which the audit trail has, and what each asks for in a few words.

use serde_json::Value;

use super::roles::{Role, least};
use crate::model::text::visible;
use crate::protocol::{Call, Method, daemon};

/// The longest text of what an act asks for, in characters.
const LONGEST: usize = 300;

/// The parameters that are told. All others are passed over: what is written, such as the value of a
/// field or the text of a backup, and what no method knows, which may be anything.
const TOLD: [&str; 19] = [
    "all", "apply", "at", "client", "clients", "dry_run", "event", "expected", "fields", "id",
    "key", "keys", "local", "name", "on", "run", "timeout", "until", "wait",
];

/// What is said of a call: its method, without the name of the program, and what it asks for, without
/// the values that it writes. None where it is no act: it changes nothing, or is a piece of a restore
/// that others follow.
pub(super) fn asked(call: &Call) -> Option<(String, String)> {
    let parameters = call.parameters.as_ref().and_then(Value::as_object);
    let of = |name: &str| parameters.and_then(|all| all.get(name));
    let follows = call.method == daemon::Restore::NAME && of("last") != Some(&Value::Bool(true));
    if least(call) < Role::Operator || follows {
        return None;
    }
    let method = call.method.strip_prefix("org.lmsyncd.").unwrap_or(&call.method);
    let words = parameters.into_iter().flatten().filter_map(|(name, value)| {
        let told = match (name.as_str(), value) {
            (name, _) if !TOLD.contains(&name) => return None,
            (_, Value::Null) => return None,
            (_, Value::Array(all)) => all.iter().map(named).collect::<Vec<_>>().join(","),
            (_, value) => named(value),
        };
        Some(format!("{name}={told}"))
    });
    let what = visible(&words.collect::<Vec<_>>().join(" "));
    Some((visible(method), what.chars().take(LONGEST).collect()))
}

/// A value, or what an object is about.
fn named(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let name = ["field", "key"].into_iter().find_map(|name| fields.get(name)?.as_str());
            name.unwrap_or("…").to_owned()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(method: &str, parameters: Value) -> Option<String> {
        let method = format!("org.lmsyncd.{method}");
        let call = Call { method, parameters: Some(parameters), more: false, oneway: false };
        asked(&call).map(|(method, what)| format!("{method} {what}"))
    }

    #[test]
    fn an_act_is_told_without_the_values_that_it_writes() {
        let set = json!({"key": "S1", "fields": [{"field": "notes", "value": "call\u{202e} me"}]});
        assert_eq!(of("Contracts.Set", set).as_deref(), Some("Contracts.Set fields=notes key=S1"));
        let switch = json!({"clients": ["acme\n", "174"], "on": true, "at": null});
        let told = of("Sync.SetAutoSync", switch);
        assert_eq!(told.as_deref(), Some("Sync.SetAutoSync clients=acme ,174 on=true"));
        assert_eq!(of("Daemon.Reload", json!({})).as_deref(), Some("Daemon.Reload "));
        let restore = json!({"offset": 9, "text": "a backup", "last": true});
        assert_eq!(of("Daemon.Restore", restore).as_deref(), Some("Daemon.Restore "));
        let unknown = json!({"key": "S1", "fields": [], "data": "a password", "on\n": 7});
        let told = of("Contracts.Set", unknown);
        assert_eq!(told.as_deref(), Some("Contracts.Set fields= key=S1"));
    }

    #[test]
    fn what_changes_nothing_is_no_act() {
        assert_eq!(of("Daemon.Restore", json!({"offset": 0, "text": "a backup"})), None);
        assert_eq!(of("Daemon.PruneHistory", json!({"dry_run": true})), None);
        assert_eq!(of("Contracts.List", json!({})), None);
    }
}
