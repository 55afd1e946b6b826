//! Where the credentials come from, which comes first, and what is refused.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use lmsyncd::advice::Address;
use lmsyncd::config::{self, ConfigError, Credentials, Settings};
use secrecy::ExposeSecret;
use tempfile::TempDir;

/// What a person is told to do about an error.
fn hint(error: &ConfigError) -> Option<String> {
    Address::of_instance(None).words(&error.advice()?)
}

fn settings(rest: &str) -> Settings {
    let text = format!("version = 1\n[autotask]\nusername = \"user\"\n{rest}");
    config::parse(&text, Path::new("/tmp/lmsyncd.toml")).expect("a valid configuration")
}

fn write(folder: &TempDir, name: &str, text: impl AsRef<[u8]>, mode: u32) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).expect("writes");
    fs::set_permissions(&path, Permissions::from_mode(mode)).expect("sets the mode");
    path
}

fn with_secret_file(path: &Path) -> Result<Credentials, ConfigError> {
    settings(&format!("integration-code = \"code\"\nsecret-file = \"{}\"", path.display()))
        .credentials(None)
}

#[test]
fn the_file_serves_where_systemd_passes_nothing() {
    let folder = TempDir::new().expect("a folder");
    for text in ["s3cret", "s3cret\n", "s3cret\r\n"] {
        let path = write(&folder, "secret", text, 0o600);
        let credentials = with_secret_file(&path).expect("credentials");
        assert_eq!(credentials.username, "user");
        assert_eq!(credentials.secret.expose_secret(), "s3cret");
        assert_eq!(credentials.integration_code.expose_secret(), "code");
    }
}

#[test]
fn a_systemd_credential_comes_first_whatever_its_mode() {
    let folder = TempDir::new().expect("a folder");
    let file = write(&folder, "file", "from the file", 0o600);
    let settings = settings(&format!(
        "integration-code = \"from-the-file\"\nsecret-file = \"{}\"",
        file.display()
    ));
    let systemd = TempDir::new().expect("a folder");
    let credentials = settings.credentials(Some(systemd.path())).expect("falls back");
    assert_eq!(credentials.secret.expose_secret(), "from the file");

    write(&systemd, "autotask-secret", "from systemd\n", 0o440);
    write(&systemd, "autotask-integration-code", "code from systemd\n", 0o440);
    let credentials = settings.credentials(Some(systemd.path())).expect("credentials");
    assert_eq!(credentials.secret.expose_secret(), "from systemd");
    assert_eq!(credentials.integration_code.expose_secret(), "code from systemd");

    // What the unit passes where there is no file is as none.
    write(&systemd, "autotask-secret", "(no file)", 0o440);
    let credentials = settings.credentials(Some(systemd.path())).expect("falls back");
    assert_eq!(credentials.secret.expose_secret(), "from the file");

    write(&systemd, "autotask-secret", "", 0o440);
    let error = settings.credentials(Some(systemd.path())).expect_err("is empty");
    assert!(error.to_string().ends_with("/autotask-secret is empty"), "{error}");
}

#[test]
fn a_secret_file_that_others_can_read_is_refused() {
    let folder = TempDir::new().expect("a folder");
    for mode in [0o640, 0o604, 0o644] {
        let path = write(&folder, "secret", "s3cret", mode);
        let error = with_secret_file(&path).expect_err("others can read it");
        assert_eq!(
            error.to_string(),
            format!(
                "the secret in {} can be read by users other than its owner (mode {mode:04o})",
                path.display()
            )
        );
        assert_eq!(hint(&error), Some(format!("chmod 600 {}", path.display())));
    }
}

#[test]
fn what_cannot_be_a_credential_is_refused() {
    let folder = TempDir::new().expect("a folder");
    for (bytes, fault) in [
        ("".as_bytes(), "is empty"),
        (b"\n", "is empty"),
        (b"s3cret\n\n", "has more than one line"),
        (b" s3cret", "begins or ends with a blank"),
        (b"\xff", "is not a text"),
    ] {
        let path = write(&folder, "secret", bytes, 0o600);
        let error = with_secret_file(&path).expect_err(fault);
        assert_eq!(error.to_string(), format!("the secret in {} {fault}", path.display()));
    }
    let error = with_secret_file(&folder.path().join("none")).expect_err("is not there");
    assert_eq!(error.code(), "credential_unreadable");
    assert!(hint(&error).is_some_and(|hint| hint.starts_with("install -m 600 /dev/stdin ")));
}

#[test]
fn nothing_configured_says_where_it_may_be() {
    let error = settings("").credentials(None).expect_err("no secret");
    assert_eq!(
        error.to_string(),
        "no secret is configured: there is neither a systemd credential `autotask-secret` nor \
         `secret-file` in [autotask]"
    );
    assert_eq!(
        hint(&error).as_deref(),
        Some(
            "`lmsyncd setup` asks for it; by hand: systemd-ask-password -n 'Secret:' | install -D -m \
             600 /dev/stdin /etc/lmsyncd/credentials/autotask-secret"
        )
    );
    let systemd = TempDir::new().expect("a folder");
    write(&systemd, "autotask-secret", "s3cret", 0o400);
    let error = settings("").credentials(Some(systemd.path())).expect_err("no integration code");
    assert!(error.to_string().starts_with("no integration code is configured"), "{error}");
}

#[test]
fn credentials_are_compared_and_printed_without_being_shown() {
    let folder = TempDir::new().expect("a folder");
    let path = write(&folder, "secret", "hunter2", 0o600);
    let old = with_secret_file(&path).expect("credentials");
    let same = with_secret_file(&path).expect("credentials");
    write(&folder, "secret", "hunter3", 0o600);
    let new = with_secret_file(&path).expect("credentials");
    assert!(old.same_as(&same));
    assert!(!old.same_as(&new));
    assert_eq!(format!("{old:?}"), "Credentials { username: \"user\", .. }");
    let printed = format!("{:?}", settings("integration-code = \"hunter2\""));
    assert!(!printed.contains("hunter2"), "{printed}");
}
