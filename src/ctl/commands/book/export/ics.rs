//! The export as a calendar (RFC 5545): the last day of each agreement that is active or billed, and
//! the last day on which notice can be given.
//!
//! Everything comes from the data, the time stamps too, so that the same book is the same calendar.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::Everything;
use crate::config::DEFAULT_TENANT;
use crate::ctl::output::sanitize;
use crate::ctl::text::billing::Billing;
use crate::model::BillingState;
use crate::protocol::contracts::{Contract, Exported};

/// How long a line may be, in octets without its end; longer ones are folded.
const LONGEST_LINE: usize = 75;

/// The stamp of an event whose contract does not say when it last changed.
const NEVER_CHANGED: &str = "19700101T000000Z";

/// The whole text.
pub fn render(reply: &Everything) -> String {
    let mut text = String::new();
    for line in [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//lmsyncd//lmsyncctl//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        &format!("X-WR-CALNAME:{}", escape(&name(reply.tenant.as_deref()))),
    ] {
        fold(&mut text, line);
    }
    let domain = domain(reply.store_id.as_deref());
    for exported in &reply.contracts {
        events(&mut text, exported, &domain);
    }
    fold(&mut text, "END:VCALENDAR");
    text
}

/// What the calendar is called; that of the one tenant of a server needs no other name.
fn name(tenant: Option<&str>) -> String {
    match tenant.filter(|tenant| *tenant != DEFAULT_TENANT) {
        Some(tenant) => format!("Contracts {tenant}"),
        None => "Contracts".to_owned(),
    }
}

/// What ends the identifiers of events: keys are unique in a store only, and calendars of several
/// are merged by them.
fn domain(store_id: Option<&str>) -> String {
    match store_id {
        Some(id) => format!("{}.lmsyncd", escape(id)),
        None => "lmsyncd".to_owned(),
    }
}

/// The events of one contract; none for an addition, and for what is gone or does not go on.
fn events(text: &mut String, exported: &Exported, domain: &str) {
    let contract = &exported.contract;
    let counts = contract.parent.is_none() && contract.vanished.is_none() && goes_on(contract);
    let end = contract.end_date.as_deref().and_then(|text| text.parse::<NaiveDate>().ok());
    let (true, Some(end)) = (counts, end) else { return };
    event(text, exported, ("end", domain), end, "ends");
    let days = value(exported, "notice_days").and_then(|days| days.parse().ok());
    let notice = days.and_then(|days| end.checked_sub_days(Days::new(days)));
    if let Some(notice) = notice {
        event(text, exported, ("notice", domain), notice, "last day of notice");
    }
}

/// Whether it is active, or is billed (or will be) whatever its status says. What was made by hand
/// is billed by nobody.
fn goes_on(contract: &Contract) -> bool {
    let state = Billing::from(contract).billing();
    let billed = matches!(state, Some(BillingState::Billed | BillingState::Upcoming));
    contract.status == "active" || (billed && contract.source != "local")
}

fn event(
    text: &mut String,
    exported: &Exported,
    (kind, domain): (&str, &str),
    day: NaiveDate,
    what: &str,
) {
    let contract = &exported.contract;
    let mut line = |line: String| fold(text, &line);
    line("BEGIN:VEVENT".to_owned());
    line(format!("UID:{}-{kind}@{domain}", escape(&contract.key)));
    line(format!("DTSTAMP:{}", stamp(exported)));
    line(format!("DTSTART;VALUE=DATE:{}", day.format("%Y%m%d")));
    if let Some(next) = day.succ_opt() {
        line(format!("DTEND;VALUE=DATE:{}", next.format("%Y%m%d")));
    }
    line(format!(
        "SUMMARY:{}",
        escape(&format!("{}: {} {what}", exported.client.name, contract.name))
    ));
    line(format!("DESCRIPTION:{}", escape(&description(exported))));
    if let Some(link) = contract.link.as_deref().filter(|link| is_plain_link(link)) {
        line(format!("URL:{link}"));
    }
    line("TRANSP:TRANSPARENT".to_owned());
    line("END:VEVENT".to_owned());
}

fn description(exported: &Exported) -> String {
    let contract = &exported.contract;
    let mut lines = vec![
        format!("{} ({})", contract.key, contract.r#type),
        format!("rate {} {}, {}", contract.billing_cost, contract.currency, contract.billing_cycle),
    ];
    let billing = Billing::from(contract);
    lines.extend(billing.doubt(&contract.status));
    lines.extend(billing.findings());
    lines.extend(billing.stands());
    if let Some(end) = &contract.end_date {
        lines.push(format!("ends {end}"));
    }
    if let Some(flag) = value(exported, "auto_renew") {
        lines.push(format!("renews automatically: {flag}"));
    }
    lines.join("\n")
}

fn value<'a>(exported: &'a Exported, field: &str) -> Option<&'a str> {
    exported.fields.iter().find(|view| view.field == field)?.value.as_deref()
}

/// When any of the contract's fields last changed.
fn stamp(exported: &Exported) -> String {
    let changed = exported.fields.iter().filter_map(|view| view.changed.as_deref());
    let last = changed.filter_map(|at| DateTime::parse_from_rfc3339(at).ok()).max();
    match last {
        Some(at) => at.with_timezone(&Utc).format("%Y%m%dT%H%M%SZ").to_string(),
        None => NEVER_CHANGED.to_owned(),
    }
}

/// A text as the value of a property.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in sanitize::lines(text).chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Whether a link can stand as it is: an address is not escaped, so nothing in it may end the line.
fn is_plain_link(link: &str) -> bool {
    let known = link.starts_with("https://") || link.starts_with("http://");
    known && link.chars().all(|c| c.is_ascii_graphic() && c != '"')
}

/// Adds a line, folded where it is too long: never within a letter, and the next line begins with a
/// blank.
fn fold(text: &mut String, line: &str) {
    let mut width = 0;
    for c in line.chars() {
        if width + c.len_utf8() > LONGEST_LINE {
            text.push_str("\r\n ");
            width = 1;
        }
        text.push(c);
        width += c.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    /// The lines as a calendar program reads them.
    fn unfolded(text: &str) -> Vec<String> {
        text.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn ends_and_days_of_notice() {
        let text = render(&sample());
        insta::assert_snapshot!("full", text.replace("\r\n", "\n"));
        let lines = unfolded(&text);
        assert!(lines.contains(&"UID:A29683353-end@4f5a.lmsyncd".to_owned()));
        assert!(lines.contains(&"DTSTART;VALUE=DATE:20261201".to_owned()), "30 days before");
        assert!(lines.contains(&"DTSTAMP:20261120T130000Z".to_owned()));
        assert_eq!(render(&sample()), text, "the same book is the same calendar");
    }

    #[test]
    fn the_same_contract_in_two_stores_is_two_events() {
        let uids = |store_id: Option<&str>| -> Vec<String> {
            let text = render(&Everything { store_id: store_id.map(str::to_owned), ..sample() });
            unfolded(&text).into_iter().filter(|line| line.starts_with("UID:")).collect()
        };
        let (north, south) = (uids(Some("4f5a")), uids(Some("81c2")));
        assert!(north.len() == 2 && north.iter().all(|uid| !south.contains(uid)), "{north:?}");
        assert_eq!(uids(None)[0], "UID:A29683353-end@lmsyncd", "of an earlier daemon");
        let one = render(&Everything { tenant: Some("default".to_owned()), ..sample() });
        assert!(unfolded(&one).contains(&"X-WR-CALNAME:Contracts".to_owned()));
    }

    #[test]
    fn every_line_is_short_and_ends_as_it_must() {
        let mut reply = sample();
        reply.contracts[1].contract.name = "東京支社 マネージドサービス契約, ".repeat(200);
        let text = render(&reply);
        assert!(text.ends_with("END:VCALENDAR\r\n"));
        for line in text.split_terminator("\r\n") {
            assert!(line.len() <= LONGEST_LINE, "{} octets", line.len());
            assert!(!line.contains(['\n', '\r', '\u{1b}']), "{line:?}");
        }
        let name = escape(&reply.contracts[1].contract.name);
        assert!(unfolded(&text).iter().any(|line| line.contains(&name)), "folding loses nothing");
    }

    #[test]
    fn a_text_cannot_become_a_property() {
        assert_eq!(escape("a,b;c\\d\r\nEND:VEVENT\t\u{7}"), "a\\,b\\;c\\\\d\\nEND:VEVENT  ");
        assert!(is_plain_link("https://x/y?a=1&b=2"));
        assert!(!is_plain_link("https://x/\r\nEND:VEVENT"));
        assert!(!is_plain_link("javascript:alert(1)"));
    }

    #[test]
    fn what_is_billed_has_its_events_whatever_its_status_says() {
        let described = |status: &str, billing: &str, remarks: &[&str]| {
            let mut reply = sample();
            let contract = &mut reply.contracts[1].contract;
            (contract.status, contract.billing) = (status.to_owned(), billing.to_owned());
            contract.remarks = remarks.iter().map(|code| (*code).to_owned()).collect();
            unfolded(&render(&reply)).join("\n")
        };
        let inactive = described("inactive", "billed", &["inactive_but_billed"]);
        assert!(inactive.contains("inactive\\, but billed"), "{inactive}");
        let unknown = described("unknown (7)", "upcoming", &[]);
        assert!(unknown.contains("status unknown (7)"), "{unknown}");
    }

    #[test]
    fn what_is_over_gone_or_below_another_has_no_event() {
        let spoils: [fn(&mut Contract); 4] = [
            |contract| {
                contract.status = "inactive".to_owned();
                contract.billing = "ended".to_owned();
            },
            |contract| contract.vanished = Some("2026-11-20T13:00:00Z".to_owned()),
            |contract| contract.parent = Some("A1".to_owned()),
            |contract| contract.end_date = Some("soon".to_owned()),
        ];
        for spoil in spoils {
            let mut reply = sample();
            spoil(&mut reply.contracts[1].contract);
            assert!(!render(&reply).contains("VEVENT"));
        }
        let mut early = sample();
        early.contracts[1].contract.end_date = Some("0001-01-01".to_owned());
        early.contracts[1].fields[4].value = Some("99999999999".to_owned());
        assert_eq!(render(&early).matches("BEGIN:VEVENT").count(), 1, "no day of notice");
    }
}
