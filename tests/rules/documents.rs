//! The documents: what they say of the units is complete, their links lead somewhere, and what they
//! and the comments name is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::prose::{files_below, root};
use super::units::unit;

#[test]
fn the_documents_list_each_entry_of_the_catalogue() {
    let operating = document("docs/operating.md");
    for id in unit("lmsyncd.catalog").lines().filter_map(|line| line.strip_prefix("-- ")) {
        assert!(operating.contains(&format!("| `{id}` |")), "{id}");
    }
}

#[test]
fn the_synopsis_of_the_package_is_whole() {
    let cargo = document("Cargo.toml");
    let line = cargo.lines().find_map(|line| line.strip_prefix("description = \""));
    let synopsis = line.and_then(|line| line.strip_suffix('"')).expect("a description");
    // cargo-deb ends a synopsis where a sentence or its first part ends, and Debian cuts a long one.
    assert!(!synopsis.contains([',', '.', ';', ':']), "{synopsis}");
    assert!(synopsis.len() <= 80, "{} letters: {synopsis}", synopsis.len());
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

/// A section of the Autotask facts that a comment cites is there.
#[test]
fn every_section_of_the_autotask_facts_that_is_cited_is_there() {
    let facts = document("docs/autotask-facts.md");
    let mut heading = "";
    let mut sections = BTreeSet::new();
    for line in facts.lines() {
        let number = |text: &str| text.split(' ').next().unwrap_or_default().to_owned();
        if let Some(text) = line.trim_start_matches('#').strip_prefix(' ')
            && line.starts_with('#')
        {
            heading = text.split('.').next().unwrap_or_default();
            sections.insert(number(text).trim_end_matches('.').to_owned());
        } else if let Some((item, _)) = line.split_once(". ") {
            sections.insert(format!("{heading}.{item}"));
        }
    }
    let mut cited = 0;
    for path in files_below(&root().join("src"), "rs") {
        let text = fs::read_to_string(&path).expect("a readable file");
        let lines = text.lines().map(|line| line.trim_start().trim_start_matches(['/', '!', ' ']));
        let text = lines.collect::<Vec<_>>().join(" ");
        let is_numbered = |text: &&str| text.starts_with(|c: char| c.is_ascii_digit());
        for citation in text.split("section ").skip(1).filter(is_numbered) {
            let end = citation.find(|c: char| !c.is_ascii_digit() && c != '.');
            let section = citation[..end.unwrap_or(citation.len())].trim_end_matches('.');
            assert!(sections.contains(section), "{} cites {section}", path.display());
            cited += 1;
        }
    }
    assert!(cited > 40, "the citations were found: {cited}");
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
