//! Ed25519 (RFC 8032, RFC 8037 §3.1), by one rule for all backends (decision 3).
//!
//! RFC 8032 leaves room: backends differ on points of small order, on encodings that are not canonical, and on whether
//! the equation is multiplied by the cofactor. What they differ on is refused here, from the bytes alone and before any
//! of them is asked. What is left is the cofactorless equation, compared byte by byte with R, which all of them carry
//! out: together that is `verify_strict` of `ed25519-dalek`.

use jwt_compact::alg::Ed25519;

use super::{KeyError, KeyMaterial, SignatureCheck, verify_read};

/// The order of the base point, little-endian (RFC 8032 §5.1).
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// 2^255 − 19, little-endian.
const P: [u8; 32] = [
    0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
];

/// The y-coordinates of the eight points of small order, little-endian: of order 1, 2, 4 and 8, where the last two stand
/// for two and four points that the sign tells apart.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [0; 32],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// Whether one number is less than another, both little-endian. Public values only: the time it takes tells them.
fn less(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.iter().rev().lt(other.iter().rev())
}

/// Whether bytes may stand for a point: y below the prime, and not one of the points of small order. With those gone no
/// point has x = 0, so that the sign is never one too many. That the point is on the curve is not asked.
fn is_plain(point: &[u8; 32]) -> bool {
    let mut y = *point;
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    less(&y, &P) && !SMALL_ORDER.contains(&y)
}

struct Check(ed25519_dalek::VerifyingKey);

impl SignatureCheck for Check {
    fn admits(&self, signature: &[u8]) -> bool {
        let halves = signature.split_first_chunk::<32>();
        let Some((r, s)) = halves.and_then(|(r, s)| Some((r, <&[u8; 32]>::try_from(s).ok()?))) else {
            return false;
        };
        is_plain(r) && less(s, &L)
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.admits(signature) && verify_read(&Ed25519, &self.0, message, signature)
    }
}

pub(super) fn prepare_ed25519(key: &KeyMaterial) -> Result<Box<dyn SignatureCheck>, KeyError> {
    let key =
        ed25519_dalek::VerifyingKey::try_from(key.jwk()?).map_err(|_| KeyError::Malformed("no point on Ed25519"))?;
    if !is_plain(key.as_bytes()) {
        return Err(KeyError::Weak("an Ed25519 key of small order, or not in its canonical encoding"));
    }
    Ok(Box::new(Check(key)))
}
