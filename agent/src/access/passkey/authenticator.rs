//! An authenticator of our own, for tests: it makes keys of every kind and signs with them, honestly or not.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};

use super::*;

/// A key of each kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Es256,
    Ed25519,
    Rs256,
}

enum Pair {
    Es256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rs256(Box<RsaKeyPair>),
}

/// Everything that goes into an answer.
#[derive(Clone, Debug)]
pub(crate) struct Says {
    pub(crate) ceremony: &'static str,
    pub(crate) challenge: Vec<u8>,
    pub(crate) origin: String,
    pub(crate) rp_id: String,
    pub(crate) cross_origin: bool,
    pub(crate) flags: u8,
    pub(crate) count: u32,
}

pub(crate) struct Authenticator {
    pair: Pair,
    pub(crate) id: Vec<u8>,
}

impl Says {
    /// What is expected, said truly.
    pub(crate) fn truly(ceremony: &'static str, expected: &Expected<'_>) -> Self {
        let attested = if ceremony == "webauthn.create" { flag::ATTESTED } else { 0 };
        Self {
            ceremony,
            challenge: expected.challenge.to_vec(),
            origin: expected.origin.to_owned(),
            rp_id: expected.rp_id.to_owned(),
            cross_origin: false,
            flags: NEEDED | attested,
            count: 7,
        }
    }

    fn client_data(&self) -> Part {
        let challenge = BASE64URL_NOPAD.encode(&self.challenge);
        let Self { ceremony, origin, cross_origin, .. } = self;
        let json = serde_json::json!({
            "type": ceremony, "challenge": challenge, "origin": origin, "crossOrigin": cross_origin, "more": [1],
        });
        Part(json.to_string().into_bytes())
    }

    fn head(&self) -> Vec<u8> {
        let hash = digest(&SHA256, self.rp_id.as_bytes());
        [hash.as_ref(), &[self.flags], &self.count.to_be_bytes()].concat()
    }
}

impl Authenticator {
    pub(crate) fn new(kind: Kind) -> Self {
        let random = SystemRandom::new();
        let pair = match kind {
            Kind::Es256 => {
                let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
                let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
                Pair::Es256(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap())
            }
            Kind::Ed25519 => {
                let document = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
                Pair::Ed25519(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
            }
            // Nothing at hand makes RSA keys, so this one is always the same.
            Kind::Rs256 => Pair::Rs256(Box::new(RsaKeyPair::from_pkcs8(include_bytes!("rsa-test-key.der")).unwrap())),
        };
        let mut id = vec![0; 32];
        ring::rand::SecureRandom::fill(&random, &mut id).unwrap();
        Self { pair, id }
    }

    pub(crate) fn registers(&self, says: &Says) -> Registration {
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let data = [says.head(), vec![9; MAKE], length.to_vec(), self.id.clone(), self.cose()].concat();
        let mut object = vec![0xa3];
        object.extend(text("fmt").into_iter().chain(text("none")));
        object.extend(text("attStmt").into_iter().chain([0xa0]));
        object.extend(text("authData").into_iter().chain(bytes(&data)));
        Registration { client_data: says.client_data(), attestation_object: Part(object) }
    }

    pub(crate) fn signs(&self, says: &Says, user: &[u8]) -> Assertion {
        let (client_data, data) = (says.client_data(), says.head());
        let message = [data.as_slice(), digest(&SHA256, &client_data.0).as_ref()].concat();
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Es256(pair) => pair.sign(&random, &message).unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(&message).as_ref().to_vec(),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature).unwrap();
                signature
            }
        };
        let user_handle = Some(Part(user.to_vec()));
        Assertion { client_data, authenticator_data: Part(data), signature: Part(signature), user_handle }
    }

    fn cose(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Es256(pair) => {
                let point = pair.public_key().as_ref();
                let mut key = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21];
                key.extend(bytes(&point[1..33]));
                key.push(0x22);
                key.extend(bytes(&point[33..]));
                key
            }
            Pair::Ed25519(pair) => {
                let mut key = vec![0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21];
                key.extend(bytes(pair.public_key().as_ref()));
                key
            }
            Pair::Rs256(pair) => {
                let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
                let mut key = vec![0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20];
                key.extend(bytes(&n));
                key.push(0x21);
                key.extend(bytes(&e));
                key
            }
        }
    }
}

fn text(text: &str) -> Vec<u8> {
    [&[0x60 | text.len() as u8], text.as_bytes()].concat()
}

fn bytes(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [&[0x59], length.as_slice(), bytes].concat()
}
