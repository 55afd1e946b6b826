//! The manual pages: each is complete, well formed, and holds what the code has.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use lmsyncd::ctl::help::TOPICS;
use lmsyncd::model::{Code, EventName, Field};

#[path = "../../../examples/manual/pages/mod.rs"]
mod pages;

use pages::{Page, all};

fn page(file: &str) -> Page {
    all().into_iter().find(|page| page.file == file).expect("the page is made")
}

/// The text without its markup, as far as a search needs it.
fn plain(page: &Page) -> String {
    let text = page.text.replace("\\fB", "").replace("\\fI", "").replace("\\fR", "");
    text.replace("\\-", "-").replace("\\*(Aq", "'").replace("\\&", "")
}

fn heads(page: &Page) -> Vec<String> {
    let heads = page.text.lines().filter_map(|line| line.strip_prefix(".SH "));
    heads.map(|head| head.trim_matches('"').to_owned()).collect()
}

#[test]
fn every_command_has_a_page() {
    fn walk(command: &clap::Command, name: &str, found: &mut BTreeSet<String>) {
        found.insert(format!("{name}.1"));
        for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
            let others = below.get_visible_aliases();
            found.extend(others.map(|other| format!("{name}-{other}.1")));
            walk(below, &format!("{name}-{}", below.get_name()), found);
        }
    }
    let mut wanted = BTreeSet::from(["lmsyncd.8".to_owned(), "lmsyncd.toml.5".to_owned()]);
    walk(&lmsyncd::ctl::command(), "lmsyncctl", &mut wanted);
    let made: BTreeSet<String> = all().into_iter().map(|page| page.file).collect();
    assert_eq!(made, wanted);
}

#[test]
fn every_page_has_a_date_and_another_name_leads_to_the_page() {
    let (others, pages): (Vec<Page>, Vec<Page>) =
        all().into_iter().partition(|page| page.text.starts_with(".so "));
    for page in pages {
        let head = page.text.lines().find(|line| line.starts_with(".TH ")).expect("a head");
        let date = head.split('"').nth(1).expect("a date");
        assert!(chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").is_ok(), "{head}");
    }
    let [import] = &others[..] else { panic!("{others:?}") };
    assert_eq!(import.file, "lmsyncctl-import.1");
    assert_eq!(import.text, ".so man1/lmsyncctl-sync.1\n");
}

/// The pages that have a text of their own.
fn own() -> Vec<Page> {
    all().into_iter().filter(|page| !page.text.starts_with(".so ")).collect()
}

#[test]
fn every_page_has_its_sections_in_order() {
    for page in own() {
        let heads = heads(&page);
        assert_eq!(heads[..2], ["NAME", "SYNOPSIS"], "{}", page.file);
        assert_eq!(heads[2], "DESCRIPTION", "{}", page.file);
        assert_eq!(heads.last().map(String::as_str), Some("SEE ALSO"), "{}", page.file);
        assert!(heads.contains(&"EXAMPLES".to_owned()), "{}", page.file);
        let each: BTreeSet<&String> = heads.iter().collect();
        assert_eq!(each.len(), heads.len(), "{}: {heads:?}", page.file);
        assert!(page.text.contains("\n.SH NAME\n"), "{}", page.file);
        // Nothing of the markup of the help is left in a page.
        assert!(!page.text.contains('`'), "{}", page.file);
    }
    let daemon = heads(&page("lmsyncd.8"));
    for head in [
        "OPTIONS",
        "COMMANDS",
        "CREDENTIALS",
        "SIGNALS",
        "ENVIRONMENT",
        "FILES",
        "EXIT STATUS",
        "JOURNAL",
    ] {
        assert!(daemon.contains(&head.to_owned()), "{daemon:?}");
    }
    let ctl = heads(&page("lmsyncctl.1"));
    for head in ["COMMANDS", "OPTIONS OF EVERY COMMAND", "EXIT STATUS", "ENVIRONMENT", "FILES"] {
        assert!(ctl.contains(&head.to_owned()), "{ctl:?}");
    }
}

#[test]
fn what_the_code_has_the_pages_have() {
    let ctl = plain(&page("lmsyncctl.1"));
    let named = |text: &str, name: &str| text.lines().any(|line| line == name);
    assert!(Code::ALL.iter().all(|code| named(&ctl, code.name())));
    assert!(Field::ALL.iter().all(|field| named(&ctl, field.name())));
    assert!(EventName::ALL.iter().all(|event| named(&ctl, event.name())));
    for topic in TOPICS.iter().filter(|topic| topic.name != "exit-codes") {
        assert!(ctl.contains(&format!("\n.SH {}\n", topic.name.to_uppercase())), "{}", topic.name);
    }
    let daemon = plain(&page("lmsyncd.8"));
    for event in EventName::ALL {
        let id = lmsyncd::engine::message_id(event);
        assert!(named(&daemon, id), "{}", event.name());
        let documented = include_str!("../../../docs/operating.md").contains(id);
        assert!(documented, "docs/operating.md: {}", event.name());
    }
    assert!(lmsyncd::daemon::EXITS.iter().all(|(status, _)| named(&daemon, &status.to_string())));
    let journal = include_str!("../../../src/engine/events/journal.rs");
    let fields = journal.split("LMSYNC_").skip(1).map(|rest| {
        rest.split(|c: char| !c.is_ascii_uppercase() && c != '_').next().unwrap_or_default()
    });
    for field in fields.filter(|field| !field.is_empty()) {
        assert!(named(&daemon, &format!("LMSYNC_{field}")), "LMSYNC_{field}");
    }
}

#[test]
fn every_key_of_the_configuration_is_in_its_page_with_its_text() {
    let page = plain(&page("lmsyncd.toml.5"));
    for section in lmsyncd::config::reference() {
        assert!(page.contains(&format!("\n.SH \"SECTION [{}]\"\n", section.name)));
        for key in section.keys {
            assert!(page.contains(&format!("\n{} = {}\n", key.name, key.line())), "{}", key.name);
            let words: String = key.text.split_whitespace().take(8).collect::<Vec<_>>().join(" ");
            assert!(page.contains(&words), "{}: {words}", key.name);
        }
    }
}

/// What a checker says of a page that is given to it; none where it is not installed.
fn complaints(checker: &str, args: &[&str], page: &Page) -> Option<String> {
    let mut child = Command::new(checker)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take().expect("piped");
    std::io::Write::write_all(&mut stdin, page.text.as_bytes()).expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("ends");
    let said = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Some(format!("{}{}", said(&output.stdout), said(&output.stderr)))
}

#[test]
fn the_checkers_that_are_there_have_no_complaints() {
    let mut checked = 0;
    for page in own() {
        // -z: no output but warnings; -ww: all of them.
        if let Some(said) = complaints("groff", &["-man", "-Tutf8", "-ww", "-z"], &page) {
            assert_eq!(said, "", "{}", page.file);
            checked += 1;
        }
        if let Some(said) = complaints("mandoc", &["-Tlint", "-Wwarning"], &page) {
            assert_eq!(said, "", "{}", page.file);
            checked += 1;
        }
    }
    if checked == 0 {
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "skipped: neither groff nor mandoc is installed");
    }
}
