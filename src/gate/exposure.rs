//! Credentials that others could read on their way here: over plain HTTP, or in a query (contract §5.4).

use super::{Gate, GateRequest, credential};
use crate::{
    api_key::note_exposed_key,
    endpoint::is_loopback,
    host::Host,
    verdict::{CredentialClass, Denial, Reason},
};

/// How many keys of one query are looked up. More than one is nobody's mistake.
const MOST_KEYS: usize = 2;

impl Gate {
    /// The denial of a credential that others could read. Where it is a key whose secret is proven, the denial is about it
    /// and its owner finds a note of it. Any other denial stays as it is.
    pub(super) async fn note_exposed<H: Host>(&self, host: &H, request: &GateRequest, denial: Denial) -> Denial {
        let mut denial = denial;
        match (denial.reason, denial.class) {
            (Reason::CredentialExposed, Some(CredentialClass::ApiKey)) => {
                if let Ok(presented) = self.decider.find_credential(request) {
                    denial = self.note(host, denial, presented.text, "plain_http").await;
                }
            }
            (Reason::CredentialInQuery, _) => {
                for text in credential::keys_in(request.target().1).take(MOST_KEYS) {
                    denial = self.note(host, denial, text, "query").await;
                }
            }
            _ => {}
        }
        denial
    }

    /// The denial, about the key where it is one of ours.
    async fn note<H: Host>(&self, host: &H, denial: Denial, text: &str, place: &'static str) -> Denial {
        let Some(keys) = &self.decider.keys else { return denial };
        match note_exposed_key(host, keys.life(), text, place).await {
            Some(principal) => denial.of(CredentialClass::ApiKey).about(principal),
            None => denial,
        }
    }
}

pub(super) fn is_plain_http(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    // Scheme and host are of either case (RFC 3986 §6.2.2.1).
    scheme.eq_ignore_ascii_case("http") && !is_loopback(&format!("http://{}", rest.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_told_by_the_scheme_and_not_by_the_path() {
        for url in
            ["http://api.example/", "HTTP://api.example", "http://127.0.0.1.example/", "http://localhost@api.example/"]
        {
            assert!(is_plain_http(url), "{url}");
        }
        for url in [
            "https://api.example/",
            "http://localhost:8787/v1",
            "http://LOCALHOST/",
            "http://127.0.0.1/",
            "http://[::1]:3000/",
            "/v1/reports",
            "/v1?next=http://api.example/",
            "https://api.example/http://",
            "",
        ] {
            assert!(!is_plain_http(url), "{url}");
        }
    }
}
