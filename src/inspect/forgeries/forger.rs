//! What an attacker signs with: a key that is public here, and secrets that are none.

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, Mac};
use p256::{FieldBytes, Scalar, U256, elliptic_curve::ops::Reduce};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::jose::{Algorithm, base64url};

/// The public part of the key that forged tokens are signed with by `ES256`. The private one is the SHA-256 of
/// `Edgeward: the key of a forger, which is public`: whoever trusts this key trusts everybody.
const X: &str = "Kp8R5VVE7xuT83YajUHOCi-k5-91NQVrk0naB7SBxzI";
const Y: &str = "Q-qg1URIrnpg1Er616DKz2VckBlordyWSFcDB-_a324";

/// The number that each signature is blinded with (RFC 6979 asks for a secret one) is 1 here, since there is no secret to
/// keep: then `r` is the first coordinate of the base point, and what is left to do is one addition, so that the page
/// carries no code that signs.
const R: &str = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY";
/// `r` times the private key.
const R_TIMES_KEY: &str = "JNfdF64dzeel_0S85GrqiKFkpgMWI-wFgiVUeLz2nqw";

/// The forger's public key as a JWK.
pub(super) fn jwk() -> Map<String, Value> {
    let members = [("crv", "P-256"), ("kty", "EC"), ("x", X), ("y", Y)];
    members.map(|(name, value)| (name.to_owned(), Value::from(value))).into_iter().collect()
}

/// Signs by `ES256` (RFC 7518 §3.4) with the forger's key.
pub(super) fn es256(message: &str) -> Vec<u8> {
    let number = |text: &str| {
        let mut bytes = FieldBytes::default();
        // The constants have the length of the field.
        let _ = Base64UrlUnpadded::decode(text, &mut bytes);
        bytes
    };
    let hash = <Scalar as Reduce<U256>>::reduce_bytes(&Sha256::digest(message));
    // The addition of the field, which wraps as it should.
    let second = hash.add(&<Scalar as Reduce<U256>>::reduce_bytes(&number(R_TIMES_KEY)));
    [number(R), second.to_bytes()].concat()
}

/// Signs by HMAC, with `HS256` where the algorithm is none of HMAC.
pub(super) fn hmac(algorithm: Algorithm, secret: &[u8], message: &str) -> Vec<u8> {
    fn keyed<M: Mac>(keyed: Option<M>, message: &str) -> Vec<u8> {
        keyed.map(|keyed| keyed.chain_update(message).finalize().into_bytes().to_vec()).unwrap_or_default()
    }
    match algorithm {
        Algorithm::Hs384 => keyed(Hmac::<Sha384>::new_from_slice(secret).ok(), message),
        Algorithm::Hs512 => keyed(Hmac::<Sha512>::new_from_slice(secret).ok(), message),
        _ => keyed(Hmac::<Sha256>::new_from_slice(secret).ok(), message),
    }
}

/// A public key as PEM (RFC 7468 §13), as it stands in files and configurations, with a line break at its end. None where
/// the JWK is no public key.
pub(super) fn pem(jwk: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| jwk.get(name)?.as_str();
    let bytes = |name: &str| base64url::decode_secret(text(name)?).ok();
    let (identifier, key): (&[u8], Vec<u8>) = match (text("kty")?, text("crv"), text("alg")) {
        ("RSA", ..) => (RSA, tlv(SEQUENCE, &[integer(&bytes("n")?), integer(&bytes("e")?)].concat())),
        ("EC", Some(curve), _) => {
            let identifier: &[u8] = match curve {
                "P-256" => P256,
                "P-384" => P384,
                "P-521" => P521,
                "secp256k1" => SECP256K1,
                _ => return None,
            };
            (identifier, [vec![UNCOMPRESSED], bytes("x")?, bytes("y")?].concat())
        }
        ("OKP", Some("Ed25519"), _) => (ED25519, bytes("x")?),
        ("AKP", _, Some(name)) => {
            let identifier = match name {
                "ML-DSA-44" => ML_DSA_44,
                "ML-DSA-65" => ML_DSA_65,
                "ML-DSA-87" => ML_DSA_87,
                _ => return None,
            };
            (identifier, bytes("pub")?)
        }
        _ => return None,
    };
    // No bit of the last byte is left over.
    let key = tlv(BIT_STRING, &[vec![0], key].concat());
    let info = tlv(SEQUENCE, &[tlv(SEQUENCE, identifier), key].concat());
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
    for line in info.chunks(48) {
        // In the alphabet of PEM (RFC 4648 §4), with padding.
        let mut line = Base64UrlUnpadded::encode_string(line).replace('-', "+").replace('_', "/");
        while line.len() % 4 != 0 {
            line.push('=');
        }
        pem.push_str(&line);
        pem.push('\n');
    }
    pem.push_str("-----END PUBLIC KEY-----\n");
    Some(pem)
}

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const INTEGER: u8 = 0x02;
const UNCOMPRESSED: u8 = 0x04;

// What stands in an `AlgorithmIdentifier` (RFC 8017 appendix A.1, RFC 5480 §2.1.1, RFC 8410 §3, RFC 9881 §2), in DER.
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const P256: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P384: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";
const P521: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23";
const SECP256K1: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a";
const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";
const ML_DSA_44: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11";
const ML_DSA_65: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12";
const ML_DSA_87: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x13";

/// A value of DER with its tag and its length.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length: Vec<u8> = content.len().to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    let mut value = vec![tag];
    match length.as_slice() {
        [] => value.push(0),
        [short @ ..=0x7f] => value.push(*short),
        long => {
            // A length has eight bytes at most.
            value.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            value.extend(long);
        }
    }
    value.extend(content);
    value
}

/// An unsigned integer of DER: no zeros before it but the one that keeps it from being negative.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let mut number: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if number.first().is_none_or(|first| *first >= 0x80) {
        number.insert(0, 0);
    }
    tlv(INTEGER, &number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::VerificationKey;

    #[test]
    fn the_forgers_signature_holds_under_the_forgers_key() {
        let key = VerificationKey::embedded(&jwk(), Algorithm::Es256).expect("a key");
        for message in ["", "a", "another message"] {
            assert!(key.verify(Algorithm::Es256, message.as_bytes(), &es256(message)), "{message}");
            assert!(!key.verify(Algorithm::Es256, b"something else", &es256(message)), "{message}");
        }
    }

    #[test]
    fn what_a_forger_signs_by_hmac_holds_under_that_secret() {
        let secret = [7; 64];
        for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
            let jwk = json!({ "kty": "oct", "k": Base64UrlUnpadded::encode_string(&secret) });
            let key = VerificationKey::embedded(jwk.as_object().expect("an object"), algorithm).expect("a key");
            assert!(key.verify(algorithm, b"message", &hmac(algorithm, &secret, "message")));
        }
    }

    #[test]
    fn numbers_and_lengths_are_those_of_der() {
        assert_eq!(integer(&[0, 0, 1]), [2, 1, 1]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(integer(&[]), [2, 1, 0]);
        assert_eq!(tlv(4, &[]), [4, 0]);
        assert_eq!(tlv(4, &[0; 128])[..3], [4, 0x81, 128]);
        assert_eq!(tlv(4, &[0; 300])[..4], [4, 0x82, 1, 44]);
    }

    #[test]
    fn a_key_is_written_as_pem_as_others_write_it() {
        use p256::pkcs8::{EncodePublicKey, LineEnding};

        let bytes = |text: &str| base64url::decode_secret(text).expect("base64url");
        let point = [vec![UNCOMPRESSED], bytes(X), bytes(Y)].concat();
        let key = p256::PublicKey::from_sec1_bytes(&point).expect("a key");
        assert_eq!(pem(&jwk()), key.to_public_key_pem(LineEnding::LF).ok());
        for no_key in
            [json!({}), json!({ "kty": "oct", "k": "AA" }), json!({ "kty": "EC", "crv": "P-0", "x": X, "y": Y })]
        {
            assert_eq!(pem(no_key.as_object().expect("an object")), None);
        }
    }
}
