//! The verdict and the denial as JSON: what the library hands to its caller, and what a client reads.

use serde::Serialize;

use super::{CredentialClass, Denial, Evidence, Principal, SenderBinding, Verdict};
use crate::json::JsonText;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Allowed<'v> {
    ok: bool,
    class: CredentialClass,
    subject: Option<&'v str>,
    organization: Option<&'v str>,
    client_id: Option<&'v str>,
    credential_id: Option<&'v str>,
    scopes: &'v [String],
    expires: Option<i64>,
    issuer: Option<&'v str>,
    kid: Option<&'v str>,
    algorithm: Option<&'v str>,
    /// What the token is bound to, which its sender has proven to hold.
    sender: Option<&'v str>,
    /// `hit`, `stale` or `miss`: where the facts came from.
    cache: &'v str,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<JsonText<&'v str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<JsonText<&'v str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Denied<'v> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<CredentialClass>,
    code: &'v str,
    status: u16,
    title: &'v str,
    detail: &'v str,
    challenge: Option<String>,
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'v> {
    r#type: String,
    title: &'v str,
    status: u16,
    detail: &'v str,
    code: &'v str,
    request_id: &'v str,
}

/// What is told of a credential that is good.
pub(crate) struct Told<'v> {
    pub(crate) class: CredentialClass,
    pub(crate) who: &'v Principal,
    /// Where the facts come from, whatever stands in `who`.
    pub(crate) facts_tier: Option<&'static str>,
    pub(crate) scopes: &'v [String],
    pub(crate) expires: Option<i64>,
    pub(crate) evidence: &'v Evidence,
}

impl Told<'_> {
    /// The verdict as one JSON object, as in [`verdict_document`].
    pub(crate) fn document(&self) -> String {
        let (claims, record) = match self.evidence {
            Evidence::Claims(text) => (Some(JsonText::known(text.as_ref())), None),
            Evidence::Record(text) => (None, Some(JsonText::known(text.as_ref()))),
        };
        let who = self.who;
        write(&Allowed {
            ok: true,
            class: self.class,
            subject: who.subject.as_deref(),
            organization: who.organization.as_deref(),
            client_id: who.client_id.as_deref(),
            credential_id: who.credential_id.as_deref(),
            scopes: self.scopes,
            expires: self.expires,
            issuer: who.issuer.as_deref(),
            kid: who.key_id.as_deref(),
            algorithm: who.algorithm,
            sender: who.sender.map(SenderBinding::as_str),
            cache: match self.facts_tier {
                Some("isolate") => "hit",
                Some("stale") => "stale",
                _ => "miss",
            },
            claims,
            record,
        })
    }
}

/// The verdict as one JSON object (contract §10). The claims stand in it as they were signed, so that who reads them
/// reads what was checked.
#[must_use]
pub fn verdict_document(verdict: &Verdict) -> String {
    match verdict {
        Ok(grant) => Told {
            class: grant.class,
            who: &grant.principal,
            facts_tier: grant.principal.facts_tier,
            scopes: &grant.scopes,
            expires: grant.expires,
            evidence: &grant.evidence,
        }
        .document(),
        Err(denial) => {
            let facts = denial.reason.disclosed().facts();
            write(&Denied {
                ok: false,
                class: denial.class,
                code: facts.code,
                status: facts.status,
                title: facts.title,
                detail: denial.detail(),
                challenge: denial.challenge(),
                retry_after: denial.retry_after(),
            })
        }
    }
}

/// The denial as a problem document (RFC 9457).
#[must_use]
pub fn problem_document(denial: &Denial, request_id: &str) -> String {
    let facts = denial.reason.disclosed().facts();
    write(&Problem {
        r#type: format!("urn:edgeward:reason:{}", facts.code),
        title: facts.title,
        status: facts.status,
        detail: denial.detail(),
        code: facts.code,
        request_id,
    })
}

/// Strings, numbers and JSON text that was parsed before cannot fail to be written.
fn write(document: &impl Serialize) -> String {
    serde_json::to_string(document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::verdict::{Grant, Reason};

    fn read(document: &str) -> Value {
        serde_json::from_str(document).expect("JSON")
    }

    #[test]
    fn an_allowed_verdict_names_everything_and_carries_the_signed_claims() {
        let grant = Grant {
            class: CredentialClass::M2mToken,
            principal: Principal { subject: Some("client-1".into()), ..Principal::default() },
            scopes: vec!["a".into()],
            expires: Some(10),
            evidence: Evidence::Claims(r#"{"sub":"client-1","x":1.0}"#.into()),
        };
        let document = verdict_document(&Ok(grant));
        assert!(document.contains(r#""claims":{"sub":"client-1","x":1.0}"#), "{document}");
        let document = read(&document);
        assert_eq!(document["organization"], Value::Null);
        assert_eq!(document["class"], "m2m_token");
        assert_eq!(document.get("record"), None);
    }

    #[test]
    fn a_denial_says_no_more_than_it_may() {
        let denial = Denial::new(Reason::KeyRevoked).noting("revoked by alice").of(CredentialClass::ApiKey);
        let expected = json!({
            "ok": false, "class": "api_key", "code": "key_invalid", "status": 401,
            "title": "The API key is not valid", "detail": "Check the key, or ask its owner for a new one.",
            "challenge": "Bearer error=\"invalid_token\", error_description=\"The API key is not valid\"",
        });
        assert_eq!(read(&verdict_document(&Err(denial.clone()))), expected);
        let problem = read(&problem_document(&denial, "r-1"));
        assert_eq!(problem["code"], "key_invalid");
        assert_eq!(problem["requestId"], "r-1");
        assert!(!problem.to_string().contains("revoked"));
    }
}
