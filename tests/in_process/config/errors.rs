//! What a person reads when the configuration is wrong, text by text, and which files are refused
//! because of their permissions.

use std::error::Error;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use lmsyncd::advice::Address;
use lmsyncd::config::{self, ConfigError};
use tempfile::TempDir;

const FILE: &str = "/tmp/lmsyncd.toml";

/// What a person is told to do about an error.
fn hint(error: &ConfigError) -> Option<String> {
    Address::of_instance(None).words(&error.advice()?)
}

fn refused(text: &str) -> ConfigError {
    config::parse(text, Path::new(FILE)).expect_err("the configuration is wrong")
}

/// The messages about a file that is right but for `rest`, which begins in [autotask] at line 4.
fn messages(rest: &str) -> Vec<String> {
    let text = format!("version = 1\n[autotask]\nusername = \"user\"\n{rest}");
    refused(&text).problems().iter().map(|problem| problem.message.clone()).collect()
}

#[track_caller]
fn assert_message(rest: &str, expected: &str) {
    assert_eq!(messages(rest), [expected]);
}

#[test]
fn an_unknown_name_comes_with_the_right_one() {
    assert_message(
        "[sync]\nintervall = \"24h\"",
        "unknown key `intervall` in [sync] at line 5; did you mean `interval`?",
    );
    assert_message(
        "[sync]\nhistory = \"90d\"",
        "unknown key `history` in [sync] at line 5; `history` belongs in [store]",
    );
    assert_message(
        "[syncc]\ninterval = \"24h\"",
        "unknown section [syncc] at line 4; did you mean [sync]?",
    );
    assert_message("[sync]\ncolour = 1", "unknown key `colour` in [sync] at line 5");
    assert_message(
        "[[sync]]\ninterval = \"24h\"",
        "`sync` at line 4 is a section: write [sync] on a line of its own",
    );
    let error = refused("version = 1\n[autotask]\nusername = \"u\"\n[sync]\ncolour = 1");
    assert_eq!(
        hint(&error).as_deref(),
        Some("[sync] has the keys interval, batch-window, new-agreements, new-clients")
    );
    assert_eq!(
        (error.line(), error.column(), error.key()),
        (Some(5), Some(1), Some("sync.colour"))
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn a_wrong_value_comes_with_what_is_expected() {
    for (rest, expected) in [
        (
            "[sync]\ninterval = \"24\"",
            "`interval` = \"24\" at line 5: a duration needs a unit, such as \"24h\"",
        ),
        (
            "[sync]\ninterval = 24",
            "`interval` = 24 at line 5: a duration needs a unit, such as \"24h\"",
        ),
        (
            "[sync]\ninterval = 24h",
            "`interval` at line 5: expected a duration in quotes, such as \"24h\" (not valid TOML: \
             string values must be quoted, expected literal string)",
        ),
        (
            "time-zone = \"Europe/Berln\"",
            "`time-zone` = \"Europe/Berln\" at line 4: no time zone has this name; did you mean \
             \"Europe/Berlin\"?",
        ),
        (
            "time-zone = \"Olympus\"",
            "`time-zone` = \"Olympus\" at line 4: no time zone has this name; expected one of the \
             IANA database, such as \"Europe/Berlin\"",
        ),
        (
            "time-zone = \"\"",
            "`time-zone` = \"\" at line 4: a zone has a name, such as \"Europe/Berlin\"; leave the \
             key out for the zone of this server",
        ),
        (
            "time-zone = 2",
            "`time-zone` = 2 at line 4: expected the name of a time zone in quotes, such as \
             \"Europe/Berlin\"",
        ),
        (
            "currency = \"A$\"",
            "`currency` = \"A$\" at line 4: no currency has this code; expected one of ISO 4217, \
             such as \"AUD\"",
        ),
        ("[sync]\ninterval = \"10s\"", "`interval` = \"10s\" at line 5: must be from 1m to 30d"),
        (
            "[sync]\nbatch-window = true",
            "`batch-window` = true at line 5: expected a duration in quotes, such as \"1h\"",
        ),
        (
            "[sync]\ninterval = \"30m\"\nbatch-window = \"1h\"",
            "`batch-window` = \"1h\" at line 6: must not be longer than `interval`, which is 30m",
        ),
        (
            "[sync]\nnew-agreements = \"leave\"",
            "`new-agreements` = \"leave\" at line 5: must be \"import\" or \"pending\"",
        ),
        (
            "[sync]\nnew-clients = \"leave\"",
            "`new-clients` = \"leave\" at line 5: must be \"tell\", \"auto\" or \"ignore\"",
        ),
        (
            "concurrency-per-endpoint = 3",
            "`concurrency-per-endpoint` = 3 at line 4: must be from 1 to 2",
        ),
        (
            "max-requests-per-hour = \"20\"",
            "`max-requests-per-hour` = \"20\" at line 4: expected a whole number, without quotes",
        ),
        (
            "max-requests-per-hour = 99999999999999999999",
            "`max-requests-per-hour` = 99999999999999999999 at line 4: expected a whole number, \
             without quotes",
        ),
        (
            "[guard]\nmax-vanished-percent = -1",
            "`max-vanished-percent` = -1 at line 5: must be from 0 to 100",
        ),
        (
            "zone-url = \"http://example.com/\"",
            "`zone-url` = \"http://example.com/\" at line 4: must be https; plain http would show \
             the secret to everyone on the way, and is allowed only toward this machine",
        ),
        (
            "[control]\noperators = [\"root\", \"a b\"]",
            "`operators` = \"a b\" at line 5: no user or group has such a name",
        ),
        (
            "[store]\npath = \"store\"",
            "`path` = \"store\" at line 5: a path begins with \"/\"; the daemon is not started in \
             your folder",
        ),
        (
            "[fields]\nuser-defined = { \"Signed By\" = \"Signed-By\" }",
            "`user-defined` = \"Signed-By\" at line 5: a local name has 1 to 40 lower-case letters, \
             digits and underscores, such as \"account_manager\"",
        ),
        (
            "[fields.user-defined]\n\"Signed By\" = \"signed\"\n\"Signer\" = \"signed\"",
            "`user-defined` = \"signed\" at line 6: this name is taken by \"Signed By\"",
        ),
        (
            "[fields.user-defined]\n\"Signed By\" = \"signed\"\n\"signed by\" = \"signer\"",
            "`user-defined`, the entry \"signed by\" at line 6: this field of Autotask is there \
             twice: \"Signed By\"",
        ),
        (
            "[fields]\nuser-defined = { \"\" = \"nothing\" }",
            "`user-defined`, the entry \"\" at line 5: a field of Autotask has a name",
        ),
        (
            "[fields.user-defined]\n\"Signed By\" = \"signed\"\n\"Signed By\" = \"signer\"",
            "not valid TOML at line 6: duplicate key",
        ),
        (
            "[fields]\nuser-defined = { \"Signed By\" = 5 }",
            "`user-defined` = 5 at line 5: expected names of Autotask with names of ours, such as { \"Account Manager\" = \"account_manager\" }",
        ),
        (
            "[fields]\nuser-defned = {}",
            "unknown key `user-defned` in [fields] at line 5; did you mean `user-defined`?",
        ),
        ("[sync", "not valid TOML at line 4: unclosed table, expected `]`"),
        ("ca-file = \"/a\"\nca-file = \"/b\"", "not valid TOML at line 5: duplicate key"),
    ] {
        assert_message(rest, expected);
    }
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_file() {
    let error = refused(
        "version = 1\ninterval = \"24h\"\n[autotask]\nuser-name = \"a\"\nproxy = 3\n[guard]\n\
         max-vanished-percent = 200\n",
    );
    let lines: Vec<_> = error.problems().iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [Some(2), Some(4), Some(5), Some(7)]);
    assert_eq!(
        error.to_string(),
        "/tmp/lmsyncd.toml: unknown key `interval` at line 2; `interval` belongs in [sync] (and 3 \
         more problems)"
    );
}

#[test]
fn the_version_is_judged_before_anything_else() {
    for (text, message) in [
        (
            "version = 2\nunheard-of = 1",
            "/tmp/lmsyncd.toml: `version` = 2 at line 1 is newer than this lmsyncd, which reads \
             version 1",
        ),
        ("version = 0", "/tmp/lmsyncd.toml: `version` = 0 at line 1: expected 1"),
        ("version = \"1\"", "/tmp/lmsyncd.toml: `version` = \"1\" at line 1: expected 1"),
        (
            "versoin = 1",
            "/tmp/lmsyncd.toml: unknown key `versoin` at line 1; did you mean `version`?",
        ),
        ("[autotask]\nusername = \"user\"", "/tmp/lmsyncd.toml: `version` is missing"),
        ("", "/tmp/lmsyncd.toml: `version` is missing (and 1 more problem)"),
        ("version = 1", "/tmp/lmsyncd.toml: `username` in [autotask] is missing"),
    ] {
        assert_eq!(refused(text).to_string(), message);
    }
}

#[test]
fn a_secret_is_refused_in_the_file_and_repeated_nowhere() {
    assert_message(
        "secret = \"hunter2\"",
        "`secret` in [autotask] at line 4: the secret must not be in this file",
    );
    for rest in [
        "secret = \"hunter2\"",
        "password = \"hunter2\"",
        "integration-code = hunter2",
        "integration-code = \"hunter2",
        "integration-code = \"a\" \"hunter2\"",
        "integration-code \"hunter2\"",
        "integration-code = \"hun\\qhunter2\"",
        "integration-code = \"hunter2\\nhunter2\"",
        "integration-code = \"hunter2 \"",
        "integration-code = [\"hunter2\"]",
        "proxy = \"http://user:hunter2@proxy\"",
    ] {
        let text = format!("version = 1\n[autotask]\nusername = \"user\"\n{rest}");
        let error = refused(&text);
        let told = format!("{error} {error:?} {:?} {:?}", hint(&error), error.source());
        assert!(!told.contains("hunter2"), "{told}");
    }
}

fn written(folder: &TempDir, text: &str, mode: u32) -> PathBuf {
    let path = folder.path().join("lmsyncd.toml");
    fs::write(&path, text).expect("writes");
    fs::set_permissions(&path, Permissions::from_mode(mode)).expect("sets the mode");
    path
}

/// What a person is told beside a mistake is missing in truth.
#[test]
fn where_the_keys_cannot_be_read_no_credential_is_missing() {
    const AUTOTASK: &str = "[autotask]\nusername = \"user\"\nintegration-code = \"CODE\"\n";
    let folder = TempDir::new().expect("a folder");
    let told = |text: &str| -> Vec<String> {
        let path = written(&folder, text, 0o600);
        let survey = config::survey(&path, None);
        survey.errors.iter().map(|error| error.code().to_owned()).collect()
    };
    for text in [
        format!("version = 2\n{AUTOTASK}"),
        format!("version = 1\n{AUTOTASK}[sync]\ninterval = 24h\n"),
    ] {
        assert_eq!(told(&text), ["config_invalid"], "{text}");
    }
    for text in [
        format!("{AUTOTASK}[sync]\ninterval = \"1s\"\n"),
        format!("version = 1\n{AUTOTASK}[sync]\ninterval = \"1s\"\n"),
        format!("versoin = 1\n{AUTOTASK}"),
    ] {
        assert_eq!(told(&text), ["config_invalid", "credential_missing"], "{text}");
    }
}

#[test]
fn a_file_that_others_may_change_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let text = "version = 1\n[autotask]\nusername = \"user\"\n";
    for mode in [0o660, 0o606, 0o666] {
        let path = written(&folder, text, mode);
        let error = config::load(&path).expect_err("others may write");
        assert_eq!(error.code(), "config_writable");
        assert_eq!(hint(&error), Some(format!("chmod go-w {}", path.display())));
    }
    for mode in [0o600, 0o640, 0o644] {
        let path = written(&folder, text, mode);
        assert_eq!(config::load(&path).expect("is fine").autotask.username, "user");
    }
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let folder = TempDir::new().expect("a folder");
    let missing = config::load(&folder.path().join("none.toml")).expect_err("is not there");
    assert_eq!(missing.code(), "config_missing");
    assert!(hint(&missing).is_some_and(|hint| hint.contains("lmsyncd setup")));

    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).expect("sets the mode");
    let directory = config::load(folder.path()).expect_err("is a folder");
    assert_eq!(directory.code(), "config_unreadable");
    assert!(directory.source().is_some());

    let path = folder.path().join("latin1.toml");
    fs::write(&path, b"version = 1 # \xe9").expect("writes");
    let error = config::load(&path).expect_err("is not UTF-8");
    assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("it is not UTF-8 text"));
}
