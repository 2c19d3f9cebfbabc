//! Several who change the same client at once.

use std::{cell::Cell, pin::Pin, rc::Rc};

use edgeward::m2m_client::{ClientError, ClientLife, ClientOperation};
use serde_json::{Value, json};

use crate::{
    added,
    shelf::{Clerk, NOW, Shelf, at_once},
    step,
};

type Work<'w> = Pin<Box<dyn Future<Output = Result<(), ClientError>> + 'w>>;

#[test]
fn changes_at_once_are_all_kept() {
    for seed in 0..200 {
        let (shelf, now) = (Rc::new(Shelf::default()), Rc::new(Cell::new(NOW * 1000)));
        let clerks: Vec<_> = (0..4).map(|number| Clerk::at(&shelf, &now, number)).collect();
        let id = added(&clerks[0]);
        for clerk in &clerks {
            clerk.yields.set(true);
        }
        let id = id.as_str();
        let deeds: [(ClientOperation<'_>, Value); 4] = [
            (ClientOperation::Update(id), json!({ "owner": "bo" })),
            (ClientOperation::AddSecret(id), json!({ "id": "s-1" })),
            (ClientOperation::AddSecret(id), json!({ "id": "s-2" })),
            (
                ClientOperation::Import,
                json!({ "issuer": "https://login.example/", "clientId": "export", "name": "new" }),
            ),
        ];
        let work = clerks
            .iter()
            .zip(&deeds)
            .map(|(clerk, (operation, body))| {
                Box::pin(async move {
                    let body = body.to_string();
                    ClientLife.carry_out(clerk, *operation, body.as_bytes(), None).await.map(drop)
                }) as Work<'_>
            })
            .collect();
        assert!(at_once(work, seed).iter().all(Result::is_ok), "seed {seed}");
        clerks[0].yields.set(false);
        let record = step(&clerks[0], "show", Some(id), &json!({})).expect("a client")["record"].clone();
        assert_eq!((&record["owner"], &record["name"]), (&json!("bo"), &json!("new")), "seed {seed}");
        let mut secrets: Vec<_> =
            record["secrets"].as_array().expect("secrets").iter().map(|secret| secret["id"].clone()).collect();
        secrets.sort_by_key(ToString::to_string);
        assert_eq!(secrets, ["s-1", "s-2"], "seed {seed}");
    }
}
