//! The reference file `lmsyncd.toml.example`: printed by the program, and made of the table of keys
//! by a test here. `INSTA_UPDATE=always cargo test --lib config::example` writes it.

/// The text of `lmsyncd.toml.example`. It is refused until its placeholders are filled in.
pub const EXAMPLE: &str = include_str!("../../lmsyncd.toml.example");

/// What stands for the user name in the example.
pub(super) const USERNAME_PLACEHOLDER: &str = "abcdef123@MSP.EXAMPLE";

/// What stands for the integration code in the example.
pub(super) const INTEGRATION_CODE_PLACEHOLDER: &str = "YOUR-INTEGRATION-CODE";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::keys::{self, SECTIONS, Written};
    use crate::config::settings::Settings;
    use crate::config::{DEFAULT_PATH, changes, parse};
    use crate::derived::assert_derived;

    /// What stands before the first section.
    const HEAD: &str = "\
# The configuration of lmsyncd, complete: every key, its default, its unit, and when to
# change it. \"lmsyncd setup\" fills it in as /etc/lmsyncd/lmsyncd.toml, \"lmsyncd setup NAME\" as
# /etc/lmsyncd/NAME.toml for the instance lmsyncd@NAME.service; the group lmsyncd must be able to
# read it (root:lmsyncd, mode 0640).
#
# A line that is commented out shows the default, or an example where it says \"No default\".
# Durations are a number and a unit, \"90s\", \"30m\", \"24h\", \"7d\", also together: \"1h 30m\".
#
#   lmsyncd check-config       validates this file without starting anything; as root, with the
#                              secret and as the daemon's user
#   lmsyncctl reload           applies it; [store] path and [control] socket need a restart
#
# Only its owner may be able to change this file (chmod go-w): it decides where the secret goes.

# The version of this file's format. A file of a newer version is refused.
version = 1
";

    /// The columns of a line.
    const WIDTH: usize = 100;

    /// The file as the table of keys has it.
    fn written() -> String {
        let mut file = HEAD.to_owned();
        for section in SECTIONS {
            let mut gap = format!("\n[{}]\n", section.name);
            for key in section.keys {
                file.push_str(&gap);
                file.push_str(&comment(key.text));
                let hidden = matches!(key.written, Written::BuiltIn | Written::Example);
                let sign = if hidden { "# " } else { "" };
                file.push_str(&format!("{sign}{} = {}\n", key.name, key.value));
                gap = "\n".to_owned();
            }
        }
        file
    }

    /// A text as lines of a comment.
    fn comment(text: &str) -> String {
        let (mut lines, mut line) = (String::new(), "#".to_owned());
        for word in text.split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > WIDTH {
                lines.push_str(&std::mem::replace(&mut line, "#".to_owned()));
                lines.push('\n');
            }
            line.push(' ');
            line.push_str(word);
        }
        format!("{lines}{line}\n")
    }

    #[test]
    fn the_file_is_what_the_table_says() {
        assert_derived("lmsyncd.toml.example", &written());
    }

    /// The keys for which there is no default, so that the example shows some value.
    fn without_default() -> Vec<String> {
        let without = keys::all().filter(|(_, key)| !key.has_default());
        without.map(|(section, key)| key.in_section(section)).collect()
    }

    fn filled_in() -> String {
        EXAMPLE
            .replace(USERNAME_PLACEHOLDER, "xyz789@MSP.EXAMPLE")
            .replace(INTEGRATION_CODE_PLACEHOLDER, "ABC123")
    }

    /// The line without its comment sign, where what remains is `key = value`.
    fn uncomment(line: &str) -> &str {
        let setting = line.strip_prefix("# ").filter(|rest| {
            rest.split_once(" = ").is_some_and(|(key, _)| {
                !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            })
        });
        setting.unwrap_or(line)
    }

    fn uncommented() -> String {
        filled_in().lines().map(|line| format!("{}\n", uncomment(line))).collect()
    }

    fn different_from_defaults(text: &str) -> Vec<String> {
        let path = Path::new(DEFAULT_PATH);
        let settings = parse(text, path).expect("the example is valid");
        let changes = changes(&Settings::defaults(path), &settings);
        changes.into_iter().map(|change| change.key).collect()
    }

    #[test]
    fn as_delivered_it_asks_to_be_filled_in() {
        let error = parse(EXAMPLE, Path::new(DEFAULT_PATH)).expect_err("has placeholders");
        let keys: Vec<_> = error.problems().iter().filter_map(|p| p.key.as_deref()).collect();
        assert_eq!(keys, ["autotask.username", "autotask.integration-code"]);
    }

    #[test]
    fn filled_in_it_is_the_defaults() {
        assert_eq!(
            different_from_defaults(&filled_in()),
            ["autotask.username", "autotask.integration-code"]
        );
    }

    #[test]
    fn uncommented_it_is_the_defaults_still() {
        assert_eq!(different_from_defaults(&uncommented()), without_default());
    }

    #[test]
    fn it_fits_a_terminal() {
        for line in EXAMPLE.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}
