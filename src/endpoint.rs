//! URLs of other servers: which ones a secret may be sent to, or trust be taken from.

/// What to do about a URL that is refused.
pub(crate) const HINT_OF_URL: &str = "write it as in `https://issuer.example/path`";

/// What is wrong with the URL of a server that is trusted with something, if anything: `https` alone, but for this
/// machine itself, and nothing in it that two readers could read in two ways.
pub(crate) fn fault_of_url(url: &str) -> Option<&'static str> {
    let is_plain = url.bytes().all(|byte| matches!(byte, b'!'..=b'~') && !matches!(byte, b'\\' | b'#' | b'@'));
    if !is_plain {
        return Some("a URL without user information, without a fragment and without a backslash");
    }
    if let Some(rest) = url.strip_prefix("https://") {
        return authority(rest).is_empty().then_some("a URL with a host");
    }
    if !url.starts_with("http://") {
        return Some("a URL that begins with `https://`");
    }
    (!is_loopback(url)).then_some("`https`: `http` is for this machine itself")
}

/// Whether a URL is one of this machine itself, without TLS.
pub(crate) fn is_loopback(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = authority(rest);
    let host = authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).map_or(authority, |(host, _)| host);
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

fn authority(rest: &str) -> &str {
    rest.split(['/', '?']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_goes_over_tls_or_to_this_machine() {
        for url in [
            "https://issuer.example/introspect",
            "https://issuer.example:8443/a?b=c",
            "http://localhost:4000/token/introspection",
            "http://127.0.0.1/x",
            "http://[::1]:4000/x",
            "http://[::1]/x",
        ] {
            assert_eq!(fault_of_url(url), None, "{url}");
            assert_eq!(is_loopback(url), url.starts_with("http:"), "{url}");
        }
        for url in [
            "",
            "issuer.example",
            "ftp://issuer.example",
            "HTTPS://issuer.example",
            "https://",
            "https:///x",
            "http://issuer.example/x",
            "http://localhost.evil.example/x",
            "http://127.0.0.1.evil.example/x",
            "http://localhost@evil.example/x",
            "https://user:secret@issuer.example/x",
            "https://issuer.example/#x",
            "https://issuer.example\\x",
            "https://issuer.example/ x",
            "https://issu\u{e9}r.example/",
            "http://0.0.0.0/x",
        ] {
            assert!(fault_of_url(url).is_some(), "{url}");
        }
    }
}
