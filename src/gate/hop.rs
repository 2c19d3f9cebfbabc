//! What ends at the gate, in either direction: headers of one connection, and those that another reader could take for
//! something that only the gate may say.
//!
//! Some servers hand headers on as variables, in which every character that is no letter and no digit is an underscore
//! (RFC 3875 §4.1.18): there `x_api_key` is `X-API-Key`. A header is therefore judged by its name with hyphens in their
//! place.

use super::GateRequest;
use crate::policy::{CredentialHeaders, ForwardedHeaders};

/// What belongs to one connection and not to the request (RFC 9110 §7.6.1), with what only its two ends can settle and
/// what the hop before the gate asked of a proxy.
const OF_THE_CONNECTION: [&str; 11] = [
    "connection",
    "expect",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What nobody can have taken out by naming it in `Connection`: without it the message would be another one.
const OF_THE_MESSAGE: [&str; 7] =
    ["content-encoding", "content-length", "content-range", "content-type", "date", "host", "range"];

/// Some origins read another method or another path from these than those that the route was chosen by.
const OVERRIDES: [&str; 17] = [
    "x-forwarded-method",
    "x-forwarded-path",
    "x-forwarded-uri",
    "x-http-destinationurl",
    "x-http-method",
    "x-http-method-override",
    "x-method",
    "x-method-override",
    "x-original-method",
    "x-original-path",
    "x-original-uri",
    "x-original-url",
    "x-override-url",
    "x-proxy-url",
    "x-request-uri",
    "x-rewrite-uri",
    "x-rewrite-url",
];

/// Where a request came from, as proxies say it, beside `X-Forwarded-*`.
const FORWARDED: [&str; 12] = [
    "forwarded",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-external-address",
    "x-forwarded",
    "x-host",
    "x-original-forwarded-for",
    "x-original-host",
    "x-originating-ip",
    "x-real-ip",
    "x-remote-addr",
    "x-remote-ip",
];

/// What ends at the gate of this request: the names of headers, in lower case, each once. `to_url` says that the request
/// goes to another host than it was sent to. A request that may become a WebSocket keeps `Upgrade`: the host makes the
/// rest of that connection's headers itself.
pub(super) fn ended(
    request: &GateRequest,
    credentials: &CredentialHeaders,
    forwarded: ForwardedHeaders,
    may_upgrade: bool,
    to_url: bool,
) -> Vec<String> {
    let upgrades = may_upgrade && asks_for_websocket(request);
    let is_nominated = nominated(request.values("connection"));
    let is_ended = |sent: &str, meant: &str| {
        OF_THE_CONNECTION.contains(&meant)
            || (is_forwarded(meant) && (forwarded != ForwardedHeaders::Append || meant != sent))
            || (to_url && meant == "host")
            || is_nominated(sent)
    };
    let mut remove = removed(request, credentials, is_ended);
    if upgrades {
        remove.retain(|name| name != "upgrade");
    }
    remove
}

/// What ends before a handler that answers the request on the connection that it came by: what belongs to that stays, and
/// so does what proxies say of where it came from, which the handler's server reads as it is set up to.
pub(super) fn ended_before_handler(request: &GateRequest, credentials: &CredentialHeaders) -> Vec<String> {
    removed(request, credentials, |sent, meant| OF_THE_CONNECTION.contains(&meant) && meant != sent)
}

/// What carries credentials, what only the gate may say, what some readers take for another request, and `more` of the
/// name as it was sent and as it may be meant.
fn removed(request: &GateRequest, credentials: &CredentialHeaders, more: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let carriers = || credentials.m2m_token.iter().chain(&credentials.api_key);
    let carrying: Vec<String> = carriers().map(|carrier| meant(carrier)).collect();
    let is_ended = |sent: &str| {
        let meant = meant(sent);
        let meant = meant.as_str();
        meant == "dpop"
            || is_reserved(meant)
            || carrying.iter().any(|carrier| carrier == meant)
            || OVERRIDES.contains(&meant)
            // What frames the message has one spelling alone.
            || (OF_THE_MESSAGE.contains(&meant) && meant != sent)
            || more(sent, meant)
    };
    let sent = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).filter(|name| is_ended(name));
    let mut remove: Vec<String> = Vec::new();
    for name in carriers().cloned().chain(sent) {
        if let Err(place) = remove.binary_search(&name) {
            remove.insert(place, name);
        }
    }
    remove
}

/// What ends at the gate of an answer, of the names of its headers. One that is the beginning of a WebSocket keeps what
/// says so.
#[must_use]
pub fn ended_of_answer<'n>(names: &'n [&'n str], connection: Option<&str>, is_upgrade: bool) -> Vec<&'n str> {
    let is_nominated = nominated(connection.into_iter());
    let is_ended = |name: &str| {
        let meant = meant(name);
        let meant = meant.as_str();
        is_reserved(meant)
            || (OF_THE_CONNECTION.contains(&meant) && !(is_upgrade && matches!(name, "connection" | "upgrade")))
            || is_nominated(name)
    };
    names.iter().copied().filter(|name| is_ended(name)).collect()
}

/// Whether this header says where a request came from.
fn is_forwarded(meant: &str) -> bool {
    meant.starts_with("x-forwarded-") || FORWARDED.contains(&meant)
}

/// Whether only the gate may set the header that is meant by this.
fn is_reserved(meant: &str) -> bool {
    meant.starts_with("edgeward-")
}

/// Whether some reader takes this header for one that only the gate may set.
pub(super) fn is_taken_for_reserved(name: &str) -> bool {
    is_reserved(&meant(name))
}

/// Whether some reader takes this header for one that names another method or another path, and most do not.
pub(super) fn is_twin_of_override(name: &str) -> bool {
    let meant = meant(name);
    OVERRIDES.contains(&meant.as_str()) && !name.eq_ignore_ascii_case(&meant)
}

/// The name that the most lenient of readers takes this one for.
fn meant(name: &str) -> String {
    let hyphened = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    name.chars().map(hyphened).collect()
}

/// Tells of the name of a header, in lower case, whether a connection's header names it beside itself. There may be as
/// many of either as a head has room for.
fn nominated<'v>(values: impl Iterator<Item = &'v str>) -> impl Fn(&str) -> bool {
    let mut names: Vec<String> = values
        .flat_map(|value| value.split(','))
        .map(|name| name.trim_matches([' ', '\t']).to_ascii_lowercase())
        .filter(|name| !name.is_empty() && name != "upgrade" && !OF_THE_MESSAGE.contains(&name.as_str()))
        .collect();
    names.sort_unstable();
    names.dedup();
    move |name| names.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
}

/// Whether this is the opening of a WebSocket (RFC 6455 §4.1), as far as it is the gate's to judge. A host that speaks
/// for the connection itself may show no `Connection`.
fn asks_for_websocket(request: &GateRequest) -> bool {
    let mut upgrades = request.values("upgrade");
    let (first, second) = (upgrades.next(), upgrades.next());
    let mut connections = request.values("connection").flat_map(|value| value.split(',')).peekable();
    let is_named = connections.peek().is_none()
        || connections.any(|name| name.trim_matches([' ', '\t']).eq_ignore_ascii_case("upgrade"));
    request.method == "GET"
        && is_named
        && second.is_none()
        && first.is_some_and(|protocol| protocol.trim_matches([' ', '\t']).eq_ignore_ascii_case("websocket"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> GateRequest {
        GateRequest {
            method: "GET".into(),
            url: "/".into(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            address: None,
            certificate: None,
        }
    }

    fn named() -> CredentialHeaders {
        CredentialHeaders { m2m_token: vec!["authorization".into()], api_key: vec!["x-api-key".into()] }
    }

    fn ended_in(headers: &[(&str, &str)], forwarded: ForwardedHeaders, may_upgrade: bool) -> Vec<String> {
        let mut ended = ended(&request(headers), &named(), forwarded, may_upgrade, false);
        ended.retain(|name| name != "authorization" && name != "x-api-key");
        ended
    }

    #[test]
    fn carriers_of_credentials_go_whether_they_were_seen_or_not() {
        let ended = ended(&request(&[]), &named(), ForwardedHeaders::Replace, false, false);
        assert_eq!(ended, ["authorization", "x-api-key"]);
    }

    #[test]
    fn a_handler_is_left_what_belongs_to_the_connection() {
        let sent = request(&[
            ("Connection", "close"),
            ("Transfer-Encoding", "chunked"),
            ("Transfer_Encoding", "chunked"),
            ("Host", "api.example"),
            ("X-Forwarded-For", "192.0.2.1"),
            ("X-Forwarded-Method", "DELETE"),
            ("X-HTTP-Method-Override", "DELETE"),
            ("Edgeward_Class", "api_key"),
            ("DPoP", "proof"),
            ("x.api.key", "key"),
            ("content_length", "1"),
        ]);
        assert_eq!(
            ended_before_handler(&sent, &named()),
            [
                "authorization",
                "content_length",
                "dpop",
                "edgeward_class",
                "transfer_encoding",
                "x-api-key",
                "x-forwarded-method",
                "x-http-method-override",
                "x.api.key"
            ]
        );
    }

    #[test]
    fn twins_of_what_ends_here_end_here() {
        for name in [
            "X_API_KEY",
            "x.api.key",
            "x_api-key",
            "AUTHORIZATION",
            "Edgeward_Class",
            "edgeward.class",
            "edgeward--class",
            "X_HTTP_Method_Override",
            "X-Original-URL",
            "x_rewrite_url",
            "DPoP",
            "transfer_encoding",
            "content_length",
            "Content.Type",
            "HTTP2-Settings",
            "proxy_authorization",
            "x_forwarded_for",
            "X-Forwarded-Anything",
            "X_Real.IP",
        ] {
            let mut ended = ended(&request(&[(name, "v")]), &named(), ForwardedHeaders::Replace, false, false);
            ended.retain(|found| *found == name.to_ascii_lowercase());
            assert_eq!(ended.len(), 1, "{name}");
        }
        let kept =
            ["accept", "cookie", "content-length", "host", "x-edgeward-class", "x-request-id", "x_custom", "edgewards"];
        let headers = kept.map(|name| (name, "v"));
        assert_eq!(ended_in(&headers, ForwardedHeaders::Replace, false), Vec::<String>::new());
    }

    #[test]
    fn what_a_client_nominates_ends_here_but_for_what_frames_its_message() {
        let connection = "close, X-Hop,\tcontent-length , Host, edgeward-subject, upgrade, , te";
        let headers = [
            ("Connection", connection),
            ("connection", "x-other"),
            ("x-hop", "1"),
            ("x-other", "1"),
            ("x-kept", "1"),
            ("content-length", "1"),
            ("host", "h"),
        ];
        assert_eq!(ended_in(&headers, ForwardedHeaders::Replace, false), ["connection", "x-hop", "x-other"]);
    }

    #[test]
    fn a_host_ends_here_where_the_origin_is_another() {
        let headers = [("host", "api.example")];
        let removed = |to_url| ended(&request(&headers), &named(), ForwardedHeaders::Replace, false, to_url);
        assert!(removed(true).contains(&"host".to_owned()) && !removed(false).contains(&"host".to_owned()));
    }

    #[test]
    fn what_a_proxy_before_said_is_passed_on_where_the_policy_trusts_it() {
        let headers =
            [("x-forwarded-for", "1"), ("Forwarded", "for=1"), ("x_forwarded_for", "2"), ("x-forwarded-uri", "/")];
        assert_eq!(ended_in(&headers, ForwardedHeaders::Append, false), ["x-forwarded-uri", "x_forwarded_for"]);
        for all in [ForwardedHeaders::Replace, ForwardedHeaders::Drop] {
            assert_eq!(
                ended_in(&headers, all, false),
                ["forwarded", "x-forwarded-for", "x-forwarded-uri", "x_forwarded_for"]
            );
        }
    }

    #[test]
    fn a_websocket_is_the_one_upgrade_and_only_where_the_policy_has_it() {
        let asking = [("Connection", "keep-alive, Upgrade"), ("Upgrade", "WebSocket")];
        assert_eq!(ended_in(&asking, ForwardedHeaders::Replace, true), ["connection"]);
        assert_eq!(ended_in(&asking, ForwardedHeaders::Replace, false), ["connection", "upgrade"]);
        assert_eq!(ended_in(&asking[1..], ForwardedHeaders::Replace, true), Vec::<String>::new());
        for headers in [
            vec![("connection", "upgrade, http2-settings"), ("upgrade", "h2c"), ("http2-settings", "AAMAAABkAAQ")],
            vec![("connection", "upgrade"), ("upgrade", "websocket, h2c")],
            vec![("connection", "upgrade"), ("upgrade", "websocket"), ("upgrade", "h2c")],
            vec![("connection", "close"), ("upgrade", "websocket")],
        ] {
            assert!(ended_in(&headers, ForwardedHeaders::Replace, true).contains(&"upgrade".to_owned()), "{headers:?}");
        }
        let mut posted = request(&asking);
        posted.method = "POST".into();
        assert!(!asks_for_websocket(&posted));
    }

    #[test]
    fn an_origin_says_nothing_in_the_gates_name_and_nothing_of_its_connection() {
        let names =
            ["content-type", "edgeward-class", "edgeward_x", "keep-alive", "transfer-encoding", "x-hop", "upgrade"];
        let ended = ["edgeward-class", "edgeward_x", "keep-alive", "transfer-encoding", "x-hop", "upgrade"];
        assert_eq!(ended_of_answer(&names, Some("close, X-Hop"), false), ended);
        let names = ["connection", "upgrade", "sec-websocket-accept", "edgeward-class"];
        assert_eq!(ended_of_answer(&names, Some("Upgrade"), true), ["edgeward-class"]);
        assert_eq!(
            ended_of_answer(&["content-length", "content-type"], Some("content-length"), false),
            Vec::<&str>::new()
        );
    }
}
