//! A table of the file, whose values are asked for by key. What has the wrong type, what is missing and what nobody asked
//! for become mistakes.
//!
//! Nothing here depends on the type that is read into: readers derived for each section would be a good part of the whole
//! program, for one small file.

use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::mistake::{ADD, MISTAKES_MAX, Mistakes, unknown_key};
use crate::text::nearest;

/// A value and where it is.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;
/// Text and where it is.
pub(super) type Text<'a> = Spanned<&'a str>;

/// A table that is being read. [`Table::finish`] must be called after everything was asked for.
pub(super) struct Table<'a> {
    entries: &'a DeTable<'a>,
    /// Where it begins; none for the whole file.
    place: Option<Range<usize>>,
    asked: Vec<&'static str>,
    /// Keys that must be there and are not, and what to do about each.
    missing: Vec<(&'static str, &'static str)>,
}

impl<'a> Table<'a> {
    /// The table that the file is.
    pub(super) fn whole_file(entries: &'a DeTable<'a>) -> Self {
        Self { entries, place: None, asked: Vec::new(), missing: Vec::new() }
    }

    fn section(entries: &'a DeTable<'a>, place: Range<usize>) -> Self {
        Self { place: Some(place), ..Self::whole_file(entries) }
    }

    /// True if there is a value of any type.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Everything in it.
    pub(super) fn entries(&self) -> &'a DeTable<'a> {
        self.entries
    }

    /// Where it begins; the file's beginning for the whole file.
    pub(super) fn place(&self) -> Range<usize> {
        self.place.clone().unwrap_or_default()
    }

    /// Notes that `key` must be there and is not.
    pub(super) fn missing(&mut self, key: &'static str, remedy: &'static str) {
        self.missing.push((key, remedy));
    }

    /// A value of any type.
    pub(super) fn value(&mut self, key: &'static str) -> Option<&'a Value<'a>> {
        self.asked.push(key);
        self.entries.get(key)
    }

    /// A string.
    pub(super) fn string(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<Text<'a>> {
        let value = self.value(key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            wrong_type(value, &format!("`{key}`"), "a string", "put it between double quotes", mistakes);
        }
        Some(Spanned::new(value.span(), text?))
    }

    /// A string that must be there.
    pub(super) fn required_string(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<Text<'a>> {
        if !self.has(key) {
            self.missing(key, ADD);
        }
        self.string(key, mistakes)
    }

    /// A path, which must be absolute: a relative one would mean something else for the service than for whoever runs
    /// `check`.
    pub(super) fn path(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<Spanned<PathBuf>> {
        let text = self.string(key, mistakes)?;
        let path = PathBuf::from(text.get_ref());
        if !path.is_absolute() {
            let problem = format!("`{}` is not an absolute path", path.display());
            mistakes.at(text.span(), problem, "write the whole path, from the first /");
        }
        Some(Spanned::new(text.span(), path))
    }

    /// True or false.
    pub(super) fn boolean(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<Spanned<bool>> {
        let value = self.value(key)?;
        let boolean = value.get_ref().as_bool();
        if boolean.is_none() {
            let remedy = "write true or false, without quotes";
            wrong_type(value, &format!("`{key}`"), "true or false", remedy, mistakes);
        }
        Some(Spanned::new(value.span(), boolean?))
    }

    /// A whole number from 0 to `max`.
    pub(super) fn number(&mut self, key: &'static str, max: u32, mistakes: &mut Mistakes<'_>) -> Option<Spanned<u32>> {
        let value = self.value(key)?;
        let Some(integer) = value.get_ref().as_integer() else {
            wrong_type(value, &format!("`{key}`"), "a whole number", "write digits only, without quotes", mistakes);
            return None;
        };
        let number = whole_number(integer).filter(|number| *number <= max);
        if number.is_none() {
            let problem = format!("`{key} = {integer}` is not possible");
            mistakes.at(value.span(), problem, format!("choose 0 to {max}"));
        }
        Some(Spanned::new(value.span(), number?))
    }

    /// The number of a port, or 0.
    pub(super) fn port(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<Spanned<u16>> {
        let number = self.number(key, u32::from(u16::MAX), mistakes)?;
        let port = u16::try_from(*number.get_ref()).ok()?;
        Some(Spanned::new(number.span(), port))
    }

    /// A list of strings.
    pub(super) fn strings(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<Spanned<Vec<Text<'a>>>> {
        strings(self.value(key)?, key, mistakes)
    }

    /// A section whose keys are names, each with a list of strings, in alphabetical order; empty if it is not there.
    pub(super) fn named_strings(
        &mut self,
        key: &'static str,
        mistakes: &mut Mistakes<'_>,
    ) -> Vec<(Text<'a>, Spanned<Vec<Text<'a>>>)> {
        let Some(section) = self.table(key, mistakes) else { return Vec::new() };
        let mut named = Vec::new();
        for (name, value) in section.entries {
            if let Some(texts) = strings(value, name.get_ref(), mistakes) {
                named.push((Spanned::new(name.span(), name.get_ref().as_ref()), texts));
            }
        }
        named
    }

    /// A section.
    pub(super) fn table(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<Self> {
        let value = self.value(key)?;
        let entries = value.get_ref().as_table();
        if entries.is_none() {
            wrong_type(value, &format!("`{key}`"), "a section", "compare it with the example file", mistakes);
        }
        Some(Self::section(entries?, value.span()))
    }

    /// The sections of a key in double brackets, `[[key]]`; none if there are none.
    pub(super) fn tables(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Vec<Self> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let remedy = format!("begin each of them with [[{key}]]");
        let Some(values) = value.get_ref().as_array() else {
            wrong_type(value, &format!("`{key}`"), "a list of sections", &remedy, mistakes);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for value in values {
            match value.get_ref().as_table() {
                Some(entries) => tables.push(Self::section(entries, value.span())),
                None => wrong_type(value, &format!("an entry of `{key}`"), "a section", &remedy, mistakes),
            }
        }
        tables
    }

    /// Adds what was not asked for, and what is missing. A key that is only misspelt is one mistake, not two.
    pub(super) fn finish(mut self, mistakes: &mut Mistakes<'_>) {
        let asked = &self.asked;
        let unknown = self.entries.keys().filter(|key| !asked.contains(&key.get_ref().as_ref()));
        for key in unknown.take(MISTAKES_MAX) {
            let likely = nearest(key.get_ref(), asked.iter().copied());
            self.missing.retain(|(missing, _)| likely != Some(missing));
            let (problem, remedy) = unknown_key(key.get_ref(), asked);
            mistakes.at(key.span(), problem, remedy);
        }
        for (key, remedy) in self.missing {
            let problem = format!("`{key}` is missing");
            match &self.place {
                Some(place) => mistakes.at(place.clone(), problem, remedy),
                None => mistakes.missing(problem, remedy),
            }
        }
    }
}

/// The number, if it is one from 0 to [`u32::MAX`].
pub(super) fn whole_number(integer: &DeInteger<'_>) -> Option<u32> {
    u32::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn strings<'a>(value: &'a Value<'a>, key: &str, mistakes: &mut Mistakes<'_>) -> Option<Spanned<Vec<Text<'a>>>> {
    let remedy = r#"write one such as ["one", "two"]"#;
    let Some(values) = value.get_ref().as_array() else {
        wrong_type(value, &format!("`{key}`"), "a list of strings", remedy, mistakes);
        return None;
    };
    let mut texts = Vec::new();
    for value in values {
        match value.get_ref().as_str() {
            Some(text) => texts.push(Spanned::new(value.span(), text)),
            None => wrong_type(value, &format!("an entry of `{key}`"), "a string", remedy, mistakes),
        }
    }
    Some(Spanned::new(value.span(), texts))
}

fn wrong_type(value: &Value<'_>, subject: &str, expected: &str, remedy: &str, mistakes: &mut Mistakes<'_>) {
    let found = match value.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    };
    mistakes.at(value.span(), format!("{subject} is {found} and not {expected}"), remedy);
}
