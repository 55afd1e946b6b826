//! The nearest right name for one that does not exist.

/// The nearest of `candidates`, if one is near enough to have been meant: a third of its letters
/// may be wrong, and at least one.
pub(super) fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let name = tidy(name);
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(&name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The name in the manner of this file: lower case, with hyphens.
pub(super) fn tidy(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace(['_', ' '], "-")
}
