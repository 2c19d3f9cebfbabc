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
    /// The credential of a request, unless others could read it. Such a one is refused before anything else is asked of
    /// it, and where it is a key whose secret is proven, its owner finds a note of it.
    pub(super) async fn take_credential<'r, H: Host>(
        &'r self,
        host: &H,
        request: &'r GateRequest,
    ) -> Result<credential::Presented<'r>, Denial> {
        match self.find_credential(request) {
            Ok(presented) if self.is_readable_on_its_way(request) => {
                let denial = Denial::new(Reason::CredentialExposed).of(presented.class);
                Err(match presented.class {
                    CredentialClass::ApiKey => self.note(host, denial, presented.text, "plain_http").await,
                    CredentialClass::M2mToken => denial,
                })
            }
            Err(denial) if denial.reason == Reason::CredentialInQuery => {
                let mut denial = denial;
                for text in credential::keys_in(request.target().1).take(MOST_KEYS) {
                    denial = self.note(host, denial, text, "query").await;
                }
                Err(denial)
            }
            found => found,
        }
    }

    /// Why a request that no route takes is refused all the same for how its credential came.
    pub(super) async fn exposed<H: Host>(&self, host: &H, request: &GateRequest) -> Option<Denial> {
        if !self.is_readable_on_its_way(request) {
            return None;
        }
        let denial = self.take_credential(host, request).await.err()?;
        (denial.reason == Reason::CredentialExposed).then_some(denial)
    }

    /// Whether others could read the request. A URL that is a path alone does not tell; neither does one where the TLS
    /// ended before, which the policy says.
    pub(super) fn is_readable_on_its_way(&self, request: &GateRequest) -> bool {
        !self.tls_ends_ahead && is_plain_http(&request.url)
    }

    /// The denial, about the key where it is one of ours.
    async fn note<H: Host>(&self, host: &H, denial: Denial, text: &str, place: &'static str) -> Denial {
        let Some(keys) = &self.keys else { return denial };
        match note_exposed_key(host, keys.life(), text, place).await {
            Some(principal) => denial.of(CredentialClass::ApiKey).about(principal),
            None => denial,
        }
    }
}

fn is_plain_http(url: &str) -> bool {
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
