//! What a night costs: 2,000 clients, read as one batch and one by one, from the fake tenant over
//! real HTTP on the loopback interface. `cargo bench --bench night`.
//!
//! It measures reading, which is what costs Autotask something: comparing and storing are not in it.
//!
//! Beside the requests for rows of units it prints those that the way of reading before had needed at
//! least, which took only the rows that cover one day. That reader is gone, so they are reckoned from
//! the tenant's rows as full pages of 500: what it asked in truth was some more, and never less.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{Months, NaiveDate, NaiveTime, TimeDelta};
use lmsyncd::autotask::{
    Autotask, HttpTransport, Options, Progress, ReadMemory, Report, Scope, Work, ZoneMemory,
};
use lmsyncd::clock::ManualClock;
use lmsyncd::demo::tenant::{self, Entity, Tenant};
use lmsyncd::model::ClientId;

/// Clients of the tenant, from the first id on; of this seed, it has 6,022 agreements and 24,188
/// additions.
const CLIENTS: i64 = 2000;
const FIRST: i64 = 1000;
const SEED: u64 = 2;

/// Clients of the tenant that has a past, and of how many years.
const OLD_CLIENTS: i64 = 300;
const TERMS: i32 = 5;

/// Periods with rows after the running one, where a book is written far ahead: ten years of months.
const FAR: i32 = 120;

/// Rows on a page.
const PAGE: usize = 500;

/// More requests than the benchmark makes: it is not the budget that is measured.
const PLENTY: u32 = 1_000_000;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // Run by `cargo test --benches`, which passes no `--bench`, it would only take time.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    let today = NaiveDate::from_ymd_opt(2026, 10, 15).ok_or("a date")?;
    let tenant = Tenant::generated(today, usize::try_from(CLIENTS)?, SEED);
    tenant.limits().set_threshold(u64::from(PLENTY));
    let serving = tenant.serve(0).await?;
    let clock =
        Arc::new(ManualClock::at(today.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(2)));
    let cache = Cache::default();
    let start = || connect(&tenant, &serving.url(), &clock, &cache);
    writeln!(
        out,
        "{CLIENTS} clients, {} agreements, {} additions; resident memory with the tenant: {}",
        tenant.count(Entity::Contracts),
        additions(&tenant),
        memory("VmRSS")
    )?;

    let all: Vec<ClientId> = (FIRST..FIRST + CLIENTS).map(ClientId).collect();
    let mut autotask = start()?;
    for night in ["first night, nothing known", "second night", "after a restart"] {
        if night == "after a restart" {
            autotask = start()?;
        }
        tenant.reset_counters();
        show(&mut out, night, read(&autotask, all.clone()).await?)?;
        if night == "first night, nothing known" {
            beside_one_day(&mut out, &tenant, today)?;
        }
        clock.advance(TimeDelta::days(1));
    }

    // Each client is asked for, none is reckoned: the catalogue is known for an hour, as it would
    // be in a night of single runs.
    let (mut requests, began) = (0, Instant::now());
    for client in all {
        requests += read(&autotask, vec![client]).await?.0.requests;
    }
    let seconds = began.elapsed().as_secs_f64();
    writeln!(out, "one client at a time: {requests} requests, {seconds:.2} s")?;
    serving.stop().await?;
    past(&mut out, today, &clock).await?;
    ahead(&mut out, today, &clock).await
}

/// The rows of units that the reading needed, and the requests that it made, beside what the rows of
/// one day would have filled. Of a line that is over, neither counts the last row.
fn beside_one_day(out: &mut impl Write, tenant: &Tenant, today: NaiveDate) -> Result<(), Failure> {
    let counters = tenant.counters();
    for entity in [Entity::ContractServiceUnits, Entity::ContractServiceBundleUnits] {
        let (mut one_day, mut both_periods) = (0_usize, 0_usize);
        for row in tenant.ids(entity).into_iter().filter_map(|id| tenant.get(entity, id)) {
            let day = |name: &str| row[name].as_str().and_then(|text| text.get(..10)?.parse().ok());
            let days: (Option<NaiveDate>, Option<NaiveDate>) = (day("startDate"), day("endDate"));
            let (Some(start), Some(end)) = days else { continue };
            let agreement = row["contractID"].as_i64();
            let agreement = agreement.and_then(|id| tenant.get(Entity::Contracts, id));
            let months = match agreement.and_then(|row| row["contractPeriodType"].as_i64()) {
                Some(3) => 3,
                Some(4) => 6,
                Some(5) => 12,
                _ => 1,
            };
            let next = today.checked_add_months(Months::new(months)).ok_or("a date")?;
            one_day += usize::from(start <= today && today <= end);
            both_periods += usize::from(start <= next && today <= end);
        }
        writeln!(
            out,
            "  {entity}: the rows of one day, as read before: {one_day} rows, {} requests at least; of \
             both periods, as read now: {both_periods} rows, {} requests at least, {} made",
            one_day.div_ceil(PAGE),
            both_periods.div_ceil(PAGE),
            counters.requests(&format!("{entity}/query"))
        )?;
    }
    Ok(())
}

/// The nights of a tenant in which rows lie far ahead, beside those of the same without.
async fn ahead(
    out: &mut impl Write,
    today: NaiveDate,
    clock: &Arc<ManualClock>,
) -> Result<(), Failure> {
    for (what, ahead) in [("a period ahead", 1), ("ten years ahead", FAR)] {
        let clients = usize::try_from(OLD_CLIENTS)?;
        let made = tenant::Options { clients, seed: SEED, ahead, ..tenant::Options::default() };
        let tenant = Tenant::generated_with(today, &made);
        let serving = tenant.serve(0).await?;
        let rows = tenant.count(Entity::ContractServiceUnits)
            + tenant.count(Entity::ContractServiceBundleUnits);
        writeln!(out, "{OLD_CLIENTS} clients, rows {what}: {rows} billing periods")?;
        let autotask = connect(&tenant, &serving.url(), clock, &Cache::default())?;
        let all: Vec<ClientId> = (FIRST..FIRST + OLD_CLIENTS).map(ClientId).collect();
        tenant.limits().set_used(0);
        show(out, "first night, nothing known", read(&autotask, all).await?)?;
        serving.stop().await?;
    }
    Ok(())
}

/// The nights of a tenant of which the most is over, and was billed in many periods.
async fn past(
    out: &mut impl Write,
    today: NaiveDate,
    clock: &Arc<ManualClock>,
) -> Result<(), Failure> {
    let tenant = Tenant::with_history(today, usize::try_from(OLD_CLIENTS)?, SEED, TERMS);
    let serving = tenant.serve(0).await?;
    writeln!(
        out,
        "{OLD_CLIENTS} clients, {TERMS} ended terms behind each recurring agreement: {} agreements, \
         {} additions, {} billing periods",
        tenant.count(Entity::Contracts),
        additions(&tenant),
        tenant.count(Entity::ContractServiceUnits)
            + tenant.count(Entity::ContractServiceBundleUnits)
    )?;
    let autotask = connect(&tenant, &serving.url(), clock, &Cache::default())?;
    let all: Vec<ClientId> = (FIRST..FIRST + OLD_CLIENTS).map(ClientId).collect();
    for night in ["first night, nothing known", "second night"] {
        tenant.limits().set_used(0);
        show(out, night, read(&autotask, all.clone()).await?)?;
        clock.advance(TimeDelta::days(1));
    }
    serving.stop().await?;
    Ok(())
}

fn show(out: &mut impl Write, night: &str, (report, took): (Report, Duration)) -> io::Result<()> {
    let Report { requests, pages, rows, .. } = report;
    let (seconds, memory) = (took.as_secs_f64(), memory("VmHWM"));
    writeln!(
        out,
        "{night}: {requests} requests, {pages} pages, {rows} rows, {seconds:.2} s, peak memory \
         {memory}"
    )
}

/// Reads as a night does.
async fn read(autotask: &Autotask, clients: Vec<ClientId>) -> Result<(Report, Duration), Failure> {
    let (progress, began) = (Progress::of(Work::Background), Instant::now());
    let expected = clients.len();
    let snapshots = autotask.read(&Scope::Clients(clients), &progress).await?;
    if snapshots.len() != expected {
        return Err(format!("{} clients in place of {expected}", snapshots.len()).into());
    }
    Ok((progress.report(), began.elapsed()))
}

fn additions(tenant: &Tenant) -> usize {
    let below = [
        Entity::ContractServices,
        Entity::ContractServiceBundles,
        Entity::ContractMilestones,
        Entity::ContractBlocks,
        Entity::ContractRetainers,
        Entity::ContractTicketPurchases,
        Entity::ContractCharges,
    ];
    below.map(|entity| tenant.count(entity)).into_iter().sum()
}

/// In place of the store's cache.
#[derive(Clone, Default)]
struct Cache(Arc<Mutex<Option<Vec<u8>>>>);

fn connect(
    tenant: &Tenant,
    url: &str,
    clock: &Arc<ManualClock>,
    cache: &Cache,
) -> Result<Autotask, Failure> {
    let credentials = tenant.credentials();
    let user = (credentials.username, credentials.secret, credentials.integration_code);
    let options = Options { max_requests_per_hour: PLENTY, ..Options::of_user(user, url) };
    let transport = HttpTransport::new(&options)?;
    let (from, to) = (cache.clone(), cache.clone());
    let memory = ReadMemory::new(
        move || from.0.lock().ok()?.clone(),
        move |bytes| {
            if let Ok(mut cache) = to.0.lock() {
                *cache = Some(bytes.to_vec());
            }
        },
    );
    let autotask = Autotask::new(options, Arc::new(transport), clock.clone(), ZoneMemory::none());
    Ok(autotask.with_read_cache(memory))
}

/// A line of `/proc/self/status`, such as `VmRSS`; none where there is no such file.
fn memory(name: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.map_or_else(|| "unknown".to_owned(), |kilobytes| format!("{} MB", kilobytes / 1024))
}
