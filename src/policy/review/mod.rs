//! What becomes of pending items: whether a guard holds them, what was decided about what is held,
//! which are chosen, what they come to, and why one is or is not stored.

pub mod effects;
pub mod explain;
pub mod guard;
pub mod holds;
pub mod select;
