//! Generates the clients of both libraries from the descriptions that the daemon hands out.

use std::{env, fs};

fn main() {
    let out = env::var("OUT_DIR").expect("cargo sets it");
    for name in ["Contracts", "Daemon", "Sync"] {
        let file = format!("../../../src/protocol/org.lmsyncd.{name}.varlink");
        println!("cargo:rerun-if-changed={file}");
        varlink_generator::cargo_build(&file);
        let text = fs::read_to_string(&file).expect("the description");
        let interface = zlink_idl::Interface::try_from(text.as_str()).expect("Varlink");
        let code = zlink_codegen::generate_interface(&interface).expect("a client");
        // It is included into a module, where only the file itself may begin with these.
        let lines = code.lines().filter(|line| !line.starts_with("//!"));
        let code: String = lines.flat_map(|line| [line, "\n"]).collect();
        fs::write(format!("{out}/zlink.{name}.rs"), code).expect("the client is written");
    }
}
