//! What is bought once and stands below an agreement: milestones, blocks of hours, retainers,
//! tickets, charges (section 4.5 of the Autotask facts).
//!
//! Five entities with the same shape behind different names; what they cost is for `policy::cost`.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::autotask::fields::amount::{Amount, Denomination};
use crate::autotask::fields::row::{BadField, KeyedRow, Row};
use crate::autotask::http::entity::Entity;
use crate::autotask::rows::companies::dates;
use crate::model::ItemKind;
use crate::policy::cost::{Sale, SaleCost};

/// A kind of what is bought once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub(in crate::autotask) enum PurchaseKind {
    /// A milestone of a fixed price.
    Milestone,
    /// A block of hours.
    #[strum(serialize = "block-hour purchase")]
    Hours,
    /// A retainer.
    Retainer,
    /// A pack of tickets.
    #[strum(serialize = "ticket purchase")]
    Tickets,
    /// A charge.
    Charge,
}

impl PurchaseKind {
    /// The letter of its keys.
    pub fn kind(self) -> ItemKind {
        match self {
            PurchaseKind::Milestone => ItemKind::Milestone,
            PurchaseKind::Hours => ItemKind::BlockHours,
            PurchaseKind::Retainer => ItemKind::Retainer,
            PurchaseKind::Tickets => ItemKind::Tickets,
            PurchaseKind::Charge => ItemKind::Charge,
        }
    }

    /// The entity of its rows.
    pub fn entity(self) -> Entity {
        match self {
            PurchaseKind::Milestone => Entity::ContractMilestones,
            PurchaseKind::Hours => Entity::ContractBlocks,
            PurchaseKind::Retainer => Entity::ContractRetainers,
            PurchaseKind::Tickets => Entity::ContractTicketPurchases,
            PurchaseKind::Charge => Entity::ContractCharges,
        }
    }

    /// What it is called.
    pub fn label(self) -> &'static str {
        self.into_str()
    }

    /// What the name of one begins with that has no title: `block hours, 40 at 95.00`.
    pub fn title(self) -> &'static str {
        match self {
            PurchaseKind::Hours => "block hours",
            PurchaseKind::Tickets => "tickets",
            other => other.label(),
        }
    }

    /// Whether it is paid for in advance and used up: hours, a retainer, tickets.
    pub fn is_prepaid(self) -> bool {
        matches!(self, PurchaseKind::Hours | PurchaseKind::Retainer | PurchaseKind::Tickets)
    }
}

/// Something bought once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct PurchaseRow {
    /// Its id.
    pub id: i64,
    /// The agreement it stands below; none where that cannot be read.
    pub contract: Option<i64>,
    /// The rest, or the first field that is wrong.
    pub details: Result<PurchaseDetails, BadField>,
}

/// What it says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::autotask) struct PurchaseDetails {
    pub name: Option<String>,
    pub description: Option<String>,
    pub status: Option<i64>,
    pub purchase_order: Option<String>,
    /// Its dates and units; the amounts are beside it.
    sale: Sale,
    unit_price: Amount,
    /// Absent where units times price is the amount.
    amount: Option<Amount>,
    /// What was used of it so far.
    used: Amount,
    purchased: Option<NaiveDate>,
    /// The product that a charge is for.
    pub product: Option<i64>,
    billed: Option<bool>,
}

impl PurchaseRow {
    /// Reads a row.
    pub fn read(kind: PurchaseKind, (id, row): &KeyedRow) -> PurchaseRow {
        PurchaseRow {
            id: *id,
            contract: row.integer("contractID").ok().flatten(),
            details: PurchaseDetails::read(kind, row),
        }
    }
}

impl PurchaseDetails {
    fn read(kind: PurchaseKind, row: &Row) -> Result<PurchaseDetails, BadField> {
        let mut details = PurchaseDetails {
            status: row.integer("status")?,
            purchased: row.date("datePurchased")?,
            ..PurchaseDetails::default()
        };
        match kind {
            PurchaseKind::Milestone => {
                details.name = row.line("title")?;
                details.description = row.text("description")?;
                details.sale.end = row.date("dateDue")?;
                details.amount = Some(row.needed_amount("amount", "internalCurrencyAmount")?);
            }
            PurchaseKind::Hours => {
                details.read_units(row, "hours", "hourlyRate")?;
                details.used.client = row.decimal("hoursApproved")?;
            }
            PurchaseKind::Retainer => {
                details.read_dates(row)?;
                details.amount = Some(row.needed_amount("amount", "internalCurrencyAmount")?);
                details.used = row.amount("amountApproved", "internalCurrencyAmountApproved")?;
            }
            PurchaseKind::Tickets => {
                details.read_units(row, "ticketsPurchased", "perTicketRate")?;
                details.used.client = row.decimal("ticketsUsed")?;
            }
            PurchaseKind::Charge => details.read_charge(row)?,
        }
        Ok(details)
    }

    fn read_dates(&mut self, row: &Row) -> Result<(), BadField> {
        (self.sale.start, self.sale.end) = dates(row, "startDate", "endDate")?;
        Ok(())
    }

    /// So many at so much. The rate is there in the client's currency alone.
    fn read_units(
        &mut self,
        row: &Row,
        units: &'static str,
        rate: &'static str,
    ) -> Result<(), BadField> {
        self.read_dates(row)?;
        let number = row.needed_decimal(units)?;
        if number.is_sign_negative() && !number.is_zero() {
            let reason = format!("{units} is {number}, but must not be negative");
            return Err(BadField { field: units, reason });
        }
        self.sale.units = Some(number);
        self.unit_price = Amount { client: Some(row.needed_decimal(rate)?), internal: None };
        Ok(())
    }

    /// A charge may be negative: that is how a credit is written.
    fn read_charge(&mut self, row: &Row) -> Result<(), BadField> {
        self.name = row.line("name")?;
        self.description = row.text("description")?;
        self.purchase_order = row.line("purchaseOrderNumber")?;
        self.sale.start = row.date("datePurchased")?;
        self.sale.units = row.decimal("unitQuantity")?;
        self.unit_price = row.amount("unitPrice", "internalCurrencyUnitPrice")?;
        self.product = row.integer("productID")?;
        self.billed = row.flag("isBilled")?;
        self.sale.is_free = row.flag("isBillableToCompany")? == Some(false);
        let amount = row.amount("billableAmount", "internalCurrencyBillableAmount")?;
        let has_product = self.sale.units.is_some() && self.unit_price.client.is_some();
        if amount.client.is_some() || self.sale.is_free {
            let zero = Amount { client: Some(0.into()), internal: Some(0.into()) };
            self.amount = Some(if self.sale.is_free { zero } else { amount });
        } else if !has_product {
            return Err(BadField::missing("billableAmount"));
        }
        Ok(())
    }

    /// The amount that decides whether it can be read in a currency.
    pub fn decisive(&self) -> &Amount {
        self.amount.as_ref().unwrap_or(&self.unit_price)
    }

    /// What was bought, in one currency.
    pub fn priced(&self, money: &Denomination) -> Sale {
        Sale {
            unit_price: money.of(&self.unit_price),
            amount: self.amount.as_ref().and_then(|amount| money.of(amount)),
            ..self.sale.clone()
        }
    }

    /// When it was bought, and from when on it is for, as far as that is known.
    pub fn days(&self) -> Vec<NaiveDate> {
        self.purchased.into_iter().chain(self.sale.start).collect()
    }

    /// What is left of it. Only posted hours count as used (section 9.7 of the Autotask facts).
    pub fn left(
        &self,
        kind: PurchaseKind,
        cost: &SaleCost,
        money: &Denomination,
    ) -> Option<String> {
        let (bought, used) = match kind {
            PurchaseKind::Retainer => (cost.amount, money.of(&self.used)),
            _ => (cost.units?, self.used.client),
        };
        left(kind, bought.checked_sub(used.unwrap_or(Decimal::ZERO))?, money)
    }

    /// Whether Autotask has billed it, where it says so: charges in a field, milestones by a
    /// status, purchases by their charge.
    pub fn is_billed(&self, kind: PurchaseKind, status: Option<&str>) -> Option<bool> {
        match (kind, status) {
            (PurchaseKind::Charge, _) => self.billed,
            (PurchaseKind::Milestone, Some("billed")) => Some(true),
            (PurchaseKind::Milestone, Some("in progress" | "ready to bill")) => Some(false),
            _ => None,
        }
    }
}

/// What is left of a purchase, as it is shown: `7.5 hours`, `1500.00 USD`, `12 tickets`.
fn left(kind: PurchaseKind, left: Decimal, money: &Denomination) -> Option<String> {
    match kind {
        PurchaseKind::Hours => Some(format!("{} hours", left.normalize())),
        PurchaseKind::Tickets => Some(format!("{} tickets", left.normalize())),
        PurchaseKind::Retainer => {
            Some(format!("{} {}", money.currency.round(left), money.currency))
        }
        PurchaseKind::Milestone | PurchaseKind::Charge => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(kind: PurchaseKind, value: Value) -> Result<PurchaseDetails, (&'static str, String)> {
        let row = Row::new(value).expect("an object");
        PurchaseRow::read(kind, &(1, row)).details.map_err(|bad| (bad.field, bad.reason))
    }

    fn field<T>(read: Result<T, (&'static str, String)>) -> Option<&'static str> {
        read.err().map(|(field, _)| field)
    }

    #[test]
    fn what_a_cost_needs_must_be_there_and_make_sense() {
        use PurchaseKind::*;
        for (kind, row, bad) in [
            (Milestone, json!({"title": "Survey", "amount": 10}), None),
            (Milestone, json!({"title": "Survey"}), Some("amount")),
            (Milestone, json!({"amount": 10, "dateDue": "2026-02-30"}), Some("dateDue")),
            (Hours, json!({"hours": 20, "hourlyRate": 125.5}), None),
            (Hours, json!({"hours": 20}), Some("hourlyRate")),
            (Hours, json!({"hours": -20, "hourlyRate": 125}), Some("hours")),
            (Retainer, json!({"amount": 10}), None),
            (Retainer, json!({"amount": "much"}), Some("amount")),
            (
                Retainer,
                json!({"amount": 10, "startDate": "2026-02-01", "endDate": "2026-01-01"}),
                Some("endDate"),
            ),
            (Tickets, json!({"ticketsPurchased": 25, "perTicketRate": 65}), None),
            (
                Tickets,
                json!({"ticketsPurchased": -1, "perTicketRate": 65}),
                Some("ticketsPurchased"),
            ),
            (Charge, json!({"billableAmount": -20}), None),
            (Charge, json!({"unitQuantity": 4, "unitPrice": 10}), None),
            (Charge, json!({"isBillableToCompany": false}), None),
            (Charge, json!({"name": "Switch"}), Some("billableAmount")),
            (Charge, json!({"billableAmount": 1, "datePurchased": "today"}), Some("datePurchased")),
        ] {
            assert_eq!(field(read(kind, row.clone())), bad, "{kind:?} {row}");
        }
    }
}
