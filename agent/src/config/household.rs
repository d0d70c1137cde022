//! The `[household]` section. It is turned into JSON and read by the reader that the database's documents have, so that
//! there is only one reader of households; its mistakes are led back to where they are in the file.

use std::ops::Range;

use stairgate_policy::household::Household;
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use super::mistake::{COMPARE, Mistakes, from_serde};
use super::table::{Table, Value};
use crate::document::HouseholdDocument;

/// Tables and lists within one another: far more than a household has, and few enough for every stack.
const NESTING_MAX: usize = 32;

/// The household that the section describes; none if a mistake was added.
pub(super) fn read(section: &Table<'_>, mistakes: &mut Mistakes<'_>) -> Option<Household> {
    let mut json = Json { text: Vec::new(), marks: Vec::new() };
    json.table(section.entries(), section.place(), 0, mistakes)?;
    match serde_json::from_slice::<HouseholdDocument>(&json.text) {
        Ok(document) => {
            let household = document.into_household();
            let remedy = "correct the household below this line";
            household.map_err(|error| mistakes.at(section.place(), error.to_string(), remedy)).ok()
        }
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let sentence = error.to_string();
            let sentence = sentence.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&sentence);
            let place = json.place(sentence, column).unwrap_or_else(|| section.place());
            let (problem, remedy) = from_serde(sentence);
            mistakes.at(place, problem, remedy);
            None
        }
    }
}

/// JSON on a single line without spaces, and what in the file its parts come from.
struct Json {
    text: Vec<u8>,
    /// In the order of the text.
    marks: Vec<Mark>,
}

struct Mark {
    /// Bytes of JSON before this key, value or end of a table.
    offset: usize,
    place: Range<usize>,
    is_end: bool,
}

impl Json {
    /// Writes a table; none if a mistake was added.
    fn table(
        &mut self,
        entries: &DeTable<'_>,
        place: Range<usize>,
        depth: usize,
        mistakes: &mut Mistakes<'_>,
    ) -> Option<()> {
        let mut opening = b'{';
        for (key, value) in entries {
            self.text.push(opening);
            opening = b',';
            self.mark(key.span(), false);
            self.string(key.get_ref(), key.span(), mistakes)?;
            self.text.push(b':');
            self.value(value, depth + 1, mistakes)?;
        }
        if entries.is_empty() {
            self.text.push(opening);
        }
        self.mark(place, true);
        self.text.push(b'}');
        Some(())
    }

    fn value(&mut self, value: &Value<'_>, depth: usize, mistakes: &mut Mistakes<'_>) -> Option<()> {
        if depth > NESTING_MAX {
            mistakes.at(value.span(), format!("this is inside more than {NESTING_MAX} others"), COMPARE);
            return None;
        }
        self.mark(value.span(), false);
        match value.get_ref() {
            DeValue::String(text) => self.string(text, value.span(), mistakes)?,
            DeValue::Datetime(time) => self.string(&time.to_string(), value.span(), mistakes)?,
            DeValue::Boolean(boolean) => self.text.extend_from_slice(if *boolean { b"true" } else { b"false" }),
            DeValue::Integer(integer) => self.number(json_integer(integer), value, mistakes)?,
            DeValue::Float(float) => self.number(json_float(float), value, mistakes)?,
            DeValue::Array(values) => {
                let mut opening = b'[';
                for value in values {
                    self.text.push(opening);
                    opening = b',';
                    self.value(value, depth + 1, mistakes)?;
                }
                if values.is_empty() {
                    self.text.push(opening);
                }
                self.text.push(b']');
            }
            DeValue::Table(entries) => self.table(entries, value.span(), depth, mistakes)?,
        }
        Some(())
    }

    fn string(&mut self, text: &str, place: Range<usize>, mistakes: &mut Mistakes<'_>) -> Option<()> {
        let written = serde_json::to_writer(&mut self.text, text);
        written.map_err(|error| mistakes.at(place, error.to_string(), COMPARE)).ok()
    }

    fn number(&mut self, text: Option<String>, value: &Value<'_>, mistakes: &mut Mistakes<'_>) -> Option<()> {
        if text.is_none() {
            mistakes.at(value.span(), "this number is not possible", COMPARE);
        }
        self.text.extend_from_slice(text?.as_bytes());
        Some(())
    }

    fn mark(&mut self, place: Range<usize>, is_end: bool) {
        self.marks.push(Mark { offset: self.text.len(), place, is_end });
    }

    /// Where in the file the mistake is that serde_json described by `sentence` when it had read `column` bytes.
    fn place(&self, sentence: &str, column: usize) -> Option<Range<usize>> {
        // What is missing is noticed at the end of its table. Everything else is noticed after it was read, or after the
        // comma behind it; only lists and tables that nobody expects are not read at all.
        let is_end = sentence.starts_with("missing field");
        let is_unread = ["invalid type: map", "invalid type: sequence"].iter().any(|start| sentence.starts_with(start));
        let reach = if is_unread { column + 1 } else { column };
        let mark = self.marks.iter().rev().find(|mark| mark.offset < reach && mark.is_end == is_end);
        mark.map(|mark| mark.place.clone())
    }
}

/// None if it is too large for any key.
fn json_integer(integer: &DeInteger<'_>) -> Option<String> {
    if integer.radix() == 10 {
        return Some(integer.as_str().trim_start_matches('+').to_owned());
    }
    u64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|number| number.to_string())
}

/// None for infinity and what is no number, which JSON does not have.
fn json_float(float: &DeFloat<'_>) -> Option<String> {
    let text = float.as_str().trim_start_matches('+');
    let is_number = text.ends_with(|last: char| last.is_ascii_digit());
    is_number.then(|| text.to_owned())
}
