//! Billing rules of fixed price agreements: per user, per device (section 9.8 of the Autotask
//! facts). One makes a charge a period; what it counts is not read here.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};

use crate::autotask::query::paginate::KeyedRow;

/// A billing rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct RuleRow {
    /// The product that its charges are for.
    pub product: Option<i64>,
    start: Option<NaiveDate>,
    end: Option<NaiveDate>,
    active: bool,
}

/// The billing rules of one agreement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::autotask) struct RulesOf(pub Vec<RuleRow>);

impl RulesOf {
    /// Whether one of them makes charges on this day.
    pub fn is_active(&self, today: NaiveDate) -> bool {
        self.0.iter().any(|rule| {
            let begun = rule.start.is_none_or(|start| start <= today);
            rule.active && begun && rule.end.is_none_or(|end| end >= today)
        })
    }

    /// For how many calendar months they have made charges, each rule by itself.
    pub fn months(&self, today: NaiveDate) -> usize {
        let month = |day: NaiveDate| day.year() * 12 + day.month0() as i32;
        let lasted = self.0.iter().filter_map(|rule| {
            let until = rule.end.map_or(today, |end| end.min(today));
            usize::try_from(month(until) - month(rule.start?) + 1).ok()
        });
        lasted.sum()
    }
}

/// Rules by agreement. What cannot be read of one is as good as absent: it decides only whether
/// charges are told one by one or as a monthly amount.
pub(in crate::autotask) fn by_agreement(rows: &[KeyedRow]) -> HashMap<i64, RulesOf> {
    let mut rules: HashMap<i64, RulesOf> = HashMap::new();
    for (_, row) in rows {
        let Some(contract) = row.integer("contractID").ok().flatten() else { continue };
        rules.entry(contract).or_default().0.push(RuleRow {
            product: row.integer("productID").ok().flatten(),
            start: row.date("startDate").ok().flatten(),
            end: row.date("endDate").ok().flatten(),
            active: row.flag("isActive").ok().flatten().unwrap_or(true),
        });
    }
    rules
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).expect("a date")
    }

    #[test]
    fn rules_have_made_charges_for_every_calendar_month_that_they_lasted() {
        let rule = |id: i64, start: &str, end: Option<&str>| -> KeyedRow {
            let row = json!({"id": id, "contractID": 7, "startDate": start, "endDate": end});
            (id, serde_json::from_value(row).expect("a row"))
        };
        let months = |rows: &[KeyedRow]| by_agreement(rows)[&7].months(day(2026, 3, 15));
        let over = rule(1, "2025-11-30T00:00:00Z", Some("2026-01-01T00:00:00Z"));
        let running = rule(2, "2026-02-10T00:00:00Z", None);
        let to_come = rule(3, "2026-05-01T00:00:00Z", None);
        assert_eq!(months(std::slice::from_ref(&over)), 3);
        assert_eq!(months(&[over, running]), 5);
        assert_eq!(months(&[to_come]), 0);
    }
}
