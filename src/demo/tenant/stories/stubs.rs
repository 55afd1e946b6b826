//! 187: periods that are cut, by the agreement and by its lines.

use crate::demo::tenant::billing::periods::{days_after, eve, month, shift};
use crate::demo::tenant::book::Book;
use crate::demo::tenant::book::agreement::{Agreement, USD};
use crate::demo::tenant::book::line::Line;

const CLIENT: i64 = 187;

pub(super) fn larkspur(book: &mut Book) {
    let client = book.company(CLIENT, "Larkspur Daycare", USD);
    book.add(client);
    opening(book);
    closing(book);
    within(book);
}

/// Began five days ago, in the middle of a period that has some days left: the first rows are for
/// half a month, and the next ones for a whole one of 200.00.
fn opening(book: &mut Book) {
    let start = days_after(book.today, -5);
    let on = Agreement::monthly(29_683_871, CLIENT, "New Building", start);
    book.add(on.row());
    let line = Line::new(&on, 55_220, 302, 2, (10_000, 4000));
    let anchor = shift(days_after(book.today, 10), -1);
    let history = book.history(&line).anchored(anchor);
    book.life(&on, &line, "Monitoring and patching per server", history);
}

/// Ends in four days, ten days into its last period: 150.00 a month, of which the rest is cut.
fn closing(book: &mut Book) {
    let start = shift(days_after(book.today, -10), -12);
    let end = days_after(book.today, 4);
    let on = Agreement { end, ..Agreement::monthly(29_683_872, CLIENT, "Old Building", start) };
    book.add(on.row());
    let line = Line::new(&on, 55_221, 306, 2, (7500, 2500));
    book.line(&on, &line, "Managed firewall");
}

/// Lines that came and went: one stays (200.00 a month), one began in the middle of last month
/// (59.85), one ended with last month, one in the middle of it, one begins with the next (1,800.00),
/// and one ends with this month (24.00).
fn within(book: &mut Book) {
    let on = Agreement::monthly(29_683_873, CLIENT, "Daycare Systems", month(book.today, -9));
    book.add(on.row());
    let line = |id, item, units, prices| Line::new(&on, id, item, units, prices);
    let (this, last) = (month(book.today, 0), month(book.today, -1));
    let middle = days_after(last, 14);

    book.line(&on, &line(55_222, 302, 2, (10_000, 4000)), "Monitoring and patching per server");
    let began = line(55_223, 309, 3, (1995, 1050));
    let history = book.history(&began).from(middle);
    book.life(&on, &began, "Hosted phone line", history);
    let ended = line(55_224, 304, 5, (1200, 500));
    let history = book.history(&ended).until(eve(this));
    book.life(&on, &ended, "Off-site backup per 100 GB", history);
    let cut = line(55_225, 303, 10, (350, 120));
    let history = book.history(&cut).until(middle);
    book.life(&on, &cut, "Spam and phishing filter per mailbox", history);
    let to_come = line(55_226, 305, 40, (4500, 1870));
    let history = book.history(&to_come).from(shift(this, 1));
    book.life(&on, &to_come, "Licence per user", history);
    let ending = Line::bundle(&on, 791, 402, 2, (1200, 500));
    let history = book.history(&ending).until(eve(shift(this, 1)));
    book.life(&on, &ending, "Server Bundle, trial", history);
}
