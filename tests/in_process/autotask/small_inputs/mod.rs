//! Small books whose cost is known by heart, read on many days: rows are so many days from today,
//! whatever the calendar makes of them; services and bundles, in every cycle.

mod book;
mod lines;
mod once;
