use maud::{Markup, html};
use stairgate_policy::household::Role;
use stairgate_policy::services::protected;

use super::certificate::{encrypted_only, ends};
use super::setup::{language_options, zone_field};
use crate::assets;
use crate::components::{hidden, new_password, post, post_revision, rights, select, text_field, when};
use crate::format;
use crate::forms::{AdultRole, SessionChoice};
use crate::language::{Language, t};
use crate::layout::{Icon, back, icon, page};
use crate::routes;
use crate::svg;
use crate::view::{
    About, Account, Adult, Adults, Backup, CoverageState, Network, PasskeysWork, Privacy, Scope, Shell, Tokens, Totp,
    TrustedName, Way,
};
use crate::words;

/// What can be set, as a list of pages. `trusted` is the name that browsers trust, if there is one.
pub fn settings(shell: &Shell, trusted: Option<&TrustedName>) -> Markup {
    let language = shell.language;
    let may = rights(shell);
    let entries = [
        (true, routes::SETTINGS_ACCOUNT, "account"),
        (may.adults, routes::SETTINGS_ADULTS, "adults"),
        (may.rules, routes::SETTINGS_PRIVACY, "privacy"),
        (may.rules, routes::LISTS, "lists"),
        (may.rules, routes::WHY, "why"),
        (may.settings, routes::SETTINGS_NETWORK, "network"),
        (may.settings, routes::SETTINGS_HELPLINES, "helplines"),
        (may.settings, routes::SETTINGS_TOKENS, "tokens"),
        (may.adults, routes::SETTINGS_CERTIFICATE, "certificate"),
        (may.settings, routes::SETTINGS_BACKUP, "backup"),
        (may.settings, routes::SETTINGS_SYSTEM, "system"),
        (may.rules, routes::AUDIT, "audit"),
        (true, routes::SETTINGS_ABOUT, "about"),
    ];
    page(
        shell,
        &t!(language, "settings-title"),
        &html! {
            @if let Some(trusted) = trusted.filter(|_| may.adults) { (ends(shell, trusted)) }
            ul.menu-list {
                @for (_, path, name) in entries.iter().filter(|(shown, ..)| *shown) {
                    li { a href=(path) { strong { (t!(language, &format!("{name}-title"))) } span { (t!(language, &format!("settings-{name}"))) } } }
                }
            }
        },
    )
}

/// The adults and their roles.
pub fn adults(shell: &Shell, adults: &Adults) -> Markup {
    let language = shell.language;
    let roles: Vec<_> =
        AdultRole::ALL.iter().map(|role| (role.to_string(), t!(language, &format!("role-{role}")))).collect();
    page(
        shell,
        &t!(language, "adults-title"),
        &html! {
            dl.box {
                @for role in AdultRole::ALL { dt { (t!(language, &format!("role-{role}"))) } dd { (t!(language, &format!("role-{role}-detail"))) } }
            }
            ul.rows { @for adult in &adults.adults { (adult_row(shell, adult, adults.revision, &roles)) } }
            @if rights(shell).adults {
                details.box data-key="adult-new" {
                    summary { (t!(language, "adults-add")) }
                    (post(shell, routes::SETTINGS_ADULTS, "", &html! {
                        (text_field("adult-name", &t!(language, "person-name"), "name", "", "text", "off"))
                        (select("adult-role", &t!(language, "adults-role"), "role", AdultRole::Carer.as_str(), &roles))
                        (text_field("adult-password", &t!(language, "adults-password"), "password", "", "password", "new-password"))
                        p.hint { (t!(language, "adults-password-hint")) }
                        button.primary { (t!(language, "adults-add")) }
                    }))
                }
            }
        },
    )
}

fn adult_row(shell: &Shell, adult: &Adult, revision: u64, roles: &[(String, String)]) -> Markup {
    let language = shell.language;
    let id = adult.person.id.0;
    let current = match adult.role {
        Role::Guardian { .. } | Role::Child(_) => AdultRole::Guardian,
        Role::CoGuardian => AdultRole::CoGuardian,
        Role::Carer => AdultRole::Carer,
    };
    html! {
        li {
            div {
                strong { (words::name(&adult.person.name)) } " " span.tag { (words::role(language, adult.role)) }
                p.facts {
                    @if !adult.has_password { span { (t!(language, "adults-no-password")) } }
                    @if adult.has_totp { span { (t!(language, "adults-totp")) } }
                    @if adult.passkeys > 0 { span { (t!(language, "adults-passkeys", count = adult.passkeys)) } }
                    @if let Some(at) = adult.last_seen { span { (t!(language, "last-used")) " " (when(shell, at)) } }
                }
            }
            @if rights(shell).adults && adult.role != (Role::Guardian { primary: true }) {
                details data-key=(format!("adult-{id}")) {
                    summary { (t!(language, "change")) span.visually-hidden { " " (words::name(&adult.person.name)) } }
                    (post_revision(shell, revision, &routes::at(routes::ADULT_ROLE, id), "row", &html! {
                        (select(&format!("role-{id}"), &t!(language, "adults-role"), "role", current.as_str(), roles))
                        button { (t!(language, "save")) }
                    }))
                    (post_revision(shell, revision, &routes::at(routes::ADULT_REMOVE, id), "", &html! { button.danger { (t!(language, "remove")) } }))
                }
            }
        }
    }
}

/// The own password, one-time codes, passkeys, sessions and language.
pub fn account(shell: &Shell, account: &Account) -> Markup {
    let language = shell.language;
    page(
        shell,
        &t!(language, "account-title"),
        &html! {
            section aria-labelledby="language-title" {
                h2 #language-title { (t!(language, "household-language")) }
                (post(shell, routes::ACCOUNT_LANGUAGE, "row", &html! {
                    (back(shell))
                    (select("language", &t!(language, "household-language"), "language", account.language.tag(), &language_options()))
                    button { (t!(language, "save")) }
                }))
            }
            section aria-labelledby="password-title" {
                h2 #password-title { (t!(language, "password-title")) }
                (post(shell, routes::ACCOUNT_PASSWORD, "", &html! {
                    (text_field("current", &t!(language, "password-current"), "current", "", "password", "current-password"))
                    (new_password(language))
                    button.primary { (t!(language, "password-change")) }
                }))
            }
            (totp(shell, &account.totp))
            (passkeys(shell, account))
            section aria-labelledby="sessions" {
                h2 #sessions { (t!(language, "sessions-title")) }
                ul.rows {
                    @for session in &account.sessions {
                        li {
                            div {
                                strong { (words::name(&session.browser)) } @if session.this_one { " " span.tag { (t!(language, "sessions-this")) } }
                                p.facts { code { (words::name(&session.address)) } span { (t!(language, "last-used")) " " (when(shell, session.last_used)) } }
                            }
                            @if !session.this_one {
                                (post(shell, routes::ACCOUNT_SESSION_END, "inline", &html! {
                                    (hidden("which", SessionChoice::One)) (hidden("id", &session.id))
                                    button.small { (t!(language, "sessions-end")) span.visually-hidden { " " (words::name(&session.browser)) } }
                                }))
                            }
                        }
                    }
                }
                @if account.sessions.len() > 1 {
                    (post(shell, routes::ACCOUNT_SESSION_END, "", &html! {
                        (hidden("which", SessionChoice::Others)) (hidden("id", ""))
                        button { (t!(language, "sessions-end-others")) }
                    }))
                }
            }
        },
    )
}

fn totp(shell: &Shell, totp: &Totp) -> Markup {
    let language = shell.language;
    let code = html! {
        div.field {
            label for="code" { (t!(language, "sign-in-code")) }
            input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" required maxlength="10";
        }
    };
    html! {
        section aria-labelledby="totp" {
            h2 #totp { (t!(language, "totp-title")) }
            @match totp {
                Totp::Off => {
                    p { (t!(language, "totp-off")) }
                    (post(shell, routes::ACCOUNT_TOTP_BEGIN, "", &html! { button { (t!(language, "totp-begin")) } }))
                }
                Totp::Pending { secret, uri } => {
                    p { (t!(language, "totp-scan")) }
                    (svg::qr(language, uri))
                    p { (t!(language, "totp-secret")) " " code { (grouped(secret)) } }
                    (post(shell, routes::ACCOUNT_TOTP_CONFIRM, "row", &html! { (code) button.primary { (t!(language, "totp-confirm")) } }))
                }
                Totp::On => {
                    p { (icon(Icon::Done)) (t!(language, "totp-on")) }
                    (post(shell, routes::ACCOUNT_TOTP_OFF, "row", &html! { (code) button { (t!(language, "totp-turn-off")) } }))
                }
            }
        }
    }
}

/// Base32 in groups of four, as people copy it.
fn grouped(secret: &str) -> String {
    let characters: Vec<char> = secret.chars().collect();
    characters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

fn passkeys(shell: &Shell, account: &Account) -> Markup {
    let language = shell.language;
    html! {
        section aria-labelledby="passkeys" {
            h2 #passkeys { (t!(language, "passkeys-title")) }
            p { (t!(language, "passkeys-lead")) }
            @match &account.passkeys_work {
                PasskeysWork::Here => {
                    script src=(assets::PASSKEY_SCRIPT.path()) defer {}
                    p data-without-passkeys { (t!(language, "passkeys-need-script")) }
                    div data-with-passkeys hidden {
                        (text_field("passkey-name", &t!(language, "passkeys-name"), "name", "", "text", "off"))
                        (text_field("passkey-password", &t!(language, "password-current"), "password", "", "password", "current-password"))
                        button type="button" data-passkey="create" data-begin=(routes::ACCOUNT_PASSKEY_BEGIN)
                            data-finish=(routes::ACCOUNT_PASSKEY_FINISH) data-csrf=(shell.csrf) data-name="passkey-name" data-password="passkey-password"
                            data-failed=(t!(language, "failure-passkey-refused")) { (t!(language, "passkeys-add")) }
                    }
                }
                PasskeysWork::At(address) => p { (t!(language, "passkeys-elsewhere")) " " a href=(address) { (address) } },
                PasskeysWork::Nowhere => p { (t!(language, "passkeys-need-certificate")) },
            }
            ul.rows {
                @for passkey in &account.passkeys {
                    li {
                        div {
                            strong { (words::name(&passkey.name)) }
                            p.facts {
                                span { (t!(language, "added")) " " (when(shell, passkey.added)) }
                                @match passkey.last_used { Some(at) => span { (t!(language, "last-used")) " " (when(shell, at)) }, None => span { (t!(language, "never-used")) } }
                                @if let Some(name) = &passkey.made_for { span { (t!(language, "passkeys-made-for", name = name.as_str())) } }
                            }
                            @if passkey.maybe_copied { p { (icon(Icon::Warning)) (t!(language, "passkeys-copied")) } }
                        }
                        details data-key=(format!("passkey-{}", passkey.id)) {
                            summary { (t!(language, "change")) span.visually-hidden { " " (words::name(&passkey.name)) } }
                            (post(shell, routes::ACCOUNT_PASSKEY_RENAME, "row", &html! {
                                (hidden("id", &passkey.id))
                                (text_field(&format!("passkey-{}", passkey.id), &t!(language, "passkeys-name"), "name", &passkey.name, "text", "off"))
                                button { (t!(language, "save")) }
                            }))
                            (post(shell, routes::ACCOUNT_PASSKEY_REMOVE, "", &html! {
                                (hidden("id", &passkey.id))
                                button.danger { (t!(language, "remove")) }
                            }))
                        }
                    }
                }
            }
        }
    }
}

/// Tokens for programs.
pub fn tokens(shell: &Shell, tokens: &Tokens) -> Markup {
    let language = shell.language;
    let days: Vec<_> = [30_u16, 365, 0]
        .map(|days| {
            (
                days.to_string(),
                if days == 0 { t!(language, "tokens-forever") } else { t!(language, "days", count = days) },
            )
        })
        .to_vec();
    page(
        shell,
        &t!(language, "tokens-title"),
        &html! {
            p.lead { (t!(language, "tokens-lead")) }
            @if let Some(fresh) = &tokens.fresh {
                section.attention {
                    h2 { (t!(language, "tokens-fresh")) }
                    p { code.secret { (fresh) } }
                    p { (t!(language, "tokens-fresh-detail")) }
                }
            }
            ul.rows {
                @for token in &tokens.tokens {
                    li {
                        div {
                            strong { (words::name(&token.name)) }
                            p.facts {
                                span { (token.scopes.iter().map(|scope| t!(language, &format!("scope-{}", scope.code()))).collect::<Vec<_>>().join(", ")) }
                                @match token.last_used { Some(at) => span { (t!(language, "last-used")) " " (when(shell, at)) }, None => span { (t!(language, "never-used")) } }
                                @if let Some(at) = token.expires { span { (t!(language, "tokens-until", until = format::time(shell, at))) } }
                            }
                        }
                        (post(shell, routes::TOKEN_REVOKE, "inline", &html! {
                            (hidden("id", &token.id))
                            button.small { (t!(language, "remove")) span.visually-hidden { " " (words::name(&token.name)) } }
                        }))
                    }
                }
            }
            section.box aria-labelledby="token-new" {
                h2 #token-new { (t!(language, "tokens-add")) }
                (post(shell, routes::SETTINGS_TOKENS, "", &html! {
                    (text_field("token-name", &t!(language, "tokens-name"), "name", "", "text", "off"))
                    fieldset {
                        legend { (t!(language, "tokens-scopes")) }
                        @for scope in Scope::ALL {
                            label.radio { input type="checkbox" name="scope" value=(scope.code()) checked[*scope == Scope::Read]; (t!(language, &format!("scope-{}", scope.code()))) }
                        }
                    }
                    (select("token-days", &t!(language, "tokens-days"), "days", "365", &days))
                    button.primary { (t!(language, "tokens-add")) }
                }))
            }
        },
    )
}

/// The household and its upstream servers.
pub fn network(shell: &Shell, network: &Network) -> Markup {
    let language = shell.language;
    let mut countries: Vec<&str> = protected().iter().filter_map(|place| place.country).collect();
    countries.sort_unstable();
    countries.dedup();
    let none = std::iter::once((String::new(), t!(language, "household-country-none")));
    let countries: Vec<_> = none.chain(countries.into_iter().map(|code| (code.to_owned(), code.to_owned()))).collect();
    page(
        shell,
        &t!(language, "network-title"),
        &html! {
            (post_revision(shell, network.revision, routes::SETTINGS_NETWORK, "", &html! {
                (text_field("name", &t!(language, "household-name"), "name", &network.household, "text", "off"))
                (zone_field(language, &network.time_zone, &network.time_zones))
                (select("language", &t!(language, "household-language"), "language", network.language.tag(), &language_options()))
                (select("country", &t!(language, "household-country"), "country", &network.country, &countries))
                button.primary { (t!(language, "save")) }
            }))
            section aria-labelledby="upstreams" {
                h2 #upstreams { (t!(language, "upstreams-title")) }
                p { (t!(language, "upstreams-lead")) }
                p.hint { (t!(language, "upstreams-where")) }
                @for set in &network.resolvers {
                    section.box {
                        h3 { @if set.name.is_empty() { (t!(language, "upstreams-everyone")) } @else { (words::name(&set.name)) } }
                        @if set.servers.is_empty() { p { (t!(language, "upstreams-none")) } }
                        ul.plain {
                            @for server in &set.servers {
                                li {
                                    span.online[server.answers == Some(true)] { (t!(language, answers(server.answers))) }
                                    " " code { (words::name(&server.address)) }
                                    @if !server.encrypted { " " span.tag { (t!(language, "upstreams-plain")) } }
                                    @if let Some(median) = server.median { " " (format::milliseconds(language, median)) }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

/// The message about a server that answers, or does not, or that nothing was asked of.
const fn answers(answers: Option<bool>) -> &'static str {
    match answers {
        Some(true) => "upstreams-answers",
        Some(false) => "upstreams-silent",
        None => "upstreams-unasked",
    }
}

/// What is kept, and for how long.
pub fn privacy(shell: &Shell, privacy: &Privacy) -> Markup {
    let language = shell.language;
    page(
        shell,
        &t!(language, "privacy-title"),
        &html! {
            p.lead { (t!(language, "privacy-lead")) }
            ul.rows {
                @for child in &privacy.children {
                    li {
                        div {
                            strong { a href=(routes::at(routes::PERSON_MORE, child.person.id.0)) { (words::name(&child.person.name)) } }
                            p.facts { span { (words::level(language, child.level)) } span { (t!(language, "privacy-entries", count = child.entries, number = format::count(language, child.entries))) } }
                        }
                        (post(shell, routes::PRIVACY_DELETE, "inline", &html! {
                            (hidden("whose", child.person.id.0))
                            button.small { (t!(language, "privacy-delete")) span.visually-hidden { " " (words::name(&child.person.name)) } }
                        }))
                    }
                }
            }
            section aria-labelledby="retention" {
                h2 #retention { (t!(language, "retention-title")) }
                (post_revision(shell, privacy.revision, routes::SETTINGS_PRIVACY, "row", &html! {
                    div.field {
                        label for="days" { (t!(language, "retention-days")) }
                        input id="days" name="days" type="number" min="0" max="365" required value=(privacy.retention_days);
                    }
                    button.primary { (t!(language, "save")) }
                }))
                p.hint { (t!(language, "retention-names")) }
                p.hint { (t!(language, "retention-copies")) }
                p.hint { (t!(language, "retention-size", size = format::bytes(language, privacy.bytes))) }
                (post(shell, routes::PRIVACY_DELETE, "", &html! { (hidden("whose", "all")) button.danger { (t!(language, "privacy-delete-all")) } }))
            }
        },
    )
}

/// Backup, restore, and handing out or erasing what is kept about a person.
pub fn backup(shell: &Shell, backup: &Backup) -> Markup {
    let language = shell.language;
    page(
        shell,
        &t!(language, "backup-title"),
        &html! {
            section aria-labelledby="make" {
                h2 #make { @if matches!(backup.way, Way::Plain { encrypted: Some(_) }) { (t!(language, "backup-both")) } @else { (t!(language, "backup-make")) } }
                p { @match backup.last { Some(at) => { (t!(language, "backup-last")) " " (when(shell, at)) }, None => (t!(language, "backup-never")) } }
                (encrypted_only(shell, &backup.way, &t!(language, "backup-needs-https"), &post(shell, routes::SETTINGS_BACKUP, "", &html! {
                    (text_field("passphrase", &t!(language, "backup-passphrase"), "passphrase", "", "password", "new-password"))
                    (text_field("again", &t!(language, "password-again"), "again", "", "password", "new-password"))
                    p.hint { (t!(language, "backup-passphrase-hint")) }
                    button.primary { (t!(language, "backup-make-button")) }
                })))
            }
            @if !matches!(backup.way, Way::Plain { encrypted: Some(_) }) {
                section aria-labelledby="restore" {
                    h2 #restore { (t!(language, "backup-restore")) }
                    p { (t!(language, "backup-restore-lead")) }
                    form method="post" action=(routes::BACKUP_RESTORE) enctype="multipart/form-data" {
                        (hidden("csrf", &shell.csrf))
                        div.field { label for="file" { (t!(language, "backup-file")) } input id="file" name="file" type="file" required; }
                        (text_field("restore-passphrase", &t!(language, "backup-passphrase"), "passphrase", "", "password", "off"))
                        button.danger { (t!(language, "backup-restore-button")) }
                    }
                }
            }
            section aria-labelledby="people-data" {
                h2 #people-data { (t!(language, "data-title")) }
                ul.rows {
                    @for person in &backup.people {
                        li {
                            strong { (words::name(&person.name)) }
                            a.button.small href=(format!("{}#data", routes::at(routes::PERSON_MORE, person.id.0))) {
                                (t!(language, "data-link")) span.visually-hidden { " " (words::name(&person.name)) }
                            }
                        }
                    }
                }
            }
        },
    )
}

/// What the gate is, and what it can and cannot see here.
pub fn about(shell: &Shell, about: &About) -> Markup {
    let language = shell.language;
    page(
        shell,
        &t!(language, "about-title"),
        &html! {
            p.lead { (t!(language, "about-lead")) }
            section aria-labelledby="coverage" {
                h2 #coverage { (t!(language, "coverage-title")) }
                ul.rows {
                    @for (what, state) in &about.coverage {
                        li { div {
                            strong { (t!(language, &format!("coverage-{}", what.code()))) } " "
                            span.tag { (coverage_state(language, *state)) }
                            p.hint { (t!(language, &format!("coverage-{}-detail", what.code()))) }
                        } }
                    }
                }
            }
            section aria-labelledby="interfaces" {
                h2 #interfaces { (t!(language, "interfaces-title")) }
                ul.plain {
                    @for interface in &about.interfaces {
                        li {
                            code { (interface.name) } " "
                            @match (&interface.attached, &interface.problem) {
                                (Some(mode), _) => (t!(language, "interface-attached", mode = mode.as_str())),
                                (None, problem) => (t!(language, "interface-not-attached", detail = problem.as_deref().unwrap_or_default())),
                            }
                        }
                    }
                }
            }
            p.muted { (t!(language, "about-version", version = about.version.as_str())) }
        },
    )
}

fn coverage_state(language: Language, state: CoverageState) -> String {
    match state {
        CoverageState::Sees => t!(language, "coverage-state-sees"),
        CoverageState::Partly => t!(language, "coverage-state-partly"),
        CoverageState::Blind => t!(language, "coverage-state-blind"),
    }
}
