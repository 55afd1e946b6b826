//! Contracts made by hand, and contracts that begin or cease to follow Autotask.

use super::Book;
use super::edit::{self, Edit};
use crate::clock::day_in;
use crate::model::{
    Actor, Advice, ClientRef, Code, Contract, Failure, Field, FieldChange, Fields, ItemKey,
    ItemKind, Origin, Value, differences,
};
use crate::store::{Commit, Write};

impl Book {
    /// Makes a contract by hand.
    pub async fn add_contract(
        &self,
        client: &ClientRef,
        name: &str,
        edits: &[Edit],
        actor: &Actor,
    ) -> Result<(Contract, Vec<FieldChange>), Failure> {
        if name.trim().is_empty() {
            return Err(Failure::new(Code::InvalidArgument, "a contract needs a name"));
        }
        edit::must_fit("the name of a contract", name)?;
        let build = || {
            let now = self.context.now();
            let mut contract = Contract {
                key: self.next_local_key()?,
                client: client.id,
                parent: None,
                origin: Origin::Local,
                source: Fields::from([
                    (Field::Name, Value::Text(name.to_owned())),
                    (Field::Type, Value::Text("made by hand".to_owned())),
                    (Field::Status, Value::Text("active".to_owned())),
                ]),
                overrides: Fields::new(),
                local: Fields::new(),
                created: now,
                synced: None,
                changed: now,
                vanished: None,
            };
            for edit in edits {
                edit::apply(&mut contract, edit)?;
            }
            self.settle_currency(&mut contract)?;
            edit::must_be_sound(&contract, None)?;
            let changes = differences(None, Some(&contract));
            let commit = Commit {
                contracts: vec![Write { before: None, after: Some(contract.clone()) }],
                ..Commit::of(now, actor)
            };
            Ok((Some(commit), (contract, changes)))
        };
        self.context.commit_from(build).await.map(|(_, made)| made)
    }

    /// Removes a contract that was made by hand, or one that is ignored.
    pub async fn remove_contract(&self, key: ItemKey, actor: &Actor) -> Result<Contract, Failure> {
        let build = || {
            let contract = self.contract(key)?;
            let now = self.context.now();
            let today = day_in(&self.context.zone(), now);
            let ignored =
                self.context.store.item_flags(key)?.is_some_and(|flags| flags.is_ignored(today));
            if contract.origin != Origin::Local && !ignored {
                let message =
                    format!("{key} follows Autotask, and the next sync would import it again");
                return Err(Failure::new(Code::FieldNotEditable, message)
                    .advise(Advice::IgnoreBeforeRemoving { key }));
            }
            let commit = Commit {
                contracts: vec![Write { before: Some(contract.clone()), after: None }],
                ..Commit::of(now, actor)
            };
            Ok((Some(commit), contract))
        };
        self.context.commit_from(build).await.map(|(_, removed)| removed)
    }

    /// Freezes a contract: no sync touches it until it is relinked.
    pub async fn unlink(&self, key: ItemKey, actor: &Actor) -> Result<Contract, Failure> {
        let build = || {
            let before = self.contract(key)?;
            ensure_linked(&before, Origin::Autotask)?;
            let after = Contract {
                origin: Origin::Unlinked,
                changed: self.context.now(),
                ..before.clone()
            };
            Ok((Some(self.edited(actor, before, &after)), after))
        };
        self.context.commit_from(build).await.map(|(_, frozen)| frozen)
    }

    /// A commit that changes one contract.
    pub(in crate::engine) fn edited(
        &self,
        actor: &Actor,
        before: Contract,
        after: &Contract,
    ) -> Commit {
        Commit {
            contracts: vec![Write { before: Some(before), after: Some(after.clone()) }],
            ..Commit::of(self.context.now(), actor)
        }
    }

    /// The next number of a contract made by hand; one that was removed keeps its number, because
    /// the ledger still tells of it.
    fn next_local_key(&self) -> Result<ItemKey, Failure> {
        let highest = self.context.store.last_of_kind(ItemKind::Local)?;
        let mut key = ItemKey::new(ItemKind::Local, highest.map_or(1, |key| key.id + 1));
        while !self.context.store.history(key)?.is_empty() {
            key.id += 1;
        }
        Ok(key)
    }

    /// Gives a contract made by hand the currency of its client's other contracts, where it was
    /// given a cost and no currency; where those differ, a person must say.
    fn settle_currency(&self, contract: &mut Contract) -> Result<(), Failure> {
        let costs = contract.source.contains_key(&Field::BillingCost);
        if !costs || contract.source.contains_key(&Field::Currency) {
            return Ok(());
        }
        let others = self.context.store.contracts(contract.client)?;
        let mut currencies: Vec<_> = others
            .iter()
            .filter_map(|other| other.source.get(&Field::Currency))
            .map(ToString::to_string)
            .collect();
        currencies.sort();
        currencies.dedup();
        match currencies.as_slice() {
            [currency] => {
                contract.source.insert(Field::Currency, Value::Text(currency.clone()));
                Ok(())
            }
            _ => Err(Failure::new(Code::InvalidArgument, "the cost needs a currency")
                .advise(Advice::NameCurrency)),
        }
    }
}

pub(in crate::engine) fn ensure_linked(contract: &Contract, origin: Origin) -> Result<(), Failure> {
    if contract.origin == origin {
        return Ok(());
    }
    let key = contract.key;
    let message = match contract.origin {
        Origin::Autotask => format!("{key} already follows Autotask"),
        Origin::Unlinked => format!("{key} is already frozen"),
        Origin::Local => format!("{key} was made by hand and has no item in Autotask"),
    };
    Err(Failure::new(Code::InvalidArgument, message))
}
