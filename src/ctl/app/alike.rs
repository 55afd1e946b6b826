//! Names that are nearly what was typed.

/// How alike two names must be (0 to 1, by Jaro and Winkler) for one to be offered for the other.
const ALIKE: f64 = 0.75;

/// The name that was meant by a slip of the finger: the most alike, or else one that it is a part
/// of.
pub fn alike<'a>(typed: &str, names: &[&'a str]) -> Option<&'a str> {
    let typed = typed.to_ascii_lowercase().replace('-', "_");
    let alike = |name: &str| strsim::jaro_winkler(&typed, name);
    let names = names.iter().copied();
    names
        .clone()
        .filter(|name| alike(name) >= ALIKE)
        .max_by(|a, b| alike(a).total_cmp(&alike(b)))
        .or_else(|| names.clone().find(|name| !typed.is_empty() && name.contains(&typed)))
}
