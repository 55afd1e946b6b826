//! How a contract stands toward its billing, and what is remarkable about its cost.
//!
//! The names are those of the JSON keys `billing` and `remarks`; what they mean to a cost is decided
//! in `policy::cost`.

use std::fmt;
use std::str::FromStr;

/// Whether Autotask bills a contract on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BillingState {
    /// It does.
    Billed,
    /// Not yet: the first billing period begins later.
    Upcoming,
    /// Not any more: the last billing period is over.
    Ended,
    /// There is no billing period.
    None,
    /// It is bought once.
    OneTime,
}

impl BillingState {
    /// Every state.
    pub const ALL: [BillingState; 5] = [
        BillingState::Billed,
        BillingState::Upcoming,
        BillingState::Ended,
        BillingState::None,
        BillingState::OneTime,
    ];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            BillingState::Billed => "billed",
            BillingState::Upcoming => "upcoming",
            BillingState::Ended => "ended",
            BillingState::None => "none",
            BillingState::OneTime => "one-time",
        }
    }
}

impl fmt::Display for BillingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for BillingState {
    type Err = ();

    fn from_str(text: &str) -> Result<BillingState, ()> {
        BillingState::ALL.into_iter().find(|state| state.name() == text).ok_or(())
    }
}

/// Something about a cost that a person should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remark {
    /// The agreement is inactive, and Autotask goes on billing it.
    InactiveButBilled,
    /// The end of the agreement has passed, and it is still active.
    EndedButActive,
    /// Lines of another billing cycle were converted into the agreement's.
    MixedCycles,
    /// The rate could only be scaled up from a part of a period.
    Scaled,
    /// The amount is what billing rules charged in the last whole month, or the charge is one of
    /// those.
    ByRule,
    /// A charge and a purchase may be the same thing twice.
    PossibleDuplicate,
    /// The charge is not billable to the client.
    NotBillable,
    /// The agreement has moved to another client.
    Moved,
    /// The units come to less than nothing although the price is positive.
    NegativeUnits,
    /// Billing periods overlap in a way that neither a change nor a correction explains.
    Overlapping,
    /// Two rows with the same days, units and price.
    RepeatedRows,
    /// No rule tells how often it is billed.
    UnknownCycle,
}

impl Remark {
    /// Every remark.
    pub const ALL: [Remark; 12] = [
        Remark::InactiveButBilled,
        Remark::EndedButActive,
        Remark::MixedCycles,
        Remark::Scaled,
        Remark::ByRule,
        Remark::PossibleDuplicate,
        Remark::NotBillable,
        Remark::Moved,
        Remark::NegativeUnits,
        Remark::Overlapping,
        Remark::RepeatedRows,
        Remark::UnknownCycle,
    ];

    /// The code in JSON.
    pub fn code(self) -> &'static str {
        match self {
            Remark::InactiveButBilled => "inactive_but_billed",
            Remark::EndedButActive => "ended_but_active",
            Remark::MixedCycles => "mixed_cycles",
            Remark::Scaled => "scaled",
            Remark::ByRule => "by_rule",
            Remark::PossibleDuplicate => "possible_duplicate",
            Remark::NotBillable => "not_billable",
            Remark::Moved => "moved",
            Remark::NegativeUnits => "negative_units",
            Remark::Overlapping => "overlapping",
            Remark::RepeatedRows => "repeated_rows",
            Remark::UnknownCycle => "unknown_cycle",
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Remark {
    type Err = ();

    fn from_str(text: &str) -> Result<Remark, ()> {
        Remark::ALL.into_iter().find(|remark| remark.code() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for state in BillingState::ALL {
            assert_eq!(state.name().parse(), Ok(state));
        }
        for remark in Remark::ALL {
            assert_eq!(remark.code().parse(), Ok(remark));
        }
        assert_eq!("paid".parse::<BillingState>(), Err(()));
    }
}
