use super::*;

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
}

/// Whoever takes the `#` away from an example must find it right.
#[test]
fn what_the_example_shows_as_comments_is_right() {
    let is_toml =
        |line: &str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let uncommented: Vec<&str> = EXAMPLE
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| is_toml(rest)).unwrap_or(line))
        .filter(|line| !line.starts_with("home_interface") && !line.starts_with("provider_interface"))
        .collect();
    let config = Config::parse(&uncommented.join("\n")).unwrap();
    let household = config.initial_household.unwrap();
    assert_eq!((household.people.len(), household.devices.len(), config.lists.len()), (2, 1, 1));
    assert_eq!(household.people[1].filter.as_ref().unwrap().rules.windows.len(), 2);
    assert_eq!(config.local_prefixes.len(), 2);
    assert_eq!(config.control_group.as_deref(), Some("stairgate"));
}

#[test]
fn bridge_mode() {
    let config =
        Config::parse("mode = \"bridge\"\nhome_interface = \"eth1\"\nprovider_interface = \"eth0\"\n").unwrap();
    let expected = Placement::Bridge { home_interface: "eth1".to_owned(), provider_interface: "eth0".to_owned() };
    assert_eq!(config.placement, expected);
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
fn mistakes_in_the_household() {
    let person = |rest: &str| {
        format!(
            "[household]\nname = \"Home\"\ntime_zone = \"Europe/London\"\n[[household.person]]\nname = \"Mia\"\n{rest}"
        )
    };
    let rules = |rest: &str| person(&format!("role = \"child\"\nage = \"6-9\"\n[household.person.rules]\n{rest}"));
    let compare = "compare the line with the example file";
    check(
        &rules("block = [\"adlt\"]"),
        &format!("line 12: there is no category or service `adlt`, did you mean `adult`?; {compare}"),
    );
    check(
        &rules("allow_names = [\"exa mple.org\"]"),
        &format!(
            "line 12: `exa mple.org` is not a domain name: {}; {compare}",
            stairgate_policy::name::normalise("exa mple.org").unwrap_err()
        ),
    );
    check(
        &person("role = \"child\""),
        "line 4: Mia: every child has an `age`, and nobody else has one; correct the household below this line",
    );
    check(
        &person("role = \"carer\"\n[[household.device]]\nmac = \"02:00:5e:10:00:01\"\nlabel = \"TV\"\nowner = \"Max\""),
        "line 4: the device `TV` belongs to `Max`, who is not in the household; correct the household below this line",
    );
}

#[test]
fn all_mistakes_are_told_at_once_in_order() {
    let text = "mode = \"ruter\"\nlog_level = \"loud\"\n";
    let found = mistakes(text);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].contains("lan_interfaces") && found[1].starts_with("line 1") && found[2].starts_with("line 2"));
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
