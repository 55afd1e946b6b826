//! The keys of the file: which there are, what each expects, and the nearest right one for a key
//! that is not among them. Pure text; what a value means is for `values`.

/// A section of the file and its keys, in the order of the example file.
pub(super) struct Section {
    /// The name between the brackets.
    pub(super) name: &'static str,
    /// Its keys.
    pub(super) keys: &'static [Key],
}

/// A key of a section.
pub(super) struct Key {
    /// The name as written in the file.
    pub(super) name: &'static str,
    /// What a value has to be, for the message about a value of the wrong type.
    pub(super) expects: &'static str,
    /// Whether a value may be repeated in a message.
    pub(super) quotable: bool,
}

const fn key(name: &'static str, expects: &'static str) -> Key {
    Key { name, expects, quotable: true }
}

const WHOLE: &str = "expected a whole number, without quotes";
const SWITCH: &str = "expected true or false, without quotes";
const PATH: &str = "expected a path in quotes";
const URL: &str = "expected a URL in quotes";

/// All there is, apart from `version` at the top.
pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "autotask",
        keys: &[
            key("username", "expected a text in quotes"),
            Key { name: "integration-code", expects: "expected a text in quotes", quotable: false },
            key("secret-file", PATH),
            key("zone-url", URL),
            key("discovery-url", URL),
            key("max-requests-per-hour", WHOLE),
            key("yield-above-percent", WHOLE),
            key("concurrency-per-endpoint", WHOLE),
            key("request-timeout", "expected a duration in quotes, such as \"120s\""),
            key("proxy", URL),
            key("ca-file", PATH),
            key(
                "time-zone",
                "expected the name of a time zone in quotes, such as \"Europe/Berlin\"",
            ),
            key("currency", "expected the code of a currency in quotes, such as \"AUD\""),
        ],
    },
    Section {
        name: "sync",
        keys: &[
            key("interval", "expected a duration in quotes, such as \"24h\""),
            key("batch-window", "expected a duration in quotes, such as \"1h\""),
            key("new-agreements", "expected \"import\" or \"pending\""),
        ],
    },
    Section {
        name: "fields",
        keys: &[key(
            "user-defined",
            "expected names of Autotask with names of ours, such as \
             { \"Account Manager\" = \"account_manager\" }",
        )],
    },
    Section {
        name: "guard",
        keys: &[
            key("max-vanished-percent", WHOLE),
            key("hold-price-change-percent", WHOLE),
            key("hold-status-flips", SWITCH),
        ],
    },
    Section {
        name: "store",
        keys: &[
            key("path", PATH),
            key("history", "expected a duration in quotes, such as \"400d\""),
        ],
    },
    Section {
        name: "control",
        keys: &[
            key("socket", PATH),
            key(
                "operators",
                "expected a list of names in quotes, such as [\"root\", \"@lmsyncd\"]",
            ),
        ],
    },
    Section {
        name: "notify",
        keys: &[
            // A command line may carry a password, and who knows the URL can send the heartbeat.
            Key {
                name: "command",
                expects: "expected a list of texts in quotes, such as [\"/usr/local/bin/tell\"]",
                quotable: false,
            },
            key("timeout", "expected a duration in quotes, such as \"30s\""),
            key("events", "expected a list of events in quotes, such as [\"run_failed\"]"),
            Key { name: "heartbeat-url", expects: URL, quotable: false },
        ],
    },
    Section { name: "metrics", keys: &[key("textfile", PATH)] },
];

/// Names under which people would put the secret into the file, where it must not be.
const SECRET_NAMES: &[&str] =
    &["secret", "password", "api-secret", "api-key", "autotask-secret", "secret-key", "token"];

/// The section of that name.
pub(super) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

impl Section {
    /// The key of that name in this section.
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// Whether a key by this name would hold the secret itself.
pub(super) fn is_secret(name: &str) -> bool {
    SECRET_NAMES.contains(&tidy(name).as_str())
}

/// What an unknown name at the top of the file or in a section was probably meant to be, as a
/// fragment that follows the message: `; did you mean …?`. Empty when nothing is near.
pub(super) fn suggestion(section: Option<&Section>, name: &str, is_table: bool) -> String {
    if is_table && section.is_none() {
        let nearest = nearest(name, SECTIONS.iter().map(|section| section.name));
        return nearest.map(|name| format!("; did you mean [{name}]?")).unwrap_or_default();
    }
    if let Some(home) = SECTIONS.iter().find(|other| other.key(&tidy(name)).is_some())
        && section.is_none_or(|section| section.name != home.name)
    {
        return format!("; `{}` belongs in [{}]", tidy(name), home.name);
    }
    let here = section.and_then(|here| nearest(name, here.keys.iter().map(|key| key.name)));
    if let Some(key) = here {
        return format!("; did you mean `{key}`?");
    }
    if section.is_none() && nearest(name, ["version"].into_iter()).is_some() {
        return "; did you mean `version`?".to_owned();
    }
    let elsewhere = SECTIONS
        .iter()
        .find_map(|other| Some((other, nearest(name, other.keys.iter().map(|key| key.name))?)));
    elsewhere
        .map(|(other, key)| format!("; did you mean `{key}` in [{}]?", other.name))
        .unwrap_or_default()
}

/// The nearest of `candidates`, if one is near enough to have been meant: a third of its letters
/// may be wrong, and at least one.
pub(super) fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let name = tidy(name);
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(&name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The name in the manner of this file: lower case, with hyphens.
fn tidy(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace(['_', ' '], "-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::File;

    /// The names that serde knows, from its own message about a name that it does not know.
    fn names_in_file(toml: &str) -> Vec<String> {
        let message = toml::from_str::<File>(toml).err().expect("unknown name").to_string();
        let (_, expected) = message.split_once("expected").expect("serde lists what it expects");
        expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn the_table_and_the_structs_have_the_same_keys() {
        let mut sections = vec!["version"];
        sections.extend(SECTIONS.iter().map(|section| section.name));
        assert_eq!(names_in_file("nothing = 1"), sections);
        for section in SECTIONS {
            let keys: Vec<_> = section.keys.iter().map(|key| key.name).collect();
            assert_eq!(names_in_file(&format!("[{}]\nnothing = 1", section.name)), keys);
        }
    }

    #[test]
    fn suggests_what_was_meant() {
        let sync = section("sync");
        assert_eq!(suggestion(sync, "intervall", false), "; did you mean `interval`?");
        assert_eq!(suggestion(sync, "batch_window", false), "; did you mean `batch-window`?");
        assert_eq!(suggestion(sync, "history", false), "; `history` belongs in [store]");
        assert_eq!(
            suggestion(sync, "opperators", false),
            "; did you mean `operators` in [control]?"
        );
        assert_eq!(suggestion(sync, "colour", false), "");
        assert_eq!(suggestion(None, "interval", false), "; `interval` belongs in [sync]");
        assert_eq!(suggestion(None, "versoin", false), "; did you mean `version`?");
        assert_eq!(suggestion(None, "Sync", true), "; did you mean [sync]?");
        assert_eq!(suggestion(None, "storage", true), "");
    }

    #[test]
    fn knows_a_secret_by_its_name_and_does_not_suspect_the_file() {
        assert!(is_secret("secret"));
        assert!(is_secret("API_SECRET"));
        assert!(!is_secret("secret-file"));
        assert!(!is_secret("secret-fil"));
    }
}
