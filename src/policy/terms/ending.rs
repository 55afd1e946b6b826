//! Terms of agreements: what ends when, by when notice must be given, and what has lapsed.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use crate::model::{BillingState, ClientId, Contract, Field, ItemKey, Value};
use crate::policy::changes::renewal;

/// An agreement that ends or has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The agreement.
    pub contract: Contract,
    /// Its last day.
    pub end: NaiveDate,
    /// How many days are left; negative after the end.
    pub days_left: i64,
    /// The last day on which notice can be given, where notice days are set.
    pub notice: Option<NaiveDate>,
    /// The contract that renews it already.
    pub renewed_by: Option<ItemKey>,
}

/// Which endings are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Those from today on, within so many days.
    Within(u32),
    /// Those before today whose agreement is still active, or billed all the same.
    Lapsed,
}

/// What an ending is made of that does not hang on the day: little, so that it can be kept of every
/// contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// The contract.
    pub key: ItemKey,
    /// Its client.
    pub client: ClientId,
    /// Its last day, where it is an agreement that goes on and is not gone; only those are looked at.
    pub end: Option<NaiveDate>,
    /// The contract that it renews.
    pub renews: Option<ItemKey>,
}

impl Outlook {
    /// That of a contract; none of one that neither ends nor renews another.
    pub fn of(contract: &Contract) -> Option<Outlook> {
        let ends = contract.parent.is_none() && contract.vanished.is_none() && goes_on(contract);
        let end = match contract.value(Field::EndDate) {
            Some(Value::Date(end)) if ends => Some(end),
            _ => None,
        };
        let renews = renewal::renews(&contract.source);
        let (key, client) = (contract.key, contract.client);
        (end.is_some() || renews.is_some()).then_some(Outlook { key, client, end, renews })
    }

    /// How many days are left, where that is among what is asked for.
    fn days_left(&self, wanted: Wanted, today: NaiveDate) -> Option<(NaiveDate, i64)> {
        let end = self.end?;
        let days_left = (end - today).num_days();
        let in_range = match wanted {
            Wanted::Within(days) => (0..=i64::from(days)).contains(&days_left),
            Wanted::Lapsed => days_left < 0,
        };
        in_range.then_some((end, days_left))
    }
}

/// The endings among the contracts of which this is known, by their last day. `contract` gives one of
/// them; where it has gone meanwhile, it is left out.
///
/// # Errors
///
/// Those of `contract`.
pub fn endings<E>(
    all: &[Outlook],
    (wanted, today): (Wanted, NaiveDate),
    mut contract: impl FnMut(&Outlook) -> Result<Option<Contract>, E>,
) -> Result<Vec<Ending>, E> {
    let renewed: BTreeMap<ItemKey, ItemKey> =
        all.iter().filter_map(|outlook| Some((outlook.renews?, outlook.key))).collect();
    let mut endings = Vec::new();
    for outlook in all {
        let Some((end, days_left)) = outlook.days_left(wanted, today) else { continue };
        let Some(contract) = contract(outlook)? else { continue };
        let (notice, renewed_by) = (notice(&contract, end), renewed.get(&contract.key).copied());
        endings.push(Ending { contract, end, days_left, notice, renewed_by });
    }
    endings.sort_by_key(|ending| (ending.end, ending.contract.client, ending.contract.key));
    Ok(endings)
}

/// Whether it is active, or is billed (or will be) whatever its status says: inactivating an
/// agreement does not stop its billing. What was made by hand is billed by nobody.
fn goes_on(contract: &Contract) -> bool {
    contract.text(Field::Status) == "active" || is_billed(contract, BillingState::Upcoming)
}

/// Whether Autotask bills it now, or it has the `other` state.
pub(super) fn is_billed(contract: &Contract, other: BillingState) -> bool {
    match contract.source.get(&Field::Billing) {
        Some(Value::Text(state)) => {
            let state = state.parse();
            state == Ok(BillingState::Billed) || state == Ok(other)
        }
        _ => false,
    }
}

/// The last day on which notice can be given: so many days before the end.
pub(super) fn notice(contract: &Contract, end: NaiveDate) -> Option<NaiveDate> {
    match contract.value(Field::NoticeDays) {
        Some(Value::Days(days)) => end.checked_sub_days(Days::new(days.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::changes::fixture::{item, stored};

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).expect("a date")
    }

    fn endings(all: &[Contract], wanted: Wanted, today: NaiveDate) -> Vec<Ending> {
        let outlooks: Vec<Outlook> = all.iter().filter_map(Outlook::of).collect();
        let by_key = |of: &Outlook| all.iter().find(|contract| contract.key == of.key).cloned();
        let found = super::endings(&outlooks, (wanted, today), |of| Ok::<_, ()>(by_key(of)));
        found.expect("nothing fails")
    }

    fn ending(key: &str, end: NaiveDate, status: &str) -> Contract {
        let mut item = item(key, "Care", "10");
        item.parent = None;
        item.fields.insert(Field::EndDate, Value::Date(end));
        item.fields.insert(Field::Status, Value::Text(status.to_owned()));
        stored(&[item]).into_values().next().expect("one")
    }

    #[test]
    fn what_ends_soon_and_what_has_lapsed_are_two_lists() {
        let mut soon = ending("A1", day(20), "active");
        soon.local.insert(Field::NoticeDays, Value::Days(10));
        let mut successor = ending("A5", day(30), "active");
        successor.source.insert(Field::Renews, Value::Text("A1".to_owned()));
        let all = [
            ending("A3", day(5), "active"),
            ending("A4", day(6), "inactive"),
            successor,
            soon,
            ending("A2", day(15), "active"),
        ];
        let keys = |wanted| -> Vec<String> {
            let endings = endings(&all, wanted, day(15));
            endings.iter().map(|ending| ending.contract.key.to_string()).collect()
        };
        assert_eq!(keys(Wanted::Within(5)), ["A2", "A1"]);
        assert_eq!(keys(Wanted::Lapsed), ["A3"]);
        let endings = endings(&all, Wanted::Within(5), day(15));
        assert_eq!((endings[0].days_left, endings[1].days_left), (0, 5));
        assert_eq!(endings[1].notice, Some(day(10)));
        assert_eq!(endings[1].renewed_by.map(|key| key.to_string()), Some("A5".to_owned()));
    }

    #[test]
    fn what_is_billed_is_there_whatever_its_status_says() {
        let billed = |key: &str, end, status: &str, state: BillingState| {
            let mut contract = ending(key, end, status);
            contract.source.insert(Field::Billing, Value::Text(state.to_string()));
            contract
        };
        let all = [
            billed("A1", day(20), "inactive", BillingState::Billed),
            billed("A2", day(20), "unknown (7)", BillingState::Billed),
            billed("A3", day(20), "inactive", BillingState::Upcoming),
            billed("A4", day(20), "inactive", BillingState::Ended),
            billed("A5", day(5), "inactive", BillingState::Billed),
        ];
        let keys = |wanted| -> Vec<String> {
            let endings = endings(&all, wanted, day(15));
            endings.iter().map(|ending| ending.contract.key.to_string()).collect()
        };
        assert_eq!(keys(Wanted::Within(5)), ["A1", "A2", "A3"]);
        assert_eq!(keys(Wanted::Lapsed), ["A5"]);
    }
}
