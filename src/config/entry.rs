//! One value of the file, with its place: taken as the type that its key wants, judged, and put in
//! the place of the default. What is wrong with it goes into the report.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::Report;
use super::values;

/// A value that the file has for a key.
pub struct Entry<'v, 'r, 't> {
    /// The key with its section.
    pub(super) key: String,
    /// What a value has to be.
    pub(super) expects: &'static str,
    /// Whether it may carry a secret.
    pub(super) is_secret: bool,
    pub(super) value: Spanned<DeValue<'v>>,
    pub(super) report: &'r mut Report<'t>,
}

impl Entry<'_, '_, '_> {
    /// A text; `judge` makes the setting of it, or says what is wrong.
    pub(super) fn text<T>(
        mut self,
        setting: &mut T,
        judge: impl FnOnce(&str) -> Result<T, String>,
    ) {
        let read = self.value.get_ref().as_str().map(judge);
        self.take(setting, read);
    }

    /// A whole number within a range.
    pub(super) fn number(mut self, setting: &mut u32, range: RangeInclusive<u32>) {
        let read = integer(self.value.get_ref()).map(|number| values::number(number, range));
        self.take(setting, read);
    }

    /// True or false.
    pub(super) fn switch(mut self, setting: &mut bool) {
        let read = self.value.get_ref().as_bool().map(Ok);
        self.take(setting, read);
    }

    /// A duration within a range; `example` shows one for this key.
    pub(super) fn duration(
        self,
        setting: &mut Duration,
        range: RangeInclusive<Duration>,
        example: &str,
    ) {
        self.duration_and(setting, range, example, |_| Ok(()));
    }

    /// A duration that must also please `judge`.
    pub(super) fn duration_and(
        mut self,
        setting: &mut Duration,
        range: RangeInclusive<Duration>,
        example: &str,
        judge: impl FnOnce(Duration) -> Result<(), String>,
    ) {
        let text = match self.value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            // So that the message can say what it lacks, which is its unit.
            DeValue::Integer(number) => Some(number.as_str().to_owned()),
            _ => None,
        };
        let read = text.map(|text| {
            let duration = values::duration(&text, range, example)?;
            judge(duration).map(|()| duration)
        });
        self.take(setting, read);
    }

    /// A list of texts, which replaces the default; `judge` also gets the place of each in the list.
    pub(super) fn list<T>(
        mut self,
        setting: &mut Vec<T>,
        judge: impl Fn(&str, usize) -> Result<T, String>,
    ) {
        let span = self.value.span();
        let DeValue::Array(entries) = self.value.get_ref() else {
            return self.wrong(span, None);
        };
        let entries: Vec<_> = entries
            .iter()
            .enumerate()
            .map(|(at, entry)| (entry.span(), entry.get_ref().as_str().map(|text| judge(text, at))))
            .collect();
        setting.clear();
        for (span, entry) in entries {
            match entry {
                Some(Ok(value)) => setting.push(value),
                Some(Err(what)) => self.wrong(span, Some(&what)),
                None => self.wrong(span, None),
            }
        }
    }

    /// Names with values, in the order of the file; each is judged beside those before it.
    pub(super) fn pairs<T>(
        mut self,
        setting: &mut Vec<(String, T)>,
        judge_name: impl Fn(&str, &[(String, T)]) -> Result<(), String>,
        judge: impl Fn(&str, &[(String, T)]) -> Result<T, String>,
    ) {
        let span = self.value.span();
        let DeValue::Table(entries) = self.value.get_ref() else {
            return self.wrong(span, None);
        };
        for (name, value) in in_order(entries) {
            if let Err(what) = judge_name(name.get_ref(), setting) {
                self.report.entry(&self.key, name.span(), &what);
                continue;
            }
            match value.get_ref().as_deref().map(|text| judge(text, setting)) {
                Some(Ok(value)) => setting.push((name.get_ref().trim().to_owned(), value)),
                Some(Err(what)) => self.wrong(value.span(), Some(&what)),
                None => self.wrong(value.span(), None),
            }
        }
    }

    /// Takes a value of the right type that is no good for another reason, or is of a wrong type.
    fn take<T>(&mut self, setting: &mut T, read: Option<Result<T, String>>) {
        let span = self.value.span();
        match read {
            Some(Ok(value)) => *setting = value,
            Some(Err(what)) => self.wrong(span, Some(&what)),
            None => self.wrong(span, None),
        }
    }

    /// Reports what is wrong; without words, the type is.
    fn wrong(&mut self, span: std::ops::Range<usize>, what: Option<&str>) {
        self.report.value(&self.key, span, what.unwrap_or(self.expects), !self.is_secret);
    }
}

/// The whole number that a value is; none for one that is too large, or of another type.
pub(super) fn integer(value: &DeValue<'_>) -> Option<i64> {
    match value {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
}

/// The entries of a table in the order of the file, apart from it; a value that is no text has none.
fn in_order(table: &DeTable<'_>) -> Vec<(Spanned<String>, Spanned<Option<String>>)> {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(name, value)| {
            let text = value.get_ref().as_str().map(str::to_owned);
            let name = Spanned::new(name.span(), name.get_ref().to_string());
            (name, Spanned::new(value.span(), text))
        })
        .collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}
