//! What the API user may see of the tenant. What is hidden from it is missing from every answer
//! without a word, so that nothing may be called whole before this was asked.

use chrono::{DateTime, Utc};

/// What of the entities that an import needs the API user may see, as last asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visibility {
    /// When Autotask was asked.
    pub as_of: DateTime<Utc>,
    /// The entities of which some rows may be hidden.
    pub some: Vec<String>,
    /// The entities of which nothing may be read.
    pub none: Vec<String>,
}

impl Visibility {
    /// What is not visible, in one line; none where everything is.
    pub fn limits(&self) -> Option<String> {
        limits(&self.some, &self.none)
    }
}

/// What is not visible, in one line, by the entities of which some and none may be read.
pub fn limits(some: &[String], none: &[String]) -> Option<String> {
    let part = |what: &str, entities: &[String]| {
        (!entities.is_empty()).then(|| format!("{what} {}", entities.join(", ")))
    };
    let parts = [part("only some", some), part("no", none)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("the API user may see {}", parts.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_named_and_what_is_whole_is_not_told() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(limits(&[], &[]), None);
        assert_eq!(
            limits(&list(&["Contracts", "Companies"]), &list(&["ContractCharges"])).as_deref(),
            Some("the API user may see only some Contracts, Companies; no ContractCharges")
        );
    }
}
