//! Agreements with their additions: which line is a branch of which.
//!
//! Lists come with each agreement directly before its additions. An addition whose agreement is
//! not in the list gets a line of context above it.

/// Where a line stands in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch {
    /// An agreement, or anything else that stands by itself.
    Root,
    /// An addition with others after it.
    Middle,
    /// The last addition of its agreement.
    Last,
}

impl Branch {
    /// What is drawn in front of the line.
    pub fn mark(self) -> &'static str {
        match self {
            Branch::Root => "",
            Branch::Middle => "├─ ",
            Branch::Last => "└─ ",
        }
    }
}

/// A line of the tree.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a, T> {
    /// The key of an agreement that is not in the list, above its additions.
    Context(&'a str),
    /// An entry of the list.
    Entry(&'a T, Branch),
}

/// Anything that has a key and may stand below another.
pub trait Entry {
    /// Its key.
    fn key(&self) -> &str;
    /// The key of the agreement that it stands below.
    fn parent(&self) -> Option<&str>;
}

/// The lines of the tree of a list.
pub fn lines<T: Entry>(entries: &[T]) -> Vec<Line<'_, T>> {
    let mut lines = Vec::new();
    // The agreement that the lines before stand below, or are.
    let mut above: Option<&str> = None;
    for (index, entry) in entries.iter().enumerate() {
        let Some(parent) = entry.parent() else {
            above = Some(entry.key());
            lines.push(Line::Entry(entry, Branch::Root));
            continue;
        };
        if above != Some(parent) {
            above = Some(parent);
            lines.push(Line::Context(parent));
        }
        let next = entries.get(index + 1).and_then(Entry::parent);
        let branch = if next == Some(parent) { Branch::Middle } else { Branch::Last };
        lines.push(Line::Entry(entry, branch));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Node(&'static str, Option<&'static str>);

    impl Entry for Node {
        fn key(&self) -> &str {
            self.0
        }

        fn parent(&self) -> Option<&str> {
            self.1
        }
    }

    #[test]
    fn additions_hang_below_their_agreement_or_below_a_line_of_context() {
        let list = [
            Node("A1", None),
            Node("S1", Some("A1")),
            Node("S2", Some("A1")),
            Node("A2", None),
            Node("S3", Some("A3")),
            Node("S4", Some("A3")),
            Node("S5", Some("A4")),
        ];
        let drawn: Vec<String> = lines(&list)
            .iter()
            .map(|line| match line {
                Line::Context(key) => format!("({key})"),
                Line::Entry(node, branch) => format!("{}{}", branch.mark(), node.0),
            })
            .collect();
        assert_eq!(
            drawn,
            ["A1", "├─ S1", "└─ S2", "A2", "(A3)", "├─ S3", "└─ S4", "(A4)", "└─ S5"]
        );
    }
}
