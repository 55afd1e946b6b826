//! `renewals`: what ends soon, and what ended and is still active.

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::{Ctl, normalize};
use crate::ctl::output::Csv;
use crate::ctl::output::screen::{BETWEEN, NONE, Screen, Tone, count};
use crate::ctl::output::table::{Cell, Column, Table, toned};
use crate::ctl::text::billing::{self, Billing};
use crate::ctl::text::dates;
use crate::ctl::text::money::{Span, cost};
use crate::ctl::text::sums::Totals;
use crate::model::BillingState;
use crate::model::text;
use crate::protocol::contracts::{Renewal, RenewalList, Renewals};

/// What is asked for if nothing else is said, in days: a quarter is time enough for a notice.
const WITHIN_DAYS: i64 = 90;

/// List agreements that end soon, or have ended and are still active
///
/// Sorted by last day. Agreements that are billed are listed whatever their status. NOTICE BY is
/// the last day on which notice can be given: the end minus the contract's notice_days (`contract
/// set KEY notice_days=30`). RENEWED BY names the agreement that renews one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl renewals
  lmsyncctl renewals acme --within 26w
  lmsyncctl renewals --normalize year
  lmsyncctl renewals --lapsed --csv")]
pub struct Args {
    /// Only this client
    pub client: Option<String>,
    /// List agreements that end within this time, such as 90d or 12w [default: 90d]
    #[arg(long, value_name = "DURATION", value_parser = dates::days, allow_hyphen_values = true, conflicts_with = "lapsed")]
    pub within: Option<i64>,
    /// List agreements that have ended and are still active instead
    #[arg(long)]
    pub lapsed: bool,
    /// Show rates per month or per year, of what is billed
    #[arg(long, value_name = "month|year", hide_possible_values = true)]
    pub normalize: Option<Span>,
}

/// The list, for scripts.
pub const CSV: Csv = Csv::new(
    "contracts",
    &[
        "key",
        "client_id",
        "client",
        "name",
        "status",
        "end_date",
        "days_left",
        "notice_date",
        "auto_renew",
        "billing_cost",
        "currency",
        "billing_cycle",
        "billing",
        "billing_since",
        "remarks",
        "renewed_by",
    ],
);

/// What was asked for, which the reply does not repeat.
#[derive(Debug, Clone, Copy)]
struct View {
    /// Within how many days; none for what has lapsed.
    within: Option<i64>,
    /// What rates are made.
    normalize: Option<Span>,
}

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    normalize::refuse_json(ctl, args.normalize)?;
    let answer = ctl.client.call(&Renewals {
        client: args.client,
        within_days: args.within,
        lapsed: args.lapsed.then_some(true),
    })?;
    let within = (!args.lapsed).then_some(args.within.unwrap_or(WITHIN_DAYS));
    let view = View { within, normalize: args.normalize };
    match args.normalize.filter(|_| ctl.output.format.is_rows()) {
        Some(span) => {
            let amounts = answer.reply.contracts.iter().map(|renewal| amount(renewal, span));
            normalize::print_rows(ctl, answer.raw, CSV, span, amounts)?;
        }
        None => ctl.output.list(&answer, CSV, |reply, screen| render(reply, view, screen))?,
    }
    Ok(0)
}

/// The rate in the span; none for what is not billed now, as in the sum.
fn amount(renewal: &Renewal, span: Span) -> Option<String> {
    let billing = Billing::from(renewal).billing();
    if matches!(billing, Some(BillingState::Upcoming | BillingState::Ended)) {
        return None;
    }
    span.amount(&renewal.billing_cost, &renewal.currency, &renewal.billing_cycle)
}

/// The screen.
fn render(reply: &RenewalList, view: View, screen: &Screen) -> String {
    if reply.contracts.is_empty() {
        return match view.within {
            Some(days) => format!("no agreement ends within {days}d\n"),
            None => "no agreement has ended and is still active\n".to_owned(),
        };
    }
    // The daemon's day is the MSP's; a daemon that does not tell it yet is asked no further.
    let here = || screen.today().format("%Y-%m-%d").to_string();
    let today = reply.today.clone().unwrap_or_else(here);
    let mut rows: Vec<&Renewal> = reply.contracts.iter().collect();
    rows.sort_by(|a, b| a.end_date.cmp(&b.end_date));
    let mut table = Table::new([
        Column::text("END"),
        Column::number("DAYS"),
        Column::text("NOTICE BY").leave_out_last(3),
        Column::text("KEY"),
        Column::text("NAME").cut(14),
        Column::text("CLIENT").cut(10).leave_out_last(2),
        Column::number(normalize::heading(view.normalize)).leave_out(3),
        Column::text("CYCLE").leave_out(2),
        Column::text("AUTO-RENEW").leave_out(1),
        Column::text("RENEWED BY").leave_out_last(1),
    ])
    .notes_below(3);
    for renewal in rows {
        table.row(row(renewal, view, &today));
        let billing = Billing::from(renewal);
        if let Some(doubt) = billing.doubt(&renewal.status) {
            table.note(toned(Tone::Warning, doubt));
        }
        for note in billing.notes(None) {
            table.note(note);
        }
    }
    let mut text = table.render(screen);
    if !screen.quiet {
        text.push('\n');
        text.push_str(&screen.wrapped(footer(reply, view, &today), BETWEEN));
        let totals = totals(reply);
        if let Some(left_out) = totals.left_out(view.normalize.unwrap_or(Span::Month)) {
            text.push_str(&screen.sentence(Tone::Dim, &format!("left out: {left_out}")));
        }
        text.push_str(&billing::findings(reply.contracts.iter().map(Billing::from), screen));
    }
    text
}

/// What those are billed for that are billed.
fn totals(reply: &RenewalList) -> Totals {
    let mut totals = Totals::default();
    for renewal in &reply.contracts {
        totals.add(&Billing::from(renewal));
    }
    totals
}

fn row(renewal: &Renewal, view: View, today: &str) -> Vec<Cell> {
    let price = |amount: &str| cost(Some(amount), Some(&renewal.currency));
    let price = match view.normalize {
        None => price(&renewal.billing_cost).into(),
        Some(span) => amount(renewal, span)
            .map_or_else(|| toned(Tone::Dim, NONE), |amount| price(&amount).into()),
    };
    let days = match renewal.days_left {
        left if left < 0 => toned(Tone::Bad, left.to_string()),
        left => left.to_string().into(),
    };
    let notice = match &renewal.notice_date {
        // Dates of this form compare as texts do.
        Some(date) if date.as_str() < today => toned(Tone::Bad, format!("{date} passed")),
        Some(date) => date.as_str().into(),
        None => toned(Tone::Dim, NONE),
    };
    vec![
        renewal.end_date.as_str().into(),
        days,
        notice,
        renewal.key.as_str().into(),
        renewal.name.as_str().into(),
        text::client(&renewal.client, renewal.client_id).into(),
        price,
        renewal.billing_cycle.as_str().into(),
        match renewal.auto_renew {
            Some(true) => "yes",
            Some(false) => "no",
            None => NONE,
        }
        .into(),
        match &renewal.renewed_by {
            Some(key) => toned(Tone::Good, key.as_str()),
            None => toned(Tone::Dim, NONE),
        },
    ]
}

fn footer(reply: &RenewalList, view: View, today: &str) -> Vec<String> {
    let number = |of: &dyn Fn(&Renewal) -> bool| reply.contracts.iter().filter(|c| of(c)).count();
    let agreements = count(reply.contracts.len() as i64, "agreement");
    let verb = |one: &'static str, many| if reply.contracts.len() == 1 { one } else { many };
    let mut text = match view.within {
        Some(days) => {
            format!("{agreements} {} within {days}d", verb("ends", "end"))
        }
        None => format!("{agreements} ended and {} still active", verb("is", "are")),
    };
    let renewed = number(&|c| c.renewed_by.is_some());
    match renewed {
        0 => text.push_str(", none renewed"),
        _ => text.push_str(&format!(", {renewed} renewed already")),
    }
    let passed = |c: &Renewal| {
        c.renewed_by.is_none() && c.notice_date.as_ref().is_some_and(|date| date.as_str() < today)
    };
    let late = number(&passed);
    if late > 0 {
        let whose = if late == 1 { "its notice date" } else { "their notice dates" };
        text.push_str(&format!(", {late} past {whose}"));
    }
    let totals = totals(reply);
    let mut parts = vec![text];
    let span = view.normalize.unwrap_or(Span::Month);
    if let Some(sums) = totals.text(span) {
        parts.push(format!("billed: {sums} per {}", span.name()));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::assert_columns;
    use crate::ctl::output::screen::{coloured, sample};

    fn reply() -> RenewalList {
        let renewal = |key: &str, name: &str, end: &str, left, notice: Option<&str>| Renewal {
            key: key.to_owned(),
            client_id: 174,
            client: "Acme Dental".to_owned(),
            name: name.to_owned(),
            status: "active".to_owned(),
            end_date: end.to_owned(),
            days_left: left,
            notice_date: notice.map(str::to_owned),
            auto_renew: notice.map(|_| true),
            billing_cost: "482.60".to_owned(),
            currency: "USD".to_owned(),
            billing_cycle: "monthly".to_owned(),
            billing: "billed".to_owned(),
            ..Renewal::default()
        };
        let mut renewed = renewal("A2", "東京支社 マネージドサービス契約", "2026-12-31", 37, None);
        renewed.renewed_by = Some("A29690000".to_owned());
        RenewalList {
            today: None,
            contracts: vec![
                renewal("A3", "Backup", "2027-01-31", 68, Some("2026-12-31")),
                renewed,
                renewal("A29683353", "Managed Workplace", "2026-12-01", 7, Some("2026-11-01")),
            ],
        }
    }

    fn within(within: Option<i64>) -> View {
        View { within, normalize: None }
    }

    #[test]
    fn costs_are_made_comparable_and_what_is_not_billed_by_time_is_left_out() {
        let mut list = reply();
        list.contracts[0].billing_cycle = "quarterly".to_owned();
        list.contracts[1].billing_cycle = "one-time".to_owned();
        let view = View { within: Some(90), normalize: Some(Span::Year) };
        let text = render(&list, view, &sample(160));
        let sum = "left out: 1 one-time (482.60 USD)";
        for word in ["PER YEAR", "1,930.40 USD", "5,791.20 USD", sum] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }

    #[test]
    fn what_ends_by_its_last_day() {
        insta::assert_snapshot!("80", render(&reply(), within(Some(90)), &sample(80)));
        insta::assert_snapshot!("colour", render(&reply(), within(Some(90)), &coloured()));
        insta::assert_snapshot!("120", render(&reply(), within(Some(90)), &sample(120)));
    }

    #[test]
    fn notice_has_passed_by_the_day_of_the_daemon() {
        let past = |today: &str| {
            let list = RenewalList { today: Some(today.to_owned()), ..reply() };
            render(&list, within(Some(90)), &sample(160)).matches(" passed").count()
        };
        assert_eq!([past("2026-11-01"), past("2026-11-02"), past("2027-01-01")], [0, 1, 2]);
    }

    #[test]
    fn what_is_not_billed_now_is_in_no_sum_and_says_so() {
        let mut list = reply();
        list.contracts[0].billing = "upcoming".to_owned();
        list.contracts[1].billing = "ended".to_owned();
        list.contracts[1].remarks = vec!["ended_but_active".to_owned()];
        insta::assert_snapshot!("billing", render(&list, within(Some(90)), &sample(80)));
    }

    #[test]
    fn what_is_billed_though_it_is_not_active_says_so() {
        let mut list = reply();
        list.contracts[0].status = "inactive".to_owned();
        list.contracts[0].remarks = vec!["inactive_but_billed".to_owned()];
        list.contracts[1].status = "unknown (7)".to_owned();
        let text = render(&list, within(Some(90)), &sample(120));
        for words in ["inactive, but billed 482.60 USD per month", "status unknown (7)"] {
            assert_eq!(text.matches(words).count(), 1, "{words}: {text}");
        }
        assert!(!text.contains("status inactive"), "{text}");
        assert!(text.contains("billed: 1,447.80 USD per month"), "{text}");
    }

    #[test]
    fn what_lapsed_and_nothing_at_all() {
        let mut lapsed = RenewalList { today: None, contracts: vec![reply().contracts.remove(2)] };
        lapsed.contracts[0].days_left = -12;
        lapsed.contracts[0].end_date = "2026-11-12".to_owned();
        insta::assert_snapshot!("lapsed", render(&lapsed, within(None), &sample(120)));
        let none = RenewalList { today: None, contracts: Vec::new() };
        assert_eq!(render(&none, within(Some(90)), &sample(80)), "no agreement ends within 90d\n");
        assert_eq!(
            render(&none, within(None), &sample(80)),
            "no agreement has ended and is still active\n"
        );
    }

    #[test]
    fn csv_has_every_key() {
        assert_columns(CSV, &reply().contracts[0]);
    }
}
