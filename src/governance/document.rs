//! The inventory and the review as texts that are written page by page, so that whoever writes them holds one page at a
//! time: a table for a spreadsheet, or a page for a person.

use super::{
    InventoryPage, MOST_PER_PAGE, Progress, ReviewPage, ReviewRules, Summary, WalkError, findings_csv_head,
    findings_csv_rows, findings_csv_stopped, inventory_csv_head, inventory_csv_rows, inventory_csv_stopped,
    inventory_page, page_foot, page_head, page_rows, page_stopped, review_page,
};
use crate::host::Host;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// The inventory as CSV.
    InventoryCsv,
    /// The review as CSV.
    ReviewCsv,
    /// The review as HTML.
    ReviewHtml,
}

impl DocumentKind {
    /// The kind of this name: `inventory.csv`, `review.csv` or `review.html`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "inventory.csv" => Self::InventoryCsv,
            "review.csv" => Self::ReviewCsv,
            "review.html" => Self::ReviewHtml,
            _ => return None,
        })
    }
}

/// A document that is being written. Its size has a bound, whatever the store holds.
#[derive(Debug, Clone)]
pub struct Document {
    kind: DocumentKind,
    progress: Progress,
    summary: Summary,
    begun: bool,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentPart {
    /// The text that comes next.
    pub text: String,
    /// Why the document ends here and is not whole; its text says so too.
    pub stopped: Option<WalkError>,
}

impl Document {
    /// A document that begins at a cursor, or at the first page.
    #[must_use]
    pub fn new(kind: DocumentKind, cursor: Option<String>) -> Self {
        Self { kind, progress: Progress::from(cursor), summary: Summary::default(), begun: false }
    }

    /// How far it came.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// What was counted so far; nothing in an inventory, which counts nothing.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The next part: the head where it is the first, and a page of at most so many keys and clients. It holds the end as well where
    /// the page is the last, and where the store failed. `policy` holds the findings about no key, which stand first.
    pub async fn next<H: Host>(
        &mut self,
        host: &H,
        rules: &ReviewRules,
        policy: &ReviewPage,
        most: u32,
    ) -> DocumentPart {
        let mut text = if self.begun { String::new() } else { self.head(host, rules, policy) };
        self.begun = true;
        let most = most.clamp(1, MOST_PER_PAGE);
        let page = match self.kind {
            DocumentKind::InventoryCsv => inventory_page(host, self.progress.cursor(), most).await.map(|page| {
                text.push_str(&inventory_csv_rows(&page));
                let InventoryPage { entries, cursor, .. } = page;
                (u64::try_from(entries).unwrap_or(u64::MAX), cursor)
            }),
            DocumentKind::ReviewCsv | DocumentKind::ReviewHtml => {
                review_page(host, rules, self.progress.cursor(), most).await.map(|page| {
                    text.push_str(&self.rows(&page));
                    self.summary.add(&page.summary);
                    (page.summary.entries(), page.cursor)
                })
            }
        };
        match page {
            Ok((keys, cursor)) => {
                self.progress.took(usize::try_from(keys).unwrap_or(usize::MAX), cursor);
                if self.progress.is_done() {
                    text.push_str(&self.foot());
                }
                DocumentPart { text, stopped: None }
            }
            Err(error) => {
                let error = self.progress.stopped(error);
                text.push_str(&self.stopped(&error));
                DocumentPart { text, stopped: Some(error) }
            }
        }
    }

    /// What ends it after a page that is not the last, where no more was asked for.
    #[must_use]
    pub fn foot(&self) -> String {
        match self.kind {
            DocumentKind::InventoryCsv | DocumentKind::ReviewCsv => String::new(),
            DocumentKind::ReviewHtml => page_foot(&self.summary),
        }
    }

    fn head<H: Host>(&mut self, host: &H, rules: &ReviewRules, policy: &ReviewPage) -> String {
        let head = match self.kind {
            DocumentKind::InventoryCsv => return inventory_csv_head(),
            DocumentKind::ReviewCsv => findings_csv_head(),
            DocumentKind::ReviewHtml => page_head(host.now(), rules),
        };
        self.summary.add(&policy.summary);
        head + &self.rows(policy)
    }

    fn rows(&self, page: &ReviewPage) -> String {
        match self.kind {
            DocumentKind::InventoryCsv => String::new(),
            DocumentKind::ReviewCsv => findings_csv_rows(page),
            DocumentKind::ReviewHtml => page_rows(page),
        }
    }

    fn stopped(&self, error: &WalkError) -> String {
        match self.kind {
            DocumentKind::InventoryCsv => inventory_csv_stopped(error),
            DocumentKind::ReviewCsv => findings_csv_stopped(error),
            DocumentKind::ReviewHtml => page_stopped(error, &self.summary),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use pollster::block_on;
    use serde_json::json;

    use super::*;
    use crate::{
        governance::{
            review_policy,
            testing::{NOW, record_json},
        },
        host::{HostError, Listing, NativeCheck, UnixMillis},
        jose::Algorithm,
        policy::read_policy,
    };

    /// A store of seven keys that breaks after so many reads.
    struct Seven {
        reads: Cell<u32>,
    }

    impl Host for Seven {
        fn now(&self) -> UnixMillis {
            UnixMillis(NOW * 1000)
        }

        fn fill_random(&self, _: &mut [u8]) -> Result<(), HostError> {
            Err(HostError("nobody draws here".to_owned()))
        }

        async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
            self.reads.set(self.reads.get().checked_sub(1).ok_or_else(|| HostError("the line is dead".to_owned()))?);
            Ok(key.starts_with("key/").then(|| record_json(&json!({})).to_string().into_bytes()))
        }

        async fn list(&self, prefix: &str, cursor: Option<&str>, most: u32) -> Result<Listing, HostError> {
            if prefix != "key/" {
                return Ok(Listing::default());
            }
            let first: u32 = cursor.map_or(0, |cursor| cursor.parse().expect("a cursor of this store"));
            let end = 7.min(first + most);
            let keys = (first..end).map(|number| format!("{prefix}{number}")).collect();
            Ok(Listing { keys, cursor: (end < 7).then(|| end.to_string()) })
        }

        fn has_native(&self, _: Algorithm) -> bool {
            false
        }

        async fn verify_signature(&self, _: NativeCheck<'_>) -> Result<bool, HostError> {
            Err(HostError("no signatures here".to_owned()))
        }
    }

    /// The whole document, in pages of so many keys.
    fn written(kind: &str, most: u32, reads: u32) -> (String, Document, Option<WalkError>) {
        let host = Seven { reads: Cell::new(reads) };
        let rules = ReviewRules::default();
        let policy = r#"{"apiKeys":{"prefix":"ab","environment":"live"},
            "routes":[{"methods":["GET"],"path":"/","classes":["api_key"],"scopes":[]}]}"#;
        let policy = ReviewPage::of_policy(review_policy(&read_policy(policy).expect("a policy")));
        let mut document = Document::new(DocumentKind::named(kind).expect("a kind"), None);
        let mut text = String::new();
        loop {
            let part = block_on(document.next(&host, &rules, &policy, most));
            text.push_str(&part.text);
            if part.stopped.is_some() || document.progress().is_done() {
                return (text, document, part.stopped);
            }
        }
    }

    #[test]
    fn a_document_is_the_same_whatever_its_pages_are() {
        for kind in ["inventory.csv", "review.csv", "review.html"] {
            let (whole, ..) = written(kind, 100, 1000);
            for most in [1, 2, 3, 7, 8] {
                assert_eq!(written(kind, most, 1000).0, whole, "{kind} {most}");
            }
        }
        assert_eq!(written("inventory.csv", 3, 1000).0.lines().count(), 8);
        assert_eq!(DocumentKind::named("inventory.html"), None);
    }

    #[test]
    fn a_review_counts_what_stands_in_it_and_begins_with_the_policy() {
        let (csv, document, _) = written("review.csv", 2, 1000);
        let summary = document.summary();
        assert_eq!((summary.keys, summary.keys_with_findings), (7, 7));
        assert_eq!(u64::try_from(csv.lines().count()).ok(), Some(summary.findings + 1));
        assert!(csv.lines().nth(1).is_some_and(|line| line.contains("weak_route")), "{csv}");
        let (html, ..) = written("review.html", 2, 1000);
        assert_eq!(html.matches("<!doctype html>").count(), 1);
        assert!(html.ends_with("</html>\n") && html.contains("7 keys were looked at"));
    }

    #[test]
    fn a_document_whose_store_fails_ends_with_that() {
        for (kind, last) in [("inventory.csv", "incomplete"), ("review.csv", "incomplete"), ("review.html", "</html>")]
        {
            let (text, document, stopped) = written(kind, 2, 9);
            let stopped = stopped.expect("an error");
            assert_eq!((stopped.keys, stopped.pages, stopped.page.cursor.as_deref()), (4, 2, Some("4")), "{kind}");
            assert!(text.contains("this is not the whole list") && text.contains("the line is dead"), "{text}");
            assert!(text.lines().last().is_some_and(|line| line.contains(last)), "{text}");
            assert!(!document.progress().is_done());
        }
    }
}
