//! The effect in money of what is ticked: per month and once, now and from a day on.
//!
//! The daemon tells the effect of each item by itself. An agreement that is ticked or in the book
//! stands for what is billed by time below it, so that nothing counts twice; what is bought once
//! stands for itself.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::rows::Row;
use super::state::List;
use crate::ctl::dialog::text;
use crate::ctl::text::money::{Span, brief_effect};
use crate::model::Currency;
use crate::protocol::sync::Effect;

/// What stands between two effects.
const BETWEEN: &str = " · ";

/// The effect of the ticked rows, per day and currency.
pub fn effects(list: &List) -> Vec<Effect> {
    let mut sums: BTreeMap<(Option<&str>, &str), (Decimal, Decimal)> = BTreeMap::new();
    for (place, row) in list.rows().iter().enumerate() {
        if !list.is_ticked(place) {
            continue;
        }
        let Some(item) = row.item() else { continue };
        // An agreement that is not new is in the book, and its rate holds its lines.
        let agreement = list.rows()[row.root].item().filter(|_| row.root != place);
        let to_come = agreement.is_some_and(|one| matches!(one.state.as_str(), "new" | "ignored"));
        let by_itself = item.parent.is_none() || to_come && !list.is_ticked(row.root);
        for effect in &item.effects {
            let number = |text: &str| text.parse::<Decimal>().unwrap_or_default();
            let sum = sums.entry((effect.from.as_deref(), &effect.currency)).or_default();
            if by_itself {
                sum.0 = sum.0.checked_add(number(&effect.per_year)).unwrap_or(sum.0);
            }
            sum.1 = sum.1.checked_add(number(&effect.once)).unwrap_or(sum.1);
        }
    }
    let told = |((from, code), (year, once)): ((Option<&str>, &str), (Decimal, Decimal))| {
        let currency = Currency::new(code);
        let amount = |amount: Decimal| currency.round(amount).to_string();
        Effect {
            currency: code.to_owned(),
            from: from.map(str::to_owned),
            per_month: amount(Span::Month.of_year(year)),
            per_year: amount(year),
            once: amount(once),
        }
    };
    sums.into_iter().map(told).collect()
}

/// The effect of the ticked rows in words, as far as there is room: what does not fit is counted.
pub fn told(list: &List, width: usize) -> String {
    if list.count() == 0 {
        return String::new();
    }
    let effects = effects(list);
    let mut last = None;
    let parts = effects.iter().filter_map(|effect| {
        let told = brief_effect(effect, Span::Month)?;
        // A currency that goes on is told once.
        let goes_on = last.replace(&effect.currency) == Some(&effect.currency);
        let currency = format!(" {} ", effect.currency);
        Some(if goes_on { told.replacen(&currency, " ", 1) } else { told })
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() {
        let knows = list.rows().iter().filter_map(Row::item).any(|item| !item.effects.is_empty());
        return if knows { "no cost impact".to_owned() } else { String::new() };
    }
    for number in (1..=parts.len()).rev() {
        let mut line = parts[..number].join(BETWEEN);
        if number < parts.len() {
            line.push_str(&format!("{BETWEEN}{} more", parts.len() - number));
        }
        if text::width(&line) <= width || number == 1 {
            return text::cut(&line, width);
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::dialog::samples::{listed, press, preview_of};
    use crate::ctl::text::items;
    use crate::protocol::sync::Item;

    fn ticked(keys: &str, width: usize) -> String {
        ticked_of(items::billed_samples(), keys, width)
    }

    /// The same below an agreement that is not in the book.
    fn ticked_below_new(keys: &str, width: usize) -> String {
        let mut items = items::billed_samples();
        items[0].state = "new".to_owned();
        ticked_of(items, keys, width)
    }

    fn ticked_of(items: Vec<Item>, keys: &str, width: usize) -> String {
        let mut state = listed((120, 40), preview_of(items, Vec::new()), false);
        press(&mut state, keys);
        told(state.list.as_ref().expect("a list"), width)
    }

    #[test]
    fn an_agreement_stands_for_its_lines_and_not_for_what_is_bought_once() {
        // The agreement with everything below it: of its lines only the charge counts.
        assert_eq!(ticked(" ", 120), "+20.00 USD per month, +3,100.00 once");
        // In the book, its rate holds its lines; to come, they count by themselves without it.
        assert_eq!(ticked(" x", 120), "+3,100.00 USD once");
        assert_eq!(
            ticked_below_new(" x", 120),
            "+220.00 USD per month, +3,100.00 once · from 2026-12-01: +1,878.00 per month"
        );
        assert_eq!(ticked("x", 120), "+20.00 USD per month");
        assert_eq!(ticked("", 120), "");
        assert_eq!(ticked("a", 120), "+20.00 USD per month, +5,600.00 once");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        assert_eq!(ticked_below_new(" x", 60), "+220.00 USD per month, +3,100.00 once · 1 more");
        assert_eq!(ticked_below_new(" x", 20), "+220.00 USD per mon…");
    }
}
