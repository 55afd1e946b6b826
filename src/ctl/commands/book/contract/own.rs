//! Contracts made by hand, and contracts that begin or cease to follow Autotask. How one follows
//! again is in [`super::relink`].

use super::edit;
use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::screen::Screen;
use crate::ctl::text::keys;
use crate::model::{ItemKey, ItemKind};
use crate::protocol::contracts::{Add, Adopt, EditReply, Remove, RemoveReply, Unlink};

/// Add a contract by hand
///
/// For contracts that are not in Autotask. The contract gets a key that begins with L, and no field
/// is locked: status, billing_cost, currency and billing_cycle can be set too. When the agreement
/// appears in Autotask later, `contract adopt` moves the local fields to it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl contract add acme 'Fibre line' billing_cost=89.00 currency=EUR billing_cycle=monthly
  lmsyncctl contract add 174 'Leased printer' end_date=2027-03-31 notice_days=90 notes='lobby'")]
pub struct AddArgs {
    /// The client
    pub client: String,
    /// The contract's name
    pub name: String,
    /// Its other fields and their values
    #[arg(value_name = "FIELD=VALUE")]
    pub fields: Vec<String>,
}

/// Remove a contract from the store
///
/// A contract made by hand is simply removed. A contract that follows Autotask would return with
/// the next sync, so ignore it first, even if it is missing in Autotask. `contract history` still
/// shows a removed contract.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl contract remove L12
  lmsyncctl ignore A29683353 && lmsyncctl contract remove A29683353")]
pub struct RemoveArgs {
    /// The contract's key
    #[arg(value_name = "KEY")]
    pub key: String,
}

/// Pass the local fields of a contract to an item in Autotask
///
/// The local fields of the first contract (notes, owner, tags and so on) move to the contract of
/// the second, which follows Autotask. The first contract was made by hand, and is removed; or its
/// item is missing in Autotask, and the contract stays, while its overrides and an ignore mark move
/// too.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl contract adopt L12 A29683353
  lmsyncctl contract adopt S55102 S55117")]
pub struct AdoptArgs {
    /// A contract made by hand, or one whose item is missing in Autotask
    #[arg(value_name = "L-KEY")]
    pub local: String,
    /// The agreement or addition that takes over
    #[arg(value_name = "KEY")]
    pub key: String,
}

/// Freeze a contract: no sync changes it
///
/// The contract keeps its values whatever happens in Autotask, until `contract relink`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lmsyncctl contract unlink A29683353")]
pub struct UnlinkArgs {
    /// The contract's key
    #[arg(value_name = "KEY")]
    pub key: String,
}

/// Runs `contract add`.
pub fn add(ctl: &Ctl, args: AddArgs) -> Result<(), CtlError> {
    let mut fields = Vec::new();
    for text in &args.fields {
        let field = edit::assignment(text)?;
        keys::value(&field)?;
        fields.push(field);
    }
    let fields = (!fields.is_empty()).then_some(fields);
    let answer = ctl.client.call(&Add { client: args.client, name: args.name, fields })?;
    ctl.output.confirm(&answer, |reply, screen| told("made by hand", reply, screen))
}

/// Runs `contract remove`.
pub fn remove(ctl: &Ctl, args: RemoveArgs) -> Result<(), CtlError> {
    let answer = ctl.client.call(&Remove { key: keys::key(&args.key)? })?;
    ctl.output.confirm(&answer, removed)
}

/// Runs `contract adopt`.
pub fn adopt(ctl: &Ctl, args: AdoptArgs) -> Result<(), CtlError> {
    let (local, key) = (keys::parsed(&args.local)?, keys::parsed(&args.key)?);
    check_adoption(local, key, &ctl.output.screen.address.program)?;
    let request = Adopt { local: local.to_string(), key: key.to_string() };
    let answer = ctl.client.call(&request)?;
    let word = format!("follows Autotask, with the local fields of {local}");
    ctl.output.confirm(&answer, |reply, screen| told(&word, reply, screen))
}

/// Runs `contract unlink`.
pub fn unlink(ctl: &Ctl, args: UnlinkArgs) -> Result<(), CtlError> {
    let answer = ctl.client.call(&Unlink { key: keys::key(&args.key)? })?;
    ctl.output.confirm(&answer, |reply, screen| {
        let word = "frozen, no sync changes it";
        let mut text = told(word, reply, screen);
        if !screen.quiet {
            let key = &reply.contract.key;
            text.push_str(&format!(
                "{} contract relink {key} undoes this\n",
                screen.address.program
            ));
        }
        text
    })
}

/// Refuses what cannot be meant, with the call that probably is. Whether one of Autotask's may pass
/// on what was noted, only the store knows.
fn check_adoption(local: ItemKey, key: ItemKey, program: &str) -> Result<(), CtlError> {
    let by_hand = |key: ItemKey| key.kind == ItemKind::Local;
    match (by_hand(local), by_hand(key)) {
        (_, false) => Ok(()),
        (false, true) => Err(CtlError::usage(
            format!("the first contract must be one made by hand, and {local} is Autotask's"),
            format!("`{program} contract adopt {key} {local}`"),
        )),
        (true, true) => Err(CtlError::usage(
            format!("{key} was made by hand too: it has no item in Autotask"),
            format!(
                "`{program} contract adopt {local} A29683353`; `{program} pending CLIENT` shows the \
                 keys"
            ),
        )),
    }
}

fn told(word: &str, reply: &EditReply, screen: &Screen) -> String {
    let changed = edit::changed(&reply.changes, screen);
    format!("{} {}: {word}\n{changed}", reply.contract.key, reply.contract.name)
}

fn removed(reply: &RemoveReply, screen: &Screen) -> String {
    let contract = &reply.contract;
    let mut text = format!("{} {}: removed\n", contract.key, contract.name);
    if !screen.quiet {
        let line = format!(
            "{} contract history {} shows its history",
            screen.address.program, contract.key
        );
        text.push_str(&format!("{line}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::samples::{change, contract};
    use super::*;
    use crate::advice::Address;
    use crate::ctl::app::exit;
    use crate::ctl::output::screen::sample;

    fn checked(local: &str, key: &str) -> Result<(), CtlError> {
        let (local, key) = (local.parse().expect("a key"), key.parse().expect("a key"));
        check_adoption(local, key, "lmsyncctl")
    }

    #[test]
    fn an_adoption_the_wrong_way_round_is_answered_with_the_right_one() {
        assert!(checked("L12", "A7").is_ok());
        assert!(checked("S7", "S8").is_ok(), "the daemon knows whether S7 is missing");
        let hint = |local, key| {
            let error = checked(local, key).expect_err("refused");
            assert_eq!(exit::of_error(&error), 2);
            error.hint(&Address::of_instance(None)).expect("a hint")
        };
        assert_eq!(hint("A7", "L12"), "`lmsyncctl contract adopt L12 A7`");
        assert!(hint("L12", "L13").starts_with("`lmsyncctl contract adopt L12 A29683353`"));
    }

    #[test]
    fn what_was_made_and_what_was_removed() {
        let contract = contract("L12", None, "Fibre line 東京", "89.00", "EUR");
        let reply = EditReply {
            contract: contract.clone(),
            changes: vec![
                change("name", None, Some("Fibre line 東京")),
                change("billing_cost", None, Some("89.00")),
            ],
        };
        insta::assert_snapshot!("added", told("made by hand", &reply, &sample(80)));
        insta::assert_snapshot!("removed", removed(&RemoveReply { contract }, &sample(80)));
    }
}
