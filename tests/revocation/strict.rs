//! Strict mode, whatever the store and the clocks do: nobody who was denied is let through past `maxAge`, and "no" is
//! told apart from "cannot tell".

use edgeward::{
    api_key::{Environment, IssueRequest, KeyForm, issue},
    host::InboundAnswer,
    revocation::DenySnapshot,
    verdict::Reason,
};
use serde_json::{Value, json};

use crate::{
    liar::{Isolate, MAX_AGE, Serves, World, policy, signer},
    support::{FakeHost, ISSUER, NOW, Signer, claims, edited, plain, with},
};

/// A token that is good for as long as any of the tests takes.
fn token() -> String {
    plain(&edited(&claims(), &json!({ "iat": NOW - 10_000, "exp": NOW + 100_000 })))
}

/// A key that is in the store, and its id.
fn api_key(world: &World) -> (String, String) {
    let form = KeyForm::new("acme", Environment::Live, Vec::new()).expect("a form");
    let request = IssueRequest {
        organization: "org-9".to_owned(),
        owner: "ada".to_owned(),
        revoker: "security".to_owned(),
        name: "nightly export".to_owned(),
        ..IssueRequest::default()
    };
    let issued = issue(&form, &FakeHost::new(), request).expect("a key");
    let json = issued.record.to_json().expect("JSON");
    world.store.values.borrow_mut().insert(issued.store_key(), json.into_bytes());
    (issued.key.reveal().to_owned(), issued.id.clone())
}

/// A list that was signed so many seconds after the beginning, with these entries.
fn signed(second: i64, entries: &Value) -> Vec<u8> {
    let entries = serde_json::from_value(entries.clone()).expect("entries");
    signer().sign(&DenySnapshot { issued_at: NOW + second, entries }).into_bytes()
}

const STALE: &str = "deny_snapshot_stale";
const UNAVAILABLE: &str = "deny_snapshot_unavailable";

#[test]
fn each_kind_of_entry_denies_its_class() {
    for (entry, of_token, of_key) in [
        (json!({ "jti": "t-1", "issuer": ISSUER }), "token_revoked", "ok"),
        (json!({ "client": "client-1", "issuer": ISSUER }), "token_revoked", "ok"),
        (json!({ "subject": "client-1", "issuer": ISSUER }), "token_revoked", "ok"),
        (json!({ "organization": "org-1", "issuer": ISSUER }), "token_revoked", "ok"),
        (json!({ "organization": "org-1" }), "token_revoked", "ok"),
        (json!({ "organization": "org-9" }), "ok", "key_revoked"),
        (json!({ "organization": "org-9", "issuer": ISSUER }), "ok", "ok"),
        (json!({ "organization": "org-1", "until": NOW - 1 }), "ok", "ok"),
    ] {
        let world = World::new();
        let (key, _) = api_key(&world);
        world.put(signed(0, &json!([entry])));
        let isolate = world.isolate();
        assert_eq!((isolate.code(&token()), isolate.code(&key)), (of_token, of_key), "{entry}");
    }
    let world = World::new();
    let (key, id) = api_key(&world);
    world.put(signed(0, &json!([{ "key": id }])));
    let isolate = world.isolate();
    let denial = isolate.begin(&key).wait(0).expect_err("denied");
    assert_eq!((denial.reason, denial.note.as_deref()), (Reason::KeyRevoked, Some("the deny list names the key")));
    assert_eq!(denial.principal.credential_id, Some(id));
    assert_eq!(isolate.code(&token()), "ok");
}

#[test]
fn the_list_of_the_policy_holds_beside_it_and_says_no_where_the_signed_one_cannot_tell() {
    let world = World::new();
    let (key, id) = api_key(&world);
    let deny = json!([{ "client": "client-1", "issuer": ISSUER }, { "key": id }]);
    let isolate = world.isolate_with(&with(&policy(), "deny", deny), None);
    assert_eq!((isolate.code(&token()), isolate.code(&key)), ("token_revoked", "key_revoked"));
    isolate.gate.set_deny_list(serde_json::from_value(json!([])).expect("a list"));
    assert_eq!((isolate.code(&token()), isolate.code(&key)), (UNAVAILABLE, UNAVAILABLE));
    world.put(signed(0, &json!([])));
    world.time.pass(2_000);
    assert_eq!((isolate.code(&token()), isolate.code(&key)), ("ok", "ok"));
    // Without strict mode there is nothing to wait for.
    let mut loose = policy();
    loose.as_object_mut().expect("an object").remove("denySnapshot");
    let isolate = world.isolate_with(&with(&loose, "deny", json!([{ "organization": "org-9" }])), None);
    assert_eq!((isolate.code(&token()), isolate.code(&key)), ("ok", "key_revoked"));
    assert!(
        isolate.runtime.reads.borrow().is_empty()
            && isolate.gate.deny_snapshot(edgeward::host::UnixMillis(0)).is_none()
    );
}

#[test]
fn a_credential_that_is_bad_anyway_is_refused_and_not_put_off() {
    let world = World::new();
    let isolate = world.isolate();
    let token = token();
    let (input, _) = token.rsplit_once('.').expect("a token");
    assert_eq!(isolate.code(&format!("{input}.AAAA")), "signature_invalid");
    assert!(isolate.runtime.reads.borrow().is_empty(), "nobody looks for the list for a stranger");
    let over = plain(&edited(&claims(), &json!({ "exp": NOW - 1 })));
    assert_eq!(isolate.code(&over), "token_expired");
    let unknown = "acme_live_4fJ9aZ0kQ2mX7bTe_00000000000000000000000000000000000000";
    assert!(isolate.code(unknown).starts_with("key_"));
}

#[test]
fn whatever_the_store_serves_nobody_is_let_through_past_the_age_of_the_list() {
    type Lie = fn(&[u8]) -> Serves;
    let lies: [(&str, Lie); 9] = [
        ("the old list for ever", |old| Serves::This(Some(old.to_vec()))),
        ("half of it", |old| Serves::This(Some(old[..old.len() / 2].to_vec()))),
        ("garbage", |_| Serves::This(Some(b"\xff{}".to_vec()))),
        ("the empty text", |_| Serves::This(Some(Vec::new()))),
        ("nothing", |_| Serves::This(None)),
        ("an error", |_| Serves::Error),
        ("nothing in time", |_| Serves::Late(30_000)),
        ("a list of the future", |_| Serves::This(Some(signed(3_600, &json!([]))))),
        ("somebody else's list", |_| {
            let payload = json!({ "iat": NOW + 50, "entries": [] }).to_string();
            let header = json!({ "alg": "EdDSA", "typ": "edgeward-deny+jwt", "kid": "deny" }).to_string();
            Serves::This(Some(Signer::STRANGER.mint(header, payload).into_bytes()))
        }),
    ];
    for (name, lie) in lies {
        for behind in [true, false] {
            let world = World::new();
            let (isolate, publisher) = (world.isolate(), world.publisher());
            publisher.schedule();
            let old = world.stored().expect("a list");
            isolate.runtime.behind.set(behind);
            assert_eq!(isolate.code(&token()), "ok", "{name}");
            isolate.serve(lie(&old));
            // The worst case: the old list was signed in the very second in which the new one is.
            publisher.deny(&json!([{ "client": "client-1", "issuer": ISSUER }]));
            let since = world.time.now();
            let mut last = None;
            for _ in 0..400 {
                let began = world.time.now();
                match isolate.code(&token()) {
                    "ok" => last = Some(world.time.now()),
                    code => {
                        assert_eq!(code, STALE, "{name} at {}", began - since);
                        assert!(world.time.now() - began <= 2_600, "{name}: it waited too long");
                    }
                }
                world.time.pass(317);
            }
            let last = last.expect("let through at first");
            assert!(last - since < MAX_AGE * 1000, "{name}: {} ms after", last - since);
            assert!(last - since > MAX_AGE * 1000 - 1_000, "{name}: it was given up after {} ms", last - since);
            // Not for ever: the truth mends it, and says no.
            isolate.serve(Serves::Truth);
            publisher.republish().expect("published");
            world.time.pass(2_000);
            assert_eq!(isolate.code(&token()), "token_revoked", "{name}");
        }
    }
}

#[test]
fn an_isolate_that_never_had_a_list_says_that_it_cannot_tell() {
    for lie in [
        Serves::This(None),
        Serves::This(Some(b"garbage".to_vec())),
        Serves::This(Some({
            let whole = signed(0, &json!([]));
            whole[..whole.len() - 20].to_vec()
        })),
        Serves::This(Some(signed(3_600, &json!([])))),
        Serves::Error,
        Serves::Late(30_000),
    ] {
        let world = World::new();
        world.put(signed(0, &json!([])));
        let (key, _) = api_key(&world);
        let isolate = world.isolate();
        isolate.serve(lie.clone());
        for _ in 0..10 {
            assert_eq!(isolate.code(&token()), UNAVAILABLE, "{lie:?}");
            assert_eq!(isolate.code(&key), UNAVAILABLE, "{lie:?}");
            world.time.pass(700);
        }
        isolate.serve(Serves::Truth);
        world.time.pass(1_100);
        assert_eq!((isolate.code(&token()), isolate.code(&key)), ("ok", "ok"), "{lie:?}");
    }
    // One that is past its age when it is first seen is none that counts either, and says so.
    let world = World::new();
    world.put(signed(-60, &json!([])));
    assert_eq!(world.isolate().code(&token()), STALE);
}

#[test]
fn the_store_is_asked_once_for_each_cooldown_and_the_others_wait_for_a_moment() {
    let world = World::new();
    let isolate = world.isolate();
    isolate.serve(Serves::Late(500));
    world.put(signed(0, &json!([])));
    let begun: Vec<_> = (0..50).map(|_| isolate.begin(&token())).collect();
    world.time.pass(600);
    assert!(begun.iter().all(|one| one.outcome().is_some_and(|verdict| verdict.is_ok())), "they waited, and it came");
    assert_eq!(isolate.runtime.reads.borrow().len(), 1);

    let isolate = world.isolate();
    isolate.serve(Serves::Error);
    for _ in 0..100 {
        assert_eq!(isolate.code(&token()), UNAVAILABLE);
        world.time.pass(100);
    }
    let reads = isolate.runtime.reads.borrow();
    assert!((8..=12).contains(&reads.len()), "{}", reads.len());
    assert!(reads.windows(2).all(|two| two[1] - two[0] >= 1_000), "{reads:?}");
}

#[test]
fn who_leaves_is_taken_over_from() {
    let world = World::new();
    let isolate = world.isolate();
    isolate.serve(Serves::Late(1_500));
    world.put(signed(0, &json!([])));
    let gone = isolate.begin(&token());
    world.time.pass(10);
    gone.abandon();
    let waits = isolate.begin(&token());
    world.time.pass(5_000);
    assert!(waits.outcome().is_some_and(|verdict| verdict.is_ok()), "it took over");
    assert_eq!(isolate.runtime.reads.borrow().len(), 2);
}

#[test]
fn no_request_waits_where_the_list_is_kept_young_behind_them() {
    let world = World::new();
    let publisher = world.publisher();
    publisher.schedule();
    let isolate = world.isolate();
    assert_eq!(isolate.code(&token()), "ok");
    isolate.serve(Serves::Late(400));
    for second in 0..300 {
        if second % 20 == 0 {
            publisher.schedule();
        }
        let began = world.time.now();
        assert_eq!(isolate.code(&token()), "ok");
        assert_eq!(world.time.now(), began, "it waited");
        world.time.pass(1_000);
    }
    let reads = isolate.runtime.reads.borrow().len();
    assert!((8..=20).contains(&reads), "{reads}");
    assert_eq!(isolate.runtime.called.get() + 1, reads);
}

#[test]
fn a_check_that_may_not_wait_takes_what_is_there() {
    let world = World::new();
    world.put(signed(0, &json!([])));
    let isolate = world.isolate();
    isolate.runtime.behind.set(false);
    isolate.runtime.may_wait.set(false);
    assert_eq!(isolate.code(&token()), UNAVAILABLE);
    assert!(isolate.runtime.reads.borrow().is_empty());
    assert_eq!(isolate.runtime.called.get(), 1, "it is fetched behind the request");
    isolate.runtime.behind.set(true);
    world.time.pass(6_000);
    assert_eq!(isolate.code(&token()), UNAVAILABLE);
    assert_eq!(isolate.code(&token()), "ok", "it was fetched behind the one before");
    isolate.serve(Serves::Error);
    world.time.pass(60_000);
    assert_eq!(isolate.code(&token()), STALE);
}

#[test]
fn a_clock_that_is_off_moves_the_bound_by_as_much_and_no_further() {
    for off in [-4_900, -1_000, 0, 1_000, 30_000] {
        let world = World::new();
        let (isolate, publisher) = (world.isolate(), world.publisher());
        isolate.runtime.off.set(off);
        publisher.schedule();
        assert_eq!(isolate.code(&token()), "ok", "{off}");
        isolate.serve(Serves::This(world.stored()));
        publisher.deny(&json!([{ "organization": "org-1" }]));
        let since = world.time.now();
        let mut last = since;
        while world.time.now() < since + 90_000 {
            if isolate.code(&token()) == "ok" {
                last = world.time.now();
            }
            world.time.pass(499);
        }
        assert!(last - since < MAX_AGE * 1000 - off, "{off}: {}", last - since);
        assert!(last - since > MAX_AGE * 1000 - off - 2_000, "{off}: it was given up too soon");
    }
    // One that is further behind trusts nothing.
    let world = World::new();
    world.publisher().schedule();
    let isolate = world.isolate();
    isolate.runtime.off.set(-6_000);
    assert_eq!(isolate.code(&token()), UNAVAILABLE);
}

#[test]
fn a_clock_that_is_set_back_again_and_again_prolongs_nothing() {
    let world = World::new();
    world.put(signed(0, &json!([])));
    let isolate = world.isolate();
    assert_eq!(isolate.code(&token()), "ok");
    isolate.serve(Serves::This(world.stored()));
    let began = world.time.now();
    let mut last = began;
    for turn in 0..200 {
        // Set back by three seconds of every four.
        isolate.runtime.off.set(-((world.time.now() - began) / 4_000) * 3_000);
        if isolate.code(&token()) == "ok" {
            last = world.time.now();
        }
        world.time.pass(if turn % 2 == 0 { 501 } else { 499 });
    }
    // What is lost is what nobody saw: the time between the last look and the one that found the clock set back.
    assert!(last - began < MAX_AGE * 1000 * 4 / 3, "{}", last - began);
}

#[test]
fn a_list_is_fetched_from_a_url_and_no_redirect_is_followed() {
    let url = "https://deny.example/list";
    let world = World::new();
    let mut policy = policy();
    policy["denySnapshot"]["url"] = url.into();
    let fetches = |status: u16, body: Vec<u8>| {
        let isolate: Isolate = world.isolate_with(&policy, None);
        let headers = vec![("location".to_owned(), "https://deny.example/other".to_owned())];
        *isolate.runtime.answer.borrow_mut() = Some(InboundAnswer { status, headers, body });
        let code = isolate.code(&token());
        let requests = isolate.runtime.requests.borrow();
        assert_eq!(requests.len(), 1);
        assert_eq!((requests[0].method, requests[0].url.as_str(), requests[0].timeout), ("GET", url, 2_000));
        assert_eq!(requests[0].longest_answer, 8 * 1024 * 1024);
        assert!(isolate.runtime.reads.borrow().is_empty(), "the store has no say");
        code
    };
    let list = signed(0, &json!([{ "organization": "org-2" }]));
    assert_eq!(fetches(200, list.clone()), "ok");
    assert_eq!(fetches(200, signed(0, &json!([{ "organization": "org-1" }]))), "token_revoked");
    for status in [204, 206, 301, 302, 304, 307, 404, 500] {
        assert_eq!(fetches(status, list.clone()), UNAVAILABLE, "{status}");
    }
    assert_eq!(fetches(200, vec![b'a'; 8 * 1024 * 1024 + 1]), UNAVAILABLE);
}

#[test]
fn what_is_known_of_the_list_can_be_told() {
    let world = World::new();
    let isolate = world.isolate();
    let status = |isolate: &Isolate| {
        let now = edgeward::host::UnixMillis(world.time.now());
        serde_json::to_value(isolate.gate.deny_snapshot(now).expect("strict mode")).expect("JSON")
    };
    assert_eq!(
        status(&isolate),
        json!({
            "phase": "none", "issuedAt": null, "ends": null, "maxAge": 60, "entries": 0, "failure": null,
            "publishFailure": null,
        })
    );
    isolate.code(&token());
    assert_eq!(status(&isolate)["failure"], "the store has nothing under `deny/snapshot`");
    world.put(signed(0, &json!([{ "organization": "o" }])));
    world.time.pass(2_000);
    isolate.code(&token());
    let told = status(&isolate);
    assert_eq!((&told["phase"], &told["entries"], &told["failure"]), (&json!("fresh"), &json!(1), &Value::Null));
    assert_eq!((&told["issuedAt"], &told["ends"]), (&json!(NOW), &json!(NOW + 60)));
    world.time.pass(30_000);
    assert_eq!(status(&isolate)["phase"], "aging");
    world.time.pass(30_000);
    assert_eq!(status(&isolate)["phase"], "over");
}
