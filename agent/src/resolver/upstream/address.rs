//! How an upstream server is written in the configuration.
//!
//! `scheme://[name@]address[:port][/path]`: how to speak (`udp`, `tcp`, `tls`, `https`, `quic`), the name that the
//! server's certificate must bear, and where the server is. The address is always given, because looking up the name
//! would take the very server that it belongs to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use rustls::pki_types::ServerName;
use thiserror::Error;

/// The path of most servers (RFC 8484 leaves it open; this is everybody's).
const PATH_DEFAULT: &str = "/dns-query";
/// Bytes of a path at most.
const PATH_MAX: usize = 256;

/// How to speak to a server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Protocol {
    /// Plain datagrams, and plain TCP for what does not fit into one (RFC 1035, RFC 7766).
    Udp,
    /// Plain TCP (RFC 7766).
    Tcp,
    /// DNS over TLS (RFC 7858).
    Tls,
    /// DNS over HTTP/2 (RFC 8484).
    Https,
    /// DNS over QUIC (RFC 9250).
    Quic,
}

impl Protocol {
    const ALL: [Self; 5] = [Self::Udp, Self::Tcp, Self::Tls, Self::Https, Self::Quic];

    /// As it is written.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Https => "https",
            Self::Quic => "quic",
        }
    }

    /// The port unless another one is given.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 53,
            Self::Tls | Self::Quic => 853,
            Self::Https => 443,
        }
    }

    /// Whether nobody on the way can read along.
    pub fn is_encrypted(self) -> bool {
        matches!(self, Self::Tls | Self::Https | Self::Quic)
    }
}

/// One upstream server at one address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerAddress {
    /// How to speak.
    pub protocol: Protocol,
    /// Where it is.
    pub address: SocketAddr,
    /// What its certificate must be for; the address itself if no name is given. Of no use on plain transports.
    pub name: ServerName<'static>,
    /// The path of its resource; only used over HTTPS.
    pub path: String,
}

impl ServerAddress {
    /// A plain server at the usual port.
    pub fn plain(address: SocketAddr) -> Self {
        Self {
            protocol: Protocol::Udp,
            address,
            name: ServerName::IpAddress(address.ip().into()),
            path: PATH_DEFAULT.to_owned(),
        }
    }
}

/// What is wrong with a server as written, and how to write it.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum AddressError {
    /// No scheme, or an unknown one.
    #[error(
        "{0:?} does not begin with udp://, tcp://, tls://, https:// or quic://: put one in front, as in udp://9.9.9.9"
    )]
    Scheme(String),
    /// A name but no address.
    #[error(
        "the server's own address is missing: it cannot be looked up without a server, so write it after the name, as in \
         {scheme}://{name}@192.0.2.1"
    )]
    NoAddress {
        /// The scheme.
        scheme: &'static str,
        /// What stands in the place of the address.
        name: String,
    },
    /// Not an address.
    #[error(
        "{0:?} is not an address with or without a port: write 9.9.9.9 or 9.9.9.9:53, and IPv6 in brackets as in \
         [2620:fe::fe] or [2620:fe::fe]:53"
    )]
    Address(String),
    /// An address that no server has.
    #[error("nobody can be asked at {0}: write the address of a single server")]
    Unusable(IpAddr),
    /// Not a name.
    #[error("{0:?} cannot be the name in a certificate: write the server's host name, as in dns.quad9.net")]
    Name(String),
    /// A name on a transport without certificates.
    #[error("a server that is spoken to in plain text has no certificate: leave out {0:?} and the @")]
    NameOnPlain(String),
    /// A path on something else than HTTPS.
    #[error("only https:// has a path: leave out {0:?}")]
    Path(String),
    /// A path that is none.
    #[error("{0:?} cannot be a path: write printable ASCII without spaces, ? or #, at most {PATH_MAX} bytes")]
    PathText(String),
}

impl FromStr for ServerAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let parts = text.split_once("://");
        let protocol = parts.and_then(|(scheme, _)| Protocol::ALL.into_iter().find(|known| known.scheme() == scheme));
        let (Some(protocol), Some((_, rest))) = (protocol, parts) else {
            return Err(AddressError::Scheme(text.to_owned()));
        };
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let (name, place) = match authority.rsplit_once('@') {
            Some((name, place)) => (Some(name), place),
            None => (None, authority),
        };
        let address = socket_address(place, protocol)?;
        let name = match name {
            None => ServerName::IpAddress(address.ip().into()),
            Some(name) if !protocol.is_encrypted() => return Err(AddressError::NameOnPlain(name.to_owned())),
            Some(name) => ServerName::try_from(name.to_owned()).map_err(|_| AddressError::Name(name.to_owned()))?,
        };
        let path = match path {
            "" => PATH_DEFAULT,
            "/" if protocol != Protocol::Https => PATH_DEFAULT,
            _ if protocol != Protocol::Https => return Err(AddressError::Path(path.to_owned())),
            path if path.len() <= PATH_MAX
                && path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#{}".contains(&byte)) =>
            {
                path
            }
            path => return Err(AddressError::PathText(path.to_owned())),
        };
        Ok(Self { protocol, address, name, path: path.to_owned() })
    }
}

/// As it would be written.
impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.protocol.scheme())?;
        if let ServerName::DnsName(name) = &self.name {
            write!(f, "{}@", name.as_ref())?;
        }
        match (self.address.ip(), self.address.port()) {
            (IpAddr::V4(address), port) if port == self.protocol.default_port() => write!(f, "{address}")?,
            (IpAddr::V6(address), port) if port == self.protocol.default_port() => write!(f, "[{address}]")?,
            _ => write!(f, "{}", self.address)?,
        }
        if self.protocol == Protocol::Https { f.write_str(&self.path) } else { Ok(()) }
    }
}

/// Reads an address with or without a port.
fn socket_address(text: &str, protocol: Protocol) -> Result<SocketAddr, AddressError> {
    let bracketed = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = if let Ok(address) = text.parse::<SocketAddr>() {
        address
    } else if let Ok(address) = text.parse::<Ipv4Addr>() {
        SocketAddr::new(address.into(), protocol.default_port())
    } else if let Some(Ok(address)) = bracketed.map(str::parse::<Ipv6Addr>) {
        SocketAddr::new(address.into(), protocol.default_port())
    } else if ServerName::try_from(text).is_ok_and(|name| matches!(name, ServerName::DnsName(_)))
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
    {
        return Err(AddressError::NoAddress { scheme: protocol.scheme(), name: text.to_owned() });
    } else {
        return Err(AddressError::Address(text.to_owned()));
    };
    if address.port() == 0 {
        return Err(AddressError::Address(text.to_owned()));
    }
    let ip = address.ip();
    if ip.is_unspecified() || ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST) {
        return Err(AddressError::Unusable(ip));
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_as_people_write_them() {
        for (text, protocol, address, shown) in [
            ("udp://9.9.9.9", Protocol::Udp, "9.9.9.9:53", "udp://9.9.9.9"),
            (" udp://9.9.9.9:5353/ ", Protocol::Udp, "9.9.9.9:5353", "udp://9.9.9.9:5353"),
            ("tcp://[2620:fe::fe]", Protocol::Tcp, "[2620:fe::fe]:53", "tcp://[2620:fe::fe]"),
            ("tls://1.1.1.1", Protocol::Tls, "1.1.1.1:853", "tls://1.1.1.1"),
            (
                "tls://dns.quad9.net@[2620:fe::fe]:8853",
                Protocol::Tls,
                "[2620:fe::fe]:8853",
                "tls://dns.quad9.net@[2620:fe::fe]:8853",
            ),
            (
                "https://dns.quad9.net@9.9.9.9",
                Protocol::Https,
                "9.9.9.9:443",
                "https://dns.quad9.net@9.9.9.9/dns-query",
            ),
            ("https://d.example@9.9.9.9/a/b", Protocol::Https, "9.9.9.9:443", "https://d.example@9.9.9.9/a/b"),
            ("quic://dns.adguard-dns.com@94.140.14.14", Protocol::Quic, "94.140.14.14:853", ""),
        ] {
            let server: ServerAddress = text.parse().unwrap();
            assert_eq!(server.protocol, protocol, "{text}");
            assert_eq!(server.address, address.parse().unwrap(), "{text}");
            let shown = if shown.is_empty() { text } else { shown };
            assert_eq!(server.to_string(), shown);
            assert_eq!(shown.parse(), Ok(server), "what is shown can be written");
        }
    }

    #[test]
    fn mistakes_are_told_with_what_to_write_instead() {
        for (text, told) in [
            ("9.9.9.9", "put one in front"),
            ("http://9.9.9.9", "put one in front"),
            ("", "put one in front"),
            ("https://dns.quad9.net/dns-query", "https://dns.quad9.net@192.0.2.1"),
            ("tls://dns.quad9.net", "tls://dns.quad9.net@192.0.2.1"),
            ("udp://", "write 9.9.9.9"),
            ("udp://2620:fe::fe", "IPv6 in brackets"),
            ("udp://9.9.9.9:0", "write 9.9.9.9"),
            ("udp://9.9.9.9:99999", "write 9.9.9.9"),
            ("udp://1.2.3", "write 9.9.9.9"),
            ("udp://0.0.0.0", "a single server"),
            ("udp://[ff02::1]", "a single server"),
            ("tls://not a name@9.9.9.9", "host name"),
            ("tls://@9.9.9.9", "host name"),
            ("udp://dns.quad9.net@9.9.9.9", "leave out \"dns.quad9.net\""),
            ("tls://9.9.9.9/dns-query", "leave out \"/dns-query\""),
            ("https://9.9.9.9/dns-query{?dns}", "without spaces"),
        ] {
            let error = text.parse::<ServerAddress>().unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
