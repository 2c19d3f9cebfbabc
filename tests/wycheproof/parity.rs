//! The questions that the core would ask a host's native cryptography, with the answer that the core gives itself.
//!
//! They are written to `target/edgeward/parity.json`, where `tests/node/parity.test.mjs` finds them.

use std::{fs, path::Path};

use edgeward::jose::{Algorithm, KeySet, PORTABLE, VerificationKey};
use serde_json::{Value, json};

use crate::corpus::base64url;

/// The questions, and how many are not asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    /// What a host is given of a key, with the questions about it.
    keys: Vec<(Algorithm, String, Vec<Value>)>,
    counts: Counts,
}

/// How many questions of each kind there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Those that a host is asked.
    pub(crate) asked: usize,
    /// Those among them that the core answers with yes.
    pub(crate) good: usize,
    /// Those about a key that the core refuses.
    pub(crate) refused_key: usize,
    /// Those about a signature whose form the core refuses.
    pub(crate) refused_form: usize,
}

/// A set of this key alone, ready for this algorithm.
pub(crate) fn one_key(jwk: &Value, algorithm: Algorithm) -> Option<KeySet> {
    let set = json!({ "keys": [jwk] });
    KeySet::prepare(set.as_object().expect("an object"), &[algorithm], PORTABLE).ok()
}

impl Book {
    /// Enters a question, unless no host would be asked it, and gives the core's own answer.
    pub(crate) fn enter(
        &mut self,
        name: &str,
        algorithm: Algorithm,
        key: Option<&VerificationKey>,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let good = key.is_some_and(|key| key.verify(algorithm, message, signature));
        if algorithm.family().is_symmetric() {
            return good;
        }
        let Some(key) = key else {
            self.counts.refused_key += 1;
            return false;
        };
        if !key.admits(algorithm, signature) {
            assert!(!good, "{name}: what is not admitted is not good");
            self.counts.refused_form += 1;
            return false;
        }
        self.counts.asked += 1;
        self.counts.good += usize::from(good);
        let public = key.public().expect("an asymmetric key").jwk();
        if self.keys.last().is_none_or(|(known, jwk, _)| *known != algorithm || jwk != public) {
            self.keys.push((algorithm, public.to_owned(), Vec::new()));
        }
        let question = json!({
            "name": name, "message": base64url(message), "signature": base64url(signature), "good": good
        });
        self.keys.last_mut().expect("a key").2.push(question);
        good
    }

    /// Enters the edges that Wycheproof leaves out: those of Ed25519, and RSA keys of unusual sizes.
    pub(crate) fn enter_edges(&mut self) {
        let read = |text: &str| -> Value { serde_json::from_str(text).expect("JSON") };
        let hex = |text: &Value| base16ct::lower::decode_vec(text.as_str().expect("hex")).expect("hex");
        let speccheck = read(include_str!("../vectors/ed25519-speccheck.json"));
        for case in speccheck["cases"].as_array().expect("cases") {
            let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(&hex(&case["key"])) });
            self.enter_one(&case["what"], Algorithm::Ed25519, &jwk, &hex(&case["message"]), &hex(&case["signature"]));
        }
        let sizes = read(include_str!("../vectors/rsa-sizes.json"));
        let message = sizes["message"].as_str().expect("a text").as_bytes();
        for key in sizes["keys"].as_array().expect("keys") {
            for (name, signature) in key["signatures"].as_object().expect("signatures") {
                let algorithm = Algorithm::from_name(name).expect("an algorithm");
                let signature =
                    data_encoding::BASE64URL_NOPAD.decode(signature.as_str().expect("base64url").as_bytes());
                let signature = signature.expect("base64url");
                for message in [message, b"Another message."] {
                    self.enter_one(&key["bits"], algorithm, &key["jwk"], message, &signature);
                }
            }
        }
    }

    fn enter_one(&mut self, name: &Value, algorithm: Algorithm, jwk: &Value, message: &[u8], signature: &[u8]) {
        let keys = one_key(jwk, algorithm);
        self.enter(&name.to_string(), algorithm, keys.as_ref().map(|keys| keys.keys()[0].as_ref()), message, signature);
    }

    /// Takes another book's questions over.
    pub(crate) fn append(&mut self, other: &Self) {
        self.keys.extend(other.keys.iter().cloned());
        self.counts.asked += other.counts.asked;
        self.counts.good += other.counts.good;
        self.counts.refused_key += other.counts.refused_key;
        self.counts.refused_form += other.counts.refused_form;
    }

    pub(crate) const fn counts(&self) -> Counts {
        self.counts
    }

    /// Writes the questions down.
    pub(crate) fn write(&self) {
        let keys: Vec<_> = self
            .keys
            .iter()
            .map(|(algorithm, jwk, questions)| json!({ "algorithm": algorithm, "jwk": jwk, "questions": questions }))
            .collect();
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/edgeward");
        fs::create_dir_all(&directory).expect("a directory under target");
        let text = json!({ "asked": self.counts.asked, "keys": keys }).to_string();
        // Whole or not at all, for a reader at the same time.
        fs::write(directory.join("parity.json.part"), text).expect("a file");
        fs::rename(directory.join("parity.json.part"), directory.join("parity.json")).expect("a file");
    }
}
