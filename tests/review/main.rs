//! The inventory and the review of a store with keys of every kind: what is found, what cannot be read, and what happens
//! when the store fails on the way.

mod anything;
mod store;

use std::collections::BTreeMap;

use edgeward::{
    governance::{
        InventoryWalk, ReviewPage, ReviewRules, ReviewWalk, State, Summary, inventory_page, page_foot, page_head,
        page_rows, review_page, review_policy,
    },
    host::{Host, HostError, Listing, NativeCheck, UnixMillis},
    jose::Algorithm,
    policy::read_policy,
};
use pollster::block_on;
use serde_json::json;
use store::{DAY, DIGEST, Fault, NOW, Store};

fn rules() -> ReviewRules {
    let policy = json!({
        "apiKeys": { "prefix": "acme", "environment": "live" },
        "review": { "departed": ["bob"], "unusedDays": 60 },
    });
    ReviewRules::of(&read_policy(&policy.to_string()).expect("a policy"))
}

/// A store as one grows over the years.
fn grown() -> Store {
    let store = Store::default();
    store.put_key("careful0000000000", &json!({}));
    store.put("usage/careful0000000000", &json!({ "v": 1, "lastUsed": NOW - 60, "precision": 3600 }));
    store.put_key("departed000000000", &json!({ "owner": "bob" }));
    store.put_key("endless0000000000", &json!({ "expires": null }));
    store.put_key("exposed0000000000", &json!({}));
    store.put("usage/exposed0000000000", &json!({ "v": 1, "exposed": { "at": NOW - DAY, "place": "plain_http" } }));
    store.put_key("halfread000000000", &json!({ "v": 3 }));
    store.values.borrow_mut().insert("key/nojson00000000000".to_owned(), b"\xff{".to_vec());
    store.put_key("old00000000000000", &json!({}));
    store.put_key("replaces000000000", &json!({ "rotation": { "replaces": "old00000000000000" } }));
    let exercised = json!({ "reports:read": NOW - 61 * DAY });
    let resting = json!({ "v": 1, "lastUsed": NOW - 61 * DAY - 1, "precision": 86_400, "exercised": exercised });
    store.put_key("resting0000000000", &json!({ "created": NOW - 300 * DAY }));
    store.put("usage/resting0000000000", &resting);
    store.put_key("revoked0000000000", &json!({ "revocation": { "at": NOW - 1, "by": "sec", "reason": "unused" } }));
    store.put_key("unowned0000000000", &json!({ "revoker": "" }));
    store.put_key("wide0000000000000", &json!({ "scopes": ["*"], "allowedCidrs": ["192.0.2.0/24"] }));
    store.put("keyset/https://issuer.example", &json!({ "keys": [] }));
    store
}

fn walk(store: &Store) -> (Vec<ReviewPage>, Summary) {
    let (mut walk, mut pages) = (ReviewWalk::default(), Vec::new());
    while let Some(page) = block_on(walk.next(store, &rules())).expect("a page") {
        pages.push(page);
    }
    (pages, walk.summary().clone())
}

fn found(pages: &[ReviewPage]) -> Vec<(String, &'static str)> {
    let findings = pages.iter().flat_map(|page| &page.findings);
    let mut found: Vec<_> = findings
        .map(|finding| {
            (finding.subject.id.as_deref().unwrap_or_default().trim_end_matches('0').to_owned(), finding.rule)
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_store_that_has_grown_is_reviewed_as_a_whole() {
    let (pages, summary) = walk(&grown());
    let expected = [
        ("departed", "owner_departed"),
        ("endless", "no_expiry"),
        ("exposed", "exposed"),
        ("halfread", "record_unreadable"),
        ("nojson", "record_unreadable"),
        ("replaces", "rotation_abandoned"),
        ("resting", "unused"),
        ("unowned", "no_owner"),
        ("wide", "wildcard_scope"),
    ];
    assert_eq!(found(&pages), expected.map(|(id, rule)| (id.to_owned(), rule)));
    assert_eq!((summary.keys, summary.findings, summary.keys_with_findings), (12, 9, 9));
    assert_eq!(summary.by_state[&State::Unreadable], 2);
    let listed: Vec<_> = pages[0].findings.iter().map(|finding| finding.severity).collect();
    assert!(listed.is_sorted(), "the worst comes first: {listed:?}");
}

#[test]
fn every_key_is_a_line_of_the_inventory_and_what_cannot_be_read_breaks_nothing() {
    let page = block_on(inventory_page(&grown(), None, 100)).expect("a page");
    assert_eq!((page.lines.len(), &page.cursor), (12, &None));
    let states: BTreeMap<_, _> =
        page.lines.iter().map(|line| (line.id().trim_end_matches('0'), line.state().as_str())).collect();
    assert_eq!((states["halfread"], states["nojson"]), ("unreadable", "unreadable"));
    assert_eq!((states["revoked"], states["unowned"], states["careful"]), ("revoked", "unowned", "active"));
    let json = serde_json::to_string(&page).expect("JSON");
    assert!(json.contains(r#""lastUsed":1779999940,"lastUsedPrecision":3600"#), "{json}");
    assert!(!json.contains(&DIGEST[8..]) && !json.contains("digest"), "{json}");
}

#[test]
fn pages_of_any_size_add_up_to_the_same() {
    let store = grown();
    let (whole, summary) = walk(&store);
    for fault in [Fault::None, Fault::EmptyPages] {
        store.fault.set(fault);
        for most in [1, 2, 5, 12, 13, u32::MAX] {
            let (mut cursor, mut pages, mut counted) = (None, Vec::new(), Summary::default());
            loop {
                let page = block_on(review_page(&store, &rules(), cursor.as_deref(), most)).expect("a page");
                counted.add(&page.summary);
                cursor = page.cursor.clone();
                pages.push(page);
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!((found(&pages), &counted), (found(&whole), &summary), "{most} keys to a page");
        }
        let mut walk = InventoryWalk::default();
        let mut lines = 0;
        while let Some(page) = block_on(walk.next(&store)).expect("a page") {
            lines += page.lines.len();
        }
        assert_eq!(lines, 12);
    }
}

#[test]
fn a_store_that_fails_on_the_way_is_an_error_that_says_how_far_it_came() {
    let store = Store::default();
    for number in 0..250 {
        store.put_key(&format!("key{number:013}"), &json!({}));
    }
    // Two reads for each key: within the second page.
    store.fails_after.set(Some(2 * 130 + 1));
    let (mut walk, mut seen) = (ReviewWalk::default(), 0);
    let error = loop {
        match block_on(walk.next(&store, &rules())) {
            Ok(Some(page)) => seen += page.summary.keys,
            Ok(None) => panic!("a short review that passes for a whole one"),
            Err(error) => break error,
        }
    };
    assert_eq!((seen, error.keys, error.pages, error.page.read), (100, 100, 1, 0));
    assert_eq!(error.page.cursor.as_deref(), Some("key/key0000000000100"));
    assert_eq!(
        error.to_string(),
        "this is not the whole list: it came as far as 100 credentials on 1 pages, and then the store failed after 0 \
         credentials of this page: the line is dead"
    );
    // It can be taken up where it stopped, and nothing is counted twice.
    store.fails_after.set(None);
    while block_on(walk.next(&store, &rules())).expect("a page").is_some() {}
    assert_eq!(walk.summary().keys, 250);

    store.fails_after.set(Some(store.reads.get()));
    let mut inventory = InventoryWalk::default();
    assert_eq!(block_on(inventory.next(&store)).expect_err("a dead line").keys, 0);
}

#[test]
fn a_list_that_is_no_list_is_an_error() {
    let store = grown();
    for (fault, words) in [
        (Fault::TooMany, "more names than it was asked for"),
        (Fault::Others, "names that it was not asked for"),
        (Fault::NoEnd, "its list has no end"),
    ] {
        store.fault.set(fault);
        let most = if fault == Fault::TooMany { 5 } else { 100 };
        let mut cursor = None;
        let error = (0..3)
            .find_map(|_| match block_on(inventory_page(&store, cursor.as_deref(), most)) {
                Ok(page) => {
                    cursor = page.cursor;
                    None
                }
                Err(error) => Some(error),
            })
            .expect("an error");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn a_key_that_is_gone_when_its_record_is_asked_for_is_a_line_too() {
    struct Gone(Store);
    impl Host for Gone {
        fn now(&self) -> UnixMillis {
            self.0.now()
        }
        fn fill_random(&self, buffer: &mut [u8]) -> Result<(), HostError> {
            self.0.fill_random(buffer)
        }
        async fn read(&self, _: &str) -> Result<Option<Vec<u8>>, HostError> {
            Ok(None)
        }
        async fn list(&self, prefix: &str, cursor: Option<&str>, most: u32) -> Result<Listing, HostError> {
            self.0.list(prefix, cursor, most).await
        }
        fn has_native(&self, algorithm: Algorithm) -> bool {
            self.0.has_native(algorithm)
        }
        async fn verify_signature(&self, check: NativeCheck<'_>) -> Result<bool, HostError> {
            self.0.verify_signature(check).await
        }
    }
    let page = block_on(inventory_page(&Gone(grown()), None, 100)).expect("a page");
    assert!(page.lines.len() == 12 && page.lines.iter().all(|line| line.state() == State::Unreadable));
}

#[test]
fn neighbours_are_read_only_where_a_rule_wants_to_know() {
    let store = Store::default();
    store.put_key("plain", &json!({}));
    store.put_key("ended", &json!({ "expires": NOW, "rotation": { "replaces": "x", "replacedBy": "y" } }));
    block_on(review_page(&store, &rules(), None, 100)).expect("a page");
    assert_eq!(store.reads.get(), 4);
    store.put_key("rotated", &json!({ "rotation": { "replacedBy": "plain", "overlapUntil": NOW + 5 } }));
    block_on(review_page(&store, &rules(), None, 100)).expect("a page");
    assert_eq!(store.reads.get(), 4 + 7);
}

#[test]
fn the_findings_about_the_policy_stand_before_those_about_keys() {
    let policy = json!({
        "apiKeys": { "prefix": "acme", "environment": "live" },
        "routes": [{ "methods": ["GET"], "path": "/v1", "classes": ["api_key"] }],
    });
    let policy = read_policy(&policy.to_string()).expect("a policy");
    let first = ReviewPage::of_policy(review_policy(&policy));
    let mut walk = ReviewWalk::default();
    walk.count(&first);
    let mut html = page_head(UnixMillis(NOW * 1000), &ReviewRules::of(&policy));
    html.push_str(&page_rows(&first));
    let store = grown();
    while let Some(page) = block_on(walk.next(&store, &ReviewRules::of(&policy))).expect("a page") {
        html.push_str(&page_rows(&page));
    }
    html.push_str(&page_foot(walk.summary()));
    assert_eq!(walk.summary().by_rule["weak_route_without_scope"], 1);
    assert_eq!(walk.summary().keys, 12);
    let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(place("/routes/0/scopes") < place("endless0000000000"));
}
