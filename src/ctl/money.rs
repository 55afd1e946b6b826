//! Money on the screen: sums per currency (two currencies are never added up), amounts made
//! comparable, and effects.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::screen::{NONE, Screen, Tone};
use crate::model::{BillingCycle, Currency, Money};
use crate::varlink::sync::Effect;

/// Amounts per currency.
type Sums = BTreeMap<Currency, Decimal>;

/// What periodic amounts are made, so that they can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Span {
    /// A twelfth of a year
    Month,
    /// A year
    Year,
}

impl Span {
    /// The span's name.
    pub fn name(self) -> &'static str {
        match self {
            Span::Month => "month",
            Span::Year => "year",
        }
    }

    /// An amount of a year in this span.
    fn of_year(self, year: Decimal) -> Decimal {
        match self {
            Span::Month => year / Decimal::from(12),
            Span::Year => year,
        }
    }

    /// An amount of a cycle in this span, with the digits of its currency; none where the cycle
    /// is not periodic or the amount is none.
    pub fn amount(self, amount: &str, currency: &str, cycle: &str) -> Option<String> {
        let year = cycle.parse::<BillingCycle>().ok()?.per_year(amount.parse().ok()?)?;
        Some(Currency::new(currency).round(self.of_year(year)).to_string())
    }
}

/// Sums of what is billed by time, and of what is not.
#[derive(Debug, Default)]
pub struct Totals {
    /// What is billed by time, a year.
    periodic: Sums,
    /// What is not, by why not: how many, and their sums.
    left_out: BTreeMap<&'static str, (i64, Sums)>,
}

impl Totals {
    /// Adds an amount per cycle.
    pub fn add(&mut self, amount: &str, currency: &str, cycle: &str) {
        let currency = Currency::new(currency);
        let (amount, cycle) = (amount.parse::<Decimal>().ok(), cycle.parse::<BillingCycle>());
        let year = amount.zip(cycle.ok()).and_then(|(amount, cycle)| cycle.per_year(amount));
        if year.is_some_and(|year| grow(&mut self.periodic, &currency, year)) {
            return;
        }
        let why = match cycle {
            Ok(BillingCycle::OneTime) => "one-time",
            Ok(BillingCycle::None) => "none",
            _ => "unknown",
        };
        let (number, sums) = self.left_out.entry(why).or_default();
        *number += 1;
        if let Some(amount) = amount {
            grow(sums, &currency, amount);
        }
    }

    /// The sums, such as `482.60 USD, 12.00 EUR`; none where nothing periodic was added.
    pub fn text(&self, span: Span) -> Option<String> {
        let sums = self.periodic.iter().map(|(c, year)| (c.clone(), span.of_year(*year)));
        told(&sums.collect())
    }

    /// What is not in the sums, such as `2 one-time (5000.00 USD), 1 none`; none where all is.
    pub fn left_out(&self) -> Option<String> {
        let one = |(why, (number, sums)): (&&str, &(i64, Sums))| {
            let billed: Sums =
                sums.iter().filter(|(_, a)| !a.is_zero()).map(|(c, a)| (c.clone(), *a)).collect();
            let sums = told(&billed).map(|sums| format!(" ({sums})")).unwrap_or_default();
            format!("{number} {why}{sums}")
        };
        let all: Vec<String> = self.left_out.iter().map(one).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

/// Adds to the sum of a currency; says whether it could be added.
fn grow(sums: &mut Sums, currency: &Currency, amount: Decimal) -> bool {
    let sum = sums.entry(currency.clone()).or_default();
    let grown = sum.checked_add(amount);
    *sum = grown.unwrap_or(*sum);
    grown.is_some()
}

fn told(sums: &Sums) -> Option<String> {
    let one = |(currency, amount): (&Currency, &Decimal)| {
        Money { amount: *amount, currency: currency.clone() }.to_string()
    };
    let all: Vec<String> = sums.iter().map(one).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// What differences come to in money, a line a currency.
pub fn effects(effects: &[Effect], screen: &Screen) -> String {
    if effects.is_empty() {
        return format!("{}\n", screen.paint(Tone::Dim, "no effect on what is billed by time"));
    }
    effects.iter().map(|effect| format!("effect  {}\n", told_effect(effect))).collect()
}

/// What a difference comes to, such as `+7.40 USD per month, +88.80 USD per year`.
pub fn told_effect(effect: &Effect) -> String {
    format!(
        "{} {currency} per month, {} {currency} per year",
        signed(&effect.per_month),
        signed(&effect.per_year),
        currency = effect.currency,
    )
}

/// What it comes to where one amount per cycle takes the place of another; none where nothing that
/// is billed by time changes.
pub fn moved(
    before: Option<(&str, &str)>,
    after: Option<(&str, &str)>,
    currency: &str,
) -> Option<Effect> {
    let yearly = |side: Option<(&str, &str)>| {
        let (amount, cycle) = side?;
        cycle.parse::<BillingCycle>().ok()?.per_year(amount.parse().ok()?)
    };
    let year = yearly(after).unwrap_or_default() - yearly(before).unwrap_or_default();
    let told = |span: Span| Currency::new(currency).round(span.of_year(year)).to_string();
    (!year.is_zero()).then(|| Effect {
        from: None,
        once: String::new(),
        currency: currency.to_owned(),
        per_month: told(Span::Month),
        per_year: told(Span::Year),
    })
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
        (None, _) => NONE.to_owned(),
    }
}

/// What must be said beside a currency that is not known to be the client's.
pub fn doubt(currency_basis: Option<&str>) -> Option<&'static str> {
    match currency_basis {
        Some("internal") => Some("internal currency: the client's could not be read"),
        Some("unknown") => Some("the currency could not be read"),
        _ => None,
    }
}

/// A currency, and what must be said beside it.
pub fn currency(code: &str, currency_basis: Option<&str>) -> String {
    match doubt(currency_basis) {
        Some(doubt) => format!("{code} ({doubt})"),
        None => code.to_owned(),
    }
}

/// The period that a cost was read from, in words.
pub fn basis(basis: &str) -> &str {
    match basis {
        "current" => "the current period",
        "first" => "the first period: none has begun yet",
        "last" => "the last period: it is over",
        "none" => "no period",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals() -> Totals {
        let mut totals = Totals::default();
        totals.add("482.60", "USD", "monthly");
        totals.add("100.00", "USD", "yearly");
        totals.add("100.00", "USD", "yearly");
        totals.add("90.00", "EUR", "quarterly");
        totals.add("60.00", "EUR", "semi-annual");
        totals.add("5000.00", "EUR", "one-time");
        totals.add("10.00", "USD", "one-time");
        totals.add("0.00", "USD", "none");
        totals.add("7", "EUR", "unknown (7)");
        totals
    }

    #[test]
    fn currencies_stay_apart_and_cycles_are_made_months_and_years() {
        // Two yearly hundreds are 16.67 a month together, though each alone is 8.33.
        assert_eq!(totals().text(Span::Month).as_deref(), Some("40.00 EUR, 499.27 USD"));
        assert_eq!(totals().text(Span::Year).as_deref(), Some("480.00 EUR, 5991.20 USD"));
        assert_eq!(Totals::default().text(Span::Month), None);
    }

    #[test]
    fn what_is_left_out_is_counted_and_summed() {
        assert_eq!(
            totals().left_out().as_deref(),
            Some("1 none, 2 one-time (5000.00 EUR, 10.00 USD), 1 unknown (7.00 EUR)")
        );
        assert_eq!(Totals::default().left_out(), None);
    }

    #[test]
    fn an_amount_beyond_counting_is_left_out_and_nothing_breaks() {
        let mut totals = Totals::default();
        totals.add("79228162514264337593543950335", "USD", "monthly");
        totals.add("79228162514264337593543950335", "USD", "yearly");
        totals.add("1", "USD", "yearly");
        assert_eq!(totals.text(Span::Year).as_deref(), Some("79228162514264337593543950335 USD"));
        assert!(totals.left_out().expect("something").starts_with("2 unknown"));
    }

    #[test]
    fn one_amount_has_the_digits_of_its_currency() {
        assert_eq!(Span::Month.amount("100.00", "USD", "yearly").as_deref(), Some("8.33"));
        assert_eq!(Span::Year.amount("120000", "JPY", "monthly").as_deref(), Some("1440000"));
        assert_eq!(Span::Month.amount("5.00", "USD", "one-time"), None);
        assert_eq!(Span::Month.amount("much", "USD", "monthly"), None);
    }

    #[test]
    fn one_cost_in_the_place_of_another() {
        let moved = |before, after| {
            moved(before, after, "USD").map(|effect| (effect.per_month, effect.per_year))
        };
        let told = |month: &str, year: &str| Some((month.to_owned(), year.to_owned()));
        let (old, new) = (Some(("482.60", "monthly")), Some(("490.00", "monthly")));
        assert_eq!(moved(old, new), told("7.40", "88.80"));
        assert_eq!(moved(None, Some(("100.00", "yearly"))), told("8.33", "100.00"));
        assert_eq!(moved(old, None), told("-482.60", "-5791.20"));
        assert_eq!(moved(old, old), None);
        assert_eq!(moved(None, Some(("5000.00", "one-time"))), None);
    }

    #[test]
    fn more_has_a_plus() {
        assert_eq!(signed("7.40"), "+7.40");
        assert_eq!(signed("-7.40"), "-7.40");
        assert_eq!(signed("0.00"), "0.00");
    }

    #[test]
    fn a_currency_that_is_not_the_clients_says_so() {
        assert_eq!(currency("USD", Some("client")), "USD");
        assert_eq!(
            currency("USD", Some("internal")),
            "USD (internal currency: the client's could not be read)"
        );
    }
}
