//! When the fields of many contracts last changed. A commit changes many contracts at once, so each
//! line is read once, however many of them are asked about: the time grows with the ledger, not with
//! the ledger times the contracts. What is kept of it is small, a few numbers a contract.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::model::{Field, ItemKey};
use crate::store::core::Core;
use crate::store::error::StoreError;
use crate::store::format::convert::Unreadable;
use crate::store::format::v1::PlaceV1;
use crate::store::format::{codec, convert, keys, line};
use crate::store::index::stored::live;
use crate::store::log::segment;

/// When each field last changed, by contract.
#[derive(Debug, Default)]
pub struct LastChanges {
    moments: Vec<DateTime<Utc>>,
    by_contract: HashMap<ItemKey, Fields>,
}

/// The fields of a contract by the moment, a place in [`LastChanges::moments`], of their last change.
#[derive(Debug, Default)]
struct Fields {
    /// Which fields of [`Field::ALL`], a bit each.
    known: Vec<(u32, u64)>,
    user_defined: Vec<(u32, Field)>,
}

impl LastChanges {
    /// When each field of a contract last changed; none of one that nothing is known of.
    pub fn of(&self, key: ItemKey) -> BTreeMap<Field, DateTime<Utc>> {
        let Some(fields) = self.by_contract.get(&key) else { return BTreeMap::new() };
        let at = |moment: &u32| self.moments.get(*moment as usize).copied();
        let known = fields.known.iter().flat_map(|(moment, bits)| {
            let of_bits = Field::ALL.into_iter().enumerate();
            let of_bits = of_bits.filter(move |(bit, _)| bits & (1 << bit) != 0);
            of_bits.filter_map(move |(_, field)| Some((field, at(moment)?)))
        });
        let user_defined = fields.user_defined.iter();
        known
            .chain(user_defined.filter_map(|(moment, field)| Some((*field, at(moment)?))))
            .collect()
    }

    /// Notes changes of a moment that is later than those before.
    fn note(&mut self, key: ItemKey, field: Field, moment: u32) {
        let fields = self.by_contract.entry(key).or_default();
        let Some(bit) = Field::ALL.iter().position(|known| *known == field) else {
            fields.user_defined.retain(|(_, known)| *known != field);
            fields.user_defined.push((moment, field));
            return;
        };
        let bit = 1 << bit;
        fields.known.iter_mut().for_each(|(_, bits)| *bits &= !bit);
        fields.known.retain(|(_, bits)| *bits != 0);
        match fields.known.last_mut() {
            Some((last, bits)) if *last == moment => *bits |= bit,
            _ => fields.known.push((moment, bit)),
        }
    }
}

/// What is read of a line here; the rest of it is passed over.
#[derive(Deserialize)]
struct Line<'a> {
    seq: u64,
    at: &'a str,
    #[serde(borrow)]
    changes: Vec<Changed<'a>>,
}

#[derive(Deserialize)]
struct Changed<'a> {
    key: &'a str,
    field: &'a str,
}

/// When each field of these contracts last changed, up to the commit `until`.
pub(in crate::store) fn last_changes(
    core: &Core,
    of: &BTreeSet<ItemKey>,
    until: u64,
) -> Result<LastChanges, StoreError> {
    // As long as it is held, no pruning moves the lines whose places are read next.
    let past = core.past();
    let mut places: BTreeMap<u64, PlaceV1> = BTreeMap::new();
    {
        let _gate = core.index.gate()?;
        for key in of {
            core.index.scan(&keys::changes_of(*key), &mut |key, record| {
                let seq = keys::last_number(key).unwrap_or_default();
                if let (Entry::Vacant(place), true) = (places.entry(seq), seq <= until) {
                    place.insert(codec::decode(record)?);
                }
                Ok(())
            })?;
        }
    }
    let mut last = LastChanges::default();
    for (seq, place) in places {
        match segment::bytes_at(&core.ledger_dir, &place, seq) {
            // One that stands before the base may be gone.
            Err(StoreError::Damaged { .. } | StoreError::Io { .. })
                if seq <= past.start.head.seq => {}
            bytes => {
                let damaged =
                    |why: String| segment::damaged_at(&core.ledger_dir, &place, seq, &why);
                last.read(&bytes?, seq, of).map_err(damaged)??;
            }
        }
    }
    Ok(last)
}

impl LastChanges {
    /// Notes what a line says that is later than those before. The outer error is one of its form.
    fn read(
        &mut self,
        line: &[u8],
        seq: u64,
        of: &BTreeSet<ItemKey>,
    ) -> Result<Result<(), StoreError>, String> {
        let head = up_to_contracts(line);
        let Line { seq: found, at, changes } = line::parse(head.as_deref().unwrap_or(line))?;
        if found != seq {
            return Err(format!("commit {found} was found"));
        }
        Ok(live(self.note_all(at, &changes, of)))
    }

    fn note_all(
        &mut self,
        at: &str,
        changes: &[Changed<'_>],
        of: &BTreeSet<ItemKey>,
    ) -> Result<(), Unreadable> {
        let moment = u32::try_from(self.moments.len()).unwrap_or(u32::MAX);
        self.moments.push(convert::moment(at)?);
        // Those of one contract stand together.
        for of_one in changes.chunk_by(|one, next| one.key == next.key) {
            let key = convert::key(of_one[0].key)?;
            if of.contains(&key) {
                for Changed { field, .. } in of_one {
                    self.note(key, convert::field(field)?, moment);
                }
            }
        }
        Ok(())
    }
}

/// The beginning of a line up to its contracts, as an object of its own; none where it has no
/// contracts. They are most of a long line, and are told of in its changes. No text in a line has
/// these bytes, since a quote in a text is escaped.
fn up_to_contracts(line: &[u8]) -> Option<Vec<u8>> {
    let end = memchr::memmem::find(line, br#"],"contracts":["#)?;
    Some([&line[..=end], b"}"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Contract, Value};
    use crate::store::testing::{Place, commit, contract, key};
    use crate::store::{Commit, Write};

    /// How many contracts the import of a large client makes in one commit.
    const MANY: usize = 2500;

    fn import(contracts: &[Contract]) -> Commit {
        let made = |after: &Contract| Write { before: None, after: Some(after.clone()) };
        Commit { contracts: contracts.iter().map(made).collect(), ..commit() }
    }

    #[test]
    fn a_line_is_read_once_however_many_contracts_it_changed() {
        let place = Place::new();
        let (store, _) = place.open();
        let imported: Vec<Contract> =
            (1..=MANY).map(|id| contract(&format!("A{id}"), 5, "imported")).collect();
        store.commit_blocking(import(&imported)).expect("stored");
        let before = imported[6].clone();
        let mut after = before.clone();
        after.local.insert(Field::Notes, Value::Text("call first".to_owned()));
        let edit = Write { before: Some(before), after: Some(after) };
        let at = commit().at + chrono::TimeDelta::days(1);
        let edit = Commit { contracts: vec![edit], at, ..commit() };
        store.commit_blocking(edit).expect("stored");

        let all: BTreeSet<ItemKey> = imported.iter().map(|contract| contract.key).collect();
        let last = store.last_changes(&all).expect("reads");
        assert_eq!(last.moments.len(), 2, "two lines for {MANY} contracts");
        // As the history of each has it.
        for one in [key("A1"), key("A7"), key("A2500")] {
            let mut told = BTreeMap::new();
            for entry in store.history(one).expect("reads") {
                told.extend(entry.changes.iter().map(|change| (change.field, entry.at)));
            }
            assert_eq!(last.of(one), told, "{one}");
        }
        assert_eq!(last.of(key("A7"))[&Field::Notes], at);
        assert_eq!(last.of(key("A9999")), BTreeMap::new());
    }

    #[test]
    fn the_last_change_counts_also_of_a_user_defined_field() {
        let udf = Field::from_name("udf.account_manager").expect("a name");
        let moments = (0..3).map(|day| commit().at + chrono::TimeDelta::days(day)).collect();
        let mut last = LastChanges { moments, by_contract: HashMap::new() };
        let one = key("A1");
        for (field, moment) in
            [(Field::Name, 0), (udf, 0), (Field::Notes, 1), (Field::Name, 2), (udf, 2)]
        {
            last.note(one, field, moment);
        }
        let at = |moment: usize| last.moments[moment];
        let wanted = [(Field::Name, at(2)), (Field::Notes, at(1)), (udf, at(2))];
        assert_eq!(last.of(one), BTreeMap::from(wanted));
        assert_eq!(last.by_contract[&one].known.len(), 2, "what is over is not kept");
    }
}
