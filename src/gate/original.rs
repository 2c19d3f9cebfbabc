//! The request that a proxy asks about, as it tells of it.
//!
//! What a client wrote must not pass for what its proxy says. So each header stands once or the question is not
//! understood, and a target is taken over as it came, or not at all: the proxy forwards it as it came.

use super::GateRequest;
use crate::{
    policy::Dialect,
    verdict::{Denial, Reason},
};

/// Where Envoy and nginx say what the client asked for, byte for byte.
pub(super) const ORIGINAL_URI: &str = "x-original-uri";
const ORIGINAL_URL: &str = "x-original-url";
const ORIGINAL_METHOD: &str = "x-original-method";
const FORWARDED_METHOD: &str = "x-forwarded-method";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
const FORWARDED_HOST: &str = "x-forwarded-host";
const FORWARDED_URI: &str = "x-forwarded-uri";

/// Puts together the request that this call asks about, without its address. `behind` is what follows `verify` in the
/// path of the call.
///
/// # Errors
/// [`Reason::ForwardAuthMisconfigured`], and [`Reason::PathAmbiguous`] where the proxy and the gate may read the target in
/// different ways.
pub(super) fn rebuild(dialect: Dialect, call: &GateRequest, behind: &str) -> Result<GateRequest, Denial> {
    let (method, url) = match dialect {
        Dialect::Nginx => {
            let url = match (find(call, ORIGINAL_URL)?, find(call, ORIGINAL_URI)?) {
                (Some(url), None) => split_url(url)?.url(),
                (None, Some(uri)) => target(uri)?.to_owned(),
                (None, None) => return Err(misconfigured("neither x-original-url nor x-original-uri")),
                (Some(_), Some(_)) => return Err(misconfigured("both x-original-url and x-original-uri")),
            };
            (one(call, ORIGINAL_METHOD)?, url)
        }
        Dialect::Traefik | Dialect::Caddy => {
            let (scheme, host) = (scheme(one(call, FORWARDED_PROTO)?)?, host(one(call, FORWARDED_HOST)?)?);
            let url = Url { scheme, host, target: target(one(call, FORWARDED_URI)?)? }.url();
            (one(call, FORWARDED_METHOD)?, url)
        }
        Dialect::Envoy => {
            let target = target(one(call, ORIGINAL_URI)?)?;
            // Hosts resolve dot segments and rewrite escapes in a URL before anybody sees it, and Envoy forwards it as
            // it came: the two must be the same.
            if target.split('?').next() != Some(behind) {
                return Err(ambiguous("the path of the call is not that of x-original-uri"));
            }
            let url = match find(call, FORWARDED_PROTO)? {
                Some(proto) => Url { scheme: scheme(proto)?, host: host(one(call, "host")?)?, target }.url(),
                // Whether it came over TLS is not told.
                None => target.to_owned(),
            };
            (call.method.as_str(), url)
        }
    };
    if method.is_empty() || !method.bytes().all(is_tchar) {
        return Err(misconfigured("a method that is none"));
    }
    let of_the_proxy = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with("x-original-") || name.starts_with("x-forwarded-")
    };
    // That of the call is the gate's own, but in Envoy's dialect, where the call is a copy of the request.
    let of_the_call = |name: &str| dialect != Dialect::Envoy && name.eq_ignore_ascii_case("host");
    let headers = call.headers.iter().filter(|(name, _)| !of_the_proxy(name) && !of_the_call(name)).cloned().collect();
    Ok(GateRequest {
        method: method.to_owned(),
        url,
        headers,
        address: None,
        // That of the call is the proxy's own.
        certificate: None,
    })
}

/// A URL in its parts.
struct Url<'r> {
    scheme: &'static str,
    host: &'r str,
    target: &'r str,
}

impl Url<'_> {
    fn url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.host, self.target)
    }
}

fn split_url(url: &str) -> Result<Url<'_>, Denial> {
    let (proto, rest) = url.split_once("://").ok_or_else(|| misconfigured("x-original-url is no URL"))?;
    let end = rest.find('/').ok_or_else(|| misconfigured("x-original-url is no URL"))?;
    let (authority, path) = rest.split_at_checked(end).ok_or_else(|| misconfigured("x-original-url is no URL"))?;
    Ok(Url { scheme: scheme(proto)?, host: host(authority)?, target: target(path)? })
}

/// The one value of a header, or none where it is not there.
fn find<'r>(call: &'r GateRequest, name: &'static str) -> Result<Option<&'r str>, Denial> {
    let mut values = call.values(name);
    match (values.next(), values.next()) {
        (value, None) => Ok(value.filter(|value| !value.is_empty())),
        _ => Err(misconfigured(&format!("{name} stands more than once"))),
    }
}

fn one<'r>(call: &'r GateRequest, name: &'static str) -> Result<&'r str, Denial> {
    find(call, name)?.ok_or_else(|| misconfigured(&format!("no {name}")))
}

/// A target as it stands in a request line. A header that stood more than once has a comma and a space in it; what else
/// is in there is judged with the path.
fn target(uri: &str) -> Result<&str, Denial> {
    if !uri.bytes().all(|byte| matches!(byte, b'!'..=b'~')) {
        return Err(ambiguous("a target with a byte that needs an escape"));
    }
    // RFC 9112 §3.2: a target has no fragment. One reader ends the path here, and another goes on.
    if uri.contains('#') {
        return Err(ambiguous("a fragment"));
    }
    if uri.starts_with('/') { Ok(uri) } else { Err(ambiguous("no leading slash")) }
}

/// `ws` and `wss` are what Traefik says of an upgrade to WebSocket (RFC 6455 §3).
fn scheme(proto: &str) -> Result<&'static str, Denial> {
    match proto {
        "https" | "wss" => Ok("https"),
        "http" | "ws" => Ok("http"),
        _ => Err(misconfigured("a scheme that is neither http nor https")),
    }
}

/// The client writes it: nothing in it may end it (RFC 9110 §7.2).
fn host(host: &str) -> Result<&str, Denial> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    if !host.is_empty() && host.bytes().all(allowed) { Ok(host) } else { Err(misconfigured("a host that is none")) }
}

/// RFC 9110 §5.6.2.
fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn misconfigured(note: &str) -> Denial {
    Denial::new(Reason::ForwardAuthMisconfigured).noting(note)
}

fn ambiguous(note: &str) -> Denial {
    Denial::new(Reason::PathAmbiguous).noting(note)
}
