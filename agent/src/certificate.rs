//! The certificates of everything that speaks TLS here: the household's pages, DNS over TLS and DNS over HTTPS.
//!
//! There is always one that the box made itself, which browsers warn of. A family that has a name on the internet can give
//! its own besides: as files that whoever renews them keeps up to date, or on the pages. Who asks for the family's name is
//! shown the family's, everybody else the box's. No device is ever asked to trust an authority of ours.
//!
//! What is given on the pages lies beside the database in a file for root alone, as the box's own key does, and not in it: a
//! backup that is read back on another box must not make that one answer to the same name.

mod given;
mod own;
mod x509;

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use stairgate_webui::routes;
use thiserror::Error;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::locks::lock;
use crate::whole_file;
pub use given::{GivenError, PEM_BYTES_MAX, Pair};
pub use x509::{Fields, read as read_x509};

/// The file in the state directory with what was given on the pages: the chain, then the key.
const FAMILY_FILE: &str = "family.pem";
/// Files are looked at this often, and so is the time that is left.
pub const LOOK: Duration = Duration::from_secs(60);
/// Whoever looks after the certificate is told when no more time than this is left: two weeks.
pub const ENDS_SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How often the log says so.
const SAY_AGAIN: SignedDuration = SignedDuration::from_hours(24);
/// The label of a box under a certificate for every name of a domain.
const LABEL: &str = "stairgate";
/// The port that addresses leave out.
const HTTPS_PORT: u16 = 443;

/// Why there is no certificate.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// A file cannot be read or written.
    #[error("cannot read or write {file}; it must be there, and root must be allowed to", file = .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The box's own file holds something else.
    #[error("{file} does not hold a usable key and certificate; remove it, and a new one is made", file = .file.display())]
    Own {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: GivenError,
    },
    /// What was given cannot be used.
    #[error(transparent)]
    Given(#[from] GivenError),
    /// None could be made.
    #[error("no certificate could be made")]
    Making(#[from] rcgen::Error),
    /// The configuration names files, so that there is nothing to give.
    #[error("the configuration says where the certificate is; take it out there")]
    Configured,
}

/// Where the configuration says that the family's certificate is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Files {
    /// The chain.
    pub certificate: PathBuf,
    /// The key.
    pub key: PathBuf,
}

/// Every certificate, for whoever speaks TLS.
#[derive(Clone, Debug)]
pub struct Certificates {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    own: Arc<CertifiedKey>,
    source: Source,
    family: Mutex<Family>,
    /// Counts the changes of the family's certificate.
    changes: watch::Sender<u64>,
}

/// Where the family's certificate comes from.
#[derive(Debug)]
struct Source {
    files: Files,
    /// True if the configuration names the files, false if they are what was given on the pages.
    configured: bool,
    /// Names that the family calls the box by.
    hosts: Vec<String>,
}

/// The family's certificate as it was last read.
#[derive(Debug, Default)]
struct Family {
    pair: Option<Arc<Pair>>,
    problem: Option<String>,
    /// What the files looked like then; none before the first look.
    seen: Option<[Option<Stamp>; 2]>,
    /// When the log last said that the time ends.
    said: Option<Timestamp>,
}

/// Changes whenever a file does.
type Stamp = (u64, i64, i64, u64);

/// How it stands with the family's certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// True if the configuration says where it is.
    pub configured: bool,
    /// What is in force.
    pub in_force: Option<InForce>,
    /// Why what there is now is not in force.
    pub problem: Option<String>,
}

/// A certificate of the family's that is shown to browsers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InForce {
    /// The name that the box goes by.
    pub name: String,
    /// Every name that it is made out to.
    pub names: Vec<String>,
    /// The moment until which it counts.
    pub not_after: Timestamp,
}

/// How it stands with the family's certificate, for whoever only looks. The arguments are those of [`Certificates::open`].
pub fn examine(state_dir: &Path, files: Option<Files>, hosts: Vec<String>) -> Status {
    let source = Source::new(state_dir, files, hosts);
    let (in_force, problem) = match source.read() {
        Ok(pair) => (pair.map(|pair| source.in_force(&pair)), None),
        Err(error) => (None, Some(crate::kernel::with_causes(&error))),
    };
    Status { configured: source.configured, in_force, problem }
}

/// Scheme, name and port of the pages at `name`.
pub fn origin(name: &str, port: u16) -> String {
    if port == HTTPS_PORT { format!("https://{name}") } else { format!("https://{name}:{port}") }
}

/// What has dnsmasq tell devices where to ask whether they are closed (RFC 8910 §2.1 and §2.2).
pub fn portal_options(origin: &str) -> [String; 2] {
    ["114", "option6:103"].map(|option| format!("dhcp-option-force={option},{origin}{}", routes::CAPTIVE_PORTAL))
}

impl Certificates {
    /// The certificates of the box with this state directory: its own, which is made if there is none, and the family's, if
    /// it can be used. `hosts` are names that the family calls the box by.
    ///
    /// # Errors
    /// If the box's own cannot be read, made or kept.
    pub fn open(
        state_dir: &Path,
        files: Option<Files>,
        hosts: Vec<String>,
        now: Timestamp,
    ) -> Result<Self, CertificateError> {
        let own = own::open(state_dir)?.key;
        let source = Source::new(state_dir, files, hosts);
        let (family, changes) = (Mutex::default(), watch::Sender::new(0));
        let certificates = Self { shared: Arc::new(Shared { own, source, family, changes }) };
        certificates.look(now);
        Ok(certificates)
    }

    /// Reads the family's files again if they have changed, and says in the log what is wrong with them and when their time
    /// ends. A certificate that was good stays in force until there is a better one.
    pub fn look(&self, now: Timestamp) {
        // What is wrong is in the log by then, and in the status.
        let _told = self.read_again(now);
    }

    /// As [`Certificates::look`]; tells besides what is wrong with files that have changed.
    fn read_again(&self, now: Timestamp) -> Result<(), CertificateError> {
        let Source { files, .. } = &self.shared.source;
        let seen = Some([stamp(&files.certificate), stamp(&files.key)]);
        let mut family = self.shared.family();
        let mut result = Ok(());
        if seen != family.seen {
            family.seen = seen;
            match self.shared.source.read() {
                Ok(pair) => {
                    (family.pair, family.problem, family.said) = (pair.map(Arc::new), None, None);
                    self.shared.changes.send_modify(|count| *count += 1);
                    if let Some(pair) = &family.pair {
                        tracing::info!(until = %pair.not_after, "the family's certificate is in force");
                    }
                }
                Err(error) => {
                    let problem = crate::kernel::with_causes(&error);
                    tracing::error!(error = %problem, "the family's certificate cannot be used");
                    family.problem = Some(problem);
                    result = Err(error);
                }
            }
        }
        if let Some(pair) = family.pair.as_ref().filter(|pair| pair.not_after.duration_since(now) < ENDS_SOON) {
            let until = pair.not_after;
            if family.said.is_none_or(|said| now.duration_since(said).abs() >= SAY_AGAIN) {
                tracing::warn!(%until, "the family's certificate ends soon or has ended; renew it");
                family.said = Some(now);
            }
        }
        result
    }

    /// Takes a certificate and its key, in PEM, in place of what was given before.
    ///
    /// # Errors
    /// [`CertificateError`]; what was given before is still in force.
    pub fn give(&self, chain: &[u8], key: &[u8], now: Timestamp) -> Result<(), CertificateError> {
        if self.shared.source.configured {
            return Err(CertificateError::Configured);
        }
        given::read(chain, key)?.check_time(now)?;
        // Checked as it will be read, before the good one is gone.
        let text = given::to_keep(chain, key)?;
        given::read(&text, &text)?.check_time(now)?;
        let file = &self.shared.source.files.certificate;
        keep(file, &text).map_err(|source| CertificateError::File { file: file.clone(), source })?;
        self.read_again(now)
    }

    /// Takes away what was given on the pages.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn take_away(&self, now: Timestamp) -> Result<(), CertificateError> {
        if self.shared.source.configured {
            return Err(CertificateError::Configured);
        }
        let file = &self.shared.source.files.certificate;
        match std::fs::remove_file(file) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(CertificateError::File { file: file.clone(), source })
            }
            _ => {
                self.look(now);
                Ok(())
            }
        }
    }

    /// How it stands with the family's certificate.
    pub fn status(&self) -> Status {
        let family = self.shared.family();
        let in_force = family.pair.as_ref().map(|pair| self.shared.source.in_force(pair));
        Status { configured: self.shared.source.configured, in_force, problem: family.problem.clone() }
    }

    /// The name that the box goes by, if the family's certificate is made out to one.
    pub fn public_name(&self) -> Option<String> {
        self.shared.family().pair.as_ref().map(|pair| self.shared.source.name_of(pair))
    }

    /// True if this is a name that the family's certificate is made out to.
    pub fn covers(&self, host: &str) -> bool {
        self.shared.family().pair.as_ref().is_some_and(|pair| pair.covers(host))
    }

    /// Tells whenever the family's certificate is another one.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// For DNS over TLS.
    pub(crate) fn for_tls(&self) -> TlsAcceptor {
        self.acceptor(b"dot")
    }

    /// For DNS over HTTPS, which is HTTP/2 and nothing older (RFC 8484 §5.2).
    pub(crate) fn for_https(&self) -> TlsAcceptor {
        self.acceptor(b"h2")
    }

    /// For the household's pages.
    pub(crate) fn for_pages(&self) -> TlsAcceptor {
        self.acceptor(b"http/1.1")
    }

    fn acceptor(&self, protocol: &[u8]) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Shared>::clone(&self.shared);
        let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
        let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&versions);
        let mut config = builder
            .expect("ring has cipher suites of both versions")
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![protocol.to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }
}

impl Shared {
    fn family(&self) -> MutexGuard<'_, Family> {
        lock(&self.family)
    }
}

impl Source {
    fn new(state_dir: &Path, files: Option<Files>, hosts: Vec<String>) -> Self {
        let given = || Files { certificate: state_dir.join(FAMILY_FILE), key: state_dir.join(FAMILY_FILE) };
        Self { configured: files.is_some(), files: files.unwrap_or_else(given), hosts }
    }

    /// The family's certificate; none if none was given.
    fn read(&self) -> Result<Option<Pair>, CertificateError> {
        let missing =
            |file: &Path| CertificateError::File { file: file.to_owned(), source: io::ErrorKind::NotFound.into() };
        let Some(chain) = read(&self.files.certificate)? else {
            return if self.configured { Err(missing(&self.files.certificate)) } else { Ok(None) };
        };
        let key = read(&self.files.key)?.ok_or_else(|| missing(&self.files.key))?;
        Ok(Some(given::read(&chain, &key)?))
    }

    fn in_force(&self, pair: &Pair) -> InForce {
        InForce { name: self.name_of(pair), names: pair.names.clone(), not_after: pair.not_after }
    }

    /// Of several names, the one that the family calls the box by.
    fn name_of(&self, pair: &Pair) -> String {
        let called = self.hosts.iter().find(|host| pair.covers(host)).cloned();
        let plain = || pair.names.iter().find(|name| !name.starts_with("*.")).cloned();
        let labelled = || pair.names.iter().find(|name| name.split('.').next() == Some(LABEL)).cloned();
        let first =
            || pair.names.first().and_then(|name| name.strip_prefix("*.")).map(|domain| format!("{LABEL}.{domain}"));
        called.or_else(labelled).or_else(plain).or_else(first).unwrap_or_default()
    }
}

impl ResolvesServerCert for Shared {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let family = self.family();
        let wanted = family.pair.as_ref().filter(|pair| hello.server_name().is_some_and(|name| pair.covers(name)));
        Some(wanted.map_or_else(|| Arc::clone(&self.own), |pair| Arc::clone(&pair.key)))
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let of = |metadata: Metadata| (metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), metadata.len());
    std::fs::metadata(file).ok().map(of)
}

/// A file of PEM; none if there is none.
fn read(file: &Path) -> Result<Option<Vec<u8>>, CertificateError> {
    let read = || -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        // Of what is too large, enough is read to see that it is. A family's file holds a chain and a key.
        File::open(file)?.take(2 * PEM_BYTES_MAX as u64 + 2).read_to_end(&mut content)?;
        Ok(content)
    };
    match read() {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CertificateError::File { file: file.to_owned(), source }),
    }
}

/// Writes a file for root alone.
fn keep(file: &Path, content: &[u8]) -> io::Result<()> {
    whole_file::replace(file, content, 0o600)
}

#[cfg(test)]
mod tests;
