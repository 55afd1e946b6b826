//! What was probably meant by a name that is none.

/// How alike two names must be (0 to 1, by Jaro and Winkler) for one to be offered for the other.
const ALIKE: f64 = 0.75;

/// The name that is most like what was typed, if one is like it at all.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(typed, name), name))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_name_and_nonsense_finds_none() {
        let names = ["status", "sync", "fields"];
        assert_eq!(nearest("feilds", names), Some("fields"));
        assert_eq!(nearest("xyzzy", names), None);
    }
}
