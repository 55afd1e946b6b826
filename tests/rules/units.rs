//! The units: the template for several tenants is the plain unit with the names of the instance.

use std::fs;

pub fn unit(name: &str) -> String {
    fs::read_to_string(format!("{}/systemd/{name}", env!("CARGO_MANIFEST_DIR"))).expect("a unit")
}

/// The lines that say something.
fn lines(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn the_template_is_the_service_of_an_instance() {
    let expected = unit("lmsyncd.service")
        .replace("from Autotask PSA\n", "from Autotask PSA, for %i\n")
        .replace("lmsyncd.socket", "lmsyncd@%i.socket")
        .replace("/usr/bin/lmsyncd\n", "/usr/bin/lmsyncd --config /etc/lmsyncd/%i.toml\n")
        .replace("lmsyncctl reload", "lmsyncctl --instance %i reload")
        .replace("/etc/lmsyncd/credentials/", "/etc/lmsyncd/credentials/%i/")
        .replace("StateDirectory=lmsyncd\n", "StateDirectory=lmsyncd/%i\n")
        .replace("RuntimeDirectory=lmsyncd\n", "RuntimeDirectory=lmsyncd/%i\n");
    assert_eq!(lines(&unit("lmsyncd@.service")), lines(&expected));
}

#[test]
fn where_there_is_no_secret_the_daemon_says_so_and_not_systemd() {
    // The word that `config::credentials` takes for none.
    let code =
        fs::read_to_string(format!("{}/src/config/credentials.rs", env!("CARGO_MANIFEST_DIR")));
    assert!(code.expect("a source").contains("PLACEHOLDER: &str = \"(no file)\""));
    for name in ["lmsyncd.service", "lmsyncd@.service"] {
        let text = unit(name);
        assert!(text.contains("\nSetCredential=autotask-secret:(no file)\n"), "{name}");
        assert!(!text.contains("AssertPath"), "{name}");
        // Nor is the secret in a core dump.
        assert!(text.contains("\nLimitCORE=0\n"), "{name}");
        // What takes more memory than it should ends itself, and nothing else.
        assert!(text.contains("\nMemoryMax=50%\n"), "{name}");
        // Each call starts a daemon that cannot start for good, and takes no socket away.
        assert!(text.contains("\nStartLimitIntervalSec=0\n"), "{name}");
    }
}

#[test]
fn the_template_is_the_socket_of_an_instance() {
    let expected = unit("lmsyncd.socket")
        .replace("of lmsyncd\n", "of lmsyncd, for %i\n")
        .replace("/run/lmsyncd/", "/run/lmsyncd/%i/");
    assert_eq!(lines(&unit("lmsyncd@.socket")), lines(&expected));
}
