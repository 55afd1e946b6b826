//! What differences come to in money, and how that is told.

use std::fmt;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::model::{Currency, per_month};

/// What something comes to, in one currency and from one day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The currency.
    pub currency: Currency,
    /// The day from which on it does; none for at once.
    pub from: Option<NaiveDate>,
    /// More (or, negative, less) in a year, exactly.
    pub per_year: Decimal,
    /// More (or, negative, less) once.
    pub once: Decimal,
}

impl Effect {
    /// More (or, negative, less) in a month, with the digits of the currency.
    pub fn per_month(&self) -> Decimal {
        self.currency.round(per_month(self.per_year))
    }
}

/// In short, such as `+90.00 USD per month, +3,100.00 once`.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (month, once) = (self.per_month(), self.currency.round(self.once));
        let from = self.from.map(|day| day.to_string());
        let parts = [(&*month.to_string(), "per month"), (&*once.to_string(), "once")];
        let told = effect_told(self.currency.code(), from.as_deref(), &parts);
        f.write_str(&told.unwrap_or_default())
    }
}

/// The parts of an effect that are not zero, the currency behind the first of them, the day in front;
/// none where all are.
pub fn effect_told(currency: &str, from: Option<&str>, parts: &[(&str, &str)]) -> Option<String> {
    let zero = |text: &str| text.parse::<Decimal>().map_or(text.is_empty(), |n| n.is_zero());
    let mut told = Vec::new();
    for (amount, per) in parts.iter().filter(|(amount, _)| !zero(amount)) {
        let amount = signed(&grouped(amount));
        told.push(match told.is_empty() {
            true => format!("{amount} {currency} {per}"),
            false => format!("{amount} {per}"),
        });
    }
    let from = from.map(|day| format!("from {day}: ")).unwrap_or_default();
    (!told.is_empty()).then(|| format!("{from}{}", told.join(", ")))
}

/// An amount with commas between thousands, such as `1,080.00`; also where a unit stands behind it.
pub fn grouped(amount: &str) -> String {
    let (sign, rest) = match amount.strip_prefix(['-', '+']) {
        Some(rest) => (&amount[..1], rest),
        None => ("", amount),
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, behind) = rest.split_at(digits);
    let mut text = sign.to_owned();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (digits - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + behind
}

/// An amount with a sign in front, such as `+7.40`.
pub fn signed(amount: &str) -> String {
    match amount.replace(',', "").parse::<Decimal>() {
        Ok(number) if number > Decimal::ZERO && !amount.starts_with('+') => format!("+{amount}"),
        _ => amount.to_owned(),
    }
}
