//! What is put on record agrees with what was sent, in number and in content.

use std::collections::BTreeMap;

use edgeward::{api_key::Issued, gate::GateRequest};
use serde_json::{Value, json};

use crate::{
    stage::{HEADER, Stage, get, policy, request},
    support::{ISSUER, NOW, Signer, claims, with},
};

/// What an event says of a decision: class, reason, route, credential.
type Told = (Option<String>, String, Option<String>, Option<String>);

fn told(class: Option<&str>, reason: &str, route: Option<&str>, credential: Option<&str>) -> Told {
    let text = |text: Option<&str>| text.map(str::to_owned);
    (text(class), reason.to_owned(), text(route), text(credential))
}

fn told_by(event: &Value) -> Told {
    let facts = &event["unmapped"];
    told(
        facts["class"].as_str(),
        event["status_code"].as_str().expect("a code"),
        facts["route"].as_str(),
        facts["credential_id"].as_str(),
    )
}

fn counted<T: Ord>(items: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    items.fold(BTreeMap::new(), |mut counts, item| {
        *counts.entry(item).or_default() += 1;
        counts
    })
}

/// xorshift64*: the same requests in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % most
    }
}

const REPORTS: &str = "/v1/reports";
const TOKEN: Option<&str> = Some("m2m_token");
const KEY: Option<&str> = Some("api_key");

fn administered() -> Value {
    with(&policy(), "admin", json!({ "issuer": ISSUER }))
}

fn key_of(stage: &Stage, owner: u64, disabled: bool) -> Issued {
    stage.key_with(|issued| {
        issued.record.owner = format!("owner-{owner}");
        issued.record.disabled = disabled;
    })
}

/// A request of one kind, what its event has to say, and whether the library mode takes it too; none where nothing is
/// decided.
fn any_request(stage: &Stage, chance: &mut Chance) -> (GateRequest, Option<Told>, bool) {
    let number = chance.below(5);
    let jti = format!("t-{number}");
    let token_with = |claim: &str, value: Value| {
        Signer::EDDSA.token(&with(&with(&claims(), "jti", jti.clone().into()), claim, value))
    };
    let token = token_with("sub", "client-1".into());
    let id = Some(jti.as_str());
    let of = |request: GateRequest, told: Told| (request, Some(told), true);
    let own = |request: GateRequest, told: Told| (request, Some(told), false);
    match chance.below(18) {
        0 => of(get(REPORTS, &token), told(TOKEN, "allowed", Some(REPORTS), id)),
        1 => of(get("/v1/items/7", &token), told(TOKEN, "allowed", Some("/v1/items/:id"), id)),
        2 => {
            let over = token_with("exp", json!(NOW - 60));
            of(get(REPORTS, &over), told(TOKEN, "token_expired", Some(REPORTS), id))
        }
        3 => {
            let strange = Signer::STRANGER.token(&claims());
            of(get(REPORTS, &strange), told(TOKEN, "signature_invalid", Some(REPORTS), None))
        }
        4 => of(get("/v1/admin", &token), told(TOKEN, "scope_insufficient", Some("/v1/admin"), id)),
        5 | 6 => {
            let key = key_of(stage, number, false);
            of(get(REPORTS, key.key.reveal()), told(KEY, "allowed", Some(REPORTS), Some(&key.id)))
        }
        7 => {
            let key = key_of(stage, number, true);
            of(get(REPORTS, key.key.reveal()), told(KEY, "key_disabled", Some(REPORTS), Some(&key.id)))
        }
        8 => {
            let key = key_of(stage, number, false);
            stage.host.store.borrow_mut().remove(&key.store_key());
            of(get(REPORTS, key.key.reveal()), told(KEY, "key_unknown", Some(REPORTS), Some(&key.id)))
        }
        9 => {
            let key = key_of(stage, number, false);
            of(get("/v1/tokens", key.key.reveal()), told(KEY, "class_not_accepted", Some("/v1/tokens"), None))
        }
        10 => of(request("GET", REPORTS, &[]), told(None, "credential_missing", Some(REPORTS), None)),
        11 => {
            let both = [(HEADER, &*format!("Bearer {token}")), ("x-api-key", "acme_live_x")];
            of(request("GET", REPORTS, &both), told(None, "credential_ambiguous", Some(REPORTS), None))
        }
        12 => of(
            get(&format!("{REPORTS}?access_token={token}"), &token),
            told(None, "credential_in_query", Some(REPORTS), None),
        ),
        13 => of(get("/v2", &token), told(None, "route_unknown", None, None)),
        14 => own(get("/_edgeward/verify", &token), told(TOKEN, "allowed", Some("/_edgeward/verify"), id)),
        15 => own(get("/_edgeward/other", &token), told(None, "endpoint_unknown", None, None)),
        16 => {
            let administrator = token_with("scope", "edgeward:read".into());
            let list = Some("/_edgeward/admin/keys");
            own(get("/_edgeward/admin/keys", &administrator), told(TOKEN, "allowed", list, id))
        }
        _ => (request("GET", "/_edgeward/health", &[]), None, false),
    }
}

#[test]
fn what_is_on_record_is_what_was_sent_and_what_is_counted_is_on_record() {
    for seed in [1, 2, 3] {
        let stage = Stage::of(&administered());
        let mut chance = Chance(seed);
        let (mut expected, mut looks) = (Vec::new(), 0);
        for _ in 0..300 {
            let (request, told, library) = any_request(&stage, &mut chance);
            if library && chance.below(2) == 0 {
                stage.check(&request);
            } else {
                stage.send(&request);
            }
            looks += usize::from(request.url == "/_edgeward/admin/keys");
            expected.extend(told);
        }
        let events = stage.events.take();
        let of_class = |class: u32| events.iter().filter(move |event| event["class_uid"] == class);
        assert_eq!(counted(of_class(3002).map(told_by)), counted(expected.iter().cloned()), "seed {seed}");
        // Where something was done, that is on record too.
        assert_eq!((of_class(3004).count(), events.len()), (looks, expected.len() + looks));
        assert!(looks > 0 && counted(expected.iter().map(|(_, reason, ..)| reason.clone())).len() >= 12);

        // The numbers say the same, and so do the data points.
        let page = metrics(&stage);
        let in_numbers = counted(expected.iter().map(|(class, reason, ..)| (class.clone(), reason.clone())));
        // The look at the numbers is a decision as well, counted once it is made.
        assert_eq!(counters(&page), in_numbers, "seed {seed}");
        let points = stage.points.take();
        let of_points = points.iter().map(|point| {
            let class = Some(point.blobs[2].clone()).filter(|class| !class.is_empty());
            (class, point.blobs[1].clone())
        });
        let mut with_look = in_numbers;
        *with_look.entry((Some("m2m_token".to_owned()), "allowed".to_owned())).or_default() += 1;
        assert_eq!(counted(of_points), with_look);
    }
}

/// The numbers, as an administrator reads them.
pub(crate) fn metrics(stage: &Stage) -> String {
    let administrator = Signer::EDDSA.token(&with(&claims(), "scope", "edgeward:read".into()));
    let answer = stage.answer(&get("/_edgeward/metrics", &administrator));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// The decisions of a page of numbers, by class and reason.
fn counters(page: &str) -> BTreeMap<(Option<String>, String), usize> {
    let mut counts = BTreeMap::new();
    for line in page.lines().filter_map(|line| line.strip_prefix("edgeward_decisions_total{")) {
        let (labels, count) = line.split_once("} ").expect("a value");
        let label = |name: &str| {
            let (_, rest) = labels.split_once(&format!("{name}=\"")).expect("a label");
            rest.split('"').next().expect("a text").to_owned()
        };
        let class = Some(label("class")).filter(|class| class != "none");
        *counts.entry((class, label("reason"))).or_default() += count.parse::<usize>().expect("a number");
    }
    counts
}

#[test]
fn a_policy_may_want_no_event_of_what_is_allowed_and_all_is_counted() {
    for (allowed, expected) in [("all", 6), ("first_seen", 3), ("none", 0)] {
        let mut policy = administered();
        policy["audit"] = json!({ "allowed": allowed });
        let stage = Stage::of(&policy);
        let key = stage.key();
        for _ in 0..2 {
            // A token has a new id each time, and is the same client.
            let number = stage.events.borrow().len();
            let token = Signer::EDDSA.token(&with(&claims(), "jti", format!("t-{number}").into()));
            stage.forward(&get(REPORTS, &token));
            stage.check(&get("/v1/items/1", &token));
            stage.forward(&get(REPORTS, key.key.reveal()));
            stage.answer(&get(REPORTS, "acme_live_x"));
        }
        let events = stage.events.take();
        let of = |code: &str| events.iter().filter(|event| event["status_code"] == code).count();
        assert_eq!((of("allowed"), of("key_malformed"), events.len()), (expected, 2, expected + 2), "{allowed}");
        let page = metrics(&stage);
        assert_eq!(
            counters(&page).into_iter().map(|((_, reason), count)| (reason, count)).fold(
                BTreeMap::<String, usize>::new(),
                |mut sum, (reason, count)| {
                    *sum.entry(reason).or_default() += count;
                    sum
                },
            ),
            [("allowed".to_owned(), 6), ("key_malformed".to_owned(), 2)].into()
        );
        assert!(page.contains(&format!("\nedgeward_decisions_unrecorded_total {}\n", 6 - expected)), "{page}");
    }
}

#[test]
fn a_policy_cannot_leave_out_what_is_denied() {
    for allowed in [json!("denied"), json!(null), json!(true)] {
        let text = with(&policy(), "audit", json!({ "allowed": allowed })).to_string();
        assert!(edgeward::policy::read_policy(&text).expect_err("refused").to_string().contains("/audit/allowed"));
    }
    let text = with(&policy(), "audit", json!({ "denied": "none" })).to_string();
    assert!(edgeward::policy::read_policy(&text).expect_err("refused").to_string().contains("/audit/denied"));
}

#[test]
fn two_clients_are_two_however_long_their_names_are_and_whatever_stands_in_them() {
    let long = "c".repeat(400);
    let named = |client: &str, organization: &str| {
        Signer::EDDSA.token(&with(&with(&claims(), "client_id", client.into()), "org_id", organization.into()))
    };
    let stage = Stage::of(&with(&administered(), "audit", json!({ "allowed": "first_seen" })));
    let ways =
        [named(&format!("{long}1"), "o"), named(&format!("{long}2"), "o"), named("b\nc", "a"), named("c", "a\nb")];
    for token in &ways {
        stage.forward(&get(REPORTS, token));
    }
    assert_eq!(stage.events.take().len(), ways.len());
}
