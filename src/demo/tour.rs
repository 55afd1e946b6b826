//! The guided tour: the whole job, step by step, with the real lmsyncctl. Each step is checked, so
//! that a tour that reaches its end has shown that the program does its job.

use std::io::{self, Write};
use std::process::Output;
use std::time::Duration;

use super::stage::Stage;
use crate::model::ClientId;

/// The client of the tour, its agreement and the line on it that changes.
const CLIENT: &str = "Acme Dental";
const CLIENT_ID: ClientId = ClientId(174);
const AGREEMENT: &str = "A29683353";
const LINE: &str = "S55102";
const LINE_ID: i64 = 55102;

/// How long the tour waits for a run that the daemon starts by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// One command, what is said before it, and what must come of it.
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
    for step in BEFORE_AUTO_SYNC {
        if !take(stage, step).await? {
            return Ok(false);
        }
    }
    if !first_automatic_run(stage).await? {
        return Ok(false);
    }
    for step in WHILE_AUTO_SYNC {
        if !take(stage, step).await? {
            return Ok(false);
        }
    }
    say("Meanwhile, in Autotask, someone raises that line from 11 units to 14.")?;
    stage.tenant.change_units(LINE_ID, 14).map_err(io::Error::other)?;
    for step in AFTER_THE_CHANGE {
        if !take(stage, step).await? {
            return Ok(false);
        }
    }
    let counters = stage.tenant.counters();
    say(&format!(
        "That is the job. Autotask was asked {} times, and never to change anything.",
        counters.total
    ))?;
    Ok(counters.write_attempts == 0)
}

const BEFORE_AUTO_SYNC: &[Step<'_>] = &[
    Step {
        says: "Is Autotask reachable, and may our API user read contracts?",
        args: &["doctor"],
        exit: 0,
        shows: &["zone", "credentials", "Contracts"],
    },
    Step {
        says: "Which clients have agreements?",
        args: &["client", "list"],
        exit: 0,
        shows: &[CLIENT],
    },
    Step {
        says: "What is new or changed in Autotask for one of them?",
        args: &["pending", CLIENT],
        exit: 0,
        shows: &["new", AGREEMENT, LINE],
    },
    Step {
        says: "Field by field, and in money:",
        args: &["diff", CLIENT, AGREEMENT, LINE],
        exit: 0,
        shows: &["billing_cost", "254.10"],
    },
    Step {
        says: "Import the agreement and one line of it.",
        args: &["sync", CLIENT, AGREEMENT, LINE],
        exit: 0,
        shows: &["2 created"],
    },
    Step {
        says: "They are contract records now. What Autotask does not know can be added.",
        args: &["contract", "set", LINE, "owner=Dana", "notice_days=60"],
        exit: 0,
        shows: &["owner", "Dana"],
    },
    Step {
        says: "What Autotask owns cannot be edited here, ever.",
        args: &["contract", "set", LINE, "billing_cost=1.00"],
        exit: 6,
        shows: &["hint:"],
    },
    Step { says: "How do things stand?", args: &["status"], exit: 0, shows: &[CLIENT, "ok"] },
    Step {
        says: "Keep the client current by itself, every 24 hours. The first run starts at once.",
        args: &["auto-sync", "on", CLIENT],
        exit: 0,
        shows: &["on"],
    },
];

const WHILE_AUTO_SYNC: &[Step<'_>] = &[
    Step {
        says: "The first automatic run brought what was left.",
        args: &["run", "list", CLIENT],
        exit: 0,
        shows: &["auto", "manual"],
    },
    Step {
        says: "While auto-sync is on, a sync by hand is refused, with the way out.",
        args: &["sync", CLIENT, "--all", "--yes"],
        exit: 6,
        shows: &["auto-sync", "hint:"],
    },
];

const AFTER_THE_CHANGE: &[Step<'_>] = &[
    Step {
        says: "Looking is never refused.",
        args: &["diff", CLIENT],
        exit: 0,
        shows: &["254.10", "323.40"],
    },
    Step {
        says: "By hand again, so that the tour need not wait for tomorrow.",
        args: &["auto-sync", "off", CLIENT],
        exit: 0,
        shows: &["off"],
    },
    Step {
        says: "The next sync brings the change.",
        args: &["sync", CLIENT, "--all", "--yes"],
        exit: 0,
        shows: &["0 created", "2 updated"],
    },
    Step {
        says: "Running it again changes nothing.",
        args: &["sync", CLIENT, "--all", "--yes"],
        exit: 0,
        shows: &["0 created", "0 updated"],
    },
    Step {
        says: "And what was added here is still there.",
        args: &["contract", "show", LINE],
        exit: 0,
        shows: &["323.40", "Dana"],
    },
];

async fn take(stage: &Stage, step: &Step<'_>) -> io::Result<bool> {
    say(step.says)?;
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
            let state = stage.engine.client_state(CLIENT_ID).ok().flatten();
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
