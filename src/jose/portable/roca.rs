//! RSA moduli that a look at their remainders gives away.

/// The odd primes up to 167.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// The number that the flawed generator takes powers of.
const GENERATOR: u32 = 65_537;

/// Whether one of the first odd primes divides the modulus (big-endian): no product of two large primes.
pub(super) fn has_small_factor(modulus: &[u8]) -> bool {
    PRIMES.iter().any(|prime| remainder(modulus, *prime) == 0)
}

/// Whether a modulus (big-endian) bears the fingerprint of ROCA, CVE-2017-15361 (Nemec, Sys, Svenda, Klinec, Matyas:
/// "The Return of Coppersmith's Attack", ACM CCS 2017, §2.2).
///
/// The flawed library made its primes as p = k·M + (65537^a mod M), M being the product of the first primes: all up to
/// 167 for the smallest keys, more for longer ones. Modulo each of those primes, p and q and thus their product are
/// powers of 65537, and for a modulus made otherwise all of that is true once in about 10^8.
pub(super) fn has_roca_fingerprint(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| is_power_of_generator(remainder(modulus, *prime), *prime))
}

fn is_power_of_generator(value: u32, prime: u32) -> bool {
    let mut power = 1;
    // The powers come round to 1 again after at most `prime − 1` steps.
    for _ in 0..prime {
        if power == value {
            return true;
        }
        power = step(power, GENERATOR, 0, prime);
    }
    false
}

fn remainder(modulus: &[u8], prime: u32) -> u32 {
    modulus.iter().fold(0, |rest, byte| step(rest, 256, (*byte).into(), prime))
}

/// (`value` · `factor` + `more`) mod `prime`, which fits easily: `value` is below a prime of eight bits.
const fn step(value: u32, factor: u32, more: u32, prime: u32) -> u32 {
    match value.wrapping_mul(factor).wrapping_add(more).checked_rem(prime) {
        Some(rest) => rest,
        None => 0,
    }
}
