//! Edits by hand: seeded and local fields.

use std::collections::BTreeSet;

use super::Book;
use crate::model::text::thousands;
use crate::model::{
    Actor, Advice, BadKey, ClientRef, Code, Contract, Failure, Field, FieldChange, ItemKey,
    ItemKind, Origin, Ownership, UnknownField, Value, differences,
};
use crate::store::{ClientContracts, Commit, LastChanges, Snapshot, Write};

/// The longest text that a field or a reason takes, in bytes: pages of notes, and still a small record.
const LONGEST_VALUE: usize = 8 * 1024;

/// What an edit does to one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Gives it a value: over Autotask's where the field is seeded.
    Set {
        /// The field's name.
        field: String,
        /// The value's text.
        value: String,
    },
    /// Takes the value away: Autotask's counts again, or none.
    Unset {
        /// The field's name.
        field: String,
    },
}

impl Book {
    /// The contract with this key.
    pub fn contract(&self, key: ItemKey) -> Result<Contract, Failure> {
        if let Some(contract) = self.context.store.contract(key)? {
            return Ok(contract);
        }
        let meant = self.other_letter(key)?;
        Err(Failure::new(Code::NoSuchContract, format!("no contract is stored with the key {key}"))
            .advise(Advice::ListContracts { key: meant }))
    }

    /// The contract that has the same id behind another letter: the letter is easily got wrong.
    fn other_letter(&self, key: ItemKey) -> Result<Option<ItemKey>, Failure> {
        for kind in ItemKind::ALL {
            let other = ItemKey::new(kind, key.id);
            if self.context.store.contract(other)?.is_some() {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    /// The contracts of a client, or all.
    pub fn contracts(&self, client: Option<&ClientRef>) -> Result<Vec<Contract>, Failure> {
        Ok(match client {
            Some(client) => self.context.store.contracts(client.id)?,
            None => self.context.store.all_contracts()?,
        })
    }

    /// When each field of these contracts last changed.
    pub fn last_changes(&self, of: &BTreeSet<ItemKey>) -> Result<LastChanges, Failure> {
        Ok(self.context.store.last_changes(of)?)
    }

    /// Begins a snapshot of the contracts of a client, or of all.
    pub fn snapshot(&self, client: Option<&ClientRef>) -> Result<Snapshot, Failure> {
        Ok(self.context.store.snapshot(client.map(|client| client.id))?)
    }

    /// Reads the next client of a snapshot, and tells whether there was one. With `changes`, it tells
    /// when fields last changed.
    pub fn read_snapshot(
        &self,
        snapshot: &mut Snapshot,
        changes: bool,
        mut each: impl FnMut(&ClientContracts<'_>),
    ) -> Result<bool, Failure> {
        Ok(self.context.store.read_snapshot(snapshot, changes, &mut each)?)
    }

    /// Edits a contract: all of it or nothing. Gives the contract as it is then, and what changed.
    pub async fn edit(
        &self,
        key: ItemKey,
        edits: &[Edit],
        actor: &Actor,
    ) -> Result<(Contract, Vec<FieldChange>), Failure> {
        let build = || {
            let before = self.contract(key)?;
            let now = self.context.now();
            let mut after = before.clone();
            for edit in edits {
                apply(&mut after, edit)?;
            }
            if after == before {
                return Ok((None, (before, Vec::new())));
            }
            must_be_sound(&after, Some(&before))?;
            let changes = differences(Some(&before), Some(&after));
            after.changed = now;
            let commit = Commit {
                contracts: vec![Write { before: Some(before), after: Some(after.clone()) }],
                ..Commit::of(now, actor)
            };
            Ok((Some(commit), (after, changes)))
        };
        self.context.commit_from(build).await.map(|(_, edited)| edited)
    }
}

/// Applies an edit to a contract.
pub(super) fn apply(contract: &mut Contract, edit: &Edit) -> Result<(), Failure> {
    let (Edit::Set { field: name, .. } | Edit::Unset { field: name }) = edit;
    let field: Field = name.parse().map_err(|error: UnknownField| {
        Failure::new(Code::InvalidArgument, error.to_string())
            .advise(Advice::ShowContract { key: contract.key })
    })?;
    if field.ownership() == Ownership::Source && contract.origin != Origin::Local {
        return Err(owned_by_autotask(contract, field));
    }
    let value = match edit {
        Edit::Set { value, .. } => Some(read(field, value)?),
        Edit::Unset { .. } => None,
    };
    let place = match (field, contract.origin) {
        (Field::Client | Field::Vanished, _) => {
            let message = format!("`{field}` cannot be set");
            return Err(Failure::new(Code::InvalidArgument, message));
        }
        (Field::Parent, _) => {
            let parent = value.map(|value| value.to_string().parse()).transpose();
            contract.parent = parent.map_err(|error: BadKey| {
                Failure::new(Code::InvalidArgument, format!("cannot set `parent`: {error}"))
            })?;
            return Ok(());
        }
        (Field::Udf(_), _) if !contract.source.contains_key(&field) => {
            let message = format!("{} has no user-defined field `{field}`", contract.key);
            return Err(Failure::new(Code::InvalidArgument, message).advise(Advice::ReadUserField));
        }
        _ if field.ownership() == Ownership::Local => &mut contract.local,
        (_, Origin::Local) => &mut contract.source,
        (_, Origin::Autotask | Origin::Unlinked) => &mut contract.overrides,
    };
    match value {
        Some(value) => place.insert(field, value),
        None => place.remove(&field),
    };
    Ok(())
}

/// Refuses a text of a person that is longer than any is kept.
///
/// # Errors
///
/// `InvalidArgument`.
pub(in crate::engine) fn must_fit(what: &str, text: &str) -> Result<(), Failure> {
    let length = text.len();
    if length <= LONGEST_VALUE {
        return Ok(());
    }
    let [most, length] = [LONGEST_VALUE, length].map(thousands);
    let message = format!("{what} takes at most {most} bytes, and this has {length}");
    Err(Failure::new(Code::InvalidArgument, message))
}

fn read(field: Field, text: &str) -> Result<Value, Failure> {
    must_fit(&format!("`{field}`"), text)?;
    field.kind().parse(text).map_err(|error| {
        Failure::new(Code::InvalidArgument, format!("cannot set `{field}`: {error}"))
    })
}

/// Refuses a contract that makes no sense as a whole: one that ends before it starts, or amounts
/// that cannot be billed.
pub(super) fn must_be_sound(contract: &Contract, before: Option<&Contract>) -> Result<(), Failure> {
    let wrong = |message: String| Err(Failure::new(Code::InvalidArgument, message));
    let dates =
        |contract: &Contract| [Field::StartDate, Field::EndDate].map(|field| contract.value(field));
    // Dates that were so before, such as Autotask's own, are not what is being edited.
    if before.is_none_or(|before| dates(before) != dates(contract))
        && let [Some(Value::Date(start)), Some(Value::Date(end))] = dates(contract)
        && end < start
    {
        return wrong(format!("the contract would end on {end}, before it starts on {start}"));
    }
    let amount = contract.billing_cost().amount;
    let currency = contract.currency();
    if amount != currency.round(amount) {
        return wrong(format!("{amount} cannot be billed in {currency}: too many decimals"));
    }
    Ok(())
}

fn owned_by_autotask(contract: &Contract, field: Field) -> Failure {
    let name = match contract.parent {
        Some(parent) => format!("line {} of contract {}", contract.key.id, parent.id),
        None => format!("contract {}", contract.key.id),
    };
    let message =
        format!("`{field}` of {} comes from Autotask and cannot be edited here", contract.key);
    let (client_id, key) = (contract.client, contract.key);
    Failure::new(Code::FieldNotEditable, message).advise(Advice::ChangeInAutotask {
        name,
        client_id,
        key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClientId, Fields};
    use chrono::DateTime;

    fn contract(origin: Origin) -> Contract {
        Contract {
            key: ItemKey::agreement(1),
            client: ClientId(7),
            parent: None,
            origin,
            source: Fields::from([(Field::Name, Value::Text("Care".to_owned()))]),
            overrides: Fields::new(),
            local: Fields::new(),
            created: DateTime::UNIX_EPOCH,
            synced: None,
            changed: DateTime::UNIX_EPOCH,
            vanished: None,
        }
    }

    fn set(contract: &mut Contract, field: &str, value: &str) -> Result<(), Code> {
        let edit = Edit::Set { field: field.to_owned(), value: value.to_owned() };
        apply(contract, &edit).map_err(|failure| failure.code)
    }

    #[test]
    fn what_autotask_owns_is_locked_on_what_follows_it_and_free_on_what_was_made_by_hand() {
        for field in Field::ALL.into_iter().filter(|field| field.ownership() == Ownership::Source) {
            for origin in [Origin::Autotask, Origin::Unlinked] {
                let refused = set(&mut contract(origin), field.name(), "1");
                assert_eq!(refused, Err(Code::FieldNotEditable), "{field}");
            }
        }
        let mut made = contract(Origin::Local);
        assert_eq!(set(&mut made, "billing_cost", "12.50"), Ok(()));
        assert_eq!(made.text(Field::BillingCost), "12.50");
        assert_eq!(set(&mut made, "parent", "a29683353"), Ok(()));
        assert_eq!(made.text(Field::Parent), "A29683353");
        assert_eq!(set(&mut made, "client", "9"), Err(Code::InvalidArgument));
    }

    #[test]
    fn an_override_lies_over_autotasks_value_and_comes_off_again() {
        let mut contract = contract(Origin::Autotask);
        assert_eq!(set(&mut contract, "name", "Ours"), Ok(()));
        assert_eq!(contract.text(Field::Name), "Ours");
        apply(&mut contract, &Edit::Unset { field: "name".to_owned() }).expect("it comes off");
        assert_eq!(contract.text(Field::Name), "Care");
    }

    #[test]
    fn nonsense_is_refused() {
        let mut contract = contract(Origin::Local);
        for (field, value) in [
            ("colour", "red"),
            ("impact", "huge"),
            ("start_date", "2026-02-30"),
            ("udf.nobody_knows", "x"),
            ("notes", &"x".repeat(LONGEST_VALUE + 1)),
        ] {
            assert_eq!(set(&mut contract, field, value), Err(Code::InvalidArgument), "{field}");
        }
        set(&mut contract, "start_date", "2026-02-02").expect("a date");
        set(&mut contract, "end_date", "2026-02-01").expect("a date");
        assert!(must_be_sound(&contract, None).is_err());
        set(&mut contract, "end_date", "2026-02-02").expect("a date");
        assert!(must_be_sound(&contract, None).is_ok());
        set(&mut contract, "billing_cost", "1.005").expect("a number");
        assert!(must_be_sound(&contract, None).is_err());
    }

    #[test]
    fn dates_that_were_unsound_before_do_not_refuse_a_note() {
        let mut before = contract(Origin::Autotask);
        // The end moved in Autotask, behind a start that was set here.
        set(&mut before, "start_date", "2026-02-02").expect("a date");
        before
            .source
            .insert(Field::EndDate, Field::EndDate.kind().parse("2026-02-01").expect("it"));
        let mut after = before.clone();
        set(&mut after, "notes", "call first").expect("a note");
        assert!(must_be_sound(&after, Some(&before)).is_ok());
        set(&mut after, "start_date", "2026-02-03").expect("a date");
        assert!(must_be_sound(&after, Some(&before)).is_err());
    }
}
