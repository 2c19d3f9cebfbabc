//! From the first note of a client to its end.

use serde_json::{Value, json};

use crate::{
    added, client, refused,
    shelf::{Clerk, Fault, NOW},
    step, with,
};

fn secrets(document: &Value) -> Vec<&str> {
    let secrets = document["record"]["secrets"].as_array().expect("secrets");
    secrets.iter().map(|secret| secret["id"].as_str().expect("an id")).collect()
}

#[test]
fn a_client_is_put_on_record_rotated_and_removed() {
    let clerk = Clerk::new(1);
    let id = added(&clerk);
    let shown = step(&clerk, "show", Some(&id), &json!({})).expect("a client");
    assert_eq!(
        shown,
        json!({
            "record": {
                "id": id, "v": 1, "issuer": "https://login.example/", "clientId": "export", "name": "nightly export",
                "organization": "org_1", "owner": "ada", "revoker": "sec", "scopes": ["reports:read"], "noted": NOW,
                "secrets": [], "metadata": {},
            },
            "usage": { "v": 1, "precision": 0 },
        })
    );

    let first = json!({ "id": "s-1", "hint": "…x9f", "created": NOW - 400 * 86_400, "expires": "30d" });
    let done = step(&clerk, "add-secret", Some(&id), &first).expect("a secret");
    assert_eq!(
        done["record"]["secrets"],
        json!([{ "id": "s-1", "hint": "…x9f", "created": NOW - 400 * 86_400, "noted": NOW, "expires": NOW + 30 * 86_400 }])
    );
    clerk.pass(60);
    assert_eq!(secrets(&step(&clerk, "add-secret", Some(&id), &json!({})).expect("a secret")), ["s-1", "2"]);
    let done = step(&clerk, "revoke-secret", Some(&id), &json!({ "secret": "s-1", "by": "ada" })).expect("an end");
    assert_eq!(done["record"]["secrets"][0]["revoked"], json!({ "at": NOW + 60, "by": "ada" }));
    clerk.pass(60);
    let again = step(&clerk, "revoke-secret", Some(&id), &json!({ "secret": "s-1", "by": "bob" })).expect("an end");
    assert_eq!(again["record"]["secrets"][0]["revoked"]["by"], "ada");

    let change = json!({ "owner": "bob", "organization": null, "scopes": [], "metadata": { "ticket": 7 } });
    let done = step(&clerk, "update", Some(&id), &change).expect("a change");
    let record = &done["record"];
    assert_eq!((&record["owner"], record.get("organization"), &record["scopes"]), (&json!("bob"), None, &json!([])));
    assert_eq!((&record["revoker"], &record["metadata"]["ticket"]), (&json!("sec"), &json!(7)));

    let done = step(&clerk, "remove", Some(&id), &json!({ "by": "bob" })).expect("a removal");
    assert_eq!(done["record"]["removal"], json!({ "at": NOW + 120, "by": "bob" }));
    for (name, body) in [("update", json!({ "owner": "eve" })), ("add-secret", json!({}))] {
        assert_eq!(refused(&clerk, name, Some(&id), &body).0, "client_state_conflict", "{name}");
    }
    // The tombstone stays, and gives way to whoever puts the client on record again.
    assert_eq!(added(&clerk), id);
    assert_eq!(step(&clerk, "show", Some(&id), &json!({})).expect("a client")["record"].get("removal"), None);
}

#[test]
fn what_is_asked_for_is_read_strictly_and_no_secret_is_quoted() {
    let clerk = Clerk::new(2);
    let id = added(&clerk);
    let secret = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH";
    for (name, of, body, words) in [
        ("add", None, with(client(), "clientSecret", json!(secret)), "unknown field"),
        ("add", None, with(client(), "owner", json!(null)), "`owner` is missing"),
        ("add", None, with(client(), "revoker", json!(" ")), "`revoker` is missing"),
        ("add", None, with(client(), "issuer", json!("a b")), "`issuer` has"),
        ("add", None, with(client(), "scopes", json!(["a", "a"])), "a scope stands twice"),
        ("add", None, with(client(), "created", json!(NOW + 3600)), "lies in the future"),
        ("add", None, with(client(), "created", json!(NOW * 1000)), "expected seconds"),
        ("add-secret", Some(id.as_str()), json!({ "secret": secret }), "unknown field"),
        ("add-secret", Some(&id), json!({ "id": secret }), "the id of a secret has"),
        ("add-secret", Some(&id), json!({ "hint": secret }), "the hint of a secret has"),
        ("add-secret", Some(&id), json!({ "digest": secret }), "unknown field"),
        ("revoke-secret", Some(&id), json!({ "secret": "s" }), "missing field `by`"),
        ("update", Some(&id), json!({ "owner": null }), "`owner`"),
        ("update", Some(&id), json!({ "revoker": "" }), "`revoker` is empty"),
        ("update", Some(&id), json!({ "issuer": "x" }), "unknown field"),
        ("remove", Some(&id), json!({ "by": " " }), "`by` is empty"),
        ("list", None, json!({ "limit": 101 }), "`limit` is from 1 to 100"),
    ] {
        let (code, said) = refused(&clerk, name, of, &body);
        assert_eq!(code, "body_invalid", "{name} {body}: {said}");
        assert!(said.contains(words) && !said.contains(secret), "{name} {body}: {said}");
    }
    assert_eq!(
        refused(&clerk, "add", None, &client()),
        ("client_state_conflict", format!("the client is on record already, as {id}"))
    );
    assert_eq!(
        refused(&clerk, "revoke-secret", Some(&id), &json!({ "secret": "s", "by": "a" })).0,
        "client_state_conflict"
    );
    step(&clerk, "add-secret", Some(&id), &json!({ "id": "s" })).expect("a secret");
    assert_eq!(refused(&clerk, "add-secret", Some(&id), &json!({ "id": "s" })).0, "client_state_conflict");
    for nobody in ["nobody", "", "../key/x", "a/b"] {
        assert_eq!(refused(&clerk, "show", Some(nobody), &json!({})).0, "client_not_found", "{nobody}");
    }
}

#[test]
fn a_record_that_cannot_be_read_is_on_the_list_and_is_not_written_over() {
    let clerk = Clerk::new(3);
    let id = added(&clerk);
    clerk.put("client/broken", r#"{"v":2}"#);
    let page = step(&clerk, "list", None, &json!({})).expect("a page");
    assert_eq!(page["clients"][0]["id"], id);
    assert_eq!(page["unreadable"], json!([{ "id": "broken", "fault": "the record is not of version 1" }]));
    assert_eq!(page["cursor"], json!(null));
    assert_eq!(refused(&clerk, "update", Some("broken"), &json!({ "name": "x" })).0, "record_unreadable");
    let before = clerk.shelf.values.borrow().clone();
    clerk.put(&format!("client/{id}"), r#"{"v":2}"#);
    assert_eq!(refused(&clerk, "import", None, &client()).0, "record_unreadable");
    assert_eq!(clerk.shelf.values.borrow().len(), before.len());
}

#[test]
fn a_list_goes_on_where_the_page_ended() {
    let clerk = Clerk::new(4);
    for number in 0..5 {
        step(&clerk, "add", None, &with(client(), "clientId", json!(format!("c{number}")))).expect("a client");
    }
    let (mut cursor, mut found) = (Value::Null, 0);
    loop {
        let mut body = json!({ "limit": 2 });
        if !cursor.is_null() {
            body["cursor"] = cursor;
        }
        let page = step(&clerk, "list", None, &body).expect("a page");
        found += page["clients"].as_array().expect("clients").len();
        cursor = page["cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(found, 5);
}

#[test]
fn a_store_that_fails_is_told_and_leaves_what_was() {
    let clerk = Clerk::new(5);
    let id = added(&clerk);
    let before = clerk.shelf.values.borrow().clone();
    for faults in [vec![Fault::Before], vec![Fault::None, Fault::Before]] {
        clerk.shelf.faults.borrow_mut().extend(faults);
        assert_eq!(refused(&clerk, "update", Some(&id), &json!({ "name": "x" })).0, "store_unavailable");
        assert_eq!(*clerk.shelf.values.borrow(), before);
    }
    // What was written and not answered can be asked for again.
    clerk.shelf.faults.borrow_mut().extend([Fault::None, Fault::After]);
    assert_eq!(refused(&clerk, "update", Some(&id), &json!({ "name": "x" })).0, "store_unavailable");
    let writes = clerk.shelf.writes.get();
    step(&clerk, "update", Some(&id), &json!({ "name": "x" })).expect("a change");
    assert_eq!(clerk.shelf.writes.get(), writes);
}

#[test]
fn a_client_keeps_a_bounded_number_of_secrets() {
    let clerk = Clerk::new(6);
    let id = added(&clerk);
    for _ in 0..64 {
        step(&clerk, "add-secret", Some(&id), &json!({})).expect("a secret");
    }
    assert_eq!(refused(&clerk, "add-secret", Some(&id), &json!({})).0, "client_state_conflict");
    // One that has ended makes room.
    step(&clerk, "revoke-secret", Some(&id), &json!({ "secret": "7", "by": "ada" })).expect("an end");
    let done = step(&clerk, "add-secret", Some(&id), &json!({})).expect("a secret");
    let ids = secrets(&done);
    assert!(ids.len() == 64 && !ids.contains(&"7") && ids.contains(&"65"), "{ids:?}");
}
