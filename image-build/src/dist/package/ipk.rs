//! Packages of opkg, which OpenWrt has up to 24.10: a compressed tar of `debian-binary`, `data.tar.gz` and
//! `control.tar.gz`.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::control::{self, Control, FORMAT};
use super::{Entry, Package, gunzip, gzip, tar, wrap};

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
    let file = |content: Vec<u8>| Entry { mode: 0o644, content: Some(content) };
    let whole = BTreeMap::from([
        ("debian-binary".to_owned(), file(FORMAT.to_vec())),
        ("data.tar.gz".to_owned(), file(gzip(&tar::write(&package.entries, package.time)?)?)),
        ("control.tar.gz".to_owned(), file(control::write(package, fields(package))?)),
    ]);
    wrap(&tar::write(&whole, package.time)?)
}

fn fields(package: &Package) -> String {
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
    let member = |name: &str| {
        whole.get(name).and_then(|entry| entry.content.as_deref()).with_context(|| format!("there is no {name}"))
    };
    ensure!(member("debian-binary")? == FORMAT, "it is of another format");
    let content = tar::read(&gunzip(member("data.tar.gz")?)?)?;
    let control = Control::read(member("control.tar.gz")?)?;
    let (installed_size, licence) = (control.field("Installed-Size")?, control.field("License")?);
    let package = control.package("-r", licence, content)?;
    ensure!(installed_size == package.installed_bytes().to_string(), "the installed size is another");
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
