//! Server cookies (RFC 7873) in the form that all servers can agree on (RFC 9018).

use std::net::IpAddr;

use super::query::CLIENT_COOKIE_BYTES;

/// Bytes of a whole cookie, the client's part and the server's.
pub const COOKIE_BYTES: usize = CLIENT_COOKIE_BYTES + 16;

/// Makes cookies. The secret is of this run of the program: a client takes a new one as it comes.
#[derive(Clone, Copy)]
pub struct Cookies {
    secret: [u64; 2],
}

impl Cookies {
    /// Cookies made with this secret.
    pub fn new(secret: [u8; 16]) -> Self {
        let [low, high] = [0, 8].map(|at| {
            let mut word = [0; 8];
            word.copy_from_slice(&secret[at..at + 8]);
            u64::from_le_bytes(word)
        });
        Self { secret: [low, high] }
    }

    /// The cookie for a client, at `now` in seconds since 1970 as an unsigned 32-bit number (RFC 9018 §4.3).
    pub fn cookie(&self, client_cookie: [u8; CLIENT_COOKIE_BYTES], client: IpAddr, now: u32) -> [u8; COOKIE_BYTES] {
        let mut cookie = [0; COOKIE_BYTES];
        cookie[..8].copy_from_slice(&client_cookie);
        // Version 1, three reserved bytes, the time.
        cookie[8] = 1;
        cookie[12..16].copy_from_slice(&now.to_be_bytes());
        let mut input = [0; 32];
        input[..16].copy_from_slice(&cookie[..16]);
        let length = match client {
            IpAddr::V4(address) => {
                input[16..20].copy_from_slice(&address.octets());
                20
            }
            IpAddr::V6(address) => {
                input[16..32].copy_from_slice(&address.octets());
                32
            }
        };
        cookie[16..].copy_from_slice(&siphash24(self.secret, &input[..length]).to_le_bytes());
        cookie
    }
}

/// SipHash-2-4 (Aumasson and Bernstein, 2012).
pub(super) fn siphash24(key: [u64; 2], input: &[u8]) -> u64 {
    let mut state = [
        key[0] ^ 0x736f_6d65_7073_6575,
        key[1] ^ 0x646f_7261_6e64_6f6d,
        key[0] ^ 0x6c79_6765_6e65_7261,
        key[1] ^ 0x7465_6462_7974_6573,
    ];
    let mut absorb = |word: u64| {
        state[3] ^= word;
        round(&mut state);
        round(&mut state);
        state[0] ^= word;
    };
    let (words, rest) = input.as_chunks();
    for word in words {
        absorb(u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    last[7] = input.len() as u8;
    absorb(u64::from_le_bytes(last));
    state[2] ^= 0xff;
    for _ in 0..4 {
        round(&mut state);
    }
    state[0] ^ state[1] ^ state[2] ^ state[3]
}

fn round(state: &mut [u64; 4]) {
    let [a, b, c, d] = state;
    *a = a.wrapping_add(*b);
    *b = b.rotate_left(13) ^ *a;
    *a = a.rotate_left(32);
    *c = c.wrapping_add(*d);
    *d = d.rotate_left(16) ^ *c;
    *a = a.wrapping_add(*d);
    *d = d.rotate_left(21) ^ *a;
    *c = c.wrapping_add(*b);
    *b = b.rotate_left(17) ^ *c;
    *c = c.rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
    }

    /// RFC 9018, appendix A.
    #[test]
    fn cookies_are_those_of_the_standard() {
        for (secret, client_cookie, client, now, expected) in [
            (
                "e5e973e5a6b2a43f48e7dc849e37bfcf",
                "2464c4abcf10c957",
                "198.51.100.100",
                1_559_731_985,
                "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
            ),
            (
                "e5e973e5a6b2a43f48e7dc849e37bfcf",
                "fc93fc62807ddb86",
                "203.0.113.203",
                1_559_734_700,
                "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e",
            ),
            (
                "445536bcd2513298075a5d379663c962",
                "22681ab97d52c298",
                "2001:db8:220:1:59de:d0f4:8769:82b8",
                1_559_741_961,
                "22681ab97d52c298010000005cf7c609a6bb79d16625507a",
            ),
        ] {
            let cookies = Cookies::new(bytes(secret));
            assert_eq!(cookies.cookie(bytes(client_cookie), client.parse().unwrap(), now), bytes(expected), "{client}");
        }
    }

    /// The example of the paper: key and input are 00, 01, 02, ...
    #[test]
    fn the_hash_is_siphash() {
        let key = Cookies::new(std::array::from_fn(|at| at as u8)).secret;
        let input: Vec<u8> = (0..15).collect();
        assert_eq!(siphash24(key, &input), 0xa129_ca61_49be_45e5);
    }
}
