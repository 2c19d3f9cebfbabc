//! The rules of the review (contract §9), as a pure function of what was read of a key, the clock and the limits of the
//! policy.
//!
//! A key that has ended is past mending and has no findings, but for one: that it was exposed and never revoked, so that
//! another end in its record would bring it back.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    AskedAs, Finding, ReviewRules, StandingClass, State, command,
    finding::{Ask, Evidence, ReviewRule, Subject},
    inventory::end_of,
    reading::{KeyReading, ReadRecord},
    words::{brief, count, day, days_between, is_more_than},
};
use crate::api_key::{Environment, Record, Usage};

/// The findings about one key at a time in seconds since the Unix epoch, the worst first.
#[must_use]
pub fn review_key(key: &KeyReading, rules: &ReviewRules, now: i64) -> Vec<Finding> {
    let state = State::of(&key.record, now);
    let mut case = Case { key, rules, now, found: Vec::new() };
    match &key.record {
        ReadRecord::Unreadable(words) => {
            case.add(ReviewRule::RecordUnreadable, brief(words), [("cause", brief(words).into())], None);
            case.exposed(None, false);
        }
        ReadRecord::Whole(record) | ReadRecord::Unowned(record) if state.is_ended() => {
            if state != State::Revoked {
                case.exposed(Some(record), true);
            }
        }
        ReadRecord::Whole(record) | ReadRecord::Unowned(record) => {
            case.exposed(Some(record), false);
            case.people(record);
            case.scopes(record);
            case.environment(record);
            case.life(record, state);
            case.rotation(record);
            match &key.usage {
                Some(usage) => case.use_of(record, usage, state),
                None => case.add(
                    ReviewRule::UsageUnreadable,
                    "there are notes of the key's use, and they cannot be read".to_owned(),
                    [],
                    None,
                ),
            }
        }
    }
    case.found.sort_by_key(|(rule, _)| *rule);
    case.found.into_iter().map(|(_, finding)| finding).collect()
}

/// The owner; where there is none any more, the revoker; and else whoever runs the gate.
pub(super) fn ask(rules: &ReviewRules, owner: Option<&str>, revoker: Option<&str>) -> Ask {
    let there = |name: &&str| !name.trim().is_empty() && !rules.has_left(name);
    let owner = owner.filter(there).map(|who| (AskedAs::Owner, who));
    let revoker = revoker.filter(there).map(|who| (AskedAs::Revoker, who));
    match owner.or(revoker) {
        Some((part, who)) => Ask { part, who: Some(brief(who)) },
        None => Ask { part: AskedAs::Operator, who: None },
    }
}

/// A key under review.
struct Case<'r> {
    key: &'r KeyReading,
    rules: &'r ReviewRules,
    now: i64,
    found: Vec<(ReviewRule, Finding)>,
}

impl Case<'_> {
    fn add<const N: usize>(
        &mut self,
        rule: ReviewRule,
        words: String,
        facts: [(&'static str, Value); N],
        command: Option<String>,
    ) {
        let record = self.key.record.record();
        let said = |text: fn(&Record) -> &str| record.map(text).filter(|text| !text.is_empty()).map(brief);
        let subject = Subject {
            class: StandingClass::ApiKey,
            id: Some(self.key.id.clone()),
            secret: None,
            pointer: None,
            organization: said(|record| &record.organization),
            name: said(|record| &record.name),
            owner: said(|record| &record.owner),
        };
        let evidence = Evidence { words, facts: facts.into_iter().collect() };
        self.found.push((rule, Finding::new(rule, subject, evidence, self.ask(), command)));
    }

    fn ask(&self) -> Ask {
        let record = self.key.record.record();
        ask(self.rules, record.map(|record| record.owner.as_str()), record.map(|record| record.revoker.as_str()))
    }

    fn update(&self, option: &str) -> Option<String> {
        command::update(&self.key.id, option)
    }

    fn revoke(&self, reason: &str) -> Option<String> {
        command::revoke(&self.key.id, reason)
    }

    fn exposed(&mut self, record: Option<&Record>, ended: bool) {
        // A key that is meant to be seen was.
        if record.is_some_and(|record| record.publishable) {
            return;
        }
        let Some(exposure) = self.key.usage.as_ref().and_then(|usage| usage.exposed.as_ref()) else { return };
        let (at, place) = (exposure.at, brief(&exposure.place));
        self.add(
            if ended { ReviewRule::ExposedEnded } else { ReviewRule::Exposed },
            format!("seen at {place}, which became known on {}", day(at)),
            [("exposedAt", at.into()), ("place", place.into())],
            self.revoke("key_compromise"),
        );
    }

    fn people(&mut self, record: &Record) {
        let parts = [("owner", &record.owner), ("revoker", &record.revoker)];
        let those = |found: &dyn Fn(&str) -> bool| -> Vec<&'static str> {
            parts.iter().filter(|(_, name)| found(name)).map(|(part, _)| *part).collect()
        };
        let id = &self.key.id;
        let hand_over = |parts: &[&str]| {
            let options: Vec<_> = parts.iter().map(|part| format!("--{part} <{part}>")).collect();
            command::update(id, &options.join(" "))
        };

        let nobody = those(&|name| name.is_empty());
        if !nobody.is_empty() {
            let command = hand_over(&nobody);
            let words = format!("the record names no {}", nobody.join(" and no "));
            self.add(ReviewRule::NoOwner, words, [("missing", json!(nobody))], command);
        }
        let left = those(&|name| self.rules.has_left(name));
        if !left.is_empty() {
            let command = hand_over(&left);
            let named: Vec<_> = parts
                .iter()
                .filter(|(part, _)| left.contains(part))
                .map(|(part, name)| format!("{} ({part})", brief(name)))
                .collect();
            let words = format!("named as departed by the policy: {}", named.join(", "));
            self.add(ReviewRule::OwnerDeparted, words, [("departed", json!(left))], command);
        }
        if !record.owner.is_empty() && record.owner.trim() == record.revoker.trim() {
            let words = format!("{} is both", brief(&record.owner));
            self.add(ReviewRule::OwnerIsRevoker, words, [], self.update("--revoker <revoker>"));
        }
    }

    fn scopes(&mut self, record: &Record) {
        let wide: Vec<_> = record.scopes.iter().filter(|scope| self.rules.is_wildcard(scope)).collect();
        if wide.is_empty() {
            return;
        }
        let exercised = self.key.usage.as_ref().map(|usage| &usage.exercised);
        let narrow = exercised.into_iter().flat_map(|exercised| exercised.keys());
        let kept = record.scopes.iter().filter(|scope| !self.rules.is_wildcard(scope));
        let instead: BTreeSet<_> =
            narrow.filter(|scope| !self.rules.is_wildcard(scope)).chain(kept).map(String::as_str).collect();
        let command = self.update(&command::scopes(instead.into_iter()));
        let words = format!("granted: {}", listed(wide.iter().copied()));
        self.add(ReviewRule::WildcardScope, words, [("wildcards", json!(wide))], command);
        if record.allowed_cidrs.is_empty() && !record.publishable {
            let words = "the record names no addresses".to_owned();
            self.add(ReviewRule::NoAddressRestriction, words, [], self.update("--allowed-cidrs <ranges>"));
        }
    }

    fn environment(&mut self, record: &Record) {
        let elsewhere = self.key.usage.as_ref().and_then(|usage| usage.other_environment);
        let here = self.rules.environment.filter(|here| *here != record.environment);
        let mut words = Vec::new();
        if let Some(at) = elsewhere {
            words.push(format!("presented where keys of the other environment are taken, on {}", day(at)));
        }
        if let Some(here) = here {
            let of = record.environment.as_str();
            words.push(format!("a {of} key in the store of a {} gate", here.as_str()));
        }
        if !words.is_empty() {
            self.add(
                ReviewRule::CrossEnvironment,
                words.join("; "),
                [
                    ("otherEnvironmentAt", elsewhere.into()),
                    ("environment", record.environment.as_str().into()),
                    ("gateEnvironment", self.rules.environment.map(Environment::as_str).into()),
                ],
                command::rotate(&self.key.id),
            );
        }
    }

    fn life(&mut self, record: &Record, state: State) {
        let (created, age) = (record.created, days_between(record.created, self.now));
        let issued = format!("issued on {}, {} ago", day(created), count(age));
        if end_of(record).is_none() {
            self.add(
                ReviewRule::NoExpiry,
                format!("{issued}, without an end"),
                [("created", created.into()), ("ageDays", age.into())],
                self.update("--expires 90d"),
            );
        }
        if is_more_than(self.rules.max_age_days, created, self.now) {
            let limit = self.rules.max_age_days;
            self.add(
                ReviewRule::PastMaxAge,
                format!("{issued}; the limit is {}", count(limit.into())),
                [("created", created.into()), ("ageDays", age.into()), ("limitDays", limit.into())],
                command::rotate(&self.key.id),
            );
        }
        let rotated = record
            .rotation
            .as_ref()
            .is_some_and(|rotation| rotation.replaced_by.is_some() || rotation.overlap_until.is_some());
        if let Some(end) = record.expires
            && !rotated
            && state != State::Disabled
            && !is_more_than(self.rules.expires_soon_days, self.now, end)
        {
            let left = days_between(self.now, end);
            self.add(
                ReviewRule::ExpiresSoon,
                format!("ends on {}, in {}", day(end), count(left)),
                [("expires", end.into()), ("daysLeft", left.into())],
                command::rotate(&self.key.id),
            );
        }
    }

    fn rotation(&mut self, record: &Record) {
        let Some(rotation) = &record.rotation else { return };
        if let Some(end) = rotation.overlap_until {
            // The overlap began when the new key was issued. Where that is not known, what is left of it is no more than
            // the whole.
            let since = self.key.successor.as_ref().map(|successor| successor.created.min(self.now));
            let from = since.unwrap_or(self.now);
            if is_more_than(self.rules.overlap_days, from, end) {
                let limit = self.rules.overlap_days;
                let successor = rotation.replaced_by.as_deref().map(brief);
                let begun = since.map_or_else(String::new, |since| format!(" since {}", day(since)));
                let beside = successor.as_deref().unwrap_or("a key that the record does not name");
                self.add(
                    ReviewRule::OverlapOpen,
                    format!(
                        "good beside {beside}{begun} until {}, {} in all; the limit is {}",
                        day(end),
                        count(days_between(from, end)),
                        count(limit.into())
                    ),
                    [
                        ("replacedBy", successor.into()),
                        ("overlapSince", since.into()),
                        ("overlapUntil", end.into()),
                        ("limitDays", limit.into()),
                    ],
                    self.revoke("superseded"),
                );
            }
        }
        if let Some(old) = &rotation.replaces
            && let Some(predecessor) = &self.key.predecessor
            && predecessor.rotation.as_ref().and_then(|rotation| rotation.replaced_by.as_ref()) != Some(&self.key.id)
            && !State::of_record(predecessor, false, self.now).is_ended()
        {
            // The key that is in use is the one that its holder has.
            let command = match self.key.usage.as_ref().map(|usage| usage.last_used) {
                Some(Some(_)) => command::revoke(old, "superseded"),
                Some(None) => self.revoke("unused"),
                None => None,
            };
            self.add(
                ReviewRule::RotationAbandoned,
                format!("this key replaces {0}; the record of {0} does not say so, and {0} has not ended", brief(old)),
                [("replaces", brief(old).into())],
                command,
            );
        }
    }

    fn use_of(&mut self, record: &Record, usage: &Usage, state: State) {
        let good_since = record.not_before.map_or(record.created, |start| start.max(record.created));
        let revoke = self.revoke("unused");
        // It was used at this time at the latest.
        let latest = usage.last_used.map(|at| at.saturating_add(usage.precision.into()));
        let noted = match usage.last_used {
            Some(at) => format!("last used on {}, to within {} seconds", day(at), usage.precision),
            None => format!("good since {}, and no use was noted", day(good_since)),
        };
        let rest = days_between(latest.unwrap_or(good_since), self.now);
        let (rule, limit) = match (state, latest) {
            (State::Disabled, _) => (ReviewRule::DisabledForLong, self.rules.disabled_days),
            (_, Some(_)) => (ReviewRule::Unused, self.rules.unused_days),
            (_, None) => (ReviewRule::NeverUsed, self.rules.never_used_days),
        };
        if is_more_than(limit, latest.unwrap_or(good_since), self.now) {
            self.add(
                rule,
                format!("{noted}; at least {} ago, the limit is {}", count(rest), count(limit.into())),
                [
                    ("lastUsed", usage.last_used.into()),
                    ("precision", usage.precision.into()),
                    ("goodSince", good_since.into()),
                    ("days", rest.into()),
                    ("limitDays", limit.into()),
                ],
                revoke,
            );
        }
        // A key that is new, or that nobody uses, has not exercised much.
        if usage.last_used.is_none() || !is_more_than(self.rules.never_used_days, good_since, self.now) {
            return;
        }
        let (exercised, idle): (Vec<_>, Vec<_>) = record
            .scopes
            .iter()
            .filter(|scope| !self.rules.is_wildcard(scope))
            .partition(|scope| usage.exercised.contains_key(*scope));
        if !idle.is_empty() {
            let kept = record.scopes.iter().filter(|scope| !idle.contains(scope)).map(String::as_str);
            let command = self.update(&command::scopes(kept));
            self.add(
                ReviewRule::ScopesNeverExercised,
                format!(
                    "never needed: {}; needed: {}",
                    listed(idle.iter().copied()),
                    listed(exercised.iter().copied())
                ),
                [("neverExercised", json!(idle)), ("exercised", json!(exercised))],
                command,
            );
        }
    }
}

/// Scopes in words: the first few of them.
pub(super) fn listed<'s>(scopes: impl Iterator<Item = &'s String>) -> String {
    const SHOWN: usize = 20;
    let mut scopes: Vec<_> = scopes.map(|scope| brief(scope)).collect();
    let more = scopes.len().saturating_sub(SHOWN);
    scopes.truncate(SHOWN);
    match (scopes.is_empty(), more) {
        (true, _) => "none".to_owned(),
        (false, 0) => scopes.join(", "),
        (false, more) => format!("{} and {more} more", scopes.join(", ")),
    }
}

#[cfg(test)]
mod tests;
