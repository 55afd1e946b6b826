//! A list of a reply in the forms that scripts read: comma-separated, tab-separated, or a line a
//! row by a template. The columns have the names that JSON has for them, and nothing is ever cut.

use serde_json::Value;

use super::sanitize;
use super::template::Template;
use crate::ctl::app::error::CtlError;

/// The list of a reply: where it lies and which of its keys are columns.
#[derive(Debug, Clone, Copy)]
pub struct Csv {
    /// The key of the list in the reply.
    pub list: &'static str,
    /// The key of a list in each row, where each of its elements is a line of its own that
    /// repeats what the row has; a row without any is one line.
    pub each: Option<&'static str>,
    /// The columns, by the names that JSON has for them.
    pub columns: &'static [&'static str],
}

impl Csv {
    /// A list with these columns.
    pub const fn new(list: &'static str, columns: &'static [&'static str]) -> Csv {
        Csv { list, each: None, columns }
    }
}

/// The columns of a row and those of what is inside it, `N` in all.
pub const fn joined<const N: usize>(
    row: &[&'static str],
    inside: &[&'static str],
) -> [&'static str; N] {
    assert!(row.len() + inside.len() == N, "each column has its place");
    let mut all = [""; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < row.len() { row[at] } else { inside[at - row.len()] };
        at += 1;
    }
    all
}

/// What texts of CSV are made into that a spreadsheet would compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formulas {
    /// Text: an apostrophe stands in front of it.
    Defused,
    /// Nothing else, for programs.
    Raw,
}

/// What a text begins with that a spreadsheet takes for a formula, also in the wide form of East
/// Asian keyboards. Line breaks count, for what stands behind them may be taken for the beginning.
const COMPUTED: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A list with its columns, ready to be written.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    reply: &'a Value,
    list: &'a str,
    each: Option<&'a str>,
    columns: &'a [&'a str],
}

impl<'a> Rows<'a> {
    /// The list of this reply, with columns that may be more than the list's own.
    pub fn new(reply: &'a Value, csv: Csv, columns: &'a [&'a str]) -> Rows<'a> {
        Rows { reply, list: csv.list, each: csv.each, columns }
    }

    /// As comma-separated values. The first line has the names of the columns, if a header is wanted.
    pub fn csv(&self, formulas: Formulas, header: bool) -> Result<String, CtlError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let wrong = |error: csv::Error| CtlError::Output(error.into());
        if header {
            writer.write_record(self.columns).map_err(wrong)?;
        }
        self.try_each(|cells| {
            let texts = cells.iter().map(|cell| match formulas {
                Formulas::Defused => defused(sanitize::lines(&cell_text(*cell))),
                Formulas::Raw => sanitize::lines(&cell_text(*cell)),
            });
            writer.write_record(texts).map_err(wrong)
        })?;
        let bytes = writer.into_inner().map_err(|error| CtlError::Output(error.into_error()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// As tab-separated values: a line a row, with tabs, line breaks and backslashes in values
    /// escaped. The first line has the names of the columns, if a header is wanted.
    pub fn plain(&self, header: bool) -> Result<String, CtlError> {
        let mut lines = String::new();
        if header {
            lines.push_str(&self.columns.join("\t"));
            lines.push('\n');
        }
        self.try_each(|cells| {
            let texts: Vec<String> = cells.iter().map(|cell| escaped(&cell_text(*cell))).collect();
            lines.push_str(&texts.join("\t"));
            lines.push('\n');
            Ok(())
        })?;
        Ok(lines)
    }

    /// As a line a row by a template.
    pub fn by(&self, template: &Template) -> Result<String, CtlError> {
        let mut lines = String::new();
        self.try_each(|cells| {
            lines.push_str(&template.line(|name| {
                let column = self.columns.iter().position(|column| *column == name);
                let value = column.and_then(|index| cells.get(index).copied().flatten());
                sanitize::line(&cell_text(value))
            }));
            lines.push('\n');
            Ok(())
        })?;
        Ok(lines)
    }

    fn try_each(
        &self,
        mut write: impl FnMut(&[Option<&Value>]) -> Result<(), CtlError>,
    ) -> Result<(), CtlError> {
        let rows = self.reply.get(self.list).and_then(Value::as_array);
        for row in rows.into_iter().flatten() {
            let inner = self.each.and_then(|key| row.get(key)).and_then(Value::as_array);
            let inner = inner.map(Vec::as_slice).unwrap_or_default();
            // A row with nothing inside is still a line.
            let lines = if inner.is_empty() { std::slice::from_ref(row) } else { inner };
            for line in lines {
                let cells = self.columns.iter().map(|c| cell(line, c).or_else(|| cell(row, c)));
                write(&cells.collect::<Vec<_>>())?;
            }
        }
        Ok(())
    }
}

/// Columns that lie in an object of the row: their names, the key of the object, and theirs in it.
const INSIDE: [(&str, &str, &str); 2] = [
    ("next_change_date", "next_change", "date"),
    ("next_change_cost", "next_change", "billing_cost"),
];

/// The value of a column.
fn cell<'a>(row: &'a Value, column: &str) -> Option<&'a Value> {
    let inside = || {
        let (_, object, key) = INSIDE.iter().find(|(name, ..)| *name == column)?;
        row.get(object)?.get(key)
    };
    row.get(column).or_else(inside)
}

/// A value as it stands in a cell; words are separated by commas, any other list is JSON.
pub fn cell_text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => {
            let words: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            words.map_or_else(|| Value::Array(list.clone()).to_string(), |words| words.join(","))
        }
        Some(other) => other.to_string(),
    }
}

/// A text that a spreadsheet shows as it is: who may name a contract in Autotask must not be able to
/// have something computed here. A number is one, whatever its sign.
fn defused(text: String) -> String {
    match text.starts_with(COMPUTED) && !is_number(&text) {
        true => format!("'{text}"),
        false => text,
    }
}

/// Whether a text is a decimal number, with or without a sign.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all(whole) && all(part)
}

/// A text without what would end a cell or a line.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('\t', "\\t");
    sanitize::line(&text.replace("\r\n", "\n").replace(['\n', '\r'], "\\n"))
}

/// Holds the columns of a list against a row that has every key.
#[cfg(test)]
pub fn assert_columns(csv: Csv, row: &impl serde::Serialize) {
    let row = serde_json::to_value(row).expect("serializes");
    let mut keys: Vec<&str> =
        row.as_object().expect("an object").keys().map(String::as_str).collect();
    if let Some(each) = csv.each {
        keys.retain(|key| *key != each);
        let inner = row[each][0].as_object().expect("a row inside");
        keys.extend(inner.keys().map(String::as_str));
    }
    for (column, object, _) in INSIDE {
        if csv.columns.contains(&column) {
            keys.retain(|key| *key != object);
            keys.push(column);
        }
    }
    // What stands beside a text as a value has no column.
    keys.retain(|key| *key != "next_advice");
    let mut columns = csv.columns.to_vec();
    keys.sort_unstable();
    columns.sort_unstable();
    assert_eq!(columns, keys);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn csv(list: Csv, reply: &Value) -> String {
        Rows::new(reply, list, list.columns).csv(Formulas::Defused, true).expect("writes")
    }

    #[test]
    fn csv_quotes_what_must_be_quoted() {
        let list = Csv::new("clients", &["id", "name", "last_synced", "auto_sync"]);
        let reply = json!({ "clients": [
            { "id": 0, "name": "Müller, \"Söhne\"", "last_synced": null, "auto_sync": true },
        ]});
        let text = csv(list, &reply);
        assert_eq!(text, "id,name,last_synced,auto_sync\n0,\"Müller, \"\"Söhne\"\"\",,true\n");
    }

    #[test]
    fn no_name_is_computed_by_a_spreadsheet_and_numbers_stay_numbers() {
        let list = Csv::new("rows", &["name"]);
        for (name, cell) in [
            ("=1+1", "'=1+1"),
            ("+49 30 1234", "'+49 30 1234"),
            ("-cmd", "'-cmd"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            ("\t=1", "'\t=1"),
            ("-4.50", "-4.50"),
            ("+3", "+3"),
            ("-", "'-"),
            ("-1.2.3", "'-1.2.3"),
            ("-.5", "'-.5"),
            ("a=b", "a=b"),
            ("", "\"\""),
        ] {
            let reply = json!({ "rows": [{ "name": name }] });
            assert_eq!(csv(list, &reply), format!("name\n{cell}\n"), "{name}");
            let rows = Rows::new(&reply, list, list.columns);
            let raw = rows.csv(Formulas::Raw, true).expect("writes");
            let name = if name.is_empty() { "\"\"" } else { name };
            assert_eq!(raw, format!("name\n{name}\n"));
        }
        let reply = json!({ "rows": [{ "name": "\r\n=1" }, { "name": -4 }] });
        assert_eq!(csv(list, &reply), "name\n\"'\n=1\"\n-4\n");
    }

    #[test]
    fn rows_within_rows_are_lines_that_repeat_what_is_above_them() {
        let list = Csv { each: Some("changes"), ..Csv::new("entries", &["at", "field"]) };
        let reply = json!({ "entries": [
            { "at": "1", "changes": [{ "field": "a" }, { "field": "b" }] },
            { "at": "2", "changes": [] },
        ]});
        assert_eq!(csv(list, &reply), "at,field\n1,a\n1,b\n2,\n");
        let rows = Rows::new(&reply, list, list.columns);
        assert_eq!(rows.plain(false).expect("writes"), "1\ta\n1\tb\n2\t\n");
        let template = Template::parse("{at}:{field}").expect("a template");
        assert_eq!(rows.by(&template).expect("writes"), "1:a\n1:b\n2:\n");
    }

    #[test]
    fn a_name_in_a_list_cannot_drive_the_terminal() {
        let list = Csv::new("runs", &["name"]);
        let reply = json!({ "runs": [{ "name": "a\u{1b}[2J\u{9b}b" }] });
        assert_eq!(csv(list, &reply), "name\na [2J b\n");
        let rows = Rows::new(&reply, list, list.columns);
        assert_eq!(rows.plain(false).expect("writes"), "a [2J b\n");
        let template = Template::parse("{name}").expect("a template");
        assert_eq!(rows.by(&template).expect("writes"), "a [2J b\n");
    }

    #[test]
    fn what_is_known_ahead_has_columns_and_words_are_separated_by_commas() {
        let list = Csv::new("rows", &["key", "next_change_date", "next_change_cost", "remarks"]);
        let next = json!({ "date": "2026-07-01", "billing_cost": "309.00" });
        let reply = json!({ "rows": [
            { "key": "S1", "next_change": next, "remarks": ["scaled", "moved"] },
            { "key": "S2", "next_change": null, "remarks": [] },
        ]});
        let header = "key,next_change_date,next_change_cost,remarks\n";
        let rows = "S1,2026-07-01,309.00,\"scaled,moved\"\nS2,,,\n";
        assert_eq!(csv(list, &reply), format!("{header}{rows}"));
        let rows = Rows::new(&reply, list, list.columns);
        let template = Template::parse("{key} {next_change_cost}").expect("a template");
        assert_eq!(rows.by(&template).expect("writes"), "S1 309.00\nS2 \n");
    }

    #[test]
    fn an_empty_list_still_has_its_header() {
        let list = Csv::new("runs", &["id"]);
        let reply = json!({ "runs": [] });
        assert_eq!(csv(list, &reply), "id\n");
        assert_eq!(Rows::new(&reply, list, list.columns).plain(true).expect("writes"), "id\n");
    }

    #[test]
    fn plain_is_one_line_a_row_whatever_is_in_a_value() {
        let list = Csv::new("rows", &["name", "more", "n"]);
        let reply = json!({ "rows": [{ "name": "a\tb\r\nc\\d", "more": [1, "x"], "n": 4.50 }] });
        let plain = Rows::new(&reply, list, list.columns).plain(true).expect("writes");
        assert_eq!(
            plain,
            "name\tmore\tn\na\\tb\\nc\\\\d\t[1,\"x\"]\t4.50\n".replace("4.50", "4.5")
        );
        assert_eq!(plain.lines().count(), 2);
    }
}
