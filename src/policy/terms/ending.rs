//! Terms of agreements: what ends when, by when notice must be given, and what has lapsed.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use crate::model::{BillingState, Contract, Field, ItemKey, Value};
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

/// The endings among the agreements, by their last day. Only agreements that go on and are not gone
/// are looked at.
pub fn endings(contracts: &[Contract], wanted: Wanted, today: NaiveDate) -> Vec<Ending> {
    let renewed: BTreeMap<ItemKey, ItemKey> = contracts
        .iter()
        .filter_map(|contract| Some((renewal::renews(&contract.source)?, contract.key)))
        .collect();
    let mut endings: Vec<Ending> = contracts
        .iter()
        .filter(|contract| contract.parent.is_none() && contract.vanished.is_none())
        .filter(|contract| goes_on(contract))
        .filter_map(|contract| {
            let Some(Value::Date(end)) = contract.value(Field::EndDate) else { return None };
            let days_left = (end - today).num_days();
            let in_range = match wanted {
                Wanted::Within(days) => (0..=i64::from(days)).contains(&days_left),
                Wanted::Lapsed => days_left < 0,
            };
            in_range.then(|| Ending {
                contract: contract.clone(),
                end,
                days_left,
                notice: notice(contract, end),
                renewed_by: renewed.get(&contract.key).copied(),
            })
        })
        .collect();
    endings.sort_by_key(|ending| (ending.end, ending.contract.client, ending.contract.key));
    endings
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
