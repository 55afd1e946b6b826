//! `renewals`: what ends soon, and what ended and is still active.

use super::dates;
use super::error::CtlError;
use super::money::cost;
use super::output::Csv;
use super::screen::{NONE, Screen, Tone, count};
use super::start::Ctl;
use super::table::{Cell, Column, Table, toned};
use crate::varlink::contracts::{Renewal, RenewalList, Renewals};

/// What is asked for if nothing else is said, in days: a quarter is time enough for a notice.
const WITHIN_DAYS: i64 = 90;

/// List agreements that end soon, or have ended and are still active
///
/// By their last day. NOTICE BY is the last day on which notice can be given: the end less the
/// contract's notice_days (`contract set KEY notice_days=30`). What is renewed already names the
/// agreement that renews it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl renewals
  lmsyncctl renewals acme --within 26w
  lmsyncctl renewals --lapsed --csv")]
pub struct Args {
    /// Only those of this client
    pub client: Option<String>,
    /// Those that end within so many days (90d) or weeks (12w) [default: 90d]
    #[arg(long, value_name = "SPAN", value_parser = dates::days, conflicts_with = "lapsed")]
    pub within: Option<i64>,
    /// Those that have ended and are still active, instead
    #[arg(long)]
    pub lapsed: bool,
}

const CSV: Csv = Csv::new(
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
        "renewed_by",
    ],
);

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let answer = ctl.client.call(&Renewals {
        client: args.client,
        within_days: args.within,
        lapsed: args.lapsed.then_some(true),
    })?;
    let within = (!args.lapsed).then_some(args.within.unwrap_or(WITHIN_DAYS));
    ctl.output.list(&answer, CSV, |reply, screen| render(reply, within, screen))?;
    Ok(0)
}

/// The screen; without `within` what has lapsed was asked for.
fn render(reply: &RenewalList, within: Option<i64>, screen: &Screen) -> String {
    if reply.contracts.is_empty() {
        return match within {
            Some(days) => format!("no agreement ends within {}\n", count(days, "day")),
            None => "no agreement has ended and is still active\n".to_owned(),
        };
    }
    let mut rows: Vec<&Renewal> = reply.contracts.iter().collect();
    rows.sort_by(|a, b| a.end_date.cmp(&b.end_date));
    let mut table = Table::new([
        Column::text("END"),
        Column::number("DAYS"),
        Column::text("NOTICE BY"),
        Column::text("KEY"),
        Column::text("NAME").cut(14),
        Column::text("CLIENT").cut(10),
        Column::number("COST").leave_out(3),
        Column::text("CYCLE").leave_out(2),
        Column::text("RENEWS ITSELF").leave_out(1),
        Column::text("RENEWED BY"),
    ]);
    for renewal in rows {
        table.row(row(renewal, screen));
    }
    let mut text = table.render(screen);
    if !screen.quiet {
        let line = footer(reply, within, screen);
        text.push_str(&format!("\n{}\n", screen.paint(Tone::Dim, line)));
    }
    text
}

fn row(renewal: &Renewal, screen: &Screen) -> Vec<Cell> {
    let days = match renewal.days_left {
        left if left < 0 => toned(Tone::Bad, left.to_string()),
        left => left.to_string().into(),
    };
    let notice = match &renewal.notice_date {
        Some(date) if has_passed(date, screen) => toned(Tone::Bad, format!("{date} passed")),
        Some(date) => date.as_str().into(),
        None => toned(Tone::Dim, NONE),
    };
    vec![
        renewal.end_date.as_str().into(),
        days,
        notice,
        renewal.key.as_str().into(),
        renewal.name.as_str().into(),
        format!("{} ({})", renewal.client, renewal.client_id).into(),
        cost(Some(&renewal.billing_cost), Some(&renewal.currency)).into(),
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

/// Whether a date lies before today; dates of this form compare as texts do.
fn has_passed(date: &str, screen: &Screen) -> bool {
    date < screen.today().format("%Y-%m-%d").to_string().as_str()
}

fn footer(reply: &RenewalList, within: Option<i64>, screen: &Screen) -> String {
    let number = |of: &dyn Fn(&Renewal) -> bool| reply.contracts.iter().filter(|c| of(c)).count();
    let agreements = count(reply.contracts.len() as i64, "agreement");
    let verb = |one: &'static str, many| if reply.contracts.len() == 1 { one } else { many };
    let mut text = match within {
        Some(days) => {
            format!("{agreements} {} within {}", verb("ends", "end"), count(days, "day"))
        }
        None => format!("{agreements} ended and {} still active", verb("is", "are")),
    };
    let renewed = number(&|c| c.renewed_by.is_some());
    text.push_str(&format!(", {renewed} renewed already"));
    let passed = |c: &Renewal| {
        c.renewed_by.is_none() && c.notice_date.as_ref().is_some_and(|d| has_passed(d, screen))
    };
    let late = number(&passed);
    if late > 0 {
        text.push_str(&format!(", {late} past the day of notice"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::output::assert_columns;
    use super::super::screen::sample;
    use super::*;

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
            renewed_by: None,
        };
        let mut renewed = renewal("A2", "東京支社 マネージドサービス契約", "2026-12-31", 37, None);
        renewed.renewed_by = Some("A29690000".to_owned());
        RenewalList {
            contracts: vec![
                renewal("A3", "Backup", "2027-01-31", 68, Some("2026-12-31")),
                renewed,
                renewal("A29683353", "Managed Workplace", "2026-12-01", 7, Some("2026-11-01")),
            ],
        }
    }

    #[test]
    fn what_ends_by_its_last_day() {
        insta::assert_snapshot!("80", render(&reply(), Some(90), &sample(80)));
        insta::assert_snapshot!("120", render(&reply(), Some(90), &sample(120)));
    }

    #[test]
    fn what_lapsed_and_nothing_at_all() {
        let mut lapsed = RenewalList { contracts: vec![reply().contracts.remove(2)] };
        lapsed.contracts[0].days_left = -12;
        lapsed.contracts[0].end_date = "2026-11-12".to_owned();
        insta::assert_snapshot!("lapsed", render(&lapsed, None, &sample(120)));
        let none = RenewalList { contracts: Vec::new() };
        assert_eq!(render(&none, Some(90), &sample(80)), "no agreement ends within 90 days\n");
        assert_eq!(
            render(&none, None, &sample(80)),
            "no agreement has ended and is still active\n"
        );
    }

    #[test]
    fn csv_has_every_key() {
        assert_columns(CSV, &reply().contracts[0]);
    }
}
