//! Clients as the listings of their issuers have them, again and again.

use edgeward::m2m_client::{Listing, read_listing};
use serde_json::{Value, json};

use crate::{
    refused,
    shelf::{Clerk, NOW},
    step, with,
};

fn listed() -> Value {
    json!({
        "issuer": "https://acme.authkit.app", "clientId": "client_1", "name": "Backend", "scopes": ["api:read"],
        "secrets": [{ "id": "secret_1", "hint": "abc123", "created": NOW - 900, "lastUsed": null }],
    })
}

fn imported(clerk: &Clerk, body: &Value) -> Value {
    step(clerk, "import", None, body).expect("an import")
}

#[test]
fn a_client_that_is_imported_twice_is_one_and_nothing_is_written_twice() {
    let clerk = Clerk::new(1);
    let first = imported(&clerk, &listed());
    assert_eq!((&first["made"], first["record"].get("owner")), (&json!(true), None));
    let writes = clerk.shelf.writes.get();
    clerk.pass(3600);
    let again = imported(&clerk, &listed());
    assert_eq!((&again["made"], &again["id"], clerk.shelf.writes.get()), (&json!(false), &first["id"], writes));
    assert_eq!(again["record"], first["record"]);
    // The same name at another issuer is another client.
    let other = imported(&clerk, &with(listed(), "issuer", json!("https://acme.eu.auth0.com/")));
    assert_ne!(other["id"], first["id"]);
}

#[test]
fn what_people_wrote_stays_and_what_the_listing_says_is_taken_over() {
    let clerk = Clerk::new(2);
    let id = imported(&clerk, &listed())["id"].as_str().expect("an id").to_owned();
    let change = json!({ "owner": "ada", "revoker": "sec", "metadata": { "ticket": 7 } });
    step(&clerk, "update", Some(&id), &change).expect("a change");
    let listing = with(with(listed(), "name", json!("Renamed")), "scopes", json!(["api:write"]));
    let record = imported(&clerk, &listing)["record"].clone();
    assert_eq!(
        (&record["owner"], &record["revoker"], &record["metadata"]),
        (&json!("ada"), &json!("sec"), &change["metadata"])
    );
    assert_eq!((&record["name"], &record["scopes"]), (&json!("Renamed"), &json!(["api:write"])));
    // A listing that says nothing of scopes and secrets takes none away.
    let record = imported(&clerk, &json!({ "issuer": listing["issuer"], "clientId": "client_1" }))["record"].clone();
    assert_eq!((&record["name"], &record["scopes"]), (&json!("Renamed"), &json!(["api:write"])));
    assert_eq!(record["secrets"][0]["id"], "secret_1");
}

#[test]
fn the_listing_has_the_last_word_on_which_secrets_there_are() {
    let clerk = Clerk::new(3);
    let id = imported(&clerk, &listed())["id"].as_str().expect("an id").to_owned();
    clerk.pass(100);
    let two = json!([{ "id": "secret_2", "created": NOW + 50 }, { "id": "secret_1", "lastUsed": NOW + 10 }]);
    let record = imported(&clerk, &with(listed(), "secrets", two))["record"].clone();
    assert_eq!(
        record["secrets"],
        json!([
            { "id": "secret_1", "hint": "abc123", "created": NOW - 900, "noted": NOW, "lastUsed": NOW + 10 },
            { "id": "secret_2", "created": NOW + 50, "noted": NOW + 100 },
        ])
    );
    let one = json!([{ "id": "secret_2" }]);
    let record = imported(&clerk, &with(listed(), "secrets", one))["record"].clone();
    assert_eq!(record["secrets"][0]["revoked"], json!({ "at": NOW + 100, "by": "import" }));
    // Somebody noted an end that did not come to pass.
    step(&clerk, "revoke-secret", Some(&id), &json!({ "secret": "secret_2", "by": "ada" })).expect("an end");
    let record = imported(&clerk, &with(listed(), "secrets", json!([{ "id": "secret_2" }])))["record"].clone();
    assert_eq!(record["secrets"][1].get("revoked"), None);
    // An older listing does not take back when a secret was used.
    let older = json!([{ "id": "secret_1", "lastUsed": NOW - 10 }, { "id": "secret_2" }]);
    let record = imported(&clerk, &with(listed(), "secrets", older))["record"].clone();
    assert_eq!(record["secrets"][0]["lastUsed"], NOW + 10);
}

#[test]
fn a_client_that_was_removed_and_is_listed_is_back() {
    let clerk = Clerk::new(4);
    let id = imported(&clerk, &listed())["id"].as_str().expect("an id").to_owned();
    step(&clerk, "remove", Some(&id), &json!({ "by": "ada" })).expect("a removal");
    let back = imported(&clerk, &listed());
    assert_eq!((back["record"].get("removal"), &back["made"]), (None, &json!(false)));
}

#[test]
fn a_client_with_two_secrets_of_one_name_or_one_of_none_is_refused() {
    let clerk = Clerk::new(5);
    let twice = with(listed(), "secrets", json!([{ "id": "a" }, { "id": "a" }]));
    assert_eq!(refused(&clerk, "import", None, &twice), ("body_invalid", "two secrets have one id".to_owned()));
    let unnamed = with(listed(), "secrets", json!([{ "hint": "a" }]));
    assert_eq!(
        refused(&clerk, "import", None, &unnamed),
        ("body_invalid", "a secret of an import has an `id`".to_owned())
    );
    assert!(clerk.shelf.values.borrow().is_empty());
}

#[test]
fn a_rotation_that_was_noted_stands_where_the_listing_says_no_more_than_that_there_is_a_secret() {
    let clerk = Clerk::new(7);
    let listed = with(listed(), "secrets", json!([{}]));
    let first = imported(&clerk, &listed);
    let id = first["id"].as_str().expect("an id");
    assert_eq!(first["record"]["secrets"], json!([{ "id": "1", "noted": NOW }]));
    clerk.pass(100);
    let rotated = step(&clerk, "add-secret", Some(id), &json!({ "hint": "x9f" })).expect("a secret");
    step(&clerk, "revoke-secret", Some(id), &json!({ "secret": "1", "by": "ada" })).expect("an end");
    let writes = clerk.shelf.writes.get();
    let again = imported(&clerk, &listed)["record"].clone();
    assert_eq!((&again["secrets"][1], clerk.shelf.writes.get()), (&rotated["record"]["secrets"][1], writes));
    assert_eq!(again["secrets"][0]["revoked"]["by"], "ada");
    // The last one was ended, and there is one all the same: it is another one.
    step(&clerk, "revoke-secret", Some(id), &json!({ "secret": "2", "by": "ada" })).expect("an end");
    let other = imported(&clerk, &listed)["record"].clone();
    assert_eq!(other["secrets"][2], json!({ "id": "3", "noted": NOW + 100 }));
    let two = with(listed, "secrets", json!([{}, {}]));
    assert_eq!(refused(&clerk, "import", None, &two).1, "a secret of an import has an `id`");
}

#[test]
fn more_secrets_than_a_record_holds_are_refused_before_they_are_compared() {
    let clerk = Clerk::new(8);
    let many: Vec<_> = (0..100_000).map(|number| json!({ "id": (number + 50_000).to_string() })).collect();
    let words = "a client has at most 64 secrets on record";
    for on_record in [false, true] {
        assert_eq!(
            refused(&clerk, "import", None, &with(listed(), "secrets", json!(many))),
            ("body_invalid", words.to_owned())
        );
        let unnamed = with(crate::client(), "secrets", json!(vec![json!({}); 100_000]));
        assert_eq!(refused(&clerk, "add", None, &unnamed), ("body_invalid", words.to_owned()), "{on_record}");
        imported(&clerk, &listed());
    }
}

#[test]
fn what_is_read_of_a_listing_can_be_imported() {
    let clerk = Clerk::new(6);
    let auth0 = json!([{ "client_id": "a1", "name": "export", "client_secret": "hush-hush-hush-hush-hush", "grant_types": ["client_credentials"] }]);
    let workos = json!({ "data": [{ "client_id": "w1", "application_type": "m2m", "organization_id": "org_1", "scopes": [],
        "created_at": "2024-01-15T12:30:00.000Z", "client_secrets": [{ "id": "s", "secret_hint": "abc", "last_used_at": null }] }] });
    for (listing, text) in [(Listing::Auth0, auth0), (Listing::WorkOs, workos)] {
        let read = read_listing(listing, &text.to_string(), "https://issuer.example/").expect("a listing");
        assert_eq!(read.clients.len(), 1);
        let record = imported(&clerk, &read.clients[0])["record"].clone();
        assert_eq!(record["secrets"].as_array().map(Vec::len), Some(1), "{record}");
    }
    assert!(clerk.shelf.values.borrow().values().all(|value| !String::from_utf8_lossy(value).contains("hush")));
}
