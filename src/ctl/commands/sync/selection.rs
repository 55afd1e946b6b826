//! `sync --edit`: what is pending as a list in the editor, to pick from, as in an interactive
//! rebase.

mod editor;
mod list;

use std::fs;
use std::path::Path;

use self::list::Selection;
use super::{flags, sync};
use crate::ctl::app::error::CtlError;
use crate::ctl::commands::{Ctl, ask};
use crate::ctl::output::{self, Format};
use crate::model::{ClientId, ClientRef, ItemKey};
use crate::protocol::daemon::Status;
use crate::protocol::sync::{Client, Ignore, Pending, Sync};

/// Runs `sync --edit`.
pub fn run(ctl: &Ctl, args: sync::Args) -> Result<u8, CtlError> {
    if ctl.output.format != Format::Text {
        return Err(CtlError::usage(
            "--edit needs a person, so --json does not apply",
            "give keys, or --all",
        ));
    }
    // The editor is the question; off a terminal it may be a program that changes nothing.
    let command = format!("sync {} --edit", args.client);
    let _ = ask::first(ctl, args.yes, &command, ask::Dry::Impossible)?;
    refuse_on_auto_sync(ctl, &args.client)?;
    let asked =
        Pending { client: Some(args.client.clone()), all: Some(true), ..Pending::default() };
    let answer = ctl.client.call(&asked)?;
    let items = answer.reply.items.unwrap_or_default();
    let client = answer.reply.client.ok_or_else(|| {
        CtlError::Nonsense("the answer about one client does not name the client".to_owned())
    })?;
    let offered = list::keys(&items);
    if offered.is_empty() {
        ctl.output.print(&format!("{}: nothing is pending\n", client.name))?;
        return Ok(0);
    }
    let name = format!("lmsyncctl-sync-{}-{}", client.id, std::process::id());
    let path =
        editor::put(&name, &list::write(&client, &items, &ctl.output.screen.address.program))?;
    let chosen = match choose(ctl, &path, &offered) {
        Ok(chosen) => chosen,
        Err(error) => return Err(kept(error, &path)),
    };
    match carry_out(ctl, &client, &chosen, args) {
        Ok(status) => {
            // It did its job; that it cannot be removed is no failure of the sync.
            let _ = fs::remove_file(&path);
            Ok(status)
        }
        Err(error) => Err(kept(error, &path)),
    }
}

/// A sync by hand would be refused: better before somebody has taken pains than after.
fn refuse_on_auto_sync(ctl: &Ctl, client: &str) -> Result<(), CtlError> {
    let status = ctl.client.call(&Status { client: Some(client.to_owned()) })?;
    let Some(client) = status.reply.clients.iter().find(|client| client.auto_sync) else {
        return Ok(());
    };
    let who = ClientRef { id: ClientId(client.id), name: client.name.clone() };
    let until = client.paused_until.as_ref().map(|until| ctl.output.screen.minute(until));
    let paused = client.paused_by.as_deref().map(|by| (by, until.as_deref()));
    Err(CtlError::Failed(who.auto_sync_is_on(paused)))
}

/// Opens the editor until the list makes sense, or the person has had enough.
fn choose(ctl: &Ctl, path: &Path, offered: &[ItemKey]) -> Result<Selection, CtlError> {
    loop {
        match list::read(&editor::edit(path)?, offered) {
            Ok(chosen) => return Ok(chosen),
            Err(bad) => {
                let error = CtlError::usage(
                    bad.to_string(),
                    "a line is pick, ignore or leave, and a key of the list",
                );
                if !ask::is_conversation(ctl) {
                    return Err(error);
                }
                output::complain(
                    &error.to_string(),
                    error.hint(&ctl.output.screen.address).as_deref(),
                );
                if !ask::agreed(ctl, "Edit it again?")? {
                    return Err(CtlError::usage("nothing was done", "sync --edit starts over"));
                }
            }
        }
    }
}

/// Says that the list is still there, since it may have been work.
fn kept(error: CtlError, path: &Path) -> CtlError {
    output::remark(&format!("the list is kept in {}", path.display()));
    error
}

/// Ignores and syncs what was chosen.
fn carry_out(
    ctl: &Ctl,
    client: &Client,
    chosen: &Selection,
    args: sync::Args,
) -> Result<u8, CtlError> {
    if chosen.pick.is_empty() && chosen.ignore.is_empty() {
        if !ctl.output.quiet {
            ctl.output.print("nothing was chosen: nothing was done\n")?;
        }
        return Ok(0);
    }
    for key in &chosen.ignore {
        let ignore = Ignore { key: key.to_string(), until: None, reason: None };
        let answer = ctl.client.call(&ignore)?;
        ctl.output.confirm(&answer, flags::render)?;
    }
    if chosen.pick.is_empty() {
        return Ok(0);
    }
    let keys = chosen.pick.iter().map(ItemKey::to_string).collect();
    let request = Sync { client: client.id.to_string(), keys: Some(keys), ..Sync::default() };
    sync::perform(ctl, &args.wait.on(request))
}
