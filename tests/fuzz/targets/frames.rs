#![no_main]

libfuzzer_sys::fuzz_target!(
    init: {
        // Who hung up is not there to be answered, which ends no program that Rust starts.
        let pipe = signal_hook::consts::SIGPIPE;
        signal_hook::flag::register(pipe, Default::default()).expect("a handler");
    },
    |input: &[u8]| lmsyncd_fuzz::harness::frames::run(input)
);
