//! Canonical unpadded base64url (RFC 7515 §2, RFC 4648 §5).
//!
//! No padding, no white space, no `+` or `/`, and no bits left over in the last character: there is one spelling for
//! each sequence of bytes, so that a token cannot be written in two ways.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use base64ct::{Base64UrlUnpadded, Encoding};

/// Decodes a text, or says at which byte of it the fault lies. How long it takes says something of the text: for what
/// whoever sent it knows anyway.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, usize> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| place_of_fault(text))
}

/// As [`decode`], for the material of keys, in a time that says nothing of it.
pub(crate) fn decode_secret(text: &str) -> Result<Vec<u8>, usize> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| place_of_fault(text))
}

fn place_of_fault(text: &str) -> usize {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    // Where every character is one of the alphabet, the last one holds bits that it should not.
    text.bytes().position(|byte| !is_digit(byte)).unwrap_or(text.len().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_readers_take_the_same_spellings() {
        const TRIED: &[u8] = b"AQgwZ019-_+/= \xc3\n";
        let mut texts = vec![Vec::new()];
        for length in 0..4 {
            for text in texts.clone().into_iter().filter(|text| text.len() == length) {
                texts.extend(TRIED.iter().map(|&next| [text.as_slice(), &[next]].concat()));
            }
        }
        for text in texts {
            let text = String::from_utf8_lossy(&text);
            assert_eq!(decode(&text), decode_secret(&text), "{text:?}");
        }
    }

    #[test]
    fn the_place_of_a_fault_is_told() {
        assert_eq!(decode("e30"), Ok(b"{}".to_vec()));
        assert_eq!(decode(""), Ok(Vec::new()));
        assert_eq!(decode("e3+0"), Err(2));
        assert_eq!(decode("e30="), Err(3));
        assert_eq!(decode("\u{e9}30"), Err(0));
        assert_eq!(decode("e31"), Err(2), "a bit is left over");
        assert_eq!(decode("e30AA"), Err(4), "six bits are left over");
    }
}
