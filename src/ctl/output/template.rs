//! `--format`: a template for the rows of a list, such as `{key:12} {billing_cost:>10}\t{name}`.
//!
//! In braces stands the name of a column, as in `--csv` and JSON; behind a colon a width, and in
//! front of it `<`, `>` or `^` for where the value stands in it. A width is the least, never the
//! most: nothing is cut. `{{` and `}}` are braces; `\t`, `\n` and `\\` are a tab, a newline and a
//! backslash.

use unicode_width::UnicodeWidthStr;

use crate::ctl::app::alike::alike;
use crate::ctl::app::error::CtlError;

/// The widest column that can be asked for, in columns of the screen: more is a slip.
const WIDEST: usize = 1000;

/// What is typed for a sign that would mean something else, and the sign.
const SIGNS: [(&str, &str); 5] =
    [("{{", "{"), ("}}", "}"), ("\\t", "\t"), ("\\n", "\n"), ("\\\\", "\\")];

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field { name: String, place: Place, width: usize },
}

/// Where a value stands in its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Left,
    Right,
    Middle,
}

impl Template {
    /// Reads a template; the error is what clap shows.
    pub fn parse(text: &str) -> Result<Template, String> {
        let (mut parts, mut plain) = (Vec::new(), String::new());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some((sign, means)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
                plain.push_str(means);
                rest = &rest[sign.len()..];
            } else if let Some(after) = rest.strip_prefix('{') {
                let (inner, behind) = after
                    .split_once('}')
                    .ok_or_else(|| format!("`{rest}` has no closing brace"))?;
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(field(inner)?);
                rest = behind;
            } else if first == '}' {
                return Err("single `}`; write `}}` for a brace".to_owned());
            } else {
                plain.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Template(parts))
    }

    /// Holds the names in it against the columns of a list.
    pub fn check(&self, columns: &[&str]) -> Result<(), CtlError> {
        let names = self.0.iter().filter_map(|part| match part {
            Part::Field { name, .. } => Some(name),
            Part::Text(_) => None,
        });
        for name in names {
            if !columns.contains(&name.as_str()) {
                let hint = match alike(name, columns) {
                    Some(column) => format!("did you mean `{{{column}}}`?"),
                    None => format!("the columns are: {}", columns.join(", ")),
                };
                return Err(CtlError::usage(format!("this list has no column `{name}`"), hint));
            }
        }
        Ok(())
    }

    /// The line of a row, by the value of each column.
    pub fn line(&self, value: impl Fn(&str) -> String) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Field { name, place, width } => padded(&value(name), *place, *width),
        };
        self.0.iter().map(part).collect()
    }
}

fn field(inner: &str) -> Result<Part, String> {
    let (name, how) = inner.split_once(':').unwrap_or((inner, ""));
    let (place, width) = match how.chars().next() {
        Some('<') => (Place::Left, &how[1..]),
        Some('>') => (Place::Right, &how[1..]),
        Some('^') => (Place::Middle, &how[1..]),
        _ => (Place::Left, how),
    };
    if name.trim().is_empty() {
        return Err(format!("`{{{inner}}}` names no column"));
    }
    let width = match width {
        "" if how.is_empty() => 0,
        digits => match digits.parse() {
            Ok(width) if width <= WIDEST => width,
            _ => {
                return Err(format!(
                    "`{{{inner}}}`: a width follows the colon, such as {{name:30}} or \
                     {{billing_cost:>10}}"
                ));
            }
        },
    };
    Ok(Part::Field { name: name.trim().to_owned(), place, width })
}

/// A value made as wide as it is to be, measured as the terminal does.
fn padded(value: &str, place: Place, width: usize) -> String {
    let blanks = width.saturating_sub(value.width());
    let before = match place {
        Place::Left => 0,
        Place::Right => blanks,
        Place::Middle => blanks / 2,
    };
    format!("{}{value}{}", " ".repeat(before), " ".repeat(blanks - before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advice::Address;

    fn line(template: &str) -> String {
        let template = Template::parse(template).expect("a template");
        template.line(|name| match name {
            "name" => "日本".to_owned(),
            "cost" => "4.50".to_owned(),
            other => format!("<{other}>"),
        })
    }

    #[test]
    fn a_template_is_filled() {
        assert_eq!(line(r"{key} {name}"), "<key> 日本");
        assert_eq!(
            line(r"{name:6}|{cost:>6}|{cost:^7}|{cost:<5}|"),
            "日本  |  4.50| 4.50  |4.50 |"
        );
        assert_eq!(line(r"{name:1}"), "日本", "a width is the least, and nothing is cut");
        assert_eq!(line(r"{{{name}}}\t\n\\\x"), "{日本}\t\n\\\\x");
        assert_eq!(line(""), "");
    }

    #[test]
    fn what_is_no_template_says_why() {
        for (bad, says) in [
            ("{name", "no closing brace"),
            ("{name {key", "no closing brace"),
            ("name}", "single `}`"),
            ("{}", "names no column"),
            ("{:30}", "names no column"),
            ("{name:x}", "a width"),
            ("{name:>}", "a width"),
            ("{name:1001}", "a width"),
            ("{name:ä}", "a width"),
        ] {
            let error = Template::parse(bad).map(|_| ()).expect_err(bad);
            assert!(error.contains(says), "{bad}: {error}");
        }
    }

    #[test]
    fn a_column_that_is_not_there_is_named_with_the_one_that_was_meant() {
        let columns = ["key", "name", "billing_cost", "client_id"];
        let hint = |template: &str| {
            let template = Template::parse(template).expect("a template");
            template.check(&columns).err().and_then(|error| error.hint(&Address::of_instance(None)))
        };
        assert_eq!(hint("{key}{name:>3}"), None);
        assert_eq!(hint("{nmae}").as_deref(), Some("did you mean `{name}`?"));
        assert_eq!(hint("{cost}").as_deref(), Some("did you mean `{billing_cost}`?"));
        assert_eq!(
            hint("{zzz}").as_deref(),
            Some("the columns are: key, name, billing_cost, client_id")
        );
    }
}
