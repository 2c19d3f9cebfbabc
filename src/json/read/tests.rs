use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use serde_json::json;

use super::*;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Whole {
    name: String,
    is_open: bool,
    limit: Option<u16>,
    #[serde(default)]
    parts: Vec<Part>,
    #[serde(default)]
    by_name: BTreeMap<Key, i64>,
    share: Option<f64>,
    kind: Option<Kind>,
    pair: Option<(u8, String)>,
    unit: Option<()>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Key(String);

#[derive(Debug, PartialEq, Deserialize)]
struct Part {
    size: u16,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Plain,
    Named(String),
    Sized { size: u8 },
    Both(u8, u8),
}

fn whole() -> Value {
    json!({
        "name": "n", "isOpen": true, "limit": 7, "parts": [{ "size": 1 }], "byName": { "a": -1 },
        "share": 0.5, "kind": "plain", "pair": [1, "x"], "unit": null,
    })
}

/// The whole with another value at a place: where it is wrong, and in which words.
fn wrong(name: &str, value: Value) -> (String, String, String) {
    let mut document = whole();
    document[name] = value;
    let error = read::<Whole>(&document).expect_err(name);
    (error.pointer(), error.path(), error.to_string())
}

#[test]
fn what_serde_json_reads_is_read() {
    let found: Whole = read(&whole()).expect("it is whole");
    assert_eq!(found, serde_json::from_value(whole()).expect("it is whole"));
    for kind in [json!("plain"), json!({ "plain": null }), json!({ "named": "x" }), json!({ "both": [1, 2] })] {
        assert_eq!(read::<Kind>(&kind).ok(), serde_json::from_value(kind.clone()).ok(), "{kind}");
        assert!(read::<Kind>(&kind).is_ok(), "{kind}");
    }
    assert_eq!(read::<Kind>(&json!({ "sized": { "size": 3 } })).ok(), Some(Kind::Sized { size: 3 }));
    assert_eq!(read::<BTreeMap<Kinds, u8>>(&json!({ "one": 1 })).ok(), Some(BTreeMap::from([(Kinds::One, 1)])));
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kinds {
    One,
}

#[test]
fn a_text_is_lent_out_of_the_document() {
    #[derive(Deserialize)]
    struct Lent<'d> {
        #[serde(borrow)]
        text: Cow<'d, str>,
    }
    let document = json!({ "text": "x" });
    assert!(matches!(read::<Lent<'_>>(&document).expect("a text").text, Cow::Borrowed("x")));
}

#[test]
fn the_place_of_a_fault_is_told() {
    for (name, value, pointer, path) in [
        ("name", json!(1), "/name", "name"),
        ("colour", json!(1), "/colour", "colour"),
        ("a/b~c", json!(1), "/a~1b~0c", "a/b~c"),
        ("parts", json!([{ "size": 1 }, { "size": -1 }]), "/parts/1/size", "parts[1].size"),
        ("parts", json!([{ "size": 1 }, {}]), "/parts/1", "parts[1]"),
        ("parts", json!([[]]), "/parts/0", "parts[0]"),
        ("byName", json!({ "b/": "x" }), "/byName/b~1", "byName.b/"),
        ("pair", json!([1, 2]), "/pair/1", "pair[1]"),
        ("pair", json!([1]), "/pair", "pair"),
        ("pair", json!([1, "x", 2]), "/pair", "pair"),
        ("kind", json!({ "sized": { "size": "x" } }), "/kind/size", "kind.size"),
    ] {
        let found = wrong(name, value);
        assert_eq!((found.0.as_str(), found.1.as_str()), (pointer, path), "{}", found.2);
    }
    let error = read::<Whole>(&json!([])).expect_err("an array is no struct");
    assert_eq!((error.pointer().as_str(), error.path().as_str(), error.member()), ("", "", None));
}

/// The words of a policy's faults are made of these.
#[test]
fn the_words_are_those_of_serde_json() {
    for (name, value) in [
        ("name", json!(null)),
        ("name", json!(true)),
        ("name", json!(-7)),
        ("name", json!(7)),
        ("name", json!(7.0)),
        ("name", json!(1e300)),
        ("name", json!(["x"])),
        ("name", json!({})),
        ("isOpen", json!("a \"quoted\" \u{1b} text")),
        ("limit", json!(65_536)),
        ("limit", json!(-1)),
        ("limit", json!(1.5)),
        ("limit", json!({})),
        ("parts", json!({})),
        ("parts", json!("x")),
        ("parts", json!([{}])),
        ("byName", json!([])),
        ("share", json!("x")),
        ("unit", json!(1)),
        ("kind", json!("plane")),
        ("kind", json!({ "plane": 1 })),
        ("kind", json!({})),
        ("kind", json!({ "plain": null, "named": "x" })),
        ("kind", json!({ "plain": 1 })),
        ("kind", json!("named")),
        ("kind", json!({ "named": 1 })),
        ("kind", json!(1)),
        ("kind", json!([])),
        ("colour", json!(1)),
    ] {
        let mut document = whole();
        document[name] = value;
        let other = serde_json::from_value::<Whole>(document.clone()).expect_err("it is wrong").to_string();
        assert_eq!(read::<Whole>(&document).expect_err("it is wrong").words(), other);
    }
    assert_eq!(wrong("parts", json!([[1]])).2, "invalid type: sequence, expected struct Part");
    assert_eq!(wrong("kind", json!("both")).2, "invalid type: unit variant, expected tuple variant");
}

#[test]
fn a_member_that_is_not_known_is_refused_unless_the_document_may_say_more() {
    let more = json!([{ "size": 1, "colour": { "size": 2 } }]);
    let error = read::<Vec<Part>>(&more).expect_err("the type itself would take it");
    assert_eq!((error.pointer().as_str(), error.words()), ("/0/colour", "unknown field `colour`, expected `size`"));
    assert_eq!(read_open::<Vec<Part>>(&more).ok(), Some(vec![Part { size: 1 }]));
}

#[test]
fn what_is_missing_takes_its_default_or_is_told() {
    #[expect(clippy::option_option, reason = "left out, null, and a value are three things")]
    #[derive(Debug, PartialEq, Deserialize)]
    struct Gaps {
        first: Option<u8>,
        #[serde(default)]
        second: u8,
        #[serde(default = "seven")]
        third: u8,
        #[serde(default, deserialize_with = "crate::stored::present")]
        fourth: Option<Option<u8>>,
        fifth: Part,
        last: String,
    }
    fn seven() -> u8 {
        7
    }
    for (document, found) in [
        (json!({}), "missing field `fifth`"),
        (json!({ "fifth": { "size": 1 } }), "missing field `last`"),
        (json!({ "fifth": {}, "last": "x" }), "missing field `size`"),
        (
            json!({ "last": "x", "lost": 1 }),
            "unknown field `lost`, expected one of `first`, `second`, `third`, `fourth`, `fifth`, `last`",
        ),
    ] {
        assert_eq!(read::<Gaps>(&document).expect_err("a gap").words(), found);
    }
    let mut document = json!({ "fifth": { "size": 1 }, "last": "x" });
    let (fifth, last) = (Part { size: 1 }, "x".to_owned());
    let gaps = Gaps { first: None, second: 0, third: 7, fourth: None, fifth, last };
    assert_eq!(read::<Gaps>(&document).ok(), Some(gaps));
    document["fourth"] = json!(null);
    assert_eq!(read::<Gaps>(&document).expect("null is there").fourth, Some(None));
    document["second"] = json!(null);
    assert_eq!(read::<Gaps>(&document).expect_err("null is no number").pointer(), "/second");
}

#[test]
fn a_struct_is_no_array_of_its_values() {
    assert!(serde_json::from_value::<Part>(json!([1])).is_ok(), "serde takes it, which is why this is tested");
    for wrong in [json!([1]), json!([]), json!(null), json!("size")] {
        assert!(read::<Part>(&wrong).is_err(), "{wrong}");
    }
}
