//! Frames as devices of a home send them. Checksums are zero: the gate does not look at them.

/// The device with a profile, and the one that nobody filters.
pub(super) const CHILD: [u8; 6] = [2, 0, 0, 0, 0, 1];
pub(super) const PARENT: [u8; 6] = [2, 0, 0, 0, 0, 2];

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
const CLIENT_PORT: u16 = 40_000;

/// A query for the A record of `name`, with EDNS, to the home's resolver.
pub(super) fn dns_query(name: &str) -> Vec<u8> {
    // Identification, recursion desired, one question, one additional record.
    let mut message = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.extend([0, 0, 1, 0, 1]);
    // OPT: root, type 41, 1232 bytes, no options.
    message.extend([0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]);
    let mut udp = Vec::new();
    udp.extend(CLIENT_PORT.to_be_bytes());
    udp.extend(53_u16.to_be_bytes());
    udp.extend((8 + message.len() as u16).to_be_bytes());
    udp.extend([0, 0]);
    udp.extend(message);
    ipv4(CHILD, 17, [192, 168, 1, 1], &udp)
}

/// The first segment of a connection. Its payload will begin at sequence number 1.
pub(super) fn syn(port: u16) -> Vec<u8> {
    tcp(CHILD, port, 0, SYN, &[])
}

/// A segment of a connection.
pub(super) fn segment(mac: [u8; 6], port: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
    tcp(mac, port, sequence, ACK, payload)
}

fn tcp(mac: [u8; 6], port: u16, sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut segment = Vec::new();
    segment.extend((CLIENT_PORT + port).to_be_bytes());
    segment.extend(443_u16.to_be_bytes());
    segment.extend(sequence.to_be_bytes());
    segment.extend(1_u32.to_be_bytes());
    // Eight words of header, of which three are the timestamps option between two no-operations.
    segment.extend([0x80, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend([1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]);
    segment.extend(payload);
    ipv4(mac, 6, [198, 51, 100, 7], &segment)
}

fn ipv4(mac: [u8; 6], protocol: u8, destination: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 9];
    frame.extend(mac);
    frame.extend([8, 0, 0x45, 0]);
    frame.extend((20 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, protocol, 0, 0, 192, 168, 1, 20]);
    frame.extend(destination);
    frame.extend(payload);
    frame
}

/// A TLS record with a ClientHello as Chrome sends it, without post-quantum key exchange and padded to 517 bytes, or
/// with it. `turn` shuffles the extensions.
pub(super) fn client_hello(name: &str, post_quantum: bool, turn: usize) -> Vec<u8> {
    let name_length = name.len() as u16;
    let mut server_name = Vec::new();
    server_name.extend((name_length + 3).to_be_bytes());
    server_name.push(0);
    server_name.extend(name_length.to_be_bytes());
    server_name.extend(name.as_bytes());
    // X25519 alone, or X25519MLKEM768 in front of it; and with it an encrypted hello that is only for show.
    let (key_share, encrypted_hello) = if post_quantum { (1263, 250) } else { (43, 0) };
    // Type and length; only the server name's content matters to the gate.
    let others: [(u16, usize); 15] = [
        (0x0017, 0),
        (0xff01, 1),
        (0x000a, 10),
        (0x000b, 2),
        (0x0023, 0),
        (0x0010, 14),
        (0x0005, 5),
        (0x000d, 18),
        (0x0012, 0),
        (0x0033, key_share),
        (0x002d, 2),
        (0x002b, 7),
        (0x001b, 3),
        (0x4469, 5),
        (0xfe0d, encrypted_hello),
    ];
    let mut shuffled: Vec<(u16, Vec<u8>)> = others.map(|(kind, length)| (kind, vec![0; length])).to_vec();
    shuffled.insert(0, (0, server_name));
    // Seven has no divisor in common with sixteen: every turn is an order of its own kind.
    let count = shuffled.len();
    let mut extensions = extension(0x5a5a, &[]);
    for index in 0..count {
        let (kind, content) = &shuffled[(index * 7 + turn * 3) % count];
        extensions.extend(extension(*kind, content));
    }
    extensions.extend(extension(0x3a3a, &[0]));
    if !post_quantum {
        // Record header 5, message header 4, version and random 34, session 33, suites 34, compression 2, lengths 2.
        let padding = 517_usize.saturating_sub(5 + 4 + 34 + 33 + 34 + 2 + 2 + extensions.len() + 4);
        extensions.extend(extension(0x0015, &vec![0; padding]));
    }
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.push(32);
    body.extend([8; 32]);
    body.extend([0, 32]);
    body.extend([0x13; 32]);
    body.extend([1, 0]);
    body.extend((extensions.len() as u16).to_be_bytes());
    body.extend(extensions);
    let mut record = vec![22, 3, 1];
    record.extend((body.len() as u16 + 4).to_be_bytes());
    record.extend([1, 0]);
    record.extend((body.len() as u16).to_be_bytes());
    record.extend(body);
    record
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    let mut extension = kind.to_be_bytes().to_vec();
    extension.extend((content.len() as u16).to_be_bytes());
    extension.extend(content);
    extension
}
