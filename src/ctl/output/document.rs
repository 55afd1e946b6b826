//! An answer with one long list as JSON, written while it comes: the same text as if all of it had been
//! there at once, of which no more is held than a piece.

use std::collections::BTreeMap;
use std::io::Write;

use super::{sanitize, write_part};
use crate::ctl::app::error::CtlError;

/// A document that grows by pieces of its list.
pub struct Document<'w> {
    to: &'w mut dyn Write,
    /// The key of the list.
    list: &'static str,
    /// How it is indented; none where it is one line.
    indent: Option<Indent>,
    begun: bool,
    filled: bool,
}

impl<'w> Document<'w> {
    /// One whose list has this key, on one line or `indented`.
    pub fn new(to: &'w mut dyn Write, list: &'static str, indented: bool) -> Document<'w> {
        let indent = indented.then(Indent::default);
        Document { to, list, indent, begun: false, filled: false }
    }

    /// Adds what a reply has of the list. The keys beside it are those of the last reply, in order.
    ///
    /// # Errors
    ///
    /// Those of what it is written to.
    pub fn add(&mut self, fields: &BTreeMap<&str, &str>, is_last: bool) -> Result<(), CtlError> {
        let mut text = String::new();
        if !self.begun {
            text.push('{');
            for (key, value) in fields.range(..self.list) {
                text.push_str(&format!("{}:{value},", quoted(key)));
            }
            text.push_str(&format!("{}:[", quoted(self.list)));
            self.begun = true;
        }
        let elements = fields.get(self.list).and_then(|list| list.trim().strip_prefix('['));
        let elements = elements.and_then(|list| list.strip_suffix(']')).unwrap_or_default();
        if !elements.trim().is_empty() {
            text.push_str(if self.filled { "," } else { "" });
            text.push_str(elements);
            self.filled = true;
        }
        if is_last {
            text.push(']');
            for (key, value) in fields.range(self.list..).filter(|(key, _)| **key != self.list) {
                text.push_str(&format!(",{}:{value}", quoted(key)));
            }
            text.push('}');
        }
        let mut text = match &mut self.indent {
            Some(indent) => indent.of(&text),
            None => text,
        };
        if is_last {
            text.push('\n');
        }
        write_part(self.to, &sanitize::json(&text))
    }
}

fn quoted(key: &str) -> String {
    serde_json::Value::from(key).to_string()
}

/// Puts each value of a JSON text on a line of its own, as serde_json does; the text may come in parts,
/// each of which ends between two values.
#[derive(Debug, Default)]
struct Indent {
    depth: usize,
    /// Whether a bracket was opened and nothing stands behind it yet.
    opened: bool,
}

impl Indent {
    fn of(&mut self, json: &str) -> String {
        let mut text = String::with_capacity(json.len() * 2);
        let mut rest = json;
        while let Some(first) = rest.as_bytes().first().copied().map(char::from) {
            let length = match first {
                '"' => text_length(rest),
                '{' | '[' | '}' | ']' | ',' | ':' | ' ' | '\n' | '\r' | '\t' => 1,
                // A number, or a word: no byte of it is part of another character.
                _ => {
                    let ends = |byte: &u8| b"}], \n\r\t".contains(byte);
                    rest.bytes().position(|byte| ends(&byte)).unwrap_or(rest.len())
                }
            };
            let (token, behind) = rest.split_at(length);
            rest = behind;
            self.token(token, first, &mut text);
        }
        text
    }

    fn token(&mut self, token: &str, first: char, text: &mut String) {
        match first {
            '}' | ']' => {
                self.depth = self.depth.saturating_sub(1);
                if !std::mem::take(&mut self.opened) {
                    self.line(text);
                }
            }
            ',' => {
                text.push(',');
                return self.line(text);
            }
            ':' => return text.push_str(": "),
            _ if first.is_ascii_whitespace() => return,
            _ => {
                if std::mem::take(&mut self.opened) {
                    self.line(text);
                }
            }
        }
        if matches!(first, '{' | '[') {
            (self.depth, self.opened) = (self.depth + 1, true);
        }
        text.push_str(token);
    }

    fn line(&self, text: &mut String) {
        const BLANKS: &str = "                                ";
        text.push('\n');
        text.push_str(BLANKS.get(..2 * self.depth).unwrap_or(BLANKS));
    }
}

/// How long the text is, in bytes and with its quotes, that JSON begins with.
fn text_length(json: &str) -> usize {
    let bytes = json.as_bytes();
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// What is written of a document that comes in pieces of so many elements.
    fn written(whole: &Value, piece: usize, indented: bool) -> String {
        let elements = whole["contracts"].as_array().expect("a list");
        let mut text = Vec::new();
        let mut document = Document::new(&mut text, "contracts", indented);
        let others: BTreeMap<String, String> = whole
            .as_object()
            .expect("an object")
            .iter()
            .map(|(k, v)| (k.clone(), v.to_string()))
            .collect();
        let mut add = |elements: Option<&[Value]>, is_last: bool| {
            let list = elements.map(|elements| Value::from(elements).to_string());
            let mut fields: BTreeMap<&str, &str> =
                others.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            match &list {
                Some(list) => fields.insert("contracts", list),
                None => fields.remove("contracts"),
            };
            document.add(&fields, is_last).expect("writes");
        };
        elements.chunks(piece).for_each(|piece| add(Some(piece), false));
        add(None, true);
        String::from_utf8(text).expect("text")
    }

    fn samples() -> Vec<Value> {
        let one = json!({ "key": "A1", "list": [], "none": {}, "n": [1.50, true, null, [[]]],
            "text": "a \"quote\", {a} [bracket] \\ and: a\nline" });
        let none = json!({ "contracts": [], "tenant": "north" });
        let some = json!({ "as_of": "x", "contracts": [one, "日", one, 7, {}], "tenant": null });
        vec![none, some, json!({ "contracts": [one] })]
    }

    #[test]
    fn pieces_make_the_text_that_the_whole_would_be() {
        for whole in samples() {
            for piece in 1..4 {
                assert_eq!(written(&whole, piece, false), format!("{whole}\n"));
                let pretty = serde_json::to_string_pretty(&whole).expect("JSON");
                assert_eq!(written(&whole, piece, true), format!("{pretty}\n"));
            }
        }
    }

    #[test]
    fn a_name_cannot_drive_the_terminal() {
        let text = written(&json!({ "contracts": ["A\u{202e}\u{9b}2J"] }), 1, false);
        assert_eq!(text, "{\"contracts\":[\"A\\u202e\\u009b2J\"]}\n");
    }
}
