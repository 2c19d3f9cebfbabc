//! The numbers of one instance, in the text format of `OpenMetrics` 1.0.

use std::fmt::Write as _;

use super::{Answer, Gate, health::build_target};
use crate::host::Host;

/// The media type of `OpenMetrics`, which Prometheus reads too.
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Gate {
    /// What this instance has counted, and how it is. Nothing stands in a label that a sender chose.
    pub(super) fn metrics<H: Host>(&self, host: &H) -> Answer {
        let mut page = Page::default();
        let state = self.state(host);
        page.family("edgeward_build", "info", "The build of the gate.");
        page.sample("edgeward_build_info", &[("version", crate::VERSION), ("target", &build_target())], 1);
        page.family("edgeward_policy", "info", "The policy, by the SHA-256 of its content.");
        page.sample("edgeward_policy_info", &[("digest", &self.policy_digest)], 1);
        page.family(
            "edgeward_decisions",
            "counter",
            "Decisions, by class, verdict, reason and where the facts came from.",
        );
        for (tally, count) in self.records.decisions() {
            let labels = [
                ("class", tally.class.unwrap_or("none")),
                ("verdict", tally.verdict),
                ("reason", tally.reason),
                ("tier", tally.tier.unwrap_or("none")),
            ];
            page.sample("edgeward_decisions_total", &labels, count);
        }
        page.family(
            "edgeward_decisions_unrecorded",
            "counter",
            "Allowed decisions that the policy wants no audit event of.",
        );
        page.sample("edgeward_decisions_unrecorded_total", &[], self.records.left_out());
        page.family("edgeward_key_set_age_seconds", "gauge", "How long ago a key set was fetched, in seconds.");
        for set in &state.key_sets {
            if let Some(age) = set.age {
                let labels = [("issuer", set.status.issuer.as_str()), ("source", &set.status.source)];
                page.sample("edgeward_key_set_age_seconds", &labels, age);
            }
        }
        page.family("edgeward_key_set_keys", "gauge", "How many keys of a key set are usable.");
        for set in &state.key_sets {
            let labels = [
                ("issuer", set.status.issuer.as_str()),
                ("source", &set.status.source),
                ("phase", set.status.phase),
                ("tier", set.status.tier.unwrap_or("none")),
            ];
            page.sample("edgeward_key_set_keys", &labels, set.status.keys);
        }
        page.family("edgeward_cache_entries", "gauge", "How many entries a cache keeps.");
        for (name, size) in &state.caches {
            page.sample("edgeward_cache_entries", &[("cache", name)], size.entries);
        }
        page.family("edgeward_cache_bytes", "gauge", "How many bytes a cache keeps, as it reckons.");
        for (name, size) in &state.caches {
            page.sample("edgeward_cache_bytes", &[("cache", name)], size.bytes);
        }
        if let Some(bound) = &state.bound {
            page.family(
                "edgeward_revocation_bound_seconds",
                "gauge",
                "The longest from a revocation of an API key to the last use of it, in seconds.",
            );
            page.sample("edgeward_revocation_bound_seconds", &[("formula", bound.formula)], bound.seconds);
        }
        if let Some(list) = &state.deny {
            if let Some(age) = list.issued_at.and_then(|at| host.clock().seconds().checked_sub(at)) {
                page.family(
                    "edgeward_deny_snapshot_age_seconds",
                    "gauge",
                    "How long ago the signed deny list was signed, in seconds.",
                );
                page.sample("edgeward_deny_snapshot_age_seconds", &[("phase", list.phase)], age);
            }
            page.family("edgeward_deny_snapshot_entries", "gauge", "How many entries the signed deny list has.");
            page.sample("edgeward_deny_snapshot_entries", &[], list.entries);
        }
        page.family("edgeward_audit_events", "counter", "Audit events, by sink and what became of them.");
        for sink in &state.sinks {
            for (outcome, count) in [("sent", sink.sent), ("failed", sink.failed), ("dropped", sink.dropped)] {
                page.sample("edgeward_audit_events_total", &[("sink", &sink.name), ("outcome", outcome)], count);
            }
        }
        page.family("edgeward_audit_waiting", "gauge", "Audit events that wait for their sink.");
        for sink in &state.sinks {
            page.sample("edgeward_audit_waiting", &[("sink", &sink.name)], sink.waiting);
        }
        page.family("edgeward_core_restarts", "counter", "How often the core was started anew after a failure.");
        page.sample("edgeward_core_restarts_total", &[], state.restarts);
        if let Some(preflights) = state.preflights {
            page.family("edgeward_preflights", "counter", "Preflights that were answered.");
            page.sample("edgeward_preflights_total", &[], preflights);
        }
        if let Some(age) = state.age {
            page.family(
                "edgeward_instance_age_seconds",
                "gauge",
                "How long ago this instance took its first request, in seconds.",
            );
            page.sample("edgeward_instance_age_seconds", &[], age);
        }
        Answer::of(MEDIA_TYPE, page.end())
    }
}

/// Lines of the format. Writing to a string does not fail.
#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# TYPE {name} {kind}\n# HELP {name} {help}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.0.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"{}\"", if index == 0 { '{' } else { ',' }, escape(text));
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }

    fn end(mut self) -> String {
        self.0.push_str("# EOF\n");
        self.0
    }
}

/// A text as the value of a label.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_break_out_of_its_line() {
        let mut page = Page::default();
        page.sample("a", &[("b", "x\"} 1\ny\\"), ("c", "")], 7);
        page.sample("d", &[], 1);
        assert_eq!(page.end(), "a{b=\"x\\\"} 1\\ny\\\\\",c=\"\"} 7\nd 1\n# EOF\n");
    }
}
