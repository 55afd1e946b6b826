//! Holds the three `.varlink` files against the types that go over the wire.
//!
//! It catches: a file that is no Varlink; a method, type field or error that one side has and the
//! other has not (also one that nobody added to the samples here); a field of another kind than
//! described; a field described as always there that may be absent or null, and one described as
//! optional that the types insist on.

use std::collections::{BTreeMap, BTreeSet};

use lmsyncd::model::Code;
use lmsyncd::varlink::{Method, contracts, daemon, error_name, sync};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use zlink_idl::{Field, Interface, Type};

mod samples;

/// The interfaces, and which of their fields a full sample has shown so far.
struct Held<'a> {
    interfaces: BTreeMap<&'static str, Interface<'a>>,
    methods: BTreeSet<String>,
    shown: BTreeSet<String>,
}

impl Held<'_> {
    fn new() -> Held<'static> {
        let parse = |name, text: &'static str| {
            let interface = Interface::try_from(text).unwrap_or_else(|e| panic!("{name}: {e:?}"));
            assert_eq!(interface.name().as_str(), name);
            (name, interface)
        };
        let interfaces = BTreeMap::from([
            parse(sync::INTERFACE, sync::DESCRIPTION),
            parse(contracts::INTERFACE, contracts::DESCRIPTION),
            parse(daemon::INTERFACE, daemon::DESCRIPTION),
        ]);
        Held { interfaces, methods: BTreeSet::new(), shown: BTreeSet::new() }
    }

    /// Holds a method against its description: `full` samples together have every field, `sparse`
    /// ones only what must be there.
    fn method<M: Method>(&mut self, full: M, sparse: M, replies: [M::Reply; 2]) {
        let (interface, method) = M::NAME.rsplit_once('.').expect("a full name");
        assert!(self.methods.insert(M::NAME.to_owned()), "{} is here twice", M::NAME);
        let described = self.interfaces[interface].clone();
        let method = described.methods().find(|m| m.name().as_str() == method);
        let method = method.unwrap_or_else(|| panic!("{} is not described", M::NAME));
        let inputs: Vec<&Field<'_>> = method.inputs().collect();
        let outputs: Vec<&Field<'_>> = method.outputs().collect();
        for sample in [full, sparse] {
            self.sample(interface, &format!("{} (", M::NAME), &inputs, &sample);
        }
        for sample in replies {
            self.sample(interface, &format!("{} ->", M::NAME), &outputs, &sample);
        }
    }

    fn sample<T: Serialize + DeserializeOwned>(
        &mut self,
        interface: &'static str,
        place: &str,
        fields: &[&Field<'_>],
        sample: &T,
    ) {
        let value = serde_json::to_value(sample).expect("serializes");
        self.object(interface, place, fields, &value);
        each_removal(&self.interfaces[interface], fields, &value, &mut |path, optional, less| {
            let reads = serde_json::from_value::<T>(less).is_ok();
            let described = if optional { "optional" } else { "always there" };
            assert_eq!(reads, optional, "{place} {path} is described as {described}");
        });
    }

    /// Holds a sample against every error of an interface.
    fn errors<T: Serialize + DeserializeOwned>(&mut self, interface: &'static str, sample: &T) {
        let described = self.interfaces[interface].clone();
        for error in described.errors() {
            let fields: Vec<&Field<'_>> = error.fields().collect();
            self.sample(interface, error.name().as_str(), &fields, sample);
        }
    }

    fn object(&mut self, interface: &str, place: &str, fields: &[&Field<'_>], value: &Value) {
        let object = value.as_object().unwrap_or_else(|| panic!("{place}: {value} is no object"));
        for key in object.keys() {
            let known = fields.iter().any(|field| field.name().as_str() == key);
            assert!(known, "{place} {key} is not described");
        }
        for field in fields {
            let name = field.name().as_str();
            let place = format!("{place} {name}");
            match (field.ty(), object.get(name)) {
                (Type::Optional(_), None | Some(Value::Null)) => continue,
                (Type::Optional(inner), Some(value)) => self.value(interface, &place, inner, value),
                (_, None) => panic!("{place} is missing"),
                (kind, Some(value)) => self.value(interface, &place, kind, value),
            }
            self.shown.insert(place);
        }
    }

    fn value(&mut self, interface: &str, place: &str, kind: &Type<'_>, value: &Value) {
        match kind {
            Type::Bool => assert!(value.is_boolean(), "{place}: {value} is no bool"),
            Type::Int => assert!(value.is_i64(), "{place}: {value} is no int"),
            Type::String => assert!(value.is_string(), "{place}: {value} is no string"),
            Type::Array(inner) => {
                let values = value.as_array();
                let values = values.unwrap_or_else(|| panic!("{place}: {value} is no array"));
                values.iter().for_each(|value| self.value(interface, place, inner, value));
            }
            Type::Custom(name) => {
                let described = self.interfaces[interface].clone();
                let fields = fields_of(&described, name.as_str());
                self.object(interface, &format!("{interface} {}:", name.as_str()), &fields, value);
            }
            other => panic!("{place}: the test does not know {other:?}"),
        }
    }

    /// Everything that the files describe, in the words of `shown`.
    fn described(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut methods, mut fields) = (BTreeSet::new(), BTreeSet::new());
        for (interface, described) in &self.interfaces {
            for method in described.methods() {
                let name = format!("{interface}.{}", method.name().as_str());
                fields.extend(method.inputs().map(|f| format!("{name} ( {}", f.name().as_str())));
                fields.extend(method.outputs().map(|f| format!("{name} -> {}", f.name().as_str())));
                methods.insert(name);
            }
            for custom in described.custom_types() {
                let object = custom.as_object().expect("enums are not used");
                let name = format!("{interface} {}:", object.name().as_str());
                fields.extend(object.fields().map(|f| format!("{name} {}", f.name().as_str())));
            }
        }
        (methods, fields)
    }
}

fn fields_of<'a>(interface: &'a Interface<'a>, name: &str) -> Vec<&'a Field<'a>> {
    let custom = interface.custom_types().find(|custom| custom.name().as_str() == name);
    let custom = custom.unwrap_or_else(|| panic!("the type {name} is not described"));
    custom.as_object().expect("enums are not used").fields().collect()
}

/// Calls `check` with each field of `value`, however deep, taken out: where it was, whether it is
/// described as optional, and what is left of the whole.
fn each_removal(
    interface: &Interface<'_>,
    fields: &[&Field<'_>],
    value: &Value,
    check: &mut dyn FnMut(&str, bool, Value),
) {
    let Some(object) = value.as_object() else { return };
    for field in fields {
        let name = field.name().as_str();
        let Some(inner) = object.get(name) else { continue };
        let (optional, mut kind) = match field.ty() {
            Type::Optional(kind) => (true, kind.inner()),
            kind => (false, kind),
        };
        let mut less = object.clone();
        less.remove(name);
        check(name, optional, Value::Object(less));
        let array = match kind {
            Type::Array(element) => {
                kind = element.inner();
                true
            }
            _ => false,
        };
        let (Type::Custom(custom), false) = (kind, inner.is_null()) else { continue };
        let custom = fields_of(interface, custom.as_str());
        let with = |object: &Map<String, Value>, less: Value| {
            let mut whole = object.clone();
            whole.insert(name.to_owned(), if array { vec![less].into() } else { less });
            Value::Object(whole)
        };
        let elements = if array { inner.as_array().map(Vec::as_slice) } else { None };
        for element in elements.unwrap_or(std::slice::from_ref(inner)) {
            each_removal(interface, &custom, element, &mut |path, optional, less| {
                check(&format!("{name}.{path}"), optional, with(object, less));
            });
        }
    }
}

/// The names of the methods that the sources of the wire types implement.
fn implemented() -> BTreeSet<String> {
    let sources = [
        include_str!("../../../src/varlink/sync/clients.rs"),
        include_str!("../../../src/varlink/sync/pending.rs"),
        include_str!("../../../src/varlink/sync/runs.rs"),
        include_str!("../../../src/varlink/sync/switch.rs"),
        include_str!("../../../src/varlink/sync/held.rs"),
        include_str!("../../../src/varlink/sync/marks.rs"),
        include_str!("../../../src/varlink/sync/pause.rs"),
        include_str!("../../../src/varlink/contracts/mod.rs"),
        include_str!("../../../src/varlink/contracts/answers.rs"),
        include_str!("../../../src/varlink/contracts/ownership.rs"),
        include_str!("../../../src/varlink/contracts/past.rs"),
        include_str!("../../../src/varlink/daemon.rs"),
        include_str!("../../../src/varlink/backup.rs"),
    ];
    let name = |line: &str| {
        let rest = line.trim().strip_prefix("const NAME: &'static str = \"")?;
        Some(rest.strip_suffix("\";")?.to_owned())
    };
    sources.iter().flat_map(|source| source.lines()).filter_map(name).collect()
}

#[test]
fn the_types_are_as_described() {
    let mut held = Held::new();
    samples::hold(&mut held);
    let (methods, fields) = held.described();
    assert_eq!(held.methods, methods, "samples and described methods");
    assert_eq!(implemented(), methods, "implemented and described methods");
    let never: Vec<_> = fields.difference(&held.shown).collect();
    assert!(never.is_empty(), "described, but no full sample has it: {never:#?}");
}

#[test]
fn every_code_is_an_error_of_its_interface_and_there_is_no_other() {
    let held = Held::new();
    let described: BTreeSet<String> = held
        .interfaces
        .iter()
        .flat_map(|(name, interface)| {
            interface.errors().map(move |error| format!("{name}.{}", error.name().as_str()))
        })
        .collect();
    let codes: BTreeSet<String> = Code::ALL.into_iter().map(error_name).collect();
    assert_eq!(codes, described);
}

#[test]
fn every_error_has_a_message_and_may_have_advice() {
    let mut held = Held::new();
    samples::hold_errors(&mut held);
    for interface in held.interfaces.values() {
        for error in interface.errors() {
            assert_eq!(error.fields().count(), 3, "{}", error.name().as_str());
        }
    }
}
