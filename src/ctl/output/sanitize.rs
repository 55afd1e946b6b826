//! Texts from outside made safe for a terminal: a name from Autotask must not be able to move the
//! cursor, nor to turn the direction of what follows.

use serde_json::Value;

use super::signs;
use crate::model::text::visible;
pub use crate::model::text::{is_control_sign, visible_json as json};

/// A text for one line of the screen: every control character is a blank.
pub fn line(text: &str) -> String {
    signs::guarded(visible(text))
}

/// A text for a file, which may have lines: line breaks of any kind are newlines, tabs stay, and
/// every other control character is a blank.
pub fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let clean = |c: char| if is_control_sign(c) && !matches!(c, '\n' | '\t') { ' ' } else { c };
    text.chars().map(clean).collect()
}

/// The value with `clean` done to every text in it.
pub fn texts(mut value: Value, clean: &impl Fn(&str) -> String) -> Value {
    clean_each(&mut value, clean);
    value
}

fn clean_each(value: &mut Value, clean: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = clean(text),
        Value::Array(values) => values.iter_mut().for_each(|value| clean_each(value, clean)),
        Value::Object(fields) => fields.values_mut().for_each(|value| clean_each(value, clean)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_cannot_drive_the_terminal() {
        let raw = json!({ "clients": [{ "name": "A\u{1b}[2J\nB\u{202e}C日", "id": 1 }] });
        assert_eq!(texts(raw, &line), json!({ "clients": [{ "name": "A [2J B C日", "id": 1 }] }));
    }

    #[test]
    fn a_file_keeps_lines_and_nothing_else() {
        assert_eq!(lines("a\r\nb\rc\n\td\u{1b}e"), "a\nb\nc\n\td e");
    }

    #[test]
    fn json_is_the_same_value_without_the_wild() {
        let raw = json!({ "name": "A\u{1b}\u{9b}2J\u{7f}\nB\u{202e}日" });
        let text = json(&raw.to_string());
        assert!(!text.chars().any(is_control_sign), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), raw);
    }
}
