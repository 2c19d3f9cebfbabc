//! The keys of assertions are rotated, in the steps that docs/assertion.md gives, while origins keep the key set as they
//! keep any other: nothing is refused. Steps that are taken too soon are noticed.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use edgeward::{
    gate::{Gate, GateRequest, OriginCheck, Outcome},
    host::{Host, HostError, InboundAnswer, NativeCheck, OutboundRequest, UnixMillis},
    jose::Algorithm,
    verdict::Reason,
};
use pollster::block_on;
use serde_json::{Value, json};

use super::{assertion, check, gate, private, with_assertion};
use crate::{
    stage::{Stage, get},
    support::{NOW, Signer, claims, with},
};

/// How long a copy of the key set is fresh, as the gate says, in seconds.
const MAX_AGE: i64 = 300;

/// How long an assertion is good, in seconds.
const LIFETIME: i64 = 30;

/// An instance of the origin, which fetches the gate's keys from the gate.
struct Instance {
    check: OriginCheck,
    now: Rc<Cell<i64>>,
    gate: Rc<RefCell<Stage>>,
    later: RefCell<Vec<u32>>,
}

impl Host for Instance {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.now.get() * 1000)
    }

    fn fill_random(&self, _: &mut [u8]) -> Result<(), HostError> {
        Err(HostError("no random bytes here".to_owned()))
    }

    async fn read(&self, _: &str) -> Result<Option<Vec<u8>>, HostError> {
        Ok(None)
    }

    fn refresh_later(&self, work: u32) {
        self.later.borrow_mut().push(work);
    }

    async fn fetch(&self, request: OutboundRequest) -> Result<InboundAnswer, HostError> {
        let asked = GateRequest {
            method: request.method.to_owned(),
            url: request.url,
            headers: Vec::new(),
            address: None,
            certificate: None,
        };
        let stage = self.gate.borrow();
        match block_on(stage.gate.handle(&stage.host, &asked)) {
            Outcome::Respond { answer, .. } => {
                Ok(InboundAnswer { status: answer.status, headers: answer.headers, body: answer.body.into_bytes() })
            }
            Outcome::Forward { .. } => Err(HostError("forwarded".to_owned())),
        }
    }

    fn has_native(&self, _: Algorithm) -> bool {
        false
    }

    async fn verify_signature(&self, _: NativeCheck<'_>) -> Result<bool, HostError> {
        Err(HostError("no signatures here".to_owned()))
    }
}

impl Instance {
    fn ask(&self, assertion: &str) -> Result<(), Reason> {
        let verdict = block_on(self.check.check(self, &with_assertion("GET", "/v1/items/7", assertion)));
        for work in self.later.take() {
            block_on(self.check.refresh(self, work));
        }
        verdict.map(|_| ()).map_err(|denial| denial.reason)
    }
}

fn signing_with(jwks: &[Value]) -> Gate {
    gate(&json!({}), jwks)
}

/// Lets a gate sign with each list of keys from its second on, until a last second, with instances of the origin that
/// come up all the while. Each of them takes an assertion every few seconds: a new one, and one that was under way for
/// nearly as long as it is good. What was refused, and when.
fn walk(steps: &[(i64, Vec<Value>)], last: i64) -> Vec<(i64, Reason)> {
    let now = Rc::new(Cell::new(NOW));
    let first = signing_with(&steps[0].1);
    let stage = Stage::with(first);
    let stage = Rc::new(RefCell::new(stage));
    let token = Signer::EDDSA.token(&with(&claims(), "exp", (NOW + last + LIFETIME).into()));
    let mut instances: Vec<Instance> = Vec::new();
    let mut under_way = VecDeque::new();
    let mut refused = Vec::new();
    for second in (0..=last).step_by(5) {
        now.set(NOW + second);
        if let Some((_, jwks)) = steps.iter().find(|(begins, _)| *begins == second) {
            stage.borrow_mut().gate = signing_with(jwks);
        }
        stage.borrow().host.now.set((NOW + second) * 1000);
        if second % 35 == 0 {
            let uri = json!({ "jwks": null, "jwksUri": "https://api.example/.well-known/jwks.json" });
            let check = check(&steps[0].1, &uri);
            let (now, gate, later) = (Rc::clone(&now), Rc::clone(&stage), RefCell::default());
            instances.push(Instance { check, now, gate, later });
        }
        let new = assertion(&stage.borrow().forward(&get("https://api.example/v1/items/7", &token)));
        under_way.push_back((second, new.clone()));
        while under_way.front().is_some_and(|(made, _)| *made <= second - LIFETIME) {
            under_way.pop_front();
        }
        let (_, oldest) = under_way.front().expect("the new one at least").clone();
        for instance in &instances {
            for one in [&new, &oldest] {
                refused.extend(instance.ask(one).err().map(|reason| (second, reason)));
            }
        }
    }
    refused
}

fn old() -> Value {
    private("otherEd25519", "old")
}

fn new() -> Value {
    private("ed25519", "new")
}

#[test]
fn a_rotation_by_the_book_refuses_nothing() {
    let published = 400;
    let signed_with = published + MAX_AGE;
    let removed = signed_with + LIFETIME + MAX_AGE;
    let steps =
        [(0, vec![old()]), (published, vec![old(), new()]), (signed_with, vec![new(), old()]), (removed, vec![new()])];
    assert_eq!(walk(&steps, removed + 2 * MAX_AGE), []);
}

#[test]
fn a_key_that_signs_before_it_was_published_is_refused_by_who_just_looked() {
    let refused = walk(&[(0, vec![old()]), (60, vec![new(), old()])], 200);
    assert!(!refused.is_empty());
    // One that fetched the set half a minute ago does not ask again yet.
    assert!(refused.iter().all(|(_, reason)| *reason == Reason::SigningKeyUnknown), "{refused:?}");
}

#[test]
fn a_key_that_is_taken_away_too_soon_leaves_what_it_signed_behind() {
    let refused = walk(&[(0, vec![old(), new()]), (70, vec![new()])], 200);
    assert!(!refused.is_empty());
    // What was under way when the key went, and nothing after that.
    assert!(refused.iter().all(|(second, _)| (70..70 + LIFETIME).contains(second)), "{refused:?}");
}
