//! What holds for every page, in every language.

#[path = "../examples/sample/mod.rs"]
mod sample;

use std::collections::HashSet;

use serde::de::DeserializeOwned;
use stairgate_policy::defaults::defaults_for;
use stairgate_policy::household::{AgeBand, Filter, Person, PersonId, Role};
use stairgate_webui::forms::*;
use stairgate_webui::language::Language;
use stairgate_webui::view::{Activity, NewChild, PersonName, Rights, SetupStep, Viewer};
use stairgate_webui::{assets, fragments, pages, routes};

/// Bytes that the largest page may have with its style and scripts, uncompressed.
const PAGE_MAX: usize = 60 * 1000;

/// The tags of a page, such as `<a href="/">`, without comments and closing ones.
fn tags(markup: &str) -> impl Iterator<Item = &str> {
    markup.split('<').skip(1).filter(|tag| !tag.starts_with(['/', '!'])).map(|tag| tag.split('>').next().unwrap_or(tag))
}

/// The value of a tag's attribute, with its character references resolved.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = &tag[tag.find(&format!(" {name}=\""))? + name.len() + 3..];
    let value = &rest[..rest.find('"')?];
    Some(value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"))
}

fn element(tag: &str) -> &str {
    tag.split([' ', '/']).next().unwrap_or(tag)
}

fn every_page() -> impl Iterator<Item = (String, String)> {
    Language::ALL.iter().flat_map(|&language| {
        sample::pages(language).into_iter().map(move |page| (format!("{language}/{}", page.name), page.markup.0))
    })
}

#[test]
fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
    for (page, markup) in every_page() {
        for tag in tags(&markup) {
            assert!(attribute(tag, "style").is_none(), "{page}: {tag}");
            assert_ne!(element(tag), "style", "{page}");
            if element(tag) == "script" {
                let source = attribute(tag, "src").unwrap_or_default();
                assert!(assets::find(&source).is_some(), "{page}: {tag}");
                assert!(markup.contains(&format!("{tag}></script>")), "{page}: {tag}");
            }
            // Every other part between quotation marks is a value.
            let names: String = tag.split('"').step_by(2).collect();
            assert!(!names.split_ascii_whitespace().any(|name| name.starts_with("on")), "{page}: {tag}");
            if let Some(address) = attribute(tag, "href").filter(|_| element(tag) == "link") {
                assert!(assets::find(&address).is_some(), "{page}: {tag}");
            }
        }
    }
}

#[test]
fn names_from_the_network_are_harmless() {
    for (page, markup) in every_page() {
        assert!(!markup.contains("<script>"), "{page}");
        assert!(!markup.contains("<b "), "{page}");
        // What turns the direction of text is nowhere but in fields that nobody sees.
        let seen = markup.split('<').filter(|part| !part.starts_with(r#"input type="hidden""#));
        assert!(!seen.collect::<String>().contains('\u{202e}'), "{page}");
    }
    let home = &sample::pages(Language::English)[0].markup.0;
    assert!(home.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "the hostile name is there, escaped");
}

#[test]
fn ids_are_unique_and_what_refers_to_them_finds_them() {
    for (page, markup) in every_page() {
        let mut ids = HashSet::new();
        for id in tags(&markup).filter_map(|tag| attribute(tag, "id")) {
            assert!(ids.insert(id.clone()), "{page}: {id} comes twice");
        }
        for tag in tags(&markup) {
            for name in ["for", "aria-labelledby", "aria-describedby", "list"] {
                let wanted = attribute(tag, name).unwrap_or_default();
                assert!(wanted.is_empty() || ids.contains(&wanted), "{page}: {tag}");
            }
        }
    }
}

#[test]
fn every_field_has_a_label_and_every_image_a_text() {
    for (page, markup) in every_page() {
        let labelled: HashSet<_> =
            tags(&markup).filter(|tag| element(tag) == "label").filter_map(|tag| attribute(tag, "for")).collect();
        let mut within_label = 0;
        for tag in markup.split('<').skip(1) {
            match tag.split(['>', ' ', '/']).find(|word| !word.is_empty()).unwrap_or_default() {
                "label" if tag.starts_with('/') => within_label -= 1,
                "label" => within_label += 1,
                "input" | "select" | "textarea" | "meter" if !tag.starts_with('/') => {
                    let hidden = attribute(tag, "type").as_deref() == Some("hidden");
                    let id = attribute(tag, "id").unwrap_or_default();
                    assert!(hidden || within_label > 0 || labelled.contains(&id), "{page}: {tag}");
                }
                "svg" if !tag.starts_with('/') => {
                    let named = attribute(tag, "aria-label").or(attribute(tag, "aria-labelledby"));
                    assert!(named.is_some() || tag.contains(r#"aria-hidden="true""#), "{page}: {tag}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn headings_come_in_order() {
    for (page, markup) in every_page() {
        let levels = tags(&markup).filter_map(|tag| match element(tag) {
            "h1" => Some(1),
            "h2" => Some(2),
            "h3" => Some(3),
            "h4" => Some(4),
            _ => None,
        });
        let levels: Vec<u8> = levels.collect();
        assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1, "{page}");
        assert_eq!(levels.first(), Some(&1), "{page}");
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{page}: {levels:?}");
    }
}

/// A form's action and its fields.
type PostedForm = (String, Vec<(String, String)>);
/// Reads the body of a form, or says what it does not understand.
type Reader = fn(&str) -> Result<(), String>;

/// Every form as a browser would post it with everything in it filled in; one for each button that it has.
fn forms(markup: &str) -> Vec<PostedForm> {
    let mut forms = Vec::new();
    for form in markup.split("<form ").skip(1) {
        let form = &form[..form.find("</form>").expect("a form ends")];
        let opening = format!("form {}", form.split('>').next().unwrap_or_default());
        if attribute(&opening, "method").as_deref() != Some("post") {
            continue;
        }
        let mut fields = Vec::new();
        let mut buttons = Vec::new();
        let mut radios = HashSet::new();
        let mut select = None;
        for tag in tags(form) {
            let value = attribute(tag, "value");
            match (element(tag), attribute(tag, "name")) {
                // What has to be chosen has an empty choice in front, which a browser does not post.
                ("option", _) => {
                    let open = |(_, required): &(String, bool)| !required || value.as_deref() != Some("");
                    if let Some((name, _)) = select.take_if(|select| open(select)) {
                        fields.push((name, value.unwrap_or_default()));
                    }
                }
                ("select", name) => select = name.map(|name| (name, tag.ends_with(" required"))),
                (_, None) => {}
                ("button", Some(name)) => buttons.push((name, value.unwrap_or_default())),
                ("input", Some(_))
                    if attribute(tag, "form").is_some() || attribute(tag, "type").as_deref() == Some("file") => {}
                ("input", Some(name)) if attribute(tag, "type").as_deref() == Some("radio") => {
                    if radios.insert(name.clone()) {
                        fields.push((name, value.unwrap_or_default()));
                    }
                }
                (_, Some(name)) => fields.push((name, value.unwrap_or_default())),
            }
        }
        // The first button is the one that the return key presses; the others must be understood too.
        let action = attribute(&opening, "action").expect("a form has an action");
        if buttons.is_empty() {
            forms.push((action, fields));
        } else {
            forms.extend(
                buttons.into_iter().map(|button| (action.clone(), fields.iter().cloned().chain([button]).collect())),
            );
        }
    }
    forms
}

fn understood<T: DeserializeOwned>(body: &str) -> Result<(), String> {
    serde_html_form::from_str::<T>(body).map(drop).map_err(|error| error.to_string())
}

/// What reads the form that is posted to each path.
const READERS: &[(&str, Reader)] = &[
    (routes::SIGN_OUT, understood::<PlainForm>),
    (routes::LISTS_REFRESH, understood::<PlainForm>),
    (routes::ACCOUNT_TOTP_BEGIN, understood::<PlainForm>),
    (routes::UPDATE_CANCEL, understood::<PlainForm>),
    (routes::UPDATE_ADDRESS, understood::<UpdateAddressForm>),
    (routes::UPDATE_FILE, understood::<UpdateFileForm>),
    (routes::SYSTEM_PORT, understood::<PortForm>),
    (routes::SYSTEM_RESTART, understood::<PlainForm>),
    ("/setup/port", understood::<PortForm>),
    ("/setup/restart", understood::<PlainForm>),
    ("/setup/review", understood::<PlainForm>),
    (routes::PERSON_PAUSE, understood::<PauseForm>),
    (routes::PERSON_RESUME, understood::<ResumeForm>),
    (routes::PERSON_MORE_TIME, understood::<MoreTimeForm>),
    (routes::PEOPLE, understood::<PersonForm>),
    ("/setup/children", understood::<PersonForm>),
    (routes::PERSON_DETAILS, understood::<DetailsForm>),
    (routes::PERSON_BEDTIME, understood::<BedtimeForm>),
    (routes::PERSON_WEEK, understood::<WeekForm>),
    (routes::PERSON_WINDOW, understood::<WindowForm>),
    (routes::PERSON_WINDOW_REMOVE, understood::<WindowRemoveForm>),
    (routes::PERSON_MODE, understood::<ModeForm>),
    (routes::PERSON_MODE_REMOVE, understood::<ModeRemoveForm>),
    (routes::PERSON_CATEGORIES, understood::<CategoriesForm>),
    (routes::PERSON_SERVICES, understood::<ServicesForm>),
    (routes::PERSON_NAME, understood::<NameForm>),
    (routes::PERSON_NAME_REMOVE, understood::<NameRemoveForm>),
    (routes::PERSON_PROTECTION, understood::<ProtectionForm>),
    (routes::PERSON_PIN, understood::<PinForm>),
    (routes::PERSON_PRIVACY, understood::<PersonPrivacyForm>),
    (routes::PERSON_QUOTA, understood::<QuotaForm>),
    (routes::PERSON_QUOTA_REMOVE, understood::<QuotaRemoveForm>),
    (routes::PERSON_RECOMMENDED, understood::<RecommendedForm>),
    (routes::PERSON_ERASE, understood::<EraseForm>),
    (routes::DEVICE_ADOPT, understood::<AdoptForm>),
    (routes::DEVICE_MERGE, understood::<MergeForm>),
    (routes::DEVICE_FORGET, understood::<ForgetForm>),
    (routes::REQUEST_ANSWER, understood::<AnswerForm>),
    (routes::LISTS, understood::<ListForm>),
    (routes::LIST_REMOVE, understood::<ListRemoveForm>),
    (routes::SETTINGS_ADULTS, understood::<AdultForm>),
    (routes::ADULT_ROLE, understood::<AdultRoleForm>),
    (routes::ADULT_REMOVE, understood::<AdultRemoveForm>),
    (routes::ACCOUNT_PASSWORD, understood::<PasswordForm>),
    (routes::ACCOUNT_LANGUAGE, understood::<LanguageForm>),
    (routes::ACCOUNT_TOTP_CONFIRM, understood::<TotpForm>),
    (routes::ACCOUNT_TOTP_OFF, understood::<TotpForm>),
    (routes::ACCOUNT_PASSKEY_REMOVE, understood::<RemoveForm>),
    (routes::ACCOUNT_PASSKEY_RENAME, understood::<PasskeyNameForm>),
    (routes::SETTINGS_CERTIFICATE, understood::<CertificateForm>),
    (routes::CERTIFICATE_REMOVE, understood::<PlainForm>),
    (routes::TOKEN_REVOKE, understood::<RemoveForm>),
    (routes::ACCOUNT_SESSION_END, understood::<SessionEndForm>),
    (routes::SETTINGS_TOKENS, understood::<TokenForm>),
    (routes::SETTINGS_NETWORK, understood::<HouseholdForm>),
    ("/setup/household", understood::<HouseholdForm>),
    (routes::SETTINGS_HELPLINES, understood::<HelplineForm>),
    (routes::HELPLINE_REMOVE, understood::<HelplineRemoveForm>),
    (routes::HELPLINES_RESET, understood::<HelplinesResetForm>),
    (routes::SETTINGS_PRIVACY, understood::<RetentionForm>),
    (routes::PRIVACY_DELETE, understood::<DeleteHistoryForm>),
    (routes::SETTINGS_BACKUP, understood::<BackupForm>),
    (routes::BACKUP_RESTORE, understood::<RestoreForm>),
    ("/setup/code", understood::<SetupCodeForm>),
    ("/setup/guardian", understood::<GuardianForm>),
    ("/setup/children-remove", understood::<ChildRemoveForm>),
    ("/setup/devices", understood::<SetupDevicesForm>),
    (routes::SIGN_IN, understood::<SignInForm>),
    (routes::SIGN_IN_CODE, understood::<SignInCodeForm>),
    (routes::ME_ASK, understood::<AskForm>),
];

/// Whether `path` is the route with something in place of its parameter.
fn is_at(route: &str, path: &str) -> bool {
    match route.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?.1))) {
        Some((before, after)) => path
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|parameter| !parameter.is_empty() && !parameter.contains('/')),
        None => route == path,
    }
}

#[test]
fn what_pages_post_is_what_the_server_reads() {
    let mut posted = HashSet::new();
    for (page, markup) in every_page() {
        for (action, fields) in forms(&markup) {
            assert!(
                fields.iter().any(|(name, value)| name == "csrf" && !value.is_empty()),
                "{page}: {action} has no token"
            );
            let body: String = fields
                .iter()
                .map(|(name, value)| routes::with_query("", &[(name, value)]).split_off(1) + "&")
                .collect();
            let reader = READERS.iter().find(|(route, _)| is_at(route, &action));
            let (route, reader) = reader.unwrap_or_else(|| panic!("{page}: nobody reads {action}"));
            reader(body.trim_end_matches('&')).unwrap_or_else(|error| panic!("{page}: {action} with {body}: {error}"));
            posted.insert(*route);
        }
    }
    for (route, _) in READERS {
        assert!(posted.contains(route), "no page posts to {route}");
    }
}

#[test]
fn the_largest_page_is_light() {
    let shared = assets::STYLE.content().len() + assets::SCRIPT.content().len();
    let weigh = |(page, markup): (String, String)| {
        let own =
            [&assets::WEEK_SCRIPT, &assets::PASSKEY_SCRIPT].into_iter().filter(|script| markup.contains(script.path()));
        (markup.len() + shared + own.map(|script| script.content().len()).sum::<usize>(), page)
    };
    let (bytes, page) = every_page().map(weigh).max().expect("there are pages");
    println!("largest page with style and scripts: {page}, {bytes} bytes");
    assert!(bytes <= PAGE_MAX, "{page} has {bytes} bytes");
    assert!(assets::STYLE.content().len() <= 20_000);
    assert!(
        [&assets::SCRIPT, &assets::WEEK_SCRIPT, &assets::PASSKEY_SCRIPT]
            .iter()
            .all(|script| script.content().len() <= 10_000)
    );
}

#[test]
fn a_fragment_is_one_event_whatever_is_in_it() {
    let shell = sample::shell(Language::English, routes::HOME, sample::guardian());
    let [requests, devices] = fragments::badges(&shell);
    assert!(requests.event().starts_with("event: replace\ndata: badge-requests\ndata: <span"));
    assert!(devices.event().ends_with("\n\n"));
    let lines =
        fragments::Fragment { event: fragments::PREPEND, id: "x".into(), markup: maud::PreEscaped("a\rb\n\nc".into()) };
    assert_eq!(lines.event(), "event: prepend\ndata: x\ndata: a\ndata: b\ndata: \ndata: c\n\n");
}

#[test]
fn a_carer_is_offered_what_a_carer_may_do() {
    let pages = sample::pages(Language::English);
    let home = &pages.iter().find(|page| page.name == "home-carer").expect("the page").markup.0;
    let actions: HashSet<String> = forms(home).into_iter().map(|(action, _)| action).collect();
    assert!(actions.contains("/people/3/pause") && actions.contains("/people/3/more-time"));
    let allowed = |action: &&String| {
        ["/pause", "/resume", "/more-time", "/answer", "/sign-out"].iter().any(|end| action.ends_with(end))
    };
    assert_eq!(actions.iter().filter(|action| !allowed(action)).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn other_names_for_adults_are_offered_to_who_decides_about_adults() {
    let page = sample::person(Person { id: PersonId(2), ..sample::parent() });
    let co_guardian = |id| Viewer::Adult {
        person: PersonName { id: PersonId(id), name: "Kim".into() },
        role: Role::CoGuardian,
        rights: Rights { rules: true, ..Rights::default() },
    };
    for (viewer, offered) in [(sample::guardian(), true), (co_guardian(7), false), (co_guardian(2), true)] {
        let shell = sample::shell(Language::English, "/people/2/more", viewer);
        let posted = forms(&pages::person_more(&shell, &page).0);
        assert_eq!(posted.iter().any(|(action, _)| action == "/people/2/details"), offered, "{:?}", shell.viewer);
    }
}

#[test]
fn what_takes_a_resolver_is_not_promised_without_one() {
    let (age, shell) = (AgeBand::From6To9, sample::shell(Language::English, "/people/3/more", sample::guardian()));
    let filter = Some(Filter { profile: 3, rules: defaults_for(age) });
    let person = Person { id: PersonId(3), name: "Ada".into(), role: Role::Child(age), filter };
    for resolves_names in [true, false] {
        let children = vec![NewChild { name: "Ada".into(), age }];
        let review = pages::setup(&shell, &SetupStep::Review { children, resolves_names }, false).0;
        for promise in ["Search engines leave out", "YouTube shows only"] {
            assert_eq!(review.contains(promise), resolves_names, "{promise}");
        }
        let mut page = sample::person(person.clone());
        page.resolves_names = resolves_names;
        assert_eq!(pages::person_more(&shell, &page).0.contains("resolves no names"), !resolves_names);
    }
}

#[test]
fn links_to_what_is_older_lose_nothing_of_the_moment() {
    let activity = Activity { older: "2026-11-23T16:42:00.123456789Z".parse().ok(), ..sample::activity() };
    let shell = sample::shell(Language::English, routes::ACTIVITY, sample::guardian());
    assert!(pages::activity(&shell, &activity).0.contains("before=2026-11-23T16:42:00.123456789Z"));
}
