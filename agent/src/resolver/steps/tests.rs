use std::collections::HashMap;
use std::net::IpAddr;

use stairgate_abi::Tag;
use stairgate_policy::household::YouTube;

use super::super::question::CLASS_IN;
use super::*;
use crate::resolver::local::LocalData;
use crate::resolver::special::DS;

const ADULT: Tag = Tag(1);
const HELPLINES: Tag = Tag(41);
const PROFILE: u16 = 3;

fn name(text: &str) -> DnsName {
    DnsName::from_dotted(text).unwrap()
}

fn question(text: &str, query_type: u16) -> Question {
    Question { name: name(text), query_type, class: CLASS_IN }
}

fn policy() -> ClientPolicy {
    ClientPolicy {
        profile: PROFILE,
        safe_search: true,
        youtube: YouTube::Moderate,
        strip_ech: true,
        refuse_bypass: true,
        ..ClientPolicy::unmanaged()
    }
}

/// A home, and verdicts by name; every other name passes.
struct Home {
    local: LocalNames,
    routed: Suffixes,
    exceptions: Suffixes,
    verdicts: HashMap<&'static str, Judged>,
}

impl Home {
    fn new() -> Self {
        let mut local = LocalNames::new(name("home.arpa"));
        local.add_host(&name("printer.home.arpa"), IpAddr::from([192, 168, 1, 9]));
        let block = |reason, hits: &[Tag]| Judged {
            verdict: Verdict::Block(reason),
            hits: hits.iter().copied().collect(),
            ..passing()
        };
        let allowed = Judged { allowed: true, ..passing() };
        let verdicts = HashMap::from([
            ("adult.example", block(Reason::Category, &[ADULT])),
            ("denied.example", block(Reason::Denied, &[])),
            ("late.example", block(Reason::Paused, &[])),
            ("unlisted.example", block(Reason::NotAllowed, &[])),
            ("allowed.example", allowed),
            ("www.startpage.com", allowed),
            ("helpline.example", Judged { met: [HELPLINES].into_iter().collect(), ..allowed }),
            ("www.bing.com", block(Reason::Denied, &[])),
            ("printer.home.arpa", block(Reason::Paused, &[])),
            ("mask.icloud.com", allowed),
        ]);
        local.add_prefix(IpAddr::from([192, 168, 1, 0]), 24);
        local.add_prefix(IpAddr::from([10, 0, 0, 0]), 24);
        let set = |names: &[&str]| names.iter().map(|text| name(text)).collect();
        let routed = set(&["corp.internal", "lan", "attic.home.arpa", "168.192.in-addr.arpa"]);
        Self { local, routed, exceptions: set(&["plex.direct"]), verdicts }
    }

    fn world(&self) -> World<'_, impl Fn(u16, &DnsName) -> Judged> {
        let judge = |profile, name: &DnsName| {
            assert_eq!(profile, PROFILE);
            self.verdicts.get(name.to_string().as_str()).copied().unwrap_or(passing())
        };
        World { local: &self.local, routed: &self.routed, private_answers: Some(&self.exceptions), judge }
    }
}

fn passing() -> Judged {
    Judged { verdict: Verdict::Pass, hits: Tags::EMPTY, met: Tags::EMPTY, allowed: false }
}

const OPEN: Passed = Passed { allowed: false, protected: false };

/// What comes of a question, in a word or two.
fn outcome(home: &Home, policy: &ClientPolicy, asked: &str, query_type: u16) -> String {
    match before(&question(asked, query_type), policy, &home.world()) {
        Before::Answer(answer) => match answer.data {
            LocalData::NoData => "no data".to_owned(),
            LocalData::NxDomain => "no name".to_owned(),
            _ => "local".to_owned(),
        },
        Before::Refuse(refused) => format!("refused {}: {}", refused.why.extended_error(), refused.why),
        Before::Alias { target, .. } => target.to_string(),
        Before::Resolve(_) => "resolve".to_owned(),
    }
}

#[test]
fn the_first_step_that_has_something_to_say_decides() {
    let home = Home::new();
    let canary = "refused 15: it would let programs ask other name servers than the home's";
    for (asked, query_type, expected) in [
        // Local names go before everything, also while the gate would refuse them.
        ("printer.home.arpa", query_type::A, "local"),
        ("printer.home.arpa", query_type::HTTPS, "no data"),
        ("other.home.arpa", query_type::A, "no name"),
        ("home.arpa", DS, "resolve"),
        ("x.local", query_type::A, "no name"),
        ("wiki.internal", query_type::A, "no name"),
        ("wiki.corp.internal", query_type::A, "resolve"),
        ("nas.lan", query_type::A, "resolve"),
        ("nas.home", query_type::A, "no name"),
        // What is not known here is looked for where somebody said, and nothing else.
        ("box.attic.home.arpa", query_type::A, "resolve"),
        ("9.1.168.192.in-addr.arpa", query_type::PTR, "local"),
        ("8.1.168.192.in-addr.arpa", query_type::PTR, "resolve"),
        ("8.2.168.192.in-addr.arpa", query_type::PTR, "resolve"),
        ("_dns.resolver.arpa", query_type::SVCB, "no data"),
        ("1.0.0.10.in-addr.arpa", query_type::PTR, "no name"),
        ("1.2.0.10.in-addr.arpa", query_type::PTR, "no name"),
        // Canaries go before what is allowed.
        ("use-application-dns.net", query_type::A, canary),
        ("Mask.iCloud.com", query_type::A, canary),
        ("mask-h2.icloud.com", query_type::HTTPS, canary),
        ("x.mask.icloud.com", query_type::AAAA, canary),
        ("xmask.icloud.com", query_type::A, "resolve"),
        ("icloud.com", query_type::A, "resolve"),
        // The gate's verdict, the same for every type.
        ("adult.example", query_type::A, "refused 15: it belongs to: Pornography"),
        ("adult.example", query_type::TXT, "refused 15: it belongs to: Pornography"),
        ("adult.example", query_type::ANY, "refused 15: it belongs to: Pornography"),
        ("denied.example", query_type::HTTPS, "refused 15: somebody blocked this name"),
        ("late.example", query_type::A, "refused 18: everything is closed"),
        ("unlisted.example", query_type::A, "refused 15: only what was chosen can be reached"),
        ("allowed.example", query_type::A, "resolve"),
        ("example.com", query_type::A, "resolve"),
        // Safe search, but not for what is refused anyway.
        ("www.google.com", query_type::A, "forcesafesearch.google.com"),
        ("www.google.com", query_type::AAAA, "forcesafesearch.google.com"),
        ("www.google.com", query_type::HTTPS, "refused 4: its search is the safe one"),
        ("www.google.com", query_type::SVCB, "refused 4: its search is the safe one"),
        ("www.google.com", query_type::TXT, "resolve"),
        ("www.bing.com", query_type::A, "refused 15: somebody blocked this name"),
        ("m.youtube.com", query_type::A, "restrictmoderate.youtube.com"),
        ("startpage.com", query_type::A, "refused 15: it is a search engine that cannot be made safe"),
        ("www.startpage.com", query_type::A, "resolve"),
    ] {
        assert_eq!(outcome(&home, &policy(), asked, query_type), expected, "{asked} {query_type}");
    }
}

#[test]
fn each_setting_stands_for_itself() {
    let home = Home::new();
    let ask = |policy: ClientPolicy, asked: &str| outcome(&home, &policy, asked, query_type::A);
    let open = ClientPolicy { refuse_bypass: false, ..policy() };
    assert_eq!(ask(open, "use-application-dns.net"), "resolve");
    assert_eq!(ask(open, "mask.icloud.com"), "resolve");
    assert_eq!(ask(open, "_dns.resolver.arpa"), "no data");
    let no_search = ClientPolicy { safe_search: false, youtube: YouTube::Strict, ..policy() };
    assert_eq!(ask(no_search, "www.google.com"), "resolve");
    assert_eq!(ask(no_search, "startpage.com"), "resolve");
    assert_eq!(ask(no_search, "www.youtube.com"), "restrict.youtube.com");
    assert_eq!(ask(ClientPolicy { youtube: YouTube::Off, ..policy() }, "www.youtube.com"), "resolve");
}

#[test]
fn refusals_look_as_the_profile_wants_them() {
    let home = Home::new();
    for style in [BlockStyle::NoData, BlockStyle::NxDomain, BlockStyle::NullAddress] {
        let policy = ClientPolicy { block_style: style, ..policy() };
        let found = |asked, query_type| match before(&question(asked, query_type), &policy, &home.world()) {
            Before::Refuse(refused) => refused.style,
            other => panic!("{other:?}"),
        };
        assert_eq!(found("adult.example", query_type::A), style);
        // Only this makes Firefox believe it, and only that leaves the name's other types alone.
        assert_eq!(found("use-application-dns.net", query_type::A), BlockStyle::NxDomain);
        assert_eq!(found("www.google.com", query_type::HTTPS), BlockStyle::NoData);
    }
}

#[test]
fn what_protects_is_not_recorded() {
    let home = Home::new();
    let passed = |asked| match before(&question(asked, query_type::A), &policy(), &home.world()) {
        Before::Resolve(passed) => passed,
        other => panic!("{other:?}"),
    };
    assert_eq!(passed("helpline.example"), Passed { allowed: true, protected: true });
    assert_eq!(passed("allowed.example"), Passed { allowed: true, protected: false });
    assert_eq!(passed("example.com"), OPEN);
}

fn leading_to(targets: &[&str]) -> Traits {
    Traits { targets: targets.iter().map(|text| name(text)).collect(), ..Traits::default() }
}

#[test]
fn what_is_hidden_behind_a_name_is_found() {
    let home = Home::new();
    let asked = question("www.shop.example", query_type::A);
    let check = |passed, targets: &[&str]| match after(&asked, passed, &leading_to(targets), &policy(), &home.world()) {
        After::Send => "sent".to_owned(),
        After::Refuse(refused) => format!("{} {}", refused.why.extended_error(), refused.why),
        After::SendWithoutEch => panic!(),
    };
    assert_eq!(check(OPEN, &[]), "sent");
    assert_eq!(check(OPEN, &["cdn.example", "edge.example"]), "sent");
    assert_eq!(
        check(OPEN, &["cdn.example", "adult.example"]),
        "15 it leads to adult.example, and it belongs to: Pornography"
    );
    assert_eq!(check(OPEN, &["denied.example"]), "15 it leads to denied.example, and somebody blocked that name");
    // That nobody has listed a delivery network says nothing against it.
    assert_eq!(check(OPEN, &["unlisted.example"]), "sent");
    let allowed = Passed { allowed: true, protected: false };
    assert_eq!(check(allowed, &["adult.example"]), "sent");
}

#[test]
fn names_of_the_internet_have_no_addresses_of_homes() {
    let home = Home::new();
    let traits = Traits { local_addresses: true, ..Traits::default() };
    let why = |asked, passed| match after(&question(asked, query_type::A), passed, &traits, &policy(), &home.world()) {
        After::Refuse(refused) => Some(refused.why),
        _ => None,
    };
    assert_eq!(why("evil.example", OPEN), Some(Why::Rebinding));
    assert_eq!(why("helpline.example", Passed { allowed: true, protected: true }), Some(Why::Rebinding));
    for asked in ["192-168-1-2.abc.plex.direct", "wiki.corp.internal", "nas.home.arpa"] {
        assert_eq!(why(asked, OPEN), None, "{asked}");
    }
    let unprotected = World { private_answers: None, ..home.world() };
    let after = after(&question("evil.example", query_type::A), OPEN, &traits, &policy(), &unprotected);
    assert_eq!(after, After::Send);
}

#[test]
fn keys_are_taken_out_where_the_profile_says_so() {
    let home = Home::new();
    let traits = Traits { has_ech: true, ..Traits::default() };
    let asked = question("site.example", query_type::HTTPS);
    assert_eq!(after(&asked, OPEN, &traits, &policy(), &home.world()), After::SendWithoutEch);
    let open = ClientPolicy { strip_ech: false, ..policy() };
    assert_eq!(after(&asked, OPEN, &traits, &open, &home.world()), After::Send);
    assert_eq!(after(&asked, OPEN, &Traits::default(), &policy(), &home.world()), After::Send);
}
