//! The descriptions of the interfaces, derived from the types that go over the wire and from their
//! comments, and held against the `.varlink` files. `INSTA_UPDATE=always cargo test --lib
//! protocol::idl` writes the files.

use std::fmt::Write as _;
use std::path::Path;

use strum::EnumMessage;
use zlink::idl::{self, Comment, Field};
use zlink::introspect::{CustomType, Type};

use super::error::{COMMON, ErrorParameters};
use super::{Method, contracts, daemon, sync};
use crate::derived::assert_derived;
use crate::model::{Advice, ClientId, Code, RunId, SecretSource};

/// An interface as its types describe it.
pub(super) struct Described {
    name: &'static str,
    /// The description, as far as it was written.
    text: String,
}

impl Described {
    /// `source` is the Rust file whose module documentation is the interface's comment.
    pub fn new(name: &'static str, source: &str) -> Described {
        let comment = source.lines().map_while(|line| line.strip_prefix("//!"));
        let comment: String = comment.map(|line| format!("#{line}\n")).collect();
        Described { name, text: format!("{comment}interface {name}\n") }
    }

    pub fn with_type<T: CustomType>(mut self) -> Described {
        self.comment("", &comments::<T>());
        self.line(&format!("type {} (", T::CUSTOM_TYPE.name()));
        self.fields(&fields::<T>());
        self.line(")");
        self
    }

    pub fn with_method<M: Method + CustomType>(mut self) -> Described
    where
        M::Reply: CustomType,
    {
        let name = M::NAME.rsplit('.').next().expect("a name");
        self.comment("", &comments::<M>());
        for (before, fields) in [
            (format!("method {name}("), fields::<M>()),
            (") -> (".to_owned(), fields::<M::Reply>()),
        ] {
            self.text.push_str(&before);
            if !fields.is_empty() {
                self.text.push('\n');
                self.fields(&fields);
            }
        }
        self.line(")");
        self
    }

    pub fn with_errors(mut self, own: &[Code]) -> Described {
        let fields: Vec<String> = fields::<ErrorParameters>()
            .iter()
            .map(|field| format!("{}: {}", field.name(), field.ty()))
            .collect();
        let fields = fields.join(", ");
        self.comment("", &comments::<ErrorParameters>());
        for code in own.iter().chain(&COMMON) {
            let comment = code.get_documentation().expect("each code is documented");
            let _ = write!(self.text, "\n# {comment}\nerror {} ({fields})\n", code.name());
        }
        self
    }

    /// A comment after an empty line.
    fn comment(&mut self, indent: &str, comments: &[&Comment<'_>]) {
        if indent.is_empty() {
            self.text.push('\n');
        }
        for comment in comments {
            self.line(format!("{indent}#{}", comment.content()).trim_end());
        }
    }

    fn fields(&mut self, fields: &[&Field<'_>]) {
        for (number, field) in fields.iter().enumerate() {
            let comments: Vec<&Comment<'_>> = field.comments().collect();
            assert!(!comments.is_empty(), "{} of {} has no comment", field.name(), self.name);
            self.comment("  ", &comments);
            let comma = if number + 1 < fields.len() { "," } else { "" };
            self.line(&format!("  {}: {}{comma}", field.name(), field.ty()));
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

fn comments<T: CustomType>() -> Vec<&'static Comment<'static>> {
    T::CUSTOM_TYPE.as_object().expect("a struct").comments().collect()
}

fn fields<T: CustomType>() -> Vec<&'static Field<'static>> {
    T::CUSTOM_TYPE.as_object().expect("a struct").fields().collect()
}

/// What an advice can carry, as the description has it: one object for all of them. `lmsyncctl`
/// knows the words.
mod described {
    use zlink::introspect::CustomType;

    /// What a person can do next, as a value: lmsyncctl knows the words.
    #[derive(CustomType)]
    #[expect(dead_code, reason = "its fields are only described")]
    pub struct Advice {
        /// Which advice, such as `auto_sync_off`. Later versions may have others.
        code: String,
        /// The id of the client that it is about.
        client_id: Option<i64>,
        /// The client's name.
        client: Option<String>,
        /// The item or contract that it is about.
        key: Option<String>,
        /// The run that it is about.
        run_id: Option<i64>,
        /// A record in Autotask, or a credential.
        name: Option<String>,
        /// A file.
        path: Option<String>,
        /// A section of the configuration.
        section: Option<String>,
        /// A group of users.
        group: Option<String>,
        /// A user.
        user: Option<String>,
        /// Where the secret comes from: `credential` or `file`.
        source: Option<String>,
        /// Words about a value.
        text: Option<String>,
    }
}

impl Type for Advice {
    const TYPE: &'static idl::Type<'static> = <described::Advice as Type>::TYPE;
}

impl CustomType for Advice {
    const CUSTOM_TYPE: &'static idl::CustomType<'static> = described::Advice::CUSTOM_TYPE;
}

/// Every interface of lmsyncd's own.
fn interfaces() -> [Described; 3] {
    [contracts::described(), daemon::described(), sync::described()]
}

#[test]
fn the_files_are_what_the_types_say() {
    for described in interfaces() {
        assert_derived(&format!("src/protocol/{}.varlink", described.name), &described.text);
    }
}

#[test]
fn each_description_names_only_what_it_describes() {
    for described in interfaces() {
        let parsed = idl::Interface::try_from(described.text.as_str()).expect("Varlink");
        assert_eq!(parsed.name().as_str(), described.name);
        let types: Vec<&str> = parsed.custom_types().map(|one| one.name().as_str()).collect();
        let mut named: Vec<String> = Vec::new();
        let mut look = |field: &Field<'_>| {
            let text = field.ty().to_string();
            let name = text.trim_start_matches(['?', '[', ']']);
            if name.starts_with(|first: char| first.is_ascii_uppercase()) {
                named.push(name.to_owned());
            }
        };
        parsed
            .custom_types()
            .flat_map(|one| one.as_object())
            .flat_map(|one| one.fields())
            .for_each(&mut look);
        parsed.methods().flat_map(|one| one.inputs().chain(one.outputs())).for_each(&mut look);
        parsed.errors().flat_map(|one| one.fields()).for_each(&mut look);
        for name in &named {
            assert!(types.contains(&name.as_str()), "{name} in {}", described.name);
        }
        for name in types {
            assert!(
                named.iter().any(|one| one == name),
                "{name} is not used in {}",
                described.name
            );
        }
    }
}

/// What goes over the wire under another name, or not at all, would not be as described.
#[test]
fn no_field_has_another_name_on_the_wire() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/protocol")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a file");
                for word in ["serde(rename", "flatten)", "serde(skip)", "with = "] {
                    let code = text.lines().filter(|line| line.trim().starts_with("#["));
                    let found = code.filter(|line| line.contains(word)).count();
                    assert_eq!(found, 0, "{word} in {}", path.display());
                }
            }
        }
    }
}

#[test]
fn every_advice_is_as_described() {
    let known: Vec<&str> =
        fields::<described::Advice>().into_iter().map(|field| field.name().as_str()).collect();
    let key = "S5".parse().expect("a key");
    let (client_id, word) = (ClientId(1), || "x".to_owned());
    let samples = [
        Advice::SearchClients { client_id: Some(client_id), client: Some(word()) },
        Advice::ChangeInAutotask { name: word(), client_id, key },
        Advice::ShowHeld { run_id: RunId(1) },
        Advice::WriteConfig { path: word() },
        Advice::FixSection { section: word() },
        Advice::JoinGroup { group: word(), user: word() },
        Advice::ReplaceSecret { source: SecretSource::File },
        Advice::said("x"),
    ];
    for advice in samples {
        let value = serde_json::to_value(&advice).expect("it serializes");
        for (name, _) in value.as_object().expect("an object") {
            assert!(known.contains(&name.as_str()), "{name} of {advice:?}");
        }
    }
}
