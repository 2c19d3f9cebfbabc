//! The proxies whose word on a client's address is taken, judged.

use serde::Deserialize;

use super::error::Faults;
use crate::api_key::Cidr;

/// The proxies in front of the gate. Without them the address is that of the connection, as the host vouches for it.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustedProxiesPolicy {
    /// The header that they write the client's address into, or add it to at the right end: `x-forwarded-for` and such.
    pub header: String,
    /// Their own addresses. The header is believed where the connection comes from one of them, and in no other case.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub addresses: Vec<Cidr>,
}

/// Judges the proxies, the faults put down.
pub(crate) fn judge_proxies(proxies: Option<&TrustedProxiesPolicy>, faults: &mut Faults) {
    let Some(proxies) = proxies else { return };
    let is_name =
        !proxies.header.is_empty() && proxies.header.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_name {
        faults.hint(
            "/trustedProxies/header",
            "no name of a header",
            "letters, digits and `-`, as in `x-forwarded-for`",
        );
    }
    if proxies.header.eq_ignore_ascii_case("forwarded") {
        faults.hint(
            "/trustedProxies/header",
            "a list of addresses alone, as `x-forwarded-for` is: `Forwarded` has another form",
            "have the proxies write `x-forwarded-for`, or a header of their own",
        );
    }
    if proxies.addresses.is_empty() {
        faults.hint(
            "/trustedProxies/addresses",
            "name the addresses of the proxies",
            "write them as in `[\"192.0.2.0/24\"]`, or leave `trustedProxies` out: nobody else's word is taken",
        );
    }
}
