//! `lmsyncd demo --serve`: only the fake tenant, for anyone who wants to try a client against it.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::tenant::{Credentials, Fault, FaultRule, Tenant};
use crate::clock::{Clock, SystemClock, day_in};
use crate::daemon::args::DemoArgs;

/// The exit status of a wrong command line (sysexits.h).
const USAGE: u8 = 64;

/// Serves the tenant that the arguments ask for, after one line of JSON that says where.
pub(super) async fn serve(args: &DemoArgs, stopping: CancellationToken) -> io::Result<ExitCode> {
    let today = day_in(&SystemClock.server_zone().zone, SystemClock.now());
    let tenant = match args.clients {
        Some(clients) => Tenant::generated(today, clients, args.seed),
        None => Tenant::stories(today),
    };
    for name in &args.faults {
        let Ok(rule) = name.parse::<FaultRule>() else {
            let names: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
            let mut out = io::stderr().lock();
            writeln!(out, "lmsyncd: no fault is named `{name}`")?;
            writeln!(out, "hint: one of {}", names.join(", "))?;
            return Ok(ExitCode::from(USAGE));
        };
        tenant.faults().set(rule);
    }
    let serving = tenant.serve(args.port).await?;
    let Credentials { username, secret, integration_code } = tenant.credentials();
    let line = json!({
        "url": serving.url(),
        "username": username,
        "secret": secret,
        "integration_code": integration_code,
    });
    writeln!(io::stdout(), "{line}")?;
    stopping.cancelled().await;
    Ok(ExitCode::SUCCESS)
}
