//! Restart, upgrade, crash: the gate stays shut through all of them. Loads real programs; needs root.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests, which fail and tell as tests do")]

mod gate_support;

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gate_support::*;
use stairgate::dataplane::{Dataplane, Error, Opened, Options, XdpMode};
use stairgate::interfaces;
use stairgate_abi::ABI_MARK;

fn open(options: &Options) -> (Dataplane, Opened) {
    Dataplane::open(options).unwrap_or_else(|error| panic!("{error}: {:?}", error))
}

/// The program that runs on the router's LAN port.
fn running(home: &Home) -> Option<u32> {
    let links = home.router.run(|| interfaces::links().unwrap());
    links.iter().find(|link| link.name == "lan").unwrap().xdp.map(|xdp| xdp.program)
}

/// A home whose gate is filled and attached, and that no agent looks after.
fn guarded_home() -> (Bpffs, Home) {
    let (bpffs, home) = (Bpffs::mount(), Home::new());
    home.router.run(|| {
        let (dataplane, _) = open(&bpffs.options());
        fill(&dataplane);
        dataplane.attach("lan").unwrap();
    });
    (bpffs, home)
}

#[test]
fn a_restart_adopts_everything() {
    let (bpffs, home) = (Bpffs::mount(), Home::new());
    let (server, client) = (home.server(), home.client());
    let (program, key) = home.router.run(|| {
        let (dataplane, opened) = open(&bpffs.options());
        assert_eq!(opened, Opened::Fresh);
        fill(&dataplane);
        assert_eq!(dataplane.attach("lan").unwrap(), XdpMode::Native);
        assert_eq!(dataplane.attach("lan").unwrap(), XdpMode::Native, "attaching again changes nothing");
        (dataplane.program_id().unwrap(), dataplane.hash_key())
    });
    assert_eq!(running(&home), Some(program), "the program stays when the data plane is dropped");
    assert!(home.passes(&server, &client, GOOD));
    assert!(!home.passes(&server, &client, BAD));

    home.router.run(|| {
        let (dataplane, opened) = open(&bpffs.options());
        assert_eq!(opened, Opened::Adopted);
        assert_eq!((dataplane.program_id().unwrap(), dataplane.hash_key()), (program, key));
        assert_eq!(dataplane.attached().unwrap(), ["lan"]);
        assert_eq!(dataplane.domain(hash(&dataplane, BAD)), (tags(BLOCKED), tags(BLOCKED)));
        assert!(!dataplane.set_profile(CHILD, &profile(blocking())).unwrap(), "the profile is in force already");
        let again = [(hash(&dataplane, BAD), tags(BLOCKED), tags(BLOCKED))].into_iter();
        let update = dataplane.replace_domains(again).unwrap();
        assert_eq!((update.inserted, update.changed, update.removed, update.total), (0, 0, 0, 1));
        dataplane.detach("lan").unwrap();
    });
    assert_eq!(running(&home), None);
    assert!(home.passes(&server, &client, BAD));
}

#[test]
fn an_object_of_another_version_is_refused_before_anything_is_touched() {
    let bpffs = Bpffs::mount();
    let mut object = bpffs.options().object.to_vec();
    let at = object.windows(ABI_MARK.len()).position(|bytes| bytes == ABI_MARK).unwrap();
    object[at + ABI_MARK.len() - 1] ^= 1;
    let options = Options { object: object.leak(), ..bpffs.options() };
    assert!(matches!(Dataplane::open(&options), Err(Error::OtherVersion)));
    assert!(!options.pin_dir.exists());
}

#[test]
fn two_agents_do_not_share_a_pin_directory() {
    let bpffs = Bpffs::mount();
    let (_first, _) = open(&bpffs.options());
    let Err(error) = Dataplane::open(&bpffs.options()) else { panic!("the second must be refused") };
    assert!(matches!(error, Error::InUse { .. }), "{error}");
}

/// Asks for the blocked name without a pause while `change` happens; none may get through, and all others must.
fn under_traffic(home: &Home, change: impl FnOnce() + Send) {
    let (server, client) = (home.server(), home.client());
    let done = AtomicBool::new(false);
    let asked = AtomicU64::new(0);
    let (good, bad) = (question(GOOD, 1), question(BAD, 2));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                client.send(&bad).unwrap();
                client.send(&good).unwrap();
                asked.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_micros(50));
            }
        });
        let heard = scope.spawn(|| {
            let mut heard = 0;
            let mut buffer = [0; 512];
            loop {
                // Silence is the end only once nobody asks any more: one processor may be busy with the change for long.
                let asking = !done.load(Ordering::SeqCst);
                match server.recv(&mut buffer) {
                    Ok(length) => {
                        assert_eq!(buffer[..length], good, "only this question may pass");
                        heard += 1;
                    }
                    Err(_) if asking => {}
                    Err(_) => return heard,
                }
            }
        });
        // So many questions before and after the change, however busy the machine is.
        let more = || {
            let enough = asked.load(Ordering::SeqCst) + 100;
            while asked.load(Ordering::SeqCst) < enough {
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        more();
        change();
        more();
        done.store(true, Ordering::SeqCst);
        let (heard, asked) = (heard.join().unwrap(), asked.load(Ordering::SeqCst));
        println!("{heard} of {asked} questions for a good name were heard, and none for a bad one");
        assert!(heard == asked, "{heard} of {asked} questions passed");
    });
}

#[test]
fn an_upgrade_exchanges_the_program_under_traffic() {
    let (bpffs, home) = guarded_home();
    let old = running(&home);
    under_traffic(&home, || {
        home.router.run(|| {
            let options = Options { object: other_object(), ..bpffs.options() };
            assert_eq!(open(&options).1, Opened::Replaced);
            assert_eq!(open(&options).1, Opened::Adopted);
            assert_ne!(running(&home), old);
            assert_eq!(open(&bpffs.options()).1, Opened::Replaced, "and back again");
        });
    });
}

#[test]
fn a_larger_table_is_filled_before_it_is_in_force() {
    let (bpffs, home) = guarded_home();
    let old = running(&home);
    let larger = Options { domain_capacity: 50_000, ..bpffs.options() };
    under_traffic(&home, || {
        home.router.run(|| {
            let (dataplane, opened) = open(&larger);
            assert_eq!(opened, Opened::Staged);
            assert!(dataplane.domain_capacity() >= 50_000);
            assert!(matches!(dataplane.attach("lan"), Err(Error::NotActive)));
            fill(&dataplane);
            assert_eq!(running(&home), old, "until it is activated, the old set filters");
            dataplane.activate().unwrap();
            assert_eq!(running(&home), Some(dataplane.program_id().unwrap()));
            dataplane.activate().unwrap();
        });
    });
    home.router.run(|| {
        assert_eq!(open(&larger).1, Opened::Adopted);
        assert_eq!(open(&bpffs.options()).1, Opened::Adopted, "a table that is too large is kept");
    });
}

#[test]
fn another_abi_version_is_replaced_the_same_way() {
    let (bpffs, home) = guarded_home();
    let pins = bpffs.pin_dir();
    let set = format!("v{}", stairgate_abi::ABI_VERSION);
    std::fs::rename(pins.join(&set), pins.join("v0")).unwrap();
    under_traffic(&home, || {
        home.router.run(|| {
            let (dataplane, opened) = open(&bpffs.options());
            assert_eq!(opened, Opened::Staged);
            fill(&dataplane);
            dataplane.activate().unwrap();
        });
    });
    assert!(!pins.join("v0").exists() && pins.join(set).exists());
}

#[test]
fn a_crash_at_any_step_leaves_something_to_adopt() {
    let (bpffs, home) = (Bpffs::mount(), Home::new());
    let pins = bpffs.pin_dir();
    let set = pins.join(format!("v{}", stairgate_abi::ABI_VERSION));
    let staged = pins.join(format!("v{}-staged", stairgate_abi::ABI_VERSION));
    let larger = Options { domain_capacity: 50_000, ..bpffs.options() };
    home.router.run(|| {
        let (dataplane, _) = open(&bpffs.options());
        fill(&dataplane);
        dataplane.attach("lan").unwrap();
        let old = dataplane.program_id().unwrap();
        drop(dataplane);

        // While the second set is built: some of its maps are there.
        drop(open(&larger));
        std::fs::remove_file(staged.join("maps/FLOWS")).unwrap();
        let (dataplane, opened) = open(&bpffs.options());
        assert_eq!((opened, dataplane.program_id().unwrap(), staged.exists()), (Opened::Adopted, old, false));
        drop(dataplane);

        // After the exchange of the directories and before the links: the old program still runs on the interface.
        let (dataplane, _) = open(&larger);
        fill(&dataplane);
        drop(dataplane);
        let spare = pins.join("spare");
        std::fs::rename(&set, &spare).unwrap();
        std::fs::rename(&staged, &set).unwrap();
        std::fs::rename(&spare, &staged).unwrap();
        assert_eq!(running(&home), Some(old));
        let (dataplane, opened) = open(&larger);
        assert_eq!((opened, running(&home)), (Opened::Adopted, Some(dataplane.program_id().unwrap())));
        assert!(!staged.exists());
        let new = dataplane.program_id().unwrap();
        drop(dataplane);

        // After another object's program was pinned and before the links: both programs are there.
        let options = Options { object: other_object(), ..larger.clone() };
        drop(open(&options));
        let (dataplane, opened) = open(&larger);
        assert_eq!((opened, running(&home)), (Opened::Replaced, Some(dataplane.program_id().unwrap())));
        assert_ne!(running(&home), Some(new));
        drop(dataplane);

        // A set that somebody damaged is built anew, while its program filters on.
        std::fs::remove_file(set.join("maps/SETTINGS")).unwrap();
        let (dataplane, opened) = open(&larger);
        assert_eq!(opened, Opened::Staged);
        fill(&dataplane);
        dataplane.activate().unwrap();
        assert_eq!(running(&home), Some(dataplane.program_id().unwrap()));
    });
}

#[test]
fn a_killed_holder_leaves_the_filter_in_place() {
    const HOLDER: &str = "STAIRGATE_TEST_HOLDER";
    if let Ok(arguments) = std::env::var(HOLDER) {
        // This is the process that is going to be killed.
        let (namespace, pin_dir) = arguments.split_once(' ').unwrap();
        enter(namespace);
        let (dataplane, _) = open(&options(pin_dir.into()));
        fill(&dataplane);
        dataplane.attach("lan").unwrap();
        loop {
            dataplane.set_profile(CHILD, &profile(blocking())).unwrap();
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    let (bpffs, home) = (Bpffs::mount(), Home::new());
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_killed_holder_leaves_the_filter_in_place"])
        .env(HOLDER, format!("{} {}", home.router.name, bpffs.pin_dir().display()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while running(&home).is_none() {
        // Loading takes minutes where every instruction is emulated.
        assert!(start.elapsed() < Duration::from_secs(300), "the holder did not attach");
        std::thread::sleep(Duration::from_millis(10));
    }
    let program = running(&home);
    under_traffic(&home, || {
        holder.kill().unwrap();
        holder.wait().unwrap();
    });
    assert_eq!(running(&home), program);
    home.router.run(|| assert_eq!(open(&bpffs.options()).1, Opened::Adopted));
}

#[test]
fn an_interface_that_comes_back_is_filtered_again() {
    let (bpffs, home) = (Bpffs::mount(), Home::new());
    home.router.run(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (dataplane, _) = open(&bpffs.options());
        fill(&dataplane);
        dataplane.attach("lan").unwrap();
        runtime.block_on(async {
            let mut watch = interfaces::Watch::new().unwrap();
            home.router.ip(&["link", "del", "lan"]);
            until(&mut watch, |change| matches!(change, interfaces::Change::LinkGone(link) if link.name == "lan"))
                .await;
            assert!(matches!(dataplane.attach("lan"), Err(Error::NoInterface { .. })));
            home.plug_in();
            until(&mut watch, |change| matches!(change, interfaces::Change::Link(link) if link.name == "lan")).await;
        });
        assert_eq!(running(&home), None);
        assert_eq!(dataplane.attach("lan").unwrap(), XdpMode::Native);
        assert_eq!(running(&home), Some(dataplane.program_id().unwrap()));
        // Gone while no agent was there to see it, and with a new program waiting.
        home.router.ip(&["link", "del", "lan"]);
    });
    home.plug_in();
    home.router.run(|| {
        let options = Options { object: other_object(), ..bpffs.options() };
        let (dataplane, opened) = open(&options);
        assert_eq!(opened, Opened::Replaced);
        assert_eq!(running(&home), None, "a link to an interface that is gone holds no other of its name");
        dataplane.attach("lan").unwrap();
    });
    let (server, client) = (home.server(), home.client());
    assert!(!home.passes(&server, &client, BAD));
    assert!(home.passes(&server, &client, GOOD));
}

async fn until(watch: &mut interfaces::Watch, wanted: impl Fn(&interfaces::Change) -> bool) {
    let found = async { while !wanted(&watch.next().await.unwrap()) {} };
    tokio::time::timeout(Duration::from_secs(5), found).await.expect("the kernel tells of the change");
}

#[test]
fn where_the_driver_cannot_the_stack_filters() {
    let (bpffs, home) = (Bpffs::mount(), Home::new());
    home.router.run(|| {
        let (dataplane, _) = open(&bpffs.options());
        // A bridge itself has no native XDP. The dot, as in a VLAN's name, must not trouble the pins.
        home.router.ip(&["link", "add", "lan.10", "type", "bridge"]);
        home.router.ip(&["link", "set", "lan.10", "up"]);
        assert_eq!(dataplane.attach("lan.10").unwrap(), XdpMode::Generic);
        assert_eq!(dataplane.attach("lan.10").unwrap(), XdpMode::Generic);
        assert_eq!(dataplane.attached().unwrap(), ["lan.10"]);
        assert!(matches!(dataplane.attach("absent"), Err(Error::NoInterface { .. })));
    });
    home.router.run(|| {
        let second = Bpffs::mount();
        let (stranger, _) = open(&second.options());
        assert!(matches!(stranger.attach("lan.10"), Err(Error::InterfaceTaken { .. })));
    });
}

#[test]
fn every_port_of_a_bridge_can_be_attached() {
    let (bpffs, router) = (Bpffs::mount(), Namespace::new());
    router.ip(&["link", "add", "br-lan", "type", "bridge"]);
    router.ip(&["addr", "add", "192.0.2.1/24", "dev", "br-lan"]);
    for (port, peer) in [("lan1", "far1"), ("lan2", "far2")] {
        router.ip(&["link", "add", port, "type", "veth", "peer", "name", peer]);
        router.ip(&["link", "set", port, "master", "br-lan"]);
    }
    router.run(|| {
        let links = interfaces::links().unwrap();
        let ports: Vec<_> = interfaces::ports(&links, "br-lan").iter().map(|port| port.name.clone()).collect();
        assert_eq!(ports, ["lan1", "lan2"]);
        assert_eq!(interfaces::driver(interfaces::ports(&links, "br-lan")[0]).as_deref(), Some("veth"));
        let prefixes = interfaces::local_prefixes(&links, &interfaces::addresses().unwrap(), &["br-lan".to_owned()]);
        let lan = interfaces::prefix("192.0.2.0".parse().unwrap(), 24);
        assert!(prefixes.contains(&lan));
        let (dataplane, _) = open(&bpffs.options());
        dataplane.set_local(&prefixes).unwrap();
        for port in &ports {
            dataplane.attach(port).unwrap();
        }
        let links = interfaces::links().unwrap();
        for port in interfaces::ports(&links, "br-lan") {
            assert_eq!(port.xdp.map(|xdp| xdp.program), Some(dataplane.program_id().unwrap()));
        }
    });
}
