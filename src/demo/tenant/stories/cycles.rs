//! 186: what makes an agreement's cost more than the sum of equal months: another cycle, credits, a
//! setup fee, charges, and somebody else who pays.

use crate::demo::tenant::billing::periods::{eve, month};
use crate::demo::tenant::book::Book;
use crate::demo::tenant::book::agreement::{Agreement, USD, cents};
use crate::demo::tenant::book::line::Line;
use crate::demo::tenant::schema::entity::Entity;

const CLIENT: i64 = 186;

/// Who pays.
const PAYS: i64 = 187;

/// 231.00 and two credits of 50.00 and 60.00 a month, and 240.00 a year: 141.00 a month.
pub(super) fn marigold(book: &mut Book) {
    let client = book.company(CLIENT, "Marigold Nurseries", USD);
    book.add(client);
    let on = Agreement::monthly(29_683_861, CLIENT, "Garden Centre Care", month(book.today, -4));
    let fee = cents(50_000);
    book.add(
        on.row()
            .with("setupFee", fee)
            .with("internalCurrencySetupFee", fee)
            .with("billToCompanyID", PAYS),
    );
    let line = |id, item, units, prices| Line::new(&on, id, item, units, prices);
    book.line(&on, &line(55_210, 301, 10, (2310, 900)), "Monitoring and patching per workstation");
    let yearly = line(55_211, 308, 4, (6000, 1100));
    let history = book.history(&yearly).every(12);
    book.life(&on, &yearly, "Domain name per year", history);
    book.line(&on, &line(55_212, 306, 1, (-5000, 0)), "Credit for the old firewall");
    book.line(&on, &line(55_213, 309, -3, (2000, 0)), "Phone lines of the other site");

    let day = eve(month(book.today, 0));
    book.sale(&on, "Barcode scanner", day, (2, 17_500, 12_000));
    let billed = book.next_charge() - 1;
    book.sale(&on, "Outdoor access point", day, (4, 31_000, 22_000));
    book.sale(&on, "Spare cables", day, (1, 8900, 4000));
    let free = book.next_charge() - 1;
    let charges = book.tables.of_mut(Entity::ContractCharges);
    charges.change(billed, |row| {
        row.put("isBilled", true);
        row.put("status", 6);
    });
    charges.change(free, |row| row.put("isBillableToCompany", false));
}
