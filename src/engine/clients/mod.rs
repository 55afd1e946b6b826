//! Which clients there are, and which one a person or an item means.

mod resolve;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::watch;

use resolve::{Match, ambiguous, find, unknown};

use super::context::Context;
use super::failures::is_of_permission;
use crate::autotask::{Company, Progress, Report};
use crate::model::{Advice, ClientId, ClientRef, Code, Failure, ItemKey, ItemKind};

/// How old a list of companies may be when a person asks for the list.
const FRESH: TimeDelta = TimeDelta::minutes(1);

/// How old a list of companies may be when a part of a name must mean one client only. An exact
/// name or a number is settled by a list of any age.
const UNAMBIGUOUS: TimeDelta = TimeDelta::minutes(15);

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
struct DirectoryCache(Mutex<(Option<Arc<Directory>>, Option<Question>)>);

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
    fn clear(&self) {
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

/// The clients of the tenant.
#[derive(Clone)]
pub struct Clients {
    context: Context,
    cache: Arc<DirectoryCache>,
}

impl Clients {
    pub(super) fn new(context: Context) -> Clients {
        Clients { context, cache: Arc::default() }
    }

    /// Forgets the list of companies: the tenant may be another.
    pub(super) fn forget(&self) {
        self.cache.clear();
    }

    /// The clients with agreements or contracts, or all companies, by name, and when Autotask was
    /// asked. `search` keeps those whose name holds the text or whose id it is. `cached` asks
    /// nobody: the last list counts, however old.
    pub async fn clients(
        &self,
        search: Option<&str>,
        all: bool,
        cached: bool,
        progress: &Progress,
    ) -> Result<(Vec<KnownClient>, DateTime<Utc>), Failure> {
        let directory = match cached {
            true => self.cache.get().ok_or_else(|| {
                Failure::new(Code::InvalidArgument, "no list of clients is cached yet")
                    .advise(Advice::ListClients)
            })?,
            false => self.directory(FRESH, progress).await?,
        };
        if !cached {
            self.context.look_at_visibility(&self.context.live(), progress).await;
        }
        let as_of = directory.as_of;
        let wanted = search.map(str::to_lowercase);
        let clients = self.clone();
        let list = move || clients.list(&directory, wanted.as_deref(), all);
        Ok((self.context.ask(list).await?, as_of))
    }

    fn list(
        &self,
        directory: &Directory,
        wanted: Option<&str>,
        all: bool,
    ) -> Result<Vec<KnownClient>, Failure> {
        let contracts = self.context.store.contract_counts()?;
        let states: BTreeMap<_, _> = self
            .context
            .store
            .clients()?
            .into_iter()
            .map(|state| (state.client.id, state))
            .collect();
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
        let directory = self.cache.get();
        let mut found = find(text, &self.known(directory.as_deref())?);
        let settled = match found {
            Match::Exact(_) => true,
            Match::None => false,
            Match::Part(_) | Match::Several(_) => directory
                .is_some_and(|known| (self.context.now() - known.as_of).abs() <= UNAMBIGUOUS),
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
            Match::None => Err(unknown(text, &self.known(self.cache.get().as_deref())?)),
            Match::Several(clients) => Err(ambiguous(text, &clients)),
        }
    }

    /// The same by what is known, without asking Autotask.
    ///
    /// # Errors
    ///
    /// Where no client that is known fits, or several do.
    pub fn resolve_known(&self, text: &str) -> Result<ClientRef, Failure> {
        let known = self.known(self.cache.get().as_deref())?;
        match find(text, &known) {
            Match::Exact(client) | Match::Part(client) => Ok(client),
            Match::None => Err(unknown(text, &known)),
            Match::Several(clients) => Err(ambiguous(text, &clients)),
        }
    }

    /// The client that an item belongs to, by what is stored, else by what Autotask says.
    pub async fn client_of(&self, key: ItemKey) -> Result<ClientRef, Failure> {
        let known = match self.context.store.contract(key)? {
            Some(contract) => Some(contract.client),
            None => self.context.store.item_flags(key)?.map(|flags| flags.client),
        };
        let id = match known {
            Some(id) => id,
            None if key.kind == ItemKind::Local => {
                return Err(Failure::new(
                    Code::NoSuchContract,
                    format!("no contract is stored with the key {key}"),
                )
                .advise(Advice::ListContracts { key: None }));
            }
            None => {
                let located = self.context.live().autotask.locate(&[key], &Progress::new()).await?;
                let located = located.into_iter().next().ok_or_else(|| {
                    Failure::new(
                        Code::NoSuchContract,
                        format!("neither the store nor Autotask has {key}"),
                    )
                    .advise(Advice::ListPending { client_id: None })
                })?;
                located.client.ok_or_else(|| {
                    let message =
                        format!("the agreement of {key} is hidden, so the client is not known");
                    Failure::new(Code::NoPermission, message).advise(Advice::Doctor)
                })?
            }
        };
        match self.context.store.client(id)? {
            Some(state) => Ok(state.client),
            None => self.resolve(&id.to_string()).await,
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
            .context
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
        let now = self.context.now();
        if let Some(directory) = self.cache.get()
            && (now - directory.as_of).abs() <= max_age
        {
            return Ok(directory);
        }
        let autotask = self.context.live().autotask;
        let (asking, mut told) = self.cache.asking(|| {
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
        self.cache.answered(&asking, answer.as_ref().ok());
        if answer.as_ref().err().is_some_and(is_of_permission) {
            // Who asks later, and asks nobody, must know.
            self.context.look_at_visibility(&self.context.live(), progress).await;
        }
        answer
    }
}
