//! The texts that people read say things as the field says them: words that native speakers
//! stumbled over do not come back. Comments and tests are not looked at.

use std::fs;
use std::path::{Path, PathBuf};

use crate::architecture::code_of;

/// Words and phrases, each with what to write instead.
const FORBIDDEN: [(&str, &str); 16] = [
    ("anew", "again, or restarted, rebuilt"),
    ("afresh", "again"),
    ("mend", "fix"),
    ("mends", "fixes"),
    ("mended", "fixed, or repaired"),
    ("comes to", "total, or cost impact"),
    ("goes on", "continues"),
    ("stands still", "is suspended"),
    ("by itself", "automatically"),
    ("was not heard", "failed"),
    ("told nobody", "notification failed"),
    ("nobody has looked", "not checked yet"),
    ("last look", "cached result"),
    ("under way", "in progress"),
    ("sync by hand", "manual sync"),
    ("synced by hand", "synced manually"),
];

/// The literals of code, joined by line breaks. Where a literal goes on on the next line, the
/// backslash and the blanks are one blank.
fn literals(code: &str) -> String {
    let mut found = String::new();
    let mut rest = code.chars().peekable();
    while let Some(sign) = rest.next() {
        match sign {
            // The literal of a quotation mark, which opens nothing.
            '\'' if rest.peek() == Some(&'"') => {
                rest.next();
            }
            '"' => {
                while let Some(sign) = rest.next().filter(|sign| *sign != '"') {
                    match (sign, rest.peek()) {
                        ('\\', Some('\n')) => {
                            while rest.next_if(|sign| sign.is_whitespace()).is_some() {}
                        }
                        ('\\', _) => {
                            rest.next();
                            found.push(' ');
                        }
                        _ => found.push(sign),
                    }
                }
                found.push('\n');
            }
            _ => {}
        }
    }
    found
}

/// The forbidden phrases in a text, as whole words, each with what to write instead.
fn wrong_in(text: &str) -> Vec<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let inside = |sign: Option<char>| sign.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let has = |phrase: &str| {
        text.match_indices(phrase).any(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + phrase.len()..]);
            !inside(before.chars().next_back()) && !inside(after.chars().next())
        })
    };
    let wrong = FORBIDDEN.iter().filter(|(phrase, _)| has(phrase));
    wrong.map(|(phrase, better)| format!("`{phrase}`: {better}")).collect()
}

pub fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            files.extend(files_below(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn texts_in_the_code_use_the_words_of_the_field() {
    let mut wrong = Vec::new();
    let is_test = |path: &PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        name.ends_with("tests") || path.components().any(|part| part.as_os_str() == "tests")
    };
    for path in files_below(&root().join("src"), "rs").into_iter().filter(|path| !is_test(path)) {
        let text = fs::read_to_string(&path).expect("a readable file");
        for phrase in wrong_in(&literals(&code_of(&text).join("\n"))) {
            wrong.push(format!("{} says {phrase}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn documents_use_the_words_of_the_field() {
    let mut files = files_below(&root().join("docs"), "md");
    files.extend(files_below(&root().join("src/protocol"), "varlink"));
    let others = ["README.md", "SECURITY.md", "lmsyncd.toml.example", "systemd/lmsyncd.catalog"];
    files.extend(others.map(|name| root().join(name)));
    let mut wrong = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).expect("a readable file");
        // A comment goes on behind the sign of the next line.
        let text = text.replace("\n# ", "\n").replace("\n  # ", "\n");
        for phrase in wrong_in(&text) {
            wrong.push(format!("{} says {phrase}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_forbidden_phrase_is_noticed_in_a_literal_only() {
    let code =
        "let anew = 'x';\nlet quote = '\"';\nlet text = \"the store \\\n    goes \\\n    on\";";
    assert_eq!(wrong_in(&literals(code)), ["`goes on`: continues"]);
    assert_eq!(wrong_in("recommended; renewed"), [""; 0]);
}
