//! What is billed once: purchases of hours, retainers and tickets, each with the charge that
//! Autotask makes for it by itself (the Autotask facts, section 9.7), and other charges; and the
//! rules that make a charge a period (9.8). It knows no particular client.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::Book;
use super::agreement::{Agreement, at, cents, rate};
use crate::demo::tenant::billing::periods::{Span, eve, shift};
use crate::demo::tenant::rows::row::Row;
use crate::demo::tenant::schema::entity::Entity;

/// What is bought at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bought {
    /// Hours, each at a rate.
    Hours(Decimal, Decimal),
    /// An amount to draw on.
    Retainer(Decimal),
    /// Tickets, each at a rate.
    Tickets(Decimal, Decimal),
}

impl Bought {
    /// The entity of the purchase.
    pub(crate) fn entity(self) -> Entity {
        match self {
            Bought::Hours(..) => Entity::ContractBlocks,
            Bought::Retainer(_) => Entity::ContractRetainers,
            Bought::Tickets(..) => Entity::ContractTicketPurchases,
        }
    }

    /// What it costs.
    pub(crate) fn amount(self) -> Decimal {
        match self {
            Bought::Hours(hours, each) => hours * each,
            Bought::Retainer(amount) => amount,
            Bought::Tickets(tickets, each) => tickets * each,
        }
    }

    /// The material code that its charge is named after; the words are invented.
    fn code(self) -> &'static str {
        match self {
            Bought::Hours(..) => "Block Hour Purchase",
            Bought::Retainer(_) => "Retainer Purchase",
            Bought::Tickets(..) => "Ticket Purchase",
        }
    }
}

/// A purchase on an agreement.
#[derive(Clone, Debug)]
pub(crate) struct Purchase {
    pub(crate) id: i64,
    pub(crate) what: Bought,
    /// The first and the last day on which it may be used; the first is the day of the purchase.
    pub(crate) span: Span,
    /// Hours, money or tickets that are used up.
    pub(crate) used: Decimal,
    pub(crate) active: bool,
    pub(crate) paid: bool,
}

impl Purchase {
    /// An active purchase for so many months, of which nothing is used yet.
    pub(crate) fn new(id: i64, what: Bought, day: NaiveDate, months: i32) -> Purchase {
        let span = (day, eve(shift(day, months)));
        Purchase { id, what, span, used: Decimal::ZERO, active: true, paid: false }
    }

    /// The row of the purchase.
    pub(crate) fn row(&self, on: &Agreement) -> Row {
        let row = bought(self.what.entity(), self.id, on.id, self.span)
            .with("isPaid", self.paid)
            .with("status", i64::from(self.active));
        let internal = rate(on.currency);
        match self.what {
            Bought::Hours(hours, each) => {
                row.with("hours", hours).with("hourlyRate", each).with("hoursApproved", self.used)
            }
            Bought::Retainer(amount) => row
                .with("amount", amount)
                .with("internalCurrencyAmount", amount * internal)
                .with("amountApproved", self.used)
                .with("internalCurrencyAmountApproved", self.used * internal),
            Bought::Tickets(tickets, each) => row
                .with("ticketsPurchased", tickets)
                .with("perTicketRate", each)
                .with("ticketsUsed", self.used),
        }
    }

    /// The charge that Autotask makes for it: the same amount, the same dates.
    pub(crate) fn charge(&self, id: i64, billed: bool) -> Charge {
        let (first, last) = self.span;
        Charge {
            name: format!("{} ({first} - {last})", self.what.code()),
            billed,
            ..Charge::new(id, "", first, self.what.amount())
        }
    }
}

/// What blocks, retainers and ticket purchases have in common.
pub(crate) fn bought(entity: Entity, id: i64, contract: i64, (first, last): Span) -> Row {
    Row::new(entity.schema(), id)
        .with("contractID", contract)
        .with("datePurchased", first)
        .with("startDate", first)
        .with("endDate", last)
        .with("invoiceNumber", format!("INV-{id}"))
}

/// A charge on an agreement.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) day: NaiveDate,
    pub(crate) quantity: i64,
    /// Of one, in the client's currency.
    pub(crate) price: Decimal,
    pub(crate) cost: Decimal,
    pub(crate) billed: bool,
    pub(crate) billable: bool,
    /// Of the rule that made it, if one did.
    pub(crate) product: Option<i64>,
}

impl Charge {
    /// One of something, to be billed to the client, and not billed yet.
    pub(crate) fn new(id: i64, name: &str, day: NaiveDate, price: Decimal) -> Charge {
        Charge {
            id,
            name: name.to_owned(),
            day,
            quantity: 1,
            price,
            cost: Decimal::ZERO,
            billed: false,
            billable: true,
            product: None,
        }
    }

    /// The row of the charge. One that is not billable keeps its amount: that is how the form shows
    /// it, and no recording tells otherwise.
    pub(crate) fn row(&self, on: &Agreement) -> Row {
        let quantity = Decimal::from(self.quantity);
        let (amount, internal) = (self.price * quantity, rate(on.currency));
        Row::new(Entity::ContractCharges.schema(), self.id)
            .with("contractID", on.id)
            .with("name", self.name.as_str())
            .with("description", "")
            .with("chargeType", 1)
            .with("datePurchased", self.day)
            .with("createDate", at(self.day, 15, 30, 0))
            .with("productID", self.product)
            .with("status", if self.billed { 6 } else { 1 })
            .with("statusLastModifiedDate", at(self.day, 15, 30, 147))
            .with("isBillableToCompany", self.billable)
            .with("isBilled", self.billed)
            .with("unitQuantity", quantity)
            .with("unitPrice", self.price)
            .with("unitCost", self.cost)
            .with("billableAmount", amount)
            .with("internalCurrencyBillableAmount", amount * internal)
            .with("internalCurrencyUnitPrice", self.price * internal)
            .with("extendedCost", self.cost * quantity)
    }
}

/// A rule by which a fixed price agreement is billed.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) id: i64,
    /// The product of the rule and of the charges that it makes.
    pub(crate) product: i64,
    pub(crate) name: &'static str,
    pub(crate) units: i64,
    /// Of one unit in one month.
    pub(crate) price: Decimal,
}

impl Rule {
    /// The row of the rule.
    pub(crate) fn row(&self, on: &Agreement) -> Row {
        Row::new(Entity::ContractBillingRules.schema(), self.id)
            .with("contractID", on.id)
            .with("productID", self.product)
            .with("startDate", on.start)
            .with("isActive", true)
            .with("determineUnits", 1)
            .with("minimumUnits", 1)
            .with("createChargesAsBillable", true)
            .with("executionMethod", 2)
            .with("includeItemsInChargeDescription", false)
            .with("invoiceDescription", self.name)
            .with("isDailyProrationEnabled", false)
    }

    /// The charge that it makes on a day.
    pub(crate) fn charge(&self, id: i64, day: NaiveDate, billed: bool) -> Charge {
        Charge {
            quantity: self.units,
            billed,
            product: Some(self.product),
            ..Charge::new(id, self.name, day, self.price)
        }
    }
}

impl Book {
    /// The id of the next charge.
    pub(crate) fn next_charge(&self) -> i64 {
        self.tables.of(Entity::ContractCharges).next_id()
    }

    /// A purchase, and the charge that comes with it.
    pub(crate) fn purchase(&mut self, on: &Agreement, purchase: &Purchase, billed: bool) {
        self.add(purchase.row(on));
        let charge = purchase.charge(self.next_charge(), billed);
        self.add(charge.row(on));
    }

    /// A rule, and the charges that it made on the first of so many months, that of today too. All
    /// but the newest are billed.
    pub(crate) fn rule(&mut self, on: &Agreement, rule: &Rule, months: i32) {
        self.add(rule.row(on));
        let first = crate::demo::tenant::billing::periods::month(self.today, 1 - months);
        for number in 0..months {
            let id = self.next_charge();
            let charge = rule.charge(id, shift(first, number), number + 1 < months);
            self.add(charge.row(on));
        }
    }

    /// Something that was sold once: quantity, price and cost in cents.
    pub(crate) fn sale(
        &mut self,
        on: &Agreement,
        name: &str,
        day: NaiveDate,
        sold: (i64, i64, i64),
    ) {
        let (quantity, price, cost) = sold;
        let charge = Charge::new(self.next_charge(), name, day, cents(price));
        self.add(Charge { quantity, cost: cents(cost), ..charge }.row(on));
    }
}
