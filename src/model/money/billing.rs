//! How a contract stands toward its billing, and what is remarkable about its cost.
//!
//! The names are those of the JSON keys `billing` and `remarks`; what they mean to a cost is decided
//! in `policy::cost`.

use strum::{EnumCount, VariantArray};

use super::cycle::BillingCycle;

/// Whether Autotask bills a contract on a day.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::IntoStaticStr,
    strum::Display,
    strum::EnumCount,
    strum::VariantArray,
    strum::EnumString,
)]
#[strum(serialize_all = "kebab-case", const_into_str)]
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
    pub const ALL: [BillingState; BillingState::COUNT] =
        *BillingState::VARIANTS.first_chunk().expect("one for each");

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        self.into_str()
    }

    /// That of a contract by what is stored of it: the name of its state, where Autotask has it; one
    /// made by hand, which has none, is billed as its cycle says.
    pub fn stored(name: Option<&str>, cycle: BillingCycle) -> BillingState {
        match (name, cycle) {
            (Some(name), _) => name.parse().unwrap_or(BillingState::None),
            (None, BillingCycle::OneTime) => BillingState::OneTime,
            (None, cycle) if cycle.months().is_some() => BillingState::Billed,
            (None, _) => BillingState::None,
        }
    }
}

/// Something about a cost that a person should know.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::IntoStaticStr,
    strum::Display,
    strum::EnumCount,
    strum::VariantArray,
    strum::EnumString,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
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
    pub const ALL: [Remark; Remark::COUNT] = *Remark::VARIANTS.first_chunk().expect("one for each");

    /// The code in JSON.
    pub fn code(self) -> &'static str {
        self.into_str()
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
        assert!("paid".parse::<BillingState>().is_err());
    }
}
