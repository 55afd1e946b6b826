//! What each addition adds to the total of its agreement, and why one adds nothing to the rate.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::agreement::billed_in;
use super::calendar::{Span, month_of};
use super::line::terms::{Basis, LineCost};
use super::total::{Counted, Part, Total};
use crate::model::BillingState;

/// What an addition is of the total of its agreement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Share {
    /// What it adds to the rate, per its own cycle; none where nothing.
    pub rate: Option<Decimal>,
    /// What it adds to the running period; none where nothing.
    pub period_amount: Option<Decimal>,
    /// Why it is no part of the rate, where it is none.
    pub left_out: Option<String>,
}

impl Share {
    /// No part of it, and why.
    fn none(why: &str) -> Share {
        Share { left_out: Some(why.to_owned()), ..Share::default() }
    }
}

impl Total {
    /// The month whose charges make the rate, where it is billed by rules.
    pub fn rule_month(&self) -> Option<(NaiveDate, NaiveDate)> {
        match self.counted {
            Counted::Charges(month) => month,
            Counted::Usual => None,
        }
    }

    /// The share of an addition.
    pub fn share(&self, part: &Part<'_>) -> Share {
        match part {
            Part::Line(line) => self.share_of_line(line),
            Part::Milestone(amount) => Share { rate: Some(*amount), ..Share::default() },
            Part::Purchase(bought) if bought.counts() => {
                Share { rate: Some(bought.amount), ..Share::default() }
            }
            Part::Purchase(bought) if bought.basis == Basis::Current => Share::none("not active"),
            Part::Purchase(_) => Share::none("the dates do not include today"),
            Part::Charge(amount, day) => self.share_of_charge(*amount, *day),
            Part::ByItself => Share::none("a charge is billed separately"),
        }
    }

    fn share_of_line(&self, line: &LineCost) -> Share {
        let is_shown = line.billing == self.billing
            && (self.billing == BillingState::Billed || line.since == self.since);
        let period = self.period.as_ref().map(|period| (period.start, period.end));
        let period_amount = period.and_then(|period| billed_in(line, self.cycle, period).ok()?);
        if is_shown {
            return Share { rate: Some(line.rate), period_amount, left_out: None };
        }
        let why = match (line.billing, line.since) {
            (BillingState::Upcoming, Some(day)) => format!("from {day}"),
            (BillingState::Ended, Some(day)) => format!("ended {day}"),
            (state, _) => state.to_string(),
        };
        let only = if period_amount.is_some() { ", so only in the period" } else { "" };
        Share { rate: None, period_amount, left_out: Some(format!("{why}{only}")) }
    }

    fn share_of_charge(&self, amount: Decimal, day: Option<NaiveDate>) -> Share {
        let is_in = |span: Option<Span>| {
            day.zip(span).is_some_and(|(day, (first, last))| first <= day && day <= last)
        };
        let running = self.period.as_ref().and_then(|period| month_of(period.end));
        let rate = is_in(self.rule_month()).then_some(amount);
        let period_amount = is_in(running).then_some(amount);
        let left_out = match (rate, period_amount) {
            (Some(_), _) => None,
            (None, Some(_)) => Some("of the running month, so only in the period".to_owned()),
            (None, None) => Some("not in the last whole month".to_owned()),
        };
        Share { rate, period_amount, left_out }
    }
}
