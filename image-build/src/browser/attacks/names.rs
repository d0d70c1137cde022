//! What a device calls itself is written by whoever has it.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::super::webdriver::PHONE;
use super::super::{Stage, sign_in};
use super::Caller;
use crate::interrupt;
use crate::lab::home::Who;
use crate::lab::namespace::Namespace;

/// Where multicast DNS is spoken (RFC 6762 §3).
const GROUP: (Ipv4Addr, u16) = (Ipv4Addr::new(224, 0, 0, 251), 5353);
/// How soon a name must be heard; the agent looks for interfaces twice a minute.
const HEARD: Duration = Duration::from_secs(45);
/// Names that are to be shown, and as what. Markup, characters that turn text around, and bytes that are no text.
const NAMES: [(&[u8], &str); 4] = [
    (b"<script>window.stolen=1</script>", "<script>window.stolen=1</script>"),
    (b"\"'><img src=x onerror=window.stolen=1>", "\"'><img src=x onerror=window.stolen=1>"),
    ("\u{202e}<b>\u{2066}evil\u{7}\u{0}".as_bytes(), "<b>evil"),
    (b"\xff\xfe<i>\xc3\x28\xed\xa0\x80</i>", "<i>(</i>"),
];

/// A new device announces itself under names that no page should run, break on, or be turned around by.
pub(super) fn made_up(stage: &mut Stage<'_>, guardian: &mut Caller<'_>) -> Result<()> {
    let visitor = stage.lab.home.of(Who::Visitor);
    // Whoever has asked for something is known to be there.
    Caller::new(visitor).get("/sign-in")?;
    let browser = stage.browser(Who::Parent, PHONE)?;
    sign_in(&browser)?;
    for (name, shown) in NAMES {
        interrupt::wait_until(&format!("the new device called {shown:?}"), HEARD, || {
            announce(visitor, &[name, b"local"])?;
            Ok(heard_name(guardian)? == shown)
        })?;
        for path in ["/devices", "/"] {
            browser.go(path)?;
            let state = browser.script(
                "return [window.stolen ?? null, document.body.textContent.includes(arguments[0])]",
                &json!([shown]),
            )?;
            ensure!(state[0].is_null(), "{shown:?} has become part of {path}");
            ensure!(state[1] == true || path == "/", "{path} does not show {shown:?}, so nothing was tried");
        }
    }
    let last = NAMES[NAMES.len() - 1].1;
    // What is longer than a label can be, and a name of 255 bytes, are no names.
    let long = [b'x'; 255];
    for labels in
        [&[&long[..64], b"local"][..], &[&long, b"local"], &[&long[..63], &long[..63], &long[..63], &long[..61]]]
    {
        announce(visitor, labels)?;
        ensure!(heard_name(guardian)? == last, "a name that is none was taken");
    }
    Ok(())
}

/// What programs are told that the visitor's device calls itself.
fn heard_name(guardian: &mut Caller<'_>) -> Result<String> {
    let answer = guardian.get("/api/v1/devices")?;
    ensure!(answer.status == 200, "the devices are answered with {}", answer.status);
    let devices: Value = serde_json::from_slice(&answer.body).context("the devices are no JSON")?;
    let all = devices.as_array().context("the devices are no list")?;
    let visitor = all.iter().find(|device| device["id"] == Who::Visitor.mac());
    let name = visitor.and_then(|device| device["heard_name"].as_str());
    Ok(name.unwrap_or_default().to_owned())
}

/// Says over multicast DNS that the device's address belongs to a name of these labels (RFC 6762 §8.3).
fn announce(from: &Namespace, labels: &[&[u8]]) -> Result<()> {
    // The head of a response with one answer.
    let mut message = vec![0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    for label in labels {
        message.push(label.len() as u8);
        message.extend_from_slice(label);
    }
    // The root; type A; class IN with the bit of a record that has no like; two minutes; four bytes.
    message.extend_from_slice(&[0, 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4]);
    message.extend_from_slice(&Who::Visitor.v4().octets());
    from.inside(|| {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, GROUP.1)).context("port 5353 cannot be had")?;
        socket.send_to(&message, GROUP).context("nothing can be announced")?;
        Ok(())
    })
}
