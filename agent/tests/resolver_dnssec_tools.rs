//! Zones signed by `ldns-signzone` and served by `nsd`: what others make of the standards is understood here. Without
//! these tools nothing is compared.
#![expect(clippy::unwrap_used, reason = "what cannot be set up fails")]

mod resolver_support;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use hickory_proto::op::{Edns, Message, ResponseCode};
use hickory_proto::rr::RecordType;
use resolver_support::{Resolver, query};
use stairgate::resolver::dnssec::{Settings, Validator};
use stairgate::resolver::limits::Limits;
use tokio::task::JoinSet;

/// Zones, the parents after their children, with the options that sign them; none for one that is not signed.
const ZONES: [(&str, Option<&[&str]>); 7] = [
    ("sub.plain-chain.toys", Some(&[])),
    ("plain-chain.toys", Some(&[])),
    ("hashed.toys", Some(&["-n", "-t", "3", "-s", "abcd"])),
    ("bare.toys", None),
    ("bare.opted", None),
    ("toys", Some(&["-n", "-t", "0"])),
    ("opted", Some(&["-n", "-p", "-t", "0"])),
];
/// What every zone has, in the letters that people use, and with every sort of data that is signed in another form than it
/// is sent in.
const RECORDS: &str = "\
@ 300 IN SOA ns.Elsewhere. Host.Elsewhere. 1 3600 600 86400 300
@ 300 IN NS ns.Elsewhere.
@ 300 IN MX 10 Mail
@ 300 IN NAPTR 10 20 \"S\" \"SIP+D2U\" \"\" _Sip._Udp
@ 300 IN TYPE65280 \\# 3 ABCDEF
www 300 IN A 192.0.2.1
www 300 IN A 192.0.2.2
WWW 300 IN TXT \"Letters\" \"stay As they are\"
_sip._udp 300 IN SRV 1 2 5060 Www
alias 300 IN CNAME WWW
deep.between 300 IN A 192.0.2.3
*.wild 300 IN A 192.0.2.4
closer.wild 300 IN A 192.0.2.5
";

/// A server, which ends with this.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn zones_that_others_signed_are_validated() {
    let directory = tempfile::tempdir().unwrap();
    let Some((served, address)) = serve(directory.path()) else {
        println!("nsd or ldns-signzone is not installed: nothing was compared");
        return;
    };
    let settings = Settings { trust_anchors: Some(directory.path().join("root.ds")), ..Settings::default() };
    let validator = Arc::new(Validator::new(&settings, []).unwrap());
    let (asked, limits) = (Arc::new(AtomicUsize::new(0)), Limits::new(None, [1, 2]));
    let resolver = Resolver::in_front_of(address, JoinSet::new(), asked, limits, Some(validator));
    for zone in ["plain-chain.toys", "sub.plain-chain.toys", "hashed.toys"] {
        for (name, kind) in [
            ("", RecordType::SOA),
            ("", RecordType::DNSKEY),
            ("", RecordType::DS),
            ("", RecordType::MX),
            ("", RecordType::NAPTR),
            ("", RecordType::Unknown(65_280)),
            ("www.", RecordType::A),
            ("www.", RecordType::TXT),
            ("_sip._udp.", RecordType::SRV),
            ("alias.", RecordType::A),
            ("any.wild.", RecordType::A),
            ("so.many.wild.", RecordType::A),
            ("closer.wild.", RecordType::A),
        ] {
            check(&resolver, &format!("{name}{zone}."), kind, ResponseCode::NoError, true).await;
        }
        for (name, kind) in [
            ("", RecordType::AAAA),
            ("www.", RecordType::AAAA),
            ("www.", RecordType::DS),
            ("alias.", RecordType::AAAA),
            ("between.", RecordType::A),
            ("any.wild.", RecordType::AAAA),
            ("_udp.", RecordType::SRV),
        ] {
            check(&resolver, &format!("{name}{zone}."), kind, ResponseCode::NoError, true).await;
        }
        for name in ["no.", "no.such.", "0.", "zzz.", "x.deep.between.", "x.closer.wild.", "x.www."] {
            check(&resolver, &format!("{name}{zone}."), RecordType::A, ResponseCode::NXDomain, true).await;
        }
    }
    check(&resolver, "www.opted.", RecordType::A, ResponseCode::NoError, true).await;
    check(&resolver, "no.such.", RecordType::A, ResponseCode::NXDomain, true).await;
    check(&resolver, "no.toys.", RecordType::A, ResponseCode::NXDomain, true).await;
    // Where delegations may be left out of the chain, nothing is proven for sure about other names.
    check(&resolver, "no.opted.", RecordType::A, ResponseCode::NXDomain, false).await;
    for zone in ["bare.toys.", "bare.opted."] {
        check(&resolver, &format!("www.{zone}"), RecordType::A, ResponseCode::NoError, false).await;
        check(&resolver, &format!("no.{zone}"), RecordType::A, ResponseCode::NXDomain, false).await;
    }
    check(&resolver, "bare.toys.", RecordType::DS, ResponseCode::NoError, true).await;
    // A delegation that this signer gives a record of its own, although it need not.
    check(&resolver, "bare.opted.", RecordType::DS, ResponseCode::NoError, true).await;
    drop(served);
}

async fn check(resolver: &Resolver, name: &str, kind: RecordType, code: ResponseCode, authentic: bool) {
    let mut message = query(name, kind);
    let mut edns = Edns::new();
    edns.set_max_payload(4096);
    edns.flags_mut().dnssec_ok = true;
    message.edns = Some(edns);
    let reply = resolver.tcp(&message.to_vec().unwrap()).await.unwrap();
    let reply = Message::from_vec(&reply).unwrap();
    let metadata = &reply.metadata;
    assert_eq!((metadata.response_code, metadata.authentic_data), (code, authentic), "{name} {kind}: {reply}");
}

/// Signs all zones and serves them. None if a tool is missing.
fn serve(directory: &Path) -> Option<(Served, SocketAddr)> {
    let is_there = |tool: &str| {
        ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"]
            .iter()
            .any(|place| Path::new(place).join(tool).exists())
    };
    if !["ldns-keygen", "ldns-signzone", "nsd"].into_iter().all(is_there) {
        return None;
    }
    let mut delegations: Vec<(&str, String)> = Vec::new();
    let mut zones = String::new();
    for (zone, options) in ZONES.into_iter().chain([(".", Some(&[] as &[&str]))]) {
        let beneath = |(child, lines): &(&str, String)| {
            let parent = child.split_once('.').map_or(".", |(_, parent)| parent);
            (parent == zone).then(|| lines.clone())
        };
        let delegations_here: String = delegations.iter().filter_map(beneath).collect();
        let origin = if zone == "." { ".".to_owned() } else { format!("{zone}.") };
        let file = if zone == "." { "root".to_owned() } else { zone.to_owned() };
        fs::write(directory.join(&file), format!("$ORIGIN {origin}\n{RECORDS}{delegations_here}")).unwrap();
        let mut delegation = format!("{origin} 300 IN NS ns.Elsewhere.\n");
        let mut served = file.clone();
        if let Some(options) = options {
            let key =
                run(Command::new("ldns-keygen").args(["-k", "-a", "ECDSAP256SHA256", &origin]).current_dir(directory));
            let key = key.trim();
            let ds = fs::read_to_string(directory.join(format!("{key}.ds"))).unwrap();
            delegation.push_str(&ds);
            if zone == "." {
                fs::write(directory.join("root.ds"), ds).unwrap();
            }
            served = format!("{file}.signed");
            run(Command::new("ldns-signzone")
                .args(options)
                .args(["-o", &origin, "-f", &served, &file, key])
                .current_dir(directory));
        }
        delegations.push((zone, delegation));
        zones.push_str(&format!("zone:\n  name: \"{zone}\"\n  zonefile: \"{served}\"\n"));
    }
    let address = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let place = directory.display();
    let configuration = format!(
        "server:\n  ip-address: {}@{}\n  zonesdir: \"{place}\"\n  username: \"\"\n  pidfile: \"\"\n  \
         database: \"\"\n  zonelistfile: \"{place}/zones.list\"\n  xfrdfile: \"\"\n  server-count: 1\n\
         remote-control:\n  control-enable: no\n{zones}",
        address.ip(),
        address.port()
    );
    fs::write(directory.join("nsd.conf"), configuration).unwrap();
    let log = fs::File::create(directory.join("log")).unwrap();
    let server = Command::new("nsd")
        .args(["-d", "-c"])
        .arg(directory.join("nsd.conf"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn();
    let mut server = Served(server.unwrap());
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let started = Instant::now();
    loop {
        socket.send_to(&query("toys.", RecordType::SOA).to_vec().unwrap(), address).unwrap();
        if socket.recv(&mut [0; 512]).is_ok() {
            return Some((server, address));
        }
        let ended = server.0.try_wait().unwrap();
        let log = || fs::read_to_string(directory.join("log")).unwrap();
        assert!(ended.is_none() && started.elapsed() < resolver_support::PATIENCE, "nsd does not answer: {}", log());
    }
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
