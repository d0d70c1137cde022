//! A visitor without a browser: the same pages and forms, as bytes.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result, ensure};

use super::http::{self, Answer, exchange};
use super::{PASSWORD, Stage};
use crate::lab::home::{ROUTER_V4, Who};
use crate::lab::namespace::Namespace;
use crate::lab::noon::NoonZone;

/// Where the pages are.
pub(super) const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(ROUTER_V4), 80);
/// Headers of a form.
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// A visitor and the cookie that it holds.
#[derive(Clone)]
pub(crate) struct Caller<'a> {
    namespace: &'a Namespace,
    server: SocketAddr,
    /// Name and value, as the browser would send it.
    pub(super) cookie: String,
}

impl<'a> Caller<'a> {
    /// A visitor from somebody's device who was never here before.
    pub(super) fn new(namespace: &'a Namespace) -> Self {
        Self::at(namespace, SERVER)
    }

    /// The same where the pages are elsewhere than in the laboratory's home.
    fn at(namespace: &'a Namespace, server: SocketAddr) -> Self {
        Self { namespace, server, cookie: String::new() }
    }

    /// The guardian, who has set the gate up a moment ago.
    pub(super) fn of_new_guardian(stage: &Stage<'a>) -> Result<Self> {
        Self::claim(stage.lab.home.of(Who::Parent), SERVER.ip(), &stage.code()?, NoonZone::now())
    }

    /// The guardian, who sets a new box up from this device with the code that the box has shown.
    pub(crate) fn claim(namespace: &'a Namespace, address: IpAddr, code: &str, zone: NoonZone) -> Result<Self> {
        let mut guardian = Self::at(namespace, SocketAddr::new(address, SERVER.port()));
        guardian.submit("/setup", "/setup/code", &[("code", code)])?;
        let zone = zone.name();
        let home = [("name", "The laboratory"), ("time_zone", &zone), ("language", "en"), ("revision", "0")];
        guardian.submit("/setup/household", "/setup/household", &home)?;
        let guardian_form = [("name", Who::Parent.name()), ("password", PASSWORD), ("again", PASSWORD)];
        guardian.submit("/setup/guardian", "/setup/guardian", &guardian_form)?;
        let home = guardian.get("/")?;
        ensure!(home.status == 200, "after the first run, the home page answers {}", home.status);
        Ok(guardian)
    }

    /// The same visitor at another device.
    pub(super) fn moved_to(&self, namespace: &'a Namespace) -> Self {
        Self { namespace, server: self.server, cookie: self.cookie.clone() }
    }

    /// A new visitor at the same device.
    pub(super) fn without_cookie(&self) -> Self {
        Self::at(self.namespace, self.server)
    }

    /// Signs in by name and password.
    pub(super) fn sign_in(&mut self, name: &str, password: &str) -> Result<Answer> {
        let token = self.token("/sign-in")?;
        self.post("/sign-in", &[("csrf", &token), ("name", name), ("password", password), ("next", "/")])
    }

    /// Reads a page.
    pub(crate) fn get(&mut self, path: &str) -> Result<Answer> {
        self.call("GET", path, &[], "")
    }

    /// Posts a form as it is.
    pub(super) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        self.call("POST", path, &[FORM], &encoded(fields))
    }

    /// Posts a form with the token of the page that it stands on; an error unless that leads to another page.
    pub(crate) fn submit(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let token = self.token(page)?;
        let fields: Vec<_> = [("csrf", token.as_str())].into_iter().chain(fields.iter().copied()).collect();
        let answer = self.post(path, &fields)?;
        let to = answer.header("location").unwrap_or_default();
        ensure!(
            answer.status == 303 && !to.contains("failed="),
            "{path} answers {} and leads to '{to}'",
            answer.status
        );
        Ok(answer)
    }

    /// The form token on a page.
    pub(super) fn token(&mut self, page: &str) -> Result<String> {
        let text = self.get(page)?.text();
        value_of(&text, "csrf").with_context(|| format!("{page} has no form token; it says:\n{text}"))
    }

    /// Sends any request under the gate's address, and keeps the cookie that it is given.
    pub(super) fn call(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer> {
        let mut all = vec![("Cookie", self.cookie.as_str())];
        all.extend(headers);
        let answer = self.send(&http::request(method, path, &self.server.ip().to_string(), &all, body))?;
        if let Some(cookie) = answer.header("set-cookie") {
            self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        }
        Ok(answer)
    }

    /// Sends bytes.
    pub(super) fn send(&self, request: &[u8]) -> Result<Answer> {
        self.namespace.inside(|| exchange(self.server, request))
    }
}

/// The value of the first hidden field of this name.
pub(crate) fn value_of(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

/// Fields as forms are posted (URL Standard §5.2), with everything encoded that may be.
pub(super) fn encoded(fields: &[(&str, &str)]) -> String {
    let percent = |text: &str| {
        let byte = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        };
        text.bytes().map(byte).collect::<String>()
    };
    fields.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value))).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_encoded_and_read() {
        assert_eq!(encoded(&[("a", "b c"), ("d&", "ü=")]), "a=b%20c&d%26=%C3%BC%3D");
        assert_eq!(value_of("<input name=\"csrf\" value=\"abc\">", "csrf").as_deref(), Some("abc"));
        assert_eq!(value_of("<p>", "csrf"), None);
    }
}
