//! The signature algorithms (RFC 7518 §3.1, RFC 8037 §3.1, RFC 8812 §3.2, RFC 9864 §2.2, RFC 9964 §5).

use std::fmt;

/// What kind of key an algorithm needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFamily {
    /// `kty` `oct`: a secret of at least this many bytes, the length of the hash (RFC 7518 §3.2).
    Symmetric {
        /// The least length in bytes.
        least: usize,
    },
    /// `kty` `RSA`.
    Rsa,
    /// `kty` `EC` with this `crv`.
    EllipticCurve(&'static str),
    /// `kty` `OKP` with this `crv`.
    OctetKeyPair(&'static str),
    /// `kty` `AKP`, whose `alg` is the algorithm's own name and required on the key (RFC 9964 §3).
    AlgorithmKeyPair,
}

impl KeyFamily {
    /// Whether keys of this family are secrets, shared by whoever signs and whoever verifies.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Symmetric { .. })
    }
}

macro_rules! algorithms {
    ($( $(#[$doc:meta])* $variant:ident = $name:literal, $family:expr; )*) => {
        /// A signature algorithm, by its registered name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Algorithm { $( $(#[$doc])* $variant, )* }

        impl Algorithm {
            /// Every algorithm, in the order of their declaration.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The registered name, matched exactly: case is significant (RFC 7515 §4.1.1).
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )* }
            }

            /// The kind of key that it needs.
            #[must_use]
            pub const fn family(self) -> KeyFamily {
                match self { $( Self::$variant => $family, )* }
            }
        }
    };
}

algorithms! {
    /// HMAC with SHA-256.
    Hs256 = "HS256", KeyFamily::Symmetric { least: 32 };
    /// HMAC with SHA-384.
    Hs384 = "HS384", KeyFamily::Symmetric { least: 48 };
    /// HMAC with SHA-512.
    Hs512 = "HS512", KeyFamily::Symmetric { least: 64 };
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256 = "RS256", KeyFamily::Rsa;
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384 = "RS384", KeyFamily::Rsa;
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512 = "RS512", KeyFamily::Rsa;
    /// RSASSA-PSS with SHA-256.
    Ps256 = "PS256", KeyFamily::Rsa;
    /// RSASSA-PSS with SHA-384.
    Ps384 = "PS384", KeyFamily::Rsa;
    /// RSASSA-PSS with SHA-512.
    Ps512 = "PS512", KeyFamily::Rsa;
    /// ECDSA on P-256 with SHA-256.
    Es256 = "ES256", KeyFamily::EllipticCurve("P-256");
    /// ECDSA on P-384 with SHA-384.
    Es384 = "ES384", KeyFamily::EllipticCurve("P-384");
    /// ECDSA on P-521 with SHA-512.
    Es512 = "ES512", KeyFamily::EllipticCurve("P-521");
    /// ECDSA on secp256k1 with SHA-256.
    Es256k = "ES256K", KeyFamily::EllipticCurve("secp256k1");
    /// `EdDSA`, the polymorphic name; here with Ed25519 keys only.
    EdDsa = "EdDSA", KeyFamily::OctetKeyPair("Ed25519");
    /// `EdDSA` with Ed25519 keys, the fully specified name.
    Ed25519 = "Ed25519", KeyFamily::OctetKeyPair("Ed25519");
    /// ML-DSA-44, with the empty context.
    MlDsa44 = "ML-DSA-44", KeyFamily::AlgorithmKeyPair;
    /// ML-DSA-65, with the empty context.
    MlDsa65 = "ML-DSA-65", KeyFamily::AlgorithmKeyPair;
    /// ML-DSA-87, with the empty context.
    MlDsa87 = "ML-DSA-87", KeyFamily::AlgorithmKeyPair;
}

impl Algorithm {
    /// The algorithm of this registered name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
    }

    /// Whether a JWK whose `alg` is `named` serves this algorithm. `EdDSA` and `Ed25519` on an Ed25519 key are two
    /// names of one algorithm (RFC 9864 §2.2); all others must be equal.
    #[must_use]
    pub fn is_served_by(self, named: Self) -> bool {
        self == named || matches!((self, named), (Self::EdDsa, Self::Ed25519) | (Self::Ed25519, Self::EdDsa))
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl serde::Serialize for Algorithm {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Algorithm {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|algorithm| algorithm.name()).collect();
            serde::de::Error::custom(format_args!("unknown algorithm `{name}`, expected one of {}", known.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_exactly() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(*algorithm));
            assert_eq!(Algorithm::from_name(&format!(" {algorithm}")), None);
        }
        for name in ["none", "None", "NONE", "rs256", "ES256 ", "eddsa", "ED25519", "HS1", ""] {
            assert_eq!(Algorithm::from_name(name), None, "{name:?}");
        }
    }

    #[test]
    fn only_the_two_names_of_ed25519_serve_each_other() {
        for one in Algorithm::ALL {
            for other in Algorithm::ALL {
                let ed25519 = KeyFamily::OctetKeyPair("Ed25519");
                let expected = one == other || (one.family() == ed25519 && other.family() == ed25519);
                assert_eq!(one.is_served_by(*other), expected, "{one} {other}");
            }
        }
    }
}
