//! Holding a token that is bound to its sender against who sent it (contract §3.5).

use sha2::{Digest, Sha256};

use super::{
    DpopProof, DpopRules, TokenFacts,
    confirmation::{Confirmation, Thumbprint, thumbprint},
    dpop::{Clock, check_proof},
    proof_memory::ProofMemory,
};
use crate::{
    host::UnixMillis,
    revocation::Standing,
    verdict::{Denial, Reason, Step, Trail},
};

/// What is known of who sent a token.
#[derive(Debug, Clone, Copy, Default)]
pub struct SenderContext<'r> {
    /// The proof, where the token came under the scheme `DPoP` (RFC 9449 §7.1).
    pub dpop: Option<DpopProof<'r>>,
    /// The client certificate of the connection, from a host that ended the TLS itself. Never from a header, which
    /// anybody can write.
    pub certificate: Option<CertificateThumbprint>,
}

/// The SHA-256 thumbprint of a certificate's DER encoding (RFC 8705 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateThumbprint(Thumbprint);

impl CertificateThumbprint {
    /// Reads a thumbprint as hosts write it: base64url, or hexadecimal with or without colons.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(read) = thumbprint(text) {
            return Some(Self(read));
        }
        let digits = match text.len() {
            64 => text.to_owned(),
            95 => {
                let pairs: Vec<&str> = text.split(':').collect();
                (pairs.len() == 32 && pairs.iter().all(|pair| pair.len() == 2)).then(|| pairs.concat())?
            }
            _ => return None,
        };
        let mut bytes = [0; 32];
        base16ct::mixed::decode(digits, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The thumbprint of a certificate in DER.
    #[must_use]
    pub fn of_der(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

/// What a sender has proven to hold. By itself it proves nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct SenderProof {
    key: Option<Thumbprint>,
    certificate: Option<Thumbprint>,
}

impl SenderProof {
    /// Holds it against what a token is bound to.
    ///
    /// # Errors
    /// [`Reason::SenderProofMissing`], [`Reason::SenderKeyMismatch`], [`Reason::SenderCertificateMissing`] and
    /// [`Reason::SenderCertificateMismatch`].
    pub(super) fn hold(&self, bound: Confirmation) -> Result<(), Denial> {
        if let Some(key) = bound.key {
            match self.key {
                None => return Err(Reason::SenderProofMissing.into()),
                Some(proven) if proven != key => return Err(Reason::SenderKeyMismatch.into()),
                Some(_) => {}
            }
        }
        if let Some(certificate) = bound.certificate {
            match self.certificate {
                None => return Err(Reason::SenderCertificateMissing.into()),
                Some(shown) if shown != certificate => return Err(Reason::SenderCertificateMismatch.into()),
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// What a verifier knows of proofs: its rules, and those that it has seen.
#[derive(Debug, Default)]
pub(super) struct Senders {
    pub(super) rules: DpopRules,
    memory: ProofMemory,
}

impl Senders {
    /// Judges a token in the hands of its sender. The clock, the policy and the deny list come first: nothing is spent
    /// on the proof for a token that is over. The second at which it ends.
    pub(super) fn judge(
        &self,
        facts: &TokenFacts,
        token: &str,
        sender: &SenderContext<'_>,
        standing: &Standing,
        now: UnixMillis,
        trail: &Trail,
    ) -> Result<i64, Denial> {
        let bound = facts.confirmation();
        if bound.is_bearer() && sender.dpop.is_none() {
            return facts.admit(now, &SenderProof::default(), standing, trail);
        }
        facts.hold(standing, now, trail)?;
        trail.enter(Step::Sender);
        let certificate = sender.certificate.map(|certificate| certificate.0);
        let tell = |denial: Denial| self.name_algorithms(denial).about(facts.principal());
        let (key, unseen) = match (&sender.dpop, bound.key) {
            (Some(presented), Some(key)) => {
                let clock = Clock { now: now.seconds(), tolerance: facts.clock_tolerance() };
                let unseen = check_proof(&self.rules, presented, token, &key, clock).map_err(tell)?;
                (Some(key), Some((key, unseen)))
            }
            // The scheme says that the token is bound, and it is not (RFC 9449 §7.1).
            (Some(_), None) => return Err(tell(Reason::SenderKeyMismatch.into())),
            (None, _) => (None, None),
        };
        let expires = facts.admit(now, &SenderProof { key, certificate }, standing, trail).map_err(tell)?;
        if let Some((key, unseen)) = unseen {
            self.memory.remember(key, unseen.jti, unseen.last, now.seconds()).map_err(|reason| tell(reason.into()))?;
        }
        Ok(expires)
    }

    fn name_algorithms(&self, mut denial: Denial) -> Denial {
        denial.proof_algorithms = self.rules.algorithms.iter().map(|algorithm| algorithm.name()).collect();
        denial
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_known_by_any_spelling_of_its_thumbprint() {
        let read = CertificateThumbprint::parse("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
        assert_eq!(read, Some(CertificateThumbprint::of_der(b"")));
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let pairs: Vec<&str> = (0..32).map(|place| &hex[2 * place..2 * place + 2]).collect();
        for text in [hex.to_owned(), hex.to_uppercase(), pairs.join(":"), pairs.join(":").to_uppercase()] {
            assert_eq!(CertificateThumbprint::parse(&text), read, "{text}");
        }
        for text in ["", "e3b0", &hex[1..], &format!("{hex}00"), &pairs.join("-"), &"g".repeat(64), &":".repeat(95)] {
            assert_eq!(CertificateThumbprint::parse(text), None, "{text}");
        }
        let moved = pairs.join(":").replacen("e3:b0", "e:3b0", 1);
        assert_eq!(CertificateThumbprint::parse(&moved), None);
    }

    #[test]
    fn what_is_bound_to_both_needs_both() {
        let [one, two] = [[1; 32], [2; 32]];
        let bound = Confirmation { key: Some(one), certificate: Some(two) };
        let reason = |key, certificate| SenderProof { key, certificate }.hold(bound).map_err(|denial| denial.reason);
        assert_eq!(reason(Some(one), Some(two)), Ok(()));
        assert_eq!(reason(None, Some(two)), Err(Reason::SenderProofMissing));
        assert_eq!(reason(Some(two), Some(two)), Err(Reason::SenderKeyMismatch));
        assert_eq!(reason(Some(one), None), Err(Reason::SenderCertificateMissing));
        assert_eq!(reason(Some(one), Some(one)), Err(Reason::SenderCertificateMismatch));
    }
}
