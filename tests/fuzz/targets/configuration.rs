#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| lmsyncd_fuzz::harness::configuration::run(input));
