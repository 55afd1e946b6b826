//! Snapshots of the timeline.

use super::*;
use crate::ctl::output::assert_columns;
use crate::ctl::output::screen::sample;

fn term(key: &str, name: &str, start: Option<&str>, end: Option<&str>) -> Term {
    Term {
        key: key.to_owned(),
        client_id: 174,
        client: "Acme Dental".to_owned(),
        name: name.to_owned(),
        status: "active".to_owned(),
        start_date: start.map(str::to_owned),
        end_date: end.map(str::to_owned),
        billing_cost: "482.60".to_owned(),
        currency: "USD".to_owned(),
        billing_cycle: "monthly".to_owned(),
        billing: "billed".to_owned(),
        ..Term::default()
    }
}

fn reply() -> TimelineReply {
    let mut noticed =
        term("A29683353", "Managed Workplace", Some("2026-01-01"), Some("2026-12-31"));
    noticed.notice_date = Some("2026-11-30".to_owned());
    let mut old = term("A29680000", "Managed Workplace 2025", None, Some("2026-09-30"));
    (old.status, old.currency) = ("inactive".to_owned(), "EUR".to_owned());
    old.remarks = vec!["inactive_but_billed".to_owned()];
    let mut lapsed = term("A7", "Firewall", Some("2025-11-01"), Some("2026-10-31"));
    (lapsed.billing, lapsed.remarks) = ("ended".to_owned(), vec!["ended_but_active".to_owned()]);
    let mut renewed = term("A8", "Backup", Some("2025-12-15"), Some("2026-12-14"));
    renewed.renewed_by = Some("A9".to_owned());
    let mut next = term("A9", "Backup, the next year", Some("2026-12-15"), Some("2027-12-14"));
    (next.renews, next.billing) = (Some("A8".to_owned()), "upcoming".to_owned());
    next.billing_since = Some("2026-12-15".to_owned());
    let mut wide = term("A29683360", "東京支社 マネージドサービス契約", Some("2026-11-24"), None);
    (wide.client_id, wide.client) = (175, "株式会社日本 👩‍💻".to_owned());
    (wide.currency, wide.billing_cost) = ("JPY".to_owned(), "120000".to_owned());
    TimelineReply {
        from: "2026-08-01".to_owned(),
        to: "2027-10-31".to_owned(),
        today: "2026-11-24".to_owned(),
        terms: vec![old, lapsed, renewed, noticed, next, wide],
    }
}

#[test]
fn bars_on_both_screens() {
    insta::assert_snapshot!("80", render(&reply(), &sample(80)));
    insta::assert_snapshot!("120", render(&reply(), &sample(120)));
    insta::assert_snapshot!("40", render(&reply(), &sample(40)));
}

#[test]
fn in_ascii_and_in_colour() {
    let plain = Screen { unicode: false, ..sample(80) };
    let text = render(&TimelineReply { terms: reply().terms[..5].to_vec(), ..reply() }, &plain);
    let drawn = text.lines().filter(|line| line.starts_with('A') && !line.contains('('));
    assert!(drawn.clone().count() >= 5 && drawn.clone().all(|line| line.is_ascii()), "{text}");
    insta::assert_snapshot!("ascii", text);
    let coloured = Screen { colour: true, ..sample(80) };
    insta::assert_snapshot!("colour", render(&reply(), &coloured));
}

#[test]
fn no_line_is_wider_than_the_screen() {
    for width in [60, 80, 81, 100, 120, 200] {
        let text = render(&reply(), &Screen { quiet: true, ..sample(width) });
        for line in text.lines() {
            assert!(line.width() <= usize::from(width), "{width}: {line}");
        }
    }
}

#[test]
fn in_a_pipe_nothing_is_cut() {
    let pipe = Screen { width: None, ..sample(80) };
    assert!(render(&reply(), &pipe).contains("東京支社 マネージドサービス契約"));
}

#[test]
fn spans_of_every_length_have_an_axis() {
    let axis = |from: &str, to: &str, cells| {
        let day = |text: &str| text.parse().expect("a date");
        Scale { from: day(from), to: day(to), cells }.axis().map(|line| line.trim_end().to_owned())
    };
    assert_eq!(
        axis("2026-11-01", "2027-02-28", 24),
        ["2026        2027", "Nov   Dec   Jan   Feb"].map(str::to_owned)
    );
    assert_eq!(
        axis("2026-01-01", "2030-12-31", 30),
        ["2026 2027  2028   2029  2030".to_owned(), String::new()]
    );
    assert_eq!(axis("2026-11-24", "2026-11-24", 8), ["2026", "Nov"].map(str::to_owned));
}

#[test]
fn nothing_in_the_span() {
    let none = TimelineReply { terms: Vec::new(), ..reply() };
    assert_eq!(
        render(&none, &sample(80)),
        "no agreement has a day from 2026-08-01 to 2027-10-31\n"
    );
}

#[test]
fn csv_has_every_key() {
    assert_columns(CSV, &reply().terms[0]);
}

#[test]
fn no_month_between_two_others_is_without_its_label() {
    let names =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let first = |year, month| NaiveDate::from_ymd_opt(year, month, 1).expect("a day");
    for start in 1..=12 {
        for cells in NARROW..120 {
            let (from, to) = (first(2026, start), first(2027, start));
            let scale = Scale { from, to: to.pred_opt().expect("a day"), cells };
            let [_, months] = scale.axis();
            let labels: Vec<usize> = months
                .split_whitespace()
                .map(|name| names.iter().position(|known| *known == name).expect("a month"))
                .collect();
            let steps = labels.windows(2).map(|two| (two[1] + 12 - two[0]) % 12);
            // The first label may stand nearer to the next, where the span begins between two.
            let steps: Vec<usize> = steps.skip(1).collect();
            assert!(steps.windows(2).all(|two| two[0] == two[1]), "{start} {cells}: {months}");
        }
    }
}
