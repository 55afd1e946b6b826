//! Small books whose cost is known by heart, read on many days: rows are so many days from today,
//! whatever the calendar makes of them; services and bundles, in every cycle.

#![cfg(feature = "demo")]

mod book;
mod lines;
mod once;
#[path = "../reading/mod.rs"]
#[expect(dead_code, reason = "this test has days of its own")]
mod reading;
