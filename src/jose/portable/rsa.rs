//! RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 7518 §3.3, §3.5).

use std::ops::RangeInclusive;

use jwt_compact::{
    alg::{Rsa, RsaPublicKey},
    jwk::JsonWebKey,
};
use rsa::{BigUint, traits::PublicKeyParts};

use super::{
    KeyError, KeyMaterial, SignatureCheck,
    roca::{has_roca_fingerprint, has_small_factor},
    verify_read,
};

/// The bounds of a modulus, in bits: RFC 7518 §3.3 for the lower one; the upper one bounds the work of a check.
const MODULUS_BITS: RangeInclusive<usize> = 2048..=8192;

/// The bounds of an exponent. One of 1 signs nothing; the upper one is what BoringSSL and `rsa` take, and bounds the
/// work of a check.
const EXPONENT: RangeInclusive<u64> = 3..=(1 << 33) - 1;

struct Check {
    algorithm: Rsa,
    key: RsaPublicKey,
    /// Big-endian, without leading zeros.
    modulus: Vec<u8>,
}

impl SignatureCheck for Check {
    /// As long as the modulus, and below it (RFC 8017 §5.2.2, §8.1.2, §8.2.2): `rsa` would reduce a larger one under
    /// PSS, so that a second signature came with the first.
    fn admits(&self, signature: &[u8]) -> bool {
        signature.len() == self.modulus.len() && signature < self.modulus.as_slice()
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.admits(signature) && verify_read(&self.algorithm, &self.key, message, signature)
    }
}

pub(super) fn prepare_pkcs1(key: &KeyMaterial, algorithm: Rsa) -> Result<Box<dyn SignatureCheck>, KeyError> {
    let key = public_key(key)?;
    Ok(Box::new(Check { algorithm, modulus: key.n().to_bytes_be(), key }))
}

pub(super) fn prepare_pss(key: &KeyMaterial, algorithm: Rsa) -> Result<Box<dyn SignatureCheck>, KeyError> {
    let key = public_key(key)?;
    // The encoded message is then a byte shorter than the modulus (RFC 8017 §9.1.1), and `rsa` drops that byte unseen
    // where others insist on its being zero.
    if key.n().bits() % 8 == 1 {
        return Err(KeyError::Weak("an RSA modulus of 8k + 1 bits, for PSS"));
    }
    Ok(Box::new(Check { algorithm, modulus: key.n().to_bytes_be(), key }))
}

/// The key, judged: its size on the bytes, before any arithmetic on them.
fn public_key(key: &KeyMaterial) -> Result<RsaPublicKey, KeyError> {
    let JsonWebKey::Rsa { modulus, public_exponent, .. } = key.jwk()? else {
        return Err(KeyError::OtherFamily);
    };
    // RFC 7518 §2, Base64urlUInt: as few bytes as the number needs. Hosts differ on longer ones, and so would the
    // thumbprint of one key.
    if [modulus, public_exponent].iter().any(|number| number.first().is_none_or(|first| *first == 0)) {
        return Err(KeyError::Malformed("an RSA number that is empty or begins with zeros"));
    }
    if modulus.len() > MODULUS_BITS.end() / 8 {
        return Err(KeyError::Weak("an RSA modulus of more than 8192 bits"));
    }
    let exponent =
        public_exponent.iter().try_fold(0_u64, |number, byte| number.checked_mul(256)?.checked_add((*byte).into()));
    if !exponent.is_some_and(|exponent| EXPONENT.contains(&exponent) && exponent & 1 == 1) {
        return Err(KeyError::Weak("an RSA exponent that is even, below 3 or of more than 33 bits"));
    }
    let number = BigUint::from_bytes_be(modulus);
    if number.bits() < *MODULUS_BITS.start() {
        return Err(KeyError::Weak("an RSA modulus of fewer than 2048 bits"));
    }
    if modulus.last().is_none_or(|last| last & 1 == 0) || has_small_factor(modulus) {
        return Err(KeyError::Weak("an RSA modulus with a small factor"));
    }
    if has_roca_fingerprint(modulus) {
        return Err(KeyError::Weak("an RSA modulus with the fingerprint of ROCA (CVE-2017-15361)"));
    }
    RsaPublicKey::new_with_max_size(number, BigUint::from_bytes_be(public_exponent), *MODULUS_BITS.end())
        .map_err(|_| KeyError::Malformed("no RSA key"))
}
