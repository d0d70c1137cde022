//! The packages for OpenWrt: `.ipk` up to 24.10, `.apk` from 25.12 on. Both hold the same files.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, ensure};
use ring::digest::{SHA256, digest};

use super::package::{Package, apk, ipk};
use super::{Parts, Target, hexadecimal};

/// What the package manager has to bring: `nft` with the kernel's part of it. Nothing else is used.
const DEPENDS: [&str; 2] = ["kmod-nft-nat", "nftables"];
const CONFFILES: [&str; 4] =
    ["/etc/config/stairgate", "/etc/stairgate/more.toml", "/etc/stairgate/resolver.toml", "/etc/stairgate/web.toml"];

const INIT: &str = include_str!("../../openwrt/files/stairgate.init");
const CONFIG: &str = include_str!("../../openwrt/files/stairgate.config");
/// What the configuration shows as a possibility, and says where the gate cannot run.
const NO_GATE_ASIDE: &str = "\t#option gate '0'\n";
const NO_GATE: &str = "\toption gate '0'\n";
const KEEP: &str = include_str!("../../openwrt/files/stairgate.keep");
const POSTINST: &str = include_str!("../../openwrt/files/postinst");
const PRERM: &str = include_str!("../../openwrt/files/prerm");
const MENU: &str = include_str!("../../openwrt/luci/menu.json");
const RIGHTS: &str = include_str!("../../openwrt/luci/acl.json");
const PAGES: &str = include_str!("../../openwrt/luci/pages.js");

/// A package's file name and bytes, for every architecture of OpenWrt that the target's agent runs on.
///
/// # Errors
/// If something does not fit the formats.
pub(crate) fn packages(target: &Target, parts: &Parts) -> Result<Vec<(String, Vec<u8>)>> {
    let mut packages = Vec::new();
    for architecture in target.openwrt {
        let package = contents(target, architecture, parts);
        let bytes = ipk::write(&package)?;
        ensure!(ipk::read(&bytes)? == package, "the .ipk is not what was to be packed");
        packages.push((ipk::file_name(&package), bytes));
        let package = for_apk(package);
        let bytes = apk::write(&package)?;
        ensure!(apk::read(&bytes)? == package, "the .apk is not what was to be packed");
        packages.push((apk::file_name(&package), bytes));
    }
    Ok(packages)
}

/// The package as opkg knows it.
fn contents(target: &Target, architecture: &str, parts: &Parts) -> Package {
    let mut package = Package {
        name: "stairgate".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: super::REVISION,
        architecture: architecture.to_owned(),
        summary: super::SUMMARY.to_owned(),
        maintainer: super::MAINTAINER.to_owned(),
        licence: env!("CARGO_PKG_LICENSE").to_owned(),
        depends: DEPENDS.map(str::to_owned).to_vec(),
        conffiles: CONFFILES.map(str::to_owned).to_vec(),
        entries: BTreeMap::new(),
        scripts: BTreeMap::from([("postinst", POSTINST.to_owned()), ("prerm", PRERM.to_owned())]),
        time: parts.time,
    };
    package.add("usr/sbin/stairgate", 0o755, parts.agent.clone());
    package.add("etc/init.d/stairgate", 0o755, INIT);
    let config = if target.gate { CONFIG.to_owned() } else { CONFIG.replace(NO_GATE_ASIDE, NO_GATE) };
    package.add("etc/config/stairgate", 0o600, config);
    package.add("lib/upgrade/keep.d/stairgate", 0o644, KEEP);
    package.add("usr/share/luci/menu.d/stairgate.json", 0o644, MENU);
    package.add("usr/share/rpcd/acl.d/stairgate.json", 0o644, RIGHTS);
    package.add("www/luci-static/resources/view/stairgate/pages.js", 0o644, PAGES);
    package
}

/// The same package as apk knows it. What opkg keeps beside a package, OpenWrt keeps in files of the package there.
fn for_apk(mut package: Package) -> Package {
    let files = package.entries.iter().filter_map(|(path, entry)| Some((path, entry.content.as_ref()?)));
    let files: Vec<(String, Vec<u8>)> = files.map(|(path, content)| (format!("/{path}"), content.clone())).collect();
    let names: String = files.iter().map(|(path, _)| format!("{path}\n")).collect();
    let conffiles: String = package.conffiles.iter().map(|path| format!("{path}\n")).collect();
    let mut originals = String::new();
    for (path, content) in files.iter().filter(|(path, _)| package.conffiles.contains(path)) {
        // Writing to a string cannot fail.
        let _ = writeln!(originals, "{path} {}", hexadecimal(digest(&SHA256, content).as_ref()));
    }
    let beside = format!("lib/apk/packages/{}", package.name);
    package.add(&format!("{beside}.list"), 0o644, names);
    package.add(&format!("{beside}.conffiles"), 0o644, conffiles);
    package.add(&format!("{beside}.conffiles_static"), 0o644, originals);
    package.conffiles.clear();
    package.scripts = BTreeMap::from([
        ("post-install", POSTINST.to_owned()),
        ("post-upgrade", POSTINST.replacen('\n', "\nexport PKG_UPGRADE=1\n", 1)),
        ("pre-deinstall", PRERM.to_owned()),
    ]);
    package
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use super::*;
    use crate::dist::target;

    fn parts() -> Parts {
        Parts { agent: b"an agent".to_vec(), licences: b"licences".to_vec(), sbom: b"{}".to_vec(), time: 1_700_000_000 }
    }

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt")
    }

    /// busybox as routers have it, or a note that there is none.
    fn busybox() -> Option<Command> {
        if crate::packages::is_installed("busybox") {
            return Some(Command::new("busybox"));
        }
        println!("not done: there is no busybox here (apt-get install busybox-static)");
        None
    }

    #[test]
    fn both_formats_are_read_back_with_the_same_files_modes_and_owner() {
        let packages = packages(&target::ALL[0], &parts()).unwrap();
        let opkg = ipk::read(&packages[0].1).unwrap();
        let apk = apk::read(&packages[1].1).unwrap();
        assert_eq!(opkg, contents(&target::ALL[0], "x86_64", &parts()));
        assert_eq!(apk, for_apk(opkg.clone()));
        for (path, entry) in &opkg.entries {
            assert_eq!(apk.entries.get(path), Some(entry), "{path}");
        }
        let modes: Vec<(&str, u32)> = opkg
            .entries
            .iter()
            .filter(|(_, entry)| entry.content.is_some())
            .map(|(path, entry)| (path.as_str(), entry.mode))
            .collect();
        assert_eq!(
            modes,
            [
                ("etc/config/stairgate", 0o600),
                ("etc/init.d/stairgate", 0o755),
                ("lib/upgrade/keep.d/stairgate", 0o644),
                ("usr/sbin/stairgate", 0o755),
                ("usr/share/luci/menu.d/stairgate.json", 0o644),
                ("usr/share/rpcd/acl.d/stairgate.json", 0o644),
                ("www/luci-static/resources/view/stairgate/pages.js", 0o644),
            ]
        );
        assert!(opkg.entries.values().all(|entry| entry.content.is_some() || entry.mode == 0o755));
        assert_eq!(opkg.conffiles, CONFFILES);
    }

    #[test]
    fn apk_finds_beside_the_files_what_openwrt_looks_for() {
        let apk = for_apk(contents(&target::ALL[0], "x86_64", &parts()));
        let text = |name: &str| {
            let entry = &apk.entries[&format!("lib/apk/packages/stairgate.{name}")];
            String::from_utf8(entry.content.clone().unwrap()).unwrap()
        };
        assert!(text("list").lines().any(|line| line == "/etc/init.d/stairgate"));
        assert!(!text("list").contains("lib/apk"));
        assert_eq!(text("conffiles").lines().collect::<Vec<_>>(), CONFFILES);
        let hash = hexadecimal(digest(&SHA256, CONFIG.as_bytes()).as_ref());
        assert_eq!(text("conffiles_static"), format!("/etc/config/stairgate {hash}\n"));
        let upgrade = &apk.scripts["post-upgrade"];
        assert!(upgrade.starts_with("#!/bin/sh\nexport PKG_UPGRADE=1\n") && upgrade.contains("default_postinst"));
    }

    #[test]
    fn where_the_gate_cannot_run_the_configuration_says_so() {
        for target in &target::ALL {
            let package = contents(target, target.openwrt[0], &parts());
            let config = String::from_utf8(package.entries["etc/config/stairgate"].content.clone().unwrap()).unwrap();
            assert_eq!(config.contains(NO_GATE), !target.gate, "{}", target.name);
        }
        // What the feed does when it packs.
        let makefile = std::fs::read_to_string(folder().join("Makefile")).unwrap();
        let names: Vec<&str> = target::ALL.iter().filter(|target| !target.gate).map(|target| target.name).collect();
        assert!(makefile.contains(&format!("$(filter {},$(STAIRGATE_TARGET))", names.join(" "))));
        assert!(makefile.contains("'s/#option gate/option gate/'") && CONFIG.matches("#option gate").count() == 1);
    }

    #[test]
    fn without_the_gate_nothing_is_mounted_and_the_hardware_may_forward() {
        let config = CONFIG.replace(NO_GATE_ASIDE, NO_GATE);
        let Some((said, written)) = run(&config, "OFFLOAD=1", "start_service") else { return };
        assert!(written.contains("gate = false\n"), "{written}");
        assert!(said.contains("procd_close_instance") && !said.contains("mount") && !said.contains("uci"), "{said}");
        // It had been switched off for a gate that was there before.
        let (said, _) = run(&config, "HELD=1", "start_service").unwrap();
        assert!(said.contains("uci set firewall.@defaults[0].flow_offloading_hw=1\n"), "{said}");
    }

    #[test]
    fn luci_can_read_its_menu_entry_and_rights() {
        let menu: serde_json::Value = serde_json::from_str(MENU).unwrap();
        let rights: serde_json::Value = serde_json::from_str(RIGHTS).unwrap();
        let entry = &menu["admin/services/stairgate"];
        let name = entry["depends"]["acl"][0].as_str().unwrap();
        assert!(rights[name]["read"]["uci"].is_array());
        let view = format!("www/luci-static/resources/view/{}.js", entry["action"]["path"].as_str().unwrap());
        assert!(contents(&target::ALL[0], "x86_64", &parts()).entries.contains_key(&view));
    }

    #[test]
    fn the_feed_installs_what_the_packages_hold() {
        let makefile = std::fs::read_to_string(folder().join("Makefile")).unwrap();
        for (path, _) in
            contents(&target::ALL[0], "x86_64", &parts()).entries.iter().filter(|(_, entry)| entry.content.is_some())
        {
            assert!(makefile.contains(&format!("$(1)/{path}\n")), "{path}");
        }
        assert!(makefile.contains(&format!("PKG_VERSION:={}\n", env!("CARGO_PKG_VERSION"))));
        assert!(CONFFILES.iter().all(|path| makefile.contains(&format!("\n{path}\n"))));
    }

    /// What the agent itself keeps is compared with the list by a test of its own.
    #[test]
    fn a_new_image_keeps_the_configuration() {
        assert!(CONFFILES.iter().all(|path| KEEP.lines().any(|line| line == *path)), "{KEEP}");
    }

    /// What the init script does on a router with this configuration, with the file that it wrote for the agent.
    fn run(config: &str, variables: &str, function: &str) -> Option<(String, String)> {
        run_beside(&[], config, variables, function)
    }

    /// The same where there are other files too, each with its name.
    fn run_beside(files: &[(&str, &str)], config: &str, variables: &str, function: &str) -> Option<(String, String)> {
        let work = tempfile::tempdir().unwrap();
        std::fs::create_dir(work.path().join("var")).unwrap();
        let usual = [("config", config), ("mounts", "bpf /elsewhere bpf rw 0 0\n"), ("uptime", "20.71 31.02\n")];
        for (name, content) in usual.iter().chain(files) {
            std::fs::write(work.path().join(name), content).unwrap();
        }
        let script = format!(
            ". {0}/tests/router.sh\n. {0}/files/stairgate.init\nFOLDER=.; OFFLOAD=0; HELD=0; CHECK=0; CHECK_OLD=0\n\
             DETACH=0; RUNNING=; MEANWHILE=; DNSMASQ_PORT=; DOMAIN=; LOCAL=; BOGUSPRIV=0\n{variables}\n\
             PROGRAM=program; FIREWALL=firewall; MOUNTS=mounts\n\
             UPTIME=uptime; MORE=more.toml; MORE_RESOLVER=resolver.toml; MORE_WEB=web.toml\n\
             CONFIGURATION=var/stairgate.toml\n{function}\n",
            folder().display()
        );
        let output = busybox()?.args(["ash", "-e", "-c", &script]).current_dir(work.path()).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let written = std::fs::read_to_string(work.path().join("var/stairgate.toml")).unwrap_or_default();
        Some((said, written))
    }

    const BRIDGE: &str = "config stairgate 'main'\n\toption mode 'bridge'\n\toption home_interface 'lan\"1'\n\
                          \toption provider_interface 'w\\an'\n\tlist local_prefix '10.20.0.0/16'\n\
                          \tlist local_prefix 'fd12:3456::/32'\nconfig resolver 'resolver'\n\toption enabled '0'\n\
                          config web 'web'\n\tlist host 'gate.example.net'\n";

    /// Compares with a file beside the script, or writes it if STAIRGATE_GOLDEN=write.
    fn compare(name: &str, text: &str) {
        let path = folder().join("tests").join(name);
        if std::env::var_os("STAIRGATE_GOLDEN").is_some_and(|value| value == "write") {
            std::fs::write(&path, text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{}", path.display());
    }

    #[test]
    fn the_configuration_as_shipped_starts_the_agent() {
        let Some((said, written)) = run(CONFIG, "OFFLOAD=1", "start_service") else { return };
        compare("router.calls", &said);
        let (said, _) = run(CONFIG, "", "service_triggers").unwrap();
        assert_eq!(said, "procd_add_reload_trigger stairgate dhcp\n");
        compare("router.toml", &written);
    }

    #[test]
    fn a_bridge_has_two_ports_and_odd_values_stay_what_they_are() {
        let Some((_, written)) = run(BRIDGE, "", "start_service") else { return };
        compare("bridge.toml", &written);
    }

    #[test]
    fn it_is_not_started_when_switched_off_or_configured_wrongly() {
        let Some((said, written)) = run("config stairgate 'main'\n\toption enabled '0'\n", "", "start_service") else {
            return;
        };
        assert_eq!((said.as_str(), written.as_str()), ("", ""));
        let (said, written) = run(CONFIG, "CHECK=4", "start_service || echo refused").unwrap();
        assert!(said.contains("not started: stairgate --config var/stairgate.toml.new check"), "{said}");
        assert!(said.ends_with("refused\n") && !said.contains("procd"), "{said}");
        assert_eq!(written, "", "a wrong configuration may not be taken for one that was in force");
    }

    /// procd ends what it is not told of again, and leaves alone what it is told of as it was.
    #[test]
    fn what_runs_goes_on_with_its_configuration_when_the_new_one_is_wrong() {
        let before = [("var/stairgate.toml", "gate = true\n# the one before\n")];
        let Some((said, written)) = run_beside(&before, CONFIG, "CHECK=4", "start_service") else { return };
        assert!(said.contains("goes on with the configuration that it had"), "{said}");
        assert!(said.contains("procd_set_param file var/stairgate.toml program\n"), "{said}");
        assert_eq!(written, before[0].1);
        // The gate that is in force is the old configuration's.
        let config = CONFIG.replace(NO_GATE_ASIDE, NO_GATE);
        let (said, _) = run_beside(&before, &config, "CHECK=4 OFFLOAD=1", "start_service").unwrap();
        assert!(said.contains("uci set firewall.@defaults[0].flow_offloading_hw=0\n"), "{said}");
        // An agent that has become another one may not understand it any more.
        let (said, _) = run_beside(&before, CONFIG, "CHECK=4 CHECK_OLD=4", "start_service || echo refused").unwrap();
        assert!(said.contains("not started") && said.ends_with("refused\n") && !said.contains("procd"), "{said}");
    }

    #[test]
    fn what_dnsmasq_alone_knows_is_asked_of_it() {
        let variables = "DOMAIN=lan LOCAL=/lan/ BOGUSPRIV=1 DNSMASQ_PORT=1053";
        let Some((_, written)) = run(CONFIG, variables, "start_service") else { return };
        let zones: Vec<&str> = written.lines().filter_map(|line| line.strip_prefix("zone = ")).collect();
        assert_eq!(zones[..4], ["\"lan\"", "\"10.in-addr.arpa\"", "\"168.192.in-addr.arpa\"", "\"d.f.ip6.arpa\""]);
        assert_eq!((zones[4], zones[19]), ("\"16.172.in-addr.arpa\"", "\"31.172.in-addr.arpa\""));
        assert_eq!(written.matches("[[resolver.route]]\n").count(), 20);
        assert_eq!(written.matches("servers = [\"udp://127.0.0.1:1053\"]\n").count(), 20);
        compare("dnsmasq.toml", &written);
        // It asks others for the names of addresses, answers nobody, or belongs to another router.
        for (config, variables, has_route) in [
            (CONFIG, "DOMAIN=lan LOCAL=/lan/", true),
            (CONFIG, "DOMAIN=lan", false),
            (CONFIG, "DOMAIN=lan LOCAL=/lan/ DNSMASQ_PORT=0", false),
            (BRIDGE, "DOMAIN=lan LOCAL=/lan/ BOGUSPRIV=1", false),
        ] {
            let (_, written) = run(config, variables, "start_service").unwrap();
            assert_eq!(written.matches("[[resolver.route]]").count(), usize::from(has_route), "{variables}: {written}");
        }
    }

    #[test]
    fn what_the_household_adds_comes_where_it_belongs() {
        let files = [
            ("more.toml", "log_level = \"debug\"\n[resolver.upstream_sets]\nchildren = [\"tls://192.0.2.53\"]"),
            ("resolver.toml", "cache_mib = 8\n[[resolver.host]]\nname = \"nas.home.arpa\"\naddress = \"192.0.2.4\""),
            ("web.toml", "certificate = \"/etc/stairgate/chain.pem\"\nkey = \"/etc/stairgate/key.pem\""),
        ];
        let Some((_, written)) = run_beside(&files, CONFIG, "", "start_service") else { return };
        compare("household.toml", &written);
    }

    const IN_MEMORY: (&str, &str) = ("mounts", "overlayfs:/tmp/root / overlay rw,noatime,lowerdir=/ 0 0\n");

    /// A database that is open while the changes of files move from memory to flash is lost with the memory.
    #[test]
    fn it_is_not_started_while_what_it_writes_would_be_lost() {
        let Some((said, written)) = run_beside(&[IN_MEMORY], CONFIG, "OFFLOAD=1", "start_service") else { return };
        compare("flash.calls", &said);
        assert_eq!(written, "");
        // They are being moved.
        let (said, _) = run(CONFIG, "RUNNING=mount_root", "start_service").unwrap();
        compare("flash.calls", &said);
        // There is nothing to wait for: flash is never going to be used.
        let (said, _) =
            run_beside(&[IN_MEMORY, ("uptime", "600.00 1.00\n")], CONFIG, "OFFLOAD=1", "start_service").unwrap();
        compare("router.calls", &said);
    }

    #[test]
    fn it_waits_until_everything_is_on_flash_and_is_started_then() {
        // First what is mounted changes, then the copying ends.
        let meanwhile = "MEANWHILE='grep -q tmp mounts || RUNNING=; echo >mounts overlayfs:/overlay / overlay rw 0 0'";
        let variables = format!("RUNNING=mount_root; {meanwhile}");
        let Some((said, _)) = run_beside(&[IN_MEMORY], CONFIG, &variables, "await_flash") else { return };
        assert_eq!(said, "sleep 2\nsleep 2\n");
        let (said, _) =
            run_beside(&[IN_MEMORY], CONFIG, "MEANWHILE='echo 600.00 1.00 >uptime'", "await_flash").unwrap();
        assert_eq!(said, "sleep 2\n");
        // As procd starts it: the script of another shell, and then the script itself.
        let script = "await_flash() { echo awaited; }\n[ \"$1\" != start ] || echo started\n";
        let function = "chmod +x script; busybox ash -c \"$AWAIT_AND_START\" ./script";
        let (said, _) = run_beside(&[("script", &format!("#!/bin/sh\n{script}"))], CONFIG, "", function).unwrap();
        assert_eq!(said, "awaited\nstarted\n");
    }

    #[test]
    fn detaching_gives_back_what_was_taken() {
        let Some((said, _)) = run(CONFIG, "HELD=1", "detach") else { return };
        compare("detach.calls", &said);
        let (said, _) = run(CONFIG, "", "detach").unwrap();
        assert!(!said.contains("uci") && !said.contains("firewall"), "{said}");
    }

    #[test]
    fn what_was_taken_is_given_back_even_if_the_gate_cannot_be_taken_off() {
        let Some((said, _)) = run(CONFIG, "HELD=1 DETACH=1", "detach || echo failed") else { return };
        assert_eq!(said.matches("stairgate --config var/stairgate.toml detach\n").count(), 10, "{said}");
        assert!(said.contains("uci set firewall.@defaults[0].flow_offloading_hw=1\n"), "{said}");
        assert!(said.ends_with("failed\n"), "{said}");
    }

    #[test]
    fn scripts_are_clean() {
        let scripts = ["files/stairgate.init", "files/postinst", "files/prerm", "tests/router.sh"];
        for script in scripts {
            let Some(mut ash) = busybox() else { return };
            let output = ash.args(["ash", "-n"]).arg(folder().join(script)).output().unwrap();
            assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        }
        if !crate::packages::is_installed("shellcheck") {
            println!("not done: there is no shellcheck here (apt-get install shellcheck)");
            return;
        }
        // busybox has `local`, and rc.common is named where an interpreter would be.
        let output = Command::new("shellcheck")
            .args(["--shell=dash", "--exclude=SC3043,SC1008"])
            .args(scripts)
            .current_dir(folder())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
