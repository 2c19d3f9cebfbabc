//! A range of addresses in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3).
//!
//! An IPv4 address that comes mapped into IPv6 (`::ffff:192.0.2.1`, as dual-stack sockets report it) is the IPv4
//! address, in ranges as in clients. So an IPv4 client is never inside an IPv6 range, not even `::/0`.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};

/// How many bits stand before the IPv4 address in a mapped one.
const MAPPED_BITS: u8 = 96;

/// A range of addresses. It never holds a mapped IPv4 network, and no bit past its length is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cidr {
    network: IpAddr,
    length: u8,
}

/// A text that is no range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CidrError {
    /// Not an address, or an address and a length in bits.
    Syntax,
    /// The length is past the address's bits.
    Length,
    /// Bits past the length are set: the address or the length is mistyped.
    HostBits,
}

impl fmt::Display for CidrError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Syntax => "not an address, or an address, a slash and a length in bits",
            Self::Length => "the length is more than the address has bits",
            Self::HostBits => "the address has bits set past the length",
        })
    }
}

impl std::error::Error for CidrError {}

impl Cidr {
    /// Whether this address is in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                v4_head(network.to_bits(), self.length) == v4_head(address.to_bits(), self.length)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                v6_head(network.to_bits(), self.length) == v6_head(address.to_bits(), self.length)
            }
            _ => false,
        }
    }
}

/// The first `length` bits. A shift by all the bits leaves none, which is what a length of 0 means.
fn v4_head(bits: u32, length: u8) -> u32 {
    bits.checked_shr(32_u32.saturating_sub(u32::from(length))).unwrap_or(0)
}

/// As [`v4_head`], of an IPv6 address.
fn v6_head(bits: u128, length: u8) -> u128 {
    bits.checked_shr(128_u32.saturating_sub(u32::from(length))).unwrap_or(0)
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| CidrError::Syntax)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => bits,
            // The parser of numbers would also take `+8` and `08`.
            Some(text) if text.starts_with(['+', '0']) && text != "0" => return Err(CidrError::Syntax),
            Some(text) => text.parse::<u8>().map_err(|_| CidrError::Syntax)?,
        };
        if length > bits {
            return Err(CidrError::Length);
        }
        let (network, length) = match (address.to_canonical(), length.checked_sub(MAPPED_BITS)) {
            (network @ IpAddr::V4(_), Some(length)) if address.is_ipv6() => (network, length),
            _ => (address, length),
        };
        let set_past_the_length = match network {
            IpAddr::V4(network) => network.to_bits().checked_shl(u32::from(length)).unwrap_or(0) != 0,
            IpAddr::V6(network) => network.to_bits().checked_shl(u32::from(length)).unwrap_or(0) != 0,
        };
        if set_past_the_length { Err(CidrError::HostBits) } else { Ok(Self { network, length }) }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.network, self.length)
    }
}

impl TryFrom<String> for Cidr {
    type Error = CidrError;

    fn try_from(text: String) -> Result<Self, CidrError> {
        text.parse()
    }
}

impl From<Cidr> for String {
    fn from(cidr: Cidr) -> Self {
        cidr.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(range: &str, address: &str) -> bool {
        range.parse::<Cidr>().expect(range).contains(address.parse().expect(address))
    }

    #[test]
    fn a_range_holds_its_first_and_last_address_and_not_their_neighbours() {
        assert!(holds("192.0.2.64/26", "192.0.2.64") && holds("192.0.2.64/26", "192.0.2.127"));
        assert!(!holds("192.0.2.64/26", "192.0.2.63") && !holds("192.0.2.64/26", "192.0.2.128"));
        assert!(holds("2001:db8:0:8000::/49", "2001:db8:0:8000::1"));
        assert!(holds("2001:db8:0:8000::/49", "2001:db8:0:ffff:ffff:ffff:ffff:ffff"));
        assert!(!holds("2001:db8:0:8000::/49", "2001:db8:0:7fff::") && !holds("2001:db8:0:8000::/49", "2001:db8:1::"));
    }

    #[test]
    fn the_shortest_and_the_longest_ranges_hold_all_and_one() {
        assert!(holds("0.0.0.0/0", "255.255.255.255") && holds("::/0", "ffff::1"));
        assert!(holds("192.0.2.1/32", "192.0.2.1") && !holds("192.0.2.1/32", "192.0.2.0"));
        assert!(holds("2001:db8::1/128", "2001:db8::1") && !holds("2001:db8::1/128", "2001:db8::"));
        assert!(holds("192.0.2.1", "192.0.2.1") && !holds("192.0.2.1", "192.0.2.2"));
        assert!(holds("2001:db8::1", "2001:db8::1") && !holds("2001:db8::1", "2001:db8::2"));
    }

    #[test]
    fn a_mapped_address_is_the_ipv4_address() {
        assert!(holds("192.0.2.0/24", "::ffff:192.0.2.9") && !holds("192.0.2.0/24", "::ffff:192.0.3.9"));
        assert!(holds("::ffff:192.0.2.0/120", "192.0.2.9") && holds("::ffff:192.0.2.0/120", "::ffff:192.0.2.9"));
        assert!(holds("::ffff:0:0/96", "203.0.113.1") && !holds("::ffff:0:0/96", "2001:db8::1"));
        assert!(!holds("::/0", "192.0.2.1") && !holds("::/0", "::ffff:192.0.2.1"));
        assert!(!holds("0.0.0.0/0", "2001:db8::1"));
        assert_eq!("::ffff:192.0.2.0/120".parse::<Cidr>().expect("mapped").to_string(), "192.0.2.0/24");
    }

    #[test]
    fn what_is_mistyped_is_refused() {
        for text in [
            "",
            "/8",
            "10/8",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "10.0.0.0/00",
            "10.0.0.0/ 8",
            " 10.0.0.0/8",
            "10.0.0.0/8/8",
            "10.0.0.0/-1",
            "10.0.0.0/256",
            "010.0.0.0/8",
            "10.0.0.0:80",
            "[::1]/128",
            "fe80::1%eth0",
            "é/8",
        ] {
            assert_eq!(text.parse::<Cidr>(), Err(CidrError::Syntax), "{text:?}");
        }
        assert_eq!("10.0.0.0/33".parse::<Cidr>(), Err(CidrError::Length));
        assert_eq!("::/129".parse::<Cidr>(), Err(CidrError::Length));
        for text in ["10.0.0.1/8", "0.0.0.1/0", "2001:db8::1/64", "::ffff:192.0.2.1/120", "::ffff:0:0/95"] {
            assert_eq!(text.parse::<Cidr>(), Err(CidrError::HostBits), "{text:?}");
        }
    }

    #[test]
    fn a_range_is_written_as_it_is_read() {
        for text in ["10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32", "::/0"] {
            let range: Cidr = serde_json::from_value(text.into()).expect(text);
            assert_eq!(serde_json::to_value(range).expect(text), text);
        }
    }
}
