//! The steps of a verification, in their order, and the trail that one leaves: which of them were asked, and at which
//! it ended. An explanation reads it, so that it says what was done and not what somebody thinks is done.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// What is fixed about a [`Step`].
#[derive(Debug, Clone, Copy)]
pub struct StepFacts {
    /// The stable name; it never changes its meaning.
    pub name: &'static str,
    /// What has to be so.
    pub title: &'static str,
    /// The section of the standard, or of the product contract, that this step carries out.
    pub section: &'static str,
}

macro_rules! steps {
    ($( $name:ident = $code:literal, $section:literal, $title:literal; )*) => {
        /// One thing that is asked of a token, in the order in which it is asked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Step { $( #[doc = $title] $name, )* }

        impl Step {
            /// Every step, in the order in which they are asked.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )* ];

            /// What is fixed about this step.
            #[must_use]
            pub const fn facts(self) -> &'static StepFacts {
                match self { $( Self::$name => &StepFacts { name: $code, title: $title, section: $section }, )* }
            }
        }
    };
}

steps! {
    Size = "size", "contract §3.2", "It is no larger than what is looked at.";
    Form = "form", "RFC 7515 §7.1", "It is three segments with dots between them.";
    HeaderEncoding = "header_encoding", "RFC 7515 §2", "The header is canonical base64url.";
    PayloadEncoding = "payload_encoding", "RFC 7515 §2", "The payload is canonical base64url.";
    SignatureEncoding = "signature_encoding", "RFC 7515 §2", "The signature is canonical base64url.";
    Header = "header", "RFC 7515 §5.2", "The header is one JSON object, and no member stands in it twice.";
    Critical = "crit", "RFC 7515 §4.1.11", "No extension is critical: none is understood.";
    Extensions = "extensions", "RFC 8725 §3.6", "It is not encrypted, compressed, unencoded or a token in a token.";
    Parameters = "parameters", "RFC 7515 §4.1", "`alg` is there, and `alg`, `kid` and `typ` are strings.";
    AlgorithmKnown = "algorithm_known", "RFC 7518 §3.1", "`alg` names a signature algorithm, to the letter.";
    Payload = "payload", "RFC 7519 §7.2", "The payload is one JSON object, and no member stands in it twice.";
    Issuer = "issuer", "RFC 7519 §4.1.1", "`iss` names an issuer that the policy trusts.";
    MediaType = "typ", "RFC 8725 §3.11", "`typ` is that of an access token.";
    HeaderConditions = "header_conditions", "contract §3.4", "The header is as the policy wants it.";
    Algorithm = "algorithm", "RFC 8725 §3.1", "The policy lets this issuer sign with this algorithm.";
    Key = "key", "RFC 7515 §6", "One key of the issuer fits `kid` and `alg`, and it may vouch now.";
    Signature = "signature", "RFC 7515 §5.2", "The signature holds under that key.";
    Introspection = "introspection", "RFC 7662 §2.2", "The issuer's server says that it is active.";
    ClaimTypes = "claim_types", "RFC 7519 §4.1", "The registered claims have their types.";
    Shape = "shape", "RFC 8725 §3.12", "It has no claim that only another kind of token has.";
    ClaimConditions = "claim_conditions", "contract §3.4", "The claims are as the policy wants them.";
    Confirmation = "confirmation", "RFC 7800 §3.1", "What it is bound to is understood, and what the policy asks for.";
    Names = "names", "contract §3.4", "The claims of the organization and the client are strings.";
    Scopes = "scopes", "RFC 6749 §3.3", "The claim of the scopes is a list of scopes.";
    Audience = "audience", "RFC 7519 §4.1.3", "`aud` names this API.";
    Expiry = "expiry", "RFC 7519 §4.1.4", "It says when it ends, and has not ended.";
    NotBefore = "not_before", "RFC 7519 §4.1.5", "It has begun.";
    IssuedAt = "issued_at", "RFC 7519 §4.1.6", "It was not issued in the future.";
    Lifetime = "lifetime", "contract §3.4", "It lives no longer than the policy allows.";
    Revocation = "revocation", "contract §3.6", "It is on no deny list.";
    Confirmed = "confirmed", "RFC 7662 §2.2", "The issuer's server, asked as well, says that it is active.";
    Sender = "sender", "RFC 9449 §7.1", "Who sends it has proven to hold what it is bound to.";
}

/// What became of a [`Step`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// It was asked, and it is so.
    Passed,
    /// It was asked, and it is not so, or nobody can tell.
    Failed,
    /// The verification ended before.
    NotReached,
    /// There was nothing to ask, or nobody to ask.
    NotAsked,
}

/// The trail that a verification leaves. It is cheap enough to be left always.
#[derive(Debug, Default)]
pub struct Trail {
    /// A bit for each step that was asked.
    asked: AtomicU64,
    /// One more than the number of the step that was asked last.
    last: AtomicU8,
}

impl Trail {
    /// This is asked from here on, and what was asked before holds.
    pub fn enter(&self, step: Step) {
        self.asked.fetch_or(bit(step), Ordering::Relaxed);
        self.last.store((step as u8).saturating_add(1), Ordering::Relaxed);
    }

    /// The step that was asked last.
    #[must_use]
    pub fn last(&self) -> Option<Step> {
        let number = self.last.load(Ordering::Relaxed).checked_sub(1)?;
        Step::ALL.get(usize::from(number)).copied()
    }

    /// Whether a step was asked.
    #[must_use]
    pub fn has_asked(&self, step: Step) -> bool {
        self.asked.load(Ordering::Relaxed) & bit(step) != 0
    }

    /// What became of a step in a verification that `succeeded`, or ended at the step that was asked last.
    #[must_use]
    pub fn outcome(&self, step: Step, succeeded: bool) -> StepOutcome {
        let end = if succeeded { None } else { self.last() };
        match end {
            Some(end) if end == step => StepOutcome::Failed,
            _ if self.has_asked(step) => StepOutcome::Passed,
            Some(end) if step > end => StepOutcome::NotReached,
            _ => StepOutcome::NotAsked,
        }
    }
}

const fn bit(step: Step) -> u64 {
    1_u64.wrapping_shl(step as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_a_bit_and_a_name_of_its_own() {
        assert!(Step::ALL.len() <= 64);
        for (number, step) in Step::ALL.iter().enumerate() {
            assert_eq!(*step as usize, number);
            assert_eq!(Step::ALL.iter().filter(|other| other.facts().name == step.facts().name).count(), 1);
        }
    }

    #[test]
    fn a_trail_ends_where_the_verification_did() {
        use StepOutcome::{Failed, NotAsked, NotReached, Passed};

        let trail = Trail::default();
        trail.enter(Step::Size);
        trail.enter(Step::Issuer);
        let outcomes =
            |succeeded| [Step::Size, Step::Form, Step::Issuer, Step::Key].map(|step| trail.outcome(step, succeeded));
        assert_eq!(outcomes(false), [Passed, NotAsked, Failed, NotReached]);
        assert_eq!(outcomes(true), [Passed, NotAsked, Passed, NotAsked]);
        assert_eq!(Trail::default().outcome(Step::Size, true), NotAsked);
    }
}
