//! The licences of an agent's parts, as their authors wrote them: each text once, with all that come under it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, bail};

use super::tree::Part;

const RULE: &str = "--------------------------------------------------------------------------------";
/// The texts of this project's own licences, for crates that come without any: they leave the choice.
const APACHE: &str = include_str!("../../../LICENSE-APACHE");
/// What the MIT licence says below the line with the copyright.
const MIT: &str = include_str!("../../../LICENSE-MIT");

/// The document.
///
/// # Errors
/// If a text cannot be read, or a part comes without one and under a licence that nothing is known of.
pub(crate) fn write(parts: &[Part]) -> Result<String> {
    let mut by_text: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut document = "This program contains the following parts. Their licences follow below.\n\n".to_owned();
    for part in parts {
        let Part { name, version, licence, .. } = part;
        // Writing to a string cannot fail.
        let _ = writeln!(document, "{name} {version}: {licence}");
        for text in texts(part)? {
            by_text.entry(text).or_default().push(format!("{name} {version}"));
        }
    }
    let mut texts: Vec<(Vec<String>, String)> = by_text.into_iter().map(|(text, names)| (names, text)).collect();
    texts.sort();
    for (names, text) in texts {
        let _ = write!(document, "\n{RULE}\n{}\n{RULE}\n\n{text}\n", names.join(", "));
    }
    Ok(document)
}

fn texts(part: &Part) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for path in &part.texts {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        texts.push(String::from_utf8_lossy(&bytes).replace("\r\n", "\n").trim().to_owned());
    }
    if texts.is_empty() {
        texts.push(standard_text(part)?);
    }
    Ok(texts)
}

/// The text of a licence that the part's own package names and does not bring.
fn standard_text(part: &Part) -> Result<String> {
    let names: Vec<&str> = part.licence.split(" OR ").collect();
    if names.contains(&"Apache-2.0") {
        return Ok(APACHE.trim().to_owned());
    }
    let Some((_, conditions)) = MIT.split_once("Permission is hereby granted") else {
        bail!("LICENSE-MIT is not the MIT licence");
    };
    if names.contains(&"MIT") {
        let authors = part.authors.join(", ");
        return Ok(format!(
            "MIT License\n\nCopyright (c) {authors}\n\nPermission is hereby granted{}",
            conditions.trim_end()
        ));
    }
    bail!("{} {} comes under {} without its text; add where to find it", part.name, part.version, part.licence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, licence: &str, authors: &[&str]) -> Part {
        Part {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.to_owned(),
            authors: authors.iter().map(|&author| author.to_owned()).collect(),
            texts: Vec::new(),
            purl: String::new(),
            checksum: None,
            uses: Vec::new(),
            own: false,
        }
    }

    #[test]
    fn each_text_stands_once_and_names_its_parts() {
        let parts = [part("a", "MIT OR Apache-2.0", &[]), part("b", "Apache-2.0", &[]), part("c", "MIT", &["C. D."])];
        let document = write(&parts).unwrap();
        assert_eq!(document.matches("TERMS AND CONDITIONS FOR USE").count(), 1);
        assert!(document.contains("\na 1.0.0, b 1.0.0\n"), "{document}");
        assert!(document.contains("Copyright (c) C. D.\n\nPermission is hereby granted, free of charge"));
    }

    #[test]
    fn an_unknown_licence_without_its_text_is_an_error() {
        assert!(write(&[part("a", "Zlib", &[])]).is_err_and(|error| error.to_string().contains("a 1.0.0")));
    }
}
