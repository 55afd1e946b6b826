//! The fake tenant, and a reader of it over real HTTP on loopback.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use lmsyncd::autotask::{
    Autotask, AutotaskError, HttpTransport, Options, Progress, Scope, Transport, ZoneMemory,
};
use lmsyncd::clock::ManualClock;
use lmsyncd::demo::tenant::{Serving, Tenant};
use lmsyncd::model::ClientSnapshot;

pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 10, 15).expect("a date")
}

pub fn options(tenant: &Tenant, url: &str) -> Options {
    let user = tenant.credentials();
    Options::of_user((user.username, user.secret, user.integration_code), url)
}

fn now() -> DateTime<Utc> {
    today().and_time(NaiveTime::MIN).and_utc() + chrono::TimeDelta::hours(6)
}

pub fn over(options: Options, transport: Arc<dyn Transport>) -> Autotask {
    Autotask::new(options, transport, Arc::new(ManualClock::at(now())), ZoneMemory::none())
}

/// Serves a tenant on loopback, where it is as late as at the reader.
pub async fn serve(tenant: &Tenant) -> Serving {
    tenant.set_clock(now());
    tenant.serve(0).await.expect("a port")
}

pub fn over_http(options: Options) -> Autotask {
    let transport = HttpTransport::new(&options).expect("a transport");
    over(options, Arc::new(transport))
}

/// The tenant served on loopback, and the way to it.
pub async fn served() -> (Tenant, Serving, Autotask) {
    let tenant = Tenant::stories(today());
    let serving = serve(&tenant).await;
    let autotask = over_http(options(&tenant, &serving.url()));
    (tenant, serving, autotask)
}

pub async fn read(autotask: &Autotask, scope: Scope) -> Result<Vec<ClientSnapshot>, AutotaskError> {
    autotask.read(&scope, &Progress::new()).await
}
