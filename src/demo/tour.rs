//! The guided tour: the whole job, step by step, with the real lmsyncctl. Each step is checked, so
//! that a tour that reaches its end has shown that the program does its job.

use std::io::{self, Write};
use std::process::Output;
use std::time::Duration;

use super::stage::Stage;
use super::tenant::Entity;
use crate::model::ClientId;

mod steps;

use steps::{
    AFTER_A_LINE_IS_GONE, AFTER_IT_IS_BACK, AFTER_THE_CHANGE, AFTER_THE_RENEWAL, AHEAD_OF_TIME,
    BEFORE_AUTO_SYNC, BEFORE_THE_RENEWAL, WHILE_AUTO_SYNC, WITHIN_A_MONTH,
};

/// The client of the tour, its agreement and the line on it that changes.
const CLIENT: &str = "Acme Dental";
const CLIENT_ID: ClientId = ClientId(174);
const AGREEMENT: &str = "A29683353";
const LINE: &str = "S55102";
const LINE_ID: i64 = 55102;

/// The line of it that is taken away, and comes back.
const KEPT: &str = "S55104";
const KEPT_ID: i64 = 55104;

/// The client with a renewal, the agreement that ends, and the one that renews it.
const RENEWING: &str = "Summit Veterinary";
const OLD: &str = "A29683601";
const NEW: &str = "A29683602";
const NEW_ID: i64 = 29_683_602;

/// The client with a line that changed within its period.
const CHANGING: &str = "Cobalt Engineering";
const CHANGED: &str = "S55180";

/// The client with a renewal that was written ahead, the agreement that runs, and the one to come.
const AHEAD: &str = "Meridian Foods";
const AHEAD_OLD: &str = "A29683821";
const AHEAD_NEW: &str = "A29683822";

/// How long the tour waits for a run that the daemon starts by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// One command, what is said before it (nothing, where the step before has said it), and what must come of it.
struct Step<'a> {
    says: &'a str,
    args: &'a [&'a str],
    exit: i32,
    shows: &'a [&'a str],
}

/// Walks through the tour; says whether every step did what it should.
pub(super) async fn walk(stage: &Stage) -> io::Result<bool> {
    say(
        "lmsyncd keeps an MSP's contracts current from Autotask. This tour does the whole job once,\n\
         on a fake Autotask tenant, with the real lmsyncctl.",
    )?;
    // The renewal is still to be written. Hidden from the start, so that no list shows it early.
    stage.tenant.hide_contract(NEW_ID);
    if !everything(stage).await? {
        return Ok(false);
    }
    let counters = stage.tenant.counters();
    say(&format!(
        "That is the job. Autotask was asked {} times, and never to change anything.",
        counters.total
    ))?;
    Ok(counters.write_attempts == 0)
}

/// All chapters, with what happens in Autotask between them.
async fn everything(stage: &Stage) -> io::Result<bool> {
    let done = chapter(stage, BEFORE_AUTO_SYNC).await?
        && first_automatic_run(stage).await?
        && chapter(stage, WHILE_AUTO_SYNC).await?;
    if !done {
        return Ok(false);
    }
    say("Meanwhile, in Autotask, someone raises that line from 11 units to 14.")?;
    stage.tenant.change_units(LINE_ID, 14).map_err(io::Error::other)?;
    if !chapter(stage, AFTER_THE_CHANGE).await? {
        return Ok(false);
    }
    say("Somebody deletes a line in Autotask.")?;
    let line = stage.tenant.get(Entity::ContractServices, KEPT_ID);
    let line = line.ok_or_else(|| io::Error::other("the fake tenant lost a line"))?;
    stage.tenant.remove(Entity::ContractServices, KEPT_ID).map_err(io::Error::other)?;
    if !chapter(stage, AFTER_A_LINE_IS_GONE).await? {
        return Ok(false);
    }
    say("It was a mistake, and the line is put back.")?;
    stage.tenant.insert(Entity::ContractServices, &line).map_err(io::Error::other)?;
    if !chapter(stage, AFTER_IT_IS_BACK).await? || !chapter(stage, BEFORE_THE_RENEWAL).await? {
        return Ok(false);
    }
    say("In Autotask, the renewal is written.")?;
    stage.tenant.show_contract(NEW_ID);
    Ok(chapter(stage, AFTER_THE_RENEWAL).await?
        && chapter(stage, WITHIN_A_MONTH).await?
        && chapter(stage, AHEAD_OF_TIME).await?)
}

async fn chapter(stage: &Stage, steps: &[Step<'_>]) -> io::Result<bool> {
    for step in steps {
        if !take(stage, step).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn take(stage: &Stage, step: &Step<'_>) -> io::Result<bool> {
    if !step.says.is_empty() {
        say(step.says)?;
    }
    let output = stage.lmsyncctl(step.args).await?;
    let text = show(step.args, &output)?;
    let mut wrong = Vec::new();
    if output.status.code() != Some(step.exit) {
        wrong.push(format!("it ended with {}, not with status {}", output.status, step.exit));
    }
    for expected in step.shows {
        if !text.contains(expected) {
            wrong.push(format!("it does not show `{expected}`"));
        }
    }
    if !wrong.is_empty() {
        writeln!(io::stdout(), "\nThe tour stops here: {}.", wrong.join(", and "))?;
    }
    Ok(wrong.is_empty())
}

/// Waits until the run that the switch set off has ended.
async fn first_automatic_run(stage: &Stage) -> io::Result<bool> {
    let ended = async {
        loop {
            let state = stage.engine.book.client_state(CLIENT_ID).ok().flatten();
            let next = state.and_then(|state| state.next_run);
            if next.is_some_and(|next| next > stage.engine.now()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let done = tokio::time::timeout(PATIENCE, ended).await.is_ok();
    if !done {
        writeln!(io::stdout(), "\nThe tour stops here: the first automatic run did not come.")?;
    }
    Ok(done)
}

fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "\n── {}", text.replace('\n', "\n   "))
}

/// Shows a command and what it printed; gives the text.
fn show(args: &[&str], output: &Output) -> io::Result<String> {
    let quoted = |arg: &&str| match arg.contains(' ') {
        true => format!("'{arg}'"),
        false => (*arg).to_owned(),
    };
    let words: Vec<String> = args.iter().map(quoted).collect();
    let text =
        [output.stdout.as_slice(), output.stderr.as_slice()].map(String::from_utf8_lossy).concat();
    let mut out = io::stdout().lock();
    writeln!(out, "\n$ lmsyncctl {}", words.join(" "))?;
    write!(out, "{text}")?;
    if let Some(status) = output.status.code().filter(|status| *status != 0) {
        writeln!(out, "(exit status {status})")?;
    }
    Ok(text)
}
