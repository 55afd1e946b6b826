//! The daemon beside what others run in its place: two Python scripts (`benches/peer`), and the floor,
//! a program that sends the daemon's own requests, parses the answers and drops them.
//!
//! The scripts need Python with requests. They store rows as they come: neither knows what a contract
//! costs or what changed, and neither keeps a history.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use lmsyncd::demo::tenant::Tenant;
use serde::Deserialize;

use super::floor;
use super::{Daemon, Failure};

/// Where the scripts are.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peer");

/// What a program took.
#[derive(Debug, Deserialize)]
pub struct Took {
    /// Requests that Autotask counts.
    pub requests: u64,
    /// User and system.
    pub processor_seconds: f64,
    /// The most that was resident.
    pub peak_mib: f64,
}

/// A program, what it took, and in how many seconds.
pub type Line = (&'static str, Took, f64);

/// Measures all of them, one after the other, on the same tenant.
pub fn measure(
    programs: &Path,
    tenant: &Tenant,
    url: &str,
    clients: usize,
) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    let daemon = Daemon::start(programs, tenant, url)?;
    daemon.ask(&["version"])?;
    for (number, what) in ["lmsyncd, first import", "lmsyncd, a night"].into_iter().enumerate() {
        daemon.ask(&["auto-sync", "off", "--all"])?;
        tenant.limits().set_used(0);
        let (began, used) = (Instant::now(), daemon.processor()?);
        daemon.ask(&["auto-sync", "on", "--all"])?;
        daemon.wait_for_runs(clients * (number + 1))?;
        let took = Took {
            requests: tenant.limits().used(),
            processor_seconds: daemon.processor()? - used,
            peak_mib: daemon.memory("VmHWM:")?,
        };
        lines.push((what, took, began.elapsed().as_secs_f64()));
    }
    drop(daemon);

    let folder = tempfile::tempdir()?;
    let requests = folder.path().join("requests");
    fs::write(&requests, floor::requests(tenant, url)?)?;
    lines.push(ran("the floor", tenant, || {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--bench").arg(floor::ARGUMENT).arg(&requests);
        Ok(command)
    })?);
    for (what, script) in [("usual.py", "usual.py"), ("better.py", "better.py")] {
        lines.push(ran(what, tenant, || {
            let mut command = Command::new("python3");
            command
                .arg(Path::new(SCRIPTS).join(script))
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .env("PEER_DATABASE", folder.path().join(script).with_extension("db"))
                .env("PEER_URL", url);
            Ok(command)
        })?);
    }
    Ok(lines)
}

/// Runs a program that tells what it took in a line of JSON.
fn ran(
    what: &'static str,
    tenant: &Tenant,
    command: impl FnOnce() -> Result<Command, Failure>,
) -> Result<Line, Failure> {
    tenant.limits().set_used(0);
    let user = tenant.credentials();
    let began = Instant::now();
    let output = command()?
        .env("PEER_USER", &user.username)
        .env("PEER_CODE", &user.integration_code)
        .env("PEER_SECRET", &user.secret)
        .output()?;
    let seconds = began.elapsed().as_secs_f64();
    if !output.status.success() {
        return Err(format!("{what}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok((what, serde_json::from_slice(&output.stdout)?, seconds))
}
