//! Names of keys: which would hold the secret, and the nearest right one for a name that does not
//! exist.

use super::{SECTIONS, Section};
use crate::config::nearest::{nearest, tidy};

/// Names under which people would put the secret into the file, where it must not be.
const SECRET_NAMES: &[&str] =
    &["secret", "password", "api-secret", "api-key", "autotask-secret", "secret-key", "token"];

/// Whether a key by this name would hold the secret itself.
pub(in crate::config) fn is_secret(name: &str) -> bool {
    SECRET_NAMES.contains(&tidy(name).as_str())
}

/// What an unknown name at the top of the file or in a section was probably meant to be, as a
/// fragment that follows the message: `; did you mean …?`. Empty when nothing is near.
pub(in crate::config) fn suggestion(
    section: Option<&Section>,
    name: &str,
    is_table: bool,
) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::section;

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
