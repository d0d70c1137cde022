//! Other people's server, where it is installed: unbound speaks all transports but QUIC.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use super::*;

/// A running unbound; ends when dropped.
struct Unbound {
    process: Child,
    plain: SocketAddr,
    tls: SocketAddr,
    https: SocketAddr,
    _directory: tempfile::TempDir,
}

impl Drop for Unbound {
    fn drop(&mut self) {
        // It may have ended by itself, which its test has noticed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Unbound {
    /// None if it is not installed.
    fn start(authority: &Authority) -> Option<Self> {
        let found = Command::new("unbound").arg("-V").stdout(Stdio::null()).status();
        if found.is_err() {
            println!("skipped: unbound is not installed");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let [plain, tls, https] = free_addresses();
        let (certificate, key) = authority.files();
        let text = format!(
            "server:\n do-daemonize: no\n username: \"\"\n chroot: \"\"\n directory: \"{directory}\"\n pidfile: \"\"\n use-syslog: no\n \
             logfile: \"\"\n num-threads: 1\n interface: {plain}\n interface: {tls}\n interface: {https}\n tls-port: {tls_port}\n \
             https-port: {https_port}\n tls-service-pem: \"{certificate}\"\n tls-service-key: \"{key}\"\n \
             module-config: \"iterator\"\n do-not-query-localhost: no\n local-zone: \"test.\" static\n \
             local-data: \"test. 300 IN SOA ns.test. host.test. 1 2 3 4 60\"\n local-data: \"www.test. 120 IN A 192.0.2.7\"\n{long}\
             remote-control:\n control-enable: no\n",
            directory = directory.path().display(),
            plain = unbound_address(plain),
            tls = unbound_address(tls),
            https = unbound_address(https),
            tls_port = tls.port(),
            https_port = https.port(),
            certificate = certificate.display(),
            key = key.display(),
            long = (0..20)
                .map(|number| format!(" local-data: 'long.test. 60 IN TXT \"{number:0>200}\"'\n"))
                .collect::<String>(),
        );
        let file = directory.path().join("unbound.conf");
        std::fs::write(&file, text).unwrap();
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let process = Command::new("unbound").arg("-d").arg("-c").arg(&file).stderr(log).spawn().unwrap();
        let unbound = Self { process, plain, tls, https, _directory: directory };
        for address in [plain, tls, https] {
            let deadline = Instant::now() + Duration::from_secs(10);
            while TcpStream::connect(address).is_err() {
                let log = std::fs::read_to_string(file.with_file_name("log")).unwrap();
                assert!(Instant::now() < deadline, "unbound does not listen: {log}");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Some(unbound)
    }
}

/// Addresses of 127.0.0.1 that were free a moment ago.
fn free_addresses() -> [SocketAddr; 3] {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap())
}

fn unbound_address(address: SocketAddr) -> String {
    format!("{}@{}", address.ip(), address.port())
}

#[tokio::test]
async fn unbound_is_understood_on_every_transport() {
    let authority = Authority::new();
    let Some(unbound) = Unbound::start(&authority) else { return };
    for (protocol, address) in [
        (Protocol::Udp, unbound.plain),
        (Protocol::Tcp, unbound.plain),
        (Protocol::Tls, unbound.tls),
        (Protocol::Https, unbound.https),
    ] {
        let upstreams = Upstreams::new(Settings {
            sets: vec![vec![server(protocol, address)]],
            certificates: Some(authority.path.clone()),
            ..Settings::default()
        })
        .unwrap();
        let www = ask(&upstreams, "www.test").await;
        assert_answers(&www, "www.test");
        assert_eq!(www.map(|response| response.ttl), Ok(120), "{protocol:?}");
        let missing = ask(&upstreams, "missing.test").await.unwrap();
        assert_eq!((missing.rcode, missing.ttl), (3, 60), "{protocol:?}");
        let asked = Question { query_type: query_type::TXT, ..question("long.test") };
        // Four kilobytes: by UDP it is told that the answer does not fit, and comes by TCP.
        let long = upstreams.exchange(&asked, Options { dnssec_ok: true, ..Options::default() }).await.unwrap();
        assert_eq!(op::Message::from_vec(&long.message.bytes).unwrap().answers.len(), 20, "{protocol:?}");
        let refused = ask(&upstreams, "elsewhere.invalid").await;
        assert!(refused.is_ok_and(|response| response.rcode == 3), "{protocol:?}");
    }
}
