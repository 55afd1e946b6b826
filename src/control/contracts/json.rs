//! JSON as it is written into a reply of many contracts: keys and texts go straight to its bytes.
//!
//! Who writes puts the keys of an object in the order of the alphabet, as every other way to the same
//! object has them: two exports can then be compared as texts.

/// JSON that is being written. Objects and lists are opened and closed; commas come by themselves.
#[derive(Debug, Default)]
pub(super) struct Json {
    bytes: Vec<u8>,
    /// Whether the next value or key stands behind another one.
    follows: bool,
}

impl Json {
    /// JSON that will have about so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Json {
        Json { bytes: Vec::with_capacity(bytes), follows: false }
    }

    /// What was written.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// How many bytes there are by now.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Begins an object (`{`) or a list (`[`), which is a value.
    pub(super) fn open(&mut self, bracket: u8) {
        self.comma();
        self.bytes.push(bracket);
        self.follows = false;
    }

    /// Ends it.
    pub(super) fn close(&mut self, bracket: u8) {
        self.bytes.push(bracket);
        self.follows = true;
    }

    /// The key of the next value; a plain name.
    pub(super) fn key(&mut self, name: &str) {
        self.comma();
        self.bytes.push(b'"');
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(b"\":");
        self.follows = false;
    }

    /// A text, or null.
    pub(super) fn text(&mut self, text: Option<&str>) {
        let Some(text) = text else { return self.plain(b"null") };
        self.comma();
        // A text can always be written, and so can bytes.
        let _ = serde_json::to_writer(&mut self.bytes, text);
    }

    /// A key and its text, or null.
    pub(super) fn pair(&mut self, name: &str, text: Option<&str>) {
        self.key(name);
        self.text(text);
    }

    /// Yes or no, or null.
    pub(super) fn flag(&mut self, flag: Option<bool>) {
        self.plain(match flag {
            Some(true) => b"true",
            Some(false) => b"false",
            None => b"null",
        });
    }

    /// A whole number.
    pub(super) fn number(&mut self, number: i64) {
        self.plain(number.to_string().as_bytes());
    }

    /// Values that were written already, with commas between them; at least one.
    pub(super) fn plain(&mut self, values: &[u8]) {
        self.comma();
        self.bytes.extend_from_slice(values);
    }

    fn comma(&mut self) {
        if self.follows {
            self.bytes.push(b',');
        }
        self.follows = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_stand_between_values_and_nowhere_else() {
        let mut json = Json::default();
        json.open(b'{');
        json.key("list");
        json.open(b'[');
        json.close(b']');
        json.key("all");
        json.open(b'[');
        json.flag(Some(true));
        json.number(-7);
        json.plain(b"1,2");
        json.flag(None);
        json.open(b'{');
        json.pair("a", Some("\u{1}b\"\\\n"));
        json.pair("c", None);
        json.close(b'}');
        json.close(b']');
        json.close(b'}');
        let written = String::from_utf8(json.into_bytes()).expect("text");
        let wanted = r#"{"list":[],"all":[true,-7,1,2,null,{"a":"\u0001b\"\\\n","c":null}]}"#;
        assert_eq!(written, wanted);
    }
}
