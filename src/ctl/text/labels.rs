//! Fields as people read them: a label for each name, and its values.

use super::billing;
use super::money::grouped;
use crate::ctl::output::screen::{NONE, Screen};
use crate::model::{Field, Kind};

/// What a field is called where a person reads it.
pub fn label(field: &str) -> String {
    match Field::from_name(field) {
        Some(Field::BillingCost) => "rate".to_owned(),
        Some(Field::Basis) => "rate read from".to_owned(),
        Some(Field::CurrencyBasis) => "currency read from".to_owned(),
        Some(Field::NextChangeDate) => "next change".to_owned(),
        Some(Field::NextChangeCost) => "rate from then on".to_owned(),
        Some(Field::BillingSince) => "billing since".to_owned(),
        Some(Field::Udf(_)) | None => field.to_owned(),
        Some(known) => known.name().replace('_', " "),
    }
}

/// A value of a field; a dash where there is none. The one field that is a moment is told as moments
/// are, amounts have commas between thousands, and remarks are words.
pub fn value(field: &str, value: Option<&str>, screen: &Screen) -> String {
    let Some(text) = value else { return NONE.to_owned() };
    match Field::from_name(field) {
        Some(Field::Vanished) => screen.short(Some(text)),
        Some(Field::Remarks) => billing::remarks(text),
        Some(known) if known.kind() == Kind::Number => grouped(text),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::screen::sample;

    #[test]
    fn fields_have_labels_and_values_are_readable() {
        assert_eq!(label("billing_cost"), "rate");
        assert_eq!(label("period_amount"), "period amount");
        assert_eq!(label("udf.account_manager"), "udf.account_manager");
        assert_eq!(label("a_later_field"), "a_later_field");
        let told = |field, text| value(field, text, &sample(80));
        assert_eq!(told("billing_cost", Some("1215.00")), "1,215.00");
        assert_eq!(told("remarks", Some("scaled")), "rate scaled up from a part of a period");
        assert_eq!(told("notes", Some("1215.00")), "1215.00");
        assert_eq!(told("notes", None), "-");
        assert!(told("vanished", Some("2026-11-24T11:00:00Z")).starts_with("today "));
    }
}
