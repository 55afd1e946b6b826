//! An answer in which Autotask reports no error, as it came. What it holds is read piece by piece,
//! or as a whole only where that is small: a tree of values takes up to fifty times the memory of
//! its text, and the text is the remote side's choice.

use serde_json::Value;

use super::error::AutotaskError;
use super::request::Request;
use super::transport::Place;

/// The most values that an answer other than a page of rows may hold. The longest are the fields of
/// an entity with their picklists, of some 10,000.
const MOST_VALUES: usize = 100_000;

/// An answer without errors.
#[derive(Debug)]
pub(in crate::autotask) struct Answer {
    body: Vec<u8>,
    /// A long one keeps others out until it is read.
    _place: Place,
}

impl Answer {
    /// The answer with this text.
    pub fn new(body: Vec<u8>, place: Place) -> Answer {
        Answer { body, _place: place }
    }

    /// Its text, which is JSON.
    pub fn text(&self) -> &[u8] {
        &self.body
    }

    /// What it holds, as a whole.
    ///
    /// # Errors
    ///
    /// [`AutotaskError::Garbled`] where it holds more than any answer to such a request.
    pub fn value(&self, request: &Request) -> Result<Value, AutotaskError> {
        let garbled =
            |reason: String| AutotaskError::Garbled { request: request.to_string(), reason };
        if values_in(&self.body) > MOST_VALUES {
            return Err(garbled(format!("it holds more than {MOST_VALUES} values")));
        }
        serde_json::from_slice(&self.body).map_err(|error| garbled(error.to_string()))
    }
}

/// How many values a JSON text holds, or a few more; told without reading them.
pub(in crate::autotask) fn values_in(json: &[u8]) -> usize {
    let (mut values, mut in_text, mut escaped) = (1, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b',' | b':' | b'[' | b'{' if !in_text => values += 1,
            _ => {}
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_and_what_stands_in_texts_is_none() {
        let count = |json: &str| values_in(json.as_bytes());
        assert_eq!(count("7"), 1);
        assert_eq!(count(r#"{"a":1,"b":[2,3]}"#), 7);
        assert_eq!(count(r#"{"a":"1,2,3:[{\",\"}"}"#), 3);
    }

    #[test]
    fn what_holds_too_much_is_refused_before_it_is_read() {
        let request = Request::version();
        let read = |body: String| Answer::new(body.into_bytes(), Place::default()).value(&request);
        assert!(read(format!("[{}0]", "0,".repeat(MOST_VALUES / 2))).is_ok());
        let error = read(format!("[{}0]", "0,".repeat(MOST_VALUES))).expect_err("too much");
        assert!(error.to_string().contains("more than 100000 values"), "{error}");
    }
}
