//! How much may come, judged.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{LintRule, Policy, error::Faults};
use crate::{json::pointer_step, verdict::CredentialClass};

/// The most rules of a policy, and the most classes of keys of one rule: what is counted is bounded for each of them.
const MOST_RULES: usize = 16;

/// The largest limit.
const LARGEST_LIMIT: u32 = 1_000_000;

/// The longest period that is counted here, in seconds.
const LONGEST_PERIOD: u32 = 3_600;

/// The periods of the platform's limiters, in seconds.
const PLATFORM_PERIODS: [u32; 2] = [10, 60];

/// What the budget for refused credentials is called in audit events.
pub(crate) const REFUSED: &str = "refused";

/// How much may come (contract §7.6).
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitsPolicy {
    /// The limits of requests that are let through otherwise, in the order in which they are asked: the first that is
    /// reached refuses the request, and those before it have counted it.
    #[serde(default)]
    pub rules: Vec<LimitRulePolicy>,
    /// How many credentials may be refused that come from one address. Once they were, nothing of that address is looked
    /// at for the rest of the period: no signature is checked and no store is read.
    pub refused: Option<RefusedBudgetPolicy>,
}

/// One limit.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitRulePolicy {
    /// Its name, of `a`–`z`, digits, `-` and `_`: clients read it in `RateLimit-Policy`, operators in audit events.
    pub name: String,
    /// What is counted together.
    pub by: LimitBy,
    /// The classes of credential that it is for; all where left out.
    #[serde(default)]
    pub classes: Vec<CredentialClass>,
    /// The routes that it is for, by their paths as `routes` has them; all where left out, and the verify endpoint.
    #[serde(default)]
    pub routes: Vec<String>,
    /// How many requests a period allows.
    pub limit: u32,
    /// The period, in seconds, from 1 to 3600; with a `binding`, 10 or 60.
    pub period: u32,
    /// The limiter of the host that counts, by its name. It has this `limit` and `period` of its own, and both places
    /// must say the same. Where left out, each instance of the gate counts for itself.
    pub binding: Option<String>,
    /// What happens where the limiter does not answer: `deny` with 503, where left out, or `allow`.
    pub when_unavailable: Option<WhenUnavailable>,
    /// Other limits for API keys whose record names one of these as its `rateLimitClass`. A key of no class, or of one that
    /// is not named here, is under the `limit` of the rule. For rules by `key`.
    #[serde(default)]
    pub key_classes: BTreeMap<String, KeyClassLimit>,
}

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LimitBy {
    /// All requests with a credential of one class.
    Class,
    /// Those with one API key, or of one client of an issuer.
    Key,
    /// Those of one organization; a credential that names none counts by itself.
    Organization,
    /// Those from one IPv4 address, or one /64 of IPv6; where the address is not known, a credential counts by itself.
    Address,
}

/// What happens where a limiter does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WhenUnavailable {
    /// The request is refused with 503.
    Deny,
    /// The request goes through, and the audit event says why.
    Allow,
}

/// The limit of one class of API keys.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyClassLimit {
    /// How many requests a period of the rule allows.
    pub limit: u32,
    /// The limiter of the host for this class, where the rule has one: each has one limit.
    pub binding: Option<String>,
}

/// The budget for refused credentials.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefusedBudgetPolicy {
    /// How many credentials may be refused in a period.
    pub limit: u32,
    /// The period, in seconds, from 1 to 3600; with a `binding`, 10 or 60.
    pub period: u32,
    /// The limiter of the host that counts beside the gate itself, so that an address which spent its budget at one
    /// instance is refused at others too. Where it does not answer, what the instance itself has counted stands.
    pub binding: Option<String>,
}

impl LimitsPolicy {
    /// The limiters that the host has to lend, in the order of their names.
    pub(crate) fn bindings(&self) -> BTreeSet<&str> {
        let of_rules = self.rules.iter().flat_map(|rule| {
            rule.binding.iter().chain(rule.key_classes.values().filter_map(|class| class.binding.as_ref()))
        });
        let of_refused = self.refused.iter().filter_map(|refused| refused.binding.as_ref());
        of_rules.chain(of_refused).map(String::as_str).collect()
    }
}

/// Judges the limits of a policy, the faults put down.
pub(crate) fn judge_limits(policy: &Policy, faults: &mut Faults) {
    let Some(limits) = &policy.limits else { return };
    let mut judge = Judge { faults, of_bindings: BTreeMap::new() };
    if limits.rules.len() > MOST_RULES {
        judge.faults.hint("/limits/rules", format!("{} rules", limits.rules.len()), format!("{MOST_RULES} at most"));
    }
    let mut names = BTreeSet::new();
    for (index, rule) in limits.rules.iter().enumerate() {
        let place = format!("/limits/rules/{index}");
        let known = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if !(1..=64).contains(&rule.name.len()) || !rule.name.bytes().all(known) {
            judge.faults.hint(
                format!("{place}/name"),
                "no name of a rule",
                "from 1 to 64 of `a`–`z`, digits, `-` and `_`, as in `per-key`",
            );
        } else if rule.name == REFUSED || !names.insert(rule.name.as_str()) {
            judge.faults.hint(
                format!("{place}/name"),
                "another limit has this name",
                "give each its own; `refused` is that of the budget",
            );
        }
        judge.rule(policy, rule, &place);
    }
    if let Some(refused) = &limits.refused {
        judge.numbers(refused.limit, refused.period, refused.binding.as_deref(), "/limits/refused");
    }
}

struct Judge<'p, 'f> {
    faults: &'f mut Faults,
    /// What each limiter was said to allow.
    of_bindings: BTreeMap<&'p str, (u32, u32)>,
}

impl<'p> Judge<'p, '_> {
    fn rule(&mut self, policy: &Policy, rule: &'p LimitRulePolicy, place: &str) {
        self.numbers(rule.limit, rule.period, rule.binding.as_deref(), place);
        if rule.when_unavailable.is_some() && rule.binding.is_none() {
            self.faults.hint(
                format!("{place}/whenUnavailable"),
                "what the gate counts itself is always there",
                "leave it out, or name a `binding`",
            );
        }
        for (index, class) in rule.classes.iter().enumerate() {
            let checked = match class {
                CredentialClass::M2mToken => !policy.issuers.is_empty(),
                CredentialClass::ApiKey => policy.api_keys.is_some(),
            };
            if !checked {
                self.faults.hint(
                    format!("{place}/classes/{index}"),
                    format!("nothing in this policy checks `{}`", class.as_str()),
                    "name a class that is accepted, or leave `classes` out for all",
                );
            }
        }
        for (index, route) in rule.routes.iter().enumerate() {
            if !policy.routes.iter().any(|known| known.path == *route) {
                self.faults.hint(
                    format!("{place}/routes/{index}"),
                    "no route has this path",
                    "write the path as `routes` has it, names and `*` included",
                );
            }
        }
        self.key_classes(rule, place);
    }

    fn key_classes(&mut self, rule: &'p LimitRulePolicy, place: &str) {
        if rule.key_classes.is_empty() {
            return;
        }
        let takes_keys = rule.classes.is_empty() || rule.classes.contains(&CredentialClass::ApiKey);
        if rule.by != LimitBy::Key || !takes_keys {
            self.faults.hint(
                format!("{place}/keyClasses"),
                "the rule counts no single API keys",
                "set `by` to `key`, and `api_key` among the `classes`",
            );
        }
        if rule.key_classes.len() > MOST_RULES {
            self.faults.hint(format!("{place}/keyClasses"), "too many classes", format!("{MOST_RULES} at most"));
        }
        for (name, class) in &rule.key_classes {
            let place = format!("{place}/keyClasses/{}", pointer_step(name));
            self.limit(class.limit, rule.period, class.binding.as_deref(), &place);
            if class.binding.is_some() != rule.binding.is_some() {
                self.faults.hint(
                    format!("{place}/binding"),
                    "the rule and its classes are counted in one way",
                    "name a `binding` for each of them, or for none",
                );
            }
        }
    }

    fn numbers(&mut self, limit: u32, period: u32, binding: Option<&'p str>, place: &str) {
        let (known, hint) = match binding {
            Some(_) => (PLATFORM_PERIODS.contains(&period), "a limiter has 10 or 60 seconds".to_owned()),
            None => ((1..=LONGEST_PERIOD).contains(&period), format!("from 1 to {LONGEST_PERIOD} seconds")),
        };
        if !known {
            self.faults.hint(format!("{place}/period"), "no period that can be counted in", hint);
        }
        self.limit(limit, period, binding, place);
    }

    fn limit(&mut self, limit: u32, period: u32, binding: Option<&'p str>, place: &str) {
        if !(1..=LARGEST_LIMIT).contains(&limit) {
            self.faults.hint(
                format!("{place}/limit"),
                "no limit that can be counted to",
                format!("from 1 to {LARGEST_LIMIT} requests"),
            );
        }
        let Some(binding) = binding else { return };
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if !(1..=64).contains(&binding.len()) || !binding.bytes().all(known) {
            self.faults.hint(
                format!("{place}/binding"),
                "no name of a limiter",
                "write it as the host has it, as in `EDGEWARD_LIMIT_KEYS`",
            );
        }
        if *self.of_bindings.entry(binding).or_insert((limit, period)) != (limit, period) {
            self.faults.hint(
                format!("{place}/binding"),
                "this limiter stands elsewhere with another limit or period",
                "a limiter has one of each: name another one here",
            );
        }
    }
}

/// What is unwise about the limits of a policy.
pub(super) fn lint_limits(policy: &Policy, mut found: impl FnMut(LintRule, &str, Option<String>)) {
    let asks = policy.api_keys.is_some() || policy.issuers.iter().any(|issuer| issuer.introspection.is_some());
    let limits = policy.limits.clone().unwrap_or_default();
    if asks && limits.refused.is_none() {
        found(LintRule::RefusedBudgetMissing, "/limits/refused", None);
    }
    // Behind a proxy that nobody trusts, every client has the proxy's address.
    let is_proxys = policy.tls_ends_ahead && policy.trusted_proxies.is_none();
    if is_proxys && limits.refused.is_some() {
        found(LintRule::LimitByProxyAddress, "/limits/refused", None);
    }
    for (index, rule) in limits.rules.iter().enumerate() {
        let evidence = || Some(format!("`{}`", rule.name));
        if is_proxys && rule.by == LimitBy::Address {
            found(LintRule::LimitByProxyAddress, &format!("/limits/rules/{index}/by"), evidence());
        }
        if rule.when_unavailable == Some(WhenUnavailable::Allow) {
            found(LintRule::LimitFailsOpen, &format!("/limits/rules/{index}/whenUnavailable"), evidence());
        }
    }
}
