//! The notify command: the event as JSON on its standard input, one at a time, with a timeout.
//!
//! No shell is in between, and of the daemon's environment it gets nothing but a `PATH`: neither
//! the credentials' folder nor the socket of systemd.

use std::collections::VecDeque;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::outbox::{Failed, Outbox};
use crate::config::NotifySettings;
use crate::engine::{Engine, Subscription, Trial, Tried};
use crate::model::duration_text;
use crate::model::text::visible_json;
use crate::model::{Event, EventName, Outlet};
use crate::protocol::daemon;

/// Where the command finds other programs.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What is to be run, and with what.
#[derive(Debug, PartialEq, Eq)]
struct Job {
    program: String,
    arguments: Vec<String>,
    timeout: Duration,
    input: String,
}

/// What the command gets of an event, if the configuration wants it told.
fn input(settings: &NotifySettings, tenant: &str, event: &Event) -> Option<String> {
    settings.command.first()?;
    // Of what concerns runs again and again, a person is told once.
    let by_runs = matches!(event.name, EventName::RunHeld | EventName::RunFailed);
    if !settings.events.contains(&event.name) || (by_runs && !event.alert) {
        return None;
    }
    let text = serde_json::to_string(&daemon::Event::from(event).of_instance(tenant)).ok()?;
    // Values of fields stand in it as they are; whoever mails them reads no turned lines.
    Some(visible_json(&text))
}

/// The command as it is configured now, with this input; none where none is.
fn job(settings: &NotifySettings, input: &str) -> Option<Job> {
    let (program, arguments) = settings.command.split_first()?;
    Some(Job {
        program: program.clone(),
        arguments: arguments.to_vec(),
        timeout: settings.timeout,
        input: format!("{input}\n"),
    })
}

/// What the command runs for.
enum What {
    /// An event in the box, by its number.
    Event(u64),
    /// A trial, with the command as it is run, and since when.
    Trial { command: Vec<String>, began: Instant, outcome: oneshot::Sender<Tried> },
}

/// The command while it runs.
struct Running {
    what: What,
    told: BoxFuture<'static, Result<(), String>>,
}

/// Runs the command for each event that is wanted told, and for trials, one after the other, until
/// the engine stops and nothing is due any more. What then still waits is told by the next daemon.
pub(super) async fn serve(engine: &Arc<Engine>, mut events: Subscription) {
    let Some(mut trials) = engine.observe.trials() else { return };
    let mut outbox = Outbox::restored(&engine.observe.kept_notifications(), Instant::now());
    let (mut tries, mut running) = (VecDeque::new(), None);
    let mut stopped = false;
    loop {
        if running.is_none() {
            running = match tries.pop_front() {
                Some(trial) => try_out(engine, trial),
                None => begin(engine, &mut outbox).await,
            };
        }
        if stopped && running.is_none() {
            return;
        }
        tokio::select! {
            biased;
            event = events.recv(), if !stopped => match event {
                Ok(event) => take(engine, &event, &mut outbox).await,
                Err(RecvError::Lagged(missed)) => {
                    engine.observe.missed(missed);
                    tracing::warn!(
                        "{missed} events came too fast for the notify command and were missed"
                    );
                }
                Err(RecvError::Closed) => stopped = true,
            },
            Some(trial) = trials.recv(), if !stopped => tries.push_back(trial),
            () = engine.stopped(), if !stopped => stopped = true,
            told = end_of(&mut running) => {
                if let Some(Running { what, .. }) = running.take() {
                    conclude(engine, &mut outbox, what, told).await;
                }
            }
            () = until(outbox.next_due()), if running.is_none() => {}
        }
    }
}

/// Begins with a trial; who asked is told that nobody will answer where there is no command.
fn try_out(engine: &Engine, trial: Trial) -> Option<Running> {
    let settings = engine.settings().notify.clone();
    let Trial { event, outcome } = trial;
    let event = daemon::Event::from(&event).of_instance(&engine.origin().tenant);
    let job = job(&settings, &serde_json::to_string(&event).ok()?)?;
    let what = What::Trial { command: settings.command, began: Instant::now(), outcome };
    Some(Running { what, told: tell(job).boxed() })
}

/// Begins with the first event that is due.
async fn begin(engine: &Arc<Engine>, outbox: &mut Outbox) -> Option<Running> {
    let (number, input) = outbox.due(Instant::now())?;
    match job(&engine.settings().notify, input) {
        Some(job) => Some(Running { what: What::Event(number), told: tell(job).boxed() }),
        None => {
            outbox.clear();
            engine.observe.keep_notifications(outbox.bytes()).await;
            None
        }
    }
}

/// Puts an event into the box, if it is wanted told.
async fn take(engine: &Arc<Engine>, event: &Event, outbox: &mut Outbox) {
    let (settings, tenant) = (engine.settings(), engine.origin().tenant);
    let Some(input) = input(&settings.notify, &tenant, event) else { return };
    if outbox.push(input, &event.message, Instant::now()) {
        engine.observe.keep_notifications(outbox.bytes()).await;
        return;
    }
    engine.observe.missed(1);
    tracing::warn!(
        "notification failed: too many events are waiting for the notify command: {}",
        event.message
    );
}

/// Notes how the command went, and has whoever waits for that know.
async fn conclude(engine: &Arc<Engine>, outbox: &mut Outbox, what: What, told: Result<(), String>) {
    engine.observe.used_outlet(Outlet::Notify, told.clone());
    match (what, told) {
        (What::Trial { command, began, outcome }, told) => {
            // Who asked may have gone away.
            let _ = outcome.send(Tried { command, took: began.elapsed(), error: told.err() });
            return;
        }
        (What::Event(number), Ok(())) => outbox.succeeded(number),
        (What::Event(number), Err(why)) => match outbox.failed(number, Instant::now()) {
            Some(Failed::Later(delay)) => {
                tracing::warn!("notification waits: {why}; next try in {}", duration_text(delay));
            }
            Some(Failed::GivenUp(tries, message)) => {
                tracing::error!("notification given up after {tries} tries: {why}: {message}");
            }
            None => {}
        },
    }
    engine.observe.keep_notifications(outbox.bytes()).await;
}

/// The end of the command that runs; never, if none does.
async fn end_of(running: &mut Option<Running>) -> Result<(), String> {
    match running {
        Some(Running { told, .. }) => told.await,
        None => std::future::pending().await,
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Runs a job, and says why it failed.
async fn tell(job: Job) -> Result<(), String> {
    match run(&job).await {
        Ok(Some(status)) if status.success() => Ok(()),
        Ok(Some(status)) => Err(format!("{}: {status}", job.program)),
        Ok(None) => Err(format!("{} was killed after {}", job.program, duration_text(job.timeout))),
        Err(error) => Err(format!("{} cannot be run: {error}", job.program)),
    }
}

/// Runs a job; none if its time ran out.
async fn run(job: &Job) -> io::Result<Option<ExitStatus>> {
    let mut child = Command::new(&job.program)
        .args(&job.arguments)
        .env_clear()
        .env("PATH", SEARCH_PATH)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        // What it complains about goes where the daemon's own log goes.
        .stderr(Stdio::inherit())
        // A group of its own, so that what it started ends with it.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let group = child.id().and_then(|id| i32::try_from(id).ok());
    if let Ok(status) = timeout(job.timeout, feed(&mut child, &job.input)).await {
        return status.map(Some);
    }
    if let Some(group) = group {
        // It may have ended at this very moment, which is no error.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    child.wait().await?;
    Ok(None)
}

/// Gives the child its input, and waits for its end.
async fn feed(child: &mut Child, input: &str) -> io::Result<ExitStatus> {
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read its input may still do its job.
        let _ = stdin.write_all(input.as_bytes()).await;
    }
    child.wait().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn event(name: EventName, alert: bool) -> Event {
        Event { alert, ..Event::new(name, DateTime::UNIX_EPOCH, "x") }
    }

    fn shell(script: &str, timeout: Duration) -> Job {
        Job {
            program: "/bin/sh".to_owned(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            timeout,
            input: "{}\n".to_owned(),
        }
    }

    #[test]
    fn only_what_is_wanted_is_told_and_runs_only_once() {
        let mut settings = NotifySettings {
            command: vec!["/bin/x".to_owned(), "arg".to_owned()],
            timeout: Duration::from_secs(30),
            events: EventName::ALERTS.to_vec(),
            heartbeat_url: None,
        };
        let told =
            |settings: &NotifySettings, name, alert| input(settings, "north", &event(name, alert));
        assert!(told(&settings, EventName::RunFailed, true).is_some());
        assert!(told(&settings, EventName::RunFailed, false).is_none());
        assert!(told(&settings, EventName::RunChanged, false).is_none());
        let recovered = told(&settings, EventName::Recovered, true).expect("it is told");
        assert!(recovered.contains(r#""instance":"north""#), "{recovered}");
        assert!(job(&settings, &recovered).is_some_and(|job| job.arguments == ["arg"]));
        settings.command.clear();
        assert!(told(&settings, EventName::Recovered, true).is_none());
        assert!(job(&settings, &recovered).is_none());
    }

    #[tokio::test]
    async fn it_gets_the_event_and_no_environment() {
        let long = Duration::from_secs(60);
        let script = "read line; test \"$line\" = '{}' && test -z \"$HOME$CARGO\"";
        let status = run(&shell(script, long)).await.expect("runs").expect("in time");
        assert!(status.success());
        let status = run(&shell("exit 3", long)).await.expect("runs").expect("in time");
        assert_eq!(status.code(), Some(3));
    }

    #[tokio::test]
    async fn one_that_takes_too_long_is_killed_with_its_children() {
        let job = shell("sleep 600 & sleep 600", Duration::from_millis(50));
        assert_eq!(run(&job).await.expect("runs"), None);
    }
}
