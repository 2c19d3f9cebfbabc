//! The API keys that are accepted, judged.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{DenySnapshotPolicy, PolicyError, error::Faults, reading::Reading, revocation::prepare_revocation};
use crate::{
    api_key::{ApiKeyChecker, Environment, ForeignKeys, KeyCaching, KeyForm, Seal},
    json,
    revocation::{DenyList, InForce},
};

/// How often the use of a key is noted where the policy says nothing, in seconds.
const USAGE_INTERVAL: u32 = 3600;

/// A week, in seconds.
const WEEK: u32 = 604_800;

/// The API keys that are accepted.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiKeyPolicy {
    /// What the keys begin with.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = "^[a-z0-9]{2,12}$")))]
    pub prefix: String,
    /// The environment that this deployment serves: `live` or `test`.
    pub environment: Environment,
    /// Keys of another form that were imported; none are taken where left out.
    pub foreign_keys: Option<ForeignKeysPolicy>,
    /// How long an instance uses a record without asking the store again, in seconds, an hour at most; 15 where left out.
    #[cfg_attr(feature = "schema", schemars(range(max = 3_600)))]
    pub cache_seconds: Option<u32>,
    /// How long after that it uses the record while the store does not answer, in seconds, a day at most; 0 where left out.
    /// As long a key that was revoked meanwhile is let through.
    #[cfg_attr(feature = "schema", schemars(range(max = 86_400)))]
    pub max_stale_seconds: Option<u32>,
    /// What is known of the store.
    #[serde(default)]
    pub store: StorePolicy,
    /// How often the use of a key is noted, in seconds: 0 for never, or from 60 to 604800; 3600 where left out.
    #[cfg_attr(feature = "schema", schemars(range(max = 604_800)))]
    pub usage_interval: Option<u32>,
}

/// Keys of another form.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForeignKeysPolicy {
    /// What they begin with. It tells them from M2M tokens.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16)))]
    pub prefixes: Vec<String>,
}

/// What is known of the store that records are read from. Its figures stand in the stated bound of a revocation.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StorePolicy {
    /// How old a copy near the reader may be, in seconds: 0 for a store without such copies, or from 30 to 3600; 30 where
    /// left out, the least that Cloudflare KV takes. Each read hands it to the store, as `cacheTtl`.
    #[cfg_attr(feature = "schema", schemars(range(max = 3_600)))]
    pub cache_seconds: Option<u32>,
    /// How long a written value may take until readers everywhere can see it, in seconds, an hour at most; 60 where left
    /// out, what Cloudflare says of KV. It is the store's word.
    #[cfg_attr(feature = "schema", schemars(range(max = 3_600)))]
    pub propagation_seconds: Option<u32>,
    /// How long the store has to answer, in milliseconds, from 100 to 10000; 2000 where left out.
    #[cfg_attr(feature = "schema", schemars(range(min = 100, max = 10_000)))]
    pub timeout: Option<u32>,
}

/// How long records are believed by a policy, whether or not it may say so.
pub(super) fn caching_of(policy: &ApiKeyPolicy) -> KeyCaching {
    let usual = KeyCaching::default();
    KeyCaching {
        cache: policy.cache_seconds.unwrap_or(usual.cache),
        max_stale: policy.max_stale_seconds.unwrap_or(usual.max_stale),
        store_cache: policy.store.cache_seconds.unwrap_or(usual.store_cache),
        store_propagation: policy.store.propagation_seconds.unwrap_or(usual.store_propagation),
        timeout: policy.store.timeout.unwrap_or(usual.timeout),
    }
}

/// The checker of these keys, the faults of its policy put down. Seals are secrets, and handed over beside the policy.
pub(crate) fn prepare(policy: ApiKeyPolicy, seals: Vec<Seal>, faults: &mut Faults) -> Option<ApiKeyChecker> {
    let within = |value: u32, least: u32, most: u32| (least..=most).contains(&value);
    let caching = caching_of(&policy);
    let usage_interval = policy.usage_interval.unwrap_or(USAGE_INTERVAL);
    for (holds, place, reason, usual) in [
        (caching.cache <= 3600, "/cacheSeconds", "3600 seconds at most: as long a revoked key is let through", 15),
        (caching.max_stale <= 86_400, "/maxStaleSeconds", "86400 seconds at most", 0),
        (
            caching.store_cache == 0 || within(caching.store_cache, 30, 3600),
            "/store/cacheSeconds",
            "0, or from 30 to 3600 seconds",
            30,
        ),
        (caching.store_propagation <= 3600, "/store/propagationSeconds", "3600 seconds at most", 60),
        (within(caching.timeout, 100, 10_000), "/store/timeout", "from 100 to 10000 milliseconds", 2000),
        (
            usage_interval == 0 || within(usage_interval, 60, WEEK),
            "/usageInterval",
            "0 for never, or from 60 to 604800 seconds",
            USAGE_INTERVAL,
        ),
    ] {
        if !holds {
            faults.hint(format!("/apiKeys{place}"), reason, format!("leave it out for {usual}"));
        }
    }
    let form = match KeyForm::new(policy.prefix, policy.environment, seals) {
        Ok(form) => form,
        Err(error) => {
            faults.hint(
                "/apiKeys/prefix",
                error.to_string(),
                "a short name of your own, as in `acme`: keys then begin with `acme_live_` or `acme_test_`",
            );
            return None;
        }
    };
    let foreign = match policy.foreign_keys.map(|foreign| ForeignKeys::new(foreign.prefixes, &form)) {
        Some(Ok(foreign)) => foreign,
        None => ForeignKeys::default(),
        Some(Err(reason)) => {
            faults.hint(
                "/apiKeys/foreignKeys/prefixes",
                reason,
                "what the imported keys begin with and nothing else does, as in `sk_live_`",
            );
            return None;
        }
    };
    let checker = ApiKeyChecker::new(form).with_foreign_keys(foreign).with_caching(caching);
    Some(checker.with_usage_interval(usage_interval))
}

/// The checker of keys of this policy alone (JSON text), and what is in force beside it: `deny` and `denySnapshot` may
/// stand in it as they do in a gate's policy.
///
/// # Errors
/// [`PolicyError`] with every fault.
pub fn api_key_checker(text: &str, seals: Vec<Seal>) -> Result<(ApiKeyChecker, InForce), PolicyError> {
    let Ok(Value::Object(mut members)) = json::parse(text.as_bytes()) else {
        let told = Reading::<ApiKeyPolicy>::of_text(text).whole().err();
        return Err(told.unwrap_or_else(|| PolicyError::of("", "not an object", "write an object: `{ … }`")));
    };
    let mut beside = Map::new();
    for name in ["deny", "denySnapshot"] {
        beside.extend(members.remove(name).map(|value| (name.to_owned(), value)));
    }
    let of_keys = Reading::<ApiKeyPolicy>::of(Value::Object(members)).judged(|policy| {
        let mut faults = Faults::default();
        let checker = prepare(policy, seals, &mut faults);
        let checker = faults.or(checker).map_err(|mut error| {
            // In a gate's policy the keys have a member of their own.
            for fault in &mut error.0 {
                fault.pointer = fault.pointer.trim_start_matches("/apiKeys").to_owned();
            }
            error
        })?;
        // Where there is no checker there was a fault.
        checker.ok_or_else(|| PolicyError(Vec::new()))
    });
    let of_revocation = Reading::<Beside>::of(Value::Object(beside)).judged(|beside| {
        let mut faults = Faults::default();
        let revocation = prepare_revocation(beside.deny, beside.deny_snapshot, None, &mut faults);
        faults.or(revocation)
    });
    match (of_keys, of_revocation) {
        (Ok(checker), Ok(revocation)) => Ok((checker, revocation)),
        (Err(PolicyError(faults)), Ok(_)) | (Ok(_), Err(PolicyError(faults))) => Err(PolicyError(faults)),
        (Err(PolicyError(faults)), Err(PolicyError(more))) => Err(PolicyError([faults, more].concat())),
    }
}

/// What is refused before it ends, beside the form of the keys.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Beside {
    deny: Option<DenyList>,
    deny_snapshot: Option<DenySnapshotPolicy>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(members: &Value) -> Result<ApiKeyChecker, String> {
        let mut policy = json!({ "prefix": "acme", "environment": "live" });
        policy.as_object_mut().expect("an object").extend(members.as_object().cloned().expect("an object"));
        api_key_checker(&policy.to_string(), Vec::new()).map(|(checker, _)| checker).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_is_that_of_cloudflare_kv() {
        let checker = of(&json!({})).expect("a checker");
        assert_eq!((*checker.caching(), checker.notes().interval()), (KeyCaching::default(), 3600));
        assert!(!checker.foreign_keys().are_taken());
    }

    #[test]
    fn figures_that_would_not_do_are_refused_all_at_once() {
        let error = of(&json!({
            "cacheSeconds": 3601, "maxStaleSeconds": 86_401, "usageInterval": 59,
            "store": { "cacheSeconds": 29, "propagationSeconds": 3601, "timeout": 99 },
        }))
        .expect_err("refused");
        for place in [
            "/cacheSeconds",
            "/maxStaleSeconds",
            "/usageInterval",
            "/store/cacheSeconds",
            "/store/propagationSeconds",
            "/store/timeout",
        ] {
            assert!(error.contains(&format!("{place}: ")), "{place}: {error}");
        }
        let none =
            json!({ "cacheSeconds": 0, "store": { "cacheSeconds": 0, "propagationSeconds": 0 }, "usageInterval": 0 });
        assert!(of(&none).is_ok());
    }

    #[test]
    fn a_deny_list_and_strict_mode_stand_beside_the_form() {
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        assert!(
            of(&json!({ "deny": [{ "key": "x" }], "denySnapshot": { "maxAge": 60, "jwks": { "keys": [key] } } }))
                .is_ok()
        );
        for (wrong, place) in [
            (json!({ "deny": [{ "jti": "t" }] }), "/deny/0"),
            (json!({ "denySnapshot": { "maxAge": 9, "jwks": { "keys": [key] } } }), "/denySnapshot/maxAge"),
            (json!({ "denySnapshot": { "maxAge": 60, "jwks": { "keys": [key] }, "x": 1 } }), "/denySnapshot/x"),
            (json!({ "denied": [] }), "/denied"),
        ] {
            let error = of(&wrong).expect_err("refused");
            assert!(error.contains(&format!("{place}: ")), "{place}: {error}");
        }
    }

    #[test]
    fn foreign_keys_are_told_apart_by_what_they_begin_with() {
        let checker = of(&json!({ "foreignKeys": { "prefixes": ["sk_live_"] } })).expect("a checker");
        assert!(checker.takes("sk_live_x") && checker.takes("acme_x") && !checker.takes("eyJ.x.y"));
        for wrong in [json!([]), json!(["acme_"]), json!(["eyJ"])] {
            let error = of(&json!({ "foreignKeys": { "prefixes": wrong } })).expect_err("refused");
            assert!(error.contains("/foreignKeys/prefixes: "), "{error}");
        }
    }
}
