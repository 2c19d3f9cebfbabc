//! The way to the origin, as it stands in the policy, judged.

use serde::Deserialize;

use super::error::Faults;

/// How long an origin has to answer where the policy says nothing, in milliseconds.
const ORIGIN_TIMEOUT: u32 = 60_000;

/// How requests are forwarded.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProxyPolicy {
    /// Whether a request may become a WebSocket (RFC 6455): from then on nothing of it is looked at. Where it may not, it
    /// is forwarded without its wish, as RFC 9110 §7.8 has it. No other upgrade is ever passed on.
    #[serde(default)]
    pub upgrades: bool,
    /// What the origin is told of where a request came from: `replace`, where left out, `append` or `drop`.
    #[serde(default)]
    pub forwarded: ForwardedHeaders,
}

/// What becomes of `Forwarded` (RFC 7239), `X-Forwarded-*` and their like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ForwardedHeaders {
    /// The client's are taken out, and `X-Forwarded-For`, `-Host` and `-Proto` say what the gate knows.
    #[default]
    Replace,
    /// The client's are passed on, and its address is added to `X-Forwarded-For`: for a gate behind a proxy that is trusted.
    Append,
    /// The client's are taken out, and none is set.
    Drop,
}

/// How long an origin has until the head of its answer, in milliseconds.
pub(crate) fn judge_origin_timeout(timeout: Option<u32>, faults: &mut Faults) -> u32 {
    let timeout = timeout.unwrap_or(ORIGIN_TIMEOUT);
    if !(100..=3_600_000).contains(&timeout) {
        faults.hint(
            "/originTimeout",
            "no time from 100 to 3600000 milliseconds",
            "count in what the longest upload takes: the time runs from when a request is passed on to the head of its answer",
        );
    }
    timeout
}
