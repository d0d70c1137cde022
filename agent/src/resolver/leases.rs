//! DHCP leases as dnsmasq and odhcpd write them: who has which address, and what its device calls itself.

use std::net::IpAddr;

/// Leases read at most from one file.
const LEASES_MAX: usize = 4096;

/// Where the DHCP servers of routers keep their leases.
pub const FILES: [&str; 4] =
    ["/tmp/dhcp.leases", "/var/lib/misc/dnsmasq.leases", "/tmp/odhcpd.leases", "/tmp/hosts/odhcpd"];

/// One lease.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    /// The address.
    pub address: IpAddr,
    /// The device's hardware address; a lease of an IPv6 address often does not say.
    pub mac: Option<[u8; 6]>,
    /// What the device calls itself.
    pub host_name: Option<String>,
}

/// The leases in the text of a file; lines of another kind are passed over.
pub fn read(text: &str) -> Vec<Lease> {
    let lines = text.lines().take(LEASES_MAX);
    lines
        .flat_map(|line| odhcpd(line).unwrap_or_else(|| dnsmasq(line).into_iter().collect()))
        .take(LEASES_MAX)
        .collect()
}

/// `expiry mac address name client-id`; for IPv6 an identity association stands where the hardware address would.
fn dnsmasq(line: &str) -> Option<Lease> {
    let mut fields = line.split_ascii_whitespace();
    fields.next()?.parse::<u64>().ok()?;
    let mac = fields.next().and_then(|text| crate::text::mac(text).ok());
    let address = fields.next()?.parse().ok()?;
    Some(Lease { address, mac, host_name: fields.next().and_then(host_name) })
}

/// `# interface duid iaid name expiry id length address/length ...`; for IPv4 `ipv4` stands for the iaid, and the
/// hardware address for the duid.
fn odhcpd(line: &str) -> Option<Vec<Lease>> {
    let mut fields = line.strip_prefix('#')?.split_ascii_whitespace();
    let (_interface, duid, _iaid, name) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let (_expiry, _id, _length) = (fields.next()?, fields.next()?, fields.next()?);
    let mac = mac_of_duid(duid);
    let lease = |field: &str| {
        let address = field.split('/').next()?.parse().ok()?;
        Some(Lease { address, mac, host_name: host_name(name) })
    };
    Some(fields.filter_map(lease).collect())
}

/// A hardware address without colons, or the one at the end of a DUID with link-layer address (RFC 8415 §11.2, §11.4).
fn mac_of_duid(hex: &str) -> Option<[u8; 6]> {
    let mac = match hex.len() {
        12 => hex,
        20 if hex.starts_with("00030001") => hex.get(8..)?,
        28 if hex.starts_with("00010001") => hex.get(16..)?,
        _ => return None,
    };
    let mut bytes = [0; 6];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(mac.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// `*` and `-` stand for no name.
fn host_name(text: &str) -> Option<String> {
    (!matches!(text, "*" | "-")).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(address: &str, mac: Option<[u8; 6]>, host_name: Option<&str>) -> Lease {
        Lease { address: address.parse().unwrap(), mac, host_name: host_name.map(str::to_owned) }
    }

    #[test]
    fn leases_of_dnsmasq() {
        let text = "1700000000 02:00:5e:10:00:01 192.168.1.20 tablet 01:02:00:5e:10:00:01\n\
            1700000000 02:00:5E:10:00:02 192.168.1.21 * *\n\
            duid 00:01:00:01:2c:00:00:00:02:00:5e:10:00:09\n\
            1700000000 123456 fd00::20 tablet 00:01\n\
            nonsense\n";
        let mac = |last| Some([2, 0, 0x5e, 0x10, 0, last]);
        assert_eq!(
            read(text),
            [
                lease("192.168.1.20", mac(1), Some("tablet")),
                lease("192.168.1.21", mac(2), None),
                lease("fd00::20", None, Some("tablet")),
            ]
        );
    }

    #[test]
    fn leases_of_odhcpd() {
        let text = "# br-lan 000100012c00000002005e100001 1 tablet 1700000000 20 128 fd00::20/128 2001:db8::20/128\n\
            fd00::20 tablet\n\
            # br-lan 02005e100002 ipv4 - 1700000000 c0a80115 32 192.168.1.21/32\n\
            # br-lan\n";
        let mac = |last| Some([2, 0, 0x5e, 0x10, 0, last]);
        assert_eq!(
            read(text),
            [
                lease("fd00::20", mac(1), Some("tablet")),
                lease("2001:db8::20", mac(1), Some("tablet")),
                lease("192.168.1.21", mac(2), None),
            ]
        );
    }
}
