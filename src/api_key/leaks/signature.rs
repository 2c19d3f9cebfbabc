//! The signature of a report: ECDSA on P-256 with SHA-256 over the raw body, in DER and base64, beside the name of the
//! key that it is of.

use base64ct::{Base64, Encoding};
use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier};

/// The longest name of a key that is looked at, in bytes. The names of the protocol are digests of 64.
pub(super) const LONGEST_IDENTIFIER: usize = 128;

/// The longest signature that is looked at, in characters of base64: two numbers of 33 bytes and what DER puts around
/// them are 72 bytes, which are 96 characters.
const LONGEST_SIGNATURE: usize = 96;

/// A signature that can be read, and was not checked yet.
pub(super) struct Signed<'r> {
    /// The name of the key.
    pub(super) identifier: &'r str,
    signature: Signature,
}

impl<'r> Signed<'r> {
    /// Reads the two headers of a report. None where they cannot be those of one: no key is asked for then.
    ///
    /// The base64 is the standard alphabet, padded and canonical; the DER is what the curve's own crate accepts, which
    /// refuses numbers out of range, bytes behind the end, and the form `r ‖ s` of a JWS.
    pub(super) fn read(identifier: &'r str, signature: &str) -> Option<Self> {
        let is_named = is_identifier(identifier);
        if !is_named || signature.len() > LONGEST_SIGNATURE {
            return None;
        }
        let der = Base64::decode_vec(signature).ok()?;
        Some(Self { identifier, signature: Signature::from_der(&der).ok()? })
    }

    /// Whether the signature is this key's, of exactly these bytes. A high `s` is as good as a low one: the sender does
    /// not say that it keeps to one of them.
    pub(super) fn holds(&self, key: &VerifyingKey, body: &[u8]) -> bool {
        key.verify(body, &self.signature).is_ok()
    }
}

/// Whether a text can be the name of a key: visible ASCII, and no comma, which joins the values of a header that stood
/// twice.
pub(super) fn is_identifier(text: &str) -> bool {
    (1..=LONGEST_IDENTIFIER).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != b',')
}

#[cfg(test)]
mod tests {
    use p256::{
        ecdsa::{SigningKey, signature::Signer},
        pkcs8::DecodePublicKey,
    };

    use super::*;

    /// The two samples that the documentation of the protocol has had: name, signature, key and body.
    const SAMPLES: [(&str, &str, &str, &[u8]); 2] = [
        (
            "f9525bf080f75b3506ca1ead061add62b8633a346606dc5fe544e29231c6ee0d",
            "MEUCIFLZzeK++IhS+y276SRk2Pe5LfDrfvTXu6iwKKcFGCrvAiEAhHN2kDOhy2I6eGkOFmxNkOJ+L2y8oQ9A2T9GGJo6WJY=",
            "-----BEGIN PUBLIC KEY-----\n\
             MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsz9ugWDj5jK5ELBK42ynytbo38gP\n\
             HzZFI03Exwz8Lh/tCfL3YxwMdLjB+bMznsanlhK0RwcGP3IDb34kQDIo3Q==\n\
             -----END PUBLIC KEY-----",
            br#"[{"token":"some_token","type":"some_type","url":"some_url","source":"some_source"}]"#,
        ),
        (
            "90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a",
            "MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2nlj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc=",
            "-----BEGIN PUBLIC KEY-----\n\
             MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq\n\
             kCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==\n\
             -----END PUBLIC KEY-----",
            br#"[{"token":"some_token","type":"some_type","url":"some_url"}]"#,
        ),
    ];

    fn key(pem: &str) -> VerifyingKey {
        VerifyingKey::from_public_key_pem(pem).expect("a key")
    }

    fn holds(signature: &str, key: &VerifyingKey, body: &[u8]) -> bool {
        Signed::read("k1", signature).is_some_and(|signed| signed.holds(key, body))
    }

    #[test]
    fn the_samples_of_the_protocol_hold() {
        for (identifier, signature, pem, body) in SAMPLES {
            let signed = Signed::read(identifier, signature).expect("a signature");
            assert_eq!(signed.identifier, identifier);
            assert!(signed.holds(&key(pem), body));
        }
        let [(_, signature, first, body), (_, _, second, other)] = SAMPLES;
        assert!(!holds(signature, &key(second), body));
        assert!(!holds(signature, &key(first), other));
        // With the line's end that an editor adds, it is another body.
        assert!(!holds(signature, &key(first), &[body, b"\n"].concat()));
        for place in 0..body.len() {
            let mut changed = body.to_vec();
            changed[place] ^= 1;
            assert!(!holds(signature, &key(first), &changed), "{place}");
        }
    }

    #[test]
    fn either_sign_of_s_is_good_and_neither_is_another_body_s() {
        let signing = SigningKey::from_slice(&[7; 32]).expect("a key");
        for turn in 0..8_u8 {
            let body = [turn; 3];
            let signature: Signature = signing.sign(&body);
            let (r, s) = signature.split_scalars();
            let negated = Signature::from_scalars(r, -s).expect("in range");
            for signature in [signature, negated] {
                let text = Base64::encode_string(signature.to_der().as_bytes());
                assert!(holds(&text, signing.verifying_key(), &body));
                assert!(!holds(&text, signing.verifying_key(), &[turn; 4]));
            }
        }
    }

    #[test]
    fn what_is_no_padded_base64_of_der_is_no_signature() {
        let (_, good, ..) = SAMPLES[0];
        let der = Base64::decode_vec(good).expect("base64");
        let raw = Signature::from_der(&der).expect("DER").to_bytes();
        // Behind the end of the sequence, and a length of more bytes than it takes.
        let longer = [der.as_slice(), &[0]].concat();
        let roundabout = [&[0x30, 0x81], &der[1..]].concat();
        // r is nought.
        let nought = [0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x01];
        let encoded = [&raw[..], &longer, &roundabout, &nought, &der[..der.len() - 1], &[]].map(Base64::encode_string);
        let texts = [
            good.trim_end_matches('=').to_owned(),
            good.replace('+', "-"),
            format!("{good} "),
            format!("{good},{good}"),
            format!(" {good}"),
            format!("{good}\n"),
            format!("{good}===="),
            "A".repeat(1 << 20),
            String::new(),
        ];
        for text in encoded.into_iter().chain(texts) {
            assert!(Signed::read("k1", &text).is_none(), "{text:.120}");
        }
        assert!(Signed::read("k1", good).is_some());
        for identifier in ["", "a b", "a,b", "a\u{e9}", "a\n", &"a".repeat(LONGEST_IDENTIFIER + 1)] {
            assert!(Signed::read(identifier, good).is_none(), "{identifier:.20}");
        }
    }
}
