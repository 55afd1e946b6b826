#![no_main]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

libfuzzer_sys::fuzz_target!(
    init: {
        // Who hung up is not there to be answered, which ends no program that Rust starts.
        let caught = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal_hook::consts::SIGPIPE, caught).expect("a handler");
    },
    |input: &[u8]| lmsyncd_fuzz::harness::frames::run(input)
);
