//! The categories that rules are made of.
//!
//! They are grouped by the four Cs of Livingstone and Stoilova, "The 4Cs: Classifying Online Risk to Children" (2021),
//! because that says what a category is a matter of: what a child sees, whom it meets, what it does, what it is sold.
//! Beside these stand the ways around a filter, what must always be reachable, and everyday things that are no risk at
//! all but that rules about time want to name.
//!
//! A category says what a site *is for*, never whom it is for: sites about being lesbian, gay, bisexual or transgender,
//! about the body, or about a religion belong to no blocked category for that reason.

use stairgate_abi::{CONNECTION_CHECKS, Tag, Tags};

use crate::household::AgeBand;

/// Something that rules can block or permit.
#[derive(PartialEq, Eq, Debug)]
pub struct Category {
    /// Stable name for configuration and storage.
    pub id: &'static str,
    /// Stable number in the domain table, see [`crate::tags`].
    pub tag: Tag,
    /// What it is a matter of.
    pub group: Group,
    /// What people call it.
    pub title: &'static str,
    /// What a parent needs to know to decide.
    pub sentence: &'static str,
    /// The oldest children it is blocked for unless somebody decides otherwise; `None` if it never is by default. That
    /// rules loosen with age is so true by construction.
    pub blocked_through: Option<AgeBand>,
}

impl Category {
    /// True if it is blocked for children of this age unless somebody decides otherwise.
    pub fn blocked_by_default(&self, age: AgeBand) -> bool {
        self.blocked_through.is_some_and(|oldest| age <= oldest)
    }
}

/// What a category is a matter of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Group {
    /// What a child sees.
    Content,
    /// Whom a child meets.
    Contact,
    /// What a child does among others.
    Conduct,
    /// What a child is sold or signed up for.
    Contract,
    /// Ways around a filter.
    Bypass,
    /// What can always be reached, in every mode; connection checks as far as [`protected`] says.
    Protect,
    /// No risk, but something that rules about time want to name.
    Everyday,
}

/// Every category, by ascending tag.
pub fn categories() -> &'static [Category] {
    &CATEGORIES
}

/// The category with this id.
pub fn category(id: &str) -> Option<&'static Category> {
    CATEGORIES.iter().find(|category| category.id == id)
}

/// The tags of what can be reached in every mode but one: while everything is closed, connection checks lead to the
/// page that says so.
pub fn protected() -> Tags {
    const PROTECTED: Tags = {
        let mut tags = Tags::EMPTY;
        let mut place = 0;
        while place < CATEGORIES.len() {
            if matches!(CATEGORIES[place].group, Group::Protect) {
                tags.insert(CATEGORIES[place].tag);
            }
            place += 1;
        }
        tags
    };
    PROTECTED
}

/// What a directory of the blacklists of the Université Toulouse Capitole is about: the id of a category here, `None`
/// for one that is not used here.
pub fn of_ut1_directory(directory: &str) -> Option<&'static str> {
    UT1.iter().find(|(known, _)| *known == directory).map(|&(_, category)| category)
}

use AgeBand::{From6To9, From10To12, From13To15, From16To17, UpTo5};
use Group::{Bypass, Conduct, Contact, Content, Contract, Everyday, Protect};

const fn category_of(
    tag: u8,
    group: Group,
    id: &'static str,
    blocked_through: Option<AgeBand>,
    title: &'static str,
    sentence: &'static str,
) -> Category {
    Category { id, tag: Tag(tag), group, title, sentence, blocked_through }
}

/// Tags are never reused; a new category takes the next free number of its block of eight.
#[rustfmt::skip]
const CATEGORIES: [Category; 49] = [
    category_of(1, Content, "adult", Some(From16To17), "Pornography",
        "Sites made to show sex."),
    category_of(2, Content, "suggestive", Some(From13To15), "Nudity and suggestive pictures",
        "Lingerie, glamour and sites that have adult corners without being made for them."),
    category_of(3, Content, "violence", Some(From16To17), "Cruelty and gore",
        "Sites that show people or animals being hurt or killed for the thrill of it."),
    category_of(4, Content, "weapons", Some(From16To17), "Weapons and dangerous materials",
        "Sites that sell weapons or explain how to make explosives and poisons."),
    category_of(5, Content, "hate", Some(From16To17), "Hate and extremism",
        "Sites that call for hatred or violence against people for what they are or believe."),
    category_of(6, Content, "drugs", Some(From16To17), "Drugs",
        "Sites that sell drugs or praise taking them; advice on addiction stays reachable."),
    category_of(7, Content, "alcohol-tobacco", Some(From16To17), "Alcohol, tobacco and vaping",
        "Shops and brands of things that may not be sold to children."),
    category_of(8, Content, "self-harm", Some(From16To17), "Self-harm and eating disorders",
        "Sites that encourage hurting or starving oneself; helplines stay reachable."),
    category_of(9, Content, "sects", Some(From16To17), "Coercive groups",
        "Groups that courts or public bodies have found to put pressure on their members."),
    category_of(10, Content, "misinformation", Some(From10To12), "Invented news",
        "Sites that publish made-up stories as news."),

    category_of(11, Contact, "strangers", Some(From16To17), "Random chat with strangers",
        "Sites that connect a child by video or text with whoever happens to be there."),
    category_of(12, Contact, "dating", Some(From16To17), "Dating",
        "Sites and apps for meeting partners; their own terms ask for adults."),
    category_of(13, Contact, "messaging", Some(From6To9), "Messaging",
        "Writing, calling and group chats with people one knows, and with people who know their number."),
    category_of(14, Contact, "forums", Some(From10To12), "Forums",
        "Open discussion boards where anyone of any age writes."),

    category_of(16, Conduct, "social", Some(From10To12), "Social networks",
        "Profiles, followers, likes and feeds that never end; most ask for an age of 13."),
    category_of(17, Conduct, "video", Some(UpTo5), "Video and streaming",
        "Films, series, live streams and clips."),
    category_of(18, Conduct, "games", Some(UpTo5), "Games",
        "Online games, their shops and their chats."),
    category_of(19, Conduct, "ai-companions", Some(From16To17), "Artificial companions",
        "Chat programs that play a friend or a partner and are made to keep one talking."),
    category_of(20, Conduct, "ai-assistants", Some(From10To12), "Artificial intelligence assistants",
        "Chat programs that answer questions and write texts; most ask for an age of 13, and they err."),
    category_of(21, Conduct, "spying", Some(From16To17), "Spying on others",
        "Programs that secretly watch somebody else's phone."),
    category_of(22, Conduct, "hacking", Some(From13To15), "Attack tools",
        "Tools and services for breaking into or overloading computers, and game cheats that carry malware."),
    category_of(23, Conduct, "piracy", Some(From16To17), "Pirated copies",
        "Sites that offer films, games and programs without the right to; many carry malware."),
    category_of(24, Conduct, "file-sharing", Some(From10To12), "File hosting and downloads",
        "Sites where anyone stores files for anyone to download."),
    category_of(25, Conduct, "blogs", Some(UpTo5), "Blogs",
        "Personal sites of anyone about anything."),

    category_of(26, Contract, "gambling", Some(From16To17), "Gambling",
        "Betting, casinos, lotteries and trading of game items for money."),
    category_of(27, Contract, "crypto", Some(From16To17), "Cryptocurrency trading",
        "Exchanges and wallets; not for sale to children."),
    category_of(28, Contract, "malware", Some(From16To17), "Malware",
        "Sites that infect devices or misuse them, such as for mining."),
    category_of(29, Contract, "scams", Some(From16To17), "Phishing and scams",
        "Sites that pretend to be somebody else to take passwords or money."),
    category_of(30, Contract, "ads", Some(From16To17), "Advertising and tracking",
        "Servers that show advertisements or follow people from site to site."),
    category_of(31, Contract, "shopping", Some(From6To9), "Shopping",
        "Online shops and marketplaces."),

    category_of(33, Bypass, "vpn", Some(From16To17), "VPN services",
        "Tunnels that hide everything from the filter."),
    category_of(34, Bypass, "encrypted-dns", Some(From16To17), "Encrypted name servers",
        "Servers that answer names past the home's own; without them the filter sees every name."),
    category_of(35, Bypass, "proxies", Some(From16To17), "Proxies and anonymisers",
        "Sites that fetch other sites on one's behalf, and paid detours through other people's homes."),
    category_of(36, Bypass, "remote-control", Some(From13To15), "Remote control",
        "Programs that show and steer another computer; also how fraudsters get in."),
    category_of(37, Bypass, "translation", Some(From6To9), "Page translators",
        "Translators that show whole pages of other sites; useful for school, and a way around rules."),
    category_of(38, Bypass, "shorteners", Some(From6To9), "Link shorteners",
        "Short links that do not show where they lead."),

    category_of(41, Protect, "helplines", None, "Helplines",
        "Someone to talk to about violence, abuse, worry or crisis; always reachable and never recorded."),
    category_of(42, Protect, "health", None, "Health and sex education",
        "Answers about body, mind, sexuality and addiction from those who know."),
    category_of(43, Protect, "emergency", None, "Emergency services",
        "Police, rescue and warnings to the public."),
    category_of(44, Protect, "school", None, "School",
        "The platforms that schools teach on."),
    category_of(45, Protect, "updates", None, "System updates",
        "What keeps devices safe and on time."),
    category_of(46, Protect, "home", None, "This home",
        "The home's own printers, screens and pages."),
    category_of(CONNECTION_CHECKS.0, Protect, "connection-checks", None, "Connection checks",
        "How devices find out whether they are online; while all is closed, the home itself says that they are not."),

    category_of(49, Everyday, "kids", None, "Made for young children",
        "Sites made for young children."),
    category_of(50, Everyday, "learning", None, "Learning and reference",
        "Encyclopaedias, libraries, courses and learning games."),
    category_of(51, Everyday, "music", None, "Music and radio",
        "Listening to music, radio and podcasts."),
    category_of(52, Everyday, "news", None, "News",
        "Newspapers and broadcasters."),
    category_of(53, Everyday, "sport", None, "Sport",
        "Results, clubs and sporting news."),
    category_of(54, Everyday, "mail", None, "E-mail",
        "Reading mail in the browser."),
];

/// Directory to category. Left out on purpose: `examen_pix`, `tricheur` and `tricheur_pix` (not about content),
/// `associations_religieuses` and `astrology` (a belief is no risk), `bank`, `financial`, `celebrity`, `cooking`,
/// `jobsearch`, `manga`, `mobile-phone`, `webhosting`, `dynamic-dns`, `reaffected`, `special` (too mixed to decide by),
/// and `liste_blanche` and `exceptions_liste_bu` (exceptions for a library of their own).
#[rustfmt::skip]
const UT1: [(&str, &str); 49] = [
    ("adult", "adult"), ("agressif", "hate"), ("ai", "ai-assistants"), ("arjel", "gambling"),
    ("audio-video", "video"), ("bitcoin", "crypto"), ("blog", "blogs"), ("chat", "messaging"), ("child", "kids"),
    ("cleaning", "updates"), ("cryptojacking", "malware"), ("dangerous_material", "weapons"), ("dating", "dating"),
    ("ddos", "hacking"), ("dialer", "scams"), ("doh", "encrypted-dns"), ("download", "file-sharing"),
    ("drogue", "drugs"), ("educational_games", "learning"), ("fakenews", "misinformation"),
    ("filehosting", "file-sharing"), ("forums", "forums"), ("gambling", "gambling"), ("games", "games"),
    ("hacking", "hacking"), ("lingerie", "suggestive"), ("liste_bu", "learning"), ("malware", "malware"),
    ("marketingware", "ads"), ("mixed_adult", "suggestive"), ("phishing", "scams"), ("press", "news"),
    ("publicite", "ads"), ("radio", "music"), ("redirector", "proxies"), ("remote-control", "remote-control"),
    ("residential-proxies", "proxies"), ("sect", "sects"), ("sexual_education", "health"), ("shopping", "shopping"),
    ("shortener", "shorteners"), ("social_networks", "social"), ("sports", "sport"), ("stalkerware", "spying"),
    ("translation", "translation"), ("update", "updates"), ("vpn", "vpn"), ("warez", "piracy"), ("webmail", "mail"),
];

const _: () = {
    let mut place = 0;
    while place < CATEGORIES.len() {
        let tag = CATEGORIES[place].tag.0;
        assert!(tag >= crate::tags::FIRST_CATEGORY.0 && tag <= crate::tags::LAST_CATEGORY.0);
        assert!(place == 0 || tag > CATEGORIES[place - 1].tag.0, "tags ascend, so none is given out twice");
        place += 1;
    }
};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_texts_are_sentences() {
        let mut ids = HashSet::new();
        for category in categories() {
            assert!(ids.insert(category.id), "{} comes twice", category.id);
            assert!(category.sentence.ends_with('.') && category.sentence.len() > 20, "{}", category.id);
            assert!(category.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", category.id);
        }
    }

    #[test]
    fn what_protects_is_never_blocked_by_default() {
        for category in categories() {
            let protects = category.group == Group::Protect;
            assert_eq!(protected().contains(category.tag), protects);
            assert!(!protects || category.blocked_through.is_none(), "{}", category.id);
        }
        assert_eq!(protected().iter().count(), 7);
    }

    #[test]
    fn ut1_directories_map_to_categories() {
        let mut seen = HashSet::new();
        for (directory, id) in UT1 {
            assert!(seen.insert(directory), "{directory} comes twice");
            assert!(category(id).is_some(), "{directory} maps to '{id}', which does not exist");
        }
        assert_eq!(of_ut1_directory("sexual_education"), Some("health"));
        assert_eq!(of_ut1_directory("tricheur_pix"), None);
    }
}
