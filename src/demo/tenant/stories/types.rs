//! 177: one agreement of every type, with everything that such an agreement can hold, but for the
//! charges of its purchases: somebody deleted them, as everybody may. Client 184 has its own.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::demo::tenant::billing::periods::{eve, month, shift};
use crate::demo::tenant::book::Book;
use crate::demo::tenant::book::agreement::{
    Agreement, BLOCK_HOURS, FIXED_PRICE, INCIDENT, RETAINER, TIME_AND_MATERIALS, USD, at, cents,
};
use crate::demo::tenant::book::line::Line;
use crate::demo::tenant::book::once::{Charge, bought};
use crate::demo::tenant::rows::row::Row;
use crate::demo::tenant::schema::entity::Entity;

const CLIENT: i64 = 177;

pub(super) fn harbor(book: &mut Book) {
    let client = book.company(CLIENT, "Harbor Legal Group", USD);
    book.add(client);
    let start = month(book.today, -6);
    time_and_materials(book, start);
    fixed_price(book, start);
    block_hours(book, start);
    retainer(book, start);
    recurring(book, start);
    incident(book, start);
}

fn time_and_materials(book: &mut Book, start: NaiveDate) {
    let hourly = Agreement::other(29_683_501, CLIENT, "Hourly Support", TIME_AND_MATERIALS, start);
    book.add(hourly.row().with("isDefaultContract", true).with("billingPreference", 3));
    book.add(
        Row::new(Entity::ContractNotes.schema(), 8601)
            .with("contractID", hourly.id)
            .with("title", "Rates")
            .with("description", "Rates agreed by phone.\r\nTo be confirmed in writing.")
            .with("creatorResourceID", 29_682_885)
            .with("createDateTime", at(start, 10, 20, 0))
            .with("lastActivityDate", at(start, 10, 20, 200)),
    );
    charge(book, 8501, &hourly, "Replacement switch", (1, 24_900, 18_000));
}

fn fixed_price(book: &mut Book, start: NaiveDate) {
    let project = Agreement::other(29_683_502, CLIENT, "Office Move", FIXED_PRICE, start);
    book.add(
        project
            .row()
            .with("contractCategory", 13)
            .with("setupFee", cents(25_000))
            .with("internalCurrencySetupFee", cents(25_000)),
    );
    let parts =
        [("Survey", 2, -3, 150_000), ("Cabling", 1, 0, 420_000), ("Handover", 0, 2, 80_000)];
    for (id, (title, status, due, amount)) in (8101..).zip(parts) {
        book.add(
            Row::new(Entity::ContractMilestones.schema(), id)
                .with("contractID", project.id)
                .with("title", title)
                .with("description", format!("{title} of the new office"))
                .with("status", status)
                .with("dateDue", shift(month(book.today, 0), due))
                .with("createDate", at(start, 11, 0, 0))
                .with("creatorResourceID", 29_682_885)
                .with("amount", cents(amount))
                .with("internalCurrencyAmount", cents(amount))
                .with("isInitialPayment", id == 8101),
        );
    }
}

fn block_hours(book: &mut Book, start: NaiveDate) {
    let block = Agreement::other(29_683_503, CLIENT, "Prepaid Hours", BLOCK_HOURS, start);
    let row = block.row().with("overageBillingRate", cents(14_500));
    book.add(row.with("internalCurrencyOverageBillingRate", cents(14_500)));
    for (id, bought, status, paid) in [(8201, start, 0, true), (8202, shift(start, 4), 1, false)] {
        book.add(
            purchase(Entity::ContractBlocks, id, block.id, bought, 6)
                .with("hours", Decimal::from(20))
                .with("hourlyRate", cents(12_500))
                .with("hoursApproved", Decimal::new(75, 1))
                .with("isPaid", paid)
                .with("paymentType", 2)
                .with("status", status),
        );
    }
}

fn retainer(book: &mut Book, start: NaiveDate) {
    let retainer = Agreement::other(29_683_504, CLIENT, "Advice Retainer", RETAINER, start);
    book.add(retainer.row());
    for (id, bought, amount) in [(8301, start, 200_000), (8302, shift(start, 3), 200_050)] {
        book.add(
            purchase(Entity::ContractRetainers, id, retainer.id, bought, 3)
                .with("amount", cents(amount))
                .with("internalCurrencyAmount", cents(amount))
                .with("amountApproved", Decimal::ZERO)
                .with("internalCurrencyAmountApproved", Decimal::ZERO)
                .with("isPaid", true)
                .with("status", 1),
        );
    }
}

fn recurring(book: &mut Book, start: NaiveDate) {
    let care = Agreement::monthly(29_683_505, CLIENT, "Workstation Care", start);
    book.add(care.row());
    let line = Line::new(&care, 55_150, 301, 22, (2310, 900));
    book.line(&care, &line, "Monitoring and patching per workstation");
    charge(book, 8502, &care, "Onboarding of the second floor", (1, 35_000, 20_000));
    charge(book, 8503, &care, "Docking station", (4, 18_950, 14_000));
}

fn incident(book: &mut Book, start: NaiveDate) {
    let tickets = Agreement::other(29_683_506, CLIENT, "Ticket Pack", INCIDENT, start);
    book.add(tickets.row());
    book.add(
        purchase(Entity::ContractTicketPurchases, 8401, tickets.id, start, 12)
            .with("ticketsPurchased", Decimal::from(25))
            .with("ticketsUsed", Decimal::from(4))
            .with("perTicketRate", cents(6500))
            .with("isPaid", false)
            .with("paymentType", 5)
            .with("status", 1),
    );
}

fn purchase(entity: Entity, id: i64, contract: i64, day: NaiveDate, months: i32) -> Row {
    bought(entity, id, contract, (day, eve(shift(day, months))))
}

fn charge(book: &mut Book, id: i64, on: &Agreement, name: &str, sold: (i64, i64, i64)) {
    let (quantity, price, cost) = sold;
    let charge = Charge::new(id, name, eve(month(book.today, 0)), cents(price));
    let billed = id == 8501;
    book.add(Charge { quantity, cost: cents(cost), billed, ..charge }.row(on));
}
