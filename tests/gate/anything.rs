//! Properties: no request and no policy makes the gate panic, and what is no credential opens nothing.

use std::sync::LazyLock;

use edgeward::{
    gate::{Gate, GateRequest, Outcome, Resources, Route},
    policy::read_policy,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::stage::{Stage, good_token, policy};

fn any_url() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "/[a-z0-9%./;:*?#&=_\\\\ é-]{0,30}",
        "(https?|1)?:?/{0,3}[a-z.:@\\[\\]]{0,8}[/?#\\\\]?[a-z0-9%./;?#&=_-]{0,30}",
        prop::collection::vec(
            prop::sample::select(vec![
                "/",
                "v1",
                "items",
                "files",
                "_edgeward",
                "verify",
                "..",
                ".",
                "%2f",
                "%c3%a9",
                "?",
                "x"
            ]),
            0..8
        )
        .prop_map(|parts| parts.concat()),
    ]
}

fn any_headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![
        Just("authorization".to_owned()),
        Just("DPoP".to_owned()),
        Just("X-API-KEY".to_owned()),
        any::<String>()
    ];
    let value = prop_oneof![
        any::<String>(),
        "(Bearer|bearer|Basic|DPoP)? {0,2}[-_.A-Za-z0-9]{0,40}",
        "Bearer acme_(live|test)_[0-9A-Za-z]{16}_[0-9A-Za-z]{38}",
        "Bearer [-_A-Za-z0-9]{0,20}\\.[-_A-Za-z0-9]{0,20}\\.[-_A-Za-z0-9]{0,20}",
    ];
    prop::collection::vec((name, value), 0..4)
}

pub(crate) fn any_request() -> impl Strategy<Value = GateRequest> {
    let method = prop_oneof![Just("GET".to_owned()), any::<String>()];
    (method, any_url(), any_headers(), any::<Option<String>>(), any::<Option<String>>()).prop_map(
        |(method, url, headers, address, certificate)| GateRequest { method, url, headers, address, certificate },
    )
}

/// Values that a member of a policy can be set to.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "/?[a-z:*%./?#_é-]{0,12}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        prop::collection::vec(any::<String>(), 0..3).prop_map(Value::from),
        Just(json!({ "keys": [{ "kty": "oct", "k": "AA" }, null] })),
    ]
}

/// Every place of the policy, as JSON pointers.
static PLACES: LazyLock<Vec<String>> = LazyLock::new(|| {
    fn walk(value: &Value, here: &str, places: &mut Vec<String>) {
        places.push(here.to_owned());
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, &format!("{here}/{index}"), places);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    walk(member, &format!("{here}/{name}"), places);
                }
            }
            _ => {}
        }
    }
    let mut places = Vec::new();
    walk(&policy(), "", &mut places);
    places
});

proptest! {
    // Each case makes a gate and checks a signature, which is slow without optimisation.
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_request_makes_the_gate_panic_and_none_of_these_opens_it(request in any_request(), seed in any::<i64>()) {
        let stage = Stage::new();
        stage.host.now.set(seed);
        match stage.send(&request) {
            Outcome::Forward { forward, .. } => prop_assert!(false, "{:?}", forward),
            Outcome::Respond { answer, .. } => {
                for (name, value) in &answer.headers {
                    prop_assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{}: {:?}", name, value);
                }
            }
        }
        let decision = stage.check(&request);
        prop_assert!(decision.verdict.is_err());
    }

    #[test]
    fn a_good_credential_opens_only_what_has_one_reading(url in any_url()) {
        let stage = Stage::new();
        let request = crate::stage::get(&url, &good_token());
        if let Outcome::Forward { .. } = stage.send(&request) {
            let path = url.split(['?', '#']).next().unwrap_or_default();
            let path = path.split_once("://").map_or(path, |(_, rest)| &rest[rest.find('/').expect("a path")..]);
            for hole in ["..", "//", "\\", "%2f", "%2F", "%5c", "%5C", "%2e", "%2E", "%00", " "] {
                let dots_in_a_name = hole == ".." && path.split('/').all(|segment| {
                    let name = segment.split(';').next().unwrap_or_default();
                    name != ".." && name != "."
                });
                prop_assert!(dots_in_a_name || !path.contains(hole), "{}", url);
            }
        }
    }

    #[test]
    fn no_policy_makes_the_gate_panic(place in any::<prop::sample::Index>(), value in any_value()) {
        let mut policy = policy();
        *policy.pointer_mut(&PLACES[place.index(PLACES.len())]).expect("a place") = value;
        if let Ok(policy) = read_policy(&policy.to_string()) {
            let _ = Gate::new(policy, Resources::default());
        }
    }

    #[test]
    fn no_text_is_a_policy_that_makes_the_gate_panic(text in any::<String>()) {
        if let Ok(policy) = read_policy(&text) {
            let _ = Gate::new(policy, Resources::default());
        }
    }

    #[test]
    fn no_pattern_makes_the_route_panic(pattern in prop_oneof![
        any::<String>(), "/[a-z:*%./;?#é-]{0,16}", "/[a-c:*+?{}()\\[\\]|.0-3,/^-]{0,16}"
    ]) {
        let policy = json!({ "methods": ["GET"], "path": pattern, "classes": ["api_key"] });
        let _ = Route::of(serde_json::from_value(policy).expect("a route"));
    }
}
