//! Whether the stories are told on every day, whatever the month.

use chrono::NaiveDate;

use super::build;
use crate::demo::tenant::billing::history::{Billed, History};
use crate::demo::tenant::billing::periods::{days_after, month, shift};
use crate::demo::tenant::rows::table::Tables;
use crate::demo::tenant::schema::entity::Entity;
use crate::demo::tenant::schema::line_kind::LineKind;

/// What the rows of a line say that cover the day, without those that end on it where another
/// begins.
fn on(tables: &Tables, kind: LineKind, line: i64, day: NaiveDate) -> Vec<Billed> {
    let rows = tables.of(kind.units()).children(kind.parent(), line);
    let rows: Vec<Billed> = rows
        .into_iter()
        .filter_map(|row| {
            let span = (row.get("startDate").as_date()?, row.get("endDate").as_date()?);
            Some(Billed {
                span,
                units: row.get("units").as_int()?,
                price: row.get("price").as_decimal(),
                cost: row.get("cost").as_decimal(),
            })
        })
        .collect();
    let begins = rows.iter().any(|row| row.span.0 == day);
    let covers = |row: &&Billed| row.span.0 <= day && day <= row.span.1;
    let is_over = |row: &&Billed| begins && row.span.1 == day && row.span.0 != day;
    rows.iter().filter(covers).filter(|row| !is_over(row)).copied().collect()
}

fn units(tables: &Tables, line: i64, day: NaiveDate) -> Vec<i64> {
    on(tables, LineKind::Service, line, day).iter().map(|row| row.units).collect()
}

/// Every day of two years, one of them a leap year.
fn days() -> impl Iterator<Item = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2027, 3, 1).expect("a date");
    first.iter_days().take(2 * 366)
}

#[test]
fn the_stories_hold_on_any_day() {
    for today in days().step_by(3) {
        let tables = build(today).tables;
        for (line, expected) in [
            (55_102, [11].as_slice()),
            (55_120, &[10, 3]),
            (55_121, &[]),
            (55_130, &[6]),
            (55_160, &[40]),
            (55_140, &[]),
            (55_141, &[6]),
            (55_180, &[27]),
            (55_181, &[3]),
            (55_182, &[13]),
            (55_190, &[20]),
            (55_192, &[]),
            (55_200, &[2]),
            (55_201, &[]),
            (55_211, &[4]),
            (55_213, &[-3]),
            (55_220, &[2]),
            (55_221, &[2]),
            (55_222, &[2]),
            (55_223, &[3]),
            (55_224, &[]),
            (55_225, &[]),
            (55_226, &[]),
        ] {
            assert_eq!(units(&tables, line, today), expected, "{line} on {today}");
        }
    }
}

#[test]
fn changes_and_ends_fall_where_they_are_said_to() {
    for today in days().step_by(5) {
        let tables = build(today).tables;
        let later = |line, days| units(&tables, line, days_after(today, days));
        assert_eq!(later(55_180, -3), [25], "{today}");
        assert_eq!(later(55_190, 20), [20], "{today}");
        assert!(later(55_190, 21).is_empty() && later(55_192, 21).is_empty(), "{today}");
        assert_eq!(later(55_192, 22), [20], "{today}");
        assert_eq!(later(55_221, 4), [2], "{today}");
        assert!(later(55_221, 5).is_empty(), "{today}");
        assert!(later(55_220, -6).is_empty(), "{today}");
        assert_eq!(units(&tables, 55_226, shift(month(today, 0), 1)), [40], "{today}");
        let bundle = |days| on(&tables, LineKind::Bundle, 781, days_after(today, days));
        assert_eq!((bundle(1)[0].units, bundle(2)[0].units), (8, 7), "{today}");
        // Each of the two stubs is a part of a period.
        for line in [55_220, 55_221] {
            let price = on(&tables, LineKind::Service, line, today)[0].price;
            let history = tables.history(LineKind::Service, line).expect("a history");
            let step = history.on(today);
            assert!(price < step.price * rust_decimal::Decimal::from(step.units), "{today}");
        }
    }
}

/// No id stands for two things, and each line has its history.
#[test]
fn every_line_has_a_history_and_a_place() {
    let today = NaiveDate::from_ymd_opt(2026, 9, 8).expect("a date");
    let tables = build(today).tables;
    for kind in LineKind::ALL {
        for id in tables.of(kind.lines()).ids() {
            let line = tables.of(kind.lines()).get(id).expect("a row");
            let contract = line.get("contractID").as_int().expect("an agreement");
            assert!(tables.of(Entity::Contracts).get(contract).is_some());
            let history: Option<&History> = tables.history(kind, id);
            assert!(history.is_some(), "{id}");
        }
    }
    assert_eq!(tables.of(Entity::Companies).len(), 16);
    assert_eq!(tables.of(Entity::Contracts).len(), 32);
}
