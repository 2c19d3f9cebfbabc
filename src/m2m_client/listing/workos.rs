//! `WorkOS`: an M2M application of Connect, as `GET /connect/applications` lists it. Its secrets are another listing, which is
//! put beside it as `client_secrets`; that says when each was made and last used.

use serde_json::{Map, Value};

use super::{NO_CLIENT_CREDENTIALS, body, date::seconds, text_of, texts_of};
use crate::m2m_client::record::is_hint;

pub(super) fn client(members: &Map<String, Value>, issuer: &str) -> Result<Value, &'static str> {
    let client_id = text_of(members, "client_id").ok_or("it has no `client_id`")?;
    if text_of(members, "application_type").is_some_and(|kind| kind != "m2m") {
        return Err(NO_CLIENT_CREDENTIALS);
    }
    let secrets = match members.get("client_secrets") {
        None | Some(Value::Null) => None,
        Some(Value::Array(secrets)) => Some(secrets),
        Some(Value::Object(page)) => {
            Some(page.get("data").and_then(Value::as_array).ok_or("its `client_secrets` are no list")?)
        }
        Some(_) => return Err("its `client_secrets` are no list"),
    };
    let secrets = secrets.map(|secrets| secrets.iter().map(secret).collect::<Result<Vec<_>, _>>()).transpose()?;
    Ok(body([
        ("issuer", Some(issuer.into())),
        ("clientId", Some(client_id.into())),
        ("name", text_of(members, "name").map(Into::into)),
        ("organization", text_of(members, "organization_id").map(Into::into)),
        ("scopes", texts_of(members, "scopes").map(Into::into)),
        ("created", moment(members, "created_at")?.map(Into::into)),
        ("secrets", secrets.map(Into::into)),
    ]))
}

fn secret(secret: &Value) -> Result<Value, &'static str> {
    let members = secret.as_object().ok_or("one of its `client_secrets` is no object")?;
    let id = text_of(members, "id").ok_or("one of its `client_secrets` has no `id`")?;
    // A hint that is long could be the secret.
    let hint = text_of(members, "secret_hint").filter(|hint| is_hint(hint));
    let last_used = match members.get("last_used_at") {
        None => None,
        Some(Value::Null) => Some(Value::Null),
        Some(_) => moment(members, "last_used_at")?.map(Into::into),
    };
    Ok(body([
        ("id", Some(id.into())),
        ("hint", hint.map(Into::into)),
        ("created", moment(members, "created_at")?.map(Into::into)),
        ("lastUsed", last_used),
    ]))
}

fn moment(members: &Map<String, Value>, name: &str) -> Result<Option<i64>, &'static str> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().and_then(seconds).map(Some).ok_or("a time in it is no date of RFC 3339"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Listing, read_listing};

    #[test]
    fn an_application_is_taken_with_what_is_known_of_its_secrets() {
        let first = json!({ "object": "list", "data": [{
            "object": "connect_application", "id": "app_1", "client_id": "client_1", "name": "Backend Service",
            "description": "Machine-to-machine", "application_type": "m2m", "organization_id": "org_1",
            "scopes": ["api:read", "api:write"], "created_at": "2024-01-15T12:30:00.000Z", "updated_at": "2024-01-15T12:30:00.000Z",
            "client_secrets": [
                { "object": "connect_application_secret", "id": "secret_1", "secret": "hush-hush-hush-hush", "secret_hint": "abc123",
                  "last_used_at": "2024-01-15T14:30:00.000Z", "created_at": "2024-01-15T12:30:00.000Z", "updated_at": "x" },
                { "id": "secret_2", "secret_hint": "hush-hush-hush-hush", "last_used_at": null, "created_at": "2024-02-01T00:00:00Z" },
            ],
        }], "list_metadata": { "before": null, "after": null } });
        let second = json!([
            { "client_id": "client_2", "name": "a page", "application_type": "oauth" },
            { "client_id": "client_3", "application_type": "m2m", "created_at": "yesterday" },
            { "client_id": "client_4", "application_type": "m2m" },
        ]);
        let read = read_listing(Listing::WorkOs, &format!("{first}\n{second}\n"), "https://acme.authkit.app")
            .expect("a listing");
        assert_eq!(
            json!(read.clients),
            json!([
                { "issuer": "https://acme.authkit.app", "clientId": "client_1", "name": "Backend Service", "organization": "org_1",
                  "scopes": ["api:read", "api:write"], "created": 1_705_321_800,
                  "secrets": [
                      { "id": "secret_1", "hint": "abc123", "created": 1_705_321_800, "lastUsed": 1_705_329_000 },
                      { "id": "secret_2", "created": 1_706_745_600, "lastUsed": null },
                  ] },
                { "issuer": "https://acme.authkit.app", "clientId": "client_4" },
            ])
        );
        let passed: Vec<_> = read.passed.iter().map(|one| (one.entry, one.fault, one.why)).collect();
        assert_eq!(
            passed,
            [
                (2, false, "it asks for no tokens by client credentials"),
                (3, true, "a time in it is no date of RFC 3339")
            ]
        );
        assert!(!json!(read).to_string().contains("hush"));
    }

    #[test]
    fn a_text_that_is_no_listing_is_an_error_that_quotes_nothing() {
        for (text, words) in [
            ("", "there is no client"),
            ("[]", "there is no client"),
            ("hush-hush", "no JSON, from line 1"),
            ("[{\"client_id\":\"a\"}] hush", "no JSON"),
            ("\"hush-hush\"", "no array and no object"),
            ("{\"data\":[],\"data\":[]}", "a member stands twice"),
        ] {
            let refusal = read_listing(Listing::WorkOs, text, "x").expect_err(text);
            assert!(refusal.contains(words) && !refusal.contains("hush"), "{refusal}");
        }
    }
}
