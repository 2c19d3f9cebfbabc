//! Times and spans as people write them.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use crate::json;

/// The last second of the year 9999. What lies after it was not written in seconds.
const LAST_SECOND: i64 = 253_402_300_799;

/// A span of time in seconds. In JSON a number of seconds, or a text such as `90d`, `12h`, `30m`, `45s`, `2w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span(pub u32);

impl Span {
    /// Reads a text of a number and a unit.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let unit = match text.chars().last()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        let digits = text.get(..text.len().checked_sub(1)?)?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        digits.parse::<u32>().ok()?.checked_mul(unit).map(Self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = match json::value(deserializer)? {
            Value::Number(number) => number.as_u64().and_then(|seconds| u32::try_from(seconds).ok()).map(Self),
            Value::String(text) => Self::parse(&text),
            _ => None,
        };
        read.ok_or_else(|| D::Error::custom("expected seconds, or a span such as `90d`, `12h` or `30m`"))
    }
}

/// A point in time. In JSON a number of seconds since the Unix epoch, or a span from now on such as `90d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// This second since the Unix epoch.
    At(i64),
    /// So long from now on.
    After(Span),
}

impl Moment {
    /// The second since the Unix epoch, where it is this second now.
    #[must_use]
    pub fn from(self, now: i64) -> i64 {
        match self {
            Self::At(second) => second,
            Self::After(span) => now.saturating_add(i64::from(span.0)),
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = match json::value(deserializer)? {
            Value::Number(number) => number.as_i64().filter(|second| (0..=LAST_SECOND).contains(second)).map(Self::At),
            Value::String(text) => Span::parse(&text).map(Self::After),
            _ => None,
        };
        read.ok_or_else(|| {
            D::Error::custom("expected seconds since the Unix epoch, or a span from now on such as `90d`")
        })
    }
}

/// A point in time that has come, or may have. In JSON a number of seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Second(pub i64);

impl<'de> Deserialize<'de> for Second {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = json::value(deserializer)?.as_i64().filter(|second| (0..=LAST_SECOND).contains(second));
        read.map(Self).ok_or_else(|| D::Error::custom("expected seconds since the Unix epoch"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn spans_are_numbers_of_seconds_or_texts_with_a_unit() {
        for (text, seconds) in
            [("0s", 0), ("45s", 45), ("30m", 1800), ("12h", 43_200), ("90d", 7_776_000), ("2w", 1_209_600)]
        {
            assert_eq!(Span::parse(text), Some(Span(seconds)), "{text}");
        }
        for text in ["", "d", "9", "-1d", "+1d", "1.5d", "1 d", "1D", "1y", "4294967296s", "99999999w", "１d", "1d "] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
        assert_eq!(serde_json::from_value::<Span>(json!(60)).ok(), Some(Span(60)));
        for wrong in [json!(-1), json!(1.5), json!(null), json!(["1d"]), json!(5_000_000_000_i64)] {
            assert!(serde_json::from_value::<Span>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_moment_in_milliseconds_is_refused() {
        assert_eq!(serde_json::from_value::<Moment>(json!(1_780_000_000)).ok(), Some(Moment::At(1_780_000_000)));
        assert_eq!(serde_json::from_value::<Moment>(json!("1h")).map(|moment| moment.from(100)).ok(), Some(3700));
        for wrong in [json!(1_780_000_000_000_i64), json!(-1), json!("tomorrow"), json!("2030-01-01")] {
            assert!(serde_json::from_value::<Moment>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
