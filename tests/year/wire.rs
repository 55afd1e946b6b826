//! The wire between the daemon and the fake tenant: every request is written down, and each takes
//! a while in which others go on, but no time.
//!
//! What must hold of requests is checked here as each is sent and answered, in what really passes,
//! whatever the clock shows, and in what the daemon can know of it: one that was killed had not
//! written down the requests of its last seconds.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use lmsyncd::autotask::{HttpRequest, HttpResponse, Transport, TransportError};
use lmsyncd::demo::tenant::Tenant;
use serde_json::Value as Json;

use super::clock::ServerClock;
use super::transport::InProcess;

/// The window in which requests and refusals are counted.
const HOUR: Duration = Duration::from_secs(3600);

/// The requests of how long a killed daemon may have forgotten: it writes them down this often.
const UNWRITTEN: Duration = Duration::from_secs(5);

/// The most refusals in an hour while the credentials are known to be refused.
const MOST_REFUSALS: usize = 2;

/// A page of fewer rows never loses any.
const LONG_PAGE: usize = 50;

/// One request.
#[derive(Debug, Clone)]
struct Sent {
    /// When, since the year began.
    at: Duration,
    /// Whether a killed daemon had not written it down.
    forgotten: bool,
    /// Whether it was answered that the credentials are not good.
    refused: bool,
}

/// What was seen of the requests.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Traffic {
    /// Requests since the year began.
    pub total: u64,
    /// The most in an hour, as far as the daemon could know.
    pub busiest_hour: usize,
    /// The most at a time at one endpoint.
    pub most_at_a_time: usize,
    /// How often the credentials were refused.
    pub refusals: u64,
    /// Pages that lost rows.
    pub short_pages: u64,
}

#[derive(Debug, Default)]
struct State {
    traffic: Traffic,
    hour: VecDeque<Sent>,
    /// The number of the oldest in `hour`.
    first: u64,
    running: BTreeMap<String, usize>,
    /// When the credentials were first refused, since they were last accepted.
    refused_since: Option<Duration>,
    /// What must not be.
    violations: Vec<String>,
    cap: usize,
    places: usize,
    lose_rows: bool,
}

/// The wire. Clones are the same one.
#[derive(Clone)]
pub struct Wire {
    state: Arc<Mutex<State>>,
    clock: Arc<ServerClock>,
    tenant: Tenant,
}

impl Wire {
    pub fn new(tenant: Tenant, clock: Arc<ServerClock>) -> Wire {
        let state = State { cap: usize::MAX, places: usize::MAX, ..State::default() };
        Wire { state: Arc::new(Mutex::new(state)), clock, tenant }
    }

    /// From now on so many requests an hour, and so many at a time at an endpoint, are allowed.
    pub fn allow(&self, cap: u32, places: usize) {
        let mut state = self.state();
        state.cap = usize::try_from(cap).expect("in range");
        state.places = places;
    }

    /// Whether long pages lose rows without a word.
    pub fn lose_rows(&self, lose: bool) {
        self.state().lose_rows = lose;
    }

    pub fn traffic(&self) -> Traffic {
        self.state().traffic.clone()
    }

    /// What must not be and was, since it was last asked.
    pub fn violations(&self) -> Vec<String> {
        std::mem::take(&mut self.state().violations)
    }

    /// How many requests really were made in the last hour.
    pub fn last_hour(&self) -> usize {
        let now = self.clock.passed();
        self.state().hour.iter().filter(|sent| now - sent.at < HOUR).count()
    }

    /// The daemon was killed.
    pub fn forget(&self) {
        let now = self.clock.passed();
        for sent in self.state().hour.iter_mut().rev() {
            sent.forgotten |= now - sent.at <= UNWRITTEN;
        }
    }

    /// Writes a request down. Gives its number.
    pub fn begin(&self, verb: &str, endpoint: &str, path: &str) -> u64 {
        let now = self.clock.passed();
        let mut state = self.state();
        let number = state.traffic.total;
        state.traffic.total += 1;
        while state.hour.front().is_some_and(|sent| now - sent.at >= HOUR) {
            state.hour.pop_front();
            state.first += 1;
        }
        state.hour.push_back(Sent { at: now, forgotten: false, refused: false });
        let known = state.hour.iter().filter(|s| !s.forgotten && now - s.at < HOUR).count();
        state.traffic.busiest_hour = known.max(state.traffic.busiest_hour);
        if known > state.cap {
            let told = format!("budget: {known} requests within an hour, {} allowed", state.cap);
            state.violations.push(told);
        }
        let running = state.running.entry(endpoint.to_owned()).or_default();
        *running += 1;
        let running = *running;
        state.traffic.most_at_a_time = running.max(state.traffic.most_at_a_time);
        if running > state.places {
            let places = state.places;
            let told = format!(
                "concurrency: {running} requests at a time at {endpoint}, {places} allowed"
            );
            state.violations.push(told);
        }
        let reads = verb == "GET"
            || (verb == "POST" && (path.ends_with("/query") || path.ends_with("/query/count")));
        if !reads {
            state.violations.push(format!("one way: {verb} {path} was sent"));
        }
        number
    }

    /// The request is over, answered or not.
    fn end(&self, endpoint: &str) {
        if let Some(running) = self.state().running.get_mut(endpoint) {
            *running -= 1;
        }
    }

    /// The credentials were refused in the answer to a request.
    pub fn refused(&self, number: u64) {
        let now = self.clock.passed();
        let mut state = self.state();
        state.traffic.refusals += 1;
        let Some(place) = number.checked_sub(state.first) else { return };
        if let Some(sent) = state.hour.get_mut(usize::try_from(place).expect("in range")) {
            sent.refused = true;
        }
        // Those that were under way when the first came are no new tries.
        let since = *state.refused_since.get_or_insert(now);
        let tries = state
            .hour
            .iter()
            .filter(|s| s.refused && s.at > since && !s.forgotten && now - s.at < HOUR);
        let tries = tries.count();
        if tries > MOST_REFUSALS {
            let told = format!("lockout: {tries} refused authentications within an hour");
            state.violations.push(told);
        }
    }

    fn accepted(&self) {
        self.state().refused_since = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is under way; over when it is dropped.
struct UnderWay<'a>(&'a Wire, String);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.end(&self.1);
    }
}

impl Transport for Wire {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let path = request.url().split('?').next().unwrap_or_default().to_owned();
        let endpoint = endpoint(&path);
        let is_page = path.ends_with("/query");
        let number = self.begin(request.method().as_str(), &endpoint, &path);
        let under_way = UnderWay(self, endpoint);
        Box::pin(async move {
            // Others go on meanwhile; how many turns they get differs, and is the same every time.
            for _ in 0..=number % 3 {
                tokio::task::yield_now().await;
            }
            let answer = InProcess(self.tenant.clone()).send(request).await;
            tokio::task::yield_now().await;
            drop(under_way);
            let mut answer = answer?;
            match answer.status {
                401 => self.refused(number),
                200 if answer.body.starts_with(b"{\"items\"") => self.accepted(),
                _ => {}
            }
            // Every second one, so that asking again may help.
            if is_page && self.state().lose_rows && number.is_multiple_of(2) {
                self.shorten(&mut answer);
            }
            Ok(answer)
        })
    }
}

impl Wire {
    /// Takes rows off the end of a long page, which says nothing of it.
    fn shorten(&self, answer: &mut HttpResponse) {
        let Ok(mut page) = serde_json::from_slice::<Json>(&answer.body) else { return };
        let Some(items) = page.get_mut("items").and_then(Json::as_array_mut) else { return };
        if items.len() < LONG_PAGE {
            return;
        }
        items.truncate(items.len() * 2 / 3);
        let count = items.len();
        page["pageDetails"]["count"] = count.into();
        page["pageDetails"]["nextPageUrl"] = Json::Null;
        answer.body = page.to_string().into_bytes();
        self.state().traffic.short_pages += 1;
    }
}

/// What the limit of places counts by: the entity, or the last part of a path without one.
fn endpoint(path: &str) -> String {
    let mut parts = path.split('/').skip_while(|part| !part.eq_ignore_ascii_case("v1.0")).skip(1);
    parts.next().unwrap_or("zoneInformation").to_owned()
}
