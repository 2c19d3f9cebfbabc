//! What is wrong with the limits of a policy, and what is unwise about them.

use edgeward::{
    gate::{Gate, Resources, lint_policy},
    host::UnixMillis,
    policy::{Beside, read_policy},
};
use serde_json::{Value, json};

use crate::{stage::policy, support::NOW};

fn with_limits(limits: &Value) -> String {
    let mut policy = policy();
    policy["limits"] = limits.clone();
    policy.to_string()
}

/// The places of all faults.
fn faults(limits: &Value) -> Vec<String> {
    let gate = read_policy(&with_limits(limits)).and_then(|policy| Gate::new(policy, Resources::default()));
    match gate {
        Ok(_) => Vec::new(),
        Err(error) => error.0.into_iter().map(|fault| fault.pointer.trim_start_matches("/limits").to_owned()).collect(),
    }
}

fn of_rule(change: &Value) -> Vec<String> {
    let mut rule = json!({ "name": "one", "by": "key", "limit": 10, "period": 60 });
    rule.as_object_mut().expect("a rule").extend(change.as_object().expect("an object").clone());
    let faults = faults(&json!({ "rules": [rule] }));
    faults.into_iter().map(|place| place.trim_start_matches("/rules/0").to_owned()).collect()
}

#[test]
fn good_limits_have_no_faults() {
    assert_eq!(faults(&json!({})), [""; 0]);
    for good in [
        json!({}),
        json!({ "limit": 1, "period": 1 }),
        json!({ "limit": 1_000_000, "period": 3600 }),
        json!({ "classes": ["api_key", "m2m_token"], "routes": ["/v1/items/:id", "/files/*"] }),
        json!({ "period": 10, "binding": "EDGEWARD_LIMIT_X", "whenUnavailable": "allow" }),
        json!({ "keyClasses": { "bulk": { "limit": 100 } } }),
        json!({ "binding": "A", "keyClasses": { "bulk": { "limit": 100, "binding": "B" } } }),
        json!({ "by": "organization", "name": "a-z_0" }),
    ] {
        assert_eq!(of_rule(&good), [""; 0], "{good}");
    }
}

#[test]
fn each_fault_is_named_with_its_place() {
    for (wrong, place) in [
        (json!({ "name": "" }), "/name"),
        (json!({ "name": "No" }), "/name"),
        (json!({ "name": "quote\"" }), "/name"),
        (json!({ "name": "refused" }), "/name"),
        (json!({ "limit": 0 }), "/limit"),
        (json!({ "limit": 1_000_001 }), "/limit"),
        (json!({ "period": 0 }), "/period"),
        (json!({ "period": 3601 }), "/period"),
        (json!({ "period": 30, "binding": "A" }), "/period"),
        (json!({ "binding": "" }), "/binding"),
        (json!({ "binding": "a b" }), "/binding"),
        (json!({ "whenUnavailable": "deny" }), "/whenUnavailable"),
        (json!({ "routes": ["/v1/items/7"] }), "/routes/0"),
        (json!({ "by": "organization", "keyClasses": { "a": { "limit": 1 } } }), "/keyClasses"),
        (json!({ "classes": ["m2m_token"], "keyClasses": { "a": { "limit": 1 } } }), "/keyClasses"),
        (json!({ "keyClasses": { "a/b": { "limit": 0 } } }), "/keyClasses/a~1b/limit"),
        (json!({ "binding": "A", "keyClasses": { "a": { "limit": 1 } } }), "/keyClasses/a/binding"),
        (json!({ "keyClasses": { "a": { "limit": 1, "binding": "B" } } }), "/keyClasses/a/binding"),
        (json!({ "binding": "A", "keyClasses": { "a": { "limit": 1, "binding": "A" } } }), "/keyClasses/a/binding"),
    ] {
        let found = of_rule(&wrong);
        assert!(found.contains(&place.to_owned()), "{wrong}: {found:?}");
    }
    let rule = |name: &str| json!({ "name": name, "by": "class", "limit": 1, "period": 60 });
    assert_eq!(faults(&json!({ "rules": [rule("a"), rule("a")] })), ["/rules/1/name"]);
    let many: Vec<Value> = (0..17).map(|number| rule(&format!("r{number}"))).collect();
    assert_eq!(faults(&json!({ "rules": many })), ["/rules"]);
    assert_eq!(faults(&json!({ "refused": { "limit": 0, "period": 0 } })), ["/refused/period", "/refused/limit"]);
    // What nothing checks is never counted.
    let mut only_tokens = policy();
    only_tokens.as_object_mut().expect("an object").remove("apiKeys");
    only_tokens["routes"] = json!([]);
    only_tokens["limits"] =
        json!({ "rules": [{ "name": "a", "by": "key", "classes": ["api_key"], "limit": 1, "period": 60 }] });
    let gate = read_policy(&only_tokens.to_string()).and_then(|policy| Gate::new(policy, Resources::default()));
    let faults: Vec<String> = gate.expect_err("a fault").0.into_iter().map(|fault| fault.pointer).collect();
    assert_eq!(faults, ["/limits/rules/0/classes/0"]);
}

#[test]
fn unknown_members_and_words_are_refused() {
    for wrong in [
        json!({ "burst": 5 }),
        json!({ "by": "everything" }),
        json!({ "limit": -1 }),
        json!({ "limit": 1.5 }),
        json!({ "whenUnavailable": "open" }),
        json!({ "keyClasses": { "a": { "limit": 1, "period": 10 } } }),
    ] {
        assert_ne!(of_rule(&wrong), [""; 0], "{wrong}");
    }
    assert_ne!(faults(&json!({ "refused": { "limit": 1, "period": 60, "whenUnavailable": "allow" } })), [""; 0]);
}

#[test]
fn a_gate_says_which_limiters_it_needs() {
    let limits = json!({
        "rules": [
            { "name": "a", "by": "key", "limit": 1, "period": 60, "binding": "B", "keyClasses": { "x": { "limit": 2, "binding": "A" } } },
            { "name": "b", "by": "class", "limit": 1, "period": 60, "binding": "B" },
        ],
        "refused": { "limit": 1, "period": 10, "binding": "C" },
    });
    let policy = read_policy(&with_limits(&limits)).expect("a policy");
    assert_eq!(Gate::new(policy, Resources::default()).expect("a gate").limiters(), ["A", "B", "C"]);
}

#[test]
fn lint_finds_what_is_unwise() {
    let found = |change: &Value| {
        let mut policy = policy();
        policy.as_object_mut().expect("a policy").extend(change.as_object().expect("an object").clone());
        let findings = lint_policy(&policy.to_string(), &Beside::default(), UnixMillis(NOW * 1000)).expect("a policy");
        let ours = findings.into_iter().filter(|finding| finding.pointer.starts_with("/limits"));
        ours.map(|finding| {
            assert!(finding.nhi.starts_with("NHI") && finding.nhi.ends_with(":2025"));
            (finding.rule, finding.pointer)
        })
        .collect::<Vec<_>>()
    };
    let at = |rule: &'static str, place: &str| (rule, place.to_owned());
    let refused = json!({ "limit": 20, "period": 60 });
    let rule = |more: Value| {
        let mut rule = json!({ "name": "a", "by": "address", "limit": 1, "period": 60 });
        rule.as_object_mut().expect("a rule").extend(more.as_object().expect("an object").clone());
        rule
    };
    assert_eq!(found(&json!({})), [at("refused_budget_missing", "/limits/refused")]);
    assert_eq!(found(&json!({ "limits": { "refused": refused, "rules": [rule(json!({}))] } })), []);
    let proxied = json!({ "tlsEndsAhead": true, "limits": { "refused": refused, "rules": [rule(json!({}))] } });
    assert_eq!(
        found(&proxied),
        [at("limit_by_proxy_address", "/limits/refused"), at("limit_by_proxy_address", "/limits/rules/0/by")]
    );
    let mut trusted = proxied;
    trusted["trustedProxies"] = json!({ "header": "x-forwarded-for", "addresses": ["10.0.0.0/8"] });
    assert_eq!(found(&trusted), []);
    let open = rule(json!({ "binding": "A", "whenUnavailable": "allow" }));
    assert_eq!(
        found(&json!({ "limits": { "refused": refused, "rules": [open] } })),
        [at("limit_fails_open", "/limits/rules/0/whenUnavailable")]
    );
    // A policy that asks nobody has no guesses to fear.
    let alone = json!({ "apiKeys": null, "routes": [] });
    assert_eq!(found(&alone), []);
}
