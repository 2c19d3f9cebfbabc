//! The letters of ids: `0-9A-Za-z`, in this order.

/// How many letters base62 has.
pub(crate) const BASE: u8 = 62;

/// The base62 letter of this value modulo 62.
pub(crate) const fn letter(value: u8) -> u8 {
    // The sums stay below 123, so none of them wraps.
    match value % BASE {
        digit @ 0..=9 => digit.wrapping_add(b'0'),
        upper @ 10..=35 => upper.wrapping_add(b'A' - 10),
        lower => lower.wrapping_add(b'a' - 36),
    }
}
