//! The certificate for DNS over TLS, DNS over HTTPS and the household's pages.
//!
//! It is our own and lives as long as the installation: there is no authority that could vouch for a router at home.
//! Opportunistic clients, such as Android's automatic private DNS, do not ask for one (RFC 7858 §4.1); others can be given
//! the certificate to trust.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

/// The file in the state directory that holds key and certificate.
const FILE: &str = "resolver.pem";
/// The name that the certificate is made out to: the one that a home may use for itself (RFC 8375).
const NAME: &str = "stairgate.home.arpa";

/// Why there is no certificate.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// The file cannot be read or written.
    #[error("cannot read or write the certificate in {file}", file = .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{file} does not hold a usable key and certificate; remove it, and a new one is made", file = .file.display())]
    Content {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// None could be made.
    #[error("no certificate could be made")]
    Making(#[from] rcgen::Error),
}

/// Key and certificate, ready to serve.
#[derive(Clone, Debug)]
pub struct Certificate {
    config: ServerConfig,
}

impl Certificate {
    /// The certificate in `state_dir`, which is made if there is none.
    ///
    /// # Errors
    /// If it cannot be read, made or kept.
    pub fn open(state_dir: &Path) -> Result<Self, CertificateError> {
        let file = state_dir.join(FILE);
        let failed = |source| CertificateError::File { file: file.clone(), source };
        match std::fs::read(&file) {
            Ok(pem) => Self::from_pem(&pem).map_err(|source| CertificateError::Content { file: file.clone(), source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let pem = make()?;
                keep(&file, pem.as_bytes()).map_err(failed)?;
                Self::from_pem(pem.as_bytes()).map_err(|source| CertificateError::Content { file, source })
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn from_pem(pem: &[u8]) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let key = PrivateKeyDer::from_pem_slice(pem)?;
        let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>()?;
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Self { config })
    }

    /// For DNS over TLS.
    pub(super) fn for_tls(&self) -> TlsAcceptor {
        self.acceptor(b"dot")
    }

    /// For DNS over HTTPS, which is HTTP/2 and nothing older (RFC 8484 §5.2).
    pub(super) fn for_https(&self) -> TlsAcceptor {
        self.acceptor(b"h2")
    }

    /// For the household's pages.
    pub(crate) fn for_pages(&self) -> TlsAcceptor {
        self.acceptor(b"http/1.1")
    }

    fn acceptor(&self, protocol: &[u8]) -> TlsAcceptor {
        let mut config = self.config.clone();
        config.alpn_protocols = vec![protocol.to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A new key and a certificate for it, as PEM. Its time is wide: a router without a battery starts in the past.
fn make() -> Result<String, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![NAME.to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, NAME);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2120, 1, 1);
    let certificate = params.self_signed(&key)?;
    Ok(key.serialize_pem() + &certificate.pem())
}

/// Writes the file whole or not at all. The process' umask keeps others from reading it.
fn keep(file: &Path, content: &[u8]) -> io::Result<()> {
    let unfinished = file.with_extension("new");
    let mut out = std::fs::File::create(&unfinished)?;
    out.write_all(content)?;
    out.sync_all()?;
    std::fs::rename(unfinished, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_made_once_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        Certificate::open(directory.path()).unwrap();
        let made = std::fs::read(directory.path().join(FILE)).unwrap();
        Certificate::open(directory.path()).unwrap();
        assert_eq!(std::fs::read(directory.path().join(FILE)).unwrap(), made);
        std::fs::write(directory.path().join(FILE), "nonsense").unwrap();
        let error = Certificate::open(directory.path()).unwrap_err();
        assert!(error.to_string().contains("remove it"), "{error}");
    }
}
