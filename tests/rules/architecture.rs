//! Holds the code to the house: a module uses only floors below its own.
//!
//! It reads every source file, takes each `crate::NAME` in it outside comments, and compares the
//! floors. It also keeps each outside library in its room: sled and bincode in the store, HTTP
//! clients in `autotask`, the HTTP server in `demo`, no async below the second floor.

use std::fs;
use std::path::{Path, PathBuf};

use crate::inner;

/// Every module of the crate's root and its floor, as in the house of `src/lib.rs`.
const FLOORS: [(&str, u8); 16] = [
    ("model", 0),
    ("clock", 0),
    ("files", 0),
    // For tests only.
    ("derived", 0),
    ("policy", 1),
    ("config", 1),
    ("autotask", 2),
    ("store", 2),
    ("protocol", 2),
    ("advice", 2),
    ("engine", 3),
    ("control", 4),
    ("notify", 4),
    ("daemon", 5),
    ("ctl", 5),
    ("demo", 6),
];

/// What lmsyncctl may see: it must work without the engine, the store and Autotask.
const SEEN_BY_CTL: [&str; 7] = ["advice", "protocol", "model", "config", "clock", "files", "ctl"];

/// Libraries and the only modules that may name them.
const ROOMS: [(&str, &[&str]); 11] = [
    ("sled::", &["store"]),
    ("bincode::", &["store"]),
    ("axum::", &["demo"]),
    // The heartbeat goes to another host, without the credentials that `autotask` always sends.
    ("reqwest::Client", &["autotask", "notify"]),
    ("clap::", &["ctl", "daemon"]),
    ("comfy_table::", &["ctl"]),
    ("tracing_journald::", &["daemon"]),
    ("ratatui::", &["ctl"]),
    ("crossterm::", &["ctl"]),
    // `ctl` ends `watch` quietly at Ctrl-C, and gives the dialog's terminal back.
    ("signal_hook", &["daemon", "ctl"]),
    ("tokio::net::UnixListener", &["control"]),
];

/// Words that name a daemon as a person does, and who may know them: `advice` makes them, `ctl` and
/// `daemon` know how they were called, and the paths are said once.
const WORDS: [&str; 4] = ["lmsyncctl", "journalctl", "systemctl", "/etc/lmsyncd"];
const MAY_SAY_THEM: [&str; 7] = [
    "advice",
    "ctl",
    "daemon",
    "demo",
    "bin",
    "config/paths.rs",
    // The texts of the example file and of lmsyncd.toml(5).
    "config/keys/",
];

/// Who may put advice into words.
const ADVISERS: [&str; 5] = ["advice", "control", "daemon", "ctl", "demo"];

struct Source {
    module: String,
    path: PathBuf,
    /// The lines, without comments and without tests.
    code: Vec<String>,
}

/// The lines of a file without comments, without the tests at its end, and without the lines before
/// them that are for tests: the declaration of a file, or what is imported for one.
pub fn code_of(text: &str) -> Vec<String> {
    let mut code = Vec::new();
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            code.push(line.to_owned());
            continue;
        }
        let is_attribute = |line: &&str| line.trim_start().starts_with("#[");
        let declared = lines.by_ref().find(|line| !is_attribute(line)).unwrap_or_default();
        if !declared.ends_with(';') {
            break;
        }
    }
    code
}

#[test]
fn tests_are_no_part_of_the_code() {
    let text = "// a\nmod a;\n#[cfg(test)]\nmod b;\n#[cfg(test)]\nuse b::B;\nmod c;\n#[cfg(test)]\nmod tests {\n}\nuse d;";
    assert_eq!(code_of(text), ["mod a;", "mod c;"]);
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&root).expect("below src");
                let first = inside.iter().next().expect("a name").to_string_lossy();
                let module = first.trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).expect("a readable file");
                let code = code_of(&text);
                sources.push(Source { module, path, code });
            }
        }
    }
    assert!(sources.len() > 20, "the sources were found");
    sources
}

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// The modules of the crate's root that a line names.
fn named(line: &str) -> Vec<String> {
    let names = |after: &str| -> Vec<String> {
        let word = |text: &str| {
            text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
        };
        match after.strip_prefix('{') {
            Some(list) => list.split(',').map(word).filter(|name| floor(name).is_some()).collect(),
            None => vec![word(after)],
        }
    };
    line.match_indices("crate::").flat_map(|(at, _)| names(&line[at + 7..])).collect()
}

#[test]
fn a_module_uses_only_floors_below_its_own() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(own) = floor(&source.module) else { continue };
        for name in source.code.iter().flat_map(|line| named(line)) {
            let below = floor(&name).is_some_and(|other| other < own);
            let allowed = name == source.module
                || (below && (source.module != "ctl" || SEEN_BY_CTL.contains(&name.as_str())));
            if !allowed {
                wrong.push(format!("{} uses {name}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_a_floor() {
    for source in sources() {
        let known = floor(&source.module).is_some() || ["lib", "bin"].contains(&&*source.module);
        assert!(known, "{} has no floor", source.path.display());
    }
}

#[test]
fn each_library_stays_in_its_room() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (library, rooms) in ROOMS {
            let used = source.code.iter().any(|line| line.contains(library));
            let outside = !rooms.contains(&source.module.as_str()) && source.module != "bin";
            if used && outside {
                wrong.push(format!("{} uses {library}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What changes files without the seam of the store.
const CHANGES: [&str; 13] = [
    "OpenOptions",
    "DirBuilder",
    " File::create",
    "fs::write",
    "fs::rename",
    "fs::remove",
    "fs::copy",
    "fs::hard_link",
    "fs::create_dir",
    "set_len",
    "sync_all",
    "sync_data",
    "Replacement",
];

/// The files of the store that may: the seam, what handles sled's files, and the lock, which holds no
/// data.
const MAY_CHANGE: [&str; 3] = ["store/file_system.rs", "store/index/", "store/log/lock.rs"];

/// The lines of a file of the store that change files without its seam.
fn past_the_seam(inside: &str, code: &[String]) -> Vec<String> {
    if !inside.starts_with("store/") || MAY_CHANGE.iter().any(|who| inside.starts_with(who)) {
        return Vec::new();
    }
    let lines = code.iter().filter(|line| CHANGES.iter().any(|word| line.contains(word)));
    lines.map(|line| format!("{inside} changes files without the seam: {}", line.trim())).collect()
}

#[test]
fn what_the_store_changes_goes_through_its_seam() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for source in sources() {
        let inside = source.path.strip_prefix(&root).expect("below src").to_string_lossy();
        // Files of tests do what they like.
        if !["store/testing", "/tests", "/points", "/life", "/damage.rs", "/bad_index.rs"]
            .iter()
            .any(|test| inside.contains(test))
        {
            wrong.extend(past_the_seam(&inside, &source.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let code = vec!["    fs::rename(from, to)?;".to_owned()];
    assert_eq!(past_the_seam("store/write/prune.rs", &code).len(), 1);
    assert_eq!(past_the_seam("store/index/mod.rs", &code), [""; 0]);
}

/// The lines of a file below `src` that say a word which only the terminal may.
fn says(inside: &str, code: &[String]) -> Vec<String> {
    if MAY_SAY_THEM.iter().any(|who| inside.starts_with(who)) {
        return Vec::new();
    }
    let lines = code.iter().filter(|line| WORDS.iter().any(|word| line.contains(word)));
    lines.map(|line| format!("{inside} says {}", line.trim())).collect()
}

#[test]
fn commands_units_and_paths_are_words_of_the_terminal() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for source in sources() {
        let inside = source.path.strip_prefix(&root).expect("below src").to_string_lossy();
        wrong.extend(says(&inside, &source.code));
        let uses = source.code.iter().flat_map(|line| named(line)).any(|name| name == "advice");
        if uses && !ADVISERS.contains(&source.module.as_str()) {
            wrong.push(format!("{inside} puts advice into words"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_word_of_the_terminal_is_noticed() {
    let line = |text: &str| vec![text.to_owned()];
    for word in WORDS {
        let code = line(&format!("    let hint = \"{word} doctor\";"));
        assert_eq!(says("engine/run.rs", &code).len(), 1, "{word}");
        assert_eq!(says("ctl/run.rs", &code), [""; 0], "{word}");
    }
    assert_eq!(says("engine/run.rs", &line("let hint = Advice::Doctor;")), [""; 0]);
}

#[test]
fn the_lowest_floors_are_plain() {
    let mut wrong = Vec::new();
    for source in sources() {
        if floor(&source.module).is_none_or(|floor| floor > 1) {
            continue;
        }
        for word in ["tokio", "async fn", ".await", "std::net::Tcp", "std::thread"] {
            if source.code.iter().any(|line| line.contains(word)) {
                wrong.push(format!("{} has {word}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_holds() {
    for source in sources() {
        let text = fs::read_to_string(&source.path).expect("a readable file");
        assert!(text.starts_with("//!"), "{} opens without `//!`", source.path.display());
    }
}

#[test]
fn no_file_has_grown_out_of_hand() {
    for source in sources() {
        let lines = fs::read_to_string(&source.path).expect("a readable file").lines().count();
        assert!(lines <= 500, "{} has {lines} lines: split it", source.path.display());
    }
}

fn tree() -> inner::Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let sources = sources();
    let inside: Vec<String> = sources
        .iter()
        .map(|one| one.path.strip_prefix(&root).expect("below src").to_string_lossy().into_owned())
        .collect();
    let files = inside.iter().zip(&sources).filter(|(file, _)| !file.starts_with("bin/"));
    inner::Tree::of(files.map(|(file, source)| (file.as_str(), source.code.as_slice())))
}

#[test]
fn a_sub_room_uses_only_floors_below_its_own() {
    let wrong = tree().upward();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let circles = tree().circles();
    assert!(circles.is_empty(), "{circles:#?}");
}

/// How many files a folder may have beside its sub-rooms.
const MOST_FILES: usize = 16;

#[test]
fn no_room_is_too_large_to_be_seen_at_a_glance() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms: std::collections::BTreeMap<String, usize> = Default::default();
    for source in sources() {
        let folder = source.path.parent().and_then(|folder| folder.strip_prefix(&root).ok());
        let folder = folder.expect("below src").to_string_lossy().into_owned();
        *rooms.entry(folder).or_default() += 1;
    }
    for (room, files) in rooms {
        assert!(files <= MOST_FILES, "{room} has {files} files: give it sub-rooms");
    }
}
