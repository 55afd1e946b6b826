//! `reconcile`: holds the stored rates and period amounts of a client against a fresh reading.

use rust_decimal::Decimal;

use crate::ctl::app::error::CtlError;
use crate::ctl::app::exit;
use crate::ctl::commands::Ctl;
use crate::ctl::output::screen::{NONE, Screen, Tone, count};
use crate::ctl::output::table::{Column, Table, toned};
use crate::ctl::output::{self, Csv};
use crate::ctl::text::money::{cost, grouped, signed};
use crate::model::text;
use crate::protocol::sync::{Discrepancy, Reconcile, ReconcileReply};

/// Compare the stored rates and period amounts of a client with Autotask
///
/// Reads Autotask now; nothing is imported. The rate is what one whole billing cycle costs, the
/// period amount what Autotask bills for the running period; if the running period is not the
/// stored one, only the rate is compared. Exits with 8 if anything differs or could not be
/// read, so that a script can run it before billing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl reconcile acme
  lmsyncctl reconcile 174 --csv || echo 'do not bill yet'")]
pub struct Args {
    /// The client
    pub client: String,
}

/// The list, for scripts.
pub const CSV: Csv = Csv::new(
    "differences",
    &[
        "key",
        "name",
        "stored",
        "stored_currency",
        "fresh",
        "fresh_currency",
        "difference",
        "stored_period",
        "fresh_period",
        "stored_period_start",
        "stored_period_end",
        "fresh_period_start",
        "fresh_period_end",
    ],
);

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let answer = ctl.client.call(&Reconcile { client: args.client })?;
    ctl.output.list(&answer, CSV, render)?;
    let reply = &answer.reply;
    let unread = reply.unread.as_deref().unwrap_or_default();
    if !unread.is_empty() {
        let program = &ctl.output.screen.address.program;
        output::complain(
            &format!("not everything was compared: {}", unread.join("; ")),
            Some(&format!("`{program} doctor` says what the API user may read")),
        );
    }
    if reply.differences.is_empty() {
        return Ok(exit::of_comparison(unread.len()));
    }
    let number = count(reply.differences.len() as i64, "stored contract");
    let verb = if reply.differences.len() == 1 { "differs" } else { "differ" };
    output::complain(
        &format!("{number} of {} {verb} from Autotask", reply.client.name),
        Some(&format!(
            "`{program} diff {id}` shows what changed, `{program} contract cost {key}` the working",
            program = ctl.output.screen.address.program,
            id = reply.client.id,
            key = reply.differences.first().map_or("KEY", |first| first.key.as_str()),
        )),
    );
    Ok(exit::of_comparison(reply.differences.len()))
}

/// The screen.
fn render(reply: &ReconcileReply, screen: &Screen) -> String {
    let who = text::client(&reply.client.name, reply.client.id);
    let who = screen.paint(Tone::Strong, who);
    let compared = compared(reply);
    if reply.compared == 0 {
        return format!("{who}: nothing is imported, so nothing was compared\n");
    }
    if reply.differences.is_empty() {
        let good = match reply.unread.as_deref().unwrap_or_default() {
            [] => screen.paint(Tone::Good, "all stored rates and period amounts match Autotask"),
            _ => "all rates and period amounts that were compared match Autotask".to_owned(),
        };
        return format!("{who}: {good} ({compared})\n");
    }
    let mut table = Table::new([
        Column::text("KEY"),
        Column::text("NAME").cut(16),
        Column::number("STORED RATE"),
        Column::number("AUTOTASK"),
        Column::number("DIFFERENCE"),
    ])
    .notes_below(1);
    for row in &reply.differences {
        let fresh = cost(row.fresh.as_deref(), row.fresh_currency.as_deref());
        let difference = row.difference.as_deref().map_or_else(|| NONE.to_owned(), signed);
        table.row([
            row.key.as_str().into(),
            row.name.as_str().into(),
            cost(Some(&row.stored), Some(&row.stored_currency)).into(),
            match row.fresh {
                Some(_) => fresh.into(),
                None => toned(Tone::Bad, "missing"),
            },
            toned(Tone::Warning, difference),
        ]);
        if let Some(told) = period(row) {
            table.note(toned(Tone::Warning, told));
        }
    }
    let mut text = format!("{who}, as of {}\n", screen.short(Some(&reply.as_of)));
    text.push_str(&table.render(screen));
    if !screen.quiet {
        let line = format!("{compared}, {} different", reply.differences.len());
        text.push_str(&format!("\n{}\n", screen.paint(Tone::Dim, line)));
    }
    text
}

/// How many were compared, and by what.
fn compared(reply: &ReconcileReply) -> String {
    let compared = count(reply.compared, "contract");
    match reply.rate_only.unwrap_or(0) {
        0 => format!("{compared} compared"),
        only => format!(
            "{compared} compared, {only} by the rate only: the running period is not stored"
        ),
    }
}

/// What the running period bills, where what is stored says otherwise.
fn period(row: &Discrepancy) -> Option<String> {
    row.fresh.as_ref()?;
    let number = |text: &Option<String>| text.as_ref()?.parse::<Decimal>().ok();
    let (stored, fresh) = (number(&row.stored_period), number(&row.fresh_period));
    if stored == fresh || !is_of_one_period(row) {
        return None;
    }
    let told = |amount: &Option<String>| match amount {
        Some(amount) => grouped(amount),
        None => "no current period".to_owned(),
    };
    let more = stored.zip(fresh).and_then(|(stored, fresh)| fresh.checked_sub(stored));
    let more = more.map(|more| format!(" ({})", signed(&grouped(&more.to_string()))));
    Some(format!(
        "period amount stored {}, Autotask {}{}",
        told(&row.stored_period),
        told(&row.fresh_period),
        more.unwrap_or_default()
    ))
}

/// Whether what is stored is of the period that runs; amounts of two periods say nothing.
fn is_of_one_period(row: &Discrepancy) -> bool {
    let [stored, fresh] = [
        (&row.stored_period_start, &row.stored_period_end),
        (&row.fresh_period_start, &row.fresh_period_end),
    ];
    stored == fresh
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::assert_columns;
    use crate::ctl::output::screen::{coloured, sample};
    use crate::protocol::sync::Client;

    fn reply() -> ReconcileReply {
        let row = |key: &str, name: &str, fresh: Option<&str>, more: Option<&str>| Discrepancy {
            key: key.to_owned(),
            name: name.to_owned(),
            stored: "482.60".to_owned(),
            stored_currency: "USD".to_owned(),
            fresh: fresh.map(str::to_owned),
            fresh_currency: fresh.map(|_| if more.is_some() { "USD" } else { "EUR" }.to_owned()),
            difference: more.map(str::to_owned),
            stored_period: Some("482.60".to_owned()),
            fresh_period: more.map(|_| "1149.00".to_owned()),
            ..Discrepancy::default()
        };
        ReconcileReply {
            client: Client { id: 174, name: "Acme Dental".to_owned() },
            as_of: "2026-11-24T13:00:00Z".to_owned(),
            compared: 12,
            rate_only: None,
            unread: None,
            differences: vec![
                row("A29683353", "東京支社 マネージドサービス契約", Some("490.00"), Some("7.40")),
                row(
                    "S55102",
                    "A name that is long enough to be cut on a narrow screen",
                    None,
                    None,
                ),
                row("S55103", "Backup", Some("400.00"), None),
            ],
            progress: None,
        }
    }

    #[test]
    fn differences_on_both_screens() {
        insta::assert_snapshot!("80", render(&reply(), &sample(80)));
        insta::assert_snapshot!("colour", render(&reply(), &coloured()));
        insta::assert_snapshot!("120", render(&reply(), &sample(120)));
        let same = ReconcileReply { differences: Vec::new(), ..reply() };
        insta::assert_snapshot!("empty", render(&same, &sample(80)));
    }

    #[test]
    fn amounts_of_two_periods_are_not_held_against_each_other() {
        let mut july = reply();
        let row = &mut july.differences[0];
        assert!(period(row).is_some());
        row.stored_period_start = Some("2026-06-01".to_owned());
        row.fresh_period_start = Some("2026-07-01".to_owned());
        assert_eq!(period(row), None);
        (july.rate_only, july.differences) = (Some(5), Vec::new());
        let text = render(&july, &sample(120));
        assert!(text.ends_with(
            "12 contracts compared, 5 by the rate only: the running period is not stored)\n"
        ));
    }

    #[test]
    fn csv_has_every_key() {
        assert_columns(CSV, &reply().differences[0]);
    }
}
