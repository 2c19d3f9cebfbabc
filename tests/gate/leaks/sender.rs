//! Who sent a report: its signature, and the keys that it is checked with.

use data_encoding::{BASE64, BASE64URL};
use edgeward::host::InboundAnswer;
use p256::ecdsa::{Signature, signature::Signer};
use serde_json::json;

use super::desk::{Desk, Report, entry, list, published, signed, signing, status};
use crate::stage::header;

const INVALID: (u16, &str) = (401, "report_signature_invalid");
const UNAVAILABLE: (u16, &str) = (503, "report_keys_unavailable");

fn expect(desk: &Desk, report: &Report, expected: (u16, &str)) {
    let (status, code) = desk.code(report);
    assert_eq!((status, code.as_str()), expected);
}

/// A report of nothing of ours; each number has its own body.
fn report(number: usize) -> Report {
    Report::tokens([format!("t{number}").as_str()])
}

fn report_by(name: &str, key: u8, number: usize) -> Report {
    Report::signed_by(name, key, report(number).body)
}

#[test]
fn a_report_is_believed_by_its_signature_alone() {
    let desk = Desk::new();
    let key = desk.key();
    let good = Report::tokens([key.key.reveal()]);
    let bad = |name: &str, signature: &str| Report::with(name, signature, good.body.clone());
    let raw: Signature = signing(1).sign(&good.body);
    let der = raw.to_der();
    let forged = [
        bad("k1", &signed(2, &good.body)),
        bad("k1", &signed(1, b"[]")),
        bad("k1", &BASE64.encode(&raw.to_bytes())),
        bad("k1", &BASE64URL.encode(&[der.as_bytes(), &[0xff, 0xef]].concat())),
        bad("k1", ""),
        bad("k1", "no base64"),
        bad("", &signed(1, &good.body)),
        bad("k2", &signed(1, &good.body)),
        Report { body: [&good.body[..], b"\n"].concat(), headers: good.headers.clone() },
        Report { body: good.body[..good.body.len() - 1].to_vec(), headers: good.headers.clone() },
    ];
    for report in &forged {
        expect(&desk, report, INVALID);
        assert_eq!(desk.actions(), []);
    }
    let mut changed = Report { body: good.body.clone(), headers: good.headers.clone() };
    let place = changed.body.iter().position(|byte| *byte == b'#').expect("a place");
    changed.body[place] = b'?';
    expect(&desk, &changed, INVALID);
    assert_eq!((desk.record(&key.id).revocation, desk.swaps.get()), (None, 0));
    // The true one is still as good as before.
    assert_eq!(desk.labels(&good)[0].1, "true_positive");
    assert!(desk.record(&key.id).revocation.is_some());
}

#[test]
fn nothing_is_read_of_a_report_without_its_two_headers() {
    let desk = Desk::new();
    let good = report(1);
    for (kept, twice) in [(&[][..], false), (&[0], false), (&[1], false), (&[0, 1], true)] {
        let mut headers: Vec<_> = kept.iter().map(|index| good.headers[*index].clone()).collect();
        if twice {
            headers.push(good.headers[1].clone());
        }
        let report = Report { headers, body: good.body.clone() };
        expect(&desk, &report, INVALID);
    }
    assert_eq!((desk.bodies.get(), desk.asked(), desk.host.reads.get()), (0, 0, 0));
    // Nor is the sender asked for a name that a header that cannot be read goes with.
    expect(&desk, &Report::with("k1", "AAAA", good.body), INVALID);
    assert_eq!((desk.bodies.get(), desk.asked()), (1, 0));
}

#[test]
fn only_a_policy_with_reports_takes_them_and_only_by_post() {
    let desk = Desk::of(&json!({}));
    let answer = desk.send(&report(1));
    assert_eq!((answer.status, desk.bodies.get()), (404, 0));
    let desk = Desk::new();
    for method in ["GET", "HEAD", "PUT", "post"] {
        let answer = desk.request(method, &report(1));
        assert_eq!((answer.status, header(&answer, "allow")), (405, Some("POST")), "{method}");
    }
    assert_eq!((desk.bodies.get(), desk.asked()), (0, 0));
}

#[test]
fn the_keys_are_asked_for_as_the_protocol_has_it_and_kept_for_a_day() {
    let desk = Desk::new();
    desk.labels(&report(1));
    {
        let requests = desk.host.requests.borrow();
        let request = requests.first().expect("a request");
        assert_eq!((request.method, request.body.as_ref()), ("GET", None));
        assert_eq!(request.url, "https://api.github.com/meta/public_keys/secret_scanning");
        assert_eq!((request.longest_answer, request.timeout), (262_144, 3_000));
        assert!(request.headers.iter().any(|(name, value)| *name == "user-agent" && value.starts_with("edgeward/")));
    }
    desk.pass(86_399);
    desk.labels(&report(2));
    assert_eq!(desk.asked(), 1);
    desk.pass(1);
    desk.sender_answers(published(&list(&[("k1", 1)]), None));
    desk.labels(&report(3));
    assert_eq!(desk.asked(), 2);
    let elsewhere = Desk::of(&json!({ "leaks": { "keysUrl": "https://keys.example/list" } }));
    elsewhere.sender_answers(published(&list(&[("k1", 1)]), None));
    elsewhere.labels(&report(1));
    assert_eq!(elsewhere.host.requests.borrow()[0].url, "https://keys.example/list");
}

#[test]
fn a_list_that_did_not_change_is_not_sent_again() {
    let desk = Desk::of(&json!({ "leaks": {} }));
    desk.sender_answers(published(&list(&[("k1", 1)]), Some("\"v1\"")));
    desk.labels(&report(1));
    for day in 1..4 {
        desk.pass(86_400);
        desk.sender_answers(status(304));
        desk.labels(&report(1 + day));
        let tag = ("if-none-match", "\"v1\"".to_owned());
        assert!(desk.host.requests.borrow()[day].headers.contains(&tag));
        // It is young again.
        desk.labels(&report(10 + day));
        assert_eq!(desk.asked(), day + 1);
    }
    // One who was not asked whether it changed cannot say that it did not.
    let desk = Desk::of(&json!({ "leaks": {} }));
    desk.sender_answers(status(304));
    expect(&desk, &report(1), UNAVAILABLE);
}

#[test]
fn a_key_that_is_published_is_good_whether_current_or_not() {
    let desk = Desk::of(&json!({ "leaks": {} }));
    desk.sender_answers(published(&list(&[("k2", 2), ("k1", 1)]), None));
    desk.labels(&report_by("k1", 1, 1));
    desk.labels(&report_by("k2", 2, 2));
    // Each for itself.
    expect(&desk, &report_by("k2", 1, 3), INVALID);
    assert_eq!(desk.asked(), 1);
}

#[test]
fn a_new_key_is_found_and_a_withdrawn_one_is_not() {
    let desk = Desk::new();
    desk.labels(&report(1));
    desk.pass(60);
    desk.sender_answers(published(&list(&[("k2", 2)]), None));
    desk.labels(&report_by("k2", 2, 2));
    assert_eq!(desk.asked(), 2);
    // The one before is asked about once, and was taken back.
    desk.pass(60);
    desk.sender_answers(published(&list(&[("k2", 2)]), None));
    expect(&desk, &report(3), INVALID);
    assert_eq!(desk.asked(), 3);
}

#[test]
fn names_that_nobody_knows_cost_one_question_a_minute() {
    let desk = Desk::new();
    desk.labels(&report(1));
    for number in 0..50 {
        expect(&desk, &report_by(&format!("unknown{number}"), 1, 2), INVALID);
    }
    assert_eq!(desk.asked(), 1);
    desk.pass(59);
    expect(&desk, &report_by("unknown", 1, 2), INVALID);
    assert_eq!(desk.asked(), 1);
    desk.pass(1);
    // The sender fails now: whether there is such a key cannot be told, and those that are known are good.
    for _ in 0..50 {
        expect(&desk, &report_by("unknown", 1, 2), UNAVAILABLE);
    }
    assert_eq!(desk.asked(), 2);
    desk.labels(&report(3));
    assert_eq!(desk.asked(), 2);
}

#[test]
fn while_the_sender_is_away_its_keys_hold_for_a_week() {
    let desk = Desk::new();
    desk.labels(&report(1));
    for day in 1..7 {
        desk.pass(86_400);
        desk.labels(&report(1 + day));
        // It is left alone for a minute after it failed.
        desk.labels(&report(10 + day));
        assert_eq!(desk.asked(), 1 + day);
    }
    desk.pass(86_399);
    desk.labels(&report(20));
    desk.pass(61);
    expect(&desk, &report(21), UNAVAILABLE);
    expect(&desk, &report(21), UNAVAILABLE);
    assert_eq!(desk.asked(), 9);
    desk.pass(60);
    desk.sender_answers(published(&list(&[("k1", 1)]), None));
    desk.labels(&report(21));
}

#[test]
fn a_gate_that_has_just_started_finds_the_list_in_the_store() {
    let desk = Desk::new();
    desk.labels(&report(1));
    let store = desk.host.store.borrow().clone();
    let started = |after: i64| {
        let other = Desk::of(&json!({ "leaks": {} }));
        other.host.store.borrow_mut().extend(store.clone());
        other.pass(after);
        other
    };
    for (after, asked) in [(0, 0), (86_399, 0), (86_400, 1), (7 * 86_400 - 1, 1)] {
        let other = started(after);
        other.labels(&report(2));
        assert_eq!(other.asked(), asked, "{after}");
    }
    expect(&started(7 * 86_400), &report(2), UNAVAILABLE);
    // What somebody else has just asked for is not asked for again.
    let other = started(59);
    expect(&other, &report_by("unknown", 1, 2), INVALID);
    assert_eq!(other.asked(), 0);
    let other = started(60);
    other.sender_answers(published(&list(&[("k2", 2), ("k1", 1)]), None));
    other.labels(&report_by("k2", 2, 2));
    assert_eq!(other.asked(), 1);
    // The list of another URL is another list, and one that cannot be read is none.
    let other = Desk::of(&json!({ "leaks": { "keysUrl": "https://keys.example/list" } }));
    other.host.store.borrow_mut().extend(store.clone());
    expect(&other, &report(2), UNAVAILABLE);
    let other = started(0);
    other.host.store.borrow_mut().values_mut().for_each(Vec::clear);
    expect(&other, &report(2), UNAVAILABLE);
    assert_eq!(other.asked(), 1);
    // Nor does a store that fails keep the sender from being asked.
    let other = started(0);
    *other.broken.borrow_mut() = vec!["read leak-keys/".to_owned(), "write leak-keys/".to_owned()];
    other.sender_answers(published(&list(&[("k1", 1)]), None));
    other.labels(&report(2));
}

#[test]
fn what_is_no_list_is_no_answer() {
    let with = |body: Vec<u8>| InboundAnswer { status: 200, headers: Vec::new(), body };
    let mut long = list(&[("k1", 1)]).to_string().into_bytes();
    long.resize(262_145, b' ');
    let mut many = list(&[("k1", 1)]);
    let others = (0..64).map(|index| json!({ "key_identifier": index.to_string(), "key": "" }));
    many["public_keys"].as_array_mut().expect("an array").extend(others);
    for answer in [
        status(301),
        status(302),
        status(403),
        status(500),
        // The list with a status of its own.
        InboundAnswer { status: 203, ..published(&list(&[("k1", 1)]), None) },
        with(b"<html>".to_vec()),
        with(b"{\"public_keys\":[]}".to_vec()),
        with(long),
        published(&many, None),
    ] {
        let desk = Desk::of(&json!({ "leaks": {} }));
        let shown = answer.status;
        desk.sender_answers(answer);
        expect(&desk, &report(1), UNAVAILABLE);
        expect(&desk, &report(1), UNAVAILABLE);
        assert_eq!(desk.asked(), 1, "{shown}");
        // Nothing was lost: the report can be sent again.
        desk.pass(60);
        desk.sender_answers(published(&list(&[("k1", 1)]), None));
        desk.labels(&report(1));
    }
}

#[test]
fn a_report_that_came_before_is_known_by_its_body() {
    let desk = Desk::new();
    let key = desk.key();
    let first = Report::tokens([key.key.reveal()]);
    desk.labels(&first);
    let (name, seconds) = desk.written.borrow()[0].clone();
    assert_eq!((name.starts_with("leak/"), name.len(), seconds), (true, 69, 30 * 86_400));
    let raw: Signature = signing(1).sign(&first.body);
    let (r, s) = raw.split_scalars();
    let negated = Signature::from_scalars(r, -s).expect("a signature");
    let again = Report::with("k1", &BASE64.encode(negated.to_der().as_bytes()), first.body.clone());
    for report in [&first, &again] {
        expect(&desk, report, (409, "report_replayed"));
        assert_eq!(desk.actions(), []);
    }
    // Whether it came before is told to those alone who signed it.
    expect(&desk, &Report::with("k1", &signed(2, &first.body), first.body.clone()), INVALID);
    // The same token in another report is another report.
    let other = Report::of(&json!([entry(key.key.reveal()), entry("x")]));
    assert_eq!(desk.labels(&other)[0].1, "true_positive");
}
