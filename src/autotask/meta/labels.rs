//! What the numbers of picklists mean to us: types of agreement, states, billing cycles.
//!
//! The system's numbers decide, those of sections 4.3 and 9.14 of the Autotask facts: a tenant may be
//! in any language and have labels of its own, and the numbers stay. Only a number that is none of
//! them is recognised by its label. What is shown is the tenant's label; what neither explains is
//! shown as `unknown (7)`, never guessed.

use strum::VariantArray;

use crate::autotask::meta::entity_fields::EntityFields;
use crate::autotask::rows::purchases::PurchaseKind;
use crate::model::BillingCycle;
use crate::policy::cost::Method;

/// A type of agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct AgreementType {
    /// The tenant's label in lower case.
    pub label: String,
    /// Which of the six types it is; none where neither number nor label tells.
    pub kind: Option<AgreementKind>,
}

/// The types of agreement that Autotask documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub(in crate::autotask) enum AgreementKind {
    TimeAndMaterials,
    FixedPrice,
    BlockHours,
    Retainer,
    Incident,
    RecurringService,
}

impl AgreementKind {
    /// Its number, and what it is called where there is no label.
    fn number(self) -> (i64, &'static str) {
        match self {
            AgreementKind::TimeAndMaterials => (1, "time and materials"),
            AgreementKind::FixedPrice => (3, "fixed price"),
            AgreementKind::BlockHours => (4, "block hours"),
            AgreementKind::Retainer => (6, "retainer"),
            AgreementKind::RecurringService => (7, "recurring service"),
            AgreementKind::Incident => (8, "incident"),
        }
    }

    /// Whether a label, of which only letters are left, means this type.
    fn is_meant(self, letters: &str) -> bool {
        match self {
            AgreementKind::TimeAndMaterials => {
                letters == "tm" || letters.contains("time") && letters.contains("material")
            }
            AgreementKind::FixedPrice => letters.contains("fixedprice"),
            AgreementKind::BlockHours => letters.contains("block"),
            AgreementKind::Retainer => letters.contains("retainer"),
            AgreementKind::Incident => letters.contains("incident") || letters.contains("ticket"),
            AgreementKind::RecurringService => letters.contains("recurring"),
        }
    }

    /// How it is billed.
    pub fn method(self) -> Method {
        match self {
            AgreementKind::TimeAndMaterials => Method::ByWork,
            AgreementKind::FixedPrice => Method::FixedPrice,
            AgreementKind::BlockHours | AgreementKind::Retainer | AgreementKind::Incident => {
                Method::InAdvance
            }
            AgreementKind::RecurringService => Method::ByPeriod,
        }
    }

    /// Whether what is bought for it is paid in advance and used up.
    pub fn is_prepaid(self) -> bool {
        self.method() == Method::InAdvance
    }

    /// Whether such an agreement can have additions of this kind.
    pub fn can_have(self, kind: PurchaseKind) -> bool {
        match kind {
            PurchaseKind::Milestone => self == AgreementKind::FixedPrice,
            PurchaseKind::Hours => self == AgreementKind::BlockHours,
            PurchaseKind::Retainer => self == AgreementKind::Retainer,
            PurchaseKind::Tickets => self == AgreementKind::Incident,
            PurchaseKind::Charge => true,
        }
    }
}

/// The type of an agreement.
pub(in crate::autotask) fn agreement_type(
    fields: &EntityFields,
    number: Option<i64>,
) -> AgreementType {
    let Some(number) = number else {
        return AgreementType { label: "unknown".to_owned(), kind: None };
    };
    let numbered = AgreementKind::VARIANTS.iter().copied().find(|kind| kind.number().0 == number);
    let label = fields.label("contractType", number).map(str::to_lowercase);
    let kind = numbered.or_else(|| labelled(label.as_deref()?));
    let label = label.unwrap_or_else(|| match numbered {
        Some(kind) => kind.number().1.to_owned(),
        None => unknown(number),
    });
    AgreementType { label, kind }
}

/// The type that a label means. One in another language, or that fits two types, says nothing to us.
fn labelled(label: &str) -> Option<AgreementKind> {
    let letters: String = label.chars().filter(|c| c.is_alphabetic()).collect();
    let mut meant = AgreementKind::VARIANTS.iter().copied().filter(|kind| kind.is_meant(&letters));
    meant.next().filter(|_| meant.next().is_none())
}

/// The status of an agreement or of a purchase: `active` and `inactive` by their numbers, whatever
/// the tenant calls them, and the label of any other.
pub(in crate::autotask) fn status(fields: &EntityFields, number: i64) -> String {
    match number {
        1 => "active".to_owned(),
        0 => "inactive".to_owned(),
        number => progress(fields, number),
    }
}

/// The status of a milestone or a charge, whose numbers mean something else than those of an
/// agreement, and are not documented.
pub(in crate::autotask) fn progress(fields: &EntityFields, number: i64) -> String {
    let Some(label) = fields.label("status", number) else { return unknown(number) };
    match label.to_lowercase().as_str() {
        "active" | "in effect" | "active/in effect" | "active / in effect" => "active".to_owned(),
        "inactive" | "not active" => "inactive".to_owned(),
        other => other.to_owned(),
    }
}

/// The category of an agreement, in the tenant's own words.
pub(in crate::autotask) fn category(fields: &EntityFields, number: i64) -> String {
    fields.label("contractCategory", number).map_or_else(|| unknown(number), str::to_owned)
}

/// Whether a number of a status of an agreement or a purchase is one that needs no picklist.
pub(in crate::autotask) fn is_known_status(number: i64) -> bool {
    (0..=1).contains(&number)
}

/// Whether a number of a billing cycle is one that needs no picklist.
pub(in crate::autotask) fn is_known_cycle(number: i64) -> bool {
    (1..=5).contains(&number)
}

/// The cycle of an agreement, where its row names one.
pub(in crate::autotask) fn cycle_of_agreement(
    fields: &EntityFields,
    number: Option<i64>,
) -> Option<BillingCycle> {
    number.map(|number| cycle(fields, "contractPeriodType", number))
}

/// The cycle of a service or bundle, where its row in the catalogue names one.
pub(in crate::autotask) fn cycle_of_service(
    fields: &EntityFields,
    number: Option<i64>,
) -> Option<BillingCycle> {
    number.map(|number| cycle(fields, "periodType", number))
}

/// The billing cycle that `field` of an entity has.
fn cycle(fields: &EntityFields, field: &str, number: i64) -> BillingCycle {
    match number {
        1 => return BillingCycle::OneTime,
        2 => return BillingCycle::Monthly,
        3 => return BillingCycle::Quarterly,
        4 => return BillingCycle::SemiAnnual,
        5 => return BillingCycle::Yearly,
        _ => {}
    }
    let label = fields.label(field, number).unwrap_or_default().to_lowercase();
    let letters: String = label.chars().filter(|c| c.is_alphabetic()).collect();
    match letters.as_str() {
        "monthly" | "month" => BillingCycle::Monthly,
        "quarterly" | "quarter" => BillingCycle::Quarterly,
        "semiannual" | "semiannually" | "halfyearly" => BillingCycle::SemiAnnual,
        "yearly" | "year" | "annual" | "annually" => BillingCycle::Yearly,
        "onetime" => BillingCycle::OneTime,
        _ => BillingCycle::Unknown(number),
    }
}

fn unknown(number: i64) -> String {
    format!("unknown ({number})")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::autotask::http::entity::Entity;
    use crate::autotask::http::request::Request;

    fn fields(name: &str, labels: &[(i64, &str)]) -> EntityFields {
        let values: Vec<Value> = labels
            .iter()
            .map(|(value, label)| json!({"value": value.to_string(), "label": label}))
            .collect();
        let answer = json!({"fields": [{"name": name, "picklistValues": values}]});
        EntityFields::from_answer(&Request::fields(Entity::Contracts), answer).expect("fields")
    }

    fn kind(fields: &EntityFields, number: i64) -> (String, Option<AgreementKind>) {
        let found = agreement_type(fields, Some(number));
        (found.label, found.kind)
    }

    #[test]
    fn a_label_is_understood_in_many_spellings() {
        use AgreementKind::*;
        for (label, meant) in [
            ("Time & Materials", Some(TimeAndMaterials)),
            ("Time and Material", Some(TimeAndMaterials)),
            ("T&M", Some(TimeAndMaterials)),
            ("FIXED-PRICE", Some(FixedPrice)),
            ("Fixed price project", Some(FixedPrice)),
            ("Block Hours", Some(BlockHours)),
            ("Block of hours", Some(BlockHours)),
            ("Retainer", Some(Retainer)),
            ("Incident", Some(Incident)),
            ("Per Ticket", Some(Incident)),
            ("Incident / Per-Ticket", Some(Incident)),
            ("Recurring Services", Some(RecurringService)),
            ("recurring service", Some(RecurringService)),
            ("Recurring Retainer", None),
            ("Goodwill", None),
        ] {
            let own = fields("contractType", &[(99, label)]);
            assert_eq!(kind(&own, 99), (label.to_lowercase(), meant));
        }
    }

    #[test]
    fn the_number_goes_before_the_label_and_the_label_is_shown() {
        use AgreementKind::*;
        let own = fields(
            "contractType",
            &[
                (1, "Nach Aufwand"),
                (3, "Festpreis"),
                (4, "Stundenkontingent"),
                (5, "Sonstiges"),
                (6, "Retainer für Incidents"),
                (7, "Block Hours"),
                (8, "Vorfälle"),
                (10, "Recurring Umbrella"),
            ],
        );
        let is = |label: &str, kind| (label.to_owned(), kind);
        assert_eq!(kind(&own, 1), is("nach aufwand", Some(TimeAndMaterials)));
        assert_eq!(kind(&own, 3), is("festpreis", Some(FixedPrice)));
        assert_eq!(kind(&own, 4), is("stundenkontingent", Some(BlockHours)));
        assert_eq!(kind(&own, 6), is("retainer für incidents", Some(Retainer)));
        assert_eq!(kind(&own, 7), is("block hours", Some(RecurringService)));
        assert_eq!(kind(&own, 8), is("vorfälle", Some(Incident)));
        assert_eq!(kind(&own, 10), is("recurring umbrella", Some(RecurringService)));
        assert_eq!(kind(&own, 5), is("sonstiges", None));
        assert_eq!(kind(&own, 9), is("unknown (9)", None));
        let none = EntityFields::default();
        for one in AgreementKind::VARIANTS.iter().copied() {
            let (number, label) = one.number();
            assert_eq!(kind(&none, number), is(label, Some(one)));
        }
        assert_eq!(agreement_type(&none, None).kind, None);
    }

    #[test]
    fn a_status_is_active_or_inactive_by_its_number_and_else_the_label() {
        let own = fields("status", &[(0, "Inactive"), (1, "Active/In Effect"), (5, "On Hold")]);
        let read = |number| status(&own, number);
        assert_eq!(
            [read(0), read(1), read(5), read(7)],
            ["inactive", "active", "on hold", "unknown (7)"]
        );
        let german = fields("status", &[(0, "Inaktiv"), (1, "Läuft"), (2, "Active")]);
        let read = |number| status(&german, number);
        assert_eq!([read(0), read(1), read(2)], ["inactive", "active", "active"]);
        let none = EntityFields::default();
        assert_eq!([status(&none, 1), status(&none, 0)], ["active", "inactive"]);
        // The numbers of a milestone mean something else.
        assert_eq!([progress(&none, 1), progress(&none, 0)], ["unknown (1)", "unknown (0)"]);
        let milestone = fields("status", &[(0, "In Progress")]);
        assert_eq!(progress(&milestone, 0), "in progress");
    }

    #[test]
    fn a_cycle_is_read_from_its_number_or_else_its_label() {
        use BillingCycle::*;
        let own = fields(
            "periodType",
            &[
                (11, "Monthly"),
                (12, "Quarterly"),
                (13, "Semi-Annual"),
                (14, "Yearly"),
                (15, "One-Time"),
                (16, "Biweekly"),
                (2, "Monatlich"),
                (3, "Monthly"),
            ],
        );
        let read = |number| cycle(&own, "periodType", number);
        assert_eq!([1, 2, 3, 4, 5].map(read), [OneTime, Monthly, Quarterly, SemiAnnual, Yearly]);
        let labelled = [Monthly, Quarterly, SemiAnnual, Yearly, OneTime];
        assert_eq!([11, 12, 13, 14, 15].map(read), labelled);
        assert_eq!([16, 9].map(read), [Unknown(16), Unknown(9)]);
    }
}
