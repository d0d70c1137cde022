//! The certificate that the box makes itself.
//!
//! It lives as long as the installation: there is no authority that could vouch for a router at home. It signs nothing but
//! itself, so that no device has to be told to trust an authority of ours. Opportunistic clients, such as Android's automatic
//! private DNS, do not ask for one (RFC 7858 §4.1); others can be given the certificate to trust.

use std::path::Path;

use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

use super::given::{self, Pair};
use super::{CertificateError, keep, read};

/// The file in the state directory that holds key and certificate.
pub(super) const FILE: &str = "resolver.pem";
/// The name that the certificate is made out to: the one that a home may use for itself (RFC 8375).
pub(super) const NAME: &str = "stairgate.home.arpa";

/// The certificate in `state_dir`, which is made if there is none.
pub(super) fn open(state_dir: &Path) -> Result<Pair, CertificateError> {
    let file = state_dir.join(FILE);
    let pem = match read(&file)? {
        Some(pem) => pem,
        None => {
            let pem = make()?;
            keep(&file, pem.as_bytes()).map_err(|source| CertificateError::File { file: file.clone(), source })?;
            pem.into_bytes()
        }
    };
    given::read(&pem, &pem).map_err(|source| CertificateError::Own { file, source })
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
