//! What a finding is, and what is fixed about each rule of the review.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::StandingClass;

/// How bad a finding is. The worst comes first in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Mend it now: somebody may be using it.
    Critical,
    /// Mend it this week.
    High,
    /// Mend it this month.
    Medium,
    /// Mend it when you are at it.
    Low,
    /// Good to know.
    Info,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// The severity as it stands in findings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

/// A risk of the OWASP Non-Human Identities Top 10 of 2025.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Risk {
    /// Its id.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
}

const OFFBOARDING: Risk = Risk { id: "NHI1:2025", name: "Improper Offboarding" };
const LEAKAGE: Risk = Risk { id: "NHI2:2025", name: "Secret Leakage" };
const AUTHENTICATION: Risk = Risk { id: "NHI4:2025", name: "Insecure Authentication" };
const OVERPRIVILEGED: Risk = Risk { id: "NHI5:2025", name: "Overprivileged NHI" };
const LONG_LIVED: Risk = Risk { id: "NHI7:2025", name: "Long-Lived Secrets" };
const ISOLATION: Risk = Risk { id: "NHI8:2025", name: "Environment Isolation" };
const REUSE: Risk = Risk { id: "NHI9:2025", name: "NHI Reuse" };

/// The outcomes of the NIST Cybersecurity Framework that a rule serves, in version 2.0 and as version 1.1 has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcomes {
    /// The ids of version 2.0.
    pub csf20: &'static [&'static str],
    /// The ids of version 1.1.
    pub csf11: &'static [&'static str],
}

/// Identities and credentials are managed.
const MANAGED: Outcomes = Outcomes { csf20: &["PR.AA-01"], csf11: &["PR.AC-1"] };
/// Permissions follow the least privilege.
const LEAST_PRIVILEGE: Outcomes = Outcomes { csf20: &["PR.AA-05"], csf11: &["PR.AC-4"] };
/// Both: credentials are managed, and duties are separated.
const SEPARATION: Outcomes = Outcomes { csf20: &["PR.AA-01", "PR.AA-05"], csf11: &["PR.AC-1", "PR.AC-4"] };
/// Credentials are managed, and an incident is contained.
const CONTAINED: Outcomes = Outcomes { csf20: &["PR.AA-01", "RS.MI-01"], csf11: &["PR.AC-1", "RS.MI-1"] };
/// Permissions hold, and environments are kept apart.
const KEPT_APART: Outcomes = Outcomes { csf20: &["PR.AA-05", "PR.IR-01"], csf11: &["PR.AC-4", "PR.DS-7"] };
/// Services are authenticated as their risk asks.
const AUTHENTICATED: Outcomes = Outcomes { csf20: &["PR.AA-03"], csf11: &["PR.AC-7"] };

/// What is fixed about a [`ReviewRule`].
#[derive(Debug, Clone, Copy)]
pub struct RuleFacts {
    /// The stable code; it never changes its meaning.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The risk.
    pub risk: Risk,
    /// What a mended finding serves.
    pub outcomes: Outcomes,
    /// What is wrong.
    pub title: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// What the rule cannot see.
    pub blind_spot: &'static str,
}

macro_rules! rules {
    ($( $(#[doc = $doc:literal])* $name:ident = $code:literal, $severity:ident, $risk:ident, $outcomes:ident,
        $advice:literal, $blind:literal; )*) => {
        /// What the review looks for. One variant for each rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ReviewRule { $( $(#[doc = $doc])* $name, )* }

        impl ReviewRule {
            /// Every rule, in the order of their declaration.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )* ];

            /// What is fixed about this rule.
            #[must_use]
            pub const fn facts(self) -> &'static RuleFacts {
                match self { $( Self::$name => {
                    const FACTS: RuleFacts = RuleFacts {
                        code: $code, severity: Severity::$severity, risk: $risk, outcomes: $outcomes,
                        title: concat!($($doc),*).trim_ascii(), advice: $advice, blind_spot: $blind,
                    };
                    &FACTS
                } )* }
            }
        }
    };
}

rules! {
    /// The key was seen where others could read it, and is not revoked.
    Exposed = "exposed", Critical, LEAKAGE, CONTAINED,
        "Revoke it now, and give its owner another.",
        "Only places that report to the gate: a request over plain HTTP, or a scanner. Who read it there is not known.";
    /// The record of the key cannot be read.
    RecordUnreadable = "record_unreadable", High, OFFBOARDING, MANAGED,
        "Put the record back from what its writer has, or take it out of the store.",
        "The key is refused while its record cannot be read. What it may do, and whose it is, is not known.";
    /// The record names no owner or no revoker.
    NoOwner = "no_owner", High, OFFBOARDING, MANAGED,
        "Write somebody into the record who answers for the key and somebody who can revoke it, or revoke the key.",
        "The key is refused until the record names both. Whether somebody waits for it is not known.";
    /// The owner or the revoker of the key has left.
    OwnerDeparted = "owner_departed", High, OFFBOARDING, MANAGED,
        "Hand the key over to somebody else, or revoke it.",
        "Only the names in `review.departed` of the policy, compared as they are written in the record.";
    /// The key may do whatever a wildcard covers.
    WildcardScope = "wildcard_scope", High, OVERPRIVILEGED, LEAST_PRIVILEGE,
        "Name what the key is for, scope by scope.",
        "Scopes with a `*` and those in `review.wildcardScopes`. A scope of another name can be as wide.";
    /// The key was used in the other environment, or belongs to another one than the gate that reviews it.
    CrossEnvironment = "cross_environment", High, ISOLATION, KEPT_APART,
        "Have its holder use a key of each environment, and keep the records of each in a store of its own.",
        "Only what was presented where this store is written to. The gates of the other environment may write elsewhere.";
    /// The record of the client cannot be read.
    ClientRecordUnreadable = "client_record_unreadable", High, OFFBOARDING, MANAGED,
        "Take the record out of the store, and import the client again.",
        "What the client may do, whose it is, and how old its secrets are, is not known.";
    /// Nobody is named as owner of the client, or nobody as its revoker.
    ClientNoOwner = "client_no_owner", High, OFFBOARDING, MANAGED,
        "Find out who answers for the client, and write them into its record.",
        "The record alone: the listings of issuers name nobody. The client works at its issuer all the same.";
    /// The owner or the revoker of the client has left.
    ClientOwnerDeparted = "client_owner_departed", High, OFFBOARDING, MANAGED,
        "Hand the client over to somebody else, or end it at its issuer.",
        "Only the names in `review.departed` of the policy, compared as they are written in the record.";
    /// The client may ask tokens for whatever a wildcard covers.
    ClientWildcardScope = "client_wildcard_scope", High, OVERPRIVILEGED, LEAST_PRIVILEGE,
        "Name at its issuer what the client is for, scope by scope, and import it again.",
        "Scopes with a `*` and those in `review.wildcardScopes`, as far as the record knows the client's scopes.";
    /// A secret of the client is older than secrets may grow, and tokens of the client still arrive.
    ClientSecretOldInUse = "client_secret_old_in_use", High, LONG_LIVED, MANAGED,
        "Make another secret at its issuer, note it, and have the client's holder change over before the old one is ended.",
        "Which of its secrets a token was asked for with is not seen. A secret whose making nobody knows can be older.";
    /// The notes of the key's use cannot be read.
    UsageUnreadable = "usage_unreadable", Medium, OFFBOARDING, MANAGED,
        "Take the notes out of the store: they are written anew with the next use.",
        "Whether the key is used, was exposed or was used in the other environment is not known.";
    /// The key is good until somebody ends it.
    NoExpiry = "no_expiry", Medium, LONG_LIVED, MANAGED,
        "Give it an end.",
        "The record alone. Whether an end is agreed on elsewhere is not known.";
    /// The key is older than keys may grow.
    PastMaxAge = "past_max_age", Medium, LONG_LIVED, MANAGED,
        "Rotate it.",
        "The age is that of the record. A key that was imported can be older.";
    /// Nobody has used the key for long.
    Unused = "unused", Medium, OFFBOARDING, MANAGED,
        "Ask whether it is still needed, and revoke it where nobody says so.",
        "Uses that the gates noted here. A gate that cannot write its notes, or another verifier, is not seen; nor is a job that runs once a year.";
    /// The old key of a rotation stays good for long.
    OverlapOpen = "overlap_open", Medium, LONG_LIVED, MANAGED,
        "Revoke the old key once its holder uses the new one.",
        "Where the new key's record cannot be read, only what is left of the overlap is counted.";
    /// A rotation was begun and not carried to its end: the key that was to be replaced knows of no other.
    RotationAbandoned = "rotation_abandoned", Medium, LONG_LIVED, MANAGED,
        "Revoke the one of the two that is not in use, or rotate again.",
        "The two records as they were read, one shortly after the other: a rotation that was under way just then looks the same.";
    /// A secret of the client is older than secrets may grow.
    ClientSecretPastMaxAge = "client_secret_past_max_age", Medium, LONG_LIVED, MANAGED,
        "Make another secret at its issuer, note it, and end the old one.",
        "A secret whose making nobody knows counts from when it was put on record, and can be older. An issuer that replaces a secret in its place is not seen to do so.";
    /// An old secret of the client is good beside a newer one for long.
    ClientSecretOverlap = "client_secret_overlap", Medium, LONG_LIVED, MANAGED,
        "End the old one at its issuer once its holder uses the new one, and note that.",
        "The record alone: what was ended at the issuer and not noted here is taken for good. An import notes it.";
    /// A secret of the client was not used for long.
    ClientSecretUnused = "client_secret_unused", Medium, OFFBOARDING, MANAGED,
        "Ask whether it is still needed, and end it at its issuer where nobody says so.",
        "What the issuer said at the last import. A job that runs once a year is not seen.";
    /// A secret of the client was never used.
    ClientSecretNeverUsed = "client_secret_never_used", Medium, OFFBOARDING, MANAGED,
        "Ask whether anybody has it, and end it at its issuer where nobody says so.",
        "What the issuer said at the last import.";
    /// No token of the client has come for long.
    ClientUnused = "client_unused", Medium, OFFBOARDING, MANAGED,
        "Ask whether it is still needed, and end it at its issuer where nobody says so.",
        "Tokens that gates let through and noted here. A client whose tokens go elsewhere is not seen.";
    /// The notes of the client's tokens cannot be read.
    ClientUsageUnreadable = "client_usage_unreadable", Medium, OFFBOARDING, MANAGED,
        "Take the notes out of the store: they are written anew with the next token.",
        "Whether the client's tokens still arrive is not known.";
    /// The route needs no scope: every API key opens it.
    WeakRouteWithoutScope = "weak_route_without_scope", Medium, OVERPRIVILEGED, LEAST_PRIVILEGE,
        "Name the `scopes` that the route needs.",
        "The policy alone. What the origin checks beside it is not known.";
    /// The route asks API keys for a wildcard scope.
    WeakRouteWildcardScope = "weak_route_wildcard_scope", Medium, OVERPRIVILEGED, LEAST_PRIVILEGE,
        "Name what the route does: `reports:read` rather than `reports:*`.",
        "The policy alone. What the origin checks beside it is not known.";
    /// The route takes standing keys although it takes M2M tokens, which end by themselves.
    WeakRouteStandingKey = "weak_route_standing_key", Low, AUTHENTICATION, AUTHENTICATED,
        "Take `api_key` out of the route's `classes` where its callers can have tokens.",
        "The policy alone. Whether every caller of the route can have tokens is not known.";
    /// The key has never been used.
    NeverUsed = "never_used", Low, OFFBOARDING, MANAGED,
        "Ask whether it is needed, and revoke it where nobody says so.",
        "Uses that the gates noted here. A gate that cannot write its notes, or another verifier, is not seen; nor is a use before the notes began.";
    /// The key has scopes that no request has needed.
    ScopesNeverExercised = "scopes_never_exercised", Low, OVERPRIVILEGED, LEAST_PRIVILEGE,
        "Ask whether they are needed, and take them away where nobody says so.",
        "Scopes that routes ask for. What the origin checks by itself is not seen, nor since when the key has a scope.";
    /// The key has been switched off for long.
    DisabledForLong = "disabled_for_long", Low, OFFBOARDING, MANAGED,
        "Revoke it: what nobody missed is not needed.",
        "The record does not say when the key was switched off. What is counted is the time since its last use, or since it was issued.";
    /// The owner and the revoker of the key are one: nobody else can end it.
    OwnerIsRevoker = "owner_is_revoker", Low, OFFBOARDING, SEPARATION,
        "Name somebody else who can revoke it.",
        "The names as they are written. Two names can be one person's, and one name that of a team.";
    /// A secret of the client is good until somebody ends it.
    ClientSecretNoExpiry = "client_secret_no_expiry", Low, LONG_LIVED, MANAGED,
        "Give it an end where its issuer can, and else agree on a day on which it is rotated.",
        "The record alone. Many issuers know no end of a secret, or do not list it.";
    /// The owner and the revoker of the client are one.
    ClientOwnerIsRevoker = "client_owner_is_revoker", Low, OFFBOARDING, SEPARATION,
        "Name somebody else who can have it ended.",
        "The names as they are written. Two names can be one person's, and one name that of a team.";
    /// The key ended by itself after it was exposed, and was never revoked: another end would bring it back.
    ExposedEnded = "exposed_ended", Low, LEAKAGE, CONTAINED,
        "Revoke it, so that nobody can bring it back.",
        "Only places that report to the gate: a request over plain HTTP, or a scanner.";
    /// The key ends soon.
    ExpiresSoon = "expires_soon", Info, LONG_LIVED, MANAGED,
        "Ask the owner to rotate it, where it is still needed.",
        "Whether another key is in place already is not known, unless it came by a rotation.";
    /// A secret of the client ends soon.
    ClientSecretExpiresSoon = "client_secret_expires_soon", Info, LONG_LIVED, MANAGED,
        "Have its holder change over to another one, where the client is still needed.",
        "The record alone. Whether another secret is in place already is said only where it is on record.";
    /// No secret of the client is on record.
    ClientWithoutSecret = "client_without_secret", Info, LONG_LIVED, MANAGED,
        "Note its secrets, or leave it so where it has none and signs assertions instead.",
        "The record alone. The client may have secrets of any age at its issuer.";
    /// The key has a wildcard scope and is good from every address.
    NoAddressRestriction = "no_address_restriction", Info, REUSE, LEAST_PRIVILEGE,
        "Name the addresses that it is used from.",
        "The record alone. A firewall before the gate is not seen.";
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// The class of the credential.
    pub class: StandingClass,
    /// The id of the key or of the client; none where the finding is about the policy.
    pub id: Option<String>,
    /// The id of the client's secret, where the finding is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The place in the policy, as a JSON pointer (RFC 6901); none where the finding is about a credential.
    pub pointer: Option<String>,
    /// The customer that the credential belongs to, where that is known.
    pub organization: Option<String>,
    /// What the credential is called, where that is known.
    pub name: Option<String>,
    /// Who answers for its use, where that is known.
    pub owner: Option<String>,
}

/// What the finding rests on. It never holds a secret or a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// In words.
    pub words: String,
    /// As members: times in seconds since the Unix epoch, spans in days, names and scopes.
    pub facts: BTreeMap<&'static str, Value>,
}

/// In what part somebody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AskedAs {
    /// The owner of the credential.
    Owner,
    /// The revoker, where the owner is gone.
    Revoker,
    /// Who runs the gate, where no record names anybody who is still there.
    Operator,
}

impl AskedAs {
    /// The part as it stands in findings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Revoker => "revoker",
            Self::Operator => "operator",
        }
    }
}

/// Who is to be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ask {
    /// In what part.
    #[serde(rename = "as")]
    pub part: AskedAs,
    /// By the name in the record; none for the operator.
    pub who: Option<String>,
}

/// One line of a review (contract §9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The stable code of the rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub title: &'static str,
    /// The id of the risk in the OWASP Non-Human Identities Top 10.
    pub nhi: &'static str,
    /// The name of that risk.
    pub nhi_name: &'static str,
    /// The outcomes in the NIST Cybersecurity Framework 2.0.
    pub csf20: &'static [&'static str],
    /// The same in version 1.1.
    pub csf11: &'static [&'static str],
    /// What it is about.
    pub subject: Subject,
    /// What it rests on.
    pub evidence: Evidence,
    /// What the rule cannot see.
    pub blind_spot: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// Who is to be asked.
    pub ask: Ask,
    /// The command that mends it, safe to paste into a POSIX shell. A part that only a person can fill in stands last
    /// and in angle brackets, which a shell refuses as they are. None where no command mends it.
    pub command: Option<String>,
}

impl Finding {
    /// A finding by a rule, all that is fixed about the rule filled in.
    pub(super) const fn new(
        rule: ReviewRule,
        subject: Subject,
        evidence: Evidence,
        ask: Ask,
        command: Option<String>,
    ) -> Self {
        let &RuleFacts { code, severity, risk, outcomes, title, advice, blind_spot } = rule.facts();
        Self {
            rule: code,
            severity,
            title,
            nhi: risk.id,
            nhi_name: risk.name,
            csf20: outcomes.csf20,
            csf11: outcomes.csf11,
            subject,
            evidence,
            blind_spot,
            advice,
            ask,
            command,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_in_snake_case_and_the_worst_is_declared_first() {
        let codes: BTreeSet<_> = ReviewRule::ALL.iter().map(|rule| rule.facts().code).collect();
        assert_eq!(codes.len(), ReviewRule::ALL.len());
        assert!(codes.iter().all(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
        assert!(ReviewRule::ALL.is_sorted_by_key(|rule| rule.facts().severity));
    }

    #[test]
    fn every_rule_has_words_a_risk_and_outcomes() {
        for rule in ReviewRule::ALL {
            let facts = rule.facts();
            for words in [facts.title, facts.advice, facts.blind_spot] {
                assert!(words.ends_with('.') && words == words.trim(), "{}: {words}", facts.code);
            }
            assert!(facts.risk.id.starts_with("NHI") && facts.risk.id.ends_with(":2025"));
            assert!(facts.outcomes.csf20.iter().any(|id| id.starts_with("PR.AA-0")), "{}", facts.code);
            assert!(facts.outcomes.csf11.iter().any(|id| id.starts_with("PR.AC-")), "{}", facts.code);
        }
    }
}
