//! What the gate sees of a request.

use serde::Deserialize;

/// A request, as the host hands it over.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
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
}

impl GateRequest {
    /// Every value of this header; the name is in lower case.
    pub(super) fn values<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r str> {
        self.headers.iter().filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The path and the query of the URL, without the question mark and without a fragment.
    pub(super) fn target(&self) -> (&str, Option<&str>) {
        let target = match self.url.split_once("://") {
            Some((_, rest)) => rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/"),
            None => &self.url,
        };
        let target = target.split_once('#').map_or(target, |(before, _)| before);
        match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> (String, Option<String>) {
        let request = GateRequest { method: "GET".into(), url: url.into(), headers: Vec::new(), address: None };
        let (path, query) = request.target();
        (path.to_owned(), query.map(str::to_owned))
    }

    #[test]
    fn path_and_query_are_taken_from_any_form_of_url() {
        assert_eq!(target("https://api.example/a/b?c=d?e#f"), ("/a/b".into(), Some("c=d?e".into())));
        assert_eq!(target("https://api.example"), ("/".into(), None));
        assert_eq!(target("/a?b://c/d"), ("/d".into(), None));
    }
}
