//! `plan` and `apply`: what a sync would do, written down, looked at, and then done exactly so.
//!
//! A plan is a file of JSON for people to read and to keep. It holds what the daemon said, to the
//! letter: the daemon compares it with what Autotask says when it is applied.

use std::path::{Path, PathBuf};

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::wait::Wait;
use super::{pending, sync};
use crate::advice::Address;
use crate::ctl::app::error::CtlError;
use crate::ctl::app::exit;
use crate::ctl::commands::ask::Dry;
use crate::ctl::commands::{Ctl, ask};
use crate::ctl::output::screen::{Screen, Tone, count};
use crate::ctl::output::{self, file, sanitize};
use crate::ctl::text::{items, keys, labels, money};
use crate::model::{Advice, ClientId, Code, PendingState};
use crate::protocol::sync::{Client, Effect, Expected, FieldChange, Item, Sync, SyncReply};

/// The version of the form of a plan.
const VERSION: u64 = 1;

/// Write a plan of what a sync would do
///
/// A plan is a file of JSON: each item with its state and its changes, field by field, and the effect
/// of all of it in money. Nothing is imported. `lmsyncctl apply` does exactly that later, or it
/// refuses if Autotask has changed since. Held items and items that cannot be converted are not in
/// the plan. Works while auto-sync is on, too.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl plan acme --all -o acme.json
  lmsyncctl plan acme A29683353 S55102 -o two.json
  lmsyncctl plan 174 --all | jq -r '.items[].key'")]
pub struct PlanArgs {
    /// The client
    pub client: String,
    /// Only these items
    #[arg(value_name = "KEY", conflicts_with = "all")]
    pub keys: Vec<String>,
    /// Everything that is pending
    #[arg(long)]
    pub all: bool,
    /// The file to write, or - [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Apply a plan, exactly as it is
///
/// Reads Autotask again. If each item would still be changed in the same way, the plan is applied,
/// and nothing else. If not, nothing is applied: the items that differ are named, and the exit
/// status is 6. Refused while auto-sync is on for the client. Asks first on a terminal; elsewhere, it
/// needs --yes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl apply acme.json --dry-run    could it still be applied?
  lmsyncctl apply acme.json
  lmsyncctl apply acme.json --yes --wait --timeout 300")]
pub struct ApplyArgs {
    /// The plan
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Only check whether the plan can be applied; nothing is written
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// What to do while another run of the client is under way.
    #[command(flatten)]
    pub wait: Wait,
}

/// A plan as it stands in its file. The keys stay; a form that is otherwise has another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    /// The version of the form.
    version: u64,
    /// The client.
    client: Client,
    /// When Autotask was asked.
    as_of: String,
    /// What a sync would apply, each agreement directly before its additions.
    items: Vec<Planned>,
    /// Its effect in money, per currency and day.
    effects: Vec<Effect>,
}

/// An item of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned {
    /// Its key.
    key: String,
    /// The agreement that it stands below.
    parent: Option<String>,
    /// Why it is pending.
    state: String,
    /// What kind of agreement or addition it is.
    r#type: String,
    /// Its name.
    name: String,
    /// What changes.
    changes: Vec<FieldChange>,
}

/// Runs `plan`.
pub fn plan(ctl: &Ctl, args: PlanArgs) -> Result<u8, CtlError> {
    let keys = keys::keys(&args.keys)?;
    if keys.is_empty() && !args.all {
        return Err(CtlError::usage(
            "plan needs the keys of the items, or --all",
            format!("`lmsyncctl pending {}` lists the items", args.client),
        ));
    }
    let request = Sync {
        client: args.client,
        keys: (!keys.is_empty()).then_some(keys),
        all: args.all.then_some(true),
        dry_run: Some(true),
        ..Sync::default()
    };
    let answer = ctl.client.call(&request)?;
    // As the daemon said it, not as it is shown: the texts must be the same when they come back.
    let told: SyncReply = serde_json::from_value(answer.raw.clone())
        .map_err(|error| CtlError::Nonsense(error.to_string()))?;
    let run = sync::run_of(&told)?;
    let plan = made(&told, run);
    let text = serde_json::to_string_pretty(&plan)
        .map_err(|error| CtlError::Nonsense(error.to_string()))?;
    let text = format!("{}\n", sanitize::json(&text));
    match args.output.as_deref().filter(|path| path.as_os_str() != "-") {
        None => ctl.output.write(&text)?,
        Some(path) => {
            file::write(path, &text)?;
            let say = |_: &SyncReply, screen: &Screen| summary(&plan, Some(path), screen);
            ctl.output.confirm(&answer, say)?;
        }
    }
    if let Some(message) = run.message.as_deref() {
        output::complain(message, None);
    }
    if let Some((message, hint)) = left_out(&told, &ctl.output.screen.address.program) {
        output::complain(&message, Some(&hint));
    }
    Ok(exit::of_run(run))
}

/// The plan of what a dry run would do.
fn made(told: &SyncReply, run: &crate::protocol::sync::Run) -> Plan {
    let items = told.items.iter().flatten().filter(|item| pending::applies(item));
    let planned = |item: &Item| Planned {
        key: item.key.clone(),
        parent: item.parent.clone(),
        state: item.state.clone(),
        r#type: item.r#type.clone(),
        name: item.name.clone(),
        changes: item.changes.clone(),
    };
    Plan {
        version: VERSION,
        client: Client { id: run.client_id, name: run.client.clone() },
        as_of: run.started.clone(),
        items: items.map(planned).collect(),
        effects: told.effects.clone().unwrap_or_default(),
    }
}

/// What is pending and not in the plan, and what to do about it.
fn left_out(told: &SyncReply, program: &str) -> Option<(String, String)> {
    let held = told.items.iter().flatten().filter(|item| !pending::applies(item)).count();
    let rejected = told.rejects.iter().flatten().count();
    let parts: Vec<String> = [(held, "held item"), (rejected, "rejected row")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| count(number as i64, noun))
        .collect();
    let client = told.run.as_ref()?.client_id;
    (!parts.is_empty()).then(|| {
        let message = format!("not in the plan: {}", parts.join(" and "));
        (message, format!("`{program} pending {client}` shows why"))
    })
}

/// `12 items of Acme Dental (174), +7.40 USD per month; …`
fn summary(plan: &Plan, path: Option<&Path>, screen: &Screen) -> String {
    let number = count(plan.items.len() as i64, "item");
    let client = sanitize::line(&plan.client.name);
    let mut text = format!("plan: {number} of {client} ({})\n", plan.client.id);
    text.push_str(&money::effects(&plan.effects.iter().map(clean).collect::<Vec<_>>(), screen));
    if let Some(path) = path.filter(|_| !plan.items.is_empty()) {
        text.push_str(&format!(
            "apply it with `{} apply {}`\n",
            screen.address.program,
            path.display()
        ));
    }
    text
}

/// An effect whose texts are for one line of the screen.
fn clean(effect: &Effect) -> Effect {
    let Effect { currency, from, per_month, per_year, once } = effect;
    let [currency, per_month, per_year, once] =
        [currency, per_month, per_year, once].map(|text| sanitize::line(text));
    Effect { currency, from: from.as_deref().map(sanitize::line), per_month, per_year, once }
}

/// Runs `apply`.
pub fn apply(ctl: &Ctl, args: &ApplyArgs) -> Result<u8, CtlError> {
    let plan = read(&args.file)?;
    if plan.items.is_empty() {
        ctl.output.print("nothing to do: the plan has no items\n")?;
        return Ok(0);
    }
    let command = format!("apply {}", args.file.display());
    if ask::first(ctl, args.yes || args.dry_run, &command, Dry::Possible)? {
        ctl.output.print(&shown(&plan, &ctl.output.screen))?;
        let question = format!("Apply {}?", count(plan.items.len() as i64, "planned item"));
        if !ask::agreed(ctl, &question)? {
            ctl.output.print("nothing was applied\n")?;
            return Ok(0);
        }
    }
    let expected =
        |item: Planned| Expected { key: item.key, state: item.state, changes: item.changes };
    let client = plan.client.id;
    let request = Sync {
        client: client.to_string(),
        expected: Some(plan.items.into_iter().map(expected).collect()),
        dry_run: args.dry_run.then_some(true),
        ..Sync::default()
    };
    sync::perform(ctl, &args.wait.on(request)).map_err(|error| match error {
        CtlError::Failed(failure) if failure.code == Code::Held => {
            CtlError::Failed(failure.advise(Advice::PlanAgain { client_id: ClientId(client) }))
        }
        other => other,
    })
}

/// The plan for a person to decide about.
fn shown(plan: &Plan, screen: &Screen) -> String {
    let mut text = summary(plan, None, screen);
    for item in &plan.items {
        let (mark, tone) = items::mark(&item.state);
        // Whoever wrote the file, no text in it moves the cursor.
        let [key, name, state] = [&item.key, &item.name, &item.state].map(|it| sanitize::line(it));
        let state = screen.paint(tone, format!("{mark} {state:<8}"));
        text.push_str(&format!("{state}  {key:<10}  {name}\n"));
        let changes = if item.state == PendingState::New.name() { &[][..] } else { &item.changes };
        for change in changes {
            let told = sanitize::line(&items::arrow(change, screen));
            let line = sanitize::line(&format!("{} {told}", labels::label(&change.field)));
            let line = screen.paint(Tone::Dim, line);
            text.push_str(&format!("              {line}\n"));
        }
    }
    text
}

/// What stands beside the complaint about a file that is no plan.
const HINT: &str = "`lmsyncctl plan CLIENT --all -o FILE` writes one";

/// Reads a plan.
fn read(path: &Path) -> Result<Plan, CtlError> {
    let text = file::read(path)?
        .ok_or_else(|| CtlError::usage(format!("there is no file {}", path.display()), HINT))?;
    parsed(&text, path)
}

/// Reads the text of a plan; the version is looked at first, so that a newer form is called that.
fn parsed(text: &[u8], path: &Path) -> Result<Plan, CtlError> {
    let (shown, hint) = (path.display(), HINT);
    let wrong = |error: serde_json::Error| {
        CtlError::usage(
            format!("{shown} is not a plan: {}", sanitize::line(&error.to_string())),
            hint,
        )
    };
    let value: Value = serde_json::from_slice(text).map_err(wrong)?;
    match value.get("version").and_then(Value::as_u64) {
        Some(VERSION) => serde_json::from_value(with_once(value)).map_err(wrong),
        Some(version) => Err(CtlError::usage(
            format!("{shown} is a plan of version {version}, and this lmsyncctl reads {VERSION}"),
            "make it again with this one",
        )),
        None => Err(CtlError::usage(format!("{shown} is not a plan: it has no version"), hint)),
    }
}

/// What a plan says, as `apply` shows it on a plain terminal of 80 columns before it asks.
///
/// # Errors
///
/// Why the text is no plan.
pub fn shown_plan(text: &[u8]) -> Result<String, String> {
    let screen = Screen {
        width: Some(80),
        colour: false,
        unicode: true,
        quiet: false,
        now: DateTime::UNIX_EPOCH,
        local: |at| at.fixed_offset(),
        address: Address::of_instance(None),
    };
    let plan = parsed(text, Path::new("plan.json")).map_err(|error| error.to_string())?;
    Ok(shown(&plan, &screen))
}

/// A plan of a release whose effects had no part that is once.
fn with_once(mut plan: Value) -> Value {
    let effects = plan.get_mut("effects").and_then(Value::as_array_mut);
    for effect in effects.into_iter().flatten().filter_map(Value::as_object_mut) {
        effect.entry("once").or_insert_with(|| Value::String(String::new()));
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::commands::book::run::sample_run;
    use crate::ctl::output::screen::sample;

    fn told() -> SyncReply {
        let mut run = sample_run();
        (run.id, run.dry_run) = (None, true);
        let mut items = items::samples();
        items[4].state = "held".to_owned();
        let effect = Effect {
            currency: "USD".to_owned(),
            per_month: "7.40".to_owned(),
            per_year: "88.80".to_owned(),
            ..Effect::default()
        };
        let effects = Some(vec![effect]);
        SyncReply { run: Some(run), items: Some(items), effects, ..SyncReply::default() }
    }

    fn sample_plan() -> Plan {
        let told = told();
        made(&told, told.run.as_ref().expect("a run"))
    }

    #[test]
    fn a_plan_as_it_stands_in_its_file() {
        let mut plan = sample_plan();
        plan.items.drain(1..2);
        insta::assert_snapshot!("file", serde_json::to_string_pretty(&plan).expect("JSON"));
        insta::assert_snapshot!("shown", shown(&plan, &sample(80)));
    }

    #[test]
    fn nothing_in_a_plan_reaches_the_terminal_as_a_control_character() {
        let mut plan = sample_plan();
        let evil = "\u{1b}[2J";
        let changes = |item: &&mut Planned| !item.changes.is_empty();
        let item = plan.items.iter_mut().find(changes).expect("one that changes");
        for text in [&mut item.key, &mut item.state, &mut item.name, &mut item.changes[0].field] {
            text.push_str(evil);
        }
        plan.effects[0].currency.push_str(evil);
        plan.effects[0].per_year = format!("88.80{evil}");
        let shown = shown_plan(&serde_json::to_vec(&plan).expect("JSON")).expect("a plan");
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
        assert_eq!(shown.matches("[2J").count(), 6, "{shown}");
    }

    #[test]
    fn what_is_held_is_told_and_not_planned() {
        let told = told();
        let (message, _) = left_out(&told, "lmsyncctl").expect("one is held");
        assert_eq!(message, "not in the plan: 1 held item");
        assert_eq!(sample_plan().items.len(), 5);
    }

    #[test]
    fn a_plan_reads_back_and_what_is_none_is_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("plan.json");
        let put = |text: &str| std::fs::write(&path, text).expect("written");
        let plan = sample_plan();
        put(&serde_json::to_string_pretty(&plan).expect("JSON"));
        assert_eq!(read(&path).expect("reads"), plan);
        let mut older = serde_json::to_value(&plan).expect("JSON");
        older["effects"][0].as_object_mut().expect("an effect").remove("once");
        put(&older.to_string());
        assert_eq!(read(&path).expect("reads"), plan, "one of a release before");
        for (text, says) in [
            ("{\"version\": 2}", "is a plan of version 2, and this lmsyncctl reads 1"),
            ("{\"items\": []}", "is not a plan: it has no version"),
            ("{\"version\": 1, \"clinet\": 1}", "is not a plan: unknown field `clinet`"),
            ("key,name", "is not a plan: expected"),
        ] {
            put(text);
            let error = read(&path).expect_err("no plan");
            assert_eq!(exit::of_error(&error), 2);
            assert!(error.to_string().contains(says), "{error}");
        }
        let error = read(&folder.path().join("none")).expect_err("no file");
        assert!(
            error.hint(&Address::of_instance(None)).expect("a hint").contains("plan CLIENT"),
            "{error}"
        );
    }
}
