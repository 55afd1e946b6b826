//! What the numbers of picklists mean to us: types of agreement, states, billing cycles.
//!
//! The tenant's label decides. The numbers of section 4.3 of the Autotask facts are a fallback for
//! a picklist that does not hold the value; what neither explains is shown as `unknown (7)`, never
//! guessed.

use super::fields::EntityFields;
use crate::model::BillingCycle;

/// A type of agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AgreementType {
    /// The tenant's label in lower case.
    pub label: String,
    /// Whether its services and bundles are billed by period, which is what can be imported.
    pub recurring: bool,
}

/// The documented number of recurring service agreements.
const RECURRING_SERVICE: i64 = 7;

/// The type of an agreement.
pub(super) fn agreement_type(fields: &EntityFields, number: Option<i64>) -> AgreementType {
    let Some(number) = number else {
        return AgreementType { label: "unknown".to_owned(), recurring: false };
    };
    let label = match fields.label("contractType", number) {
        Some(label) => label.to_lowercase(),
        None => match number {
            1 => "time and materials".to_owned(),
            4 => "block hours".to_owned(),
            RECURRING_SERVICE => "recurring service".to_owned(),
            number => unknown(number),
        },
    };
    // A label in another language says nothing to us, but the number is documented.
    let foreign = number == RECURRING_SERVICE && !is_another_type(&label);
    AgreementType { recurring: label.contains("recurring service") || foreign, label }
}

fn is_another_type(label: &str) -> bool {
    ["time", "material", "fixed price", "block", "retainer", "incident", "ticket"]
        .iter()
        .any(|word| label.contains(word))
}

/// The status of an agreement.
pub(super) fn status(fields: &EntityFields, number: i64) -> String {
    match fields.label("status", number) {
        Some(label) => match label.to_lowercase().as_str() {
            "active" | "in effect" | "active/in effect" | "active / in effect" => {
                "active".to_owned()
            }
            "inactive" | "not active" => "inactive".to_owned(),
            other => other.to_owned(),
        },
        None => match number {
            1 => "active".to_owned(),
            0 => "inactive".to_owned(),
            number => unknown(number),
        },
    }
}

/// The category of an agreement, in the tenant's own words.
pub(super) fn category(fields: &EntityFields, number: i64) -> String {
    fields.label("contractCategory", number).map_or_else(|| unknown(number), str::to_owned)
}

/// The billing cycle that `field` of an entity has.
pub(super) fn cycle(fields: &EntityFields, field: &str, number: i64) -> BillingCycle {
    match fields.label(field, number) {
        Some(label) => {
            let letters: String =
                label.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect();
            match letters.as_str() {
                "monthly" | "month" => BillingCycle::Monthly,
                "quarterly" | "quarter" => BillingCycle::Quarterly,
                "semiannual" | "semiannually" | "halfyearly" => BillingCycle::SemiAnnual,
                "yearly" | "year" | "annual" | "annually" => BillingCycle::Yearly,
                "onetime" => BillingCycle::OneTime,
                _ => BillingCycle::Unknown(number),
            }
        }
        None => match number {
            1 => BillingCycle::OneTime,
            2 => BillingCycle::Monthly,
            3 => BillingCycle::Quarterly,
            4 => BillingCycle::SemiAnnual,
            5 => BillingCycle::Yearly,
            number => BillingCycle::Unknown(number),
        },
    }
}

fn unknown(number: i64) -> String {
    format!("unknown ({number})")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::autotask::entity::Entity;
    use crate::autotask::request::Request;

    fn fields(name: &str, labels: &[(i64, &str)]) -> EntityFields {
        let values: Vec<Value> = labels
            .iter()
            .map(|(value, label)| json!({"value": value.to_string(), "label": label}))
            .collect();
        let answer = json!({"fields": [{"name": name, "picklistValues": values}]});
        EntityFields::from_answer(&Request::fields(Entity::Contracts), answer).expect("fields")
    }

    #[test]
    fn the_label_tells_the_type_and_the_number_helps_out() {
        let own = fields(
            "contractType",
            &[(3, "Recurring Service"), (7, "Block Hours"), (8, "Incident")],
        );
        let read = |fields: &EntityFields, number| {
            let found = agreement_type(fields, Some(number));
            (found.label, found.recurring)
        };
        assert_eq!(read(&own, 3), ("recurring service".to_owned(), true));
        assert_eq!(read(&own, 7), ("block hours".to_owned(), false));
        assert_eq!(read(&own, 9), ("unknown (9)".to_owned(), false));
        let none = EntityFields::default();
        assert_eq!(read(&none, 7), ("recurring service".to_owned(), true));
        assert_eq!(read(&none, 4), ("block hours".to_owned(), false));
        let german = fields("contractType", &[(7, "Wiederkehrender Service")]);
        assert_eq!(read(&german, 7), ("wiederkehrender service".to_owned(), true));
        assert!(!agreement_type(&none, None).recurring);
    }

    #[test]
    fn a_status_is_the_label_with_active_and_inactive_normalised() {
        let own = fields("status", &[(0, "Inactive"), (1, "Active/In Effect"), (5, "On Hold")]);
        let read = |number| status(&own, number);
        assert_eq!(
            [read(0), read(1), read(5), read(7)],
            ["inactive", "active", "on hold", "unknown (7)"]
        );
        let none = EntityFields::default();
        assert_eq!([status(&none, 1), status(&none, 0)], ["active", "inactive"]);
    }

    #[test]
    fn a_cycle_is_read_from_its_label_or_else_its_number() {
        use BillingCycle::*;
        let own = fields(
            "periodType",
            &[
                (11, "Monthly"),
                (12, "Quarterly"),
                (13, "Semi-Annual"),
                (14, "Yearly"),
                (15, "One-Time"),
                (2, "Biweekly"),
            ],
        );
        let read = |number| cycle(&own, "periodType", number);
        let read = [read(11), read(12), read(13), read(14), read(15), read(2), read(3), read(9)];
        assert_eq!(
            read,
            [Monthly, Quarterly, SemiAnnual, Yearly, OneTime, Unknown(2), Quarterly, Unknown(9)]
        );
    }
}
