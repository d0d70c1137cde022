//! What the gate's tests share: a BPF file system and network namespaces of their own, and the policy of one child.
#![allow(dead_code, reason = "every test binary uses a part of it")]
#![expect(clippy::unwrap_used, reason = "a test that cannot make its surroundings has failed")]

use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::mount::{MountFlags, UnmountFlags};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use stairgate::dataplane::{Dataplane, Options};
use stairgate_abi::hash::NameHash;
use stairgate_abi::maps::{PROFILE_FIRST_PERSON, Profile};
use stairgate_abi::{Mask, Tag, TagSet, Tags};

/// The kernel program that is checked in.
static OBJECT: &[u8] = aya::include_bytes_aligned!("../../../ebpf/gate/stairgate.bpf.o");

/// The child's profile.
pub(crate) const CHILD: u16 = PROFILE_FIRST_PERSON;
/// The tag of what the child's profile blocks.
pub(crate) const BLOCKED: Tag = Tag(5);
/// A name that is on the blocked list.
pub(crate) const BAD: &str = "bad";
/// A name that is on no list.
pub(crate) const GOOD: &str = "good";

/// Fails loudly where the kernel would refuse everything.
pub(crate) fn require_root() {
    assert!(
        rustix::process::geteuid().is_root(),
        "this test loads kernel programs and makes namespaces: run it as root"
    );
}

fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A BPF file system that goes away with the value, and what is pinned in it.
pub(crate) struct Bpffs(PathBuf);

impl Bpffs {
    pub(crate) fn mount() -> Self {
        require_root();
        let path = std::env::temp_dir().join(format!("stairgate-bpf-{}", unique()));
        std::fs::create_dir(&path).unwrap();
        rustix::mount::mount("bpf", &path, "bpf", MountFlags::empty(), None).unwrap();
        Self(path)
    }

    pub(crate) fn pin_dir(&self) -> PathBuf {
        self.0.join("stairgate")
    }

    /// Options with the checked-in object and room for a thousand domains.
    pub(crate) fn options(&self) -> Options {
        options(self.pin_dir())
    }
}

impl Drop for Bpffs {
    fn drop(&mut self) {
        let _ = rustix::mount::unmount(&self.0, UnmountFlags::DETACH);
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// As [`Bpffs::options`], for another process's pin directory.
pub(crate) fn options(pin_dir: PathBuf) -> Options {
    Options { pin_dir, domain_capacity: 1_000, object: OBJECT }
}

/// A second object that does the same: ELF readers ignore what stands behind the last section.
pub(crate) fn other_object() -> &'static [u8] {
    let mut object = OBJECT.to_vec();
    object.extend([0; 16]);
    object.leak()
}

/// A network namespace that goes away with the value.
pub(crate) struct Namespace {
    pub(crate) name: String,
}

impl Namespace {
    pub(crate) fn new() -> Self {
        require_root();
        let namespace = Self { name: format!("sg-{}", unique()) };
        command("ip", &["netns", "add", &namespace.name]);
        namespace.ip(&["link", "set", "lo", "up"]);
        namespace
    }

    pub(crate) fn ip(&self, arguments: &[&str]) {
        command("ip", &[&["-n", &self.name], arguments].concat());
    }

    /// Runs `work` on a thread inside the namespace.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                self.enter();
                work()
            });
            match thread.join() {
                Ok(value) => value,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    /// Moves the calling thread into the namespace for good.
    pub(crate) fn enter(&self) {
        enter(&self.name);
    }
}

/// Moves the calling thread into the namespace with this name for good.
pub(crate) fn enter(name: &str) {
    use std::os::fd::AsFd as _;
    let file = std::fs::File::open(Path::new("/run/netns").join(name)).unwrap();
    move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

fn command(program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} is needed for this test (package iproute2): {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {}: {said}", arguments.join(" "));
}

/// A router and one child's device, joined by a cable whose router end is `lan`.
pub(crate) struct Home {
    pub(crate) router: Namespace,
    pub(crate) device: Namespace,
}

pub(crate) const ROUTER_ADDRESS: &str = "192.0.2.1";
pub(crate) const DEVICE_MAC: [u8; 6] = [2, 0, 0, 0, 0, 7];

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self { router: Namespace::new(), device: Namespace::new() };
        home.plug_in();
        home
    }

    /// Lays the cable. Taking it away is `ip link del lan` in the router.
    pub(crate) fn plug_in(&self) {
        let device = self.device.name.as_str();
        self.router.ip(&["link", "add", "lan", "type", "veth", "peer", "name", "eth0", "netns", device]);
        self.router.ip(&["addr", "add", "192.0.2.1/24", "dev", "lan"]);
        self.router.ip(&["link", "set", "lan", "up"]);
        self.device.ip(&["link", "set", "eth0", "address", "02:00:00:00:00:07"]);
        self.device.ip(&["addr", "add", "192.0.2.7/24", "dev", "eth0"]);
        self.device.ip(&["link", "set", "eth0", "up"]);
    }

    /// A name server on the router that hands every question that reaches it to nobody.
    pub(crate) fn server(&self) -> UdpSocket {
        let server = self.router.run(|| UdpSocket::bind((ROUTER_ADDRESS, 53)).unwrap());
        server.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        server
    }

    /// A socket of the device that talks to the name server.
    pub(crate) fn client(&self) -> UdpSocket {
        self.device.run(|| {
            let client = UdpSocket::bind("192.0.2.7:0").unwrap();
            client.connect((ROUTER_ADDRESS, 53)).unwrap();
            client
        })
    }

    /// True if a question for `name` reaches the router.
    pub(crate) fn passes(&self, server: &UdpSocket, client: &UdpSocket, name: &str) -> bool {
        let mut buffer = [0; 512];
        server.set_nonblocking(true).unwrap();
        while server.recv(&mut buffer).is_ok() {}
        server.set_nonblocking(false).unwrap();
        client.send(&question(name, 1)).unwrap();
        server.recv(&mut buffer).is_ok()
    }
}

/// A DNS question for the address of `name`.
pub(crate) fn question(name: &str, id: u16) -> Vec<u8> {
    let mut bytes = id.to_be_bytes().to_vec();
    bytes.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        bytes.push(label.len() as u8);
        bytes.extend(label.as_bytes());
    }
    bytes.extend([0, 0, 1, 0, 1]);
    bytes
}

/// The frame in which the device asks for `name`.
pub(crate) fn question_frame(name: &str, id: u16) -> Vec<u8> {
    let question = question(name, id);
    let mut udp = [12_345u16.to_be_bytes(), 53u16.to_be_bytes(), (8 + question.len() as u16).to_be_bytes()].concat();
    udp.extend([0, 0]);
    udp.extend(question);
    ipv4_frame(17, [192, 0, 2, 1], &udp)
}

/// The device's frame to a web server, without payload, with these TCP flags.
pub(crate) fn tcp_frame(flags: u8) -> Vec<u8> {
    let mut tcp = [40_000u16.to_be_bytes(), 443u16.to_be_bytes()].concat();
    tcp.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    ipv4_frame(6, [198, 51, 100, 1], &tcp)
}

fn ipv4_frame(protocol: u8, destination: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1];
    frame.extend(DEVICE_MAC);
    frame.extend([0x08, 0x00, 0x45, 0]);
    frame.extend((20 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, protocol, 0, 0, 192, 0, 2, 7]);
    frame.extend(destination);
    let sum: u32 = frame[14..34].chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let sum = !((sum & 0xffff) as u16 + (sum >> 16) as u16);
    frame[24..26].copy_from_slice(&sum.to_be_bytes());
    frame.extend(payload);
    frame
}

pub(crate) fn tags(tag: Tag) -> TagSet {
    TagSet { tags: [tag].into_iter().collect(), except: Tags::EMPTY }
}

pub(crate) fn profile(mask: Mask) -> Profile {
    let mut profile = Profile::default();
    profile.mask[0] = mask;
    profile
}

/// The mask that blocks [`BLOCKED`].
pub(crate) fn blocking() -> Mask {
    Mask { block: [BLOCKED].into_iter().collect(), ..Mask::default() }
}

/// The hash of a name in this data plane.
pub(crate) fn hash(dataplane: &Dataplane, name: &str) -> u64 {
    NameHash::of(dataplane.hash_key(), name.as_bytes()).0
}

/// Fills a data plane so that the child's device may not ask for [`BAD`].
pub(crate) fn fill(dataplane: &Dataplane) {
    dataplane.set_profile(CHILD, &profile(blocking())).unwrap();
    dataplane.set_devices(&[(DEVICE_MAC, CHILD)]).unwrap();
    let entry = (hash(dataplane, BAD), tags(BLOCKED), tags(BLOCKED));
    dataplane.replace_domains([entry].into_iter()).unwrap();
}
