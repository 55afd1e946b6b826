#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| lmsyncd_fuzz::harness::frames::run(input));
