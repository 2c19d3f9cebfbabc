//! Pages of other origins that may call the API (the Fetch standard's CORS protocol), judged.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use super::error::Faults;
use crate::json;

/// Which pages may call the API from a browser.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CorsPolicy {
    /// The origins of the pages, as in `https://app.example`, or `"*"` for every one.
    pub origins: CorsOrigins,
    /// The methods that they may use; where left out, GET, HEAD, POST, PUT, PATCH and DELETE. Every path answers alike, so
    /// that nobody learns of the routes.
    pub methods: Option<Vec<String>>,
    /// The headers that they may send; where left out, `authorization` and `content-type`.
    pub headers: Option<Vec<String>>,
    /// The headers of an answer that they may read beside those that a page may always read; where left out,
    /// `edgeward-request-id` and `www-authenticate`.
    pub expose_headers: Option<Vec<String>>,
    /// How long a browser may keep the answer to a preflight, in seconds, 86400 at most; 600 where left out.
    pub max_age: Option<u32>,
    /// Whether browsers send what they keep for the API by themselves: cookies and client certificates.
    #[serde(default)]
    pub credentials: bool,
}

/// The origins of pages.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(untagged))]
pub enum CorsOrigins {
    /// `"*"`.
    Any(AnyOrigin),
    /// These.
    These(Vec<String>),
}

impl<'de> Deserialize<'de> for CorsOrigins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = match json::value(deserializer)? {
            Value::String(any) if any == "*" => Some(Self::Any(AnyOrigin::Any)),
            these => json::read(&these).ok().map(Self::These),
        };
        read.ok_or_else(|| D::Error::custom("expected \"*\" or an array of origins"))
    }
}

/// Every origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum AnyOrigin {
    /// `"*"`.
    #[cfg_attr(feature = "schema", schemars(rename = "*"))]
    Any,
}

/// Judges which pages may call the API, the faults put down.
pub(crate) fn judge_cors(cors: Option<&CorsPolicy>, faults: &mut Faults) {
    let Some(cors) = cors else { return };
    match &cors.origins {
        CorsOrigins::Any(AnyOrigin::Any) if cors.credentials => faults.hint(
            "/cors/credentials",
            "every page of the web could act with what a browser keeps for its user",
            "name the `origins`",
        ),
        CorsOrigins::Any(AnyOrigin::Any) => {}
        CorsOrigins::These(origins) => {
            if origins.is_empty() {
                faults.hint("/cors/origins", "name the origins of the pages", "write them as in `https://app.example`");
            }
            for (index, origin) in origins.iter().enumerate().filter(|(_, origin)| !is_origin(origin)) {
                faults.hint(
                    format!("/cors/origins/{index}"),
                    format!("`{origin}` is no origin as a browser sends it"),
                    "write scheme, host and, where it is not the scheme's own, port, in lower case: `https://app.example`",
                );
            }
        }
    }
    judge_names("methods", cors.methods.as_deref(), is_method, faults);
    judge_names("headers", cors.headers.as_deref(), is_header, faults);
    judge_names("exposeHeaders", cors.expose_headers.as_deref(), is_header, faults);
    if cors.max_age.is_some_and(|seconds| seconds > 86_400) {
        faults.hint("/cors/maxAge", "at most 86400 seconds", "browsers keep it for two hours at most");
    }
}

fn judge_names(member: &str, names: Option<&[String]>, is_name: fn(&str) -> bool, faults: &mut Faults) {
    for (index, _) in names.unwrap_or_default().iter().enumerate().filter(|(_, name)| !is_name(name)) {
        // A browser takes no `*` for `Authorization`, and a policy says what it means.
        faults.hint(format!("/cors/{member}/{index}"), "no name that stands for one thing", "name each, without `*`");
    }
}

fn is_method(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
}

fn is_header(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// An origin in its ASCII serialization (RFC 6454 §6.2): a browser's is compared byte for byte. `null` is that of every
/// sandboxed page, and so of nobody.
fn is_origin(origin: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'));
    let is_authority = !authority.is_empty()
        && authority
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b':' | b'[' | b']'));
    let default = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => "://",
    };
    is_scheme && is_authority && !authority.ends_with(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for origin in ["https://app.example", "http://localhost:5173", "https://[::1]:8443", "moz-extension://a-b"] {
            assert!(is_origin(origin), "{origin}");
        }
        for origin in [
            "null",
            "*",
            "app.example",
            "https://app.example/",
            "https://App.example",
            "https://app.example:443",
            "http://app.example:80",
            "https://*.example",
            "https://a@b.example",
            "https://",
            "",
        ] {
            assert!(!is_origin(origin), "{origin}");
        }
    }
}
