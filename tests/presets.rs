//! Each preset on a token of its provider's real shape, signed by a test key: what it accepts, and what of the same
//! keys it refuses.

mod support;

use edgeward::{
    m2m_token::TokenVerifier,
    verdict::{Grant, Reason},
};
use serde_json::{Value, json};
use support::{NOW, Signer, about, edited, faults, granted, public, refused, verifier};

/// A provider as a test sees it: its verifier, and the header and the claims of a good token.
struct Provider {
    verifier: TokenVerifier,
    /// The same policy with a quicker algorithm, for refusals, where it is the claims that count.
    quick: TokenVerifier,
    header: Value,
    claims: Value,
}

/// The key set of a provider.
fn keys() -> Value {
    json!({ "keys": [public("rsa", "k1")] })
}

impl Provider {
    fn new(policy: &Value, header: &Value, claims: Value) -> Self {
        let quick = json!({ "algorithms": ["HS256"], "jwks": { "keys": [Signer::HS256.jwk()] } });
        Self {
            verifier: verifier([edited(policy, &json!({ "jwks": keys() }))]),
            quick: verifier([edited(policy, &quick)]),
            header: edited(&json!({ "kid": "k1" }), header),
            claims,
        }
    }

    fn token(&self, signer: &Signer, header: &Value, claims: &Value) -> String {
        let header = edited(&edited(&self.header, &json!({ "alg": signer.algorithm.name() })), header);
        signer.mint(header.to_string(), edited(&self.claims, claims).to_string())
    }

    /// What comes of the good token with these claims changed.
    fn accepted(&self, claims: &Value) -> Grant {
        granted(&self.verifier, &self.token(&Signer::RS256, &json!({}), claims))
    }

    fn denied(&self, claims: &Value) -> (Reason, Option<String>) {
        refused(&self.quick, &self.token(&Signer::HS256, &json!({}), claims))
    }

    fn denied_header(&self, header: &Value) -> (Reason, Option<String>) {
        refused(&self.quick, &self.token(&Signer::HS256, header, &json!({})))
    }
}

/// Client, subject and organization of a grant.
fn who(grant: &Grant) -> (Option<&str>, Option<&str>, Option<&str>) {
    let who = &grant.principal;
    (who.client_id.as_deref(), who.subject.as_deref(), who.organization.as_deref())
}

fn workos() -> Provider {
    Provider::new(
        &json!({
            "preset": "workos", "issuer": "https://acme.authkit.app", "audience": "client_01JENVIRONMENT0000000000",
        }),
        &json!({}),
        json!({
            "iss": "https://acme.authkit.app", "aud": "client_01JENVIRONMENT0000000000",
            "sub": "client_01JAPPLICATION0000000000", "client_id": "client_01JAPPLICATION0000000000",
            "org_id": "org_01HRDMC6CM357W30QMHMQ96Q0S", "scope": "reports:read reports:write",
            "jti": "01JQ0E27ZXE4XNHVP870S6PWYN", "iat": NOW - 5, "exp": NOW + 300,
        }),
    )
}

#[test]
fn workos_needs_the_organization_since_all_applications_share_one_audience() {
    let provider = workos();
    let grant = provider.accepted(&json!({}));
    let application = Some("client_01JAPPLICATION0000000000");
    assert_eq!(who(&grant), (application, application, Some("org_01HRDMC6CM357W30QMHMQ96Q0S")));
    assert_eq!(grant.scopes, ["reports:read", "reports:write"]);

    assert_eq!(provider.denied(&json!({ "org_id": null })), about(Reason::ClaimMissing, "org_id"));
    assert_eq!(provider.denied(&json!({ "client_id": null })), about(Reason::ClaimMissing, "client_id"));
    let person = json!({ "sub": "user_01JQ0E27VT3MH79RY0FVA4QBP9", "sid": "app_consent_01JQ0E27WE4K1RCMH7Q094M1GJ" });
    assert_eq!(provider.denied(&person), about(Reason::ClaimMismatch, "sid"));
    assert_eq!(provider.denied(&json!({ "aud": "client_01JOTHER" })).0, Reason::AudienceMismatch);
    assert_eq!(provider.denied(&json!({ "iss": "https://acme.authkit.app/" })).0, Reason::IssuerUnknown);
}

fn auth0(changed: &Value) -> Provider {
    let policy = json!({
        "preset": "auth0", "issuer": "https://acme.eu.auth0.com/", "audience": "https://api.example",
    });
    Provider::new(
        &edited(&policy, changed),
        &json!({ "typ": "JWT" }),
        json!({
            "iss": "https://acme.eu.auth0.com/", "sub": "awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients",
            "aud": "https://api.example", "azp": "awZfdIir8YFdGZWkvCejDoUb7SjTDicx", "gty": "client-credentials",
            "scope": "read:reports", "permissions": ["read:reports", "write:reports"], "org_id": "org_9ybsU1dN2dKfDkBi",
            "iat": NOW - 5, "exp": NOW + 86_395,
        }),
    )
}

#[test]
fn auth0_tells_machines_by_the_grant_and_the_subject() {
    let provider = auth0(&json!({}));
    let grant = provider.accepted(&json!({}));
    let (client, subject) = ("awZfdIir8YFdGZWkvCejDoUb7SjTDicx", "awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients");
    assert_eq!(who(&grant), (Some(client), Some(subject), Some("org_9ybsU1dN2dKfDkBi")));
    assert_eq!(grant.scopes, ["read:reports"]);
    assert_eq!(who(&provider.accepted(&json!({ "org_id": null }))).2, None);

    assert_eq!(provider.denied(&json!({ "gty": "password" })), about(Reason::ClaimMismatch, "gty"));
    assert_eq!(provider.denied(&json!({ "gty": null })), about(Reason::ClaimMissing, "gty"));
    assert_eq!(
        provider.denied(&json!({ "sub": "auth0|6553da60a54af58e29493993" })),
        about(Reason::ClaimMismatch, "sub")
    );
    // A day is what Auth0 gives where nobody shortens it.
    let short = auth0(&json!({ "maxTokenAge": 3600 }));
    assert_eq!(short.denied(&json!({})).0, Reason::TokenLifetimeTooLong);
}

#[test]
fn auth0_takes_scopes_from_permissions_alone_where_the_policy_says_so() {
    let grant = auth0(&json!({ "scopeClaim": "permissions" })).accepted(&json!({}));
    assert_eq!(grant.scopes, ["read:reports", "write:reports"]);
}

#[test]
fn auth0_with_the_rfc_9068_profile_is_three_members_away() {
    let provider = auth0(&json!({ "typ": "at+jwt", "clientClaim": "client_id", "requireClaims": { "gty": null } }));
    assert_eq!(provider.denied_header(&json!({})).0, Reason::TypNotAccepted);
    let changed = json!({ "gty": null, "azp": null, "client_id": "awZ", "jti": "73WakrfVbNJBaAmhQtEeDv" });
    // `null` in the policy takes one condition of the preset away, and no other.
    let mut profile = provider;
    profile.header["typ"] = json!("at+jwt");
    assert_eq!(who(&profile.accepted(&changed)).0, Some("awZ"));
    assert_eq!(profile.denied(&json!({ "sub": "auth0|1" })), about(Reason::ClaimMismatch, "sub"));
}

#[test]
fn stytch_tells_clients_from_the_sessions_that_the_same_keys_sign() {
    let project = "project-live-c60c0abe-c25a-4472-a9ed-320c6667d317";
    let provider = Provider::new(
        &json!({ "preset": "stytch", "issuer": format!("stytch.com/{project}"), "audience": project }),
        &json!({ "typ": "JWT" }),
        json!({
            "sub": "m2m-client-live-d731954d-dab3-4a2b-bdee-07f3ad1be885", "iss": format!("stytch.com/{project}"),
            "aud": [project], "scope": "read:users write:users", "iat": NOW, "nbf": NOW, "exp": NOW + 3600,
        }),
    );
    let grant = provider.accepted(&json!({}));
    let client = Some("m2m-client-live-d731954d-dab3-4a2b-bdee-07f3ad1be885");
    assert_eq!(who(&grant), (client, client, None));
    assert_eq!(grant.scopes, ["read:users", "write:users"]);

    let session = json!({
        "sub": "user-live-fde03dd1-fff7-4b3c-9b31-ead3fbc224de",
        "https://stytch.com/session": { "id": "session-live-1", "attributes": {} },
    });
    assert_eq!(provider.denied(&session), about(Reason::ClaimMismatch, "sub"));
    assert_eq!(provider.denied_header(&json!({ "typ": "at+jwt" })).0, Reason::TypNotAccepted);
}

fn clerk(changed: &Value) -> Provider {
    let policy = json!({ "preset": "clerk", "issuer": "https://clerk.acme.example", "audience": "mch_receiver" });
    Provider::new(
        &edited(&policy, changed),
        &json!({ "typ": "JWT", "cat": "cl_B7d4PD333AAA" }),
        json!({
            "jti": "mt_2xKa9Bgv7NxMRDFyQw8LpZ3cTmU1vHjE", "iss": "https://clerk.acme.example", "sub": "mch_sender",
            "aud": ["mch_receiver", "mch_other"], "scopes": "mch_receiver mch_other", "iat": NOW, "exp": NOW + 3600,
        }),
    )
}

#[test]
fn clerk_tells_machines_by_the_subject_and_by_the_category_in_the_header() {
    let provider = clerk(&json!({}));
    let grant = provider.accepted(&json!({}));
    assert_eq!(who(&grant), (Some("mch_sender"), Some("mch_sender"), None));
    assert_eq!(grant.scopes, ["mch_receiver", "mch_other"]);

    assert_eq!(
        provider.denied(&json!({ "sub": "user_2p94zsO6sBvVZR5Ca0KfBNLM36Z" })),
        about(Reason::ClaimMismatch, "sub")
    );
    // A session, or a template that puts `mch_` before a subject, signed by the same instance.
    for category in [json!("cl_B7d4PD111AAA"), json!("cl_B7d4PD222AAA"), json!(null), json!(1)] {
        let expected = (Reason::TypNotAccepted, Some("`cat` of the header".to_owned()));
        assert_eq!(provider.denied_header(&json!({ "cat": category })), expected);
    }
    assert_eq!(provider.denied_header(&json!({ "typ": "at+jwt" })).0, Reason::TypNotAccepted);
    // A token that never ends: refused, unless the policy ends it.
    assert_eq!(provider.denied(&json!({ "exp": null })), about(Reason::ClaimMissing, "exp"));
    let ending = clerk(&json!({ "optionalClaims": ["exp"], "maxTokenAge": 600 }));
    assert_eq!(ending.accepted(&json!({ "exp": null })).expires, Some(NOW + 600));
}

#[test]
fn clerk_instances_without_categories_say_so() {
    let provider = clerk(&json!({ "requireHeader": { "cat": null } }));
    granted(&provider.verifier, &provider.token(&Signer::RS256, &json!({ "cat": null }), &json!({})));
}

fn hydra(changed: &Value) -> Provider {
    let policy =
        json!({ "preset": "ory_hydra", "issuer": "https://hydra.example/", "audience": "https://api.example" });
    Provider::new(
        &edited(&policy, changed),
        &json!({ "typ": "JWT" }),
        json!({
            "aud": ["https://api.example"], "client_id": "e9b1b2f7-2a06-4b6e-9a43-2f4bd1a1ff5e", "exp": NOW + 3599,
            "ext": {}, "iat": NOW - 1, "iss": "https://hydra.example/", "jti": "0b0d4a8e-4fd5-4bd1-9f57-6e1bd7a0a9d1",
            "nbf": NOW - 1, "scp": ["reports.read", "reports.write"], "sub": "e9b1b2f7-2a06-4b6e-9a43-2f4bd1a1ff5e",
        }),
    )
}

#[test]
fn hydra_lists_its_scopes_and_may_name_no_audience() {
    let provider = hydra(&json!({}));
    let grant = provider.accepted(&json!({}));
    assert_eq!(grant.scopes, ["reports.read", "reports.write"]);
    assert_eq!(who(&grant).0, Some("e9b1b2f7-2a06-4b6e-9a43-2f4bd1a1ff5e"));

    assert_eq!(provider.denied(&json!({ "aud": [] })), about(Reason::ClaimMissing, "aud"));
    // A person's token: the subject is not the client.
    assert_eq!(provider.denied(&json!({ "sub": "user-1" })), about(Reason::ClaimMismatch, "sub"));
    // `scope` is another claim, and no second source.
    assert_eq!(provider.accepted(&json!({ "scp": [], "scope": "admin" })).scopes, Vec::<String>::new());

    let anybody = hydra(&json!({ "audience": null, "optionalClaims": ["aud"] }));
    anybody.accepted(&json!({ "aud": [] }));
    anybody.accepted(&json!({ "aud": null }));
    // Whoever asked for an audience asked for another API.
    assert_eq!(anybody.denied(&json!({})).0, Reason::AudienceMismatch);
}

#[test]
fn hydra_puts_custom_claims_under_ext() {
    let provider = hydra(&json!({ "organizationClaim": "/ext/org" }));
    assert_eq!(who(&provider.accepted(&json!({ "ext": { "org": "org-7" } }))).2, Some("org-7"));
    assert_eq!(provider.denied(&json!({ "ext": { "org": 7 } })), about(Reason::ClaimMalformed, "/ext/org"));
}

#[test]
fn keycloak_tells_service_accounts_by_their_client() {
    let provider = Provider::new(
        &json!({ "preset": "keycloak", "issuer": "https://id.example/realms/main", "audience": "reports-api" }),
        &json!({ "typ": "JWT" }),
        json!({
            "exp": NOW + 299, "iat": NOW - 1, "jti": "trrtcc:312ee6ad-6a0f-44e3-9d7e-52cd07bbd88c",
            "iss": "https://id.example/realms/main", "aud": ["reports-api", "account"],
            "sub": "d952cf23-bf92-4c8f-a3ff-4972b4f2bc5b", "typ": "Bearer", "azp": "billing-job", "acr": "1",
            "allowed-origins": ["*"], "realm_access": { "roles": ["offline_access", "default-roles-main"] },
            "resource_access": { "reports-api": { "roles": ["reader"] } }, "scope": "profile email",
            "clientHost": "10.0.0.7", "email_verified": false, "preferred_username": "service-account-billing-job",
            "clientAddress": "10.0.0.7", "client_id": "billing-job",
        }),
    );
    let grant = provider.accepted(&json!({}));
    assert_eq!(who(&grant), (Some("billing-job"), Some("d952cf23-bf92-4c8f-a3ff-4972b4f2bc5b"), None));
    assert_eq!(grant.scopes, ["profile", "email"]);

    for kind in ["ID", "Refresh", "Offline", "Logout"] {
        assert_eq!(provider.denied(&json!({ "typ": kind })), about(Reason::ClaimMismatch, "typ"));
    }
    assert_eq!(provider.denied(&json!({ "typ": null })), about(Reason::ClaimMissing, "typ"));
    let person = json!({ "client_id": null, "sid": "6b1c", "preferred_username": "alice" });
    assert_eq!(provider.denied(&person), about(Reason::ClaimMissing, "client_id"));
    assert_eq!(provider.denied(&json!({ "azp": "other-job" })), about(Reason::ClaimMismatch, "client_id"));
    // What Keycloak puts there where no audience mapper was made.
    assert_eq!(provider.denied(&json!({ "aud": "account" })).0, Reason::AudienceMismatch);
}

#[test]
fn keycloak_roles_are_scopes_where_the_policy_says_so() {
    let roles = json!({ "resource_access": { "https://reports/": { "roles": ["reader"] } } });
    let policy = json!({
        "preset": "keycloak", "issuer": "https://id.example/realms/main", "audience": "reports-api",
        "scopeClaim": "/resource_access/https:~1~1reports~1/roles",
    });
    let claims = json!({
        "exp": NOW + 299, "iss": "https://id.example/realms/main", "aud": "reports-api", "sub": "s", "typ": "Bearer",
        "azp": "job", "client_id": "job", "scope": "admin",
    });
    let provider = Provider::new(&policy, &json!({ "typ": "JWT" }), claims);
    assert_eq!(provider.accepted(&roles).scopes, ["reader"]);
    assert_eq!(provider.accepted(&json!({})).scopes, Vec::<String>::new());
}

const TENANT: &str = "7f1b2c3d-0000-4a5b-8c9d-0e1f2a3b4c5d";
const OTHER_TENANT: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";

fn entra() -> Provider {
    Provider::new(
        &json!({
            "preset": "microsoft_entra", "tenants": [TENANT, OTHER_TENANT],
            "audience": "00001111-aaaa-2222-bbbb-3333cccc4444",
        }),
        &json!({ "typ": "JWT" }),
        json!({
            "aud": "00001111-aaaa-2222-bbbb-3333cccc4444",
            "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "iat": NOW - 300, "nbf": NOW - 300,
            "exp": NOW + 3600, "aio": "E2ZgYDCfmH", "azp": "11112222-bbbb-3333-cccc-4444dddd5555", "azpacr": "1",
            "oid": "22223333-cccc-4444-dddd-5555eeee6666", "rh": "0.AAAA", "roles": ["API.READER", "API.WRITER"],
            "sub": "22223333-cccc-4444-dddd-5555eeee6666", "tid": TENANT, "uti": "u_1", "ver": "2.0",
        }),
    )
}

#[test]
fn entra_takes_application_permissions_and_no_persons() {
    let provider = entra();
    let grant = provider.accepted(&json!({}));
    let client = Some("11112222-bbbb-3333-cccc-4444dddd5555");
    assert_eq!(who(&grant), (client, Some("22223333-cccc-4444-dddd-5555eeee6666"), Some(TENANT)));
    assert_eq!(grant.scopes, ["API.READER", "API.WRITER"]);
    assert_eq!(
        grant.principal.issuer.as_deref(),
        Some("https://login.microsoftonline.com/7f1b2c3d-0000-4a5b-8c9d-0e1f2a3b4c5d/v2.0")
    );
    // A client without a role is known, and may do nothing.
    assert_eq!(provider.accepted(&json!({ "roles": null })).scopes, Vec::<String>::new());

    let delegated = json!({ "scp": "Reports.Read", "name": "Alice", "roles": null });
    assert_eq!(provider.denied(&delegated), about(Reason::ClaimMismatch, "scp"));
    assert_eq!(provider.denied(&json!({ "ver": "1.0" })), about(Reason::ClaimMismatch, "ver"));
    let id_token = json!({ "azp": null, "azpacr": null, "name": "Alice", "preferred_username": "alice@acme.example" });
    assert_eq!(provider.denied(&id_token), about(Reason::ClaimMissing, "azp"));
    assert_eq!(provider.denied(&json!({ "nonce": "n" })).0, Reason::TypNotAccepted);
}

#[test]
fn entra_tenants_are_those_of_the_policy_and_agree_with_themselves() {
    let provider = entra();
    let iss = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/v2.0");
    let grant = provider.accepted(&json!({ "iss": iss(OTHER_TENANT), "tid": OTHER_TENANT }));
    assert_eq!(grant.principal.organization.as_deref(), Some(OTHER_TENANT));
    assert_eq!(provider.denied(&json!({ "iss": iss(OTHER_TENANT) })), about(Reason::ClaimMismatch, "tid"));
    assert_eq!(provider.denied(&json!({ "tid": null })), about(Reason::ClaimMissing, "tid"));
    for tenant in ["common", "{tenant}", "", "9188040d-6c67-4c5b-b112-36a304b66dad", &TENANT.to_uppercase()] {
        assert_eq!(provider.denied(&json!({ "iss": iss(tenant), "tid": tenant })).0, Reason::IssuerUnknown, "{tenant}");
    }
    let version_1 = format!("https://sts.windows.net/{TENANT}/");
    assert_eq!(provider.denied(&json!({ "iss": version_1 })).0, Reason::IssuerUnknown);
}

#[test]
fn access_takes_service_tokens_and_no_persons() {
    let tag = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228";
    let provider = Provider::new(
        &json!({ "preset": "cloudflare_access", "issuer": "https://acme.cloudflareaccess.com", "audience": tag }),
        &json!({ "typ": "JWT" }),
        json!({
            "type": "app", "aud": [tag], "exp": NOW + 60, "iss": "https://acme.cloudflareaccess.com", "iat": NOW,
            "common_name": "e367826f93b8d71185e03fe518aff3b4.access", "sub": "",
        }),
    );
    let grant = provider.accepted(&json!({}));
    // The empty subject is nobody, and no entry of a deny list can be meant by it.
    assert_eq!(who(&grant), (Some("e367826f93b8d71185e03fe518aff3b4.access"), None, None));

    let person = json!({
        "email": "user@example.com", "identity_nonce": "6ei69kawdKzMIAPF", "common_name": null, "country": "US",
        "sub": "7335d417-61da-459d-899c-0a01c76a2f94",
    });
    assert_eq!(provider.denied(&person), about(Reason::ClaimMissing, "common_name"));
    assert_eq!(provider.denied(&json!({ "common_name": "" })), about(Reason::ClaimMissing, "common_name"));
    assert_eq!(provider.denied(&json!({ "email": "user@example.com" })), about(Reason::ClaimMismatch, "email"));
    let nameless = json!({ "identity_nonce": "6ei69kawdKzMIAPF" });
    assert_eq!(provider.denied(&nameless), about(Reason::ClaimMismatch, "identity_nonce"));
    assert_eq!(provider.denied(&json!({ "type": "org" })), about(Reason::ClaimMismatch, "type"));
    assert_eq!(provider.denied(&json!({ "aud": ["97e2aae1"] })).0, Reason::AudienceMismatch);
    assert_eq!(provider.denied_header(&json!({ "typ": null })).0, Reason::TypNotAccepted);
}

#[test]
fn edgeward_tells_the_assertions_of_a_gate_from_the_tokens_of_its_issuer() {
    let policy = json!({ "preset": "edgeward", "issuer": "https://api.example", "audience": "https://origin.example" });
    let header = json!({ "typ": "edgeward-assertion+jwt" });
    let claims = json!({
        "iss": "https://api.example", "aud": "https://origin.example", "sub": "ada", "client_id": "4fJ9aZ0kQ2mX7bTe",
        "org_id": "org-9", "scope": "reports:read", "edgeward_class": "api_key", "htm": "GET",
        "htu": "https://api.example/v1/reports", "jti": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "iat": NOW, "exp": NOW + 30,
    });
    // Its algorithms are others than those of the providers.
    let quick = json!({ "algorithms": ["HS256"], "jwks": { "keys": [Signer::HS256.jwk()] } });
    let both = json!({ "jwks": { "keys": [public("ed25519", "k1"), public("p256", "k2")] } });
    let provider = Provider {
        verifier: verifier([edited(&policy, &both)]),
        quick: verifier([edited(&policy, &quick)]),
        header: edited(&json!({ "kid": "k1" }), &header),
        claims,
    };
    for (signer, kid) in [(Signer::EDDSA, "k1"), (Signer::ED25519, "k1"), (Signer::ES256, "k2")] {
        let token = provider.token(&signer, &json!({ "kid": kid }), &json!({}));
        let grant = granted(&provider.verifier, &token);
        assert_eq!(who(&grant), (Some("4fJ9aZ0kQ2mX7bTe"), Some("ada"), Some("org-9")));
        assert_eq!(grant.scopes, ["reports:read"]);
    }
    assert_eq!(provider.denied(&json!({ "edgeward_class": null })), about(Reason::ClaimMissing, "edgeward_class"));
    assert_eq!(provider.denied(&json!({ "edgeward_class": "x" })), about(Reason::ClaimMismatch, "edgeward_class"));
    assert_eq!(provider.denied(&json!({ "aud": "https://elsewhere.example" })).0, Reason::AudienceMismatch);
    for typ in [json!("at+jwt"), json!("JWT"), Value::Null] {
        assert_eq!(provider.denied_header(&json!({ "typ": typ })).0, Reason::TypNotAccepted, "{typ}");
    }
}

#[test]
fn the_form_of_the_issuer_is_the_provider_s() {
    let fault = |preset: &str, issuer: &str| {
        faults(&[json!({ "preset": preset, "issuer": issuer, "audience": "a", "jwks": keys() })])
    };
    for (preset, right, wrong) in [
        ("workos", "https://acme.authkit.app", "https://acme.authkit.app/"),
        ("auth0", "https://auth.acme.example/", "https://auth.acme.example"),
        ("stytch", "stytch.com/project-live-1", "https://stytch.com/project-live-1"),
        ("stytch", "https://login.acme.example", "stytch.com/"),
        ("clerk", "https://acme.clerk.accounts.dev", "acme.clerk.accounts.dev"),
        ("keycloak", "https://id.example/auth/realms/main", "https://id.example/realms/main/"),
        ("keycloak", "http://localhost:8080/realms/main", "https://id.example/realms/"),
        ("cloudflare_access", "https://acme.cloudflareaccess.com", "https://acme.cloudflareaccess.com/"),
        ("ory_hydra", "http://127.0.0.1:4444", ""),
    ] {
        assert_eq!(fault(preset, right), Vec::<String>::new(), "{preset} {right}");
        assert_eq!(fault(preset, wrong), ["/issuers/0/issuer"], "{preset} {wrong}");
    }
    // A template where each tenant has its own keys would let one tenant sign for another.
    for (preset, template) in
        [("keycloak", "https://id.example/realms/{tenant}"), ("auth0", "https://{tenant}.auth0.com/")]
    {
        let policy = json!({
            "preset": preset, "issuer": template, "tenants": ["a", "b"], "audience": "a", "jwks": keys(),
        });
        assert_eq!(faults(&[policy]), ["/issuers/0/issuer"], "{preset}");
    }
    // Entra's template has no tenants of its own, and an older issuer is not what the preset checks.
    let entra = json!({ "preset": "microsoft_entra", "audience": "a", "jwks": keys() });
    assert_eq!(faults(std::slice::from_ref(&entra)), ["/issuers/0/tenants"]);
    let version_1 = edited(&entra, &json!({ "issuer": "https://sts.windows.net/{tenant}/", "tenants": ["t"] }));
    assert_eq!(faults(&[version_1]), ["/issuers/0/issuer"]);
    let own = edited(&entra, &json!({ "issuer": "https://login.microsoftonline.us/t/v2.0" }));
    assert_eq!(faults(&[own]), Vec::<String>::new());
}
