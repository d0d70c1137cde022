//! What upstream servers must prove about themselves.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quinn::crypto::rustls::QuicClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

/// Bytes of a file of certificates at most.
const FILE_MAX: u64 = 1 << 20;

/// Why certificates of one's own cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The file cannot be read.
    #[error("the certificates in {path} cannot be read: {source}; name a PEM file that the agent may read")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is none in it.
    #[error("there is no certificate in {0}: it must be a PEM file with at least one")]
    NoCertificate(PathBuf),
    /// One is broken.
    #[error("a certificate in {path} cannot be used: {problem}; name a PEM file of certificate authorities")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The library's own parts do not fit together.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// How TLS is spoken, for each protocol above it.
#[derive(Clone)]
pub(crate) struct Clients {
    /// DNS over TLS.
    pub(crate) tls: Arc<ClientConfig>,
    /// HTTP/2.
    pub(crate) https: Arc<ClientConfig>,
    /// QUIC.
    pub(crate) quic: Arc<QuicClientConfig>,
}

impl Clients {
    /// Trusts the public certificate authorities, and those in the file at `certificates`.
    pub(crate) fn new(certificates: Option<&Path>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = certificates {
            for certificate in read(path)? {
                roots
                    .add(certificate)
                    .map_err(|error| TlsError::Certificate { path: path.to_owned(), problem: error.to_string() })?;
            }
        }
        let roots = Arc::new(roots);
        let setup = |error: &dyn std::error::Error| TlsError::Setup(error.to_string());
        let client = |protocol: &[u8], versions: &[&'static rustls::SupportedProtocolVersion]| {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let builder = ClientConfig::builder_with_provider(provider);
            let builder = builder.with_protocol_versions(versions).map_err(|error| setup(&error))?;
            let mut client = builder.with_root_certificates(roots.clone()).with_no_client_auth();
            client.alpn_protocols = vec![protocol.to_vec()];
            Ok::<_, TlsError>(client)
        };
        let quic = client(b"doq", &[&rustls::version::TLS13])?;
        Ok(Self {
            tls: Arc::new(client(b"dot", rustls::ALL_VERSIONS)?),
            https: Arc::new(client(b"h2", rustls::ALL_VERSIONS)?),
            quic: Arc::new(QuicClientConfig::try_from(quic).map_err(|error| setup(&error))?),
        })
    }
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::File { path: path.to_owned(), source };
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > FILE_MAX {
        return Err(unreadable(io::Error::other(format!("it is larger than {FILE_MAX} bytes"))));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let certificates: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&bytes).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(TlsError::NoCertificate(path.to_owned())),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(TlsError::Certificate { path: path.to_owned(), problem: error.to_string() }),
    }
}
