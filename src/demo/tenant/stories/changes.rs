//! 181: units and prices that change within the period, recorded as a chain of rows.

use crate::demo::tenant::billing::periods::{days_after, shift};
use crate::demo::tenant::billing::reading::Reading;
use crate::demo::tenant::book::Book;
use crate::demo::tenant::book::agreement::{Agreement, USD, cents};
use crate::demo::tenant::book::line::Line;

const CLIENT: i64 = 181;

/// The periods of its agreements began so many days ago.
const DAYS_OF_PERIOD: i64 = 12;

/// The units were changed so many days ago.
const DAYS_SINCE_CHANGE: i64 = 2;

pub(super) fn cobalt(book: &mut Book) {
    let client = book.company(CLIENT, "Cobalt Engineering", USD);
    book.add(client);
    chained(book);
    by_days(book);
}

/// 25 x 45.00 became 27 x 45.00 two days ago; 3 x 97.00 will be 3 x 103.00 from the next period
/// on; one of 8 bundles leaves in two days.
fn chained(book: &mut Book) {
    let period = days_after(book.today, -DAYS_OF_PERIOD);
    let on = Agreement::monthly(29_683_811, CLIENT, "Managed Workplace", shift(period, -5));
    book.add(on.row());
    let next = on.periods().whole(on.periods().number(book.today) + 1).0;

    let joined = Line::new(&on, 55_180, 305, 25, (4500, 1870));
    let history = book
        .history(&joined)
        .read(Reading::Chain)
        .units(days_after(book.today, -DAYS_SINCE_CHANGE), 27);
    book.life(&on, &joined, "Licence per user", history);

    let rise = Line::new(&on, 55_181, 302, 3, (9700, 4000));
    let history = book.history(&rise).read(Reading::Chain).new_price(next, cents(10_300));
    book.life(&on, &rise, "Monitoring and patching per server", history);

    let leaving = Line::bundle(&on, 781, 401, 8, (6200, 2890));
    let history = book.history(&leaving).read(Reading::Chain).units(days_after(book.today, 2), 7);
    book.life(&on, &leaving, "Complete Workplace per user", history);
}

/// The other way to cut: 10 x 12.00 became 13 x 12.00, and the row before ends on the day before.
fn by_days(book: &mut Book) {
    let period = days_after(book.today, -DAYS_OF_PERIOD);
    let on = Agreement::monthly(29_683_812, CLIENT, "Cloud Backup", shift(period, -8));
    book.add(on.row());
    let raised = Line::new(&on, 55_182, 304, 10, (1200, 500));
    let history = book
        .history(&raised)
        .read(Reading::DayBefore)
        .units(days_after(book.today, -DAYS_SINCE_CHANGE), 13);
    book.life(&on, &raised, "Off-site backup per 100 GB", history);
}
