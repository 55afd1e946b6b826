//! Contracts made by hand, and contracts that begin or cease to follow Autotask.

use super::commit::empty_commit;
use super::edit::{self, Edit};
use super::look::Reading;
use super::{Engine, Live};
use crate::autotask::{Progress, Scope};
use crate::clock::day_in;
use crate::model::{
    Actor, Advice, ClientId, ClientRef, Code, Contract, Failure, Field, FieldChange, Fields,
    ItemKey, Letter, Mark, Origin, SourceItem, Value, differences,
};
use crate::store::{Commit, Write};
use crate::sync::{apply, renewal};

impl Engine {
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
        let build = || {
            let now = self.now();
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
                ..empty_commit(now, actor)
            };
            Ok((Some(commit), (contract, changes)))
        };
        self.commit_from(build).await.map(|(_, made)| made)
    }

    /// Removes a contract that was made by hand, or one that is ignored.
    pub async fn remove_contract(&self, key: ItemKey, actor: &Actor) -> Result<Contract, Failure> {
        let build = || {
            let contract = self.contract(key)?;
            let now = self.now();
            let today = day_in(&self.zone(), now);
            let ignored = self.store.mark(key)?.is_some_and(|mark| mark.is_ignored(today));
            if contract.origin != Origin::Local && !ignored {
                let message =
                    format!("{key} follows Autotask, and the next sync would bring it again");
                return Err(Failure::new(Code::FieldNotEditable, message)
                    .advise(Advice::IgnoreBeforeRemoving { key }));
            }
            let commit = Commit {
                contracts: vec![Write { before: Some(contract.clone()), after: None }],
                ..empty_commit(now, actor)
            };
            Ok((Some(commit), contract))
        };
        self.commit_from(build).await.map(|(_, removed)| removed)
    }

    /// Passes what people wrote on a contract to that of an item of Autotask's. One that was made by
    /// hand follows the item from then on, and is gone; one whose item is missing in Autotask stays
    /// as it is, and what was written on it is copied, overrides and an ignore mark too.
    pub async fn adopt(
        &self,
        from: ItemKey,
        key: ItemKey,
        actor: &Actor,
    ) -> Result<(Contract, Vec<FieldChange>), Failure> {
        let giver = self.contract(from)?;
        let is_local = giver.origin == Origin::Local;
        if key.letter == Letter::Local || from == key || !(is_local || giver.vanished.is_some()) {
            let message = format!(
                "{from} cannot pass to {key}: one made by hand, or one that is missing in Autotask, \
                 passes to one of Autotask's"
            );
            return Err(Failure::new(Code::InvalidArgument, message).advise(Advice::AdoptFromLocal));
        }
        if !is_local && from.is_agreement() != key.is_agreement() {
            let message = format!(
                "{from} cannot pass to {key}: an agreement passes to an agreement, and what stands \
                 below one to what stands below one"
            );
            return Err(Failure::new(Code::InvalidArgument, message));
        }
        let client = self.client_of(from).await?;
        let item = self.fresh_item(&client, key).await?;
        let build = || {
            let now = self.now();
            let giver = self.contract(from)?;
            let before = self.store.contract(key)?;
            let renewed = match renewal::renews(&item.fields) {
                Some(old) => self.store.contract(old)?,
                None => None,
            };
            let mut after = apply::following(&item, before.clone(), renewed.as_ref(), now);
            let mut marks = Vec::new();
            if is_local {
                after.local.extend(giver.local.clone());
            } else {
                // What was written on the other since is newer.
                renewal::inherit(&mut after, &giver);
                marks.extend(self.inherited_mark(from, key, client.id)?);
            }
            let changes = differences(before.as_ref(), Some(&after));
            let mut contracts = vec![Write { before, after: Some(after.clone()) }];
            if is_local {
                contracts.push(Write { before: Some(giver), after: None });
            }
            let commit = Commit { contracts, marks, ..empty_commit(now, actor) };
            Ok((Some(commit), (after, changes)))
        };
        self.commit_from(build).await.map(|(_, adopted)| adopted)
    }

    /// The ignore mark of one item, as that of another.
    fn inherited_mark(
        &self,
        from: ItemKey,
        to: ItemKey,
        client: ClientId,
    ) -> Result<Option<Write<Mark>>, Failure> {
        let Some(ignored) = self.store.mark(from)?.and_then(|mark| mark.ignored) else {
            return Ok(None);
        };
        let before = self.store.mark(to)?;
        let mut after = before.clone().unwrap_or_else(|| Mark::blank(to, client));
        after.ignored.get_or_insert(ignored);
        Ok(Some(Write { before, after: Some(after) }))
    }

    /// Freezes a contract: no sync touches it until it is relinked.
    pub async fn unlink(&self, key: ItemKey, actor: &Actor) -> Result<Contract, Failure> {
        let build = || {
            let before = self.contract(key)?;
            must_follow(&before, Origin::Autotask)?;
            let after =
                Contract { origin: Origin::Unlinked, changed: self.now(), ..before.clone() };
            Ok((Some(self.edited(actor, before, &after)), after))
        };
        self.commit_from(build).await.map(|(_, frozen)| frozen)
    }

    /// What making a frozen contract follow Autotask again would change; does it if `really`.
    pub async fn relink(
        &self,
        key: ItemKey,
        really: bool,
        actor: &Actor,
    ) -> Result<(Contract, Vec<FieldChange>), Failure> {
        let frozen = self.contract(key)?;
        must_follow(&frozen, Origin::Unlinked)?;
        let client = self.client_of(key).await?;
        let item = self.fresh_item(&client, key).await?;
        let build = || {
            let before = self.contract(key)?;
            must_follow(&before, Origin::Unlinked)?;
            let after = apply::following(&item, Some(before.clone()), None, self.now());
            let changes = differences(Some(&before), Some(&after));
            let commit = really.then(|| self.edited(actor, before.clone(), &after));
            Ok((commit, (if really { after } else { before }, changes)))
        };
        self.commit_from(build).await.map(|(_, relinked)| relinked)
    }

    /// An item as Autotask has it now, with what it renews.
    pub(super) async fn fresh_item(
        &self,
        client: &ClientRef,
        key: ItemKey,
    ) -> Result<SourceItem, Failure> {
        let live = self.live();
        let reading = self.read_one(&live, client, &Progress::new()).await?;
        let examined = self.examine(&live, &reading, &[key].into())?;
        let rejected = examined.snapshot.rejects.iter().find(|reject| reject.key == key);
        if let Some(reject) = rejected {
            let message = format!("{key} cannot be converted: {}: {}", reject.field, reject.reason);
            return Err(Failure::new(Code::Unsupported, message).advise(Advice::ListQuarantine));
        }
        let item = examined.snapshot.item(key).cloned().ok_or_else(|| {
            let message = format!("Autotask has no {key} for {} ({})", client.name, client.id);
            Failure::new(Code::NoSuchContract, message)
                .advise(Advice::ListPending { client_id: Some(client.id) })
        })?;
        match &item.unsupported {
            Some(reason) => {
                Err(Failure::new(Code::Unsupported, format!("{key} cannot be imported: {reason}")))
            }
            None => Ok(item),
        }
    }

    /// Reads one client.
    pub(super) async fn read_one(
        &self,
        live: &Live,
        client: &ClientRef,
        progress: &Progress,
    ) -> Result<Reading, Failure> {
        let mut readings = self.read(live, &Scope::Clients(vec![client.id]), progress).await?;
        readings.pop().ok_or_else(|| Failure::new(Code::Internal, "Autotask was not asked"))
    }

    fn edited(&self, actor: &Actor, before: Contract, after: &Contract) -> Commit {
        Commit {
            contracts: vec![Write { before: Some(before), after: Some(after.clone()) }],
            ..empty_commit(self.now(), actor)
        }
    }

    /// The next number of a contract made by hand; one that was removed keeps its number, because
    /// the ledger still tells of it.
    fn next_local_key(&self) -> Result<ItemKey, Failure> {
        let taken = self.store.all_contracts()?.into_iter().map(|contract| contract.key);
        let highest = taken.filter(|key| key.letter == Letter::Local).map(|key| key.id).max();
        let mut key = ItemKey::new(Letter::Local, highest.unwrap_or(0) + 1);
        while !self.store.history(key)?.is_empty() {
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
        let others = self.store.contracts(contract.client)?;
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

fn must_follow(contract: &Contract, origin: Origin) -> Result<(), Failure> {
    if contract.origin == origin {
        return Ok(());
    }
    let key = contract.key;
    let message = match contract.origin {
        Origin::Autotask => format!("{key} follows Autotask already"),
        Origin::Unlinked => format!("{key} is frozen already"),
        Origin::Local => format!("{key} was made by hand and follows nothing"),
    };
    Err(Failure::new(Code::InvalidArgument, message))
}
