//! Asking the authorization server about a token (RFC 7662).

use std::fmt;

use base64ct::{Base64, Encoding};
use form_urlencoded::{Serializer, byte_serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{
    answer_cache::{Answer, AnswerCache},
    claims::text,
};
use crate::{
    facts::CacheSize,
    host::{Host, HostError, OutboundRequest},
    verdict::{Denial, Reason},
};

/// The largest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// How long an answer of "not active" is kept, in seconds, where the policy keeps others longer: a token that is known
/// a moment later works soon, and one that is sent over and over does not reach the server each time.
const KEEP_INACTIVE: i64 = 5;

/// How a client shows who it is (RFC 6749 §2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// In the header `Authorization`.
    #[default]
    ClientSecretBasic,
    /// In the body.
    ClientSecretPost,
}

/// Which tokens of an issuer the server is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Introspected {
    /// Those that are no JWT.
    #[default]
    Opaque,
    /// JWTs too, after their signature, where the issuer has keys here.
    All,
}

/// What the policy says of asking a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntrospectionRules {
    /// The endpoint's URL.
    pub endpoint: String,
    /// The client id of this API at the server.
    pub client_id: String,
    /// How it authenticates.
    pub authentication: ClientAuthentication,
    /// Which tokens the server is asked about.
    pub tokens: Introspected,
    /// Whether the server's answers may lack `token_type`.
    pub token_type_optional: bool,
    /// What the opaque tokens of this issuer begin with, where there are several issuers of them; empty otherwise.
    pub token_prefix: String,
    /// How long an answer is kept, in seconds: what was revoked is refused after that at the latest.
    pub cache_seconds: i64,
    /// How long the server has to answer, in milliseconds.
    pub timeout: u32,
}

/// The way to one server, and what it answered.
pub struct Introspection {
    rules: IntrospectionRules,
    secret: Zeroizing<String>,
    answers: AnswerCache,
}

impl fmt::Debug for Introspection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Introspection").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl Introspection {
    /// A way to a server for a client with this secret.
    #[must_use]
    pub fn new(rules: IntrospectionRules, secret: String) -> Self {
        Self { rules, secret: Zeroizing::new(secret), answers: AnswerCache::default() }
    }

    /// How full the cache of its answers is.
    pub(super) fn answers_size(&self) -> CacheSize {
        self.answers.size()
    }

    /// Whether the server is asked about JWTs too.
    pub(super) fn is_asked_about_jwts(&self) -> bool {
        self.rules.tokens == Introspected::All
    }

    /// Whether an opaque token may be this server's.
    pub(super) fn is_asked_about(&self, token: &str) -> bool {
        token.starts_with(&self.rules.token_prefix)
    }

    /// Refuses what the server calls active and is no access token. Some say so of refresh tokens too, and leave out
    /// their `token_type`, which RFC 7662 §2.2 has optional: it may be missing only where the policy says so, and where
    /// the issuer itself `signed` that it is an access token.
    ///
    /// # Errors
    /// [`Reason::ClaimMissing`], [`Reason::ClaimMalformed`] and [`Reason::TypNotAccepted`].
    pub(super) fn expect_access_token(&self, answer: &Answer, signed: bool) -> Result<(), Denial> {
        expect_access_token(&answer.members, signed || self.rules.token_type_optional)
    }

    /// What the server says of a token, or said of it not long ago.
    ///
    /// # Errors
    /// [`Reason::TokenInactive`]; [`Reason::IntrospectionUnavailable`] and [`Reason::IntrospectionUnreadable`], where
    /// whether the token is good cannot be told. Those are never kept.
    pub(super) async fn ask<H: Host>(&self, host: &H, token: &str) -> Result<Answer, Denial> {
        let nobody = || Err(Denial::new(Reason::IntrospectionUnavailable).noting(HostError::no_requests().0));
        host.asking(|| self.look_up(host, token)).await.unwrap_or_else(nobody)
    }

    async fn look_up<H: Host>(&self, host: &H, token: &str) -> Result<Answer, Denial> {
        // The bound counts from before the server is asked: what it says may be as old as the question.
        let asked = host.clock().seconds();
        let digest = self.answers.digest(host, token);
        if let Some(known) = digest.as_ref().and_then(|digest| self.answers.find(digest, asked)) {
            return known.ok_or_else(|| Reason::TokenInactive.into());
        }
        let answer = self.fetch(host, token).await?;
        let keep = self.rules.cache_seconds;
        let keep = if answer.is_some() { keep } else { keep.min(KEEP_INACTIVE) };
        if let Some(digest) = digest {
            self.answers.keep(digest, answer.as_ref(), asked, keep);
        }
        answer.ok_or_else(|| Reason::TokenInactive.into())
    }

    /// Asks the server. None stands for a token that is not active.
    async fn fetch<H: Host>(&self, host: &H, token: &str) -> Result<Option<Answer>, Denial> {
        let unavailable = |words: String| Denial::new(Reason::IntrospectionUnavailable).noting(words);
        let unreadable = |words: &str| Denial::new(Reason::IntrospectionUnreadable).noting(words);
        let response =
            host.fetch(self.request(token)).await.map_err(|error| unavailable(self.cleared(error.0, token)))?;
        if response.status != 200 {
            let hint = if response.status == 401 { ": it refuses the client id or secret of this API" } else { "" };
            return Err(unavailable(format!("the server answered with status {}{hint}", response.status)));
        }
        // A host that keeps to the bound has said so itself.
        if response.body.len() > LONGEST_ANSWER {
            return Err(unavailable(format!("the answer is longer than {LONGEST_ANSWER} bytes")));
        }
        let written = String::from_utf8(response.body).map_err(|_| unreadable("the answer is no UTF-8"))?;
        let answer = Answer::read(written.into()).map_err(|error| unreadable(&error.to_string()))?;
        match answer.members.get("active") {
            Some(Value::Bool(false)) => Ok(None),
            Some(Value::Bool(true)) => Ok(Some(answer)),
            _ => Err(unreadable("`active` is neither true nor false")),
        }
    }

    /// What a host says of a failure, unless it repeats what nobody is shown: some put the request into their errors.
    fn cleared(&self, words: String, token: &str) -> String {
        let secret = self.secret.as_str();
        let hidden = [token.to_owned(), form_encoded(token), secret.to_owned(), form_encoded(secret), self.basic()];
        if hidden.iter().any(|hidden| words.contains(hidden)) {
            return "the host failed, in words that repeat the request".to_owned();
        }
        words
    }

    /// Client id and secret as they stand behind `Basic`, each form-encoded first (RFC 6749 §2.3.1).
    fn basic(&self) -> String {
        let pair = Zeroizing::new(format!("{}:{}", form_encoded(&self.rules.client_id), form_encoded(&self.secret)));
        Base64::encode_string(pair.as_bytes())
    }

    /// The request (RFC 7662 §2.1).
    fn request(&self, token: &str) -> OutboundRequest {
        let mut headers = vec![
            ("accept", "application/json".to_owned()),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ];
        let mut form = Serializer::new(String::new());
        form.append_pair("token", token).append_pair("token_type_hint", "access_token");
        match self.rules.authentication {
            ClientAuthentication::ClientSecretBasic => {
                headers.push(("authorization", format!("Basic {}", self.basic())));
            }
            ClientAuthentication::ClientSecretPost => {
                form.append_pair("client_id", &self.rules.client_id).append_pair("client_secret", &self.secret);
            }
        }
        OutboundRequest {
            method: "POST",
            url: self.rules.endpoint.clone(),
            headers,
            body: Some(form.finish()),
            longest_answer: LONGEST_ANSWER,
            timeout: self.rules.timeout,
        }
    }
}

fn form_encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// Whether a text is meant to be a JWT: a segment, a dot, and the segment is the beginning of an object.
pub(super) fn looks_like_jwt(token: &str) -> bool {
    // An opening brace is the character `e` and one whose value is at least 48.
    token.contains('.')
        && token.starts_with('e')
        && token
            .get(1..)
            .unwrap_or_default()
            .starts_with(|second: char| matches!(second, 'w'..='z' | '0'..='9' | '-' | '_'))
}

/// Whether a text can stand behind `Bearer` (RFC 6750 §2.1, `b64token`).
pub(super) fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    !body.is_empty()
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/'))
}

/// Refuses what is no access token; `optional` says whether `token_type` may be missing.
fn expect_access_token(members: &Map<String, Value>, optional: bool) -> Result<(), Denial> {
    let is = |found: &str, names: &[&str]| names.iter().any(|name| found.eq_ignore_ascii_case(name));
    let kind = text(members, "token_type")?;
    if kind.is_none() && !optional {
        return Err(Denial::new(Reason::ClaimMissing).noting("`token_type` of the server's answer"));
    }
    // RFC 9449 §6.2: such a token is bound to a key, which the answer names. Without it anybody could use the token.
    let is_dpop = kind.as_deref().is_some_and(|kind| is(kind, &["dpop"]));
    if is_dpop && members.get("cnf").and_then(|cnf| cnf.get("jkt")).is_none() {
        return Err(Denial::new(Reason::ClaimMissing).noting("`cnf/jkt` of a token of the type DPoP"));
    }
    let used_as = text(members, "token_use")?;
    if (is_dpop || kind.is_none_or(|kind| is(&kind, &["bearer"])))
        && used_as.is_none_or(|word| is(&word, &["access_token"]))
    {
        Ok(())
    } else {
        Err(Denial::new(Reason::TypNotAccepted).noting("`token_type` or `token_use` of the server's answer"))
    }
}

/// Holds what a server says of a JWT against what its issuer signed: where both name somebody it is the same.
///
/// # Errors
/// [`Reason::ClaimMismatch`]
pub(super) fn agree(signed: &Map<String, Value>, answer: &Map<String, Value>) -> Result<(), Denial> {
    for name in ["iss", "sub", "client_id", "jti", "cnf"] {
        let (one, other) = (signed.get(name), answer.get(name));
        // A token that the server calls bound to its sender, and that does not say so itself, is not passed as unbound.
        let differ = if name == "cnf" {
            other.is_some() && one != other
        } else {
            one.is_some() && other.is_some() && one != other
        };
        if differ {
            return Err(Denial::new(Reason::ClaimMismatch).noting(format!("the server says another `{name}`")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_jwt_is_told_from_an_opaque_token_by_its_beginning() {
        for token in ["eyJhbGciOiJub25lIn0.e30.", "e30.e30.AA", "eyA.x", "e-.x"] {
            assert!(looks_like_jwt(token), "{token}");
        }
        for token in
            ["", "e", "eyJhbGciOiJub25lIn0", "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU", "eA.x", "\u{e9}.x", ".e3"]
        {
            assert!(!looks_like_jwt(token), "{token}");
        }
        assert!(!looks_like_jwt("e\u{e9}.x"));
    }

    #[test]
    fn what_can_stand_behind_bearer_is_asked_about() {
        for token in ["a", "a==", "Kz~8mXK1.4Ljp/+-_"] {
            assert!(is_b64token(token), "{token}");
        }
        for token in ["", "=", "a=b", "a b", "a,b", "\u{e9}", "a\n", "{}"] {
            assert!(!is_b64token(token), "{token}");
        }
    }

    fn rules() -> IntrospectionRules {
        IntrospectionRules {
            endpoint: "https://issuer.example/introspect".into(),
            client_id: "api:1 +".into(),
            authentication: ClientAuthentication::ClientSecretBasic,
            tokens: Introspected::Opaque,
            token_type_optional: false,
            token_prefix: String::new(),
            cache_seconds: 30,
            timeout: 1000,
        }
    }

    #[test]
    fn the_secret_is_encoded_and_never_shown() {
        let rules = rules();
        let way = Introspection::new(rules.clone(), "p%ss:w\u{f6}rd&".into());
        assert!(!format!("{way:?}").contains("rd"));
        let request = way.request("t&=+/~");
        // RFC 6749 §2.3.1: both are form-encoded before they are joined by a colon.
        let expected = Base64::encode_string(b"api%3A1+%2B:p%25ss%3Aw%C3%B6rd%26");
        assert_eq!(request.headers[2], ("authorization", format!("Basic {expected}")));
        assert_eq!(request.body.as_deref(), Some("token=t%26%3D%2B%2F%7E&token_type_hint=access_token"));
        let post = IntrospectionRules { authentication: ClientAuthentication::ClientSecretPost, ..rules };
        let request = Introspection::new(post, "s&".into()).request("t");
        assert_eq!(request.headers.len(), 2);
        let body = request.body.as_deref().expect("a body");
        assert!(body.ends_with("&client_id=api%3A1+%2B&client_secret=s%26"), "{body}");
        assert!(!format!("{request:?}").contains("s%26"));
    }

    #[test]
    fn an_error_that_repeats_the_request_is_not_passed_on() {
        for authentication in [ClientAuthentication::ClientSecretBasic, ClientAuthentication::ClientSecretPost] {
            let rules = IntrospectionRules { authentication, ..rules() };
            let way = Introspection::new(rules, "s3cret+".into());
            let request = way.request("to~ken");
            let (header, body) = (format!("{:?}", request.headers), request.body.expect("a body"));
            for words in ["s3cret+ is wrong", "about to~ken", &header, &body] {
                let told = way.cleared(words.to_owned(), "to~ken");
                let is_harmless = authentication == ClientAuthentication::ClientSecretPost && words == header;
                assert_eq!(told == words, is_harmless, "{words}");
            }
            assert_eq!(way.cleared("connection refused".to_owned(), "to~ken"), "connection refused");
        }
    }

    #[test]
    fn a_refresh_token_is_no_access_token() {
        let either = |answer: &Value, optional: bool| {
            expect_access_token(answer.as_object().expect("an object"), optional).map_err(|denial| denial.reason)
        };
        let check = |answer: &Value| either(answer, false);
        assert_eq!(either(&json!({}), true), Ok(()));
        assert_eq!(either(&json!({ "token_type": "refresh_token" }), true), Err(Reason::TypNotAccepted));
        assert_eq!(either(&json!({ "token_use": "refresh_token" }), true), Err(Reason::TypNotAccepted));
        assert_eq!(check(&json!({ "token_type": "bearer" })), Ok(()));
        let bound = json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" });
        assert_eq!(check(&json!({ "token_type": "DPoP", "token_use": "access_token", "cnf": bound })), Ok(()));
        for cnf in [json!(null), json!({}), json!({ "x5t#S256": bound["jkt"] })] {
            assert_eq!(check(&json!({ "token_type": "dpop", "cnf": cnf })), Err(Reason::ClaimMissing));
        }
        assert_eq!(check(&json!({})), Err(Reason::ClaimMissing));
        assert_eq!(check(&json!({ "token_type": "refresh_token" })), Err(Reason::TypNotAccepted));
        assert_eq!(
            check(&json!({ "token_type": "Bearer", "token_use": "refresh_token" })),
            Err(Reason::TypNotAccepted)
        );
        assert_eq!(check(&json!({ "token_type": ["Bearer"] })), Err(Reason::ClaimMalformed));
    }
}
