//! The rooms inside the rooms: a sub-room uses only sub-rooms on floors below its own, and no files
//! use each other in a circle.
//!
//! What a file uses is read from its `use` declarations and from paths in its code. A name that a
//! room's door (`mod.rs`) passes on counts for the file that defines it. A file and the doors of the
//! rooms it stands in are one: the methods of a service are in several files. Files of tests may use
//! anything.

use std::collections::{BTreeMap, BTreeSet};

/// Sub-rooms and their floors, by room. What is not named here is the door of its room.
const INNER: &[(&str, &[(&str, u8)])] = &[
    (
        "model",
        &[
            ("ids", 0),
            ("actor", 0),
            ("audit", 1),
            ("moment", 0),
            ("duration", 0),
            ("text", 0),
            ("money", 0),
            ("contract", 1),
            ("failure", 1),
            ("client", 2),
            ("sync", 3),
            ("event", 4),
            ("outlet", 4),
        ],
    ),
    (
        "policy::cost",
        &[
            ("row", 0),
            ("cycle", 1),
            ("pairs", 1),
            ("calendar", 2),
            ("siblings", 3),
            ("line", 4),
            ("sale", 5),
            ("total", 5),
            ("bought", 6),
            ("agreement", 7),
            ("share", 8),
        ],
    ),
    (
        "policy",
        &[("cost", 0), ("changes", 1), ("schedule", 1), ("review", 2), ("terms", 2), ("alert", 2)],
    ),
    (
        "autotask",
        &[
            ("fields", 0),
            ("http", 1),
            ("session", 2),
            ("query", 3),
            ("rows", 4),
            ("meta", 5),
            ("import", 6),
            ("ask", 6),
            ("api", 7),
        ],
    ),
    (
        "store",
        &[
            ("error", 0),
            ("commit", 0),
            ("file_system", 0),
            ("files", 1),
            ("format", 2),
            ("audit", 3),
            ("index", 3),
            ("log", 4),
            ("core", 5),
            ("read", 6),
            ("write", 7),
            ("open", 8),
            ("archive", 9),
            ("handle", 10),
        ],
    ),
    (
        "engine",
        &[
            ("events", 0),
            ("outlets", 0),
            ("visibility", 0),
            ("failures", 0),
            ("panics", 0),
            ("context", 1),
            ("book", 2),
            ("clients", 2),
            ("sync", 3),
            ("review", 4),
            ("schedule", 4),
            ("observe", 5),
            ("admin", 5),
        ],
    ),
    (
        "control",
        &[
            ("convert", 0),
            ("peer", 0),
            ("shares", 0),
            ("roles", 1),
            ("connections", 1),
            ("acts", 2),
            ("bounds", 2),
            ("call", 3),
            ("incoming", 3),
            ("progress", 4),
            ("contracts", 5),
            ("sync", 5),
            ("daemon", 5),
            ("service", 5),
            ("dispatch", 6),
            ("session", 7),
            ("listener", 8),
            ("unable", 9),
        ],
    ),
    (
        "ctl",
        &[
            ("app", 0),
            ("output", 1),
            ("connection", 2),
            ("text", 3),
            ("commands", 4),
            ("help", 5),
            ("dialog", 5),
            ("completions", 6),
            ("args", 7),
            ("start", 8),
        ],
    ),
    (
        "ctl::dialog",
        &[
            ("text", 0),
            ("theme", 0),
            ("list", 1),
            ("state", 2),
            ("draw", 3),
            ("calls", 4),
            ("terminal", 4),
            ("update", 4),
            ("shell", 5),
            ("open", 6),
        ],
    ),
    (
        "demo::tenant",
        &[
            ("schema", 0),
            ("billing", 0),
            ("fault", 1),
            ("rows", 2),
            ("book", 3),
            ("stories", 4),
            ("generate", 5),
            ("edit", 6),
            ("server", 6),
        ],
    ),
];

/// The modules of a tree of sources, each with its code.
pub struct Tree {
    /// By the path of the module, such as `engine::book::edit`.
    modules: BTreeMap<String, Vec<String>>,
    /// Names that doors pass on, each with the path that it stands for.
    passed_on: BTreeMap<String, String>,
}

impl Tree {
    /// Of files below `src`, each with its lines of code.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Tree {
        let path = |file: &str| {
            let plain = file.trim_end_matches(".rs").trim_end_matches("/mod");
            plain.replace('/', "::")
        };
        let mut modules: BTreeMap<String, Vec<String>> =
            files.into_iter().map(|(file, code)| (path(file), code.to_vec())).collect();
        // A file that its room does not declare is one of tests; what is in its folder is too.
        let is_declared = |module: &str| {
            let Some((room, name)) = module.rsplit_once("::") else { return true };
            let Some(code) = modules.get(room) else { return true };
            code.iter().any(|line| line.trim_end().ends_with(&format!("mod {name};")))
        };
        let of_tests: BTreeSet<String> =
            modules.keys().filter(|module| !is_declared(module)).cloned().collect();
        modules.retain(|module, _| {
            let inside = |test: &String| module == test || module.starts_with(&format!("{test}::"));
            !of_tests.iter().any(inside)
        });
        let mut tree = Tree { modules, passed_on: BTreeMap::new() };
        let doors: Vec<String> = tree.modules.keys().cloned().collect();
        for door in doors {
            for (name, target) in tree.declared(&door, true) {
                tree.passed_on.insert(format!("{door}::{name}"), target);
            }
        }
        tree
    }

    /// What the `use` declarations of a module name, as (name, whole path): those that pass on, or
    /// the others.
    fn declared(&self, module: &str, passing_on: bool) -> Vec<(String, String)> {
        let text = self.modules[module].join("\n");
        let mut found = Vec::new();
        for declaration in text.split(';') {
            let Some((before, tree)) = declaration.rsplit_once("use ") else { continue };
            let visibility = before.rsplit('\n').next().unwrap_or_default().trim();
            if visibility.starts_with("pub") != passing_on || visibility.contains('"') {
                continue;
            }
            for path in unfold(tree) {
                if let Some(path) = self.absolute(module, &path) {
                    let name = path.rsplit("::").next().unwrap_or_default().to_owned();
                    found.push((name, path));
                }
            }
        }
        found
    }

    /// A path as seen from a module, from the crate's root on; none for one of another crate.
    fn absolute(&self, module: &str, path: &str) -> Option<String> {
        let mut steps: Vec<&str> = path.split("::").map(str::trim).collect();
        let mut base: Vec<&str> = module.split("::").collect();
        match *steps.first()? {
            "crate" => {
                steps.remove(0);
                base.clear();
            }
            "self" => drop(steps.remove(0)),
            "super" => {
                while steps.first() == Some(&"super") {
                    steps.remove(0);
                    base.pop();
                }
            }
            first if self.modules.contains_key(&format!("{module}::{first}")) => {}
            _ => return None,
        }
        base.extend(steps);
        Some(base.join("::"))
    }

    /// The module that defines what a path leads to.
    fn definer(&self, path: &str) -> Option<String> {
        let mut path = path.to_owned();
        for _ in 0..8 {
            match self.passed_on.get(&path) {
                Some(target) if *target != path => path.clone_from(target),
                _ => break,
            }
        }
        let mut steps: Vec<&str> = path.split("::").collect();
        while !steps.is_empty() {
            let module = steps.join("::");
            if self.modules.contains_key(&module) {
                return Some(module);
            }
            // A name that is passed on, with something behind it.
            if let Some(target) = self.passed_on.get(&module) {
                return self.definer(target);
            }
            steps.pop();
        }
        None
    }

    /// The modules that a module uses.
    pub fn used(&self, module: &str) -> BTreeSet<String> {
        let mut used: BTreeSet<String> = BTreeSet::new();
        let declared = self.declared(module, false).into_iter().map(|(_, path)| path);
        let in_code = self.modules[module].iter().flat_map(|line| paths(line));
        let in_code = in_code.filter_map(|path| self.absolute(module, &path));
        for path in declared.chain(in_code) {
            used.extend(self.definer(&path));
        }
        used.remove(module);
        used
    }

    /// Which sub-room uses another that is not below it.
    pub fn upward(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (room, floors) in INNER {
            let place = |module: &str| {
                let inside = module.strip_prefix(&format!("{room}::"))?;
                let name = inside.split("::").next()?;
                Some((
                    name.to_owned(),
                    floors.iter().find(|(one, _)| *one == name).map(|(_, f)| *f),
                ))
            };
            for module in self.modules.keys() {
                let Some((own, floor)) = place(module) else { continue };
                let Some(floor) = floor else {
                    wrong.push(format!("{module} stands on no floor of {room}"));
                    continue;
                };
                for used in self.used(module) {
                    let Some((other, Some(below))) = place(&used) else { continue };
                    if other != own && below >= floor {
                        wrong.push(format!("{module} uses {used}, which is not below it"));
                    }
                }
            }
        }
        wrong
    }

    /// Files that use each other in a circle, each circle once.
    pub fn circles(&self) -> BTreeSet<BTreeSet<String>> {
        let is_door = |door: &str, of: &str| of.starts_with(&format!("{door}::"));
        let edges: BTreeMap<&str, BTreeSet<String>> = self
            .modules
            .keys()
            .map(|module| {
                let used = self.used(module).into_iter();
                let used = used.filter(|other| !is_door(other, module) && !is_door(module, other));
                (module.as_str(), used.collect())
            })
            .collect();
        let reach = |from: &str| {
            let (mut seen, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
            while let Some(module) = next.pop() {
                for other in edges.get(module.as_str()).into_iter().flatten() {
                    if seen.insert(other.clone()) {
                        next.push(other.clone());
                    }
                }
            }
            seen
        };
        let reached: BTreeMap<&str, BTreeSet<String>> =
            edges.keys().map(|module| (*module, reach(module))).collect();
        let circle = |module: &&str| -> BTreeSet<String> {
            let there = reached[module].iter().filter(|other| {
                reached.get(other.as_str()).is_some_and(|back| back.contains(*module))
            });
            there.cloned().collect()
        };
        edges.keys().map(circle).filter(|circle| !circle.is_empty()).collect()
    }
}

/// The paths of a `use` tree, without aliases and globs.
fn unfold(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((prefix, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        return vec![path.trim_end_matches("::*").trim_end_matches("::self").to_owned()];
    };
    let inside = rest.rsplit_once('}').map_or(rest, |(inside, _)| inside);
    let (mut parts, mut depth, mut part) = (Vec::new(), 0_i32, String::new());
    for sign in inside.chars() {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if sign == ',' && depth == 0 {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(sign);
        }
    }
    parts.push(part);
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(|part| unfold(&format!("{}{part}", prefix.trim()))).collect()
}

/// The paths from `crate`, `super` or `self` in a line of code.
fn paths(line: &str) -> Vec<String> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    line.split(|c: char| !is_path(c))
        .filter(|word| ["crate::", "super::", "self::"].iter().any(|start| word.starts_with(start)))
        .map(|word| word.trim_end_matches(':').to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let files: Vec<(&str, Vec<String>)> = files
            .iter()
            .map(|(file, code)| (*file, code.lines().map(str::to_owned).collect()))
            .collect();
        Tree::of(files.iter().map(|(file, code)| (*file, code.as_slice())))
    }

    #[test]
    fn a_sub_room_that_uses_one_above_it_is_noticed() {
        let room = ("engine/mod.rs", "mod sync;\nmod book;\nmod context;");
        let door = ("engine/sync/mod.rs", "mod run;\npub use run::Order;");
        let run = ("engine/sync/run.rs", "pub struct Order;");
        let upward = |code| {
            let book = ("engine/book/mod.rs", code);
            tree(&[room, door, run, book, ("engine/context.rs", "")]).upward()
        };
        let wrong = ["engine::book uses engine::sync::run, which is not below it"];
        assert_eq!(upward("use crate::engine::sync::Order;"), wrong);
        assert_eq!(upward("use super::{context::Context, sync::Order};"), wrong);
        assert_eq!(upward("fn take(order: super::sync::Order) {}"), wrong);
        assert_eq!(upward("use super::context::Context;"), [""; 0]);
        let attic =
            |declared| tree(&[("engine/mod.rs", declared), ("engine/attic.rs", "")]).upward();
        assert_eq!(attic("mod attic;"), ["engine::attic stands on no floor of engine"]);
        assert_eq!(attic(""), [""; 0], "declared for tests only");
    }

    /// The floors of a room in one line, the lowest first.
    fn drawn(floors: &[(&str, u8)]) -> String {
        let mut by_floor: BTreeMap<u8, Vec<&str>> = BTreeMap::new();
        for (name, floor) in floors {
            by_floor.entry(*floor).or_default().push(name);
        }
        let floors: Vec<String> = by_floor.values().map(|names| names.join(", ")).collect();
        floors.join(" → ")
    }

    #[test]
    fn the_floors_are_drawn_in_the_docs() {
        let docs = include_str!("../../docs/architecture.md");
        for (room, floors) in INNER {
            let row = format!("| `{}` | {} |", room.replace("::", "/"), drawn(floors));
            assert!(docs.contains(&row), "docs/architecture.md lacks this row:\n{row}");
        }
    }

    #[test]
    fn files_that_use_each_other_are_noticed_and_doors_are_not() {
        let circles = tree(&[
            ("store/mod.rs", "mod a;\nmod b;\nmod c;\npub use a::One;\nuse b::Two;"),
            ("store/a.rs", "use super::b::Two;\npub struct One;"),
            ("store/b.rs", "use crate::store::One;\npub struct Two;"),
            ("store/c.rs", "use super::a::One;"),
        ])
        .circles();
        let circle: BTreeSet<String> = ["store::a", "store::b"].map(str::to_owned).into();
        assert_eq!(circles, [circle].into());
    }
}
