//! What the commands about the book do beside asking and telling: exit statuses, files, CSV.

use std::fs;

use serde_json::Value;

use super::{ask, book, command, outcome, refuse, replies};
use crate::support::scripted::{reply, serve};

/// Nothing that a terminal might obey, and lines as they should end.
fn assert_tame(text: &str) {
    let wild = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\r')) || ('\u{202a}'..='\u{202e}').contains(&c)
    };
    assert!(!text.contains(wild), "{text:?}");
}

#[test]
fn a_cost_that_differs_is_an_exit_status() {
    for form in [&[][..], &["--json"], &["--csv"], &["--quiet"]] {
        let args = [&["reconcile", "acme"], form].concat();
        let (outcome, call) = ask(reply(&book::reconciled(Some("482.60"))), &args);
        assert_eq!(call["method"], "org.lmsyncd.Sync.Reconcile");
        assert_eq!(call["parameters"], serde_json::json!({ "client": "acme" }));
        assert_eq!(outcome.status, 8, "{args:?}");
        assert!(
            outcome.stderr.contains("1 stored contract of Acme  [31mDental differs from Autotask")
        );
        assert!(outcome.stderr.contains("hint: `lmsyncctl diff 174`"), "{}", outcome.stderr);
        let (outcome, _) = ask(reply(&book::reconciled(Some("480.00"))), &args);
        assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{args:?}");
    }
    let (outcome, _) = ask(reply(&book::reconciled(Some("482.60"))), &["reconcile", "acme"]);
    assert!(outcome.stdout.contains("480.00 USD  482.60 USD       +2.60"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("12 contracts compared, 1 different"));
    let (outcome, _) = ask(reply(&book::reconciled(None)), &["reconcile", "acme", "--csv"]);
    assert_eq!(
        outcome.stdout,
        "key,name,stored,stored_currency,fresh,fresh_currency,difference,stored_period,fresh_period,\
         stored_period_start,stored_period_end,fresh_period_start,fresh_period_end\n\
         S2,Backup  ,480.00,USD,,,,480.00,,,,,\n"
    );
}

#[test]
fn costs_are_made_comparable_on_the_screen_and_in_csv() {
    let list = |args: &[&str]| ask(reply(&replies::contracts()), args).0;
    let month = list(&["contract", "list", "--normalize", "month"]);
    assert!(month.stdout.contains("PER MONTH"), "{}", month.stdout);
    let year = list(&["contract", "list", "--normalize", "year", "--csv"]);
    let mut lines = year.stdout.lines();
    assert!(lines.next().expect("a header").ends_with(",renews,link,per_year"));
    assert!(lines.next().expect("a row").ends_with(",5791.20"), "{}", year.stdout);
    let outcome = refuse(&["contract", "list", "--normalize", "month", "--json"]);
    assert_eq!(outcome.status, 2);
    assert!(outcome.stderr.contains("use --csv"), "{}", outcome.stderr);
}

#[test]
fn a_history_as_csv_has_a_line_for_each_change() {
    let (outcome, _) = ask(reply(&book::history()), &["contract", "history", "S2", "--csv"]);
    assert_eq!(
        outcome.stdout,
        "sequence,at,actor,run,field,from,to\n\
         3,2020-01-02T03:04:05Z,lmsyncd,1,name,,Backup [2J\n\
         3,2020-01-02T03:04:05Z,lmsyncd,1,billing_cost,480.00,482.60\n\
         9,2020-02-02T03:04:05Z,pat,,notes,,\"a\nb\"\n"
    );
}

#[test]
fn quiet_tells_what_was_not_done() {
    let (outcome, _) = ask(reply(&book::reverted(&[])), &["run", "revert", "12", "-q", "--yes"]);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (0, ""));
    let (outcome, _) =
        ask(reply(&book::reverted(&["S3"])), &["run", "revert", "12", "-q", "--yes"]);
    assert!(outcome.stdout.contains("left alone"), "{}", outcome.stdout);
    for args in [&["ignore", "S2", "-q"][..], &["contract", "unlink", "S2", "-q"]] {
        let canned = if args[0] == "ignore" { book::ignored(true) } else { replies::edited() };
        assert_eq!(ask(reply(&canned), args).0.stdout, "", "{args:?}");
    }
}

#[test]
fn an_export_is_text_on_standard_output_or_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    for form in ["json", "csv", "ics"] {
        let (shown, _) = ask(reply(&book::exported()), &["export", form]);
        assert_eq!((shown.status, shown.stderr.as_str()), (0, ""), "{form}");
        assert_tame(&shown.stdout);
        let path = folder.path().join(form);
        let file = path.to_str().expect("a name");
        let (kept, call) = ask(reply(&book::exported()), &["export", form, "acme", "-o", file]);
        assert_eq!((kept.status, kept.stdout.as_str()), (0, ""), "{form} {}", kept.stderr);
        assert_eq!(call["parameters"]["client"], "acme");
        assert_eq!(fs::read_to_string(&path).expect("is there"), shown.stdout, "{form}");
        let (dash, _) = ask(reply(&book::exported()), &["export", form, "-o", "-"]);
        assert_eq!(dash.stdout, shown.stdout, "{form}");
    }
    let json = fs::read_to_string(folder.path().join("json")).expect("is there");
    assert_eq!(serde_json::from_str::<Value>(&json).expect("JSON"), book::exported());
    assert!(json.lines().count() > 20, "indented, so that a diff shows what changed");
    let csv = fs::read_to_string(folder.path().join("csv")).expect("is there");
    assert!(
        csv.lines().next().expect("a header").ends_with(",auto_renew,udf.site,tenant,store_id"),
        "{csv}"
    );
    assert!(csv.contains("\"one\ntwo"), "{csv}");
    let ics = fs::read_to_string(folder.path().join("ics")).expect("is there");
    assert!(
        ics.contains("UID:A1-notice@lmsyncd\r\n") && ics.contains("DTSTART;VALUE=DATE:20261201")
    );
}

#[test]
fn an_export_that_cannot_be_written_says_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("nowhere/out.json");
    let file = path.to_str().expect("a name");
    let (outcome, _) = ask(reply(&book::exported()), &["export", "json", "-o", file]);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (1, ""));
    assert!(outcome.stderr.contains("nowhere/out.json"), "{}", outcome.stderr);
}

#[test]
fn a_tree_shows_the_week() {
    let folder = tempfile::tempdir().expect("a folder");
    let tree = |answer: &Value| {
        let server = serve(vec![reply(answer)]);
        outcome(command(&server).args(["export", "tree"]).arg(folder.path()))
    };
    let first = tree(&book::exported());
    assert_eq!((first.status, first.stderr.as_str()), (0, ""));
    assert!(first.stdout.contains("2 contracts in /"), "{}", first.stdout);
    assert!(first.stdout.ends_with(": 2 new, 0 changed, 0 removed\n"), "{}", first.stdout);
    let file = folder.path().join("174 Acme  [31mDental/A1.txt");
    let text = fs::read_to_string(&file).expect("is there");
    assert!(text.contains("\nnotes: one\n    two  ]0;x  1m\n"), "{text}");
    assert_tame(&text);
    let mut later = book::exported();
    later["contracts"].as_array_mut().expect("a list").remove(0);
    later["contracts"][0]["contract"]["billing_cost"] = "490.00".into();
    let second = tree(&later);
    assert!(second.stdout.ends_with(": 0 new, 1 changed, 1 removed\n"), "{}", second.stdout);
    assert!(!file.exists());
    fs::write(&file, "my own notes\n").expect("writes");
    let third = tree(&book::exported());
    assert_eq!((third.status, third.stdout.as_str()), (2, ""));
    assert!(
        third.stderr.contains("A1.txt exists and was not written by an export"),
        "{}",
        third.stderr
    );
}

#[test]
fn forms_of_export_are_not_mixed() {
    for form in [&["csv"][..], &["ics"], &["tree", "/nowhere"]] {
        // What `tree` says of the files that it wrote is not the export itself.
        if form[0] != "tree" {
            let outcome = refuse(&[&["export"], form, &["--json"]].concat());
            assert_eq!(outcome.status, 2, "{form:?}");
            assert!(outcome.stderr.contains("`lmsyncctl export json`"), "{}", outcome.stderr);
        }
        let outcome = refuse(&[&["export"], form, &["--csv"]].concat());
        assert_eq!(outcome.status, 2, "{form:?}");
        assert!(outcome.stderr.contains("hint: `lmsyncctl export csv`"), "{}", outcome.stderr);
    }
}

#[test]
fn usage_errors_about_the_book_say_what_would_be_right() {
    for (args, says) in [
        (&["ignore", "S2", "--until", "2026-02-30"][..], "no such day in the calendar"),
        (&["ignore", "S2", "--until", "friday"], "such as 2026-12-31"),
        (&["ignore", "55"], "`55` is not an item key"),
        (&["explain", "acme"], "`acme` is not an item key"),
        (&["contract", "list", "--as-of", "June"], "such as 2026-06-30"),
        (&["contract", "show", "S2", "--as-of", "2026-06-31"], "no such day in the calendar"),
        (&["contract", "list", "--normalize", "week"], "possible values: month, year"),
        (&["contract", "adopt", "A7", "L12"], "hint: `lmsyncctl contract adopt L12 A7`"),
        (&["contract", "adopt", "L12", "L13"], "contract adopt L12 A29683353"),
        (&["contract", "add", "acme", "X", "ntoes=x"], "hint: did you mean `notes`?"),
        (&["contract", "add", "acme", "X", "end_date=31.12.2026"], "such as 2026-12-31"),
        (&["contract", "add", "acme", "X", "billing_cycle=weekly"], "one of monthly, quarterly"),
        (&["contract", "add", "acme"], "required"),
        (&["contract", "set", "S2", "notice_days=soon"], "a whole number of days"),
        (&["renewals", "--within", "soon"], "write a number and its unit, such as 90d"),
        (&["renewals", "--within", "90"], "a duration needs a unit, such as 90d"),
        (&["renewals", "--within", "3m"], "must be whole days, such as 90d"),
        (&["renewals", "--within", "90d", "--lapsed"], "cannot be used with"),
        (&["run", "revert", "0", "--yes"], "`0` is not the number of a run"),
        (&["quarantine"], "Usage"),
        (&["export", "xml"], "unrecognized subcommand"),
        (&["export", "tree"], "required"),
        (&["history", "prune", "now"], "unexpected argument"),
    ] {
        let outcome = refuse(args);
        assert_eq!(outcome.status, 2, "{args:?}");
        assert!(outcome.stderr.contains(says), "{args:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_source_owned_field_is_for_the_daemon_to_refuse() {
    let refused = super::error(
        "org.lmsyncd.Contracts.FieldNotEditable",
        serde_json::json!({ "message": "Autotask owns it", "hint": null }),
    );
    let (outcome, _) = ask(refused, &["contract", "set", "S2", "billing_cost=much"]);
    assert_eq!(outcome.status, 6, "not a usage error: {}", outcome.stderr);
}
