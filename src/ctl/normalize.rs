//! `--normalize` on lists: costs of different cycles, made comparable.

use serde_json::Value;

use super::error::CtlError;
use super::money::Span;
use super::output::{self, Csv, Format};
use super::start::Ctl;

/// Refuses `--normalize` together with `--json`, which is the daemon's answer as it is.
pub fn refuse_json(ctl: &Ctl, normalize: Option<Span>) -> Result<(), CtlError> {
    if normalize.is_some() && ctl.output.format == Format::Json {
        return Err(CtlError::usage(
            "--json is the daemon's answer as it is, and --normalize is not part of it",
            "use --csv, which gets a column for it, or leave --normalize out",
        ));
    }
    Ok(())
}

/// The heading of the column of costs.
pub fn heading(normalize: Option<Span>) -> &'static str {
    match normalize {
        None => "COST",
        Some(Span::Month) => "PER MONTH",
        Some(Span::Year) => "PER YEAR",
    }
}

/// Prints a list as CSV with one more column: what each row comes to in the span.
pub fn print_csv(
    ctl: &Ctl,
    mut raw: Value,
    csv: Csv,
    span: Span,
    amounts: impl IntoIterator<Item = Option<String>>,
) -> Result<(), CtlError> {
    let column = format!("per_{}", span.name());
    let rows = raw.get_mut(csv.list).and_then(Value::as_array_mut);
    for (row, amount) in rows.into_iter().flatten().zip(amounts) {
        if let Some(row) = row.as_object_mut() {
            row.insert(column.clone(), amount.into());
        }
    }
    let columns: Vec<&str> = csv.columns.iter().copied().chain([column.as_str()]).collect();
    ctl.output.print(&output::csv_of(&raw, csv.list, None, &columns)?)
}
