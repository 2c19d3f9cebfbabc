//! What an attacker would make of a token that somebody handed over, each attempt judged by the verifier itself.
//!
//! No attempt has the signature of the original, so that whoever is shown one learns no token that is good: where an
//! attacker would keep it, filler of the same length stands in its place, which no verifier that checks can tell apart.

mod attack;
mod forger;

pub use attack::{Attack, AttackFacts};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Against, Fault, deployed::Deployed, is_token, key_lines::AtHand, ladder, segments, times};
use crate::{
    host::UnixMillis,
    jose::{Algorithm, CompactJws},
    policy::PolicyError,
    verdict::StepOutcome,
};

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
        let is_secret = self.algorithm.is_some_and(|algorithm| algorithm.family().is_symmetric());
        let token = match attack {
            Attack::PayloadChanged => self.filled(&self.header(&[]), &self.admin()),
            Attack::SignatureStripped => unsigned(&self.header(&[]), &self.payload()),
            Attack::SignatureBlank => {
                let is_ecdsa = self.header.get("alg")?.as_str()?.starts_with("ES");
                let blank = vec![0; self.signature_bytes];
                return is_ecdsa.then(|| signed(&self.header(&[]), &self.admin(), |_| blank));
            }
            Attack::AlgNone => unsigned(&self.header(&[("alg", json!("none"))]), &self.admin()),
            Attack::AlgNoneCase => unsigned(&self.header(&[("alg", json!("NoNe"))]), &self.admin()),
            Attack::HmacConfusion | Attack::HmacConfusionJwk if is_secret => return None,
            Attack::HmacConfusion => self.by_secret(forger::pem(&self.public_key())?.as_bytes(), None),
            Attack::HmacConfusionJwk => self.by_secret(Value::Object(self.public_key()).to_string().as_bytes(), None),
            Attack::SecretGuessed => self.by_secret(b"secret", None),
            Attack::KidSwap => {
                let named = self.header.get("kid").and_then(Value::as_str);
                let other = self.keys.kids.iter().find(|kid| Some(kid.as_str()) != named);
                let other = other.map_or("another-key", String::as_str);
                self.filled(&self.header(&[("kid", json!(other))]), &self.payload())
            }
            Attack::KidPath => self.by_secret(b"", Some("../../../../../../dev/null")),
            Attack::KidQuery => self.by_secret(b"secret", Some("x' UNION SELECT 'secret")),
            Attack::EmbeddedKey => self.by_forger(&[("jwk", Value::Object(forger::jwk()))], &self.admin()),
            Attack::JkuElsewhere => {
                self.by_forger(&[("jku", json!("https://attacker.example/jwks.json"))], &self.admin())
            }
            Attack::IssuerSwapped => {
                let mut payload = self.payload.clone();
                payload.insert("iss".to_owned(), json!("https://attacker.example"));
                self.by_forger(&[], &text(payload))
            }
            Attack::TypeSwapped => self.filled(&self.header(&[("typ", json!("logout+jwt"))]), &self.payload()),
            Attack::CritUnknown => {
                let changes = [("crit", json!(["urn:example:pay"])), ("urn:example:pay", json!(true))];
                self.filled(&self.header(&changes), &self.payload())
            }
            Attack::UnencodedPayload => self.filled(&self.header(&[("b64", json!(false))]), &self.payload()),
            Attack::Compressed => self.filled(&self.header(&[("zip", json!("DEF"))]), &self.payload()),
            Attack::Nested => self.filled(&self.header(&[("cty", json!("JWT"))]), &self.payload()),
            Attack::Encrypted => {
                let header = self.header(&[("alg", json!("RSA-OAEP-256")), ("enc", json!("A256GCM"))]);
                // The key, the initialization vector, the text and its tag (RFC 7516 §7.1).
                let parts = [256, 12, self.payload().len(), 16].map(|bytes| encode(&vec![FILLER; bytes]));
                format!("{}.{}", encode(header.as_bytes()), parts.join("."))
            }
            Attack::JsonForm => {
                let (header, payload) = (encode(self.header(&[]).as_bytes()), encode(self.admin().as_bytes()));
                let signature = encode(&self.filler());
                format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#)
            }
            Attack::DuplicateMember => {
                let name = if self.payload.contains_key("sub") { "sub" } else { self.payload.keys().next()? };
                self.filled(&self.header(&[]), &twice(name, "admin", &self.payload()))
            }
            Attack::DuplicateHeader => {
                let header = twice("alg", "none", &self.header(&[("alg", self.header.get("alg")?.clone())]));
                self.filled(&header, &self.payload())
            }
            Attack::Base64Padding => {
                let (header, payload) = (encode(self.header(&[]).as_bytes()), encode(self.payload().as_bytes()));
                let padding = match payload.len() % 4 {
                    3 => "=",
                    _ => "==",
                };
                format!("{header}.{payload}{padding}.{}", encode(&self.filler()))
            }
            Attack::Base64Whitespace => {
                let header = encode(self.header(&[]).as_bytes());
                let (one, two) = header.split_at_checked(header.len() / 2)?;
                format!("{one}\n{two}.{}.{}", encode(self.payload().as_bytes()), encode(&self.filler()))
            }
            // It is not forged.
            Attack::Expired => return None,
        };
        Some(token)
    }

    /// The header with these members.
    fn header(&self, changes: &[(&str, Value)]) -> String {
        let mut header = self.header.clone();
        header.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        text(header)
    }

    fn payload(&self) -> String {
        text(self.payload.clone())
    }

    /// The payload of somebody who may do everything.
    fn admin(&self) -> String {
        let mut payload = self.payload.clone();
        let subject = if payload.get("sub").is_some_and(|sub| sub == "admin") { "root" } else { "admin" };
        payload.insert("sub".to_owned(), subject.into());
        text(payload)
    }

    fn filler(&self) -> Vec<u8> {
        vec![FILLER; self.signature_bytes]
    }

    fn filled(&self, header: &str, payload: &str) -> String {
        signed(header, payload, |_| self.filler())
    }

    /// Signed by HMAC: with the token's own algorithm where it is one of them, and else by `HS256`.
    fn by_secret(&self, secret: &[u8], kid: Option<&str>) -> String {
        let own = self.algorithm.filter(|algorithm| algorithm.family().is_symmetric());
        let algorithm = own.unwrap_or(Algorithm::Hs256);
        let mut changes = vec![("alg", json!(algorithm.name()))];
        changes.extend(kid.map(|kid| ("kid", json!(kid))));
        signed(&self.header(&changes), &self.admin(), |message| forger::hmac(algorithm, secret, message))
    }

    /// Signed with the forger's key.
    fn by_forger(&self, changes: &[(&str, Value)], payload: &str) -> String {
        let changes = [&[("alg", json!("ES256"))], changes].concat();
        signed(&self.header(&changes), payload, forger::es256)
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
    format!("{{{}:{},{rest}", json!(name), json!(value))
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn signed(header: &str, payload: &str, sign: impl FnOnce(&str) -> Vec<u8>) -> String {
    let input = format!("{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()));
    let signature = encode(&sign(&input));
    format!("{input}.{signature}")
}

fn unsigned(header: &str, payload: &str) -> String {
    signed(header, payload, |_| Vec::new())
}
