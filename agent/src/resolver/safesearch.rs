//! Search engines and YouTube, made to show what is for children by the names that they offer for this.
//!
//! Each of them documents a host that behaves as its usual ones do, except that its filter is on and cannot be switched
//! off. The asker is given that host's addresses under the name that it asked for, and because certificates are chosen by
//! the name that is visited, nothing looks different to it. Engines without such a host are refused instead.

use std::collections::HashMap;
use std::sync::LazyLock;

use stairgate_policy::household::YouTube;

use super::name::DnsName;
use super::suffixes::Suffixes;

/// How long the alias may be kept, in seconds: the family may change its mind.
pub const ALIAS_TTL: u32 = 300;

/// Endings of Google's search domains, as `https://www.google.com/supported_domains` and Google's own registrations have
/// them; the host is always `www.google.` with one of these.
const GOOGLE: &str = "\
    com ac ad ae al am as at az ba be bf bg bi bj bs bt by ca cat cc cd cf cg ch ci cl cm cn cv cx cz de dj dk dm dz ee \
    es eu fi fm fr ga ge gf gg gl gm gp gr gy hn hr ht hu ie im io iq is it je jo kg ki kz la li lk lt lu lv md me mg mk \
    ml mn ms mu mv mw ne nf nl no nr nu pl pn ps pt ro rs ru rw sc se sh si sk sm sn so sr st td tg tk tl tm tn to tt us \
    vg vu ws co.ao co.bw co.ck co.cr co.id co.il co.in co.jp co.ke co.kr co.ls co.ma co.mz co.nz co.th co.tz co.ug co.uk \
    co.uz co.ve co.vi co.za co.zm co.zw com.af com.ag com.ai com.ar com.au com.bd com.bh com.bn com.bo com.br com.by \
    com.bz com.co com.cu com.cy com.do com.ec com.eg com.et com.fj com.gh com.gi com.gt com.hk com.jm com.kh com.kw \
    com.lb com.lc com.ly com.mm com.mt com.mx com.my com.na com.nf com.ng com.ni com.np com.om com.pa com.pe com.pg \
    com.ph com.pk com.pr com.py com.qa com.sa com.sb com.sg com.sl com.sv com.tj com.tr com.tw com.ua com.uy com.vc \
    com.vn";
/// Endings of Yandex' search domains; the host is `yandex.` with one of these, with and without `www.` in front.
const YANDEX: &str = "az by co.il com com.am com.ge com.tr de ee eu fi fr kg kz lt lv md pl ru tj tm ua uz";

const GOOGLE_TARGET: &str = "forcesafesearch.google.com";
const YANDEX_TARGET: &str = "familysearch.yandex.ru";
/// Single hosts and what stands in for them.
const ENGINES: [(&str, &str); 11] = [
    ("www.bing.com", "strict.bing.com"),
    ("edgeservices.bing.com", "strict.bing.com"),
    ("duckduckgo.com", "safe.duckduckgo.com"),
    ("www.duckduckgo.com", "safe.duckduckgo.com"),
    ("start.duckduckgo.com", "safe.duckduckgo.com"),
    ("search.brave.com", "forcesafe.search.brave.com"),
    ("www.ecosia.org", "strict-safe-search.ecosia.org"),
    ("pixabay.com", "safesearch.pixabay.com"),
    ("api.qwant.com", "safeapi.qwant.com"),
    ("ya.ru", YANDEX_TARGET),
    ("www.ya.ru", YANDEX_TARGET),
];
const YOUTUBE: [&str; 5] = [
    "www.youtube.com",
    "m.youtube.com",
    "www.youtube-nocookie.com",
    "youtube.googleapis.com",
    "youtubei.googleapis.com",
];
const YOUTUBE_STRICT: &str = "restrict.youtube.com";
const YOUTUBE_MODERATE: &str = "restrictmoderate.youtube.com";
/// Engines whose filter cannot be insisted on by a name, each with everything beneath it.
const UNSAFE: [&str; 12] = [
    "duck.com",
    "html.duckduckgo.com",
    "lite.duckduckgo.com",
    "lite.qwant.com",
    "startpage.com",
    "search.yahoo.com",
    "search.yahoo.co.jp",
    "www.baidu.com",
    "m.baidu.com",
    "image.baidu.com",
    "search.naver.com",
    "www.mojeek.com",
];

/// What there is to do about a host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Search {
    /// Another host stands in for it.
    Alias(&'static DnsName),
    /// It is refused, because it has no other.
    Unsafe,
}

/// What there is to do about `name` when search engines are to be safe and YouTube is restricted like this; `None` for
/// every other name, which is nearly all of them.
pub fn search(name: &DnsName, safe_search: bool, youtube: YouTube) -> Option<Search> {
    let hosts = &*HOSTS;
    match hosts.aliases.get(name.as_wire()) {
        Some(Alias::Search(target)) => safe_search.then(|| Search::Alias(&hosts.targets[*target])),
        Some(Alias::YouTube) => match youtube {
            YouTube::Off => None,
            YouTube::Moderate => Some(Search::Alias(&hosts.youtube_moderate)),
            YouTube::Strict => Some(Search::Alias(&hosts.youtube_strict)),
        },
        None => (safe_search && hosts.no_alias.contains(name)).then_some(Search::Unsafe),
    }
}

enum Alias {
    /// Index into [`Hosts::targets`].
    Search(usize),
    YouTube,
}

struct Hosts {
    /// By name in wire form.
    aliases: HashMap<Box<[u8]>, Alias>,
    targets: Vec<DnsName>,
    youtube_moderate: DnsName,
    youtube_strict: DnsName,
    no_alias: Suffixes,
}

static HOSTS: LazyLock<Hosts> = LazyLock::new(|| {
    let mut hosts = Hosts {
        aliases: HashMap::new(),
        targets: Vec::new(),
        youtube_moderate: built_in(YOUTUBE_MODERATE),
        youtube_strict: built_in(YOUTUBE_STRICT),
        no_alias: UNSAFE.into_iter().map(built_in).collect(),
    };
    for (host, target) in ENGINES {
        hosts.add(host, target);
    }
    for ending in GOOGLE.split_whitespace() {
        hosts.add(&format!("www.google.{ending}"), GOOGLE_TARGET);
    }
    for ending in YANDEX.split_whitespace() {
        hosts.add(&format!("yandex.{ending}"), YANDEX_TARGET);
        hosts.add(&format!("www.yandex.{ending}"), YANDEX_TARGET);
    }
    hosts.aliases.extend(YOUTUBE.map(|host| (built_in(host).as_wire().into(), Alias::YouTube)));
    hosts
});

impl Hosts {
    fn add(&mut self, host: &str, target: &str) {
        let target = built_in(target);
        let index = self.targets.iter().position(|&known| known == target).unwrap_or_else(|| {
            self.targets.push(target);
            self.targets.len() - 1
        });
        self.aliases.insert(built_in(host).as_wire().into(), Alias::Search(index));
    }
}

fn built_in(text: &str) -> DnsName {
    DnsName::from_dotted(text).expect("every built-in name is read by the tests below")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(name: &str, safe_search: bool, youtube: YouTube) -> Option<String> {
        search(&DnsName::from_dotted(name).unwrap(), safe_search, youtube).map(|found| match found {
            Search::Alias(target) => target.to_string(),
            Search::Unsafe => "refused".to_owned(),
        })
    }

    #[test]
    fn engines_are_made_safe() {
        for (name, expected) in [
            ("www.google.com", "forcesafesearch.google.com"),
            ("WWW.Google.co.uk", "forcesafesearch.google.com"),
            ("www.google.com.au", "forcesafesearch.google.com"),
            ("www.google.cat", "forcesafesearch.google.com"),
            ("www.bing.com", "strict.bing.com"),
            ("edgeservices.bing.com", "strict.bing.com"),
            ("duckduckgo.com", "safe.duckduckgo.com"),
            ("search.brave.com", "forcesafe.search.brave.com"),
            ("www.ecosia.org", "strict-safe-search.ecosia.org"),
            ("pixabay.com", "safesearch.pixabay.com"),
            ("api.qwant.com", "safeapi.qwant.com"),
            ("ya.ru", "familysearch.yandex.ru"),
            ("www.yandex.com.tr", "familysearch.yandex.ru"),
            ("yandex.kz", "familysearch.yandex.ru"),
            ("de.search.yahoo.com", "refused"),
            ("www.startpage.com", "refused"),
            ("lite.duckduckgo.com", "refused"),
        ] {
            assert_eq!(find(name, true, YouTube::Off).as_deref(), Some(expected), "{name}");
            assert_eq!(find(name, false, YouTube::Strict), None, "{name}");
        }
        for name in
            ["google.com", "mail.google.com", "www.google.example", "www.yahoo.com", "youtube.com", "bing.com", "."]
        {
            assert_eq!(find(name, true, YouTube::Strict), None, "{name}");
        }
    }

    #[test]
    fn youtube_is_a_choice_of_its_own() {
        for name in YOUTUBE {
            for safe_search in [false, true] {
                assert_eq!(find(name, safe_search, YouTube::Off), None);
                assert_eq!(find(name, safe_search, YouTube::Moderate).as_deref(), Some(YOUTUBE_MODERATE));
                assert_eq!(find(name, safe_search, YouTube::Strict).as_deref(), Some(YOUTUBE_STRICT));
            }
        }
    }

    #[test]
    fn what_stands_in_is_not_replaced_again() {
        let hosts = &*HOSTS;
        let targets = hosts.targets.iter().chain([&hosts.youtube_moderate, &hosts.youtube_strict]);
        for target in targets {
            assert_eq!(search(target, true, YouTube::Strict), None, "{target}");
        }
    }

    #[test]
    fn no_ending_comes_twice() {
        for (endings, least) in [(GOOGLE, 190), (YANDEX, 22)] {
            let mut all: Vec<&str> = endings.split_whitespace().collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert!(all.len() == count && count >= least, "{count}");
        }
    }
}
