//! What is typed to name an item or a field, checked before the daemon is asked.

use crate::ctl::app::alike::alike;
use crate::ctl::app::error::CtlError;
use crate::model::{Field, ItemKey, Kind, Ownership};
use crate::protocol::contracts::Assignment;

/// The keys in the form that the daemon takes.
pub fn keys(typed: &[String]) -> Result<Vec<String>, CtlError> {
    typed.iter().map(|text| key(text)).collect()
}

/// A key in the form that the daemon takes.
pub fn key(typed: &str) -> Result<String, CtlError> {
    parsed(typed).map(|key| key.to_string())
}

/// A key, taken apart.
pub fn parsed(typed: &str) -> Result<ItemKey, CtlError> {
    typed.parse().map_err(|error: crate::model::BadKey| {
        CtlError::usage(
            error.to_string(),
            "`lmsyncctl pending CLIENT` and `lmsyncctl contract list CLIENT` show the keys",
        )
    })
}

/// The name of a field in the form that the daemon takes.
pub fn field(typed: &str) -> Result<String, CtlError> {
    match typed.parse::<Field>() {
        Ok(field) => Ok(field.name().to_owned()),
        Err(error) => {
            let editable: Vec<&str> = Field::ALL
                .into_iter()
                .filter(|field| field.ownership() != Ownership::Source)
                .map(Field::name)
                .collect();
            let hint = match nearest(typed) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("fields that can be set: {}", editable.join(", ")),
            };
            Err(CtlError::usage(error.to_string(), hint))
        }
    }
}

/// Whether a field takes this value.
pub fn value(assignment: &Assignment) -> Result<(), CtlError> {
    let kind = assignment.field.parse().map_or(Kind::Text, Field::kind);
    let wrong = |error: crate::model::BadValue| {
        CtlError::usage(
            format!("cannot set `{}`: {error}", assignment.field),
            "`lmsyncctl contract unset KEY FIELD…` clears a value",
        )
    };
    kind.parse(&assignment.value).map(|_| ()).map_err(wrong)
}

fn nearest(typed: &str) -> Option<&'static str> {
    alike(typed, &Field::ALL.map(Field::name))
}

/// The number of a run, as it is typed; the error is what clap shows.
pub fn run(text: &str) -> Result<i64, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("`{text}` is not the number of a run, such as 12"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advice::Address;
    use crate::ctl::app::exit;

    #[test]
    fn a_key_is_written_in_capitals() {
        assert_eq!(key("s55102").expect("a key"), "S55102");
        let error = key("55102").expect_err("no letter");
        assert_eq!(exit::of_error(&error), 2);
        assert!(error.to_string().starts_with("`55102` is not an item key"));
    }

    #[test]
    fn a_slip_of_the_finger_is_answered_with_the_right_name() {
        assert_eq!(field("Notice-Days").expect("a field"), "notice_days");
        let error = field("ntoes").expect_err("no such field");
        assert_eq!(
            error.hint(&Address::of_instance(None)).as_deref(),
            Some("did you mean `notes`?")
        );
        let error = field("xyzzy").expect_err("no such field");
        assert!(
            error
                .hint(&Address::of_instance(None))
                .expect("a hint")
                .starts_with("fields that can be set: name, description")
        );
    }
}
