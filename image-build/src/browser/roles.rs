//! Who may do what: every page and every form, tried by everybody. Written down here once more, independently of the
//! agent.

use anyhow::{Context, Result, ensure};

use super::caller::{Caller, value_of};
use super::{PASSWORD, Stage, resolve_names};
use crate::lab::home::Who;
use crate::lab::household::Household;

/// Who somebody has to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Needs {
    /// Nobody in particular.
    Nothing,
    /// To have signed in.
    SignedIn,
    /// A carer at least.
    Carer,
    /// A co-guardian at least.
    CoGuardian,
    /// A guardian.
    Guardian,
}

/// Who tries. The order is that of what they may.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Role {
    Stranger,
    Child,
    Carer,
    CoGuardian,
    Guardian,
}

impl Role {
    fn may(self, needs: Needs) -> bool {
        match needs {
            Needs::Nothing => true,
            Needs::SignedIn | Needs::Carer => self >= Self::Carer,
            Needs::CoGuardian => self >= Self::CoGuardian,
            Needs::Guardian => self == Self::Guardian,
        }
    }
}

/// Adults besides the first guardian, with their roles as forms write them.
const ADULTS: [(Role, &str, &str); 2] = [(Role::CoGuardian, "Ben", "co-guardian"), (Role::Carer, "Oma", "carer")];

/// Pages; `{mia}` stands for her number.
#[rustfmt::skip]
const PAGES: [(&str, Needs); 32] = [
    ("/sign-in", Needs::Nothing),
    ("/setup", Needs::Nothing),
    ("/me", Needs::Nothing),
    ("/paused", Needs::Nothing),
    ("/", Needs::SignedIn),
    ("/requests", Needs::Carer),
    ("/people/{mia}", Needs::CoGuardian),
    ("/people/{mia}/week", Needs::CoGuardian),
    ("/people/{mia}/categories", Needs::CoGuardian),
    ("/people/{mia}/services", Needs::CoGuardian),
    ("/people/{mia}/more", Needs::CoGuardian),
    ("/people/{mia}/export", Needs::Guardian),
    ("/devices", Needs::CoGuardian),
    ("/activity", Needs::CoGuardian),
    ("/why?name=a.example", Needs::CoGuardian),
    ("/lists", Needs::CoGuardian),
    ("/audit", Needs::CoGuardian),
    ("/settings", Needs::SignedIn),
    ("/settings/account", Needs::SignedIn),
    ("/settings/about", Needs::SignedIn),
    ("/settings/adults", Needs::Guardian),
    ("/settings/tokens", Needs::Guardian),
    ("/settings/network", Needs::Guardian),
    ("/settings/helplines", Needs::Guardian),
    ("/settings/privacy", Needs::Guardian),
    ("/settings/certificate", Needs::Guardian),
    ("/settings/backup", Needs::Guardian),
    ("/settings/system", Needs::Guardian),
    ("/setup/children", Needs::Guardian),
    ("/setup/devices", Needs::Guardian),
    ("/setup/review", Needs::Guardian),
    ("/setup/done", Needs::Guardian),
];

/// Forms as their pages would post them, but for the token. Whoever may not is refused before anything else is looked at;
/// whoever may is only tried where the form does no harm.
#[rustfmt::skip]
const FORMS: [(&str, &str, Needs); 56] = [
    ("/people", "name=Eve&age=6-9", Needs::CoGuardian),
    ("/people/{mia}/pause", "how_long=15&back=/", Needs::Carer),
    ("/people/{mia}/resume", "back=/", Needs::Carer),
    ("/people/{mia}/more-time", "minutes=15&back=/", Needs::Carer),
    ("/people/{mia}/details", "revision=0&name=Eve&age=16-17", Needs::CoGuardian),
    ("/people/{mia}/bedtime", "revision=0&school_from=20:00&school_to=06:00&weekend_from=20:00&weekend_to=06:00", Needs::CoGuardian),
    ("/people/{mia}/week", "revision=0&week=", Needs::CoGuardian),
    ("/people/{mia}/week/window", "revision=0&day=mon&from=10:00&to=11:00&mode=asleep", Needs::CoGuardian),
    ("/people/{mia}/week/remove", "revision=0&window=0", Needs::CoGuardian),
    ("/people/{mia}/modes", "revision=0&mode=&title=Free&effect=free", Needs::CoGuardian),
    ("/people/{mia}/modes/remove", "revision=0&mode=homework", Needs::CoGuardian),
    ("/people/{mia}/categories", "revision=0", Needs::CoGuardian),
    ("/people/{mia}/services", "revision=0&service=youtube:open", Needs::CoGuardian),
    ("/people/{mia}/names", "name=a.example&action=allow&back=/", Needs::CoGuardian),
    ("/people/{mia}/names/remove", "name=a.example&back=/", Needs::CoGuardian),
    ("/people/{mia}/protection", "revision=0&youtube=off&upstreams=", Needs::CoGuardian),
    ("/people/{mia}/pin", "pin=12", Needs::CoGuardian),
    ("/people/{mia}/privacy", "revision=0&level=all-names", Needs::CoGuardian),
    ("/people/{mia}/quotas", "revision=0&what=games&minutes=60&day=mon", Needs::CoGuardian),
    ("/people/{mia}/quotas/remove", "revision=0&what=games&days=mon", Needs::CoGuardian),
    ("/people/{mia}/recommended", "revision=0", Needs::CoGuardian),
    ("/people/{mia}/erase", "name=Mia", Needs::Guardian),
    ("/devices/{mac}/adopt", "label=Mine&owner=unmanaged&back=/", Needs::CoGuardian),
    ("/devices/{mac}/merge", "into=00:00:5e:00:53:40&back=/", Needs::CoGuardian),
    ("/devices/{mac}/forget", "back=/", Needs::CoGuardian),
    ("/requests/1/answer", "answer=yes&note=&back=/", Needs::Carer),
    ("/lists", "name=mine&source=https://a.example/list&tag=games", Needs::Guardian),
    ("/lists/remove", "name=games-0", Needs::Guardian),
    ("/lists/refresh", "", Needs::Guardian),
    ("/settings/adults", "name=Eve&role=guardian&password=a long enough password", Needs::Guardian),
    ("/settings/adults/{oma}/role", "revision=0&role=guardian", Needs::Guardian),
    ("/settings/adults/{ines}/remove", "revision=0", Needs::Guardian),
    ("/settings/tokens", "name=mine&scope=settings&days=0", Needs::Guardian),
    ("/settings/network", "revision=0&name=Ours&time_zone=UTC&language=en&country=GB", Needs::Guardian),
    ("/settings/helplines", "revision=0&title=Ines&site=&telephone=123&hours=", Needs::Guardian),
    ("/settings/helplines/remove", "revision=0&place=0", Needs::Guardian),
    ("/settings/helplines/reset", "revision=0", Needs::Guardian),
    ("/settings/privacy", "revision=0&days=30", Needs::Guardian),
    ("/settings/privacy/delete", "whose=all", Needs::Guardian),
    ("/settings/backup", "passphrase=a long enough passphrase&again=a long enough passphrase", Needs::Guardian),
    ("/settings/backup/restore", "", Needs::Guardian),
    ("/settings/certificate", "", Needs::Guardian),
    ("/settings/certificate/remove", "", Needs::Guardian),
    ("/settings/system/update/address", "address=https://a.example/b.update", Needs::Guardian),
    ("/settings/system/update/file", "", Needs::Guardian),
    ("/settings/system/update/cancel", "", Needs::Guardian),
    ("/settings/system/port", "mac=02:00:00:00:00:01", Needs::Guardian),
    ("/settings/system/restart", "", Needs::Guardian),
    ("/settings/account/passkeys/rename", "id=0&name=Mine", Needs::SignedIn),
    ("/settings/account/passkeys/remove", "id=0", Needs::SignedIn),
    ("/settings/account/password", "current=guess&password=a long enough password&again=a long enough password", Needs::SignedIn),
    ("/settings/account/language", "language=de&back=/", Needs::SignedIn),
    ("/settings/account/totp/begin", "", Needs::SignedIn),
    ("/setup/children", "name=Eve&age=16-17", Needs::Guardian),
    ("/setup/children-remove", "child=0", Needs::Guardian),
    ("/setup/devices", "mac=00:00:5e:00:53:08&label=Mine&owner=unmanaged", Needs::CoGuardian),
];

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=limit";

/// A form of RFC 7578 with a token alone: more is not looked at before it is known who posts it.
fn multipart(token: &str) -> String {
    format!("--limit\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n--limit--\r\n")
}

/// Everybody tries everything.
pub(super) fn every_route(stage: &mut Stage<'_>) -> Result<()> {
    let mut household = Household::new(stage.lab);
    resolve_names(&mut household);
    stage.set_up(&household)?;
    let mut guardian = Caller::of_new_guardian(stage)?;
    for (_, name, role) in ADULTS {
        let fields = [("name", name), ("role", role), ("password", PASSWORD)];
        guardian.submit("/settings/adults", "/settings/adults", &fields)?;
    }
    let mut mia = Caller::new(stage.lab.home.of(Who::Mia));
    mia.submit("/me", "/me/ask", &[("kind", "time"), ("minutes", "15")])?;
    let mut everybody = vec![(Role::Stranger, Caller::new(stage.lab.home.of(Who::Visitor))), (Role::Child, mia)];
    for (role, name, _) in ADULTS.into_iter().rev() {
        let mut adult = Caller::new(stage.lab.home.of(Who::Parent));
        let answer = adult.sign_in(name, PASSWORD)?;
        ensure!(answer.status == 303, "{name} cannot sign in: {}", answer.status);
        everybody.push((role, adult));
    }
    let numbers = Numbers::of(&mut guardian)?;
    let mut watcher = guardian.clone();
    everybody.push((Role::Guardian, guardian));

    let mut wrong = Vec::new();
    let before = revision(&mut watcher)?;
    for (role, caller) in &mut everybody {
        for (path, needs) in PAGES {
            let path = numbers.put_into(path);
            let answer = caller.get(&path)?;
            if lets_in(answer.status, answer.header("location")) != role.may(needs) {
                wrong.push(format!("GET {path} by {role:?}: {} {:?}", answer.status, answer.header("location")));
            }
        }
        let token = caller.token(match role {
            Role::Stranger => "/sign-in",
            Role::Child => "/me",
            Role::Carer | Role::CoGuardian | Role::Guardian => "/",
        })?;
        for (path, form, needs) in FORMS {
            if role.may(needs) {
                continue;
            }
            let path = numbers.put_into(path);
            let (media_type, body) =
                match ["/restore", "/certificate", "/update/file"].iter().any(|end| path.ends_with(end)) {
                    true => (MULTIPART, multipart(&token)),
                    false => (FORM, format!("csrf={token}&{}", form.replace(' ', "%20").replace('/', "%2F"))),
                };
            let answer = caller.call("POST", &path, &[("Content-Type", media_type)], body.trim_end_matches('&'))?;
            if lets_in(answer.status, answer.header("location")) || !matches!(answer.status, 303 | 401 | 403) {
                wrong.push(format!("POST {path} by {role:?}: {} {:?}", answer.status, answer.header("location")));
            }
        }
    }
    let tried = everybody.len() * PAGES.len() + everybody.iter().map(|(role, _)| refused(*role)).sum::<usize>();
    stage.measured.push(format!("{tried} pages and forms tried by {} roles", everybody.len()));
    ensure!(
        wrong.is_empty(),
        "{} of {tried} tries came out otherwise than they should:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    ensure!(before == revision(&mut watcher)?, "somebody has changed something without the right to");
    Ok(())
}

/// The number of the household's state: every change makes it another one.
fn revision(guardian: &mut Caller<'_>) -> Result<String> {
    value_of(&guardian.get("/settings/adults")?.text(), "revision").context("the page of adults has no revision")
}

fn refused(role: Role) -> usize {
    FORMS.iter().filter(|(_, _, needs)| !role.may(*needs)).count()
}

/// True if an answer lets somebody do what was asked. Leading to where one signs in, or to the first run, does not.
fn lets_in(status: u16, to: Option<&str>) -> bool {
    let turned_away = |to: &str| ["/sign-in", "/setup", "/me"].iter().any(|away| to.split('?').next() == Some(away));
    match status {
        200 => true,
        // Pages that are for others in another moment lead to the home page.
        303 => to.is_some_and(|to| !turned_away(to)),
        _ => false,
    }
}

/// The numbers of people.
struct Numbers {
    mia: String,
    ines: String,
    oma: String,
}

impl Numbers {
    /// As the home page links to them.
    fn of(guardian: &mut Caller<'_>) -> Result<Self> {
        let home = guardian.get("/")?.text();
        let links = home.split("href=\"/people/").skip(1).filter_map(|link| link.split("</a>").next()?.split_once('"'));
        let links: Vec<(&str, &str)> = links.collect();
        let number = |name: &str| {
            let link = links.iter().find(|(_, text)| text.contains(name));
            link.map(|(number, _)| (*number).to_owned()).with_context(|| format!("{name} has no link on the home page"))
        };
        Ok(Self { mia: number(Who::Mia.name())?, ines: number(Who::Parent.name())?, oma: number(ADULTS[1].1)? })
    }

    fn put_into(&self, path: &str) -> String {
        path.replace("{mia}", &self.mia)
            .replace("{ines}", &self.ines)
            .replace("{oma}", &self.oma)
            .replace("{mac}", Who::Mia.mac())
    }
}
