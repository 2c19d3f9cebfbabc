//! The demo issuer: a private key that is made on this machine and stays in `target`, and the snapshot of its key set
//! that the Worker bundles.

use base64ct::{Base64UrlUnpadded, Encoding};
use edgeward::key_source::Snapshot;
use jwt_compact::alg::Es256;
use jwt_compact::jwk::JsonWebKey;
use jwt_compact::{Algorithm, AlgorithmSignature};
use p256::ecdsa::SigningKey;
use rand_core::OsRng;
use serde_json::{Value, json};

use super::now;
use crate::output::{Failure, Result};
use crate::workspace::{Workspace, read_text, write};

/// The name of the issuer, as in worker/policy.json.
pub(crate) const NAME: &str = "https://issuer.demo.example";
/// The `kid` of its key.
const KEY_ID: &str = "demo-1";
/// The private key, where git does not look.
const PRIVATE_KEY: &str = "target/edgeward/demo-issuer.json";
/// The snapshots by issuer, which worker/index.js imports.
const SNAPSHOTS: &str = "worker/generated/snapshots.json";
/// How long a snapshot is good, in seconds.
const MAX_AGE: u32 = 90 * 24 * 3600;
/// How old a snapshot may be before set-up takes a new one, in seconds.
const RENEW_AFTER: i64 = 30 * 24 * 3600;

/// The issuer, able to sign.
pub(crate) struct Issuer {
    key: SigningKey,
}

impl Issuer {
    /// Makes the key and the snapshot, where they are missing or old.
    pub(crate) fn set_up(workspace: &Workspace) -> Result<String> {
        let had_key = workspace.path(PRIVATE_KEY).is_file();
        if !had_key {
            let key = SigningKey::random(&mut OsRng);
            let jwk = serde_json::to_string(&JsonWebKey::from(&key))
                .map_err(Failure::because("The demo issuer's key cannot be written"))?;
            write(&workspace.path(PRIVATE_KEY), jwk)?;
        }
        let issuer = Self::load(workspace)?;
        if had_key && issuer.has_fresh_snapshot(workspace)? {
            return Ok("already there".to_owned());
        }
        let snapshot = Snapshot::take(&issuer.key_set()?, &format!("{NAME}/jwks"), now()?, MAX_AGE)
            .map_err(Failure::because("The demo issuer's snapshot cannot be taken"))?;
        write(&workspace.path(SNAPSHOTS), format!("{:#}\n", json!({ NAME: snapshot.to_json() })))?;
        Ok(if had_key { format!("took a new snapshot ({SNAPSHOTS})") } else { format!("made ({PRIVATE_KEY})") })
    }

    /// The issuer that set-up made.
    pub(crate) fn load(workspace: &Workspace) -> Result<Self> {
        let broken = || Failure::new(format!("{PRIVATE_KEY} is no private key; delete it and try again."));
        let text = read_text(&workspace.path(PRIVATE_KEY))?;
        let jwk: JsonWebKey<'_> = serde_json::from_str(&text).map_err(|_| broken())?;
        let key = SigningKey::try_from(&jwk).map_err(|_| broken())?;
        Ok(Self { key })
    }

    /// A token with these claims over the usual ones; null leaves a claim out.
    pub(crate) fn mint(&self, now: i64, claims: &Value) -> String {
        self.mint_with_kid(now, claims, KEY_ID)
    }

    /// As [`Self::mint`], with another `kid` in the header.
    pub(crate) fn mint_with_kid(&self, now: i64, claims: &Value, kid: &str) -> String {
        let mut payload = json!({
            "iss": NAME,
            "aud": "https://api.demo.example",
            "sub": "app_reports",
            "client_id": "app_reports",
            "org_id": "org_acme",
            "scope": "reports:read",
            "jti": format!("demo-{now}"),
            "iat": now,
            "exp": now + 3600,
        });
        if let (Some(payload), Some(claims)) = (payload.as_object_mut(), claims.as_object()) {
            payload.extend(claims.clone());
            payload.retain(|_, value| !value.is_null());
        }
        let header = json!({ "alg": "ES256", "kid": kid, "typ": "at+jwt" });
        let input = format!("{}.{}", encode(header.to_string().as_bytes()), encode(payload.to_string().as_bytes()));
        let signature = Es256.sign(&self.key, input.as_bytes());
        format!("{input}.{}", encode(&AlgorithmSignature::as_bytes(&signature)))
    }

    fn key_set(&self) -> Result<Value> {
        let public = JsonWebKey::from(&self.key).to_verifying_key();
        let mut jwk =
            serde_json::to_value(public).map_err(Failure::because("The demo issuer's key cannot be written"))?;
        for (member, value) in [("kid", KEY_ID), ("alg", "ES256"), ("use", "sig")] {
            jwk[member] = value.into();
        }
        Ok(json!({ "keys": [jwk] }))
    }

    fn has_fresh_snapshot(&self, workspace: &Workspace) -> Result<bool> {
        let file = workspace.path(SNAPSHOTS);
        if !file.is_file() {
            return Ok(false);
        }
        // What somebody else put there is theirs to mend.
        let wrong = |why: String| Failure::new(format!("{SNAPSHOTS}: {why}; mend it, or delete it to get a new one."));
        let snapshots: Value = serde_json::from_str(&read_text(&file)?).map_err(|error| wrong(error.to_string()))?;
        let snapshot = Snapshot::from_json(&snapshots[NAME]).map_err(|error| wrong(error.to_string()))?;
        let is_fresh = match snapshot.good_until() {
            Some(until) => now()? < until - i64::from(MAX_AGE) + RENEW_AFTER,
            None => true,
        };
        Ok(is_fresh && snapshot.key_set().get("keys") == self.key_set()?.get("keys"))
    }
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}
