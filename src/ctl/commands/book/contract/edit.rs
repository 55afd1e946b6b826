//! `contract set` and `contract unset`: the fields that are not Autotask's.

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::screen::Screen;
use crate::ctl::output::table::pairs;
use crate::ctl::text::items::arrow;
use crate::ctl::text::keys;
use crate::model::{Field, Ownership};
use crate::protocol::contracts::{Assignment, EditReply, Set, Unset};
use crate::protocol::sync::FieldChange;

/// Set fields of a contract
///
/// Sets seeded fields (name, description, start_date, end_date, category, purchase_order, contact)
/// and local ones (notes, owner, location, impact, third_party, tags, notice_days, auto_renew),
/// all of them or none. Values that are set survive every sync. Status, billing cost (the rate) and
/// billing cycle come from Autotask and are refused.
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

/// Clear overrides and local fields of a contract
///
/// A seeded field returns to Autotask's value; a local field is empty.
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
    // Whether a source-owned field may be set is for the daemon to say: not on a synced contract.
    for field in fields.iter().filter(|f| ownership(&f.field) != Some(Ownership::Source)) {
        keys::value(field)?;
    }
    let answer = ctl.client.call(&Set { key, fields })?;
    ctl.output.confirm(&answer, render)
}

fn ownership(field: &str) -> Option<Ownership> {
    field.parse::<Field>().ok().map(Field::ownership)
}

/// Runs `contract unset`.
pub fn unset(ctl: &Ctl, args: UnsetArgs) -> Result<(), CtlError> {
    let key = keys::key(&args.key)?;
    let fields = args.fields.iter().map(|text| keys::field(text)).collect::<Result<Vec<_>, _>>()?;
    let answer = ctl.client.call(&Unset { key, fields })?;
    ctl.output.confirm(&answer, render)
}

/// Reads `FIELD=VALUE`; the value is everything behind the first `=`.
pub fn assignment(text: &str) -> Result<Assignment, CtlError> {
    let Some((field, value)) = text.split_once('=') else {
        return Err(CtlError::usage(
            format!("`{text}` has no `=`: write FIELD=VALUE"),
            "such as `lmsyncctl contract set S55102 notes='renew with the firewall'`",
        ));
    };
    Ok(Assignment { field: keys::field(field)?, value: value.to_owned() })
}

/// The screen of every edit.
pub fn render(reply: &EditReply, screen: &Screen) -> String {
    let who = format!("{} {}", reply.contract.key, reply.contract.name);
    if reply.changes.is_empty() {
        return format!("{who}: nothing to change, the values are already set\n");
    }
    format!("{who}\n{}", changed(&reply.changes, screen))
}

/// Changes, field by field, below the name of the contract.
pub fn changed(changes: &[FieldChange], screen: &Screen) -> String {
    let lines = changes.iter().map(|change| (change.field.as_str(), arrow(change, screen)));
    pairs(lines, screen).lines().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{change, contract};
    use super::*;
    use crate::advice::Address;
    use crate::ctl::app::exit;
    use crate::ctl::output::screen::sample;

    #[test]
    fn the_value_is_everything_behind_the_first_equals_sign() {
        let read = assignment("Notes=a=b").expect("reads");
        assert_eq!(read, Assignment { field: "notes".to_owned(), value: "a=b".to_owned() });
        assert_eq!(assignment("notes=").expect("reads").value, "");
        let error = assignment("notes").expect_err("no value");
        assert_eq!(exit::of_error(&error), 2);
        assert!(error.hint(&Address::of_instance(None)).expect("a hint").contains("contract set"));
    }

    #[test]
    fn what_changed_is_told() {
        let mut reply = EditReply {
            contract: contract("S55102", None, "Backup", "1.00", "USD"),
            changes: vec![change("notes", None, Some("renew")), change("owner", Some("pat"), None)],
        };
        insta::assert_snapshot!("changed", render(&reply, &sample(80)));
        reply.changes.clear();
        insta::assert_snapshot!("unchanged", render(&reply, &sample(80)));
    }
}
