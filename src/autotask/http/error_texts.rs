//! What an answer says of errors, found without reading the rest of it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::answer::values_in;

/// The most values that are looked at for the text of an error.
const MOST_VALUES: usize = 1_000;

/// The texts in `errors`, which may hold strings or objects, and in `Message`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::autotask) struct ErrorTexts {
    pub errors: Vec<String>,
    pub message: Option<String>,
}

impl ErrorTexts {
    /// Those in a JSON text.
    ///
    /// # Errors
    ///
    /// What is wrong with it, where it is no JSON.
    pub fn read(body: &[u8]) -> Result<ErrorTexts, serde_json::Error> {
        serde_json::from_slice(body)
    }

    /// All that say something of an answer with this status.
    pub fn of(self, status: u16) -> Vec<String> {
        let is_refusal = !(200..=299).contains(&status);
        self.errors.into_iter().chain(self.message.filter(|_| is_refusal)).collect()
    }
}

impl<'de> Deserialize<'de> for ErrorTexts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<ErrorTexts, D::Error> {
        from.deserialize_any(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = ErrorTexts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<ErrorTexts, A::Error> {
        let mut texts = ErrorTexts::default();
        while let Some(key) = fields.next_key::<Cow<'de, str>>()? {
            if key.eq_ignore_ascii_case("errors") {
                texts.errors.extend(all_of(fields.next_value()?));
            } else if key.eq_ignore_ascii_case("message") {
                texts.message = small(fields.next_value()?).map(|value| text_of(&value));
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(texts)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ErrorTexts, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(ErrorTexts::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<ErrorTexts, E> {
        Ok(ErrorTexts::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<ErrorTexts, E> {
        Ok(ErrorTexts::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<ErrorTexts, E> {
        Ok(ErrorTexts::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<ErrorTexts, E> {
        Ok(ErrorTexts::default())
    }

    fn visit_unit<E>(self) -> Result<ErrorTexts, E> {
        Ok(ErrorTexts::default())
    }
}

/// A value that is small enough to be read.
fn small(value: &RawValue) -> Option<Value> {
    let is_small = values_in(value.get().as_bytes()) <= MOST_VALUES;
    is_small.then(|| serde_json::from_str(value.get()).ok()).flatten()
}

fn all_of(errors: &RawValue) -> Vec<String> {
    match small(errors) {
        Some(Value::Array(errors)) => errors.iter().map(text_of).collect(),
        Some(Value::Null) => Vec::new(),
        Some(other) => vec![text_of(&other)],
        None => vec!["more errors than can be told".to_owned()],
    }
}

fn text_of(error: &Value) -> String {
    if let Value::String(text) = error {
        return text.clone();
    }
    let message = error.as_object().and_then(|fields| {
        let message = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case("message"));
        message.and_then(|(_, value)| value.as_str())
    });
    message.map_or_else(|| error.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_found_among_whatever_else_there_is() {
        let texts =
            |body: &str, status| ErrorTexts::read(body.as_bytes()).map(|t| t.of(status)).ok();
        let told = |texts: &[&str]| Some(texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            texts(r#"{"items":[{"errors":["x"]}],"Errors":["a",{"Message":"b"}]}"#, 200),
            told(&["a", "b"])
        );
        assert_eq!(texts(r#"{"errors":{"code":7}}"#, 200), told(&[r#"{"code":7}"#]));
        assert_eq!(texts(r#"{"Message":"no"}"#, 405), told(&["no"]));
        for quiet in [
            r#"{"Message":"no"}"#,
            r#"{"errors":null}"#,
            r#"{"errors":[]}"#,
            "[1,2]",
            "7",
            "7.5",
            "\"x\"",
            "null",
            "true",
        ] {
            assert_eq!(texts(quiet, 200), told(&[]), "{quiet}");
        }
        for bad in ["", "{", r#"{"errors":["a"]"#, "{} x"] {
            assert_eq!(texts(bad, 200), None, "{bad}");
        }
    }

    #[test]
    fn too_many_errors_are_errors_all_the_same() {
        let body = format!(r#"{{"errors":[{}"x"]}}"#, "0,".repeat(MOST_VALUES));
        let texts = ErrorTexts::read(body.as_bytes()).expect("JSON").of(200);
        assert_eq!(texts, ["more errors than can be told"]);
    }
}
