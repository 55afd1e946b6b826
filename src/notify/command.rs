//! The notify command: the event as JSON on its standard input, one at a time, with a timeout.
//!
//! No shell is in between, and of the daemon's environment it gets nothing but a `PATH`: neither
//! the credentials' folder nor the socket of systemd.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use crate::config::NotifySettings;
use crate::engine::{Trial, Tried};
use crate::model::duration_text;
use crate::model::{Event, EventName};
use crate::protocol::daemon;

/// Where the command finds other programs.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What is to be run, and with what.
#[derive(Debug)]
pub(super) struct Job {
    program: String,
    arguments: Vec<String>,
    timeout: Duration,
    input: String,
    /// Where the outcome goes, of a trial.
    outcome: Option<oneshot::Sender<Tried>>,
}

/// The job that an event makes, if the configuration wants it told.
pub(super) fn job(settings: &NotifySettings, event: &Event) -> Option<Job> {
    // Of what concerns runs again and again, a person is told once.
    let by_runs = matches!(event.name, EventName::RunHeld | EventName::RunFailed);
    if !settings.events.contains(&event.name) || (by_runs && !event.alert) {
        return None;
    }
    build(settings, event, None)
}

/// The job that a trial makes, whatever events the configuration wants told.
pub(super) fn trial(settings: &NotifySettings, trial: Trial) -> Option<Job> {
    build(settings, &trial.event, Some(trial.outcome))
}

fn build(
    settings: &NotifySettings,
    event: &Event,
    outcome: Option<oneshot::Sender<Tried>>,
) -> Option<Job> {
    let (program, arguments) = settings.command.split_first()?;
    let input = serde_json::to_string(&daemon::Event::from(event)).ok()?;
    Some(Job {
        program: program.clone(),
        arguments: arguments.to_vec(),
        timeout: settings.timeout,
        input: input + "\n",
        outcome,
    })
}

/// Runs the jobs one after the other, until no more can come and none waits, and has `told` know how
/// each went.
pub(super) async fn serve(mut jobs: mpsc::Receiver<Job>, told: impl Fn(Result<(), String>)) {
    while let Some(job) = jobs.recv().await {
        let began = Instant::now();
        let result = outcome(&job, run(&job).await);
        told(result.clone());
        let Job { program, arguments, outcome, .. } = job;
        let Some(outcome) = outcome else { continue };
        let command = [program].into_iter().chain(arguments).collect();
        // Who asked may have gone away.
        let _ = outcome.send(Tried { command, took: began.elapsed(), error: result.err() });
    }
}

/// What went wrong with a job, if anything did.
fn outcome(job: &Job, ended: io::Result<Option<ExitStatus>>) -> Result<(), String> {
    let program = &job.program;
    match ended {
        Ok(Some(status)) if status.success() => Ok(()),
        Ok(Some(status)) => Err(format!("{program}: {status}")),
        Ok(None) => Err(format!("{program} was killed after {}", duration_text(job.timeout))),
        Err(error) => Err(format!("{program} cannot be run: {error}")),
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
            outcome: None,
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
        assert!(job(&settings, &event(EventName::RunFailed, true)).is_some());
        assert!(job(&settings, &event(EventName::RunFailed, false)).is_none());
        assert!(job(&settings, &event(EventName::Recovered, true)).is_some());
        assert!(job(&settings, &event(EventName::RunChanged, false)).is_none());
        settings.command.clear();
        assert!(job(&settings, &event(EventName::Recovered, true)).is_none());
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
