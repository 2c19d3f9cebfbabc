//! The documents that are made from the code.

use std::fmt::Write as _;

use edgeward::{
    governance::{ReviewRule, audit_event_schema, page_csp},
    inspect::{Attack, CredentialRule, LIFECYCLE},
    policy::{LintRule, Severity, schema},
    verdict::{Denial, Reason, Step},
};

use crate::output::{Failure, Result, say};
use crate::policy_page;
use crate::process;
use crate::tools::Node;
use crate::workspace::{Workspace, write};

const REASON_CODES: &str = "docs/reason-codes.md";
const LINT_RULES: &str = "docs/lint-rules.md";
const REVIEW_RULES: &str = "docs/review-rules.md";
const INSPECTION: &str = "docs/inspect-rules.md";
const AUDIT_EVENTS: &str = "schema/audit-event.schema.json";
const POLICY: &str = "docs/policy.md";
const API_REFERENCE: &str = "docs/api";
/// The schema is published with the package, and stands here for editors.
pub(crate) const POLICY_SCHEMA: &str = "schema/policy.schema.json";

/// Writes them; a test sees to it that what is committed is what the code says.
pub(crate) fn write_all(workspace: &Workspace) -> Result<()> {
    write(&workspace.path(REASON_CODES), reason_codes())?;
    say!("{REASON_CODES}: {} reasons", Reason::ALL.len());
    write(&workspace.path(LINT_RULES), lint_rules())?;
    say!("{LINT_RULES}: {} rules", LintRule::ALL.len());
    write(&workspace.path(REVIEW_RULES), review_rules())?;
    say!("{REVIEW_RULES}: {} rules", ReviewRule::ALL.len());
    write(&workspace.path(INSPECTION), inspection())?;
    say!(
        "{INSPECTION}: {} steps, {} rules and {} forgeries",
        Step::ALL.len(),
        CredentialRule::ALL.len(),
        Attack::ALL.len()
    );
    write(&workspace.path(AUDIT_EVENTS), audit_events())?;
    say!("{AUDIT_EVENTS}: the JSON Schema of audit events");
    write(&workspace.path(POLICY_SCHEMA), policy_schema())?;
    write(&workspace.path(POLICY), policy_page::page(&schema()))?;
    say!("{POLICY_SCHEMA} and {POLICY}");
    api_reference(workspace)
}

/// The API reference, out of the types of the npm package.
fn api_reference(workspace: &Workspace) -> Result<()> {
    let typedoc = workspace.path("node_modules/typedoc/bin/typedoc");
    if !typedoc.is_file() {
        return Err(Failure::new(
            "typedoc, which writes the API reference, is not there: `cargo xtask setup` brings it.",
        ));
    }
    let mut command = workspace.command(&Node::of_the_system()?.path);
    process::quietly(command.arg(typedoc).args(["--options", "docs/typedoc.json"]), "Writing the API reference")?;
    say!("{API_REFERENCE}: the API reference");
    Ok(())
}

/// The JSON Schema of audit events.
fn audit_events() -> String {
    format!("{:#}\n", audit_event_schema())
}

/// The schema of the policy as a file.
fn policy_schema() -> String {
    format!("{:#}\n", schema())
}

/// The table of reasons.
fn reason_codes() -> String {
    let mut page = String::from(
        "# Reason codes\n\n\
         Made by `cargo xtask docs` from `src/verdict/reason.rs`. A code never changes its meaning.\n\n\
         The audit event names the cause; the client is told the code in the column *the client sees*, with its title \
         and advice; the challenge has the title as `error_description`, and where it helps the scopes that are needed or the \
         algorithms of proofs. 400 says that the request is at fault, 401 and 403 say no, 503 says that it cannot be told.\n\n\
         | code | status | the client sees | `WWW-Authenticate` | title and advice for the client | what happened, for the operator | from |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for reason in Reason::ALL {
        let (facts, seen) = (reason.facts(), reason.disclosed().facts());
        // The words after it are the title.
        let challenge = Denial::new(*reason).challenge().map_or_else(String::new, |challenge| {
            let (start, _) = challenge.split_once(", error_description").unwrap_or((&challenge, ""));
            format!("`{start}`")
        });
        let told = if seen.code == facts.code { "the same" } else { seen.code };
        let meaning = facts.meaning.trim();
        // Writing to a string does not fail.
        let _ = writeln!(
            page,
            "| `{}` | {} | {told} | {challenge} | {}. {} | {meaning} | {} |",
            facts.code, seen.status, seen.title, seen.advice, facts.section
        );
    }
    page
}

/// The table of what is unwise in a policy.
fn lint_rules() -> String {
    let mut page = String::from(
        "# What `edgeward lint` finds\n\n\
         Made by `cargo xtask docs` from `src/policy/lint.rs`. A code never changes its meaning. The risks are those of the \
         OWASP Non-Human Identities Top 10.\n\n\
         | code | severity | risk | what is wrong | what to do about it |\n\
         |---|---|---|---|---|\n",
    );
    for rule in LintRule::ALL {
        let facts = rule.facts();
        let severity = severity_name(facts.severity);
        // Writing to a string does not fail.
        let _ = writeln!(
            page,
            "| `{}` | {severity} | {} | {} | {} |",
            facts.code,
            facts.nhi,
            facts.title.trim(),
            facts.advice
        );
    }
    page
}

/// The tables of what an inspection asks and looks for.
fn inspection() -> String {
    let mut page = String::from(
        "# What `inspect` asks and finds\n\n\
         Made by `cargo xtask docs` from `src/verdict/step.rs`, `src/inspect/lint.rs`, `src/inspect/forgeries/attack.rs` and \
         `src/inspect/lifecycle.rs`. A name never changes its meaning. \
         See [inspect.md](inspect.md).\n\n\
         ## The steps of a token\n\n\
         In the verifier's order.\n\n\
         | step | what has to be so | from |\n\
         |---|---|---|\n",
    );
    for step in Step::ALL {
        let facts = step.facts();
        // Writing to a string does not fail.
        let _ = writeln!(page, "| `{}` | {} | {} |", facts.name, facts.title, facts.section);
    }
    page.push_str(
        "\n## What is unwise\n\n\
         | code | severity | what is wrong | what to do about it | from |\n\
         |---|---|---|---|---|\n",
    );
    for rule in CredentialRule::ALL {
        let facts = rule.facts();
        let severity = severity_name(facts.severity);
        let _ = writeln!(
            page,
            "| `{}` | {severity} | {} | {} | {} |",
            facts.code,
            facts.title.trim(),
            facts.advice,
            facts.section
        );
    }
    page.push_str(
        "\n## What an attacker would make of a token\n\n\
         In the order in which it is tried. Of a good token whose keys are at hand each ends at the first of its steps that the \
         policy and the keys bring up.\n\n\
         | forgery | title | what the attacker does | ends at | from |\n\
         |---|---|---|---|---|\n",
    );
    for attack in Attack::ALL {
        let facts = attack.facts();
        let steps: Vec<_> = facts.steps.iter().map(|step| format!("`{}`", step.facts().name)).collect();
        let (name, title, means) = (facts.name, facts.title, facts.means);
        let _ = writeln!(page, "| `{name}` | {title} | {means} | {} | {} |", steps.join(", "), facts.section);
    }
    page.push_str(
        "\n## A standing credential beside an expiring one\n\n\
         | question | an API key | an M2M token | from |\n\
         |---|---|---|---|\n",
    );
    for line in LIFECYCLE {
        let _ = writeln!(page, "| {} | {} | {} | {} |", line.question, line.standing, line.expiring, line.section);
    }
    page
}

const fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
    }
}

/// The table of what a review looks for.
fn review_rules() -> String {
    let mut page = String::from(
        "# What a review finds\n\n\
         Made by `cargo xtask docs` from `src/governance/finding.rs`. A code never changes its meaning. The risks are those of \
         the OWASP Non-Human Identities Top 10, the outcomes those of the NIST Cybersecurity Framework. See \
         [review.md](review.md).\n\n\
         | code | severity | what is wrong | what to do about it | what the rule cannot see | risk | CSF 2.0 | CSF 1.1 |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for rule in ReviewRule::ALL {
        let facts = rule.facts();
        // Writing to a string does not fail.
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} {} | {} | {} |",
            facts.code,
            facts.severity.as_str(),
            facts.title,
            facts.advice,
            facts.blind_spot,
            facts.risk.id,
            facts.risk.name,
            facts.outcomes.csf20.join(", "),
            facts.outcomes.csf11.join(", ")
        );
    }
    let _ = write!(
        page,
        "\n## The page's Content-Security-Policy\n\n\
         It names the page's one style sheet by its hash:\n\n```\n{}\n```\n",
        page_csp()
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_tables_are_what_the_code_says() {
        let committed = std::fs::read_to_string(Workspace::here().path(REASON_CODES)).expect("the table");
        assert_eq!(committed, reason_codes(), "run `cargo xtask docs`");
        let committed = std::fs::read_to_string(Workspace::here().path(LINT_RULES)).expect("the table");
        assert_eq!(committed, lint_rules(), "run `cargo xtask docs`");
        let committed = std::fs::read_to_string(Workspace::here().path(REVIEW_RULES)).expect("the table");
        assert_eq!(committed, review_rules(), "run `cargo xtask docs`");
        let committed = std::fs::read_to_string(Workspace::here().path(INSPECTION)).expect("the tables");
        assert_eq!(committed, inspection(), "run `cargo xtask docs`");
        let committed = std::fs::read_to_string(Workspace::here().path(AUDIT_EVENTS)).expect("the schema");
        assert_eq!(committed, audit_events(), "run `cargo xtask docs`");
        let committed = std::fs::read_to_string(Workspace::here().path(POLICY_SCHEMA)).expect("the schema");
        assert!(committed == policy_schema(), "{POLICY_SCHEMA} is not what the types say: run `cargo xtask docs`");
        let committed = std::fs::read_to_string(Workspace::here().path(POLICY)).expect("the page");
        assert!(
            committed == policy_page::page(&schema()),
            "{POLICY} is not what the types say: run `cargo xtask docs`"
        );
    }

    #[test]
    fn every_reason_has_words_for_the_operator() {
        for reason in Reason::ALL {
            let meaning = reason.facts().meaning.trim();
            assert!(meaning.ends_with('.') && !meaning.contains('|'), "{}: {meaning}", reason.code());
        }
    }
}
