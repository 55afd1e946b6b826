//! Edits by hand: seeded and local fields.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Engine;
use crate::model::{
    Actor, ClientRef, Code, Contract, Failure, Field, FieldChange, ItemKey, Origin, Ownership,
    differences,
};
use crate::store::{Commit, StoreError, Write};

/// The longest text that a field takes, in bytes: pages of notes, and still a small record.
const LONGEST_VALUE: usize = 8 * 1024;

/// How often an edit is tried when a run ends in the same moment.
const COMMIT_TRIES: usize = 5;

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

impl Engine {
    /// The contract with this key.
    pub fn contract(&self, key: ItemKey) -> Result<Contract, Failure> {
        self.store.contract(key)?.ok_or_else(|| {
            Failure::new(Code::NoSuchContract, format!("no contract is stored as {key}"))
                .hint("lmsyncctl contract list")
        })
    }

    /// The contracts of a client, or all.
    pub fn contracts(&self, client: Option<&ClientRef>) -> Result<Vec<Contract>, Failure> {
        Ok(match client {
            Some(client) => self.store.contracts(client.id)?,
            None => self.store.all_contracts()?,
        })
    }

    /// When each field of a contract last changed.
    pub fn last_changes(&self, key: ItemKey) -> Result<BTreeMap<Field, DateTime<Utc>>, Failure> {
        let mut last = BTreeMap::new();
        for entry in self.store.history(key)? {
            last.extend(entry.changes.iter().map(|change| (change.field, entry.at)));
        }
        Ok(last)
    }

    /// Edits a contract: all of it or nothing. Gives the contract as it is then, and what changed.
    pub async fn edit(
        &self,
        key: ItemKey,
        edits: &[Edit],
        actor: &Actor,
    ) -> Result<(Contract, Vec<FieldChange>), Failure> {
        for _ in 0..COMMIT_TRIES {
            let before = self.contract(key)?;
            let now = self.now();
            let mut after = before.clone();
            for edit in edits {
                apply(&mut after, edit)?;
            }
            let changes = differences(Some(&before), Some(&after));
            if after == before {
                return Ok((before, changes));
            }
            after.changed = now;
            let commit = Commit {
                at: now,
                actor: actor.clone(),
                run: None,
                contracts: vec![Write { before: Some(before), after: Some(after.clone()) }],
                clients: Vec::new(),
                marks: Vec::new(),
            };
            match self.store.commit(commit).await {
                Ok(_) => return Ok((after, changes)),
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::new(Code::Busy, format!("{key} is being synced")).hint("try again"))
    }
}

fn apply(contract: &mut Contract, edit: &Edit) -> Result<(), Failure> {
    let (Edit::Set { field: name, .. } | Edit::Unset { field: name }) = edit;
    let field: Field = name.parse().map_err(|error: crate::model::UnknownField| {
        Failure::new(Code::InvalidArgument, error.to_string())
            .hint(format!("lmsyncctl contract show {} lists the fields", contract.key))
    })?;
    let place = match (field.ownership(), contract.origin) {
        (Ownership::Local, _) => &mut contract.local,
        (Ownership::Seeded, Origin::Autotask | Origin::Unlinked) => &mut contract.overrides,
        (Ownership::Seeded, Origin::Local) => &mut contract.source,
        (Ownership::Source, Origin::Autotask | Origin::Unlinked) => {
            return Err(owned_by_autotask(contract, field));
        }
        (Ownership::Source, Origin::Local) => &mut contract.source,
    };
    match edit {
        Edit::Set { value, .. } => {
            if value.len() > LONGEST_VALUE {
                let message = format!(
                    "`{field}` takes at most {LONGEST_VALUE} bytes, and this has {}",
                    value.len()
                );
                return Err(Failure::new(Code::InvalidArgument, message));
            }
            let value = field.kind().parse(value).map_err(|error| {
                Failure::new(Code::InvalidArgument, format!("cannot set `{field}`: {error}"))
            })?;
            place.insert(field, value);
        }
        Edit::Unset { .. } => {
            place.remove(&field);
        }
    }
    Ok(())
}

fn owned_by_autotask(contract: &Contract, field: Field) -> Failure {
    let record = match contract.parent {
        Some(parent) => format!("line {} of contract {}", contract.key.id, parent.id),
        None => format!("contract {}", contract.key.id),
    };
    let message =
        format!("`{field}` of {} comes from Autotask and is not edited here", contract.key);
    Failure::new(Code::FieldNotEditable, message).hint(format!(
        "change {record} in Autotask, then: lmsyncctl sync {} {}",
        contract.client, contract.key
    ))
}
