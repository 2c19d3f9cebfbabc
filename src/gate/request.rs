//! What the gate sees of a request.

use std::fmt;

use serde::Deserialize;

/// A request, as the host hands it over. Its query and its headers may hold credentials: they are shown to nobody.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct GateRequest {
    /// The method, as it came: methods are case-sensitive (RFC 9110 §9.1).
    pub method: String,
    /// The URL, with scheme and authority or as a path alone.
    pub url: String,
    /// The headers. Names are compared without regard to case; one that stands twice is two entries, or one with the
    /// values joined by commas.
    pub headers: Vec<(String, String)>,
    /// The client's address, where the host vouches for it.
    #[serde(rename = "ip")]
    pub address: Option<String>,
    /// The SHA-256 thumbprint of the client certificate, where the host ended the TLS itself and vouches for it.
    pub certificate: Option<String>,
}

impl fmt::Debug for GateRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        formatter
            .debug_struct("GateRequest")
            .field("method", &self.method)
            .field("path", &self.target().0)
            .field("headers", &names)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl GateRequest {
    /// Every value of this header; the name is in lower case.
    pub(super) fn values<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r str> {
        self.headers.iter().filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Scheme and authority of the URL, where it has them.
    pub(super) fn authority(&self) -> Option<(&str, &str)> {
        if self.url.starts_with('/') {
            return None;
        }
        split(&self.url).map(|(scheme, authority, _)| (scheme, authority))
    }

    /// The path and the query of the URL, without the question mark and without a fragment. What is neither a path nor
    /// a URL with scheme and authority is handed back as a path, which no leading slash makes a legal one. So is a query
    /// that follows an authority at once: for a reader that looks for the first slash, the path begins within it.
    pub(super) fn target(&self) -> (&str, Option<&str>) {
        let of_url = if self.url.starts_with('/') { None } else { split(&self.url).map(|(_, _, target)| target) };
        let target = match of_url {
            // A URL that ends with the authority is that of the root.
            Some("") => "/",
            // A request's own target has no fragment (RFC 9112 §3.2): one there is left for the path's reader to refuse.
            Some(target) => target.split_once('#').map_or(target, |(before, _)| before),
            None => &self.url,
        };
        target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)))
    }
}

/// Scheme, authority and what follows them.
fn split(url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next().filter(|authority| !authority.is_empty())?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    Some((scheme, authority, rest.strip_prefix(authority).filter(|_| is_scheme)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> (String, Option<String>) {
        let request = GateRequest {
            method: "GET".into(),
            url: url.into(),
            headers: Vec::new(),
            address: None,
            certificate: None,
        };
        let (path, query) = request.target();
        (path.to_owned(), query.map(str::to_owned))
    }

    #[test]
    fn path_and_query_are_taken_from_any_form_of_url() {
        assert_eq!(target("https://api.example/a/b?c=d?e#f"), ("/a/b".into(), Some("c=d?e".into())));
        assert_eq!(target("https://api.example"), ("/".into(), None));
        assert_eq!(target("https://api.example/?c=/d#/e"), ("/".into(), Some("c=/d".into())));
        assert_eq!(target("/a"), ("/a".into(), None));
    }

    #[test]
    fn a_url_in_the_query_is_no_url_of_the_request() {
        assert_eq!(target("/a?b://c/d"), ("/a".into(), Some("b://c/d".into())));
        assert_eq!(target("/a/b://c/d"), ("/a/b://c/d".into(), None));
        assert_eq!(target("https://api.example/a?b=https://c/d"), ("/a".into(), Some("b=https://c/d".into())));
    }

    #[test]
    fn what_is_no_url_has_no_legal_path() {
        for url in [
            "",
            "a",
            "?b",
            "a?b",
            "://c/d",
            "1://c/d",
            "a b://c/d",
            "https:///d",
            "https://\\d",
            "https:/d",
            "https://api.example?c=/d",
            "https://api.example#/d?e",
            "#/a",
            "#https://api.example/d",
        ] {
            assert!(!target(url).0.starts_with('/'), "{url}");
        }
    }
}
