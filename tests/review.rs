//! The inventory and the review of a store with keys of every kind: what is found, what cannot be read, and what happens
//! when the store fails on the way.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use edgeward::{
    governance::{
        InventoryWalk, MOST_PER_PAGE, ReviewPage, ReviewRules, ReviewWalk, State, Summary, findings_csv_head,
        findings_csv_rows, inventory_csv_head, inventory_csv_rows, inventory_page, page_foot, page_head, page_rows,
        review_page, review_policy,
    },
    host::{Host, HostError, Listing, NativeCheck, UnixMillis},
    jose::Algorithm,
    policy::read_policy,
};
use pollster::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: i64 = 1_780_000_000;
const DAY: i64 = 86_400;
const DIGEST: &str = "sha-256:12dc815627bb7a6ae6e71432efbda319c721f5070c20ea2628cdf10c3e45ef0e";

/// A store that the test owns. Its cursor is the name that the next page begins with.
#[derive(Default)]
struct Store {
    values: RefCell<BTreeMap<String, Vec<u8>>>,
    reads: Cell<usize>,
    /// After how many reads it fails.
    fails_after: Cell<Option<usize>>,
    /// What it gets wrong about lists.
    fault: Cell<Fault>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Fault {
    #[default]
    None,
    /// The same page again and again.
    NoEnd,
    /// More than it was asked for.
    TooMany,
    /// What it was not asked for.
    Others,
    /// Pages with nothing on them in between.
    EmptyPages,
}

impl Store {
    fn put(&self, key: &str, value: &Value) {
        self.values.borrow_mut().insert(key.to_owned(), value.to_string().into_bytes());
    }

    fn put_key(&self, id: &str, change: &Value) {
        let mut record = json!({
            "v": 1, "digest": DIGEST, "organization": "org_1", "owner": "ada", "revoker": "sec", "name": "export",
            "environment": "live", "scopes": ["reports:read"], "created": NOW - 10 * DAY, "expires": NOW + 60 * DAY,
        });
        for (name, value) in change.as_object().expect("an object") {
            record[name] = value.clone();
        }
        self.put(&format!("key/{id}"), &record);
    }
}

impl Host for Store {
    fn now(&self) -> UnixMillis {
        UnixMillis(NOW * 1000)
    }

    fn fill_random(&self, _: &mut [u8]) -> Result<(), HostError> {
        Err(HostError("nobody draws here".to_owned()))
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        self.reads.set(self.reads.get() + 1);
        if self.fails_after.get().is_some_and(|most| self.reads.get() > most) {
            return Err(HostError("the line is dead".to_owned()));
        }
        Ok(self.values.borrow().get(key).cloned())
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>, most: u32) -> Result<Listing, HostError> {
        assert!(most <= MOST_PER_PAGE, "a page of {most}");
        let (cursor, most) = match self.fault.get() {
            Fault::NoEnd => (None, most),
            Fault::TooMany => (cursor, most + 1),
            _ => (cursor, most),
        };
        if self.fault.get() == Fault::EmptyPages
            && let Some(cursor) = cursor
            && !cursor.starts_with('+')
        {
            return Ok(Listing { keys: Vec::new(), cursor: Some(format!("+{cursor}")) });
        }
        let cursor = cursor.map(|cursor| cursor.trim_start_matches('+'));
        let prefix = if self.fault.get() == Fault::Others { "" } else { prefix };
        let values = self.values.borrow();
        let mut names = values
            .keys()
            .filter(|name| name.starts_with(prefix))
            .filter(|name| cursor.is_none_or(|cursor| name.as_str() >= cursor));
        let keys = names.by_ref().take(most as usize).cloned().collect();
        let next = if self.fault.get() == Fault::NoEnd { Some("again".to_owned()) } else { names.next().cloned() };
        Ok(Listing { keys, cursor: next })
    }

    fn has_native(&self, _: Algorithm) -> bool {
        false
    }

    async fn verify_signature(&self, _: NativeCheck<'_>) -> Result<bool, HostError> {
        Err(HostError("no signatures here".to_owned()))
    }
}

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
        page.lines.iter().map(|line| (line.id.trim_end_matches('0'), line.state.as_str())).collect();
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
    assert_eq!((seen, error.keys, error.pages, error.page.read), (100, 100, 1, 30));
    assert_eq!(error.page.cursor.as_deref(), Some("key/key0000000000100"));
    assert_eq!(
        error.to_string(),
        "this is not the whole list: it came as far as 100 keys on 1 pages, and then the store failed after 30 keys of \
         this page: the line is dead"
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
    assert!(page.lines.len() == 12 && page.lines.iter().all(|line| line.state == State::Unreadable));
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

/// A text as somebody's mistake, or malice, could leave it.
fn any_text() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::from),
        Just(json!("ada")),
        Just(json!("=cmd|' /C calc'!A0")),
        Just(json!("<script>alert(1)</script>")),
        Just(json!("'; rm -rf /\n")),
        Just(json!("\u{202e}live\u{0}")),
    ]
}

fn any_time() -> impl Strategy<Value = Value> {
    prop_oneof![
        (NOW - 500 * DAY..NOW + 500 * DAY).prop_map(Value::from),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any_text(),
        any_time(),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        Just(json!([])),
        Just(json!({}))
    ]
}

/// A value of the type that the member has, most of the time.
fn fitting(name: &'static str) -> BoxedStrategy<Value> {
    let scope = prop_oneof![Just("*"), Just("a:*"), Just("=a"), Just("-x"), Just("reports:read"), Just("<b>")];
    let fitting = match name {
        "created" | "notBefore" | "expires" | "lastUsed" | "otherEnvironment" => any_time().boxed(),
        "disabled" | "imported" | "publishable" => any::<bool>().prop_map(Value::from).boxed(),
        "precision" => any::<u32>().prop_map(Value::from).boxed(),
        "environment" => prop_oneof![Just(json!("live")), Just(json!("test"))].boxed(),
        "scopes" => proptest::collection::vec(scope.prop_map(Value::from), 0..4).prop_map(Value::from).boxed(),
        "exercised" => proptest::collection::btree_map(scope, any_time(), 0..4)
            .prop_map(|times| times.into_iter().map(|(scope, time)| (scope.to_owned(), time)).collect())
            .boxed(),
        "rotation" => (any_text(), any_text(), any_time())
            .prop_map(|(old, new, end)| json!({ "replaces": old, "replacedBy": new, "overlapUntil": end }))
            .boxed(),
        "revocation" => {
            (any_time(), any_text()).prop_map(|(at, by)| json!({ "at": at, "by": by, "reason": "unused" })).boxed()
        }
        "exposed" => (any_time(), any_text()).prop_map(|(at, place)| json!({ "at": at, "place": place })).boxed(),
        _ => any_text().boxed(),
    };
    prop_oneof![19 => fitting, 1 => any_value()].boxed()
}

fn any_members(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let member = proptest::sample::select(names).prop_flat_map(|name| (Just(name.to_owned()), fitting(name)));
    proptest::collection::vec(member, 0..6).prop_map(|members| members.into_iter().collect())
}

/// All that the review of one key puts out.
fn put_out(store: &Store) -> [String; 4] {
    let rules = rules();
    let inventory = block_on(inventory_page(store, None, 100)).expect("a page");
    let review = block_on(review_page(store, &rules, None, 100)).expect("a page");
    [
        serde_json::to_string(&inventory).expect("JSON") + &serde_json::to_string(&review).expect("JSON"),
        inventory_csv_head() + &inventory_csv_rows(&inventory),
        findings_csv_head() + &findings_csv_rows(&review),
        page_head(store.now(), &rules) + &page_rows(&review) + &page_foot(&review.summary),
    ]
}

proptest! {
    #[test]
    fn no_record_makes_it_panic_or_show_a_digest(
        id in ".{0,20}",
        record in any_members(&[
            "organization", "owner", "revoker", "name", "environment", "scopes", "created", "notBefore", "expires",
            "disabled", "revocation", "rotation", "imported", "publishable",
        ]),
        usage in any_members(&["lastUsed", "precision", "exercised", "otherEnvironment", "exposed"]),
    ) {
        let store = Store::default();
        store.put_key(&id, &record);
        let mut notes = json!({ "v": 1 });
        for (name, value) in usage.as_object().expect("an object") {
            notes[name] = value.clone();
        }
        store.put(&format!("usage/{id}"), &notes);
        let [json, inventory, findings, html] = put_out(&store);
        for text in [&json, &inventory, &findings, &html] {
            prop_assert!(!text.contains(&DIGEST[8..]), "{}", text);
        }
        let harmless = !html.contains("<script") && !html.contains(['\u{202e}', '\0']);
        prop_assert!(harmless, "{}", html);
    }

    #[test]
    fn no_bytes_make_it_panic(record in proptest::collection::vec(any::<u8>(), 0..200), usage in any::<Option<Vec<u8>>>()) {
        let store = Store::default();
        store.values.borrow_mut().insert("key/a".to_owned(), record);
        if let Some(usage) = usage {
            store.values.borrow_mut().insert("usage/a".to_owned(), usage);
        }
        let [json, ..] = put_out(&store);
        prop_assert!(json.contains("record_unreadable"));
    }
}
