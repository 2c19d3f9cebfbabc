//! What is asked for: bodies, parameters, methods and ids.

use serde_json::{Value, json};

use super::{FOREIGN, KEYS, ask, code, detail, document, endpoints, foreign_key, new_key, records, stage, writer};
use crate::{
    stage::{HEADER, header, request},
    support::{NOW, with},
};

#[test]
fn a_body_that_is_none_is_refused_with_the_place_of_its_fault() {
    let stage = stage();
    let id = stage.key().id;
    let before = records(&stage);
    let of = |step: &str| format!("{KEYS}/{id}{step}");
    let changed = |member: &str, value: Value| with(&new_key(), member, value).to_string();
    let long = "x".repeat(70_000);
    let twice = new_key().to_string().replacen('{', r#"{"owner":"eve","#, 1);
    let cases: Vec<(&str, String, String, &str)> = vec![
        ("POST", KEYS.into(), String::new(), "missing field `organization`"),
        ("POST", KEYS.into(), "{}".into(), "missing field `organization`"),
        ("POST", KEYS.into(), "organization=org-9".into(), "the body is"),
        ("POST", KEYS.into(), "[]".into(), "the body is"),
        ("POST", KEYS.into(), "null".into(), "the body is"),
        ("POST", KEYS.into(), "{\"owner\":".into(), "the body is"),
        ("POST", KEYS.into(), format!("{} trailing", new_key()), "the body is"),
        ("POST", KEYS.into(), twice, "twice"),
        ("POST", KEYS.into(), "[".repeat(10_000), "the body is"),
        ("POST", KEYS.into(), changed("id", json!("mine")), "unknown field `id`"),
        ("POST", KEYS.into(), changed("digest", json!("x")), "unknown field `digest`"),
        ("POST", KEYS.into(), changed("owner", json!(7)), "`owner`"),
        ("POST", KEYS.into(), changed("owner", json!(null)), "`owner`"),
        ("POST", KEYS.into(), changed("owner", json!(" ")), "owner"),
        ("POST", KEYS.into(), changed("scopes", json!("reports:read")), "`scopes`"),
        ("POST", KEYS.into(), changed("scopes", json!(["reports:read", 7])), "`scopes[1]`"),
        ("POST", KEYS.into(), changed("scopes", json!(["a", "a"])), "a scope stands twice"),
        ("POST", KEYS.into(), changed("allowedCidrs", json!(["192.0.2.0/24", "192.0.2.1/24"])), "`allowedCidrs[1]`"),
        ("POST", KEYS.into(), changed("expires", json!("tomorrow")), "`expires`"),
        ("POST", KEYS.into(), changed("expires", json!((NOW + 60) * 1000)), "`expires`"),
        ("POST", KEYS.into(), changed("publishable", json!("yes")), "`publishable`"),
        ("POST", KEYS.into(), changed("metadata", json!([1])), "`metadata`"),
        ("POST", format!("{KEYS}/import"), new_key().to_string(), "missing field `digest`"),
        ("POST", format!("{KEYS}/import"), changed("digest", json!(FOREIGN)), "`digest` is `sha-256:`"),
        (
            "POST",
            format!("{KEYS}/import"),
            with(&foreign_key(FOREIGN), "more", json!(1)).to_string(),
            "unknown field `more`",
        ),
        ("PATCH", of(""), json!({ "organization": "org-1" }).to_string(), "unknown field `organization`"),
        ("PATCH", of(""), json!({ "revocation": null }).to_string(), "unknown field `revocation`"),
        ("PATCH", of(""), json!({ "owner": null }).to_string(), "`owner`"),
        ("PATCH", of(""), json!({ "scopes": null }).to_string(), "`scopes`"),
        ("PATCH", of(""), json!({ "allowedCidrs": null }).to_string(), "`allowedCidrs`"),
        ("PATCH", of(""), json!({ "publishable": null }).to_string(), "`publishable`"),
        ("PATCH", of(""), json!({ "metadata": null }).to_string(), "`metadata`"),
        ("PATCH", of(""), json!({ "notBefore": "soon" }).to_string(), "`notBefore`"),
        ("POST", of("/rotate"), json!({ "overlap": -1 }).to_string(), "`overlap`"),
        ("POST", of("/rotate"), json!({ "overlaps": "1h" }).to_string(), "unknown field `overlaps`"),
        ("POST", of("/disable"), json!({ "reason": "unused" }).to_string(), "unknown field `reason`"),
        ("POST", of("/enable"), "true".into(), "the body is"),
        ("POST", of("/revoke"), String::new(), "missing field `reason`"),
        ("POST", of("/revoke"), json!({ "reason": "because" }).to_string(), "`reason`"),
        ("POST", of("/revoke"), json!({ "reason": "unused", "by": "eve" }).to_string(), "unknown field `by`"),
    ];
    for (method, path, body, words) in cases {
        let answer = ask(&stage, method, &path, Some(&writer()), &body);
        assert_eq!((answer.status, code(&answer).as_str()), (400, "body_invalid"), "{method} {path} {body:.80}");
        let detail = detail(&answer);
        assert!(detail.contains(words), "{detail:?} has no {words:?}: {body:.80}");
        let event = stage.last_event();
        assert_eq!((&event["class_uid"], &event["status_code"]), (&json!(3004), &json!("body_invalid")));
    }
    for (method, path, _, writes, _) in endpoints(&id) {
        if writes {
            let answer = ask(&stage, method, &path, Some(&writer()), &changed("name", json!(long)));
            assert_eq!((answer.status, code(&answer).as_str()), (413, "body_too_large"), "{method} {path}");
        }
    }
    stage.host.body.set(Some(vec![b'{', 0xff, b'}']));
    let bearer = format!("Bearer {}", writer());
    assert_eq!(code(&stage.answer(&request("POST", KEYS, &[(HEADER, &bearer)]))), "body_invalid");
    assert_eq!(records(&stage), before);
}

#[test]
fn the_parameters_of_a_list_are_read_as_strictly() {
    let stage = stage();
    for _ in 0..3 {
        stage.key();
    }
    let list = |query: &str| ask(&stage, "GET", &format!("{KEYS}?{query}"), Some(&writer()), "");
    for (query, words) in [
        ("limit=0", "`limit` is from 1 to 100"),
        ("limit=101", "`limit` is from 1 to 100"),
        ("limit=abc", "`limit`"),
        ("limit=", "`limit`"),
        ("limit=-1", "`limit`"),
        ("limit=1.5", "`limit`"),
        ("limit=4294967297", "`limit`"),
        ("limit=2&limit=2", "stands twice"),
        ("cursor=a&cursor=b", "stands twice"),
        ("page=2", "unknown field `page`"),
        ("limit=2&", ""),
    ] {
        let answer = list(query);
        if words.is_empty() {
            assert_eq!(answer.status, 200, "{query}");
            continue;
        }
        assert_eq!((answer.status, code(&answer).as_str()), (400, "body_invalid"), "{query}");
        assert!(detail(&answer).contains(words), "{query}: {}", detail(&answer));
    }
    let mut seen = Vec::new();
    let mut query = "limit=2".to_owned();
    for keys in [2, 1] {
        let page = document(&list(&query));
        let ids: Vec<String> = page["keys"]
            .as_array()
            .expect("keys")
            .iter()
            .map(|key| key["id"].as_str().expect("an id").to_owned())
            .collect();
        assert_eq!(ids.len(), keys);
        seen.extend(ids);
        query = format!(
            "limit=2&cursor={}",
            form_urlencoded::byte_serialize(page["cursor"].as_str().unwrap_or_default().as_bytes()).collect::<String>()
        );
        assert_eq!(page["cursor"].is_null(), keys == 1);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 3);
    // A parameter where none belongs.
    let answer = ask(&stage, "GET", &format!("{KEYS}/{}?limit=2", seen[0]), Some(&writer()), "");
    assert_eq!((answer.status, code(&answer).as_str()), (400, "body_invalid"));
}

#[test]
fn another_method_is_told_which_ones_there_are() {
    let stage = stage();
    let id = stage.key().id;
    let before = records(&stage);
    for (path, allowed) in [
        (KEYS.to_owned(), "GET, POST, HEAD"),
        (format!("{KEYS}/import"), "POST"),
        (format!("{KEYS}/{id}"), "GET, PATCH, HEAD"),
        (format!("{KEYS}/{id}/rotate"), "POST"),
        (format!("{KEYS}/{id}/disable"), "POST"),
        (format!("{KEYS}/{id}/enable"), "POST"),
        (format!("{KEYS}/{id}/revoke"), "POST"),
        ("/_edgeward/revoke".to_owned(), "POST"),
    ] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "post", ""] {
            if allowed.split(", ").any(|one| one == method) {
                continue;
            }
            let answer = ask(&stage, method, &path, Some(&writer()), "{}");
            assert_eq!((answer.status, code(&answer).as_str()), (405, "method_not_allowed"), "{method} {path}");
            assert_eq!(header(&answer, "allow"), Some(allowed), "{path}");
        }
    }
    for path in [KEYS.to_owned(), format!("{KEYS}/{id}")] {
        assert_eq!(ask(&stage, "HEAD", &path, Some(&writer()), "").status, 200);
    }
    assert_eq!(records(&stage), before);
}

#[test]
fn an_id_that_is_none_is_not_found_and_reaches_no_other_value() {
    let stage = stage();
    stage.key();
    ask(&stage, "GET", KEYS, Some(&writer()), "");
    let before = stage.host.store.borrow().clone();
    let long = "x".repeat(600);
    for id in ["4fJ9aZ0kQ2mX7bTe", "x", "..", "first", "%2e%2e", "..%2fadmin%2ffirst", "a%00", "é", &long] {
        for (method, path, body, ..) in endpoints(id).into_iter().skip(3) {
            let answer = ask(&stage, method, &path, Some(&writer()), &body);
            assert_eq!((answer.status, code(&answer).as_str()), (404, "key_not_found"), "{method} {path}");
        }
    }
    for path in ["/_edgeward/admin", "/_edgeward/admin/keys/x/", "/_edgeward/admin/keys/x/y", "/_edgeward/admin/first"]
    {
        let answer = ask(&stage, "POST", path, Some(&writer()), "{}");
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
    }
    assert_eq!(code(&ask(&stage, "GET", "/_edgeward/admin/keys/", Some(&writer()), "")), "key_not_found");
    assert_eq!(*stage.host.store.borrow(), before);
}
