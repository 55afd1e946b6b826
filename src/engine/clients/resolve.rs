//! Which client a person means by a text.

use crate::model::{Advice, ClientId, ClientRef, Code, Failure};

/// How many candidates an ambiguous name lists.
const MAX_CANDIDATES: usize = 10;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Match {
    None,
    Exact(ClientRef),
    Part(ClientRef),
    Several(Vec<ClientRef>),
}

pub(super) fn find(text: &str, clients: &[ClientRef]) -> Match {
    let wanted = text.trim().to_lowercase();
    if wanted.is_empty() {
        return Match::None;
    }
    let by_id = wanted.parse().ok().map(ClientId);
    if let Some(client) = clients.iter().find(|client| Some(client.id) == by_id) {
        return Match::Exact(client.clone());
    }
    let matching = |test: &dyn Fn(&str) -> bool| -> Vec<ClientRef> {
        clients.iter().filter(|client| test(&client.name.to_lowercase())).cloned().collect()
    };
    let mut exact = matching(&|name| name == wanted);
    let mut parts = matching(&|name| name.contains(&wanted));
    match (exact.len(), parts.len()) {
        (1, _) => Match::Exact(exact.remove(0)),
        (2.., _) => Match::Several(exact),
        (0, 0) => Match::None,
        (0, 1) => Match::Part(parts.remove(0)),
        (0, _) => Match::Several(parts),
    }
}

/// How alike two names must be (0 to 1, by Jaro and Winkler) for one to be offered for the other.
const ALIKE: f64 = 0.85;

pub(super) fn unknown(text: &str, clients: &[ClientRef]) -> Failure {
    let meant = nearest(text, clients).cloned();
    let (client_id, client) = meant.map(|client| (client.id, client.name)).unzip();
    Failure::new(Code::NoSuchClient, format!("no client matches `{text}`"))
        .advise(Advice::SearchClients { client_id, client })
}

/// The client whose name, or a word of it, is most like the text, if any is like it.
fn nearest<'a>(text: &str, clients: &'a [ClientRef]) -> Option<&'a ClientRef> {
    let wanted = text.trim().to_lowercase();
    let alike = |client: &ClientRef| {
        let name = client.name.to_lowercase();
        let words = name.split_whitespace().chain([name.as_str()]);
        words.map(|word| strsim::jaro_winkler(&wanted, word)).fold(0.0, f64::max)
    };
    clients
        .iter()
        .map(|client| (alike(client), client))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, client)| client)
}

pub(super) fn ambiguous(text: &str, clients: &[ClientRef]) -> Failure {
    let shown: Vec<String> =
        clients.iter().take(MAX_CANDIDATES).map(ClientRef::to_string).collect();
    let more = match clients.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!("several clients match `{text}`: {}{more}", shown.join(", "));
    Failure::new(Code::AmbiguousClient, message).advise(Advice::NameClientInFull)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients() -> Vec<ClientRef> {
        let client =
            |(id, name): (i64, &str)| ClientRef { id: ClientId(id), name: name.to_owned() };
        [
            (0, "Our Own"),
            (12, "Northwind Traders"),
            (13, "Northwind Logistics"),
            (14, "Acme"),
            (15, "Acme Dental"),
        ]
        .map(client)
        .to_vec()
    }

    fn found(text: &str) -> String {
        match find(text, &clients()) {
            Match::Exact(client) => format!("exact {}", client.id),
            Match::Part(client) => format!("part {}", client.id),
            Match::Several(clients) => format!("{} of them", clients.len()),
            Match::None => "none".to_owned(),
        }
    }

    #[test]
    fn a_client_is_found_by_id_name_or_part() {
        assert_eq!(found("0"), "exact 0");
        assert_eq!(found("acme"), "exact 14");
        assert_eq!(found("dental"), "part 15");
        assert_eq!(found("Northwind"), "2 of them");
        assert_eq!(found("99"), "none");
        assert_eq!(found(" "), "none");
    }

    #[test]
    fn a_name_that_is_almost_right_is_offered() {
        let offered = |text: &str| match unknown(text, &clients()).advice {
            Some(Advice::SearchClients { client_id, .. }) => client_id.map(|id| id.0),
            other => panic!("{other:?}"),
        };
        assert_eq!(offered("Dentla"), Some(15));
        assert_eq!(offered("northwind logitsics"), Some(13));
        assert_eq!(offered("xyzzy"), None);
    }

    #[test]
    fn an_ambiguous_name_lists_the_candidates() {
        let failure = ambiguous("north", &clients()[1..3]);
        assert_eq!(
            failure.message,
            "several clients match `north`: Northwind Traders (12), Northwind Logistics (13)"
        );
    }
}
