//! Taking the credential out of a request, and telling its class by its form.

use super::{GateRequest, reading::unescape};
use crate::{
    api_key::describe,
    policy::CredentialHeaders,
    verdict::{CredentialClass, Denial, Reason},
};

/// A credential, named by its class and not yet looked into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Presented<'r> {
    pub(super) class: CredentialClass,
    pub(super) text: &'r str,
    /// The header that it came in, in lower case, as the policy names it.
    pub(super) header: &'r str,
    /// The proof of the sender, where the credential came under the scheme `DPoP`.
    pub(super) proof: Option<&'r str>,
}

/// Query parameters that carry credentials elsewhere (RFC 6750 §2.3 and custom).
const QUERY_NAMES: [&str; 4] = ["access_token", "api_key", "apikey", "api-key"];

/// Finds the one credential of a request.
///
/// `is_key` tells whether a text is meant to be an API key, and `is_opaque` whether there is a server to ask about it as
/// an opaque token. Everything else with a dot in it is taken for a token: it is refused for what is wrong with it as one.
///
/// # Errors
/// [`Reason::CredentialInQuery`], [`Reason::CredentialMissing`], [`Reason::CredentialAmbiguous`],
/// [`Reason::CredentialMalformed`], [`Reason::CredentialUnrecognized`].
pub(super) fn find<'r>(
    request: &'r GateRequest,
    headers: &'r CredentialHeaders,
    is_key: impl Fn(&str) -> bool,
    is_opaque: impl Fn(&str) -> bool,
) -> Result<Presented<'r>, Denial> {
    refuse_query(request.target().1)?;

    let both = || headers.m2m_token.iter().chain(&headers.api_key).map(String::as_str);
    let mut found = None;
    // Each name once, though both classes have it.
    for (place, name) in both().enumerate() {
        if both().take(place).any(|before| before == name) {
            continue;
        }
        for value in request.values(name) {
            let Some(taken) = take(name, value)? else { continue };
            if found.replace((name, taken)).is_some() {
                return Err(Reason::CredentialAmbiguous.into());
            }
        }
    }
    let (name, (scheme, text)) = found.ok_or(Reason::CredentialMissing)?;
    let class = if is_key(text) {
        CredentialClass::ApiKey
    } else if text.contains('.') || is_opaque(text) {
        CredentialClass::M2mToken
    } else {
        return Err(Reason::CredentialUnrecognized.into());
    };
    let accepted = match class {
        CredentialClass::M2mToken => &headers.m2m_token,
        CredentialClass::ApiKey => &headers.api_key,
    };
    if !accepted.iter().any(|accepted| accepted == name) {
        return Err(Denial::new(Reason::CredentialUnrecognized).noting("a header for the other class").of(class));
    }
    let proof = match (scheme, class) {
        (Scheme::Bearer, _) => None,
        (Scheme::Dpop, CredentialClass::M2mToken) => Some(find_proof(request)?),
        // A key is bound to nobody, and its sender must not think that it were.
        (Scheme::Dpop, CredentialClass::ApiKey) => {
            return Err(Denial::new(Reason::CredentialUnrecognized).noting("a key under the scheme DPoP").of(class));
        }
    };
    Ok(Presented { class, text, header: name, proof })
}

/// How a credential is presented. A header of the credential's own stands for `Bearer`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// RFC 6750 §2.1.
    Bearer,
    /// RFC 9449 §7.1.
    Dpop,
}

/// The one proof of a request (RFC 9449 §4.3, check 1).
fn find_proof(request: &GateRequest) -> Result<&str, Denial> {
    let of = |reason: Reason| Denial::new(reason).of(CredentialClass::M2mToken);
    let mut proofs = request.values("dpop");
    match (proofs.next(), proofs.next()) {
        (None, _) => Err(of(Reason::SenderProofMissing)),
        // A comma joins the values of a header that stood more than once.
        (Some(proof), None) if !proof.contains(',') => Ok(proof),
        _ => Err(of(Reason::SenderProofMalformed).noting("more than one proof")),
    }
}

/// The credential in the value of a header, or none where the header is for something else.
fn take<'r>(name: &str, value: &'r str) -> Result<Option<(Scheme, &'r str)>, Denial> {
    // A comma joins the values of a header that stood more than once; no credential has one.
    if value.contains(',') {
        return Err(Reason::CredentialAmbiguous.into());
    }
    let (scheme, text) = if name == "authorization" {
        let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "bearer" => Scheme::Bearer,
            "dpop" => Scheme::Dpop,
            _ => return Ok(None),
        };
        (scheme, rest.trim_start_matches(' '))
    } else {
        (Scheme::Bearer, value)
    };
    if text.is_empty() || !text.bytes().all(|byte| matches!(byte, b'!'..=b'~')) {
        return Err(Reason::CredentialMalformed.into());
    }
    Ok(Some((scheme, text)))
}

/// A key is known by its whole form, of whatever prefix: the prefix alone may begin many a word.
fn refuse_query(query: Option<&str>) -> Result<(), Denial> {
    let is_name = |name: &str| QUERY_NAMES.iter().any(|known| name.eq_ignore_ascii_case(known));
    let is_named = pairs(query).any(|(name, _)| is_name(name) || unescape(name).is_some_and(|name| is_name(&name)));
    if is_named || keys_in(query).next().is_some() {
        return Err(Reason::CredentialInQuery.into());
    }
    Ok(())
}

/// What stands in a query and has the whole form of a key.
pub(super) fn keys_in(query: Option<&str>) -> impl Iterator<Item = &str> {
    pairs(query).flat_map(|(name, value)| [name, value]).filter(|text| describe(text).is_some())
}

fn pairs(query: Option<&str>) -> impl Iterator<Item = (&str, &str)> {
    query.unwrap_or_default().split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find_in(url: &str, headers: &[(&str, &str)]) -> Result<(CredentialClass, String), Reason> {
        let named = CredentialHeaders {
            m2m_token: vec!["authorization".into()],
            api_key: vec!["authorization".into(), "x-api-key".into()],
        };
        let request = GateRequest {
            method: "GET".into(),
            url: url.into(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            address: None,
            certificate: None,
        };
        find(&request, &named, |text| text.starts_with("acme_"), |text| text.starts_with("at_"))
            .map(|presented| (presented.class, presented.text.to_owned()))
            .map_err(|denial| denial.reason)
    }

    fn find_bearer(value: &str) -> Result<(CredentialClass, String), Reason> {
        find_in("/", &[("Authorization", value)])
    }

    #[test]
    fn classes_are_told_apart_by_form() {
        assert_eq!(find_bearer("Bearer a.b.c"), Ok((CredentialClass::M2mToken, "a.b.c".into())));
        assert_eq!(find_bearer("bearer  acme_live_x"), Ok((CredentialClass::ApiKey, "acme_live_x".into())));
        assert_eq!(find_bearer("Bearer opaque"), Err(Reason::CredentialUnrecognized));
        assert_eq!(find_bearer("Bearer at_opaque"), Ok((CredentialClass::M2mToken, "at_opaque".into())));
        assert_eq!(find_in("/", &[("x-API-key", "acme_live_x")]), Ok((CredentialClass::ApiKey, "acme_live_x".into())));
        assert_eq!(find_in("/", &[("x-api-key", "a.b.c")]), Err(Reason::CredentialUnrecognized));
    }

    #[test]
    fn one_credential_and_no_more() {
        assert_eq!(find_in("/", &[]), Err(Reason::CredentialMissing));
        assert_eq!(find_bearer("Basic dXNlcjpwYXNz"), Err(Reason::CredentialMissing));
        assert_eq!(find_bearer("Bearer a.b.c, Bearer d.e.f"), Err(Reason::CredentialAmbiguous));
        let two = [("authorization", "Bearer a.b.c"), ("authorization", "Bearer a.b.c")];
        assert_eq!(find_in("/", &two), Err(Reason::CredentialAmbiguous));
        let both = [("authorization", "Bearer a.b.c"), ("x-api-key", "acme_live_x")];
        assert_eq!(find_in("/", &both), Err(Reason::CredentialAmbiguous));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for value in ["Bearer", "Bearer ", "Bearer a b", "Bearer a.b.c ", "Bearer a.b\u{e9}.c", "Bearer a.b\t.c"] {
            assert_eq!(find_bearer(value), Err(Reason::CredentialMalformed), "{value:?}");
        }
    }

    #[test]
    fn a_credential_in_the_query_is_refused_even_beside_a_good_one() {
        let good = [("authorization", "Bearer a.b.c")];
        let key = "acme_live_4fJ9aZ0kQ2mX7bTe_Vw3sN8dL1yPqC5uGh6RjKtBxEoMzI0A7000000";
        for query in [
            "access_token=a.b.c",
            "x=1&API_KEY=x",
            "access%5Ftoken=a.b.c",
            &format!("k={key}"),
            key,
            &key.replace("acme", "other"),
        ] {
            assert_eq!(find_in(&format!("/?{query}"), &good), Err(Reason::CredentialInQuery), "{query}");
        }
    }

    #[test]
    fn a_word_that_begins_like_a_key_is_a_word() {
        let good = [("authorization", "Bearer a.b.c")];
        for query in ["page=2", "customer=acme_inc", "acme_", "q=acme_live_reports"] {
            assert!(find_in(&format!("/?{query}"), &good).is_ok(), "{query}");
        }
    }
}
