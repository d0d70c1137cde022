//! The package for Debian and what is made of it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, ensure};

use super::package::{Package, deb, gzip};
use super::{Parts, Target, manual};

/// What the program says of itself.
const HELP: &str = include_str!("../../../agent/tests/cli_golden/help.txt");
const COPYRIGHT: &str = include_str!("../../debian/copyright");
const MIT: &str = include_str!("../../../LICENSE-MIT");
/// What Debian's own checker is to pass over, and why.
const OVERRIDES: &str = include_str!("../../debian/stairgate.lintian-overrides");
const CONFIG: &str = include_str!("../../config/stairgate.toml");
/// What the configuration shows as defaults or possibilities, and what it says where the gate cannot run: then there must
/// be a resolver.
const NO_GATE: [(&str, &str); 2] = [("# gate = true\n", "gate = false\n"), ("# [resolver]\n", "[resolver]\n")];
const UNIT: &str = include_str!("../../debian/stairgate.service");
const USERS: &str = include_str!("../../debian/stairgate.sysusers");
const POSTINST: &str = include_str!("../../debian/postinst");
const PRERM: &str = include_str!("../../debian/prerm");
const POSTRM: &str = include_str!("../../debian/postrm");
const README: &str = include_str!("../../guides/debian.md");

/// The package's file name and bytes; none where Debian has no such architecture.
///
/// # Errors
/// If something does not fit the format.
pub(crate) fn package(target: &Target, parts: &Parts, revision: u32) -> Result<Option<(String, Vec<u8>)>> {
    let Some(architecture) = target.debian else { return Ok(None) };
    let package = contents(target, architecture, parts, revision)?;
    let bytes = deb::write(&package)?;
    ensure!(deb::read(&bytes)? == package, "the .deb is not what was to be packed");
    Ok(Some((deb::file_name(&package), bytes)))
}

fn contents(target: &Target, architecture: &str, parts: &Parts, revision: u32) -> Result<Package> {
    let scripts = [("postinst", POSTINST), ("prerm", PRERM), ("postrm", POSTRM)];
    let mut package = Package {
        name: "stairgate".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        revision,
        architecture: architecture.to_owned(),
        summary: format!("{}\n{}", super::SUMMARY, super::DESCRIPTION),
        maintainer: super::MAINTAINER.to_owned(),
        // It stands in the file of copyrights.
        licence: String::new(),
        depends: vec!["nftables".to_owned()],
        conffiles: vec!["/etc/stairgate/stairgate.toml".to_owned()],
        entries: BTreeMap::new(),
        scripts: scripts.map(|(name, text)| (name, text.to_owned())).into(),
        time: parts.time,
    };
    let licences = String::from_utf8(parts.licences.clone()).map_err(|_| anyhow!("the licences are not text"))?;
    let made = i64::try_from(parts.time).ok().and_then(|time| jiff::Timestamp::from_second(time).ok());
    let made = made.context("the commit's time is none")?;
    let page = manual::write(HELP, &made.strftime("%Y-%m-%d").to_string(), &package.version)?;
    let changes = changes(&package, made);
    package.add("usr/bin/stairgate", 0o755, parts.agent.clone());
    package.add("etc/stairgate/stairgate.toml", 0o644, configuration(target));
    package.add("usr/lib/systemd/system/stairgate.service", 0o644, UNIT);
    package.add("usr/lib/sysusers.d/stairgate.conf", 0o644, USERS);
    package.add("usr/share/doc/stairgate/README.md", 0o644, README);
    package.add("usr/share/doc/stairgate/copyright", 0o644, format!("{COPYRIGHT}{MIT}"));
    package.add("usr/share/doc/stairgate/LICENCES.txt", 0o644, licences);
    package.add("usr/share/doc/stairgate/changelog.Debian.gz", 0o644, gzip(changes.as_bytes())?);
    package.add(&format!("usr/share/man/man{0}/stairgate.{0}.gz", manual::SECTION), 0o644, gzip(page.as_bytes())?);
    package.add("usr/share/lintian/overrides/stairgate", 0o644, OVERRIDES);
    package.add("usr/share/doc/stairgate/stairgate.cdx.json", 0o644, parts.sbom.clone());
    Ok(package)
}

/// The configuration that the package brings.
pub(super) fn configuration(target: &Target) -> String {
    let changes: &[(&str, &str)] = if target.gate { &[] } else { &NO_GATE };
    changes.iter().fold(CONFIG.to_owned(), |config, (from, to)| config.replacen(from, to, 1))
}

/// The history of the package, in the form of deb-changelog(5).
fn changes(package: &Package, made: jiff::Timestamp) -> String {
    let Package { name, version, revision, maintainer, .. } = package;
    format!(
        "{name} ({version}-{revision}) unstable; urgency=medium\n\n  * What changed is told by the history of the source.\n\n \
         -- {maintainer}  {}\n",
        made.strftime("%a, %d %b %Y %H:%M:%S +0000"),
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::*;
    use crate::dist::target;

    #[test]
    fn the_package_is_read_back_with_its_files_and_modes() {
        let parts = Parts { agent: b"an agent".to_vec(), licences: b"MIT".to_vec(), sbom: b"{}".to_vec(), time: 7 };
        let (name, bytes) = package(&target::ALL[0], &parts, 1).unwrap().unwrap();
        assert_eq!(name, format!("stairgate_{}-1_amd64.deb", env!("CARGO_PKG_VERSION")));
        let package = deb::read(&bytes).unwrap();
        let expected = contents(&target::ALL[0], "amd64", &parts, 1).unwrap();
        assert_eq!(package, expected);
        assert_eq!(package.entries["usr/bin/stairgate"].mode, 0o755);
        let others = package.entries.iter().filter(|(path, entry)| entry.content.is_some() && !path.contains("bin/"));
        assert!(others.into_iter().all(|(_, entry)| entry.mode == 0o644));
        // The configuration belongs to the family once it is there, and nothing else does.
        assert_eq!(package.conffiles, ["/etc/stairgate/stairgate.toml"]);
    }

    #[test]
    fn where_the_gate_cannot_run_the_configuration_says_so() {
        for target in &target::ALL {
            let text = configuration(target);
            let said: Vec<&str> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
            let expected = if target.gate { &[][..] } else { &["gate = false", "[resolver]"] };
            assert_eq!(said[..2], ["mode = \"router\"", "lan_interfaces = [\"br-lan\"]"]);
            assert_eq!(said[2..], *expected, "{}", target.name);
        }
    }

    #[test]
    fn scripts_are_clean() {
        if !crate::packages::is_installed("shellcheck") {
            println!("not done: there is no shellcheck here (apt-get install shellcheck)");
            return;
        }
        let output = Command::new("shellcheck")
            .args(["postinst", "prerm", "postrm", "tests/probe.sh"])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("debian"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
