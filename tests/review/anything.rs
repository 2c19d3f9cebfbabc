//! Whatever stands in the store, the review goes through it and shows no digest.

use edgeward::{
    governance::{
        findings_csv_head, findings_csv_rows, inventory_csv_head, inventory_csv_rows, inventory_page, page_foot,
        page_head, page_rows, review_page,
    },
    host::Host,
};
use pollster::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    rules,
    store::{DAY, DIGEST, NOW, Store},
};

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
