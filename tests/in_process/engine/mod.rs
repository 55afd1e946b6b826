//! The engine with a real store, on a clock that the test moves: days pass in no time.

mod absurd_rows;
mod auto_sync;
mod batch_complete;
mod budget_brake;
mod budget_counts;
mod guards;
mod mutated_answers;
mod newcomers;
mod pause;
mod small_caps;
mod store_of_today;
