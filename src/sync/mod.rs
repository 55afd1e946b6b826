//! Pure decisions: functions of data and `now`, without async, I/O or knowledge of Autotask's wire
//! format.

pub mod cost;
