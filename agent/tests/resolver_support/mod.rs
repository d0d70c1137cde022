//! A resolver on the loopback interface, a world of names behind it, and clients that speak every transport.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use stairgate::certificate::Certificates;
use stairgate::dataplane::Judged;
use stairgate::resolver::cache::Cache;
use stairgate::resolver::client_policy::ClientPolicy;
use stairgate::resolver::dnssec::Validator;
use stairgate::resolver::forward::Forwarder;
use stairgate::resolver::handler::{Handler, Home};
use stairgate::resolver::limits::Limits;
use stairgate::resolver::listen::{Bound, Ports};
use stairgate::resolver::local::LocalNames;
use stairgate::resolver::name::DnsName;
use stairgate::resolver::upstream::{Settings, UpstreamSet, Upstreams};
use stairgate_abi::maps::PROFILES_MAX;
use stairgate_abi::{Reason, Tags, Verdict};
use stairgate_policy::defaults::defaults_for;
use stairgate_policy::household::AgeBand;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Everything here answers at once, so that this is only reached when nothing is answered at all.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// Long enough to be sure that nothing comes.
pub const SILENCE: Duration = Duration::from_millis(150);

/// Ports that are tried for one that is free.
const PORT_TRIES: usize = 20;

/// A device, an address it was given, and the answer's lifetime in seconds.
pub type Entered = ([u8; 6], IpAddr, u32);

/// A resolver that answers until it is dropped.
pub struct Resolver {
    pub dns: SocketAddr,
    pub tls: SocketAddr,
    pub https: SocketAddr,
    pub handler: Arc<Handler>,
    /// Queries that reached the world.
    pub asked: Arc<AtomicUsize>,
    /// Addresses that were entered for devices.
    pub entered: Arc<Mutex<Vec<Entered>>>,
    connector: ClientConfig,
    _tasks: (JoinSet<()>, JoinSet<()>),
    _directory: tempfile::TempDir,
}

impl Resolver {
    /// A resolver for a child of ten, for whom everything beneath `blocked.example` is blocked and
    /// `paused.example` is a matter of time.
    pub async fn start() -> Self {
        Self::with_limits(Limits::new(None, [1, 2])).await
    }

    pub async fn with_limits(limits: Limits) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let (world, world_tasks) = world(Arc::clone(&asked)).await;
        Self::in_front_of(world, world_tasks, asked, limits, None)
    }

    /// A resolver that asks the server at `world`, which the tasks keep running, and validates what it says if told how.
    pub fn in_front_of(
        world: SocketAddr,
        world_tasks: JoinSet<()>,
        asked: Arc<AtomicUsize>,
        limits: Limits,
        validator: Option<Arc<Validator>>,
    ) -> Self {
        let cache = Arc::new(Cache::new(1 << 20));
        let sets = vec![vec![format!("udp://{world}").parse().unwrap()]];
        let upstreams = Upstreams::new(Settings { sets, ..Settings::default() }).unwrap();
        let forwarder = Forwarder::new(Arc::clone(&cache), Arc::new(upstreams), validator);
        let mut rules = defaults_for(AgeBand::From10To12);
        rules.strip_ech = true;
        rules.resolved_only = true;
        let policy = ClientPolicy::of_rules(2, &rules, UpstreamSet::DEFAULT);
        let mut local = LocalNames::new(name("home.arpa"));
        local.add_host(&name("printer.home.arpa"), IpAddr::from([192, 168, 1, 20]));
        let home = Home {
            policies: vec![policy; PROFILES_MAX as usize],
            local,
            routed: std::iter::empty().collect(),
            private_answers: Some(std::iter::empty().collect()),
        };
        let entered = Arc::new(Mutex::new(Vec::new()));
        let enter = {
            let entered = Arc::clone(&entered);
            Box::new(move |mac, address, lifetime, _| entered.lock().unwrap().push((mac, address, lifetime)))
        };
        let judge = Box::new(|_, name: &DnsName, _| judge(name));
        let handler = Arc::new(Handler::new(judge, enter, home, limits, [7; 16], cache, forwarder));
        let directory = tempfile::tempdir().unwrap();
        let certificates = Certificates::open(directory.path(), None, Vec::new(), jiff::Timestamp::now()).unwrap();
        let ports = Ports { dns: 0, tls: Some(0), https: Some(0) };
        // A port that is free for UDP may be taken for TCP, by a connection of another test.
        let mut tries = (0..PORT_TRIES).map(|_| Bound::on_address(Ipv4Addr::LOCALHOST.into(), ports));
        let bound = tries.find_map(Result::ok).expect("no port is free for both UDP and TCP");
        let [dns, tls, https] = bound.addresses().unwrap().map(Option::unwrap);
        let tasks = bound.serve(&handler, Some(&certificates)).unwrap();
        let pem = std::fs::read(directory.path().join("resolver.pem")).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        let connector = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            dns,
            tls,
            https,
            handler,
            asked,
            entered,
            connector,
            _tasks: (tasks, world_tasks),
            _directory: directory,
        }
    }

    /// Sends a message in a datagram and returns the reply, if there is one.
    pub async fn udp(&self, message: &[u8]) -> Option<Vec<u8>> {
        let wait = if message.len() < 12 || message[2] & 0x80 != 0 { SILENCE } else { PATIENCE };
        self.udp_within(message, wait).await
    }

    /// The same with a limit of time.
    pub async fn udp_within(&self, message: &[u8], wait: Duration) -> Option<Vec<u8>> {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.send_to(message, self.dns).await.unwrap();
        let mut reply = vec![0; 65_535];
        let (length, from) = timeout(wait, socket.recv_from(&mut reply)).await.ok()?.unwrap();
        assert_eq!(from, self.dns, "answered from where it was asked");
        reply.truncate(length);
        Some(reply)
    }

    /// Sends a message over TCP and returns the reply, or none if the connection is closed instead.
    pub async fn tcp(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut stream = TcpStream::connect(self.dns).await.unwrap();
        write_framed(&mut stream, message).await;
        read_framed(&mut stream).await
    }

    /// A connection for DNS over TLS.
    pub async fn connect_tls(&self) -> tokio_rustls::client::TlsStream<TcpStream> {
        self.handshake(self.tls, b"dot").await
    }

    /// A connection for DNS over HTTPS.
    pub async fn connect_https(&self) -> h2::client::SendRequest<bytes::Bytes> {
        let stream = self.handshake(self.https, b"h2").await;
        let (client, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(async move {
            // It ends with the test.
            let _ = connection.await;
        });
        client
    }

    async fn handshake(&self, to: SocketAddr, protocol: &[u8]) -> tokio_rustls::client::TlsStream<TcpStream> {
        let mut config = self.connector.clone();
        config.alpn_protocols = vec![protocol.to_vec()];
        let name = ServerName::try_from("stairgate.home.arpa").unwrap();
        let stream = TcpStream::connect(to).await.unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }
}

pub fn name(text: &str) -> DnsName {
    DnsName::from_dotted(text).unwrap()
}

fn judge(asked: &DnsName) -> Judged {
    let verdict = if asked.is_within(&name("blocked.example")) {
        Verdict::Block(Reason::Denied)
    } else if asked.is_within(&name("paused.example")) {
        Verdict::Block(Reason::Paused)
    } else {
        Verdict::Pass
    };
    Judged { verdict, hits: Tags::EMPTY, met: Tags::EMPTY, allowed: false }
}

pub async fn write_framed(stream: &mut (impl AsyncWrite + Unpin), message: &[u8]) {
    let mut framed = (message.len() as u16).to_be_bytes().to_vec();
    framed.extend(message);
    stream.write_all(&framed).await.unwrap();
    stream.flush().await.unwrap();
}

pub async fn read_framed(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    timeout(PATIENCE, async {
        let length = stream.read_u16().await.ok()?;
        let mut reply = vec![0; length.into()];
        stream.read_exact(&mut reply).await.ok()?;
        Some(reply)
    })
    .await
    .unwrap()
}

/// A query as any client would send it.
pub fn query(asked: &str, kind: RecordType) -> Message {
    let mut message = Message::query();
    message.metadata.id = 0xbeef;
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(asked).unwrap(), kind));
    message
}

/// The servers of the world, over UDP and TCP: names say how they are answered.
async fn world(asked: Arc<AtomicUsize>) -> (SocketAddr, JoinSet<()>) {
    let (udp, tcp, address) = loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = udp.local_addr().unwrap();
        // The same port may be taken for TCP.
        if let Ok(tcp) = TcpListener::bind(address).await {
            break (udp, tcp, address);
        }
    };
    let mut tasks = JoinSet::new();
    let asked_here = Arc::clone(&asked);
    tasks.spawn(async move {
        let mut buffer = vec![0; 65_535];
        let udp = Arc::new(udp);
        loop {
            let (length, client) = udp.recv_from(&mut buffer).await.unwrap();
            asked_here.fetch_add(1, Ordering::SeqCst);
            let (message, udp) = (buffer[..length].to_vec(), Arc::clone(&udp));
            tokio::spawn(async move {
                if let Some(mut answer) = answer(&message).await {
                    if answer.to_vec().unwrap().len() > 1232 {
                        answer.metadata.truncation = true;
                        answer.answers.clear();
                    }
                    udp.send_to(&answer.to_vec().unwrap(), client).await.unwrap();
                }
            });
        }
    });
    tasks.spawn(async move {
        loop {
            let (mut stream, _) = tcp.accept().await.unwrap();
            tokio::spawn(async move {
                while let Some(message) = read_framed(&mut stream).await {
                    if let Some(answer) = answer(&message).await {
                        write_framed(&mut stream, &answer.to_vec().unwrap()).await;
                    }
                }
            });
        }
    });
    (address, tasks)
}

async fn answer(message: &[u8]) -> Option<Message> {
    let asked = Message::from_vec(message).unwrap();
    let question = asked.queries[0].clone();
    let text = question.name().to_ascii().to_ascii_lowercase();
    let first = text.split('.').next().unwrap().to_owned();
    let mut answer = asked.clone();
    answer.metadata.message_type = MessageType::Response;
    answer.metadata.recursion_available = true;
    let mut add = |data: RData| answer.answers.push(Record::from_rdata(question.name().clone(), 300, data));
    match (first.as_str(), question.query_type()) {
        ("silent", _) => return None,
        ("slow", RecordType::A) => {
            tokio::time::sleep(Duration::from_millis(200)).await;
            add(RData::A(A::new(192, 0, 2, 7)));
        }
        ("big", _) => (0..40).for_each(|number| {
            add(RData::TXT(TXT::new(vec![format!("{number}{}", "x".repeat(100))])));
        }),
        ("cloak", _) => {
            let target = Name::from_ascii("tracker.blocked.example.").unwrap();
            add(RData::CNAME(CNAME(target.clone())));
            answer.answers.push(Record::from_rdata(target, 300, RData::A(A::new(192, 0, 2, 9))));
        }
        ("rebind", RecordType::A) => add(RData::A(A::new(192, 168, 1, 1))),
        ("nx", _) | ("www", RecordType::MX) => {
            if first == "nx" {
                answer.metadata.response_code = ResponseCode::NXDomain;
            }
            let zone = Name::from_ascii("example.").unwrap();
            let soa = SOA::new(zone.clone(), zone.clone(), 1, 3600, 600, 86_400, 60);
            answer.authorities.push(Record::from_rdata(zone, 60, RData::SOA(soa)));
        }
        (_, RecordType::A) => add(RData::A(A::new(192, 0, 2, 1))),
        _ => {
            let zone = Name::from_ascii("example.").unwrap();
            let soa = SOA::new(zone.clone(), zone.clone(), 1, 3600, 600, 86_400, 60);
            answer.authorities.push(Record::from_rdata(zone, 60, RData::SOA(soa)));
        }
    }
    Some(answer)
}
