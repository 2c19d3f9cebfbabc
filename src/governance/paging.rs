//! Going through a store page by page, so that what is held in memory does not grow with the number of keys.

use std::fmt;

use crate::host::HostError;

/// The most keys of one page.
pub const MOST_PER_PAGE: u32 = 100;

/// The store failed within a page. Nothing of the page is handed over: a short list would pass for a whole one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageError {
    /// The cursor of the page that failed, with which it can be asked for again; none for the first.
    pub cursor: Option<String>,
    /// How many keys and clients of the page had been read by then.
    pub read: u32,
    /// What the store said.
    pub error: HostError,
}

impl fmt::Display for PageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the store failed after {} credentials of this page: {}", self.read, self.error)
    }
}

impl std::error::Error for PageError {}

/// A walk over all pages came to an end before the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkError {
    /// How many keys and clients stand on the pages that were handed over: they are not all.
    pub keys: u64,
    /// How many pages were handed over.
    pub pages: u64,
    /// What happened on the next one. Its cursor is where the walk can be taken up again.
    pub page: PageError,
}

impl fmt::Display for WalkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "this is not the whole list: it came as far as {} credentials on {} pages, and then {}",
            self.keys, self.pages, self.page
        )
    }
}

impl std::error::Error for WalkError {}

/// How far a walk over all pages has come. It makes no request: whoever walks asks for the page at
/// [`Progress::cursor`] and tells what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    cursor: Option<String>,
    done: bool,
    keys: u64,
    pages: u64,
}

impl Progress {
    /// A walk that begins at a cursor, or at the first page.
    #[must_use]
    pub fn from(cursor: Option<String>) -> Self {
        Self { cursor, ..Self::default() }
    }

    /// Whether the last page was handed over: only then the walk has seen every key.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.done
    }

    /// The cursor of the next page; none for the first.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// How many keys and clients the walk has seen.
    #[must_use]
    pub const fn keys(&self) -> u64 {
        self.keys
    }

    /// Takes a page with so many keys and clients, and the cursor that it named.
    pub fn took(&mut self, keys: usize, cursor: Option<String>) {
        self.keys = self.keys.saturating_add(u64::try_from(keys).unwrap_or(u64::MAX));
        self.pages = self.pages.saturating_add(1);
        self.done = cursor.is_none();
        self.cursor = cursor;
    }

    /// The error of the walk that a page failed.
    #[must_use]
    pub const fn stopped(&self, page: PageError) -> WalkError {
        WalkError { keys: self.keys, pages: self.pages, page }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_is_done_with_the_last_page_and_not_before() {
        let mut progress = Progress::default();
        assert!(!progress.is_done() && progress.cursor().is_none());
        progress.took(100, Some("a".to_owned()));
        progress.took(0, Some("b".to_owned()));
        assert_eq!((progress.is_done(), progress.cursor(), progress.keys()), (false, Some("b"), 100));
        let page = PageError { cursor: Some("b".to_owned()), read: 7, error: HostError("the line is dead".to_owned()) };
        assert_eq!(
            progress.stopped(page).to_string(),
            "this is not the whole list: it came as far as 100 credentials on 2 pages, and then the store failed \
             after 7 credentials of this page: the line is dead"
        );
        progress.took(3, None);
        assert_eq!((progress.is_done(), progress.cursor(), progress.keys()), (true, None, 103));
    }
}
