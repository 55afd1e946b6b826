//! What an agreement and an addition cost, and how often that is billed: the money model.
//!
//! The rules, and the only place where they are written. Each file uses only floors below its own:
//!
//! ```text
//! 8  share      what each addition is of the sums
//! 7  agreement  the sums of an agreement
//! 6  bought     what is left of purchases
//! 5  sale       what is bought once             | total   what goes in, what comes out
//! 4  line/      cost      what a line costs
//!               working   how it came about     | status  billed, upcoming or ended
//!               rate      what rows cost        | force   which rows count on a day
//!               frame     the billing period    | lengths which rows are whole
//!               terms     what goes in, what comes out
//! 3  siblings   what the lines tell together
//! 2  calendar   periods counted from a day
//! 1  cycle      how long rows are, by calendar  | pairs   purchases and their charges
//! 0  row        the rows of a line
//! ```
//!
//! **Two amounts, never mixed.** The *rate* is what one whole billing cycle costs at the units and
//! prices in force on the day. The *period amount* is what Autotask bills for the billing period
//! that holds the day. They are equal where the units did not change and the period is whole.
//!
//! **Services and bundles** (recurring service agreements)
//!
//! 1. Autotask keeps one row per billing period of a line, or several where its units changed within
//!    the period. The price of a row is the amount of the whole row, already multiplied by its units
//!    and prorated by its days. A row may be negative.
//! 2. A change within a period is recorded in one of two ways, which is not confirmed; both come out
//!    the same. *Delta*: the row of the period stays, and a row for the difference runs from the day
//!    of the change to the end of the period. *Chain*: the row is cut, and one with all units
//!    follows it. Where one row ends on the day on which another begins, that day belongs to the
//!    later one, also when its days are counted (`force`).
//! 3. The cycle of a line is told by the length of its whole rows, by calendar; where there is none
//!    it is the longer of its agreement's and its service's. A row that lies within a period of that
//!    longer cycle may look whole and be a part: where periods of its own length would lie otherwise,
//!    where the end of the agreement cut it, where it costs a share of what stands on the line
//!    (`lengths`).
//! 4. The billing period on a day is told by whole rows: the one that covers the day, else where the
//!    last one ended and the next one begins; else by calendar from the start of the agreement, or,
//!    if rows fit no period from there, from where a whole row of any of its lines begins
//!    (`siblings`), else from where one row follows another and nothing changes (`frame`). It is cut
//!    by the first and the last day of the agreement. Where that is only supposed, rows of the period
//!    before are read too.
//! 5. The rate is the sum of the rows in force, each scaled from its days to those of a whole
//!    period. Prorated prices were rounded before we see them; so the unit price of a whole row (of
//!    the next, the running, the last, else the price on the line) replaces the scaled amount where
//!    both agree within what that rounding can explain. A rate that could only be scaled says so.
//! 6. The period amount is the sum of all rows that begin in the period, each rounded by itself, as
//!    Autotask posts every billing item rounded.
//! 7. A line is billed while a row with units is in force and its agreement runs; else it is upcoming,
//!    from its first day that is billed, or ended, since its last. Its rate is then what is to come
//!    or what was last, and counts in no sum.
//!
//! **What is bought once** has the cycle one-time and counts in no sum per month.
//!
//! 8. A milestone costs its amount. A block of hours costs hours times rate, a retainer its amount,
//!    a purchase of tickets the tickets purchased times the rate of one.
//! 9. A charge costs its billable amount; where none is given, units times price. One that is not
//!    billable to the client costs nothing, whatever amount it carries, and says so.
//! 10. The charge that Autotask makes for a purchase by itself is that purchase's billing item, and no
//!     contract of its own (`pairs`).
//!
//! **Agreements** ([`agreement`])
//!
//! | type | rate | cycle |
//! |---|---|---|
//! | recurring service | its billed lines, converted exactly into its cycle; where none is billed, those that begin first, else those that ended last | its own; else that of its lines, if they agree; else monthly |
//! | fixed price | its milestones; where it has none and billing rules, what those charged in the last whole month | one-time; by rules monthly |
//! | block hours, retainer, incident | the purchases that are active and whose dates cover today | one-time |
//! | time and materials | zero: it has no cost of its own | none |
//!
//! 11. A charge is billed by itself and never part of its agreement's cost, unless a rule made it.
//! 12. Sums count what is billed, whatever the status says. An inactive agreement that is billed, and
//!     an active one whose end has passed, say so.
//!
//! **Rounding**: every line is rounded to what can be billed in its currency, half a unit away from
//! zero ([`Currency::round`](crate::model::Currency::round)); an agreement is rounded at the end. No
//! float is used, and every sum and product is checked.

mod agreement;
mod bought;
mod calendar;
mod cycle;
mod line;
mod pairs;
mod row;
mod sale;
mod share;
mod siblings;
mod total;

pub use agreement::agreement;
pub use cycle::longer;
pub use line::cost::{cost_of_line, fills_its_period};
pub use line::terms::{Basis, LineCost, LineTerms, NextChange, PeriodAmount};
pub use pairs::{Charge, Pairing, Purchase, pair};
pub use row::Row;
pub use sale::{Sale, SaleCost, sale};
pub use share::Share;
pub use siblings::Siblings;
pub use total::{Agreement, Bought, Method, Part, Rules, Total};

/// Amounts that no decimal can hold: the data are wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the amounts are too large to add up")]
pub struct TooLarge;

#[cfg(test)]
mod tests;
