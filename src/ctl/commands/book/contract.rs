//! `contract`: the contracts in the store. One file per kind of question; this one names them.

mod cost;
mod edit;
pub mod list;
mod own;
mod past;
mod plot;
mod relink;
#[cfg(test)]
pub mod samples;
mod show;

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::{Ctl, normalize};

/// Examples of the noun.
pub const EXAMPLES: &str = "\
Examples:
  lmsyncctl contract list acme
  lmsyncctl contract list --as-of 2026-06-30 --normalize month
  lmsyncctl contract show S55102
  lmsyncctl contract cost S55102
  lmsyncctl contract history S55102
  lmsyncctl contract set S55102 notes='renew with the firewall'
  lmsyncctl contract add acme 'Fibre line' billing_cost=89.00 currency=EUR billing_cycle=monthly";

/// What can be asked of contracts; what each is for is said where its arguments are.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(list::Args),
    Show(show::Args),
    Cost(cost::Args),
    History(past::HistoryArgs),
    Chain(past::ChainArgs),
    Set(edit::SetArgs),
    Unset(edit::UnsetArgs),
    Add(own::AddArgs),
    Remove(own::RemoveArgs),
    Adopt(own::AdoptArgs),
    Unlink(own::UnlinkArgs),
    Relink(relink::Args),
}

impl Command {
    /// The columns of the list that is the answer; none where it is no list.
    pub fn columns(&self) -> Option<Vec<&'static str>> {
        match self {
            Command::List(args) => Some(normalize::columns(list::CSV, args.normalize)),
            Command::Cost(_) => Some(cost::CSV.columns.to_vec()),
            Command::History(_) => Some(past::HISTORY.columns.to_vec()),
            Command::Chain(_) => Some(past::CHAIN.columns.to_vec()),
            Command::Show(_)
            | Command::Set(_)
            | Command::Unset(_)
            | Command::Add(_)
            | Command::Remove(_)
            | Command::Adopt(_)
            | Command::Unlink(_)
            | Command::Relink(_) => None,
        }
    }
}

/// Runs the command.
pub fn run(ctl: &Ctl, command: Command) -> Result<u8, CtlError> {
    match command {
        Command::List(args) => list::run(ctl, args)?,
        Command::Show(args) => show::run(ctl, args)?,
        Command::Cost(args) => cost::run(ctl, args)?,
        Command::History(args) => past::history(ctl, args)?,
        Command::Chain(args) => past::chain(ctl, args)?,
        Command::Set(args) => edit::set(ctl, args)?,
        Command::Unset(args) => edit::unset(ctl, args)?,
        Command::Add(args) => own::add(ctl, args)?,
        Command::Remove(args) => own::remove(ctl, args)?,
        Command::Adopt(args) => own::adopt(ctl, args)?,
        Command::Unlink(args) => own::unlink(ctl, args)?,
        Command::Relink(args) => relink::run(ctl, args)?,
    }
    Ok(0)
}
