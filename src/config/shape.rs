//! From text to [`Settings`]: TOML syntax, the version, sections and keys that there are, and then
//! every value. What is wrong goes into the report, and the rest is still judged, so that a person
//! need not come back for every single mistake.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::entry::{Entry, integer};
use super::keys::{self, Key, Section};
use super::nearest::nearest;
use super::report::Report;
use super::settings::Settings;
use crate::model::Advice;

/// The only version of the file that there is.
const VERSION: i64 = 1;

/// Reads `text` into `settings`, which are the defaults before. Nothing behind the mistake is judged
/// where the text is not TOML, or of another version; then it gives `false`.
pub(super) fn read(text: &str, settings: &mut Settings, report: &mut Report<'_>) -> bool {
    let mut table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            not_toml(&error, text, report);
            return false;
        }
    };
    let table = table.get_mut();
    if !version(table, report) {
        return false;
    }
    prune(table, report);
    username(table, report);
    for section in keys::SECTIONS {
        let Some(DeValue::Table(entries)) = table.get_mut(section.name).map(Spanned::get_mut)
        else {
            continue;
        };
        for key in section.keys {
            if let Some(value) = entries.remove(key.name) {
                let entry = Entry {
                    key: key.in_section(section),
                    expects: key.expects,
                    is_secret: key.is_secret,
                    value,
                    report: &mut *report,
                };
                (key.read)(entry, settings);
            }
        }
    }
    // The default follows a short interval; only a window that somebody wrote can be too long.
    settings.sync.batch_window = settings.sync.batch_window.min(settings.sync.interval);
    true
}

/// The one key that must be there. With a misspelt key in the file, that is probably the missing
/// one.
fn username(table: &DeTable<'_>, report: &mut Report<'_>) {
    let autotask = table.get("autotask").and_then(|section| section.get_ref().as_table());
    let is_there = autotask.is_some_and(|section| section.contains_key("username"));
    if !is_there && report.is_of_absent_keys() {
        report.absent(
            "autotask.username",
            "`username` in [autotask] is missing".to_owned(),
            Advice::said(
                "set it to the API user's \"Username (Key)\", which Autotask shows under Admin, \
                 Resources",
            ),
        );
    }
}

/// The parser's messages name what it expected, never what it found, so no value leaks here.
///
/// `interval = 24h` without quotes is the likely mistake, and "invalid float" is all the parser has
/// to say about it, so what the key of that line expects is said first.
fn not_toml(error: &toml::de::Error, text: &str, report: &mut Report<'_>) {
    let what = error.message().lines().collect::<Vec<_>>().join(", ");
    let span = error.span().unwrap_or(0..0);
    let Some((section, key)) = key_before(text, span.start) else {
        report.at(span, None, |place| format!("not valid TOML{place}: {what}"), None);
        return;
    };
    let message =
        |place: &str| format!("`{}`{place}: {} (not valid TOML: {what})", key.name, key.expects);
    report.at(span, Some(key.in_section(section)), message, None);
}

/// The key whose value `offset` lies in, by the look of the lines above it.
fn key_before(text: &str, offset: usize) -> Option<(&'static Section, &'static Key)> {
    let before = text.get(..offset)?;
    let line = before.rsplit('\n').next()?;
    let (name, _) = line.split_once('=')?;
    let header = before.lines().rev().find_map(|line| line.trim().strip_prefix('['))?;
    let section = keys::section(header.split(']').next()?.trim())?;
    Some((section, section.key(name.trim())?))
}

/// Whether the file is of the version that this program reads, or of none: then all else is judged
/// as if it were. A misspelt one is for [`prune`] to tell.
fn version(table: &DeTable<'_>, report: &mut Report<'_>) -> bool {
    let key = || Some("version".to_owned());
    let Some(value) = table.get("version") else {
        let resembles = |name: &str| nearest(name, std::iter::once("version")).is_some();
        if !table.keys().any(|key| resembles(key.get_ref())) {
            report.absent(
                "version",
                "`version` is missing".to_owned(),
                Advice::said(format!("begin the file with the line: version = {VERSION}")),
            );
        }
        return true;
    };
    match integer(value.get_ref()) {
        Some(VERSION) => return true,
        Some(newer) if newer > VERSION => report.at(
            value.span(),
            key(),
            |place| {
                format!(
                    "`version` = {newer}{place} is newer than this lmsyncd, which reads version \
                     {VERSION}"
                )
            },
            Some(Advice::said("install the lmsyncd that this file was written for")),
        ),
        _ => report.value("version", value.span(), &format!("expected {VERSION}"), true),
    }
    false
}

/// Reports and removes whatever has a name that does not exist.
fn prune(table: &mut DeTable<'_>, report: &mut Report<'_>) {
    for name in names(table) {
        if name.get_ref() == "version" {
            continue;
        }
        let Some(section) = keys::section(name.get_ref()) else {
            let value = table.remove(name.get_ref().as_str());
            let is_table = value.is_some_and(|value| is_section(value.get_ref()));
            unknown(None, &name, is_table, report);
            continue;
        };
        if let Some(DeValue::Table(entries)) = table.get_mut(section.name).map(Spanned::get_mut) {
            prune_section(section, entries, report);
            continue;
        }
        table.remove(section.name);
        let message = |place: &str| {
            format!("`{0}`{place} is a section: write [{0}] on a line of its own", section.name)
        };
        report.at(name.span(), Some(section.name.to_owned()), message, None);
    }
}

fn prune_section(section: &'static Section, entries: &mut DeTable<'_>, report: &mut Report<'_>) {
    for name in names(entries) {
        if section.key(name.get_ref()).is_none() {
            entries.remove(name.get_ref().as_str());
            unknown(Some(section), &name, false, report);
        }
    }
}

/// The names in a table with their places, apart from it, so that it can be changed meanwhile.
fn names(table: &DeTable<'_>) -> Vec<Spanned<String>> {
    table.keys().map(|name| Spanned::new(name.span(), name.get_ref().to_string())).collect()
}

fn is_section(value: &DeValue<'_>) -> bool {
    matches!(value, DeValue::Table(_) | DeValue::Array(_))
}

/// Reports a name that does not exist, with what was probably meant.
fn unknown(
    section: Option<&'static Section>,
    name: &Spanned<String>,
    is_table: bool,
    report: &mut Report<'_>,
) {
    let span = name.span();
    let name = name.get_ref().as_str();
    let place_in = section.map(|section| format!(" in [{}]", section.name)).unwrap_or_default();
    let dotted = match section {
        Some(section) => format!("{}.{name}", section.name),
        None => name.to_owned(),
    };
    if keys::is_secret(name) {
        report.at(
            span,
            Some(dotted),
            |place| format!("`{name}`{place_in}{place}: the secret must not be in this file"),
            Some(Advice::MoveSecret),
        );
        return;
    }
    let suggestion = keys::suggestion(section, name, is_table);
    let known = section.map(|section| {
        let names: Vec<_> = section.keys.iter().map(|key| key.name).collect();
        format!("[{}] has the keys {}", section.name, names.join(", "))
    });
    let known = known.filter(|_| suggestion.is_empty());
    let advice = known.map(Advice::said);
    let what = if is_table && section.is_none() {
        format!("unknown section [{name}]")
    } else {
        format!("unknown key `{name}`{place_in}")
    };
    report.at(span, Some(dotted), |place| format!("{what}{place}{suggestion}"), advice);
}
