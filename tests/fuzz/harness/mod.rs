//! What is done with an input of each kind. Whatever the input is, nothing panics, and what stands in
//! the head of each file holds.
//!
//! These functions have two callers: the fuzz targets (`tests/fuzz/targets`), and `cargo test`,
//! which runs the files of the corpora through them (`tests/in_process/corpora.rs`).

pub mod configuration;
pub mod frames;
pub mod plans;
pub mod rows;
pub mod store;

/// The first line of an input, which says what it is, and all that follows.
fn titled(input: &[u8]) -> (&[u8], &[u8]) {
    match input.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (&[], input),
    }
}
