//! A certificate that somebody gives the box, checked before it is used.

use std::sync::Arc;

use data_encoding::BASE64;
use jiff::Timestamp;
use rustls::Error as TlsError;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use thiserror::Error;

use super::x509;

/// Bytes of a chain or a key in PEM at most.
pub const PEM_BYTES_MAX: usize = 64 * 1024;
/// Certificates of a chain at most.
const CHAIN_MAX: usize = 8;
/// Characters of a line of PEM (RFC 7468 §2).
const LINE_CHARS: usize = 64;
/// What a key begins with that only a passphrase opens.
const ENCRYPTED: &[u8] = b"ENCRYPTED";

/// A certificate and its key, ready to serve.
#[derive(Clone, Debug)]
pub struct Pair {
    /// What TLS takes.
    pub(super) key: Arc<CertifiedKey>,
    /// Names of hosts, in lower case; the first label may be `*`.
    pub names: Vec<String>,
    /// The moment from which it counts.
    pub not_before: Timestamp,
    /// The moment until which it counts.
    pub not_after: Timestamp,
}

/// Why a certificate cannot be used, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum GivenError {
    /// The text holds no certificate.
    #[error(
        "there is no certificate in it; give the file that begins with -----BEGIN CERTIFICATE-----, often called \
         fullchain.pem"
    )]
    NoCertificate,
    /// There is more than a chain needs.
    #[error("there are more than {CHAIN_MAX} certificates, or more than {PEM_BYTES_MAX} bytes; give the chain alone")]
    TooLarge,
    /// One of the certificates cannot be read.
    #[error("certificate {0} of the chain cannot be read; download or export the file again")]
    Unreadable(usize),
    /// The text holds no key.
    #[error(
        "there is no private key in it; give the file that begins with -----BEGIN PRIVATE KEY-----, often called \
         privkey.pem"
    )]
    NoKey,
    /// The key needs a passphrase.
    #[error("the private key is encrypted; give it decrypted, as `openssl pkey -in key.pem` writes it")]
    EncryptedKey,
    /// The key is of a kind that browsers and servers do not share.
    #[error(
        "the private key is of a kind that cannot be used; use ECDSA on P-256 or P-384, Ed25519, or RSA of 2048 bits"
    )]
    UnusableKey,
    /// The key belongs to another certificate.
    #[error("the private key does not fit the first certificate; give the two files that were made together")]
    WrongKey,
    /// The chain is broken.
    #[error(
        "certificate {0} of the chain did not sign the one before it; the box's own certificate comes first, then the one \
         that signed it, and so on, as in fullchain.pem"
    )]
    Order(usize),
    /// It names no host.
    #[error("the certificate names no host; browsers need one as a subject alternative name, such as gate.example.net")]
    NoName,
    /// Its time is over.
    #[error("the certificate ended on {0}; renew it, and give the new one")]
    Over(Timestamp),
    /// Its time has not come.
    #[error("the certificate only counts from {0} on; wait until then, or set the box's clock if it is wrong")]
    Early(Timestamp),
}

/// The certificate and key in these texts, in PEM (RFC 7468). What else stands in the texts is not looked at. Time is not
/// judged; [`Pair::check_time`] does.
///
/// # Errors
/// [`GivenError`].
pub(super) fn read(chain: &[u8], key: &[u8]) -> Result<Pair, GivenError> {
    if chain.len() > PEM_BYTES_MAX || key.len() > PEM_BYTES_MAX {
        return Err(GivenError::TooLarge);
    }
    let certificates = certificates(chain)?;
    let fields = certificates.iter().enumerate();
    let fields = fields.map(|(place, der)| x509::read(der).ok_or(GivenError::Unreadable(place + 1)));
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    if let Some(place) = fields.windows(2).position(|pair| pair[0].issuer != pair[1].subject) {
        return Err(GivenError::Order(place + 2));
    }
    let Some(first) = fields.first() else { return Err(GivenError::NoCertificate) };
    if first.names.is_empty() {
        return Err(GivenError::NoName);
    }
    let (names, not_before, not_after) = (first.names.clone(), first.not_before, first.not_after);
    let key = private_key(key)?;
    let key = CertifiedKey::from_der(certificates, key, &default_provider()).map_err(|error| match error {
        TlsError::InconsistentKeys(_) => GivenError::WrongKey,
        TlsError::InvalidCertificate(_) => GivenError::Unreadable(1),
        _ => GivenError::UnusableKey,
    })?;
    Ok(Pair { key: Arc::new(key), names, not_before, not_after })
}

/// The chain in one text and the key in another as one text that holds nothing else. Each of the two may hold both, and then
/// the one behind the other would be a chain that goes on behind its end.
///
/// # Errors
/// [`GivenError`].
pub(super) fn to_keep(chain: &[u8], key: &[u8]) -> Result<Vec<u8>, GivenError> {
    let key = private_key(key)?;
    let label = match &key {
        PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
        PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
        PrivateKeyDer::Pkcs8(_) => "PRIVATE KEY",
        _ => return Err(GivenError::UnusableKey),
    };
    let mut text = Vec::new();
    for certificate in certificates(chain)? {
        add_section(&mut text, "CERTIFICATE", &certificate);
    }
    add_section(&mut text, label, key.secret_der());
    Ok(text)
}

/// The certificates in a text, of which there is at least one.
fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, GivenError> {
    let mut certificates = Vec::new();
    for found in CertificateDer::pem_slice_iter(text) {
        certificates.push(found.map_err(|_| GivenError::Unreadable(certificates.len() + 1))?);
        if certificates.len() > CHAIN_MAX {
            return Err(GivenError::TooLarge);
        }
    }
    if certificates.is_empty() { Err(GivenError::NoCertificate) } else { Ok(certificates) }
}

/// The first key in a text.
fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, GivenError> {
    PrivateKeyDer::from_pem_slice(text).map_err(|_| {
        let is_encrypted = text.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED);
        if is_encrypted { GivenError::EncryptedKey } else { GivenError::NoKey }
    })
}

fn add_section(text: &mut Vec<u8>, label: &str, der: &[u8]) {
    text.extend_from_slice(format!("-----BEGIN {label}-----\n").as_bytes());
    for line in BASE64.encode(der).as_bytes().chunks(LINE_CHARS) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text.extend_from_slice(format!("-----END {label}-----\n").as_bytes());
}

impl Pair {
    /// Refuses a certificate whose time is over or has not come.
    ///
    /// # Errors
    /// [`GivenError::Over`] and [`GivenError::Early`].
    pub fn check_time(&self, now: Timestamp) -> Result<(), GivenError> {
        if now > self.not_after {
            return Err(GivenError::Over(self.not_after));
        }
        if now < self.not_before {
            return Err(GivenError::Early(self.not_before));
        }
        Ok(())
    }

    /// True if the certificate is made out to this name of a host; `*` stands for one label (RFC 9525 §6.3).
    pub fn covers(&self, host: &str) -> bool {
        let parent = host.split_once('.').map(|(_, parent)| parent);
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            Some(covered) => parent.is_some_and(|parent| parent.eq_ignore_ascii_case(covered)),
            None => name.eq_ignore_ascii_case(host),
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    use super::*;

    /// An authority, a leaf that it signed, and the leaf's key, in PEM.
    pub(in crate::certificate) fn chain(name: &str) -> (String, String, String) {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "The family's authority");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        (authority.pem(), leaf.pem(), key.serialize_pem())
    }

    #[test]
    fn what_is_kept_is_read_as_it_was_given() {
        let (authority, leaf, key) = chain("gate.example.net");
        let (both, all) = (format!("{leaf}{authority}"), format!("{leaf}{authority}{key}"));
        let wanted = both.clone() + &key;
        for (chain, key) in [(&both, &key), (&both, &all), (&all, &key), (&all, &all), (&both, &format!("{key}{both}"))]
        {
            let kept = to_keep(chain.as_bytes(), key.as_bytes()).unwrap();
            assert_eq!(String::from_utf8_lossy(&kept), wanted.replace('\r', ""));
            assert!(read(&kept, &kept).is_ok());
        }
    }

    #[test]
    fn what_fits_is_taken_and_what_does_not_is_refused() {
        let (authority, leaf, key) = chain("gate.example.net");
        let (_, _, other_key) = chain("gate.example.net");
        let (_, address, address_key) = chain("192.0.2.1");
        let both = format!("{leaf}{authority}");
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let check = |chain: &str, key: &str| read(chain.as_bytes(), key.as_bytes()).map(|pair| pair.names);
        assert_eq!(check(&both, &key), Ok(vec!["gate.example.net".to_owned()]));
        assert_eq!(
            check(&leaf, &format!("{both}{key}")),
            Ok(vec!["gate.example.net".to_owned()]),
            "one file with both"
        );
        for (chain, key, error) in [
            ("", key.as_str(), GivenError::NoCertificate),
            (key.as_str(), &key, GivenError::NoCertificate),
            (&both, "", GivenError::NoKey),
            (&both, &both, GivenError::NoKey),
            (&both, encrypted, GivenError::EncryptedKey),
            (&both, &other_key, GivenError::WrongKey),
            (&format!("{authority}{leaf}"), &key, GivenError::Order(2)),
            (&format!("{both}{leaf}"), &key, GivenError::Order(3)),
            (&address, &address_key, GivenError::NoName),
            (&leaf.repeat(CHAIN_MAX + 1), &key, GivenError::TooLarge),
            (&" ".repeat(PEM_BYTES_MAX + 1), &key, GivenError::TooLarge),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key, GivenError::Unreadable(1)),
        ] {
            let refused = check(chain, key);
            assert_eq!(refused, Err(error.clone()));
            assert!(error.to_string().contains(';'), "{error} says no next step");
        }
    }

    #[test]
    fn names_are_covered_label_by_label() {
        let (_, leaf, key) = chain("*.example.net");
        let pair = read(leaf.as_bytes(), key.as_bytes()).unwrap();
        for (host, covered) in [
            ("gate.example.net", true),
            ("Gate.Example.Net", true),
            ("example.net", false),
            ("a.gate.example.net", false),
            ("gate.example.org", false),
        ] {
            assert_eq!(pair.covers(host), covered, "{host}");
        }
    }

    #[test]
    fn time_is_judged() {
        let (_, leaf, key) = chain("gate.example.net");
        let pair = read(leaf.as_bytes(), key.as_bytes()).unwrap();
        let second = jiff::SignedDuration::from_secs(1);
        assert_eq!(pair.check_time(pair.not_after), Ok(()));
        assert_eq!(pair.check_time(pair.not_after + second), Err(GivenError::Over(pair.not_after)));
        assert_eq!(pair.check_time(pair.not_before - second), Err(GivenError::Early(pair.not_before)));
    }
}
