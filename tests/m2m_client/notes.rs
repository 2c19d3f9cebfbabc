//! When tokens of clients came, with at most one write for each interval.

use std::{
    cell::Cell,
    pin::pin,
    rc::Rc,
    task::{Context, Waker},
};

use edgeward::{host::CLIENT_NOTES, m2m_client::ClientNotes};
use pollster::block_on;
use serde_json::json;

use crate::{
    added,
    shelf::{Clerk, NOW, Shelf},
    step,
};

const ISSUER: &str = "https://login.example/";

fn written(clerk: &Clerk, notes: &ClientNotes) -> usize {
    let before = clerk.shelf.writes.get();
    block_on(notes.write(clerk));
    clerk.shelf.writes.get() - before
}

#[test]
fn the_token_of_a_client_on_record_is_noted_once_per_interval() {
    let clerk = Clerk::new(1);
    let id = added(&clerk);
    let notes = ClientNotes::new(3600);
    for _ in 0..1000 {
        notes.came(&clerk, ISSUER, "export");
    }
    assert_eq!(*clerk.later.borrow(), [CLIENT_NOTES]);
    assert_eq!(written(&clerk, &notes), 1);
    assert_eq!(
        step(&clerk, "show", Some(&id), &json!({})).expect("a client")["usage"],
        json!({ "v": 1, "lastToken": NOW, "precision": 3600 })
    );
    clerk.pass(3599);
    notes.came(&clerk, ISSUER, "export");
    assert_eq!((written(&clerk, &notes), clerk.later.borrow().len()), (0, 1));
    clerk.pass(1);
    notes.came(&clerk, ISSUER, "export");
    assert_eq!((written(&clerk, &notes), clerk.later.borrow().len()), (1, 2));
    let usage = step(&clerk, "show", Some(&id), &json!({})).expect("a client")["usage"].clone();
    assert_eq!(usage["lastToken"], NOW + 3600);
}

#[test]
fn clients_that_are_not_on_record_are_not_written_of() {
    let clerk = Clerk::new(2);
    added(&clerk);
    let notes = ClientNotes::new(3600);
    for (issuer, client) in [(ISSUER, "other"), ("https://other.example/", "export")] {
        notes.came(&clerk, issuer, client);
    }
    assert_eq!(written(&clerk, &notes), 0);
    // They are looked for once per interval, and not at each request.
    let reads = clerk.shelf.reads.get();
    notes.came(&clerk, ISSUER, "other");
    assert_eq!((written(&clerk, &notes), clerk.shelf.reads.get()), (0, reads));
}

#[test]
fn a_note_that_was_lost_while_it_was_written_keeps_no_later_one_from_being_written() {
    let clerk = Clerk::new(4);
    added(&clerk);
    let notes = ClientNotes::new(3600);
    notes.came(&clerk, ISSUER, "export");
    clerk.yields.set(true);
    {
        // The host ends the work with its request.
        let mut lost = pin!(notes.write(&clerk));
        assert!(lost.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        notes.came(&clerk, ISSUER, "export");
    }
    clerk.yields.set(false);
    assert_eq!((written(&clerk, &notes), clerk.later.borrow().len()), (0, 1));
    clerk.pass(3600);
    notes.came(&clerk, ISSUER, "export");
    assert_eq!((written(&clerk, &notes), clerk.later.borrow().len()), (1, 2));
}

#[test]
fn what_another_instance_noted_is_not_noted_again() {
    let (shelf, now) = (Rc::new(Shelf::default()), Rc::new(Cell::new(NOW * 1000)));
    let [one, other] = [1, 2].map(|seed| Clerk::at(&shelf, &now, seed));
    added(&one);
    let (notes, others) = (ClientNotes::new(3600), ClientNotes::new(3600));
    notes.came(&one, ISSUER, "export");
    assert_eq!(written(&one, &notes), 1);
    one.pass(600);
    others.came(&other, ISSUER, "export");
    assert_eq!(written(&other, &others), 0);
}

#[test]
fn a_store_that_fails_costs_the_note_and_no_more_and_no_notes_are_none() {
    let clerk = Clerk::new(3);
    added(&clerk);
    let notes = ClientNotes::new(3600);
    clerk.shelf.down.set(true);
    notes.came(&clerk, ISSUER, "export");
    assert_eq!(written(&clerk, &notes), 0);
    clerk.shelf.down.set(false);
    clerk.pass(3600);
    notes.came(&clerk, ISSUER, "export");
    assert_eq!(written(&clerk, &notes), 1);

    let never = ClientNotes::new(0);
    clerk.later.borrow_mut().clear();
    never.came(&clerk, ISSUER, "export");
    assert!(clerk.later.borrow().is_empty() && written(&clerk, &never) == 0);
}
