//! The keys that could vouch for a token, what each of them says of it, and whether any of that is a reason to trust it.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Fault, deployed::Deployed, segments::Segments};
use crate::{
    jose::{Algorithm, CompactJws, Header, KeyError, KeySet, PORTABLE, VerificationKey, thumbprint},
    key_source::Snapshot,
    verdict::{Denial, Reason},
};

/// From where a key is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyOrigin {
    /// It stands in the policy, for the issuer that the token names.
    Policy,
    /// It was handed over with the token.
    HandedOver,
    /// There is none.
    Nobody,
}

/// One key of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyLine {
    /// From where it is known.
    pub origin: KeyOrigin,
    /// Its place in its set, from 0.
    pub index: usize,
    /// Its `kid`.
    pub kid: Option<String>,
    /// Its `kty`.
    pub kty: Option<String>,
    /// Its `crv`.
    pub crv: Option<String>,
    /// Its `alg`.
    pub alg: Option<String>,
    /// Its `use`.
    pub r#use: Option<String>,
    /// Its SHA-256 thumbprint (RFC 7638); none of a secret, of which it would tell.
    pub thumbprint: Option<String>,
    /// The algorithms of the token's issuer that it serves.
    pub serves: Vec<&'static str>,
    /// Whether the verifier chooses it for this token.
    pub chosen: bool,
    /// Why, or why not.
    pub why: String,
    /// Whether the signature holds under it; none where it was not tried.
    pub holds: Option<bool>,
}

/// The verdict on the mathematics alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mathematics {
    /// Whether the signature holds under the key that the verifier chooses; none where it was not checked.
    pub holds: Option<bool>,
    /// The place of that key among the keys of the report.
    pub key: Option<usize>,
    /// The `kid` of that key.
    pub kid: Option<String>,
    /// The algorithm.
    pub algorithm: Option<&'static str>,
    /// Why it does not hold, or was not checked.
    pub fault: Option<Fault>,
}

/// The verdict on the key: whether anybody but the token vouches for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trust {
    /// From where the keys came.
    pub origin: KeyOrigin,
    /// Whether the policy trusts the key, and the signature holds under it.
    pub established: bool,
    /// The issuer whose key it is by the policy.
    pub issuer: Option<String>,
    /// That in words.
    pub words: &'static str,
    /// The members of the header by which the token brings or names a key of its own. They are worth nothing, and are
    /// never followed: anybody can write them (RFC 8725 §3.10).
    pub own_keys: Vec<&'static str>,
}

/// The members of a header that bring or name a key.
pub(super) const OWN_KEYS: [&str; 4] = ["jwk", "jku", "x5c", "x5u"];

/// What is found out about keys.
pub(super) struct KeysFound {
    pub(super) keys: Vec<KeyLine>,
    pub(super) mathematics: Mathematics,
    pub(super) origin: KeyOrigin,
}

/// A set as a verifier takes it, and the last second at which it may vouch.
pub(super) fn read_set(keys: &Value, allowed: &[Algorithm]) -> Result<(KeySet, Option<i64>), String> {
    let snapshot = Snapshot::from_json(keys).map_err(|error| error.to_string())?;
    let set = KeySet::prepare(snapshot.key_set(), allowed, PORTABLE).map_err(|error| error.to_string())?;
    Ok((set, snapshot.good_until()))
}

/// Looks through the keys that could vouch for a token.
pub(super) fn look_through(
    jws: Option<&CompactJws<'_>>,
    header: Option<&Header>,
    deployed: Option<&Deployed>,
    handed: Option<&Value>,
) -> KeysFound {
    let algorithm = header.and_then(|header| Algorithm::from_name(&header.algorithm));
    let mut mathematics = Mathematics { algorithm: algorithm.map(Algorithm::name), ..Mathematics::default() };
    if header.is_some() && algorithm.is_none() {
        mathematics.fault = Some(Fault::from(&Denial::new(Reason::AlgorithmNotAllowed)));
    }
    let rules = deployed.and_then(Deployed::issuer).map(|issuer| issuer.rules().algorithms.as_slice());
    let named = algorithm.as_slice();
    let allowed = rules.unwrap_or(if named.is_empty() { Algorithm::ALL } else { named });
    let own = deployed.and_then(|deployed| deployed.own_keys.as_ref());
    let (used, beside) = match (own, handed) {
        (Some(own), handed) => (Some((KeyOrigin::Policy, own)), handed),
        (None, Some(handed)) => (Some((KeyOrigin::HandedOver, handed)), None),
        (None, None) => (None, None),
    };
    let mut keys = Vec::new();
    if let Some((origin, set)) = used {
        let asked = header.zip(algorithm).zip(jws);
        match Survey::of(set, allowed) {
            Err(words) => mathematics.fault = Some(Fault::from(&Denial::new(Reason::SigningKeyUnknown).noting(words))),
            Ok(survey) => {
                let chosen = asked.map(|((header, algorithm), _)| {
                    survey.set.select(header.key_id.as_deref(), algorithm).map(std::sync::Arc::as_ptr)
                });
                keys = survey.lines(origin, header, algorithm, chosen.as_ref().and_then(|chosen| chosen.as_ref().ok()));
                if let (Some(Err(denial)), Some(((_, algorithm), jws))) = (&chosen, asked) {
                    mathematics.fault = Some(Fault::from(denial));
                    survey.try_all(&mut keys, algorithm, jws);
                }
                if let (Some(Ok(pointer)), Some(((_, algorithm), jws))) = (&chosen, asked)
                    && let Some((index, key)) = survey.usable().find(|(_, key)| std::ptr::eq(*key, *pointer))
                {
                    let holds = key.verify(algorithm, jws.signing_input.as_bytes(), &jws.signature);
                    (mathematics.holds, mathematics.key) = (Some(holds), Some(index));
                    mathematics.kid = key.kid().map(str::to_owned);
                    if holds {
                        if let Some(line) = keys.get_mut(index) {
                            line.holds = Some(true);
                        }
                    } else {
                        mathematics.fault = Some(Fault::from(&Denial::new(Reason::SignatureInvalid)));
                        survey.try_all(&mut keys, algorithm, jws);
                    }
                }
            }
        }
    }
    if let Some(set) = beside
        && let Ok(survey) = Survey::of(set, allowed)
    {
        let mut lines = survey.lines(KeyOrigin::HandedOver, None, None, None);
        for line in &mut lines {
            "not used: the policy has keys of its own for this issuer".clone_into(&mut line.why);
        }
        if let (Some(algorithm), Some(jws)) = (algorithm, jws) {
            survey.try_all(&mut lines, algorithm, jws);
        }
        keys.append(&mut lines);
    }
    KeysFound { keys, mathematics, origin: used.map_or(KeyOrigin::Nobody, |(origin, _)| origin) }
}

/// What everybody has of the keys that could vouch for a token.
#[derive(Default)]
pub(super) struct AtHand {
    /// The members that define the public key that the verifier would choose, or else the first one; none of a secret.
    pub(super) public: Option<Map<String, Value>>,
    /// What the keys are called.
    pub(super) kids: Vec<String>,
}

impl AtHand {
    pub(super) fn find(
        kid: Option<&str>,
        algorithm: Option<Algorithm>,
        deployed: Option<&Deployed>,
        handed: Option<&Value>,
    ) -> Self {
        let own = deployed.and_then(|deployed| deployed.own_keys.as_ref());
        let survey = own.or(handed).and_then(|set| Survey::of(set, Algorithm::ALL).ok());
        let Some(survey) = survey else { return Self::default() };
        let chosen = algorithm.and_then(|algorithm| survey.set.select(kid, algorithm).ok());
        let public = chosen.into_iter().chain(survey.set.keys()).find_map(|key| key.public());
        let kids = survey.entries.iter().filter_map(|entry| entry.get("kid")?.as_str().map(str::to_owned));
        Self { public: public.and_then(|key| serde_json::from_str(key.jwk()).ok()), kids: kids.collect() }
    }
}

/// A set with its entries as they stand.
struct Survey<'s> {
    set: KeySet,
    entries: &'s [Value],
}

impl<'s> Survey<'s> {
    fn of(keys: &'s Value, allowed: &[Algorithm]) -> Result<Self, String> {
        let snapshot = Snapshot::from_json(keys).map_err(|error| error.to_string())?;
        let set = KeySet::survey(snapshot.key_set(), allowed, PORTABLE).map_err(|error| error.to_string())?;
        let entries = keys.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Ok(Self { set, entries })
    }

    /// The usable keys with their places: those that were not put aside, in their order.
    fn usable(&self) -> impl Iterator<Item = (usize, &VerificationKey)> {
        let is_usable = |index: &usize| !self.set.refused().iter().any(|refused| refused.index == *index);
        (0..self.entries.len()).filter(is_usable).zip(self.set.keys().iter().map(AsRef::as_ref))
    }

    fn try_all(&self, lines: &mut [KeyLine], algorithm: Algorithm, jws: &CompactJws<'_>) {
        for (index, key) in self.usable() {
            if let Some(line) = lines.get_mut(index)
                && key.algorithms().any(|served| served == algorithm)
            {
                line.holds = Some(key.verify(algorithm, jws.signing_input.as_bytes(), &jws.signature));
            }
        }
    }

    fn lines(
        &self,
        origin: KeyOrigin,
        header: Option<&Header>,
        algorithm: Option<Algorithm>,
        chosen: Option<&*const VerificationKey>,
    ) -> Vec<KeyLine> {
        let line = |(index, entry): (usize, &Value)| {
            let nothing = Map::new();
            let jwk = entry.as_object().unwrap_or(&nothing);
            let text = |name: &str| jwk.get(name).and_then(Value::as_str).map(str::to_owned);
            let key = self.usable().find(|(place, _)| *place == index).map(|(_, key)| key);
            let is_chosen = key.zip(chosen).is_some_and(|(key, chosen)| std::ptr::eq(key, *chosen));
            let refused = self.set.refused().iter().find(|refused| refused.index == index);
            let why = match (key, refused) {
                (_, Some(refused)) => why_refused(refused.why, algorithm),
                (Some(_), _) if is_chosen => "the one key that fits `kid` and `alg`".to_owned(),
                (Some(key), _) => why_not(key, header, algorithm),
                (None, None) => String::new(),
            };
            let is_secret = jwk.get("kty").is_some_and(|kty| kty == "oct");
            let digest = if is_secret { None } else { thumbprint(jwk).ok() };
            KeyLine {
                origin,
                index,
                kid: text("kid"),
                kty: text("kty"),
                crv: text("crv"),
                alg: text("alg"),
                r#use: text("use"),
                thumbprint: digest.map(|digest| Base64UrlUnpadded::encode_string(&digest)),
                serves: key.map(|key| key.algorithms().map(Algorithm::name).collect()).unwrap_or_default(),
                chosen: is_chosen,
                why,
                holds: None,
            }
        };
        self.entries.iter().enumerate().map(line).collect()
    }
}

fn why_refused(why: KeyError, algorithm: Option<Algorithm>) -> String {
    match (why, algorithm) {
        (KeyError::OtherFamily, Some(algorithm)) => format!("of another kind: it serves no {algorithm}"),
        _ => why.to_string(),
    }
}

/// Why the choice did not fall on a key that could be used.
fn why_not(key: &VerificationKey, header: Option<&Header>, algorithm: Option<Algorithm>) -> String {
    let (Some(header), Some(algorithm)) = (header, algorithm) else {
        return "the header cannot be read, and names no key".to_owned();
    };
    if !key.algorithms().any(|served| served == algorithm) {
        return format!("it does not serve {algorithm}");
    }
    match &header.key_id {
        Some(kid) if key.kid() != Some(kid) => "the token names another `kid`".to_owned(),
        Some(_) => "another key has the same `kid`".to_owned(),
        None => "the token names no `kid`, and more than one key fits".to_owned(),
    }
}

/// Whether there is a reason to trust the key.
pub(super) fn trust(found: &KeysFound, deployed: Option<&Deployed>, held: bool, read: &Segments) -> Trust {
    let issuer = deployed.and_then(Deployed::issuer).map(|issuer| issuer.rules().issuer.clone());
    let own_keys = OWN_KEYS.into_iter().filter(|name| read.header.members.contains_key(*name)).collect();
    let words = match (found.origin, &issuer, deployed) {
        (KeyOrigin::Policy, ..) if held => {
            "The policy trusts this issuer and its key, and the signature holds under it."
        }
        (KeyOrigin::Policy, ..) => "The policy has keys of this issuer, and none of them vouches for this token.",
        (KeyOrigin::HandedOver, Some(_), _) => {
            "The policy trusts this issuer, and its keys were handed over here: it is for the policy to say where they are."
        }
        (KeyOrigin::HandedOver, None, Some(_)) => "The policy does not know this issuer, whoever handed the keys over.",
        (KeyOrigin::HandedOver, None, None) => {
            "The key was handed over with the token. Whoever handed it over could have made the token too."
        }
        (KeyOrigin::Nobody, Some(_), _) => "The policy trusts this issuer, and its keys are not at hand here.",
        (KeyOrigin::Nobody, None, Some(_)) => "The policy does not know this issuer.",
        (KeyOrigin::Nobody, None, None) => "No key was given, and a token cannot vouch for itself.",
    };
    let established = held && found.origin == KeyOrigin::Policy;
    Trust { origin: found.origin, established, issuer, words, own_keys }
}
