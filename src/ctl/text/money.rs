//! Money on the screen: sums per currency (two currencies are never added up), amounts made
//! comparable, and effects.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::ctl::output::screen::{NONE, Screen, Tone};
use crate::model::{BillingCycle, Currency, Money, PendingState, effect_told, per_month};
pub use crate::model::{grouped, signed};
use crate::protocol::sync::{Effect, Item};

/// Amounts per currency.
pub type Sums = BTreeMap<Currency, Decimal>;

/// What periodic amounts are made, so that they can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Span {
    /// A twelfth of a year
    Month,
    /// A year
    Year,
}

impl Span {
    /// The span's name.
    pub fn name(self) -> &'static str {
        self.into_str()
    }

    /// An amount of a year in this span.
    pub fn of_year(self, year: Decimal) -> Decimal {
        match self {
            Span::Month => per_month(year),
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

/// Adds to the sum of a currency; says whether it could be added.
pub fn grow(sums: &mut Sums, currency: &Currency, amount: Decimal) -> bool {
    let sum = sums.entry(currency.clone()).or_default();
    let grown = sum.checked_add(amount);
    *sum = grown.unwrap_or(*sum);
    grown.is_some()
}

/// Sums as they are read, such as `482.60 USD, 12.00 EUR`; none where there are none.
pub fn told(sums: &Sums) -> Option<String> {
    let one = |(currency, amount): (&Currency, &Decimal)| {
        grouped(&Money { amount: *amount, currency: currency.clone() }.to_string())
    };
    let all: Vec<String> = sums.iter().map(one).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// The effects of items in money, and below them what those come to that a guard holds, which is in
/// no sum until a person decides.
pub fn effects_of(
    items: &[Item],
    all: &[Effect],
    held: Option<&[Effect]>,
    screen: &Screen,
) -> String {
    let Some(held) = brief(held.unwrap_or_default()) else { return effects(all, screen) };
    let number = items.iter().filter(|item| item.state == PendingState::Held.name()).count();
    let told = if brief(all).is_some() { effects(all, screen) } else { String::new() };
    format!("{told}{}", screen.sentence(Tone::Warning, &format!("left out: {number} held: {held}")))
}

/// Effects on one line; none where there are none.
pub fn brief(effects: &[Effect]) -> Option<String> {
    let told: Vec<String> = effects.iter().filter_map(told_effect).collect();
    (!told.is_empty()).then(|| told.join(" · "))
}

/// The effects of differences in money, a line for each currency and day.
pub fn effects(effects: &[Effect], screen: &Screen) -> String {
    let told: Vec<String> = effects.iter().filter_map(told_effect).collect();
    if told.is_empty() {
        return format!("{}\n", screen.paint(Tone::Dim, "no cost impact"));
    }
    told.iter().map(|effect| format!("effect  {effect}\n")).collect()
}

/// The effect of a difference, such as `+7.40 USD per month, +88.80 per year` or
/// `from 2026-07-01: +18.00 USD per month, +216.00 per year`; none where it is nothing.
pub fn told_effect(effect: &Effect) -> Option<String> {
    let parts =
        [(&effect.per_month, "per month"), (&effect.per_year, "per year"), (&effect.once, "once")];
    joined(effect, &parts)
}

/// The same in short, for one span and what is once.
pub fn brief_effect(effect: &Effect, span: Span) -> Option<String> {
    let (amount, per) = match span {
        Span::Month => (&effect.per_month, "per month"),
        Span::Year => (&effect.per_year, "per year"),
    };
    joined(effect, &[(amount, per), (&effect.once, "once")])
}

fn joined(effect: &Effect, parts: &[(&String, &str)]) -> Option<String> {
    let parts: Vec<(&str, &str)> =
        parts.iter().map(|(amount, per)| (amount.as_str(), *per)).collect();
    effect_told(&effect.currency, effect.from.as_deref(), &parts)
}

/// An amount with its currency; a dash where there is none.
pub fn cost(amount: Option<&str>, currency: Option<&str>) -> String {
    match (amount, currency) {
        (Some(amount), Some(currency)) => format!("{} {currency}", grouped(amount)),
        (Some(amount), None) => grouped(amount),
        (None, _) => NONE.to_owned(),
    }
}

/// What must be said beside a currency that is not known to be the client's.
pub fn doubt(currency_basis: Option<&str>) -> Option<&'static str> {
    match currency_basis {
        Some("internal") => Some("internal currency, because the client's could not be read"),
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

/// Where a rate was read from, in words.
pub fn basis(basis: &str) -> &str {
    match basis {
        "current" => "rows in force",
        "first" => "first upcoming rows",
        "last" => "last billed rows",
        "none" => "no billing period",
        "scaled" => "scaled up from a part of a period",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::text::items::effect;

    #[test]
    fn one_amount_has_the_digits_of_its_currency() {
        assert_eq!(Span::Month.amount("100.00", "USD", "yearly").as_deref(), Some("8.33"));
        assert_eq!(Span::Year.amount("120000", "JPY", "monthly").as_deref(), Some("1440000"));
        assert_eq!(Span::Month.amount("5.00", "USD", "one-time"), None);
        assert_eq!(Span::Month.amount("much", "USD", "monthly"), None);
    }

    #[test]
    fn an_effect_leaves_out_what_is_nothing() {
        let told = |effect: Effect| told_effect(&effect).unwrap_or_default();
        assert_eq!(
            told(effect(None, "90.00", "1080.00", "0.00")),
            "+90.00 USD per month, +1,080.00 per year"
        );
        let ahead = effect(Some("2026-07-01"), "78.00", "936.00", "0.00");
        assert_eq!(told(ahead), "from 2026-07-01: +78.00 USD per month, +936.00 per year");
        assert_eq!(told(effect(None, "0.00", "0.00", "3100.00")), "+3,100.00 USD once");
        let both = effect(None, "-90.00", "-1080.00", "3100.00");
        assert_eq!(told(both.clone()), "-90.00 USD per month, -1,080.00 per year, +3,100.00 once");
        let brief = brief_effect(&both, Span::Year);
        assert_eq!(brief.as_deref(), Some("-1,080.00 USD per year, +3,100.00 once"));
        assert_eq!(told(effect(None, "0.00", "0.04", "0.00")), "+0.04 USD per year");
        let nothing = effect(None, "0.00", "0", "");
        assert_eq!(told_effect(&nothing), None);
        let screen = crate::ctl::output::screen::sample(80);
        assert_eq!(effects(&[nothing], &screen), "no cost impact\n");
    }

    #[test]
    fn what_a_guard_holds_is_told_beside_the_sum_and_is_not_in_it() {
        let screen = crate::ctl::output::screen::sample(80);
        let mut items = crate::ctl::text::items::samples();
        items.truncate(2);
        items.iter_mut().for_each(|item| item.state = "held".to_owned());
        let [held, more] = ["90.00", "5.00"].map(|m| [effect(None, m, "1080.00", "0.00")]);
        let told = |all: &[Effect], held: &[Effect]| effects_of(&items, all, Some(held), &screen);
        let left_out = "left out: 2 held: +90.00 USD per month, +1,080.00 per year\n";
        assert_eq!(told(&[], &held), left_out, "there is an effect in money");
        assert_eq!(told(&more, &held), format!("{}{left_out}", effects(&more, &screen)));
        assert_eq!(told(&more, &[]), effects(&more, &screen));
        assert_eq!(told(&[], &[]), "no cost impact\n");
    }

    #[test]
    fn thousands_are_told_apart_and_nothing_else_changes() {
        assert_eq!(grouped("1080.00"), "1,080.00");
        assert_eq!(grouped("-1234567.8910"), "-1,234,567.8910");
        assert_eq!(grouped("120000"), "120,000");
        assert_eq!(grouped("7.5 hours"), "7.5 hours");
        assert_eq!(grouped("1500.00 USD"), "1,500.00 USD");
        assert_eq!(grouped("much"), "much");
        assert_eq!(signed("1,080.00"), "+1,080.00");
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
            "USD (internal currency, because the client's could not be read)"
        );
    }
}
