//! The JWS compact serialization (RFC 7515 §7.1), read strictly.

use super::base64url;
use crate::verdict::{Denial, Reason, Step, Trail};

/// The three parts of a token, decoded. Nothing in it is verified.
#[derive(Debug, Clone)]
pub struct CompactJws<'t> {
    /// What was signed: the first two segments with the dot between them (RFC 7515 §5.2).
    pub signing_input: &'t str,
    /// The decoded header.
    pub header: Vec<u8>,
    /// The decoded payload.
    pub payload: Vec<u8>,
    /// The decoded signature.
    pub signature: Vec<u8>,
}

impl<'t> CompactJws<'t> {
    /// Splits and decodes a token of at most `max_bytes` bytes.
    ///
    /// # Errors
    /// [`Reason::TokenTooLarge`] before anything is looked at, [`Reason::TokenFormUnsupported`] for a JWE or the JSON
    /// serialization, and [`Reason::TokenMalformed`] for whatever is not three segments of canonical base64url.
    pub fn parse(token: &'t str, max_bytes: usize) -> Result<Self, Denial> {
        Self::parse_along(token, max_bytes, &Trail::default())
    }

    /// As [`CompactJws::parse`], leaving a trail.
    ///
    /// # Errors
    /// As [`CompactJws::parse`].
    pub fn parse_along(token: &'t str, max_bytes: usize, trail: &Trail) -> Result<Self, Denial> {
        trail.enter(Step::Size);
        if token.len() > max_bytes {
            return Err(
                Denial::new(Reason::TokenTooLarge).noting(format!("{} bytes, at most {max_bytes}", token.len()))
            );
        }
        trail.enter(Step::Form);
        if token.starts_with('{') {
            return Err(Denial::new(Reason::TokenFormUnsupported).noting("the JSON serialization"));
        }
        let mut segments = token.split('.');
        let (Some(header), Some(payload), Some(signature)) = (segments.next(), segments.next(), segments.next()) else {
            return Err(Denial::new(Reason::TokenMalformed).noting("fewer than three segments"));
        };
        match segments.count() {
            0 => {}
            // A JWE in compact form has five segments (RFC 7516 §7.1).
            2 => return Err(Denial::new(Reason::TokenFormUnsupported).noting("five segments, as an encrypted token")),
            _ => return Err(Denial::new(Reason::TokenMalformed).noting("more than three segments")),
        }
        let signing_input =
            token.get(..header.len().saturating_add(payload.len()).saturating_add(1)).ok_or(Reason::TokenMalformed)?;
        trail.enter(Step::HeaderEncoding);
        let header = decode(header, "header")?;
        trail.enter(Step::PayloadEncoding);
        let payload = decode(payload, "payload")?;
        trail.enter(Step::SignatureEncoding);
        Ok(Self { signing_input, header, payload, signature: decode(signature, "signature")? })
    }
}

fn decode(segment: &str, name: &str) -> Result<Vec<u8>, Denial> {
    base64url::decode(segment)
        .map_err(|position| Denial::new(Reason::TokenMalformed).noting(format!("the {name} at byte {position}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(token: &str) -> Reason {
        CompactJws::parse(token, 100).expect_err(token).reason
    }

    #[test]
    fn three_segments_are_decoded() {
        let jws = CompactJws::parse("e30.e30.AQ", 100).expect("well-formed");
        assert_eq!(jws.signing_input, "e30.e30");
        assert_eq!((jws.header.as_slice(), jws.payload.as_slice()), (&b"{}"[..], &b"{}"[..]));
        assert_eq!(jws.signature, [1]);
    }

    #[test]
    fn only_one_spelling_is_accepted() {
        for token in [
            "e30=.e30.AQ",
            "e30.e30.AQ==",
            "e30.e30.A+",
            "e30.e30.A/",
            "e30.e30.AQ\n",
            " e30.e30.AQ",
            "e30.e3\u{e9}.AQ",
        ] {
            assert_eq!(reason(token), Reason::TokenMalformed, "{token:?}");
        }
        // "AR" decodes to the same byte as "AQ" where the left-over bits are ignored.
        assert_eq!(reason("e30.e30.AR"), Reason::TokenMalformed);
        assert_eq!(reason("e30.e30.A"), Reason::TokenMalformed);
    }

    #[test]
    fn the_number_of_segments_is_three() {
        for token in ["", ".", "e30", "e30.e30", "e30.e30.AQ.", "e30.e30.AQ.AQ"] {
            assert_eq!(reason(token), Reason::TokenMalformed, "{token:?}");
        }
        assert_eq!(reason("a.b.c.d.e"), Reason::TokenFormUnsupported);
        assert_eq!(reason(r#"{"payload":"e30"}"#), Reason::TokenFormUnsupported);
    }

    #[test]
    fn size_is_judged_before_form() {
        assert_eq!(reason(&".".repeat(101)), Reason::TokenTooLarge);
    }
}
