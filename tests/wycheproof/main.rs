//! Project Wycheproof's vectors for every primitive, run through the core's own table from the JWK on.
//!
//! A valid vector that is refused, and the other way round, fails the run; so does a known divergence that has ceased
//! to diverge, and a vector that was lost. What is good or bad in the core's eyes is written down for the tests of the
//! hosts, which ask their native cryptography the same.

mod corpus;
mod left_out;
mod parity;

use std::{
    collections::BTreeMap,
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use corpus::{Verdict, groups};
use edgeward::jose::Algorithm;
use parity::{Book, one_key};

/// A set with what must become of its vectors.
struct Set {
    name: &'static str,
    algorithm: Algorithm,
    accepted: usize,
    refused: usize,
    /// Vectors that are valid or acceptable and must be refused all the same, by the reason.
    divergent: &'static [(&'static str, usize)],
}

const fn set(name: &'static str, algorithm: Algorithm, accepted: usize, refused: usize) -> Set {
    Set { name, algorithm, accepted, refused, divergent: &[] }
}

impl Set {
    const fn except(self, divergent: &'static [(&'static str, usize)]) -> Self {
        Self { divergent, ..self }
    }
}

/// RFC 7518 §3.2 asks for a key as long as the hash and for the whole tag.
const HMAC: &[(&str, usize)] = &[("a key shorter than the hash", 6), ("a truncated tag", 30)];

/// RFC 8017 §8.2.2 compares with the one encoding, which has the NULL; Wycheproof lets both pass.
const PKCS1: &[(&str, usize)] = &[("a DigestInfo without NULL", 1)];

/// RFC 9964 §5 has the context empty.
const CONTEXT: &[(&str, usize)] = &[("a context string", 2)];

/// Those that belong to an algorithm of JOSE; the others stand in `left_out.rs`, each with the reason. ECDSA is run in
/// the form that JWS has (IEEE P1363); three sets of PSS with another salt or mask (RFC 7518 §3.5) are here to be refused.
#[rustfmt::skip]
const SETS: &[Set] = &[
    set("rsa_signature_8192_sha256", Algorithm::Rs256, 7, 250).except(PKCS1),
    set("rsa_signature_8192_sha384", Algorithm::Rs384, 7, 251).except(PKCS1),
    set("rsa_signature_8192_sha512", Algorithm::Rs512, 7, 251).except(PKCS1),
    set("rsa_signature_4096_sha256", Algorithm::Rs256, 7, 250).except(PKCS1),
    set("rsa_signature_4096_sha384", Algorithm::Rs384, 7, 251).except(PKCS1),
    set("rsa_signature_4096_sha512", Algorithm::Rs512, 7, 251).except(PKCS1),
    set("rsa_signature_3072_sha256", Algorithm::Rs256, 8, 250).except(PKCS1),
    set("rsa_signature_3072_sha384", Algorithm::Rs384, 7, 251).except(PKCS1),
    set("rsa_signature_3072_sha512", Algorithm::Rs512, 8, 251).except(PKCS1),
    set("rsa_signature_2048_sha256", Algorithm::Rs256, 9, 249).except(PKCS1),
    set("rsa_signature_2048_sha384", Algorithm::Rs384, 7, 250).except(PKCS1),
    set("rsa_signature_2048_sha512", Algorithm::Rs512, 8, 250).except(PKCS1),
    set("rsa_pss_2048_sha256_mgf1_32", Algorithm::Ps256, 63, 45),
    set("rsa_pss_3072_sha256_mgf1_32", Algorithm::Ps256, 63, 45),
    set("rsa_pss_4096_sha256_mgf1_32", Algorithm::Ps256, 63, 45),
    set("rsa_pss_2048_sha384_mgf1_48", Algorithm::Ps384, 95, 46),
    set("rsa_pss_4096_sha384_mgf1_48", Algorithm::Ps384, 95, 46),
    set("rsa_pss_4096_sha512_mgf1_64", Algorithm::Ps512, 132, 47),
    // One vector is invalid only for its salt, which is as long as the hash.
    set("rsa_pss_2048_sha256_mgf1_0", Algorithm::Ps256, 1, 41).except(&[("a salt of another length", 61)]),
    set("rsa_pss_2048_sha256_mgf1sha1_20", Algorithm::Ps256, 0, 45).except(&[("a salt of another length", 63)]),
    set("rsa_pss_4096_sha512_mgf1_32", Algorithm::Ps512, 0, 45).except(&[("a salt of another length", 132)]),
    set("ecdsa_secp256r1_sha256_p1363", Algorithm::Es256, 173, 89),
    set("ecdsa_secp384r1_sha384_p1363", Algorithm::Es384, 193, 87),
    set("ecdsa_secp521r1_sha512_p1363", Algorithm::Es512, 231, 87),
    set("ecdsa_secp256k1_sha256_p1363", Algorithm::Es256k, 167, 85),
    set("ed25519", Algorithm::Ed25519, 88, 63),
    set("ed25519", Algorithm::EdDsa, 88, 63),
    set("mldsa_44_verify", Algorithm::MlDsa44, 75, 103).except(CONTEXT),
    set("mldsa_65_verify", Algorithm::MlDsa65, 77, 131).except(CONTEXT),
    set("mldsa_87_verify", Algorithm::MlDsa87, 69, 170).except(CONTEXT),
    set("hmac_sha256", Algorithm::Hs256, 30, 108).except(HMAC),
    set("hmac_sha384", Algorithm::Hs384, 30, 108).except(HMAC),
    set("hmac_sha512", Algorithm::Hs512, 30, 108).except(HMAC),
];

/// What became of a set.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    accepted: usize,
    refused: usize,
    divergent: BTreeMap<&'static str, usize>,
    /// What contradicts Wycheproof without a reason.
    wrong: Vec<String>,
}

/// Every set by its place in the table, judged once for all tests, on all processors.
static JUDGED: LazyLock<BTreeMap<usize, (Outcome, Book)>> = LazyLock::new(|| {
    let (judged, next) = (Mutex::new(BTreeMap::new()), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((index, set)) = SETS.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = judge(set);
                    judged.lock().expect("no panic").insert(index, outcome);
                }
            });
        }
    });
    judged.into_inner().expect("no panic")
});

fn judge(set: &Set) -> (Outcome, Book) {
    let (mut outcome, mut book) = (Outcome::default(), Book::default());
    for group in groups(set.name, set.algorithm) {
        let keys = one_key(&group.jwk, set.algorithm);
        let key = keys.as_ref().map(|keys| keys.keys()[0].as_ref());
        for vector in &group.vectors {
            let name = format!("{} {}", set.name, vector.id);
            let accepted = book.enter(&name, set.algorithm, key, &vector.message, &vector.signature);
            match (vector.result, accepted, vector.outside.or(group.outside)) {
                (Verdict::Valid, true, None) | (Verdict::Invalid, true, Some("a salt of another length")) => {
                    outcome.accepted += 1;
                }
                (Verdict::Invalid, false, _) => outcome.refused += 1,
                (Verdict::Valid | Verdict::Acceptable, false, Some(reason)) => {
                    *outcome.divergent.entry(reason).or_default() += 1;
                }
                unexpected => outcome.wrong.push(format!("vector {}: {unexpected:?}", vector.id)),
            }
        }
    }
    (outcome, book)
}

#[test]
fn every_vector_is_answered_as_listed() {
    for (index, set) in SETS.iter().enumerate() {
        let expected = Outcome {
            accepted: set.accepted,
            refused: set.refused,
            divergent: set.divergent.iter().copied().collect(),
            wrong: Vec::new(),
        };
        assert_eq!(JUDGED[&index].0, expected, "{} under {}", set.name, set.algorithm);
    }
}

#[test]
fn every_algorithm_has_vectors() {
    for algorithm in Algorithm::ALL {
        let accepted: usize = SETS.iter().filter(|set| set.algorithm == *algorithm).map(|set| set.accepted).sum();
        assert!(accepted > 0, "{algorithm}");
    }
}

#[test]
fn the_hosts_are_given_the_same_questions() {
    let mut book = Book::default();
    JUDGED.values().for_each(|(_, of_set)| book.append(of_set));
    book.enter_edges();
    // What the core refuses by its form, no host is asked: these are counted and left out.
    assert_eq!(book.counts(), parity::Counts { asked: 5650, good: 1774, refused_key: 24, refused_form: 692 });
    book.write();
}
