//! Clients with recurring agreements: a plain one, bundles, quarters, a renewal.

use crate::demo::tenant::billing::periods::{days_after, eve, month, shift};
use crate::demo::tenant::billing::reading::Reading;
use crate::demo::tenant::book::Book;
use crate::demo::tenant::book::agreement::{Agreement, QUARTERLY, TIME_AND_MATERIALS, USD};
use crate::demo::tenant::book::line::Line;
use crate::demo::tenant::schema::line_kind::LineKind;

/// Days before today on which the units of Northwind Traders were raised.
const DAYS_SINCE_RAISE: i64 = 5;

/// 174: what most clients are like. 254.10 + 179.50 + 49.00 = 482.60 a month.
pub(super) fn acme(book: &mut Book) {
    let client = book.company(174, "Acme Dental", USD);
    book.add(client.with_udf("Region", "NA").with_udf("Account Code", "ACM-174"));

    let agreement =
        Agreement::monthly(29_683_353, 174, "Managed Services Agreement", month(book.today, -14));
    let row = agreement
        .row()
        .with("contractNumber", "MSA-174")
        .with("purchaseOrderNumber", "PO-20417")
        .with("contactName", "Dana Whitfield")
        .with("description", "Care of workstations, server and mail.")
        .with("serviceLevelAgreementID", 1)
        .with("isCompliant", true)
        .with_udf("Signed By", "Dana Whitfield")
        .with_udf("Bonus", "Yes");
    book.add(row);
    let line = |id, item, units, prices| Line::new(&agreement, id, item, units, prices);
    let text = "Monitoring and patching per workstation";
    book.line(&agreement, &line(55_102, 301, 11, (2310, 900)), text);
    let text = "Monitoring and patching per server";
    book.line(&agreement, &line(55_103, 302, 2, (8975, 4000)), text);
    let text = "Spam and phishing filter per mailbox";
    book.line(&agreement, &line(55_104, 303, 14, (350, 120)), text);

    let support = Agreement::other(
        29_683_354,
        174,
        "Support by the hour",
        TIME_AND_MATERIALS,
        month(book.today, -14),
    );
    book.add(support.row().with("isDefaultContract", true));
}

/// 175: bundles; units raised within the period; a line whose unit rows ended.
pub(super) fn northwind_traders(book: &mut Book) {
    let client = book.company(175, "Northwind Traders", USD);
    book.add(client);
    let agreement = Agreement::monthly(29_683_401, 175, "Workplace Bundle", month(book.today, -20));
    book.add(agreement.row().with("description", "All-in price per workplace"));

    let line = |id, item, units, prices| Line::new(&agreement, id, item, units, prices);
    let bundle = |id, item, units, prices| Line::bundle(&agreement, id, item, units, prices);
    book.line(&agreement, &bundle(771, 401, 8, (6200, 2890)), "Complete Workplace per user");
    // Sold below the list: the adjusted price of the line stays that of the list.
    book.line(&agreement, &bundle(772, 402, 1, (9900, 4500)), "Server Bundle, special price");

    // 10 units for the whole period, 3 more since some days ago: two rows that add up.
    let ten = line(55_120, 304, 10, (1200, 500));
    let raised = days_after(book.today, -DAYS_SINCE_RAISE).max(month(book.today, 0));
    let history = book.history(&ten).read(Reading::Delta).units(raised, 13);
    book.life(&agreement, &ten, "Off-site backup per 100 GB", history);

    // Cancelled at the end of last month: the line is still there, no unit row covers today.
    let ended = line(55_121, 309, 2, (1995, 1050));
    let history = book.history(&ended).until(eve(month(book.today, 0)));
    book.life(&agreement, &ended, "Hosted phone line", history);
}

/// 176: quarters, and the same service twice on one agreement.
pub(super) fn northwind_logistics(book: &mut Book) {
    let client = book.company(176, "Northwind Logistics", USD);
    book.add(client);
    let agreement = Agreement {
        period: Some(QUARTERLY),
        ..Agreement::monthly(29_683_412, 176, "Quarterly Care", month(book.today, -14))
    };
    book.add(agreement.row());
    let line = |id, item, units, prices| Line::new(&agreement, id, item, units, prices);
    let review = line(55_129, 307, 1, (45_000, 18_000));
    book.line(&agreement, &review, "Quarterly security review");
    for (id, units, place) in [(55_130, 6, "Warehouse"), (55_131, 9, "Office")] {
        let line = line(id, 301, units, (6930, 2700));
        book.line(&agreement, &line, &format!("Workstation Care, {place}"));
        book.tables.of_mut(LineKind::Service.lines()).change(id, |row| {
            row.put("internalDescription", place);
        });
    }
}

/// 178: an agreement that ended, and its renewal from the day after.
pub(super) fn summit(book: &mut Book) {
    let client = book.company(178, "Summit Veterinary", USD);
    book.add(client);
    let renewed = month(book.today, -2);
    let old = Agreement {
        end: eve(renewed),
        status: 0,
        ..Agreement::monthly(29_683_601, 178, "Managed Services", shift(renewed, -12))
    };
    let new = Agreement {
        end: eve(shift(renewed, 12)),
        ..Agreement::monthly(29_683_602, 178, "Renewal of Managed Services", renewed)
    };
    book.add(old.row());
    // Which of the two carries the id of the other is not known (section 4.4): nobody may rely
    // on it.
    book.add(new.row().with("renewedContractID", old.id));
    let text = "Monitoring and patching per workstation";
    book.line(&old, &Line::new(&old, 55_140, 301, 5, (2310, 900)), text);
    book.line(&new, &Line::new(&new, 55_141, 301, 6, (2450, 900)), text);
}
