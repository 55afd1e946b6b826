//! The units: the template for several tenants is the plain unit with the names of the instance. And
//! the documents: what they say of the units is complete, and their links lead somewhere.

use std::fs;
use std::path::Path;

fn unit(name: &str) -> String {
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
fn the_template_is_the_socket_of_an_instance() {
    let expected = unit("lmsyncd.socket")
        .replace("of lmsyncd\n", "of lmsyncd, for %i\n")
        .replace("/run/lmsyncd/", "/run/lmsyncd/%i/");
    assert_eq!(lines(&unit("lmsyncd@.socket")), lines(&expected));
}

#[test]
fn the_documents_list_each_entry_of_the_catalogue() {
    let operating = document("docs/operating.md");
    for id in unit("lmsyncd.catalog").lines().filter_map(|line| line.strip_prefix("-- ")) {
        assert!(operating.contains(&format!("| `{id}` |")), "{id}");
    }
}

/// A document, by its path from the root of the repository.
fn document(path: &str) -> String {
    let whole = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(whole).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every document, by its path.
fn documents() -> Vec<String> {
    let pages = ["docs", "docs/topics"].into_iter().flat_map(|folder| {
        let files = fs::read_dir(format!("{}/{folder}", env!("CARGO_MANIFEST_DIR")));
        let files = files.expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let names = files.map(|name| name.to_string_lossy().into_owned());
        let pages = names.filter(|name| name.ends_with(".md"));
        pages.map(|name| format!("{folder}/{name}")).collect::<Vec<_>>()
    });
    pages.chain(["README.md", "SECURITY.md"].map(str::to_owned)).collect()
}

/// The targets of a document's links, without those of the web.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.starts_with("http")).collect()
}

/// What a link to a heading says behind its `#`.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let plain = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = plain.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let mut followed = 0;
    for path in documents() {
        let text = document(&path);
        for link in links(&text) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file.strip_prefix("../") {
                _ if file.is_empty() => path.clone(),
                Some(above) => above.to_owned(),
                None if path.starts_with("docs/") => format!("docs/{file}"),
                None => file.to_owned(),
            };
            let there = document(&target);
            let found = anchor.is_empty() || anchors(&there).iter().any(|known| known == anchor);
            assert!(found, "{path} leads to {link}, and there is no such heading");
            followed += 1;
        }
    }
    assert!(followed > 20, "the links were found");
}

/// A file that a document names from the root on is there.
#[test]
fn every_file_that_the_documents_name_is_there() {
    let mut found = 0;
    for path in documents() {
        for word in document(&path).split('`').skip(1).step_by(2) {
            let is_path =
                |start: &&str| word.starts_with(*start) && !word.contains(['<', '*', ' ', '…']);
            if ["src/", "tests/", "systemd/", "packaging/"].iter().any(is_path) {
                let there = Path::new(env!("CARGO_MANIFEST_DIR")).join(word);
                assert!(there.exists(), "{path} names {word}, which is not there");
                found += 1;
            }
        }
    }
    assert!(found > 40, "the files were found: {found}");
}
