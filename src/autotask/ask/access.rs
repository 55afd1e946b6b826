//! What the API user may read of an entity.
//!
//! `userAccessForQuery` is documented as a number and seen as a text (section 5 of the Autotask
//! facts), so both are read. A user with restricted access gets fewer rows and no error, which is
//! why it must be known before a missing row means anything.

use serde_json::Value;

use crate::autotask::fields::row::Row;
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
    /// Everything.
    All,
}

/// What the user may read of `entity`.
pub(in crate::autotask) async fn access(
    connection: &Connection,
    entity: Entity,
    patience: RetryPolicy,
    progress: &Progress,
) -> Result<Access, AutotaskError> {
    let request = Request::entity_information(entity);
    match connection.ask(&request, patience, progress).await {
        Ok(answer) => read(answer).ok_or_else(|| AutotaskError::Garbled {
            request: request.to_string(),
            reason: "it does not say what the user may read".to_owned(),
        }),
        Err(AutotaskError::NoPermission { .. }) => Ok(Access::None),
        Err(error) => Err(error),
    }
}

fn read(answer: Value) -> Option<Access> {
    let info = Row::new(Row::new(answer)?.value("info")?.clone())?;
    if info.value("canQuery").and_then(Value::as_bool) == Some(false) {
        return Some(Access::None);
    }
    let level = match info.value("userAccessForQuery")? {
        Value::String(text) => text.trim().to_ascii_lowercase(),
        other => other.to_string(),
    };
    match level.as_str() {
        "none" | "0" => Some(Access::None),
        "all" | "1" => Some(Access::All),
        "restricted" | "2" => Some(Access::Restricted),
        _ => None,
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
            assert_eq!(level(value.clone()), Some(access), "{value}");
        }
        assert_eq!(level(json!({})), None);
        assert_eq!(read(json!({"info": {}})), None);
        assert_eq!(read(json!({})), None);
        let closed = json!({"info": {"canQuery": false, "userAccessForQuery": "All"}});
        assert_eq!(read(closed), Some(Access::None));
    }
}
