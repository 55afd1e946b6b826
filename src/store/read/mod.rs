//! The questions that a store answers: what it holds now, what it held, whether it is sound, what
//! repairs put aside.

pub(super) mod changed;
pub(super) mod check;
pub(super) mod memory;
pub(super) mod orphans;
pub(super) mod past;
pub(super) mod present;
pub(super) mod snapshot;
pub(super) mod then;
