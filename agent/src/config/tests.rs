use jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair};

use super::*;
use crate::certificate::Certificates;
use crate::store::Store;

mod anything;
mod household;

const EXAMPLE: &str = include_str!("../../../image-build/config/stairgate.toml");

const GOOD: &str = r#"
mode = "router"
lan_interfaces = ["br-lan"]
"#;

fn mistakes(text: &str) -> Vec<String> {
    Config::parse(text).unwrap_err().iter().map(ToString::to_string).collect()
}

/// Adds `extra` to a good file and expects one mistake, word for word.
#[track_caller]
fn check(extra: &str, expected: &str) {
    assert_eq!(mistakes(&format!("{GOOD}{extra}")), [expected], "{extra}");
}

#[test]
fn the_example_is_right() {
    let config = Config::parse(EXAMPLE).unwrap();
    assert_eq!(config.placement, Placement::Router { lan_interfaces: vec!["br-lan".to_owned()] });
    assert_eq!(config.domain_capacity, None);
    assert!(config.lists.is_empty() && config.initial_household.is_none());
}

/// What OpenWrt's init script writes, as a test of its own has it.
#[test]
fn what_is_written_on_openwrt_is_right() {
    let router = Config::parse(include_str!("../../../image-build/openwrt/tests/router.toml")).unwrap();
    assert_eq!(router.placement, Placement::Router { lan_interfaces: vec!["br-lan".to_owned()] });
    assert_eq!(router.state_dir, Path::new("/etc/stairgate"));
    let ports = (router.resolver.map(|resolver| resolver.ports.dns), router.web.and_then(|web| web.http));
    assert_eq!(ports, (Some(5300), Some(8080)));
    let bridge = Config::parse(include_str!("../../../image-build/openwrt/tests/bridge.toml")).unwrap();
    let (home_interface, provider_interface) = ("lan\"1".to_owned(), "w\\an".to_owned());
    assert_eq!(bridge.placement, Placement::Bridge { home_interface, provider_interface });
    assert!(bridge.resolver.is_none());
    assert_eq!((bridge.local_prefixes.len(), bridge.web.map(|web| web.hosts.len())), (2, Some(1)));
    // With files of the household's own, none of which ends with a line break.
    let added = Config::parse(include_str!("../../../image-build/openwrt/tests/household.toml")).unwrap();
    let (resolver, web) = (added.resolver.unwrap(), added.web.unwrap());
    assert_eq!(added.log_level, LevelFilter::DEBUG);
    assert_eq!((resolver.ports.dns, resolver.cache_bytes, resolver.hosts.len()), (5300, Some(8 << 20), 1));
    assert_eq!((web.http, web.certificate.map(|files| files.key)), (Some(8080), Some("/etc/stairgate/key.pem".into())));
    let asked = Config::parse(include_str!("../../../image-build/openwrt/tests/dnsmasq.toml")).unwrap();
    assert_eq!(asked.resolver.unwrap().routes.len(), 20);
}

/// Lists are fetched anew; everything else that lies in the state directory is all that there is of it.
#[test]
fn what_is_kept_outlives_a_new_image_of_openwrt() {
    const KEPT: &str = include_str!("../../../image-build/openwrt/files/stairgate.keep");
    let directory = tempfile::tempdir().unwrap();
    drop(Store::open(directory.path()).unwrap());
    let now = Timestamp::now();
    let certificates = Certificates::open(directory.path(), None, Vec::new(), now).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["gate.example.net".to_owned()]).unwrap().self_signed(&key).unwrap();
    certificates.give(certificate.pem().as_bytes(), key.serialize_pem().as_bytes(), now).unwrap();
    let files = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut files: Vec<String> = files.map(|name| format!("/etc/stairgate/{}", name.display())).collect();
    files.sort();
    assert_eq!(files, ["family.pem", "resolver.pem", "stairgate.redb"].map(|name| format!("/etc/stairgate/{name}")));
    assert!(files.iter().all(|file| KEPT.lines().any(|line| line == file)), "{KEPT}");
}

#[test]
fn the_first_file_that_is_there_counts() {
    let directory = tempfile::tempdir().unwrap();
    let paths = ["first.toml", "second.toml"].map(|name| directory.path().join(name));
    let [first, second] = [&paths[0], &paths[1]].map(|path| path.to_str().unwrap());
    let error = first_of([first, second]).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{first}: ")) && error.contains(second), "{error}");
    for file in [second, first] {
        std::fs::write(file, GOOD).unwrap();
        assert_eq!(first_of([first, second]).unwrap(), Path::new(file));
    }
}

/// The example without the `#` before what it shows, in router mode.
fn uncommented_example() -> Vec<&'static str> {
    let is_toml =
        |line: &str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    EXAMPLE
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| is_toml(rest)).unwrap_or(line))
        .filter(|line| !line.starts_with("home_interface") && !line.starts_with("provider_interface"))
        .collect()
}

/// Whoever takes the `#` away from an example must find it right.
#[test]
fn what_the_example_shows_as_comments_is_right() {
    let config = Config::parse(&uncommented_example().join("\n")).unwrap();
    let household = config.initial_household.unwrap();
    assert_eq!((household.people.len(), household.devices.len(), config.lists.len()), (2, 1, 1));
    assert_eq!(household.people[1].filter.as_ref().unwrap().rules.windows.len(), 2);
    assert_eq!(config.local_prefixes.len(), 2);
    assert_eq!(config.control_group.as_deref(), Some("stairgate"));
}

#[test]
fn every_key_of_the_example_is_told_with_its_line_if_it_is_wrong() {
    let mut lines: Vec<String> = uncommented_example().into_iter().map(str::to_owned).collect();
    let mut keys = 0;
    for index in 0..lines.len() {
        let right = lines[index].clone();
        let Some((key, value)) = right.split_once(" = ").filter(|(key, _)| !key.contains(' ')) else { continue };
        keys += 1;
        let start = format!("line {}: ", index + 1);
        lines[index] = format!("{key} = {{ x = 1 }}");
        let found = mistakes(&lines.join("\n"));
        assert!(found.iter().all(|mistake| mistake.starts_with(&start)), "{key}: {found:?}");
        // The names of sets of servers are free.
        if key != "children" {
            lines[index] = format!("{key}x = {value}");
            let found = mistakes(&lines.join("\n"));
            let expected = format!("{start}unknown key `{key}x`; did you mean `{key}`?");
            assert!(found.contains(&expected), "{key}: {found:?}");
        }
        lines[index] = right;
    }
    assert!(keys > 60, "{keys}");
}

#[test]
fn bridge_mode() {
    let config =
        Config::parse("mode = \"bridge\"\nhome_interface = \"eth1\"\nprovider_interface = \"eth0\"\n").unwrap();
    let expected = Placement::Bridge { home_interface: "eth1".to_owned(), provider_interface: "eth0".to_owned() };
    assert_eq!(config.placement, expected);
    let needs = "bridge mode needs the names of both ports";
    for (ports, expected) in [
        ("home_interface = \"eth1\"", vec![format!("`provider_interface` is missing; {needs}")]),
        (
            "",
            vec![format!("`home_interface` is missing; {needs}"), format!("`provider_interface` is missing; {needs}")],
        ),
        (
            "home_interface = \"eth1\"\nprovider_interface = 0",
            vec![
                "line 3: `provider_interface` is a whole number and not a string; put it between double quotes".into(),
            ],
        ),
        (
            "home_interface = \"eth0\"\nprovider_interface = \"eth0\"",
            vec!["line 3: both ports of the bridge are the same; name the provider's port here".into()],
        ),
    ] {
        assert_eq!(mistakes(&format!("mode = \"bridge\"\n{ports}")), expected, "{ports}");
    }
}

#[test]
fn without_the_gate_there_must_be_a_resolver() {
    check(
        "gate = false\n",
        "line 4: without the gate and without the resolver nothing is filtered; add a section [resolver], or remove \
         `gate = false`",
    );
    assert!(!Config::parse(&format!("{GOOD}gate = false\n[resolver]\n")).unwrap().gate);
    assert!(Config::parse(GOOD).unwrap().gate);
}

#[test]
fn names_and_pages_do_not_answer_on_the_same_port() {
    let parse = |web: &str| {
        let text = format!("mode = \"router\"\nlan_interfaces = [\"br-lan\"]\n[resolver]\nhttps_port = 443\n{web}");
        Config::parse(&text)
    };
    let mistakes = parse("").unwrap_err();
    assert!(mistakes[0].to_string().contains("both answer on port 443"), "{mistakes:?}");
    for web in ["[web]\nhttps_port = 0\n", "[web]\nhttps_port = 8443\n", "[web]\nenabled = false\n"] {
        assert!(parse(web).is_ok(), "{web}");
    }
}

#[test]
fn a_certificate_comes_with_its_key() {
    let parse = |rest: &str| Config::parse(&format!("{GOOD}[web]\n{rest}")).unwrap().web.unwrap().certificate;
    assert_eq!(parse(""), None);
    let files = parse("certificate = \"/etc/fullchain.pem\"\nkey = \"/etc/privkey.pem\"\n").unwrap();
    assert_eq!((files.certificate, files.key), ("/etc/fullchain.pem".into(), "/etc/privkey.pem".into()));
    for (alone, path) in [("certificate", "/etc/fullchain.pem"), ("key", "/etc/privkey.pem")] {
        check(
            &format!("[web]\n{alone} = \"{path}\""),
            "line 5: a certificate and its key only work together; write `certificate` with the chain and `key` with its \
             private key, or neither",
        );
    }
    check(
        "[web]\ncertificate = \"/etc/fullchain.pem\"\nkey = \"privkey.pem\"",
        "line 6: `privkey.pem` is not an absolute path; write the whole path, from the first /",
    );
}

#[test]
fn mistakes_name_line_and_remedy() {
    check("lan_interfce = []", "line 4: unknown key `lan_interfce`; did you mean `lan_interfaces`?");
    check("log_level = \"loud\"", "line 4: unknown log level `loud`; `log_level` is one of error, warn, info, debug");
    check("state_dir = \"state\"", "line 4: `state` is not an absolute path; write the whole path, from the first /");
    check(
        "domain_capacity = 5",
        "line 4: `domain_capacity` is neither a possible number nor \"auto\"; write \"auto\", or a number from 10000 to 16000000",
    );
    check(
        "local_prefixes = [\"home\"]",
        "line 4: `home` is not a prefix; one looks like 192.168.1.0/24 or fd00::/8; correct it, or remove it",
    );
    check(
        "home_interface = \"eth1\"",
        "line 4: `home_interface` has no meaning in router mode; remove it, or change `mode`",
    );
}

#[test]
fn validation() {
    let resolver = |rest: &str| format!("[resolver]\n{rest}");
    let parse = |rest: &str| Config::parse(&format!("{GOOD}{}", resolver(rest))).unwrap().resolver.unwrap().dnssec;
    assert_eq!(parse(""), None);
    assert_eq!(parse("dnssec = false"), None);
    let settings = parse("dnssec = true\nnegative_anchors = [\"broken.example\"]\n").unwrap();
    assert_eq!(settings.negative_anchors.len(), 1);
    assert_eq!(settings.trust_anchors, None);
    check(
        &resolver("negative_anchors = [\"broken.example\"]"),
        "line 5: `negative_anchors` has no meaning while nothing is validated; write dnssec = true, or remove it",
    );
    check(
        &resolver("dnssec = true\ntrust_anchors = \"root.key\""),
        "line 6: `root.key` is not an absolute path; write the whole path, from the first /",
    );
    check(
        &resolver("dnssec = true\nnegative_anchors = [\".\"]"),
        "line 6: `.` is not possible here: it is the root; write a domain name, such as home.arpa",
    );
}

#[test]
fn mistakes_in_lists() {
    let list = |rest: &str| format!("[[list]]\nname = \"ads\"\n{rest}");
    check(
        &list("url = \"https://a.example/l\"\ncategory = \"adlt\"\n"),
        "line 7: there is no category `adlt`; did you mean `adult`?",
    );
    check(
        &list("url = \"https://a.example/l\"\nservice = \"youtub\"\n"),
        "line 7: there is no service `youtub`; did you mean `youtube`?",
    );
    check(
        &list("url = \"ftp://a.example/l\"\ncategory = \"adult\"\n"),
        "line 6: `ftp://a.example/l` is not the address of a list; an address starts with https:// or http://; for a file \
         on this machine use `path`",
    );
    check(
        &list("category = \"adult\"\n"),
        "line 4: list `ads` needs either `url` or `path`; keep exactly one of the two",
    );
    check(
        &list("path = \"/l\"\n"),
        "line 4: list `ads` needs either `category` or `service`; say what its names are with exactly one of the two",
    );
    check(
        &list("path = \"/l\"\ncategory = \"adult\"\nrefresh = \"1m\"\n"),
        "line 8: `refresh = 1m` is not possible; choose 1h to 30d",
    );
    check(
        &list("path = \"/l\"\ncategory = \"adult\"\nformat = \"excel\"\n"),
        "line 8: \"excel\" is not a list format; use hosts, domains, wildcard, adblock, dnsmasq, unbound or rpz; or write auto",
    );
    let twice = list("path = \"/l\"\ncategory = \"adult\"\n").repeat(2);
    check(&twice, "line 9: two lists have the name `ads`; rename one of them");
}

#[test]
fn mistakes_of_type_name_what_is_there_and_what_should_be() {
    let digits = "write digits only, without quotes";
    let quotes = "put it between double quotes";
    check("gate = \"no\"", "line 4: `gate` is a string and not true or false; write true or false, without quotes");
    check("control_group = 5", &format!("line 4: `control_group` is a whole number and not a string; {quotes}"));
    check("state_dir = true", &format!("line 4: `state_dir` is true or false and not a string; {quotes}"));
    check(
        "local_prefixes = [\n\"10.0.0.0/8\",\n10.5,\n]",
        "line 6: an entry of `local_prefixes` is a number with a fraction and not a string; write one such as \
         [\"one\", \"two\"]",
    );
    check("[web]\nhttp_port = \"80\"", &format!("line 5: `http_port` is a string and not a whole number; {digits}"));
    check("[web]\nhttp_port = 70000", "line 5: `http_port = 70000` is not possible; choose 0 to 65535");
    check(
        "[web]\nhttp_port = -0x1",
        "line 5: integers with a radix cannot be signed, expected nothing; compare the line with the example file",
    );
    check("[resolver]\nport = 0", "line 5: `port` is 0; choose a port, or write enabled = false");
    check(
        "[resolver]\nqueries_per_second = 2026-11-22",
        &format!("line 5: `queries_per_second` is a date or a time and not a whole number; {digits}"),
    );
    check(
        "[resolver.upstream_sets]\nchildren = \"udp://9.9.9.9\"",
        "line 5: `children` is a string and not a list of strings; write one such as [\"one\", \"two\"]",
    );
    check(
        "[list]\nname = \"ads\"",
        "line 4: `list` is a section and not a list of sections; begin each of them with [[list]]",
    );
    check(
        "list = [5]",
        "line 4: an entry of `list` is a whole number and not a section; begin each of them with [[list]]",
    );
    check("web = []", "line 4: `web` is a list and not a section; compare it with the example file");
}

#[test]
fn unknown_and_missing_keys_are_found_in_every_section() {
    for (section, line, known) in [
        ("[resolver]", 5, "enabled"),
        ("[web]", 5, "enabled"),
        ("[[resolver.route]]\nservers = [\"udp://9.9.9.9\"]\nzone = \"a.example\"", 7, "zone"),
        ("[[resolver.host]]\nname = \"a.example\"\naddress = \"10.0.0.1\"", 7, "address"),
        ("[[list]]\nname = \"ads\"\npath = \"/l\"\ncategory = \"adult\"", 8, "category"),
        ("[household]\nname = \"Home\"\ntime_zone = \"UTC\"", 7, "time_zone"),
    ] {
        let found = mistakes(&format!("{GOOD}{section}\nx{known} = 1"));
        assert_eq!(found, [format!("line {line}: unknown key `x{known}`; did you mean `{known}`?")], "{section}");
    }
    let add = "is missing; add it; the example file shows how";
    assert_eq!(mistakes("# Nothing"), [format!("`mode` {add}")]);
    for (section, found) in [
        ("[[resolver.route]]\nzone = \"a.example\"", format!("line 4: `servers` {add}")),
        ("[[resolver.host]]\nname = \"a.example\"", format!("line 4: `address` {add}")),
        ("[[list]]\npath = \"/l\"\ncategory = \"adult\"", format!("line 4: `name` {add}")),
    ] {
        check(section, &found);
    }
    check(
        "[web]\nqwertyuiop = 1",
        "line 5: unknown key `qwertyuiop`; remove it; the keys here are enabled, http_port, https_port, hosts, \
         certificate, key",
    );
    let unknown: String = (0..1000).map(|number| format!("unknown{number} = 1\n")).collect();
    assert_eq!(mistakes(&unknown).len(), 20);
}

#[test]
fn all_mistakes_are_told_at_once_in_order() {
    let text = r#"mode = "ruter"
log_level = "loud"
gate = 1
lan_interface = ["br-lan"]
[web]
http_port = 80.5
[household]
name = "Home"
[[list]]
name = "ads"
url = 5
category = "adlt"
colour = "red"
"#;
    let found = mistakes(text);
    let lines: Vec<&str> = found.iter().map(|sentence| sentence.split(':').next().unwrap()).collect();
    assert_eq!(
        lines,
        ["line 1", "line 2", "line 3", "line 4", "line 6", "line 7", "line 11", "line 12", "line 13"],
        "{found:?}"
    );
}

#[test]
fn a_key_that_is_missing_has_no_line_unless_its_section_has() {
    let found = mistakes("mode = \"ruter\"\nlog_level = \"loud\"\n");
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("`lan_interfaces` is missing"), "{found:?}");
}

#[test]
fn unusable_files_are_told_with_their_name() {
    let error = Config::load(Path::new("/nonexistent/stairgate.toml")).unwrap_err();
    assert!(error.to_string().starts_with("/nonexistent/stairgate.toml: cannot be read"), "{error}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("latin1.toml");
    std::fs::write(&path, b"mode = \"caf\xe9\"").unwrap();
    assert!(Config::load(&path).unwrap_err().to_string().contains("is not UTF-8 text"));
    std::fs::write(&path, vec![b'#'; FILE_BYTES_MAX as usize + 1]).unwrap();
    assert!(Config::load(&path).unwrap_err().to_string().contains("larger than"));
}
