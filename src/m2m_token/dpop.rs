//! A DPoP proof: that who sends the request holds the key that the token is bound to (RFC 9449 §4.3).

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{Claims, claims::text, confirmation::Thumbprint, target_uri::is_target};
use crate::{
    jose::{Algorithm, CompactJws, Header, VerificationKey, thumbprint},
    json,
    verdict::{Denial, Reason},
};

/// The largest proof that is looked at, in bytes: one with an ML-DSA-87 key and signature has about 11 KiB.
const LONGEST_PROOF_BYTES: usize = 16 * 1024;

/// What the policy says of proofs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DpopRules {
    /// The algorithms that a proof may be signed with, all of them asymmetric.
    pub algorithms: Vec<Algorithm>,
    /// How long a proof is good after its `iat`, in seconds. It is remembered as long.
    pub max_age: i64,
}

impl Default for DpopRules {
    /// Every asymmetric algorithm, and a minute.
    fn default() -> Self {
        let asymmetric = |algorithm: &Algorithm| !algorithm.family().is_symmetric();
        Self { algorithms: Algorithm::ALL.iter().copied().filter(asymmetric).collect(), max_age: 60 }
    }
}

/// A proof, with the request that it came with.
#[derive(Debug, Clone, Copy)]
pub struct DpopProof<'r> {
    /// The value of the header `DPoP`.
    pub proof: &'r str,
    /// The method of the request, as it came.
    pub method: &'r str,
    /// The URL of the request as its sender sees it, with scheme and authority.
    pub url: &'r str,
    /// The nonce that the proof must name, where the sender was given one (RFC 9449 §9).
    pub nonce: Option<&'r str>,
}

/// What is left to do with a proof that holds: to see that it was never seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unseen {
    /// The digest of its `jti`.
    pub(super) jti: Thumbprint,
    /// The last second at which it could be accepted.
    pub(super) last: i64,
}

/// Checks a proof for a token that is bound to this key.
///
/// The key of a proof is known by its thumbprint before anything is done with it, so that only keys which an issuer
/// bound a token to cost a signature check. It is the core's own check: a host would keep the import of every key that
/// ever came.
///
/// # Errors
/// The reasons of RFC 9449 §4.3, the one that says most first.
pub(super) fn check_proof(
    rules: &DpopRules,
    presented: &DpopProof<'_>,
    token: &str,
    bound: &Thumbprint,
    clock: Clock,
) -> Result<Unseen, Denial> {
    let jws = CompactJws::parse(presented.proof, LONGEST_PROOF_BYTES).map_err(|denial| malformed(&denial))?;
    let header = Header::parse(&jws.header).map_err(|denial| malformed(&denial))?;
    if !header.is_of_type("dpop+jwt") {
        return Err(unfit("`typ` is not `dpop+jwt`"));
    }
    let algorithm = Algorithm::from_name(&header.algorithm).filter(|named| rules.algorithms.contains(named));
    let algorithm = algorithm.ok_or_else(|| unfit("the algorithm is not accepted"))?;
    let members = json::parse_object(&jws.header).map_err(|_| unfit("the header"))?;
    let Some(Value::Object(jwk)) = members.get("jwk") else {
        return Err(unfit("no `jwk` in the header"));
    };
    if thumbprint(jwk).map_err(|error| unfit(&error.to_string()))? != *bound {
        return Err(Reason::SenderKeyMismatch.into());
    }
    let key = VerificationKey::embedded(jwk, algorithm).map_err(|error| unfit(&error.to_string()))?;
    if !key.verify(algorithm, jws.signing_input.as_bytes(), &jws.signature) {
        return Err(Reason::SenderProofSignatureInvalid.into());
    }
    let payload = json::parse_object(&jws.payload).map_err(|error| unfit(&error.to_string()))?;
    hold_claims(rules, presented, token, &payload, clock)
}

/// When a proof is judged, and how far its times may lie in the future, both in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) now: i64,
    pub(super) tolerance: i64,
}

fn hold_claims(
    rules: &DpopRules,
    presented: &DpopProof<'_>,
    token: &str,
    payload: &Map<String, Value>,
    clock: Clock,
) -> Result<Unseen, Denial> {
    let named = |name: &str| {
        text(payload, name).map_err(|denial| malformed(&denial))?.ok_or_else(|| unfit(&format!("no `{name}`")))
    };
    let claims = Claims::read(payload).map_err(|denial| malformed(&denial))?;
    if named("htm")? != presented.method {
        return Err(Reason::SenderProofMethodMismatch.into());
    }
    if !is_target(&named("htu")?, presented.url) {
        return Err(Reason::SenderProofTargetMismatch.into());
    }
    if named("ath")? != Base64UrlUnpadded::encode_string(&Sha256::digest(token)) {
        return Err(Reason::SenderProofTokenMismatch.into());
    }
    if let Some(nonce) = presented.nonce
        && text(payload, "nonce").map_err(|denial| malformed(&denial))?.as_deref() != Some(nonce)
    {
        return Err(Reason::SenderProofNonceMismatch.into());
    }
    let issued_at = claims.issued_at.ok_or_else(|| unfit("no `iat`"))?;
    // RFC 9449 gives proofs no `exp` and no `nbf`. One that says that it is over, or not yet good, is taken at its word.
    let last =
        issued_at.saturating_add(rules.max_age).min(claims.expires.map_or(i64::MAX, |end| end.saturating_sub(1)));
    if clock.now > last {
        return Err(Reason::SenderProofStale.into());
    }
    let latest = clock.now.saturating_add(clock.tolerance);
    if issued_at > latest || claims.not_before.is_some_and(|not_before| not_before > latest) {
        return Err(Reason::SenderProofInFuture.into());
    }
    let jti = claims.token_id.filter(|jti| !jti.is_empty()).ok_or_else(|| unfit("no `jti`"))?;
    Ok(Unseen { jti: Sha256::digest(&jti).into(), last })
}

/// A proof that cannot be read is told apart from a token that cannot.
fn malformed(denial: &Denial) -> Denial {
    unfit(denial.note.as_deref().unwrap_or_else(|| denial.reason.code()))
}

fn unfit(note: &str) -> Denial {
    Denial::new(Reason::SenderProofMalformed).noting(format!("the proof: {note}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::m2m_token::confirmation;

    /// RFC 9449 §7.1: the token, and the proof of the request that it came with.
    const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    const PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
    /// RFC 9449 §4.1: a proof for the token endpoint.
    const FIRST: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    /// RFC 9449 §6.1: what a token of that client is bound to.
    const BOUND: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    const MADE: i64 = 1_562_262_618;

    /// The request of the example.
    const SENT: DpopProof<'static> =
        DpopProof { proof: PROOF, method: "GET", url: "https://resource.example.org/protectedresource", nonce: None };

    fn check(presented: DpopProof<'_>, token: &str, now: i64) -> Result<Unseen, Reason> {
        let bound = confirmation::thumbprint(BOUND).expect("a thumbprint");
        check_proof(&DpopRules::default(), &presented, token, &bound, Clock { now, tolerance: 5 })
            .map_err(|denial| denial.reason)
    }

    #[test]
    fn the_example_of_the_standard_holds() {
        let unseen = check(SENT, TOKEN, MADE).expect("good");
        assert_eq!(unseen, Unseen { jti: Sha256::digest("e1j3V_bKic8-LAEB").into(), last: MADE + 60 });
    }

    #[test]
    fn the_example_is_good_for_nothing_else() {
        assert_eq!(check(DpopProof { method: "POST", ..SENT }, TOKEN, MADE), Err(Reason::SenderProofMethodMismatch));
        assert_eq!(check(DpopProof { method: "get", ..SENT }, TOKEN, MADE), Err(Reason::SenderProofMethodMismatch));
        let elsewhere = "https://resource.example.org/";
        assert_eq!(check(DpopProof { url: elsewhere, ..SENT }, TOKEN, MADE), Err(Reason::SenderProofTargetMismatch));
        assert_eq!(check(SENT, "another", MADE), Err(Reason::SenderProofTokenMismatch));
        assert_eq!(check(DpopProof { nonce: Some("n"), ..SENT }, TOKEN, MADE), Err(Reason::SenderProofNonceMismatch));
        assert_eq!(check(SENT, TOKEN, MADE + 60).map(|unseen| unseen.last), Ok(MADE + 60));
        assert_eq!(check(SENT, TOKEN, MADE + 61), Err(Reason::SenderProofStale));
        assert!(check(SENT, TOKEN, MADE - 5).is_ok());
        assert_eq!(check(SENT, TOKEN, MADE - 6), Err(Reason::SenderProofInFuture));
        let tampered = PROOF.replace(".2oW9", ".2oW8");
        assert_eq!(
            check(DpopProof { proof: &tampered, ..SENT }, TOKEN, MADE),
            Err(Reason::SenderProofSignatureInvalid)
        );
    }

    #[test]
    fn a_proof_for_the_token_endpoint_names_no_token() {
        let to_token_endpoint =
            DpopProof { proof: FIRST, method: "POST", url: "https://server.example.com/token", nonce: None };
        assert_eq!(check(to_token_endpoint, TOKEN, MADE), Err(Reason::SenderProofMalformed));
    }
}
