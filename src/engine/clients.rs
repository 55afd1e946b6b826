//! Which clients there are, and which one a person means.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::watch;

use super::Engine;
use crate::autotask::{Company, Progress, Report};
use crate::model::{Advice, ClientId, ClientRef, Code, Failure};

/// How old a list of companies may be when a person asks for the list.
const FRESH: TimeDelta = TimeDelta::minutes(1);

/// How old a list of companies may be when a part of a name must mean one client only. An exact
/// name or a number is settled by a list of any age.
const UNAMBIGUOUS: TimeDelta = TimeDelta::minutes(15);

/// How many candidates an ambiguous name lists.
const MAX_CANDIDATES: usize = 10;

/// The companies of the tenant, as last read.
#[derive(Debug)]
struct Directory {
    companies: Vec<Company>,
    as_of: DateTime<Utc>,
}

/// A question for the directory, whose answer everyone shares who wants it meanwhile.
type Asking = Shared<BoxFuture<'static, Result<Arc<Directory>, Failure>>>;

/// A question, and where it can be followed how far it is.
type Question = (Asking, watch::Receiver<Report>);

/// The last directory, in memory, and the question that is under way for the next.
#[derive(Debug, Default)]
pub(super) struct DirectoryCache(Mutex<(Option<Arc<Directory>>, Option<Question>)>);

impl DirectoryCache {
    fn get(&self) -> Option<Arc<Directory>> {
        self.lock().0.clone()
    }

    /// The question that is under way, or a new one.
    fn asking(&self, ask: impl FnOnce() -> Question) -> Question {
        self.lock().1.get_or_insert_with(ask).clone()
    }

    /// Takes the answer to a question, unless it was forgotten meanwhile.
    fn answered(&self, asking: &Asking, answer: Option<&Arc<Directory>>) {
        let mut cache = self.lock();
        if cache.1.as_ref().is_some_and(|(current, _)| current.ptr_eq(asking)) {
            cache.1 = None;
            if let Some(directory) = answer {
                cache.0 = Some(Arc::clone(directory));
            }
        }
    }

    /// Forgets it: another tenant may answer from now on.
    pub(super) fn clear(&self) {
        *self.lock() = (None, None);
    }

    fn lock(&self) -> MutexGuard<'_, (Option<Arc<Directory>>, Option<Question>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownClient {
    /// The client.
    pub client: ClientRef,
    /// Whether the company is active in Autotask.
    pub active: bool,
    /// How many agreements Autotask holds for it.
    pub agreements: u32,
    /// How many contract records the store holds for it.
    pub contracts: usize,
    /// Whether auto-sync is on.
    pub auto_sync: bool,
    /// When it was last synced.
    pub last_synced: Option<DateTime<Utc>>,
}

impl Engine {
    /// The clients with agreements or contracts, or all companies, by name, and when Autotask was
    /// asked. `search` keeps those whose name holds the text or whose id it is. `cached` asks
    /// nobody: the last list counts, however old.
    pub async fn clients(
        self: &Arc<Engine>,
        search: Option<&str>,
        all: bool,
        cached: bool,
        progress: &Progress,
    ) -> Result<(Vec<KnownClient>, DateTime<Utc>), Failure> {
        let directory = match cached {
            true => self.directory.get().ok_or_else(|| {
                Failure::new(Code::InvalidArgument, "nobody has asked for the clients yet")
                    .advise(Advice::ListClients)
            })?,
            false => self.directory(FRESH, progress).await?,
        };
        let as_of = directory.as_of;
        let wanted = search.map(str::to_lowercase);
        let list = move |engine: &Engine| engine.list(&directory, wanted.as_deref(), all);
        Ok((self.ask(list).await?, as_of))
    }

    fn list(
        &self,
        directory: &Directory,
        wanted: Option<&str>,
        all: bool,
    ) -> Result<Vec<KnownClient>, Failure> {
        let mut contracts: BTreeMap<ClientId, usize> = BTreeMap::new();
        for contract in self.store.all_contracts()? {
            *contracts.entry(contract.client).or_default() += 1;
        }
        let states: BTreeMap<_, _> =
            self.store.clients()?.into_iter().map(|state| (state.client.id, state)).collect();
        let mut clients = Vec::new();
        for company in &directory.companies {
            let stored = contracts.get(&company.id).copied().unwrap_or(0);
            let matches = wanted.is_none_or(|text| {
                company.name.to_lowercase().contains(text) || company.id.to_string() == text
            });
            if !matches || !(all || company.agreements > 0 || stored > 0) {
                continue;
            }
            let state = states.get(&company.id);
            clients.push(KnownClient {
                client: ClientRef { id: company.id, name: company.name.clone() },
                active: company.active,
                agreements: company.agreements,
                contracts: stored,
                auto_sync: state.is_some_and(|state| state.auto_sync),
                last_synced: state.and_then(|state| state.last_synced),
            });
        }
        clients.sort_by_cached_key(|c| (c.client.name.to_lowercase(), c.client.id));
        Ok(clients)
    }

    /// The client that a person means: a company id, an exact name, or an unambiguous part of a
    /// name. Asks Autotask only where what is known does not settle it.
    pub async fn resolve(&self, text: &str) -> Result<ClientRef, Failure> {
        let directory = self.directory.get();
        let mut found = find(text, &self.known(directory.as_deref())?);
        let settled = match found {
            Match::Exact(_) => true,
            Match::None => false,
            Match::Part(_) | Match::Several(_) => {
                directory.is_some_and(|known| (self.now() - known.as_of).abs() <= UNAMBIGUOUS)
            }
        };
        if !settled {
            match self.directory(FRESH, &Progress::new()).await {
                Ok(directory) => found = find(text, &self.known(Some(&directory))?),
                // What the store knows still serves while Autotask does not answer.
                Err(failure) if matches!(found, Match::None) => return Err(failure),
                Err(_) => {}
            }
        }
        match found {
            Match::Exact(client) | Match::Part(client) => Ok(client),
            Match::None => Err(unknown(text, &self.known(self.directory.get().as_deref())?)),
            Match::Several(clients) => Err(ambiguous(text, &clients)),
        }
    }

    /// Every client with agreements.
    pub(super) async fn with_agreements(
        &self,
        progress: &Progress,
    ) -> Result<Vec<ClientRef>, Failure> {
        let directory = self.directory(FRESH, progress).await?;
        let companies = directory.companies.iter().filter(|company| company.agreements > 0);
        Ok(companies.map(|c| ClientRef { id: c.id, name: c.name.clone() }).collect())
    }

    /// Every client that the store or this directory knows.
    fn known(&self, directory: Option<&Directory>) -> Result<Vec<ClientRef>, Failure> {
        let mut known: BTreeMap<ClientId, ClientRef> = self
            .store
            .clients()?
            .into_iter()
            .map(|state| (state.client.id, state.client))
            .collect();
        for company in directory.iter().flat_map(|directory| &directory.companies) {
            known.insert(company.id, ClientRef { id: company.id, name: company.name.clone() });
        }
        Ok(known.into_values().collect())
    }

    async fn directory(
        &self,
        max_age: TimeDelta,
        progress: &Progress,
    ) -> Result<Arc<Directory>, Failure> {
        let now = self.now();
        if let Some(directory) = self.directory.get()
            && (now - directory.as_of).abs() <= max_age
        {
            return Ok(directory);
        }
        let autotask = self.live().autotask;
        let (asking, mut told) = self.directory.asking(|| {
            let (tell, told) = watch::channel(Report::default());
            let ask = async move {
                let progress = Progress::telling(move |report| {
                    tell.send_replace(*report);
                });
                let companies = autotask.directory(&progress).await?;
                Ok(Arc::new(Directory { companies, as_of: now }))
            };
            (ask.boxed().shared(), told)
        });
        let mut answering = asking.clone();
        let answer = loop {
            tokio::select! {
                answer = &mut answering => break answer,
                Ok(()) = told.changed() => progress.relay(&told.borrow_and_update()),
            }
        };
        self.directory.answered(&asking, answer.as_ref().ok());
        answer
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Match {
    None,
    Exact(ClientRef),
    Part(ClientRef),
    Several(Vec<ClientRef>),
}

fn find(text: &str, clients: &[ClientRef]) -> Match {
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

fn unknown(text: &str, clients: &[ClientRef]) -> Failure {
    let meant = nearest(text, clients).cloned();
    let (client_id, client) = meant.map(|client| (client.id, client.name)).unzip();
    Failure::new(Code::NoSuchClient, format!("no client is `{text}`"))
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

fn ambiguous(text: &str, clients: &[ClientRef]) -> Failure {
    let shown: Vec<String> = clients
        .iter()
        .take(MAX_CANDIDATES)
        .map(|client| format!("{} ({})", client.name, client.id))
        .collect();
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
