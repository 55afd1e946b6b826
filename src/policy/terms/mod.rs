//! The terms of agreements: what ends when (`ending`), and every day on which a cost moves
//! (`timeline`).

mod ending;
pub mod timeline;
pub use ending::{Ending, Outlook, Wanted, endings};
