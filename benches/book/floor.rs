//! The least that reading takes: the requests of a first import, sent as many at a time as the daemon
//! sends, each answer parsed as JSON and dropped.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use lmsyncd::autotask::{
    Autotask, HttpRequest, HttpResponse, HttpTransport, Options, Progress, Scope, Transport,
    TransportError, Work, ZoneMemory,
};
use lmsyncd::clock::SystemClock;
use lmsyncd::demo::tenant::Tenant;
use serde_json::json;
use tokio::runtime::Handle;

use super::{Failure, PLENTY, process};

/// Makes the benchmark the floor, for the requests in the file that follows.
pub const ARGUMENT: &str = "--floor";

/// How many requests are under way at once: two for each of the entities that the daemon asks at the
/// same time.
const AT_ONCE: usize = 6;

/// What was sent: addresses and bodies.
type Sent = Arc<Mutex<Vec<(String, String)>>>;

/// Notes what is sent.
struct Noting {
    http: HttpTransport,
    sent: Sent,
}

impl Transport for Noting {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        if let Some(body) = request.body() {
            let sent = (request.url().to_owned(), body.to_owned());
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
        }
        self.http.send(request)
    }
}

/// The queries that reading every client takes, an address and a body in a line each. Call it where
/// blocking is allowed.
pub fn requests(tenant: &Tenant, url: &str) -> Result<String, Failure> {
    let user = tenant.credentials();
    let user = (user.username, user.secret, user.integration_code);
    let options =
        Options { max_requests_per_hour: u32::try_from(PLENTY)?, ..Options::of_user(user, url) };
    let sent = Sent::default();
    let noting = Noting { http: HttpTransport::new(&options)?, sent: Arc::clone(&sent) };
    let autotask =
        Autotask::new(options, Arc::new(noting), Arc::new(SystemClock), ZoneMemory::none());
    let progress = Progress::of(Work::Background);
    Handle::current().block_on(autotask.read(&Scope::All, &progress))?;
    let mut lines = String::new();
    for (url, body) in sent.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let _ = writeln!(lines, "{url}\t{body}");
    }
    Ok(lines)
}

/// Sends the requests in a file, and tells what that took.
pub async fn run(path: &str) -> Result<(), Failure> {
    let text = fs::read_to_string(path)?;
    let header = |name: &str| std::env::var(name);
    let (user, code, secret) = (header("PEER_USER")?, header("PEER_CODE")?, header("PEER_SECRET")?);
    // Needed though nothing is encrypted on the loopback interface.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build()?;
    let (client, user, code, secret) = (&client, &user, &code, &secret);
    let asked = stream::iter(text.lines()).map(|line| async move {
        let (url, body) = line.split_once('\t').ok_or("no body")?;
        let answer = client
            .post(url)
            .header("UserName", user)
            .header("ApiIntegrationCode", code)
            .header("Secret", secret)
            .header("Content-Type", "application/json")
            .body(body.to_owned())
            .send()
            .await?
            .error_for_status()?;
        let answer = answer.bytes().await?;
        let parsed: serde_json::Value = serde_json::from_slice(&answer)?;
        drop(parsed);
        Ok::<u64, Failure>(1)
    });
    let asked = asked.buffer_unordered(AT_ONCE);
    let requests = asked.try_fold(0, |sum, one| async move { Ok(sum + one) }).await?;
    let took = json!({
        "requests": requests,
        "processor_seconds": process::processor("self")?,
        "peak_mib": process::memory("self", "VmHWM:")?,
    });
    writeln!(std::io::stdout(), "{took}")?;
    Ok(())
}
