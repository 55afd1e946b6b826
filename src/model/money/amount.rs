//! Money: a decimal amount that always has a currency.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};

/// The decimals of most currencies.
const USUAL_DECIMALS: u32 = 2;

/// A currency by its ISO 4217 code, such as `USD`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(String);

impl Currency {
    /// The currency with this code; the code is kept in capitals.
    pub fn new(code: &str) -> Currency {
        Currency(code.trim().to_ascii_uppercase())
    }

    /// The code of ISO 4217 for "no currency": what could not be read is never guessed.
    pub fn unknown() -> Currency {
        Currency("XXX".to_owned())
    }

    /// The code.
    pub fn code(&self) -> &str {
        &self.0
    }

    /// The currency with this code, if ISO 4217 has it and something can be paid in it: not the
    /// codes of metals, of tests and of "no currency".
    pub fn known(code: &str) -> Option<Currency> {
        let currency = Currency::new(code);
        let known = iso_currency::Currency::from_code(&currency.0)?;
        (!known.is_special()).then_some(currency)
    }

    /// How many digits stand behind the point in an amount of this currency (ISO 4217); two where
    /// the code is not known.
    pub fn decimals(&self) -> u32 {
        let known = iso_currency::Currency::from_code(&self.0);
        known.and_then(iso_currency::Currency::exponent).map_or(USUAL_DECIMALS, u32::from)
    }

    /// `amount` rounded to what can be billed in this currency, half a unit away from zero, with
    /// exactly [`Currency::decimals`] digits.
    pub fn round(&self, amount: Decimal) -> Decimal {
        let decimals = self.decimals();
        let mut rounded =
            amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
        rounded.rescale(decimals);
        if rounded.is_zero() { rounded.abs() } else { rounded }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An amount in a currency. Amounts of different currencies are never added up: sums are kept per
/// currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// The amount, exact.
    pub amount: Decimal,
    /// Its currency.
    pub currency: Currency,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency.round(self.amount), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    #[test]
    fn rounding_gives_exactly_the_digits_of_the_currency() {
        let usd = Currency::new("usd");
        assert_eq!(usd.round(decimal("254.1000")).to_string(), "254.10");
        assert_eq!(usd.round(decimal("254")).to_string(), "254.00");
        assert_eq!(usd.round(decimal("0.125")).to_string(), "0.13");
        assert_eq!(usd.round(decimal("-0.125")).to_string(), "-0.13");
        assert_eq!(usd.round(decimal("-0.001")).to_string(), "0.00");
        assert_eq!(Currency::new("JPY").round(decimal("1999.5")).to_string(), "2000");
        assert_eq!(Currency::new("KWD").round(decimal("1.2")).to_string(), "1.200");
        assert_eq!(Currency::new("CLF").round(decimal("12.3456")).to_string(), "12.3456");
    }

    #[test]
    fn decimals_are_those_of_iso_4217() {
        let with = |decimals: u32, codes: &str| {
            for code in codes.split_whitespace() {
                assert_eq!(Currency::new(code).decimals(), decimals, "{code}");
            }
        };
        with(0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF");
        with(2, "AUD EUR USD GBP CHF MRU MGA HUF COP IDR TWD");
        with(3, "BHD IQD JOD KWD LYD OMR TND");
        with(4, "CLF UYW");
        with(2, "XXX QQQ");
    }

    #[test]
    fn only_what_can_be_paid_in_is_a_known_currency() {
        assert_eq!(Currency::known(" aud "), Some(Currency::new("AUD")));
        for code in ["", "XXX", "XAU", "XTS", "AUX", "Euro", "€"] {
            assert_eq!(Currency::known(code), None, "{code}");
        }
    }
}
