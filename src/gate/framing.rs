//! Requests whose framing can be read in more ways than one: by method, host, headers, and where the body ends. A
//! request of which two readers could make two is refused, whoever sent it (RFC 9112 §3.2, §6.3 and §11.2).

use super::GateRequest;
use crate::{
    policy::{CredentialHeaders, Faults},
    verdict::{Denial, Reason},
};

/// The headers that the gate itself reads or writes, beside those that the policy names.
const READ: [&str; 5] = ["authorization", "dpop", "host", "content-length", "transfer-encoding"];

/// The longest method.
const LONGEST_METHOD: usize = 32;

/// How a request must be framed.
#[derive(Debug, Default)]
pub(crate) struct Framing {
    /// The hosts that are served; whichever, where there are none.
    hosts: Vec<String>,
    /// The names of the headers that decisions are made by, in small letters.
    watched: Vec<String>,
    /// Whether one of those has other characters than letters, digits and dashes, so that a plain name can be its twin.
    has_odd: bool,
}

impl Framing {
    /// The framing that a policy asks for.
    pub(super) fn of(hosts: Option<Vec<String>>, faults: &mut Faults) -> Self {
        if hosts.as_ref().is_some_and(Vec::is_empty) {
            faults.hint("/hosts", "names no host: nothing would be served", "name the hosts, or leave it out");
        }
        let hosts = hosts.unwrap_or_default();
        for (index, host) in hosts.iter().enumerate() {
            let is_default = |scheme: &str| normalize(host, scheme).is_ok_and(|normal| normal.len() < host.len());
            let well_formed = normalize(host, "").is_ok_and(|normal| normal == *host);
            if !well_formed || is_default("https") || is_default("http") {
                faults.hint(
                    format!("/hosts/{index}"),
                    "no host in small letters, with a port only where it is not the usual one",
                    "write it as in `api.example` or `localhost:8787`",
                );
            }
        }
        Self { hosts, watched: READ.map(str::to_owned).into(), has_odd: false }
    }

    /// The hosts that are served; whichever, where there are none.
    pub(super) fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// With these headers among those that decisions are made by.
    pub(super) fn watching(mut self, credentials: &CredentialHeaders, more: impl Iterator<Item = String>) -> Self {
        let named = credentials.m2m_token.iter().chain(&credentials.api_key).cloned();
        for name in named.chain(more) {
            if !self.watched.contains(&name) {
                self.watched.push(name);
            }
        }
        self.has_odd = !self.watched.iter().all(|watched| watched.bytes().all(is_plain));
        self
    }

    /// Whether the request is framed in one way only, and for a host that is served.
    ///
    /// # Errors
    /// [`Reason::RequestAmbiguous`] and [`Reason::HostNotServed`].
    pub(super) fn judge(&self, request: &GateRequest) -> Result<(), Denial> {
        let ambiguous = |what: &'static str| Denial::new(Reason::RequestAmbiguous).noting(what);
        check_method(&request.method).map_err(ambiguous)?;
        let host = effective_host(request).map_err(ambiguous)?;
        self.check_headers(request).map_err(ambiguous)?;
        check_body(request).map_err(ambiguous)?;
        // A path alone does not tell the scheme: what is the usual port of either says nothing.
        let is_path = request.authority().is_none();
        let usual = |host: &str| {
            let port = [":443", ":80"].into_iter().filter(|_| is_path).find_map(|port| host.strip_suffix(port));
            port.is_some_and(|host| self.hosts.iter().any(|served| served == host))
        };
        let served = self.hosts.is_empty() || host.is_some_and(|host| self.hosts.contains(&host) || usual(&host));
        if served { Ok(()) } else { Err(Reason::HostNotServed.into()) }
    }

    fn check_headers(&self, request: &GateRequest) -> Result<(), &'static str> {
        for (name, value) in &request.headers {
            if name.starts_with(':') {
                check_pseudo_header(request, name, value)?;
                continue;
            }
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err("a header whose name is none");
            }
            if value.bytes().any(|byte| matches!(byte, 0 | b'\r' | b'\n')) {
                return Err("a header of more than one line");
            }
            if self.is_twin(name) {
                return Err("a header that some origins read as another one");
            }
            if name.eq_ignore_ascii_case("connection") && value.split(',').any(|option| self.is_watched(option.trim()))
            {
                return Err("a header that is meant for the next reader alone");
            }
        }
        Ok(())
    }

    fn is_watched(&self, name: &str) -> bool {
        self.watched.iter().any(|watched| watched.eq_ignore_ascii_case(name))
    }

    /// Whether a reader that makes variables of headers (RFC 3875 §4.1.18) could take it for one that decisions are
    /// made by: `x_api_key` and `x.api.key` for `x-api-key`.
    fn is_twin(&self, name: &str) -> bool {
        let alike = |one: &str, other: &str| {
            let same = |(one, other): (u8, u8)| {
                one.eq_ignore_ascii_case(&other) || !(one.is_ascii_alphanumeric() || other.is_ascii_alphanumeric())
            };
            one.len() == other.len() && one.bytes().zip(other.bytes()).all(same)
        };
        // Where the policy itself names a header with an underscore, the one with a dash is its twin.
        let could_be = self.has_odd || !name.bytes().all(is_plain);
        could_be && !self.is_watched(name) && self.watched.iter().any(|watched| alike(watched, name))
    }
}

/// Node's HTTP/2 lists what RFC 9113 §8.3.1 has in the place of a request line among the headers: it must say what the
/// request is. The authority is looked at as the host is.
fn check_pseudo_header(request: &GateRequest, name: &str, value: &str) -> Result<(), &'static str> {
    let agrees = match name {
        ":method" => value == request.method,
        ":path" => match request.target() {
            (path, None) => value == path,
            (path, Some(query)) => value.split_once('?') == Some((path, query)),
        },
        ":scheme" => request.authority().is_none_or(|(scheme, _)| scheme == value),
        ":authority" => true,
        _ => return Err("a header whose name is none"),
    };
    if agrees { Ok(()) } else { Err("a header of HTTP/2 that says another request") }
}

/// Methods that are refused whatever the policy says: they are for what lies on the way, or send back what was sent.
pub(super) fn is_refused_method(method: &str) -> bool {
    ["CONNECT", "TRACE", "TRACK"].iter().any(|refused| refused.eq_ignore_ascii_case(method))
}

fn check_method(method: &str) -> Result<(), &'static str> {
    if is_refused_method(method) {
        return Err("a method for what lies on the way");
    }
    let well_formed =
        method.len() <= LONGEST_METHOD && method.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    if well_formed { Ok(()) } else { Err("a method of other characters than letters") }
}

/// The host that a request is for, in small letters and without the usual port of its scheme. None where the request
/// names none.
fn effective_host(request: &GateRequest) -> Result<Option<String>, &'static str> {
    let (scheme, authority) = match request.authority() {
        Some((scheme, authority)) => {
            let scheme = scheme.to_ascii_lowercase();
            if scheme != "https" && scheme != "http" {
                return Err("a URL of another scheme");
            }
            let authority = normalize(authority, &scheme)?;
            (scheme, Some(authority))
        }
        None => (String::new(), None),
    };
    let mut hosts = request.values("host");
    let header = hosts.next().map(|host| normalize(host, &scheme)).transpose()?;
    if hosts.next().is_some() {
        return Err("more than one host");
    }
    let mut authorities = request.values(":authority");
    let of_http2 = authorities.next().map(|host| normalize(host, &scheme)).transpose()?;
    if authorities.next().is_some() || (header.is_some() && of_http2.is_some() && header != of_http2) {
        return Err("more than one host");
    }
    let header = header.or(of_http2);
    match (authority, header) {
        (Some(authority), Some(header)) if authority != header => Err("a host that the URL does not have"),
        (authority, header) => Ok(authority.or(header)),
    }
}

/// A host and its port in one spelling. User information, escapes, spaces and what belongs into no host are refused.
fn normalize(authority: &str, scheme: &str) -> Result<String, &'static str> {
    if authority.contains('@') {
        return Err("user information before the host");
    }
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an IPv6 address stand before its bracket.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let well_formed = match literal {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
                && !host.is_empty()
                && !host.starts_with('.')
                && !host.contains("..")
        }
    };
    if !well_formed {
        return Err("a host that is none");
    }
    let host = host.to_ascii_lowercase();
    let Some(port) = port else { return Ok(host) };
    let is_port =
        !port.starts_with('0') && port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    match (scheme, port) {
        _ if !is_port => Err("a port that is none"),
        ("https", "443") | ("http", "80") => Ok(host),
        _ => Ok(format!("{host}:{port}")),
    }
}

/// Where the body ends is said once, in one way (RFC 9112 §6.3).
fn check_body(request: &GateRequest) -> Result<(), &'static str> {
    let mut codings = request.values("transfer-encoding");
    let coding = codings.next();
    if codings.next().is_some() || coding.is_some_and(|coding| !coding.eq_ignore_ascii_case("chunked")) {
        return Err("a transfer coding other than `chunked`");
    }
    let mut lengths = request.values("content-length");
    let length = lengths.next();
    // A length of more digits than these is none of a request.
    let is_length = |length: &str| (1..=15).contains(&length.len()) && length.bytes().all(|byte| byte.is_ascii_digit());
    if lengths.next().is_some() || length.is_some_and(|length| !is_length(length)) {
        return Err("no one length of the body");
    }
    if coding.is_some() && length.is_some() { Err("a length beside a transfer coding") } else { Ok(()) }
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// RFC 9110 §5.6.2
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_spelling() {
        for (written, scheme, expected) in [
            ("API.Example", "https", "api.example"),
            ("api.example:443", "https", "api.example"),
            ("api.example:443", "http", "api.example:443"),
            ("api.example:80", "http", "api.example"),
            ("[2001:DB8::1]:8443", "https", "[2001:db8::1]:8443"),
            ("[::1]", "", "[::1]"),
            ("localhost:8787", "http", "localhost:8787"),
        ] {
            assert_eq!(normalize(written, scheme).as_deref(), Ok(expected), "{written}");
        }
        for written in [
            "", "a b", "a,b", "a@b", "a:", "a:0", "a:080", "a:70000", "a:x", "a:1:2", "::1", "[::1", "[x]", "a/b",
            "a%2e", ".a", "a..b", "\u{e9}", "a\t", "a:80 ",
        ] {
            assert!(normalize(written, "http").is_err(), "{written:?}");
        }
    }

    #[test]
    fn a_twin_is_told_in_either_direction() {
        let watching = |name: &str| {
            let named = CredentialHeaders { m2m_token: vec![name.into()], api_key: vec![name.into()] };
            Framing::of(None, &mut Faults::default()).watching(&named, std::iter::empty())
        };
        let (dashed, underscored) = (watching("x-api-key"), watching("x_api_key"));
        assert!(dashed.is_twin("X_Api_Key") && dashed.is_twin("x-api.key") && dashed.is_twin("content_length"));
        assert!(!dashed.is_twin("X-API-KEY") && !dashed.is_twin("x_api_keys") && !dashed.is_twin("x_trace"));
        assert!(underscored.is_twin("x-api-key") && !underscored.is_twin("X_API_KEY"));
    }

    #[test]
    fn hosts_of_a_policy_are_spelled_as_requests_are() {
        let faults = |hosts: &[&str]| {
            let mut faults = Faults::default();
            Framing::of(Some(hosts.iter().map(|host| (*host).to_owned()).collect()), &mut faults);
            faults.or(()).map_or_else(|error| error.0.len(), |()| 0)
        };
        assert_eq!(faults(&["api.example", "localhost:8787", "[::1]:8080"]), 0);
        assert_eq!(faults(&[]), 1);
        assert_eq!(faults(&["API.example", "api.example:443", "https://api.example", "*.example", ""]), 5);
    }
}
