//! Where a request stands with a limit that it was counted by.

/// One limit, and where a request stands with it. For the client in the headers of draft-ietf-httpapi-ratelimit-headers,
/// for the operator in the audit event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitState {
    /// The name of the rule in the policy.
    pub rule: String,
    /// How many requests it allows in a period.
    pub limit: u32,
    /// The period, in seconds.
    pub period: u32,
    /// How many requests are left in the window that runs; none where only the platform's limiter knows.
    pub remaining: Option<u32>,
    /// When that window ends, in seconds from now; none where only the platform's limiter knows.
    pub reset: Option<u32>,
    /// Why nobody could tell, in words for the operator.
    pub failure: Option<String>,
}

impl LimitState {
    /// The value of `Retry-After`, in seconds (RFC 9110 §10.2.3): the end of the window, or, where nobody says when that
    /// is, a whole period, by which it has ended.
    #[must_use]
    pub fn retry_after(&self) -> u32 {
        self.reset.unwrap_or(self.period)
    }

    /// An item of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11 §3.1).
    #[must_use]
    pub fn policy_item(&self) -> String {
        format!("\"{}\";q={};w={}", self.rule, self.limit, self.period)
    }

    /// An item of `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11 §4.1); none where nobody knows what is left.
    #[must_use]
    pub fn service_item(&self) -> Option<String> {
        let remaining = self.remaining?;
        Some(format!("\"{}\";r={remaining};t={}", self.rule, self.retry_after()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_say_what_is_known_and_no_more() {
        let here = LimitState {
            rule: "per-key".into(),
            limit: 100,
            period: 60,
            remaining: Some(7),
            reset: Some(12),
            failure: None,
        };
        assert_eq!(here.policy_item(), r#""per-key";q=100;w=60"#);
        assert_eq!(here.service_item().as_deref(), Some(r#""per-key";r=7;t=12"#));
        let there = LimitState { remaining: None, reset: None, ..here };
        assert_eq!((there.service_item(), there.retry_after()), (None, 60));
    }
}
