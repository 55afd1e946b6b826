//! The fields of a contract and who owns each.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use super::udf::UdfName;
use super::value::{Kind, Value};

/// Values by field. A field without a value is absent.
pub type Fields = BTreeMap<Field, Value>;

/// A field of a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The company that the contract belongs to, by its id.
    Client,
    /// The agreement that an addition stands below, by its key.
    Parent,
    /// What kind of agreement or addition it is, in the tenant's own words.
    Type,
    /// The tenant's label, lower case; `active` and `inactive` are normalised.
    Status,
    /// What one billing cycle costs, in the contract's currency.
    BillingCost,
    /// How often that is billed.
    BillingCycle,
    /// The currency of the amounts, by its ISO code.
    Currency,
    /// How many units are billed in the period that the cost was read from.
    Units,
    /// The price of one unit.
    UnitPrice,
    /// Where the rate was read from: current, first, last, none or scaled.
    Basis,
    /// Where the currency was read from: client, internal, configured or unknown.
    CurrencyBasis,
    /// Whether Autotask bills it today: billed, upcoming, ended, none or one-time.
    Billing,
    /// Upcoming: the first day that is billed; ended: the last.
    BillingSince,
    /// The day from which it is known to cost something else.
    NextChangeDate,
    /// What one billing cycle costs from then on.
    NextChangeCost,
    /// What it is known to cost after that, or after it begins: each with its day, as in
    /// `2026-10-01 440.00`.
    LaterChanges,
    /// What Autotask bills for the running billing period.
    PeriodAmount,
    /// The first day of that period.
    PeriodStart,
    /// The last day of that period.
    PeriodEnd,
    /// What is left of a purchase, with its unit.
    Left,
    /// Whether Autotask has billed what is bought once.
    Billed,
    /// What setting the agreement up costs, once.
    SetupFee,
    /// The company that is billed, where that is not the client.
    BilledTo,
    /// What is remarkable about the cost, by the codes of [`crate::model::Remark`].
    Remarks,
    /// What is in a bundle: the names of its services.
    Contents,
    /// The agreement that this one renews, by its key.
    Renews,
    /// The moment since which the item is missing in Autotask.
    Vanished,
    /// The name.
    Name,
    /// The description.
    Description,
    /// The first day.
    StartDate,
    /// The last day.
    EndDate,
    /// The category, in the tenant's own words.
    Category,
    /// The purchase order number.
    PurchaseOrder,
    /// The contact's name.
    Contact,
    /// Free notes.
    Notes,
    /// The person in charge at the MSP.
    Owner,
    /// Where the thing is.
    Location,
    /// How much it hurts when it stops.
    Impact,
    /// Whether a third party provides it.
    ThirdParty,
    /// Words to find it by.
    Tags,
    /// How many days before the end notice must be given.
    NoticeDays,
    /// Whether it renews by itself.
    AutoRenew,
    /// A user-defined field of the agreement, by the name that the configuration gives it.
    Udf(UdfName),
}

/// Who decides what a field's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// Autotask alone: never editable on a synced contract.
    Source,
    /// Autotask, but it may be overridden here; the override survives every sync.
    Seeded,
    /// The MSP alone: Autotask never touches it.
    Local,
}

impl Field {
    /// Every field that is always there, in the order in which people are shown them; user-defined
    /// ones come after them.
    pub const ALL: [Field; 42] = [
        Field::Client,
        Field::Parent,
        Field::Name,
        Field::Type,
        Field::Status,
        Field::BillingCost,
        Field::BillingCycle,
        Field::Billing,
        Field::BillingSince,
        Field::NextChangeDate,
        Field::NextChangeCost,
        Field::LaterChanges,
        Field::PeriodAmount,
        Field::PeriodStart,
        Field::PeriodEnd,
        Field::Currency,
        Field::Units,
        Field::UnitPrice,
        Field::CurrencyBasis,
        Field::Basis,
        Field::Left,
        Field::Billed,
        Field::SetupFee,
        Field::BilledTo,
        Field::Remarks,
        Field::Contents,
        Field::Renews,
        Field::Vanished,
        Field::Description,
        Field::StartDate,
        Field::EndDate,
        Field::Category,
        Field::PurchaseOrder,
        Field::Contact,
        Field::Notes,
        Field::Owner,
        Field::Location,
        Field::Impact,
        Field::ThirdParty,
        Field::Tags,
        Field::NoticeDays,
        Field::AutoRenew,
    ];

    /// The field's name on the command line, in JSON and in the ledger. That of a user-defined
    /// field begins with `udf.`.
    pub fn name(self) -> &'static str {
        match self {
            Field::Udf(name) => name.as_str(),
            Field::Client => "client",
            Field::Parent => "parent",
            Field::Type => "type",
            Field::Status => "status",
            Field::BillingCost => "billing_cost",
            Field::BillingCycle => "billing_cycle",
            Field::Currency => "currency",
            Field::Units => "units",
            Field::UnitPrice => "unit_price",
            Field::Basis => "basis",
            Field::CurrencyBasis => "currency_basis",
            Field::Billing => "billing",
            Field::BillingSince => "billing_since",
            Field::NextChangeDate => "next_change_date",
            Field::NextChangeCost => "next_change_cost",
            Field::LaterChanges => "later_changes",
            Field::PeriodAmount => "period_amount",
            Field::PeriodStart => "period_start",
            Field::PeriodEnd => "period_end",
            Field::Left => "left",
            Field::Billed => "billed",
            Field::SetupFee => "setup_fee",
            Field::BilledTo => "billed_to",
            Field::Remarks => "remarks",
            Field::Contents => "contents",
            Field::Renews => "renews",
            Field::Vanished => "vanished",
            Field::Name => "name",
            Field::Description => "description",
            Field::StartDate => "start_date",
            Field::EndDate => "end_date",
            Field::Category => "category",
            Field::PurchaseOrder => "purchase_order",
            Field::Contact => "contact",
            Field::Notes => "notes",
            Field::Owner => "owner",
            Field::Location => "location",
            Field::Impact => "impact",
            Field::ThirdParty => "third_party",
            Field::Tags => "tags",
            Field::NoticeDays => "notice_days",
            Field::AutoRenew => "auto_renew",
        }
    }

    /// The field of exactly this name.
    pub fn from_name(name: &str) -> Option<Field> {
        match name.strip_prefix("udf.") {
            Some(own) => UdfName::new(own).map(Field::Udf),
            None => Field::by_name(name),
        }
    }

    /// The same where it is not user-defined. Every stored value is read by its field's name, so the
    /// names stand in order.
    fn by_name(name: &str) -> Option<Field> {
        static BY_NAME: LazyLock<[(&str, Field); Field::ALL.len()]> = LazyLock::new(|| {
            let mut fields = Field::ALL.map(|field| (field.name(), field));
            fields.sort_unstable_by_key(|(name, _)| (name.len(), *name));
            fields
        });
        let wanted = (name.len(), name);
        let place = BY_NAME.binary_search_by_key(&wanted, |(name, _)| (name.len(), *name));
        place.ok().map(|place| BY_NAME[place].1)
    }

    /// Who owns the field.
    pub fn ownership(self) -> Ownership {
        match self {
            Field::Client
            | Field::Parent
            | Field::Type
            | Field::Status
            | Field::BillingCost
            | Field::BillingCycle
            | Field::Currency
            | Field::Units
            | Field::UnitPrice
            | Field::CurrencyBasis
            | Field::Basis
            | Field::Billing
            | Field::BillingSince
            | Field::NextChangeDate
            | Field::NextChangeCost
            | Field::LaterChanges
            | Field::PeriodAmount
            | Field::PeriodStart
            | Field::PeriodEnd
            | Field::Left
            | Field::Billed
            | Field::SetupFee
            | Field::BilledTo
            | Field::Remarks
            | Field::Contents
            | Field::Renews
            | Field::Vanished => Ownership::Source,
            Field::Name
            | Field::Description
            | Field::StartDate
            | Field::EndDate
            | Field::Category
            | Field::PurchaseOrder
            | Field::Contact
            | Field::Udf(_) => Ownership::Seeded,
            Field::Notes
            | Field::Owner
            | Field::Location
            | Field::Impact
            | Field::ThirdParty
            | Field::Tags
            | Field::NoticeDays
            | Field::AutoRenew => Ownership::Local,
        }
    }

    /// Whether the field speaks of the running billing period, which goes on to the next by itself:
    /// that is no change of the contract.
    pub fn is_of_the_period(self) -> bool {
        matches!(self, Field::PeriodAmount | Field::PeriodStart | Field::PeriodEnd)
    }

    /// What values the field takes.
    pub fn kind(self) -> Kind {
        match self {
            Field::BillingCost
            | Field::Units
            | Field::UnitPrice
            | Field::NextChangeCost
            | Field::PeriodAmount
            | Field::SetupFee => Kind::Number,
            Field::BillingCycle => Kind::Cycle,
            Field::StartDate
            | Field::EndDate
            | Field::BillingSince
            | Field::NextChangeDate
            | Field::PeriodStart
            | Field::PeriodEnd => Kind::Date,
            Field::Impact => Kind::Impact,
            Field::ThirdParty | Field::AutoRenew | Field::Billed => Kind::Flag,
            Field::NoticeDays => Kind::Days,
            Field::Tags | Field::Remarks | Field::LaterChanges => Kind::Tags,
            Field::Client
            | Field::Parent
            | Field::Type
            | Field::Status
            | Field::Currency
            | Field::CurrencyBasis
            | Field::Basis
            | Field::Billing
            | Field::Left
            | Field::BilledTo
            | Field::Contents
            | Field::Renews
            | Field::Udf(_)
            | Field::Vanished
            | Field::Name
            | Field::Description
            | Field::Category
            | Field::PurchaseOrder
            | Field::Contact
            | Field::Notes
            | Field::Owner
            | Field::Location => Kind::Text,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No field has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no field is named `{0}`")]
pub struct UnknownField(pub String);

impl FromStr for Field {
    type Err = UnknownField;

    /// Reads a field's name; a hyphen may stand for an underscore, and case does not matter.
    fn from_str(text: &str) -> Result<Field, UnknownField> {
        let wanted = text.to_ascii_lowercase().replace('-', "_");
        Field::from_name(&wanted).ok_or_else(|| UnknownField(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_by_its_name() {
        for field in Field::ALL {
            assert_eq!(field.name().parse(), Ok(field));
            assert_eq!(Field::from_name(field.name()), Some(field));
        }
        assert_eq!("Billing-Cost".parse(), Ok(Field::BillingCost));
        assert_eq!(Field::from_name("Billing-Cost"), None);
        let udf = UdfName::new("account_manager").map(Field::Udf).expect("a name");
        assert_eq!("udf.account_manager".parse(), Ok(udf));
        assert_eq!(udf.name().parse(), Ok(udf));
        assert_eq!(Field::from_name(udf.name()), Some(udf));
        assert_eq!(Field::from_name("udf.Account-Manager"), None);
        assert!("colour".parse::<Field>().is_err());
    }
}
