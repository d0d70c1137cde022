//! Packages of opkg, which OpenWrt has up to 24.10: a compressed tar of `debian-binary`, `data.tar.gz` and
//! `control.tar.gz`.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::{Entry, Package, fields, gunzip, gzip, list, tar};

const FORMAT: &[u8] = b"2.0\n";
/// The names that scripts have in this format.
const SCRIPTS: [&str; 4] = ["preinst", "postinst", "prerm", "postrm"];

/// The package's file name.
pub(crate) fn file_name(package: &Package) -> String {
    let Package { name, version, revision, architecture, .. } = package;
    format!("{name}_{version}-r{revision}_{architecture}.ipk")
}

/// The package's bytes.
///
/// # Errors
/// If something in it does not fit the format.
pub(crate) fn write(package: &Package) -> Result<Vec<u8>> {
    let file = |mode, content: Vec<u8>| Entry { mode, content: Some(content) };
    let mut control = BTreeMap::from([("control".to_owned(), file(0o644, control(package).into_bytes()))]);
    if !package.conffiles.is_empty() {
        let text = package.conffiles.iter().map(|path| format!("{path}\n")).collect::<String>();
        control.insert("conffiles".to_owned(), file(0o644, text.into_bytes()));
    }
    for (name, text) in &package.scripts {
        ensure!(SCRIPTS.contains(name), "opkg has no script `{name}`");
        control.insert((*name).to_owned(), file(0o755, text.clone().into_bytes()));
    }
    let whole = BTreeMap::from([
        ("debian-binary".to_owned(), file(0o644, FORMAT.to_vec())),
        ("data.tar.gz".to_owned(), file(0o644, gzip(&tar::write(&package.entries, package.time)?)?)),
        ("control.tar.gz".to_owned(), file(0o644, gzip(&tar::write(&control, package.time)?)?)),
    ]);
    gzip(&tar::write(&whole, package.time)?)
}

fn control(package: &Package) -> String {
    let Package { name, version, revision, architecture, summary, maintainer, licence, depends, .. } = package;
    format!(
        "Package: {name}\nVersion: {version}-r{revision}\nDepends: {}\nLicense: {licence}\nSection: net\n\
         Maintainer: {maintainer}\nArchitecture: {architecture}\nInstalled-Size: {}\nDescription: {summary}\n",
        depends.join(", "),
        package.installed_bytes(),
    )
}

/// The package that these bytes are.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn read(bytes: &[u8]) -> Result<Package> {
    let (whole, _) = tar::read(&gunzip(bytes)?)?;
    let member = |entries: &BTreeMap<String, Entry>, name: &str| {
        entries.get(name).and_then(|entry| entry.content.clone()).with_context(|| format!("there is no {name}"))
    };
    ensure!(member(&whole, "debian-binary")? == FORMAT, "it is of another format");
    let (entries, time) = tar::read(&gunzip(&member(&whole, "data.tar.gz")?)?)?;
    let (control, _) = tar::read(&gunzip(&member(&whole, "control.tar.gz")?)?)?;
    let text = |name: &str| Ok::<_, anyhow::Error>(String::from_utf8(member(&control, name)?)?);
    let described = text("control")?;
    let fields = fields(&described);
    let field = |name: &str| fields.get(name).cloned().with_context(|| format!("the control file has no {name}"));
    let version = field("Version")?;
    let (version, revision) = version.rsplit_once("-r").context("the version has no revision")?;
    let conffiles = if control.contains_key("conffiles") { text("conffiles")? } else { String::new() };
    let mut scripts = BTreeMap::new();
    for name in SCRIPTS.into_iter().filter(|name| control.contains_key(*name)) {
        ensure!(control.get(name).is_some_and(|entry| entry.mode == 0o755), "{name} cannot be run");
        scripts.insert(name, text(name)?);
    }
    let package = Package {
        name: field("Package")?,
        version: version.to_owned(),
        revision: revision.parse().context("the revision is no number")?,
        architecture: field("Architecture")?,
        summary: field("Description")?,
        maintainer: field("Maintainer")?,
        licence: field("License")?,
        depends: list(fields.get("Depends")),
        conffiles: conffiles.lines().map(str::to_owned).collect(),
        entries,
        scripts,
        time,
    };
    ensure!(field("Installed-Size")? == package.installed_bytes().to_string(), "the installed size is another");
    Ok(package)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::package::sample;

    #[test]
    fn what_is_written_is_read_back_and_is_the_same_every_time() {
        let mut package = sample();
        package.scripts.insert("prerm", "#!/bin/sh\nexit 0\n".to_owned());
        let bytes = write(&package).unwrap();
        assert_eq!(read(&bytes).unwrap(), package);
        assert_eq!(write(&package).unwrap(), bytes);
        assert_eq!(file_name(&package), "stairgate_0.1.0-r1_x86_64.ipk");
    }

    #[test]
    fn a_script_of_another_format_and_a_cut_package_are_refused() {
        let mut package = sample();
        package.scripts.insert("post-install", String::new());
        assert!(write(&package).is_err());
        let bytes = write(&sample()).unwrap();
        for end in [0, 10, bytes.len() / 2, bytes.len() - 1] {
            assert!(read(&bytes[..end]).is_err(), "{end}");
        }
    }
}
