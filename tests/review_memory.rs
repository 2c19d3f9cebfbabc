//! What a review of a large store holds in memory: a page of it, however many keys there are (contract §9).

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering},
};

use edgeward::{
    governance::{InventoryWalk, ReviewRules, ReviewWalk, inventory_csv_rows, page_rows},
    host::{Host, HostError, Listing, NativeCheck, UnixMillis},
    jose::Algorithm,
};
use pollster::block_on;
use serde_json::json;

const NOW: i64 = 1_780_000_000;
const DAY: i64 = 86_400;

/// Counts what is allocated and not given back, and the most that it ever was.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "an allocator cannot be had without; it hands everything on to the system's")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller's layout, as it is.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's place and layout, as they are.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A store that makes up its keys as it is asked for them, so that it holds nothing itself.
struct Endless {
    keys: u32,
    reads: Cell<u32>,
    /// Every third is flawed, every fourth never ends, and none was ever used: all have findings.
    records: Vec<Vec<u8>>,
}

impl Endless {
    fn of(keys: u32) -> Self {
        let record = |number: usize| {
            json!({
                "v": if number.is_multiple_of(3) { 2 } else { 1 },
                "digest": "sha-256:12dc815627bb7a6ae6e71432efbda319c721f5070c20ea2628cdf10c3e45ef0e",
                "organization": "org_1", "owner": "ada", "revoker": "sec", "name": "export", "environment": "live",
                "scopes": ["reports:read", "reports:*"], "created": NOW - 400 * DAY,
                "expires": (!number.is_multiple_of(4)).then_some(NOW + DAY),
                "metadata": { "note": "x".repeat(500) },
            })
        };
        let records = (0..12).map(|number| record(number).to_string().into_bytes()).collect();
        Self { keys, reads: Cell::new(0), records }
    }
}

impl Host for Endless {
    fn now(&self) -> UnixMillis {
        UnixMillis(NOW * 1000)
    }

    fn fill_random(&self, _: &mut [u8]) -> Result<(), HostError> {
        Err(HostError("nobody draws here".to_owned()))
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        self.reads.set(self.reads.get() + 1);
        let number = key.strip_prefix("key/").and_then(|id| id.parse::<usize>().ok());
        Ok(number.map(|number| self.records[number % self.records.len()].clone()))
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>, most: u32) -> Result<Listing, HostError> {
        if prefix != "key/" {
            return Ok(Listing::default());
        }
        let first = cursor.map_or(0, |cursor| cursor.parse().expect("a cursor of this store"));
        let end = self.keys.min(first + most);
        let keys = (first..end).map(|number| format!("{prefix}{number:016}")).collect();
        Ok(Listing { keys, cursor: (end < self.keys).then(|| end.to_string()) })
    }

    fn has_native(&self, _: Algorithm) -> bool {
        false
    }

    async fn verify_signature(&self, _: NativeCheck<'_>) -> Result<bool, HostError> {
        Err(HostError("no signatures here".to_owned()))
    }
}

/// The most bytes that are held at once beyond those from before, while a store of so many keys is gone through.
fn most_held(keys: u32) -> usize {
    let store = Endless::of(keys);
    let rules = ReviewRules::default();
    let before = IN_USE.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);

    let (mut walk, mut written) = (ReviewWalk::default(), 0);
    while let Some(page) = block_on(walk.next(&store, &rules)).expect("a page") {
        written += page_rows(&page).len();
    }
    let mut inventory = InventoryWalk::default();
    while let Some(page) = block_on(inventory.next(&store)).expect("a page") {
        written += inventory_csv_rows(&page).len();
    }

    assert_eq!(walk.summary().keys, u64::from(keys));
    assert_eq!(walk.summary().keys_with_findings, u64::from(keys));
    assert_eq!(store.reads.get(), 4 * keys);
    assert!(written > 500 * keys as usize, "{written} bytes were written");
    MOST.load(Ordering::Relaxed) - before
}

// One test alone: another beside it would be counted too.
#[test]
fn a_hundred_thousand_keys_take_no_more_memory_than_a_thousand() {
    let few = most_held(1_000);
    let many = most_held(100_000);
    println!("a thousand keys: {few} bytes; a hundred thousand: {many} bytes");
    // Numbers grow by a digit or two.
    assert!(many <= few + 16 * 1024, "{few} bytes for a thousand keys, {many} for a hundred thousand");
    // The figure of docs/review.md.
    assert!(many <= 2 * 1024 * 1024, "{many} bytes");
}
