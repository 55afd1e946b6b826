//! What the numbers of picklists mean to us: types of agreement, states, billing cycles.
//!
//! The tenant's label decides. The numbers of section 4.3 of the Autotask facts are a fallback for
//! a picklist that does not hold the value; what neither explains is shown as `unknown (7)`, never
//! guessed.

use super::fields::EntityFields;
use super::purchases::PurchaseKind;
use crate::model::BillingCycle;
use crate::sync::cost::Method;

/// A type of agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AgreementType {
    /// The tenant's label in lower case.
    pub label: String,
    /// Which of the six types it is; none where neither label nor number tells.
    pub kind: Option<AgreementKind>,
}

/// The types of agreement that Autotask documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AgreementKind {
    TimeAndMaterials,
    FixedPrice,
    BlockHours,
    Retainer,
    Incident,
    RecurringService,
}

impl AgreementKind {
    const ALL: [AgreementKind; 6] = [
        AgreementKind::TimeAndMaterials,
        AgreementKind::FixedPrice,
        AgreementKind::BlockHours,
        AgreementKind::Retainer,
        AgreementKind::Incident,
        AgreementKind::RecurringService,
    ];

    /// Its number where the tenant's label says nothing, and what it is called where there is no
    /// label. Only 7 is documented, 4 and 1 were seen in tenants, the rest is hearsay.
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
pub(super) fn agreement_type(fields: &EntityFields, number: Option<i64>) -> AgreementType {
    let Some(number) = number else {
        return AgreementType { label: "unknown".to_owned(), kind: None };
    };
    let numbered = AgreementKind::ALL.into_iter().find(|kind| kind.number().0 == number);
    let Some(label) = fields.label("contractType", number) else {
        let label = numbered.map_or_else(|| unknown(number), |kind| kind.number().1.to_owned());
        return AgreementType { label, kind: numbered };
    };
    let label = label.to_lowercase();
    let letters: String = label.chars().filter(|c| c.is_alphabetic()).collect();
    let meant: Vec<AgreementKind> =
        AgreementKind::ALL.into_iter().filter(|kind| kind.is_meant(&letters)).collect();
    // A label in another language, or one that fits two types, says nothing to us.
    let kind = match meant.as_slice() {
        [kind] => Some(*kind),
        _ => numbered,
    };
    AgreementType { label, kind }
}

/// The status of an agreement or of a purchase.
pub(super) fn status(fields: &EntityFields, number: i64) -> String {
    match number {
        1 if fields.label("status", number).is_none() => "active".to_owned(),
        0 if fields.label("status", number).is_none() => "inactive".to_owned(),
        number => progress(fields, number),
    }
}

/// The status of a milestone or a charge, whose numbers mean something else than those of an
/// agreement, and are not documented.
pub(super) fn progress(fields: &EntityFields, number: i64) -> String {
    let Some(label) = fields.label("status", number) else { return unknown(number) };
    match label.to_lowercase().as_str() {
        "active" | "in effect" | "active/in effect" | "active / in effect" => "active".to_owned(),
        "inactive" | "not active" => "inactive".to_owned(),
        other => other.to_owned(),
    }
}

/// The category of an agreement, in the tenant's own words.
pub(super) fn category(fields: &EntityFields, number: i64) -> String {
    fields.label("contractCategory", number).map_or_else(|| unknown(number), str::to_owned)
}

/// Whether a number of a billing cycle is one that needs no picklist.
pub(super) fn is_known_cycle(number: i64) -> bool {
    (1..=5).contains(&number)
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
    fn the_label_goes_before_the_number_and_the_number_helps_out() {
        use AgreementKind::*;
        let own = fields(
            "contractType",
            &[(3, "Recurring Service"), (7, "Block Hours"), (6, "Pauschale"), (5, "Sonstiges")],
        );
        let is = |label: &str, kind| (label.to_owned(), kind);
        assert_eq!(kind(&own, 3), is("recurring service", Some(RecurringService)));
        assert_eq!(kind(&own, 7), is("block hours", Some(BlockHours)));
        assert_eq!(kind(&own, 6), is("pauschale", Some(Retainer)));
        assert_eq!(kind(&own, 5), is("sonstiges", None));
        assert_eq!(kind(&own, 9), is("unknown (9)", None));
        let none = EntityFields::default();
        for one in AgreementKind::ALL {
            let (number, label) = one.number();
            assert_eq!(kind(&none, number), is(label, Some(one)));
        }
        assert_eq!(agreement_type(&none, None).kind, None);
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
        // The numbers of a milestone mean something else.
        assert_eq!([progress(&none, 1), progress(&none, 0)], ["unknown (1)", "unknown (0)"]);
        let milestone = fields("status", &[(0, "In Progress")]);
        assert_eq!([status(&milestone, 0), progress(&milestone, 0)], ["in progress"; 2]);
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
