//! Asking an issuer for its metadata and its key set (RFC 7517 §5, RFC 8414 §3, `OpenID` Connect Discovery 1.0 §4).

use serde_json::{Map, Value};

use crate::{
    endpoint::{fault_of_url, is_loopback},
    host::{Host, InboundAnswer, OutboundRequest},
    json,
};

/// The largest key set that is read, in bytes: 64 keys of the largest algorithm fit.
pub(super) const LONGEST_SET: usize = 512 * 1024;

/// The largest metadata document that is read, in bytes.
const LONGEST_METADATA: usize = 128 * 1024;

/// How much of a foreign issuer's name is repeated, in characters.
const LONGEST_NAME: usize = 256;

/// The documents in which an issuer says where its keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Discovery {
    /// `OpenID` Connect Discovery 1.0 §4: after the issuer's path.
    #[serde(rename = "openid-configuration")]
    OpenIdConfiguration,
    /// RFC 8414 §3: between the issuer's host and its path.
    #[serde(rename = "oauth-authorization-server")]
    OauthAuthorizationServer,
}

impl Discovery {
    /// The URL of the document of an issuer, which is a URL itself; none where it is not.
    #[must_use]
    pub fn url(self, issuer: &str) -> Option<String> {
        if issuer.contains('?') || fault_of_url(issuer).is_some() {
            return None;
        }
        let (scheme, rest) = issuer.split_once("://")?;
        let (host, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
        let path = path.strip_suffix('/').unwrap_or(path);
        Some(match self {
            Self::OpenIdConfiguration => format!("{scheme}://{host}{path}/.well-known/openid-configuration"),
            Self::OauthAuthorizationServer => {
                format!("{scheme}://{host}/.well-known/oauth-authorization-server{path}")
            }
        })
    }
}

/// Where a key set is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// At this URL.
    JwksUri(String),
    /// Where the metadata at this URL say.
    Discovery(String),
}

impl Origin {
    pub(super) fn url(&self) -> &str {
        match self {
            Self::JwksUri(url) | Self::Discovery(url) => url,
        }
    }
}

/// What an issuer answered.
pub(super) enum Fetched {
    /// A set: the value of its `keys`.
    Keys(Value, InboundAnswer),
    /// The one that has this entity tag still holds.
    Same(InboundAnswer),
}

/// Why metadata led nowhere.
#[derive(Debug)]
pub(super) enum DiscoveryError {
    /// They are there, and of another issuer.
    OtherIssuer(String),
    /// There are none, or they cannot be used.
    Failed(String),
}

impl DiscoveryError {
    pub(super) fn into_words(self) -> String {
        match self {
            Self::OtherIssuer(words) | Self::Failed(words) => words,
        }
    }
}

/// The `jwks_uri` of an issuer, from its metadata.
pub(super) async fn discover<H: Host>(
    host: &H,
    url: &str,
    issuer: &str,
    timeout: u32,
) -> Result<String, DiscoveryError> {
    let wrong = |what: &str| DiscoveryError::Failed(format!("the metadata at {url}: {what}"));
    let answer = get(host, url, None, LONGEST_METADATA, timeout).await.map_err(DiscoveryError::Failed)?;
    if answer.status != 200 {
        return Err(wrong(&format!("status {}", answer.status)));
    }
    let metadata = json::parse_object(&answer.body).map_err(|error| wrong(&error.to_string()))?;
    let text = |name: &str| metadata.get(name).and_then(Value::as_str);
    // Compared byte for byte (RFC 8414 §3.3): another issuer's metadata would name another's keys.
    match text("issuer") {
        Some(named) if named == issuer => {}
        // Printed as a literal: it is a stranger's text.
        Some(named) => {
            let named: String = named.chars().take(LONGEST_NAME).collect();
            let words = format!("the metadata at {url} are of another issuer: {named:?}");
            return Err(DiscoveryError::OtherIssuer(words));
        }
        None => return Err(wrong("they name no issuer")),
    }
    let uri = text("jwks_uri").ok_or_else(|| wrong("no `jwks_uri`"))?;
    if let Some(fault) = fault_of_url(uri) {
        return Err(wrong(&format!("`jwks_uri`: {fault}")));
    }
    if is_loopback(uri) && !is_loopback(url) {
        return Err(wrong("`jwks_uri` names this machine"));
    }
    Ok(uri.to_owned())
}

/// The key set at a URL, unless the one with this entity tag still holds.
pub(super) async fn key_set<H: Host>(host: &H, url: &str, etag: Option<&str>, timeout: u32) -> Result<Fetched, String> {
    let wrong = |what: &str| format!("the key set at {url}: {what}");
    let mut answer = get(host, url, etag, LONGEST_SET, timeout).await?;
    match answer.status {
        304 if etag.is_some() => Ok(Fetched::Same(answer)),
        200 => {
            let body = std::mem::take(&mut answer.body);
            let mut set: Map<String, Value> = json::parse_object(&body).map_err(|error| wrong(&error.to_string()))?;
            let keys = set.remove("keys").filter(Value::is_array).ok_or_else(|| wrong("no array `keys`"))?;
            Ok(Fetched::Keys(keys, answer))
        }
        status => Err(wrong(&format!("status {status}"))),
    }
}

async fn get<H: Host>(
    host: &H,
    url: &str,
    etag: Option<&str>,
    longest_answer: usize,
    timeout: u32,
) -> Result<InboundAnswer, String> {
    let mut headers = vec![("accept", "application/jwk-set+json, application/json".to_owned())];
    if let Some(etag) = etag {
        headers.push(("if-none-match", etag.to_owned()));
    }
    let request = OutboundRequest { method: "GET", url: url.to_owned(), headers, body: None, longest_answer, timeout };
    let answer = host.fetch(request).await.map_err(|error| format!("{url}: {error}"))?;
    if answer.body.len() > longest_answer {
        return Err(format!("{url}: the answer is too long"));
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::Discovery::{OauthAuthorizationServer, OpenIdConfiguration};

    #[test]
    fn metadata_stand_where_the_standards_put_them() {
        for (issuer, openid, oauth) in [
            (
                "https://issuer.example",
                "https://issuer.example/.well-known/openid-configuration",
                "https://issuer.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://issuer.example/",
                "https://issuer.example/.well-known/openid-configuration",
                "https://issuer.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://issuer.example:8443/realms/main",
                "https://issuer.example:8443/realms/main/.well-known/openid-configuration",
                "https://issuer.example:8443/.well-known/oauth-authorization-server/realms/main",
            ),
            (
                "http://127.0.0.1:4000/a/",
                "http://127.0.0.1:4000/a/.well-known/openid-configuration",
                "http://127.0.0.1:4000/.well-known/oauth-authorization-server/a",
            ),
        ] {
            assert_eq!(OpenIdConfiguration.url(issuer).as_deref(), Some(openid));
            assert_eq!(OauthAuthorizationServer.url(issuer).as_deref(), Some(oauth));
        }
        for issuer in ["stytch.com/project", "http://issuer.example", "https://issuer.example/?a", "", "https://"] {
            assert_eq!(OpenIdConfiguration.url(issuer), None, "{issuer}");
        }
    }
}
