//! Clients at the edges: the MSP itself, values that nobody knows, another currency.

use crate::demo::tenant::billing::periods::month;
use crate::demo::tenant::book::Book;
use crate::demo::tenant::book::agreement::{Agreement, CAD, TIME_AND_MATERIALS, USD, at};
use crate::demo::tenant::book::line::Line;

/// 0: the MSP's own company; its id is zero, which is not "missing".
pub(super) fn brightwater(book: &mut Book) {
    let client = book.company(0, "Brightwater IT", USD);
    book.add(client);
    let internal = Agreement::monthly(29_600_001, 0, "Internal Systems", month(book.today, -30));
    book.add(internal.row());
    let line = Line::new(&internal, 55_001, 305, 9, (2200, 1870));
    book.line(&internal, &line, "Licence per user");
}

/// 179: a period type and a status that stand in no picklist, an inactive category, and
/// descriptions that trip readers.
pub(super) fn lakeside(book: &mut Book) {
    let client = book.company(179, "Lakeside Academy", USD);
    book.add(client);
    let unknown = Agreement {
        period: Some(9),
        status: 7,
        ..Agreement::monthly(29_683_701, 179, "School Package", month(book.today, -8))
    };
    book.add(
        unknown
            .row()
            .with("contractCategory", 15)
            .with("description", "First line\r\nSecond line, with \"quotes\" and a comma\r\n"),
    );
    let line = Line::new(&unknown, 55_160, 311, 40, (225, 80));
    book.line(&unknown, &line, "Antivirus (no longer sold)");

    let empty = Agreement::other(
        29_683_702,
        179,
        "Classroom Support",
        TIME_AND_MATERIALS,
        month(book.today, -8),
    );
    // Empty text, not null: both occur.
    book.add(empty.row().with("description", "").with("contractNumber", ""));
}

/// 180: billed in Canadian dollars, and dates that carry a time of day.
pub(super) fn erable(book: &mut Book) {
    let client = book.company(180, "Clinique Érable Rouge", CAD);
    book.add(client.with_udf("Region", "NA"));
    let agreement = Agreement {
        currency: CAD,
        ..Agreement::monthly(29_683_801, 180, "Services gérés", month(book.today, -10))
    };
    // As one recorded fixture shows: the time means nothing, the date is the date.
    let one_o_clock =
        |day: chrono::NaiveDate| day.and_hms_opt(13, 0, 0).unwrap_or(at(day, 13, 0, 0));
    book.add(
        agreement
            .row()
            .with("startDate", one_o_clock(agreement.start))
            .with("endDate", one_o_clock(agreement.end)),
    );
    let line = |id, item, units, prices| Line::new(&agreement, id, item, units, prices);
    book.line(&agreement, &line(55_170, 305, 12, (2990, 2540)), "Licence par utilisateur");
    book.line(&agreement, &line(55_171, 306, 1, (8800, 3400)), "Pare-feu géré");
}
