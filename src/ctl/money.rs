//! Sums of money, per currency: two currencies are never added up.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::model::{BillingCycle, Currency, Money};

/// What is billed a month, per currency.
#[derive(Debug, Default)]
pub struct PerMonth(BTreeMap<Currency, Decimal>);

impl PerMonth {
    /// Adds an amount per cycle; what is not billed periodically is left out.
    pub fn add(&mut self, amount: &str, currency: &str, cycle: &str) {
        let (Ok(amount), Ok(cycle)) = (amount.parse::<Decimal>(), cycle.parse::<BillingCycle>())
        else {
            return;
        };
        if let Some(year) = cycle.per_year(amount) {
            *self.0.entry(Currency::new(currency)).or_default() += year / Decimal::from(12);
        }
    }

    /// The sums, such as `482.60 USD, 12.00 EUR`; none where nothing was added.
    pub fn text(&self) -> Option<String> {
        let sum = |(currency, amount): (&Currency, &Decimal)| {
            Money { amount: *amount, currency: currency.clone() }.to_string()
        };
        let sums: Vec<String> = self.0.iter().map(sum).collect();
        (!sums.is_empty()).then(|| sums.join(", "))
    }
}

/// An amount with a sign in front, such as `+7.40`.
pub fn signed(amount: &str) -> String {
    match amount.parse::<Decimal>() {
        Ok(number) if number > Decimal::ZERO && !amount.starts_with('+') => format!("+{amount}"),
        _ => amount.to_owned(),
    }
}

/// An amount with its currency; a dash where there is none.
pub fn cost(amount: Option<&str>, currency: Option<&str>) -> String {
    match (amount, currency) {
        (Some(amount), Some(currency)) => format!("{amount} {currency}"),
        (Some(amount), None) => amount.to_owned(),
        (None, _) => super::screen::NONE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_stay_apart_and_cycles_are_made_months() {
        let mut sums = PerMonth::default();
        sums.add("482.60", "USD", "monthly");
        sums.add("120.00", "USD", "yearly");
        sums.add("90.00", "EUR", "quarterly");
        sums.add("5000.00", "EUR", "one-time");
        sums.add("7", "EUR", "unknown (7)");
        assert_eq!(sums.text().as_deref(), Some("30.00 EUR, 492.60 USD"));
        assert_eq!(PerMonth::default().text(), None);
    }

    #[test]
    fn more_has_a_plus() {
        assert_eq!(signed("7.40"), "+7.40");
        assert_eq!(signed("-7.40"), "-7.40");
        assert_eq!(signed("0.00"), "0.00");
    }
}
