//! Contracts that begin to follow Autotask, or follow it again.

use super::Review;
use crate::engine::book::ensure_linked;
use crate::model::{
    Actor, Advice, ClientId, Code, Contract, Failure, FieldChange, ItemFlags, ItemKey, ItemKind,
    Origin, differences,
};
use crate::policy::{apply, renewal};
use crate::store::{Commit, Write};

impl Review {
    /// Passes what people wrote on a contract to that of an item of Autotask's. One that was made by
    /// hand follows the item from then on, and is gone; one whose item is missing in Autotask stays
    /// as it is, and what was written on it is copied, overrides and that it is ignored too.
    pub async fn adopt(
        &self,
        from: ItemKey,
        key: ItemKey,
        actor: &Actor,
    ) -> Result<(Contract, Vec<FieldChange>), Failure> {
        let giver = self.book.contract(from)?;
        let is_local = giver.origin == Origin::Local;
        if key.kind == ItemKind::Local || from == key || !(is_local || giver.vanished.is_some()) {
            let message = format!(
                "{from} cannot pass to {key}: only a contract made by hand, or one missing in \
                 Autotask, passes to an item in Autotask"
            );
            return Err(Failure::new(Code::InvalidArgument, message).advise(Advice::AdoptFromLocal));
        }
        if !is_local && from.is_agreement() != key.is_agreement() {
            let message = format!(
                "{from} cannot pass to {key}: an agreement passes only to an agreement, and an \
                 addition only to an addition"
            );
            return Err(Failure::new(Code::InvalidArgument, message));
        }
        let client = self.clients.client_of(from).await?;
        let item = self.syncs.fresh_item(&client, key).await?;
        let build = || {
            let now = self.context.now();
            let giver = self.book.contract(from)?;
            let before = self.context.store.contract(key)?;
            let renewed = match renewal::renews(&item.fields) {
                Some(old) => self.context.store.contract(old)?,
                None => None,
            };
            let mut after = apply::following(&item, before.clone(), renewed.as_ref(), now);
            let mut flags = Vec::new();
            if is_local {
                after.local.extend(giver.local.clone());
            } else {
                // What was written on the other since is newer.
                renewal::inherit(&mut after, &giver);
                flags.extend(self.inherited_flags(from, key, client.id)?);
            }
            let changes = differences(before.as_ref(), Some(&after));
            let mut contracts = vec![Write { before, after: Some(after.clone()) }];
            if is_local {
                contracts.push(Write { before: Some(giver), after: None });
            }
            let commit = Commit { contracts, flags, ..Commit::of(now, actor) };
            Ok((Some(commit), (after, changes)))
        };
        self.context.commit_from(build).await.map(|(_, adopted)| adopted)
    }

    /// That one item is ignored, as a flag of another.
    fn inherited_flags(
        &self,
        from: ItemKey,
        to: ItemKey,
        client: ClientId,
    ) -> Result<Option<Write<ItemFlags>>, Failure> {
        let Some(ignored) = self.context.store.item_flags(from)?.and_then(|flags| flags.ignored)
        else {
            return Ok(None);
        };
        let before = self.context.store.item_flags(to)?;
        let mut after = before.clone().unwrap_or_else(|| ItemFlags::blank(to, client));
        after.ignored.get_or_insert(ignored);
        Ok(Some(Write { before, after: Some(after) }))
    }

    /// What making a frozen contract follow Autotask again would change; does it if `really`.
    pub async fn relink(
        &self,
        key: ItemKey,
        really: bool,
        actor: &Actor,
    ) -> Result<(Contract, Vec<FieldChange>), Failure> {
        let frozen = self.book.contract(key)?;
        ensure_linked(&frozen, Origin::Unlinked)?;
        let client = self.clients.client_of(key).await?;
        let item = self.syncs.fresh_item(&client, key).await?;
        let build = || {
            let before = self.book.contract(key)?;
            ensure_linked(&before, Origin::Unlinked)?;
            let after = apply::following(&item, Some(before.clone()), None, self.context.now());
            let changes = differences(Some(&before), Some(&after));
            let commit = really.then(|| self.book.edited(actor, before.clone(), &after));
            Ok((commit, (if really { after } else { before }, changes)))
        };
        self.context.commit_from(build).await.map(|(_, relinked)| relinked)
    }
}
