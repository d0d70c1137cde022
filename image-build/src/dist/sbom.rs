//! The list of an agent's parts, in CycloneDX 1.6, which is ECMA-424.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Target;
use super::tree::{Part, ROOT};

/// The document: the same parts and time give the same bytes. `time` is in seconds since 1970.
///
/// # Errors
/// If the agent is not among the parts, or the time is none.
pub(crate) fn write(target: &Target, parts: &[Part], time: u64) -> Result<String> {
    let agent = parts.iter().find(|part| part.own && part.name == ROOT).context("the agent is not one of its parts")?;
    let timestamp = i64::try_from(time).ok().and_then(|time| jiff::Timestamp::from_second(time).ok());
    let others = parts.iter().filter(|part| !std::ptr::eq(*part, agent));
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": timestamp.context("the commit's time is none")?.to_string(),
            "component": {
                "properties": [{ "name": "rust:target", "value": target.triple }],
                "type": "application",
                "bom-ref": agent.purl,
                "name": agent.name,
                "version": agent.version,
                "licenses": [{ "expression": agent.licence }],
            },
        },
        "components": others.map(component).collect::<Vec<_>>(),
        "dependencies": parts.iter().map(dependency).collect::<Vec<_>>(),
    });
    let mut text = serde_json::to_string_pretty(&document).context("cannot write JSON")?;
    text.push('\n');
    Ok(text)
}

fn component(part: &Part) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": part.purl,
        "name": part.name,
        "version": part.version,
        "licenses": [{ "expression": part.licence }],
        "purl": part.purl,
    });
    if let Some(checksum) = &part.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    component
}

fn dependency(part: &Part) -> Value {
    json!({ "ref": part.purl, "dependsOn": part.uses })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::target;

    fn part(name: &str, own: bool, uses: &[&str]) -> Part {
        Part {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT".to_owned(),
            authors: Vec::new(),
            texts: Vec::new(),
            purl: format!("pkg:cargo/{name}@1.0.0"),
            checksum: (!own).then(|| "00ff".to_owned()),
            uses: uses.iter().map(|name| format!("pkg:cargo/{name}@1.0.0")).collect(),
            own,
        }
    }

    #[test]
    fn the_agent_is_the_subject_and_its_parts_are_listed_with_what_they_use() {
        let parts = [part("libc", false, &[]), part(ROOT, true, &["libc"])];
        let text = write(&target::ALL[0], &parts, 1_700_000_000).unwrap();
        assert_eq!(text, write(&target::ALL[0], &parts, 1_700_000_000).unwrap());
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["metadata"]["timestamp"], "2023-11-14T22:13:20Z");
        assert_eq!(document["metadata"]["component"]["name"], ROOT);
        assert_eq!(document["components"].as_array().map(Vec::len), Some(1));
        assert_eq!(document["components"][0]["hashes"][0]["content"], "00ff");
        assert_eq!(document["dependencies"][1]["dependsOn"], json!(["pkg:cargo/libc@1.0.0"]));
        assert!(write(&target::ALL[0], &parts[..1], 0).is_err());
    }
}
