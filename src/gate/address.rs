//! The address of the client.

use std::{borrow::Cow, net::IpAddr};

use super::{GateRequest, decider::Decider};
use crate::policy::TrustedProxiesPolicy;

impl Decider {
    /// The address that a key is held against and an audit event names: that of the connection, or, where it comes from a
    /// proxy that the policy trusts, what that proxy says. A client can write into the header too, at its left end, which
    /// is never looked at: from the right, the first address that is no proxy's is the client's.
    ///
    /// None where nobody vouches for one, and where what stands there is no address.
    pub(super) fn address<'r>(&self, request: &'r GateRequest) -> Option<Cow<'r, str>> {
        let peer = request.address.as_deref()?;
        let Some(proxies) = &self.trusted_proxies else { return Some(Cow::Borrowed(peer)) };
        behind(request, proxies)
    }
}

/// What these proxies say of the client's address, or the address of the connection where that is none of theirs.
pub(super) fn behind<'r>(request: &'r GateRequest, proxies: &TrustedProxiesPolicy) -> Option<Cow<'r, str>> {
    let peer = request.address.as_deref()?;
    let is_proxy = |address: IpAddr| proxies.addresses.iter().any(|range| range.contains(address));
    if !peer.parse().is_ok_and(is_proxy) {
        return Some(Cow::Borrowed(peer));
    }
    let name = proxies.header.to_ascii_lowercase();
    let values: Vec<&str> = request.values(&name).collect();
    for one in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        let address: IpAddr = one.trim_matches([' ', '\t']).parse().ok()?;
        if !is_proxy(address) {
            return Some(Cow::Owned(address.to_string()));
        }
    }
    // The proxy itself asks.
    Some(Cow::Borrowed(peer))
}
