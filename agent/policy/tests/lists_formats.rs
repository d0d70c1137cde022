//! What each line means in each format.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use stairgate_policy::lists::{Format, Match, ReadError, Report, Rule, Scope, Skip, detect, find, read};

/// A rule in one notation for all formats: `=x` is the name alone, `*.x` what is beneath, `x` both; `@` takes back, `!`
/// is important, `-` switches off.
fn notation(rule: &Rule<'_>) -> String {
    let marks = [("-", rule.badfilter), ("@", rule.exception), ("!", rule.important)];
    let marks: String = marks.iter().filter(|(_, set)| *set).map(|(mark, _)| *mark).collect();
    let scope = match rule.scope {
        Scope::This => "=",
        Scope::Below => "*.",
        Scope::Both => "",
    };
    format!("{marks}{scope}{}", rule.name)
}

fn rules_of(format: Format, text: &[u8]) -> (Vec<String>, Result<Report, ReadError>) {
    let mut rules = Vec::new();
    let report = read(format, text, &mut |rule| rules.push(notation(&rule)));
    (rules, report)
}

/// A line, and the rules on it or the reason for which it is skipped; neither for comments.
#[track_caller]
fn check(format: Format, line: &str, rules: &[&str], skip: Option<Skip>) {
    // A good rule around it, so that the list as a whole is one.
    let good = match format {
        Format::Hosts => "0.0.0.0 good.example",
        Format::Domains => "=good.example",
        Format::AdBlock => "|good.example^",
        Format::Dnsmasq => "address=/good.example/",
        Format::Unbound => "local-zone: good.example refuse",
        Format::Rpz => "good.example. CNAME .",
    };
    let text = format!("{good}\n{line}\r\n{good}");
    let (found, report) = rules_of(format, text.as_bytes());
    let report = report.unwrap();
    assert_eq!(&found[1..found.len() - 1], rules, "{line:?}");
    assert_eq!(
        report.skips().collect::<Vec<_>>(),
        skip.map(|reason| (reason, 1)).into_iter().collect::<Vec<_>>(),
        "{line:?}"
    );
    assert_eq!(report.lines, text.lines().count() as u64);
    assert_eq!(report.bytes, text.len() as u64);
    assert_eq!(report.entries + report.exceptions, found.len() as u64);
}

#[test]
fn hosts() {
    let check = |line: &str, rules: &[&str], skip| check(Format::Hosts, line, rules, skip);
    check("0.0.0.0 a.example", &["=a.example"], None);
    check("127.0.0.1\tA.Example B.example. # c.example", &["=a.example", "=b.example"], None);
    check("  ::1   a.example#not-a-comment", &[], Some(Skip::InvalidName));
    check(":: münchen.example", &["=xn--mnchen-3ya.example"], None);
    check("255.255.255.255 broadcasthost", &[], Some(Skip::Local));
    check("127.0.0.1 localhost", &[], Some(Skip::Local));
    check("::1 ip6-loopback", &[], Some(Skip::Local));
    check("0.0.0.0 0.0.0.0", &[], Some(Skip::Address));
    check("0.0.0.0", &[], Some(Skip::Address));
    check("0.0.0.0 word", &[], Some(Skip::SingleLabel));
    check("192.0.2.1 router.example", &[], Some(Skip::Rewrite));
    check("fe80::1%lo0 localhost", &[], Some(Skip::Rewrite));
    check("a.example", &["=a.example"], None);
    check("8.example", &["=8.example"], None);
    check("not a list", &[], Some(Skip::Malformed));
    check("0.0.0.0 *.a.example", &[], Some(Skip::InvalidName));
    check("# 0.0.0.0 a.example", &[], None);
    check("   ", &[], None);
}

#[test]
fn domains_and_wildcards() {
    let check = |line: &str, rules: &[&str], skip| check(Format::Domains, line, rules, skip);
    check("a.example", &["a.example"], None);
    check("*.a.example", &["a.example"], None);
    check(".a.example", &["a.example"], None);
    check("=a.example", &["=a.example"], None);
    check("*.zip", &["zip"], None);
    check("zip", &[], Some(Skip::SingleLabel));
    check("  a.example   # why", &["a.example"], None);
    check("例え.テスト", &["xn--r8jz45g.xn--zckzah"], None);
    check("a.example/path", &[], Some(Skip::Url));
    check("http://a.example/", &[], Some(Skip::Url));
    check("ads*.example", &[], Some(Skip::Pattern));
    check("192.0.2.1", &[], Some(Skip::Address));
    check("2001:db8::1", &[], Some(Skip::Address));
    check("two words", &[], Some(Skip::Malformed));
    check("a..example", &[], Some(Skip::InvalidName));
    for comment in ["# c", "! c", "; c", "// c", "#c.example"] {
        check(comment, &[], None);
    }
}

#[test]
fn adblock() {
    let check = |line: &str, rules: &[&str], skip| check(Format::AdBlock, line, rules, skip);
    check("||a.example^", &["a.example"], None);
    check("||a.example^|", &["a.example"], None);
    check("||a.example", &["a.example"], None);
    check("||zip^", &["zip"], None);
    check("|a.example^", &["=a.example"], None);
    check("|a.example|", &["=a.example"], None);
    check("://a.example^", &["=a.example"], None);
    check("a.example^", &["a.example"], None);
    check("a.example", &["=a.example"], None);
    check("||*.a.example^", &["*.a.example"], None);
    check("*.a.example^", &["*.a.example"], None);
    check(".a.example^", &["*.a.example"], None);
    check("@@||a.example^", &["@a.example"], None);
    check("@@|a.example^", &["@=a.example"], None);
    check("||a.example^$important", &["!a.example"], None);
    check("@@||a.example^$important", &["@!a.example"], None);
    check("||a.example^$important,badfilter", &["-!a.example"], None);
    check("@@||a.example^$badfilter", &["-@a.example"], None);
    check("||a.example^$all", &["a.example"], None);
    check("||ä.example^", &["xn--4ca.example"], None);
    check("0.0.0.0 a.example b.example # c", &["=a.example", "=b.example"], None);
    for modifier in [
        "client=192.0.2.1",
        "ctag=device_pc",
        "dnstype=AAAA",
        "denyallow=b.a.example",
        "third-party",
        "badfilter,image",
    ] {
        check(&format!("||a.example^${modifier}"), &[], Some(Skip::Modifier));
    }
    check("|a.example^$dnsrewrite=NOERROR;CNAME;b.example", &[], Some(Skip::Rewrite));
    check("192.0.2.1 a.example", &[], Some(Skip::Rewrite));
    check("/^ads[0-9]+\\./", &[], Some(Skip::Pattern));
    check("/ads/$script", &[], Some(Skip::Pattern));
    check("||ads*.example^", &[], Some(Skip::Pattern));
    check("||ads.*^", &[], Some(Skip::Pattern));
    check("-banner-", &[], Some(Skip::Pattern));
    check("||a.example/ads^", &[], Some(Skip::Url));
    check("||a.example:8080^", &[], Some(Skip::Url));
    check("|https://a.example^", &[], Some(Skip::Url));
    check("||192.0.2.1^", &[], Some(Skip::Address));
    check("||2001:db8::1^", &[], Some(Skip::Address));
    check("||localhost^", &[], Some(Skip::Local));
    for cosmetic in [
        "a.example##.ad",
        "##.ad",
        "a.example#@#.ad",
        "a.example#?#.ad",
        "a.example#$#x",
        "a.example#%#x",
        "a.example$$script",
        "#@#.ad",
    ] {
        check(cosmetic, &[], Some(Skip::Cosmetic));
    }
    check("||^", &[], Some(Skip::InvalidName));
    check("two words", &[], Some(Skip::Malformed));
    for comment in ["! c", "# c", "#", "[Adblock Plus 2.0]"] {
        check(comment, &[], None);
    }
}

#[test]
fn dnsmasq() {
    let check = |line: &str, rules: &[&str], skip| check(Format::Dnsmasq, line, rules, skip);
    check("address=/a.example/", &["a.example"], None);
    check("address=/a.example/#", &["a.example"], None);
    check("address=/a.example/0.0.0.0", &["a.example"], None);
    check("address=/a.example/::", &["a.example"], None);
    check("address = /a.example/127.0.0.1 # c", &["a.example"], None);
    check("server=/a.example/", &["a.example"], None);
    check("local=/a.example/", &["a.example"], None);
    check("local=/a.example/b.example/", &["a.example", "b.example"], None);
    check("local=/.a.example/", &["a.example"], None);
    check("local=/*.a.example/", &["*.a.example"], None);
    check("server=/a.example/#", &["@a.example"], None);
    check("address=/a.example/192.0.2.1", &[], Some(Skip::Rewrite));
    check("server=/a.example/192.0.2.1", &[], Some(Skip::Directive));
    check("server=192.0.2.1", &[], Some(Skip::Directive));
    check("local=//", &[], Some(Skip::Directive));
    check("address=/#/", &[], Some(Skip::Pattern));
    check("local=/*ads.example/", &[], Some(Skip::Pattern));
    check("bogus-nxdomain=192.0.2.1", &[], Some(Skip::Directive));
    check("domain-needed", &[], Some(Skip::Directive));
    check("||a.example^", &[], Some(Skip::Malformed));
    check("# address=/a.example/", &[], None);
}

#[test]
fn unbound() {
    let check = |line: &str, rules: &[&str], skip| check(Format::Unbound, line, rules, skip);
    for zone_type in ["always_null", "always_nxdomain", "always_refuse", "refuse", "static", "deny", "inform_deny"] {
        check(&format!("local-zone: \"a.example.\" {zone_type}"), &["a.example"], None);
    }
    check("  local-zone: a.example \"static\" # c", &["a.example"], None);
    check("local-zone: 'a.example' transparent", &["@a.example"], None);
    check("local-data: \"a.example A 0.0.0.0\"", &["=a.example"], None);
    check("local-data: 'a.example. 3600 IN AAAA ::'", &["=a.example"], None);
    check("local-zone: \"a.example\" redirect\nlocal-data: \"a.example A 0.0.0.0\"", &["a.example"], None);
    check(
        "local-zone: \"a.example\" redirect\nlocal-data: \"a.example CNAME safe.example.\"",
        &[],
        Some(Skip::Rewrite),
    );
    check("local-data: \"a.example A 192.0.2.1\"", &[], Some(Skip::Rewrite));
    check("local-zone: a.example ipset", &[], Some(Skip::Modifier));
    check("local-zone: a.example no_such_type", &[], Some(Skip::Malformed));
    check("local-zone: a.example", &[], Some(Skip::Malformed));
    check("verbosity: 1", &[], Some(Skip::Directive));
    check("words", &[], Some(Skip::Malformed));
    check("server:", &[], None);
    check("# local-zone: a.example static", &[], None);
}

#[test]
fn rpz_records() {
    let check = |line: &str, rules: &[&str], skip| check(Format::Rpz, line, rules, skip);
    check("a.example CNAME .", &["=a.example"], None);
    check("a.example. 3600 IN CNAME . ; c", &["=a.example"], None);
    check("A.Example IN 1h cname *.", &["=a.example"], None);
    check("*.a.example CNAME .", &["*.a.example"], None);
    check("a.example CNAME rpz-drop.", &["=a.example"], None);
    check("a.example CNAME rpz-passthru.", &["@=a.example"], None);
    check("*.a.example CNAME rpz-passthru.", &["@*.a.example"], None);
    check("a.example CNAME a.example.", &["@=a.example"], None);
    check("a.example A 0.0.0.0", &["=a.example"], None);
    check("a.example A 127.0.0.1\n  AAAA ::1", &["=a.example", "=a.example"], None);
    check("a.example CNAME safe.example.", &[], Some(Skip::Rewrite));
    check("a.example TXT \"words\"", &[], Some(Skip::Rewrite));
    check("a.example CNAME rpz-tcp-only.", &[], Some(Skip::Modifier));
    check("24.0.2.0.192.rpz-ip CNAME .", &[], Some(Skip::Trigger));
    check("ns.example.rpz-nsdname CNAME .", &[], Some(Skip::Trigger));
    check("$INCLUDE other.zone", &[], Some(Skip::Directive));
    check("a.example NOTATYPE .", &[], Some(Skip::Malformed));
    check("a.example", &[], Some(Skip::Malformed));
    check("$TTL 3600", &[], None);
    check("@ IN NS localhost.", &[], None);
    check("@ SOA a.example. b.example. ( 1 ; serial\n 2 3\n 4 5 )", &[], None);
    check("; a.example CNAME .", &[], None);
}

#[test]
fn rpz_names_are_relative_to_the_zone() {
    let zone = "$ORIGIN rpz.example.\n@ SOA ns.example. root.example. 1 2 3 4 5\n\
        a.test CNAME .\nb.test.RPZ.example. CNAME .\nc.test. CNAME .\n*.d.test.rpz.example. CNAME .\n\
        a.test.rpz.example. CNAME rpz-passthru.\n\
        $ORIGIN test.rpz.example.\ne CNAME .\n$ORIGIN deep\nf CNAME .\n32.1.2.0.192.rpz-ip.rpz.example. CNAME .\n";
    let (rules, report) = rules_of(Format::Rpz, zone.as_bytes());
    let expected = ["=a.test", "=b.test", "=c.test", "*.d.test", "@=a.test", "=e.test", "=f.deep.test"];
    assert_eq!(rules, expected);
    assert_eq!(report.unwrap().skips().collect::<Vec<_>>(), [(Skip::Trigger, 1)]);

    let named_by_soa = "rpz.example. SOA ns.example. root.example. 1 2 3 4 5\na.test.rpz.example. CNAME .\n";
    assert_eq!(rules_of(Format::Rpz, named_by_soa.as_bytes()).0, ["=a.test"]);
}

#[test]
fn a_parenthesis_without_an_end_does_not_swallow_the_zone() {
    let mut zone = "@ SOA a. b. ( 1 2 3\n".to_owned();
    for number in 0..200 {
        zone.push_str(&format!("a{number}.example CNAME .\n"));
    }
    let (rules, report) = rules_of(Format::Rpz, zone.as_bytes());
    assert_eq!(report.unwrap().skipped(Skip::Malformed), 1);
    assert!(rules.len() > 100 && rules.len() < 200, "{}", rules.len());
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_name() {
    assert_eq!(rules_of(Format::Domains, b"\xef\xbb\xbfa.example\n").0, ["a.example"]);
}

#[test]
fn bytes_that_are_not_utf8_cost_one_line() {
    let (rules, report) = rules_of(Format::Domains, b"a.example\n\xff\xfe.example\nb.example # \xe4\n");
    assert_eq!(rules, ["a.example", "b.example"]);
    assert_eq!(report.unwrap().skipped(Skip::InvalidName), 1);
}

#[track_caller]
fn check_detected(text: &str, expected: Format) {
    assert_eq!(detect(text.as_bytes()).unwrap(), expected, "{text:?}");
}

#[test]
fn formats_show_in_the_first_lines() {
    check_detected("# a hosts file\n127.0.0.1 localhost\n0.0.0.0 a.example\n", Format::Hosts);
    check_detected("a.example\nb.example\n", Format::Domains);
    check_detected("# c\n*.a.example\n", Format::Domains);
    check_detected("! Title: list\n||a.example^\n", Format::AdBlock);
    check_detected("[Adblock Plus 2.0]\na.example\n||a.example^\n", Format::AdBlock);
    check_detected("example.com##.ad\n", Format::AdBlock);
    check_detected("address=/a.example/#\n", Format::Dnsmasq);
    check_detected("server:\n  local-zone: \"a.example\" static\n", Format::Unbound);
    check_detected("$TTL 3600\n@ SOA a. b. 1 2 3 4 5\n  NS localhost.\na.example CNAME .\n", Format::Rpz);
    check_detected("a.example CNAME .\n", Format::Rpz);
    check_detected("\u{feff}a.example\n", Format::Domains);
    for format in Format::ALL {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    assert_eq!("wildcard".parse(), Ok(Format::Domains));
    assert!("json".parse::<Format>().is_err());
}

#[test]
fn find_tells_the_lines_that_concern_a_name() {
    let list = "! c\n||a.example^\n||x.a.example^$important\n@@|y.x.a.example^\n||ya.example^\n||*.a.example^\n";
    let found = |name| -> Vec<(u64, String)> {
        let matches = find(Format::AdBlock, list.as_bytes(), name).unwrap();
        matches.into_iter().map(|found| (found.line, found.rule_text)).collect()
    };
    let line = |number: u64, text: &str| (number, text.to_owned());
    assert_eq!(found("A.example."), [line(2, "||a.example^")]);
    assert_eq!(
        found("y.x.a.example"),
        [
            line(2, "||a.example^"),
            line(3, "||x.a.example^$important"),
            line(4, "@@|y.x.a.example^"),
            line(6, "||*.a.example^")
        ]
    );
    assert_eq!(found("other.example"), []);
    assert_eq!(found("not a name"), []);
    let important = find(Format::AdBlock, list.as_bytes(), "x.a.example").unwrap();
    let expected = Match {
        rule_text: "||x.a.example^$important".into(),
        line: 3,
        matched_suffix: "x.a.example".into(),
        exception: false,
        important: true,
        badfilter: false,
    };
    assert_eq!(important[1], expected);
}
