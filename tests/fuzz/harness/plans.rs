//! A file of `apply`: it is refused with a reason, or shown as it is before it is applied, without
//! a control character that stood in it.

use lmsyncd::ctl::shown_plan;

/// Reads the input as a plan and shows it.
pub fn run(input: &[u8]) {
    let told = match shown_plan(input) {
        Ok(shown) => shown,
        Err(refusal) => refusal,
    };
    assert!(!told.is_empty(), "a person is told something");
    let raw = |sign: char| sign.is_control() && sign != '\n';
    assert!(!told.chars().any(raw), "a control character reaches the terminal: {told:?}");
}
