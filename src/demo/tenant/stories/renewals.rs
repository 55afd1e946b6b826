//! Agreements whose dates and status say less than one would think: renewed ahead, without an end,
//! inactive but billed, ended but active.

use chrono::NaiveDate;

use crate::demo::tenant::billing::periods::{days_after, eve, month, shift};
use crate::demo::tenant::book::Book;
use crate::demo::tenant::book::agreement::{Agreement, USD};
use crate::demo::tenant::book::line::Line;

/// The agreement of client 182 ends in so many days.
const DAYS_LEFT: i64 = 20;

/// 182: the renewal is written, begins a day after the end, and has another name. 641.50 a month
/// now, 669.50 then. Another agreement has no end.
pub(super) fn meridian(book: &mut Book) {
    let client = book.company(182, "Meridian Foods", USD);
    book.add(client);
    let end = days_after(book.today, DAYS_LEFT);
    let old = Agreement {
        end,
        ..Agreement::monthly(29_683_821, 182, "Managed Services", shift(days_after(end, 1), -12))
    };
    // A free day in between: nothing is billed for it.
    let start = days_after(end, 2);
    let new = Agreement {
        end: eve(shift(start, 12)),
        ..Agreement::monthly(29_683_822, 182, "Managed Services Plus", start)
    };
    book.add(old.row());
    book.add(new.row().with("renewedContractID", old.id));
    let care = "Monitoring and patching per workstation";
    book.line(&old, &Line::new(&old, 55_190, 301, 20, (2310, 900)), care);
    book.line(&new, &Line::new(&new, 55_192, 301, 20, (2450, 900)), care);
    let servers = "Monitoring and patching per server";
    book.line(&old, &Line::new(&old, 55_191, 302, 2, (8975, 4000)), servers);
    book.line(&new, &Line::new(&new, 55_193, 302, 2, (8975, 4000)), servers);

    let endless = Agreement {
        end: NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX),
        ..Agreement::monthly(
            29_683_823,
            182,
            "Firewall until further notice",
            month(book.today, -7),
        )
    };
    book.add(endless.row());
    let firewall = Line::new(&endless, 55_194, 306, 1, (6500, 2500));
    book.line(&endless, &firewall, "Managed firewall");
}

/// 183: set inactive, and still billed 200.00 a month; past its end, and still active; and one that
/// is over in every way.
pub(super) fn saffron(book: &mut Book) {
    let client = book.company(183, "Saffron Hotels", USD);
    book.add(client);
    let billed = Agreement {
        status: 0,
        ..Agreement::monthly(29_683_831, 183, "Guest Network", month(book.today, -9))
    };
    let left = eve(month(book.today, -1));
    let ended = Agreement {
        end: left,
        ..Agreement::monthly(29_683_832, 183, "Reception Desk", shift(month(book.today, -1), -12))
    };
    let over = Agreement {
        id: 29_683_833,
        name: "Conference Room".to_owned(),
        status: 0,
        ..ended.clone()
    };
    for (on, line) in [(&billed, 55_200), (&ended, 55_201), (&over, 55_202)] {
        book.add(on.row());
        let line = Line::new(on, line, 302, 2, (10_000, 4000));
        book.line(on, &line, "Monitoring and patching per server");
    }
}
