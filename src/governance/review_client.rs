//! The rules of the review about M2M clients and their secrets (contract §9), as a pure function of what was read of a client,
//! the clock and the limits of the policy.
//!
//! A client that was removed has no findings, and of a secret that has ended none are made. What mends a finding is done at the
//! client's issuer; the commands put on record that it was.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    ClientReading, Finding, ReviewRules, StandingClass, command,
    finding::{Ask, Evidence, ReviewRule, Subject},
    review::{ask, listed},
    words::{brief, count, day, days_between, is_more_than},
};
use crate::m2m_client::{ClientRecord, ClientSecret, ClientUsage};

/// The findings about one client at a time in seconds since the Unix epoch, the worst first.
#[must_use]
pub fn review_client(client: &ClientReading, rules: &ReviewRules, now: i64) -> Vec<Finding> {
    let mut case = Case { client, rules, now, found: Vec::new() };
    match &client.record {
        Err(words) => {
            case.add(ReviewRule::ClientRecordUnreadable, None, brief(words), [("cause", brief(words).into())], None);
        }
        Ok(record) if record.removal.is_some() => {}
        Ok(record) => {
            case.people(record);
            case.scopes(record);
            case.secrets(record);
            case.tokens(record);
        }
    }
    case.found.sort_by_key(|(rule, _)| *rule);
    case.found.into_iter().map(|(_, finding)| finding).collect()
}

/// A client under review.
struct Case<'r> {
    client: &'r ClientReading,
    rules: &'r ReviewRules,
    now: i64,
    found: Vec<(ReviewRule, Finding)>,
}

impl Case<'_> {
    fn add<const N: usize>(
        &mut self,
        rule: ReviewRule,
        secret: Option<&ClientSecret>,
        words: String,
        facts: [(&'static str, Value); N],
        command: Option<String>,
    ) {
        let record = self.client.record.as_ref().ok();
        let mut facts: BTreeMap<_, _> = facts.into_iter().collect();
        if let Some(record) = record {
            facts.insert("issuer", record.issuer.as_str().into());
            facts.insert("clientId", record.client_id.as_str().into());
        }
        if let Some(hint) = secret.and_then(|secret| secret.hint.as_deref()) {
            facts.insert("hint", hint.into());
        }
        let subject = Subject {
            class: StandingClass::ClientSecret,
            id: Some(self.client.id.clone()),
            secret: secret.map(|secret| secret.id.clone()),
            pointer: None,
            organization: record.and_then(|record| record.organization.as_deref()).map(brief),
            name: record.map(|record| brief(&record.name)),
            owner: record.and_then(|record| record.owner.as_deref()).map(brief),
        };
        let finding = Finding::new(rule, subject, Evidence { words, facts }, self.ask(), command);
        self.found.push((rule, finding));
    }

    fn ask(&self) -> Ask {
        let record = self.client.record.as_ref().ok();
        ask(
            self.rules,
            record.and_then(|record| record.owner.as_deref()),
            record.and_then(|record| record.revoker.as_deref()),
        )
    }

    fn people(&mut self, record: &ClientRecord) {
        let parts = [("owner", record.owner.as_deref()), ("revoker", record.revoker.as_deref())];
        let hand_over = |parts: &[&str]| {
            let options: Vec<_> = parts.iter().map(|part| format!("--{part} <{part}>")).collect();
            command::update_client(&self.client.id, &options.join(" "))
        };
        let nobody: Vec<_> = parts.iter().filter(|(_, name)| name.is_none()).map(|(part, _)| *part).collect();
        if !nobody.is_empty() {
            let words = format!("the record names no {}", nobody.join(" and no "));
            let mend = hand_over(&nobody);
            self.add(ReviewRule::ClientNoOwner, None, words, [("missing", json!(nobody))], mend);
        }
        let left: Vec<_> = parts
            .iter()
            .filter_map(|(part, name)| Some((*part, name.filter(|name| self.rules.has_left(name))?)))
            .collect();
        if !left.is_empty() {
            let named: Vec<_> = left.iter().map(|(part, name)| format!("{} ({part})", brief(name))).collect();
            let left: Vec<_> = left.iter().map(|(part, _)| *part).collect();
            let mend = hand_over(&left);
            let words = format!("named as departed by the policy: {}", named.join(", "));
            self.add(ReviewRule::ClientOwnerDeparted, None, words, [("departed", json!(left))], mend);
        }
        if let (Some(owner), Some(revoker)) = (&record.owner, &record.revoker)
            && owner.trim() == revoker.trim()
        {
            let mend = command::update_client(&self.client.id, "--revoker <revoker>");
            self.add(ReviewRule::ClientOwnerIsRevoker, None, format!("{} is both", brief(owner)), [], mend);
        }
    }

    fn scopes(&mut self, record: &ClientRecord) {
        let wide: Vec<_> = record.scopes.iter().filter(|scope| self.rules.is_wildcard(scope)).collect();
        if !wide.is_empty() {
            let words = format!("granted: {}", listed(wide.iter().copied()));
            // What is written here is no more than a note of what was changed at the issuer.
            let kept = record.scopes.iter().filter(|scope| !self.rules.is_wildcard(scope)).map(String::as_str);
            let mend = command::update_client(&self.client.id, &command::scopes(kept));
            self.add(ReviewRule::ClientWildcardScope, None, words, [("wildcards", json!(wide))], mend);
        }
    }

    fn secrets(&mut self, record: &ClientRecord) {
        if record.secrets.is_empty() {
            let words = format!("noted on {}", day(record.noted));
            let mend = command::add_client_secret(&self.client.id);
            self.add(ReviewRule::ClientWithoutSecret, None, words, [("noted", record.noted.into())], mend);
        }
        let good: Vec<_> = record.secrets.iter().filter(|secret| !secret.is_over(self.now)).collect();
        for secret in &good {
            self.age(secret);
            self.end(secret);
            self.overlap(secret, &good);
            self.use_of(secret);
        }
    }

    fn age(&mut self, secret: &ClientSecret) {
        let (limit, since) = (self.rules.max_client_secret_age_days, secret.since());
        if !is_more_than(limit, since, self.now) {
            return;
        }
        let age = days_between(since, self.now);
        let made = match secret.created {
            Some(at) => format!("made on {}, {} ago", day(at), count(age)),
            None => format!("on record since {}, {} ago, and made before that", day(since), count(age)),
        };
        let latest = self.latest_token().filter(|at| !is_more_than(self.rules.unused_days, *at, self.now));
        let (rule, words) = match latest {
            Some(at) => (
                ReviewRule::ClientSecretOldInUse,
                format!("{made}; the limit is {}; a token came on {}", count(limit.into()), day(at)),
            ),
            None => (ReviewRule::ClientSecretPastMaxAge, format!("{made}; the limit is {}", count(limit.into()))),
        };
        let facts = [
            ("created", secret.created.into()),
            ("noted", secret.noted.into()),
            ("ageDays", age.into()),
            ("limitDays", limit.into()),
            ("lastToken", latest.into()),
        ];
        let mend = command::add_client_secret(&self.client.id);
        self.add(rule, Some(secret), words, facts, mend);
    }

    fn end(&mut self, secret: &ClientSecret) {
        match secret.expires {
            None => {
                let words = format!("on record since {}, without an end", day(secret.noted));
                self.add(ReviewRule::ClientSecretNoExpiry, Some(secret), words, [("noted", secret.noted.into())], None);
            }
            Some(end) if !is_more_than(self.rules.expires_soon_days, self.now, end) => {
                let left = days_between(self.now, end);
                let words = format!("ends on {}, in {}", day(end), count(left));
                let facts = [("expires", end.into()), ("daysLeft", left.into())];
                let mend = command::add_client_secret(&self.client.id);
                self.add(ReviewRule::ClientSecretExpiresSoon, Some(secret), words, facts, mend);
            }
            Some(_) => {}
        }
    }

    /// An old secret, beside the newest one that is good.
    fn overlap(&mut self, secret: &ClientSecret, good: &[&ClientSecret]) {
        let newer = good.iter().filter(|other| other.since() > secret.since()).max_by_key(|other| other.since());
        let Some(newer) = newer else { return };
        let (limit, since) = (self.rules.overlap_days, newer.since());
        if !is_more_than(limit, since, self.now) {
            return;
        }
        let beside = days_between(since, self.now);
        let words = format!(
            "good beside {} since {}, {}; the limit is {}",
            newer.id,
            day(since),
            count(beside),
            count(limit.into())
        );
        let facts = [("beside", newer.id.as_str().into()), ("since", since.into()), ("limitDays", limit.into())];
        let mend = command::revoke_client_secret(&self.client.id, &secret.id);
        self.add(ReviewRule::ClientSecretOverlap, Some(secret), words, facts, mend);
    }

    /// What the issuer says of when it was used, where it says so.
    fn use_of(&mut self, secret: &ClientSecret) {
        let (rule, limit, from) = match secret.last_used {
            None => return,
            Some(None) => (ReviewRule::ClientSecretNeverUsed, self.rules.never_used_days, secret.since()),
            Some(Some(at)) => (ReviewRule::ClientSecretUnused, self.rules.unused_days, at),
        };
        if !is_more_than(limit, from, self.now) {
            return;
        }
        let rest = days_between(from, self.now);
        let noted = match secret.last_used.flatten() {
            Some(at) => format!("last used on {}", day(at)),
            None => format!("there since {}, and never used", day(from)),
        };
        let words = format!("{noted}, {} ago, as its issuer says; the limit is {}", count(rest), count(limit.into()));
        let facts =
            [("lastUsed", secret.last_used.flatten().into()), ("days", rest.into()), ("limitDays", limit.into())];
        let mend = command::revoke_client_secret(&self.client.id, &secret.id);
        self.add(rule, Some(secret), words, facts, mend);
    }

    /// When the last token may have come at the latest, where one was noted.
    fn latest_token(&self) -> Option<i64> {
        self.client.usage.as_ref().and_then(|usage| {
            usage.last_token.map(|at| at.saturating_add(usage.precision.into()).min(self.now.max(at)))
        })
    }

    fn tokens(&mut self, record: &ClientRecord) {
        let Some(usage) = &self.client.usage else {
            let words = "there are notes of the client's tokens, and they cannot be read".to_owned();
            self.add(ReviewRule::ClientUsageUnreadable, None, words, [], None);
            return;
        };
        let ClientUsage { last_token: Some(at), precision, .. } = *usage else { return };
        let latest = at.saturating_add(precision.into());
        // The issuer may know of a token that went elsewhere.
        let elsewhere = record.secrets.iter().filter_map(|secret| secret.last_used.flatten()).max();
        let limit = self.rules.unused_days;
        if is_more_than(limit, elsewhere.map_or(latest, |at| at.max(latest)), self.now) {
            let rest = days_between(latest, self.now);
            let words = format!(
                "the last token that was noted came on {}, to within {precision} seconds; at least {} ago, the limit is {}",
                day(at),
                count(rest),
                count(limit.into())
            );
            let facts = [("lastToken", at.into()), ("precision", precision.into()), ("limitDays", limit.into())];
            let mend = command::remove_client(&self.client.id);
            self.add(ReviewRule::ClientUnused, None, words, facts, mend);
        }
    }
}

#[cfg(test)]
mod tests;
