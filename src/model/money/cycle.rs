//! How often something is billed.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

/// A billing cycle. Its text is what the command line and the JSON show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BillingCycle {
    /// Every month.
    Monthly,
    /// Every three months.
    Quarterly,
    /// Every six months.
    SemiAnnual,
    /// Every twelve months.
    Yearly,
    /// Once.
    OneTime,
    /// Nothing is billed by time.
    None,
    /// A number that the tenant's picklist does not explain: shown, never guessed.
    Unknown(i64),
}

impl BillingCycle {
    /// How many months one period lasts; none where the cycle is not periodic.
    pub fn months(self) -> Option<u32> {
        match self {
            BillingCycle::Monthly => Some(1),
            BillingCycle::Quarterly => Some(3),
            BillingCycle::SemiAnnual => Some(6),
            BillingCycle::Yearly => Some(12),
            BillingCycle::OneTime | BillingCycle::None | BillingCycle::Unknown(_) => None,
        }
    }

    /// What an amount per period comes to in a year, exactly; none where the cycle is not periodic,
    /// or where it is beyond counting.
    pub fn per_year(self, amount: Decimal) -> Option<Decimal> {
        amount.checked_mul(Decimal::from(12 / self.months()?))
    }
}

/// What an amount of a year comes to in a month, exactly.
pub fn per_month(year: Decimal) -> Decimal {
    // A part of what can be counted can be counted.
    year.checked_div(Decimal::from(12)).unwrap_or_default()
}

impl fmt::Display for BillingCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BillingCycle::Monthly => f.pad("monthly"),
            BillingCycle::Quarterly => f.pad("quarterly"),
            BillingCycle::SemiAnnual => f.pad("semi-annual"),
            BillingCycle::Yearly => f.pad("yearly"),
            BillingCycle::OneTime => f.pad("one-time"),
            BillingCycle::None => f.pad("none"),
            BillingCycle::Unknown(number) => f.pad(&format!("unknown ({number})")),
        }
    }
}

impl FromStr for BillingCycle {
    type Err = ();

    fn from_str(text: &str) -> Result<BillingCycle, ()> {
        Ok(match text {
            "monthly" => BillingCycle::Monthly,
            "quarterly" => BillingCycle::Quarterly,
            "semi-annual" => BillingCycle::SemiAnnual,
            "yearly" => BillingCycle::Yearly,
            "one-time" => BillingCycle::OneTime,
            "none" => BillingCycle::None,
            _ => {
                let number = text.strip_prefix("unknown (").and_then(|t| t.strip_suffix(')'));
                BillingCycle::Unknown(number.ok_or(())?.parse().map_err(|_| ())?)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cycle_reads_back() {
        use BillingCycle::*;
        for cycle in [Monthly, Quarterly, SemiAnnual, Yearly, OneTime, None, Unknown(7)] {
            assert_eq!(cycle.to_string().parse(), Ok(cycle));
        }
        assert_eq!("weekly".parse::<BillingCycle>(), Err(()));
    }

    #[test]
    fn a_year_holds_the_right_number_of_periods() {
        assert_eq!(BillingCycle::Quarterly.per_year(Decimal::TEN), Some(Decimal::from(40)));
        assert_eq!(BillingCycle::OneTime.per_year(Decimal::TEN), None);
    }
}
