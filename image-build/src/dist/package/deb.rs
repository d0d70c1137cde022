//! Packages of dpkg (deb(5)): an `ar` of `debian-binary`, `control.tar.gz` and `data.tar.gz`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};

use super::{Entry, Package, ar, fields, gunzip, gzip, list, tar};

const FORMAT: &[u8] = b"2.0\n";
/// The names that scripts have in this format.
const SCRIPTS: [&str; 4] = ["preinst", "postinst", "prerm", "postrm"];

/// The package's file name.
pub(crate) fn file_name(package: &Package) -> String {
    let Package { name, version, revision, architecture, .. } = package;
    format!("{name}_{version}-{revision}_{architecture}.deb")
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
        ensure!(SCRIPTS.contains(name), "dpkg has no script `{name}`");
        control.insert((*name).to_owned(), file(0o755, text.clone().into_bytes()));
    }
    let control = gzip(&tar::write(&control, package.time)?)?;
    let data = gzip(&tar::write(&package.entries, package.time)?)?;
    Ok(ar::write(&[("debian-binary", FORMAT), ("control.tar.gz", &control), ("data.tar.gz", &data)], package.time))
}

fn control(package: &Package) -> String {
    let Package { name, version, revision, architecture, summary, maintainer, depends, .. } = package;
    let mut text = format!(
        "Package: {name}\nVersion: {version}-{revision}\nArchitecture: {architecture}\nMaintainer: {maintainer}\n\
         Installed-Size: {}\n",
        package.installed_bytes().div_ceil(1024),
    );
    if !depends.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "Depends: {}", depends.join(", "));
    }
    let _ = write!(text, "Section: net\nPriority: optional\nDescription: {}\n", summary.replace('\n', "\n "));
    text
}

/// The package that these bytes are, but for its licence, which stands in a file of it.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn read(bytes: &[u8]) -> Result<Package> {
    let members = ar::read(bytes)?;
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    ensure!(names == ["debian-binary", "control.tar.gz", "data.tar.gz"], "its members are {names:?}");
    ensure!(members[0].1 == FORMAT, "it is of another format");
    let (control, _) = tar::read(&gunzip(members[1].1)?)?;
    let (entries, time) = tar::read(&gunzip(members[2].1)?)?;
    let text = |name: &str| {
        let content = control.get(name).and_then(|entry| entry.content.clone());
        Ok::<_, anyhow::Error>(String::from_utf8(content.with_context(|| format!("there is no {name}"))?)?)
    };
    let described = text("control")?;
    let fields = fields(&described);
    let field = |name: &str| fields.get(name).cloned().with_context(|| format!("the control file has no {name}"));
    let version = field("Version")?;
    let (version, revision) = version.rsplit_once('-').context("the version has no revision")?;
    let conffiles = if control.contains_key("conffiles") { text("conffiles")? } else { String::new() };
    let mut scripts = BTreeMap::new();
    for name in SCRIPTS.into_iter().filter(|name| control.contains_key(*name)) {
        ensure!(control.get(name).is_some_and(|entry| entry.mode == 0o755), "{name} cannot be run");
        scripts.insert(name, text(name)?);
    }
    Ok(Package {
        name: field("Package")?,
        version: version.to_owned(),
        revision: revision.parse().context("the revision is no number")?,
        architecture: field("Architecture")?,
        summary: field("Description")?,
        maintainer: field("Maintainer")?,
        licence: String::new(),
        depends: list(fields.get("Depends")),
        conffiles: conffiles.lines().map(str::to_owned).collect(),
        entries,
        scripts,
        time,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::package::sample;

    #[test]
    fn what_is_written_is_read_back_and_is_the_same_every_time() {
        let mut package = sample();
        package.scripts.insert("postrm", "#!/bin/sh\nexit 0\n".to_owned());
        package.summary = "A filter\nfor families".to_owned();
        let bytes = write(&package).unwrap();
        assert_eq!(read(&bytes).unwrap(), Package { licence: String::new(), ..package.clone() });
        assert_eq!(write(&package).unwrap(), bytes);
        assert_eq!(file_name(&package), "stairgate_0.1.0-1_x86_64.deb");
        for end in [0, 10, bytes.len() / 2, bytes.len() - 1] {
            assert!(read(&bytes[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn dpkg_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.deb");
        std::fs::write(&path, write(&sample()).unwrap()).unwrap();
        let output = match std::process::Command::new("dpkg-deb").arg("--info").arg(&path).output() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                println!("not done: there is no dpkg-deb here");
                return;
            }
            output => output.unwrap(),
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("Version: 0.1.0-1") && text.contains("Depends: nftables, ca-bundle"), "{text}");
    }
}
