//! Whose address it is: that of the connection, or what a proxy says that the policy names. Never what a client writes.

use edgeward::gate::GateRequest;
use serde_json::{Value, json};

use crate::{
    stage::{HEADER, Stage, policy, problem, request},
    support::with,
};

const PROXY: &str = "10.0.0.1";

/// A gate behind proxies, of which there are some in each family, and a key for a few addresses of each family alone.
fn stage(trusted: bool) -> (Stage, String) {
    let proxies = json!({ "header": "X-Forwarded-For", "addresses": ["10.0.0.0/8", "2001:db8:1::/48"] });
    let policy = if trusted { with(&policy(), "trustedProxies", proxies) } else { policy() };
    let stage = Stage::of(&policy);
    let key = stage.key_with(|issued| {
        issued.record.allowed_cidrs =
            ["192.0.2.0/24", "2001:db8:2::/48"].map(|range| range.parse().expect("a range")).to_vec();
    });
    (stage, key.key.reveal().to_owned())
}

fn asked(key: &str, peer: Option<&str>, forwarded: &[&str]) -> GateRequest {
    let bearer = format!("Bearer {key}");
    let headers: Vec<(&str, &str)> =
        forwarded.iter().map(|value| ("x-forwarded-for", *value)).chain([(HEADER, bearer.as_str())]).collect();
    GateRequest { address: peer.map(str::to_owned), ..request("GET", "/v1/reports", &headers) }
}

/// Whether the key is let through, and the address on record.
fn outcome(stage: &Stage, request: &GateRequest) -> (bool, Option<String>) {
    let allowed = stage.check(request).verdict.map_err(|denial| denial.reason.code());
    assert!(allowed.is_ok() || allowed == Err("address_not_allowed"), "{allowed:?}");
    let event = stage.last_event();
    (allowed.is_ok(), event["src_endpoint"]["ip"].as_str().map(str::to_owned))
}

#[test]
fn behind_a_proxy_that_is_trusted_the_client_is_what_the_proxy_wrote() {
    let (stage, key) = stage(true);
    let cases: &[(&[&str], bool, Option<&str>)] = &[
        (&["192.0.2.9"], true, Some("192.0.2.9")),
        (&["198.51.100.9"], false, Some("198.51.100.9")),
        // What stands further to the left was there when the request came to the proxy: the client made it up.
        (&["192.0.2.9, 198.51.100.9"], false, Some("198.51.100.9")),
        (&["198.51.100.9, 192.0.2.9"], true, Some("192.0.2.9")),
        (&["<script>, 192.0.2.9"], true, Some("192.0.2.9")),
        // A chain of proxies, in one header or in several.
        (&["192.0.2.9, 10.1.1.1, 10.2.2.2"], true, Some("192.0.2.9")),
        (&["192.0.2.9", "10.1.1.1"], true, Some("192.0.2.9")),
        (&["192.0.2.9", "198.51.100.9"], false, Some("198.51.100.9")),
        (&["198.51.100.9", "192.0.2.9, 10.1.1.1"], true, Some("192.0.2.9")),
        (&["192.0.2.9,\t10.1.1.1 "], true, Some("192.0.2.9")),
        // The other family, and the one in the clothes of the other.
        (&["2001:db8:2::9"], true, Some("2001:db8:2::9")),
        (&["2001:DB8:0002:0::9, 2001:db8:1::7"], true, Some("2001:db8:2::9")),
        (&["2001:db8:3::9"], false, Some("2001:db8:3::9")),
        (&["::ffff:192.0.2.9"], true, Some("::ffff:192.0.2.9")),
        (&["192.0.2.9, ::ffff:10.1.1.1"], true, Some("192.0.2.9")),
        (&["::ffff:198.51.100.9"], false, Some("::ffff:198.51.100.9")),
        // Nobody can tell past a place that is no address, whatever stands to its left.
        (&["192.0.2.9, unknown"], false, None),
        (&["192.0.2.9, _hidden, 10.1.1.1"], false, None),
        (&["192.0.2.9, "], false, None),
        (&["192.0.2.9,,10.1.1.1"], false, None),
        (&["192.0.2.9", ""], false, None),
        (&["192.0.2.9:443"], false, None),
        (&["[2001:db8:2::9]"], false, None),
        (&["192.0.2.9 192.0.2.8"], false, None),
        (&["192.0.2.009"], false, None),
        (&["0xc0.0.2.9"], false, None),
        (&["192.0.2"], false, None),
        (&["2001:db8:2::9%eth0"], false, None),
        (&["\u{ff11}92.0.2.9"], false, None),
        (&[""], false, None),
        // The proxy itself asks, or those before it.
        (&[], false, Some(PROXY)),
        (&["10.1.1.1"], false, Some(PROXY)),
    ];
    for (forwarded, allowed, address) in cases {
        let found = outcome(&stage, &asked(&key, Some(PROXY), forwarded));
        assert_eq!(found, (*allowed, address.map(str::to_owned)), "{forwarded:?}");
        // By the other family the proxy is as well known.
        if *address != Some(PROXY) {
            for peer in ["2001:db8:1::53", "::ffff:10.9.9.9"] {
                assert_eq!(outcome(&stage, &asked(&key, Some(peer), forwarded)), found, "{peer} {forwarded:?}");
            }
        }
    }
}

#[test]
fn from_anybody_else_the_header_is_a_text_of_the_clients() {
    for trusted in [true, false] {
        let (stage, key) = stage(trusted);
        for forwarded in [&["192.0.2.9"][..], &["192.0.2.9, 10.0.0.1"], &["10.0.0.1"], &["garbage"], &[""]] {
            // An address like a proxy's, and one that is none.
            for peer in ["198.51.100.9", "11.0.0.1", "2001:db8:11::1", "10.0.0.1:443", "proxy"] {
                let (allowed, address) = outcome(&stage, &asked(&key, Some(peer), forwarded));
                assert_eq!((allowed, address.as_deref()), (false, Some(peer)), "{forwarded:?}");
            }
            let (allowed, address) = outcome(&stage, &asked(&key, Some("192.0.2.7"), forwarded));
            assert_eq!((allowed, address.as_deref()), (true, Some("192.0.2.7")), "{forwarded:?}");
            assert_eq!(outcome(&stage, &asked(&key, None, forwarded)), (false, None), "{forwarded:?}");
        }
    }
}

#[test]
fn without_trusted_proxies_a_proxys_header_says_nothing() {
    let (stage, key) = stage(false);
    let (allowed, address) = outcome(&stage, &asked(&key, Some(PROXY), &["192.0.2.9"]));
    assert_eq!((allowed, address.as_deref()), (false, Some(PROXY)));
}

#[test]
fn other_headers_that_name_an_address_are_never_read() {
    let (stage, key) = stage(true);
    for name in ["forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip", "x-client-ip", "x-forwarded-for-"] {
        let bearer = format!("Bearer {key}");
        let request = request("GET", "/v1/reports", &[(name, "192.0.2.9"), (HEADER, &bearer)]);
        let request = GateRequest { address: Some(PROXY.to_owned()), ..request };
        assert_eq!(outcome(&stage, &request), (false, Some(PROXY.to_owned())), "{name}");
    }
}

#[test]
fn a_refused_address_is_a_403_and_on_record_as_it_is() {
    let (stage, key) = stage(true);
    let answer = stage.answer(&asked(&key, Some(PROXY), &["192.0.2.9, 198.51.100.9"]));
    assert_eq!((answer.status, &problem(&answer)["code"]), (403, &json!("address_not_allowed")));
    let event = stage.last_event();
    assert_eq!(event["src_endpoint"]["ip"], "198.51.100.9");
    assert_ne!(event["unmapped"]["credential_id"], Value::Null);
}
