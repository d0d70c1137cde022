//! Tests of the image's shell scripts, without an image: what shellcheck and busybox's shell say of them, and what those
//! functions do on which the way back after an update depends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::workspace;

/// Folders of scripts that only a booted machine runs.
const FOLDERS: [&str; 5] = [
    "image-build/x86/root/usr/lib/router",
    "image-build/x86/root/etc/init.d",
    "image-build/x86/root/etc/ppp",
    "image-build/x86/initramfs",
    "image-build/concentrator",
];

fn scripts() -> Vec<PathBuf> {
    let files = |folder| fs::read_dir(workspace().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    // The concentrator has options for pppd too.
    let mut all: Vec<PathBuf> = FOLDERS.into_iter().flat_map(files).filter(|path| path.extension().is_none()).collect();
    all.sort();
    assert!(all.len() > 10, "{all:?}");
    all
}

#[test]
fn scripts_are_sound() {
    for script in scripts() {
        let parsed = Command::new("busybox").args(["ash", "-n"]).arg(&script).output().unwrap();
        assert!(parsed.status.success(), "{}: {}", script.display(), String::from_utf8_lossy(&parsed.stderr));
    }
    if !crate::packages::is_installed("shellcheck") {
        println!("not done: there is no shellcheck here (apt-get install shellcheck)");
        return;
    }
    // What is read in is looked at by itself.
    let checked = Command::new("shellcheck").args(["-s", "sh", "-e", "SC1091"]).args(scripts()).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

/// Runs a script with the image's functions, whose paths are led into `folder`.
fn run(folder: &Path, script: &str) -> String {
    let read = |name: &str| fs::read_to_string(workspace().join(FOLDERS[0]).join(name)).unwrap();
    let inside = folder.display();
    let text = (read("common") + &read("outcome"))
        .replace("/boot/esp/grub/grubenv", &format!("{inside}/grubenv"))
        .replace("/run/router/variables", &format!("{inside}/variables"))
        .replace("/data/router/last-update", &format!("{inside}/last-update"))
        .replace("/etc/stairgate-version", &format!("{inside}/version"))
        // The boot partition is always there.
        .replace("grep -q ' /boot/esp ' /proc/mounts", "true")
        .replace("mount -o remount,rw /boot/esp", "true")
        .replace("mount -o remount,ro /boot/esp", "true");
    let file = folder.join("script");
    fs::write(&file, text + "\nboot_word() { echo b; }\nsync() { :; }\n" + script).unwrap();
    let output = Command::new("busybox").arg("ash").arg(&file).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn grubs_variables_are_changed_in_one_step() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("grubenv");
    fs::write(&file, super::disk::grub_variables("slot=a\ntried=b\n")).unwrap();
    let said = run(
        folder.path(),
        "set_boot_variable slot b tried ''\nboot_variable slot\nboot_variable tried\nset_boot_variable data made\n",
    );
    assert_eq!(said, "b\n\n");
    assert_eq!(fs::read(&file).unwrap(), super::disk::grub_variables("slot=b\ntried=\ndata=made\n"));
}

#[test]
fn variables_that_cannot_be_read_are_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("grubenv");
    for unreadable in [&[0; 1024][..], b"", b"# GRUB Environment Block\n####"] {
        fs::write(&file, unreadable).unwrap();
        let said = run(folder.path(), "set_boot_variable slot b tried '' || echo failed\n");
        assert_eq!(said, "failed\n");
        assert_eq!(fs::read(&file).unwrap(), unreadable);
    }
}

#[test]
fn what_came_of_an_update_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("last-update");
    fs::write(&file, "version=0.2.0\nbefore=0.1.0\nplace=slot-b\noutcome=written\nreason=\ntime=1\n").unwrap();
    run(folder.path(), "record went-back 'the pages do not answer'\n");
    let text = fs::read_to_string(&file).unwrap();
    let begin = "version=0.2.0\nbefore=0.1.0\nplace=slot-b\noutcome=went-back\nreason=the pages do not answer\ntime=";
    assert!(text.starts_with(begin), "{text}");
    // The version before may have known nothing of that file.
    fs::remove_file(&file).unwrap();
    fs::write(folder.path().join("version"), "0.3.0\n").unwrap();
    run(folder.path(), "record kept ''\n");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("version=0.3.0\nbefore=\nplace=slot-b\noutcome=kept\nreason=\ntime="), "{text}");
}
