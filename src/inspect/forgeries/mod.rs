//! What an attacker would make of a token that somebody handed over, each attempt judged by the verifier itself.
//!
//! No attempt has the signature of the original, so that whoever is shown one learns no token that is good: where an
//! attacker would keep it, filler of the same length stands in its place, which no verifier that checks can tell apart.

mod attack;
mod forger;
mod recipe;

pub use attack::{Attack, AttackFacts};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Against, Fault, deployed::Deployed, is_token, key_lines::AtHand, ladder, segments, times};
use crate::{
    host::UnixMillis,
    jose::{Algorithm, CompactJws},
    policy::PolicyError,
    verdict::StepOutcome,
};
use recipe::{Claims, Recipe, Signs, recipe};

/// What is longer is not forged, in bytes: two dozen copies of it would have to be judged and shown.
const LONGEST: usize = 512 * 1024;

/// What stands in the place of a signature.
const FILLER: u8 = 0x2a;

/// The length of that where the original has none that can be read, in bytes.
const USUAL_SIGNATURE: usize = 64;

/// One attempt, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Forgery {
    /// The stable name of the attempt.
    pub forgery: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What the attacker does, and hopes for.
    pub means: &'static str,
    /// The section that warns of it.
    pub section: &'static str,
    /// The token that was tried; none where it is the original itself, which is not repeated.
    pub token: Option<String>,
    /// When it was judged, in milliseconds since the Unix epoch.
    pub at: i64,
    /// Why it is refused; none where it is let through, which must never be.
    pub verdict: Option<Fault>,
    /// The step that refused it.
    pub step: Option<&'static str>,
}

/// Makes the attempts that there are to make of a token. None where its payload cannot be read, and of what is no token.
///
/// # Errors
/// [`PolicyError`] with every fault of the policy.
pub fn forgeries(credential: &str, against: Against<'_>, now: UnixMillis) -> Result<Vec<Forgery>, PolicyError> {
    let read = segments::read(credential);
    let deployed = match against.policy {
        Some(policy) => Some(Deployed::read(policy, against.keys, read.issuer())?),
        None => None,
    };
    let deployed = deployed.as_ref();
    if credential.len() > LONGEST || read.payload.members.is_empty() || !is_token(credential, deployed) {
        return Ok(Vec::new());
    }
    let original = Original::of(credential, &read, deployed, against.keys);
    let end = times::times(&read.payload.members, now)
        .into_iter()
        .find(|time| time.claim == "exp")
        .and_then(|time| time.at.checked_mul(1000))
        .map(|end| UnixMillis(end.max(now.0)));
    let attempt = |attack: &Attack| {
        let (token, at) = match attack {
            Attack::Expired => (None, end?),
            other => (Some(original.forge(*other)?), now),
        };
        let facts = attack.facts();
        let refusal = refusal(token.as_deref().unwrap_or(credential), deployed, against.keys, at);
        let (verdict, step) = refusal.unzip();
        Some(Forgery {
            forgery: facts.name,
            title: facts.title,
            means: facts.means,
            section: facts.section,
            token,
            at: at.0,
            verdict,
            step: step.flatten(),
        })
    };
    Ok(Attack::ALL.iter().filter_map(attempt).collect())
}

/// Why the verifier refuses a token, and at which step; none where it lets it through.
fn refusal(
    token: &str,
    deployed: Option<&Deployed>,
    handed: Option<&Value>,
    at: UnixMillis,
) -> Option<(Fault, Option<&'static str>)> {
    let trial = match deployed {
        Some(deployed) => ladder::by_policy(token, deployed, at),
        None => ladder::without_policy(token, handed, at),
    };
    let failed = trial.steps.into_iter().find(|step| step.outcome == StepOutcome::Failed).and_then(|step| {
        let fault = Fault { code: step.code?, title: step.reason?, section: step.section, note: step.note };
        Some((fault, Some(step.step)))
    });
    // Where there are no keys, the steps go on as if there were one that vouches for it. The verifier does not.
    failed.or(trial.refusal)
}

/// The token that the attempts are made of.
struct Original<'t> {
    header: &'t Map<String, Value>,
    payload: &'t Map<String, Value>,
    algorithm: Option<Algorithm>,
    signature_bytes: usize,
    keys: AtHand,
}

impl<'t> Original<'t> {
    fn of(credential: &str, read: &'t segments::Segments, deployed: Option<&Deployed>, handed: Option<&Value>) -> Self {
        let (header, payload) = (&read.header.members, &read.payload.members);
        let algorithm = header.get("alg").and_then(Value::as_str).and_then(Algorithm::from_name);
        let signature = CompactJws::parse(credential, LONGEST).map(|jws| jws.signature.len());
        Self {
            header,
            payload,
            algorithm,
            signature_bytes: signature.ok().filter(|bytes| *bytes > 0).unwrap_or(USUAL_SIGNATURE),
            keys: AtHand::find(header.get("kid").and_then(Value::as_str), algorithm, deployed, handed),
        }
    }

    /// What an attacker makes of it; none where this attack asks for another kind of token.
    fn forge(&self, attack: Attack) -> Option<String> {
        let Recipe { changes, claims, signs } = recipe(attack)?;
        let own = self.algorithm.filter(|algorithm| algorithm.family().is_symmetric());
        let by_hmac = own.unwrap_or(Algorithm::Hs256);
        let mut members = self.header.clone();
        let mut change = |name: &str, value: &str| drop(members.insert(name.to_owned(), value.into()));
        match signs {
            Signs::PublicKey | Signs::PublicJwk if own.is_some() => return None,
            Signs::PublicKey | Signs::PublicJwk | Signs::Secret(_) => change("alg", by_hmac.name()),
            Signs::Forger => change("alg", "ES256"),
            Signs::Zeros | Signs::Filler | Signs::Nobody => {}
        }
        if attack == Attack::KidSwap {
            let named = self.header.get("kid").and_then(Value::as_str);
            let other = self.keys.kids.iter().find(|kid| Some(kid.as_str()) != named);
            change("kid", other.map_or("another-key", String::as_str));
        }
        for (name, value) in changes {
            members.insert((*name).to_owned(), serde_json::from_str(value).ok()?);
        }
        let names_alg = members.get("alg").and_then(Value::as_str);
        if signs == Signs::Zeros && !names_alg.is_some_and(|name| name.starts_with("ES")) {
            return None;
        }
        if attack == Attack::EmbeddedKey {
            members.insert("jwk".to_owned(), Value::Object(forger::jwk()));
        }
        let mut header = text(members);
        let mut payload = self.payload(claims);
        match attack {
            Attack::DuplicateHeader => header = twice("alg", "none", &header),
            Attack::DuplicateMember => {
                let name = if self.payload.contains_key("sub") { "sub" } else { self.payload.keys().next()? };
                payload = twice(name, "admin", &payload);
            }
            _ => {}
        }
        let (mut header, mut payload) = (encode(header.as_bytes()), encode(payload.as_bytes()));
        let message = format!("{header}.{payload}");
        let signature = match signs {
            Signs::Filler => vec![FILLER; self.signature_bytes],
            Signs::Nobody => Vec::new(),
            Signs::Zeros => vec![0; self.signature_bytes],
            Signs::Secret(secret) => forger::hmac(by_hmac, secret.as_bytes(), &message),
            Signs::PublicKey => forger::hmac(by_hmac, forger::pem(&self.public_key())?.as_bytes(), &message),
            Signs::PublicJwk => forger::hmac(by_hmac, text(self.public_key()).as_bytes(), &message),
            Signs::Forger => forger::es256(&message),
        };
        let signature = encode(&signature);
        match attack {
            Attack::JsonForm => {
                return Some(format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#));
            }
            // The key, the initialization vector, the text and its tag (RFC 7516 §7.1), all of it filler.
            Attack::Encrypted => return Some(format!("{header}.{signature}.Kioq.{signature}.Kioq")),
            Attack::Base64Padding => payload.push('='),
            Attack::Base64Whitespace => header.insert(header.len() / 2, '\n'),
            _ => {}
        }
        Some(format!("{header}.{payload}.{signature}"))
    }

    fn payload(&self, claims: Claims) -> String {
        let mut payload = self.payload.clone();
        let mut change = |name: &str, value: &str| drop(payload.insert(name.to_owned(), value.into()));
        match claims {
            Claims::Own => {}
            Claims::Admin if self.payload.get("sub").is_some_and(|sub| sub == "admin") => change("sub", "root"),
            Claims::Admin => change("sub", "admin"),
            Claims::OtherIssuer => change("iss", "https://attacker.example"),
        }
        text(payload)
    }

    /// The public key that everybody has: where none is at hand, the forger's stands in for it.
    fn public_key(&self) -> Map<String, Value> {
        self.keys.public.clone().unwrap_or_else(forger::jwk)
    }
}

fn text(members: Map<String, Value>) -> String {
    Value::Object(members).to_string()
}

/// An object with another value of a member that it has, before all others.
fn twice(name: &str, value: &str, object: &str) -> String {
    let rest = object.strip_prefix('{').unwrap_or_default();
    format!("{{{}:{},{rest}", Value::from(name), Value::from(value))
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}
