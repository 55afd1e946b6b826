//! A notify command that needs to become another user or group, which `NoNewPrivileges=` of the unit
//! does not let it (systemd.exec(5)): usually a mail program that puts mail into a queue.
//!
//! What can be told without running anything: the mode of the program, of those that a script names
//! where a command stands, and of the helpers that known mail programs start.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::autotask::{Finding, Outcome};
use crate::model::Advice;

/// Where a command is looked for that is named without a path, as the notify command's `PATH` has it.
const SEARCH: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Mail programs that hand their mail to `sendmail`.
const MAILERS: [&str; 5] = ["mail", "mailx", "bsd-mailx", "s-nail", "mutt"];

/// What a `sendmail` starts to put mail into its queue: that of postfix, that of nullmailer.
const HELPERS: [&str; 2] = ["postdrop", "nullmailer-queue"];

/// The bits of a mode that make a program run as its owner or its group.
const SET_ID: u32 = 0o6000;

/// The longest script that is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// Words before a command in a script.
const BEFORE_A_COMMAND: [&str; 9] =
    ["if", "then", "elif", "else", "while", "until", "do", "exec", "!"];

/// A warning, if the command can be seen not to work as this process is limited.
pub(super) fn check(command: &[String]) -> Option<Finding> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if !gets_no_privileges(&status) {
        return None;
    }
    let search: Vec<PathBuf> = SEARCH.iter().map(PathBuf::from).collect();
    culprit_of(command, &search).map(|culprit| finding(&culprit))
}

fn finding(culprit: &Path) -> Finding {
    let detail = format!(
        "`command` in [notify] runs {}, which is set-user-ID or set-group-ID: NoNewPrivileges= of \
         the unit gives it no other user or group, so that it usually fails",
        culprit.display()
    );
    let advice = Some(Advice::said("use a program that speaks SMTP itself, such as msmtp or curl"));
    Finding {
        check: "notify command",
        outcome: Outcome::Warning,
        detail,
        advice,
        code: None,
        access: None,
    }
}

/// Whether a process of this status gets no privileges by starting a program (proc(5)).
fn gets_no_privileges(status: &str) -> bool {
    let value = status.lines().find_map(|line| line.strip_prefix("NoNewPrivs:"));
    value.is_some_and(|value| value.trim() == "1")
}

/// The program that a command runs and that would need another user or group, if one is seen.
fn culprit_of(command: &[String], search: &[PathBuf]) -> Option<PathBuf> {
    let (program, arguments) = command.split_first()?;
    let program = Path::new(program);
    if let Some(found) = culprit(program, search) {
        return Some(found);
    }
    let script = match arguments {
        // A script on the command line of a shell.
        [option, script, ..] if option == "-c" => script.clone(),
        _ => script(program)?,
    };
    let commands = commands(&script);
    commands.iter().filter_map(|name| located(name, search)).find_map(|path| culprit(&path, search))
}

/// The program itself, or what it is known to start.
fn culprit(program: &Path, search: &[PathBuf]) -> Option<PathBuf> {
    if is_set_id(program) {
        return Some(program.to_owned());
    }
    // A `sendmail` may be another program's other name.
    let real = program.canonicalize().ok()?;
    let name = real.file_name()?.to_str()?;
    if MAILERS.contains(&name) {
        return culprit(&located("sendmail", search)?, search);
    }
    let helpers = HELPERS.iter().filter(|_| name == "sendmail");
    helpers.filter_map(|helper| located(helper, search)).find(|helper| is_set_id(helper))
}

fn is_set_id(program: &Path) -> bool {
    let metadata = fs::metadata(program).ok().filter(fs::Metadata::is_file);
    metadata.is_some_and(|metadata| metadata.permissions().mode() & SET_ID != 0)
}

fn located(name: &str, search: &[PathBuf]) -> Option<PathBuf> {
    match name.contains('/') {
        true => Some(PathBuf::from(name)),
        false => search.iter().map(|folder| folder.join(name)).find(|path| path.is_file()),
    }
}

/// The text of a program that is a script.
fn script(program: &Path) -> Option<String> {
    let metadata = fs::metadata(program).ok()?;
    if !metadata.is_file() || metadata.len() > LONGEST {
        return None;
    }
    fs::read_to_string(program).ok().filter(|text| text.starts_with("#!"))
}

/// The words of a shell's script that stand where a command does.
fn commands(script: &str) -> Vec<String> {
    let lines = script.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let parts = lines.flat_map(|line| line.split(['|', ';', '&', '(', ')', '{', '}', '`']));
    let command = |part: &str| {
        let words = part.split_whitespace();
        let mut words = words.map(|word| word.trim_matches(['"', '\'']));
        words
            .find(|word| !BEFORE_A_COMMAND.contains(word) && !word.contains('='))
            .map(str::to_owned)
    };
    parts.filter_map(command).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program in a folder, with this mode.
    fn program(folder: &Path, name: &str, mode: u32, text: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
        path
    }

    #[test]
    fn a_program_that_would_need_another_group_is_seen_and_others_are_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path();
        let search = [at.to_owned()];
        let found = |command: &[&str]| {
            let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
            let name = |path: PathBuf| path.file_name().map(|n| n.to_string_lossy().into_owned());
            culprit_of(&command, &search).and_then(name)
        };
        let path = |name: &str| at.join(name).display().to_string();
        program(at, "curl", 0o755, "\x7fELF");
        program(at, "queue", 0o2755, "\x7fELF");
        let tells =
            "#!/bin/sh\n# queue is not used\necho 'queue' | curl --upload-file - smtp://x\n";
        program(at, "good", 0o755, tells);
        program(at, "bad", 0o755, "#!/bin/sh\nevent=$(cat)\nif true; then echo x | queue -t; fi\n");
        assert_eq!(found(&[&path("curl")]), None);
        assert_eq!(found(&[&path("good")]), None);
        assert_eq!(found(&[&path("queue")]).as_deref(), Some("queue"));
        assert_eq!(found(&[&path("bad")]).as_deref(), Some("queue"));
        assert_eq!(found(&["/bin/sh", "-c", "cat | queue"]).as_deref(), Some("queue"));
        assert_eq!(found(&["/nowhere"]), None);
    }

    #[test]
    fn the_queue_of_a_sendmail_is_known_and_msmtp_has_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path();
        let search = [at.to_owned()];
        program(at, "sendmail", 0o755, "\x7fELF");
        let mail = program(at, "mail", 0o755, "\x7fELF");
        assert_eq!(culprit(&mail, &search), None, "a sendmail of its own");
        let postdrop = program(at, "postdrop", 0o2555, "\x7fELF");
        assert_eq!(culprit(&mail, &search), Some(postdrop));
        fs::remove_file(at.join("sendmail")).expect("removed");
        program(at, "msmtp", 0o755, "\x7fELF");
        std::os::unix::fs::symlink("msmtp", at.join("sendmail")).expect("linked");
        assert_eq!(culprit(&mail, &search), None);
    }

    #[test]
    fn the_kernel_says_whether_a_process_gets_no_privileges() {
        assert!(gets_no_privileges("Name:\tlmsyncd\nNoNewPrivs:\t1\n"));
        assert!(!gets_no_privileges("NoNewPrivs:\t0\n") && !gets_no_privileges(""));
    }
}
