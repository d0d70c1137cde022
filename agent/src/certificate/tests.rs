use rcgen::{CertificateParams, KeyPair};

use super::*;

/// A certificate for `names` and its key, in PEM.
fn made_for(names: &[&str]) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    (CertificateParams::new(names).unwrap().self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

#[test]
fn a_certificate_is_made_once_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Certificates::open(directory.path(), None, Vec::new(), now());
    let file = directory.path().join(own::FILE);
    open().unwrap();
    let made = std::fs::read(&file).unwrap();
    assert_eq!(open().unwrap().status(), Status { configured: false, in_force: None, problem: None });
    assert_eq!(std::fs::read(&file).unwrap(), made);
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    std::fs::write(&file, "nonsense").unwrap();
    assert!(open().unwrap_err().to_string().contains("remove it"));
}

#[test]
fn what_is_given_is_in_force_until_it_is_taken_away() {
    let directory = tempfile::tempdir().unwrap();
    let certificates = Certificates::open(directory.path(), None, Vec::new(), now()).unwrap();
    let mut changes = certificates.changes();
    changes.mark_unchanged();
    let (chain, key) = made_for(&["gate.example.net"]);
    assert!(certificates.give(b"nonsense", key.as_bytes(), now()).is_err());
    assert!(!changes.has_changed().unwrap() && !certificates.covers("gate.example.net"));
    certificates.give(chain.as_bytes(), key.as_bytes(), now()).unwrap();
    assert!(changes.has_changed().unwrap());
    assert!(certificates.covers("gate.example.net") && !certificates.covers(own::NAME));
    assert_eq!(std::fs::metadata(directory.path().join(FAMILY_FILE)).unwrap().mode() & 0o777, 0o600);
    // As after a restart.
    let again = Certificates::open(directory.path(), None, Vec::new(), now()).unwrap();
    assert_eq!(again.public_name().as_deref(), Some("gate.example.net"));
    certificates.take_away(now()).unwrap();
    certificates.take_away(now()).unwrap();
    assert_eq!(certificates.public_name(), None);
}

#[test]
fn a_file_with_chain_and_key_may_be_given_as_either_and_is_read_again() {
    let (authority, leaf, key) = given::tests::chain("gate.example.net");
    let (chain, both) = (format!("{leaf}{authority}"), format!("{leaf}{authority}{key}"));
    for (chain, key) in [(&chain, &both), (&both, &key), (&both, &both)] {
        let directory = tempfile::tempdir().unwrap();
        let open = || Certificates::open(directory.path(), None, Vec::new(), now()).unwrap();
        open().give(chain.as_bytes(), key.as_bytes(), now()).unwrap();
        // As after a restart.
        let Status { in_force, problem, .. } = open().status();
        assert_eq!((in_force.map(|in_force| in_force.name), problem), (Some("gate.example.net".to_owned()), None));
    }
}

#[test]
fn what_cannot_be_kept_leaves_what_was_given_before() {
    let directory = tempfile::tempdir().unwrap();
    let certificates = Certificates::open(directory.path(), None, Vec::new(), now()).unwrap();
    let (chain, key) = made_for(&["gate.example.net"]);
    certificates.give(chain.as_bytes(), key.as_bytes(), now()).unwrap();
    let kept = std::fs::read(directory.path().join(FAMILY_FILE)).unwrap();
    let (chain, key) = made_for(&["other.example.net"]);
    let late = now() + SignedDuration::from_hours(24 * 365 * 3000);
    assert!(certificates.give(chain.as_bytes(), key.as_bytes(), late).is_err());
    assert!(certificates.give(chain.as_bytes(), chain.as_bytes(), now()).is_err());
    assert_eq!(std::fs::read(directory.path().join(FAMILY_FILE)).unwrap(), kept);
    assert_eq!(certificates.public_name().as_deref(), Some("gate.example.net"));
}

#[test]
fn files_are_read_again_when_they_change_and_a_good_one_stays() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let files = Files { certificate: file("fullchain.pem"), key: file("privkey.pem") };
    let write = |(chain, key): &(String, String)| {
        for (file, text) in [(&files.certificate, chain), (&files.key, key)] {
            // As those do who renew certificates.
            keep(file, text.as_bytes()).unwrap();
        }
    };
    let certificates = Certificates::open(directory.path(), Some(files.clone()), Vec::new(), now()).unwrap();
    let Status { configured, in_force, problem } = certificates.status();
    assert!(configured && in_force.is_none() && problem.unwrap().contains("fullchain.pem"));
    let (first, second) = (made_for(&["first.example.net"]), made_for(&["second.example.net"]));
    write(&first);
    certificates.look(now());
    assert_eq!(certificates.public_name().as_deref(), Some("first.example.net"));
    write(&(second.0.clone(), first.1.clone()));
    certificates.look(now());
    assert_eq!(certificates.public_name().as_deref(), Some("first.example.net"));
    assert!(certificates.status().problem.unwrap().contains("does not fit"));
    write(&second);
    certificates.look(now());
    assert_eq!(certificates.public_name().as_deref(), Some("second.example.net"));
    assert_eq!(certificates.status().problem, None);
    assert!(matches!(
        certificates.give(first.0.as_bytes(), first.1.as_bytes(), now()),
        Err(CertificateError::Configured)
    ));
}

#[test]
fn the_box_goes_by_the_name_that_the_family_uses() {
    for (names, hosts, name) in [
        (&["www.example.net", "gate.example.net"][..], &[][..], "www.example.net"),
        (&["www.example.net", "gate.example.net"], &["gate.example.net"], "gate.example.net"),
        (&["www.example.net", "stairgate.example.net"], &["other.example"], "stairgate.example.net"),
        (&["*.example.net"], &[], "stairgate.example.net"),
        (&["*.example.net"], &["gate.example.net"], "gate.example.net"),
        (&["*.example.net", "example.net"], &[], "example.net"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        let certificates = Certificates::open(directory.path(), None, hosts, now()).unwrap();
        let (chain, key) = made_for(names);
        certificates.give(chain.as_bytes(), key.as_bytes(), now()).unwrap();
        assert_eq!(certificates.public_name().as_deref(), Some(name), "{names:?}");
    }
}
