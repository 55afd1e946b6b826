//! Clients that pay for what they buy at once, and by rules.

use rust_decimal::Decimal;

use crate::demo::tenant::billing::periods::{eve, month, shift};
use crate::demo::tenant::book::Book;
use crate::demo::tenant::book::agreement::{
    Agreement, BLOCK_HOURS, FIXED_PRICE, INCIDENT, RETAINER, USD, cents,
};
use crate::demo::tenant::book::once::{Bought, Purchase, Rule};
use crate::demo::tenant::schema::entity::Entity;

/// Months with a charge of the rule of client 185, this one too.
const MONTHS_BY_RULE: i32 = 13;

/// 184: each purchase has the charge that Autotask made for it. Of the last hours somebody changed
/// the charge to 2,400.00, so that it matches no purchase.
pub(super) fn thornbury(book: &mut Book) {
    const CLIENT: i64 = 184;
    let client = book.company(CLIENT, "Thornbury Estates", USD);
    book.add(client);
    let start = month(book.today, -8);
    let other = |id, name, of_type| Agreement::other(id, CLIENT, name, of_type, start);

    let hours = other(29_683_841, "Prepaid Hours", BLOCK_HOURS);
    book.add(hours.row());
    let twenty = Bought::Hours(Decimal::from(20), cents(12_500));
    let used = |tenths| Decimal::new(tenths, 1);
    let spent =
        Purchase { used: used(200), active: false, ..Purchase::new(8211, twenty, start, 6) };
    book.purchase(&hours, &Purchase { paid: true, ..spent }, true);
    let current = Purchase::new(8212, twenty, shift(start, 6), 6);
    book.purchase(&hours, &Purchase { used: used(125), ..current }, true);
    book.purchase(&hours, &Purchase::new(8213, twenty, shift(start, 8), 6), false);
    let edited = book.next_charge() - 1;
    book.tables.of_mut(Entity::ContractCharges).change(edited, |row| {
        for field in ["billableAmount", "internalCurrencyBillableAmount", "unitPrice"] {
            row.put(field, cents(240_000));
        }
    });

    let retainer = other(29_683_842, "Advice Retainer", RETAINER);
    book.add(retainer.row());
    let amount = Bought::Retainer(cents(300_000));
    let bought = Purchase::new(8311, amount, month(book.today, -1), 3);
    book.purchase(&retainer, &Purchase { used: cents(125_000), ..bought }, false);

    let tickets = other(29_683_843, "Ticket Pack", INCIDENT);
    book.add(tickets.row());
    let pack = Bought::Tickets(Decimal::from(25), cents(6500));
    let bought = Purchase { used: Decimal::from(4), ..Purchase::new(8411, pack, start, 12) };
    book.purchase(&tickets, &bought, true);
}

/// 185: a fixed price agreement without milestones; its rule charges 300.00 on the first of each
/// month, this one too.
pub(super) fn weaver(book: &mut Book) {
    const CLIENT: i64 = 185;
    let client = book.company(CLIENT, "Weaver Print", USD);
    book.add(client);
    let start = month(book.today, 1 - MONTHS_BY_RULE);
    let print = Agreement {
        end: eve(shift(start, 36)),
        ..Agreement::other(29_683_851, CLIENT, "Print per User", FIXED_PRICE, start)
    };
    book.add(print.row());
    let rule =
        Rule { id: 8701, product: 4711, name: "Print per user", units: 12, price: cents(2500) };
    book.rule(&print, &rule, MONTHS_BY_RULE);
}
