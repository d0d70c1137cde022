//! What packages of dpkg and opkg say of themselves. opkg took its form over from dpkg: a tar with a file of fields, the
//! list of files that belong to the family, and the scripts.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::{Entry, Package, gunzip, gzip, tar};

/// Number of the format, in a file of its own in both.
pub(super) const FORMAT: &[u8] = b"2.0\n";
/// The names that scripts have in both.
const SCRIPTS: [&str; 4] = ["preinst", "postinst", "prerm", "postrm"];

/// Packs what a package says of itself, with these fields.
///
/// # Errors
/// If something in it does not fit the format.
pub(super) fn write(package: &Package, fields: String) -> Result<Vec<u8>> {
    let file = |mode, content: String| Entry { mode, content: Some(content.into_bytes()) };
    let mut control = BTreeMap::from([("control".to_owned(), file(0o644, fields))]);
    if !package.conffiles.is_empty() {
        let text = package.conffiles.iter().map(|path| format!("{path}\n")).collect();
        control.insert("conffiles".to_owned(), file(0o644, text));
    }
    for (name, text) in &package.scripts {
        ensure!(SCRIPTS.contains(name), "dpkg and opkg have no script `{name}`");
        control.insert((*name).to_owned(), file(0o755, text.clone()));
    }
    gzip(&tar::write(&control, package.time)?)
}

/// What a package says of itself.
pub(super) struct Control {
    fields: BTreeMap<String, String>,
    /// Files that belong to the family.
    conffiles: Vec<String>,
    /// What runs when it comes and goes.
    scripts: BTreeMap<&'static str, String>,
}

impl Control {
    /// Unpacks it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(packed: &[u8]) -> Result<Self> {
        let (files, _) = tar::read(&gunzip(packed)?)?;
        let text = |name: &str| {
            let content = files.get(name).and_then(|entry| entry.content.clone());
            Ok::<_, anyhow::Error>(String::from_utf8(content.with_context(|| format!("there is no {name}"))?)?)
        };
        let fields = fields(&text("control")?);
        let conffiles = if files.contains_key("conffiles") { text("conffiles")? } else { String::new() };
        let mut scripts = BTreeMap::new();
        for name in SCRIPTS.into_iter().filter(|name| files.contains_key(*name)) {
            ensure!(files.get(name).is_some_and(|entry| entry.mode == 0o755), "{name} cannot be run");
            scripts.insert(name, text(name)?);
        }
        Ok(Self { fields, conffiles: conffiles.lines().map(str::to_owned).collect(), scripts })
    }

    /// The package that says this of itself and brings these files; `separator` stands before its revision.
    ///
    /// # Errors
    /// If a field is missing.
    pub(super) fn package(
        self,
        separator: &str,
        licence: String,
        (entries, time): (BTreeMap<String, Entry>, u64),
    ) -> Result<Package> {
        let (version, revision) = self.version(separator)?;
        Ok(Package {
            name: self.field("Package")?,
            version,
            revision,
            architecture: self.field("Architecture")?,
            summary: self.field("Description")?,
            maintainer: self.field("Maintainer")?,
            licence,
            depends: self.depends(),
            conffiles: self.conffiles,
            entries,
            scripts: self.scripts,
            time,
        })
    }

    /// The value of a field.
    ///
    /// # Errors
    /// If there is no such field.
    pub(super) fn field(&self, name: &str) -> Result<String> {
        self.fields.get(name).cloned().with_context(|| format!("the control file has no {name}"))
    }

    /// The version and the package's own revision, which comes after the last `separator`.
    ///
    /// # Errors
    /// If there is no version, or no revision in it.
    fn version(&self, separator: &str) -> Result<(String, u32)> {
        let version = self.field("Version")?;
        let (version, revision) = version.rsplit_once(separator).context("the version has no revision")?;
        Ok((version.to_owned(), revision.parse().context("the revision is no number")?))
    }

    /// The packages that must be there.
    fn depends(&self) -> Vec<String> {
        let text = self.fields.get("Depends");
        text.into_iter().flat_map(|text| text.split(',')).map(|word| word.trim().to_owned()).collect()
    }
}

/// The lines `Key: value` of a control file, by key; what is indented goes on with the line above.
fn fields(text: &str) -> BTreeMap<String, String> {
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    let mut last = "";
    for line in text.lines() {
        if line.starts_with(' ') {
            fields.entry(last.to_owned()).and_modify(|value| value.extend(["\n", line.trim()]));
        } else if let Some((key, value)) = line.split_once(':') {
            fields.insert(key.to_owned(), value.trim().to_owned());
            last = key;
        }
    }
    fields
}
