//! From text to [`File`]: TOML syntax, the version, sections and keys that there are, and the type
//! of each value. What is wrong goes into the report and out of the table, so that the rest can
//! still be judged and a person need not come back for every single mistake.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue, Deserializer};

use super::file::File;
use super::keys::{self, Key, Section};
use super::report::Report;
use crate::model::Advice;

/// The only version of the file that there is.
const VERSION: i64 = 1;

/// Reads the shape of `text`. None when nothing behind the mistake can be judged: the text is not
/// TOML, or its version is unknown.
pub(super) fn read(text: &str, report: &mut Report<'_>) -> Option<File> {
    let mut table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            not_toml(&error, text, report);
            return None;
        }
    };
    if !version(table.get_ref(), report) {
        return None;
    }
    prune(table.get_mut(), report);
    Some(typed(table, report))
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
    report.at(span, Some(format!("{}.{}", section.name, key.name)), message, None);
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

/// Whether the file is of the version that this program reads.
fn version(table: &DeTable<'_>, report: &mut Report<'_>) -> bool {
    let key = || Some("version".to_owned());
    let Some(value) = table.get("version") else {
        let misspelt = table
            .keys()
            .find(|key| keys::nearest(key.get_ref(), std::iter::once("version")).is_some());
        match misspelt {
            Some(found) => unknown(None, &owned(found), false, report),
            None => report.absent(
                "version",
                "`version` is missing".to_owned(),
                Advice::said(format!("begin the file with the line: version = {VERSION}")),
            ),
        }
        return false;
    };
    let number = match value.get_ref() {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    match number {
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
        _ => report.value("version", value.span(), &format!("expected {VERSION}")),
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
    table.keys().map(owned).collect()
}

fn owned(name: &Spanned<DeString<'_>>) -> Spanned<String> {
    Spanned::new(name.span(), name.get_ref().to_string())
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

/// Lets serde read the table. A value of the wrong type is reported and taken out, and serde reads
/// again: it stops at the first, a person wants all. Each round removes a value, so there is an end.
fn typed(mut table: Spanned<DeTable<'_>>, report: &mut Report<'_>) -> File {
    loop {
        let error = match File::deserialize(Deserializer::from(table.clone())) {
            Ok(file) => return file,
            Err(error) => error,
        };
        let span = error.span().unwrap_or(0..0);
        let Some((section, name)) = remove_at(table.get_mut(), &span) else {
            report.at(span, None, |place| format!("wrong type{place}"), None);
            return File::default();
        };
        let expects = section.key(&name).map_or("wrong type", |key| key.expects);
        report.value(&format!("{}.{name}", section.name), span, expects);
    }
}

/// Takes out the value that covers `span`, and says where it was.
fn remove_at(table: &mut DeTable<'_>, span: &Range<usize>) -> Option<(&'static Section, String)> {
    for section in keys::SECTIONS {
        let Some(DeValue::Table(entries)) = table.get_mut(section.name).map(Spanned::get_mut)
        else {
            continue;
        };
        let covers = |value: &Spanned<DeValue<'_>>| {
            value.span().start <= span.start && span.end <= value.span().end
        };
        let found = entries.iter().find(|(_, value)| covers(value));
        if let Some(name) = found.map(|(name, _)| name.get_ref().to_string()) {
            entries.remove(name.as_str());
            return Some((section, name));
        }
    }
    None
}
