//! Chance that is the same on every machine: no function of it is left to the mathematics library of a system, whose
//! last digit differs.

use std::cell::Cell;

/// A stream of chance, with the mixing function of `SplitMix64`.
pub(crate) struct Chance(Cell<u64>);

impl Chance {
    pub(crate) fn of(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    pub(crate) fn draw(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Another stream, which begins where this one is.
    pub(crate) fn branch(&self) -> Self {
        Self::of(self.draw())
    }

    /// A number from 0 up to, and without, 1.
    fn share(&self) -> f64 {
        f64::from(u32::try_from(self.draw() >> 32).expect("32 bits")) / 4_294_967_296.0
    }

    /// A number from `least` up to, and without, `most`; `least` where there is none.
    pub(crate) fn between(&self, least: i64, most: i64) -> i64 {
        let width = u64::try_from(most - least).unwrap_or(0).max(1);
        least + i64::try_from(self.draw() % width).expect("a width of an i64")
    }

    /// True so many times in a thousand.
    pub(crate) fn in_thousand(&self, times: u16) -> bool {
        self.draw() % 1000 < u64::from(times)
    }

    /// As long as one waits for what comes by itself, every so often.
    pub(crate) fn wait_for(&self, mean: i64) -> i64 {
        // Never the logarithm of nothing.
        whole(real(mean) * -logarithm(1.0 - self.share()))
    }

    /// The bell curve around 0 of width 1, as the sum of twelve throws.
    fn bell(&self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }
}

/// How times are spread, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Spread {
    Constant(i64),
    /// From the first up to, and without, the second.
    Uniform(i64, i64),
    Exponential {
        mean: i64,
    },
    /// With a long tail: of the logarithm, `width` is the standard deviation.
    LogNormal {
        median: i64,
        width: f64,
    },
    /// Mostly the one, and so many times in a thousand the other.
    Bimodal {
        usual: (i64, i64),
        rare: (i64, i64),
        in_thousand: u16,
    },
}

impl Spread {
    /// Draws a time, which is cut off at the longest.
    pub(crate) fn draw(self, chance: &Chance, longest: i64) -> i64 {
        let drawn = match self {
            Self::Constant(time) => time,
            Self::Uniform(least, most) => chance.between(least, most),
            Self::Exponential { mean } => chance.wait_for(mean),
            Self::LogNormal { median, width } => whole(real(median) * exponential(width * chance.bell())),
            Self::Bimodal { usual, rare, in_thousand } => {
                let (least, most) = if chance.in_thousand(in_thousand) { rare } else { usual };
                chance.between(least, most)
            }
        };
        drawn.clamp(0, longest)
    }
}

#[expect(clippy::cast_precision_loss, reason = "times of hours in milliseconds are far below 2^52")]
fn real(time: i64) -> f64 {
    time as f64
}

#[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates")]
fn whole(time: f64) -> i64 {
    time as i64
}

/// e to the power of a small number: the 1024th part of it by the first terms of the series, squared ten times.
fn exponential(power: f64) -> f64 {
    let part = power / 1024.0;
    (0..10).fold(1.0 + part + part * part / 2.0 + part * part * part / 6.0, |value, _| value * value)
}

/// The natural logarithm: of the 1024th root, by the first terms of the series of its inverse hyperbolic tangent.
fn logarithm(number: f64) -> f64 {
    let root = (0..10).fold(number, |value, _| value.sqrt());
    let ratio = (root - 1.0) / (root + 1.0);
    2048.0 * (ratio + ratio * ratio * ratio / 3.0)
}

#[test]
fn times_are_spread_as_they_are_said_to_be() {
    let of = |spread: Spread| {
        let chance = Chance::of(7);
        let mut drawn: Vec<_> = (0..20_001).map(|_| spread.draw(&chance, 60_000)).collect();
        drawn.sort_unstable();
        (drawn[0], drawn[10_000], drawn[19_000], drawn[20_000])
    };
    assert_eq!(of(Spread::Constant(5)), (5, 5, 5, 5));
    let near = |value: i64, wanted: i64| (value - wanted).abs() * 20 <= wanted;
    let (least, median, high, most) = of(Spread::Uniform(1000, 2000));
    assert!(least >= 1000 && near(median, 1500) && near(high, 1950) && most < 2000);
    // The median of an exponential spread is its mean times the logarithm of 2; 5 in 100 wait thrice as long or longer.
    let (_, median, high, most) = of(Spread::Exponential { mean: 10_000 });
    assert!(near(median, 6_931) && near(high, 29_957) && most == 60_000, "{median} {high} {most}");
    let (_, median, high, most) = of(Spread::LogNormal { median: 5_000, width: 1.0 });
    assert!(near(median, 5_000) && near(high, 25_900) && most == 60_000, "{median} {high} {most}");
    let (_, median, high, most) = of(Spread::Bimodal { usual: (100, 200), rare: (50_000, 60_000), in_thousand: 100 });
    assert!(near(median, 155) && high > 50_000 && most < 60_000, "{median} {high} {most}");
}
