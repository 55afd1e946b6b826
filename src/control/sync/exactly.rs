//! What a sync is asked to take: all, the items that are named, or items as they were seen.

use super::{parse_keys, parse_state};
use crate::model::{Code, Failure, Field, FieldChange, Value};
use crate::policy::holds::Expected;
use crate::policy::select::Choice;
use crate::protocol::sync;

/// What the call chooses; it must choose in one way.
pub(super) fn choice(call: &sync::Sync) -> Result<Choice, Failure> {
    let keys = call.keys.as_deref().filter(|keys| !keys.is_empty());
    match (keys, call.all.unwrap_or(false), &call.expected) {
        (None, true, None) => Ok(Choice::All),
        (Some(keys), false, None) => Ok(Choice::Keys(parse_keys(keys)?)),
        (None, false, Some(items)) if !items.is_empty() => {
            Ok(Choice::Exactly(items.iter().map(expected).collect::<Result<_, _>>()?))
        }
        (None, false, _) => Err(invalid("no items were chosen")),
        _ => Err(invalid("give only one of keys, `all` and `expected`")),
    }
}

fn expected(item: &sync::Expected) -> Result<Expected, Failure> {
    let state = parse_state(&item.state)?;
    if !state.can_apply() {
        return Err(invalid(format!("{} is {state}, which no sync applies", item.key)));
    }
    Ok(Expected {
        key: crate::control::convert::parse_key(&item.key)?,
        state,
        changes: item.changes.iter().map(change).collect::<Result<_, _>>()?,
    })
}

fn change(change: &sync::FieldChange) -> Result<FieldChange, Failure> {
    let field: Field = change
        .field
        .parse()
        .map_err(|error: crate::model::UnknownField| invalid(error.to_string()))?;
    let value = |text: &Option<String>| -> Result<Option<Value>, Failure> {
        let read = text.as_deref().map(|text| field.kind().parse(text)).transpose();
        read.map_err(|error| invalid(format!("{field}: {error}")))
    };
    Ok(FieldChange { field, from: value(&change.from)?, to: value(&change.to)? })
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(Code::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BillingCycle, PendingState};

    fn call() -> sync::Sync {
        sync::Sync { client: "174".to_owned(), ..sync::Sync::default() }
    }

    #[test]
    fn a_sync_chooses_in_one_way() {
        let item =
            sync::Expected { key: "s1".to_owned(), state: "new".to_owned(), changes: Vec::new() };
        let (keys, expected) = (Some(vec!["S1".to_owned()]), Some(vec![item.clone()]));
        let all = sync::Sync { all: Some(true), ..call() };
        assert_eq!(choice(&all), Ok(Choice::All));
        let exactly = sync::Sync { expected: expected.clone(), ..call() };
        assert!(matches!(choice(&exactly), Ok(Choice::Exactly(items)) if items.len() == 1));
        for wrong in [
            call(),
            sync::Sync { expected: Some(Vec::new()), ..call() },
            sync::Sync { keys, expected: expected.clone(), ..call() },
            sync::Sync { all: Some(true), expected, ..call() },
            sync::Sync {
                expected: Some(vec![sync::Expected { state: "held".to_owned(), ..item.clone() }]),
                ..call()
            },
        ] {
            assert_eq!(choice(&wrong).expect_err("wrong").code, Code::InvalidArgument);
        }
    }

    #[test]
    fn what_went_over_the_wire_comes_back_as_it_was() {
        let change_of = |field: Field, text: &str| FieldChange {
            field,
            from: None,
            to: Some(field.kind().parse(text).expect("a value")),
        };
        let changes = vec![
            change_of(Field::BillingCost, "482.60"),
            change_of(Field::BillingCycle, &BillingCycle::Monthly.to_string()),
            change_of(Field::EndDate, "2026-12-31"),
            change_of(Field::Description, "two\nlines \u{202e}"),
        ];
        for told in &changes {
            assert_eq!(change(&sync::FieldChange::from(told)).as_ref(), Ok(told));
        }
        let state = PendingState::Changed.name().to_owned();
        let sent = sync::Expected {
            key: "A1".to_owned(),
            state,
            changes: changes.iter().map(sync::FieldChange::from).collect(),
        };
        assert_eq!(expected(&sent).expect("reads").changes, changes);
    }
}
