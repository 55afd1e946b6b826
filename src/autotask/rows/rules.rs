//! Billing rules of fixed price agreements: per user, per device (section 9.8 of the Autotask
//! facts). One makes a charge a period; what it counts is not read here.

use std::collections::HashMap;

use chrono::NaiveDate;

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
