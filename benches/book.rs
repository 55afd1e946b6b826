//! What a book costs the daemon and the terminal: the first import, a night in which nothing changes,
//! the start, and the questions of a day, through the real programs on a fake tenant.
//! `cargo bench --bench book`, or `cargo bench --bench book -- --clients 500`; with `--beside FOLDER`
//! the programs in that folder (another build's `target/release`) are measured in the same way, in
//! turn with these, and the last column is how many times theirs this build takes. With `--programs
//! FOLDER` those in that folder are measured instead of these. `--peers` measures reading beside what
//! others run in the daemon's place (`benches/peer`).
//!
//! Processor seconds are the daemon's own, user and system. The tenant lives in this program, so that
//! its limits can be set: it is not what is measured.

#![expect(
    clippy::disallowed_methods,
    reason = "the daemon is looked at from outside, on the machine's own clock"
)]

#[path = "book/crowd.rs"]
mod crowd;
#[path = "book/floor.rs"]
mod floor;
#[path = "book/peer.rs"]
mod peer;
#[path = "book/process.rs"]
mod process;

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use chrono::Utc;
use lmsyncd::demo::tenant::Tenant;

/// Clients of the tenant unless told otherwise.
const CLIENTS: usize = 2000;
/// The first of them, and one in their middle, whom questions are about.
const FIRST: usize = 1000;
const SEED: u64 = 2;

/// How often a question is asked; the median counts.
const TIMES: usize = 7;

/// More requests than are made, of which auto-sync takes half at most.
const PLENTY: u64 = 1_000_000;

/// How long anything may take.
const LONGEST: Duration = Duration::from_secs(120);

type Failure = Box<dyn std::error::Error>;

/// What was measured, its unit, and how much.
type Figure = (String, &'static str, f64);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Run by `cargo test --benches`, which passes no `--bench`, it would only take time.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    if let Some(requests) = value(floor::ARGUMENT) {
        return floor::run(requests).await;
    }
    let clients: usize = value("--clients").map_or(Ok(CLIENTS), |text| text.parse())?;
    let built = PathBuf::from(env!("CARGO_BIN_EXE_lmsyncd")).parent().ok_or("a folder")?.to_owned();
    let ours = value("--programs").map_or(built, PathBuf::from);
    let beside = value("--beside").map(PathBuf::from);

    let tenant = Tenant::generated(Utc::now().date_naive(), clients, SEED);
    tenant.limits().set_threshold(PLENTY);
    let serving = tenant.serve(0).await?;
    if arguments.iter().any(|argument| argument == "--peers") {
        let (tenant, url) = (tenant.clone(), serving.url());
        let beside = tokio::task::spawn_blocking(move || {
            peer::measure(&ours, &tenant, &url, clients).map_err(|error| error.to_string())
        });
        show_peers(clients, &beside.await??)?;
        serving.stop().await?;
        return Ok(());
    }
    let measured = |programs: PathBuf| {
        let (tenant, url) = (tenant.clone(), serving.url());
        tokio::task::spawn_blocking(move || {
            measure(&programs, &tenant, &url, clients).map_err(|error| error.to_string())
        })
    };
    let theirs = match beside {
        Some(programs) => measured(programs).await??,
        None => Vec::new(),
    };
    let figures = measured(ours).await??;
    show(clients, &figures, &theirs)?;
    serving.stop().await?;
    Ok(())
}

fn show(clients: usize, figures: &[Figure], theirs: &[Figure]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{clients} clients")?;
    for (what, unit, amount) in figures {
        let mut line = format!("{what:<44} {amount:>10.2} {unit:<4}");
        if let Some((_, _, other)) = theirs.iter().find(|(other, _, _)| other == what) {
            let _ = write!(line, " {other:>10.2} {unit:<4} {:>6.2} x", amount / other);
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn show_peers(clients: usize, lines: &[peer::Line]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let head = format!("{clients} clients");
    writeln!(out, "{head:<24} {:>9} {:>12} {:>9} {:>10}", "requests", "processor", "wall", "peak")?;
    for (what, took, seconds) in lines {
        let peer::Took { requests, processor_seconds, peak_mib } = took;
        writeln!(
            out,
            "{what:<24} {requests:>9} {processor_seconds:>10.2} s {seconds:>7.2} s {peak_mib:>6.0} MiB"
        )?;
    }
    Ok(())
}

/// A daemon and its store in a folder of its own.
struct Daemon {
    folder: tempfile::TempDir,
    programs: PathBuf,
    child: Child,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Daemon {
    fn start(programs: &Path, tenant: &Tenant, url: &str) -> Result<Daemon, Failure> {
        let folder = tempfile::tempdir()?;
        let user = tenant.credentials();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("secret"), &user.secret)?;
        fs::set_permissions(path("secret"), fs::Permissions::from_mode(0o600))?;
        fs::write(
            path("lmsyncd.toml"),
            format!(
                "version = 1\n[autotask]\nusername = {:?}\nintegration-code = {:?}\n\
                 secret-file = {:?}\ndiscovery-url = {:?}\nmax-requests-per-hour = 10000\n\
                 [store]\npath = {:?}\n[control]\nsocket = {:?}\n",
                user.username,
                user.integration_code,
                path("secret"),
                url,
                path("store"),
                path("control.sock")
            ),
        )?;
        let child = spawn(programs, folder.path())?;
        Ok(Daemon { folder, programs: programs.to_owned(), child })
    }

    /// Ends it well, and starts it again, `without` a folder of its store; how many milliseconds that
    /// takes until it answers.
    fn restart(&mut self, without: Option<&str>) -> Result<f64, Failure> {
        Command::new("kill").args(["-TERM", &self.process()]).status()?;
        self.child.wait()?;
        if let Some(name) = without {
            fs::remove_dir_all(self.folder.path().join("store").join(name))?;
        }
        let began = Instant::now();
        self.child = spawn(&self.programs, self.folder.path())?;
        self.ask(&["version"])?;
        Ok(began.elapsed().as_secs_f64() * 1000.0)
    }

    /// Its number.
    fn process(&self) -> String {
        self.child.id().to_string()
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// Asks until it answers, and fails where it answers with an error.
    fn ask(&self, arguments: &[&str]) -> Result<Output, Failure> {
        let began = Instant::now();
        loop {
            let output = Command::new(self.program("lmsyncctl"))
                .arg("--socket")
                .arg(self.socket())
                .args(arguments)
                .output()?;
            match output.status.code() {
                Some(0) => return Ok(output),
                // Not reached, yet.
                Some(3) if began.elapsed() < LONGEST => {
                    std::thread::sleep(Duration::from_millis(2))
                }
                _ => {
                    let text = String::from_utf8_lossy(&output.stderr).into_owned();
                    return Err(format!("{arguments:?}: {}: {text}", output.status).into());
                }
            }
        }
    }

    /// The milliseconds that a question takes as a whole process.
    fn asking(&self, arguments: &[&str]) -> Result<f64, Failure> {
        let mut took = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            let began = Instant::now();
            self.ask(arguments)?;
            took.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        took.sort_by(f64::total_cmp);
        Ok(took[TIMES / 2])
    }

    /// Waits until so many runs are recorded.
    fn wait_for_runs(&self, number: usize) -> Result<(), Failure> {
        let began = Instant::now();
        let mut made = 0;
        while began.elapsed() < LONGEST {
            let output = self.ask(&["run", "list", "--limit", "1", "--plain"])?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let last = text.lines().nth(1).and_then(|line| line.split('\t').next());
            made = last.and_then(|id| id.parse().ok()).unwrap_or(0);
            if made >= number {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let log = fs::read_to_string(self.folder.path().join("log"))?;
        let log = log.lines().next_back().unwrap_or_default();
        Err(format!("{made} of {number} runs were made in {LONGEST:?}; {log}").into())
    }

    /// The MiB of a line of its status.
    fn memory(&self, name: &str) -> Result<f64, Failure> {
        process::memory(&self.process(), name)
    }

    /// The MiB that it has had written to the disk.
    fn written(&self) -> Result<f64, Failure> {
        Ok(mebibytes(process::number(&self.process(), "io", "write_bytes: ")?))
    }

    /// The seconds of processor that it has taken.
    fn processor(&self) -> Result<f64, Failure> {
        process::processor(&self.process())
    }

    /// The MiB in a folder of the store.
    fn size(&self, name: &str) -> Result<f64, Failure> {
        let mut bytes = 0;
        for entry in fs::read_dir(self.folder.path().join("store").join(name))? {
            bytes += entry?.metadata()?.len();
        }
        Ok(mebibytes(bytes as f64))
    }
}

fn spawn(programs: &Path, folder: &Path) -> io::Result<Child> {
    Command::new(programs.join("lmsyncd"))
        .arg("--config")
        .arg(folder.join("lmsyncd.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(folder.join("log"))?)
        .spawn()
}

fn mebibytes(bytes: f64) -> f64 {
    bytes / f64::from(1 << 20)
}

/// Everything that is measured of the programs in a folder.
fn measure(
    programs: &Path,
    tenant: &Tenant,
    url: &str,
    clients: usize,
) -> Result<Vec<Figure>, Failure> {
    let mut daemon = Daemon::start(programs, tenant, url)?;
    daemon.ask(&["version"])?;
    let mut figures = Figures::default();
    first_import(&mut figures, &daemon, tenant, clients)?;
    for (number, night) in ["second night", "third night"].into_iter().enumerate() {
        let runs = clients * (number + 2);
        quiet_night(&mut figures, night, (&daemon, tenant), runs)?;
    }
    let mut starts: Vec<f64> = Vec::new();
    for _ in 0..TIMES {
        starts.push(daemon.restart(None)?);
    }
    starts.sort_by(f64::total_cmp);
    figures.note("start until the socket answers", "ms", starts[TIMES / 2]);
    figures.note("resident after the start", "MiB", daemon.memory("VmRSS:")?);
    let (client, key) = questions(&mut figures, &daemon, clients)?;
    crowd::everything(&mut figures, &daemon)?;
    crowd::crowd(&mut figures, &daemon, &client, &key)?;
    figures.note("peak memory after all of it", "MiB", daemon.memory("VmHWM:")?);
    figures.note("start that builds the index anew", "ms", daemon.restart(Some("index"))?);
    figures.note("the same, written", "MiB", daemon.written()?);
    Ok(figures.0)
}

/// What was measured so far.
#[derive(Default)]
struct Figures(Vec<Figure>);

impl Figures {
    fn note(&mut self, what: &str, unit: &'static str, amount: f64) {
        self.0.push((what.to_owned(), unit, amount));
    }
}

fn first_import(
    figures: &mut Figures,
    daemon: &Daemon,
    tenant: &Tenant,
    clients: usize,
) -> Result<(), Failure> {
    tenant.limits().set_used(0);
    let (began, used) = (Instant::now(), daemon.processor()?);
    daemon.ask(&["auto-sync", "on", "--all"])?;
    figures.note("auto-sync on --all", "s", began.elapsed().as_secs_f64());
    daemon.wait_for_runs(clients)?;
    figures.note("first import, with that", "s", began.elapsed().as_secs_f64());
    figures.note("first import, processor", "s", daemon.processor()? - used);
    figures.note("first import, peak memory", "MiB", daemon.memory("VmHWM:")?);
    figures.note("first import, written", "MiB", daemon.written()?);
    figures.note("ledger", "MiB", daemon.size("ledger")?);
    figures.note("index", "MiB", daemon.size("index")?);
    Ok(())
}

/// A night in which nothing changed, after which there are so many runs.
fn quiet_night(
    figures: &mut Figures,
    night: &str,
    (daemon, tenant): (&Daemon, &Tenant),
    runs: usize,
) -> Result<(), Failure> {
    daemon.ask(&["auto-sync", "off", "--all"])?;
    tenant.limits().set_used(0);
    let (began, used) = (Instant::now(), daemon.processor()?);
    let (written, ledger) = (daemon.written()?, daemon.size("ledger")?);
    daemon.ask(&["auto-sync", "on", "--all"])?;
    daemon.wait_for_runs(runs)?;
    let mut note = |what: &str, unit: &'static str, amount: f64| {
        figures.note(&format!("{night}{what}"), unit, amount);
    };
    note("", "s", began.elapsed().as_secs_f64());
    note(", processor", "s", daemon.processor()? - used);
    note(", written", "MiB", daemon.written()? - written);
    note(", ledger", "MiB", daemon.size("ledger")? - ledger);
    note(", resident after", "MiB", daemon.memory("VmRSS:")?);
    Ok(())
}

/// The questions of a day, each as a whole process.
fn questions(
    figures: &mut Figures,
    daemon: &Daemon,
    clients: usize,
) -> Result<(String, String), Failure> {
    let client = (FIRST + clients / 2).to_string();
    let mine = daemon.ask(&["contract", "list", &client, "--plain"])?;
    let mine = String::from_utf8_lossy(&mine.stdout).into_owned();
    let is_key = |word: &&str| word.starts_with('A') && word[1..].parse::<u64>().is_ok();
    let key = mine.split_whitespace().find(is_key).ok_or("no agreement")?.to_owned();
    daemon.ask(&["client", "list"])?;
    let questions = [
        "version",
        "status CLIENT",
        "pending CLIENT --cached",
        "contract show KEY",
        "contract show KEY --as-of DAY",
        "contract history KEY",
        "contract list CLIENT",
        "status",
        "check",
        "metrics",
        "renewals",
        "client list --cached",
    ];
    let today = Utc::now().date_naive().to_string();
    for question in questions {
        let words: Vec<&str> = question
            .split(' ')
            .map(|word| match word {
                "CLIENT" => client.as_str(),
                "KEY" => key.as_str(),
                "DAY" => today.as_str(),
                word => word,
            })
            .collect();
        figures.note(question, "ms", daemon.asking(&words)?);
    }
    Ok((client, key))
}
