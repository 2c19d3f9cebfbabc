//! The JOSE header (RFC 7515 §4), of which only what chooses an algorithm and a key is used.

use serde_json::{Map, Value};

use crate::{
    json,
    verdict::{Denial, Reason, Step, Trail},
};

/// A key id longer than this is nobody's: it would only fill logs.
pub(super) const MAX_KID_BYTES: usize = 512;

/// A header that was read strictly. Members that could choose a key (`jwk`, `jku`, `x5u`, `x5c`) are left aside: they
/// are the token's own word (RFC 8725 §3.10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `alg`, as it stands.
    pub algorithm: String,
    /// `kid`.
    pub key_id: Option<String>,
    /// `typ`, as it stands.
    pub media_type: Option<String>,
}

impl Header {
    /// Reads a decoded header.
    ///
    /// # Errors
    /// [`Reason::HeaderInvalid`] where it is not a strict JSON object or a parameter has the wrong type;
    /// [`Reason::CritNotUnderstood`] for any `crit` (nothing is understood, and an empty one is refused by RFC 7515
    /// §4.1.11); [`Reason::TokenFormUnsupported`] for encryption, compression, an unencoded payload (RFC 7797) or a
    /// nested token.
    pub fn parse(bytes: &[u8]) -> Result<Self, Denial> {
        Self::parse_along(bytes, &Trail::default())
    }

    /// As [`Header::parse`], leaving a trail.
    ///
    /// # Errors
    /// As [`Header::parse`].
    pub fn parse_along(bytes: &[u8], trail: &Trail) -> Result<Self, Denial> {
        trail.enter(Step::Header);
        let members =
            json::parse_object(bytes).map_err(|error| Denial::new(Reason::HeaderInvalid).noting(error.to_string()))?;
        trail.enter(Step::Critical);
        if members.contains_key("crit") {
            return Err(Reason::CritNotUnderstood.into());
        }
        trail.enter(Step::Extensions);
        for name in ["enc", "zip", "b64"] {
            if members.contains_key(name) {
                return Err(Denial::new(Reason::TokenFormUnsupported).noting(format!("`{name}` in the header")));
            }
        }
        if text(&members, "cty")?.is_some_and(|content| is_media_type(content, "jwt")) {
            return Err(Denial::new(Reason::TokenFormUnsupported).noting("a token in a token"));
        }
        trail.enter(Step::Parameters);
        let algorithm =
            text(&members, "alg")?.ok_or_else(|| Denial::new(Reason::HeaderInvalid).noting("no `alg`"))?.to_owned();
        let key_id = text(&members, "kid")?;
        if key_id.is_some_and(|kid| kid.len() > MAX_KID_BYTES) {
            return Err(Denial::new(Reason::HeaderInvalid).noting("`kid` is too long"));
        }
        Ok(Self { algorithm, key_id: key_id.map(str::to_owned), media_type: text(&members, "typ")?.map(str::to_owned) })
    }

    /// Whether `typ` names this media type, in lower case and without `application/` (RFC 7515 §4.1.9).
    #[must_use]
    pub fn is_of_type(&self, media_type: &str) -> bool {
        self.media_type.as_deref().is_some_and(|found| is_media_type(found, media_type))
    }
}

/// Media types are compared without regard to case, and `application/` may be left out (RFC 7515 §4.1.9).
fn is_media_type(found: &str, expected: &str) -> bool {
    let found = found.to_ascii_lowercase();
    found.strip_prefix("application/").unwrap_or(&found) == expected
}

fn text<'m>(members: &'m Map<String, Value>, name: &str) -> Result<Option<&'m str>, Denial> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Denial::new(Reason::HeaderInvalid).noting(format!("`{name}` is no string"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(header: &str) -> Reason {
        Header::parse(header.as_bytes()).expect_err(header).reason
    }

    #[test]
    fn what_chooses_the_key_is_read_and_what_carries_one_is_not() {
        let header = br#"{"alg":"ES256","kid":"k1","typ":"at+jwt","jwk":{"kty":"EC"},"jku":"https://evil.example"}"#;
        let expected =
            Header { algorithm: "ES256".into(), key_id: Some("k1".into()), media_type: Some("at+jwt".into()) };
        assert_eq!(Header::parse(header), Ok(expected));
    }

    #[test]
    fn wrong_types_and_loose_json_are_refused() {
        for header in [
            "[]",
            "{}",
            r#"{"alg":1}"#,
            r#"{"alg":null}"#,
            r#"{"alg":"ES256","kid":1}"#,
            r#"{"alg":"ES256","typ":[]}"#,
            r#"{"alg":"ES256","alg":"none"}"#,
            "\u{feff}{\"alg\":\"ES256\"}",
            r#"{"alg":"ES256"} "x""#,
        ] {
            assert_eq!(reason(header), Reason::HeaderInvalid, "{header}");
        }
        assert_eq!(reason(&format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(513))), Reason::HeaderInvalid);
    }

    #[test]
    fn extensions_are_refused() {
        for header in
            [r#"{"alg":"ES256","crit":[]}"#, r#"{"alg":"ES256","crit":["b64"],"b64":false}"#, r#"{"crit":"x"}"#]
        {
            assert_eq!(reason(header), Reason::CritNotUnderstood, "{header}");
        }
        for header in [
            r#"{"alg":"ES256","zip":"DEF"}"#,
            r#"{"alg":"ES256","b64":true}"#,
            r#"{"alg":"ES256","enc":"A128GCM"}"#,
            r#"{"alg":"ES256","cty":"JWT"}"#,
            r#"{"alg":"ES256","cty":"application/jwt"}"#,
        ] {
            assert_eq!(reason(header), Reason::TokenFormUnsupported, "{header}");
        }
    }

    #[test]
    fn types_are_compared_as_media_types() {
        let header = Header::parse(br#"{"alg":"ES256","typ":"application/AT+JWT"}"#).expect("well-formed");
        assert!(header.is_of_type("at+jwt"));
        assert!(!header.is_of_type("jwt"));
    }
}
