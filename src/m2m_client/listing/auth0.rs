//! Auth0: an application of the Management API's `GET /api/v2/clients`. It holds one secret at a time, in clear and without
//! a name or when it was made: a rotation puts another in its place. What a client may ask for stands in another listing, the client grants.

use serde_json::{Map, Value, json};

use super::{NO_CLIENT_CREDENTIALS, body, text_of, texts_of};

pub(super) fn client(members: &Map<String, Value>, issuer: &str) -> Result<Value, &'static str> {
    let client_id = text_of(members, "client_id").ok_or("it has no `client_id`")?;
    // The tenant's own, for all applications at once.
    if members.get("global") == Some(&Value::Bool(true)) {
        return Err(NO_CLIENT_CREDENTIALS);
    }
    match texts_of(members, "grant_types") {
        Some(grants) if !grants.iter().any(|grant| grant == "client_credentials") => return Err(NO_CLIENT_CREDENTIALS),
        None if text_of(members, "app_type").is_some_and(|kind| kind != "non_interactive") => {
            return Err(NO_CLIENT_CREDENTIALS);
        }
        _ => {}
    }
    let by_keys = members.get("client_authentication_methods").is_some_and(Value::is_object);
    let by_secret = match text_of(members, "token_endpoint_auth_method") {
        Some(method) => matches!(method, "client_secret_basic" | "client_secret_post"),
        // It is not said where keys take the secret's place.
        None => !by_keys,
    };
    Ok(body([
        ("issuer", Some(issuer.into())),
        ("clientId", Some(client_id.into())),
        ("name", text_of(members, "name").map(Into::into)),
        ("secrets", Some(if by_secret { json!([{}]) } else { json!([]) })),
    ]))
}

#[cfg(test)]
mod tests {
    use super::super::{Listing, read_listing};
    use super::*;

    #[test]
    fn a_machine_to_machine_application_is_taken_without_its_secret() {
        let listing = json!({ "start": 0, "limit": 50, "total": 4, "clients": [
            { "name": "nightly export", "client_id": "a1", "client_secret": "hush-hush-hush-hush", "app_type": "non_interactive",
              "grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_post", "global": false,
              "signing_keys": [{ "cert": "x" }], "jwt_configuration": { "alg": "RS256" } },
            { "name": "by keys", "client_id": "a2", "grant_types": ["client_credentials"],
              "client_authentication_methods": { "private_key_jwt": { "credentials": [{ "id": "cred_1" }] } } },
            { "name": "a page", "client_id": "a3", "app_type": "spa", "grant_types": ["authorization_code"] },
            { "name": "All Applications", "client_id": "a4", "global": true },
            { "name": "nobody" },
        ]});
        let read = read_listing(Listing::Auth0, &listing.to_string(), "https://acme.eu.auth0.com/").expect("a listing");
        assert_eq!(
            json!(read.clients),
            json!([
                { "issuer": "https://acme.eu.auth0.com/", "clientId": "a1", "name": "nightly export",
                  "secrets": [{}] },
                { "issuer": "https://acme.eu.auth0.com/", "clientId": "a2", "name": "by keys", "secrets": [] },
            ])
        );
        let passed: Vec<_> = read.passed.iter().map(|one| (one.entry, one.client_id.as_deref(), one.fault)).collect();
        assert_eq!(passed, [(3, Some("a3"), false), (4, Some("a4"), false), (5, None, true)]);
        assert!(!json!(read).to_string().contains("hush"));
    }
}
