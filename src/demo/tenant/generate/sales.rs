//! What is sold once: purchases with their charges, milestones, other charges; and the charges that
//! a rule makes.

use chrono::Datelike;
use rust_decimal::Decimal;

use super::Maker;
use crate::demo::tenant::billing::periods::{days_after, shift};
use crate::demo::tenant::book::agreement::{Agreement, BLOCK_HOURS, RETAINER, cents, rate};
use crate::demo::tenant::book::once::{Bought, Charge, Purchase, Rule};
use crate::demo::tenant::rows::row::Row;
use crate::demo::tenant::schema::entity::Entity;

/// What is sold once: name, price and cost in cents.
const SALES: [(&str, i64, i64); 6] = [
    ("Replacement switch", 24_900, 18_000),
    ("Docking station", 18_950, 14_000),
    ("Onboarding of a colleague", 9500, 4000),
    ("Notebook", 129_000, 104_000),
    ("Cabling on site", 42_000, 25_000),
    ("Certificate for a year", 7900, 3900),
];

/// Charges older than so many days are billed.
const DAYS_UNTIL_BILLED: i64 = 30;

impl Maker {
    /// A purchase of half a year or a year, bought at the beginning of the agreement or later.
    pub(super) fn purchase(&mut self, on: &Agreement) {
        let id = self.addition_id();
        let amount = cents(self.rng.i64(5_000..500_000));
        let what = match on.contract_type {
            BLOCK_HOURS => Bought::Hours(Decimal::from(self.rng.i64(5..50)), cents(12_500)),
            RETAINER => Bought::Retainer(amount),
            _ => Bought::Tickets(Decimal::from(self.rng.i64(5..100)), cents(6500)),
        };
        let today = self.book.today;
        let age = (today.year() - on.start.year()) * 12 + today.month0() as i32
            - on.start.month0() as i32;
        let day = shift(on.start, self.rng.i32(0..=age.max(0)));
        let months = if self.happens(50) { 6 } else { 12 };
        let purchase = Purchase::new(id, what, day, months);
        let is_over = purchase.span.1 < today;
        let whole = match what {
            Bought::Hours(all, _) | Bought::Retainer(all) | Bought::Tickets(all, _) => all,
        };
        let used = (whole * Decimal::from(self.rng.i64(0..=100)) / Decimal::from(100)).trunc();
        let paid = is_over || self.happens(60);
        let active = !is_over || self.happens(20);
        let billed = paid || self.happens(50);
        self.book.purchase(on, &Purchase { used, paid, active, ..purchase }, billed);
    }

    pub(super) fn milestone(&mut self, on: &Agreement) {
        let id = self.addition_id();
        let amount = cents(self.rng.i64(5_000..500_000));
        let row = Row::new(Entity::ContractMilestones.schema(), id)
            .with("contractID", on.id)
            .with("title", format!("Milestone {id}"))
            .with("amount", amount)
            .with("internalCurrencyAmount", amount * rate(on.currency))
            .with("dateDue", shift(on.start, self.rng.i32(1..12)))
            .with("isInitialPayment", false)
            .with("status", self.rng.i64(0..3));
        self.book.add(row);
    }

    /// A fixed price agreement that is billed by a rule, on the first of every month.
    pub(super) fn by_rule(&mut self, on: &Agreement) {
        self.book.add(on.row());
        let id = self.book.tables.of(Entity::ContractBillingRules).next_id();
        let price = cents(self.rng.i64(5..60) * 100);
        let rule = Rule {
            id,
            product: 4700 + id % 20,
            name: "Care per user",
            units: self.rng.i64(3..60),
            price,
        };
        let today = self.book.today;
        let months = (today.year() - on.start.year()) * 12 + today.month0() as i32
            - on.start.month0() as i32;
        self.book.rule(on, &rule, months + 1);
    }

    /// Charges on one in five agreements: the older ones billed, one in six not billable.
    pub(super) fn some_sales(&mut self, on: &Agreement) {
        if !self.happens(20) {
            return;
        }
        for _ in 0..self.rng.u8(1..4) {
            let (name, price, cost) = SALES[self.rng.usize(..SALES.len())];
            let age = self.rng.i64(0..150);
            let day = days_after(self.book.today, -age);
            let id = self.book.next_charge();
            let charge = Charge {
                quantity: self.rng.i64(1..5),
                cost: cents(cost),
                billed: age > DAYS_UNTIL_BILLED,
                billable: !self.happens(16),
                ..Charge::new(id, name, day, cents(price))
            };
            self.book.add(charge.row(on));
        }
    }
}
