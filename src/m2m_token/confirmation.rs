//! What a token is bound to: its `cnf` claim (RFC 7800 §3.1), and what the policy asks of it.

use serde_json::{Map, Value};

use super::claims::malformed;
use crate::{
    jose::base64url,
    verdict::{Denial, Reason, SenderBinding},
};

/// A SHA-256 thumbprint: of a JWK (RFC 7638) or of a certificate (RFC 8705 §3.1).
pub(super) type Thumbprint = [u8; 32];

/// The keys of its sender that a token is bound to. Where it names both, both must be proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Confirmation {
    /// `jkt`: the key of the DPoP proof (RFC 9449 §6.1).
    pub(super) key: Option<Thumbprint>,
    /// `x5t#S256`: the client certificate of the connection (RFC 8705 §3.1).
    pub(super) certificate: Option<Thumbprint>,
}

impl Confirmation {
    /// Reads `cnf`. A member of another name is a constraint that nobody here could hold the sender to, and one that
    /// names nothing constrains nobody.
    ///
    /// # Errors
    /// [`Reason::ClaimMalformed`] and [`Reason::SenderConstraintUnsupported`].
    pub(super) fn read(payload: &Map<String, Value>) -> Result<Self, Denial> {
        let members = match payload.get("cnf") {
            None => return Ok(Self::default()),
            Some(Value::Object(members)) if !members.is_empty() => members,
            Some(_) => return Err(malformed("cnf")),
        };
        let mut confirmation = Self::default();
        for (name, value) in members {
            let place = match name.as_str() {
                "jkt" => &mut confirmation.key,
                "x5t#S256" => &mut confirmation.certificate,
                _ => return Err(Reason::SenderConstraintUnsupported.into()),
            };
            let thumbprint = value.as_str().and_then(thumbprint).ok_or_else(|| malformed(format!("cnf/{name}")))?;
            *place = Some(thumbprint);
        }
        Ok(confirmation)
    }

    /// The kinds of keys that it names.
    pub(super) const fn sender(self) -> Option<SenderBinding> {
        match (self.key, self.certificate) {
            (None, None) => None,
            (Some(_), None) => Some(SenderBinding::Dpop),
            (None, Some(_)) => Some(SenderBinding::Mtls),
            (Some(_), Some(_)) => Some(SenderBinding::Both),
        }
    }

    /// Whether the token is good in anybody's hands.
    pub(super) const fn is_bearer(self) -> bool {
        self.key.is_none() && self.certificate.is_none()
    }
}

/// A SHA-256 thumbprint in canonical base64url.
pub(super) fn thumbprint(text: &str) -> Option<Thumbprint> {
    // What is longer is not worth decoding.
    (text.len() == 43).then(|| base64url::decode(text).ok())??.try_into().ok()
}

/// Whether an issuer's tokens must be bound to their sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SenderConstraint {
    /// They may be; one that is must come with its proof.
    #[default]
    Optional,
    /// To either kind of key.
    Required,
    /// To the key of a DPoP proof (RFC 9449).
    Dpop,
    /// To a client certificate (RFC 8705 §3).
    Mtls,
}

impl SenderConstraint {
    /// Holds what a token is bound to against the policy.
    ///
    /// # Errors
    /// [`Reason::SenderConstraintMissing`]
    pub(super) fn admit(self, confirmation: Confirmation) -> Result<(), Denial> {
        if self.admits(confirmation.sender()) { Ok(()) } else { Err(Reason::SenderConstraintMissing.into()) }
    }

    /// Whether it is met by what is bound to this.
    #[must_use]
    pub const fn admits(self, bound: Option<SenderBinding>) -> bool {
        match self {
            Self::Optional => true,
            Self::Required => bound.is_some(),
            Self::Dpop => matches!(bound, Some(SenderBinding::Dpop | SenderBinding::Both)),
            Self::Mtls => matches!(bound, Some(SenderBinding::Mtls | SenderBinding::Both)),
        }
    }

    /// Whether what meets it meets the other, too.
    #[must_use]
    pub const fn is_as_strict_as(self, other: Self) -> bool {
        match other {
            Self::Optional => true,
            Self::Required => !matches!(self, Self::Optional),
            Self::Dpop => matches!(self, Self::Dpop),
            Self::Mtls => matches!(self, Self::Mtls),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEY: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

    fn read(cnf: &Value) -> Result<Confirmation, Reason> {
        let payload = json!({ "cnf": cnf });
        Confirmation::read(payload.as_object().expect("an object")).map_err(|denial| denial.reason)
    }

    #[test]
    fn the_two_constraints_are_read() {
        let key = thumbprint(KEY);
        assert!(key.is_some());
        assert_eq!(Confirmation::read(&Map::new()).expect("none"), Confirmation::default());
        assert_eq!(read(&json!({ "jkt": KEY })), Ok(Confirmation { key, certificate: None }));
        assert_eq!(read(&json!({ "x5t#S256": KEY })), Ok(Confirmation { key: None, certificate: key }));
        assert_eq!(read(&json!({ "jkt": KEY, "x5t#S256": KEY })), Ok(Confirmation { key, certificate: key }));
    }

    #[test]
    fn what_is_not_understood_is_not_passed_over() {
        for unknown in
            [json!({ "jwk": {} }), json!({ "kid": "k" }), json!({ "jkt": KEY, "x5t": KEY }), json!({ "JKT": KEY })]
        {
            assert_eq!(read(&unknown), Err(Reason::SenderConstraintUnsupported), "{unknown}");
        }
        let (padded, short) = (format!("{KEY}="), &KEY[1..]);
        // The last character of 32 bytes has two bits to spare.
        let loose = KEY.replace("4I", "4J");
        for wrong in [json!(null), json!([]), json!({}), json!("x"), json!({ "jkt": null }), json!({ "jkt": [KEY] })] {
            assert_eq!(read(&wrong), Err(Reason::ClaimMalformed), "{wrong}");
        }
        for wrong in [padded.as_str(), short, &loose, "", &"A".repeat(44)] {
            assert_eq!(read(&json!({ "jkt": wrong })), Err(Reason::ClaimMalformed), "{wrong}");
            assert_eq!(read(&json!({ "x5t#S256": wrong })), Err(Reason::ClaimMalformed), "{wrong}");
        }
    }

    #[test]
    fn a_policy_can_ask_for_a_constraint() {
        let some = thumbprint(KEY);
        let admits = |constraint: SenderConstraint, key, certificate| {
            constraint.admit(Confirmation { key, certificate }).is_ok()
        };
        for (constraint, bearer, dpop, mtls) in [
            (SenderConstraint::Optional, true, true, true),
            (SenderConstraint::Required, false, true, true),
            (SenderConstraint::Dpop, false, true, false),
            (SenderConstraint::Mtls, false, false, true),
        ] {
            assert_eq!(admits(constraint, None, None), bearer, "{constraint:?}");
            assert_eq!(admits(constraint, some, None), dpop, "{constraint:?}");
            assert_eq!(admits(constraint, None, some), mtls, "{constraint:?}");
            assert!(admits(constraint, some, some), "{constraint:?}");
        }
    }
}
