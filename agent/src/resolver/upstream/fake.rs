//! Servers for tests that answer, lie, delay, truncate, reset or stay silent as they are told.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hickory_proto::op;
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{RData, Record};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_rustls::TlsAcceptor;

/// The name in the servers' certificate.
pub(crate) const NAME: &str = "dns.example";

/// What a server does about a query.
#[derive(Clone)]
pub(crate) enum Reaction {
    /// Sends these, one after the other.
    Send(Vec<Vec<u8>>),
    /// Sends this after a while.
    Later(Duration, Vec<u8>),
    /// Does nothing.
    Silence,
    /// Closes the connection as rudely as the transport lets it.
    Reset,
    /// Sends these bytes as they are, without a length in front.
    Raw(Vec<u8>),
}

pub(crate) type Behaviour = Arc<dyn Fn(&[u8]) -> Reaction + Send + Sync>;

/// A server.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    queries: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

impl Fake {
    /// Queries so far.
    pub(crate) fn queries(&self) -> usize {
        self.queries.load(Ordering::SeqCst)
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn at(address: SocketAddr) -> Self {
        Self { address, queries: Arc::default(), connections: Arc::default() }
    }

    fn react(&self, behaviour: &Behaviour, query: &[u8]) -> Reaction {
        self.queries.fetch_add(1, Ordering::SeqCst);
        behaviour(query)
    }
}

/// The behaviour of a server as it should be.
pub(crate) fn honest() -> Behaviour {
    Arc::new(|query| Reaction::Send(vec![answer(query, 300)]))
}

/// A whole answer to `query`: 192.0.2.1 for as many seconds as `ttl` says.
pub(crate) fn answer(query: &[u8], ttl: u32) -> Vec<u8> {
    answer_with(query, |message| {
        let name = message.queries[0].name().clone();
        message.add_answer(Record::from_rdata(name, ttl, RData::A(A::new(192, 0, 2, 1))));
    })
}

/// An answer to `query`, completed by `complete`.
pub(crate) fn answer_with(query: &[u8], complete: impl Fn(&mut op::Message)) -> Vec<u8> {
    let mut message = op::Message::from_vec(query).unwrap().into_response();
    message.metadata.recursion_available = true;
    message.edns = None;
    complete(&mut message);
    message.to_vec().unwrap()
}

/// Plain datagrams, and TCP at the same port.
pub(crate) async fn datagrams(by_datagram: Behaviour, by_tcp: Behaviour) -> (Fake, Fake) {
    // The same port must be free for both.
    let (socket, listener) = loop {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        if let Ok(listener) = TcpListener::bind(socket.local_addr().unwrap()).await {
            break (Arc::new(socket), listener);
        }
    };
    let fake = Fake::at(socket.local_addr().unwrap());
    let seen = fake.clone();
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        loop {
            // An earlier client's closed port is told here, too.
            let Ok((length, client)) = socket.recv_from(&mut buffer).await else { continue };
            let reaction = seen.react(&by_datagram, &buffer[..length]);
            let socket = socket.clone();
            tokio::spawn(async move {
                match reaction {
                    Reaction::Send(messages) => {
                        for message in messages {
                            let _ = socket.send_to(&message, client).await;
                        }
                    }
                    Reaction::Later(delay, message) => {
                        tokio::time::sleep(delay).await;
                        let _ = socket.send_to(&message, client).await;
                    }
                    Reaction::Raw(bytes) => {
                        let _ = socket.send_to(&bytes, client).await;
                    }
                    Reaction::Silence | Reaction::Reset => {}
                }
            });
        }
    });
    (fake, tcp_on(listener, by_tcp))
}

/// Plain TCP.
pub(crate) async fn tcp(behaviour: Behaviour) -> Fake {
    tcp_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap(), behaviour)
}

fn tcp_on(listener: TcpListener, behaviour: Behaviour) -> Fake {
    let fake = Fake::at(listener.local_addr().unwrap());
    let seen = fake.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            seen.connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(talk(stream, seen.clone(), behaviour.clone()));
        }
    });
    fake
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Send + 'static, seen: Fake, behaviour: Behaviour) {
    let (mut reader, writer) = tokio::io::split(stream);
    let writer = Arc::new(tokio::sync::Mutex::new(writer));
    while let Ok(length) = reader.read_u16().await {
        let mut query = vec![0; length.into()];
        if reader.read_exact(&mut query).await.is_err() {
            return;
        }
        match seen.react(&behaviour, &query) {
            Reaction::Send(messages) => {
                for message in messages {
                    let _ = writer.lock().await.write_all(&framed(&message)).await;
                }
            }
            Reaction::Later(delay, message) => {
                let writer = writer.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    let _ = writer.lock().await.write_all(&framed(&message)).await;
                });
            }
            Reaction::Raw(bytes) => {
                let _ = writer.lock().await.write_all(&bytes).await;
            }
            Reaction::Silence => {}
            Reaction::Reset => return,
        }
    }
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&u16::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

/// A certificate authority with a server certificate for [`NAME`] and 127.0.0.1.
pub(crate) struct Authority {
    _directory: TempDir,
    /// Where the authority's certificate is, as a PEM file.
    pub(crate) path: PathBuf,
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Stairgate's tests");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![NAME.to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("authority.pem");
        std::fs::write(&path, issuer.pem()).unwrap();
        Self { _directory: directory, path, certificate, key }
    }

    /// The server's certificate and key as PEM files, for servers that are programs of their own.
    pub(crate) fn files(&self) -> (PathBuf, PathBuf) {
        let (certificate, key) = (self.path.with_file_name("server.pem"), self.path.with_file_name("key.pem"));
        std::fs::write(&certificate, self.certificate.pem()).unwrap();
        std::fs::write(&key, self.key.serialize_pem()).unwrap();
        (certificate, key)
    }

    fn server(&self, protocol: &[u8]) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let chain = vec![self.certificate.der().clone()];
        let mut server = builder.with_no_client_auth().with_single_cert(chain, key).unwrap();
        server.alpn_protocols = vec![protocol.to_vec()];
        server
    }

    async fn accepting(&self, protocol: &[u8]) -> (TcpListener, TlsAcceptor) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        (listener, TlsAcceptor::from(Arc::new(self.server(protocol))))
    }

    /// DNS over TLS.
    pub(crate) async fn tls(&self, behaviour: Behaviour) -> Fake {
        let (listener, acceptor) = self.accepting(b"dot").await;
        let fake = Fake::at(listener.local_addr().unwrap());
        let seen = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.connections.fetch_add(1, Ordering::SeqCst);
                let (acceptor, seen, behaviour) = (acceptor.clone(), seen.clone(), behaviour.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        talk(stream, seen, behaviour).await;
                    }
                });
            }
        });
        fake
    }

    /// DNS over HTTPS. What it sends raw comes as an HTTP error.
    pub(crate) async fn https(&self, behaviour: Behaviour) -> Fake {
        let (listener, acceptor) = self.accepting(b"h2").await;
        let fake = Fake::at(listener.local_addr().unwrap());
        let seen = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(https_connection(acceptor.clone(), stream, seen.clone(), behaviour.clone()));
            }
        });
        fake
    }

    /// DNS over QUIC.
    pub(crate) async fn quic(&self, behaviour: Behaviour) -> Fake {
        let crypto = quinn::crypto::rustls::QuicServerConfig::try_from(self.server(b"doq")).unwrap();
        let server = quinn::ServerConfig::with_crypto(Arc::new(crypto));
        let endpoint = quinn::Endpoint::server(server, (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let fake = Fake::at(endpoint.local_addr().unwrap());
        let seen = fake.clone();
        tokio::spawn(async move {
            while let Some(incoming) = endpoint.accept().await {
                seen.connections.fetch_add(1, Ordering::SeqCst);
                let (seen, behaviour) = (seen.clone(), behaviour.clone());
                tokio::spawn(async move {
                    let Ok(connection) = incoming.await else { return };
                    while let Ok(stream) = connection.accept_bi().await {
                        tokio::spawn(quic_stream(connection.clone(), stream, seen.clone(), behaviour.clone()));
                    }
                });
            }
        });
        fake
    }
}

async fn https_connection(acceptor: TlsAcceptor, stream: TcpStream, seen: Fake, behaviour: Behaviour) {
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        assert_eq!(request.method(), http::Method::POST);
        assert_eq!(request.uri().path(), "/dns-query");
        let (seen, behaviour) = (seen.clone(), behaviour.clone());
        tokio::spawn(async move {
            let mut body = request.into_body();
            let mut query = Vec::new();
            while let Some(Ok(chunk)) = body.data().await {
                query.extend_from_slice(&chunk);
            }
            let (status, message) = match seen.react(&behaviour, &query) {
                Reaction::Send(messages) => (200, messages[0].clone()),
                Reaction::Later(delay, message) => {
                    tokio::time::sleep(delay).await;
                    (200, message)
                }
                Reaction::Raw(bytes) => (502, bytes),
                Reaction::Silence => std::future::pending().await,
                Reaction::Reset => return respond.send_reset(h2::Reason::INTERNAL_ERROR),
            };
            let response = http::Response::builder().status(status);
            let response = response.header("content-type", "application/dns-message").body(()).unwrap();
            if let Ok(mut stream) = respond.send_response(response, false) {
                let _ = stream.send_data(Bytes::from(message), true);
            }
        });
    }
}

async fn quic_stream(
    connection: quinn::Connection,
    (mut sender, mut receiver): (quinn::SendStream, quinn::RecvStream),
    seen: Fake,
    behaviour: Behaviour,
) {
    let Ok(query) = receiver.read_to_end(1 << 16).await else { return };
    let bytes = match seen.react(&behaviour, &query[2..]) {
        Reaction::Send(messages) => framed(&messages[0]),
        Reaction::Later(delay, message) => {
            tokio::time::sleep(delay).await;
            framed(&message)
        }
        Reaction::Raw(bytes) => bytes,
        Reaction::Silence => {
            // Until nobody waits any more: before that, the stream counts among those that there may be.
            let _ = sender.stopped().await;
            return;
        }
        Reaction::Reset => return connection.close(2_u8.into(), b""),
    };
    let _ = sender.write_all(&bytes).await;
    let _ = sender.finish();
    // The stream's end must reach the other side before it is dropped.
    let _ = sender.stopped().await;
}
