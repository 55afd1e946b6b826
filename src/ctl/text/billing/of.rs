//! Where a [`Billing`] comes from: each kind of answer that says how something is billed.

use super::Billing;
use crate::protocol::contracts::{Contract, CostReply, Renewal, Term};
use crate::protocol::sync::Item;

/// An amount with its days, where all three are known.
fn period<'a>(
    amount: &'a Option<String>,
    start: &'a Option<String>,
    end: &'a Option<String>,
) -> Option<[&'a str; 3]> {
    Some([amount.as_deref()?, start.as_deref()?, end.as_deref()?])
}

impl<'a> From<&'a Contract> for Billing<'a> {
    fn from(of: &'a Contract) -> Billing<'a> {
        Billing {
            cost: Some(&of.billing_cost),
            currency: &of.currency,
            cycle: &of.billing_cycle,
            state: &of.billing,
            since: of.billing_since.as_deref(),
            period: period(&of.period_amount, &of.period_start, &of.period_end),
            next: of.next_change.as_ref(),
            left: of.left.as_deref(),
            billed: of.billed,
            setup_fee: of.setup_fee.as_deref(),
            billed_to: of.billed_to.as_deref(),
            remarks: &of.remarks,
        }
    }
}

impl<'a> From<&'a Item> for Billing<'a> {
    fn from(of: &'a Item) -> Billing<'a> {
        Billing {
            cost: of.billing_cost.as_deref(),
            currency: of.currency.as_deref().unwrap_or_default(),
            cycle: of.billing_cycle.as_deref().unwrap_or_default(),
            state: of.billing.as_deref().unwrap_or_default(),
            since: of.billing_since.as_deref(),
            period: period(&of.period_amount, &of.period_start, &of.period_end),
            next: of.next_change.as_ref(),
            left: of.left.as_deref(),
            billed: of.billed,
            setup_fee: of.setup_fee.as_deref(),
            billed_to: of.billed_to.as_deref(),
            remarks: &of.remarks,
        }
    }
}

impl<'a> From<&'a CostReply> for Billing<'a> {
    fn from(of: &'a CostReply) -> Billing<'a> {
        Billing {
            cost: Some(&of.billing_cost),
            currency: &of.currency,
            cycle: &of.billing_cycle,
            state: of.billing.as_deref().unwrap_or_default(),
            since: of.billing_since.as_deref(),
            period: period(&of.period_amount, &of.period_start, &of.period_end),
            next: of.next_change.as_ref(),
            left: of.left.as_deref(),
            billed: of.billed,
            setup_fee: of.setup_fee.as_deref(),
            billed_to: of.billed_to.as_deref(),
            remarks: &of.remarks,
        }
    }
}

impl<'a> From<&'a Renewal> for Billing<'a> {
    fn from(of: &'a Renewal) -> Billing<'a> {
        Billing {
            cost: Some(&of.billing_cost),
            currency: &of.currency,
            cycle: &of.billing_cycle,
            state: &of.billing,
            since: of.billing_since.as_deref(),
            remarks: &of.remarks,
            ..Billing::default()
        }
    }
}

impl<'a> From<&'a Term> for Billing<'a> {
    fn from(of: &'a Term) -> Billing<'a> {
        Billing {
            cost: Some(&of.billing_cost),
            currency: &of.currency,
            cycle: &of.billing_cycle,
            state: &of.billing,
            since: of.billing_since.as_deref(),
            remarks: &of.remarks,
            ..Billing::default()
        }
    }
}
