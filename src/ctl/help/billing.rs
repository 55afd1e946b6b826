//! The topic on billing: the two amounts, states, sums and remarks, in plain words. The rules
//! themselves stand in `policy::cost`.

use super::page::{Block, names, text};
use crate::model::{BillingState, Remark};

/// The topic.
#[expect(clippy::too_many_lines, reason = "one text, paragraph by paragraph")]
pub fn page() -> Vec<Block> {
    vec![
        text(
            "A contract that is billed by time has two amounts. They are equal where its units did \
             not change and the period is whole, and they are never mixed.",
        ),
        names([
            (
                "rate",
                "what one whole billing cycle costs at the units and prices in force. JSON calls \
                 it `billing_cost`. Lists, sums, effects, renewals, guards and `--plot` count by \
                 it",
            ),
            (
                "period amount",
                "what Autotask bills for the billing period that holds today (`period_amount`, \
                 from `period_start` to `period_end`): what the invoice \
                 has",
            ),
        ]),
        Block::Heading("For example"),
        text(
            "25 units at 45.00 per month, two more from 23 June on. June bills 1,149.00: 1,125.00, \
             and 24.00 for 8 of 30 days of two units. The rate is 27 x 45.00 = 1,215.00 from 23 \
             June on. The effect is +90.00 per month, told once, on the day of the change; on 1 \
             July nothing changes.",
        ),
        Block::Lines(&["lmsyncctl contract cost S55102    the working of both, row by row"]),
        Block::Heading("How Autotask records a change"),
        text(
            "In one of two ways, and both give the same amounts. Either the row of the period \
             stays, and a row for the difference runs from the day of the change (2 units, 24.00). \
             Or the row is cut, and a row with all units follows it (27 units, 324.00). The price \
             of a row is for all of its units and for its days only. The rate takes the unit price \
             from a whole row where one confirms it, else it is scaled up by days, and says so.",
        ),
        Block::Heading("How a contract stands"),
        names(BillingState::ALL.map(|state| (state.name(), self::state(state)))),
        text(
            "Whether something is billed is decided by its billing periods, not by its status: \
             setting an agreement inactive does not stop Autotask from billing it, its end date \
             does.",
        ),
        Block::Heading("What counts in a sum"),
        text(
            "Sums per month and per year count the rates of what is billed today. Below them \
             stands what they leave out, and why: what is upcoming, with its day, what has ended, \
             and what is bought once. The rate of an agreement is the sum of its billed lines; a \
             line of another cycle is converted exactly (`of which 2,400.00 yearly`). A renewal \
             that was written ahead is upcoming and counts from its first day on.",
        ),
        text(
            "Effects are told per month, per year, once, and, for what is known ahead, from a day \
             on. A line that ends or begins has an effect even if no amount was edited.",
        ),
        Block::Heading("Bought once"),
        text(
            "Charges, milestones and purchases of hours, tickets or retainers say whether Autotask \
             has billed them, and purchases what is left of them. The charge that Autotask makes \
             for a purchase is that purchase, and no contract of its own.",
        ),
        Block::Heading("What may be remarked"),
        names(Remark::ALL.map(|remark| (remark.code(), self::remark(remark)))),
        text(
            "The first two are findings: they contradict themselves, and every list names them. \
             The last four are about rows that make no sense: look at them in Autotask.",
        ),
    ]
}

fn state(state: BillingState) -> &'static str {
    match state {
        BillingState::Billed => "a billing period with units covers today",
        BillingState::Upcoming => {
            "the first billing period begins later; shown with its day, and in no sum"
        }
        BillingState::Ended => "the last billing period is over; shown with its day, and in no sum",
        BillingState::None => "there is no billing period",
        BillingState::OneTime => "it is bought once, and in no sum per month",
    }
}

fn remark(remark: Remark) -> &'static str {
    match remark {
        Remark::InactiveButBilled => "the agreement is inactive, and Autotask goes on billing it",
        Remark::EndedButActive => "the end of the agreement has passed, and it is still active",
        Remark::MixedCycles => "lines of another billing cycle were converted",
        Remark::Scaled => {
            "the rate was scaled up from a part of a period; no whole row confirms it"
        }
        Remark::ByRule => {
            "billed by billing rules: the amount is what they charged in the last whole month"
        }
        Remark::PossibleDuplicate => "a charge and a purchase may be the same thing twice",
        Remark::NotBillable => "the charge is not billable to the client, and costs nothing",
        Remark::Moved => "the agreement has moved to another client",
        Remark::NegativeUnits => "the units total less than nothing at a positive price",
        Remark::Overlapping => "billing periods overlap, and no change of units explains it",
        Remark::RepeatedRows => "two rows have the same days, units and price",
        Remark::UnknownCycle => "no rule tells how often it is billed, so it is in no sum",
    }
}
