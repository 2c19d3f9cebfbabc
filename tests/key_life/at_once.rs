//! Several who change the same keys at once.

use std::{cell::Cell, pin::Pin, rc::Rc};

use edgeward::api_key::{Issued, KeyChange, LifeError, RevocationReason, RevokeRequest, RotateRequest};

use proptest::prelude::*;
use serde_json::json;

use crate::shelf::{Clerk, NOW, Shelf, at_once, issue, life};

type Work<'w, T> = Pin<Box<dyn Future<Output = T> + 'w>>;

fn clerks(count: u64) -> Vec<Clerk> {
    let (shelf, now) = (Rc::new(Shelf::default()), Rc::new(Cell::new(NOW * 1000)));
    (0..count).map(|number| Clerk::at(&shelf, &now, 1000 + number)).collect()
}

fn overlap() -> RotateRequest {
    serde_json::from_value(json!({ "overlap": "1h" })).expect("a rotation")
}

#[test]
fn of_two_rotations_at_once_one_wins_and_no_key_is_lost() {
    for seed in 0..200 {
        let clerks = clerks(4);
        let key = issue(&clerks[0]);
        for clerk in &clerks {
            clerk.yields.set(true);
        }
        let (asked, keys) = (overlap(), life());
        let work = clerks
            .iter()
            .map(|clerk| Box::pin(keys.rotate(clerk, &key.id, &asked)) as Work<'_, Result<Issued, LifeError>>)
            .collect();
        let outcomes = at_once(work, seed);
        let winners: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        assert_eq!(winners.len(), 1, "seed {seed}");
        for lost in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            assert!(matches!(lost, LifeError::State(_)), "seed {seed}: {lost:?}");
        }
        // The old record, the winner's, and none of which nobody has the secret.
        let mut expected = vec![key.id.clone(), winners[0].id.clone()];
        expected.sort();
        assert_eq!(clerks[0].ids(), expected, "seed {seed}");
        let rotation = clerks[0].record(&key.id).and_then(|record| record.rotation).expect("a rotation");
        assert_eq!(rotation.replaced_by.as_ref(), Some(&winners[0].id), "seed {seed}");
    }
}

#[test]
fn changes_of_different_members_at_once_are_all_kept() {
    for seed in 0..100 {
        let clerks = clerks(4);
        let key = issue(&clerks[0]);
        for clerk in &clerks {
            clerk.yields.set(true);
        }
        let change = |members| serde_json::from_value::<KeyChange>(members).expect("a change");
        let (name, owner, scopes) =
            (change(json!({ "name": "new" })), change(json!({ "owner": "bo" })), change(json!({ "scopes": ["x"] })));
        let life = life();
        let (life, id) = (&life, &key.id);
        let work: Vec<Work<'_, Result<(), LifeError>>> = vec![
            Box::pin(async { life.update(&clerks[0], id, &name).await.map(drop) }),
            Box::pin(async { life.update(&clerks[1], id, &owner).await.map(drop) }),
            Box::pin(async { life.update(&clerks[2], id, &scopes).await.map(drop) }),
            Box::pin(async { life.disable(&clerks[3], id).await.map(drop) }),
        ];
        assert!(at_once(work, seed).iter().all(Result::is_ok), "seed {seed}");
        let record = clerks[0].record(id).expect("a record");
        assert_eq!((record.name.as_str(), record.owner.as_str(), record.disabled), ("new", "bo", true), "seed {seed}");
        assert_eq!(record.scopes, ["x"]);
    }
}

/// What one of several does to a key.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Rotate,
    Revoke,
    Disable,
    Enable,
    Rename,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, rng_seed: proptest::test_runner::RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done at once: a revocation that was reported stands for good, at most one heir is handed out, and what
    /// is on the shelf is the old key and that heir.
    #[test]
    fn whatever_is_done_at_once_nothing_is_undone(
        deeds in proptest::collection::vec(
            prop_oneof![
                Just(Deed::Rotate), Just(Deed::Revoke), Just(Deed::Disable), Just(Deed::Enable), Just(Deed::Rename)
            ],
            1..6,
        ),
        seed in any::<u64>(),
    ) {
        let clerks = clerks(deeds.len() as u64);
        let key = issue(&clerks[0]);
        for clerk in &clerks {
            clerk.yields.set(true);
        }
        let life = life();
        let (life, id) = (&life, key.id.as_str());
        let work = clerks.iter().zip(&deeds).map(|(clerk, deed)| {
            let deed = *deed;
            Box::pin(async move {
                match deed {
                    Deed::Rotate => life.rotate(clerk, id, &overlap()).await.map(Some),
                    Deed::Revoke => {
                        let why = RevokeRequest { by: "x".to_owned(), reason: RevocationReason::Unused };
                        life.revoke(clerk, id, &why).await.map(|_| None)
                    }
                    Deed::Disable => life.disable(clerk, id).await.map(|_| None),
                    Deed::Enable => life.enable(clerk, id).await.map(|_| None),
                    Deed::Rename => {
                        let change = serde_json::from_value(json!({ "name": "new" })).expect("a change");
                        life.update(clerk, id, &change).await.map(|_| None)
                    }
                }
            }) as Work<'_, Result<Option<Issued>, LifeError>>
        }).collect();
        let outcomes = at_once(work, seed);
        let heirs: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()?.as_ref()).collect();
        prop_assert!(heirs.len() <= 1);
        let mut expected: Vec<String> = heirs.iter().map(|heir| heir.id.clone()).collect();
        expected.push(key.id.clone());
        expected.sort();
        prop_assert_eq!(clerks[0].ids(), expected);
        let record = clerks[0].record(id).expect("a record");
        let revoked = deeds.iter().any(|deed| matches!(deed, Deed::Revoke));
        prop_assert_eq!(record.revocation.is_some(), revoked);
        let successor = record.rotation.and_then(|rotation| rotation.replaced_by);
        prop_assert_eq!(successor.as_ref(), heirs.first().map(|heir| &heir.id));
        for outcome in outcomes {
            prop_assert!(matches!(outcome, Ok(_) | Err(LifeError::State(_))), "{:?}", outcome.err());
        }
    }
}
