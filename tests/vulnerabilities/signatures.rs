//! Signatures that broken arithmetic would accept.

use edgeward::verdict::Reason;
use serde_json::json;

use crate::{
    Case,
    support::{Signer, claims, decode, encode, with},
};

/// The order of P-256 (SEC 2 §2.4.2).
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
/// The order of Ed25519's base point, little-endian (RFC 8032 §5.1).
const EDWARDS_ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).expect("hex")
}

/// The usual token with another signature.
fn signed(signer: &Signer, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> String {
    let good = signer.token(&claims());
    let (input, signature) = good.rsplit_once('.').expect("dots");
    format!("{input}.{}", encode(change(decode(signature))))
}

/// A signature of ECDSA in DER, as TLS has it (SEC 1 §C.5).
fn der(signature: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| {
        let padded = if bytes[0] >= 0x80 { [&[0][..], bytes].concat() } else { bytes.to_vec() };
        [vec![2, u8::try_from(padded.len()).expect("short")], padded].concat()
    };
    let both = [number(&signature[..32]), number(&signature[32..])].concat();
    [vec![0x30, u8::try_from(both.len()).expect("short")], both].concat()
}

/// Adds two numbers of one length, little-endian.
fn sum(one: &[u8], other: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    one.iter()
        .zip(other)
        .map(|(one, other)| {
            carry += u16::from(*one) + u16::from(*other);
            let byte = carry.to_le_bytes()[0];
            carry >>= 8;
            byte
        })
        .collect()
}

pub(crate) fn cases() -> Vec<Case> {
    let psychic = "Numbers out of range cancel out of the equation, and the signature fits every message.";
    let (es, ed, rs, hs) = (&Signer::ES256, &Signer::EDDSA, &Signer::RS256, &Signer::HS256);
    let order = || hex(ORDER);
    let pair = |r: Vec<u8>, s: Vec<u8>| [r, s].concat();
    let zero = || vec![0; 32];
    let one = || [vec![0; 31], vec![1]].concat();
    let ecdsa = |id, r, s| {
        Case::on(es, id, "CVE-2022-21449", psychic).sends(signed(es, |_| pair(r, s)), Reason::SignatureInvalid)
    };
    let malleable = "A second signature comes with the first, and a list of used or revoked tokens knows one of them.";
    let admin = with(&claims(), "scope", "admin".into());
    let foreign = |signer: &Signer| {
        let forged = signer.mint(crate::header(signer, &json!({})), admin.to_string());
        let (input, _) = forged.rsplit_once('.').expect("dots");
        let good = signer.token(&claims());
        format!("{input}.{}", good.rsplit('.').next().expect("a signature"))
    };
    vec![
        ecdsa("psychic-zeros", zero(), zero()),
        ecdsa("psychic-r-zero", zero(), one()),
        ecdsa("psychic-s-zero", one(), zero()),
        ecdsa("psychic-r-order", order(), one()),
        ecdsa("psychic-s-order", one(), order()),
        ecdsa("psychic-both-order", order(), order()),
        ecdsa("psychic-r-and-s-one", one(), one()),
        ecdsa("psychic-ones", vec![0xff; 32], vec![0xff; 32]),
        Case::on(es, "ecdsa-in-der", "CVE-2020-14966", malleable)
            .sends(signed(es, |good| der(&good)), Reason::SignatureInvalid),
        Case::on(es, "ecdsa-with-leading-zeros", "CVE-2020-13822", malleable)
            .sends(signed(es, |good| [&[0][..], &good[..32], &[0], &good[32..]].concat()), Reason::SignatureInvalid),
        Case::on(es, "ecdsa-with-a-zero-byte-after-it", "RFC 7518 §3.4", malleable)
            .sends(signed(es, |good| [&good[..], &[0]].concat()), Reason::SignatureInvalid),
        Case::on(ed, "eddsa-s-plus-order", "CVE-2020-36843", malleable).sends(
            signed(ed, |good| [&good[..32], &sum(&good[32..], &hex(EDWARDS_ORDER))].concat()),
            Reason::SignatureInvalid,
        ),
        Case::on(
            ed,
            "eddsa-identity",
            "RFC 8032 §5.1.7",
            "Points of small order make the equation hold for many messages.",
        )
        .sends(signed(ed, |_| [vec![1], vec![0; 63]].concat()), Reason::SignatureInvalid),
        Case::on(ed, "eddsa-zeros", "RFC 8032 §5.1.7", psychic)
            .sends(signed(ed, |_| vec![0; 64]), Reason::SignatureInvalid),
        Case::on(
            rs,
            "rsa-zeros",
            "RFC 8017 §8.2.2",
            "Zero to any power is zero, and a lax reader of the padding finds its hash.",
        )
        .sends(signed(rs, |good| vec![0; good.len()]), Reason::SignatureInvalid),
        Case::on(rs, "rsa-one", "RFC 8017 §8.2.2", "One to any power is one.")
            .sends(signed(rs, |good| [vec![0; good.len() - 1], vec![1]].concat()), Reason::SignatureInvalid),
        Case::on(rs, "rsa-with-leading-zero", "CVE-2020-14968", malleable)
            .sends(signed(rs, |good| [vec![0], good].concat()), Reason::SignatureInvalid),
        Case::on(hs, "hmac-cut-short", "RFC 2104 §5", "A prefix of the right HMAC is as good as the whole.")
            .sends(signed(hs, |good| good[..16].to_vec()), Reason::SignatureInvalid),
        Case::on(hs, "hmac-of-no-bytes", "RFC 7518 §3.2", "Nothing is compared where there is nothing to compare.")
            .sends(signed(hs, |_| Vec::new()), Reason::SignatureInvalid),
        Case::on(hs, "hmac-zeros", "RFC 7518 §3.2", "A comparison that fails leaves zeros behind.")
            .sends(signed(hs, |good| vec![0; good.len()]), Reason::SignatureInvalid),
        Case::on(rs, "rsa-signature-of-another-token", "RFC 7515 §5.2", "A good signature is put under other claims.")
            .sends(foreign(rs), Reason::SignatureInvalid),
        Case::on(
            ed,
            "eddsa-signature-of-another-token",
            "RFC 7515 §5.2",
            "A good signature is put under other claims.",
        )
        .sends(foreign(ed), Reason::SignatureInvalid),
        Case::on(
            es,
            "ecdsa-signature-of-another-token",
            "RFC 7515 §5.2",
            "A good signature is put under other claims.",
        )
        .sends(foreign(es), Reason::SignatureInvalid),
        Case::on(hs, "hmac-signature-of-another-token", "RFC 7515 §5.2", "A good signature is put under other claims.")
            .sends(foreign(hs), Reason::SignatureInvalid),
    ]
}
