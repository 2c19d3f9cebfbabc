//! What an issuer says of how long its key set may be kept (RFC 9111 §5.2.2, RFC 5861).

/// The directives that count here, in seconds. `no-cache` and `no-store` read as an age of 0. `must-revalidate` is left
/// aside: whether a service goes on while its issuer is down is the service's own decision, and stands in its policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct CacheControl {
    max_age: Option<i64>,
    age: i64,
    pub(super) stale_while_revalidate: Option<i64>,
    pub(super) stale_if_error: Option<i64>,
}

impl CacheControl {
    /// Reads the headers `Cache-Control` and `Age`. Of a directive that stands twice the shorter one counts; one that
    /// cannot be read counts as 0 (RFC 9111 §4.2.1).
    pub(super) fn read(control: Option<&str>, age: Option<&str>) -> Self {
        let mut read = Self { age: age.map_or(0, |text| seconds(text.trim())), ..Self::default() };
        for directive in control.unwrap_or_default().split(',') {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let value = seconds(value.trim().trim_matches('"'));
            let (place, value) = match name.trim().to_ascii_lowercase().as_str() {
                "max-age" => (&mut read.max_age, value),
                "no-cache" | "no-store" => (&mut read.max_age, 0),
                "stale-while-revalidate" => (&mut read.stale_while_revalidate, value),
                "stale-if-error" => (&mut read.stale_if_error, value),
                _ => continue,
            };
            *place = Some(place.map_or(value, |before| before.min(value)));
        }
        read
    }

    /// For how long the answer is fresh from now on, where its server said so.
    pub(super) fn fresh(&self) -> Option<i64> {
        Some(self.max_age?.saturating_sub(self.age).max(0))
    }
}

/// A number of seconds. One with too many digits is a long time.
fn seconds(text: &str) -> i64 {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().unwrap_or(i64::from(u32::MAX)) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(control: &str, age: Option<&str>) -> Option<i64> {
        CacheControl::read(Some(control), age).fresh()
    }

    #[test]
    fn the_directives_that_count_are_read() {
        assert_eq!(fresh("public, max-age=3600", None), Some(3_600));
        assert_eq!(fresh("MAX-AGE=\"60\"", Some("20")), Some(40));
        assert_eq!(fresh("max-age=60", Some("61")), Some(0));
        assert_eq!(fresh("max-age=60, max-age=10", None), Some(10));
        assert_eq!(fresh("no-store", None), Some(0));
        assert_eq!(fresh("max-age=-1", None), Some(0));
        assert_eq!(fresh("max-age=99999999999999999999", None), Some(i64::from(u32::MAX)));
        for silent in ["", "public", "s-maxage=10", "must-revalidate", "x-max-age=1"] {
            assert_eq!(fresh(silent, Some("5")), None, "{silent}");
        }
        assert_eq!(CacheControl::read(None, None), CacheControl::default());
        let read = CacheControl::read(Some("stale-while-revalidate=15, stale-if-error=86400"), None);
        assert_eq!((read.stale_while_revalidate, read.stale_if_error), (Some(15), Some(86_400)));
    }
}
