//! How a key set ages: fresh, stale and still served, served while its issuer fails, over (RFC 5861, RFC 9111 §4.2).

use super::cache_control::CacheControl;

/// An issuer that says "do not keep this at all" would be asked for each token. A set is fresh for as long at least, in
/// seconds, unless the policy itself asks for less.
const LEAST_FRESH: i64 = 30;

/// How far, in seconds, a set may have been fetched in the future: the clocks of two machines differ.
pub(super) const AHEAD: i64 = 60;

/// What the policy says of how key sets are fetched and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySetRules {
    /// The longest a set is fresh, in seconds, whatever its issuer says.
    pub max_age: i64,
    /// How long after that it is served at once while it is fetched again, in seconds.
    pub stale_while_revalidate: i64,
    /// How long after it was fresh a set is good while its issuer fails, in seconds.
    pub max_stale: i64,
    /// How long an issuer is left alone after it was asked, in seconds: after a failure, and after an unknown `kid`.
    pub cooldown: i64,
    /// How long an issuer has for each answer, in milliseconds.
    pub timeout: u32,
}

impl Default for KeySetRules {
    fn default() -> Self {
        Self { max_age: 600, stale_while_revalidate: 300, max_stale: 86_400, cooldown: 30, timeout: 3_000 }
    }
}

impl KeySetRules {
    /// The longest, in seconds, that a key may still vouch after its issuer took it out of its set, while the issuer
    /// answers: the set is served that long, and a request that comes then waits for the new one.
    #[must_use]
    pub const fn removal_bound(&self) -> i64 {
        self.max_age.saturating_add(self.stale_while_revalidate)
    }

    /// The same while the issuer does not answer.
    #[must_use]
    pub const fn outage_bound(&self) -> i64 {
        self.max_age.saturating_add(self.max_stale)
    }
}

/// Where a set is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Used, and nobody is asked.
    Fresh,
    /// Used, and fetched again behind the request.
    Stale,
    /// Used only where the issuer was asked not long ago and failed.
    IfError,
    /// Not used.
    Over,
    /// Fetched in the future: the clock was set back, or somebody's clock is wrong, and its age is not known.
    Ahead,
}

impl Phase {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::IfError => "ifError",
            Self::Over => "over",
            Self::Ahead => "ahead",
        }
    }
}

/// The spans of a set's life, all in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lifetime {
    /// When its issuer was asked for it, since the Unix epoch.
    pub(super) fetched_at: i64,
    /// How long it is fresh.
    pub(super) fresh: i64,
    /// How long after that it is served while it is fetched again.
    pub(super) revalidate: i64,
    /// How long after it was fresh it is good while its issuer fails.
    pub(super) if_error: i64,
}

impl Lifetime {
    /// Of a set that was fetched: what its issuer allows, and no more than the policy does.
    pub(super) fn of_answer(fetched_at: i64, said: &CacheControl, rules: &KeySetRules) -> Self {
        let least = LEAST_FRESH.min(rules.max_age);
        Self {
            fetched_at,
            fresh: said.fresh().map_or(rules.max_age, |seconds| seconds.clamp(least, rules.max_age)),
            revalidate: said.stale_while_revalidate.unwrap_or(i64::MAX).min(rules.stale_while_revalidate),
            if_error: said.stale_if_error.unwrap_or(i64::MAX).min(rules.max_stale),
        }
    }

    /// Of a snapshot that a deployment brings along: it is good for as long as it says, and then as any other set for as
    /// long as its issuer fails. It is fetched again as early as any other.
    pub(super) fn of_snapshot(fetched_at: i64, max_age: i64, rules: &KeySetRules) -> Self {
        let fresh = max_age.min(rules.max_age);
        Self {
            fetched_at,
            fresh,
            revalidate: rules.stale_while_revalidate,
            if_error: max_age.saturating_sub(fresh).saturating_add(rules.max_stale),
        }
    }

    pub(super) fn phase(self, now: i64) -> Phase {
        let age = now.saturating_sub(self.fetched_at);
        if age < AHEAD.saturating_neg() {
            Phase::Ahead
        } else if age < self.fresh {
            Phase::Fresh
        } else if age < self.fresh.saturating_add(self.revalidate) {
            Phase::Stale
        } else if age < self.fresh.saturating_add(self.if_error) {
            Phase::IfError
        } else {
            Phase::Over
        }
    }

    /// The second from which on it is over, since the Unix epoch.
    pub(super) fn end(self) -> i64 {
        self.fetched_at.saturating_add(self.fresh).saturating_add(self.revalidate.max(self.if_error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: KeySetRules =
        KeySetRules { max_age: 600, stale_while_revalidate: 300, max_stale: 1_000, cooldown: 30, timeout: 3_000 };

    fn of(header: &str) -> Lifetime {
        Lifetime::of_answer(1_000, &CacheControl::read(Some(header), None), &RULES)
    }

    #[test]
    fn a_set_passes_through_every_phase() {
        let life = of("");
        let phases = [(0, Phase::Fresh), (599, Phase::Fresh), (600, Phase::Stale), (899, Phase::Stale)];
        let later = [(900, Phase::IfError), (1_599, Phase::IfError), (1_600, Phase::Over), (-60, Phase::Fresh)];
        for (age, phase) in phases.into_iter().chain(later) {
            assert_eq!(life.phase(1_000 + age), phase, "{age}");
        }
        assert_eq!(life.phase(1_000 - 61), Phase::Ahead);
        assert_eq!(life.end(), 2_600);
        assert_eq!((RULES.removal_bound(), RULES.outage_bound()), (900, 1_600));
    }

    #[test]
    fn an_issuer_can_shorten_what_the_policy_allows_and_not_lengthen_it() {
        assert_eq!(of("max-age=60").fresh, 60);
        assert_eq!(of("max-age=86400").fresh, 600);
        for header in ["max-age=0", "no-store", "no-cache, max-age=500", "max-age=soon"] {
            assert_eq!(of(header).fresh, LEAST_FRESH, "{header}");
        }
        let life = of("max-age=15, stale-while-revalidate=15, stale-if-error=86400");
        assert_eq!((life.fresh, life.revalidate, life.if_error), (LEAST_FRESH, 15, 1_000));
        let impatient = KeySetRules { max_age: 10, ..RULES };
        assert_eq!(Lifetime::of_answer(0, &CacheControl::read(Some("max-age=0"), None), &impatient).fresh, 10);
    }

    #[test]
    fn a_snapshot_is_good_for_as_long_as_it_says_and_is_fetched_again_before() {
        let life = Lifetime::of_snapshot(0, 5_000, &RULES);
        assert_eq!((life.phase(599), life.phase(899)), (Phase::Fresh, Phase::Stale));
        assert_eq!(
            (life.phase(900), life.phase(5_999), life.phase(6_000)),
            (Phase::IfError, Phase::IfError, Phase::Over)
        );
        assert_eq!(Lifetime::of_snapshot(0, 60, &RULES).phase(60), Phase::Stale);
    }
}
