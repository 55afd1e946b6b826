//! How a contract is billed, in words for people: its state with the day, what is known ahead, what
//! is left of it, and what is remarkable. Shared by every list; what the codes mean to a cost is
//! decided in `sync`. `of` has where it comes from.

mod of;

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use super::money::{Span, grouped, signed};
use crate::ctl::output::screen::{Screen, Tone};
use crate::ctl::output::table::{Cell, toned};
use crate::model::{BillingCycle, BillingState, Remark};
use crate::protocol::sync::{Item, NextChange};

/// What is said of how something is billed, wherever it comes from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Billing<'a> {
    /// The rate.
    pub cost: Option<&'a str>,
    /// The currency of the amounts.
    pub currency: &'a str,
    /// How often it is billed.
    pub cycle: &'a str,
    /// The state; empty where it is not known.
    pub state: &'a str,
    /// Since when, or until when.
    pub since: Option<&'a str>,
    /// What the running period bills, from when and until when.
    pub period: Option<[&'a str; 3]>,
    /// What is known ahead.
    pub next: Option<&'a NextChange>,
    /// What is left of a purchase.
    pub left: Option<&'a str>,
    /// Whether it was billed, of what is bought once.
    pub billed: Option<bool>,
    /// What setting it up costs.
    pub setup_fee: Option<&'a str>,
    /// The company that is billed instead of the client.
    pub billed_to: Option<&'a str>,
    /// What is remarkable, by codes.
    pub remarks: &'a [String],
}

impl Billing<'_> {
    /// The state; none where a daemon has one that is not known here, or says nothing.
    pub fn billing(&self) -> Option<BillingState> {
        self.state.parse().ok()
    }

    /// Whether something is remarked.
    pub fn has(&self, remark: Remark) -> bool {
        self.remarks.iter().any(|code| code == remark.code())
    }

    /// How often it is billed.
    pub fn cycle(&self) -> Option<BillingCycle> {
        self.cycle.parse().ok()
    }

    /// An amount per cycle, per month, such as `200.00 USD per month`.
    fn per_month(&self, amount: &str) -> Option<String> {
        let month = Span::Month.amount(amount, self.currency, self.cycle)?;
        Some(format!("{} {} per month", grouped(&month), self.currency))
    }

    /// The state with its day, where it is not simply billed.
    pub fn stands(&self) -> Option<String> {
        let day = self.since;
        match self.billing()? {
            BillingState::Upcoming => Some(match day {
                Some(day) => {
                    let more = self.cost.and_then(|cost| self.per_month(cost));
                    let more = more.map(|more| format!(": {}", plus(&more))).unwrap_or_default();
                    format!("from {day}{more}")
                }
                None => "upcoming".to_owned(),
            }),
            BillingState::Ended => Some(match day {
                Some(day) => format!("ended {day}"),
                None => "ended".to_owned(),
            }),
            BillingState::None if self.cycle().is_some_and(|cycle| cycle.months().is_some()) => {
                Some("nothing is billed".to_owned())
            }
            BillingState::None | BillingState::Billed | BillingState::OneTime => None,
        }
    }

    /// What is known ahead, as the difference per month, such as `from 2026-07-01: +18.00 per month`.
    pub fn ahead(&self) -> Option<String> {
        let next = self.next?;
        if self.billing() != Some(BillingState::Billed) {
            return None;
        }
        let number = |text: &str| text.parse::<Decimal>().ok();
        let more = number(&next.billing_cost)?.checked_sub(number(self.cost?)?)?;
        let more = Span::Month.amount(&more.to_string(), self.currency, self.cycle)?;
        Some(format!("from {}: {} per month", next.date, signed(&grouped(&more))))
    }

    /// What the running period bills, such as `June bills 1,149.00 USD (2026-06-01 to 2026-06-30)`.
    pub fn period(&self) -> Option<String> {
        let [amount, start, end] = self.period?;
        let name = name_of_period(start, end);
        Some(format!("{name} bills {} {} ({start} to {end})", grouped(amount), self.currency))
    }

    /// What contradicts itself, and must be looked at.
    pub fn findings(&self) -> Vec<String> {
        let mut findings = Vec::new();
        if self.has(Remark::InactiveButBilled) {
            let amount = self.cost.and_then(|cost| self.per_month(cost));
            let amount = amount.map(|amount| format!(" {amount}")).unwrap_or_default();
            findings.push(format!("inactive, but billed{amount}"));
        }
        if self.has(Remark::EndedButActive) {
            findings.push("ended, but active".to_owned());
        }
        findings
    }

    /// What a status that is neither active nor remarked on says of an agreement that is in a sum,
    /// such as `status unknown (7)`.
    pub fn doubt(&self, status: &str) -> Option<String> {
        let told = status == "active" || self.has(Remark::InactiveButBilled);
        let counts = matches!(self.billing(), Some(BillingState::Billed | BillingState::Upcoming));
        (counts && !told).then(|| format!("status {status}"))
    }

    /// What else is remarkable; `of_which` is what lines of other cycles come to, where it is known.
    pub fn remarks(&self, of_which: Option<&str>) -> Vec<String> {
        let told = |code: &String| match code.parse() {
            Ok(Remark::InactiveButBilled | Remark::EndedButActive) => None,
            Ok(Remark::MixedCycles) => {
                Some(of_which.unwrap_or(remark(Remark::MixedCycles)).to_owned())
            }
            Ok(known) => Some(remark(known).to_owned()),
            Err(_) => Some(code.replace('_', " ")),
        };
        self.remarks.iter().filter_map(told).collect()
    }

    /// Whether Autotask has it still to bill.
    pub fn is_still_to_bill(&self) -> bool {
        self.billed == Some(false) && !self.has(Remark::NotBillable)
    }

    /// What is left of it, whether it was billed, what setting it up costs, and who is billed.
    pub fn facts(&self) -> Vec<String> {
        // What is not billable is never billed.
        let billed = self.billed.filter(|billed| *billed || self.is_still_to_bill());
        let billed = billed.map(|billed| if billed { "billed" } else { "not billed yet" });
        [
            self.left.map(|left| format!("{} left", grouped(left))),
            billed.map(str::to_owned),
            self.setup_fee.map(|fee| format!("setup fee {} {}", grouped(fee), self.currency)),
            self.billed_to.map(|name| format!("billed to {name}")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What stands below the row of a list: contradictions by themselves, the rest on one line.
    pub fn notes(&self, of_which: Option<&str>) -> Vec<Cell> {
        let mut rest: Vec<String> = self.stands().into_iter().chain(self.ahead()).collect();
        rest.extend(self.remarks(of_which));
        rest.extend(self.facts());
        let findings = self.findings();
        let line =
            |tone, parts: Vec<String>| (!parts.is_empty()).then(|| toned(tone, parts.join(" · ")));
        line(Tone::Warning, findings).into_iter().chain(line(Tone::Dim, rest)).collect()
    }
}

/// How an item is billed, above its changes: contradictions, and its state with the day unless its
/// effect says that already. `all` are the items of the list that it stands in.
pub fn words(item: &Item, all: &[Item]) -> (Vec<String>, Vec<String>) {
    let billing = Billing::from(item);
    let is_told = item.effects.iter().any(|effect| effect.from.is_some());
    let ended = billing.billing() == Some(BillingState::Ended);
    let state = billing.stands().filter(|_| ended || !is_told);
    let ahead = billing.ahead().filter(|_| !is_told);
    let mut rest: Vec<String> = state.into_iter().chain(ahead).collect();
    let below = all.iter().filter(|other| other.parent.as_ref() == Some(&item.key));
    rest.extend(billing.remarks(of_which(&billing, below.map(Billing::from)).as_deref()));
    rest.extend(billing.facts());
    (billing.findings(), rest)
}

/// An amount that is more, with a plus.
fn plus(amount: &str) -> String {
    if amount.starts_with('-') { amount.to_owned() } else { format!("+{amount}") }
}

/// A period by its name: its month or its year where it lies in one, else no more than that.
fn name_of_period(start: &str, end: &str) -> String {
    let day = |text: &str| text.parse::<NaiveDate>().ok();
    let (Some(start), Some(end)) = (day(start), day(end)) else { return "the period".to_owned() };
    if (start.year(), start.month()) == (end.year(), end.month()) {
        return start.format("%B").to_string();
    }
    let whole = start.ordinal() == 1 && (end.month(), end.day()) == (12, 31);
    if whole && start.year() == end.year() {
        return start.year().to_string();
    }
    "the period".to_owned()
}

/// A remark in words.
pub fn remark(remark: Remark) -> &'static str {
    match remark {
        Remark::InactiveButBilled => "inactive, but billed",
        Remark::EndedButActive => "ended, but active",
        Remark::MixedCycles => "of lines with different billing cycles",
        Remark::Scaled => "rate scaled up from a part of a period",
        Remark::ByRule => "billed by rules",
        Remark::PossibleDuplicate => "possible duplicate",
        Remark::NotBillable => "not billable to the client",
        Remark::Moved => "moved to another client",
        Remark::NegativeUnits => "units below zero at a positive price",
        Remark::Overlapping => "billing periods overlap",
        Remark::RepeatedRows => "the same row twice",
        Remark::UnknownCycle => "billing cycle not known",
    }
}

/// What the lines of other cycles than their agreement's come to, such as `of which 2,400.00 yearly`;
/// none where the agreement does not say that there are some, or none of them is known.
pub fn of_which<'a>(
    agreement: &Billing<'_>,
    below: impl Iterator<Item = Billing<'a>>,
) -> Option<String> {
    if !agreement.has(Remark::MixedCycles) {
        return None;
    }
    let own = agreement.cycle();
    let mut sums: BTreeMap<u32, Decimal> = BTreeMap::new();
    for line in below.filter(|line| line.state == agreement.state && line.cycle() != own) {
        let Some(months) = line.cycle().and_then(BillingCycle::months) else { continue };
        let Some(amount) = line.cost.and_then(|cost| cost.parse::<Decimal>().ok()) else {
            continue;
        };
        let sum = sums.entry(months).or_default();
        *sum = sum.checked_add(amount).unwrap_or(*sum);
    }
    let named = |months: u32| match months {
        1 => "monthly",
        3 => "quarterly",
        6 => "semi-annual",
        _ => "yearly",
    };
    let told = |(months, sum): (&u32, &Decimal)| {
        format!("{} {}", grouped(&sum.to_string()), named(*months))
    };
    let told: Vec<String> = sums.iter().map(told).collect();
    (!told.is_empty()).then(|| format!("of which {}", told.join(", ")))
}

/// Codes of remarks, in words.
pub fn remarks(codes: &str) -> String {
    let told = |code: &str| match code.trim().parse() {
        Ok(known) => remark(known).to_owned(),
        Err(_) => code.trim().replace('_', " "),
    };
    codes.split(',').map(told).collect::<Vec<_>>().join(", ")
}

/// What a footer says of contradictions among many: how many, and which; nothing where there are
/// none.
pub fn findings<'a>(all: impl Iterator<Item = Billing<'a>> + Clone, screen: &Screen) -> String {
    let number = |of: Remark| all.clone().filter(|billing| billing.has(of)).count();
    let told = |of: Remark| match number(of) {
        0 => None,
        number => Some(format!("{number} {}", remark(of))),
    };
    let found = [Remark::InactiveButBilled, Remark::EndedButActive].into_iter().filter_map(told);
    let found: Vec<String> = found.collect();
    match found.is_empty() {
        true => String::new(),
        false => screen.sentence(Tone::Warning, &format!("findings: {}", found.join("; "))),
    }
}

#[cfg(test)]
#[path = "billing_tests.rs"]
mod tests;
