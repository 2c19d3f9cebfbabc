//! What administrators look at beside single keys, the inventory and the review, and what they put on the signed deny list.

use serde::{Deserialize, Serialize};

use super::{Answer, Gate, GateRequest, admin::query, endpoint::AdminCall};
use crate::{
    api_key::read_body,
    governance::{
        Finding, MOST_PER_PAGE, PageError, ReviewPage, ReviewRules, findings_csv_head, findings_csv_rows,
        inventory_csv_head, inventory_csv_rows, inventory_page, page_csp, page_foot, page_head, page_rows, review_page,
        review_policy,
    },
    host::Host,
    policy::Policy,
    revocation::{DenyEntry, PublishError, Published},
    verdict::{Denial, Reason},
};

/// The header that leads to the next page, where the answer is no JSON.
const CURSOR: &str = "edgeward-cursor";

/// What the review goes by.
#[derive(Debug)]
pub(crate) struct Oversight {
    rules: ReviewRules,
    /// What is wrong with the routes: it stands on the first page.
    routes: Vec<Finding>,
}

impl Oversight {
    pub(super) fn of(policy: &Policy) -> Self {
        Self { rules: ReviewRules::of(policy), routes: review_policy(policy) }
    }
}

/// How a page is written.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Json,
    Csv,
    Html,
}

/// Which page is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    format: Format,
    cursor: Option<String>,
    #[serde(default = "most_per_page")]
    limit: u32,
}

const fn most_per_page() -> u32 {
    MOST_PER_PAGE
}

impl Asked {
    fn read(request: &GateRequest) -> Result<Self, Denial> {
        let asked: Self = read_body(&query(request)?)?;
        if (1..=MOST_PER_PAGE).contains(&asked.limit) {
            return Ok(asked);
        }
        Err(Denial::new(Reason::BodyInvalid).telling(format!("`limit` is from 1 to {MOST_PER_PAGE}")))
    }
}

/// Entries for the deny list, as an administrator sends them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    entries: Vec<DenyEntry>,
}

impl Gate {
    /// A page of the inventory. Another page is asked for with the cursor of this one.
    pub(super) async fn inventory<H: Host>(&self, host: &H, request: &GateRequest) -> Result<Answer, Denial> {
        let asked = Asked::read(request)?;
        if asked.format == Format::Html {
            return Err(Denial::new(Reason::BodyInvalid).telling("the inventory is written as `json` or `csv`"));
        }
        let page = inventory_page(host, asked.cursor.as_deref(), asked.limit).await.map_err(|error| failed(&error))?;
        if asked.format == Format::Json {
            return Ok(document(&page));
        }
        let head = if asked.cursor.is_none() { inventory_csv_head() } else { String::new() };
        Ok(csv(head + &inventory_csv_rows(&page), page.cursor.as_deref()))
    }

    /// A page of the review. What concerns no key stands on the first one.
    pub(super) async fn review<H: Host>(&self, host: &H, request: &GateRequest) -> Result<Answer, Denial> {
        let asked = Asked::read(request)?;
        let Oversight { rules, routes } = &self.oversight;
        let mut page =
            review_page(host, rules, asked.cursor.as_deref(), asked.limit).await.map_err(|error| failed(&error))?;
        if asked.cursor.is_none() {
            let ReviewPage { findings, summary, .. } = ReviewPage::of_policy(routes.clone());
            page.summary.add(&summary);
            page.findings.extend(findings);
            page.findings.sort_by_key(|finding| finding.severity);
        }
        Ok(match asked.format {
            Format::Json => document(&page),
            Format::Csv => {
                let head = if asked.cursor.is_none() { findings_csv_head() } else { String::new() };
                csv(head + &findings_csv_rows(&page), page.cursor.as_deref())
            }
            Format::Html => {
                let html = page_head(host.now(), rules) + &page_rows(&page) + &page_foot(&page.summary);
                let answer = Answer::of("text/html; charset=utf-8", html).with("content-security-policy", page_csp());
                leading_on(answer, page.cursor.as_deref())
            }
        })
    }

    /// What is known of the signed deny list, or a change of it.
    pub(super) async fn change_deny_list<H: Host>(
        &self,
        host: &H,
        call: AdminCall<'_>,
        body: &[u8],
    ) -> Result<Answer, Denial> {
        if !self.decider.revocation.is_strict() {
            return Err(Reason::EndpointUnknown.into());
        }
        let published: Published = match call {
            AdminCall::Deny => {
                self.deny(host, read_body::<Entries>(body)?.entries).await.map_err(|error| refused(&error))?
            }
            AdminCall::Undeny => {
                self.undeny(host, &read_body::<Entries>(body)?.entries).await.map_err(|error| refused(&error))?
            }
            _ => return Ok(document(&self.deny_snapshot(host.clock()))),
        };
        Ok(document(&published))
    }

    /// Puts keys that were ended on the signed deny list, in strict mode. Words for the audit event where this deployment
    /// has no key to sign it with: then the end of a key takes hold by the store alone.
    ///
    /// # Errors
    /// Where the list does not name the keys, or nobody can tell. The keys are ended in the store all the same, and
    /// whoever asks again has them put on the list.
    pub(super) async fn publish_ends<'k, H: Host>(
        &self,
        host: &H,
        ids: impl IntoIterator<Item = &'k str>,
    ) -> Result<Option<String>, Denial> {
        if !self.decider.revocation.is_strict() {
            return Ok(None);
        }
        if !self.decider.revocation.can_publish() {
            return Ok(Some(
                "the signed deny list does not name it: no key to sign it with was handed over".to_owned(),
            ));
        }
        let entries = ids.into_iter().map(DenyEntry::of_key).collect::<Vec<_>>();
        if entries.is_empty() {
            return Ok(None);
        }
        self.decider.revocation.publish_denial(host, entries).await.map_err(|error| {
            let words = "the key is revoked in the store, and the signed deny list does not name it yet: ask again";
            Denial { note: Some(error.to_string()), ..refused(&error).telling(words) }
        })?;
        Ok(None)
    }
}

/// Nothing of a page is handed over where the store failed on the way.
fn failed(error: &PageError) -> Denial {
    Denial::new(Reason::StoreUnavailable).noting(error.to_string())
}

fn refused(error: &PublishError) -> Denial {
    let words = error.to_string();
    match error {
        PublishError::Entry(_) | PublishError::TooLong(_) => Denial::new(Reason::BodyInvalid).telling(words),
        PublishError::NotStrict | PublishError::NoSigner => Denial::new(Reason::KeyStateConflict).telling(words),
        PublishError::Contended => Denial::new(Reason::WriteConflict).noting(words),
        PublishError::Store(_) => Denial::new(Reason::StoreUnavailable).noting(words),
        PublishError::Foreign(_) | PublishError::Older | PublishError::Clock => {
            Denial::new(Reason::DenySnapshotUnavailable).noting(words)
        }
    }
}

/// What is written here has a form in JSON: strings, numbers, and lists of them.
fn document(document: &impl Serialize) -> Answer {
    Answer::json(serde_json::to_string(document).unwrap_or_default())
}

fn csv(text: String, cursor: Option<&str>) -> Answer {
    leading_on(Answer::of("text/csv; charset=utf-8", text), cursor)
}

/// The answer with what leads to the next page. A cursor is the store's word: it is escaped as a header has to be.
fn leading_on(answer: Answer, cursor: Option<&str>) -> Answer {
    match cursor {
        Some(cursor) => answer.with(CURSOR, form_urlencoded::byte_serialize(cursor.as_bytes()).collect::<String>()),
        None => answer,
    }
}
