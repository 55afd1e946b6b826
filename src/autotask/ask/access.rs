//! What the API user may read of an entity.
//!
//! `userAccessForQuery` is documented as a number and seen as a text (section 5 of the Autotask
//! facts), so both are read. A user with restricted access gets fewer rows and no error, which is
//! why it must be known before a missing row means anything.

use serde_json::Value;

use crate::autotask::fields::row::{BadField, Row};
use crate::autotask::http::entity::Entity;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::http::request::Request;
use crate::autotask::session::connection::Connection;
use crate::autotask::session::progress::Progress;
use crate::autotask::session::retry::RetryPolicy;

/// How much may be read, from nothing to everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Nothing.
    None,
    /// Some rows; the others are hidden without a word.
    Restricted,
    /// Autotask's answer was not understood, so that it may be less than everything.
    Unknown,
    /// Everything.
    All,
}

/// What the user may read of `entity`; with what was not understood, where something was not.
pub(in crate::autotask) async fn access(
    connection: &Connection,
    entity: Entity,
    patience: RetryPolicy,
    progress: &Progress,
) -> Result<(Access, Option<String>), AutotaskError> {
    let request = Request::entity_information(entity);
    match connection.ask(&request, patience, progress).await {
        Ok(answer) => Ok(match read(answer) {
            Ok(access) => (access, None),
            Err(what) => (Access::Unknown, Some(what)),
        }),
        Err(AutotaskError::NoPermission { .. } | AutotaskError::NoModule { .. }) => {
            Ok((Access::None, None))
        }
        Err(error) => Err(error),
    }
}

/// What an answer says, or what of it is not understood.
fn read(answer: Value) -> Result<Access, String> {
    let info = Row::new(answer).and_then(|answer| Row::new(answer.value("info")?.clone()));
    let info = info.ok_or("the answer holds no `info`")?;
    if info.value("canQuery").and_then(Value::as_bool) == Some(false) {
        return Ok(Access::None);
    }
    let level = match info.value("userAccessForQuery") {
        Some(Value::String(text)) => text.trim().to_ascii_lowercase(),
        Some(other) => other.to_string(),
        None => return Err("userAccessForQuery has no value".to_owned()),
    };
    match level.as_str() {
        "none" | "0" => Ok(Access::None),
        "all" | "1" => Ok(Access::All),
        "restricted" | "2" => Ok(Access::Restricted),
        _ => {
            let wrong = info.value("userAccessForQuery").unwrap_or(&Value::Null);
            Err(BadField::wrong("userAccessForQuery", wrong, "None, Restricted or All").reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_and_texts_are_read_alike() {
        let level = |level| read(json!({"info": {"canQuery": true, "userAccessForQuery": level}}));
        for (value, access) in [
            (json!("All"), Access::All),
            (json!(1), Access::All),
            (json!("1"), Access::All),
            (json!("restricted"), Access::Restricted),
            (json!(2), Access::Restricted),
            (json!("None"), Access::None),
            (json!(0), Access::None),
        ] {
            assert_eq!(level(value.clone()), Ok(access), "{value}");
        }
        let unread = |what: &str| Err(what.to_owned());
        let wrong = "userAccessForQuery is {}, which is not None, Restricted or All";
        assert_eq!(level(json!({})), unread(wrong));
        assert!(level(json!("Full")).is_err_and(|what| what.contains("is \"Full\", which")));
        assert_eq!(level(Value::Null), unread("userAccessForQuery has no value"));
        assert_eq!(read(json!({"info": {}})), unread("userAccessForQuery has no value"));
        assert_eq!(read(json!({})), unread("the answer holds no `info`"));
        assert!(Access::Restricted < Access::Unknown && Access::Unknown < Access::All);
        let closed = json!({"info": {"canQuery": false, "userAccessForQuery": "All"}});
        assert_eq!(read(closed), Ok(Access::None));
    }
}
