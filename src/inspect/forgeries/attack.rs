//! What attackers have tried on verifiers of tokens, and at which step each attempt ends.

use crate::verdict::Step;

/// What is fixed about an [`Attack`].
#[derive(Debug, Clone, Copy)]
pub struct AttackFacts {
    /// The stable name; it never changes its meaning.
    pub name: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What the attacker does, and hopes for.
    pub means: &'static str,
    /// The section that warns of it.
    pub section: &'static str,
    /// The steps at which it ends where the original is good and its keys are at hand: the first of them that the policy and
    /// the keys bring up.
    pub steps: &'static [Step],
}

macro_rules! attacks {
    ($( $name:ident = $code:literal, $section:literal, [$($step:ident),+], $title:literal, $means:literal; )*) => {
        /// One way to make a token that is not the issuer's.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Attack { $( #[doc = $title] $name, )* }

        impl Attack {
            /// Every attack, in the order in which they are tried.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )* ];

            /// What is fixed about this attack.
            #[must_use]
            pub const fn facts(self) -> &'static AttackFacts {
                match self { $( Self::$name => &AttackFacts {
                    name: $code, title: $title, means: $means, section: $section, steps: &[$( Step::$step, )+],
                }, )* }
            }
        }
    };
}

attacks! {
    PayloadChanged = "payload_changed", "RFC 8725 §3.3", [Signature],
        "Changed claims",
        "Makes `admin` of the subject and leaves the rest, in the hope that claims are read and the signature is not.";
    SignatureStripped = "signature_stripped", "RFC 8725 §3.3", [Signature],
        "Nothing for a signature",
        "Cuts the signature off and keeps `alg`, in the hope that what is empty is not checked.";
    SignatureBlank = "signature_blank", "RFC 8725 §3.4", [Signature],
        "Zeros for a signature",
        "Signs with two zeros, which some code for ECDSA took for the signature of any message (CVE-2022-21449).";
    AlgNone = "alg_none", "RFC 8725 §3.2", [AlgorithmKnown],
        "Not signed, and says so",
        "Writes `none` for `alg` and no signature, in the hope that the token may choose how it is checked.";
    AlgNoneCase = "alg_none_case", "RFC 8725 §3.2", [AlgorithmKnown],
        "Not signed, in another spelling",
        "Writes `NoNe` for `alg`, in the hope that only `none` is on a list of what is refused.";
    HmacConfusion = "hmac_confusion", "RFC 8725 §3.1", [Algorithm, Key],
        "The public key as a secret",
        "Signs by `HS256` with the issuer's public key as PEM, which everybody has, in the hope that the verifier takes its key for whatever `alg` says.";
    HmacConfusionJwk = "hmac_confusion_jwk", "RFC 8725 §3.1", [Algorithm, Key],
        "The public key as a secret, as JSON",
        "As before, with the public key as it stands in the key set.";
    SecretGuessed = "secret_guessed", "RFC 8725 §3.5", [Algorithm, Key, Signature],
        "A guessed secret",
        "Signs by HMAC with `secret`, the first word of every list, in the hope that nobody drew a better one.";
    KidSwap = "kid_swap", "RFC 8725 §3.10", [Key, Signature],
        "The name of another key",
        "Names another key of the set than the one that signed, in the hope that a weaker one is taken or the check left out.";
    KidPath = "kid_path", "RFC 8725 §3.10", [Algorithm, Key],
        "A path for the name of the key",
        "Names `/dev/null` as the key and signs with the empty secret, in the hope that the verifier opens a file by that name.";
    KidQuery = "kid_query", "RFC 8725 §3.10", [Algorithm, Key],
        "A query for the name of the key",
        "Writes SQL for `kid` that answers with a secret of the attacker's, in the hope that the verifier puts it into a query.";
    EmbeddedKey = "embedded_key", "RFC 8725 §3.10", [Algorithm, Key, Signature],
        "A key of its own",
        "Signs with a key of the attacker's and puts it into the header as `jwk`, in the hope that the verifier takes the key that it is given.";
    JkuElsewhere = "jku_elsewhere", "RFC 8725 §3.10", [Algorithm, Key, Signature],
        "A key set of its own",
        "Signs with a key of the attacker's and names a key set on the attacker's server as `jku`, in the hope that the verifier fetches it.";
    IssuerSwapped = "issuer_swapped", "RFC 8725 §3.8", [Issuer, Key, Signature],
        "Another issuer",
        "Signs with a key of the attacker's and names the attacker's server as `iss`, in the hope that the verifier fetches keys from whoever is named.";
    TypeSwapped = "type_swapped", "RFC 8725 §3.11", [MediaType],
        "Another kind of token",
        "Says by `typ` that it is a logout token, as if the issuer had made it for something else, in the hope that one kind passes for the other.";
    CritUnknown = "crit_unknown", "RFC 7515 §4.1.11", [Critical],
        "An extension that nobody knows",
        "Says by `crit` that an extension must be understood, in the hope that it is passed over.";
    UnencodedPayload = "unencoded_payload", "RFC 7797 §6", [Extensions],
        "An unencoded payload",
        "Writes `b64: false`, in the hope that the one who checks and the one who reads see two payloads.";
    Compressed = "compressed", "RFC 8725 §3.6", [Extensions],
        "A compressed payload",
        "Writes `zip`, in the hope that the verifier unpacks what nobody has vouched for, however large it grows.";
    Nested = "nested", "RFC 8725 §3.3", [Extensions],
        "A token in a token",
        "Writes `JWT` for `cty`, in the hope that only one of two signatures is checked.";
    Encrypted = "encrypted", "RFC 7519 §7.2", [Form],
        "Encrypted in place of signed",
        "Has five segments, as an encrypted token. Anybody can encrypt to a public key, and hopes that what can be decrypted counts as signed.";
    JsonForm = "json_form", "RFC 7515 §7.2", [Form],
        "The JSON form",
        "Is written as a JSON object, where parts can stand twice, in the hope that two readers disagree on what was signed.";
    DuplicateMember = "duplicate_member", "RFC 7519 §4", [Payload],
        "A claim twice",
        "Puts another value of a claim before the right one, in the hope that one reader takes the first and another the last.";
    DuplicateHeader = "duplicate_header", "RFC 7515 §4", [Header],
        "A member of the header twice",
        "Puts `\"alg\":\"none\"` before the right one, in the hope that one reader takes the first and another the last.";
    Base64Padding = "base64_padding", "RFC 7515 §2", [PayloadEncoding],
        "Padding",
        "Spells the same bytes with `=` at the end, in the hope of passing a list of what is denied or a cache under another name.";
    Base64Whitespace = "base64_whitespace", "RFC 7515 §2", [HeaderEncoding],
        "White space",
        "Spells the same bytes with a line break within, for the same reason.";
    Expired = "expired", "RFC 7519 §4.1.4", [Expiry],
        "The token itself, too late",
        "Presents the good token at the second of its end. The signature holds for ever: only the clock tells.";
}
