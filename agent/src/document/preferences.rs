//! What concerns the home and is no rule, as it is kept.

use serde::{Deserialize, Serialize};
use stairgate_webui::language::Language;

/// Days that what is kept is kept for until somebody decides otherwise.
const RETENTION_DAYS: u16 = 14;

/// What concerns the home and is no rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct PreferencesDocument {
    /// True once the first run has ended.
    pub set_up: bool,
    /// BCP 47 tag of the language of pages for whoever has chosen none.
    language: String,
    /// ISO 3166-1 alpha-2 code of the country whose helplines are shown; empty for none.
    pub country: String,
    /// Days that what is kept about people is kept for.
    pub retention_days: u16,
    /// The helplines that the family has written down; `None` as long as they are the country's.
    pub helplines: Option<Vec<HelplineDocument>>,
    /// Lists that were subscribed to besides those of the configuration file.
    pub lists: Vec<ListDocument>,
}

/// A helpline that the family has written down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HelplineDocument {
    /// What it is called.
    pub title: String,
    /// Name of its site, normalised; may be empty.
    pub site: String,
    /// Telephone number as it is dialled; may be empty.
    pub telephone: String,
    /// When somebody is there, as the family says it; may be empty.
    pub hours: String,
}

/// A list that was subscribed to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ListDocument {
    /// Its name, which no other list has.
    pub name: String,
    /// Where it is fetched from.
    pub url: String,
    /// Id of the category or service that its names belong to.
    pub label: String,
}

impl Default for PreferencesDocument {
    fn default() -> Self {
        let language = Language::default().tag().to_owned();
        Self {
            set_up: false,
            language,
            country: String::new(),
            retention_days: RETENTION_DAYS,
            helplines: None,
            lists: Vec::new(),
        }
    }
}

impl PreferencesDocument {
    /// The language of pages for whoever has chosen none.
    pub fn language(&self) -> Language {
        // A later version may know more languages.
        self.language.parse().unwrap_or_default()
    }

    /// Sets [`Self::language`].
    pub fn set_language(&mut self, language: Language) {
        language.tag().clone_into(&mut self.language);
    }
}
