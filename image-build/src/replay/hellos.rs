//! Real ClientHellos, cut in two at every byte.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use stairgate_gate::Action;

use super::Both;
use crate::ui::Screen;

/// Files of the folder that are ClientHellos over TCP.
const PREFIX: &str = "tls_clienthello";
const SEQUENCE: u32 = u32::MAX - 300;

/// Sends every ClientHello of `folder` in two segments, cut at every byte, in order and out of order, over IPv4 and
/// IPv6. The names are those of `FOLDER-expected.tsv` beside it: file, then name.
pub(super) fn run(screen: &Screen, both: &mut Both, folder: &Path) -> Result<()> {
    let name = folder.file_name().context("the folder of hellos has no name")?.to_string_lossy();
    let table = folder.with_file_name(format!("{name}-expected.tsv"));
    let text = fs::read_to_string(&table).with_context(|| format!("cannot read {}", table.display()))?;
    let expected = text.lines().filter_map(|line| line.split_once('\t'));
    let mut files = 0;
    for (file, rest) in expected.filter(|(file, _)| file.starts_with(PREFIX)) {
        let path = folder.join(file);
        let hello = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = rest.split('\t').next().unwrap_or_default();
        let mut told = [0; 2];
        for cut in 1..hello.len() {
            for version in [4, 6] {
                for in_order in [true, false] {
                    let case = Case { hello: &hello, cut, version, in_order };
                    let at = case
                        .send(both, name)
                        .with_context(|| format!("{file} cut at {cut}, IPv{version}, in order: {in_order}"))?;
                    told[at] += 1;
                }
            }
        }
        screen.note(format_args!(
            "{file}: {} bytes, {} times told at the first segment, {} at the second",
            hello.len(),
            told[0],
            told[1]
        ));
        files += 1;
    }
    ensure!(files > 0, "{} names no ClientHello of {}", table.display(), folder.display());
    Ok(())
}

struct Case<'a> {
    hello: &'a [u8],
    cut: usize,
    version: u8,
    in_order: bool,
}

impl Case<'_> {
    /// Sends the hello and returns at which segment the name was told.
    fn send(&self, both: &mut Both, name: &str) -> Result<usize> {
        both.forget_flows()?;
        let (first, second) = self.hello.split_at(self.cut);
        let second_at = SEQUENCE.wrapping_add(1 + self.cut as u32);
        let syn = segment(self.version, 0x02, SEQUENCE, &[]);
        let first = segment(self.version, 0x18, SEQUENCE.wrapping_add(1), first);
        let second = segment(self.version, 0x18, second_at, second);
        let mut told = None;
        ensure!(judge(both, &syn)? == (Action::Pass, None), "the SYN is not let through");
        if !self.in_order {
            ensure!(judge(both, &second)? == (Action::Drop, None), "a segment ahead of a hole gets through");
        }
        for (at, frame) in [first, second].iter().enumerate() {
            let (action, found) = judge(both, frame)?;
            if told.is_some() {
                ensure!(action == Action::Reply && found.is_none(), "something gets through after the refusal");
                continue;
            }
            if let Some(found) = found {
                ensure!(found == name, "the name is '{name}', and '{found}' was found");
                ensure!(action == Action::Reply, "the refused segment gets through");
                told = Some(at);
            } else {
                ensure!(action == Action::Pass, "the beginning of the hello does not get through");
            }
        }
        told.context("the name was not found")
    }
}

fn judge(both: &mut Both, frame: &[u8]) -> Result<(Action, Option<String>)> {
    let judged = both.send(frame, &|| "a hello in two segments".to_owned())?;
    let judged = judged.context("the kernel does not take the frame for a test run")?;
    ensure!(judged.names.iter().all(|name| name.kernel && name.host), "kernel and host differ: {:?}", judged.names);
    Ok((judged.action, judged.names.into_iter().next().map(|name| name.name)))
}

/// A TCP segment in an Ethernet frame. The gate checks no checksums, so there are none.
pub(super) fn segment(version: u8, tcp_flags: u8, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let mut segment = vec![0xc0, 0x00, 0x01, 0xbb];
    segment.extend(sequence.to_be_bytes());
    segment.extend([0, 0, 0, 1, 0x50, tcp_flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend(payload);
    ethernet(version, 6, &segment)
}

/// An IP packet in an Ethernet frame.
pub(super) fn ethernet(version: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    let length = payload.len() as u16;
    if version == 4 {
        frame.extend([0x08, 0x00, 0x45, 0]);
        frame.extend((20 + length).to_be_bytes());
        frame.extend([0, 0, 0x40, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1]);
    } else {
        frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
        frame.extend(length.to_be_bytes());
        frame.extend([protocol, 64, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        frame.extend([0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    }
    frame.extend(payload);
    frame
}
