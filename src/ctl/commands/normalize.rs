//! `--normalize` on lists: rates of different cycles, made comparable.

use serde_json::Value;

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::list::Rows;
use crate::ctl::output::{Csv, Format};
use crate::ctl::text::money::Span;

/// Refuses `--normalize` together with `--json`, which is the daemon's answer as it is.
pub fn refuse_json(ctl: &Ctl, normalize: Option<Span>) -> Result<(), CtlError> {
    if normalize.is_some() && ctl.output.format == Format::Json {
        return Err(CtlError::usage(
            "--json prints the daemon's answer unchanged, so --normalize does not apply",
            "use --csv or --plain, which get an extra column, or leave --normalize out",
        ));
    }
    Ok(())
}

/// The heading of the column of rates.
pub fn heading(normalize: Option<Span>) -> &'static str {
    match normalize {
        None => "RATE",
        Some(Span::Month) => "PER MONTH",
        Some(Span::Year) => "PER YEAR",
    }
}

/// The name of the column that a list gets in its forms for scripts.
fn column(span: Span) -> &'static str {
    match span {
        Span::Month => "per_month",
        Span::Year => "per_year",
    }
}

/// The columns of a list with the one for rates that are made comparable, if they are.
pub fn columns(csv: Csv, normalize: Option<Span>) -> Vec<&'static str> {
    csv.columns.iter().copied().chain(normalize.map(column)).collect()
}

/// Prints the rows of a list with one more column: what each row comes to in the span.
pub fn print_rows(
    ctl: &Ctl,
    mut raw: Value,
    csv: Csv,
    span: Span,
    amounts: impl IntoIterator<Item = Option<String>>,
) -> Result<(), CtlError> {
    let rows = raw.get_mut(csv.list).and_then(Value::as_array_mut);
    for (row, amount) in rows.into_iter().flatten().zip(amounts) {
        if let Some(row) = row.as_object_mut() {
            row.insert(column(span).to_owned(), amount.into());
        }
    }
    ctl.output.rows(Rows::new(&raw, csv, &columns(csv, Some(span))))
}
