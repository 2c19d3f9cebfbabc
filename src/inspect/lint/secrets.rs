//! Shared secrets that everybody knows: those of tutorials, of documentation, and the first that anybody would try.

use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::{
    inspect::segments::lenient,
    jose::{Algorithm, CompactJws, KeyFamily, base64url},
    m2m_token::DEFAULT_MAX_TOKEN_BYTES,
};

/// What is longer is not tried with them, in bytes: it would keep whoever looks at it waiting.
const LONGEST: usize = 4 * DEFAULT_MAX_TOKEN_BYTES;

/// Texts that were used as secrets where others could read them, each as it stands and as the bytes that it encodes in
/// base64. A report tells the place in this list, so that what is new goes to its end.
const KNOWN: [&str; 88] = [
    // What anybody would try first.
    "",
    "secret",
    "Secret",
    "SECRET",
    "secretkey",
    "secret-key",
    "secret_key",
    "mysecret",
    "my-secret",
    "my_secret_key",
    "supersecret",
    "super-secret",
    "shhhhh",
    "shhhhhhared-secret",
    "password",
    "changeme",
    "change-me",
    "default",
    "test",
    "key",
    "jwt",
    "jwt_secret",
    "jwt-secret",
    "jwtsecret",
    "token",
    "admin",
    "123456",
    "qwerty",
    // The examples of the page that everybody pastes tokens into.
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "a-valid-string-secret-that-is-at-least-384-bits-long",
    "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
    // More of what people write where a secret is asked for.
    "secret123",
    "secret1",
    "secret!",
    "s3cr3t",
    "topsecret",
    "top-secret",
    "verysecret",
    "my-super-secret",
    "mysupersecret",
    "my_secret",
    "MySecretKey",
    "mysecretkey",
    "your_secret_key",
    "your-secret-key",
    "your_jwt_secret",
    "JWT_SECRET",
    "SECRET_KEY",
    "some-secret",
    "secretOrPrivateKey",
    "hs256-secret",
    "private",
    "passw0rd",
    "Password1",
    "password123",
    "12345",
    "12345678",
    "123456789",
    "1234567890",
    "0123456789abcdef0123456789abcdef",
    "abc123",
    "abcdef",
    "letmein",
    "root",
    "dev",
    "development",
    "example",
    "hello",
    "foo",
    "bar",
    "xxx",
    "auth",
    "api",
    "keyboard cat",
    "please-change-me",
    // Those of well-known documentation and of configurations as they are delivered.
    "AllYourBase",
    "NeverShareYourSecret",
    "tobemodified",
    "reallyreallyreallyreallyverysafe",
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "your-super-secret-jwt-token-with-at-least-32-characters-long",
    "SecretKey012345678901234567890123456789012345678901234567890123456789",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    // The examples of RFC 7515 appendix A.1 and RFC 7520 §3.5.
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
];

/// The place of the first one of which this is so, of its text or of the bytes that it encodes.
fn first(is_so: impl Fn(&[u8]) -> bool) -> Option<usize> {
    KNOWN.iter().position(|known| is_so(known.as_bytes()) || lenient(known).is_some_and(|bytes| is_so(&bytes)))
}

/// The place of a secret in the list, where it is one of them.
pub(super) fn place_of(secret: &[u8]) -> Option<usize> {
    first(|known| known == secret)
}

/// How many of them were tried on a token, and the place of the one that signed it. None of either where the algorithm is
/// none of HMAC.
pub(in crate::inspect) fn tried(jws: &CompactJws<'_>, algorithm: Algorithm) -> (Option<usize>, Option<usize>) {
    let KeyFamily::Symmetric { .. } = algorithm.family() else { return (None, None) };
    let message = jws.signing_input.as_bytes();
    if message.len() > LONGEST {
        return (Some(0), None);
    }
    let found = first(|secret| match algorithm {
        Algorithm::Hs384 => holds(Hmac::<Sha384>::new_from_slice(secret).ok(), message, &jws.signature),
        Algorithm::Hs512 => holds(Hmac::<Sha512>::new_from_slice(secret).ok(), message, &jws.signature),
        _ => holds(Hmac::<Sha256>::new_from_slice(secret).ok(), message, &jws.signature),
    });
    (Some(KNOWN.len()), found)
}

fn holds<M: Mac>(keyed: Option<M>, message: &[u8], signature: &[u8]) -> bool {
    keyed.is_some_and(|keyed| keyed.chain_update(message).verify_slice(signature).is_ok())
}

/// The secret of a JWK, where it is one.
pub(super) fn of_jwk(jwk: &Value) -> Option<Zeroizing<Vec<u8>>> {
    if jwk.get("kty")? != "oct" {
        return None;
    }
    base64url::decode_secret(jwk.get("k")?.as_str()?).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stands_in_the_list_once() {
        for (place, known) in KNOWN.iter().enumerate() {
            assert_eq!(KNOWN.iter().position(|other| other == known), Some(place), "{known}");
            assert_eq!(place_of(known.as_bytes()), Some(place), "{known}");
        }
        assert_eq!(place_of(b"one of a kind"), None);
    }

    #[test]
    fn what_one_encodes_is_known_too() {
        // Base64 with and without padding, of either alphabet.
        assert_eq!(place_of(&base64url::decode_secret("c2VjcmV0").expect("base64url")), Some(1));
        let place = KNOWN.iter().position(|known| known.starts_with("AyM1")).expect("that of the RFC");
        let bytes = base64url::decode_secret(KNOWN[place]).expect("base64url");
        assert_eq!(place_of(&bytes), Some(place));
    }
}
