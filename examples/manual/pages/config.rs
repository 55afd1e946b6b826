//! lmsyncd.toml(5): every key, out of the table of keys.

use lmsyncd::config::{DEFAULT_PATH, instance_config, reference};
use roff::{bold, italic, roman};

use super::Page;
use super::set::Sheet;

/// The page.
pub fn page() -> Page {
    let mut sheet = Sheet::new("lmsyncd.toml", 5, "the configuration of lmsyncd");
    sheet.head("SYNOPSIS");
    sheet.synopsis(&instance_config("NAME").display().to_string());
    sheet.synopsis(DEFAULT_PATH);
    sheet.head("DESCRIPTION");
    sheet.text(
        "lmsyncd reads its configuration from one file in TOML. It is checked as a whole: an \
         unknown key, a value of the wrong kind or out of its range is an error that names file, \
         line and key, and then the daemon does not start, or keeps the configuration it has.",
    );
    sheet.text(
        "`lmsyncd check-config` checks it without starting anything. `lmsyncctl reload` has the \
         running daemon read it again; `path` in [store] and `socket` in [control] need a restart.",
    );
    sheet.text(
        "Durations are a number and a unit in quotes, `\"90s\"`, `\"30m\"`, `\"24h\"`, `\"7d\"`, also \
         together, `\"1h 30m\"`. Paths are absolute. Only its owner may be able to change the file: \
         it decides where the secret goes.",
    );
    sheet.text(
        "The file begins with `version = 1`, the version of its format. A file of a newer version \
         is refused.",
    );
    for section in reference() {
        sheet.head(&format!("SECTION [{}]", section.name));
        for key in section.keys {
            let name = vec![bold(key.name), roman(" = "), roman(key.line())];
            let kind = match key.has_default() {
                true => "The value above is the default.",
                false => "The value above is an example.",
            };
            sheet.named(name, &format!("{} {kind}", key.text));
        }
    }
    sheet.head("EXAMPLES");
    sheet.text("All that must be in the file, where systemd hands over the secret:");
    for line in [
        "version = 1",
        "[autotask]",
        "username = \"abcdef123@MSP.EXAMPLE\"",
        "integration-code = \"YOUR-INTEGRATION-CODE\"",
    ] {
        sheet.example(line);
    }
    sheet.head("FILES");
    sheet.named(vec![italic(DEFAULT_PATH)], "The configuration of the one daemon.");
    sheet.named(
        vec![italic(instance_config("NAME").display().to_string())],
        "That of the instance lmsyncd@NAME.service.",
    );
    sheet.see_also(&["lmsyncd(8)", "lmsyncctl(1)", "systemd.exec(5)"].map(str::to_owned));
    sheet.finish()
}
