//! What must hold of the contracts of a client: what is the MSP's own, tombstones, what Autotask
//! held, and what a guard holds.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use lmsyncd::model::{Contract, Field, ItemKey, ItemKind, RunResult};

use super::{
    ACKNOWLEDGED, ALWAYS_ALLOWED, Broken, HELD, Last, Moment, RIGHT, VANISHED, Watch, broken,
    is_live,
};
use crate::expected::{differs, wanted};
use crate::operator::{Desk, Own};
use crate::upstream::Upstream;

impl Watch {
    /// Judges the contracts of one client, as they are stored; `before` were its live ones before
    /// its last run.
    pub fn client(
        &mut self,
        client: i64,
        contracts: &[Contract],
        before: &BTreeSet<ItemKey>,
        upstream: &Upstream,
        desk: &mut Desk,
        moment: Moment,
    ) -> Result<(), Broken> {
        for contract in contracts {
            self.own(contract, contracts, upstream, desk)?;
            self.tombstone(contract, upstream, moment)?;
        }
        let Some(Last { at, result, sure }) = self.last.get(&client).copied() else {
            return Ok(());
        };
        if result == RunResult::Held && at == moment.passed {
            // What the guard saw: what the run brought in, or back, was not there yet.
            let there: Vec<&Contract> =
                contracts.iter().filter(|one| before.contains(&one.key)).collect();
            self.held(client, &there, upstream, desk, moment)?;
        }
        match sure {
            Some(day) => self.right(client, contracts, upstream, desk, day),
            None => Ok(()),
        }
    }

    /// What is the MSP's own on a contract is what was acknowledged.
    fn own(
        &mut self,
        contract: &Contract,
        contracts: &[Contract],
        upstream: &Upstream,
        desk: &mut Desk,
    ) -> Result<(), Broken> {
        let is = Own::of(contract);
        let key = contract.key;
        let acknowledged = desk.own.get(&key).cloned().unwrap_or_default();
        if is == acknowledged {
            self.known.insert(key);
            return Ok(());
        }
        // A new agreement, or a new line, takes over from the one in whose place it is, and keeps
        // that.
        let is_new = self.known.insert(key);
        let stood = |old: &&Contract| may_stand_for(contract, old, upstream);
        let beside = contracts.iter().filter(stood).map(|old| old.key);
        // What is renewed may have moved to another client since.
        let above = contract.parent.unwrap_or(key);
        let renewed = upstream.agreements.get(&above.id).and_then(|agreement| agreement.renews);
        let renewed = renewed.map_or_else(Vec::new, |old| match contract.parent {
            None => vec![ItemKey::agreement(old)],
            Some(_) => upstream.below(old),
        });
        let renewed = renewed.into_iter().filter(|old| old.kind == key.kind);
        let mut old = beside.chain(renewed).filter_map(|old| desk.own.get(&old));
        if is_new && old.any(|old| old.inherited() == is) {
            desk.own.insert(key, is);
            return Ok(());
        }
        let told = format!("{key} holds {is:?}, and {acknowledged:?} was acknowledged");
        broken(ACKNOWLEDGED, format!("{told}\n{}", upstream.told(key)))
    }

    /// A contract is a tombstone only if its item was gone.
    fn tombstone(
        &mut self,
        contract: &Contract,
        upstream: &Upstream,
        moment: Moment,
    ) -> Result<(), Broken> {
        let key = contract.key;
        if contract.vanished.is_none() {
            self.tombstones.remove(&key);
            return Ok(());
        }
        if !self.tombstones.insert(key) {
            return Ok(());
        }
        self.judged.tombstones += 1;
        // One that came back while the run was under way had been gone when it was asked for.
        let came_back = self.returned.get(&key).is_some_and(|at| *at >= moment.since);
        if upstream.exists(key) && !came_back {
            return broken(VANISHED, format!("{key} is a tombstone, and Autotask has it"));
        }
        Ok(())
    }

    /// After a good run the contracts are what Autotask held.
    fn right(
        &mut self,
        client: i64,
        contracts: &[Contract],
        upstream: &Upstream,
        desk: &Desk,
        day: NaiveDate,
    ) -> Result<(), Broken> {
        let stored: BTreeMap<ItemKey, &Contract> =
            contracts.iter().map(|contract| (contract.key, contract)).collect();
        let is_ignored = |key| is_ignored(desk, key, day) || desk.rejected.contains(&key);
        for agreement in upstream.agreements_of(client) {
            // Who ignores an agreement does not want the one that renews it either.
            let renewed = upstream.agreements[&agreement].renews.map(ItemKey::agreement);
            let is_new = !stored.contains_key(&ItemKey::agreement(agreement));
            if is_new && renewed.is_some_and(is_ignored) {
                continue;
            }
            let takes_over =
                |key| takes_over_ignored(key, agreement, &stored, upstream, &is_ignored);
            let keys = std::iter::once(ItemKey::agreement(agreement));
            for key in keys.chain(upstream.below(agreement)) {
                if !upstream.exists(key) || is_ignored(key) || takes_over(key) {
                    continue;
                }
                let wanted = wanted(upstream, key, day).expect("an item");
                self.judged.contracts += 1;
                let wrong = match stored.get(&key) {
                    None => Some("it is not stored".to_owned()),
                    Some(contract) => differs(contract, &wanted),
                };
                if let Some(wrong) = wrong {
                    let told = upstream.told(key);
                    let is = stored.get(&key).map(|contract| &contract.source);
                    let told = format!("{key} of client {client}: {wrong}\n{told}  {is:?}");
                    return broken(RIGHT, told);
                }
            }
        }
        for contract in contracts.iter().filter(|one| is_live(one) && !is_ignored(one.key)) {
            if !upstream.exists(contract.key) {
                let told = format!(
                    "{} of client {client} is gone and not marked\n{}",
                    contract.key,
                    upstream.told(contract.key)
                );
                return broken(RIGHT, told);
            }
        }
        Ok(())
    }

    /// A run is held only where a guard must: where too much is gone, or a currency is another.
    fn held(
        &mut self,
        client: i64,
        contracts: &[&Contract],
        upstream: &Upstream,
        desk: &Desk,
        moment: Moment,
    ) -> Result<(), Broken> {
        self.judged.held += 1;
        // What a lie hid is asked for again by the next run only.
        let after_a_lie = self.lied.is_some_and(|at| at >= moment.since);
        // What a rejected item adds to is held whenever that comes to another sum.
        let rejected = contracts.iter().any(|one| desk.rejected.contains(&one.key));
        if after_a_lie || rejected || upstream.once_strange.contains(&client) {
            return Ok(());
        }
        let live: Vec<&&Contract> = contracts.iter().filter(|one| is_live(one)).collect();
        // What went while the run was under way was there, and what it is billed for was not.
        let went =
            |one: &&Contract| self.struck.get(&one.key).is_some_and(|at| *at >= moment.since);
        if live.iter().any(|one| went(one)) {
            return Ok(());
        }
        let gone = live.iter().filter(|one| {
            let left = is_ignored(desk, one.key, moment.today) || desk.rejected.contains(&one.key);
            !upstream.exists(one.key) && !left
        });
        let gone = gone.count();
        let too_many = gone > ALWAYS_ALLOWED && gone * 100 > live.len() * moment.percent;
        let empty = gone > 0 && upstream.agreements_of(client).is_empty();
        // Where a part may not be read, that something is not there proves nothing.
        let in_the_dark = gone > 0 && self.closed.is_some_and(|at| at >= moment.since);
        if too_many || empty || in_the_dark {
            return Ok(());
        }
        let told = format!("client {client} is held, with {gone} of {} gone", live.len());
        broken(HELD, told)
    }
}

/// Whether a new contract may be in the place of an old one: the agreement that it renews, or a
/// line of the same service, below the same agreement or the one that is renewed.
fn may_stand_for(new: &Contract, old: &Contract, upstream: &Upstream) -> bool {
    let renews = |id| upstream.agreements.get(&id).and_then(|agreement| agreement.renews);
    if new.key.kind == ItemKind::Agreement {
        return renews(new.key.id).map(ItemKey::agreement) == Some(old.key);
    }
    let is_line = matches!(new.key.kind, ItemKind::Service | ItemKind::Bundle);
    let same = new.source.get(&Field::Name) == old.source.get(&Field::Name);
    let Some(above) = new.parent.filter(|_| is_line) else { return false };
    let places = [Some(above), renews(above.id).map(ItemKey::agreement)];
    same && new.key != old.key
        && new.key.kind == old.key.kind
        && old.parent.is_some()
        && places.contains(&old.parent)
}

fn is_ignored(desk: &Desk, key: ItemKey, day: NaiveDate) -> bool {
    desk.ignored.get(&key).is_some_and(|until| until.is_none_or(|until| day <= until))
}

/// Whether a line is the only one of its service, and takes over from one that is ignored: nobody
/// wants that either.
fn takes_over_ignored(
    key: ItemKey,
    agreement: i64,
    stored: &BTreeMap<ItemKey, &Contract>,
    upstream: &Upstream,
    is_ignored: &dyn Fn(ItemKey) -> bool,
) -> bool {
    let named = |key: ItemKey| upstream.additions.get(&key).map(|one| &one.name);
    let is_same = |one: &ItemKey| one.kind == key.kind && named(*one) == named(key);
    let alike = |place: i64| -> Vec<ItemKey> {
        upstream.below(place).into_iter().filter(is_same).collect()
    };
    let renews = upstream.agreements[&agreement].renews;
    // The old one may be gone by now, and is known by its contract.
    let name = named(key).and_then(Option::as_deref).unwrap_or_default();
    let parent = renews.map(ItemKey::agreement);
    let was = |one: &&&Contract| {
        let source = one.source.get(&Field::Name).map(ToString::to_string);
        one.parent.is_some()
            && one.parent == parent
            && one.key.kind == key.kind
            && source.as_deref() == Some(name)
    };
    let known = stored.values().filter(was).map(|one| one.key);
    let old: BTreeSet<ItemKey> = known.chain(renews.map(alike).unwrap_or_default()).collect();
    let old: Vec<ItemKey> = old.into_iter().collect();
    let is_one = alike(agreement).len() == 1;
    !stored.contains_key(&key) && is_one && matches!(old[..], [old] if is_ignored(old))
}
