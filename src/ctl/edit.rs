//! `contract set` and `contract unset`: the fields that are not Autotask's.

use super::error::CtlError;
use super::items::arrow;
use super::keys;
use super::screen::Screen;
use super::start::Ctl;
use super::table::pairs;
use crate::varlink::contracts::{Assignment, EditReply, Set, Unset};

/// Set fields of a contract
///
/// Sets seeded fields (name, description, start_date, end_date, category, purchase_order, contact)
/// and local ones (notes, owner, location, impact, third_party, tags, notice_days, auto_renew),
/// all of them or none. What is set survives every sync. Status, billing cost and billing cycle
/// come from Autotask and are refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl contract set S55102 notes='renew with the firewall' impact=high
  lmsyncctl contract set A29683353 name='Workplace, Berlin' end_date=2027-03-31")]
pub struct SetArgs {
    /// The contract's key
    #[arg(value_name = "KEY")]
    pub key: String,
    /// The fields and their values: a date is YYYY-MM-DD, tags are separated by commas, impact is
    /// unspecified, low, medium or high, third_party and auto_renew are yes or no, notice_days is a
    /// number
    #[arg(value_name = "FIELD=VALUE", required = true)]
    pub fields: Vec<String>,
}

/// Take overrides and local values of a contract away
///
/// A seeded field is again what Autotask has; a local field has no value.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl contract unset A29683353 name
  lmsyncctl contract unset S55102 notes tags")]
pub struct UnsetArgs {
    /// The contract's key
    #[arg(value_name = "KEY")]
    pub key: String,
    /// The fields
    #[arg(value_name = "FIELD", required = true)]
    pub fields: Vec<String>,
}

/// Runs `contract set`.
pub fn set(ctl: &Ctl, args: SetArgs) -> Result<(), CtlError> {
    let key = keys::key(&args.key)?;
    let fields = args.fields.iter().map(|text| assignment(text)).collect::<Result<Vec<_>, _>>()?;
    let answer = ctl.client.call(&Set { key, fields })?;
    ctl.output.confirm(&answer, render)
}

/// Runs `contract unset`.
pub fn unset(ctl: &Ctl, args: UnsetArgs) -> Result<(), CtlError> {
    let key = keys::key(&args.key)?;
    let fields = args.fields.iter().map(|text| keys::field(text)).collect::<Result<Vec<_>, _>>()?;
    let answer = ctl.client.call(&Unset { key, fields })?;
    ctl.output.confirm(&answer, render)
}

/// Reads `FIELD=VALUE`; the value is everything behind the first `=`.
fn assignment(text: &str) -> Result<Assignment, CtlError> {
    let Some((field, value)) = text.split_once('=') else {
        return Err(CtlError::usage(
            format!("`{text}` has no `=`: what is to be set is written FIELD=VALUE"),
            "such as `lmsyncctl contract set S55102 notes='renew with the firewall'`",
        ));
    };
    Ok(Assignment { field: keys::field(field)?, value: value.to_owned() })
}

/// The screen.
fn render(reply: &EditReply, screen: &Screen) -> String {
    let who = format!("{} {}", reply.contract.key, reply.contract.name);
    if reply.changes.is_empty() {
        return format!("{who}: nothing to change, it is so already\n");
    }
    let lines = reply.changes.iter().map(|change| (change.field.as_str(), arrow(change)));
    let lines: String = pairs(lines, screen).lines().map(|l| format!("  {l}\n")).collect();
    format!("{who}\n{lines}")
}

#[cfg(test)]
mod tests {
    use super::super::screen::sample;
    use super::*;
    use crate::varlink::contracts::Contract;
    use crate::varlink::sync::FieldChange;

    #[test]
    fn the_value_is_everything_behind_the_first_equals_sign() {
        let read = assignment("Notes=a=b").expect("reads");
        assert_eq!(read, Assignment { field: "notes".to_owned(), value: "a=b".to_owned() });
        assert_eq!(assignment("notes=").expect("reads").value, "");
        let error = assignment("notes").expect_err("no value");
        assert_eq!(error.status(), 2);
        assert!(error.hint().expect("a hint").contains("contract set"));
    }

    #[test]
    fn what_changed_is_told() {
        let mut reply = EditReply {
            contract: Contract {
                key: "S55102".to_owned(),
                parent: None,
                client_id: 174,
                name: "Backup".to_owned(),
                r#type: "service".to_owned(),
                status: "active".to_owned(),
                billing_cost: "1.00".to_owned(),
                currency: "USD".to_owned(),
                billing_cycle: "monthly".to_owned(),
                start_date: None,
                end_date: None,
                source: "autotask".to_owned(),
                last_synced: None,
                vanished: None,
            },
            changes: vec![
                FieldChange { field: "notes".to_owned(), from: None, to: Some("renew".to_owned()) },
                FieldChange { field: "owner".to_owned(), from: Some("pat".to_owned()), to: None },
            ],
        };
        insta::assert_snapshot!("changed", render(&reply, &sample(80)));
        reply.changes.clear();
        insta::assert_snapshot!("unchanged", render(&reply, &sample(80)));
    }
}
