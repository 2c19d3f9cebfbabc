//! A store that fails in the middle of a change.

use edgeward::api_key::{LifeError, RevocationReason, RevokeRequest, RotateRequest};
use pollster::block_on;
use serde_json::json;

use crate::shelf::{Clerk, Fault, issue, life, new_key};

fn overlap() -> RotateRequest {
    serde_json::from_value(json!({ "overlap": "1h" })).expect("a rotation")
}

/// Every way in which up to three of the first six calls can fail.
fn courses() -> Vec<Vec<Fault>> {
    let mut all = vec![Vec::new()];
    for _ in 0..6 {
        all = all
            .into_iter()
            .flat_map(|course: Vec<Fault>| {
                [Fault::None, Fault::Before, Fault::After].map(|fault| {
                    let mut longer = course.clone();
                    longer.push(fault);
                    longer
                })
            })
            .collect();
    }
    all.retain(|course| course.iter().filter(|fault| **fault != Fault::None).count() <= 3);
    all
}

#[test]
fn a_rotation_that_breaks_off_leaves_the_old_key_as_it_was_or_says_what_it_did() {
    let mut seen = [0; 2];
    for course in courses() {
        let clerk = Clerk::new(1);
        let key = issue(&clerk);
        let before = clerk.record(&key.id);
        clerk.shelf.faults.borrow_mut().extend(course.iter().copied());
        let outcome = block_on(life().rotate(&clerk, &key.id, &overlap()));
        clerk.shelf.faults.borrow_mut().clear();
        let after = clerk.record(&key.id);
        match outcome {
            Ok(heir) => {
                seen[0] += 1;
                let successor = after.and_then(|record| record.rotation).and_then(|rotation| rotation.replaced_by);
                assert_eq!(successor.as_ref(), Some(&heir.id), "{course:?}");
                assert!(clerk.record(&heir.id).is_some(), "{course:?}");
            }
            Err(error) => {
                seen[1] += 1;
                assert!(matches!(error, LifeError::Store(_)), "{course:?} {error:?}");
                // Where the answer to the last write is lost, and so is the look at what it did, nobody can tell: then
                // the old key is good for its overlap, and can be rotated again, since nobody has the heir.
                if after == before {
                    assert!(block_on(life().rotate(&clerk, &key.id, &overlap())).is_ok(), "{course:?}");
                } else {
                    let again = block_on(life().rotate(&clerk, &key.id, &overlap()));
                    let mended = again.is_ok() || {
                        let heir = after.and_then(|record| record.rotation).and_then(|rotation| rotation.replaced_by);
                        let why = RevokeRequest { by: "x".to_owned(), reason: RevocationReason::Superseded };
                        block_on(life().revoke(&clerk, &heir.expect("an heir"), &why)).expect("ended");
                        block_on(life().rotate(&clerk, &key.id, &overlap())).is_ok()
                    };
                    assert!(mended, "{course:?}");
                }
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 10), "{seen:?}");
}

#[test]
fn a_change_that_fails_leaves_the_old_state_or_the_new_one_and_nothing_between() {
    for course in courses() {
        let clerk = Clerk::new(1);
        let key = issue(&clerk);
        let before = clerk.record(&key.id).expect("a record");
        clerk.shelf.faults.borrow_mut().extend(course.iter().copied());
        let outcome = block_on(life().disable(&clerk, &key.id));
        clerk.shelf.faults.borrow_mut().clear();
        let after = clerk.record(&key.id).expect("a record");
        if outcome.is_ok() {
            assert!(after.disabled, "{course:?}");
        } else {
            let mut expected = before.clone();
            expected.disabled = after.disabled;
            assert_eq!(after, expected, "{course:?}");
        }
        // Asked again, it is done.
        assert!(block_on(life().disable(&clerk, &key.id)).expect("off").disabled);
    }
}

#[test]
fn a_key_that_could_not_be_stored_is_not_handed_out() {
    for course in
        [vec![Fault::Before], vec![Fault::After], vec![Fault::Before, Fault::Before], vec![Fault::After, Fault::After]]
    {
        let clerk = Clerk::new(1);
        clerk.shelf.faults.borrow_mut().extend(course.iter().copied());
        let outcome = block_on(life().issue(&clerk, new_key()));
        assert!(matches!(outcome, Err(LifeError::Store(_))), "{course:?}");
        assert_eq!(clerk.ids().len(), 0, "{course:?}");
    }
    // Where neither the write nor its taking back is answered, a record may stay that nobody has the secret of.
    let clerk = Clerk::new(1);
    clerk.shelf.faults.borrow_mut().extend([Fault::After, Fault::Before]);
    assert!(block_on(life().issue(&clerk, new_key())).is_err());
    assert_eq!(clerk.ids().len(), 1);
}

#[test]
fn a_list_is_never_handed_out_in_part() {
    let clerk = Clerk::new(1);
    (0..5).for_each(|_| drop(issue(&clerk)));
    for broken in 0..6 {
        let mut course = vec![Fault::None; broken];
        course.push(Fault::Before);
        clerk.shelf.faults.borrow_mut().extend(course);
        assert!(matches!(block_on(life().list(&clerk, None, 10)), Err(LifeError::Store(_))), "{broken}");
        clerk.shelf.faults.borrow_mut().clear();
    }
}

#[test]
fn garbage_is_said_to_be_unreadable_and_is_not_written_over() {
    let clerk = Clerk::new(1);
    let whole = issue(&clerk).record.to_json().expect("JSON");
    for text in ["", "{", "null", &whole[..whole.len() / 2], r#"{"v":2}"#] {
        clerk.put("key/Bad", text);
        let why = RevokeRequest { by: "x".to_owned(), reason: RevocationReason::Unused };
        for outcome in [
            block_on(life().disable(&clerk, "Bad")).map(drop),
            block_on(life().revoke(&clerk, "Bad", &why)).map(drop),
            block_on(life().rotate(&clerk, "Bad", &overlap())).map(drop),
            block_on(life().show(&clerk, "Bad")).map(drop),
        ] {
            assert!(matches!(outcome, Err(LifeError::Unreadable(_))), "{text} {outcome:?}");
        }
        assert_eq!(clerk.shelf.values.borrow().get("key/Bad").map(Vec::as_slice), Some(text.as_bytes()));
    }
}
