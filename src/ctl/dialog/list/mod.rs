//! The list of the dialog: the tree of agreements and additions, what of it is shown and ticked, its
//! columns, and what is ticked in money.

pub(super) mod grid;
pub(super) mod rows;
pub(super) mod state;
pub(super) mod sum;
mod widths;

pub(super) use state::{List, Tick, View};
