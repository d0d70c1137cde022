//! Commands that need no running agent: what people see, word for word, and the exit codes.
#![expect(clippy::unwrap_used, reason = "a test ends where what it stands on gives way")]

use std::path::Path;
use std::process::{Command, Output};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../image-build/config/stairgate.toml");

fn stairgate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stairgate")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Compares with the file of this name beside the tests; `STAIRGATE_GOLDEN=write` writes it anew.
#[track_caller]
fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli_golden").join(name);
    if std::env::var("STAIRGATE_GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert_eq!(found, expected, "{} differs; see it, then run again with STAIRGATE_GOLDEN=write", path.display());
}

#[test]
fn help_teaches() {
    let help = stairgate(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    golden("help.txt", text(&help.stdout));
    golden("help-pause.txt", text(&stairgate(&["pause", "--help"]).stdout));
    golden("help-quota.txt", text(&stairgate(&["quota", "--help"]).stdout));
    golden("help-block.txt", text(&stairgate(&["block", "--help"]).stdout));
}

#[test]
fn the_example_checks_out() {
    let check = stairgate(&["check", "--config", EXAMPLE, "--json"]);
    assert_eq!((check.status.code(), text(&check.stderr)), (Some(0), ""));
    let told: serde_json::Value = serde_json::from_slice(&check.stdout).unwrap();
    assert_eq!((told["mode"].as_str(), told["interfaces"][0].as_str()), (Some("router"), Some("br-lan")));
    let check = stairgate(&["check", "--config", EXAMPLE]);
    assert!(text(&check.stdout).contains("is right. It means:"), "{check:?}");
}

#[test]
fn a_wrong_configuration_is_told_with_file_line_and_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wrong.toml");
    std::fs::write(&path, "mode = \"router\"\nlan_interfce = [\"br-lan\"]\n").unwrap();
    let path = path.to_str().unwrap();
    let expected = format!("{path}: line 2: unknown key `lan_interfce`; did you mean `lan_interfaces`?\n");
    for command in ["check", "run", "status"] {
        let output = stairgate(&[command, "--config", path]);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(4), expected.as_str()), "{command}");
    }
}

#[test]
fn the_gate_is_taken_away_whatever_has_become_of_the_configuration() {
    if Path::new("/sys/fs/bpf/stairgate").exists() {
        println!("not done: this machine has a gate, which would be taken away");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wrong.toml");
    std::fs::write(&path, "mode = \"rooter\"\n").unwrap();
    for (path, problem) in [(path.to_str().unwrap(), "line 1: unknown mode"), ("/nonexistent.toml", "cannot be read")] {
        let output = stairgate(&["detach", "--config", path]);
        let said = text(&output.stderr);
        assert!(said.starts_with(path) && said.contains(problem) && said.contains("/sys/fs/bpf/stairgate"), "{said}");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(text(&output.stdout).contains("taken off 0 interfaces"), "{output:?}");
    }
}

#[test]
fn without_an_agent_commands_say_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stairgate.toml");
    let socket = directory.path().join("control.sock");
    let config = format!("mode = \"router\"\nlan_interfaces = [\"lan0\"]\ncontrol_socket = {socket:?}\n");
    std::fs::write(&path, config).unwrap();
    let path = path.to_str().unwrap();
    for command in [
        vec!["status"],
        vec!["people"],
        vec!["devices"],
        vec!["lists"],
        vec!["lists", "update"],
        vec!["pause", "mia"],
        vec!["resume", "mia"],
        vec!["usage"],
        vec!["quota", "mia", "90m", "--of", "youtube"],
        vec!["more", "mia", "15m"],
        vec!["block", "example.com", "for", "mia"],
        vec!["explain", "example.com", "for", "mia"],
    ] {
        let output = stairgate(&[&["--config", path], &command[..]].concat());
        assert_eq!(output.status.code(), Some(3), "{command:?}: {output:?}");
        assert!(text(&output.stderr).contains("the agent is not running"), "{command:?}: {output:?}");
    }
}

#[test]
fn commands_that_make_no_sense_are_refused_before_anything_happens() {
    for command in [
        vec!["pause"],
        vec!["pause", "mia", "--for", "soon"],
        vec!["pause", "mia", "--for", "0m"],
        vec!["pause", "mia", "--for", "1h", "--until", "07:00"],
        vec!["block", "example.com", "mia"],
        vec!["block", "example.com", "to", "mia"],
        vec!["fly"],
        vec![],
    ] {
        let output = stairgate(&command);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {output:?}");
    }
}

#[test]
fn the_doctor_needs_no_configuration() {
    let output = stairgate(&["doctor", "--config", "/nonexistent/stairgate.toml", "--json"]);
    let findings: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<_> = findings.iter().map(|finding| finding["what"].as_str().unwrap()).collect();
    for expected in ["kernel", "BPF system call", "BPF compiler (JIT)", "BPF file system", "rights", "clock"] {
        assert!(names.contains(&expected), "{names:?}");
    }
    for finding in &findings {
        let complete = finding["state"] == "good" || finding["cost"].is_string() && finding["remedy"].is_string();
        assert!(complete, "{finding}");
    }
    let missing = findings.iter().any(|finding| finding["state"] == "missing");
    assert_eq!(output.status.code(), Some(i32::from(missing)));
}

#[test]
fn categories_are_told() {
    let output = stairgate(&["categories", "--json"]);
    let all: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let kind = |id: &str| all.iter().find(|entry| entry["id"] == id).and_then(|entry| entry["kind"].as_str());
    assert_eq!((kind("adult"), kind("youtube")), (Some("category"), Some("service")));
    assert_eq!(output.status.code(), Some(0));
}
