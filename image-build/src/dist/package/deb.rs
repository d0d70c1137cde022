//! Packages of dpkg (deb(5)): an `ar` of `debian-binary`, `control.tar.gz` and `data.tar.xz`.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

use super::control::{self, Control, FORMAT};
use super::{Package, ar, tar, unxz, xz};

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
    let control = control::write(package, fields(package))?;
    let data = xz(&tar::write(&package.entries, package.time)?)?;
    Ok(ar::write(&[("debian-binary", FORMAT), ("control.tar.gz", &control), ("data.tar.xz", &data)], package.time))
}

fn fields(package: &Package) -> String {
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
    ensure!(names == ["debian-binary", "control.tar.gz", "data.tar.xz"], "its members are {names:?}");
    ensure!(members[0].1 == FORMAT, "it is of another format");
    let control = Control::read(members[1].1)?;
    control.package("-", String::new(), tar::read(&unxz(members[2].1)?)?)
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
