//! The request of a preview.

use std::fmt;

use serde_json::{Map, Value};

use crate::{
    gate::{GateRequest, decider::Decider},
    policy::CredentialHeaders,
};

/// A request that nobody sends, with its credential in its headers or apart. It is shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestToPreview {
    /// The method.
    pub method: String,
    /// The URL, with scheme and authority or as a path alone.
    pub url: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The credential, without the scheme that stands before it.
    pub credential: Option<String>,
    /// The header that it comes in. Where left out, the first that the policy takes its class from, `authorization` before
    /// all others.
    pub header: Option<String>,
    /// The client's address.
    pub address: Option<String>,
    /// The SHA-256 thumbprint of the client certificate.
    pub certificate: Option<String>,
}

impl fmt::Debug for RequestToPreview {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RequestToPreview").field("method", &self.method).finish_non_exhaustive()
    }
}

impl RequestToPreview {
    /// Reads a request in JSON: `method`, `url`, `headers` as pairs of a name and a value, `credential`, `in`, `ip`,
    /// `certificate`, of which the first two must be there.
    ///
    /// # Errors
    /// What is wrong, in words that repeat nothing but the name of a member.
    pub fn read(members: Map<String, Value>) -> Result<Self, String> {
        let (mut texts, mut headers) = (Map::new(), Vec::new());
        for (name, value) in members {
            match (name.as_str(), value) {
                ("method" | "url" | "headers" | "credential" | "in" | "ip" | "certificate", Value::Null) => {}
                ("headers", Value::Array(pairs)) => {
                    headers = pairs.into_iter().map(pair).collect::<Option<_>>().ok_or_else(|| wrong(&name))?;
                }
                ("method" | "url" | "credential" | "in" | "ip" | "certificate", value @ Value::String(_)) => {
                    texts.insert(name, value);
                }
                ("method" | "url" | "headers" | "credential" | "in" | "ip" | "certificate", _) => {
                    return Err(wrong(&name));
                }
                _ => return Err(format!("a request has no `{name}` here")),
            }
        }
        let mut text = |name: &str| match texts.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        Ok(Self {
            method: text("method").ok_or_else(|| wrong("method"))?,
            url: text("url").ok_or_else(|| wrong("url"))?,
            headers,
            credential: text("credential"),
            header: text("in"),
            address: text("ip"),
            certificate: text("certificate"),
        })
    }

    /// Where a token may stand: nothing is decided by what is found here.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let values = self.headers.iter().map(|(_, value)| value.as_str());
        self.credential.as_deref().into_iter().chain(values).filter_map(|text| text.rsplit(' ').next())
    }

    /// The request as a gate sees it, with the credential where it belongs.
    pub(super) fn for_gate(self, decider: &Decider) -> GateRequest {
        let Self { method, url, mut headers, credential, header, address, certificate } = self;
        if let Some(credential) = credential {
            let is_key = decider.keys.as_ref().is_some_and(|keys| keys.takes(&credential));
            let header = header.unwrap_or_else(|| usual(&decider.credentials, is_key).to_owned());
            let value = if header.eq_ignore_ascii_case("authorization") {
                // A proof of the sender comes under a scheme of its own (RFC 9449 §7.1).
                let proves = !is_key && headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("dpop"));
                format!("{} {credential}", if proves { "DPoP" } else { "Bearer" })
            } else {
                credential
            };
            headers.push((header, value));
        }
        GateRequest { method, url, headers, address, certificate }
    }
}

fn wrong(name: &str) -> String {
    let what = if name == "headers" { "pairs of strings" } else { "a string" };
    format!("`{name}` of a request is {what}")
}

fn pair(value: Value) -> Option<(String, String)> {
    let Value::Array(pair) = value else { return None };
    match <[Value; 2]>::try_from(pair) {
        Ok([Value::String(name), Value::String(value)]) => Some((name, value)),
        _ => None,
    }
}

fn usual(headers: &CredentialHeaders, is_key: bool) -> &str {
    let accepted = if is_key { &headers.api_key } else { &headers.m2m_token };
    let first = accepted.first().filter(|_| !accepted.iter().any(|name| name == "authorization"));
    first.map_or("authorization", String::as_str)
}
